// Verdicts in a store: the same as by the rules alone, whichever store it is and wherever the
// notification comes from.
#include <jobqueue/service/evaluator.hpp>

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include <jobqueue/service/evidence_collector.hpp>

#include "core/json_text.hpp"
#include "support/golden_jobs.hpp"
#include "support/redis_server.hpp"
#include "support/stores.hpp"

namespace jobqueue {
namespace {

using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;
using test::engine;
using test::test_store;

const instant now = test::golden_now;

// What the store says of a job, in the words of the golden table; what facts are missing it does
// not say.
std::string words_of(const test_store& store, const std::string& id) {
  const std::string where = " FROM job WHERE id = '" + id + "'";
  const std::string next = store.text("SELECT next_evaluation_at" + where);
  if (store.text("SELECT is_cleanup_evaluated" + where) != "true") {
    EXPECT_EQ(store.text("SELECT status_category" + where), "");
    EXPECT_EQ(store.text("SELECT problem_type" + where), "");
    return "undecided until " + next;
  }
  EXPECT_EQ(next, "") << id;
  std::string words = store.text("SELECT status_category" + where);
  const std::string problem = store.text("SELECT problem_type" + where);
  const std::string resolution = store.text("SELECT resolution_needed" + where);
  if (!problem.empty()) words += " " + problem;
  if (!resolution.empty()) words += " -> " + resolution;
  return words;
}

// "undecided retry_count" waits for a day.
std::string in_store(std::string_view words) {
  const std::size_t until = words.find(" until ");
  if (!words.starts_with("undecided")) return std::string(words);
  if (until == std::string_view::npos) return "undecided until " + format_instant(now + 24h);
  return "undecided" + std::string(words.substr(until));
}

// The record with an id, and with nothing where a column would have a default.
std::string storable(std::string_view record, const std::string& id, std::string* notification) {
  std::string line = R"({"id":")" + id + '"';
  for (const auto& member : detail::read_json_members(record)) {
    if (member.name == "notification" && notification != nullptr) {
      if (member.value != "null") *notification = member.value;
      continue;
    }
    line += ",\"" + member.name + "\":" + std::string(member.value);
  }
  for (const std::string name : {"retry_count", "max_retries", "created_at"}) {
    if (record.find('"' + name + '"') == std::string_view::npos) line += ",\"" + name + "\":null";
  }
  return line + '}';
}

class evaluator_golden : public testing::TestWithParam<std::tuple<engine, bool>> {};

TEST_P(evaluator_golden, table) {
  const auto [which, is_in_redis] = GetParam();
  test_store store(which);
  const test::redis_server redis;
  const auto source = redis_store::open(redis.url()).value();
  std::vector<std::string> ids;
  std::vector<std::string_view> expected;
  for (const test::golden_job& row : test::golden_jobs) {
    if (!row.is_storable) continue;
    ids.push_back("job-" + std::to_string(ids.size()));
    expected.push_back(row.words);
    std::string notification;
    const std::string record =
        storable(row.record, ids.back(), is_in_redis ? &notification : nullptr);
    const auto report = store.store->import_jobs({record}).value();
    ASSERT_EQ(report.added, 1U) << record << report.refused.at(0).second.message;
    if (!notification.empty()) {
      redis.run({"LPUSH", "workflow_notifications:" + ids.back(), notification});
    }
  }
  const auto collected = collect_evidence(*source, *store.store).value();
  EXPECT_EQ(collected.notifications > 0, is_in_redis);

  evaluator worker(*store.store, ruleset::standard());
  const auto report = worker.run(now).value();
  EXPECT_EQ(report.evaluated, ids.size());
  EXPECT_EQ(report.failed, 0U);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(words_of(store, ids[i]), in_store(expected[i])) << ids[i];
  }
  // Once more there is nothing to do, and the evidence is known.
  EXPECT_EQ(collect_evidence(*source, *store.store).value().notifications, 0U);
  EXPECT_EQ(worker.run(now).value().evaluated, 0U);
}

