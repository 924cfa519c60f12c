#include "core/json_text.hpp"

#include <cstdint>
#include <cstring>

namespace jobqueue::detail {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | code >> 6U);
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | code >> 12U);
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | code >> 18U);
    put(0x80U | (code >> 12U & 0x3FU));
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

// The number that four hexadecimal digits at `at` are; above 0xFFFF if they are none.
std::uint32_t read_hex4(std::string_view text, std::size_t at) {
  std::uint32_t code = 0;
  if (text.size() < at + 4) return UINT32_MAX;
  for (std::size_t i = at; i < at + 4; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return UINT32_MAX;
    code = code * 16 + static_cast<std::uint32_t>(digit);
  }
  return code;
}

bool is_high(std::uint32_t code) { return code >= 0xD800 && code < 0xDC00; }
bool is_low(std::uint32_t code) { return code >= 0xDC00 && code < 0xE000; }

// Appends what `\u` at `at` stands for; gives the offset behind it.
std::size_t unescape_unit(std::string_view content, std::size_t at, std::string& out) {
  constexpr std::uint32_t replacement = 0xFFFD;
  std::uint32_t code = read_hex4(content, at + 2);
  if (code > 0xFFFF) {
    append_utf8(out, replacement);
    return at + 2;
  }
  at += 6;
  if (is_high(code)) {
    const std::uint32_t low =
        content.substr(at, 2) == "\\u" ? read_hex4(content, at + 2) : UINT32_MAX;
    if (is_low(low)) {
      code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
      at += 6;
    } else {
      code = replacement;
    }
  } else if (is_low(code)) {
    code = replacement;
  }
  append_utf8(out, code);
  return at;
}

// The size of the character at `at`, or 0 if the bytes there are none (RFC 3629).
std::size_t character_size(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned lead = byte(at);
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xC2 && lead < 0xE0   ? 2
                           : lead >= 0xE0 && lead < 0xF0 ? 3
                           : lead >= 0xF0 && lead < 0xF5 ? 4
                                                         : 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) return 0;
  }
  const unsigned second = byte(at + 1);
  const bool refused = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                       (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
  return refused ? 0 : size;
}

}  // namespace

std::size_t find_string_end(std::string_view text, std::size_t begin) {
  for (std::size_t at = begin; at < text.size();) {
    const std::size_t quote = text.find('"', at);
    if (quote == std::string_view::npos) break;
    std::size_t slashes = 0;
    while (quote - slashes > begin && text[quote - slashes - 1] == '\\') ++slashes;
    if (slashes % 2 == 0) return quote;
    at = quote + 1;
  }
  return text.size();
}

void unescape_json(std::string_view content, std::string& out) {
  for (std::size_t at = 0; at < content.size();) {
    const std::size_t slash = content.find('\\', at);
    out.append(content.substr(at, slash - at));
    if (slash == std::string_view::npos) return;
    const char c = slash + 1 < content.size() ? content[slash + 1] : '\\';
    at = slash + 2;
    switch (c) {
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u': at = unescape_unit(content, slash, out); break;
      default: out += c; break;
    }
  }
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x80) {
      const std::size_t size = character_size(text, at);
      out.append(size == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(at, size));
      at += size == 0 ? 1 : size;
      continue;
    }
    ++at;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c >= 0x20) {
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += "\\u00";
      out += hex[c >> 4U];
      out += hex[c & 15U];
    }
  }
  out += '"';
}

std::string_view clip_text(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most);
}

std::size_t skip_json_space(std::string_view text, std::size_t at) {
  while (at < text.size() &&
         (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) {
    ++at;
  }
  return at;
}

std::size_t skip_json_value(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    switch (text[at]) {
      case '"': at = find_string_end(text, at + 1) + 1; break;
      case '{':
      case '[':
        ++depth;
        ++at;
        break;
      case '}':
      case ']':
        if (depth == 0) return at;
        --depth;
        ++at;
        break;
      case ',':
        if (depth == 0) return at;
        ++at;
        continue;
      case ' ':
      case '\n':
      case '\r':
      case '\t':
      case ':': ++at; continue;
      default:
        at = text.find_first_of(" \n\r\t,:{}[]\"", at);
        if (at == std::string_view::npos) at = text.size();
        break;
    }
    if (depth == 0) return at < text.size() ? at : text.size();
  }
  return text.size();
}

}  // namespace jobqueue::detail
