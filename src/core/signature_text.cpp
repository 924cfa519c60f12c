#include "core/signature_text.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <openssl/crypto.h>

namespace jobqueue::detail {
namespace {

// Eight characters at a time, each in a byte of its own, without a branch or a table: neither says
// what is read.
constexpr std::uint64_t each = 0x0101010101010101;

// The first one in the lowest byte.
std::uint64_t load_eight(const char* from) noexcept {
  std::uint64_t eight = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&eight, from, sizeof eight);
  } else {
    for (unsigned i = 8; i-- > 0;) eight = eight << 8U | static_cast<unsigned char>(from[i]);
  }
  return eight;
}

// The highest bit of each byte that is `least` or more; all of them are below 0x80.
constexpr std::uint64_t at_least(std::uint64_t eight, unsigned char least) noexcept {
  return (eight + (0x80U - least) * each) & 0x80 * each;
}

// Writes four bytes, and says whether all eight characters were digits.
bool decode_eight(std::uint64_t eight, std::uint64_t fold,
                  std::array<std::uint8_t, 4>& out) noexcept {
  const std::uint64_t low = eight & 0x7F * each;
  const std::uint64_t folded = low | fold;
  const std::uint64_t digit = at_least(low, '0') & ~at_least(low, '9' + 1);
  const std::uint64_t letter = at_least(folded, 'a') & ~at_least(folded, 'f' + 1);
  const std::uint64_t values = (low & 0x0F * each) + 9 * (letter >> 7U);
  // Two digits become one byte, and every other byte is moved beside the one before.
  std::uint64_t bytes = (values << 4U | values >> 8U) & 0x00FF00FF00FF00FF;
  bytes = (bytes | bytes >> 8U) & 0x0000FFFF0000FFFF;
  bytes |= bytes >> 16U;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(out.data(), &bytes, out.size());
  } else {
    for (unsigned i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(bytes >> 8 * i);
  }
  return (digit | letter) == 0x80 * each && low == eight;
}

// 0 to 63, or -1. No table: where it is would tell the cache what is read.
int base64_value(char c, base64_form form) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || (c == '-' && form == base64_form::lenient)) return 62;
  if (c == '/' || (c == '_' && form == base64_form::lenient)) return 63;
  return -1;
}

std::string_view as_text(std::span<const std::uint8_t> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

secret_bytes::~secret_bytes() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

void secret_bytes::append(std::string_view text) noexcept {
  if (text.size() > bytes_.size() - size_) return;
  std::copy(text.begin(), text.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += text.size();
}

bool decode_hex(std::string_view text, std::span<std::uint8_t> out, hex_case digits) noexcept {
  if (text.size() != 2 * out.size()) return false;
  const std::uint64_t fold = digits == hex_case::any ? 0x20 * each : 0;
  bool is_hex = true;
  for (std::size_t at = 0; at < out.size(); at += 4) {
    const std::size_t bytes = std::min<std::size_t>(4, out.size() - at);
    std::array<char, 8> rest{'0', '0', '0', '0', '0', '0', '0', '0'};
    const char* from = text.data() + 2 * at;
    if (bytes < 4) from = std::copy_n(from, 2 * bytes, rest.data()) - 2 * bytes;
    std::array<std::uint8_t, 4> four;  // NOLINT: filled below
    is_hex &= decode_eight(load_eight(from), fold, four);
    std::memcpy(out.data() + at, four.data(), bytes);
  }
  return is_hex;
}

std::optional<std::size_t> decode_base64_bytes(std::string_view text, std::span<std::uint8_t> out,
                                               base64_form form) noexcept {
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  const bool is_padded = text.size() % 4 == 0;
  text.remove_suffix(padding);
  const std::size_t size = text.size() * 3 / 4;
  const bool may_be = is_padded || (form == base64_form::lenient && padding == 0);
  if (!may_be || text.size() % 4 == 1 || size > out.size()) return std::nullopt;
  unsigned bits = 0;
  unsigned held = 0;
  std::size_t at = 0;
  for (const char c : text) {
    const int value = base64_value(c, form);
    if (value < 0) return std::nullopt;
    bits = bits << 6U | static_cast<unsigned>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out[at++] = static_cast<std::uint8_t>(bits >> held);
    bits &= (1U << held) - 1;
  }
  if (form == base64_form::strict && bits != 0) return std::nullopt;
  return at;
}

void append_hex(std::span<const std::uint8_t> bytes, std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const std::uint8_t byte : bytes) {
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
}

void append_base64(std::span<const std::uint8_t> bytes, std::string& out) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string_view text = as_text(bytes);
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, text.size() - i);
    unsigned bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8U | (k < have ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k) {
      out += k <= have ? alphabet[bits >> (18 - 6 * k) & 63U] : '=';
    }
  }
}

std::optional<std::int64_t> read_seconds(std::string_view text) noexcept {
  constexpr std::size_t max_digits = 15;  // also of milliseconds, which are then far in the future
  if (text.empty() || text.size() > max_digits || (text.size() > 1 && text.front() == '0')) {
    return std::nullopt;
  }
  std::int64_t seconds = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    seconds = seconds * 10 + (c - '0');
  }
  return seconds;
}

std::string_view trim_blanks(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace jobqueue::detail
