// jobqueue - evidence collector: brings what Redis knows of jobs into the store.
//
// Lists of notifications in Redis end after days, and a verdict that rests on one must still be
// right when it is made again. So each is copied once; the job it belongs to is due for a new
// verdict then. docs/api/evaluator.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include <jobqueue/store/job_store.hpp>
#include <jobqueue/store/redis.hpp>

namespace jobqueue {
inline namespace v1 {

struct collector_options {
  /// Also attestations, which may be large. Rules that look at `attestations` need them.
  bool attestations = false;
};

struct collector_report {
  std::uint64_t notifications = 0;  ///< That were not in the store.
  std::uint64_t attestations = 0;
  std::uint64_t skipped = 0;  ///< Keys and records that were no evidence or too large.
};

/// Copies what the store does not have. May be run again at any time.
[[nodiscard]] result<collector_report> collect_evidence(redis_store& source, job_store& store,
                                                        const collector_options& options = {});

}  // namespace v1
}  // namespace jobqueue
