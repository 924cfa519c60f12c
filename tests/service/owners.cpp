// Databases as owners have them: other types of ids, triggers of their own, programs that write at
// the same time.
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jobqueue/service/evaluator.hpp>
#include <jobqueue/service/resolver.hpp>

#include "support/golden_jobs.hpp"
#include "support/stores.hpp"

namespace jobqueue {
namespace {

using test::engine;
using test::test_store;
using testing::HasSubstr;

const instant now = test::golden_now;

void run_sql(const test_store& store, std::string_view sql) { static_cast<void>(store.run(sql)); }

class owners_id : public testing::TestWithParam<std::string> {};

// Typed ids have another order than their texts.
TEST_P(owners_id, is_paged_and_listed_completely) {
  test_store store(engine::postgresql, false);
  run_sql(store, "CREATE TABLE job (id " + GetParam() + " PRIMARY KEY, status text NOT NULL)");
  ASSERT_TRUE(store.store->migrate());
  const std::string id =
      GetParam() == "uuid" ? "('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid" : "i";
  run_sql(store, "INSERT INTO job (id, status) SELECT " + id +
                     ", 'canceled' FROM generate_series(1, 2500) AS i");
  evaluator_options options;
  options.batch = 100;
  evaluator worker(*store.store, ruleset::standard(), options);
  EXPECT_EQ(worker.run(now).value().evaluated, 2500U);
  EXPECT_EQ(store.text("SELECT count(*) FROM job WHERE problem_type = 'job_canceled'"), "2500");
  job_filter filter;
  filter.limit = 1000;
  std::size_t listed = 0;
  do {
    const auto list = store.store->list_jobs(filter).value();
    listed += list.jobs.size();
    filter.after = list.cursor;
  } while (!filter.after.empty());
  EXPECT_EQ(listed, 2500U);
}

INSTANTIATE_TEST_SUITE_P(types, owners_id, testing::Values("uuid", "integer", "bigint"),
                         [](const auto& type) { return type.param; });

TEST(owners_database, capitals_of_a_uuid_do_not_matter) {
  test_store store(engine::postgresql, false);
  run_sql(store, "CREATE TABLE job (id uuid PRIMARY KEY, status text NOT NULL)");
  ASSERT_TRUE(store.store->migrate());
  const auto report = store.store->import_jobs(
      {R"({"id":"AAAAAAAA-0000-4000-8000-00000000000A","status":"completed","workflow_output":"u",
           "completed_at":"2026-01-05T10:00:00Z","notification":{"success":true}})"});
  ASSERT_EQ(report.value().added, 1U);
  EXPECT_EQ(evaluator(*store.store, ruleset::standard()).run(now).value().evaluated, 1U);
  EXPECT_EQ(store.text("SELECT status_category FROM job"), "complete");
}

// The usual trigger of an owner; a verdict is no progress.
TEST(owners_database, a_trigger_that_sets_updated_at_does_no_harm) {
  test_store store(engine::postgresql);
  run_sql(store,
          "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS"
          " $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$");
  run_sql(store, "CREATE TRIGGER touch BEFORE UPDATE ON job FOR EACH ROW EXECUTE FUNCTION touch()");
  ASSERT_TRUE(store.store->import_jobs(
      {R"({"id":"1","status":"processing","created_at":"2026-01-05T10:00:00Z",
           "updated_at":"2026-01-05T10:30:00Z"})"}));
  evaluator worker(*store.store, ruleset::standard());
  EXPECT_EQ(worker.run(now).value().evaluated, 1U);
  EXPECT_EQ(worker.run(now).value().evaluated, 0U);
  EXPECT_EQ(store.text("SELECT updated_at FROM job"), "2026-01-05T10:30:00Z");
  EXPECT_EQ(store.text("SELECT problem_type FROM job"), "stuck_processing");
  // What the application writes is touched as ever.
  run_sql(store, "UPDATE job SET status = 'canceled'");
  EXPECT_NE(store.text("SELECT updated_at FROM job"), "2026-01-05T10:30:00Z");
  EXPECT_EQ(worker.run(now).value().evaluated, 1U);
}

TEST(owners_database, in_sqlite_such_a_trigger_is_named) {
  test_store store(engine::sqlite);
  run_sql(store,
          "CREATE TRIGGER touch AFTER UPDATE ON job BEGIN UPDATE job SET"
          " updated_at = '2026-01-05T12:00:00.000000Z' WHERE id = NEW.id; END");
  ASSERT_TRUE(store.store->import_jobs({R"({"id":"1","status":"canceled"})"}));
  const auto report = evaluator(*store.store, ruleset::standard()).run(now);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.problem().message, HasSubstr("UPDATE OF status"));
}

// Neither sees the other when it is written; the evaluator sees the job before it sees that the
// user was told.
TEST(owners_database, a_notification_beside_its_job_is_not_lost) {
  test_store store(engine::postgresql);
  const auto application = store.connect();
  ASSERT_TRUE(application->begin());
  ASSERT_TRUE(application->query(
      "INSERT INTO notification (id, workflow_id, success) VALUES ('n', '1', true)", {}));
  ASSERT_TRUE(store.store->import_jobs({R"({"id":"1","status":"completed","workflow_output":"u",
      "completed_at":"2026-01-05T10:00:00Z"})"}));
  evaluator worker(*store.store, ruleset::standard());
  EXPECT_EQ(worker.run(now).value().evaluated, 1U);
  EXPECT_EQ(store.text("SELECT problem_type FROM job"), "notification_missing");
  ASSERT_TRUE(application->commit());
  EXPECT_EQ(worker.run(now).value().evaluated, 1U);
  EXPECT_EQ(store.text("SELECT status_category FROM job"), "complete");
  EXPECT_EQ(worker.run(now).value().evaluated, 0U);
  EXPECT_EQ(store.text("SELECT count(*) FROM evidence_without_job"), "0");
}

TEST(owners_database, a_trigger_that_raises_for_one_job_costs_one_verdict) {
  test_store store(engine::postgresql);
  run_sql(store,
          "INSERT INTO job (id, status) SELECT 'j' || i, 'canceled'"
          " FROM generate_series(1, 300) AS i");
  run_sql(store,
          "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
          " RAISE EXCEPTION 'no' USING errcode = '55000'; END $$");
  run_sql(store,
          "CREATE TRIGGER refuse BEFORE UPDATE ON job FOR EACH ROW"
          " WHEN (NEW.id = 'j77') EXECUTE FUNCTION refuse()");
  const auto report = evaluator(*store.store, ruleset::standard()).run(now).value();
  EXPECT_EQ(report.evaluated, 299U);
  EXPECT_EQ(report.failed, 1U);
  EXPECT_EQ(store.text("SELECT count(*) FROM job WHERE is_cleanup_evaluated"), "299");
}

class owners_writes : public testing::TestWithParam<engine> {
 protected:
  test_store store_{GetParam()};
  evaluator evaluator_{*store_.store, ruleset::standard()};
  resolver resolver_{*store_.store, ruleset::standard()};
};

INSTANTIATE_TEST_SUITE_P(stores, owners_writes, testing::Values(engine::sqlite, engine::postgresql),
                         test::engine_name);

TEST_P(owners_writes, after_the_verdict_are_not_undone_by_the_resolver) {
  ASSERT_TRUE(store_.store->import_jobs(
      {R"({"id":"1","status":"completed","data":{"output":"http://old"}})",
       R"({"id":"2","status":"completed","data":{"output":"http://old"}})",
       R"({"id":"3","status":"failed","retry_count":0})"}));
  EXPECT_EQ(evaluator_.run(now).value().evaluated, 3U);
  // One tells the time of its change, and one forgets to.
  run_sql(store_,
          "UPDATE job SET workflow_output = 'http://true',"
          " updated_at = '2026-01-05T11:59:00.000000Z' WHERE id = '1'");
  run_sql(store_, "UPDATE job SET workflow_output = 'http://true' WHERE id = '2'");
  run_sql(store_, "UPDATE job SET status = 'completed', workflow_output = 'u' WHERE id = '3'");
  const auto report = resolver_.run(now).value();
  EXPECT_EQ(report.extracted + report.scheduled + report.unresolvable, 0U);
  EXPECT_EQ(store_.text("SELECT count(*) FROM job WHERE workflow_output = 'http://true'"), "2");
  EXPECT_EQ(store_.text("SELECT count(*) FROM outbox"), "0");
}

TEST_P(owners_writes, of_other_programs_are_no_verdicts_of_ours) {
  ASSERT_TRUE(store_.store->import_jobs({R"({"id":"1","status":"failed","retry_count":0})"}));
  run_sql(store_, "UPDATE job SET is_cleanup_evaluated = true, resolution_needed = 'job_retry'");
  EXPECT_EQ(resolver_.run(now).value().scheduled, 0U);
}

TEST_P(owners_writes, outputs_that_are_blobs_are_none) {
  ASSERT_TRUE(store_.store->import_jobs({R"({"id":"1","status":"completed","data":{"output":")" +
                                         std::string(70'000, 'x') + R"("}})"}));
  EXPECT_EQ(evaluator_.run(now).value().evaluated, 1U);
  EXPECT_EQ(resolver_.run(now).value().unresolvable, 1U);
  EXPECT_THAT(store_.text("SELECT problem_details FROM job"), HasSubstr("larger than 64 KiB"));
}

TEST_P(owners_writes, many_resolutions_fit_into_one_page) {
  std::vector<std::string> records;
  for (int i = 0; i < 6000; ++i) {
    records.push_back(R"({"id":")" + std::to_string(i) +
                      R"(","status":"completed","data":{"output":"u"}})");
  }
  const std::vector<std::string_view> views(records.begin(), records.end());
  ASSERT_EQ(store_.store->import_jobs(views).value().added, 6000U);
  EXPECT_EQ(evaluator_.run(now).value().evaluated, 6000U);
  resolver_options options;
  options.batch = 10'000;
  resolver large(*store_.store, ruleset::standard(), options);
  EXPECT_EQ(large.run(now).value().extracted, 6000U);
}

// The bad ones come first by their ids.
TEST_P(owners_writes, retries_that_cannot_be_noted_do_not_use_up_the_others) {
  std::vector<std::string> records;
  for (int i = 0; i < 5; ++i) {
    records.push_back(R"({"id":"a)" + std::to_string(i) +
                      R"(","status":"failed","retry_count":0})");
    records.push_back(R"({"id":"b)" + std::to_string(i) +
                      R"(","status":"failed","retry_count":0})");
  }
  const std::vector<std::string_view> views(records.begin(), records.end());
  ASSERT_EQ(store_.store->import_jobs(views).value().added, 10U);
  if (store_.is_sqlite()) {
    run_sql(store_,
            "CREATE TRIGGER refuse BEFORE INSERT ON outbox WHEN NEW.job_id LIKE 'a%'"
            " BEGIN SELECT RAISE(ABORT, 'no'); END");
  } else {
    run_sql(store_, "ALTER TABLE outbox ADD CHECK (job_id NOT LIKE 'a%')");
  }
  EXPECT_EQ(evaluator_.run(now).value().evaluated, 10U);
  resolver_options options;
  options.max_retries = 5;
  resolver small(*store_.store, ruleset::standard(), options);
  EXPECT_EQ(small.run(now).value().scheduled, 5U);
  EXPECT_EQ(store_.text("SELECT count(*) FROM outbox WHERE job_id LIKE 'b%'"), "5");
  EXPECT_THAT(store_.text("SELECT problem_details FROM job WHERE id = 'a1'"),
              HasSubstr("the store refused it"));
}

TEST_P(owners_writes, long_texts_are_withheld_and_still_told) {
  ASSERT_TRUE(store_.store->import_jobs({R"({"id":"1","status":"failed","retry_count":3,
      "error_message":")" + std::string(100'000, 'e') +
                                         R"("})"}));
  EXPECT_EQ(evaluator_.run(now).value().evaluated, 1U);
  EXPECT_THAT(store_.text("SELECT problem_details FROM job"), HasSubstr("eeeeeeee..."));
}

}  // namespace
}  // namespace jobqueue
