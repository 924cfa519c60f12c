// The transport of the service: HTTP/1.1 over TCP or TLS, with limits for everything that a peer
// can make large, many or slow. What is answered is up to the routes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <jobqueue/result.hpp>

#include "service/http_access.hpp"
#include "service/http_route.hpp"

namespace jobqueue::detail {

struct http_server_options {
  std::string address = "127.0.0.1";  // to listen on
  std::uint16_t port = 0;             // 0: one that is free
  // PEM files; none: plain HTTP.
  std::string tls_certificate_file{};
  std::string tls_key_file{};
  http_access access{};
  std::size_t network_threads = 2;
  std::size_t worker_threads = 8;
  std::size_t most_waiting_calls = 256;    // for a worker; over it the answer is 503
  std::size_t most_connections = 10'000;   // over it they wait in the queue of the system
  std::size_t most_header_bytes = 16'384;  // with the first line
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds write_timeout{30'000};
  std::chrono::milliseconds idle_timeout{60'000};
};

// What is counted. All calls are made from threads of the network.
struct http_observer {
  // `route` is null if none was found, or nobody let in.
  std::function<void(const http_route* route, unsigned status,
                     std::chrono::steady_clock::duration took)>
      answered;
  std::function<void(std::ptrdiff_t change)> connections;  // +1, -1
};

class http_server {
 public:
  // Listens and serves. `invalid_argument` for an address that is none, or a certificate that
  // cannot be used; `network_error` if the port is taken.
  [[nodiscard]] static result<std::unique_ptr<http_server>> start(
      const http_server_options& options, std::vector<http_route> routes,
      http_observer observer = {});
  virtual ~http_server() = default;

  [[nodiscard]] virtual std::uint16_t port() const noexcept = 0;
  // Accepts nobody any more, lets what was begun end, for so long at most, and stops.
  virtual void drain(std::chrono::milliseconds at_most) = 0;
};

}  // namespace jobqueue::detail
