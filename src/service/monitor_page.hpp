// The page as it was built from src/monitor.
#pragma once

#include <string_view>

namespace jobqueue::detail {

extern const std::string_view monitor_page;    // HTML, with {script} and {style} for their paths
extern const std::string_view monitor_script;  // empty if the page was not built
extern const std::string_view monitor_style;

}  // namespace jobqueue::detail
