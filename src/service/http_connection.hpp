// One connection of the server, and what all of them share. Only the two files of the transport
// include this.
#pragma once

#include <atomic>
#include <cstddef>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "service/http_router.hpp"
#include "service/http_server.hpp"

namespace jobqueue::detail {

class http_connection {
 public:
  http_connection() = default;
  http_connection(const http_connection&) = delete;
  http_connection& operator=(const http_connection&) = delete;
  virtual ~http_connection() = default;
  virtual void begin() = 0;
  virtual void close_if_idle() = 0;
  virtual void close() = 0;
  virtual void answer(http_answer answer) = 0;
};

// A thread of the network and the connections that it serves; nobody else touches them.
struct network_lane {
  boost::asio::io_context io{1};
  std::unordered_map<http_connection*, std::shared_ptr<http_connection>> connections;
  std::time_t second = 0;
  std::string date;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work{
      io.get_executor()};
  std::thread thread;

  // Which they may leave meanwhile.
  [[nodiscard]] std::vector<std::shared_ptr<http_connection>> all() const;

  // The value of Date (RFC 9110, 6.6.1).
  [[nodiscard]] const std::string& date_now();
};

struct http_server_parts {
  http_server_parts(const http_server_options& wanted, std::vector<http_route> routes,
                    http_observer observe)
      : options(wanted),
        router(std::move(routes)),
        observer(std::move(observe)),
        workers(wanted.worker_threads) {}

  http_server_options options;
  http_router router;
  http_observer observer;
  std::optional<boost::asio::ssl::context> tls;
  std::vector<std::unique_ptr<network_lane>> lanes;
  std::atomic<std::size_t> waiting_calls = 0;
  std::atomic<bool> is_draining = false;
  std::function<void()> connection_ended;
  boost::asio::thread_pool workers;
};

// Plain, or with TLS if the server has a certificate.
[[nodiscard]] std::shared_ptr<http_connection> make_connection(
    const std::shared_ptr<http_server_parts>& server, network_lane& home,
    boost::asio::ip::tcp::socket socket);

}  // namespace jobqueue::detail
