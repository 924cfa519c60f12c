#include "store/redis_stream.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>

namespace jobqueue::detail {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t piece_bytes = std::size_t{1} << 16;

struct addresses_free {
  void operator()(addrinfo* addresses) const noexcept { ::freeaddrinfo(addresses); }
};

std::string reason_text(int reason) { return std::generic_category().message(reason); }

// What poll(2) found, or nothing once it is `until`.
std::optional<short> wait_for(const unique_fd& socket, short events, deadline until) {
  pollfd waiting{socket.get(), events, 0};
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    // Not all of it at once: the argument is an int.
    const int wait = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
    const int ready = ::poll(&waiting, 1, wait);
    if (ready > 0) return waiting.revents;
    if (ready < 0 && errno != EINTR) return static_cast<short>(POLLERR);
    if (steady_clock::now() >= until) return std::nullopt;
  }
}

// A socket that is connected, or the errno that says why not.
int connect_socket(const addrinfo& to, deadline until, unique_fd& socket) {
  socket = unique_fd(
      ::socket(to.ai_family, to.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to.ai_protocol));
  if (!socket) return errno;
  const int yes = 1;
  // Pipelines are written at once; waiting for more to send would only delay them.
  static_cast<void>(::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes));
  if (::connect(socket.get(), to.ai_addr, to.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS && errno != EINTR) return errno;
  if (!wait_for(socket, POLLOUT, until)) return ETIMEDOUT;
  int reason = 0;
  socklen_t size = sizeof reason;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &reason, &size) != 0) return errno;
  return reason;
}

std::string connect_problem(int reason) {
  if (reason == ECONNREFUSED) {
    return "refuses connections; start it there, or correct host and port";
  }
  if (reason == ETIMEDOUT) {
    return "did not accept a connection in time; check host, port and firewall";
  }
  return "cannot be reached: " + reason_text(reason) + "; check host, port and network";
}

}  // namespace

status redis_stream::connect(const redis_address& address, const std::string& ca_file,
                             deadline until) {
  close();
  loss_.clear();
  may_retry_ = true;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  if (const int problem = ::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found);
      problem != 0) {
    return redis_problem(address, std::string("cannot be found: ") + ::gai_strerror(problem) +
                                      "; correct the host name");
  }
  const std::unique_ptr<addrinfo, addresses_free> addresses(found);

  int left = 0;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) ++left;
  int reason = EHOSTUNREACH;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next, --left) {
    // An address that does not answer must not use up the time of the others.
    const auto now = steady_clock::now();
    unique_fd socket;
    reason = connect_socket(*one, now + (until - now) / left, socket);
    if (reason == 0) {
      socket_ = std::move(socket);
      break;
    }
  }
  if (reason != 0) return redis_problem(address, connect_problem(reason));
  return address.tls ? start_tls(address, ca_file, until) : status(done);
}

status redis_stream::start_tls(const redis_address& address, const std::string& ca_file,
                               deadline until) {
  auto session = tls_session::create(address.host, ca_file);
  if (!session) {
    close();
    may_retry_ = false;
    return redis_problem(address, session.problem().message);
  }
  tls_ = *std::move(session);
  std::string nothing;
  bool going_on = tls_->receive({}, nothing);
  while (going_on && !tls_->is_ready()) {
    output_ += tls_->take_output();
    const stream_event event = exchange(nothing, until);
    if (event == stream_event::timed_out) {
      close();
      return redis_problem(address,
                           "did not finish the TLS handshake in time; "
                           "check that TLS is spoken at this port");
    }
    going_on = event == stream_event::progress;
  }
  if (!going_on) {
    // A certificate does not become good by trying again; a server that goes down may come back.
    const std::string why = tls_ && !tls_->problem().empty() ? tls_->problem() : loss_;
    may_retry_ = !tls_ || tls_->problem().empty();
    close();
    return redis_problem(address, why);
  }
  output_ += tls_->take_output();
  return done;
}

void redis_stream::close() {
  socket_ = {};
  tls_.reset();
  output_.clear();
  sent_ = 0;
}

stream_event redis_stream::lose(std::string_view why) {
  loss_ = why;
  return stream_event::lost;
}

void redis_stream::send(std::string_view bytes) {
  if (!tls_) {
    output_ += bytes;
  } else if (tls_->send(bytes)) {
    output_ += tls_->take_output();
  }
  // If TLS has failed here, the next read says so.
}

bool redis_stream::write_some() {
  const ssize_t count =
      ::send(socket_.get(), output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL);
  if (count < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return true;
    lose("lost the connection: " + reason_text(errno));
    return false;
  }
  sent_ += static_cast<std::size_t>(count);
  if (sent_ == output_.size()) {
    output_.clear();
    sent_ = 0;
  }
  return true;
}

bool redis_stream::read_some(std::string& received) {
  std::array<char, piece_bytes> piece;
  const ssize_t count = ::recv(socket_.get(), piece.data(), piece.size(), 0);
  if (count < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return true;
    lose("lost the connection: " + reason_text(errno));
    return false;
  }
  if (count == 0) {
    lose("closed the connection");
    return false;
  }
  const std::string_view bytes(piece.data(), static_cast<std::size_t>(count));
  if (!tls_) {
    received += bytes;
    return true;
  }
  const bool going_on = tls_->receive(bytes, received);
  output_ += tls_->take_output();
  if (!going_on) lose(tls_->problem());
  return going_on;
}

stream_event redis_stream::exchange(std::string& received, deadline until) {
  // A peer that always has another byte must not get beyond the deadline.
  if (steady_clock::now() >= until) return stream_event::timed_out;
  if (sent_ == output_.size()) {
    // Of a long answer there is more in most cases, and to ask for that first is one call more.
    const std::size_t before = received.size();
    if (!read_some(received)) return stream_event::lost;
    if (received.size() != before) return stream_event::progress;
  }
  const auto wanted = static_cast<short>(sent_ < output_.size() ? POLLIN | POLLOUT : POLLIN);
  const auto found = wait_for(socket_, wanted, until);
  if (!found) return stream_event::timed_out;
  // A server that refuses may send why and close: what it sent is read before anything is written.
  if ((*found & ~POLLOUT) != 0 && !read_some(received)) return stream_event::lost;
  if ((*found & POLLOUT) != 0 && sent_ < output_.size() && !write_some()) return stream_event::lost;
  return stream_event::progress;
}

}  // namespace jobqueue::detail
