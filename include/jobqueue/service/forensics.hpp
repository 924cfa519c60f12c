// jobqueue - forensics: what happened to one job, from everything that is known of it.
//
// All attempts with all keys under which they were attested, what changed from one to the next, one
// timeline, what was told to whom, why the rules say what they say, and what became of jobs that
// failed alike. docs/api/forensics.md has the documents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <jobqueue/attestation.hpp>
#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>
#include <jobqueue/store/job_store.hpp>
#include <jobqueue/store/redis.hpp>

namespace jobqueue {
inline namespace v1 {

struct forensics_options {
  /// Also the attestations that a Redis has. Without a set `attestations:<workflow id>` it is
  /// searched, so this is for people, and not for a page. Not for several threads at once.
  redis_store* redis = nullptr;
  std::size_t max_value_bytes = 400;  ///< Of each value in a difference: 64 to 8,000.
};

class forensics {
 public:
  /// The store and the rules must live as long.
  forensics(job_store& store, const ruleset& rules) : store_(&store), rules_(&rules) {}

  /// What happened to a job or workflow, as one JSON object; nothing if nothing is known of it.
  [[nodiscard]] result<std::optional<std::string>> of_job(std::string_view id, instant now,
                                                          const forensics_options& options = {});
  /// Its attestations alone, in their canonical order, each once with all its keys:
  /// `{"workflow_id","attestations":[...]}`.
  [[nodiscard]] result<std::string> attestations_of(std::string_view id);
  /// The latest of one writer, as in that list: the API's, or with `worker` also those that workers
  /// keep of whole workflows. Nothing if there is none.
  [[nodiscard]] result<std::optional<std::string>> attestation_of(std::string_view id,
                                                                  attestation_writer writer);
  /// What jobs fail of, by the newest `most` failures, 1 to 10,000: `{"failed_jobs","looked_at",
  /// "types":[...],"retry_counts":[...],"common_failures":[...]}`.
  [[nodiscard]] result<std::string> failed_analysis(std::size_t most);
  /// Classifies the failures that are new, so that like ones are found. Gives how many.
  [[nodiscard]] result<std::size_t> index_failures();

 private:
  job_store* store_;
  const ruleset* rules_;
};

}  // namespace v1
}  // namespace jobqueue
