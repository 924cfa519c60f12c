// jobqueue - resolver: does what the verdicts ask for.
//
// A verdict may have a `resolution_needed`:
//   workflow_output_extraction  the output lies in the job's data: it is put into workflow_output,
//                               and the job is due for a new verdict
//   job_retry                   the job failed with retries left: a retry is put into the outbox,
//                               once for each attempt
// What cannot be resolved says so in its problem_details and is left at that until something about
// the job changes; so the resolver and the evaluator never go round in circles:
// docs/api/evaluator.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <jobqueue/rules.hpp>
#include <jobqueue/store/job_store.hpp>

namespace jobqueue {
inline namespace v1 {

struct resolver_options {
  std::size_t batch = 500;       ///< Jobs that are claimed together: 1 to 10,000.
  std::size_t max_retries = 10;  ///< Retries that one run puts into the outbox; 0: none.
  /// A larger output is none that a user could be sent: it is a blob that belongs elsewhere.
  static constexpr std::size_t max_output_bytes = std::size_t{64} << 10;
};

struct resolver_report {
  std::uint64_t extracted = 0;     ///< Outputs that were found and stored.
  std::uint64_t unresolvable = 0;  ///< Jobs that hold no output after all.
  std::uint64_t scheduled = 0;     ///< Retries that were put into the outbox.
};

class resolver {
 public:
  /// The store and the rules must live as long as the resolver. The rules should be those that made
  /// the verdicts: a job is evaluated by them once more, and resolved if they still ask for it;
  /// their definition `extractable_output` says where an output is.
  resolver(job_store& store, const ruleset& rules, const resolver_options& options = {});

  /// Resolves what there is to be resolved.
  [[nodiscard]] result<resolver_report> run(instant now);

 private:
  [[nodiscard]] status extract_outputs(instant now);
  [[nodiscard]] status schedule_retries(instant now);
  [[nodiscard]] claim_request request_of(std::string_view what, instant now,
                                         std::span<const std::string> facts) const;

  job_store* store_;
  const ruleset* rules_;
  resolver_options options_;
  record_reader reader_;
  resolver_report report_;
};

}  // namespace v1
}  // namespace jobqueue
