// What the monitor page asks for: itself, figures over time, and payloads in pieces.
#include "service/monitor_routes.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json_check.hpp"
#include "core/json_text.hpp"
#include "store/metric_store.hpp"
#include "support/golden_jobs.hpp"
#include "support/route_caller.hpp"
#include "support/stores.hpp"

namespace jobqueue {
namespace {

using test::engine;
using testing::HasSubstr;
using testing::StartsWith;

std::string member(std::string_view json, std::string_view name) {
  for (const detail::json_member& one : detail::check_json_members(json)) {
    if (one.name == name) return std::string(one.value);
  }
  return {};
}

std::string text_of(const std::string& json, std::string_view name) {
  return detail::read_json_string(member(json, name));
}

class monitor_over : public testing::TestWithParam<engine> {
 protected:
  test::test_store store_{GetParam()};
  std::vector<detail::http_route> routes_ =
      detail::monitor_routes(*store_.store, [] { return test::golden_now; });

  void import(const std::string& record) {
    ASSERT_EQ(store_.store->import_jobs({std::string_view(record)}).value().added, 1U);
  }
  [[nodiscard]] detail::http_answer payload(const std::string& id, const std::string& query) const {
    auto answer = test::ask(routes_, "/api/jobs/{}/payload", query, id);
    EXPECT_TRUE(detail::check_json(answer.body).has_value()) << answer.body;
    return answer;
  }
  [[nodiscard]] std::string series(const std::string& query) const {
    auto answer = test::ask(routes_, "/api/series", query);
    EXPECT_TRUE(detail::check_json(answer.body).has_value()) << answer.body;
    return answer.status == 200 ? answer.body : std::to_string(answer.status);
  }
};

INSTANTIATE_TEST_SUITE_P(stores, monitor_over, testing::Values(engine::sqlite, engine::postgresql),
                         test::engine_name);

TEST_P(monitor_over, previews_keep_their_structure_and_their_budget) {
  const std::string image(300'000, 'Q');
  import(R"({"id":"j1","status":"failed","data":{"seed":9007199254740993,"image":")" + image +
         R"(","prompt":"a cat"}})");
  const std::string whole = payload("j1", "ref=data&max_bytes=1000").body;
  EXPECT_GT(std::stoul(member(whole, "bytes")), image.size());
  EXPECT_EQ(text_of(whole, "media_type"), "application/json");
  EXPECT_EQ(member(whole, "is_truncated"), "true");
  const std::string preview = text_of(whole, "preview");
  EXPECT_LE(preview.size(), 1000U);
  EXPECT_EQ(member(preview, "seed"), "9007199254740993");
  EXPECT_EQ(member(preview, "prompt"), "\"a cat\"");
  for (const char* query : {"ref=data&max_bytes=63", "ref=data&max_bytes=262145",
                            "ref=data&max_bytes=x", "ref=nothing", "ref=data:1", "ref=event:"}) {
    EXPECT_EQ(payload("j1", query).status, 400U) << query;
  }
  for (const char* query : {"ref=workflow_output", "ref=event:1", "ref=attestation:x"}) {
    EXPECT_EQ(payload("j1", query).status, 404U) << query;
  }
  EXPECT_EQ(payload("nobody", "ref=data").status, 404U);
}

