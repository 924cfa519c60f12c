// What the cleaner takes out of a Redis, and what it leaves as it was.
#include <jobqueue/service/redis_cleaner.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/redis_rules.hpp"
#include "support/memory_store.hpp"
#include "support/redis_samples.hpp"
#include "support/redis_server.hpp"

namespace jobqueue {
namespace {

using detail::redis_command;
using test::clean_state;
using test::clean_value;
using test::redis_server;
using test::store_state;
using test::value_with_blob;
using testing::HasSubstr;
using testing::Not;

// A server, a journal for it, and what was there at first.
class redis_cleaner : public testing::Test {
 protected:
  [[nodiscard]] store_state state() const {
    return test::read_state([this](const auto& commands) { return server_.run(commands); });
  }
  void create_journal() {
    name_ = redis_store_name(server_.url()).value();
    journal_ = clean_journal::create(folder_.path() / "journal", name_).value();
  }
  clean_report clean(clean_options options = {}, const std::vector<std::string>& patterns = {}) {
    if (!options.dry_run) {
      if (!journal_) create_journal();
      options.journal = journal_.get();
    }
    return clean_redis(server_.url(), redis_, patterns, options).value();
  }
  clean_report dry_run(clean_options options = {}, const std::vector<std::string>& patterns = {}) {
    options.dry_run = true;
    return clean(options, patterns);
  }
  undo_report undo(const blob_store* vault = nullptr) {
    journal_.reset();
    journal_ = clean_journal::open(folder_.path() / "journal", name_).value();
    return undo_redis(server_.url(), redis_, *journal_, vault).value();
  }

