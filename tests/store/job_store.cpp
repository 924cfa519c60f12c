// The job store on both engines: what it takes, gives and refuses.
#include <jobqueue/store/job_store.hpp>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/store_url.hpp"
#include "support/stores.hpp"

namespace jobqueue {
namespace {

using namespace std::chrono_literals;
using test::engine;
using testing::HasSubstr;
using testing::Not;

const instant now = parse_instant("2026-01-05T12:00:00Z").value();

class job_store_on : public testing::TestWithParam<engine> {
 protected:
  test::test_store store_{GetParam()};

  import_report import(std::string_view record) {
    return store_.store->import_jobs({record}).value();
  }
  void import_many(int count) {
    std::vector<std::string> records;
    for (int i = 0; i < count; ++i) {
      records.push_back(R"({"id":"j)" + std::to_string(i) + R"(","status":"failed"})");
    }
    const std::vector<std::string_view> views(records.begin(), records.end());
    ASSERT_EQ(store_.store->import_jobs(views).value().added, static_cast<std::size_t>(count));
  }
  claim_request fresh(std::size_t limit) {
    claim_request request;
    request.now = now;
    request.limit = limit;
    return request;
  }
  static evaluation verdict() {
    evaluation made;
    made.decided = true;
    made.status_category = "incomplete";
    return made;
  }
};

INSTANTIATE_TEST_SUITE_P(stores, job_store_on, testing::Values(engine::sqlite, engine::postgresql),
                         test::engine_name);

TEST_P(job_store_on, keeps_every_byte_of_a_job) {
  const std::string data = R"({ "a" : 1.0,"b":[1e400,"\u00e9\n"],"a":2 })";
  const auto report =
      import(R"({"id":"1","name":"caf\u00e9 \"x\"","status":"completed","data":)" + data +
             R"(,"priority":"7","created_at":1767609000123,)"
             R"("completed_at":"2026-01-05T13:00:00.5+01:00"})");
  EXPECT_EQ(report.added, 1U);
  EXPECT_EQ(store_.text("SELECT data FROM job"), data);
  EXPECT_EQ(store_.text("SELECT name FROM job"), "caf\xC3\xA9 \"x\"");
  EXPECT_EQ(store_.text("SELECT priority FROM job"), "7");
  EXPECT_EQ(store_.text("SELECT created_at FROM job"), "2026-01-05T10:30:00.123000Z");
  EXPECT_EQ(store_.text("SELECT completed_at FROM job"), "2026-01-05T12:00:00.500000Z");
  EXPECT_EQ(store_.text("SELECT max_retries FROM job"), "3");
}

TEST_P(job_store_on, what_is_no_column_goes_beside_the_data) {
  import(R"({"id":"1","status":"queued","type":"text2img","result":{"src":"u"}})");
  import(R"({"id":"2","status":"queued","data":{"x":1},"type":"text2img"})");
  EXPECT_EQ(store_.text("SELECT extra FROM job WHERE id = '1'"),
            R"({"type":"text2img","result":{"src":"u"}})");
  EXPECT_EQ(store_.text("SELECT data FROM job WHERE id = '1'"), "");
  EXPECT_EQ(store_.text("SELECT data FROM job WHERE id = '2'"), R"({"x":1})");
  EXPECT_EQ(store_.text("SELECT extra FROM job WHERE id = '2'"), R"({"type":"text2img"})");
}

TEST_P(job_store_on, a_known_job_stays_as_it_is) {
  EXPECT_EQ(import(R"({"id":"1","status":"queued"})").added, 1U);
  const auto again = import(R"({"id":"1","status":"failed","notification":{"success":true}})");
  EXPECT_EQ(again.added, 0U);
  EXPECT_EQ(again.known, 1U);
  EXPECT_EQ(store_.text("SELECT status FROM job"), "queued");
  // Evidence is another matter.
  EXPECT_EQ(store_.text("SELECT count(*) FROM notification WHERE workflow_id = '1'"), "1");
}

TEST_P(job_store_on, refuses_records_and_takes_the_others) {
  const auto report =
      store_.store
          ->import_jobs({R"({"id":"1","status":"failed"})", "{", R"({"status":"failed"})", "[1]",
                         R"({"id":"2","status":"failed","created_at":"yesterday"})",
                         R"({"id":"3","status":null})", R"({"id":"4","retry_count":"many"})",
                         R"({"id":"5","status":"failed"})", R"({"id":"6\u0000","status":"f"})"})
          .value();
  std::set<std::size_t> places;
  for (const auto& [place, problem] : report.refused) {
    places.insert(place);
    EXPECT_FALSE(problem.message.empty());
  }
  for (const std::size_t place : {1U, 2U, 3U, 4U, 5U, 6U, 8U})
    EXPECT_EQ(places.count(place), 1U) << place;
  EXPECT_EQ(places.count(0) + places.count(7), 0U);
  EXPECT_EQ(store_.text("SELECT count(*) FROM job WHERE id IN ('1', '5')"), "2");
}

TEST_P(job_store_on, values_cannot_be_statements) {
  const std::string id = R"('; DROP TABLE job; --)";
  import(R"({"id":")" + id + R"(","status":"\" OR 1=1 {},\\"})");
  const auto page = store_.store->claim(fresh(10)).value();
  ASSERT_EQ(page.size(), 1U);
  EXPECT_EQ(page.id(0), id);
  job_filter filter;
  filter.status_category = id;
  EXPECT_EQ(store_.store->list_jobs(filter).value().jobs.size(), 0U);
}

