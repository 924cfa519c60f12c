// The attempts of a job, from what was attested of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/attestation.hpp>
#include <jobqueue/failure.hpp>
#include <jobqueue/rules.hpp>

#include "store/job_dossier.hpp"

namespace jobqueue::detail {

// One thing that was attested, however many keys it is kept under.
struct attested {
  std::vector<std::string> keys;
  std::optional<attestation_key> key;  // what the first of them says
  bool is_failure = false;
  std::optional<std::uint64_t> attempt;  // from 1
  std::string record;                    // empty: too long, or not there
  std::optional<instant> at;
};

struct job_attempt {
  std::optional<std::uint64_t> attempt;  // nothing: no key and no record says which
  std::vector<const attested*> evidence;
  bool is_completed = false;
  std::string worker_id;
  std::string error_message;
  std::optional<instant> started_at;
  std::optional<instant> finished_at;
  std::optional<failure> classified;
};

// Keys under which a worker may have kept evidence of a step, in all generations: those of at most
// so many attempts.
[[nodiscard]] std::vector<std::string> possible_step_keys(std::string_view job_id,
                                                          std::int64_t attempts);

// Each once: the same record of the same attempt, under whatever keys and in whatever store. In the
// canonical order of their keys.
[[nodiscard]] std::vector<attested> merge_attestations(std::vector<dossier_attestation> all);

// In their order; those of unknown number first.
[[nodiscard]] std::vector<job_attempt> group_attempts(const std::vector<attested>& all);

}  // namespace jobqueue::detail
