// Any bytes in the JSON of a journal.
#pragma once

#include <string>
#include <string_view>

namespace jobqueue::detail {

// Appends any bytes as a string of JSON: each byte is the character of that number.
void append_json_bytes(std::string& out, std::string_view bytes);
// The bytes of such a string, which is given with its quotes.
[[nodiscard]] std::string read_json_bytes(std::string_view value);

}  // namespace jobqueue::detail
