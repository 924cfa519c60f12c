// The JSON checker against nlohmann_json's, and against itself on parts of the same text.
//
// Where the two differ on purpose:
//   - nlohmann_json refuses an escaped lone surrogate, which RFC 8259 section 8.2 allows;
//   - it refuses a number that is too large for a double;
//   - it takes a NUL byte for the end of the text.
// Its parser has a stack of its own, one bit for each level; nesting overflows neither.
#include "core/json_check.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "fuzz/fuzz.hpp"

namespace jobqueue::fuzz {
namespace {

using detail::check_json;
using detail::check_ndjson;

// Accepts every event, and remembers a refusal that is a known difference.
class verdict final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::json::exception& problem) override {
    constexpr int out_of_range = 406;
    const std::string_view words = problem.what();
    excused = problem.id == out_of_range || words.find("surrogate") != std::string_view::npos;
    return false;
  }
  bool excused = false;
};

void compare_with_nlohmann(std::string_view text, bool accepted) {
  verdict other;
  const bool other_accepted = nlohmann::json::sax_parse(text.begin(), text.end(), &other);
  if (accepted == other_accepted) return;
  if (accepted) {
    require(other.excused, "what check_json accepts, nlohmann_json accepts");
  } else {
    require(text.find('\0') != std::string_view::npos,
            "what nlohmann_json accepts, check_json accepts");
  }
}

// The offset of an error is that of the first byte that no document could have there.
void check_offset(std::string_view text, const error& problem) {
  require(problem.code == errc::invalid_json || problem.code == errc::invalid_utf8,
          "an error says what is invalid");
  require(problem.offset <= text.size(), "an error is in the text or at its end");
  const auto at = static_cast<std::size_t>(problem.offset);
  if (at < text.size()) {
    const exact_text with_it(text.substr(0, at + 1));
    const status again = check_json(with_it.view());
    require(!again && again.problem().offset == at, "an error does not depend on what follows it");
  }
  const exact_text without_it(text.substr(0, at));
  const status before = check_json(without_it.view());
  require(before || before.problem().offset == at, "before an error all is well");
}

// The same line by line.
void compare_lines(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  const status whole = check_ndjson(text);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    const std::string_view content =
        begin == 0 && line.starts_with(byte_order_mark) ? line.substr(3) : line;
    const bool blank = content.find_first_not_of(" \t\r") == std::string_view::npos;
    const bool marked = content.starts_with(byte_order_mark);  // where none may be
    const status alone = marked ? status(error{errc::invalid_json, 0, {}}) : check_json(content);
    if (!blank && !alone) {
      const auto skipped = static_cast<std::size_t>(content.data() - text.data());
      require(!whole && whole.problem().code == alone.problem().code &&
                  whole.problem().offset == skipped + alone.problem().offset,
              "check_ndjson fails where the first of its lines does");
      return;
    }
    begin = end + 1;
  }
  require(whole.has_value(), "check_ndjson accepts lines that check_json accepts");
}

}  // namespace
}  // namespace jobqueue::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqueue::fuzz;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const jobqueue::status checked = jobqueue::detail::check_json(text);
  compare_with_nlohmann(text, checked.has_value());
  if (!checked) check_offset(text, checked.problem());
  compare_lines(text);
  return 0;
}
