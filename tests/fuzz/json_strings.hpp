// The strings of a JSON document, found in a way that shares nothing with the library's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json_check.hpp"
#include "fuzz/fuzz.hpp"

namespace jobqueue::fuzz {

struct json_string {
  std::size_t begin = 0;  // of the content
  std::size_t end = 0;    // of the content: where the closing quote is
  bool is_key = false;
};

// All strings of a document that `check_json` accepts, in order.
inline std::vector<json_string> strings_of(std::string_view document) {
  std::vector<json_string> strings;
  for (std::size_t at = 0; (at = document.find('"', at)) != std::string_view::npos;) {
    json_string found{at + 1, at + 1};
    while (document[found.end] != '"') found.end += document[found.end] == '\\' ? 2 : 1;
    at = found.end + 1;
    const std::size_t next = document.find_first_not_of(" \t\r\n", at);
    found.is_key = next != std::string_view::npos && document[next] == ':';
    strings.push_back(found);
  }
  return strings;
}

// What the content of a string stands for, in UTF-8. Half a surrogate pair keeps its number, as if
// it were a character.
inline std::string unescaped(std::string_view content) {
  const auto code_unit = [&](std::size_t at) {
    return static_cast<std::uint32_t>(std::stoul(std::string(content.substr(at, 4)), nullptr, 16));
  };
  const auto goes_on = [&](std::size_t at) {
    return content.substr(at, 2) == "\\u" && code_unit(at + 2) >> 10U == 0x37;
  };
  std::string out;
  for (std::size_t at = 0; at < content.size();) {
    if (content[at] != '\\') {
      out += content[at++];
      continue;
    }
    const char name = content[at + 1];
    at += 2;
    if (name != 'u') {
      constexpr std::string_view names = "bfnrt";
      const std::size_t index = names.find(name);
      out += index == std::string_view::npos ? name : "\b\f\n\r\t"[index];
      continue;
    }
    std::uint32_t code = code_unit(at);
    at += 4;
    if (code >> 10U == 0x36 && goes_on(at)) {
      code = 0x10000 + ((code & 0x3FFU) << 10U) + (code_unit(at + 2) & 0x3FFU);
      at += 6;
    }
    const unsigned more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    constexpr std::uint32_t leads[] = {0, 0xC0, 0xE0, 0xF0};
    out += static_cast<char>(leads[more] | code >> 6 * more);
    for (unsigned i = more; i-- != 0;) out += static_cast<char>(0x80U | (code >> 6 * i & 0x3FU));
  }
  return out;
}

inline bool is_json_container(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[') &&
         detail::check_json(text).has_value();
}

// Both are JSON and differ in values of strings only; where such a value was JSON itself, it is
// still, and so on.
inline void require_same_structure(std::string_view before, std::string_view after) {
  std::vector<std::pair<std::string, std::string>> pairs{{std::string(before), std::string(after)}};
  while (!pairs.empty()) {
    const auto [old_text, new_text] = std::move(pairs.back());
    pairs.pop_back();
    require(detail::check_json(new_text).has_value(), "valid JSON stays valid JSON");
    const auto old_strings = strings_of(old_text);
    const auto new_strings = strings_of(new_text);
    require(old_strings.size() == new_strings.size(), "JSON keeps its structure");
    std::size_t old_at = 0;
    std::size_t new_at = 0;
    for (std::size_t i = 0; i < old_strings.size(); ++i) {
      const json_string& x = old_strings[i];
      const json_string& y = new_strings[i];
      require(
          old_text.substr(old_at, x.begin - old_at) == new_text.substr(new_at, y.begin - new_at),
          "JSON outside of strings stays as it is");
      old_at = x.end;
      new_at = y.end;
      const auto old_value = std::string_view(old_text).substr(x.begin, x.end - x.begin);
      const auto new_value = std::string_view(new_text).substr(y.begin, y.end - y.begin);
      if (old_value == new_value) continue;
      require(!x.is_key, "object keys are never changed");
      std::string old_inner = unescaped(old_value);
      if (is_json_container(old_inner)) {
        pairs.emplace_back(std::move(old_inner), unescaped(new_value));
      }
    }
    require(old_text.substr(old_at) == new_text.substr(new_at),
            "JSON outside of strings stays as it is");
  }
}

}  // namespace jobqueue::fuzz
