#include "core/json_check.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/json_text.hpp"
#include "core/utf8.hpp"

namespace jobqueue::detail {
namespace {

// True for the bytes of a string that stand for themselves and need no look at their neighbours.
constexpr std::array<bool, 256> plain_bytes = [] {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0x20; byte < 0x80; ++byte) table[byte] = byte != '"' && byte != '\\';
  return table;
}();

constexpr bool is_digit(unsigned char c) noexcept { return c >= '0' && c <= '9'; }

constexpr bool is_hex_digit(unsigned char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

constexpr bool is_space(unsigned char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// Reads one document. Each reading function moves the cursor over what it read, or leaves it at the
// first wrong byte, notes the problem and returns false.
class document_reader {
 public:
  explicit document_reader(std::string_view document) noexcept
      : begin_(reinterpret_cast<const unsigned char*>(document.data())),
        cursor_(begin_),
        end_(begin_ + document.size()) {}

  bool read();

  // After `read` returned false.
  [[nodiscard]] errc code() const noexcept { return code_; }
  [[nodiscard]] std::size_t offset() const noexcept {
    return static_cast<std::size_t>(cursor_ - begin_);
  }
  [[nodiscard]] bool at_end() const noexcept { return cursor_ == end_; }
  [[nodiscard]] std::string_view expected() const noexcept { return expected_; }

 private:
  enum class state { value, first_element, key, first_key, after_value };

  bool fail(std::string_view expected, errc code = errc::invalid_json) noexcept {
    expected_ = expected;
    code_ = code;
    return false;
  }
  [[nodiscard]] bool next_is(char c) const noexcept {
    return cursor_ != end_ && *cursor_ == static_cast<unsigned char>(c);
  }
  void skip_space() noexcept {
    while (cursor_ != end_ && is_space(*cursor_)) ++cursor_;
  }
  void skip_plain() noexcept;
  void open(bool object, state inside) {
    ++cursor_;
    in_object_.push_back(object);
    state_ = inside;
  }
  void close() {
    ++cursor_;
    in_object_.pop_back();
    state_ = state::after_value;
  }
  bool read_value();
  bool read_key();
  bool read_separator();
  bool read_string();
  bool read_escape();
  bool read_word(std::string_view word, std::string_view expected);
  bool read_number();
  bool read_digits();

  const unsigned char* begin_;
  const unsigned char* cursor_;
  const unsigned char* end_;
  state state_ = state::value;
  std::vector<bool> in_object_;  // The open containers: one bit each.
  std::string_view expected_;
  errc code_ = errc::ok;
};

bool document_reader::read() {
  for (;;) {
    skip_space();
    switch (state_) {
      case state::first_element:
        if (next_is(']')) {
          close();
          break;
        }
        [[fallthrough]];
      case state::value:
        if (!read_value()) return false;
        break;
      case state::first_key:
        if (next_is('}')) {
          close();
          break;
        }
        [[fallthrough]];
      case state::key:
        if (!read_key()) return false;
        break;
      case state::after_value:
        if (!in_object_.empty()) {
          if (!read_separator()) return false;
          break;
        }
        return at_end() || fail("expected nothing but white space after the document");
    }
  }
}

bool document_reader::read_value() {
  const bool may_close = state_ == state::first_element;
  state_ = state::after_value;
  switch (at_end() ? '\0' : static_cast<char>(*cursor_)) {
    case '{': return open(true, state::first_key), true;
    case '[': return open(false, state::first_element), true;
    case '"': return read_string();
    case 't': return read_word("true", "expected the word true");
    case 'f': return read_word("false", "expected the word false");
    case 'n': return read_word("null", "expected the word null");
    default: break;
  }
  if (!at_end() && (*cursor_ == '-' || is_digit(*cursor_))) return read_number();
  return fail(may_close ? "expected a value or ']'" : "expected a value");
}

bool document_reader::read_key() {
  if (!next_is('"')) {
    return fail(state_ == state::first_key ? "expected an object key in quotes or '}'"
                                           : "expected an object key in quotes after ','");
  }
  if (!read_string()) return false;
  skip_space();
  if (!next_is(':')) return fail("expected ':' after an object key");
  ++cursor_;
  state_ = state::value;
  return true;
}

bool document_reader::read_separator() {
  const bool object = in_object_.back();
  if (next_is(',')) {
    ++cursor_;
    state_ = object ? state::key : state::value;
    return true;
  }
  if (!next_is(object ? '}' : ']')) {
    return fail(object ? "expected ',' or '}' after an object member"
                       : "expected ',' or ']' after an array element");
  }
  close();
  return true;
}

void document_reader::skip_plain() noexcept {
  while (end_ - cursor_ >= 8) {
    std::uint64_t word;
    std::memcpy(&word, cursor_, sizeof word);
    if (has_special_byte(word)) break;
    cursor_ += 8;
  }
  while (cursor_ != end_ && plain_bytes[*cursor_]) ++cursor_;
}

bool document_reader::read_string() {
  ++cursor_;
  for (;;) {
    skip_plain();
    if (at_end()) return fail("expected a closing quote");
    if (*cursor_ == '"') {
      ++cursor_;
      return true;
    }
    if (*cursor_ == '\\') {
      if (!read_escape()) return false;
    } else if (*cursor_ < 0x20) {
      return fail("expected control characters in a string to be escaped");
    }
    while (!at_end() && *cursor_ >= 0x80) {
      const std::size_t size = utf8_sequence_size(cursor_, end_);
      if (size == 0) return fail("expected well-formed UTF-8", errc::invalid_utf8);
      cursor_ += size;
    }
  }
}

bool document_reader::read_escape() {
  ++cursor_;
  const char name = at_end() ? '\0' : static_cast<char>(*cursor_);
  const bool is_short = is_short_json_escape(name);
  if (!is_short && name != 'u') {
    return fail("expected one of \" \\ / b f n r t u after a backslash");
  }
  ++cursor_;
  if (is_short) return true;
  for (int digit = 0; digit < 4; ++digit, ++cursor_) {
    if (at_end() || !is_hex_digit(*cursor_)) {
      return fail("expected four hexadecimal digits after \\u");
    }
  }
  return true;
}

bool document_reader::read_word(std::string_view word, std::string_view expected) {
  for (const char c : word) {
    if (!next_is(c)) return fail(expected);
    ++cursor_;
  }
  return true;
}

bool document_reader::read_number() {
  if (next_is('-')) ++cursor_;
  if (next_is('0')) {
    ++cursor_;  // No digit may follow; what follows the value fails then.
  } else if (!read_digits()) {
    return false;
  }
  if (next_is('.')) {
    ++cursor_;
    if (!read_digits()) return false;
  }
  if (next_is('e') || next_is('E')) {
    ++cursor_;
    if (next_is('+') || next_is('-')) ++cursor_;
    if (!read_digits()) return false;
  }
  return true;
}

bool document_reader::read_digits() {
  if (at_end() || !is_digit(*cursor_)) return fail("expected a digit");
  while (!at_end() && is_digit(*cursor_)) ++cursor_;
  return true;
}

bool is_blank(std::string_view text) noexcept {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

status check_json(std::string_view text) {
  const std::size_t begin = byte_order_mark_size(text);
  document_reader reader(text.substr(begin));
  if (reader.read()) return done;
  std::string message(reader.expected());
  if (reader.at_end()) message += ", found the end of the document";
  return error{reader.code(), begin + reader.offset(), std::move(message)};
}

status check_ndjson(std::string_view text) {
  std::uint64_t line_number = 1;
  for (std::size_t begin = byte_order_mark_size(text); begin < text.size(); ++line_number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    document_reader reader(line);
    if (!is_blank(line) && !reader.read()) {
      std::string message = "line " + std::to_string(line_number) + ": ";
      message += reader.expected();
      if (reader.at_end()) message += ", found the end of the line";
      return error{reader.code(), begin + reader.offset(), std::move(message)};
    }
    begin = end + 1;
  }
  return done;
}

}  // namespace jobqueue::detail
