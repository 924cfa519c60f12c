#include "store/redis_reader.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace jobqueue::detail {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using kind = redis_reply::kind;

constexpr std::size_t min_reply_bytes = std::size_t{64} << 20;
// What a reply takes besides the bytes of its texts: a full page of them.
constexpr std::size_t overhead_bytes = std::size_t{8} << 20;
// Pages grow while their answers are smaller than the first and shrink when larger than the second.
constexpr std::size_t small_page_bytes = std::size_t{4} << 20;
constexpr std::size_t large_page_bytes = std::size_t{16} << 20;
constexpr milliseconds first_pause(10);
constexpr milliseconds longest_pause(500);
constexpr std::uint64_t max_restarts = 5;

bool is_temporary(const redis_reply& reply) noexcept {
  return reply.is_error() && (reply.error_code() == "LOADING" || reply.error_code() == "BUSY");
}

// Sleeps, longer each time. False once it would be later than `until`.
bool pause_until(deadline until, milliseconds& pause) {
  if (steady_clock::now() + pause > until) return false;
  std::this_thread::sleep_for(pause);
  pause = std::min(pause * 2, longest_pause);
  return true;
}

std::string_view line_after(std::string_view text, std::string_view name) noexcept {
  const std::size_t at = text.find(name);
  if (at == text.npos) return {};
  text.remove_prefix(at + name.size());
  return text.substr(0, text.find_first_of("\r\n"));
}

bool is_cursor(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 20 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_page(const redis_reply& reply) noexcept {
  return reply.of == kind::array && reply.elements.size() == 2 &&
         reply.elements[0].of == kind::text && is_cursor(reply.elements[0].text) &&
         reply.elements[1].of == kind::array &&
         std::all_of(reply.elements[1].elements.begin(), reply.elements[1].elements.end(),
                     [](const redis_reply& one) { return one.of == kind::text; });
}

}  // namespace

redis_reader::redis_reader(redis_address address, const redis_options& options)
    : connection_(std::move(address),
                  {options.connect_timeout, options.command_timeout, options.ca_file}),
      options_(options),
      max_reply_bytes_(std::max(options.max_record_bytes, min_reply_bytes) + overhead_bytes) {}

status redis_reader::open() {
  if (status opened = connection_.open(); !opened) return opened;
  status identified = identify();
  if (!identified) connection_.close();
  return identified;
}

status redis_reader::identify() {
  const redis_command command[] = {{"INFO", "server"}};
  const auto until = steady_clock::now() + options_.command_timeout;
  milliseconds pause = first_pause;
  auto answer = connection_.pipeline(command, max_reply_bytes_);
  while (answer && is_temporary(answer->front()) && pause_until(until, pause)) {
    answer = connection_.pipeline(command, max_reply_bytes_);
  }
  if (!answer) return answer.problem();
  const redis_reply& reply = answer->front();
  // Without the permission it may be any server, also another one.
  const bool is_known = reply.of == kind::text;
  if (!is_known && reply.error_code() != "NOPERM") return connection_.describe(reply, "INFO");
  if (line_after(reply.text, "redis_mode:") == "cluster") {
    return redis_problem(connection_.address(),
                         "is a node of a cluster, which has only a part of the keys; this version "
                         "reads a single server or replica, so give it one of those");
  }
  const std::string_view run_id = is_known ? line_after(reply.text, "run_id:") : "";
  if (run_id.empty() || run_id != run_id_) ++restarts_;
  run_id_ = run_id;
  return done;
}

// A server that is being restarted refuses for a moment.
status redis_reader::reconnect() {
  const auto until = steady_clock::now() + options_.connect_timeout;
  milliseconds pause = first_pause;
  for (;;) {
    status opened = open();
    if (opened || connection_.failure() != redis_failure::lost) return opened;
    if (!pause_until(until, pause)) return opened;
  }
}

