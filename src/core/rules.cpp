#include <jobqueue/rules.hpp>

#include <re2/re2.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/json_check.hpp"
#include "core/json_pass.hpp"
#include "core/json_text.hpp"
#include "core/rules_paths.hpp"
#include "core/rules_program.hpp"
#include "core/rules_value.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::size_t max_detail_bytes = 500;  // of one fact in problem_details

bool is_known(const fact_value& value) noexcept {
  return value.of != fact_value::kind::absent && value.of != fact_value::kind::withheld;
}

truth run_presence(const rule_test& test, const fact_value& value) noexcept {
  if (value.of == fact_value::kind::withheld) return truth::unknown;
  const bool is = test.what == test_operator::exists
                      ? value.of != fact_value::kind::absent
                      : value.of == fact_value::kind::text && !value.text.empty();
  return as_truth(is == test.wanted);
}

truth run_list(const rule_test& test, const fact_value& value) noexcept {
  const bool among = std::any_of(
      test.constants.begin(), test.constants.end(),
      [&](const rule_constant& one) { return equal_values(value, one.value) == truth::yes; });
  return as_truth(among == (test.what == test_operator::in));
}

truth run_order(test_operator what, const fact_value& a, const fact_value& b) noexcept {
  const auto order = compare_values(a, b);
  if (!order) return truth::unknown;
  switch (what) {
    case test_operator::less: return as_truth(*order < 0);
    case test_operator::less_or_equal: return as_truth(*order <= 0);
    case test_operator::greater: return as_truth(*order > 0);
    default: return as_truth(*order >= 0);
  }
}

// How old a time is, if that can be said.
std::optional<std::chrono::microseconds> age_of(const fact_value& value, instant now) noexcept {
  const auto when = instant_of(value);
  if (!when) return std::nullopt;
  std::int64_t age = 0;
  if (__builtin_sub_overflow(now.time_since_epoch().count(), when->time_since_epoch().count(),
                             &age)) {
    return std::nullopt;
  }
  return std::chrono::microseconds(age);
}

truth run_age(const rule_test& test, const fact_value& value, instant now) noexcept {
  const auto age = age_of(value, now);
  if (!age) return truth::unknown;
  return as_truth(test.what == test_operator::older_than ? age->count() > test.micros
                                                         : age->count() < test.micros);
}

// The next instant at which a test of an age gives another answer, if there is one.
std::optional<instant> next_change(const rules_program& program, const rule_test& test,
                                   std::span<const fact_value> facts, instant now) noexcept {
  if (test.what != test_operator::older_than && test.what != test_operator::newer_than) {
    return std::nullopt;
  }
  const auto age = age_of(value_of(program, test.fact, facts), now);
  if (!age) return std::nullopt;
  // Older means by at least one microsecond.
  const std::int64_t left =
      test.micros - age->count() + (test.what == test_operator::older_than ? 1 : 0);
  std::int64_t at = 0;
  if (left <= 0 || __builtin_add_overflow(now.time_since_epoch().count(), left, &at)) {
    return std::nullopt;
  }
  return instant(std::chrono::microseconds(at));
}

// Adds what made a test unknown: what is absent, else what cannot be read.
void note_missing(const rules_program& program, const rule_test& test,
                  std::span<const fact_value> facts, std::vector<std::string>& missing) {
  std::vector<std::uint32_t> both{test.fact};
  if (test.other_fact != no_index) both.push_back(test.other_fact);
  std::vector<std::uint32_t> blamed;
  std::copy_if(both.begin(), both.end(), std::back_inserter(blamed),
               [&](std::uint32_t fact) { return !is_known(value_of(program, fact, facts)); });
  for (const std::uint32_t fact : blamed.empty() ? both : blamed) {
    const std::string& name = fact_name(program, fact);
    if (std::find(missing.begin(), missing.end(), name) == missing.end()) missing.push_back(name);
  }
}

