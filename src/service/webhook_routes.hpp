// The routes of endpoints and deliveries.
#pragma once

#include <functional>
#include <vector>

#include <jobqueue/store/job_store.hpp>

#include "service/http_route.hpp"

namespace jobqueue::detail {

// `wake` is called when there is something to send.
[[nodiscard]] std::vector<http_route> webhook_routes(job_store& store,
                                                     std::function<instant()> clock,
                                                     std::function<void()> wake);

}  // namespace jobqueue::detail
