// jobqueue - rules: decide what became of a job (complete, filed, incomplete or not yet decided),
// and say why.
//
//   #include <iostream>
//   #include <jobqueue/jobqueue.hpp>
//
//   int main() {
//     const auto& rules = jobqueue::ruleset::standard();
//     const auto now = jobqueue::parse_instant("2026-01-05T12:00:00Z").value();
//     const auto verdict = rules.evaluate(
//         R"({"id":"7","status":"failed","retry_count":3,"max_retries":3})", now).value();
//     std::cout << verdict.status_category << ' ' << verdict.problem_type << '\n';
//   }
//
// prints "incomplete retries_exhausted".
//
// A rule set is data: an ordered list of rules in the condition grammar of json-rules-engine, with
// additions; docs/api/rules.md has all of it. Evaluation is three-valued (Kleene): what a record
// does not say makes a condition unknown, and the first rule that is not false decides. If that one
// is unknown the outcome is "undecided", with the names of the facts that are missing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqueue/result.hpp>

namespace jobqueue {
namespace detail {
struct rules_program;
struct record_parts;
}  // namespace detail
inline namespace v1 {

/// A point in time, UTC, in microseconds.
using instant = std::chrono::sys_time<std::chrono::microseconds>;

/// Reads RFC 3339 and what databases print: "2026-01-05T12:00:00.25Z", "2026-01-05 12:00:00+01",
/// "2026-01-05"; without a zone it is UTC. Digits beyond microseconds are dropped. Years 1 to 9999.
/// `invalid_argument` for anything else.
[[nodiscard]] result<instant> parse_instant(std::string_view text);
/// "2026-01-05T12:00:00.250000Z"; the fraction only if there is one.
[[nodiscard]] std::string format_instant(instant when);
/// Reads an ISO 8601 duration of weeks, days, hours, minutes and seconds: "PT30M", "P1DT12H",
/// "P2W". Years and months, which have no fixed length, and negative ones are refused; at most
/// 36,500 days.
[[nodiscard]] result<std::chrono::microseconds> parse_iso_duration(std::string_view text);

/// What a record says of one fact. Views are of the caller.
struct fact_value {
  enum class kind : std::uint8_t {
    absent,    ///< Not there, or null: conditions on it are unknown, and it does not exist.
    withheld,  ///< Not looked up yet: even whether it exists is unknown.
    boolean,
    integer,
    real,
    text,
    time,
    json,  ///< An array or object, as text.
  };

  kind of = kind::absent;
  std::int64_t integer = 0;  ///< Also a boolean (0, 1), and a time in microseconds since 1970.
  double real = 0;
  std::string_view text;  ///< Of `text` and `json`.

  [[nodiscard]] static fact_value absent() noexcept { return {}; }
  [[nodiscard]] static fact_value withheld() noexcept { return {kind::withheld, 0, 0, {}}; }
  [[nodiscard]] static fact_value of_boolean(bool value) noexcept {
    return {kind::boolean, value ? 1 : 0, 0, {}};
  }
  [[nodiscard]] static fact_value of_integer(std::int64_t value) noexcept {
    return {kind::integer, value, 0, {}};
  }
  [[nodiscard]] static fact_value of_real(double value) noexcept {
    return {kind::real, 0, value, {}};
  }
  [[nodiscard]] static fact_value of_text(std::string_view value) noexcept {
    return {kind::text, 0, 0, value};
  }
  [[nodiscard]] static fact_value of_time(instant value) noexcept {
    return {kind::time, value.time_since_epoch().count(), 0, {}};
  }
  [[nodiscard]] static fact_value of_json(std::string_view value) noexcept {
    return {kind::json, 0, 0, value};
  }
};

enum class truth : std::uint8_t { no, yes, unknown };

/// Which rule decided, by its place in the set. `holds` is `unknown` if it lacked a fact.
struct decision {
  std::uint32_t rule = 0;
  truth holds = truth::unknown;
};

/// What became of a job. Views are of the rule set, which must live as long.
struct evaluation {
  bool decided = false;              ///< False: undecided, and the next three are empty.
  std::string_view status_category;  ///< "complete", "filed", "incomplete", or what the rules say.
  std::string_view problem_type;     ///< Empty if there is no problem.
  std::string_view resolution_needed;
  std::string problem_details;             ///< A JSON object, or empty.
  std::string_view rule;                   ///< The name of the rule that decided.
  std::vector<std::string> missing_facts;  ///< Why it is undecided, if facts are missing.
  /// When an undecided job may become decided though nothing happens to it: the next instant at
  /// which a condition on its age changes.
  std::optional<instant> look_again_at;
  // With `explain`, as JSON arrays; docs/api/rules.md says what is in them.
  std::string trace;           ///< Every rule that was looked at.
  std::string decided_by;      ///< The conditions of the last of them.
  std::string would_complete;  ///< A small change that would make the job complete; may be empty.
};

/// The evaluation as one line of JSON, the same in every language: docs/api/rules.md.
[[nodiscard]] std::string to_json(const evaluation& verdict);

/// The verdict on a record that cannot be evaluated: incomplete, `evaluation_error`.
[[nodiscard]] evaluation evaluation_error(const error& problem);

struct evaluate_options {
  /// Fill `trace` and `would_complete`.
  bool explain = false;
};

struct ruleset_options {
  /// Values for parameters of the set in place of its own: {"stuck_after", "PT2H"}.
  std::vector<std::pair<std::string, std::string>> parameters;
};

/// Limits of a rule set; what exceeds one is `ruleset_invalid`.
struct ruleset_limits {
  static constexpr std::size_t max_file_bytes = std::size_t{1} << 20;
  static constexpr std::size_t max_rules = 1000;
  static constexpr std::size_t max_conditions = 20000;  ///< Of all rules, references counted out.
  static constexpr std::size_t max_depth = 16;          ///< Of `all`, `any` and `not`.
  static constexpr std::size_t max_facts = 1000;
  static constexpr std::size_t max_path_steps = 16;
};

/// Immutable, cheap to copy, safe to share between threads.
class ruleset {
 public:
  /// A place in a record that the rules look at.
  struct fact {
    std::string name;      ///< As messages name it: "notification.success".
    std::size_t column;    ///< Which of `columns()` it is in.
    bool is_whole = true;  ///< It is the column, not a part of it.
  };

  /// Compiles a rule set. `ruleset_invalid` with the offset in `json`, and line and column in the
  /// message, for anything that is malformed, unknown or can never decide; `unknown_fact` for a
  /// fact that no record has.
  [[nodiscard]] static result<ruleset> parse(std::string_view json,
                                             const ruleset_options& options = {});
  /// The set that comes with the library; `standard_text()` is its file.
  [[nodiscard]] static const ruleset& standard();
  [[nodiscard]] static std::string_view standard_text() noexcept;

  /// Evaluates a record, one JSON object: the columns of a job by their names, `notification` and
  /// `attestations`. Of equal keys the last counts. Total: every object has an outcome.
  /// `invalid_json` or `invalid_utf8` with the offset, if it is no object of valid JSON.
  [[nodiscard]] result<evaluation> evaluate(std::string_view record, instant now,
                                            const evaluate_options& options = {}) const;
  /// The same of a record whose facts are at hand, in the order of `facts()`.
  [[nodiscard]] evaluation evaluate(std::span<const fact_value> facts, instant now,
                                    const evaluate_options& options = {}) const;
  /// Evaluates records, one a line, and appends a line of JSON for each to `out`, in their order.
  /// Blank lines are passed over. One that is no record has the verdict `evaluation_error`; gives
  /// how many were.
  std::size_t evaluate_lines(std::string_view records, instant now, std::string& out,
                             const evaluate_options& options = {}) const;
  /// Evaluates the elements of a JSON array, and appends an array of their verdicts to `out`, in
  /// their order. One that is no object has the verdict `evaluation_error`; gives how many were.
  /// `invalid_json` or `invalid_utf8` with the offset, and nothing appended, if it is no array of
  /// valid JSON.
  [[nodiscard]] result<std::size_t> evaluate_array(std::string_view records, instant now,
                                                   std::string& out,
                                                   const evaluate_options& options = {}) const;
  /// Only which rule decides. Nothing is allocated.
  [[nodiscard]] decision decide(std::span<const fact_value> facts, instant now) const;

  /// What the rules look at, and in which columns of a record that is.
  [[nodiscard]] std::span<const fact> facts() const noexcept;
  [[nodiscard]] std::span<const std::string> columns() const noexcept;

  /// The value of a definition of the set: "extractable_output". Absent if it has none of that
  /// name.
  [[nodiscard]] fact_value definition(std::string_view name,
                                      std::span<const fact_value> facts) const;

  /// The name of the set, and 64 hexadecimal digits that change whenever its verdicts may.
  [[nodiscard]] std::string_view name() const noexcept;
  [[nodiscard]] std::string_view digest() const noexcept;

 private:
  friend class record_reader;
  explicit ruleset(std::shared_ptr<const detail::rules_program> program);
  std::shared_ptr<const detail::rules_program> program_;
};

/// Finds the facts of records, one after the other. Not for several threads at once.
class record_reader {
 public:
  explicit record_reader(const ruleset& rules);
  record_reader(const record_reader&) = delete;
  record_reader& operator=(const record_reader&) = delete;
  ~record_reader();

  /// The facts of a record that is a JSON object, as `ruleset::evaluate` takes it. Views are valid
  /// until the next call, and as long as `record`.
  [[nodiscard]] result<std::span<const fact_value>> read(std::string_view record);

  /// The facts of a record whose columns are at hand, in the order of `ruleset::columns()`. Of a
  /// column that is JSON (also as text) the parts are found; one that is withheld, or is malformed
  /// JSON, has only parts that are withheld.
  [[nodiscard]] std::span<const fact_value> read(std::span<const fact_value> columns);

 private:
  std::unique_ptr<detail::record_parts> parts_;
};

}  // namespace v1
}  // namespace jobqueue
