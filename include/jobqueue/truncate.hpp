// jobqueue - truncate: cut a payload to a budget of bytes, so that JSON stays JSON.
//
//   #include <iostream>
//   #include <jobqueue/jobqueue.hpp>
//
//   int main() {
//     const std::string job = R"({"id":"b789bd80","log":")" + std::string(1000, '.') + "\"}";
//     const auto brief = jobqueue::truncate_payload(job, {.max_bytes = 72}).value();
//     std::cout << brief.view(job) << '\n';
//   }
//
// prints {"id":"b789bd80","log":"..................[TRUNCATED 976 bytes]......"}.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/base64.hpp>
#include <jobqueue/result.hpp>

namespace jobqueue {
inline namespace v1 {

struct truncate_limits {
  static constexpr std::size_t min_bytes = 64;          ///< Least allowed `max_bytes`.
  static constexpr std::size_t max_pins = 64;           ///< Most entries of `pinned`.
  static constexpr std::size_t max_array_items = 1000;  ///< Greatest `array_head` and `array_tail`.
  static constexpr std::size_t max_marker = 24;         ///< Longest `marker`, in bytes.
  /// A string or number of at most so many bytes, quotes and all, is left alone as long as there
  /// are longer ones and middles of arrays to give.
  static constexpr std::size_t short_value = 64;
  /// How deep JSON inside strings inside JSON is cut inside.
  static constexpr unsigned max_depth = 8;
};

struct truncate_options {
  /// Most bytes of the output; at least 64.
  std::size_t max_bytes = 8000;
  /// Values that stay as they are, byte for byte: RFC 6901 pointers, at most 64. The token `~s`
  /// goes on inside a string that holds JSON. One that leads nowhere is no error; of equal names in
  /// one object all are meant. An element of an array may move forward.
  std::span<const std::string_view> pinned = {};
  /// So many items at the beginning and at the end of each array stay if its middle goes; each at
  /// most 1000.
  std::size_t array_head = 3;
  std::size_t array_tail = 1;
  /// The word that marks what was cut: 1 to 24 characters of A-Z a-z 0-9 _ and -.
  std::string_view marker = "TRUNCATED";
  /// `auto_detect`: what is no JSON is text. `json`: it is refused, even if it fits. `text`: it is
  /// text in any case. Not `ndjson`: one document is one payload.
  document_format format = document_format::auto_detect;
  /// Fill `truncated::cuts`.
  bool report = false;
  /// Instruction set; for tests.
  simd_target simd = simd_target::best;
};

/// What was done at a place.
enum class truncate_reason : std::uint8_t {
  blob,         ///< Base64 gave way to a placeholder of `sanitize_base64`.
  white_space,  ///< White space between the values was left out.
  value,        ///< A string lost its middle, or a number became a marker.
  items,        ///< An array lost items.
  members,      ///< An object lost members.
  text,         ///< A text that is no JSON lost its middle.
};
[[nodiscard]] std::string_view to_string(truncate_reason reason) noexcept;

/// One thing that was done.
struct truncate_cut {
  truncate_reason reason = truncate_reason::value;
  /// RFC 6901 pointer, in the input, to the value, array or object; `~s` is a hop into a string
  /// that holds JSON. Empty: the document itself.
  std::string pointer;
  /// False in text, inside more than 1024 containers, and where the names on the way are more than
  /// 4096 bytes.
  bool has_pointer = false;
  /// Of what was cut: a blob, all that white space, a value, or the items and members that are
  /// gone, with their names and commas. What has been cut by then counts as it is then.
  std::uint64_t bytes_before = 0;
  std::uint64_t bytes_after = 0;  ///< What is in its place, markers and their commas included.
};

/// The answer of `truncate_payload`.
struct truncated {
  bool changed = false;  ///< False: the input fits, `text` is empty and the input is the output.
  std::string text;
  std::vector<truncate_cut> cuts;  ///< In the order of doing; only with `report`.
  /// The output: `text`, or `input` where nothing changed.
  [[nodiscard]] std::string_view view(std::string_view input) const noexcept {
    return changed ? std::string_view(text) : input;
  }
};

/// Cuts `input` to at most `options.max_bytes` bytes.
///
/// JSON gives in this order, and of each no more than it must:
///   1. blobs, the largest first, become the placeholders of `sanitize_base64` without a store;
///   2. white space between values goes;
///   3. the longest strings and numbers shrink to one common size, not below `short_value`: a
///      string to `"head[TRUNCATED 974 bytes]tail"` (the bytes that are missing, as they were
///      written; the tail has a quarter of what stays; no tail in JSON inside a string), a number
///      to such a string without head and tail;
///   4. the longest arrays shrink to one common count of items, not below `array_head` and
///      `array_tail`; the string `"[TRUNCATED 996 items]"` is in the place of the middle;
///   5. short values shrink, too, down to the marker alone where that is shorter;
///   6. objects and arrays are emptied, the deepest first, each from its end: the member
///      `"[TRUNCATED]":5` says how many are missing, in an array the string as above. Last is the
///      outermost one.
/// Then each, from the last to the first, gets back what still fits.
/// Text that is no JSON gives its blobs, and then its middle.
///
/// Equations, for every input x and all allowed options:
///   - `truncate(x).size() <= max_bytes`;
///   - x is valid JSON => the output is valid JSON of the same type, object, array or string; it
///     holds in strings that hold JSON, too;
///   - `x.size() <= max_bytes` => `truncate(x) == x`; hence `truncate(truncate(x)) == truncate(x)`;
///   - a value that has changed was longer than every string and number that has not, but for those
///     which are pinned, are already as short as their marker, or went with an array or object;
///   - the sum of `bytes_before - bytes_after` over the report is `x.size() - truncate(x).size()`;
///   - what is not cut is, byte for byte, as it was in x.
/// Strings are cut between characters (UTF-8, escapes, surrogate pairs), names of members never.
///
/// Linear time: a search for blobs, one scan, and what depends on the values that may be left in
/// `max_bytes` only. Memory: the output; what is left when the blobs are gone, and 160 bytes for
/// each blob; about 110 bytes for each value that may be left; and a copy of each string that holds
/// JSON while it is read, for every string around it.
///
/// Errors: `budget_too_small` if `max_bytes` is below 64 or if what is pinned does not fit with the
/// names on the way to it; `invalid_argument` (an option), `invalid_json` and `invalid_utf8` with
/// the offset (format `json`). Sources: RFC 8259, RFC 6901.
[[nodiscard]] result<truncated> truncate_payload(std::string_view input,
                                                 const truncate_options& options = {});

}  // namespace v1
}  // namespace jobqueue
