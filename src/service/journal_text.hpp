// Any bytes in the JSON of a journal, and the arrays that it is made of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jobqueue::detail {

// Appends any bytes as a string of JSON: each byte is the character of that number.
void append_json_bytes(std::string& out, std::string_view bytes);
// The bytes of such a string, which is given with its quotes.
[[nodiscard]] std::string read_json_bytes(std::string_view value);

// The elements of an array as they are written; none if it is no array.
[[nodiscard]] std::vector<std::string_view> read_json_elements(std::string_view array);

}  // namespace jobqueue::detail
