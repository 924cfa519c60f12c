// Where a byte is: any text, asked at any places. However a tracker got to a place, by small steps,
// large ones or skipping, it says the same about it; and in JSON it says what is so.
#include "core/json_tracker.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_check.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/json_strings.hpp"

namespace jobqueue::fuzz {
namespace {

using detail::json_tracker;

constexpr std::size_t max_questions = 24;

struct answer {
  json_tracker::place place;
  std::string pointer;
  std::uint64_t line = 0;
};

answer ask(json_tracker& tracker, std::size_t offset) {
  answer given;
  given.place = tracker.at(offset);
  given.pointer = tracker.pointer();
  given.line = tracker.line();
  require(given.place.has_pointer || given.pointer.empty(), "no pointer means an empty one");
  require(given.place.known || !given.place.in_string, "an unknown place is in no string");
  require(given.place.in_string || !given.place.in_key, "a key is a string");
  require(!given.place.in_string || given.place.string_begin <= offset,
          "a string begins before what is in it");
  return given;
}

void require_equal(const answer& a, const answer& b, const char* rule) {
  require(a.place.known == b.place.known && a.place.in_string == b.place.in_string &&
              a.place.in_key == b.place.in_key && a.place.has_pointer == b.place.has_pointer &&
              (!a.place.in_string || a.place.string_begin == b.place.string_begin) &&
              a.pointer == b.pointer && a.line == b.line,
          rule);
}

// How far the bytes from `offset` on may be skipped.
std::size_t plain_end(std::string_view text, std::size_t offset) {
  return std::min(text.find_first_of("\"\\\n{}[]:,", offset), text.size());
}

// With no level but the text itself, the places of a valid document are easy to tell.
void check_places(std::string_view document) {
  json_tracker tracker(document, 0, false);
  for (const json_string& expected : strings_of(document)) {
    require(!tracker.at(expected.begin - 1).in_string, "an opening quote is outside");
    for (const std::size_t at : {expected.begin, expected.end}) {
      const json_tracker::place place = tracker.at(at);
      require(place.known && place.in_string && place.string_begin == expected.begin &&
                  place.in_key == expected.is_key,
              "in JSON, strings are where they are");
    }
  }
  const json_tracker::place end = tracker.at(document.size());
  require(end.known && !end.in_string, "behind a document is outside of strings");
}

}  // namespace
}  // namespace jobqueue::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqueue::fuzz;
  choices in(data, size);
  const unsigned max_depth = in.nibble();
  const bool with_pointers = (in.nibble() & 1U) == 0;
  const std::string_view steps = in.text(4);
  const exact_text exact(in.rest());
  const std::string_view text = exact.view();

  json_tracker walker(text, max_depth, with_pointers);
  json_tracker skipper(text, max_depth, with_pointers);
  std::size_t at = 0;
  for (std::size_t i = 0; i < max_questions && at <= text.size(); ++i) {
    json_tracker fresh(text, max_depth, with_pointers);
    const answer expected = ask(fresh, at);
    require_equal(ask(fresh, at), expected, "a question may be asked again");
    require_equal(ask(walker, at), expected, "small steps lead to where a large one does");
    require_equal(ask(skipper, at), expected, "skipping leads to where reading does");
    const std::size_t to = plain_end(text, at);
    skipper.skip(at, to);
    const std::size_t step =
        steps.empty() ? 1 : static_cast<unsigned char>(steps[i % steps.size()]);
    at = std::max(to, at + step);
  }
  if (jobqueue::detail::check_json(text)) check_places(text);
  return 0;
}
