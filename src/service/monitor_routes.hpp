// What the monitor page asks for: itself, figures over time, and payloads in pieces.
#pragma once

#include <functional>
#include <vector>

#include <jobqueue/rules.hpp>
#include <jobqueue/store/job_store.hpp>

#include "service/http_route.hpp"

namespace jobqueue::detail {

[[nodiscard]] std::vector<http_route> monitor_routes(job_store& store,
                                                     std::function<instant()> clock);

}  // namespace jobqueue::detail
