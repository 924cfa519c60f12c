// URLs that may be asked: http and https, and a host of which all programs think the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <jobqueue/net/address_policy.hpp>
#include <jobqueue/result.hpp>

namespace jobqueue::detail {

inline constexpr std::size_t max_url_bytes = std::size_t{8} << 10;

struct http_url {
  bool is_tls = false;
  std::string host;                      // in lower case, an address of IPv6 without brackets
  std::optional<address_block> address;  // if the host is one
  std::uint16_t port = 80;
  std::string target;  // path and query, never empty
  std::string text;    // all of it, without a fragment

  [[nodiscard]] bool has_origin_of(const http_url& other) const noexcept {
    return is_tls == other.is_tls && port == other.port && host == other.host;
  }
  // "host:port" as messages say it, which have no path and no query: secrets may be there.
  [[nodiscard]] std::string place() const;
  // The value of Host: without the usual port.
  [[nodiscard]] std::string host_header() const;
};

// `address_forbidden` for another scheme, and for a host that is a number but no canonical address
// (2130706433, 0x7f.1, 010.0.0.1), which programs read differently; `invalid_argument` for all else
// that is no URL, and for a user or password in it. What browsers encode in a path or a query
// (spaces, brackets, UTF-8) is encoded.
[[nodiscard]] result<http_url> parse_http_url(std::string_view text);
// The URL that a Location header of the answer from `base` means.
[[nodiscard]] result<http_url> resolve_http_url(const http_url& base, std::string_view location);

}  // namespace jobqueue::detail
