// What bytes are: any bytes, and the same answer whenever they are the same.
#include "core/magic.hpp"

#include <algorithm>
#include <string_view>

#include "fuzz/fuzz.hpp"

namespace jobqueue::fuzz {
namespace {

using answer = std::optional<detail::recognized>;

answer recognize(std::string_view bytes, bool complete) {
  const exact_text exact(bytes);
  return detail::recognize(std::as_bytes(std::span(exact.view())), complete);
}

bool same(const answer& a, const answer& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->media_type == b->media_type && a->kind == b->kind;
}

bool is_media_type(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("/+-._").find(c) != std::string_view::npos;
  };
  return std::count(text.begin(), text.end(), '/') == 1 && text.front() != '/' &&
         text.back() != '/' && text.size() <= 127 && std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace
}  // namespace jobqueue::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqueue::fuzz;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view head = bytes.substr(0, jobqueue::detail::magic_window);
  for (const bool complete : {false, true}) {
    const answer found = recognize(bytes, complete);
    require(same(found, recognize(bytes, complete)), "the same bytes get the same answer");
    require(same(found, recognize(head, complete && head.size() == size)),
            "bytes behind the window do not count");
    if (!found) continue;
    require(!bytes.empty(), "no bytes are nothing");
    require(is_media_type(found->media_type), "a media type is one, in lower case");
  }
  return 0;
}