TEST_P(job_store_on, pages_of_two_never_share_a_job) {
  import_many(20);
  if (store_.is_sqlite()) {
    // One writer at a time: the second waits for the first.
    auto waiting = std::async(std::launch::async, [&] { return store_.store->claim(fresh(20)); });
    std::this_thread::sleep_for(50ms);
    EXPECT_EQ(waiting.get().value().size(), 20U);
    return;
  }
  std::set<std::string> seen;
  auto first = store_.store->claim(fresh(10)).value();
  auto second = store_.store->claim(fresh(15)).value();
  EXPECT_EQ(first.size(), 10U);
  EXPECT_EQ(second.size(), 10U);
  for (std::size_t i = 0; i < 10; ++i) {
    seen.emplace(first.id(i));
    seen.emplace(second.id(i));
  }
  EXPECT_EQ(seen.size(), 20U);
}

TEST_P(job_store_on, what_is_not_committed_is_undone) {
  import_many(3);
  {
    const auto page = store_.store->claim(fresh(10)).value();
    EXPECT_EQ(page.size(), 3U);
  }
  auto page = store_.store->claim(fresh(10)).value();
  ASSERT_EQ(page.size(), 3U);
  const std::vector<evaluation> verdicts(3, verdict());
  EXPECT_TRUE(page.commit(verdicts, "d").value().failed.empty());
  EXPECT_EQ(store_.store->claim(fresh(10)).value().size(), 0U);
}

TEST_P(job_store_on, walks_all_pages_by_cursor) {
  import_many(25);
  claim_request request = fresh(10);
  std::set<std::string> seen;
  int pages = 0;
  do {
    const auto page = store_.store->claim(request).value();
    for (std::size_t i = 0; i < page.size(); ++i) seen.emplace(page.id(i));
    request.after = page.cursor();
    ++pages;
  } while (!request.after.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(seen.size(), 25U);
  EXPECT_EQ(store_.store->count_due(request).value(), 25U);
}

TEST_P(job_store_on, lists_in_order_by_cursor) {
  for (int i = 0; i < 7; ++i) {
    import(R"({"id":")" + std::to_string(i) + R"(","status":"failed","created_at":"2026-01-0)" +
           std::to_string(1 + i / 2) + R"(T00:00:00Z"})");
  }
  job_filter filter;
  filter.limit = 3;
  std::vector<std::string> ids;
  do {
    const auto list = store_.store->list_jobs(filter).value();
    ids.insert(ids.end(), list.ids.begin(), list.ids.end());
    filter.after = list.cursor;
  } while (!filter.after.empty());
  EXPECT_EQ(ids, (std::vector<std::string>{"6", "5", "4", "3", "2", "1", "0"}));
}

