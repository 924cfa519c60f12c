// A client that may reach the servers of a test, and what these say.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <utility>

#include <jobqueue/net/client.hpp>

#include "support/scripted_server.hpp"

namespace jobqueue::test {

inline http_client_options local_options() {
  const std::array<std::string, 2> allowed = {"127.0.0.1", "::1"};
  http_client_options options;
  options.policy = address_policy::create(allowed).value();
  options.resolve_timeout = std::chrono::seconds(2);
  options.connect_timeout = std::chrono::seconds(2);
  options.total_timeout = std::chrono::seconds(2);
  return options;
}

inline scripted_server::script says(std::string answer) {
  return [answer = std::move(answer)](const std::string&, server_line& line) { line.send(answer); };
}

}  // namespace jobqueue::test
