// One connection to an address that was checked, with TLS if wanted; every wait has a deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <jobqueue/result.hpp>

#include "net/http_url.hpp"
#include "net/resolve.hpp"

namespace jobqueue::detail {

using steady_time = std::chrono::steady_clock::time_point;

// Whom to trust, shared by all connections of a client.
class tls_trust {
 public:
  // Of the system if `ca_file` is empty.
  [[nodiscard]] static result<std::unique_ptr<tls_trust>> create(const std::string& ca_file);
  ~tls_trust();
  tls_trust(const tls_trust&) = delete;
  tls_trust& operator=(const tls_trust&) = delete;

 private:
  friend class connection;
  struct parts;
  explicit tls_trust(std::unique_ptr<parts> made);
  std::unique_ptr<parts> parts_;
};

// Problems are `network_error` and begin with the place.
class connection {
 public:
  // To the first of the addresses that answers; then TLS, if the URL is https, with a server whose
  // certificate is made out to its host. `trust` may be null for http.
  [[nodiscard]] static result<std::unique_ptr<connection>> open(
      const http_url& url, std::span<const host_address> addresses, const tls_trust* trust,
      steady_time deadline);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  // For all that follows.
  void set_deadline(steady_time deadline);
  [[nodiscard]] status write(std::string_view bytes);
  // How many bytes have arrived; 0 is the end.
  [[nodiscard]] result<std::size_t> read(std::span<char> room);

 private:
  struct parts;
  explicit connection(std::unique_ptr<parts> made);
  std::unique_ptr<parts> parts_;
};

}  // namespace jobqueue::detail
