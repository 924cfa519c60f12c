// The routes of webhooks that come in.
#pragma once

#include <vector>

#include <jobqueue/service/webhook_receiver.hpp>

#include "service/http_route.hpp"

namespace jobqueue::detail {

inline constexpr std::size_t default_webhook_bytes = std::size_t{10} << 20;

// POST /api/webhook/workflow-completed and POST /api/user_notified. The receiver must live as long
// as the server that has them.
[[nodiscard]] std::vector<http_route> receiver_routes(
    webhook_receiver& receiver, std::size_t most_body_bytes = default_webhook_bytes);

}  // namespace jobqueue::detail
