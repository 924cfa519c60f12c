// The equations of sanitize_base64 on any text. The first four bytes choose options, the rest is
// the text; see sanitize_rules.hpp and snippets.hpp.
#include <jobqueue/base64.hpp>

#include <string>
#include <string_view>

#include "core/json_check.hpp"
#include "core/json_tracker.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/json_strings.hpp"
#include "fuzz/sanitize_rules.hpp"
#include "fuzz/snippets.hpp"

namespace jobqueue::fuzz {
namespace {

// The formats that refuse do so when, where and why the checker does.
bool is_refused(std::string_view text, const sanitize_options& options) {
  status checked = done;
  if (options.format == document_format::json) checked = detail::check_json(text);
  if (options.format == document_format::ndjson) checked = detail::check_ndjson(text);
  if (checked) return false;
  const auto answer = sanitize_base64(text, options);
  require(!answer && answer.problem().code == checked.problem().code &&
              answer.problem().offset == checked.problem().offset,
          "what is not the format is refused with its offset");
  return true;
}

// Each cut is where its pointer says.
void check_pointers(std::string_view text, const sanitized& answer,
                    const sanitize_options& options) {
  constexpr std::size_t max_pointers = 8;
  for (std::size_t i = 0; i < std::min(answer.cuts.size(), max_pointers); ++i) {
    const blob_cut& cut = answer.cuts[i];
    if (options.format == document_format::text) {
      require(!cut.has_pointer && cut.pointer.empty(), "there are no pointers in text");
      continue;
    }
    detail::json_tracker tracker(text, options.max_depth, true);
    const auto place = tracker.at(static_cast<std::size_t>(cut.offset));
    require(!place.in_key, "object keys are never changed");
    require(place.has_pointer == cut.has_pointer && tracker.pointer() == cut.pointer,
            "a pointer leads to the cut");
    require(cut.line == tracker.line(), "a cut is in the document on its line");
  }
}

void run(choices& in) {
  const sanitize_options options = choose_options(in);
  const exact_text exact(expanded(in.rest()));
  const std::string_view text = exact.view();
  if (is_refused(text, options)) return;
  const sanitized answer =
      check_sanitize(text, options, [](std::string_view input, const sanitize_options& chosen) {
        return sanitize_base64(input, chosen);
      });
  check_pointers(text, answer, options);
  if (answer.changed && detail::check_json(text)) {
    const exact_text lean(answer.text);
    require(detail::check_json(lean.view()).has_value(), "valid JSON stays valid JSON");
    if (options.format != document_format::text) require_same_structure(text, lean.view());
  }
  if (options.format == document_format::ndjson && answer.changed) {
    require(detail::check_ndjson(answer.text).has_value(), "valid NDJSON stays valid NDJSON");
  }
}

}  // namespace
}  // namespace jobqueue::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  jobqueue::fuzz::choices in(data, size);
  jobqueue::fuzz::run(in);
  return 0;
}
