// What happened to a job: each attempt once, whatever keys it was attested under; what changed; one
// timeline; and odds that are counted.
#include <jobqueue/service/forensics.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json_check.hpp"
#include "core/json_text.hpp"
#include "service/forensics_routes.hpp"
#include "service/json_difference.hpp"
#include "support/golden_jobs.hpp"
#include "support/random_documents.hpp"
#include "support/redis_server.hpp"
#include "support/route_caller.hpp"
#include "support/stores.hpp"

namespace jobqueue {
namespace {

using test::engine;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const instant now = test::golden_now;

std::string member(std::string_view json, std::string_view name) {
  for (const detail::json_member& one : detail::check_json_members(json)) {
    if (one.name == name) return std::string(one.value);
  }
  return {};
}

class forensics_over : public testing::TestWithParam<engine> {
 protected:
  test::test_store store_{GetParam()};
  forensics forensics_{*store_.store, ruleset::standard()};

  void import(const std::string& record) {
    ASSERT_EQ(store_.store->import_jobs({std::string_view(record)}).value().added, 1U) << record;
  }
  void attest(const std::string& key, const std::string& workflow, const std::string& record) {
    const attestation_record one{key, workflow, "", "", {}, record};
    ASSERT_TRUE(store_.store->add_attestations({&one, 1}));
  }
  [[nodiscard]] std::string of(const std::string& id, const forensics_options& options = {}) {
    const auto found = forensics_.of_job(id, now, options).value();
    if (!found) return {};
    EXPECT_TRUE(detail::check_json(*found).has_value()) << *found;
    return *found;
  }
};

INSTANTIATE_TEST_SUITE_P(stores, forensics_over,
                         testing::Values(engine::sqlite, engine::postgresql), test::engine_name);

std::string failed_record(int retries, std::string_view message, std::string_view at) {
  return R"({"attestation_type":"failure_retry","job_id":"step-s1","worker_id":"gpu-)" +
         std::to_string(retries) + R"(","status":"failed_retrying","failed_at":")" +
         std::string(at) + R"(","error_message":")" + std::string(message) + R"(","retry_count":)" +
         std::to_string(retries) + R"(,"seed":)" + std::to_string(retries * 7) + "}";
}

TEST_P(forensics_over, tells_each_attempt_once_with_all_its_keys) {
  import(R"({"id":"w1","status":"completed","workflow_output":"u","retry_count":2,)"
         R"("created_at":"2026-01-05T10:00:00Z","completed_at":"2026-01-05T11:00:00Z"})");
  const std::string first = failed_record(1, "Request timed out", "2026-01-05T10:10:00Z");
  const std::string second =
      failed_record(2, "connect ECONNREFUSED 10.0.0.1:80", "2026-01-05T10:20:00Z");
  attest("worker:failure:job-id:w1:step-id:s1:attempt:1", "w1", first);
  attest("worker:failure:workflow-w1:job-step-s1:attempt:1", "w1", first);
  attest("workflow:failure:w1:attempt:1", "w1", first);
  attest("worker:failure:job-id:w1:step-id:s1:attempt:2", "w1", second);
  const std::string third =
      R"({"job_id":"step-s1","worker_id":"gpu-3","status":"completed","retry_count":2,)"
      R"("completed_at":"2026-01-05T10:59:00Z","seed":14})";
  attest("worker:completion:job-id:w1:step-id:s1:attempt:3", "w1", third);
  attest("api:workflow:completion:w1:attempt-2", "w1",
         R"({"workflow_id":"w1","api_determined_complete_at":"2026-01-05T11:00:01Z"})");
  const std::string found = of("w1");
  const auto attempts = member(found, "attempts");
  const auto all = detail::read_json_elements(attempts);
  ASSERT_EQ(all.size(), 3U) << attempts;
  EXPECT_THAT(all[0], HasSubstr(R"("attempt":1,"retry":0,"status":"failed","worker_id":"gpu-1")"));
  EXPECT_THAT(all[0], HasSubstr("workflow-w1:job-step-s1:attempt:1"));
  EXPECT_THAT(all[0], HasSubstr("workflow:failure:w1:attempt:1"));
  EXPECT_THAT(all[0], HasSubstr(R"("type":"timeout")"));
  EXPECT_EQ(detail::read_json_elements(member(all[0], "payloads")).size(), 1U) << "one record";
  EXPECT_THAT(all[1], HasSubstr(R"("reason":"connection_failed")"));
  EXPECT_THAT(all[2], HasSubstr(R"("attempt":3,"retry":2,"status":"completed")"));
  EXPECT_THAT(all[2], HasSubstr("api:workflow:completion:w1:attempt-2"));
  const std::string differences = member(found, "differences");
  EXPECT_THAT(differences, HasSubstr(R"({"pointer":"/seed","before":7,"after":14})"));
  EXPECT_THAT(differences, HasSubstr(R"("from":1,"to":2)"));
  EXPECT_THAT(member(found, "verdict"), HasSubstr("notification_missing"));
  EXPECT_THAT(member(found, "warnings"), "[]");
}

