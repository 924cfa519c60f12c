// Values of facts: reading and comparing them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <jobqueue/rules.hpp>

namespace jobqueue::detail {

[[nodiscard]] inline truth as_truth(bool value) noexcept { return value ? truth::yes : truth::no; }
[[nodiscard]] inline truth inverse(truth value) noexcept {
  return value == truth::unknown ? value : as_truth(value == truth::no);
}

// The instant that a text, or a number of milliseconds since 1970, stands for.
[[nodiscard]] std::optional<instant> read_instant(std::string_view text) noexcept;
[[nodiscard]] std::optional<instant> instant_of(const fact_value& value) noexcept;

// A number of JSON or of a database, as an integer if it is one of 64 bits. Text for anything else.
[[nodiscard]] fact_value read_number(std::string_view text) noexcept;

// Whether the two are the same value: numbers by their value, texts by their bytes, a time also
// with the text of one. Values of different kinds are not equal. Neither is absent or withheld.
[[nodiscard]] truth equal_values(const fact_value& a, const fact_value& b) noexcept;

// -1, 0 or 1: numbers, and texts that are numbers, by their value; else times, and texts that are
// times. None if the two have no order.
[[nodiscard]] std::optional<int> compare_values(const fact_value& a, const fact_value& b) noexcept;

// Whether an array of JSON has an element that equals the value; unknown if it is no array.
[[nodiscard]] truth contains_value(const fact_value& array, const fact_value& wanted);

// A scalar at `at` of valid JSON as a value; `unescaped` holds a string that has escapes. A
// container is `json` with its text, null is absent.
[[nodiscard]] fact_value read_json_value(std::string_view json, std::size_t at,
                                         std::string& unescaped);

// Appends the value as JSON, long text cut to `most` bytes with "..." behind it.
void append_fact(std::string& out, const fact_value& value, std::size_t most);

}  // namespace jobqueue::detail