  redis_server server_;
  test::temporary_folder folder_;
  std::string name_;
  std::unique_ptr<clean_journal> journal_;
  redis_options redis_;
};

void expect_equal(const clean_totals& one, const clean_totals& other) {
  EXPECT_EQ(one.values_seen, other.values_seen);
  EXPECT_EQ(one.bytes_seen, other.bytes_seen);
  EXPECT_EQ(one.values_changed, other.values_changed);
  EXPECT_EQ(one.values_skipped, other.values_skipped);
  EXPECT_EQ(one.bytes_removed, other.bytes_removed);
  EXPECT_EQ(one.blobs, other.blobs);
  for (std::size_t i = 0; i < one.by_class.size(); ++i) {
    EXPECT_EQ(one.by_class[i].count, other.by_class[i].count);
    EXPECT_EQ(one.by_class[i].bytes_before, other.by_class[i].bytes_before);
    EXPECT_EQ(one.by_class[i].bytes_after, other.by_class[i].bytes_after);
  }
}

std::uint64_t bytes_of(const store_state& state) {
  std::uint64_t bytes = 0;
  for (const auto& [key, one] : state) {
    for (const auto& [first, second] : one.values) bytes += first.size() + second.size();
  }
  return bytes;
}

TEST_F(redis_cleaner, every_type_is_cleaned_and_undone) {
  for (const bool has_vault : {false, true}) {
    SCOPED_TRACE(has_vault);
    server_.run(redis_command{"FLUSHALL"});
    server_.run(test::sample_commands(40));
    const store_state before = state();
    test::memory_store vault;
    clean_options options;
    if (has_vault) options.vault = &vault;

    const clean_report planned = dry_run(options);
    EXPECT_TRUE(state() == before);
    EXPECT_EQ(planned.totals.values_changed, 40U * 11);

    journal_.reset();
    std::filesystem::remove(folder_.path() / "journal");
    const clean_report report = clean(options);
    store_state wanted = clean_state(before, has_vault ? &vault : nullptr);
    test::sort_members(wanted);
    const store_state after = state();
    EXPECT_TRUE(after == wanted);
    expect_equal(report.totals, planned.totals);
    EXPECT_EQ(report.by_place.size(), planned.by_place.size());
    for (const auto& [place, totals] : planned.by_place) {
      SCOPED_TRACE(place);
      ASSERT_TRUE(report.by_place.contains(place));
      expect_equal(report.by_place.at(place), totals);
    }
    EXPECT_EQ(report.totals.bytes_removed, bytes_of(before) - bytes_of(after));
    EXPECT_EQ(report.totals.values_skipped, 0U);
    EXPECT_GT(report.sampled_keys, 0U);
    EXPECT_GT(report.sampled_bytes_before, report.sampled_bytes_after);

    // What is clean stays as it is.
    EXPECT_EQ(clean(options).totals.values_changed, 0U);
    EXPECT_TRUE(state() == after);

    const undo_report undone = undo(has_vault ? &vault : nullptr);
    EXPECT_EQ(undone.restored, 40U * 11);
    EXPECT_EQ(undone.unchanged + undone.skipped, 0U);
    EXPECT_TRUE(state() == before);
    const undo_report again = undo(has_vault ? &vault : nullptr);
    EXPECT_EQ(again.restored + again.skipped, 0U);
    EXPECT_EQ(again.unchanged, 40U * 11);
    EXPECT_TRUE(state() == before);
  }
}

TEST_F(redis_cleaner, places_have_no_ids_and_an_end) {
  EXPECT_EQ(detail::redis_place_of("worker:completion:job-id:7f:step-id:s1:attempt:2"),
            "worker:completion:job-id:*:step-id:*:attempt:*");
  EXPECT_EQ(detail::redis_place_of("job:step-7c1e2f40-1111-4222-8333-944455556666"), "job:step-*");
  EXPECT_EQ(detail::redis_place_of("job:deadbeef-aaaa-bbbb-cccc-ddddeeeeffff"), "job:*");
  EXPECT_EQ(detail::redis_place_of("jobs:completed"), "jobs:completed");
  EXPECT_EQ(detail::redis_place_of(std::string_view("a:\xFF\0b", 5)), "a:*");
  EXPECT_EQ(detail::redis_place_of("user_4711"), "user_*");
  EXPECT_EQ(detail::redis_place_of("1:2:3:4:5:6:7:8:9:10:11:12:13:14"),
            "*:*:*:*:*:*:*:*:*:*:*:*:*");
  std::vector<redis_command> commands;
  for (char a = 'a'; a <= 'z'; ++a) {
    for (char b = 'a'; b <= 'z'; ++b) {
      commands.push_back({"SET", std::string({'x', a, b}) + ":1", value_with_blob(1)});
    }
  }
  server_.run(commands);
  const clean_report report = dry_run();
  EXPECT_EQ(report.by_place.size(), 201U);
  EXPECT_EQ(report.by_place.at("other").values_changed, 26U * 26 - 200);
}

// Every pattern counts a key once, and what matches none is not read.
TEST_F(redis_cleaner, patterns_choose_keys) {
  server_.run(test::sample_commands(20));
  const store_state before = state();
  const std::vector<std::string> patterns = {"job:*", "job:1*", "*:1?"};
  const clean_report planned = dry_run({}, patterns);
  const clean_report report = clean({}, patterns);
  EXPECT_EQ(planned.totals.values_changed, report.totals.values_changed);
  EXPECT_EQ(planned.totals.bytes_removed, report.totals.bytes_removed);
  const store_state after = state();
  const store_state wanted = clean_state(before);
  for (const auto& [key, one] : after) {
    const bool is_chosen = key.starts_with("job:") || key.substr(key.size() - 3, 2) == ":1";
    EXPECT_EQ(one.values, is_chosen ? wanted.at(key).values : before.at(key).values) << key;
  }
}

// Two members would become one without a vault; with one, each has its own reference.
TEST_F(redis_cleaner, a_set_keeps_its_size) {
  const auto member = [](int seed) {
    std::string text = value_with_blob(static_cast<std::uint64_t>(seed));
    return text.substr(text.find("data:"), text.rfind("\",\"path") - text.find("data:"));
  };
  for (int i = 0; i < 300; ++i) {
    server_.run(redis_command{"SADD", i < 10 ? "few" : "many", member(i)});
    server_.run(redis_command{"ZADD", "scores", std::to_string(i), member(i)});
  }
  const store_state before = state();
  const clean_report planned = dry_run();
  const clean_report report = clean();
  EXPECT_EQ(report.totals.values_changed, 3U);
  EXPECT_EQ(report.totals.values_skipped, 9U + 289 + 299);
  EXPECT_EQ(planned.totals.values_changed, report.totals.values_changed);
  EXPECT_EQ(planned.totals.values_skipped, report.totals.values_skipped);
  for (const char* key : {"few", "many", "scores"}) {
    EXPECT_EQ(state().at(key).values.size(), before.at(key).values.size()) << key;
  }
  EXPECT_EQ(undo().restored, 3U);
  EXPECT_TRUE(state() == before);

  test::memory_store vault;
  clean_options options;
  options.vault = &vault;
  EXPECT_EQ(clean(options).totals.values_changed, 600U);
  EXPECT_EQ(state().at("scores").values.size(), 300U);
  static_cast<void>(undo(&vault));
  EXPECT_TRUE(state() == before);
}

// The last member of a set takes its key with it, and that its time to live.
TEST_F(redis_cleaner, a_set_of_one_keeps_its_time_to_live) {
  server_.run({{"SADD", "set", value_with_blob(1)},
               {"ZADD", "zset", "7", value_with_blob(2)},
               {"PEXPIREAT", "set", "4000000000001"},
               {"PEXPIREAT", "zset", "4000000000002"}});
  const store_state before = state();
  EXPECT_EQ(clean().totals.values_changed, 2U);
  EXPECT_EQ(state().at("set").expires, 4000000000001);
  EXPECT_EQ(state().at("zset").expires, 4000000000002);
  EXPECT_TRUE(state() == clean_state(before));
  EXPECT_EQ(undo().restored, 2U);
  EXPECT_TRUE(state() == before);
}

TEST_F(redis_cleaner, any_bytes_may_be_in_a_name) {
  const std::string odd("a\0\xFF\"\\\n\xC3\xA4:1", 10);
  server_.run({{"SET", odd, value_with_blob(1)},
               {"HSET", odd + "h", odd, value_with_blob(2), "", value_with_blob(3)},
               {"RPUSH", odd + "l", value_with_blob(4)},
               {"ZADD", odd + "z", "0.30000000000000004", "\xC3\xA4 " + value_with_blob(5)},
               {"SET", "", value_with_blob(6)}});
  const store_state before = state();
  EXPECT_EQ(clean().totals.values_changed, 6U);
  EXPECT_TRUE(state() == clean_state(before));
  EXPECT_EQ(undo().restored, 6U);
  EXPECT_TRUE(state() == before);
}

// Something in the middle of these is preceded by its length, or they are compressed.
TEST_F(redis_cleaner, binary_values_are_left_alone) {
  const std::string blob = value_with_blob(1);
  const std::string php = "s:" + std::to_string(blob.size()) + ":\"" + blob + "\";";
  server_.run({{"SET", "pickle", std::string("\x80\x04", 2) + blob},
               {"SET", "msgpack", std::string("\xC7\x00", 2) + blob},
               {"SET", "nul", blob + std::string(1, '\0')},
               {"SET", "php", php},
               {"SET", "laravel", R"({"data":{"command":"O:3:\"Job\":1:{)" + blob + "}\"}}"},
               {"SET", "utf8", "\xE2\x82\xAC " + blob},
               {"SET", "colours", "\x1B[31m " + blob}});
  const store_state before = state();
  EXPECT_EQ(clean().totals.values_changed, 2U);
  const store_state after = state();
  for (const char* key : {"pickle", "msgpack", "nul", "php", "laravel"}) {
    EXPECT_EQ(after.at(key), before.at(key)) << key;
  }
  EXPECT_EQ(after.at("utf8"), clean_state(before).at("utf8"));
  EXPECT_EQ(after.at("colours"), clean_state(before).at("colours"));
}

TEST_F(redis_cleaner, streams_are_counted_and_left) {
  std::uint64_t removable = 0;
  for (int i = 0; i < 120; ++i) {
    const std::string value = value_with_blob(static_cast<std::uint64_t>(i), 3000);
    removable += value.size() - clean_value(value).size();
    server_.run(redis_command{"XADD", "progress:1", "*", "n", std::to_string(i), "data", value});
  }
  const store_state before = state();
  const clean_report planned = dry_run();
  const clean_report report = clean();
  EXPECT_TRUE(state() == before);
  for (const clean_report& one : {planned, report}) {
    EXPECT_EQ(one.stream_values, 120U);
    EXPECT_EQ(one.stream_bytes, removable);
    EXPECT_EQ(one.totals.values_seen, 240U);
    EXPECT_EQ(one.totals.values_skipped, 120U);
    EXPECT_EQ(one.totals.values_changed, 0U);
    EXPECT_EQ(one.by_place.at("progress:*").values_seen, 240U);
  }
}

// Larger than a batch, than an answer, and than what is taken at all.
TEST_F(redis_cleaner, large_keys_go_in_pieces) {
  redis_.max_record_bytes = std::size_t{10} << 20;
  const std::size_t large = std::size_t{5} << 20;
  std::vector<redis_command> commands = {
      {"SET", "large", value_with_blob(1, large)},
      // One answer of SSCAN takes at most 16 MiB.
      {"SADD", "giants", value_with_blob(9, std::size_t{13} << 20), "x"},
      {"SET", "huge", value_with_blob(2, std::size_t{9} << 20)},
      {"HSET", "hash", "large", value_with_blob(3, large), "huge",
       value_with_blob(4, std::size_t{9} << 20), "small", value_with_blob(5)}};
  for (std::uint64_t i = 0; i < 5; ++i) {
    commands.push_back({"RPUSH", "list", value_with_blob(i, large)});
    commands.push_back({"SADD", "set", value_with_blob(i, large / 4)});
  }
  for (std::uint64_t i = 0; i < 4200; ++i) {
    const std::string n = std::to_string(i);
    commands.push_back({"HSET", "jobs:completed", n, value_with_blob(i)});
    if (i % 3 != 0) continue;
    commands.push_back({"RPUSH", "long", value_with_blob(i)});
    commands.push_back({"SADD", "wide", value_with_blob(i)});
    commands.push_back({"ZADD", "scores", n, value_with_blob(i)});
  }
  server_.run(commands);
  const store_state before = state();
  const clean_report planned = dry_run();
  const clean_report report = clean();
  EXPECT_EQ(planned.totals.bytes_removed, report.totals.bytes_removed);
  EXPECT_EQ(planned.totals.values_changed, report.totals.values_changed);
  // Of a set that gives too much at once, one stands for all that are left.
  EXPECT_EQ(report.totals.values_skipped, 3U);
  store_state wanted = clean_state(before);
  wanted["giants"] = before.at("giants");
  wanted["huge"] = before.at("huge");
  for (auto& [name, value] : wanted["hash"].values) {
    if (name == "huge") value = value_with_blob(4, std::size_t{9} << 20);
  }
  test::sort_members(wanted);
  const store_state after = state();
  for (const auto& [key, one] : wanted) EXPECT_TRUE(after.at(key) == one) << key;
  EXPECT_EQ(undo().restored, report.totals.values_changed);
  EXPECT_TRUE(state() == before);
}

// A list that grew at its head, or lost some there, still gets back what it had.
TEST_F(redis_cleaner, undo_finds_elements_that_moved) {
  for (const bool grows : {true, false}) {
    server_.run(
        {{"FLUSHALL"}, {"RPUSH", "list", "0", value_with_blob(1), "2", value_with_blob(3), "4"}});
    journal_.reset();
    std::filesystem::remove(folder_.path() / "journal");
    EXPECT_EQ(clean().totals.values_changed, 2U);
    server_.run(grows ? redis_command{"LPUSH", "list", "x", "y"} : redis_command{"LPOP", "list"});
    EXPECT_EQ(undo().restored, 2U);
    const store_state after = state();
    const std::size_t shift = grows ? 2 : static_cast<std::size_t>(-1);
    EXPECT_EQ(after.at("list").values[1 + shift].first, value_with_blob(1));
    EXPECT_EQ(after.at("list").values[3 + shift].first, value_with_blob(3));
  }
}

// Nothing but what the cleaner left is replaced by undo.
TEST_F(redis_cleaner, undo_leaves_what_has_changed) {
  server_.run({{"SET", "same", value_with_blob(1)},
               {"SET", "other", value_with_blob(2)},
               {"SET", "gone", value_with_blob(3)},
               {"SET", "retyped", value_with_blob(4)},
               {"SADD", "set", value_with_blob(5), "x"},
               {"HSET", "hash", "f", value_with_blob(6)}});
  clean();
  server_.run({{"SET", "other", "new"},
               {"DEL", "gone", "retyped"},
               {"RPUSH", "retyped", "x"},
               {"SREM", "set", clean_value(value_with_blob(5))},
               {"HDEL", "hash", "f"}});
  const undo_report undone = undo();
  EXPECT_EQ(undone.restored, 1U);
  EXPECT_EQ(undone.skipped, 5U);
  const store_state after = state();
  EXPECT_EQ(after.at("same").values[0].first, value_with_blob(1));
  EXPECT_EQ(after.at("other").values[0].first, "new");
  EXPECT_FALSE(after.contains("gone"));
  EXPECT_FALSE(after.contains("hash"));
  EXPECT_EQ(after.at("retyped").type, "list");
  EXPECT_EQ(after.at("set").values.size(), 1U);
}

TEST_F(redis_cleaner, it_stops_when_told_to_and_goes_on) {
  server_.run(test::sample_commands(100));
  const store_state before = state();
  clean_options options;
  options.batch = 5;
  int calls = 0;
  options.observe = [&](const clean_progress& progress) {
    EXPECT_LE(progress.done, progress.all);
    EXPECT_EQ(progress.all, 600U);
    return ++calls < 10;
  };
  const clean_report report = clean(options);
  EXPECT_TRUE(report.stopped);
  EXPECT_EQ(calls, 10);
  EXPECT_GT(report.totals.values_changed, 0U);
  EXPECT_LE(report.totals.values_changed, 50U);
  options.observe = {};
  EXPECT_EQ(clean(options).totals.values_changed + report.totals.values_changed, 1100U);
  EXPECT_EQ(undo().restored, 1100U);
  EXPECT_TRUE(state() == before);
}

TEST_F(redis_cleaner, the_rate_has_a_limit) {
  server_.run(test::sample_commands(20));
  const std::uint64_t bytes = dry_run().totals.bytes_seen;
  clean_options options;
  options.max_bytes_per_second = bytes * 2;
  const auto begin = std::chrono::steady_clock::now();
  clean(options);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(450));
}

TEST_F(redis_cleaner, what_it_sends_neither_blocks_nor_runs_scripts) {
  server_.run(test::sample_commands(30));
  server_.run({{"HSET", "bull:q:1", "name", "n", "data", value_with_blob(1), "opts", "{}",
                "timestamp", "1"},
               {"XADD", "s", "*", "f", "v"},
               {"CONFIG", "RESETSTAT"}});
  clean();
  static_cast<void>(undo());
  const std::string stats = server_.run(redis_command{"INFO", "commandstats"}).text;
  EXPECT_THAT(stats, HasSubstr("cmdstat_scan:"));
  EXPECT_THAT(stats, HasSubstr("cmdstat_watch:"));
  for (const char* name : {"keys:", "eval:", "evalsha:", "fcall:", "sort:", "flush", "del:"}) {
    EXPECT_THAT(stats, Not(HasSubstr("cmdstat_" + std::string(name))));
  }
}

TEST(redis_store_name, has_no_password) {
  EXPECT_EQ(redis_store_name("redis://user:secret@h:1/2").value(), "redis://h:1/2");
  EXPECT_EQ(redis_store_name("rediss://:secret@[::1]").value(), "rediss://[::1]:6379/0");
  EXPECT_EQ(redis_store_name("http://h").problem().code, errc::invalid_argument);
}

TEST_F(redis_cleaner, options_are_checked) {
  clean_options options;
  EXPECT_EQ(clean_redis(server_.url(), {}, {}, options).problem().code, errc::invalid_argument);
  options.dry_run = true;
  options.batch = 0;
  EXPECT_EQ(clean_redis(server_.url(), {}, {}, options).problem().code, errc::invalid_argument);
  options.batch = 1;
  redis_.page = 0;
  EXPECT_EQ(clean_redis(server_.url(), redis_, {}, options).problem().code, errc::invalid_argument);
  EXPECT_EQ(clean_redis("nonsense", {}, {}, options).problem().code, errc::invalid_argument);
}

}  // namespace
}  // namespace jobqueue
