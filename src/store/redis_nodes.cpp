#include "store/redis_nodes.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace jobqueue::detail {
namespace {

using kind = redis_reply::kind;

constexpr std::size_t max_map_bytes = std::size_t{16} << 20;

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (problem != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

bool is_redirect(const redis_reply& answer) noexcept {
  return answer.is_error() && (answer.error_code() == "MOVED" || answer.error_code() == "ASK");
}

redis_nodes::redis_nodes(redis_address first, const redis_options& options)
    : first_(std::move(first)),
      settings_{options.connect_timeout, options.command_timeout, options.ca_file} {}

status redis_nodes::open() {
  primaries_ = {first_.name()};
  const auto refreshed = refresh();
  return refreshed ? status(done) : refreshed.problem();
}

result<bool> redis_nodes::refresh() {
  const std::string known = map_;
  error problem{errc::store_error, no_offset, "the cluster has no primaries"};
  const std::vector<std::string> names = primaries_;
  for (const std::string& name : names) {
    const auto route = route_to(name);
    if (!route) {
      problem = route.problem();
      continue;
    }
    const redis_command command[] = {{"CLUSTER", "SLOTS"}};
    const auto answers = route->connection->pipeline(command, max_map_bytes);
    if (!answers) {
      problem = answers.problem();
      continue;
    }
    const redis_reply& slots = answers->front();
    // A server without a cluster says that in words that differ; one that does not let this user
    // ask will say MOVED if it is part of a cluster.
    if (known.empty() && slots.is_error() &&
        (slots.error_code() == "ERR" || slots.error_code() == "NOPERM")) {
      return false;
    }
    if (slots.of != kind::array) {
      problem = route->connection->describe(slots, "CLUSTER SLOTS");
      continue;
    }
    if (status read = read_slots(slots, route->connection->address()); !read) {
      return read.problem();
    }
    return map_ != known;
  }
  return problem;
}

status redis_nodes::read_slots(const redis_reply& slots, const redis_address& from) {
  std::vector<std::string> ranges;
  std::vector<std::string> primaries;
  for (const redis_reply& range : slots.elements) {
    const auto& parts = range.elements;
    if (parts.size() < 3 || parts[2].elements.size() < 2 || parts[2].elements[1].integer <= 0 ||
        parts[2].elements[1].integer > 65535) {
      return redis_problem(from, "gives a map of its cluster that cannot be read");
    }
    redis_address node = from;
    // A node that does not know its own name leaves it out.
    if (const std::string& host = parts[2].elements[0].text; !host.empty() && host != "?") {
      node.host = host;
    }
    node.port = static_cast<std::uint16_t>(parts[2].elements[1].integer);
    primaries.push_back(node.name());
    ranges.push_back(std::to_string(parts[0].integer) + "-" + std::to_string(parts[1].integer) +
                     " " + primaries.back() + ";");
  }
  if (ranges.empty()) {
    return redis_problem(from, "is a node of a cluster in which no slots are assigned yet");
  }
  std::sort(ranges.begin(), ranges.end());
  std::sort(primaries.begin(), primaries.end());
  primaries.erase(std::unique(primaries.begin(), primaries.end()), primaries.end());
  primaries_ = std::move(primaries);
  map_.clear();
  for (const std::string& range : ranges) map_ += range;
  return done;
}

result<redis_route> redis_nodes::route_to(const std::string& name) {
  auto& connection = connections_[name];
  if (!connection) {
    const std::size_t colon = name.rfind(':');
    const auto port = read_port(std::string_view(name).substr(colon + 1));
    redis_address address = first_;
    address.host = name.substr(0, colon);
    if (address.host.starts_with('[')) address.host = address.host.substr(1, colon - 2);
    const bool is_host = std::all_of(address.host.begin(), address.host.end(),
                                     [](char c) { return c > ' ' && c < 0x7F; });
    if (!port || address.host.empty() || !is_host) {
      return redis_problem(first_, "names a node of its cluster that cannot be read");
    }
    address.port = *port;
    connection = std::make_unique<redis_connection>(address, settings_);
  }
  if (!connection->is_open()) {
    if (const status opened = connection->open(); !opened) return opened.problem();
  }
  return redis_route{connection.get(), false};
}

result<std::optional<redis_route>> redis_nodes::follow(const redis_reply& answer,
                                                       const redis_route& from) {
  if (!is_redirect(answer)) return std::optional<redis_route>();
  // "MOVED 3999 127.0.0.1:6381", where the host may be missing if it is the same.
  std::string name = answer.text.substr(answer.text.rfind(' ') + 1);
  if (name.starts_with(':')) {
    redis_address same = from.connection->address();
    same.port = read_port(name.substr(1)).value_or(same.port);
    name = same.name();
  } else if (const std::size_t colon = name.rfind(':');
             colon != name.npos && name.find(':') < colon && !name.starts_with('[')) {
    name = "[" + name.substr(0, colon) + "]" + name.substr(colon);
  }
  const auto route = route_to(name);
  if (!route) return route.problem();
  return std::optional<redis_route>({route->connection, answer.error_code() == "ASK"});
}

result<std::vector<redis_reply>> send_along(const redis_route& route,
                                            std::span<const redis_command> commands,
                                            std::size_t max_bytes) {
  if (!route.asking) return route.connection->pipeline(commands, max_bytes);
  // What ASKING begins with MULTI lasts until its EXEC.
  std::vector<redis_command> asking;
  std::vector<bool> wanted;
  bool in_multi = false;
  for (const redis_command& command : commands) {
    if (!in_multi) {
      asking.push_back({"ASKING"});
      wanted.push_back(false);
    }
    in_multi = command.front() == "MULTI" || (in_multi && command.front() != "EXEC");
    asking.push_back(command);
    wanted.push_back(true);
  }
  auto answers = route.connection->pipeline(asking, max_bytes);
  if (!answers) return answers.problem();
  std::vector<redis_reply> kept;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i]) kept.push_back(std::move((*answers)[i]));
  }
  return kept;
}

}  // namespace jobqueue::detail
