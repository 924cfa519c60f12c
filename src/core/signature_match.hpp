// Tries the signatures of a claim with the keys of a verifier.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <jobqueue/signature.hpp>

#include "core/signature_claim.hpp"
#include "core/signature_keys.hpp"

namespace jobqueue::detail {

// The first secret that made one of the signatures over `body`, or `no_secret`. Every secret is
// tried with every signature, whatever the others said.
[[nodiscard]] std::size_t find_secret(const signature_keys& keys, const signature_claim& claim,
                                      std::string_view body);

// Whether `key` made one of the signatures that are HMAC-SHA256.
[[nodiscard]] bool matches_any(const hmac_sha256& key, const signature_claim& claim,
                               std::string_view body) noexcept;

// Why a refused message may be refused. `reason` is what `verify` will say; `claim` is what was
// read of the headers if that is `signature_mismatch`.
[[nodiscard]] signature_hint find_hint(const signature_keys& keys, signature_scheme scheme,
                                       errc reason, const signature_claim& claim,
                                       const found_headers& found,
                                       std::span<const header_field> headers,
                                       std::string_view body);

}  // namespace jobqueue::detail