std::string golden_name(const testing::TestParamInfo<std::tuple<engine, bool>>& info) {
  return test::name_of(std::get<0>(info.param)) +
         (std::get<1>(info.param) ? "_notifications_in_redis" : "_notifications_in_table");
}

INSTANTIATE_TEST_SUITE_P(stores, evaluator_golden,
                         testing::Combine(testing::Values(engine::sqlite, engine::postgresql),
                                          testing::Bool()),
                         golden_name);

class evaluator_over : public testing::TestWithParam<engine> {
 protected:
  test_store store_{GetParam()};
  evaluator evaluator_{*store_.store, ruleset::standard()};

  void import(std::string_view record) {
    const auto report = store_.store->import_jobs({record}).value();
    ASSERT_EQ(report.added, 1U) << record;
  }
  void run_sql(std::string_view sql) { static_cast<void>(store_.run(sql)); }
  std::uint64_t run(instant when = now) { return evaluator_.run(when).value().evaluated; }
  std::string words(const std::string& id) { return words_of(store_, id); }
};

INSTANTIATE_TEST_SUITE_P(stores, evaluator_over,
                         testing::Values(engine::sqlite, engine::postgresql), test::engine_name);

constexpr std::string_view filed_job =
    R"({"id":"1","status":"completed","workflow_output":"u",
        "completed_at":"2026-01-05T10:00:00Z"})";

TEST_P(evaluator_over, filed_becomes_complete_when_the_notification_comes) {
  import(filed_job);
  EXPECT_EQ(run(), 1U);
  EXPECT_EQ(words("1"), "filed notification_missing");
  EXPECT_EQ(run(), 0U);
  // However old the notification says it is.
  const notification_record told{"n1", "1",
                                 R"({"success":true,"attested_at":"2025-01-01T00:00:00Z"})"};
  EXPECT_EQ(store_.store->add_notifications({&told, 1}).value(), 1U);
  EXPECT_EQ(run(), 1U);
  EXPECT_EQ(words("1"), "complete");
  EXPECT_EQ(store_.text("SELECT problem_details FROM job"), "");
  EXPECT_EQ(store_.store->add_notifications({&told, 1}).value(), 0U);
  EXPECT_EQ(run(), 0U);
}

TEST_P(evaluator_over, the_newest_notification_counts) {
  import(filed_job);
  const notification_record told[]{
      {"n1", "1", R"({"success":true,"attested_at":"2026-01-05T11:00:00Z"})"},
      {"n2", "1", R"({"success":false,"attested_at":"2026-01-05T10:30:00Z"})"}};
  EXPECT_EQ(store_.store->add_notifications(told).value(), 2U);
  run();
  EXPECT_EQ(words("1"), "complete");
  const notification_record later{"n3", "1",
                                  R"({"success":false,"attested_at":"2026-01-05T11:30:00Z"})"};
  EXPECT_EQ(store_.store->add_notifications({&later, 1}).value(), 1U);
  EXPECT_EQ(run(), 1U);
  EXPECT_EQ(words("1"), "filed notification_failed");
}

TEST_P(evaluator_over, a_row_that_an_application_writes_is_a_notification) {
  import(filed_job);
  run();
  run_sql(
      "INSERT INTO notification (id, workflow_id, success, error_message)"
      " VALUES ('x', '1', false, 'gone')");
  EXPECT_EQ(run(), 1U);
  EXPECT_EQ(words("1"), "filed notification_failed");
  run_sql("UPDATE notification SET success = true WHERE id = 'x'");
  EXPECT_EQ(run(), 1U);
  EXPECT_EQ(words("1"), "complete");
}

