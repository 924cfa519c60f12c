// What of a message of a failure counts: its text, without the names of members, the frames of a
// stack, and what a program threw besides.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace jobqueue::detail {

struct failure_text {
  std::string text;
  unsigned status = 0;  // 400 to 599, if a member of an object says so
};

// Any bytes; what is behind max_failure_message_bytes is not looked at. Linear time.
[[nodiscard]] failure_text read_failure_text(std::string_view message);

// normalize_failure_message of what that gives; at least `most` bytes of it, if it is longer.
[[nodiscard]] std::string normalize_failure_text(std::string_view text, std::size_t most);

}  // namespace jobqueue::detail
