// What is read from a Redis: all of it, whatever else is written meanwhile, and nothing else.
#include <jobqueue/store/redis.hpp>

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jobqueue/base64.hpp>
#include "store/redis_connection.hpp"
#include "support/redis_server.hpp"

namespace jobqueue {
namespace {

using detail::redis_command;
using test::redis_server;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

std::vector<redis_notification> read_notifications(redis_store& store) {
  std::vector<redis_notification> all;
  const status read = store.each_notification([&](std::span<const redis_notification> page) {
    all.insert(all.end(), page.begin(), page.end());
    return status(done);
  });
  EXPECT_TRUE(read) << read.problem().message;
  return all;
}

std::vector<redis_attestation> read_attestations(redis_store& store) {
  std::vector<redis_attestation> all;
  const status read = store.each_attestation([&](std::span<const redis_attestation> page) {
    all.insert(all.end(), page.begin(), page.end());
    return status(done);
  });
  EXPECT_TRUE(read) << read.problem().message;
  return all;
}

std::vector<std::string> keys_of(const std::vector<redis_attestation>& all) {
  std::vector<std::string> keys;
  for (const redis_attestation& one : all) keys.push_back(one.key);
  return keys;
}

std::string record(const std::string& id) {
  return R"({"success":true,"attestation_id":")" + id + R"("})";
}

TEST(redis_notifications, are_complete_while_others_are_written) {
  const redis_server server;
  constexpr int workflows = 5000;
  std::vector<redis_command> commands;
  std::set<std::pair<std::string, std::string>> expected;
  for (int i = 0; i < workflows; ++i) {
    const std::string workflow = "w" + std::to_string(i);
    for (int n = 0; n <= i % 3; ++n) {
      const std::string id = workflow + "-" + std::to_string(n);
      commands.push_back({"LPUSH", "workflow_notifications:" + workflow, record(id)});
      expected.emplace(workflow, id);
    }
  }
  server.run(commands);

  // It makes the table of keys grow and shrink, which moves the keys that SCAN walks over.
  std::atomic<bool> stop = false;
  std::atomic<int> rounds = 0;
  std::thread writer([&] {
    auto connection = server.connection();
    for (int round = 0; !stop; ++round) {
      std::vector<redis_command> writes;
      for (int i = 0; i < 2000; ++i) {
        const std::string key = "workflow_notifications:new" + std::to_string(i);
        writes.push_back(round % 2 == 0 ? redis_command{"LPUSH", key, record("new")}
                                        : redis_command{"DEL", key});
      }
      if (!connection.pipeline(writes, 64 * mebibyte)) return;
      ++rounds;
    }
  });
  const auto store = redis_store::open(server.url(), {.page = 50}).value();
  while (rounds < 2) std::this_thread::yield();
  const int rounds_before = rounds;
  const auto all = read_notifications(*store);
  const int rounds_during = rounds - rounds_before;
  stop = true;
  writer.join();
  EXPECT_GT(rounds_during, 0) << "nothing was written while it was read";

  for (const redis_notification& one : all) {
    EXPECT_EQ(one.record, record(one.id));
    expected.erase({one.workflow_id, one.id});
  }
  EXPECT_EQ(expected.size(), 0U) << "the first that is missing: " << expected.begin()->second;
}

TEST(redis_notifications, come_with_the_newest_first_and_at_most_100) {
  const redis_server server;
  std::vector<redis_command> commands;
  for (int i = 0; i < 150; ++i) {
    commands.push_back({"LPUSH", "workflow_notifications:w", record(std::to_string(i))});
  }
  server.run(commands);
  const auto store = redis_store::open(server.url()).value();
  const auto all = read_notifications(*store);
  ASSERT_EQ(all.size(), 100U);
  EXPECT_EQ(all.front().id, "149");
  EXPECT_EQ(all.back().id, "50");
}

TEST(redis_notifications, have_ids_that_stay) {
  const redis_server server;
  const std::string key = "workflow_notifications:w";
  const std::vector<std::string> without_id = {"{}",
                                               R"({"attestation_id":""})",
                                               R"({"a":{"attestation_id":"inner"}})",
                                               R"(["attestation_id","x"])",
                                               R"({"attestation_id":"a","attestation_id":null})",
                                               R"({"attestation_id":"cut)",
                                               std::string("\0\xff", 2)};
  redis_command push = {"RPUSH", key};
  push.insert(push.end(), without_id.begin(), without_id.end());
  server.run(push);
  server.run(redis_command{"RPUSH", key, R"({"attestation_id":"a","attestation_id":"b\n"})",
                           R"({"attestation_id":7})"});

