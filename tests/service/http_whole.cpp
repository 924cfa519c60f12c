// The whole loop in one process: a workflow ends, its event comes in signed, goes out signed, the
// application tells that the user was notified, and the evaluator says what became of the job.
#include <jobqueue/service/server.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jobqueue/signature.hpp>
#include <jobqueue/store/redis.hpp>
#include <jobqueue/store/webhook_store.hpp>

#include "support/http_client.hpp"
#include "support/redis_server.hpp"
#include "support/stores.hpp"

namespace jobqueue {
namespace {

using namespace std::chrono_literals;
using test::engine;
using testing::HasSubstr;

constexpr std::string_view secret = "s3cret-of-both-sides";

server_options options_for_tests() {
  server_options options;
  options.port = 0;
  options.webhook_secrets = {std::string(secret)};
  options.every = 1s;
  options.sender.schedule = {1s};
  options.sender.jitter = 0;
  options.sender.client.policy =
      address_policy::create(std::vector<std::string>{"127.0.0.1"}).value();
  return options;
}

class whole_over : public testing::TestWithParam<engine> {
 protected:
  test::test_store store_{GetParam()};
  webhook_store webhooks_{*store_.store};

  static std::unique_ptr<server> start(test::test_store& store, server_options options) {
    auto started = server::start(*store.store, ruleset::standard(), std::move(options));
    EXPECT_TRUE(started) << (started ? "" : started.problem().message);
    return started ? std::move(*started) : nullptr;
  }
  void add_application(std::uint16_t port) {
    webhook_endpoint endpoint;
    endpoint.id = "app";
    endpoint.url = "http://127.0.0.1:" + std::to_string(port) + "/miniapp-gen-mock";
    endpoint.scheme = "jobqueue";
    endpoint.secret = secret;
    const instant now =
        std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    ASSERT_TRUE(webhooks_.add_endpoint(make_webhook_endpoint(endpoint).value(), now));
  }
  static test::raw_answer complete(std::uint16_t port, const std::string& workflow) {
    const std::string body = R"({"event_type":"workflow_completed","event_id":"evt_)" + workflow +
                             R"(","data":{"workflow_id":")" + workflow +
                             R"(","output":"https://cdn.example.com/x.png"}})";
    const auto signature =
        sign_payload(signature_scheme::jobqueue, secret, body, "", std::chrono::sys_seconds())
            .value();
    test::raw_client client(port);
    client.send("POST /api/webhook/workflow-completed HTTP/1.1\r\nHost: queue\r\n" +
                signature[0].name + ": " + signature[0].value +
                "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client.read();
  }
  [[nodiscard]] std::string verdict(const std::string& id) const {
    return store_.text(
        "SELECT coalesce(status_category, '-') || ' ' || coalesce(problem_type, '-')"
        " FROM job WHERE id = '" +
        id + "'");
  }
  // Waits for it.
  [[nodiscard]] std::string wait_for_verdict(const std::string& id,
                                             const std::string& wanted) const {
    for (int i = 0; i < 200 && verdict(id) != wanted; ++i) std::this_thread::sleep_for(100ms);
    return verdict(id);
  }
};

INSTANTIATE_TEST_SUITE_P(stores, whole_over, testing::Values(engine::sqlite, engine::postgresql),
                         test::engine_name);

TEST_P(whole_over, closes_the_loop_also_when_the_application_was_down) {
  ASSERT_TRUE(store_.store->import_jobs({R"({"id":"w1","status":"processing"})"}));
  ASSERT_TRUE(store_.store->import_jobs({R"({"id":"w2","status":"processing"})"}));
  const test::redis_server redis_process;
  const auto redis = redis_store::open(redis_process.url()).value();
  auto with_mock = options_for_tests();
  with_mock.has_mock_application = true;
  if (GetParam() == engine::postgresql) with_mock.redis = redis.get();
  auto application = start(store_, with_mock);
  add_application(application->port());
  EXPECT_EQ(complete(application->port(), "w1").status, 200U);
  EXPECT_EQ(wait_for_verdict("w1", "complete -"), "complete -");
  EXPECT_EQ(store_.text("SELECT miniapp_user_id FROM notification"), "mock-user-w1");

  // The application goes, and with it the port that the endpoint has.
  const std::uint16_t port = application->port();
  application->stop(5s);
  application.reset();
  auto alone = start(store_, options_for_tests());
  EXPECT_EQ(complete(alone->port(), "w2").status, 200U);
  EXPECT_EQ(wait_for_verdict("w2", "filed notification_failed"), "filed notification_failed");
  alone->stop(5s);
  alone.reset();

  with_mock.port = port;
  application = start(store_, with_mock);
  const instant now =
      std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  EXPECT_EQ(webhooks_.redrive({.all_dead = true}, now).value(), 1U);
  EXPECT_EQ(wait_for_verdict("w2", "complete -"), "complete -");
  EXPECT_EQ(
      store_.text("SELECT count(*) FROM webhook_event WHERE event_type = 'workflow_completed'"),
      "2");
}

