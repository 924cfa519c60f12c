// jobqueue - client: one HTTP/1.1 client with TLS, an address policy and limits for everything.
//
//   #include <iostream>
//   #include <jobqueue/net/client.hpp>
//
//   int main() {
//     const jobqueue::http_client client;
//     const auto answer = client.send({.url = "http://127.0.0.1/latest/meta-data"});
//     if (!answer) std::cout << error_name(answer.problem().code);
//   }
//
// prints "ADDRESS_FORBIDDEN". No packet has left.
//
// A name is resolved once for each connection, every address of it is checked, and the connection
// is made to an address that was checked; a name with one forbidden address is forbidden. There is
// no proxy, no cookie, no cache, no compression, and no connection is kept.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqueue/net/address_policy.hpp>
#include <jobqueue/result.hpp>

namespace jobqueue {
namespace detail {
struct http_client_parts;
}  // namespace detail
inline namespace v1 {

using http_header = std::pair<std::string, std::string>;  ///< Name and value.

struct http_request {
  std::string method = "GET";
  std::string url = {};  ///< http or https, at most 8 KiB.
  /// Besides Host, User-Agent, Content-Length, Connection, which the client sets.
  std::vector<http_header> headers = {};
  std::string body = {};
  /// No more of the body is read than this, nor more than the client's options say.
  std::size_t max_body_bytes = SIZE_MAX;
  /// A connection that breaks within the body, or is too slow, cuts it, which is no error.
  bool accepts_partial_body = false;
};

struct http_response {
  unsigned status = 0;
  std::vector<http_header> headers;  ///< In their order; repeated ones are kept.
  std::string body;                  ///< At most `max_body_bytes`.
  bool is_body_cut = false;          ///< There is more of it, or it is not known.
  std::string url;                   ///< Of the last request, after redirects; no fragment.
  std::size_t redirects = 0;         ///< That were followed.
  /// The value of the last header of that name, in any case; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

struct http_client_options {
  address_policy policy;
  std::chrono::milliseconds resolve_timeout{5'000};
  std::chrono::milliseconds connect_timeout{10'000};     ///< With TLS.
  std::chrono::milliseconds total_timeout{30'000};       ///< For all, redirects and body too.
  std::size_t max_header_bytes = std::size_t{64} << 10;  ///< Besides, there are at most 256.
  /// What is behind is not read: the answer is cut, which is no error.
  std::size_t max_body_bytes = std::size_t{1} << 20;
  /// Redirects that are followed, each checked like the first URL; 0: they are answers. To another
  /// origin go Accept, Accept-Encoding, Accept-Language, Cache-Control, Content-Type, Range,
  /// If-None-Match and If-Modified-Since, and no other header, which may be a secret.
  std::size_t max_redirects = 0;
  /// PEM file of the authorities that may have signed a server's certificate; empty: the system's.
  std::string ca_file;
  std::string user_agent = "jobqueue";
};

/// Thread-safe; `send` blocks its thread.
class http_client {
 public:
  explicit http_client(http_client_options options = {});
  http_client(http_client&&) noexcept;
  http_client& operator=(http_client&&) noexcept;
  ~http_client();

  /// Sends and waits for the answer, whatever its status. `invalid_argument` for a URL, method or
  /// header that is none, and for a URL with a user or password; `address_forbidden` for another
  /// scheme, for a host that is a number but no canonical address (2130706433, 0x7f.1), and for an
  /// address or port that the policy forbids, also behind a redirect; `network_error` for the rest:
  /// the message says whether the name, the connection, TLS, the time or a limit was it. Messages
  /// name the host and the port, never the path or the query.
  [[nodiscard]] result<http_response> send(const http_request& request) const;

 private:
  std::unique_ptr<detail::http_client_parts> parts_;
};

}  // namespace v1
}  // namespace jobqueue