  const auto store = redis_store::open(server.url()).value();
  const auto all = read_notifications(*store);
  ASSERT_EQ(all.size(), without_id.size() + 2);
  for (std::size_t i = 0; i < without_id.size(); ++i) {
    const std::string text = key + std::string(1, '\0') + without_id[i];
    EXPECT_EQ(all[i].id, sha256(std::as_bytes(std::span(text))).hex());
    EXPECT_EQ(all[i].record, without_id[i]);
  }
  EXPECT_EQ(all[without_id.size()].id, "b\n");
  EXPECT_EQ(all.back().id, "7");
}

TEST(redis_notifications, pass_over_keys_of_another_type) {
  const redis_server server;
  server.run(std::vector<redis_command>{{"SET", "workflow_notifications:text", "x"},
                                        {"HSET", "workflow_notifications:hash", "a", "b"},
                                        {"RPUSH", "workflow_notifications:w", record("1")},
                                        {"RPUSH", "user_notifications:w", record("2")}});
  const auto store = redis_store::open(server.url()).value();
  const auto all = read_notifications(*store);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].workflow_id, "w");
  EXPECT_EQ(store->skipped().wrong_type, 2U);
  EXPECT_EQ(store->skipped().too_large, 0U);
}

// 100 MiB in one list, which is more than a page may have; and a few lists that are together.
TEST(redis_notifications, that_are_large_come_in_small_pages) {
  const redis_server server;
  const std::string large(mebibyte, 'x');
  for (int i = 0; i < 100; ++i)
    server.run(redis_command{"RPUSH", "workflow_notifications:w", large});
  for (int i = 0; i < 20; ++i) {
    const std::string key = "workflow_notifications:v" + std::to_string(i);
    server.run(redis_command{"RPUSH", key, large, large, large, large, large});
  }
  server.run(redis_command{"RPUSH", "workflow_notifications:u", large + large + "x", "{}"});
  const auto store = redis_store::open(server.url(), {.max_record_bytes = 2 * mebibyte}).value();
  std::map<std::string, int> counts;
  std::size_t largest_page = 0;
  const status read = store->each_notification([&](std::span<const redis_notification> page) {
    std::size_t bytes = 0;
    for (const auto& one : page) {
      bytes += one.record.size();
      ++counts[one.workflow_id];
    }
    largest_page = std::max(largest_page, bytes);
    return status(done);
  });
  ASSERT_TRUE(read) << read.problem().message;
  EXPECT_EQ(counts["w"], 100);
  EXPECT_EQ(counts["v0"], 5);
  EXPECT_EQ(counts["v19"], 5);
  EXPECT_EQ(counts["u"], 1);
  EXPECT_EQ(counts.size(), 22U);
  EXPECT_LE(largest_page, 72 * mebibyte);
  EXPECT_EQ(store->skipped().too_large, 1U);
}

const std::vector<std::string> attestation_keys = {
    "worker:completion:j1",
    "worker:completion:step-abc",
    "api:workflow:completion:w1",
    "api:workflow:completion:w1:attempt-1",
    "worker:failure:j1:attempt:1",
    "worker:completion:workflow-w1:job-j1:attempt:1",
    "worker:failure:workflow-w1:job-j1:permanent",
    "workflow:failure:w1:attempt:1",
    "worker:completion:job-id:w1:step-id:abc:attempt:1",
    "worker:failure:step-id:abc:permanent",
    "workflow:attestation:failure:w1",
    "api:workflow:failure:w1",
    "worker:completion:not:a:key:that:can:be:read",
};

