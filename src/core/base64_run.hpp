// A run of base64 in the raw bytes: its extent, and its characters without escapes and line breaks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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

struct base64_run {
  std::size_t begin = 0;
  std::size_t end = 0;    // after padding
  std::size_t chars = 0;  // base64 characters, without padding, escapes and line breaks
  unsigned padding = 0;   // 0, or as many as the standard asks for
  bool url = false;       // has '-' or '_'; else '+' or '/' or neither
  bool plain = true;      // neither escapes nor line breaks: the raw bytes are the characters

  [[nodiscard]] std::size_t decoded_size() const noexcept {
    return chars / 4 * 3 + chars % 4 * 3 / 4;
  }
};

// The run that begins at `begin`, with `chars` == 0 if there is none. It ends before the first
// character that it cannot decode: one of the other alphabet, the odd one of 4n + 1, a line break
// that does not fit the width of the lines before. `after_header`: it follows the comma of a data
// URI, so that a line break may come first and the first line may be short.
[[nodiscard]] base64_run read_run(std::string_view text, std::size_t begin,
                                  const scan_kernels& kernels, bool after_header);

// The first characters of the run, at most `limit`, appended to `out`.
void append_chars(std::string_view text, const base64_run& run, std::size_t limit,
                  std::string& out);

}  // namespace jobqueue::detail
