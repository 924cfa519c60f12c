// Rule sets and records: what is before the first NUL is a rule set (the standard one if that is
// empty), the rest is a record. Any set is refused with its place or evaluates any record, always
// in the same way; an explanation changes nothing.
#include <jobqueue/rules.hpp>

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/json_check.hpp"
#include "core/utf8.hpp"
#include "fuzz/fuzz.hpp"

namespace jobqueue::fuzz {
namespace {

void evaluate(const ruleset& rules, std::string_view record) {
  const instant now = parse_instant("2026-01-05T12:00:00Z").value();
  const auto verdict = rules.evaluate(record, now);
  const bool valid = detail::check_json(record).has_value();
  const std::size_t begin =
      record.find_first_not_of(" \n\r\t", detail::byte_order_mark_size(record));
  require(verdict.has_value() == (valid && record[begin] == '{'), "a record is an object of JSON");
  std::string array;
  // Twice, so that what is left of the first would be seen.
  const std::string both = "[" + std::string(record) + "," + std::string(record) + "]";
  const auto failed = rules.evaluate_array(both, now, array);
  if (!verdict) {
    require(verdict.problem().offset <= record.size(), "an error is in the record");
    require(failed ? nlohmann::json::accept(array) : array.empty(), "an array has both or nothing");
    return;
  }
  const std::string line = to_json(*verdict);
  if (detail::byte_order_mark_size(record) == 0) {
    require(failed && *failed == 0 && array == "[" + line + "," + line + "]",
            "an array has the same verdicts");
  }
  require(nlohmann::json::accept(line), "a verdict is JSON");
  require(line == to_json(*rules.evaluate(record, now)), "the same record, the same verdict");
  require(verdict->decided || verdict->status_category.empty(), "undecided has no category");
  require(!verdict->look_again_at || *verdict->look_again_at > now, "to look again is to wait");
  auto explained = *rules.evaluate(record, now, {.explain = true});
  require(nlohmann::json::accept(to_json(explained)), "an explanation is JSON");
  explained.trace.clear();
  require(to_json(explained) == line, "an explanation changes nothing");
}

}  // namespace
}  // namespace jobqueue::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqueue;
  const fuzz::exact_text exact({reinterpret_cast<const char*>(data), size});
  const std::string_view text = exact.view();
  const std::size_t end = text.find('\0');
  const std::string_view set = text.substr(0, end);
  const fuzz::exact_text record(end == std::string_view::npos ? "" : text.substr(end + 1));
  if (set.empty()) {
    fuzz::evaluate(ruleset::standard(), record.view());
    return 0;
  }
  const auto rules = ruleset::parse(set);
  if (rules) {
    fuzz::require(rules->digest().size() == 64, "a rule set has a digest");
    fuzz::evaluate(*rules, record.view());
  } else {
    fuzz::require(rules.problem().offset <= set.size(), "a mistake is in the rule set");
    fuzz::require(!rules.problem().message.empty(), "a mistake is described");
  }
  return 0;
}
