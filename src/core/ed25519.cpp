#include "core/ed25519.hpp"

#include <algorithm>
#include <new>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "core/openssl_errors.hpp"

namespace jobqueue::detail {
namespace {

struct context_free {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using context = std::unique_ptr<EVP_MD_CTX, context_free>;

// With a key at hand, nothing but memory can be missing.
void require(bool succeeded) {
  if (!succeeded) throw std::bad_alloc();
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// The encodings of all points whose order divides 8, without the sign; y, or y + p where it fits.
constexpr std::array<std::array<std::uint8_t, 32>, 7> small_order = {{
    {0x00},
    {0x01},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
}};

bool is_of_small_order(std::span<const std::uint8_t, 32> point) {
  return std::any_of(small_order.begin(), small_order.end(), [&](const auto& known) {
    return std::equal(known.begin(), known.end() - 1, point.begin()) &&
           known.back() == (point.back() & 0x7FU);
  });
}

}  // namespace

void pkey_free::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }

std::optional<ed25519_public_key> ed25519_public_key::create(
    std::span<const std::uint8_t, size> bytes) {
  if (is_of_small_order(bytes)) return std::nullopt;
  const own_errors errors;
  ed25519_public_key key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size()));
  require(key.key_ != nullptr);
  return key;
}

bool ed25519_public_key::verify(std::string_view message,
                                std::span<const std::uint8_t, 64> signature) const {
  const own_errors errors;
  const context with(EVP_MD_CTX_new());
  require(with != nullptr &&
          EVP_DigestVerifyInit(with.get(), nullptr, nullptr, nullptr, key_.get()) == 1);
  return EVP_DigestVerify(with.get(), signature.data(), signature.size(), bytes_of(message),
                          message.size()) == 1;
}

std::optional<ed25519_secret_key> ed25519_secret_key::create(
    std::span<const std::uint8_t, size> bytes) {
  const own_errors errors;
  const auto seed = bytes.first<32>();
  ed25519_secret_key key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  require(key.key_ != nullptr);
  std::array<std::uint8_t, 32> derived{};
  std::size_t derived_size = derived.size();
  require(EVP_PKEY_get_raw_public_key(key.key_.get(), derived.data(), &derived_size) == 1);
  if (CRYPTO_memcmp(derived.data(), bytes.last<32>().data(), derived.size()) != 0) {
    return std::nullopt;
  }
  return key;
}

std::array<std::uint8_t, 64> ed25519_secret_key::sign(std::string_view message) const {
  const own_errors errors;
  const context with(EVP_MD_CTX_new());
  std::array<std::uint8_t, 64> signature{};
  std::size_t written = signature.size();
  require(with != nullptr &&
          EVP_DigestSignInit(with.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
          EVP_DigestSign(with.get(), signature.data(), &written, bytes_of(message),
                         message.size()) == 1 &&
          written == signature.size());
  return signature;
}

}  // namespace jobqueue::detail
