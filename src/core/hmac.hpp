// HMAC (RFC 2104) with a key that is set once: what SHA-2 makes of the padded key is kept, so that
// a message costs its own blocks and one or two more. The states are copied, not EVP contexts: with
// those a short message takes several times as long (docs/decisions/0011-signatures.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <openssl/sha.h>

namespace jobqueue::detail {

// Immutable; cleansed when it ends. Copies are of the same key.
class hmac_sha256 {
 public:
  static constexpr std::size_t size = SHA256_DIGEST_LENGTH;
  using tag = std::array<std::uint8_t, size>;
  using state = std::array<std::uint32_t, 8>;

  explicit hmac_sha256(std::string_view key) noexcept;
  hmac_sha256(const hmac_sha256&) = default;
  hmac_sha256& operator=(const hmac_sha256&) = default;
  ~hmac_sha256();

  // Of the parts one after the other.
  [[nodiscard]] tag compute(std::span<const std::string_view> parts) const noexcept;

 private:
  // Behind the padded key.
  state inner_{}, outer_{};
};

class hmac_sha512 {
 public:
  static constexpr std::size_t size = SHA512_DIGEST_LENGTH;
  using tag = std::array<std::uint8_t, size>;

  explicit hmac_sha512(std::string_view key) noexcept;
  hmac_sha512(const hmac_sha512&) = default;
  hmac_sha512& operator=(const hmac_sha512&) = default;
  ~hmac_sha512();

  [[nodiscard]] tag compute(std::span<const std::string_view> parts) const noexcept;

 private:
  SHA512_CTX inner_{}, outer_{};
};

}  // namespace jobqueue::detail
