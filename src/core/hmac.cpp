// The functions of SHA-2 by their names: deprecated since OpenSSL 3.0 for what EVP offers besides,
// but there in every 3.x, and the only ones whose state is a value.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "core/hmac.hpp"

#include <algorithm>
#include <cstring>

#include <openssl/crypto.h>

namespace jobqueue::detail {
namespace {

struct sha256_functions {
  using context = SHA256_CTX;
  static constexpr std::size_t block_size = SHA256_CBLOCK;
  static constexpr std::size_t size = SHA256_DIGEST_LENGTH;
  static void begin(context& c) noexcept { SHA256_Init(&c); }
  static void update(context& c, const void* data, std::size_t bytes) noexcept {
    SHA256_Update(&c, data, bytes);
  }
  static void finish(context& c, std::uint8_t* out) noexcept { SHA256_Final(out, &c); }
};

struct sha512_functions {
  using context = SHA512_CTX;
  static constexpr std::size_t block_size = SHA512_CBLOCK;
  static constexpr std::size_t size = SHA512_DIGEST_LENGTH;
  static void begin(context& c) noexcept { SHA512_Init(&c); }
  static void update(context& c, const void* data, std::size_t bytes) noexcept {
    SHA512_Update(&c, data, bytes);
  }
  static void finish(context& c, std::uint8_t* out) noexcept { SHA512_Final(out, &c); }
};

template <class Hash>
void set_key(typename Hash::context& inner, typename Hash::context& outer,
             std::string_view key) noexcept {
  std::array<std::uint8_t, Hash::block_size> block{};
  if (key.size() > block.size()) {
    Hash::begin(inner);
    Hash::update(inner, key.data(), key.size());
    Hash::finish(inner, block.data());
  } else {
    std::copy(key.begin(), key.end(), block.begin());
  }
  for (std::uint8_t& byte : block) byte ^= 0x36U;
  Hash::begin(inner);
  Hash::update(inner, block.data(), block.size());
  for (std::uint8_t& byte : block) byte ^= 0x36U ^ 0x5CU;
  Hash::begin(outer);
  Hash::update(outer, block.data(), block.size());
  OPENSSL_cleanse(block.data(), block.size());
}

// Any message, through SHA-2's own functions. What they leave of the two copies is the state after
// the message, which does not give the key away.
template <class Hash>
std::array<std::uint8_t, Hash::size> compute_tag(typename Hash::context inner,
                                                 typename Hash::context outer,
                                                 std::span<const std::string_view> parts) noexcept {
  std::array<std::uint8_t, Hash::size> tag;  // NOLINT: filled below
  for (const std::string_view part : parts) {
    if (!part.empty()) Hash::update(inner, part.data(), part.size());
  }
  Hash::finish(inner, tag.data());
  Hash::update(outer, tag.data(), tag.size());
  Hash::finish(outer, tag.data());
  return tag;
}

constexpr std::size_t block_bytes = SHA256_CBLOCK;
constexpr std::size_t length_bytes = 8;
// A message that is not longer takes one call into SHA-256 with its padding, and not three.
constexpr std::size_t max_short_bytes = 4 * block_bytes - 1 - length_bytes;

void write_big_endian(std::uint64_t value, std::size_t bytes, std::uint8_t* out) noexcept {
  for (std::size_t i = bytes; i-- > 0; value >>= 8U) out[i] = static_cast<std::uint8_t>(value);
}

hmac_sha256::tag read_state(const SHA256_CTX& context) noexcept {
  hmac_sha256::tag tag;  // NOLINT: filled below
  for (std::size_t i = 0; i < 8; ++i) write_big_endian(context.h[i], 4, tag.data() + 4 * i);
  return tag;
}

// Pads what is in `block`, of which `used` bytes are the end of a message behind the padded key,
// and hashes it.
void finish_block(SHA256_CTX& context, std::span<std::uint8_t> block, std::size_t used) noexcept {
  const std::size_t whole = (used + 1 + length_bytes + block_bytes - 1) / block_bytes * block_bytes;
  block[used] = 0x80;
  std::fill(block.begin() + static_cast<std::ptrdiff_t>(used) + 1,
            block.begin() + static_cast<std::ptrdiff_t>(whole - length_bytes), std::uint8_t{0});
  write_big_endian(8 * (block_bytes + used), length_bytes, block.data() + whole - length_bytes);
  SHA256_Update(&context, block.data(), whole);
}

hmac_sha256::tag compute_short(SHA256_CTX inner, SHA256_CTX outer,
                               std::span<const std::string_view> parts) noexcept {
  std::array<std::uint8_t, 4 * block_bytes> block;  // NOLINT: filled as far as it is read
  std::size_t used = 0;
  for (const std::string_view part : parts) {
    if (!part.empty()) std::memcpy(block.data() + used, part.data(), part.size());
    used += part.size();
  }
  finish_block(inner, block, used);
  const hmac_sha256::tag digest = read_state(inner);
  std::memcpy(block.data(), digest.data(), digest.size());
  finish_block(outer, block, digest.size());
  return read_state(outer);
}

}  // namespace

hmac_sha256::hmac_sha256(std::string_view key) noexcept {
  set_key<sha256_functions>(inner_, outer_, key);
}
hmac_sha256::~hmac_sha256() {
  OPENSSL_cleanse(&inner_, sizeof inner_);
  OPENSSL_cleanse(&outer_, sizeof outer_);
}
hmac_sha256::tag hmac_sha256::compute(std::span<const std::string_view> parts) const noexcept {
  std::size_t bytes = 0;
  for (const std::string_view part : parts) bytes += part.size();
  return bytes <= max_short_bytes ? compute_short(inner_, outer_, parts)
                                  : compute_tag<sha256_functions>(inner_, outer_, parts);
}

hmac_sha512::hmac_sha512(std::string_view key) noexcept {
  set_key<sha512_functions>(inner_, outer_, key);
}
hmac_sha512::~hmac_sha512() {
  OPENSSL_cleanse(&inner_, sizeof inner_);
  OPENSSL_cleanse(&outer_, sizeof outer_);
}
hmac_sha512::tag hmac_sha512::compute(std::span<const std::string_view> parts) const noexcept {
  return compute_tag<sha512_functions>(inner_, outer_, parts);
}

}  // namespace jobqueue::detail
