// The words of a message, and which rules of failure_rules.hpp they satisfy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "core/failure_rules.hpp"

namespace jobqueue::detail {

inline constexpr std::size_t failure_rule_count = std::size(failure_table::rules);

// Words in lower case, each with a blank before it and behind it; a '|', which is between the
// members of an object, is one, too, so that no phrase goes across it.
[[nodiscard]] std::string split_failure_words(std::string_view text);

// Whether the words of each rule are there; true for a rule without words.
[[nodiscard]] std::array<bool, failure_rule_count> find_failure_words(std::string_view words);

// The status that is named: "status code 429", "HTTP 503", "error code: 401". 0 if none is.
[[nodiscard]] unsigned find_failure_status(std::string_view words) noexcept;

}  // namespace jobqueue::detail