TEST(redis_attestations, are_those_of_all_generations_and_nothing_else) {
  const redis_server server;
  std::vector<redis_command> commands;
  for (const std::string& key : attestation_keys) commands.push_back({"SET", key, "of " + key});
  commands.push_back({"SET", "worker:gpu-1:heartbeat", "1"});
  commands.push_back({"HSET", "workflow:w1:metadata", "a", "b"});
  commands.push_back({"HSET", "worker:gpu-1", "a", "b"});
  commands.push_back({"SET", "user_notification_attestation:u", "{}"});
  commands.push_back({"HSET", "worker:completion:hash", "a", "b"});
  commands.push_back({"SET", "api:other:key", "1"});
  server.run(commands);
  const auto store = redis_store::open(server.url()).value();
  const auto all = read_attestations(*store);
  EXPECT_THAT(keys_of(all), testing::UnorderedElementsAreArray(attestation_keys));
  for (const redis_attestation& one : all) EXPECT_EQ(one.record, "of " + one.key);
  EXPECT_EQ(store->skipped().wrong_type, 1U);
}

TEST(redis_attestations, that_are_large_come_in_small_pages) {
  const redis_server server;
  std::vector<redis_command> commands;
  for (int i = 0; i < 24; ++i) {
    commands.push_back({"SETRANGE", "worker:completion:j" + std::to_string(i),
                        std::to_string(8 * mebibyte - 1), "x"});
  }
  commands.push_back({"SETRANGE", "worker:completion:big", std::to_string(40 * mebibyte - 1), "x"});
  commands.push_back({"SETRANGE", "worker:completion:over", std::to_string(40 * mebibyte), "x"});
  server.run(commands);
  const auto store = redis_store::open(server.url(), {.max_record_bytes = 40 * mebibyte}).value();
  std::size_t count = 0;
  std::size_t most_in_page = 0;
  const status read = store->each_attestation([&](std::span<const redis_attestation> page) {
    count += page.size();
    most_in_page = std::max(most_in_page, page.size());
    for (const auto& one : page) EXPECT_EQ(one.record.back(), 'x') << one.key;
    return status(done);
  });
  ASSERT_TRUE(read) << read.problem().message;
  EXPECT_EQ(count, 25U);
  EXPECT_LE(most_in_page, 2U);
  EXPECT_EQ(store->skipped().too_large, 1U);
}

TEST(redis_attestations, of_a_workflow_are_found_by_key_and_by_record) {
  const redis_server server;
  const std::string mine = R"({"workflow_id":"w1"})";
  const std::string other = R"({"workflow_id":"w2","x":{"workflow_id":"w1"}})";
  server.run(std::vector<redis_command>{
      {"SET", "worker:completion:job-id:w1:step-id:b:attempt:2", "{}"},
      {"SET", "worker:completion:job-id:w1:step-id:a:attempt:1", "{}"},
      {"SET", "worker:failure:job-id:w1:step-id:a:permanent", "{}"},
      {"SET", "api:workflow:completion:w1", "{}"},
      {"SET", "api:workflow:completion:w1:attempt-1", "{}"},
      {"SET", "worker:completion:workflow-w1:job-step-a:attempt:1", "{}"},
      {"SET", "worker:completion:step-id:c:attempt:1", mine},
      {"SET", "worker:completion:step-id:d:attempt:1", other},
      {"SET", "worker:completion:step-id:e:attempt:1", "no JSON"},
      {"SET", "worker:completion:a:b:c", mine},
      {"SET", "api:workflow:completion:w10", mine},
      {"SET", "worker:completion:job-id:w10:step-id:a:attempt:1", mine},
      {"SET", "workflow:failure:w2:permanent", mine}});
  const auto store = redis_store::open(server.url(), {.page = 3}).value();
  EXPECT_THAT(keys_of(store->attestations_of("w1").value()),
              ElementsAre("worker:completion:step-id:c:attempt:1",               //
                          "worker:failure:job-id:w1:step-id:a:permanent",        //
                          "api:workflow:completion:w1",                          //
                          "worker:completion:job-id:w1:step-id:a:attempt:1",     //
                          "worker:completion:workflow-w1:job-step-a:attempt:1",  //
                          "api:workflow:completion:w1:attempt-1",                //
                          "worker:completion:job-id:w1:step-id:b:attempt:2",     //
                          "worker:completion:a:b:c"));
  EXPECT_THAT(store->attestations_of("w*").value(), IsEmpty());
  EXPECT_THAT(store->attestations_of("w").value(), IsEmpty());
  for (const std::string_view id : {"", "a:b", "a\n"}) {
    const auto none = store->attestations_of(id);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.problem().code, errc::invalid_argument);
  }
}

