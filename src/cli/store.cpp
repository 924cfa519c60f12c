#include "cli/store.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "cli/files.hpp"

namespace jobqueue::cli {
namespace {

volatile std::sig_atomic_t stop_wanted = 0;

void want_stop(int number) {
  stop_wanted = 1;
  std::signal(number, SIG_DFL);
}

// What the option says, or the environment.
result<std::string> find_url(const std::string& option, const char* variable) {
  if (!option.empty()) return option;
  if (const char* const url = std::getenv(variable); url != nullptr && *url != 0) {
    return std::string(url);
  }
  const std::string file_variable = std::string(variable) + "_FILE";
  const char* const file = std::getenv(file_variable.c_str());
  if (file == nullptr || *file == 0) return std::string();
  auto text = read_input(file);
  if (!text) return text.problem();
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  return text;
}

bool is_set(const std::string& option, const char* variable) {
  const auto url = find_url(option, variable);
  return !url || !url->empty();
}

}  // namespace

void store_choice::add_db_to(CLI::App& app) {
  app.add_option("--db", db,
                 "Store: sqlite:PATH or postgresql://user@host:port/database; if not given, that "
                 "of JOBQUEUE_DB, or of the file that JOBQUEUE_DB_FILE names");
  app.add_option("--statement-timeout", timeout,
                 "How long one statement of the store may take (default 60s)");
}

void store_choice::add_redis_to(CLI::App& app) {
  app.add_option(
      "--redis", redis,
      "Redis with notifications and attestations: redis://host:port/0 or rediss://; if "
      "not given, that of JOBQUEUE_REDIS, or of the file that JOBQUEUE_REDIS_FILE names");
}

bool store_choice::has_db() const { return is_set(db, "JOBQUEUE_DB"); }
bool store_choice::has_redis() const { return is_set(redis, "JOBQUEUE_REDIS"); }

result<std::string> store_choice::db_url() const { return find_url(db, "JOBQUEUE_DB"); }
result<std::string> store_choice::redis_url() const { return find_url(redis, "JOBQUEUE_REDIS"); }

result<std::unique_ptr<job_store>> store_choice::open(bool create) const {
  const auto url = db_url();
  if (!url) return url.problem();
  if (url->empty()) {
    return error{errc::invalid_argument, no_offset,
                 "which store? Give --db sqlite:PATH or --db postgresql://..., or set JOBQUEUE_DB"};
  }
  const auto limit = parse_duration(timeout);
  if (!limit) return limit.problem();
  store_options options;
  options.create = create;
  options.statement_timeout = *limit;
  return job_store::open(*url, options);
}

result<std::unique_ptr<redis_store>> store_choice::open_redis() const {
  const auto url = redis_url();
  if (!url) return url.problem();
  return redis_store::open(*url);
}

instant present() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

result<instant> read_now(const std::string& given) {
  if (given.empty()) return present();
  return parse_instant(given);
}

result<instant> read_time(const std::string& given) {
  constexpr std::int64_t most = 253'402'300'799;  // the end of the year 9999
  std::int64_t seconds = 0;
  const char* const end = given.data() + given.size();
  const auto [rest, failed] = std::from_chars(given.data(), end, seconds);
  if (!given.empty() && failed == std::errc() && rest == end && seconds >= -most &&
      seconds <= most) {
    return instant(std::chrono::seconds(seconds));
  }
  auto when = read_now(given);
  if (when) return when;
  return error{errc::invalid_argument, no_offset,
               "a time is seconds since 1970, or written as 2026-01-05T12:00:00Z"};
}

std::string human_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string bar_words(std::uint64_t finished, std::uint64_t all, std::string_view what,
                      std::chrono::duration<double> elapsed) {
  constexpr std::size_t width = 24;
  const double part = all == 0 ? 1 : static_cast<double>(finished) / static_cast<double>(all);
  const auto full = std::min(width, static_cast<std::size_t>(part * width));
  const double rate = elapsed.count() > 0 ? static_cast<double>(finished) / elapsed.count() : 0;
  const double left = rate > 0 ? static_cast<double>(all - std::min(finished, all)) / rate : 0;
  std::array<char, 64> end{};
  std::snprintf(end.data(), end.size(), ", %.0f/s, %.0f s left", rate, left);
  std::string words = "[" + std::string(full, '#') + std::string(width - full, '.') + "] ";
  words += std::to_string(static_cast<int>(part * 100)) + " % " + human_count(finished) + " of ";
  words.append(human_count(all)).append(" ").append(what).append(end.data());
  return words;
}

void catch_stop_signals() {
  std::signal(SIGINT, want_stop);
  std::signal(SIGTERM, want_stop);
}

bool is_stop_wanted() noexcept { return stop_wanted != 0; }

void sleep_unless_stopped(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!is_stop_wanted()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    // A signal ends it early, but for one that came just before it.
    ::poll(nullptr, 0, static_cast<int>(std::min<std::int64_t>(left.count(), 500)));
  }
}

}  // namespace jobqueue::cli
