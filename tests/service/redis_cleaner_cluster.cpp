// The cleaner on a cluster: all primaries, whichever node it is given, while slots move.
#include <jobqueue/service/redis_cleaner.hpp>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/redis_cluster.hpp"
#include "support/redis_samples.hpp"

namespace jobqueue {
namespace {

using detail::redis_command;
using test::clean_state;
using test::redis_cluster;
using test::store_state;
using test::value_with_blob;
using testing::HasSubstr;

class redis_cleaner_cluster : public testing::Test {
 protected:
  static void SetUpTestSuite() { shared = std::make_unique<redis_cluster>(); }
  static void TearDownTestSuite() { shared.reset(); }
  void SetUp() override {
    for (std::size_t i = 0; i < redis_cluster::size; ++i) {
      shared->node(i).run(redis_command{"FLUSHALL"});
    }
  }

  result<clean_report> clean(const std::string& url, clean_options options = {}) {
    if (!options.dry_run) {
      journal_.reset();
      std::filesystem::remove(folder_.path() / "journal");
      journal_ = clean_journal::create(folder_.path() / "journal", "cluster").value();
      options.journal = journal_.get();
    }
    return clean_redis(url, {}, {}, options);
  }
  undo_report undo(const std::string& url) {
    journal_.reset();
    journal_ = clean_journal::open(folder_.path() / "journal", "cluster").value();
    return undo_redis(url, {}, *journal_, nullptr).value();
  }

