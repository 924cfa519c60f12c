#include "core/base64_codec.hpp"

#include <array>
#include <cstdint>

namespace jobqueue::detail {
namespace {

constexpr std::string_view standard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  for (std::size_t i = 0; i < standard.size(); ++i) {
    values[static_cast<unsigned char>(standard[i])] = static_cast<std::uint8_t>(i);
    values[static_cast<unsigned char>(url[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr auto values = make_values();

std::uint32_t value_of(char c) noexcept { return values[static_cast<unsigned char>(c)]; }

// What the first, second, third and fourth character of a group are in its three bytes, the first
// byte lowest.
constexpr auto parts = [] {
  std::array<std::array<std::uint32_t, 256>, 4> table{};
  for (std::size_t c = 0; c < 256; ++c) {
    const std::uint32_t value = values[c];
    table[0][c] = value << 2U;
    table[1][c] = value >> 4U | (value & 0x0FU) << 12U;
    table[2][c] = value >> 2U << 8U | (value & 0x03U) << 22U;
    table[3][c] = value << 16U;
  }
  return table;
}();

std::uint32_t part_of(std::size_t place, char c) noexcept {
  return parts[place][static_cast<unsigned char>(c)];
}

}  // namespace

void decode_base64(std::string_view chars, std::string& out) {
  const std::size_t begin = out.size();
  out.resize(begin + chars.size() / 4 * 3 + chars.size() % 4 * 3 / 4);
  char* to = out.data() + begin;
  const char* from = chars.data();
  for (std::size_t i = chars.size() / 4; i != 0; --i, from += 4, to += 3) {
    const std::uint32_t group =
        part_of(0, from[0]) | part_of(1, from[1]) | part_of(2, from[2]) | part_of(3, from[3]);
    to[0] = static_cast<char>(group);
    to[1] = static_cast<char>(group >> 8U);
    to[2] = static_cast<char>(group >> 16U);
  }
  const std::size_t rest = chars.size() % 4;
  if (rest >= 2) to[0] = static_cast<char>(value_of(from[0]) << 2U | value_of(from[1]) >> 4U);
  if (rest == 3) to[1] = static_cast<char>(value_of(from[1]) << 4U | value_of(from[2]) >> 2U);
}

bool has_zero_tail(std::string_view chars) noexcept {
  const std::size_t rest = chars.size() % 4;
  const std::uint32_t unused = rest == 2 ? 0x0FU : rest == 3 ? 0x03U : 0U;
  return unused == 0 || (value_of(chars.back()) & unused) == 0;
}

void encode_base64(std::string_view bytes, blob_encoding encoding, std::string& out) {
  const bool for_url =
      encoding == blob_encoding::url_padded || encoding == blob_encoding::url_unpadded;
  const bool padded =
      encoding == blob_encoding::std_padded || encoding == blob_encoding::url_padded;
  const std::string_view alphabet = for_url ? url : standard;
  const std::size_t rest = bytes.size() % 3;
  const std::size_t tail = rest == 0 ? 0 : padded ? 4 : rest + 1;
  const std::size_t begin = out.size();
  out.resize(begin + bytes.size() / 3 * 4 + tail, '=');
  char* to = out.data() + begin;
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
  for (std::size_t i = bytes.size() / 3; i != 0; --i, from += 3, to += 4) {
    const std::uint32_t group = static_cast<std::uint32_t>(from[0]) << 16U |
                                static_cast<std::uint32_t>(from[1]) << 8U | from[2];
    to[0] = alphabet[group >> 18U];
    to[1] = alphabet[group >> 12U & 63U];
    to[2] = alphabet[group >> 6U & 63U];
    to[3] = alphabet[group & 63U];
  }
  if (rest != 0) {
    const std::uint32_t group = static_cast<std::uint32_t>(from[0]) << 16U |
                                (rest == 2 ? static_cast<std::uint32_t>(from[1]) << 8U : 0U);
    to[0] = alphabet[group >> 18U];
    to[1] = alphabet[group >> 12U & 63U];
    if (rest == 2) to[2] = alphabet[group >> 6U & 63U];
  }
}

}  // namespace jobqueue::detail