// Nothing if the rule gives none.
void append_details(std::string& out, const rules_program& program, const rule_verdict& verdict,
                    std::span<const fact_value> facts) {
  if (verdict.reason.empty() && verdict.details.empty()) return;
  out += '{';
  bool is_first = verdict.reason.empty();
  if (!is_first) {
    out += "\"reason\":";
    append_json_string(out, verdict.reason);
  }
  for (const std::uint32_t fact : verdict.details) {
    const fact_value value = value_of(program, fact, facts);
    if (!is_known(value)) continue;
    if (!is_first) out += ',';
    is_first = false;
    append_json_string(out, fact_name(program, fact));
    out += ':';
    append_fact(out, value, max_detail_bytes);
  }
  out += '}';
}

void append_text_or_null(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += "null";
  } else {
    append_json_string(out, text);
  }
}

bool is_decided(const rules_program& program, const decision& found) noexcept {
  return found.holds == truth::yes && program.rules[found.rule].verdict.decided;
}

evaluation evaluate_decision(const rules_program& program, const decision& found,
                             std::span<const fact_value> facts, instant now,
                             const evaluate_options& options) {
  const rule& rule = program.rules[found.rule];
  evaluation verdict;
  verdict.rule = rule.name;
  verdict.decided = is_decided(program, found);
  if (verdict.decided) {
    verdict.status_category = rule.verdict.status_category;
    verdict.problem_type = rule.verdict.problem_type;
    verdict.resolution_needed = rule.verdict.resolution_needed;
    append_details(verdict.problem_details, program, rule.verdict, facts);
  } else {
    // Once more, to say what is missing, and when the answer may be another.
    for (std::uint32_t i = 0; i <= found.rule; ++i) {
      const auto saw = [&](const rule_test& test, truth value) {
        if (const auto change = next_change(program, test, facts, now)) {
          verdict.look_again_at = std::min(*change, verdict.look_again_at.value_or(*change));
        }
        if (i == found.rule && value == truth::unknown) {
          note_missing(program, test, facts, verdict.missing_facts);
        }
      };
      (void)run_rule(program, program.rules[i], facts, now, saw);
    }
  }
  if (options.explain) {
    explain_trace(program, facts, now, verdict);
    if (verdict.status_category != "complete") {
      verdict.would_complete = find_completing_changes(program, facts, now);
    }
  }
  return verdict;
}

// Evaluates, and appends the verdict.
void append_evaluation(std::string& out, const rules_program& program,
                       std::span<const fact_value> facts, instant now,
                       const evaluate_options& options) {
  const decision found = decide(program, facts, now);
  if (options.explain || !is_decided(program, found)) {
    append_verdict(out, evaluate_decision(program, found, facts, now, options));
    return;
  }
  const rule_verdict& verdict = program.rules[found.rule].verdict;
  out += verdict.json_before;
  const std::size_t before = out.size();
  append_details(out, program, verdict, facts);
  if (out.size() == before) out += "null";
  out += verdict.json_behind;
}

}  // namespace

void append_before_details(std::string& out, std::string_view status_category,
                           std::string_view problem_type) {
  out += "{\"status_category\":";
  append_text_or_null(out, status_category);
  out += ",\"problem_type\":";
  append_text_or_null(out, problem_type);
  out += ",\"problem_details\":";
}

void append_behind_details(std::string& out, std::string_view resolution_needed,
                           std::string_view rule) {
  out += ",\"resolution_needed\":";
  append_text_or_null(out, resolution_needed);
  out += ",\"rule\":";
  append_text_or_null(out, rule);
}

