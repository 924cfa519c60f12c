// Small things that are done with the text of JSON. Where nothing else is said, check_json has
// passed it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/utf8.hpp"

namespace jobqueue::detail {

// The offset of the quote that ends the string whose content begins at `begin`; the size of the
// text if none does.
[[nodiscard]] std::size_t find_string_end(std::string_view text, std::size_t begin);

// Appends the content of a string, without its quotes, as the characters it stands for. What is no
// escape stays as it is, half a surrogate pair becomes U+FFFD.
void unescape_json(std::string_view content, std::string& out);

// Appends `text` as a string of JSON with its quotes; a byte that is no part of UTF-8 becomes
// U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// `text` or, if it is longer than `most` bytes, as much of it as are whole characters.
[[nodiscard]] std::string_view clip_text(std::string_view text, std::size_t most);

// The offset behind the white space at `at`, and behind the value at `at`.
[[nodiscard]] std::size_t skip_json_space(std::string_view text, std::size_t at);
[[nodiscard]] std::size_t skip_json_value(std::string_view text, std::size_t at);

// Whether one of 8 bytes of a string does not stand for itself, or is not ASCII. A borrow can only
// spread from such a byte, so the answer is exact.
[[nodiscard]] constexpr bool has_special_byte(std::uint64_t word) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  const std::uint64_t quote = (word ^ (ones * '"')) - ones;
  const std::uint64_t backslash = (word ^ (ones * '\\')) - ones;
  const std::uint64_t control = word - ones * 0x20;
  return ((quote | backslash | control | word) & (ones * 0x80)) != 0;
}

[[nodiscard]] constexpr bool is_json_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
[[nodiscard]] constexpr bool is_json_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Whether it may follow the backslash of an escape, beside the 'u' of "\uXXXX".
[[nodiscard]] constexpr bool is_short_json_escape(char name) noexcept {
  switch (name) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return true;
    default: return false;
  }
}
// The code unit of an escape "\uXXXX" at the beginning of `text`, or `no_code_unit`.
inline constexpr std::uint32_t no_code_unit = 0xFFFFFFFF;
[[nodiscard]] std::uint32_t read_json_code_unit(std::string_view text) noexcept;

// Calls `visit` with the content of the name and with the value of each member of an object, as
// they are written and in their order, until it returns false; never if `text` is no object.
template <class Visit>
void walk_json_members(std::string_view text, const Visit& visit) {
  std::size_t at = skip_json_space(text, byte_order_mark_size(text));
  if (at >= text.size() || text[at] != '{') return;
  at = skip_json_space(text, at + 1);
  while (at < text.size() && text[at] == '"') {
    const std::size_t end = find_string_end(text, at + 1);
    const std::string_view name = text.substr(at + 1, end - at - 1);
    at = skip_json_space(text, skip_json_space(text, end + 1) + 1);
    const std::size_t behind = skip_json_value(text, at);
    if (!visit(name, text.substr(at, behind - at))) return;
    at = skip_json_space(text, behind);
    if (at < text.size() && text[at] == ',') at = skip_json_space(text, at + 1);
  }
}

// Whether a name as it is written stands for `name`; `held` is for one that has escapes.
[[nodiscard]] bool is_json_name(std::string_view written, std::string_view name, std::string& held);

struct json_member {
  std::string name;
  std::string_view value;  // as it is written
};

// The members of an object, in their order; none if `text` is no object.
[[nodiscard]] std::vector<json_member> read_json_members(std::string_view text);
// The same of any text; none if it is no valid JSON.
[[nodiscard]] std::vector<json_member> check_json_members(std::string_view text);

// Whether an object has a member of that name, however it is escaped. The others are not kept.
[[nodiscard]] bool has_json_member(std::string_view text, std::string_view name);

// The text of a member, of equal names the last: the characters of a string, else as it is written.
// Empty if there is none, or null.
[[nodiscard]] std::string find_member_text(const std::vector<json_member>& members,
                                           std::string_view name);

// The elements of an array as they are written; none if it is no array.
[[nodiscard]] std::vector<std::string_view> read_json_elements(std::string_view array);

// A text that is a decimal integer as a whole.
[[nodiscard]] std::optional<std::int64_t> read_integer(std::string_view text) noexcept;

// Size of the number at the beginning of any text, or 0.
[[nodiscard]] std::size_t json_number_size(std::string_view text) noexcept;

// Behind the number or word that begins at `at` and ends where a value may; `at` if there is none.
[[nodiscard]] std::size_t json_plain_end(std::string_view text, std::size_t at) noexcept;

// Appends a name as a reference token of a pointer (RFC 6901 section 4). `key` is as it stands in
// the text that holds, in its strings, the document of level `in_level`; without quotes.
void append_pointer_token(std::string& out, std::string_view key, std::size_t in_level);

// The characters of a string as it is written, with its quotes.
[[nodiscard]] std::string read_json_string(std::string_view value);

}  // namespace jobqueue::detail
