// The routes that answer questions about jobs.
#pragma once

#include <functional>
#include <vector>

#include <jobqueue/rules.hpp>
#include <jobqueue/store/job_store.hpp>

#include "service/http_route.hpp"

namespace jobqueue::detail {

// `wake` is called when a retry was put into the outbox.
[[nodiscard]] std::vector<http_route> forensics_routes(job_store& store, const ruleset& rules,
                                                       std::function<instant()> clock,
                                                       std::function<void()> wake);

}  // namespace jobqueue::detail
