// A real Redis for a test: on a free port of loopback, in a folder of its own that goes with it.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "store/redis_connection.hpp"
#include "support/server_process.hpp"

namespace jobqueue::test {

class redis_server {
 public:
  struct settings {
    std::vector<std::string> arguments = {};  // besides those that every server here has
    std::string password = {};
    // PEM files; with them the server speaks TLS only.
    std::string certificate = {};
    std::string key = {};
  };

  redis_server() : redis_server(settings{}) {}
  explicit redis_server(settings wanted) : settings_(std::move(wanted)) {
    // Not every port will do: it may be taken meanwhile, and a node of a cluster wants two.
    for (int attempt = 0; attempt < 20; ++attempt) {
      port_ = free_port();
      start();
      if (answers()) return;
      stop();
    }
    throw std::runtime_error("redis-server does not start; script/bootstrap test installs it");
  }
  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string name() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::string url() const { return "redis://" + name(); }

  // The server's process; what it saved to its folder it has again after `stop` and `start`.
  void start() {
    std::vector<std::string> words = {"redis-server", "--bind", "127.0.0.1",
                                      "--save",       "",       "--appendonly",
                                      "no",           "--dir",  folder_.path().string()};
    const std::string port = std::to_string(port_);
    if (settings_.certificate.empty()) {
      words.insert(words.end(), {"--port", port});
    } else {
      words.insert(words.end(),
                   {"--port", "0", "--tls-port", port, "--tls-cert-file", settings_.certificate,
                    "--tls-key-file", settings_.key, "--tls-auth-clients", "no",
                    "--tls-ca-cert-file", settings_.certificate});
    }
    if (!settings_.password.empty()) {
      words.insert(words.end(), {"--requirepass", settings_.password});
    }
    words.insert(words.end(), settings_.arguments.begin(), settings_.arguments.end());
    process_.start(std::move(words), folder_.path() / "log");
  }

  void stop() { process_.stop(); }

  // SIGSTOP, SIGCONT.
  void signal(int number) const { process_.signal(number); }

  // Whether it answers anything before long, if only that it is loading.
  [[nodiscard]] bool answers() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < until) {
      if (!process_.is_running()) return false;
      // A server that is about to give up may already listen.
      const detail::redis_command ping[] = {{"PING"}};
      if (connection().pipeline(ping, 1 << 16)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  // A connection of its own, open unless the server cannot be reached.
  [[nodiscard]] detail::redis_connection connection() const {
    detail::redis_address address;
    address.host = settings_.certificate.empty() ? "127.0.0.1" : "localhost";
    address.port = port_;
    address.password = settings_.password;
    address.tls = !settings_.certificate.empty();
    detail::redis_connection made(
        address, {std::chrono::seconds(5), std::chrono::seconds(60), settings_.certificate});
    static_cast<void>(made.open());
    return made;
  }

  // The answers to commands, none of which may be an error.
  std::vector<detail::redis_reply> run(const std::vector<detail::redis_command>& commands) const {
    auto answers = connection().pipeline(commands, std::size_t{1} << 30).value();
    for (const detail::redis_reply& answer : answers) {
      if (answer.is_error()) throw std::runtime_error(answer.text);
    }
    return answers;
  }
  detail::redis_reply run(const detail::redis_command& command) const {
    return run(std::vector<detail::redis_command>{command}).front();
  }

 private:
  settings settings_;
  temporary_folder folder_;
  std::uint16_t port_ = 0;
  server_process process_;
};

}  // namespace jobqueue::test
