// The canonical order of keys, for keys that own their ids and for those that borrow them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

#include <jobqueue/attestation.hpp>

namespace jobqueue::detail {

// What is compared, in its order.
using attestation_rank =
    std::tuple<std::string_view, std::optional<std::uint64_t>, std::string_view, attestation_writer,
               attestation_kind, bool, attestation_form, bool>;

[[nodiscard]] inline attestation_rank rank_of(const attestation_key& key) noexcept {
  return {key.workflow_id, key.attempt,   key.step_id, key.writer,
          key.kind,        key.permanent, key.form,    key.has_step_prefix};
}

}  // namespace jobqueue::detail
