// Ed25519 (RFC 8032) with keys that are set once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY; its headers stay in the .cpp file.

namespace jobqueue::detail {

struct pkey_free {
  void operator()(evp_pkey_st* key) const noexcept;
};

class ed25519_public_key {
 public:
  static constexpr std::size_t size = 32;
  // Nothing for a point of small order, under which everybody can sign.
  [[nodiscard]] static std::optional<ed25519_public_key> create(
      std::span<const std::uint8_t, size> bytes);
  [[nodiscard]] bool verify(std::string_view message,
                            std::span<const std::uint8_t, 64> signature) const;

 private:
  explicit ed25519_public_key(evp_pkey_st* key) noexcept : key_(key) {}
  std::unique_ptr<evp_pkey_st, pkey_free> key_;
};

class ed25519_secret_key {
 public:
  static constexpr std::size_t size = 64;
  // The seed, and the public key that belongs to it; nothing if it does not.
  [[nodiscard]] static std::optional<ed25519_secret_key> create(
      std::span<const std::uint8_t, size> bytes);
  [[nodiscard]] std::array<std::uint8_t, 64> sign(std::string_view message) const;

 private:
  explicit ed25519_secret_key(evp_pkey_st* key) noexcept : key_(key) {}
  std::unique_ptr<evp_pkey_st, pkey_free> key_;
};

}  // namespace jobqueue::detail
