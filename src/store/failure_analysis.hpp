// What the jobs of a store failed of lately, by what job_failure has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>
#include <jobqueue/store/job_store.hpp>

namespace jobqueue::detail {

// Failures of one fingerprint.
struct failure_group {
  std::string fingerprint;
  std::string type;
  std::string reason;
  std::uint64_t jobs = 0;
  std::uint64_t recovered = 0;  // they are completed now
  std::string example_id;       // of the newest
  std::string example_message;  // its beginning
  std::optional<instant> last_failed_at;
};
struct failure_analysis {
  std::uint64_t failed_jobs = 0;                                     // of all jobs, now
  std::uint64_t looked_at = 0;                                       // failures, the newest
  std::vector<std::pair<std::string, std::uint64_t>> types;          // most frequent first
  std::vector<std::pair<std::int64_t, std::uint64_t>> retry_counts;  // of failed jobs
  std::vector<failure_group> groups;                                 // the ten most frequent
};
// Of the newest `most` failures.
[[nodiscard]] result<failure_analysis> analyse_failures(job_store& store, std::size_t most);

}  // namespace jobqueue::detail
