#include "core/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <system_error>
#include <utility>

#include "core/json_check.hpp"
#include "core/utf8.hpp"

namespace jobqueue::detail {
namespace {

// Whether it may follow a number or a word.
constexpr bool ends_json_value(char c) noexcept {
  return c == ',' || c == ']' || c == '}' || is_json_space(c) || c == ':' || c == '"' || c == '[' ||
         c == '{';
}

// Behind characters at `at` that stand for themselves in a string; behind as many of them as can be
// passed eight at a time.
std::size_t skip_plain(std::string_view text, std::size_t at) noexcept {
  for (std::uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if (has_special_byte(word)) break;
  }
  return at;
}

}  // namespace

std::uint32_t read_json_code_unit(std::string_view text) noexcept {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return no_code_unit;
  std::uint32_t unit = 0;
  const auto [end, problem] = std::from_chars(text.data() + 2, text.data() + 6, unit, 16);
  return end == text.data() + 6 ? unit : no_code_unit;
}

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
  constexpr std::string_view names = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  while (!content.empty()) {
    const std::size_t slash = content.find('\\');
    out.append(content.substr(0, slash));
    if (slash == std::string_view::npos) return;
    content.remove_prefix(slash);
    const std::size_t name = content.size() > 1 ? names.find(content[1]) : std::string_view::npos;
    if (name != std::string_view::npos) {
      out += meanings[name];
      content.remove_prefix(2);
      continue;
    }
    std::uint32_t unit = read_json_code_unit(content);
    if (unit == no_code_unit) {
      out += content[0];
      content.remove_prefix(1);
      continue;
    }
    content.remove_prefix(6);
    if (unit >= 0xD800 && unit <= 0xDFFF) {
      const std::uint32_t low = unit <= 0xDBFF ? read_json_code_unit(content) : no_code_unit;
      if (low >= 0xDC00 && low <= 0xDFFF) {
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        content.remove_prefix(6);
      } else {
        unit = 0xFFFD;
      }
    }
    append_utf8(out, unit);
  }
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  std::size_t begin = 0;  // of what stands for itself and is not written yet
  for (std::size_t at = skip_plain(text, 0); at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x80) {
      const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
      const std::size_t size = utf8_sequence_size(bytes + at, bytes + text.size());
      if (size != 0) {
        at += size;
        continue;
      }
    } else if (c >= 0x20 && c != '"' && c != '\\') {
      at = skip_plain(text, at + 1);
      continue;
    }
    out.append(text, begin, at - begin);
    begin = ++at;
    if (c >= 0x80) {
      out += "\xEF\xBF\xBD";
    } else if (c >= 0x20) {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += "\\u00";
      out += hex[c >> 4U];
      out += hex[c & 15U];
    }
  }
  out.append(text, begin, text.size() - begin);
  out += '"';
}

std::string_view clip_text(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most);
}

std::size_t skip_json_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_json_space(text[at])) {
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

std::vector<json_member> read_json_members(std::string_view text) {
  std::vector<json_member> members;
  walk_json_members(text, [&](std::string_view name, std::string_view value) {
    json_member& member = members.emplace_back();
    unescape_json(name, member.name);
    member.value = value;
    return true;
  });
  return members;
}

bool is_json_name(std::string_view written, std::string_view name, std::string& held) {
  // No escape is shorter than what it stands for.
  if (written.size() < name.size()) return false;
  if (written.find('\\') == std::string_view::npos) return written == name;
  held.clear();
  unescape_json(written, held);
  return held == name;
}

bool has_json_member(std::string_view text, std::string_view name) {
  bool found = false;
  std::string held;
  walk_json_members(text, [&](std::string_view written, std::string_view /*value*/) {
    found = is_json_name(written, name, held);
    return !found;
  });
  return found;
}

std::string read_json_string(std::string_view value) {
  std::string text;
  if (value.size() >= 2) unescape_json(value.substr(1, value.size() - 2), text);
  return text;
}

std::vector<json_member> check_json_members(std::string_view text) {
  if (!check_json(text)) return {};
  return read_json_members(text);
}

std::string find_member_text(const std::vector<json_member>& members, std::string_view name) {
  const auto found = std::find_if(members.rbegin(), members.rend(),
                                  [&](const json_member& one) { return one.name == name; });
  if (found == members.rend() || found->value == "null") return {};
  return found->value.starts_with('"') ? read_json_string(found->value) : std::string(found->value);
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

std::optional<std::int64_t> read_integer(std::string_view text) noexcept {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::size_t json_number_size(std::string_view text) noexcept {
  std::size_t at = 0;
  const auto next_is = [&](char c) { return at < text.size() && text[at] == c; };
  const auto skip_digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && is_json_digit(text[at])) ++at;
    return at > begin;
  };
  if (next_is('-')) ++at;
  if (next_is('0')) {
    ++at;
  } else if (!skip_digits()) {
    return 0;
  }
  if (next_is('.')) {
    ++at;
    if (!skip_digits()) return 0;
  }
  if (next_is('e') || next_is('E')) {
    ++at;
    if (next_is('+') || next_is('-')) ++at;
    if (!skip_digits()) return 0;
  }
  return at;
}

std::size_t json_plain_end(std::string_view text, std::size_t at) noexcept {
  const auto ends = [&](std::size_t behind) {
    return behind == text.size() || ends_json_value(text[behind]);
  };
  std::size_t size = 0;
  switch (text[at]) {
    case 't': size = text.substr(at, 4) == "true" ? 4 : 0; break;
    case 'f': size = text.substr(at, 5) == "false" ? 5 : 0; break;
    case 'n': size = text.substr(at, 4) == "null" ? 4 : 0; break;
    default:
      while (size < text.size() - at && is_json_digit(text[at + size])) ++size;
      // Most are digits alone.
      if (size == 0 || text[at] == '0' || !ends(at + size))
        size = json_number_size(text.substr(at));
      break;
  }
  return ends(at + size) ? at + size : at;
}

void append_pointer_token(std::string& out, std::string_view key, std::size_t in_level) {
  std::string name;
  unescape_json(key, name);
  for (std::size_t level = 0; level < in_level; ++level) {
    unescape_json(std::exchange(name, {}), name);
  }
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
}

}  // namespace jobqueue::detail