TEST_P(job_store_on, an_exhausted_pool_says_so) {
  store_options options;
  options.pool_size = 2;
  options.acquire_timeout = 100ms;
  const auto small = job_store::open(store_.url(), options).value();
  import_many(4);
  const auto first = small->claim(fresh(1)).value();
  if (store_.is_sqlite()) return;  // a second writer would wait for the first
  const auto second = small->claim(fresh(1)).value();
  const auto third = small->claim(fresh(1));
  ASSERT_FALSE(third);
  EXPECT_THAT(third.problem().message, HasSubstr("all 2 connections"));
  EXPECT_THAT(third.problem().message, HasSubstr("100 ms"));
}

TEST_P(job_store_on, a_table_that_is_missing_is_named) {
  test::test_store empty(GetParam(), false);
  const auto page = empty.store->claim(fresh(1));
  ASSERT_FALSE(page);
  EXPECT_EQ(page.problem().code, errc::store_error);
  EXPECT_THAT(page.problem().message, HasSubstr("jobqueue migrate"));
}

TEST_P(job_store_on, lists_lines_of_json_whatever_is_in_the_columns) {
  import("{\"id\":\"1\",\"status\":\"x\",\"extra\":1,\"problem_details\":{\n\"a\":\r\n1}}");
  const std::string line = store_.store->list_jobs({}).value().jobs.at(0);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_THAT(line, HasSubstr(R"("problem_details":{ "a":  1})"));
  EXPECT_THAT(line, HasSubstr(R"("extra":{"extra":1})"));
}

