// What a migration adds to a database, and what it leaves alone.
#include <jobqueue/store/job_store.hpp>

#include <future>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/stores.hpp"

namespace jobqueue {
namespace {

using test::engine;
using test::test_store;
using testing::HasSubstr;

const instant now = parse_instant("2026-01-05T12:00:00Z").value();

class migration_of : public testing::TestWithParam<engine> {
 protected:
  test_store store_{GetParam(), false};
};

INSTANTIATE_TEST_SUITE_P(stores, migration_of, testing::Values(engine::sqlite, engine::postgresql),
                         test::engine_name);

TEST_P(migration_of, an_empty_database) {
  const auto plan = store_.store->plan_migration().value();
  EXPECT_GT(plan.size(), 20U);
  // Planning does nothing.
  EXPECT_EQ(store_.store->plan_migration().value(), plan);
  EXPECT_EQ(store_.store->migrate().value(), plan);
  EXPECT_TRUE(store_.store->plan_migration().value().empty());
  EXPECT_TRUE(store_.store->migrate().value().empty());
}

TEST_P(migration_of, two_at_once) {
  const auto other = job_store::open(store_.url()).value();
  auto first = std::async(std::launch::async, [&] { return store_.store->migrate(); });
  auto second = std::async(std::launch::async, [&] { return other->migrate(); });
  const auto a = first.get();
  const auto b = second.get();
  ASSERT_TRUE(a) << a.problem().message;
  ASSERT_TRUE(b) << b.problem().message;
  EXPECT_NE(a->empty(), b->empty());
}

TEST_P(migration_of, a_view_of_the_owner_stays) {
  ASSERT_TRUE(store_.store->migrate());
  static_cast<void>(
      store_.run("CREATE VIEW job_record AS SELECT id, 'of ' || status AS status FROM job"));
  EXPECT_TRUE(store_.store->migrate().value().empty());
  ASSERT_TRUE(store_.store->import_jobs({R"({"id":"1","status":"failed"})"}));
  claim_request request;
  request.now = now;
  std::vector<std::string> facts{"status"};
  request.facts = facts;
  {
    const auto page = store_.store->claim(request).value();
    ASSERT_EQ(page.size(), 1U);
    EXPECT_EQ(page.facts(0)[0].text, "of failed");
  }
  // To take what it does not have for absent would make wrong verdicts.
  facts.emplace_back("retry_count");
  request.facts = facts;
  const auto refused = store_.store->claim(request);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.problem().message, HasSubstr("job_record.retry_count"));
}

TEST_P(migration_of, a_newer_database_is_left_alone) {
  ASSERT_TRUE(store_.store->migrate());
  static_cast<void>(store_.run("INSERT INTO jobqueue_migration (version) VALUES (999)"));
  const auto refused = store_.store->migrate();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.problem().message, HasSubstr("newer"));
}

// All or nothing: here the last table cannot be made.
TEST_P(migration_of, a_failure_leaves_nothing_behind) {
  static_cast<void>(store_.run("CREATE TABLE webhook_delivery (id text)"));
  ASSERT_FALSE(store_.store->migrate());
  EXPECT_EQ(
      store_.text(store_.is_sqlite() ? "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"
                                     : "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND"
                                       " relnamespace = current_schema()::regnamespace"),
      "1");
}

// The tables of the system that this one takes over, as far as it reads them, and one that it does
// not know.
constexpr std::string_view old_schema[] = {
    R"(CREATE TABLE job (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL,
      description text, status text NOT NULL DEFAULT 'pending', data json, progress integer,
      error_message text, created_at timestamp(3) NOT NULL DEFAULT now(),
      updated_at timestamp(3) NOT NULL, started_at timestamp(3), completed_at timestamp(3),
      user_id uuid NOT NULL, job_type text NOT NULL, priority integer NOT NULL DEFAULT 1,
      retry_count integer NOT NULL DEFAULT 0, max_retries integer NOT NULL DEFAULT 3,
      workflow_output text, is_cleanup_evaluated boolean NOT NULL DEFAULT false,
      status_category text, problem_type text, problem_details json, evaluated_at timestamp(3)))",
    "CREATE INDEX job_is_cleanup_evaluated_idx ON job (is_cleanup_evaluated)",
    "CREATE INDEX job_status_category_idx ON job (status_category)",
    R"(CREATE TABLE job_history (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      job_id uuid NOT NULL REFERENCES job (id) ON DELETE CASCADE, status text NOT NULL, data json,
      created_at timestamp(3) NOT NULL DEFAULT now(), message text,
      retry_attempt integer NOT NULL DEFAULT 0))",
    R"(CREATE TABLE job_retry_backup (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      original_job_id uuid NOT NULL REFERENCES job (id) ON DELETE CASCADE,
      retry_attempt integer NOT NULL, original_data json, original_status text NOT NULL,
      original_workflow_output text, backed_up_at timestamp(3) NOT NULL DEFAULT now()))",
    R"(CREATE TABLE step (id uuid PRIMARY KEY, job_id uuid NOT NULL REFERENCES job (id)
      ON DELETE CASCADE, step_name text NOT NULL, step_type text NOT NULL,
      status text NOT NULL DEFAULT 'pending', started_at timestamp(3) NOT NULL DEFAULT now(),
      completed_at timestamp(3), input_data json, output_data json, error_message text,
      step_order integer, retry_attempt integer))",
    "CREATE TABLE flat_file (id bigint PRIMARY KEY, name text NOT NULL, tags text[])",
    R"(INSERT INTO job (id, name, status, data, created_at, updated_at, completed_at, user_id,
        job_type, retry_count, workflow_output, is_cleanup_evaluated, status_category,
        problem_type, evaluated_at)
      SELECT ('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid, 'job ' || i,
        (array['completed', 'failed', 'canceled', 'processing', 'completed'])[1 + i % 5],
        json_build_object('i', i, 'output', 'https://cdn.example.com/' || i),
        timestamp '2026-01-01' + i * interval '1 minute',
        timestamp '2026-01-01' + i * interval '2 minutes',
        CASE WHEN i % 5 = 0 THEN timestamp '2026-01-05 10:00' END, gen_random_uuid(), 'comfyui',
        i % 5, CASE WHEN i % 5 = 0 THEN 'u' END, i % 7 = 0,
        CASE WHEN i % 7 = 0 THEN 'complete' END, CASE WHEN i % 7 = 0 THEN 'stale' END,
        CASE WHEN i % 7 = 0 THEN timestamp '2026-01-05 10:00' END
      FROM generate_series(1, 1000) AS i)",
    "INSERT INTO job_history (job_id, status) SELECT id, status FROM job",
    R"(INSERT INTO step (id, job_id, step_name, step_type)
      SELECT gen_random_uuid(), id, 'render', 'delegated' FROM job)",
    "INSERT INTO flat_file VALUES (1, 'a', '{x,y}')"};