TEST_P(forensics_over, has_one_timeline_in_order) {
  import(R"({"id":"w1","status":"failed","error_message":"boom","max_retries":0,)"
         R"("created_at":"2026-01-05T10:00:00Z","started_at":"2026-01-05T10:01:00Z"})");
  attest("worker:failure:job-id:w1:step-id:s1:permanent", "w1",
         failed_record(1, "boom", "2026-01-05T10:30:00Z"));
  const notification_record note{"n1", "w1",
                                 R"({"success":false,"attested_at":"2026-01-05T10:40:00Z",)"
                                 R"("error_message":"no user"})"};
  ASSERT_TRUE(store_.store->add_notifications({&note, 1}));
  std::vector<std::string> order;
  std::string last;
  const std::string timeline = member(of("w1"), "timeline");
  for (const auto one : detail::read_json_elements(timeline)) {
    const auto what = detail::read_json_members(one);
    order.push_back(detail::find_member_text(what, "source"));
    const std::string at = detail::find_member_text(what, "at");
    EXPECT_LE(last, at);
    last = at;
  }
  EXPECT_THAT(order, ElementsAre("job", "job", "attestation", "notification"));
}

TEST_P(forensics_over, counts_what_became_of_failures_alike) {
  const auto failed = [&](const std::string& id, const std::string& status, int retries) {
    import(R"({"id":")" + id + R"(","status":")" + status + R"(","retry_count":)" +
           std::to_string(retries) + R"(,"max_retries":3,"updated_at":"2026-01-05T10:00:00Z",)" +
           R"("error_message":"connect ECONNREFUSED 10.0.0.)" + std::to_string(retries + 1) +
           R"(:6379"})");
  };
  failed("mine", "failed", 1);
  failed("a", "failed", 3);
  failed("b", "failed", 3);
  failed("c", "failed", 2);
  failed("d", "failed", 1);
  EXPECT_EQ(forensics_.index_failures().value(), 5U);
  EXPECT_EQ(forensics_.index_failures().value(), 0U) << "each once";
  EXPECT_THAT(
      member(of("mine"), "similar_failures"),
      HasSubstr(R"("jobs":4,"recovered":0,"failed":2,"sample_size":2,"recovery_odds":0.00)"));
  static_cast<void>(store_.run("UPDATE job SET status = 'completed' WHERE id IN ('c', 'd')"));
  const std::string similar = member(of("mine"), "similar_failures");
  EXPECT_THAT(similar,
              HasSubstr(R"("recovered":2,"failed":2,"sample_size":4,"recovery_odds":0.50)"));
  EXPECT_EQ(detail::read_json_elements(member(similar, "examples")).size(), 4U);
  EXPECT_THAT(
      member(of("mine"), "recovery_suggestions"),
      HasSubstr(
          R"("estimated_success_rate":0.50,"sample_size":4,"automated_action_available":true)"));
  // Without a sample there are no odds.
  import(R"({"id":"lone","status":"failed","error_message":"Unexpected token < in JSON"})");
  EXPECT_THAT(member(of("lone"), "similar_failures"), HasSubstr(R"("recovery_odds":null)"));
}

