// The chain of a record as text: where it stands, what it claims, and what its digest and its MAC
// are made of. docs/api/attestation.md has the same in words.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/attestation.hpp>

#include "core/hmac.hpp"
#include "core/sha256.hpp"

namespace jobqueue::detail {

struct attestation_secret {
  hmac_sha256 hmac;
};
struct attestation_secrets {
  std::vector<hmac_sha256> hmacs;
};

// What is wrong, with "the record" before it.
[[nodiscard]] std::string sentence_of(attestation_fault fault);

// Whether it is 64 hexadecimal digits in lower case.
[[nodiscard]] bool is_attestation_digest(std::string_view text) noexcept;

// An object of JSON in `text`, without what is around it. `invalid_json` and `invalid_utf8` with
// the offset.
[[nodiscard]] result<std::string_view> find_attestation_record(std::string_view text);

// A chain as it is written in a record. Views are of the record.
struct attestation_claim {
  std::uint64_t sequence = 0;
  std::string_view previous, digest, hmac;
  // The record without its chain, in two pieces.
  std::string_view before, behind;
};

// The chain at the end of a record; nothing if there is none that is spelled as `seal` does.
[[nodiscard]] std::optional<attestation_claim> read_attestation_claim(
    std::string_view record) noexcept;

// `text` with the claim in its record, which has none.
[[nodiscard]] std::string splice_attestation_claim(std::string_view text, std::string_view record,
                                                   const attestation_claim& claim);

// Makes digests of records, one after the other, of what a claim is about.
class attestation_digester {
 public:
  [[nodiscard]] std::string digest(const attestation_claim& claim);

 private:
  sha256_stream stream_;
};

[[nodiscard]] hmac_sha256::tag attestation_tag(const hmac_sha256& key,
                                               std::string_view digest) noexcept;

}  // namespace jobqueue::detail
