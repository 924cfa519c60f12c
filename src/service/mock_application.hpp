// A stand-in for the application of a user, for tests of the whole loop: it verifies a webhook, and
// tells the service that the user was notified.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>

#include "service/http_route.hpp"

namespace jobqueue::detail {

struct mock_application_options {
  std::vector<std::string> secrets;  // of the webhooks that it gets; it signs with the first
  std::function<instant()> clock;
  std::function<std::string()> service_url;  // "http://127.0.0.1:8080", known after the start
};

// POST /miniapp-gen-mock, and GET, which says how to use it.
[[nodiscard]] result<std::vector<http_route>> mock_routes(mock_application_options options);

}  // namespace jobqueue::detail
