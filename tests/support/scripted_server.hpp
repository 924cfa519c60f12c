// An HTTP server that does what a test says, byte for byte, right or wrong.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/certificate.hpp"

namespace jobqueue::test {

// The server's side of one connection.
class server_line {
 public:
  server_line(int socket, SSL* tls, const std::atomic<bool>& is_stopped)
      : socket_(socket), tls_(tls), is_stopped_(is_stopped) {}

  // False once the peer is gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty() && !is_stopped_) {
      const ssize_t count = tls_ != nullptr
                                ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return !is_stopped_;
  }
  // Some bytes; empty at the end.
  std::string receive() {
    std::string bytes(1 << 14, '\0');
    const ssize_t count = tls_ != nullptr
                              ? SSL_read(tls_, bytes.data(), static_cast<int>(bytes.size()))
                              : ::recv(socket_, bytes.data(), bytes.size(), 0);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }
  // Until the peer has gone, or the test ends.
  void wait() {
    while (!is_stopped_) {
      pollfd wanted = {.fd = socket_, .events = POLLIN | POLLRDHUP, .revents = 0};
      if (::poll(&wanted, 1, 10) > 0 && (wanted.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) {
        return;
      }
    }
  }
  // The connection ends without what TLS sends at its end.
  void cut() noexcept { is_cut_ = true; }
  [[nodiscard]] bool is_cut() const noexcept { return is_cut_; }
  // The connection is reset, not closed.
  void reset() const {
    const linger now = {.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

 private:
  int socket_;
  SSL* tls_;
  const std::atomic<bool>& is_stopped_;
  bool is_cut_ = false;
};

class scripted_server {
 public:
  // Called for each request, with all of it; the connection is closed afterwards.
  using script = std::function<void(const std::string& request, server_line& line)>;

  // On a free port of `address`; with TLS if there is a certificate.
  explicit scripted_server(script what, const certificate* proof = nullptr,
                           const std::string& address = "127.0.0.1")
      : script_(std::move(what)) {
    if (proof != nullptr) {
      tls_.reset(SSL_CTX_new(TLS_server_method()));
      require(
          SSL_CTX_use_certificate_file(tls_.get(), proof->file().c_str(), SSL_FILETYPE_PEM) == 1 &&
          SSL_CTX_use_PrivateKey_file(tls_.get(), proof->key_file().c_str(), SSL_FILETYPE_PEM) ==
              1);
    }
    const bool is_v6 = address.find(':') != std::string::npos;
    listener_ = ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(listener_ >= 0);
    if (is_v6) {
      sockaddr_in6 where = {};
      where.sin6_family = AF_INET6;
      socklen_t size = sizeof where;
      require(::inet_pton(AF_INET6, address.c_str(), &where.sin6_addr) == 1);
      require(::bind(listener_, reinterpret_cast<sockaddr*>(&where), size) == 0);
      require(::getsockname(listener_, reinterpret_cast<sockaddr*>(&where), &size) == 0);
      port_ = ntohs(where.sin6_port);
    } else {
      sockaddr_in where = {};
      where.sin_family = AF_INET;
      socklen_t size = sizeof where;
      require(::inet_pton(AF_INET, address.c_str(), &where.sin_addr) == 1);
      require(::bind(listener_, reinterpret_cast<sockaddr*>(&where), size) == 0);
      require(::getsockname(listener_, reinterpret_cast<sockaddr*>(&where), &size) == 0);
      port_ = ntohs(where.sin_port);
    }
    require(::listen(listener_, 64) == 0);
    acceptor_ = std::thread([this] { accept(); });
  }
  ~scripted_server() {
    is_stopped_ = true;
    acceptor_.join();
    for (std::thread& one : lines_) one.join();
    ::close(listener_);
  }
  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url(std::string_view path = "/",
                                const std::string& host = "127.0.0.1") const {
    std::string text = tls_ ? "https://" : "http://";
    return text.append(host).append(":").append(std::to_string(port_)).append(path);
  }
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(guard_);
    return requests_;
  }
  [[nodiscard]] int connections() const noexcept { return connections_; }

 private:
  struct context_free {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  };
  struct session_free {
    void operator()(SSL* session) const noexcept { SSL_free(session); }
  };

  static void require(bool is_right) {
    if (!is_right) throw std::runtime_error("the server of the test does not start");
  }

  void accept() {
    while (!is_stopped_) {
      pollfd wanted = {.fd = listener_, .events = POLLIN, .revents = 0};
      if (::poll(&wanted, 1, 10) <= 0) continue;
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      ++connections_;
      lines_.emplace_back([this, socket] {
        serve(socket);
        ::close(socket);
      });
    }
  }

  void serve(int socket) {
    // No read or write of a test outlasts it.
    const timeval limit = {.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    std::unique_ptr<SSL, session_free> session;
    if (tls_) {
      session.reset(SSL_new(tls_.get()));
      SSL_set_fd(session.get(), socket);
      if (SSL_accept(session.get()) != 1) return;
    }
    server_line line(socket, session.get(), is_stopped_);
    std::string request;
    for (;;) {
      const std::string piece = line.receive();
      if (piece.empty()) return;
      request += piece;
      if (is_whole(request)) break;
    }
    {
      const std::lock_guard lock(guard_);
      requests_.push_back(request);
    }
    script_(request, line);
    if (session && !line.is_cut()) SSL_shutdown(session.get());
  }

  static bool is_whole(const std::string& request) {
    const std::size_t end = request.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const std::size_t at = request.find("Content-Length: ");
    if (at > end) return true;
    return request.size() >= end + 4 + std::stoul(request.substr(at + 16));
  }

  script script_;
  std::unique_ptr<SSL_CTX, context_free> tls_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> is_stopped_ = false;
  std::atomic<int> connections_ = 0;
  mutable std::mutex guard_;
  std::vector<std::string> requests_;
  std::vector<std::thread> lines_;  // of the acceptor alone until it has ended
  std::thread acceptor_;
};

}  // namespace jobqueue::test
