// Dates of HTTP (RFC 9110, 5.6.7), in the form that is written today.
#pragma once

#include <optional>
#include <string_view>

#include <jobqueue/rules.hpp>

namespace jobqueue::detail {

// "Sun, 06 Nov 1994 08:49:37 GMT"; nothing for anything else.
[[nodiscard]] std::optional<instant> parse_http_date(std::string_view text);

}  // namespace jobqueue::detail