TEST_P(job_store_on, without_a_migration_nothing_is_imported) {
  test::test_store bare(GetParam(), false);
  static_cast<void>(bare.run("CREATE TABLE job (id text PRIMARY KEY, status text)"));
  const auto refused = bare.store->import_jobs({R"({"id":"1","status":"failed","x":1})"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.problem().message, HasSubstr("run jobqueue migrate"));
}

TEST_P(job_store_on, of_equal_notifications_the_first_is_kept) {
  std::vector<notification_record> records;
  for (int i = 0; i < 200; ++i) {
    records.push_back({"n", "w", R"({"error_message":")" + std::to_string(i) + R"("})"});
  }
  EXPECT_EQ(store_.store->add_notifications(records).value(), 1U);
  EXPECT_EQ(store_.text("SELECT error_message FROM notification"), "0");
}

TEST_P(job_store_on, refuses_impossible_requests) {
  EXPECT_EQ(store_.store->claim(fresh(0)).problem().code, errc::invalid_argument);
  EXPECT_EQ(store_.store->claim(fresh(10'001)).problem().code, errc::invalid_argument);
  store_options options;
  options.pool_size = 501;
  EXPECT_EQ(job_store::open(store_.url(), options).problem().code, errc::invalid_argument);
}

TEST(job_store_postgresql, comes_back_after_a_restart) {
  test::postgres_server server;
  const auto store = job_store::open(server.url()).value();
  ASSERT_TRUE(store->migrate());
  ASSERT_EQ(store->import_jobs({R"({"id":"1","status":"failed"})"}).value().added, 1U);
  claim_request request;
  request.now = now;
  auto page = store->claim(request).value();
  server.stop();
  evaluation verdict;
  verdict.decided = true;
  verdict.status_category = "incomplete";
  const auto lost = page.commit({&verdict, 1}, "d");
  ASSERT_FALSE(lost);
  EXPECT_THAT(lost.problem().message, HasSubstr("try again"));
  // It waits for a server that is away.
  auto waiting = std::async(std::launch::async, [&] { return store->wait_until_reachable(); });
  std::this_thread::sleep_for(300ms);
  server.start();
  EXPECT_TRUE(waiting.get());
  EXPECT_EQ(store->claim(request).value().size(), 1U);
}

TEST(job_store_postgresql, a_hanging_statement_ends) {
  test::test_store store(engine::postgresql);
  store_options options;
  options.statement_timeout = 300ms;
  options.lock_timeout = 5s;
  const auto hurried = job_store::open(store.url(), options).value();
  const auto blocker = store.connect();
  ASSERT_TRUE(blocker->begin());
  ASSERT_TRUE(blocker->query("LOCK TABLE job IN ACCESS EXCLUSIVE MODE", {}));
  const auto counted = hurried->count_categories();
  ASSERT_FALSE(counted);
  EXPECT_THAT(counted.problem().message, HasSubstr("57014"));
  blocker->roll_back();
  EXPECT_TRUE(hurried->count_categories());
}

TEST(job_store_url, hides_the_password) {
  const auto url =
      detail::parse_store_url("postgresql://me:se%40cret@db.example:5432/jobs?password=other&x=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->name, "postgresql://me@db.example:5432/jobs");
  const auto refused = job_store::open("postgresql://jobqueue:hunter2@127.0.0.1:1/none");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.problem().message, Not(HasSubstr("hunter2")));
  EXPECT_THAT(refused.problem().message, HasSubstr("is the server running"));
  // What libpq would make of these shows a part of the password.
  for (const std::string password : {"p@se12cret", "pa/se12cret", "p%zzse12cret", "pa#se12cret",
                                     "se12?cret", "%se12cret", "pa%2"}) {
    const auto odd = job_store::open("postgresql://me:" + password + "@127.0.0.1/none");
    ASSERT_FALSE(odd);
    EXPECT_EQ(odd.problem().code, errc::invalid_argument) << password;
    EXPECT_THAT(odd.problem().message, Not(HasSubstr("se12")));
  }
  for (const std::string_view bad :
       {"", "mysql://x", "sqlite:", "sqlite:///x", "sqlite::memory:"}) {
    EXPECT_EQ(job_store::open(bad).problem().code, errc::invalid_argument) << bad;
  }
}

TEST(job_store_sqlite, says_what_is_wrong_with_a_file) {
  const test::temporary_folder folder;
  const std::string path = (folder.path() / "x.db").string();
  const auto missing = job_store::open("sqlite:" + path);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.problem().message, HasSubstr("does not exist"));
  std::FILE* const file = std::fopen(path.c_str(), "w");
  std::fputs("this is no database, and long enough to be seen as none.................", file);
  std::fclose(file);
  const auto other = job_store::open("sqlite:" + path);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.problem().message, HasSubstr("is not an SQLite database"));
}

TEST(job_store_sqlite, a_file_of_an_owner_stays_as_it_is_until_it_is_migrated) {
  const test::temporary_folder folder;
  const std::string path = (folder.path() / "x.db").string();
  const auto connect = [&] {
    return detail::sqlite_connection::open({path, path, false, 1s, 10s}).value();
  };
  const auto bytes = [&] {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  std::fclose(std::fopen(path.c_str(), "w"));
  for (const std::string_view sql :
       {"CREATE TABLE Job (ID text PRIMARY KEY, Status text, DATA text,"
        " created_at text DEFAULT CURRENT_TIMESTAMP)",
        "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)"
        " INSERT INTO Job (ID, Status) SELECT 'a b' || i, 'failed' FROM n"}) {
    ASSERT_TRUE(connect()->query(sql, {}));
  }
  const std::string before = bytes();
  const auto store = job_store::open("sqlite:" + path).value();
  EXPECT_GT(store->plan_migration().value().size(), 10U);
  EXPECT_EQ(bytes(), before);
  ASSERT_TRUE(store->migrate());
  EXPECT_TRUE(store->plan_migration().value().empty());
  EXPECT_EQ(bytes()[18], 1);  // no WAL
  // Times that others wrote have spaces, and so may ids.
  job_filter filter;
  filter.limit = 7;
  std::size_t listed = 0;
  do {
    const auto list = store->list_jobs(filter).value();
    listed += list.jobs.size();
    filter.after = list.cursor;
  } while (!filter.after.empty());
  EXPECT_EQ(listed, 30U);
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  const auto reader = job_store::open("sqlite:" + path).value();
  EXPECT_EQ(reader->count_categories().value().size(), 1U);
}

TEST(job_store_sqlite, a_writer_that_never_ends_is_named) {
  test::test_store store(engine::sqlite);
  store_options options;
  options.lock_timeout = 100ms;
  const auto hurried = job_store::open(store.url(), options).value();
  const auto blocker = store.connect();
  ASSERT_TRUE(blocker->begin());
  const auto refused = hurried->import_jobs({R"({"id":"1","status":"x"})"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.problem().message, HasSubstr("was locked by another process for 100 ms"));
}

}  // namespace
}  // namespace jobqueue
