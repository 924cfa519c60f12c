// What a Redis does to the cleaner: it refuses, goes away, and comes back. Each time the error says
// so, nothing is lost, and the next run ends what was begun.
#include <jobqueue/service/redis_cleaner.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/redis_samples.hpp"
#include "support/redis_server.hpp"

namespace jobqueue {
namespace {

using namespace std::chrono_literals;
using detail::redis_command;
using test::clean_state;
using test::redis_server;
using test::store_state;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t keys = 60;
constexpr std::size_t values = keys * 11;

class redis_cleaner_failures : public testing::Test {
 protected:
  [[nodiscard]] store_state state() const {
    return test::read_state([this](const auto& commands) { return server_.run(commands); });
  }
  void fill() {
    server_.run(test::sample_commands(keys));
    before_ = state();
    wanted_ = clean_state(before_);
    test::sort_members(wanted_);
  }
  // As a new process would; the journal goes on.
  result<clean_report> clean(const std::function<void()>& in_the_middle = {},
                             const std::string& url = {}) {
    const auto path = folder_.path() / "journal";
    const auto journal = std::filesystem::exists(path)
                             ? clean_journal::open(path, "store").value()
                             : clean_journal::create(path, "store").value();
    clean_options options;
    options.journal = journal.get();
    options.batch = 20;
    int calls = 0;
    options.observe = [&](const clean_progress&) {
      if (++calls == 5 && in_the_middle) in_the_middle();
      return true;
    };
    redis_options redis;
    redis.connect_timeout = 2s;
    return clean_redis(url.empty() ? server_.url() : url, redis, {}, options);
  }
  void expect_failure(const result<clean_report>& answer, const std::string& what) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.problem().code, errc::store_error);
    EXPECT_THAT(answer.problem().message, HasSubstr(what));
    EXPECT_THAT(answer.problem().message, HasSubstr(server_.name()));
    EXPECT_THAT(answer.problem().message, Not(HasSubstr("secret")));
  }
  // Between nothing and all is done, and the next run does the rest.
  void expect_resumable(bool has_begun = true) {
    const std::size_t cleaned = test::expect_old_or_clean(state(), before_, unsorted_wanted());
    EXPECT_LT(cleaned, values);
    EXPECT_EQ(cleaned > 0, has_begun);
    const auto report = clean();
    ASSERT_TRUE(report) << report.problem().message;
    EXPECT_EQ(report->totals.values_changed, values - cleaned);
    EXPECT_TRUE(state() == wanted_);
    const auto journal = clean_journal::open(folder_.path() / "journal", "store").value();
    const undo_report undone = undo_redis(server_.url(), {}, *journal, nullptr).value();
    EXPECT_EQ(undone.restored, values);
    EXPECT_EQ(undone.skipped, 0U);
    EXPECT_TRUE(state() == before_);
  }
  [[nodiscard]] store_state unsorted_wanted() const { return clean_state(before_); }

  void wait_until_loaded() {
    const redis_command size[] = {{"DBSIZE"}};
    for (int i = 0; i < 1000; ++i) {
      const auto answers = server_.connection().pipeline(size, 1 << 16);
      if (answers && !answers->front().is_error()) return;
      std::this_thread::sleep_for(10ms);
    }
    FAIL() << "the server loads for too long";
  }

  // It takes its time to load.
  redis_server server_{redis_server::settings{
      {"--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"}}};
  test::temporary_folder folder_;
  store_state before_;
  store_state wanted_;
};

TEST_F(redis_cleaner_failures, a_killed_connection_ends_it) {
  fill();
  expect_failure(clean([&] {
                   server_.run(redis_command{"CLIENT", "KILL", "TYPE", "normal"});
                 }),
                 "connection");
  expect_resumable();
}

TEST_F(redis_cleaner_failures, a_restarted_server_ends_it) {
  fill();
  expect_failure(clean([&] {
                   server_.run(redis_command{"SAVE"});
                   server_.stop();
                   server_.start();
                   EXPECT_TRUE(server_.answers());
                 }),
                 "connection");
  wait_until_loaded();
  expect_resumable();
}

TEST_F(redis_cleaner_failures, a_server_that_is_gone_ends_it) {
  fill();
  const auto answer = clean([&] {
    server_.run(redis_command{"SAVE"});
    server_.stop();
  });
  expect_failure(answer, "connection");
  expect_failure(clean(), "");
  server_.start();
  ASSERT_TRUE(server_.answers());
  wait_until_loaded();
  expect_resumable();
}

TEST_F(redis_cleaner_failures, a_replica_takes_no_writes) {
  fill();
  redis_server replica;
  replica.run(redis_command{"REPLICAOF", "127.0.0.1", std::to_string(server_.port())});
  const auto is_ready = [&] {
    const std::string info = replica.run(redis_command{"INFO", "replication"}).text;
    return info.find("master_link_status:up") != std::string::npos;
  };
  for (int i = 0; i < 500 && !is_ready(); ++i) std::this_thread::sleep_for(20ms);
  ASSERT_TRUE(is_ready());
  const auto answer = clean({}, replica.url());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.problem().code, errc::store_error);
  EXPECT_THAT(answer.problem().message, HasSubstr("READONLY"));
  EXPECT_THAT(answer.problem().message, HasSubstr("primary"));
  EXPECT_TRUE(state() == before_);

  // A server may become one in the middle.
  expect_failure(clean([&] {
                   server_.run(redis_command{"REPLICAOF", "127.0.0.1", "1"});
                   server_.run(redis_command{"CONFIG", "SET", "replica-serve-stale-data", "yes"});
                 }),
                 "READONLY");
  server_.run(redis_command{"REPLICAOF", "NO", "ONE"});
  expect_resumable();
}

