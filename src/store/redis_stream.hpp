// Bytes to and from a Redis, plain or through TLS, with a deadline for everything.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <jobqueue/result.hpp>
#include "store/redis_url.hpp"
#include "store/tls_session.hpp"
#include "vault/posix_file.hpp"

namespace jobqueue::detail {

// No time of day: how long something may take.
using deadline = std::chrono::steady_clock::time_point;

// What a waiting came to.
enum class stream_event : std::uint8_t {
  progress,   // Something was sent or received.
  timed_out,  // Nothing was until the deadline.
  lost,       // The connection is over; `loss` says why.
};

class redis_stream {
 public:
  // Connects, with TLS if the address says so. A problem that another attempt may not have leaves
  // `may_retry` true.
  [[nodiscard]] status connect(const redis_address& address, const std::string& ca_file,
                               deadline until);
  [[nodiscard]] bool may_retry() const noexcept { return may_retry_; }
  void close();
  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(socket_); }

  // Takes bytes to be sent; they leave during `exchange`.
  void send(std::string_view bytes);
  [[nodiscard]] bool has_output() const noexcept { return sent_ < output_.size(); }
  // Waits until the peer takes or sends something; what it sent is appended to `received`.
  [[nodiscard]] stream_event exchange(std::string& received, deadline until);
  // The rest of a sentence that begins with the server: "closed the connection".
  [[nodiscard]] const std::string& loss() const noexcept { return loss_; }

 private:
  [[nodiscard]] status start_tls(const redis_address& address, const std::string& ca_file,
                                 deadline until);
  stream_event lose(std::string_view why);
  [[nodiscard]] bool write_some();
  [[nodiscard]] bool read_some(std::string& received);

  unique_fd socket_;
  std::unique_ptr<tls_session> tls_;
  std::string output_;  // as it goes through the socket
  std::size_t sent_ = 0;
  std::string loss_;
  bool may_retry_ = false;
};

}  // namespace jobqueue::detail
