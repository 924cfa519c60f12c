// A run of base64 in the raw bytes: its extent, and its characters without escapes and line breaks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <jobqueue/base64.hpp>

#include "core/base64_scan.hpp"

namespace jobqueue::detail {

// What stands at one place of the raw bytes, as far as base64 is concerned. JSON may have written a
// character as an escape, at any depth of JSON inside strings, which shows as more backslashes.
struct raw_unit {
  enum class kind : std::uint8_t {
    symbol,      // one base64 character: `value`
    padding,     // '='
    line_break,  // LF or CRLF, raw or escaped
    escape,      // another escape: not part of a run, not to be split
    other,       // anything else, one byte; or the end (size 0)
  };
  kind what = kind::other;
  char value = 0;
  std::size_t size = 0;
};

// The unit at `at`. Linear in the number of backslashes there.
[[nodiscard]] raw_unit read_unit(std::string_view text, std::size_t at) noexcept;

// Lines of wrapped base64 are not longer than this (RFC 5322 allows 998).
inline constexpr std::size_t max_line_width = 1024;

struct base64_run {
  std::size_t begin = 0;
  std::size_t end = 0;    // after padding
  std::size_t chars = 0;  // base64 characters, without padding, escapes and line breaks
  unsigned padding = 0;   // 0, or as many as the standard asks for
  bool url = false;       // has '-' or '_'; else '+' or '/' or neither
  bool plain = true;      // neither escapes nor line breaks: the raw bytes are the characters
  bool open = false;      // more of it is to come: all of the above is only what is there already

  [[nodiscard]] std::size_t decoded_size() const noexcept {
    return chars / 4 * 3 + chars % 4 * 3 / 4;
  }
  // A long run is judged by what is before it and by its first characters. What its end would tell
  // is not asked, as in a stream it is out of sight.
  [[nodiscard]] bool is_long() const noexcept {
    return open || end - begin > sanitize_limits::run_window;
  }
};

enum class run_kind : std::uint8_t {
  any,
  after_header,  // behind the comma of a data URI: a line break may come first, and the first line
                 // may be short
  naive,         // what a regex of the standard alphabet would take, and up to two '='
};

// Follows a run to where it ends: before the first character that it cannot decode, which is one of
// the other alphabet, the odd one of 4n + 1, or a line break that does not fit the width of the
// lines before.
class run_reader {
 public:
  run_reader(const scan_kernels& kernels, run_kind kind) : kernels_(&kernels), kind_(kind) {}

  // Takes what belongs to the run from text[at...] and moves `at` behind it. True: the run has
  // ended, and its padding is taken, too. With `more` the text goes on behind what is there, and
  // the reader stops (false) where it needs that; it is called again when more is there, with the
  // same place in `at`. What it leaves is bounded, and while the run is plain it has taken a
  // multiple of four characters.
  [[nodiscard]] bool follow(std::string_view text, std::size_t& at, bool more);

  [[nodiscard]] std::size_t chars() const noexcept { return chars_; }
  [[nodiscard]] unsigned padding() const noexcept { return padding_; }
  [[nodiscard]] bool url() const noexcept { return set_ == &url_alphabet; }
  [[nodiscard]] bool plain() const noexcept { return plain_; }

 private:
  enum class phase : std::uint8_t { header_break, first_line, lines };

  // Characters from `at` on within one line. Sets `at` behind them; `last` is where the last began.
  std::size_t read_line(std::string_view text, std::size_t& at, std::size_t& last);
  bool accept(char c);
  // Of the first line, whose end is not there, takes the characters in [at, next) by fours.
  void take_fours(std::string_view text, std::size_t& at, std::size_t next, std::size_t chars);
  bool follow_naively(std::string_view text, std::size_t& at, bool more);
  bool follow_lines(std::string_view text, std::size_t& at, std::size_t next, std::size_t last,
                    std::size_t pending, bool more);
  void take_padding(std::string_view text, std::size_t& at);

  const scan_kernels* kernels_;
  run_kind kind_;
  phase phase_ = phase::header_break;
  const nibble_set* set_ = &alphanumeric;  // of the first symbol that tells
  bool plain_ = true;
  std::size_t chars_ = 0;
  std::size_t width_ = 0;  // of a line; 0: not known yet
  unsigned padding_ = 0;
};

// The run that begins at `begin`, with `chars` == 0 if there is none. `more`: as for run_reader.
[[nodiscard]] base64_run read_run(std::string_view text, std::size_t begin,
                                  const scan_kernels& kernels, run_kind kind, bool more);

// The first characters of the run, at most `limit`, appended to `out`.
void append_chars(std::string_view text, const base64_run& run, std::size_t limit,
                  std::string& out);

}  // namespace jobqueue::detail
