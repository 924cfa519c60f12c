// What the subcommands that use stores share.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <jobqueue/store/job_store.hpp>
#include <jobqueue/store/redis.hpp>

#include "cli/command.hpp"

namespace jobqueue::cli {

// Where the stores are: an option, else the environment (JOBQUEUE_DB, JOBQUEUE_REDIS), else the
// file that the environment names (JOBQUEUE_DB_FILE, JOBQUEUE_REDIS_FILE), which keeps a password
// out of both.
struct store_choice {
  std::string db;
  std::string redis;
  std::string timeout = "60s";

  void add_db_to(CLI::App& app);
  void add_redis_to(CLI::App& app);
  [[nodiscard]] bool has_db() const;
  [[nodiscard]] bool has_redis() const;
  [[nodiscard]] result<std::string> db_url() const;
  [[nodiscard]] result<std::string> redis_url() const;
  // `create`: make the file of an SQLite store if there is none.
  [[nodiscard]] result<std::unique_ptr<job_store>> open(bool create = false) const;
  [[nodiscard]] result<std::unique_ptr<redis_store>> open_redis() const;
};

[[nodiscard]] instant present();
// The instant that is given, or the present.
[[nodiscard]] result<instant> read_now(const std::string& given);
// The same, also as seconds since 1970.
[[nodiscard]] result<instant> read_time(const std::string& given);

// "[######......] 50 % 1,000 of 2,000 jobs, 500/s, 2 s left".
[[nodiscard]] std::string bar_words(std::uint64_t finished, std::uint64_t all,
                                    std::string_view what, std::chrono::duration<double> elapsed);

// 1234567 as "1,234,567".
[[nodiscard]] std::string human_count(std::uint64_t count);

// SIGINT and SIGTERM ask for an end instead of making one; a second one makes it.
void catch_stop_signals();
[[nodiscard]] bool is_stop_wanted() noexcept;
// Sleeps, or wakes up at once when a stop is wanted.
void sleep_unless_stopped(std::chrono::milliseconds time);

}  // namespace jobqueue::cli
