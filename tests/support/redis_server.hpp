// A real Redis for a test: on a free port of loopback, in a folder of its own that goes with it.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "store/redis_connection.hpp"

namespace jobqueue::test {

// Another process may take it before it is used: whoever starts a server tries again.
inline std::uint16_t free_port() {
  const detail::unique_fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.get(), any, size) != 0 || ::getsockname(listener.get(), any, &size) != 0) {
    throw std::runtime_error("there is no free port");
  }
  return ntohs(address.sin_port);
}

class temporary_folder {
 public:
  temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "jobqueue-redis-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

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
  ~redis_server() { stop(); }

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
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);

    const std::string log = (folder_.path() / "log").string();
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("no process for redis-server");
    if (process_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves no server behind
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execvp(pointers.front(), pointers.data());
    ::_exit(127);
  }

  void stop() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
  }

  // SIGSTOP, SIGCONT.
  void signal(int number) const { ::kill(process_, number); }

  // Whether it answers anything before long, if only that it is loading.
  [[nodiscard]] bool answers() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < until) {
      if (::waitpid(process_, nullptr, WNOHANG) != 0) {
        process_ = -1;
        return false;
      }
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
  pid_t process_ = -1;
};

}  // namespace jobqueue::test
