// Names to addresses, with a time limit.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <jobqueue/net/address_policy.hpp>
#include <jobqueue/result.hpp>

namespace jobqueue::detail {

struct host_address {
  address_block address;
  std::uint32_t scope = 0;  // of a link-local address
};

// All addresses of a name, in the order in which they are to be tried; at least one. The system's
// resolver cannot be interrupted, so that it runs on a thread of its own, which a call that is late
// leaves behind; of these there is a bounded number. `network_error`.
[[nodiscard]] result<std::vector<host_address>> resolve_host(
    const std::string& name, std::chrono::steady_clock::time_point deadline);

}  // namespace jobqueue::detail