TEST_P(whole_over, says_that_it_is_healthy_while_it_is) {
  const auto running = start(store_, options_for_tests());
  const auto get = [&](std::string_view path) {
    test::raw_client client(running->port());
    client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return client.read();
  };
  for (int i = 0; i < 100 && get("/healthz").body.find("last_success_at\":\"") == std::string::npos;
       ++i) {
    std::this_thread::sleep_for(50ms);
  }
  const auto healthy = get("/healthz");
  EXPECT_EQ(healthy.status, 200U);
  EXPECT_THAT(healthy.body, HasSubstr(R"("status":"ok")"));
  EXPECT_THAT(healthy.body, HasSubstr(R"("last_error":null)"));
  const auto metrics = get("/metrics");
  EXPECT_THAT(metrics.body, HasSubstr("jobqueue_webhook_events_total{outcome=\"recorded\"} 0"));
  EXPECT_THAT(metrics.body, HasSubstr("# TYPE jobqueue_http_requests_total counter"));
  static_cast<void>(store_.run("ALTER TABLE job RENAME TO elsewhere"));
  for (int i = 0; i < 100 && get("/healthz").body.find("\"last_error\":\"") == std::string::npos;
       ++i) {
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_THAT(get("/healthz").body, HasSubstr("\"last_error\":\""));
}

TEST_P(whole_over, manages_endpoints_over_http) {
  auto options = options_for_tests();
  options.tokens = {"a-token-of-sixteen-or-more"};
  const auto running = start(store_, options);
  const auto ask = [&](std::string_view method, std::string_view path, std::string_view body = {}) {
    test::raw_client client(running->port());
    client.send(std::string(method) + " " + std::string(path) +
                " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer a-token-of-sixteen-or-more"
                "\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
    return client.read();
  };
  const auto added = ask("POST", "/api/webhooks",
                         R"({"id":"a","url":"https://127.0.0.1:1/h",)"
                         R"("event_types":["workflow_completed"]})");
  EXPECT_EQ(added.status, 201U);
  EXPECT_THAT(added.body, HasSubstr(R"("secret":"whsec_)"));
  EXPECT_EQ(ask("POST", "/api/webhooks", R"({"id":"a","url":"https://app.example.com"})").status,
            400U);
  EXPECT_EQ(ask("POST", "/api/webhooks", R"({"url":"https://a","secrets":1})").status, 400U);
  EXPECT_EQ(ask("POST", "/api/webhooks", "not JSON").status, 400U);
  EXPECT_EQ(ask("POST", "/api/webhooks", R"({"url":7})").status, 400U);
  const auto listed = ask("GET", "/api/webhooks");
  EXPECT_THAT(listed.body, HasSubstr(R"("id":"a")"));
  EXPECT_THAT(listed.body, testing::Not(HasSubstr("whsec_")));
  EXPECT_EQ(ask("POST", "/api/webhooks/a/test").status, 202U);
  EXPECT_EQ(ask("POST", "/api/webhooks/b/test").status, 404U);
  EXPECT_THAT(ask("GET", "/api/deliveries?endpoint=a&limit=5").body,
              HasSubstr(R"("event_type":"test")"));
  EXPECT_EQ(ask("GET", "/api/deliveries?limit=x").status, 400U);
  EXPECT_EQ(ask("GET", "/api/deliveries/none/attempts").body, "{\"attempts\":[]}\n");
  EXPECT_EQ(ask("POST", "/api/deliveries/none/redrive").status, 409U);
  EXPECT_EQ(ask("POST", "/api/webhooks/a/enable").status, 200U);
  EXPECT_EQ(ask("DELETE", "/api/webhooks/a").status, 200U);
  EXPECT_EQ(ask("DELETE", "/api/webhooks/a").status, 404U);
  // Without the token nothing of it can be seen.
  test::raw_client stranger(running->port());
  stranger.send("GET /api/webhooks HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(stranger.read().status, 401U);
  test::raw_client anybody(running->port());
  anybody.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(anybody.read().status, 200U);
}

TEST(server_options, are_checked) {
  const auto refused = [](const std::function<void(server_options&)>& change) {
    server_options options = options_for_tests();
    change(options);
    const status checked = check_server_options(options);
    EXPECT_FALSE(checked);
    return checked ? std::string() : checked.problem().message;
  };
  EXPECT_TRUE(check_server_options(options_for_tests()));
  EXPECT_THAT(refused([](auto& one) { one.address = "localhost"; }), HasSubstr("no address"));
  for (const char* address : {"0.0.0.0", "::", "10.0.0.1", "::ffff:10.0.0.1"}) {
    EXPECT_THAT(refused([&](auto& one) { one.address = address; }), HasSubstr("token")) << address;
  }
  EXPECT_THAT(refused([](auto& one) { one.tls_key_file = "key.pem"; }), HasSubstr("certificate"));
  EXPECT_THAT(refused([](auto& one) { one.tokens = {"short"}; }), HasSubstr("16"));
  EXPECT_THAT(refused([](auto& one) { one.network_threads = 0; }), HasSubstr("threads"));
  EXPECT_THAT(refused([](auto& one) {
                one.has_mock_application = true;
                one.webhook_secrets.clear();
              }),
              HasSubstr("secret"));
}

TEST(server, says_what_the_store_lacks) {
  const test::test_store store(engine::sqlite, false);
  const auto started = server::start(*store.store, ruleset::standard(), options_for_tests());
  ASSERT_FALSE(started);
  EXPECT_THAT(started.problem().message, HasSubstr("run jobqueue migrate"));
}

TEST(server, says_that_the_port_is_taken) {
  const test::test_store store(engine::sqlite);
  const auto first = server::start(*store.store, ruleset::standard(), options_for_tests()).value();
  auto options = options_for_tests();
  options.port = first->port();
  const auto second = server::start(*store.store, ruleset::standard(), options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.problem().code, errc::network_error);
}

}  // namespace
}  // namespace jobqueue