void append_verdict(std::string& out, const evaluation& verdict) {
  append_before_details(out, verdict.status_category, verdict.problem_type);
  out += verdict.problem_details.empty() ? "null" : verdict.problem_details;
  append_behind_details(out, verdict.resolution_needed, verdict.rule);
  if (!verdict.decided) {
    out += ",\"missing_facts\":[";
    for (std::size_t i = 0; i < verdict.missing_facts.size(); ++i) {
      if (i != 0) out += ',';
      append_json_string(out, verdict.missing_facts[i]);
    }
    out += "],\"next_evaluation_at\":";
    append_text_or_null(
        out, verdict.look_again_at ? format_instant(*verdict.look_again_at) : std::string());
  }
  if (!verdict.trace.empty()) {
    out += ",\"decided_by\":" + verdict.decided_by + ",\"trace\":" + verdict.trace;
    out += ",\"would_complete\":";
    out += verdict.would_complete.empty() ? "null" : verdict.would_complete;
  }
  out += '}';
}

fact_value value_of(const rules_program& program, std::uint32_t fact,
                    std::span<const fact_value> facts) noexcept {
  const std::size_t count = program.facts.size();
  if (fact < count) return fact < facts.size() ? facts[fact] : fact_value::absent();
  const derived_fact& made = program.derived[fact - count];
  fact_value best;
  std::optional<instant> best_time;
  for (const std::uint32_t from : made.from) {
    const fact_value value = from < facts.size() ? facts[from] : fact_value::absent();
    if (value.of == fact_value::kind::withheld) return value;
    if (value.of == fact_value::kind::absent) continue;
    if (made.of == derived_fact::kind::first) return value;
    if (made.of == derived_fact::kind::first_text) {
      if (value.of == fact_value::kind::text && !value.text.empty()) return value;
      continue;
    }
    const auto when = instant_of(value);
    if (!when) continue;
    if (!best_time ||
        (made.of == derived_fact::kind::latest ? *when > *best_time : *when < *best_time)) {
      best = value;
      best_time = when;
    }
  }
  return best;
}

truth run_test(const rules_program& program, const rule_test& test,
               std::span<const fact_value> facts, instant now) {
  const fact_value value = value_of(program, test.fact, facts);
  switch (test.what) {
    case test_operator::exists:
    case test_operator::has_text: return run_presence(test, value);
    default: break;
  }
  if (!is_known(value)) return truth::unknown;
  fact_value operand;
  if (test.other_fact != no_index) {
    operand = value_of(program, test.other_fact, facts);
    if (!is_known(operand)) return truth::unknown;
  } else if (!test.constants.empty()) {
    operand = test.constants.front().value;
  }
  switch (test.what) {
    case test_operator::equal: return equal_values(value, operand);
    case test_operator::not_equal: return inverse(equal_values(value, operand));
    case test_operator::in:
    case test_operator::not_in: return run_list(test, value);
    case test_operator::contains: return contains_value(value, operand);
    case test_operator::does_not_contain: return inverse(contains_value(value, operand));
    case test_operator::older_than:
    case test_operator::newer_than: return run_age(test, value, now);
    case test_operator::matches:
      if (value.of != fact_value::kind::text) return truth::unknown;
      return as_truth(
          re2::RE2::PartialMatch({value.text.data(), value.text.size()}, *test.pattern));
    default: return run_order(test.what, value, operand);
  }
}

decision decide(const rules_program& program, std::span<const fact_value> facts, instant now) {
  for (std::uint32_t i = 0; i < program.rules.size(); ++i) {
    const truth holds =
        run_rule(program, program.rules[i], facts, now, [](const rule_test&, truth) {});
    if (holds != truth::no) return {i, holds};
  }
  // The last rule holds for every record, so that this is not reached.
  return {static_cast<std::uint32_t>(program.rules.size()) - 1, truth::yes};
}

}  // namespace jobqueue::detail