TEST_P(forensics_over, takes_any_record_for_what_it_is) {
  attest("worker:completion:job-id:w9:step-id:s1:attempt:1", "w9", R"("not an object")");
  attest("worker:failure:job-id:w9:step-id:s1:attempt:2", "w9", R"([1,2,{"status":7}])");
  attest("no key at all", "w9", R"({"retry_count":-5,"failed_at":[],"error_message":{"a":1}})");
  attest("worker:failure:job-id:w9:step-id:s2:attempt:1", "w9",
         R"({"error_message":")" + std::string(200'000, 'x') + R"("})");
  const std::string found = of("w9");
  EXPECT_THAT(found, HasSubstr(R"("job":null)"));
  EXPECT_THAT(found, HasSubstr("no key at all"));
  EXPECT_LT(found.size(), 50'000U);
  EXPECT_FALSE(forensics_.of_job("nothing", now).value());
  EXPECT_FALSE(forensics_.of_job("'; DROP TABLE job; --", now).value());
  EXPECT_FALSE(forensics_.of_job("", now).value());
}

TEST_P(forensics_over, bounds_what_it_reads) {
  import(R"({"id":"w1","status":"processing","data":{"x":")" + std::string(3'000'000, 'd') +
         "\"}}");
  for (int i = 0; i < 250; ++i) {
    const notification_record note{"n" + std::to_string(i), "w1", R"({"success":true})"};
    ASSERT_TRUE(store_.store->add_notifications({&note, 1}));
  }
  const std::string found = of("w1");
  EXPECT_THAT(found, HasSubstr(R"("data_bytes":30000)"));
  EXPECT_EQ(detail::read_json_elements(member(found, "notifications")).size(), 200U);
  EXPECT_THAT(member(found, "warnings"), HasSubstr("only the newest 200 of notification"));
}

TEST_P(forensics_over, asks_a_redis_too_if_it_is_given_one) {
  const test::redis_server process;
  const std::string record = failed_record(1, "boom", "2026-01-05T10:10:00Z");
  attest("worker:failure:job-id:w1:step-id:s1:attempt:1", "w1", record);
  process.run({"SET", "worker:failure:job-id:w1:step-id:s1:attempt:1", record});
  process.run({"SET", "worker:failure:job-id:w1:step-id:s1:attempt:2",
               failed_record(2, "boom again", "2026-01-05T10:20:00Z")});
  const auto redis = redis_store::open(process.url()).value();
  forensics_options options;
  options.redis = redis.get();
  EXPECT_EQ(detail::read_json_elements(member(of("w1", options), "attempts")).size(), 2U);
  EXPECT_EQ(detail::read_json_elements(member(of("w1"), "attempts")).size(), 1U);
}

TEST_P(forensics_over, answers_over_http) {
  int woken = 0;
  const auto routes = detail::forensics_routes(
      *store_.store, ruleset::standard(), [] { return now; }, [&] { ++woken; });
  for (const auto& route : routes) EXPECT_EQ(route.access, detail::route_access::token);
  const auto ask = [&](std::string_view path, std::string_view query, const std::string& id) {
    auto answer = test::ask(routes, path, query, id);
    EXPECT_TRUE(detail::check_json(answer.body).has_value()) << answer.body;
    return answer;
  };
  import(
      R"({"id":"f1","status":"failed","error_message":"boom","retry_count":1,"data":{"n":1.0}})");
  import(R"({"id":"c1","status":"completed","workflow_output":"u"})");
  EXPECT_THAT(ask("/api/summary", "", "").body, HasSubstr(R"("jobs":2)"));
  EXPECT_EQ(detail::read_json_elements(member(ask("/api/jobs", "", "").body, "jobs")).size(), 2U);
  EXPECT_EQ(
      detail::read_json_elements(member(ask("/api/jobs", "category=complete", "").body, "jobs"))
          .size(),
      0U);
  EXPECT_EQ(ask("/api/jobs", "limit=0", "").status, 400U);
  EXPECT_EQ(ask("/api/jobs", "limit=x", "").status, 400U);
  EXPECT_EQ(ask("/api/jobs/{}/forensics", "", "f1").status, 200U);
  EXPECT_EQ(ask("/api/jobs/{}/forensics", "", "nothing").status, 404U);
  EXPECT_EQ(ask("/api/workflows/{}/all-attestations", "", "f1").body,
            "{\"workflow_id\":\"f1\",\"attestations\":[]}\n");
  EXPECT_EQ(ask("/api/jobs/{}/retry", "", "f1").body, "{\"success\":true,\"attempt\":2}\n");
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(ask("/api/jobs/{}/retry", "", "f1").status, 409U) << "once for each attempt";
  EXPECT_EQ(ask("/api/jobs/{}/retry", "", "c1").status, 409U);
  EXPECT_EQ(ask("/api/jobs/{}/retry", "", "nothing").status, 404U);
  EXPECT_EQ(store_.text("SELECT count(*) FROM outbox"), "1");
  EXPECT_THAT(store_.text("SELECT original_data FROM job_retry_backup"), HasSubstr("1.0"));
}