TEST_P(monitor_over, ranges_make_up_the_whole) {
  std::string text;
  while (text.size() < 200'000)
    text +=
        "a\xC3\xA4"
        "\xE2\x82\xAC\xF0\x9F\x90\xB1";
  import(R"({"id":"j1","status":"completed","workflow_output":")" + text + R"("})");
  std::string joined;
  for (std::size_t size = 4; joined.size() < text.size(); size = 50'001) {
    const std::string piece =
        payload("j1", "ref=workflow_output&offset=" + std::to_string(joined.size()) +
                          "&size=" + std::to_string(size))
            .body;
    const std::string got = text_of(piece, "text");
    ASSERT_FALSE(got.empty()) << piece;
    EXPECT_EQ(member(piece, "offset"), std::to_string(joined.size()));
    EXPECT_EQ(member(piece, "size"), std::to_string(got.size()));
    joined += got;
  }
  EXPECT_TRUE(joined == text);
  const std::string inside = payload("j1", "ref=workflow_output&offset=2&size=8").body;
  EXPECT_EQ(member(inside, "offset"), "3") << "it begins with a whole character";
  EXPECT_EQ(text_of(inside, "text"), "\xE2\x82\xAC\xF0\x9F\x90\xB1");
  EXPECT_EQ(member(payload("j1", "ref=workflow_output&offset=900000").body, "size"), "0");
  for (const char* query :
       {"offset=-1", "size=3", "size=65537", "offset=99999999999", "offset=2147483647"}) {
    EXPECT_EQ(payload("j1", query).status, 400U) << query;
  }
  EXPECT_EQ(member(payload("j1", "ref=workflow_output&offset=2147483646").body, "size"), "0");
}

TEST_P(monitor_over, shows_payloads_of_all_kinds_and_of_no_other_job) {
  import(R"({"id":"j1","status":"failed","data":{"a":1},"colour":"red"})");
  store_.run(
      "INSERT INTO job_retry_backup (id, original_job_id, retry_attempt, original_data,"
      " original_status, original_workflow_output) VALUES ('b1', 'j1', 1, '{\"a\":0}', 'failed',"
      " 'out')");
  store_.run(
      "INSERT INTO step (id, job_id, step_name, step_type, input_data, output_data)"
      " VALUES ('s:1', 'j1', 'n', 't', '{\"i\":1}', '{\"o\":1}')");
  store_.run(
      "INSERT INTO webhook_event (id, digest, event_type, workflow_id, body)"
      " VALUES ('e1', 'd', 't', 'j1', '{\"e\":1}')");
  store_.run("INSERT INTO webhook_endpoint (id, url) VALUES ('p', 'http://127.0.0.1/')");
  store_.run(
      "INSERT INTO webhook_delivery (id, endpoint_id, event_id, event_type, workflow_id, body)"
      " VALUES ('d1', 'p', 'e1', 't', 'j1', '{\"d\":1}')");
  const attestation_record record{"api:workflow:completion:j1", "j1", "", "", {}, R"({"k":1})"};
  ASSERT_TRUE(store_.store->add_attestations({&record, 1}));
  for (const auto& [reference, text] : std::vector<std::pair<std::string, std::string>>{
           {"data", R"({"a":1})"},
           {"retry_data:b1", R"({"a":0})"},
           {"retry_output:b1", "out"},
           {"step_input:s:1", R"({"i":1})"},
           {"step_output:s:1", R"({"o":1})"},
           {"event:e1", R"({"e":1})"},
           {"delivery:d1", R"({"d":1})"},
           {"attestation:api:workflow:completion:j1", R"({"k":1})"}}) {
    const auto answer = payload("j1", "ref=" + reference);
    EXPECT_EQ(text_of(answer.body, "preview"), text) << reference << answer.body;
    EXPECT_EQ(member(answer.body, "is_truncated"), "false");
    if (reference.starts_with("attestation")) continue;
    EXPECT_EQ(payload("j2", "ref=" + reference).status, 404U) << reference;
  }
  EXPECT_THAT(text_of(payload("j1", "ref=extra").body, "preview"), HasSubstr("red"));
}

TEST_P(monitor_over, series_have_the_last_value_of_each_interval) {
  const auto sample = [&](int second, std::int64_t filed) {
    const detail::metric_value value{"filed", filed};
    ASSERT_TRUE(
        detail::add_samples(*store_.store, instant(std::chrono::seconds(second)), {&value, 1}));
  };
  sample(100, 1);
  sample(104, 2);
  sample(104, 3);  // again: by another process
  sample(125, 4);
  sample(130, 5);
  ASSERT_TRUE(detail::add_to_total(*store_.connect(), "bytes_removed", 70));
  ASSERT_TRUE(detail::add_to_total(*store_.connect(), "bytes_removed", 7));
  sample(131, 6);
  EXPECT_EQ(series("from=100&to=130&points=3"),
            "{\"times\":[110,120,130],\"series\":{\"filed\":[3,null,4]}}\n");
  EXPECT_EQ(series("from=130&to=140&points=1"),
            "{\"times\":[140],\"series\":{\"bytes_removed\":[77],\"filed\":[6]}}\n");
  EXPECT_EQ(series("from=1000&to=1007&points=3"), "{\"times\":[1003,1006,1007],\"series\":{}}\n");
  for (const char* query : {"from=5&to=5", "from=6&to=5", "points=0", "points=1001", "to=x"}) {
    EXPECT_EQ(series(query), "400") << query;
  }
  constexpr int day = 24 * 3600;
  sample(401 * day, 1);
  EXPECT_EQ(store_.text("SELECT count(*) FROM metric_sample WHERE name = 'filed'"), "1")
      << "what is old is forgotten";
}

TEST(monitor_page, may_run_its_own_script_only) {
  test::test_store store(engine::sqlite);
  const auto routes = detail::monitor_routes(*store.store, [] { return test::golden_now; });
  const auto page = test::ask(routes, "/");
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  std::string policy;
  for (const auto& [name, value] : page.fields) {
    if (name == "Content-Security-Policy") policy = value;
  }
  EXPECT_THAT(policy, StartsWith("default-src 'none'; script-src 'self';"));
  for (const auto& route : routes) {
    const bool is_page = route.path == "/" || route.path.starts_with("/monitor-");
    EXPECT_EQ(route.access, is_page ? detail::route_access::open : detail::route_access::token)
        << route.path;
    if (is_page && route.path != "/") {
      EXPECT_THAT(page.body, HasSubstr(std::string(route.path)));
    }
  }
}

}  // namespace
}  // namespace jobqueue
