// JSON printed anew as other programs lay it out; values and the order of members stay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace jobqueue::detail {

enum class json_layout : std::uint8_t {
  compact,     // {"a":[1,2]}       JSON.stringify and most others
  spaced,      // {"a": [1, 2]}     Python
  indented_2,  // one value a line
  indented_4,
};

enum class json_escapes : std::uint8_t {
  kept,
  ascii,  // \u00e9 in place of other characters: Python
  utf8,   // characters in place of such escapes, and of \/
  php,    // as ascii, and \/ in place of /
};

// Replaces `out` by `text`, which check_json has accepted, in a layout. False if that would be
// longer than `max_bytes`: then `out` holds a part of it.
[[nodiscard]] bool print_json(std::string_view text, json_layout layout, json_escapes escapes,
                              std::size_t max_bytes, std::string& out);

}  // namespace jobqueue::detail
