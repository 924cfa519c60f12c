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

// Whether what stands at `at` closes a string or an element.
bool closes(std::string_view text, std::size_t at) noexcept {
  if (at == text.size()) return true;
  const std::string_view ahead = text.substr(at, max_backslashes + 1);
  const std::size_t stop = ahead.find_first_not_of('\\');
  const bool quote = stop != std::string_view::npos && ahead[stop] == '"';
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
bool is_line_width(std::size_t chars) noexcept {
  return chars >= 60 && chars % 4 == 0 && chars <= max_line_width;
}

// The longest look ahead of a place: three units.
constexpr std::size_t max_look = std::size_t{3} * 2 * (max_backslashes + 5);

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

bool run_reader::accept(char c) {
  if (set_ == &alphanumeric) set_ = c == '-' || c == '_' ? &url_alphabet : &standard_alphabet;
  return set_->contains(static_cast<unsigned char>(c));
}

std::size_t run_reader::read_line(std::string_view text, std::size_t& at, std::size_t& last) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  std::size_t chars = 0;
  for (;;) {
    const std::size_t stop = kernels_->span_end(bytes, text.size(), at, *set_);
    if (stop > at) {
      chars += stop - at;
      last = stop - 1;
      at = stop;
    }
    const raw_unit unit = read_unit(text, at);
    if (unit.what != raw_unit::kind::symbol || !accept(unit.value)) return chars;
    plain_ = plain_ && unit.size == 1;
    last = at;
    at += unit.size;
    ++chars;
  }
}

bool run_reader::follow(std::string_view text, std::size_t& at, bool more) {
  const auto out_of_sight = [&](std::size_t place) {
    return more && text.size() - place < max_look;
  };
  if (kind_ == run_kind::naive) return follow_naively(text, at, more);
  if (phase_ == phase::header_break) {
    if (out_of_sight(at)) return false;
    const raw_unit unit = read_unit(text, at);
    if (kind_ == run_kind::after_header && unit.what == raw_unit::kind::line_break) {
      at += unit.size;
      plain_ = false;
    }
    phase_ = phase::first_line;
  }
  if (phase_ == phase::lines) return follow_lines(text, at, at, at, 0, more);
  std::size_t next = at;
  std::size_t last = at;
  const std::size_t chars = read_line(text, next, last);
  if (out_of_sight(next)) {
    const bool one_line = chars_ + chars > max_line_width;
    if (one_line || kind_ == run_kind::any) take_fours(text, at, next, chars);
    return false;
  }
  const std::size_t line = chars_ + chars;
  if (line == 0) return true;
  // No lines follow a longer one.
  if (line > max_line_width || kind_ == run_kind::any) width_ = line;
  return follow_lines(text, at, next, last, chars, more);
}

bool run_reader::follow_naively(std::string_view text, std::size_t& at, bool more) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  set_ = &standard_alphabet;
  std::size_t stop = kernels_->span_end(bytes, text.size(), at, standard_alphabet);
  if (more && text.size() - stop < 2) {
    take_fours(text, at, stop, stop - at);
    return false;
  }
  chars_ += stop - at;
  while (padding_ < 2 && stop < text.size() && text[stop] == '=') {
    ++padding_;
    ++stop;
  }
  at = stop;
  return true;
}

void run_reader::take_fours(std::string_view text, std::size_t& at, std::size_t next,
                            std::size_t chars) {
  const std::size_t taken = chars - (chars_ + chars) % 4;
  if (chars < 4) return;
  if (chars == next - at) {
    at += taken;
  } else {
    for (std::size_t i = 0; i < taken; ++i) at += read_unit(text, at).size;
  }
  chars_ += taken;
}

// The run is taken up to `at`, and [at, next) with `pending` characters is of it, too.
bool run_reader::follow_lines(std::string_view text, std::size_t& at, std::size_t next,
                              std::size_t last, std::size_t pending, bool more) {
  const std::size_t first_line = pending;  // if there has been none before
  std::size_t certain = at;                // before the last line, which may hold the odd character
  std::size_t certain_chars = 0;
  const auto wait = [&] {
    if (phase_ == phase::lines || certain != at) {
      at = certain;
      chars_ += certain_chars;
      phase_ = phase::lines;
    }
    return false;
  };
  while (width_ == 0 || is_line_width(width_)) {
    if (more && text.size() - next < max_look) return wait();
    const raw_unit unit = read_unit(text, next);
    if (unit.what != raw_unit::kind::line_break) break;
    const std::size_t begin = next + unit.size;
    std::size_t end = begin;
    std::size_t end_last = begin;
    const std::size_t chars = read_line(text, end, end_last);
    if (chars > max_line_width) break;
    if (more && text.size() - end < max_look) return wait();
    const bool goes_on = read_unit(text, end).what == raw_unit::kind::line_break;
    if (width_ == 0) {  // behind a header the first line may be short: the second one tells
      const std::size_t width = goes_on ? chars : first_line;
      if (!is_line_width(width)) break;
      width_ = width;
    }
    if (chars == 0 || chars > width_) break;
    const bool whole = (chars_ + pending + chars) % 4 == 0;
    if (chars < width_ && !is_last_line(text, begin, end, whole)) break;
    certain = next;
    certain_chars = pending;
    pending += chars;
    plain_ = false;
    next = end;
    last = end_last;
    if (chars < width_) break;
  }
  chars_ += pending;
  if (chars_ % 4 == 1) {
    --chars_;
    at = last;
  } else {
    at = next;
    take_padding(text, at);
  }
  return true;
}

void run_reader::take_padding(std::string_view text, std::size_t& at) {
  const auto wanted = static_cast<unsigned>((4 - chars_ % 4) % 4);
  std::size_t end = at;
  unsigned found = 0;
  bool plain = plain_;
  while (found < wanted) {
    const raw_unit unit = read_unit(text, end);
    if (unit.what != raw_unit::kind::padding) break;
    plain = plain && unit.size == 1;
    end += unit.size;
    ++found;
  }
  if (found == 0 || found != wanted) return;
  at = end;
  padding_ = found;
  plain_ = plain;
}

base64_run read_run(std::string_view text, std::size_t begin, const scan_kernels& kernels,
                    run_kind kind, bool more) {
  run_reader reader(kernels, kind);
  std::size_t end = begin;
  const bool ended = reader.follow(text, end, more);
  if (reader.chars() == 0) return {begin, begin};
  return {begin, end, reader.chars(), reader.padding(), reader.url(), reader.plain(), !ended};
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
