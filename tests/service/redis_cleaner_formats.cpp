// What the cleaner knows about the keys of job systems.
#include <jobqueue/service/redis_cleaner.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/base64_codec.hpp"
#include "service/redis_rules.hpp"
#include "support/redis_samples.hpp"
#include "support/redis_server.hpp"

namespace jobqueue {
namespace {

using detail::redis_command;
using test::clean_value;
using test::redis_server;
using test::store_state;
using test::value_with_blob;

struct cleaning {
  store_state before;
  store_state after;
  clean_report report;
};

cleaning clean(const redis_server& server) {
  const auto run = [&](const auto& commands) { return server.run(commands); };
  const test::temporary_folder folder;
  const auto journal =
      clean_journal::create(folder.path() / "j", redis_store_name(server.url()).value()).value();
  clean_options options;
  options.journal = journal.get();
  cleaning done;
  done.before = test::read_state(run);
  done.report = clean_redis(server.url(), {}, {}, options).value();
  done.after = test::read_state(run);
  return done;
}

struct known_key {
  redis_command make;        // gives the key its values
  std::string_view cleaned;  // names of fields, or "all"
  std::size_t skipped = 0;
};

std::string blob(std::uint64_t number) { return value_with_blob(number); }

TEST(redis_formats, only_what_may_be_rewritten_is) {
  const redis_server server;
  const std::vector<known_key> keys = {
      // This system's own.
      {{"SET", "worker:completion:job-id:1:step-id:2:attempt:1", blob(1)}, "all"},
      {{"SET", "worker:failure:step-id:2:permanent", blob(1)}, "all"},
      {{"SET", "api:workflow:completion:1:attempt-1", blob(1)}, "all"},
      {{"RPUSH", "workflow_notifications:1", blob(1), blob(2)}, "all"},
      {{"HSET", "jobs:completed", "1", blob(1), "2", blob(2)}, "all"},
      {{"HSET", "jobs:failed", "1", blob(1)}, "all"},
      {{"HSET", "jobs:active:w1", "1", blob(1)}, ""},
      {{"HSET", "job:1", "status", "completed", "payload", blob(1), "ctx", blob(2)}, "payload ctx"},
      {{"HSET", "job:2", "status", "failed", "payload", blob(1)}, "payload"},
      {{"HSET", "job:3", "status", "pending", "payload", blob(1)}, "", 1},
      {{"HSET", "job:4", "status", "in_progress", "payload", blob(1), "ctx", blob(2)}, "", 2},
      {{"HSET", "job:5", "payload", blob(1)}, "payload"},
      {{"HSET", "step:6", "status", "assigned", "payload", blob(1)}, "", 1},
      // BullMQ, whatever the prefix.
      {{"HSET",         "bull:mail:1",
        "name",         blob(1),
        "data",         blob(2),
        "opts",         blob(3),
        "timestamp",    "1",
        "returnvalue",  blob(4),
        "stacktrace",   "[" + blob(5) + "]",
        "failedReason", blob(6),
        "parent",       blob(7),
        "mine",         blob(8)},
       "data returnvalue stacktrace failedReason"},
      {{"HSET", "my:{mail}:2", "name", "n", "data", blob(2), "opts", blob(3), "timestamp", "1"},
       "data"},
      {{"HSET", "bull:mail:3", "name", "n", "data", blob(2), "opts", "{}", "timestamp", "1",
        "returnvalue", blob(4)},
       "",
       2},
      {{"SET", "bull:mail:3:lock", blob(9)}, ""},
      {{"RPUSH", "bull:mail:3:logs", blob(1), blob(2)}, "", 2},
      {{"RPUSH", "bull:mail:1:logs", blob(1), "row", blob(2)}, "all"},
      {{"HSET", "bull:mail:meta", "data", "x", "opts", blob(1)}, ""},
      {{"HSET", "bull:mail:repeat:abc", "name", "n", "pattern", blob(1)}, ""},
      {{"RPUSH", "bull:mail:wait", blob(1)}, ""},
      {{"ZADD", "bull:mail:delayed", "1", blob(1)}, ""},
      {{"SADD", "bull:mail:3:dependencies", blob(1)}, ""},
      {{"HSET", "my:{mail}:3:processed", "my:{mail}:4", blob(1)}, ""},
      // Sidekiq: the member of a zset is the job.
      {{"RPUSH", "queue:default", R"({"class":"W","jid":"a","args":[)" + blob(1) + "]}"}, "all"},
      {{"ZADD", "schedule", "1700000000.25", R"({"class":"W","args":[)" + blob(1) + "]}"}, "all"},
      {{"ZADD", "retry", "1700000000.125", R"({"class":"W","args":[)" + blob(2) + "]}"}, "all"},
      {{"ZADD", "dead", "1700000000.5", R"({"class":"W","args":[)" + blob(3) + "]}"}, "all"},
      // RQ
      {{"HSET", "rq:job:1", "data", blob(1), "result", blob(2), "exc_info", blob(3), "description",
        blob(4)},
       "description"},
      {{"RPUSH", "rq:queue:default", blob(1)}, ""},
      // Celery
      {{"HSET", "unacked", "tag", blob(1)}, ""},
      {{"SET", "celery-task-meta-1", R"({"status":"SUCCESS","result":)" + blob(1) + "}"}, "all"},
      {{"SADD", "_kombu.binding.celery", blob(1)}, ""},
      {{"SET", "some:lock", blob(1)}, ""},
      {{"SET", "anything", blob(1)}, "all"},
  };
  for (const known_key& one : keys) server.run(one.make);
  const cleaning done = clean(server);
  std::size_t skipped = 0;
  for (const known_key& one : keys) {
    const std::string& key = one.make[1];
    skipped += one.skipped;
    auto wanted = done.before.at(key);
    const std::string fields = " " + std::string(one.cleaned) + " ";
    for (auto& [first, second] : wanted.values) {
      const bool is_hash = wanted.type == "hash";
      std::string& text = is_hash ? second : first;
      const std::string old = text;
      if (one.cleaned == "all" || (is_hash && fields.find(" " + first + " ") != fields.npos)) {
        text = clean_value(text);
        EXPECT_TRUE(text != old || old == "row") << key << " has nothing to clean";
      }
    }
    EXPECT_EQ(done.after.at(key), wanted) << key;
  }
  EXPECT_EQ(done.report.totals.values_skipped, skipped);
}

// The base64 is the message itself: without it there is no task.
TEST(redis_formats, the_body_of_celery_stays) {
  const redis_server server;
  const std::string arguments =
      R"([[{"prompt":")" + std::string(3000, 'x') + R"("}],{},{"callbacks":null}])";
  std::string body;
  detail::encode_base64(arguments, blob_encoding::std_padded, body);
  const std::string message =
      R"({"body":")" + body +
      R"(","content-encoding":"utf-8","content-type":"application/json","headers":{"lang":"py",)"
      R"("task":"tasks.add","id":"4c2b"},"properties":{"correlation_id":"4c2b",)"
      R"("delivery_mode":2,"delivery_info":{"exchange":"","routing_key":"celery"},"priority":0,)"
      R"("body_encoding":"base64","delivery_tag":"9a"}})";
  server.run(redis_command{"RPUSH", "celery", message, blob(1)});
  const cleaning done = clean(server);
  EXPECT_EQ(done.after.at("celery").values[0].first, message);
  EXPECT_EQ(done.after.at("celery").values[1].first, clean_value(blob(1)));
}

// A lock that comes while the job is being cleaned keeps it as it is.
TEST(redis_formats, a_lock_is_watched) {
  const redis_server server;
  server.run(
      redis_command{"HSET", "q:1", "name", "n", "data", blob(1), "opts", "{}", "timestamp", "1"});
  // A blob store is asked between the reading and the writing.
  class locking final : public blob_store {
   public:
    explicit locking(const redis_server& server) : server_(server) {}
    status put(const sha256_digest&, std::span<const std::byte>) override {
      server_.run(redis_command{"SET", "q:1:lock", "token"});
      return done;
    }
    result<std::string> get(const sha256_digest&, std::uint64_t) const override {
      return error{errc::blob_missing, no_offset, ""};
    }

   private:
    const redis_server& server_;
  } vault(server);
  const test::temporary_folder folder;
  const auto journal = clean_journal::create(folder.path() / "j", "s").value();
  clean_options options;
  options.journal = journal.get();
  options.vault = &vault;
  const clean_report report = clean_redis(server.url(), {}, {}, options).value();
  EXPECT_EQ(report.totals.values_changed, 0U);
  EXPECT_EQ(report.totals.values_skipped, 1U);
  EXPECT_EQ(server.run(redis_command{"HGET", "q:1", "data"}).text, blob(1));
}

}  // namespace
}  // namespace jobqueue
