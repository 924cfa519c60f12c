// What two JSON values differ in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace jobqueue::detail {

struct json_change {
  std::string pointer;      // RFC 6901
  std::string_view before;  // as it is written; empty: it was not there
  std::string_view after;
};

struct json_difference {
  std::vector<json_change> changes;
  bool is_cut = false;  // there are more
};

// Objects are compared member by member to a depth of 16, everything else as it is written, but for
// white space. Of equal names the last counts. The texts must be valid JSON, and outlive the
// answer.
//
//     find_difference(x, x).changes.empty()
[[nodiscard]] json_difference find_difference(std::string_view before, std::string_view after,
                                              std::size_t most_changes = 100);

}  // namespace jobqueue::detail