TEST_P(evaluator_over, a_change_reopens_whichever_way_the_clock_went) {
  import(
      R"({"id":"1","status":"failed","retry_count":1,"max_retries":3,
          "updated_at":"2026-01-05T11:00:00Z"})");
  import(R"({"id":"2","status":"canceled"})");
  EXPECT_EQ(run(), 2U);
  const std::string before = store_.text("SELECT updated_at FROM job WHERE id = '1'");
  EXPECT_EQ(before, "2026-01-05T11:00:00Z");
  run_sql(
      "UPDATE job SET status = 'completed', updated_at = '2026-01-05T09:00:00.000000Z'"
      " WHERE id = '1'");
  run_sql(
      "UPDATE job SET status = 'failed', updated_at = '2026-01-05T09:00:00.000000Z'"
      " WHERE id = '2'");
  EXPECT_EQ(run(), 2U);
  EXPECT_EQ(words("1"), "incomplete missing_output");
  EXPECT_EQ(words("2"), "incomplete job_failed -> job_retry");
  EXPECT_EQ(run(), 0U);
}

// The old one took the oldest 150, and left what it could not decide among them.
TEST_P(evaluator_over, undecidable_jobs_starve_nobody) {
  std::vector<std::string> records;
  for (int i = 0; i < 150; ++i) {
    records.push_back(
        R"({"id":"a)" + std::to_string(i) +
        R"(","status":"failed","retry_count":null,"created_at":"2025-01-01T00:00:00Z"})");
  }
  records.emplace_back(R"({"id":"b","status":"canceled","created_at":"2026-01-05T11:00:00Z"})");
  const std::vector<std::string_view> views(records.begin(), records.end());
  ASSERT_EQ(store_.store->import_jobs(views).value().added, 151U);
  evaluator_options options;
  options.batch = 10;
  evaluator small(*store_.store, ruleset::standard(), options);
  EXPECT_EQ(small.run(now).value().evaluated, 151U);
  EXPECT_EQ(words("b"), "incomplete job_canceled");
  // They wait a day, or until something changes.
  EXPECT_EQ(small.run(now + 23h).value().evaluated, 0U);
  EXPECT_EQ(small.run(now + 24h).value().evaluated, 150U);
}

TEST_P(evaluator_over, an_undecided_job_is_looked_at_when_its_time_comes) {
  import(
      R"({"id":"1","status":"processing","created_at":null,"updated_at":"2026-01-05T11:30:00Z"})");
  EXPECT_EQ(run(), 1U);
  EXPECT_EQ(words("1"), "undecided until 2026-01-05T12:30:00.000001Z");
  EXPECT_EQ(run(now + 30min), 0U);
  EXPECT_EQ(run(now + 31min), 1U);
  EXPECT_EQ(words("1"), "incomplete stuck_processing");
}

// A problem that is over left its traces.
TEST_P(evaluator_over, a_verdict_is_written_as_a_whole) {
  import(R"({"id":"1","status":"completed","data":{"output":"u"}})");
  run();
  EXPECT_EQ(words("1"), "incomplete workflow_output_missing -> workflow_output_extraction");
  run_sql("UPDATE job SET workflow_output = 'u', updated_at = '2026-01-05T11:59:00.000000Z'");
  const notification_record told{"n", "1", R"({"success":true})"};
  EXPECT_EQ(store_.store->add_notifications({&told, 1}).value(), 1U);
  run();
  EXPECT_EQ(words("1"), "complete");
  for (const std::string column : {"problem_type", "problem_details", "resolution_needed"}) {
    EXPECT_EQ(store_.text("SELECT " + column + " FROM job"), "") << column;
  }
}

TEST_P(evaluator_over, re_evaluates_only_for_other_rules) {
  import(
      R"({"id":"1","status":"processing","created_at":null,"updated_at":"2026-01-05T10:30:00Z"})");
  EXPECT_EQ(run(), 1U);
  EXPECT_EQ(words("1"), "incomplete stuck_processing");
  evaluator_options options;
  options.re_evaluate = true;
  EXPECT_EQ(evaluator(*store_.store, ruleset::standard(), options).run(now).value().evaluated, 0U);
  ruleset_options patient;
  patient.parameters.emplace_back("stuck_after", "PT2H");
  const auto rules = ruleset::parse(ruleset::standard_text(), patient).value();
  EXPECT_EQ(evaluator(*store_.store, rules).run(now).value().evaluated, 0U);
  EXPECT_EQ(evaluator(*store_.store, rules, options).run(now).value().evaluated, 1U);
  EXPECT_EQ(words("1"), "undecided until 2026-01-05T12:30:00.000001Z");
}

