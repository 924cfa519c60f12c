// The resolver does what verdicts ask for, once, and never goes round in circles with the
// evaluator.
#include <jobqueue/service/resolver.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <jobqueue/service/evaluator.hpp>

#include "support/golden_jobs.hpp"
#include "support/stores.hpp"

namespace jobqueue {
namespace {

using test::engine;

const instant now = test::golden_now;

class resolver_over : public testing::TestWithParam<engine> {
 protected:
  test::test_store store_{GetParam()};
  evaluator evaluator_{*store_.store, ruleset::standard()};
  resolver resolver_{*store_.store, ruleset::standard()};

  void import(std::string_view record) {
    ASSERT_EQ(store_.store->import_jobs({record}).value().added, 1U) << record;
  }
  std::uint64_t evaluate() { return evaluator_.run(now).value().evaluated; }
  [[nodiscard]] std::string column(const std::string& name, const std::string& id) const {
    return store_.text("SELECT " + name + " FROM job WHERE id = '" + id + "'");
  }
};

INSTANTIATE_TEST_SUITE_P(stores, resolver_over, testing::Values(engine::sqlite, engine::postgresql),
                         test::engine_name);

TEST_P(resolver_over, puts_the_output_where_it_belongs) {
  import(R"({"id":"1","status":"completed","updated_at":"2026-01-05T11:00:00Z",
             "data":{"outputs":[{"x":1}],"output":"https://cdn.example.com/caf\u00e9.png"}})");
  import(R"({"id":"2","status":"completed","data":"{\"images\":[{\"src\":\"two\"}]}"})");
  EXPECT_EQ(evaluate(), 2U);
  const auto report = resolver_.run(now).value();
  EXPECT_EQ(report.extracted, 2U);
  EXPECT_EQ(report.unresolvable, 0U);
  EXPECT_EQ(column("workflow_output", "1"), "https://cdn.example.com/caf\xC3\xA9.png");
  EXPECT_EQ(column("workflow_output", "2"), "two");
  EXPECT_EQ(column("resolution_needed", "1"), "");
  EXPECT_EQ(column("updated_at", "1"), "2026-01-05T11:00:00Z");
  // The verdict is due again, and then nothing is.
  EXPECT_EQ(evaluate(), 2U);
  EXPECT_EQ(column("problem_type", "1"), "notification_missing");
  EXPECT_EQ(resolver_.run(now).value().extracted, 0U);
  EXPECT_EQ(evaluate(), 0U);
}

// Rules that promise an output where there is none made the old ones go on for ever.
TEST_P(resolver_over, never_goes_round_in_circles) {
  const auto promising = ruleset::parse(R"({"rules":[
      {"name":"promise","conditions":{"all":[
         {"fact":"status","operator":"equal","value":"completed"}]},
       "event":{"type":"verdict","params":{"status_category":"incomplete",
         "problem_type":"workflow_output_missing","reason":"somewhere",
         "resolution_needed":"workflow_output_extraction"}}},
      {"conditions":{"all":[]},"event":{"type":"verdict","params":{"status_category":null}}}]})")
                             .value();
  import(R"({"id":"1","status":"completed","data":{"outputs":[{"x":1}]}})");
  evaluator worker(*store_.store, promising);
  EXPECT_EQ(worker.run(now).value().evaluated, 1U);
  resolver by_the_same(*store_.store, promising);
  // By other rules there is nothing to resolve.
  EXPECT_EQ(resolver_.run(now).value().unresolvable, 0U);
  EXPECT_EQ(by_the_same.run(now).value().unresolvable, 1U);
  EXPECT_EQ(column("problem_details", "1"),
            R"({"reason":"somewhere","resolution_failed":"data holds no output"})");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(worker.run(now).value().evaluated, 0U);
    EXPECT_EQ(by_the_same.run(now).value().unresolvable, 0U);
  }
}

TEST_P(resolver_over, schedules_each_retry_once_and_few_in_a_run) {
  for (int i = 0; i < 25; ++i) {
    import(R"({"id":"a)" + std::to_string(i) + R"(","status":"failed","retry_count":1})");
  }
  import(R"({"id":"z","status":"failed","retry_count":3})");
  EXPECT_EQ(evaluate(), 26U);
  EXPECT_EQ(resolver_.run(now).value().scheduled, 10U);
  EXPECT_EQ(resolver_.run(now).value().scheduled, 10U);
  EXPECT_EQ(resolver_.run(now).value().scheduled, 5U);
  EXPECT_EQ(resolver_.run(now).value().scheduled, 0U);
  EXPECT_EQ(store_.text("SELECT count(*) FROM outbox"), "25");
  EXPECT_EQ(store_.text("SELECT count(DISTINCT job_id) FROM outbox WHERE attempt = 2"), "25");
  EXPECT_EQ(store_.text("SELECT payload FROM outbox WHERE job_id = 'a7'"),
            R"({"job_id":"a7","retry_attempt":2})");
  EXPECT_EQ(evaluate(), 0U);
  // The retry was made and failed, too: that is another attempt.
  static_cast<void>(
      store_.run("UPDATE job SET retry_count = 2,"
                 " updated_at = '2026-01-05T11:59:00.000000Z' WHERE id = 'a7'"));
  EXPECT_EQ(evaluate(), 1U);
  EXPECT_EQ(resolver_.run(now).value().scheduled, 1U);
  EXPECT_EQ(store_.text("SELECT max(attempt) FROM outbox WHERE job_id = 'a7'"), "3");
}

TEST_P(resolver_over, what_the_store_refuses_is_of_one_job) {
  for (int i = 0; i < 5; ++i) {
    import(R"({"id":")" + std::to_string(i) + R"(","status":"completed","data":{"output":"u)" +
           std::to_string(i) + R"("}})");
  }
  if (store_.is_sqlite()) {
    static_cast<void>(
        store_.run("CREATE TRIGGER refuse BEFORE UPDATE OF workflow_output ON job"
                   " WHEN NEW.workflow_output = 'u2' BEGIN SELECT RAISE(ABORT, 'no'); END"));
  } else {
    static_cast<void>(store_.run("ALTER TABLE job ADD CHECK (workflow_output <> 'u2')"));
  }
  EXPECT_EQ(evaluate(), 5U);
  static_cast<void>(resolver_.run(now).value());
  EXPECT_EQ(store_.text("SELECT count(*) FROM job WHERE workflow_output IS NOT NULL"), "4");
  EXPECT_EQ(column("workflow_output", "2"), "");
}

}  // namespace
}  // namespace jobqueue
