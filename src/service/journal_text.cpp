#include "service/journal_text.hpp"

#include "core/json_text.hpp"

namespace jobqueue::detail {

void append_json_bytes(std::string& out, std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  std::size_t begin = 0;  // of what is written as it is
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\') continue;
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
    auto byte = static_cast<unsigned char>(text[at]);
    // U+0080 to U+00FF are two bytes of UTF-8: 110000xx 10xxxxxx.
    if (byte >= 0xC0 && at + 1 < text.size()) {
      byte =
          static_cast<unsigned char>(byte << 6U | (static_cast<unsigned char>(text[++at]) & 63U));
    }
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

}  // namespace jobqueue::detail
