// The functions of SHA-2 by their names: deprecated since OpenSSL 3.0 for what EVP offers besides,
// but there in every 3.x, and the only ones whose state is a value.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "core/hmac.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

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

// As SHA-256 writes a number, in one store.
void write_word(std::uint32_t word, std::uint8_t* out) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    word = word << 24U | (word << 8U & 0xFF0000U) | (word >> 8U & 0xFF00U) | word >> 24U;
  }
  std::memcpy(out, &word, sizeof word);
}

void write_state(const SHA256_CTX& context, std::uint8_t* out) noexcept {
  for (std::size_t i = 0; i < 8; ++i) write_word(context.h[i], out + 4 * i);
}

// Pads what is in `block`, of which `used` bytes are the end of a message behind the padded key.
// Returns how many bytes that makes.
std::size_t pad(std::span<std::uint8_t> block, std::size_t used) noexcept {
  const std::size_t whole = (used + 1 + length_bytes + block_bytes - 1) / block_bytes * block_bytes;
  std::memset(block.data() + used, 0, whole - used);
  block[used] = 0x80;
  write_word(static_cast<std::uint32_t>(8 * (block_bytes + used)), block.data() + whole - 4);
  return whole;
}

// SHA-256 behind one block.
SHA256_CTX resume(const hmac_sha256::state& from) noexcept {
  SHA256_CTX context;  // NOLINT: its buffer is empty, and not read
  std::memcpy(context.h, from.data(), sizeof context.h);
  context.Nl = 8 * block_bytes;
  context.Nh = 0;
  context.num = 0;
  context.md_len = SHA256_DIGEST_LENGTH;
  return context;
}

hmac_sha256::tag compute_short(const hmac_sha256::state& inner, const hmac_sha256::state& outer,
                               std::span<const std::string_view> parts) noexcept {
  std::array<std::uint8_t, 4 * block_bytes> block;  // NOLINT: filled as far as it is read
  std::size_t used = 0;
  for (const std::string_view part : parts) {
    if (!part.empty()) std::memcpy(block.data() + used, part.data(), part.size());
    used += part.size();
  }
  SHA256_CTX context = resume(inner);
  SHA256_Update(&context, block.data(), pad(block, used));
  write_state(context, block.data());
  pad(block, hmac_sha256::size);
  context = resume(outer);
  SHA256_Transform(&context, block.data());
  hmac_sha256::tag tag;  // NOLINT: filled below
  write_state(context, tag.data());
  return tag;
}

}  // namespace

hmac_sha256::hmac_sha256(std::string_view key) noexcept {
  SHA256_CTX inner;  // NOLINT: set_key fills both
  SHA256_CTX outer;  // NOLINT
  set_key<sha256_functions>(inner, outer, key);
  std::copy(std::begin(inner.h), std::end(inner.h), inner_.begin());
  std::copy(std::begin(outer.h), std::end(outer.h), outer_.begin());
  OPENSSL_cleanse(&inner, sizeof inner);
  OPENSSL_cleanse(&outer, sizeof outer);
}
hmac_sha256::~hmac_sha256() {
  OPENSSL_cleanse(&inner_, sizeof inner_);
  OPENSSL_cleanse(&outer_, sizeof outer_);
}
hmac_sha256::tag hmac_sha256::compute(std::span<const std::string_view> parts) const noexcept {
  std::size_t bytes = 0;
  for (const std::string_view part : parts) bytes += part.size();
  return bytes <= max_short_bytes
             ? compute_short(inner_, outer_, parts)
             : compute_tag<sha256_functions>(resume(inner_), resume(outer_), parts);
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