TEST_P(evaluator_over, data_that_is_large_is_read_for_those_who_need_it) {
  const std::string large(3'000'000, 'x');
  import(R"({"id":"1","status":"completed","data":{"pad":")" + large + R"(","output":"u"}})");
  import(R"({"id":"2","status":"completed","workflow_output":")" + large +
         R"(","notification":{"success":true}})");
  import(R"({"id":"3","status":"failed","retry_count":3,"data":{"pad":")" + large + R"("}})");
  EXPECT_EQ(run(), 3U);
  EXPECT_EQ(words("1"), "incomplete workflow_output_missing -> workflow_output_extraction");
  EXPECT_EQ(words("2"), "complete");
  EXPECT_EQ(words("3"), "incomplete retries_exhausted");
}

// A row that no verdict can be made of or kept for is one row.
TEST_P(evaluator_over, one_poison_row_is_one_row) {
  for (int i = 0; i < 40; ++i) {
    import(R"({"id":")" + std::to_string(i) + R"(","status":"failed","retry_count":0})");
  }
  if (store_.is_sqlite()) {
    // Nothing keeps SQLite from having anything in a column.
    run_sql("UPDATE job SET status = 'completed', data = '{\"output\":' WHERE id = '17'");
    run_sql(
        "CREATE TRIGGER refuse BEFORE UPDATE OF status_category ON job"
        " WHEN NEW.id = '23' AND NEW.problem_type = 'job_failed'"
        " BEGIN SELECT RAISE(ABORT, 'no'); END");
  } else {
    // An owner's view that fails for one row, and a check that refuses another.
    run_sql(
        "CREATE VIEW job_record AS SELECT job.*, NULL::json AS notification,"
        " NULL::json AS attestations, 1 / (id <> '17')::int AS divided FROM job"
        " WHERE 1 / (id <> '17')::int = 1");
    run_sql("ALTER TABLE job ADD CHECK (id <> '23' OR problem_type <> 'job_failed')");
  }
  const auto report = evaluator_.run(now).value();
  EXPECT_EQ(report.evaluated, 40U);
  EXPECT_EQ(words("16"), "incomplete job_failed -> job_retry");
  EXPECT_EQ(words("17"), "incomplete evaluation_error");
  EXPECT_EQ(words("23"), "incomplete evaluation_error");
  EXPECT_EQ(store_.text("SELECT count(*) FROM job WHERE problem_type = 'job_failed'"), "38");
  EXPECT_EQ(report.failed, 2U);
  EXPECT_EQ(evaluator_.run(now).value().evaluated, 0U);
}

TEST_P(evaluator_over, explains_what_would_complete_a_job) {
  import(filed_job);
  const auto verdict = evaluator_.explain("1", now).value();
  ASSERT_TRUE(verdict.has_value());
  EXPECT_NE(
      verdict->decided_by.find(
          R"({"fact":"finished_at","operator":"olderThan","fact_value":"2026-01-05T10:00:00Z",)"),
      std::string::npos)
      << verdict->decided_by;
  EXPECT_NE(verdict->would_complete.find(R"("fact":"notification.success")"), std::string::npos);
  EXPECT_EQ(evaluator_.explain("no such job", now).value(), std::nullopt);
  EXPECT_EQ(words("1"), "undecided until ");
}

TEST_P(evaluator_over, can_be_stopped_between_pages) {
  for (int i = 0; i < 30; ++i)
    import(R"({"id":")" + std::to_string(i) + R"(","status":"canceled"})");
  evaluator_options options;
  options.batch = 10;
  evaluator small(*store_.store, ruleset::standard(), options);
  std::vector<std::uint64_t> seen;
  const auto report = small.run(now, [&](const evaluator_progress& at) {
    EXPECT_EQ(at.due, 30U);
    seen.push_back(at.evaluated);
    return seen.size() < 2;
  });
  EXPECT_TRUE(report.value().stopped);
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{10, 20}));
  EXPECT_EQ(run(), 10U);
}

}  // namespace
}  // namespace jobqueue