TEST(redis_attestations, of_a_workflow_are_found_by_the_index_of_a_writer) {
  const redis_server server;
  std::vector<redis_command> commands;
  redis_command index = {"SADD", "attestations:w1", "worker:completion:step-id:gone:attempt:1"};
  for (int i = 1; i <= 1500; ++i) {
    const std::string key = "worker:completion:step-id:s:attempt:" + std::to_string(i);
    commands.push_back({"SET", key, "{}"});
    index.push_back(key);
  }
  commands.push_back(index);
  commands.push_back(
      {"SET", "worker:completion:step-id:not-in-it:attempt:1", R"({"workflow_id":"w1"})"});
  commands.push_back({"SET", "api:workflow:completion:w1", "{}"});
  commands.push_back({"SET", "attestations:w2", "no set"});
  commands.push_back({"SET", "api:workflow:completion:w2:attempt-3", "{}"});
  server.run(commands);
  const auto store = redis_store::open(server.url(), {.page = 100}).value();
  const auto found = store->attestations_of("w1").value();
  EXPECT_EQ(found.size(), 1501U);
  EXPECT_EQ(found.back().key, "api:workflow:completion:w1");
  const std::string statistics = server.run(redis_command{"INFO", "commandstats"}).text;
  EXPECT_EQ(statistics.find("cmdstat_scan:"), std::string::npos) << "it was searched all the same";

  EXPECT_THAT(keys_of(store->attestations_of("w2").value()),
              ElementsAre("api:workflow:completion:w2:attempt-3"));
  EXPECT_EQ(store->skipped().wrong_type, 1U);
}

TEST(redis_store, reads_another_database) {
  const redis_server server;
  server.run(std::vector<redis_command>{{"SELECT", "3"},
                                        {"RPUSH", "workflow_notifications:w", record("1")}});
  EXPECT_THAT(read_notifications(*redis_store::open(server.url()).value()), IsEmpty());
  EXPECT_EQ(read_notifications(*redis_store::open(server.url() + "/3").value()).size(), 1U);
}

TEST(redis_store, ends_with_the_error_of_the_caller) {
  const redis_server server;
  for (int i = 0; i < 300; ++i) {
    server.run(redis_command{"RPUSH", "workflow_notifications:" + std::to_string(i), "{}"});
  }
  const auto store = redis_store::open(server.url(), {.page = 10}).value();
  int calls = 0;
  const status read = store->each_notification([&](std::span<const redis_notification>) -> status {
    ++calls;
    return error{errc::replayed, 7, "enough"};
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.problem().code, errc::replayed);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(read_notifications(*store).size(), 300U) << "it cannot be used again";
}

TEST(redis_store, only_reads_and_never_lists_all_keys) {
  const redis_server server;
  server.run(std::vector<redis_command>{{"RPUSH", "workflow_notifications:w", "{}"},
                                        {"SET", "worker:completion:step-id:s:attempt:1", "{}"},
                                        {"CONFIG", "RESETSTAT"}});
  const auto store = redis_store::open(server.url()).value();
  EXPECT_EQ(read_notifications(*store).size(), 1U);
  EXPECT_EQ(read_attestations(*store).size(), 1U);
  EXPECT_TRUE(store->attestations_of("w"));
  const std::string statistics = server.run(redis_command{"INFO", "commandstats"}).text;
  std::set<std::string> commands;
  for (std::size_t at = 0; (at = statistics.find("cmdstat_", at)) != std::string::npos;) {
    at += std::string_view("cmdstat_").size();
    commands.insert(statistics.substr(at, statistics.find(':', at) - at));
  }
  EXPECT_THAT(commands, testing::IsSubsetOf({"info", "scan", "lrange", "strlen", "get", "type",
                                             "config|resetstat"}));
  EXPECT_TRUE(commands.contains("scan"));
}

TEST(redis_store, refuses_options_out_of_range) {
  using namespace std::chrono_literals;
  const redis_options wrong[] = {{.connect_timeout = 0s},
                                 {.command_timeout = -1s},
                                 {.page = 0},
                                 {.page = 100'001},
                                 {.max_record_bytes = 0}};
  for (const redis_options& options : wrong) {
    const auto store = redis_store::open("redis://127.0.0.1:1", options);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.problem().code, errc::invalid_argument);
  }
}

}  // namespace
}  // namespace jobqueue
