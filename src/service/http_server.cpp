#include "service/http_server.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "service/http_connection.hpp"

namespace jobqueue::detail {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

// After an accept that failed for want of descriptors or memory: others must give some back.
constexpr std::chrono::milliseconds accept_pause{100};

class server final : public http_server {
 public:
  server(const http_server_options& options, std::vector<http_route> routes, http_observer observer)
      : parts_(
            std::make_shared<http_server_parts>(options, std::move(routes), std::move(observer))) {
    for (std::size_t i = 0; i < options.network_threads; ++i) {
      parts_->lanes.push_back(std::make_unique<network_lane>());
    }
    acceptor_.emplace(parts_->lanes.front()->io);
    pause_.emplace(parts_->lanes.front()->io);
    parts_->connection_ended = [this] { connection_ended(); };
  }
  // NOLINTNEXTLINE(bugprone-exception-escape): only memory can run out here
  ~server() override { drain(std::chrono::milliseconds(0)); }

  status listen() {
    const http_server_options& options = parts_->options;
    error_code failed;
    const auto address = asio::ip::make_address(options.address, failed);
    if (failed) {
      return error{errc::invalid_argument, no_offset,
                   "'" + options.address + "' is no address to listen on"};
    }
    if (status read = read_certificate(); !read) return read;
    const tcp::endpoint where(address, options.port);
    acceptor_->open(where.protocol(), failed);
    if (!failed) acceptor_->set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed) acceptor_->bind(where, failed);
    if (!failed) acceptor_->listen(asio::socket_base::max_listen_connections, failed);
    if (failed) {
      return error{errc::network_error, no_offset,
                   "cannot listen on " + options.address + " port " + std::to_string(options.port) +
                       ": " + failed.message()};
    }
    port_ = acceptor_->local_endpoint().port();
    accept();
    for (const auto& one : parts_->lanes) {
      one->thread = std::thread([lane = one.get()] { lane->io.run(); });
    }
    return done;
  }

  [[nodiscard]] std::uint16_t port() const noexcept override { return port_; }

  void drain(std::chrono::milliseconds at_most) override {
    if (std::exchange(is_drained_, true)) return;
    parts_->is_draining = true;
    asio::post(parts_->lanes.front()->io, [this] {
      error_code ignored;
      acceptor_->close(ignored);
      pause_->cancel();
    });
    for (const auto& one : parts_->lanes) {
      asio::post(one->io, [lane = one.get()] {
        for (const auto& connection : lane->all()) connection->close_if_idle();
      });
    }
    {
      std::unique_lock lock(mutex_);
      ended_.wait_for(lock, at_most, [&] { return count_ == 0; });
    }
    // Not by stopping: what is begun holds its connection, and that this, until it has ended.
    for (const auto& one : parts_->lanes) {
      asio::post(one->io, [lane = one.get()] {
        for (const auto& connection : lane->all()) connection->close();
        lane->work.reset();
      });
    }
    for (const auto& one : parts_->lanes) {
      if (one->thread.joinable()) one->thread.join();
    }
    parts_->workers.stop();
    parts_->workers.join();
    pause_.reset();
    acceptor_.reset();
  }

 private:
  status read_certificate() {
    const http_server_options& options = parts_->options;
    if (options.tls_certificate_file.empty()) return done;
    asio::ssl::context& tls = parts_->tls.emplace(asio::ssl::context::tls_server);
    error_code failed;
    tls.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, failed);
    tls.use_certificate_chain_file(options.tls_certificate_file, failed);
    if (failed) {
      return error{errc::invalid_argument, no_offset,
                   options.tls_certificate_file + " is no certificate in PEM: " + failed.message()};
    }
    tls.use_private_key_file(options.tls_key_file, asio::ssl::context::pem, failed);
    if (failed) {
      return error{
          errc::invalid_argument, no_offset,
          options.tls_key_file + " is no key of that certificate in PEM: " + failed.message()};
    }
    return done;
  }

  void accept() {
    network_lane& next = *parts_->lanes[next_lane_++ % parts_->lanes.size()];
    acceptor_->async_accept(next.io, [this, &next](error_code failed, tcp::socket socket) {
      if (failed == asio::error::operation_aborted || !acceptor_->is_open()) return;
      if (failed == asio::error::no_descriptors || failed == asio::error::no_buffer_space ||
          failed == asio::error::no_memory ||
          failed == boost::system::errc::too_many_files_open_in_system) {
        return accept_later();
      }
      if (!failed) serve(next, std::move(socket));
      if (has_place()) accept();
    });
  }

  // If there is none, `connection_ended` accepts again.
  bool has_place() {
    const std::lock_guard lock(mutex_);
    is_waiting_for_place_ = count_ >= parts_->options.most_connections;
    return !is_waiting_for_place_;
  }

  // Without a pause it would be told the same again at once, as long as the peer waits.
  void accept_later() {
    pause_->expires_after(accept_pause);
    pause_->async_wait([this](error_code failed) {
      if (!failed) accept();
    });
  }

  void serve(network_lane& home, tcp::socket socket) {
    {
      const std::lock_guard lock(mutex_);
      ++count_;
    }
    if (parts_->observer.connections) parts_->observer.connections(1);
    asio::post(home.io, [this, &home, socket = std::move(socket)]() mutable {
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      const auto made = make_connection(parts_, home, std::move(socket));
      home.connections.emplace(made.get(), made);
      made->begin();
    });
  }

  void connection_ended() {
    if (parts_->observer.connections) parts_->observer.connections(-1);
    const std::lock_guard lock(mutex_);
    --count_;
    if (count_ == 0) ended_.notify_all();
    if (std::exchange(is_waiting_for_place_, false)) {
      asio::post(parts_->lanes.front()->io, [this] { accept(); });
    }
  }

  std::shared_ptr<http_server_parts> parts_;
  std::optional<tcp::acceptor> acceptor_;
  std::optional<asio::steady_timer> pause_;
  std::size_t next_lane_ = 0;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t count_ = 0;
  bool is_waiting_for_place_ = false;
  bool is_drained_ = false;
};

}  // namespace

result<std::unique_ptr<http_server>> http_server::start(const http_server_options& options,
                                                        std::vector<http_route> routes,
                                                        http_observer observer) {
  auto made = std::make_unique<server>(options, std::move(routes), std::move(observer));
  if (const status listening = made->listen(); !listening) return listening.problem();
  return {std::move(made)};
}

}  // namespace jobqueue::detail
