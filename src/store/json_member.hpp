// One member of a record, without making a tree of all of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jobqueue::detail {

// The text of the member `name` of the outermost object, of equal ones the last. Nothing if it has
// none, if that is no text, or if `record` is no object of valid JSON.
[[nodiscard]] std::optional<std::string> find_text_member(std::string_view record,
                                                          std::string_view name);

}  // namespace jobqueue::detail
