// Where a Redis is and who we are there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <jobqueue/result.hpp>

namespace jobqueue::detail {

struct redis_address {
  std::string host = {};  // without brackets
  std::uint16_t port = 6379;
  std::string user = {};  // empty: the default user
  std::string password = {};
  std::uint32_t database = 0;
  bool tls = false;

  // "host:port" as messages say it, with brackets around an IPv6 address.
  [[nodiscard]] std::string name() const;
};

// A `store_error` that says which server it is about.
[[nodiscard]] error redis_problem(const redis_address& address, std::string_view sentence);

// Reads redis://[user[:password]@]host[:port][/database] and rediss://. `invalid_argument`, whose
// message has nothing of the text in it, because a password may be anywhere in a malformed one.
[[nodiscard]] result<redis_address> parse_redis_url(std::string_view url);

}  // namespace jobqueue::detail