constexpr std::string_view own_columns =
    "id, name, description, status, data::text, progress, error_message, created_at, updated_at,"
    " started_at, completed_at, user_id, job_type, priority, retry_count, max_retries,"
    " workflow_output";

// All that a table says: its columns with their types and defaults, its rows, its indexes.
std::string fingerprint(const test_store& store, const std::string& table,
                        const std::string& columns) {
  return store.text("SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM (SELECT " +
                    columns + " FROM " + table + ") t") +
         store.text(
             "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod) || ' ' ||"
             " attnotnull || ' ' || coalesce(pg_get_expr(adbin, adrelid), ''), ', '"
             " ORDER BY attnum) FROM pg_attribute LEFT JOIN pg_attrdef"
             " ON adrelid = attrelid AND adnum = attnum WHERE attrelid = '" +
             table + "'::regclass AND attnum BETWEEN 1 AND 22 AND NOT attisdropped");
}

TEST(migration_of_an_old_database, adds_what_is_missing_and_touches_nothing_else) {
  const test_store store(engine::postgresql, false);
  for (const std::string_view sql : old_schema) static_cast<void>(store.run(sql));
  const std::string own(own_columns);
  const auto everything = [&] {
    return fingerprint(store, "job", own) + '\n' + fingerprint(store, "job_history", "*") + '\n' +
           fingerprint(store, "step", "*") + '\n' + fingerprint(store, "flat_file", "*") + '\n' +
           store.text(
               "SELECT string_agg(indexdef, ', ' ORDER BY indexname) FROM pg_indexes WHERE"
               " indexname IN ('job_pkey', 'job_is_cleanup_evaluated_idx',"
               " 'job_status_category_idx', 'step_pkey', 'flat_file_pkey')");
  };
  const std::string before = everything();
  std::string planned;
  for (const std::string& sql : store.store->plan_migration().value()) planned += sql + '\n';
  EXPECT_THAT(planned, HasSubstr("ALTER TABLE job ADD COLUMN resolution_needed"));
  EXPECT_THAT(planned, testing::Not(HasSubstr("CREATE TABLE IF NOT EXISTS job ")));
  EXPECT_THAT(planned, testing::Not(HasSubstr("ADD COLUMN workflow_output")));
  ASSERT_TRUE(store.store->migrate());
  EXPECT_EQ(everything(), before);

  // And it works: by the page machinery, and by its triggers.
  claim_request request;
  request.now = now;
  std::size_t fresh = 0;
  do {
    auto page = store.store->claim(request).value();
    std::vector<evaluation> verdicts(page.size());
    for (evaluation& verdict : verdicts) {
      verdict.decided = true;
      verdict.status_category = "incomplete";
      verdict.problem_details = R"({"reason":"x"})";
    }
    request.after = page.cursor();
    fresh += verdicts.size();
    ASSERT_TRUE(page.commit(verdicts, "digest"));
  } while (!request.after.empty());
  EXPECT_EQ(fresh, 858U);  // of 1000, a seventh was evaluated
  EXPECT_EQ(everything(), before);
  EXPECT_EQ(store.text("SELECT count(*) FROM job WHERE evaluated_at = '2026-01-05 12:00:00'"),
            "858");
  const std::string id = "00000000-0000-0000-0000-000000000005";
  const notification_record told[]{{"n", id, R"({"success":true})"},
                                   {"m", "no uuid at all", R"({"success":true})"}};
  EXPECT_EQ(store.store->add_notifications(told).value(), 2U);
  request = {};
  request.now = now;
  request.why = due::scheduled;
  EXPECT_EQ(store.store->claim(request).value().id(0), id);
}

}  // namespace
}  // namespace jobqueue