std::string escaped(std::string_view text) {
  std::string all;
  for (const char c : text) all += c == ' ' ? "%20" : c == '%' ? "%25" : std::string(1, c);
  return all;
}

TEST_P(forensics_over, lists_what_is_asked_for) {
  const auto routes = detail::forensics_routes(
      *store_.store, ruleset::standard(), [] { return now; }, [] {});
  const auto ids = [&](const std::string& query, std::string* cursor = nullptr) {
    const std::string body = test::ask(routes, "/api/jobs", query).body;
    const std::string jobs = member(body, "jobs");
    std::vector<std::string> found;
    for (const std::string_view job : detail::read_json_elements(jobs)) {
      found.push_back(member(job, "id"));
    }
    if (cursor != nullptr) {
      const std::string value = member(body, "cursor");
      *cursor = value == "null" ? "" : detail::read_json_string(value);
    }
    return found;
  };
  import(
      R"({"id":"ab_1","status":"FAILED","job_type":"video","data":{"x":1},"workflow_output":"u"})");
  import(R"({"id":"abX1","status":"failed","job_type":"image"})");
  import(R"({"id":"ab%1","status":"completed","job_type":"video"})");
  import(R"({"id":"b","status":"failed","job_type":"video"})");
  EXPECT_THAT(ids("q=ab_"), ElementsAre("\"ab_1\"")) << "nothing of an id is a pattern";
  EXPECT_THAT(ids("q=ab%25"), ElementsAre("\"ab%1\""));
  EXPECT_THAT(ids("q=b"), ElementsAre("\"b\""));
  EXPECT_THAT(ids("q=ab%5C"), ElementsAre());
  EXPECT_THAT(ids("q=ab&status=failed"), ElementsAre("\"abX1\"", "\"ab_1\"")) << "in byte order";
  EXPECT_THAT(ids("q=ab&type=video&status=Completed"), ElementsAre("\"ab%1\""));
  std::string cursor;
  EXPECT_THAT(ids("q=ab&limit=2", &cursor), ElementsAre("\"ab%1\"", "\"abX1\""));
  EXPECT_THAT(ids("q=ab&limit=2&after=" + escaped(cursor), &cursor), ElementsAre("\"ab_1\""));
  EXPECT_EQ(cursor, "");
  EXPECT_THAT(test::ask(routes, "/api/jobs", "").body, Not(HasSubstr("workflow_output")));
}

TEST_P(forensics_over, gives_the_latest_attestation_of_a_writer) {
  const auto routes = detail::forensics_routes(
      *store_.store, ruleset::standard(), [] { return now; }, [] {});
  import(R"({"id":"w1","status":"completed"})");
  const auto worker = [&] {
    return test::ask(routes, "/api/jobs/{}/worker-attestation", "", "w1");
  };
  const auto api = [&] { return test::ask(routes, "/api/workflows/{}/api-attestation", "", "w1"); };
  EXPECT_EQ(worker().status, 404U);
  EXPECT_EQ(api().status, 404U);
  for (const char* attempt : {"1", "2"}) {
    attest("worker:failure:job-id:w1:step-id:s1:attempt:" + std::string(attempt), "w1",
           failed_record(attempt[0] - '0', "boom", "2026-01-05T10:10:00Z"));
  }
  attest("api:workflow:completion:w1", "w1", R"({"status":"completed"})");
  EXPECT_EQ(member(worker().body, "attempt"), "2");
  EXPECT_EQ(member(worker().body, "kind"), "\"failure\"");
  EXPECT_EQ(member(member(worker().body, "record"), "seed"), "14");
  EXPECT_EQ(member(api().body, "writer"), "\"api\"");
}