TEST_F(redis_cleaner_failures, a_full_server_refuses) {
  fill();
  expect_failure(clean([&] {
                   server_.run({{"CONFIG", "SET", "maxmemory-policy", "noeviction"},
                                {"CONFIG", "SET", "maxmemory", "1"}});
                 }),
                 "OOM");
  server_.run(redis_command{"CONFIG", "SET", "maxmemory", "0"});
  expect_resumable();
}

TEST_F(redis_cleaner_failures, a_user_without_permission_is_told) {
  fill();
  server_.run({{"ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@read", "+watch", "+unwatch",
                "+multi", "+exec", "+select"},
               {"ACL", "SETUSER", "blind", "on", ">secret", "~job:*", "+@all"},
               {"ACL", "SETUSER", "least", "on", ">secret", "~*", "+@read", "+@write", "+watch",
                "+unwatch", "+multi", "+exec", "-memory"}});
  const auto url_of = [&](const std::string& user) {
    return "redis://" + user + ":secret@" + server_.name();
  };
  expect_failure(clean({}, url_of("reader")), "NOPERM");
  EXPECT_TRUE(state() == before_);
  expect_failure(clean({}, url_of("blind")), "NOPERM");
  EXPECT_TRUE(state() == before_);
  expect_failure(clean({}, "redis://reader:wrong@" + server_.name()), "WRONGPASS");
  // What is only measured need not be allowed.
  const auto report = clean({}, url_of("least"));
  ASSERT_TRUE(report) << report.problem().message;
  EXPECT_EQ(report->totals.values_changed, values);
  EXPECT_EQ(report->sampled_keys, 0U);
  EXPECT_TRUE(state() == wanted_);
}

TEST_F(redis_cleaner_failures, a_loading_server_says_so) {
  fill();
  server_.run(redis_command{"SAVE"});
  server_.stop();
  server_.start();
  ASSERT_TRUE(server_.answers());
  expect_failure(clean(), "LOADING");
  wait_until_loaded();
  expect_resumable(false);
}

// Keys that vanish between two looks at them are not made again.
TEST_F(redis_cleaner_failures, what_is_gone_stays_gone) {
  fill();
  const auto report = clean([&] {
    std::vector<redis_command> commands;
    for (const auto& [key, one] : before_) commands.push_back({"PEXPIRE", key, "1"});
    server_.run(commands);
    std::this_thread::sleep_for(10ms);
  });
  ASSERT_TRUE(report) << report.problem().message;
  EXPECT_TRUE(state().empty());
}

// With WATCH on the key, each change of another field costs a try.
TEST_F(redis_cleaner_failures, a_value_that_always_changes_is_skipped) {
  server_.run(
      {{"SET", "hot", test::value_with_blob(1)}, {"SET", "cold", test::value_with_blob(2)}});
  // A vault is asked between the reading and the writing.
  class writer final : public blob_store {
   public:
    explicit writer(const redis_server& server) : server_(server) {}
    status put(const sha256_digest&, std::span<const std::byte>) override {
      server_.run(redis_command{"SET", "hot", test::value_with_blob(++count)});
      return done;
    }
    result<std::string> get(const sha256_digest&, std::uint64_t) const override {
      return error{errc::blob_missing, no_offset, ""};
    }
    std::uint64_t count = 100;

   private:
    const redis_server& server_;
  } vault(server_);
  const auto journal = clean_journal::create(folder_.path() / "journal", "store").value();
  clean_options options;
  options.journal = journal.get();
  options.vault = &vault;
  const clean_report report = clean_redis(server_.url(), {}, {}, options).value();
  EXPECT_EQ(report.totals.values_changed, 1U);
  EXPECT_EQ(report.totals.values_skipped, 1U);
  EXPECT_EQ(server_.run(redis_command{"GET", "hot"}).text, test::value_with_blob(vault.count));
  EXPECT_THAT(server_.run(redis_command{"GET", "cold"}).text, HasSubstr("REMOVED"));
}

TEST_F(redis_cleaner_failures, a_journal_that_cannot_be_written_ends_it) {
  fill();
  const auto path = folder_.path() / "journal";
  const auto journal = clean_journal::create(path, "store").value();
  clean_options options;
  options.journal = journal.get();
  class full final : public blob_store {
   public:
    status put(const sha256_digest&, std::span<const std::byte>) override { return done; }
    result<std::string> get(const sha256_digest&, std::uint64_t) const override {
      return error{errc::blob_missing, no_offset, ""};
    }
    status sync() override { return error{errc::store_error, no_offset, "the disk is full"}; }
  } vault;
  options.vault = &vault;
  const auto report = clean_redis(server_.url(), {}, {}, options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.problem().message, "the disk is full");
  EXPECT_TRUE(state() == before_);
}

}  // namespace
}  // namespace jobqueue