result<redis_reader::replies> redis_reader::read(std::span<const redis_command> commands) {
  const auto until = steady_clock::now() + options_.command_timeout;
  milliseconds pause = first_pause;
  bool was_lost = false;
  for (;;) {
    if (!connection_.is_open()) {
      const bool was_dropped_by_us = connection_.failure() == redis_failure::too_large;
      const std::uint64_t known_restarts = restarts_;
      if (const status again = reconnect(); !again) return again.problem();
      if (was_dropped_by_us && run_id_.empty()) restarts_ = known_restarts;
    }
    auto answers = connection_.pipeline(commands, max_reply_bytes_);
    if (!answers) {
      if (connection_.failure() != redis_failure::lost || was_lost) return answers;
      was_lost = true;
      continue;
    }
    const auto refused = std::find_if(answers->begin(), answers->end(), is_temporary);
    if (refused == answers->end()) return answers;
    if (!pause_until(until, pause)) {
      const auto at = static_cast<std::size_t>(refused - answers->begin());
      return connection_.describe(*refused, commands[at].front());
    }
  }
}

status redis_reader::check(const redis_reply& reply, kind wanted, std::string_view name) {
  if (reply.of == wanted) return done;
  return connection_.describe(reply, name);
}

status redis_reader::scan(std::string_view pattern, const take_keys& take) {
  return scan_pages(
      {"SCAN", "0", "MATCH", std::string(pattern), "COUNT", std::to_string(options_.page)}, 1,
      take);
}

result<bool> redis_reader::scan_set(const std::string& key, const take_keys& take) {
  const redis_command question[] = {{"TYPE", key}};
  const auto answer = read(question);
  if (!answer) return answer.problem();
  if (const status known = check(answer->front(), kind::status, "TYPE"); !known) {
    return known.problem();
  }
  const std::string& type = answer->front().text;
  if (type != "set") {
    if (type != "none") ++skipped_.wrong_type;
    return false;
  }
  const status scanned =
      scan_pages({"SSCAN", key, "0", "COUNT", std::to_string(options_.page)}, 2, take);
  if (!scanned) return scanned.problem();
  return true;
}

status redis_reader::scan_pages(redis_command command, std::size_t cursor_word,
                                const take_keys& take) {
  std::uint64_t known_restarts = restarts_;
  const std::uint64_t last_restart = restarts_ + max_restarts;
  std::vector<std::string> keys;
  for (;;) {
    auto answer = read({&command, 1});
    if (!answer) return answer.problem();
    redis_reply& page = answer->front();
    if (!is_page(page)) return connection_.describe(page, command.front());
    command[cursor_word] = std::move(page.elements[0].text);
    keys.clear();
    for (redis_reply& key : page.elements[1].elements) keys.push_back(std::move(key.text));
    answer->clear();
    if (!keys.empty()) {
      if (status taken = take(keys); !taken) return taken;
    }
    // Cursors of a server that is gone mean nothing to the one in its place.
    if (restarts_ != known_restarts) {
      if (restarts_ > last_restart) {
        return redis_problem(connection_.address(),
                             "was restarted again and again while it was read; try again once it "
                             "is stable");
      }
      known_restarts = restarts_;
      command[cursor_word] = "0";
      continue;
    }
    if (command[cursor_word] == "0") return done;
  }
}

status redis_reader::read_each(std::size_t count, const make_command& make,
                               const std::function<std::size_t(std::size_t)>& expected_bytes,
                               const take_replies& take, const take_alone& too_large) {
  std::vector<redis_command> commands;
  std::size_t first = 0;
  while (first < count) {
    commands.clear();
    std::size_t bytes = 0;
    while (first + commands.size() < count && commands.size() < depth_) {
      bytes += expected_bytes(first + commands.size());
      if (!commands.empty() && bytes > large_page_bytes) break;
      commands.push_back(make(first + commands.size()));
    }
    auto answers = read(commands);
    if (!answers && connection_.failure() != redis_failure::too_large) return answers.problem();
    if (!answers && commands.size() > 1) {
      depth_ = commands.size() / 2;
      continue;
    }
    status taken = answers ? take(first, *answers) : too_large(first);
    if (!taken) return taken;
    first += commands.size();
    if (answers && connection_.reply_bytes() < small_page_bytes) {
      depth_ = std::min(depth_ * 2, options_.page);
    } else if (connection_.reply_bytes() > large_page_bytes) {
      depth_ = std::max(depth_ / 2, std::size_t{1});
    }
  }
  return done;
}

