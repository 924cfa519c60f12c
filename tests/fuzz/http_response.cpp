// What servers send: any bytes are an answer within the limits, or a problem, and the same in
// pieces of any size. Choices: method, limits, size of the pieces; then the bytes.
#include "net/response_reader.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/fuzz.hpp"

namespace jobqueue::fuzz {
namespace {

struct outcome {
  std::optional<std::string> problem;
  bool is_there = false;  // without the end of the connection
  http_response answer;
};

outcome read(std::string_view bytes, bool is_head, const detail::response_limits& limits,
             std::size_t piece_bytes) {
  detail::response_reader reader(is_head, limits);
  outcome made;
  while (!bytes.empty() && !made.is_there && !made.problem) {
    const exact_text piece(bytes.substr(0, piece_bytes));
    bytes.remove_prefix(piece.view().size());
    const auto fed = reader.feed(piece.view());
    if (fed) {
      made.is_there = *fed;
    } else {
      made.problem = fed.problem().message;
    }
  }
  if (!made.is_there && !made.problem) {
    if (const auto ended = reader.end(); !ended) made.problem = ended.problem().message;
  }
  if (!made.problem) made.answer = reader.take();
  return made;
}

void check(const outcome& made, const detail::response_limits& limits) {
  if (made.problem) return;
  require(made.answer.status >= 200 && made.answer.status <= 999, "a status");
  require(made.answer.body.size() <= limits.body_bytes, "a body within its limit");
  std::size_t size = 0;
  for (const auto& [name, value] : made.answer.headers) {
    require(!name.empty(), "a header has a name");
    require((name + value).find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
            "no line ends in a header");
    size += name.size() + value.size();
  }
  require(size <= limits.header_bytes && made.answer.headers.size() <= 256, "headers in limits");
}

}  // namespace
}  // namespace jobqueue::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqueue;
  fuzz::choices choose(data, size);
  const bool is_head = choose.nibble() % 2 == 1;
  const detail::response_limits limits = {.header_bytes = std::size_t{64} << choose.nibble() % 8,
                                          .body_bytes = choose.nibble() * std::size_t{5}};
  const std::size_t piece_bytes = choose.nibble() + std::size_t{1};
  const std::string_view bytes = choose.rest();
  const auto whole = fuzz::read(bytes, is_head, limits, bytes.size());
  const auto pieces = fuzz::read(bytes, is_head, limits, piece_bytes);
  fuzz::check(whole, limits);
  fuzz::check(pieces, limits);
  // In pieces it may be over before the bytes come that would have been wrong.
  if (whole.problem) {
    fuzz::require(pieces.problem || pieces.answer.is_body_cut, "wrong in pieces, too");
    return 0;
  }
  fuzz::require(!pieces.problem, "right in pieces, too");
  fuzz::require(whole.answer.status == pieces.answer.status, "the same status");
  fuzz::require(whole.answer.headers == pieces.answer.headers, "the same headers");
  fuzz::require(whole.answer.body == pieces.answer.body, "the same body");
  return 0;
}