namespace jobqueue {
inline namespace v1 {

ruleset::ruleset(std::shared_ptr<const detail::rules_program> program)
    : program_(std::move(program)) {}

result<ruleset> ruleset::parse(std::string_view json, const ruleset_options& options) {
  auto program = detail::compile_rules(json, options);
  if (!program) return program.problem();
  return ruleset(*std::move(program));
}

std::string_view ruleset::standard_text() noexcept { return detail::standard_rules; }

const ruleset& ruleset::standard() {
  static const ruleset rules = parse(standard_text()).value();
  return rules;
}

std::span<const ruleset::fact> ruleset::facts() const noexcept { return program_->facts; }
std::span<const std::string> ruleset::columns() const noexcept { return program_->columns; }
std::string_view ruleset::name() const noexcept { return program_->name; }
std::string_view ruleset::digest() const noexcept { return program_->digest; }

fact_value ruleset::definition(std::string_view name, std::span<const fact_value> facts) const {
  for (std::size_t i = 0; i < program_->derived.size(); ++i) {
    if (program_->derived[i].name != name) continue;
    const std::size_t number = program_->facts.size() + i;
    return detail::value_of(*program_, static_cast<std::uint32_t>(number), facts);
  }
  return fact_value::absent();
}

decision ruleset::decide(std::span<const fact_value> facts, instant now) const {
  return detail::decide(*program_, facts, now);
}

evaluation ruleset::evaluate(std::span<const fact_value> facts, instant now,
                             const evaluate_options& options) const {
  return detail::evaluate_decision(*program_, decide(facts, now), facts, now, options);
}

result<evaluation> ruleset::evaluate(std::string_view record, instant now,
                                     const evaluate_options& options) const {
  record_reader reader(*this);
  const auto facts = reader.read(record);
  if (!facts) return facts.problem();
  return evaluate(*facts, now, options);
}

std::size_t ruleset::evaluate_lines(std::string_view records, instant now, std::string& out,
                                    const evaluate_options& options) const {
  record_reader reader(*this);
  std::size_t failed = 0;
  while (!records.empty()) {
    const std::string_view line = records.substr(0, records.find('\n'));
    records.remove_prefix(std::min(records.size(), line.size() + 1));
    if (detail::skip_json_space(line, 0) == line.size()) continue;
    if (const auto facts = reader.read(line)) {
      detail::append_evaluation(out, *program_, *facts, now, options);
    } else {
      detail::append_verdict(out, evaluation_error(facts.problem()));
      ++failed;
    }
    out += '\n';
  }
  return failed;
}

result<std::size_t> ruleset::evaluate_array(std::string_view records, instant now, std::string& out,
                                            const evaluate_options& options) const {
  detail::fact_finder finder(*program_);
  std::vector<fact_value> facts(program_->facts.size());
  const std::size_t before = out.size();
  std::size_t failed = 0;
  const auto evaluate_element = [&](detail::json_index& index, std::string_view array,
                                    std::size_t at) {
    out += out.size() == before ? '[' : ',';
    if (array[at] != '{') {
      detail::append_verdict(out, evaluation_error(detail::no_record(0)));
      ++failed;
      return detail::pass_value(index, array, at);
    }
    const std::size_t end = finder.find_in_element(index, array, at, facts);
    if (end != at) detail::append_evaluation(out, *program_, facts, now, options);
    return end;
  };
  const bool is_array = detail::walk_json_array(records, evaluate_element);
  if (is_array) {
    out += out.size() == before ? "[]" : "]";
    return failed;
  }
  out.resize(before);
  if (const status checked = detail::check_json(records); !checked) return checked.problem();
  return error{errc::invalid_json, 0, "the records must be an array of JSON"};
}

evaluation evaluation_error(const error& problem) {
  evaluation verdict;
  verdict.decided = true;
  verdict.status_category = "incomplete";
  verdict.problem_type = "evaluation_error";
  verdict.problem_details = "{\"reason\":";
  detail::append_json_string(verdict.problem_details, problem.message);
  verdict.problem_details += ",\"code\":";
  detail::append_json_string(verdict.problem_details, error_name(problem.code));
  if (problem.offset != no_offset) {
    verdict.problem_details += ",\"offset\":" + std::to_string(problem.offset);
  }
  verdict.problem_details += '}';
  return verdict;
}

std::string to_json(const evaluation& verdict) {
  std::string out;
  detail::append_verdict(out, verdict);
  return out;
}

}  // namespace v1
}  // namespace jobqueue
