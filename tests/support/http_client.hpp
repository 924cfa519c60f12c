// A client that sends exactly the bytes that it is given, and reads what comes back.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "vault/posix_file.hpp"

namespace jobqueue::test {

struct raw_answer {
  unsigned status = 0;  // 0: the connection ended before there was one
  std::string head;
  std::string body;

  [[nodiscard]] bool has(std::string_view line) const { return head.find(line) != head.npos; }
};

class raw_client {
 public:
  explicit raw_client(std::uint16_t port)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }

  // False if the peer takes no more.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // The next answer; those to HEAD, and 204, have no body.
  raw_answer read(bool has_body = true) {
    raw_answer answer;
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == received_.npos) {
      if (!receive()) return answer;
    }
    answer.head = received_.substr(0, end + 2);
    received_.erase(0, end + 4);
    answer.status = static_cast<unsigned>(std::strtoul(answer.head.c_str() + 9, nullptr, 10));
    const std::size_t length = answer.head.find("Content-Length: ");
    std::size_t size = 0;
    if (length != answer.head.npos && has_body) {
      size = std::strtoul(answer.head.c_str() + length + 16, nullptr, 10);
    }
    while (received_.size() < size) {
      if (!receive()) break;
    }
    answer.body = received_.substr(0, size);
    received_.erase(0, size);
    return answer;
  }

  // Whether the peer ends the connection, with nothing more to read, in that time.
  bool is_ended_within(std::chrono::milliseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) {
      if (!receive(std::chrono::duration_cast<std::chrono::milliseconds>(
              until - std::chrono::steady_clock::now()))) {
        return is_ended_;
      }
    }
    return is_ended_;
  }
  void finish_sending() const { ::shutdown(socket_.get(), SHUT_WR); }

 private:
  bool receive(std::chrono::milliseconds at_most = std::chrono::seconds(20)) {
    pollfd wait{socket_.get(), POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(at_most.count()) + 1) != 1) return false;
    char piece[16384];
    const ssize_t size = ::recv(socket_.get(), piece, sizeof piece, 0);
    if (size <= 0) {
      is_ended_ = true;
      return false;
    }
    received_.append(piece, static_cast<std::size_t>(size));
    return true;
  }

  detail::unique_fd socket_;
  std::string received_;
  bool is_ended_ = false;
};

}  // namespace jobqueue::test
