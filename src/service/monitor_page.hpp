// The page as it was built from src/monitor.
#pragma once

#include <string_view>

namespace jobqueue::detail {

// HTML, with {script}, {style} and {icon} for their paths.
extern const std::string_view monitor_page;
// Empty if the page was not built.
extern const std::string_view monitor_script;
extern const std::string_view monitor_style;
extern const std::string_view monitor_icon;

}  // namespace jobqueue::detail
