// What stands around a run: the string it is in, the member's name, its neighbours. Everything is
// read from a bounded window of raw bytes around the run, so that the answer is the same for a
// whole document, a chunk of a stream and a fragment, at any depth of JSON inside strings.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include <jobqueue/base64.hpp>

#include "core/base64_run.hpp"

namespace jobqueue::detail {

// `name`, or nothing if it is longer than this or holds a placeholder: a cut must not make a name
// of what was none.
inline constexpr std::size_t max_member_name = 256;
[[nodiscard]] std::string_view telling_name(std::string_view name) noexcept;

// Nor does a longer value of a neighbour.
inline constexpr std::size_t max_neighbour_value = 256;

struct neighbour_list {
  // Each way as many members of the object, and twice as many of its children.
  std::array<value_neighbour, 6 * sanitize_limits::max_neighbours> items;
  std::size_t count = 0;

  void add(const value_neighbour& neighbour) noexcept {
    if (count < items.size()) items[count++] = neighbour;
  }
  [[nodiscard]] std::span<const value_neighbour> view() const noexcept {
    return {items.data(), count};
  }
};

// What the judge sees of the surroundings of a run.
struct run_context {
  bool in_string = false;     // the run is in a string whose opening quote is in the window
  bool whole = false;         // and it is all of it
  bool key = false;           // and a colon follows it
  bool after_colon = false;   // and a colon precedes it: it is a value for certain
  bool outer = false;         // its quotes are not escaped: the string is of the document itself
  bool coded_quotes = false;  // between its quote and the run there are quotes written as \u0022
  bool in_array = false;      // it is an element of an array that is called `parent_name`
  std::string_view name;
  std::string_view parent_name;
  neighbour_list neighbours;  // without the members of arrays
};

// Reads the surroundings of text[begin, end), a run or a data URI. A string is `whole` also if the
// run in it is long and begins it.
[[nodiscard]] run_context read_context(std::string_view text, std::size_t begin, std::size_t end);

// The member's name, if a member's string value begins at `begin`; a quick look without neighbours.
[[nodiscard]] std::string_view adjacent_name(std::string_view text, std::size_t begin) noexcept;

// The beginning of the data URI whose payload begins at `payload`, and its media type. It does not
// begin before `low`, where the last cut ended.
struct data_uri_header {
  std::size_t begin = 0;
  std::string_view media_type;  // raw, may be empty or hold escapes
  bool canonical = false;       // exactly "data:<media type>;base64,"
};
[[nodiscard]] std::optional<data_uri_header> read_data_uri_header(std::string_view text,
                                                                  std::size_t low,
                                                                  std::size_t payload) noexcept;

// If a needle's `word` stands at `at` of `text` (any case): where the value that it announces
// begins, else nothing. ";base64," announces what follows it; a member name, the string after the
// colon.
[[nodiscard]] std::optional<std::size_t> announced_value(std::string_view text, std::size_t at,
                                                         std::string_view word) noexcept;
inline constexpr std::string_view data_uri_needle = ";base64,";

[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

}  // namespace jobqueue::detail
