// The payloads of one job: what it was given and gave, and the bodies about it, in pieces.
//
// A payload is named by a reference: "data", "workflow_output" or "extra" of the job itself, or
// "<kind>:<id>" with a kind of retry_data, retry_output, step_input, step_output, attestation,
// event or delivery and the id of the row, or the key of the attestation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <jobqueue/result.hpp>
#include <jobqueue/store/job_store.hpp>

namespace jobqueue::detail {

struct payload_piece {
  std::uint64_t whole = 0;  // bytes of the whole payload, as UTF-8
  std::string bytes;
};

// At most `size` bytes from `offset` on. Nothing if the job has no such payload, or it is null.
// `invalid_argument` for what is no reference.
[[nodiscard]] result<std::optional<payload_piece>> read_payload(job_store& store,
                                                                std::string_view job_id,
                                                                std::string_view reference,
                                                                std::uint64_t offset,
                                                                std::uint64_t size);

}  // namespace jobqueue::detail