status redis_reader::read_strings(std::span<const std::string> keys, const take_values& take) {
  const auto no_size = [](std::size_t) { return std::size_t{0}; };
  struct sized_key {
    const std::string* key;
    std::size_t bytes;
  };
  std::vector<sized_key> wanted;
  status measured = read_each(
      keys.size(),
      [&](std::size_t i) {
        return redis_command{"STRLEN", keys[i]};
      },
      no_size,
      [&](std::size_t first, std::span<redis_reply> sizes) -> status {
        for (std::size_t i = 0; i < sizes.size(); ++i) {
          if (sizes[i].error_code() == "WRONGTYPE") {
            ++skipped_.wrong_type;
            continue;
          }
          if (status ok = check(sizes[i], kind::integer, "STRLEN"); !ok) return ok;
          const auto bytes = static_cast<std::size_t>(std::max<std::int64_t>(sizes[i].integer, 0));
          if (bytes > options_.max_record_bytes) {
            ++skipped_.too_large;
          } else if (bytes > 0) {  // what has expired has no length either
            wanted.push_back({&keys[first + i], bytes});
          }
        }
        return done;
      },
      [](std::size_t) { return status(done); });
  if (!measured) return measured;

  std::vector<redis_attestation> page;
  return read_each(
      wanted.size(),
      [&](std::size_t i) {
        return redis_command{"GET", *wanted[i].key};
      },
      [&](std::size_t i) { return wanted[i].bytes; },
      [&](std::size_t first, std::span<redis_reply> values) -> status {
        page.clear();
        for (std::size_t i = 0; i < values.size(); ++i) {
          redis_reply& value = values[i];
          if (value.of == kind::nil) continue;  // expired
          if (value.error_code() == "WRONGTYPE") {
            ++skipped_.wrong_type;
            continue;
          }
          if (status ok = check(value, kind::text, "GET"); !ok) return ok;
          if (value.text.size() > options_.max_record_bytes) {
            ++skipped_.too_large;
            continue;
          }
          page.push_back({*wanted[first + i].key, std::move(value.text)});
        }
        return page.empty() ? status(done) : take(page);
      },
      [&](std::size_t) {  // it has grown since it was measured
        ++skipped_.too_large;
        return status(done);
      });
}

status redis_reader::read_lists(std::span<const std::string> keys, std::size_t count,
                                const take_elements& take) {
  const std::string last = std::to_string(count - 1);
  std::vector<element> page;
  return read_each(
      keys.size(),
      [&](std::size_t i) {
        return redis_command{"LRANGE", keys[i], "0", last};
      },
      [](std::size_t) { return std::size_t{0}; },
      [&](std::size_t first, std::span<redis_reply> lists) -> status {
        page.clear();
        for (std::size_t i = 0; i < lists.size(); ++i) {
          if (lists[i].error_code() == "WRONGTYPE") {
            ++skipped_.wrong_type;
            continue;
          }
          if (status ok = check(lists[i], kind::array, "LRANGE"); !ok) return ok;
          for (redis_reply& one : lists[i].elements) {
            if (status ok = check(one, kind::text, "LRANGE"); !ok) return ok;
            if (one.text.size() > options_.max_record_bytes) {
              ++skipped_.too_large;
            } else {
              page.push_back({keys[first + i], std::move(one.text)});
            }
          }
        }
        return page.empty() ? status(done) : take(page);
      },
      [&](std::size_t i) { return read_elements(keys[i], count, take); });
}

// One by one, for a list whose elements together are too large. What a writer pushes meanwhile
// moves the others back: one may come twice, none is left out.
status redis_reader::read_elements(const std::string& key, std::size_t count,
                                   const take_elements& take) {
  for (std::size_t i = 0; i < count; ++i) {
    const redis_command command[] = {{"LINDEX", key, std::to_string(i)}};
    auto answers = read(command);
    if (!answers && connection_.failure() != redis_failure::too_large) return answers.problem();
    if (!answers || answers->front().text.size() > options_.max_record_bytes) {
      ++skipped_.too_large;
      continue;
    }
    redis_reply& value = answers->front();
    if (value.of == kind::nil) break;
    if (status ok = check(value, kind::text, "LINDEX"); !ok) return ok;
    element one[] = {{key, std::move(value.text)}};
    if (status taken = take(one); !taken) return taken;
  }
  return done;
}

}  // namespace jobqueue::detail
