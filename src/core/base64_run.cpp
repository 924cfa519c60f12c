#include "core/base64_run.hpp"

#include <algorithm>

namespace jobqueue::detail {
namespace {

// More backslashes than any sane nesting has are not an escape of a base64 character.
constexpr std::size_t max_backslashes = 64;

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

raw_unit symbol_or_padding(char c, std::size_t size) noexcept {
  if (c == '=') return {raw_unit::kind::padding, c, size};
  if (both_alphabets.contains(static_cast<unsigned char>(c))) {
    return {raw_unit::kind::symbol, c, size};
  }
  return {raw_unit::kind::escape, c, size};
}

// Backslashes and what they escape, beginning at `at`.
raw_unit read_escape(std::string_view text, std::size_t at) noexcept {
  const std::size_t stop = std::min(text.find_first_not_of('\\', at), text.size());
  const std::size_t slashes = stop - at;
  if (stop == text.size()) return {raw_unit::kind::escape, 0, slashes};
  if (slashes > max_backslashes) {
    // No symbol of a run, but the letter belongs to the escape all the same.
    const bool letter = std::string_view("/bfnrtu").find(text[stop]) != std::string_view::npos;
    const std::size_t digits = text[stop] == 'u' ? 4 : 0;
    const std::size_t size = slashes + (letter ? 1 + digits : 0);
    return {raw_unit::kind::escape, 0, std::min(size, text.size() - at)};
  }
  switch (text[stop]) {
    case '/': return {raw_unit::kind::symbol, '/', slashes + 1};
    case 'n': return {raw_unit::kind::line_break, '\n', slashes + 1};
    case 'r': {
      const std::size_t next = stop + 1;
      const bool line_feed = text.size() - next > slashes &&
                             text.find_first_not_of('\\', next) == next + slashes &&
                             text[next + slashes] == 'n';
      if (line_feed) return {raw_unit::kind::line_break, '\n', 2 * (slashes + 1)};
      return {raw_unit::kind::escape, 0, slashes + 1};
    }
    case 'u': {
      int code = 0;
      for (std::size_t i = stop + 1; i < stop + 5; ++i) {
        const int digit = i < text.size() ? hex_value(text[i]) : -1;
        if (digit < 0) return {raw_unit::kind::escape, 0, slashes + 1};
        code = code * 16 + digit;
      }
      if (code == '\n') return {raw_unit::kind::line_break, '\n', slashes + 5};
      if (code == '\r') {
        const std::string_view next = text.substr(stop + 5, slashes + 5);
        const bool line_feed = next.size() == slashes + 5 &&
                               next.find_first_not_of('\\') == slashes &&
                               (next.ends_with("u000a") || next.ends_with("u000A"));
        if (line_feed) return {raw_unit::kind::line_break, '\n', 2 * (slashes + 5)};
      }
      const bool punctuation = code == '+' || code == '/' || code == '=';
      if (punctuation) return symbol_or_padding(static_cast<char>(code), slashes + 5);
      return {raw_unit::kind::escape, 0, slashes + 5};
    }
    case 'b':
    case 'f':
    case 't': return {raw_unit::kind::escape, 0, slashes + 1};
    default: return {raw_unit::kind::escape, 0, slashes};
  }
}

// Follows the characters of one alphabet; the alphabet is that of the first symbol that tells.
class alphabet_reader {
 public:
  alphabet_reader(std::string_view text, const scan_kernels& kernels)
      : text_(text), kernels_(kernels) {}

  // Characters from `at` on within one line. Sets `at` behind them; `last` is where the last began.
  std::size_t read_line(std::size_t& at, std::size_t& last) {
    std::size_t chars = 0;
    for (;;) {
      const std::size_t stop = kernels_.span_end(bytes(), text_.size(), at, *set_);
      if (stop > at) {
        chars += stop - at;
        last = stop - 1;
        at = stop;
      }
      const raw_unit unit = read_unit(text_, at);
      if (unit.what != raw_unit::kind::symbol || !accept(unit.value)) return chars;
      plain_ = plain_ && unit.size == 1;
      last = at;
      at += unit.size;
      ++chars;
    }
  }

  [[nodiscard]] bool url() const noexcept { return set_ == &url_alphabet; }
  [[nodiscard]] bool plain() const noexcept { return plain_; }

 private:
  bool accept(char c) {
    if (set_ == &alphanumeric) set_ = c == '-' || c == '_' ? &url_alphabet : &standard_alphabet;
    return set_->contains(static_cast<unsigned char>(c));
  }
  [[nodiscard]] const std::uint8_t* bytes() const noexcept {
    return reinterpret_cast<const std::uint8_t*>(text_.data());
  }

