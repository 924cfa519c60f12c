// jobqueue - evaluator: gives every job that is due its verdict.
//
//   #include <iostream>
//   #include <jobqueue/service/evaluator.hpp>
//
//   int main() {
//     jobqueue::store_options options;
//     options.create = true;
//     auto store = jobqueue::job_store::open("sqlite:jobs.db", options).value();
//     if (!store->migrate()) return 1;
//     if (!store->import_jobs({R"({"id":"7","status":"failed"})"})) return 1;
//     const auto now = jobqueue::parse_instant("2026-01-05T12:00:00Z").value();
//     jobqueue::evaluator evaluator(*store, jobqueue::ruleset::standard());
//     std::cout << evaluator.run(now).value().evaluated << " evaluated\n";
//   }
//
// prints "1 evaluated".
//
// It works page by page: jobs are claimed, evaluated, and their verdicts committed together. Any
// number of evaluators share one store; one may be killed at any instant, and what it had not
// committed is simply still due. docs/api/evaluator.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <jobqueue/rules.hpp>
#include <jobqueue/store/job_store.hpp>

namespace jobqueue {
inline namespace v1 {

struct evaluator_options {
  std::size_t batch = 1000;  ///< Jobs that are claimed and committed together: 1 to 10,000.
  bool re_evaluate = false;  ///< Also verdicts that another rule set has made.
  /// When to look again at a job that is undecided for want of a fact, with no time at which that
  /// would change.
  std::chrono::hours look_again_after{24};
};

struct evaluator_progress {
  std::uint64_t evaluated = 0;
  std::uint64_t due = 0;  ///< How many were due when the run began; more may have become so.
};

struct evaluator_report {
  std::uint64_t evaluated = 0;
  std::uint64_t undecided = 0;  ///< Of these.
  std::uint64_t failed = 0;     ///< `evaluation_error`, or a verdict that could not be written.
  /// Verdicts of this run by `status_category` and `problem_type`; undecided ones have neither.
  std::map<std::pair<std::string, std::string>, std::uint64_t> verdicts;
  bool stopped = false;  ///< It was asked to stop; the rest is still due.
};

class evaluator {
 public:
  /// The store and the rules must live as long as the evaluator.
  evaluator(job_store& store, const ruleset& rules, const evaluator_options& options = {});

  /// Called after each page; false stops the run.
  using observer = std::function<bool(const evaluator_progress&)>;

  /// Evaluates all jobs that are due at `now`. A store that is away is waited for; an error that
  /// comes again although the store answers is returned.
  [[nodiscard]] result<evaluator_report> run(instant now, const observer& observe = {});

  /// The verdict on one job as it is now, with its explanation; it is not written. Nothing if there
  /// is no job of that id.
  [[nodiscard]] result<std::optional<evaluation>> explain(std::string_view id, instant now);

 private:
  [[nodiscard]] status run_due(due why, instant now, const observer& observe);
  [[nodiscard]] status evaluate_page(job_page& page, instant now, const observer& observe);
  [[nodiscard]] evaluation judge(std::span<const fact_value> columns, instant now,
                                 const evaluate_options& options);
  [[nodiscard]] claim_request request_of(due why, instant now) const;

  job_store* store_;
  const ruleset* rules_;
  evaluator_options options_;
  record_reader reader_;
  evaluator_report report_;
  evaluator_progress progress_;
};

}  // namespace v1
}  // namespace jobqueue