TEST_P(forensics_over, says_what_jobs_fail_of) {
  for (int i = 0; i < 5; ++i) {
    const std::string id = "t" + std::to_string(i);
    import(R"({"id":")" + id + R"(","status":"failed","retry_count":)" + std::to_string(i % 2) +
           R"(,"error_message":"Request timed out after )" + std::to_string(i) +
           R"( ms","completed_at":"2026-01-05T10:0)" + std::to_string(i) + R"(:00Z"})");
  }
  import(R"({"id":"o","status":"failed","error_message":"out of memory",)"
         R"("completed_at":"2026-01-04T10:00:00Z"})");
  ASSERT_EQ(forensics_.index_failures().value(), 6U);
  store_.run("UPDATE job SET status = 'completed' WHERE id = 't0'");
  const std::string all = forensics_.failed_analysis(100).value();
  EXPECT_EQ(member(all, "failed_jobs"), "5");
  EXPECT_EQ(member(all, "looked_at"), "6");
  EXPECT_EQ(member(all, "retry_counts"),
            R"([{"retry_count":0,"jobs":3},{"retry_count":1,"jobs":2}])");
  const std::string common = member(all, "common_failures");
  const auto groups = detail::read_json_elements(common);
  ASSERT_EQ(groups.size(), 2U) << all;
  EXPECT_EQ(member(groups[0], "jobs"), "5");
  EXPECT_EQ(member(groups[0], "recovered"), "1");
  EXPECT_EQ(member(member(groups[0], "example"), "id"), "\"t4\"") << "the newest";
  EXPECT_EQ(member(groups[0], "last_failed_at"), "\"2026-01-05T10:04:00Z\"");
  EXPECT_EQ(
      detail::read_json_elements(member(forensics_.failed_analysis(5).value(), "common_failures"))
          .size(),
      1U)
      << "only the newest are looked at";
  EXPECT_FALSE(forensics_.failed_analysis(0));
}

TEST(json_difference, finds_what_changed) {
  const auto pointers = [](std::string_view before, std::string_view after) {
    std::vector<std::string> all;
    for (const auto& one : detail::find_difference(before, after).changes) {
      all.push_back(one.pointer + ' ' + std::string(one.before) + '>' + std::string(one.after));
    }
    return all;
  };
  EXPECT_THAT(pointers("{}", "{}"), ElementsAre());
  EXPECT_THAT(pointers(R"({"a":1, "b":[1,2]})", R"({ "b":[ 1,2 ],"a":1})"), ElementsAre());
  EXPECT_THAT(pointers(R"({"a":1})", R"({"a":1.0})"), ElementsAre("/a 1>1.0"));
  EXPECT_THAT(pointers(R"({"a":{"b/c~":1}})", R"({"a":{"d":2}})"),
              ElementsAre("/a/b~1c~0 1>", "/a/d >2"));
  EXPECT_THAT(pointers(R"({"a":"x y"})", R"({"a":"xy"})"), ElementsAre(R"(/a "x y">"xy")"));
  EXPECT_THAT(pointers("1", "{}"), ElementsAre(" 1>{}"));
  EXPECT_THAT(pointers(R"({"a":1,"a":2})", R"({"a":2})"), ElementsAre());
}

TEST(json_difference, is_bounded) {
  std::string before = "{";
  std::string after = "{";
  for (int i = 0; i < 500; ++i) {
    before += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":1";
    after += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":2";
  }
  const auto found = detail::find_difference(before + "}", after + "}");
  EXPECT_EQ(found.changes.size(), 100U);
  EXPECT_TRUE(found.is_cut);
  std::string deep = "1";
  std::string other = "2";
  for (int i = 0; i < 1000; ++i) {
    deep = R"({"a":)" + deep + "}";
    other = R"({"a":)" + other + "}";
  }
  EXPECT_EQ(detail::find_difference(deep, other).changes.size(), 1U);
  EXPECT_TRUE(detail::find_difference(deep, deep).changes.empty());
}

}  // namespace
}  // namespace jobqueue
