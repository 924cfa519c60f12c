#include "core/sha256.hpp"

#include <new>
#include <string>
#include <string_view>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "core/openssl_errors.hpp"

namespace jobqueue {
namespace {

// Fetched once: an implicit fetch at every call costs more than hashing a small blob. Never freed,
// because digests may still be computed while static objects are destroyed. If it fails it is
// fetched again by the next call.
const EVP_MD* algorithm() {
  static const EVP_MD* const fetched = [] {
    const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    if (found == nullptr) {
      if (ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE) throw std::bad_alloc();
      static_cast<void>(status(error{errc::internal, no_offset,
                                     "OpenSSL cannot compute SHA-256; check the installation of "
                                     "libcrypto and its providers"})
                            .value());
    }
    return found;
  }();
  return fetched;
}

// A digest that was not computed must not be mistaken for one, so this does not return. With an
// algorithm at hand, nothing but memory can be missing.
void require(bool succeeded) {
  if (!succeeded) throw std::bad_alloc();
}

unsigned char* output(sha256_digest& digest) {
  return reinterpret_cast<unsigned char*>(digest.bytes.data());
}

// 0 to 15, or -1 for a character that is no hexadecimal digit.
int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

inline namespace v1 {

std::string sha256_digest::hex() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    text.push_back(digits[value >> 4]);
    text.push_back(digits[value & 15]);
  }
  return text;
}

result<sha256_digest> sha256_digest::from_hex(std::string_view text) {
  sha256_digest digest;
  if (text.size() != 2 * digest.bytes.size()) {
    return error{errc::invalid_argument, no_offset,
                 "a SHA-256 digest is 64 hexadecimal digits, not " + std::to_string(text.size()) +
                     " characters"};
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int value = digit_value(text[i]);
    if (value < 0) {
      return error{errc::invalid_argument, i, "a SHA-256 digest has only hexadecimal digits"};
    }
    std::byte& byte = digest.bytes[i / 2];
    byte = (byte << 4) | static_cast<std::byte>(value);
  }
  return digest;
}

sha256_digest sha256(std::span<const std::byte> data) {
  const detail::own_errors errors;
  sha256_digest digest;
  require(EVP_Digest(data.data(), data.size(), output(digest), nullptr, algorithm(), nullptr) == 1);
  return digest;
}

}  // namespace v1

namespace detail {

sha256_stream::sha256_stream() {
  const detail::own_errors errors;
  context_.reset(EVP_MD_CTX_new());
  require(context_ != nullptr && EVP_DigestInit_ex2(context_.get(), algorithm(), nullptr) == 1);
}

void sha256_stream::update(std::span<const std::byte> data) {
  require(EVP_DigestUpdate(context_.get(), data.data(), data.size()) == 1);
}

sha256_digest sha256_stream::finish() {
  const detail::own_errors errors;
  sha256_digest digest;
  require(EVP_DigestFinal_ex(context_.get(), output(digest), nullptr) == 1 &&
          EVP_DigestInit_ex2(context_.get(), algorithm(), nullptr) == 1);
  return digest;
}

void sha256_stream::context_free::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

}  // namespace detail
}  // namespace jobqueue
