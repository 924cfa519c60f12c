#include "service/journal_text.hpp"

#include <cstdint>
#include <cstring>

#include "core/json_text.hpp"

namespace jobqueue::detail {

namespace {

bool is_plain(unsigned char byte) noexcept {
  return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

// Whether eight bytes are all plain. A borrow may deny it, never claim it.
bool are_plain(const char* eight) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  std::uint64_t word = 0;
  std::memcpy(&word, eight, sizeof word);
  const auto has_less = [](std::uint64_t in, std::uint64_t than) {
    return (in - ones * than) & ~in;
  };
  const std::uint64_t found = word | has_less(word, 0x20) | has_less(word ^ ones * 0x7F, 1) |
                              has_less(word ^ ones * '"', 1) | has_less(word ^ ones * '\\', 1);
  return (found & ones << 7U) == 0;
}

}  // namespace

void append_json_bytes(std::string& out, std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  std::size_t begin = 0;  // of what is written as it is
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    while (bytes.size() - i > 8 && are_plain(bytes.data() + i)) i += 8;
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (is_plain(byte)) continue;
    out += bytes.substr(begin, i - begin);
    begin = i + 1;
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += bytes[i];
    } else {
      out += "\\u00";
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
  out += bytes.substr(begin);
  out += '"';
}

std::string read_json_bytes(std::string_view value) {
  const std::string text = read_json_string(value);
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned byte = static_cast<unsigned char>(text[at]);
    // U+0080 to U+00FF are two bytes of UTF-8: 110000xx 10xxxxxx.
    if (byte >= 0xC0 && at + 1 < text.size()) {
      byte = byte << 6U | (static_cast<unsigned char>(text[++at]) & 63U);
    }
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

}  // namespace jobqueue::detail