  static std::unique_ptr<redis_cluster> shared;
  redis_cluster& cluster_ = *shared;
  test::temporary_folder folder_;
  std::unique_ptr<clean_journal> journal_;
};

std::unique_ptr<redis_cluster> redis_cleaner_cluster::shared;

TEST_F(redis_cleaner_cluster, all_primaries_are_cleaned_from_any_node) {
  cluster_.run(test::sample_commands(50));
  const store_state before = cluster_.state();
  store_state wanted = clean_state(before);
  test::sort_members(wanted);
  clean_options dry;
  dry.dry_run = true;
  const clean_report planned = clean(cluster_.url(), dry).value();
  for (std::size_t i = 0; i < redis_cluster::size; ++i) {
    const clean_report report = clean(cluster_.node(i).url()).value();
    EXPECT_TRUE(cluster_.state() == wanted);
    EXPECT_EQ(report.totals.values_changed, 50U * 11);
    EXPECT_EQ(report.totals.bytes_removed, planned.totals.bytes_removed);
    EXPECT_EQ(report.totals.values_skipped, 0U);
    const undo_report undone = undo(cluster_.node((i + 1) % 3).url());
    EXPECT_EQ(undone.restored, 50U * 11);
    EXPECT_TRUE(cluster_.state() == before);
  }
}

TEST_F(redis_cleaner_cluster, it_has_one_database) {
  const auto report = clean(cluster_.url() + "/1");
  ASSERT_FALSE(report);
  EXPECT_THAT(report.problem().message, HasSubstr("remove the number from the URL"));
}

// Moves a slot from its node to the next; `is_complete` if the others are told.
void move_slot(redis_cluster& cluster, const std::string& tag, bool is_complete) {
  const std::size_t from = cluster.node_of(tag);
  const std::size_t to = (from + 1) % 3;
  const std::string slot =
      std::to_string(cluster.node(0).run(redis_command{"CLUSTER", "KEYSLOT", tag}).integer);
  const auto id_of = [&](std::size_t node) {
    return cluster.node(node).run(redis_command{"CLUSTER", "MYID"}).text;
  };
  cluster.node(to).run(redis_command{"CLUSTER", "SETSLOT", slot, "IMPORTING", id_of(from)});
  cluster.node(from).run(redis_command{"CLUSTER", "SETSLOT", slot, "MIGRATING", id_of(to)});
  const auto keys =
      cluster.node(from).run(redis_command{"CLUSTER", "GETKEYSINSLOT", slot, "1000"}).elements;
  std::vector<redis_command> commands;
  for (const auto& key : keys) {
    commands.push_back(
        {"MIGRATE", "127.0.0.1", std::to_string(cluster.node(to).port()), key.text, "0", "5000"});
  }
  cluster.node(from).run(commands);
  if (!is_complete) return;
  for (std::size_t node : {to, from, 3 - to - from}) {
    cluster.node(node).run(redis_command{"CLUSTER", "SETSLOT", slot, "NODE", id_of(to)});
  }
}

std::uint64_t calls_of(const redis_cluster& cluster, const std::string& name) {
  std::uint64_t calls = 0;
  for (std::size_t i = 0; i < redis_cluster::size; ++i) {
    const std::string stats = cluster.node(i).run(redis_command{"INFO", "commandstats"}).text;
    const std::size_t at = stats.find("cmdstat_" + name + ":calls=");
    if (at != std::string::npos) calls += std::stoull(stats.substr(stats.find('=', at) + 1));
  }
  return calls;
}

// Keys go to another node after they were found on the first: with MOVED, and with ASK.
TEST_F(redis_cleaner_cluster, keys_that_move_are_followed) {
  for (const bool is_complete : {false, true}) {
    SCOPED_TRACE(is_complete);
    const std::string tag = is_complete ? "moved" : "asked";
    std::vector<redis_command> commands;
    for (std::uint64_t i = 0; i < 40; ++i) {
      const std::string id = std::to_string(i);
      // Sorted by their names, those that do not move come first.
      commands.push_back({"SET", "a" + id, value_with_blob(i)});
      commands.push_back({"SET", "{" + tag + "}" + id, value_with_blob(i)});
      commands.push_back({"SADD", "{" + tag + "}s" + id, value_with_blob(i)});
    }
    commands.push_back({"SET", "{" + tag + "}large", value_with_blob(1, 5'000'000)});
    const std::size_t home = cluster_.node_of(tag);
    for (const redis_command& command : commands) {
      const bool is_here = command[1].starts_with("{") || cluster_.node_of(command[1]) == home;
      if (is_here) cluster_.node(home).run(command);
    }
    const store_state before = cluster_.state();
    const std::uint64_t asked = calls_of(cluster_, "asking");
    clean_options options;
    options.batch = 5;
    bool is_moved = false;
    options.observe = [&](const clean_progress& progress) {
      if (!is_moved && progress.totals.values_changed > 0) {
        move_slot(cluster_, tag, is_complete);
        is_moved = true;
      }
      return true;
    };
    const auto report = clean(cluster_.url(), options);
    ASSERT_TRUE(report) << report.problem().message;
    EXPECT_TRUE(is_moved);
    EXPECT_EQ(calls_of(cluster_, "asking") > asked, !is_complete);
    // Until the move is over, a plain client cannot read them.
    if (!is_complete) move_slot(cluster_, tag, true);
    store_state wanted = clean_state(before);
    test::sort_members(wanted);
    EXPECT_TRUE(cluster_.state() == wanted);
    EXPECT_EQ(report->totals.values_skipped, 0U);
    const undo_report undone = undo(cluster_.url());
    EXPECT_EQ(undone.restored, report->totals.values_changed);
    EXPECT_EQ(undone.skipped, 0U);
    EXPECT_TRUE(cluster_.state() == before);
    SetUp();
  }
}

// Without all slots there is no way to tell what was missed.
TEST_F(redis_cleaner_cluster, a_cluster_without_slots_is_refused) {
  const test::redis_server alone({{"--cluster-enabled", "yes"}});
  const auto report = clean(alone.url());
  ASSERT_FALSE(report);
  EXPECT_THAT(report.problem().message, HasSubstr("no slots"));
}

TEST_F(redis_cleaner_cluster, a_primary_that_is_lost_ends_it) {
  cluster_.run(test::sample_commands(20));
  const store_state before = cluster_.state();
  clean_options options;
  options.batch = 10;
  std::size_t calls = 0;
  options.observe = [&](const clean_progress&) {
    if (++calls == 3) {
      for (std::size_t i = 0; i < redis_cluster::size; ++i) {
        cluster_.node(i).run(redis_command{"CLIENT", "KILL", "TYPE", "normal"});
      }
    }
    return true;
  };
  const auto report = clean(cluster_.url(), options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.problem().code, errc::store_error);
  test::expect_old_or_clean(cluster_.state(), before, clean_state(before));
}

}  // namespace
}  // namespace jobqueue
