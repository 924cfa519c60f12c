// The primaries that a URL leads to: all of a cluster, or one server. A connection to each.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/result.hpp>
#include <jobqueue/store/redis.hpp>
#include "store/redis_connection.hpp"

namespace jobqueue::detail {

// Where commands about a key go.
struct redis_route {
  redis_connection* connection = nullptr;
  bool asking = false;  // The key is being moved there: each command outside MULTI says ASKING.
};

class redis_nodes {
 public:
  redis_nodes(redis_address first, const redis_options& options);

  // Connects, and finds out whether it is a cluster.
  [[nodiscard]] status open();
  [[nodiscard]] bool is_cluster() const noexcept { return !map_.empty(); }
  // "host:port" of each primary.
  [[nodiscard]] const std::vector<std::string>& primaries() const noexcept { return primaries_; }
  // Asks the cluster again who has which slots; whether that has changed.
  [[nodiscard]] result<bool> refresh();
  // The open connection to a node.
  [[nodiscard]] result<redis_route> route_to(const std::string& name);
  // Where an answer that is MOVED or ASK says that the key is; nothing for any other answer.
  [[nodiscard]] result<std::optional<redis_route>> follow(const redis_reply& answer,
                                                          const redis_route& from);

 private:
  [[nodiscard]] status read_slots(const redis_reply& slots, const redis_address& from);

  redis_address first_;
  redis_connection::options settings_;
  std::map<std::string, std::unique_ptr<redis_connection>, std::less<>> connections_;
  std::vector<std::string> primaries_;
  std::string map_;  // slots and their primaries, as a text to compare
};

[[nodiscard]] bool is_redirect(const redis_reply& answer) noexcept;

// Pipelines commands along a route.
[[nodiscard]] result<std::vector<redis_reply>> send_along(const redis_route& route,
                                                          std::span<const redis_command> commands,
                                                          std::size_t max_bytes);

}  // namespace jobqueue::detail
