// The cleaner is killed at random points, resumed, and at last undone. The model: each value is the
// old or the cleaned one, and nothing else changes; in the end all are cleaned, and then all are as
// they were.
#include <jobqueue/service/redis_cleaner.hpp>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <iostream>
#include <random>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <jobqueue/vault.hpp>

#include "support/random_documents.hpp"
#include "support/redis_cluster.hpp"
#include "support/redis_samples.hpp"
#include "support/redis_server.hpp"

namespace jobqueue {
namespace {

using test::store_state;

constexpr std::size_t kills = 200;
constexpr std::size_t samples = 12;
constexpr std::uint64_t least_delay_us = 20'000;

class killed_cleaner {
 public:
  killed_cleaner(std::string url, std::function<store_state()> state)
      : url_(std::move(url)), state_(std::move(state)), before_(state_()) {}

  // A process that cleans, until the signal or its end. Whether it came to its end.
  [[nodiscard]] bool run_and_kill(const std::filesystem::path& folder, bool has_vault,
                                  std::chrono::microseconds delay) const {
    const pid_t process = ::fork();
    if (process == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::_exit(clean(folder, has_vault) ? 0 : 1);
    }
    std::this_thread::sleep_for(delay);
    ::kill(process, SIGKILL);
    int ended = 0;
    ::waitpid(process, &ended, 0);
    EXPECT_FALSE(WIFEXITED(ended) && WEXITSTATUS(ended) != 0) << "it failed by itself";
    return WIFEXITED(ended);
  }

  void run(std::uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::size_t killed = 0;
    std::size_t in_between = 0;
    // Adapts to how long a process takes before it writes.
    std::uint64_t most_delay_us = 2 * least_delay_us;
    for (int round = 0; killed < kills && !testing::Test::HasFailure(); ++round) {
      const bool has_vault = round % 4 == 3;
      const test::temporary_folder folder;
      const auto vault = open_directory_vault(folder.path() / "vault", {.create = true}).value();
      const store_state after = test::clean_state(before_, has_vault ? vault.get() : nullptr);
      std::size_t known = 0;
      for (bool ended = false; !ended && !testing::Test::HasFailure();) {
        const std::chrono::microseconds delay(random() % most_delay_us);
        ended = run_and_kill(folder.path(), has_vault, delay);
        if (!ended) ++killed;
        const std::size_t cleaned = test::expect_old_or_clean(state_(), before_, after);
        EXPECT_GE(cleaned, known) << "what was cleaned has come back";
        if (cleaned > known && !ended) ++in_between;
        most_delay_us = cleaned > known ? std::max(least_delay_us, most_delay_us * 7 / 8)
                                        : most_delay_us * 9 / 8;
        known = cleaned;
      }
      store_state wanted = after;
      test::sort_members(wanted);
      EXPECT_TRUE(state_() == wanted) << "not all is cleaned";
      const auto journal =
          clean_journal::open(folder.path() / "journal", redis_store_name(url_).value()).value();
      const undo_report undone = undo_redis(url_, {}, *journal, vault.get()).value();
      EXPECT_EQ(undone.restored, samples * 11);
      EXPECT_EQ(undone.skipped, 0U);
      EXPECT_TRUE(state_() == before_) << "not all is back";
    }
    EXPECT_GE(killed, kills);
    EXPECT_GE(in_between, kills / 10) << "most were killed before they wrote anything";
    std::cout << killed << " kills, " << in_between << " between writes\n";
  }

 private:
  [[nodiscard]] bool clean(const std::filesystem::path& folder, bool has_vault) const {
    const auto path = folder / "journal";
    const std::string name = redis_store_name(url_).value();
    // Killed before the journal had its header, nothing has been written either.
    std::error_code ignored;
    const bool is_new = std::filesystem::file_size(path, ignored) == 0 || ignored;
    if (is_new) std::filesystem::remove(path, ignored);
    auto journal = is_new ? clean_journal::create(path, name) : clean_journal::open(path, name);
    if (!journal) {
      std::cerr << journal.problem().message << '\n';
      return false;
    }
    const auto vault = open_directory_vault(folder / "vault");
    clean_options options;
    options.journal = journal->get();
    if (has_vault) options.vault = vault.value().get();
    options.batch = 6;
    const auto report = clean_redis(url_, {}, {}, options);
    if (!report) std::cerr << report.problem().message << '\n';
    return report.has_value();
  }

  std::string url_;
  std::function<store_state()> state_;
  store_state before_;
};

TEST(redis_cleaner_kills, one_server) {
  const test::redis_server server;
  server.run(test::sample_commands(samples));
  killed_cleaner cleaner(server.url(), [&] {
    return test::read_state([&](const auto& commands) { return server.run(commands); });
  });
  cleaner.run(test::seed_from_environment());
}

TEST(redis_cleaner_kills, a_cluster) {
  const test::redis_cluster cluster;
  cluster.run(test::sample_commands(samples));
  killed_cleaner cleaner(cluster.url(), [&] { return cluster.state(); });
  cleaner.run(test::seed_from_environment());
}

}  // namespace
}  // namespace jobqueue
