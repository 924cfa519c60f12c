#include "service/journal_text.hpp"

#include "core/json_text.hpp"

namespace jobqueue::detail {

void append_json_bytes(std::string& out, std::string_view bytes) {
  out += '"';
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '"' || byte == '\\') out += '\\';
    if (byte >= 0x20 && byte < 0x7F) {
      out += c;
    } else {
      static constexpr std::string_view digits = "0123456789abcdef";
      out += "\\u00";
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
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

std::vector<std::string_view> read_json_elements(std::string_view array) {
  std::vector<std::string_view> elements;
  if (!array.starts_with('[')) return elements;
  std::size_t at = skip_json_space(array, 1);
  while (at < array.size() && array[at] != ']') {
    const std::size_t end = skip_json_value(array, at);
    elements.push_back(array.substr(at, end - at));
    at = skip_json_space(array, end);
    if (at < array.size() && array[at] == ',') at = skip_json_space(array, at + 1);
  }
  return elements;
}

}  // namespace jobqueue::detail
