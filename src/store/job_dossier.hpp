// Everything that the store has of one job, in bounded pieces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>
#include <jobqueue/store/job_store.hpp>

namespace jobqueue::detail {

inline constexpr std::size_t most_dossier_rows = 200;  // of each kind

struct dossier_attestation {
  std::string key;
  std::string workflow_id;
  std::string kind;
  std::optional<std::int64_t> attempt;
  std::string record;  // empty if it is too long to be read here
  std::optional<instant> recorded_at;
};

struct job_dossier {
  bool is_known = false;  // there is a row of the job
  // JSON objects: the columns but those that may be large, in whose place is <name>_bytes.
  std::string job;
  std::string status;
  std::string error_message;
  std::int64_t retry_count = 0;
  std::int64_t max_retries = 0;
  std::vector<std::string> history;
  std::vector<std::string> backups;  // of retries
  std::vector<std::string> steps;
  std::vector<std::string> notifications;
  std::vector<std::string> events;      // webhooks that came in
  std::vector<std::string> deliveries;  // and that went out
  std::vector<dossier_attestation> attestations;
  std::vector<std::string> cut;  // what there was more of
};

// `keys` are of attestations that may not name the job as their workflow.
[[nodiscard]] result<job_dossier> read_dossier(job_store& store, std::string_view id,
                                               const std::vector<std::string>& keys);

struct similar_failures {
  std::uint64_t jobs = 0;
  std::uint64_t recovered = 0;  // they are completed now
  std::uint64_t failed = 0;     // for good: failed, with no retry left
  std::vector<std::pair<std::string, std::string>> examples;  // id and time, newest first
};
// Of other jobs.
[[nodiscard]] result<similar_failures> find_similar_failures(job_store& store,
                                                             std::string_view fingerprint,
                                                             std::string_view but_not);

struct failed_job {
  std::string id;
  std::string error_message;
  std::int64_t attempt = 0;
  std::optional<instant> failed_at;
};
// Jobs whose failure is not in job_failure yet.
[[nodiscard]] result<std::vector<failed_job>> find_unindexed_failures(job_store& store,
                                                                      std::size_t most);
struct failure_row {
  const failed_job* job = nullptr;
  std::string fingerprint;
  std::string type;
  std::string reason;
};
[[nodiscard]] status add_failures(job_store& store, const std::vector<failure_row>& rows);

// "retried", or why not: "not_failed", "retried_already", "not_found".
[[nodiscard]] result<std::string> request_retry(job_store& store, std::string_view id, instant now,
                                                std::int64_t& attempt);

}  // namespace jobqueue::detail
