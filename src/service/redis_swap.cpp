#include "service/redis_swap.hpp"

#include <utility>

namespace jobqueue::detail {
namespace {

using kind = redis_reply::kind;

constexpr int max_tries = 3;
constexpr int max_redirects = 8;
// Up to here a value is read together with the other answers.
constexpr std::size_t small_bytes = std::size_t{1} << 20;
constexpr std::size_t overhead_bytes = std::size_t{1} << 20;

bool has_status(std::string_view key, redis_type type) {
  return find_redis_rule(key, type, {}).hold == redis_hold::status;
}

}  // namespace

void append_hold(std::vector<redis_command>& commands, std::string_view key, redis_type type,
                 const std::string& lock) {
  if (!lock.empty()) commands.push_back({"EXISTS", lock});
  if (has_status(key, type)) commands.push_back({"HGET", std::string(key), "status"});
}

redis_hold_answer take_hold(std::span<redis_reply>& answers, std::string_view key, redis_type type,
                            const std::string& lock) {
  redis_hold_answer answer;
  if (!lock.empty()) {
    answer.has_lock = answers.front().integer != 0;
    answers = answers.subspan(1);
  }
  if (has_status(key, type)) {
    answer.status = std::move(answers.front().text);
    answers = answers.subspan(1);
  }
  return answer;
}

bool redis_hold_answer::is_held(redis_hold by) const {
  switch (by) {
    case redis_hold::none: return false;
    case redis_hold::lock:
    case redis_hold::log: return has_lock;
    case redis_hold::status: return is_unfinished_status(status);
  }
  return true;
}

result<exec_outcome> read_exec(const redis_connection& connection,
                               std::span<const redis_reply> answers) {
  for (const redis_reply& answer : answers) {
    if (is_redirect(answer)) return exec_outcome::redirected;
    if (answer.is_error()) return connection.describe(answer, "a write");
  }
  const redis_reply& outcome = answers.back();
  if (outcome.of == kind::nil) return exec_outcome::aborted;
  if (outcome.of != kind::array) return connection.describe(outcome, "EXEC");
  for (const redis_reply& written : outcome.elements) {
    if (written.is_error()) return connection.describe(written, "a write");
  }
  return exec_outcome::written;
}

struct redis_swapper::reading {
  std::optional<redis_reply> redirect;
  bool is_held = false;
  bool is_there = false;
  std::string text;  // of a member of a zset its score
  std::int64_t length = 0;
};

result<redis_swapper::reading> redis_swapper::read(const redis_route& route,
                                                   const redis_value& value, redis_hold hold,
                                                   std::size_t expected_bytes) {
  const std::string lock =
      hold == redis_hold::none ? "" : lock_of(value.key, value.type, nodes_.is_cluster());
  const bool is_small = expected_bytes <= small_bytes || is_member(value.type);
  std::vector<redis_command> commands = {{"UNWATCH"}, {"WATCH", value.key}};
  if (!lock.empty()) commands.push_back({"WATCH", lock});
  const std::size_t begin = commands.size();
  if (hold != redis_hold::none) append_hold(commands, value.key, value.type, lock);
  if (value.type == redis_type::list) commands.push_back({"LLEN", value.key});
  if (is_small) commands.push_back(read_command(value));
  auto answers = send_along(route, commands, max_bytes_ + overhead_bytes);
  if (!answers) return answers.problem();
  if (!is_small) {
    if (route.asking) {
      const redis_command asking[] = {{"ASKING"}};
      if (auto asked = route.connection->pipeline(asking, overhead_bytes); !asked) {
        return asked.problem();
      }
    }
    commands.push_back(read_command(value));
    auto text = route.connection->read_text(commands.back(), max_bytes_);
    if (!text) return text.problem();
    answers->push_back(*std::move(text));
  }
  reading found;
  for (std::size_t i = 0; i < answers->size(); ++i) {
    redis_reply& answer = (*answers)[i];
    if (is_redirect(answer)) {
      found.redirect = std::move(answer);
      return found;
    }
    // It is another type now.
    if (answer.is_error() && answer.error_code() == "WRONGTYPE") return found;
    if (answer.is_error()) return route.connection->describe(answer, commands[i].front());
  }
  std::span<redis_reply> rest(*answers);
  rest = rest.subspan(begin);
  if (hold != redis_hold::none) {
    found.is_held = take_hold(rest, value.key, value.type, lock).is_held(hold);
  }
  if (value.type == redis_type::list) found.length = rest.front().integer;
  found.is_there = is_found(rest.back());
  found.text = std::move(rest.back().text);
  return found;
}

result<swap_outcome> redis_swapper::swap(redis_route& route, redis_value value, redis_hold hold,
                                         std::size_t expected_bytes, const decide& choose) {
  int redirects = 0;
  bool is_moved_in_list = false;
  const auto go_to = [&](const redis_reply& redirect) -> status {
    if (++redirects > max_redirects) return route.connection->describe(redirect, "a key");
    const auto next = nodes_.follow(redirect, route);
    if (!next) return next.problem();
    if (*next) route = **next;
    return done;
  };
  for (int tries = 0; tries < max_tries;) {
    auto found = read(route, value, hold, expected_bytes);
    if (!found) {
      if (route.connection->failure() != redis_failure::too_large) return found.problem();
      if (const status opened = route.connection->open(); !opened) return opened.problem();
      return swap_outcome::gone;
    }
    if (found->redirect) {
      if (const status gone_to = go_to(*found->redirect); !gone_to) return gone_to.problem();
      continue;
    }
    if (found->is_held) return swap_outcome::held;
    std::optional<std::string> wanted;
    if (found->is_there) {
      if (value.type == redis_type::zset) value.name = std::move(found->text);
      if (!is_member(value.type)) value.text = std::move(found->text);
      auto decided = choose(value);
      if (!decided) return decided.problem();
      wanted = *std::move(decided);
    }
    if (!wanted && value.type == redis_type::list && !is_moved_in_list) {
      // What was pushed or popped at its head has moved it.
      is_moved_in_list = true;
      const std::int64_t index = value.index + found->length - value.length;
      if (index != value.index && index >= 0 && index < found->length) {
        value.index = index;
        value.length = found->length;
        continue;
      }
    }
    if (!wanted) return found->is_there ? swap_outcome::left : swap_outcome::gone;

    std::vector<redis_command> commands;
    if (is_member(value.type)) {
      commands.push_back(find_command(value, *wanted));
      const auto answers = send_along(route, commands, overhead_bytes);
      if (!answers) return answers.problem();
      // Two members would become one.
      if (is_found(answers->front())) return swap_outcome::left;
      commands.clear();
    } else {
      value.text = {};
    }
    commands.push_back({"MULTI"});
    append_write(commands, value, *std::move(wanted));
    commands.push_back({"EXEC"});
    const auto answers = send_along(route, commands, overhead_bytes);
    if (!answers) return answers.problem();
    const auto outcome = read_exec(*route.connection, *answers);
    if (!outcome) return outcome.problem();
    if (*outcome == exec_outcome::written) return swap_outcome::written;
    if (*outcome == exec_outcome::aborted) ++tries;
    for (const redis_reply& answer : *answers) {
      if (!is_redirect(answer)) continue;
      if (const status gone_to = go_to(answer); !gone_to) return gone_to.problem();
      break;
    }
  }
  return swap_outcome::busy;
}

}  // namespace jobqueue::detail