  std::string_view text_;
  const scan_kernels& kernels_;
  const nibble_set* set_ = &alphanumeric;
  bool plain_ = true;
};

// Whether what stands at `at` closes a string or an element.
bool closes(std::string_view text, std::size_t at) noexcept {
  if (at == text.size()) return true;
  const std::size_t stop = std::min(text.find_first_not_of('\\', at), text.size());
  const bool quote = stop < text.size() && text[stop] == '"';
  return quote || std::string_view("\"'<)]},").find(text[at]) != std::string_view::npos;
}

// Capitals, small letters and digits: no word.
bool is_mixed(std::string_view line) noexcept {
  const auto has = [&](char first, char last) {
    return std::any_of(line.begin(), line.end(), [&](char c) { return c >= first && c <= last; });
  };
  return has('A', 'Z') && has('a', 'z') && has('0', '9');
}

// Whether the shorter line text[begin, end) is the last of wrapped base64, and not a word that
// stands behind it on a line of its own. `whole`: with it there are 4n characters.
bool is_last_line(std::string_view text, std::size_t begin, std::size_t end, bool whole) noexcept {
  const raw_unit unit = read_unit(text, end);
  if (unit.what == raw_unit::kind::padding) return true;
  if (unit.what != raw_unit::kind::line_break) return closes(text, end);
  const std::size_t next = end + unit.size;
  const bool closed = closes(text, next) || text[next] == '-' || text[next] == '=' ||
                      read_unit(text, next).what == raw_unit::kind::line_break;
  const bool mixed = is_mixed(text.substr(begin, end - begin));
  return whole ? closed || mixed : closed && mixed;
}

// Lines of wrapped base64 have a width of at least 60 that is a multiple of 4 (RFC 2045: 76, RFC
// 7468: 64, GitHub: 60).
bool is_line_width(std::size_t chars) noexcept { return chars >= 60 && chars % 4 == 0; }

}  // namespace

raw_unit read_unit(std::string_view text, std::size_t at) noexcept {
  if (at >= text.size()) return {raw_unit::kind::other, 0, 0};
  const char c = text[at];
  if (both_alphabets.contains(static_cast<unsigned char>(c))) {
    return {raw_unit::kind::symbol, c, 1};
  }
  if (c == '=') return {raw_unit::kind::padding, c, 1};
  if (c == '\\') return read_escape(text, at);
  if (c == '\n') return {raw_unit::kind::line_break, c, 1};
  if (c == '\r' && at + 1 < text.size() && text[at + 1] == '\n') {
    return {raw_unit::kind::line_break, '\n', 2};
  }
  return {raw_unit::kind::other, c, 1};
}

base64_run read_run(std::string_view text, std::size_t begin, const scan_kernels& kernels,
                    bool after_header) {
  base64_run run{begin, begin};
  alphabet_reader reader(text, kernels);
  std::size_t at = begin;
  if (after_header) {
    const raw_unit unit = read_unit(text, at);
    if (unit.what == raw_unit::kind::line_break) {
      at += unit.size;
      run.plain = false;
    }
  }
  std::size_t last = at;  // where the last character began
  run.chars = reader.read_line(at, last);
  if (run.chars == 0) return {begin, begin};

  std::size_t width = after_header ? 0 : run.chars;
  while (width == 0 || is_line_width(width)) {
    const raw_unit unit = read_unit(text, at);
    if (unit.what != raw_unit::kind::line_break) break;
    std::size_t next = at + unit.size;
    std::size_t next_last = next;
    const std::size_t chars = reader.read_line(next, next_last);
    const bool goes_on = read_unit(text, next).what == raw_unit::kind::line_break;
    if (width == 0) {  // behind a header the first line may be short: the second one tells
      width = goes_on ? chars : run.chars;
      if (!is_line_width(width)) break;
    }
    if (chars == 0 || chars > width) break;
    const bool whole = (run.chars + chars) % 4 == 0;
    if (chars < width && !is_last_line(text, at + unit.size, next, whole)) break;
    run.chars += chars;
    run.plain = false;
    at = next;
    last = next_last;
    if (chars < width) break;
  }
  run.plain = run.plain && reader.plain();
  run.url = reader.url();

  if (run.chars % 4 == 1) {
    --run.chars;
    run.end = last;
    if (run.chars == 0) return {begin, begin};
    return run;
  }
  run.end = at;
  const auto wanted = static_cast<unsigned>((4 - run.chars % 4) % 4);
  std::size_t end = at;
  unsigned found = 0;
  bool plain = run.plain;
  while (found < wanted) {
    const raw_unit unit = read_unit(text, end);
    if (unit.what != raw_unit::kind::padding) break;
    plain = plain && unit.size == 1;
    end += unit.size;
    ++found;
  }
  if (found != 0 && found == wanted) {
    run.end = end;
    run.padding = found;
    run.plain = plain;
  }
  return run;
}

void append_chars(std::string_view text, const base64_run& run, std::size_t limit,
                  std::string& out) {
  limit = std::min(limit, run.chars);
  if (run.plain) {
    out.append(text.substr(run.begin, limit));
    return;
  }
  for (std::size_t at = run.begin; limit != 0;) {
    const raw_unit unit = read_unit(text, at);
    if (unit.what == raw_unit::kind::symbol) {
      out.push_back(unit.value);
      --limit;
    }
    at += unit.size;
  }
}

}  // namespace jobqueue::detail
