// Webhooks that go out, to a server of the test: when, how often, to whom, and what then
#include <jobqueue/service/webhook_sender.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jobqueue/service/evaluator.hpp>
#include <jobqueue/service/resolver.hpp>
#include <jobqueue/signature.hpp>

#include "service/http_server.hpp"
#include "store/delivery_queue.hpp"
#include "store/job_store_parts.hpp"
#include "support/golden_jobs.hpp"
#include "support/stores.hpp"

namespace jobqueue {
namespace {

using namespace std::chrono_literals;
using test::engine;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

// What an endpoint was told.
struct told {
  std::string path;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;

  [[nodiscard]] std::string field(std::string_view name) const {
    for (const auto& [key, value] : fields) {
      if (std::equal(key.begin(), key.end(), name.begin(), name.end(),
                     [](char a, char b) { return std::tolower(a) == std::tolower(b); })) {
        return value;
      }
    }
    return {};
  }
};

// Answers POST /{anything} as it is told to, and remembers.
class application {
 public:
  application() {
    std::vector<detail::http_route> routes;
    routes.push_back({"POST", "/{}", detail::route_access::open, 1'000'000, false,
                      [this](const detail::http_call& call, const detail::http_respond& respond) {
                        take(call, respond);
                      }});
    detail::http_server_options options;
    options.worker_threads = 16;
    server_ = detail::http_server::start(options, std::move(routes)).value();
  }
  ~application() { server_->drain(1s); }

  [[nodiscard]] std::string url(const std::string& path = "hook") const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + "/" + path;
  }
  void answer(unsigned status, std::vector<std::pair<std::string, std::string>> fields = {}) {
    const std::lock_guard lock(mutex_);
    answer_.status = status;
    answer_.fields = std::move(fields);
  }
  void be_slow(std::chrono::milliseconds time) { delay_ = time; }
  [[nodiscard]] std::vector<told> all() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  [[nodiscard]] std::size_t count() const { return all().size(); }

 private:
  void take(const detail::http_call& call, const detail::http_respond& respond) {
    told one;
    one.path = call.path;
    for (const auto& field : call.fields) one.fields.emplace_back(field.name, field.value);
    one.body = call.body;
    std::this_thread::sleep_for(delay_.load());
    detail::http_answer answer;
    {
      const std::lock_guard lock(mutex_);
      told_.push_back(std::move(one));
      answer = answer_;
    }
    respond(std::move(answer));
  }

  mutable std::mutex mutex_;
  std::vector<told> told_;
  detail::http_answer answer_;
  std::atomic<std::chrono::milliseconds> delay_{0ms};
  std::unique_ptr<detail::http_server> server_;
};

class sender_over : public testing::TestWithParam<engine> {
 protected:
  test::test_store store_{GetParam()};
  webhook_store webhooks_{*store_.store};
  application application_;
  instant now_ = test::golden_now;

  static webhook_sender_options options_for(const std::function<instant()>& clock) {
    webhook_sender_options options;
    options.clock = clock;
    options.random = [] { return 0.5; };
    const std::vector<std::string> loopback{"127.0.0.1"};
    options.client.policy = address_policy::create(loopback).value();
    return options;
  }
  webhook_sender_report send(const std::function<void(webhook_sender_options&)>& change = {}) {
    auto options = options_for([this] { return now_; });
    if (change) change(options);
    return webhook_sender::create(*store_.store, std::move(options)).value()->run().value();
  }
  void add_endpoint(const std::string& id, const std::string& url,
                    std::vector<std::string> types = {}, const std::string& scheme = "standard") {
    webhook_endpoint endpoint;
    endpoint.id = id;
    endpoint.url = url;
    endpoint.event_types = std::move(types);
    endpoint.scheme = scheme;
    endpoint.secret = secret;
    ASSERT_TRUE(webhooks_.add_endpoint(make_webhook_endpoint(endpoint).value(), now_));
  }
  void queue(const std::string& id, const std::string& workflow = "w1",
             const std::string& type = "workflow_completed") {
    const detail::outgoing_event event{id, type, workflow, R"({"event_id":")" + id + "\"}"};
    const auto connection = store_.connect();
    ASSERT_TRUE(detail::queue_deliveries(*connection, {&event, 1}, now_));
  }
  [[nodiscard]] std::string column(const std::string& name, const std::string& id) const {
    return store_.text("SELECT " + name + " FROM webhook_delivery WHERE id = '" + id + "'");
  }
};

INSTANTIATE_TEST_SUITE_P(stores, sender_over, testing::Values(engine::sqlite, engine::postgresql),
                         test::engine_name);

TEST_P(sender_over, tells_who_wants_to_know_and_signs_it) {
  add_endpoint("all", application_.url("all"));
  add_endpoint("some", application_.url("some"), {"workflow_completed"}, "jobqueue");
  add_endpoint("other", application_.url("other"), {"workflow_failed"});
  queue("evt_1");
  const auto report = send();
  EXPECT_EQ(report.delivered, 2U);
  EXPECT_FALSE(report.next_due);
  const auto all = application_.all();
  ASSERT_EQ(all.size(), 2U);
  for (const told& one : all) {
    EXPECT_EQ(one.body, R"({"event_id":"evt_1"})");
    EXPECT_EQ(one.field("content-type"), "application/json");
    EXPECT_EQ(one.field("x-webhook-event"), "workflow_completed");
    EXPECT_EQ(one.field("x-event-id"), "evt_1");
    std::vector<header_field> fields;
    for (const auto& [name, value] : one.fields) fields.push_back({name, value});
    const auto scheme =
        one.path == "/all" ? signature_scheme::standard : signature_scheme::jobqueue;
    const auto verified = verify_signature(scheme, secret, fields, one.body,
                                           std::chrono::floor<std::chrono::seconds>(now_));
    EXPECT_TRUE(verified.value().ok()) << one.path;
  }
  EXPECT_EQ(column("state", "all.evt_1"), "delivered");
  EXPECT_EQ(column("response_status", "all.evt_1"), "200");
  EXPECT_EQ(webhooks_.list_attempts("all.evt_1").value().size(), 1U);
  EXPECT_EQ(send().delivered, 0U);
}

TEST_P(sender_over, goes_by_the_schedule_until_it_gives_up) {
  add_endpoint("a", application_.url());
  ASSERT_TRUE(store_.store->import_jobs({R"({"id":"w1","status":"completed","workflow_output":"u",)"
                                         R"("completed_at":"2026-01-05T11:59:00Z"})"}));
  queue("evt_1");
  application_.answer(500);
  std::vector<std::int64_t> waits;
  for (;;) {
    const auto report = send([](auto& options) { options.failures_to_pause = 100; });
    if (!report.next_due) {
      EXPECT_EQ(report.dead, 1U);
      break;
    }
    EXPECT_EQ(report.failed, 1U);
    waits.push_back(std::chrono::floor<std::chrono::seconds>(*report.next_due - now_).count());
    // A moment before it is due, nothing is.
    now_ = *report.next_due - 1us;
    const std::size_t before = application_.count();
    send();
    EXPECT_EQ(application_.count(), before);
    now_ = *report.next_due;
  }
  EXPECT_THAT(waits, ElementsAre(5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400));
  EXPECT_EQ(application_.count(), 10U);
  const auto all = application_.all();
  for (const told& one : all) EXPECT_EQ(one.field("webhook-id"), "evt_1");
  EXPECT_EQ(column("state", "a.evt_1"), "dead");
  EXPECT_EQ(column("last_error", "a.evt_1"), "the endpoint answered 500");
  // The user was not told, and the evaluator knows why.
  evaluator worker(*store_.store, ruleset::standard());
  ASSERT_TRUE(worker.run(now_));
  EXPECT_EQ(store_.text("SELECT problem_type FROM job"), "notification_failed");
  // Redriven, it goes by the schedule anew; the tries of before stay known.
  EXPECT_EQ(webhooks_.redrive({.delivery_id = "nothing"}, now_).value(), 0U);
  EXPECT_EQ(webhooks_.redrive({.delivery_id = "a.evt_1"}, now_).value(), 1U);
  EXPECT_EQ(send().failed, 1U);
  application_.answer(204);
  now_ += 6s;
  EXPECT_EQ(send().delivered, 0U) << "it has failed too often";
  now_ += 300s;
  EXPECT_EQ(send().delivered, 1U);
  EXPECT_EQ(column("attempts", "a.evt_1"), "12");
  EXPECT_EQ(webhooks_.list_attempts("a.evt_1").value().size(), 12U);
  EXPECT_EQ(webhooks_.redrive({.all_dead = true}, now_).value(), 0U);
  EXPECT_FALSE(webhooks_.redrive({}, now_));
}

TEST_P(sender_over, varies_the_time_between_tries) {
  add_endpoint("a", application_.url());
  queue("evt_1");
  application_.answer(500);
  const auto early = send([](auto& options) { options.random = [] { return 0.0; }; });
  EXPECT_EQ(*early.next_due - now_, 4500ms);
  now_ = *early.next_due;
  const auto late = send([](auto& options) { options.random = [] { return 1.0; }; });
  EXPECT_EQ(*late.next_due - now_, 330s);
}

TEST_P(sender_over, waits_as_long_as_it_is_asked_to) {
  add_endpoint("a", application_.url());
  const auto wait = [&](unsigned status, const std::string& value) {
    static int count = 0;
    queue("evt_" + std::to_string(++count));
    application_.answer(status, {{"Retry-After", value}});
    send();
    const std::string text =
        store_.text("SELECT max(next_attempt_at) FROM webhook_delivery WHERE event_id = 'evt_" +
                    std::to_string(count) + "'");
    const auto seconds =
        std::chrono::floor<std::chrono::seconds>(parse_instant(text).value() - now_).count();
    static_cast<void>(store_.run("DELETE FROM webhook_delivery"));
    static_cast<void>(webhooks_.enable_endpoint("a", now_).value());
    return seconds;
  };
  EXPECT_EQ(wait(429, "120"), 120);
  EXPECT_EQ(wait(503, "Mon, 05 Jan 2026 12:10:00 GMT"), 600);
  EXPECT_EQ(wait(429, "1"), 5) << "not earlier than planned";
  EXPECT_EQ(wait(429, "99999999"), 86400) << "not longer than a day";
  EXPECT_EQ(wait(503, "-5"), 5);
  EXPECT_EQ(wait(503, "Mon, 05 Jan 2015 12:10:00 GMT"), 5);
  EXPECT_EQ(wait(503, "soon"), 5);
  EXPECT_EQ(wait(500, "120"), 5) << "not of an answer that throttles nobody";
}

TEST_P(sender_over, takes_only_2xx_for_an_answer) {
  add_endpoint("a", application_.url());
  for (const auto& [status, state] :
       {std::pair(200U, "delivered"), std::pair(204U, "delivered"), std::pair(299U, "delivered"),
        std::pair(301U, "pending"), std::pair(302U, "pending"), std::pair(400U, "pending"),
        std::pair(404U, "pending"), std::pair(500U, "pending")}) {
    const std::string id = "evt_" + std::to_string(status);
    queue(id);
    application_.answer(status, {{"Location", application_.url("elsewhere")}});
    send();
    EXPECT_EQ(column("state", "a." + id), state) << status;
  }
  for (const told& one : application_.all()) EXPECT_EQ(one.path, "/hook") << "it was redirected";
}

TEST_P(sender_over, tells_nothing_more_to_who_is_gone) {
  add_endpoint("a", application_.url());
  queue("evt_1");
  application_.answer(410);
  EXPECT_EQ(send().dead, 1U);
  const auto endpoint = webhooks_.find_endpoint("a").value().value();
  EXPECT_FALSE(endpoint.is_active);
  EXPECT_THAT(endpoint.disabled_reason, HasSubstr("410"));
  queue("evt_2");
  application_.answer(200);
  EXPECT_EQ(send().delivered, 0U);
  EXPECT_TRUE(webhooks_.enable_endpoint("a", now_).value());
  EXPECT_EQ(webhooks_.redrive({.endpoint_id = "a"}, now_).value(), 1U);
  EXPECT_EQ(send().delivered, 1U);
  EXPECT_FALSE(webhooks_.enable_endpoint("b", now_).value());
}

TEST_P(sender_over, leaves_alone_who_fails_all_the_time_and_probes) {
  const auto few = [](auto& options) { options.failures_to_pause = 3; };
  add_endpoint("a", application_.url());
  for (int i = 0; i < 20; ++i) queue("evt_" + std::to_string(i));
  application_.answer(500);
  send(few);
  const std::size_t before = application_.count();
  EXPECT_LT(before, 10U);
  EXPECT_GE(before, 3U);
  send(few);
  EXPECT_EQ(application_.count(), before) << "it is left alone";
  now_ += 301s;
  send(few);
  EXPECT_EQ(application_.count(), before + 1) << "one probe";
  application_.answer(200);
  now_ += 301s;
  send(few);
  EXPECT_EQ(webhooks_.find_endpoint("a").value()->consecutive_failures, 0);
  EXPECT_EQ(webhooks_.count_deliveries().value().at(0), std::pair(std::string("delivered"), 20UL));
}

TEST_P(sender_over, sends_the_retries_of_the_outbox) {
  ASSERT_TRUE(store_.store->import_jobs(
      {R"({"id":"7","status":"failed","retry_count":1,"max_retries":3,"data":{"n":1.0}})"}));
  evaluator worker(*store_.store, ruleset::standard());
  ASSERT_TRUE(worker.run(now_));
  resolver resolving(*store_.store, ruleset::standard());
  EXPECT_EQ(resolving.run(now_).value().scheduled, 1U);
  add_endpoint("other", application_.url("other"), {"workflow_completed"});
  send();
  EXPECT_EQ(store_.text("SELECT count(*) FROM outbox WHERE sent_at IS NULL"), "1")
      << "nobody wants it yet";
  add_endpoint("queue", application_.url("queue"), {"job_retry"});
  send();
  send();
  const auto all = application_.all();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].path, "/queue");
  EXPECT_THAT(all[0].body, HasSubstr(R"("job_id":"7","retry_attempt":2)"));
  EXPECT_EQ(store_.text("SELECT count(*) FROM outbox WHERE sent_at IS NULL"), "0");
}

TEST_P(sender_over, refuses_addresses_that_are_forbidden) {
  add_endpoint("a", application_.url());
  queue("evt_1");
  send([](auto& options) { options.client.policy = {}; });
  EXPECT_EQ(application_.count(), 0U);
  EXPECT_THAT(column("last_error", "a.evt_1"), HasSubstr("127.0.0.1"));
}

TEST_P(sender_over, survives_what_does_not_answer) {
  add_endpoint("slow", application_.url());
  add_endpoint("closed", "http://127.0.0.1:1/");
  queue("evt_1");
  application_.be_slow(1500ms);
  const auto report = send([](auto& options) { options.client.total_timeout = 300ms; });
  EXPECT_EQ(report.failed, 2U);
  EXPECT_THAT(column("last_error", "slow.evt_1"), HasSubstr("time is over"));
}

TEST_P(sender_over, a_slow_endpoint_does_not_hold_the_others_up) {
  add_endpoint("a_slow", application_.url("slow"));
  application fast;
  add_endpoint("fast", fast.url());
  application_.be_slow(300ms);
  for (int i = 0; i < 40; ++i) queue("evt_" + std::to_string(i));
  const auto begun = std::chrono::steady_clock::now();
  std::atomic<std::int64_t> fast_after = -1;
  auto options = options_for([this] { return now_; });
  const auto sender = webhook_sender::create(*store_.store, std::move(options)).value();
  const auto report = sender->run([&] {
    if (fast.count() == 40 && fast_after < 0) {
      fast_after =
          std::chrono::floor<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun)
              .count();
    }
    return true;
  });
  EXPECT_EQ(report.value().delivered, 80U);
  // Those of the slow one take 40 / 4 x 300 ms.
  EXPECT_GE(fast_after, 0);
  EXPECT_LT(fast_after, 2'500);
}

TEST_P(sender_over, four_senders_send_each_delivery_once) {
  add_endpoint("a", application_.url());
  constexpr int events = 200;
  for (int i = 0; i < events; ++i) queue("evt_" + std::to_string(i));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto store = job_store::open(store_.url()).value();
      const auto sender =
          webhook_sender::create(*store, options_for([this] { return now_; })).value();
      EXPECT_TRUE(sender->run());
    });
  }
  for (auto& one : threads) one.join();
  std::map<std::string, int> counts;
  for (const told& one : application_.all()) ++counts[one.field("webhook-id")];
  EXPECT_EQ(counts.size(), static_cast<std::size_t>(events));
  for (const auto& [id, count] : counts) EXPECT_EQ(count, 1) << id;
}

TEST_P(sender_over, delivers_all_when_senders_are_killed) {
  add_endpoint("a", application_.url());
  constexpr int events = 150;
  for (int i = 0; i < events; ++i) queue("evt_" + std::to_string(i));
  std::mt19937 random(20261126);
  // Each sender's present is behind the leases of those before it.
  for (int round = 0; round < 15; ++round) {
    now_ += 10min;
    const pid_t child = ::fork();
    if (child == 0) {
      const auto store = job_store::open(store_.url()).value();
      const auto sender =
          webhook_sender::create(*store, options_for([this] { return now_; })).value();
      ::_exit(sender->run() ? 0 : 1);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 40'000));
    ::kill(child, SIGKILL);
    int ended = 0;
    ::waitpid(child, &ended, 0);
  }
  now_ += 10min;
  send();
  EXPECT_EQ(webhooks_.count_deliveries().value().at(0),
            std::pair(std::string("delivered"), static_cast<std::uint64_t>(events)));
  std::map<std::string, std::string> bodies;
  for (const told& one : application_.all()) {
    const auto [place, is_new] = bodies.emplace(one.field("webhook-id"), one.body);
    EXPECT_EQ(place->second, one.body);
  }
  EXPECT_EQ(bodies.size(), static_cast<std::size_t>(events));
}

// One process ends a delivery while another removes its endpoint.
TEST_P(sender_over, removes_an_endpoint_that_is_being_told) {
  add_endpoint("a", application_.url());
  queue("evt_1", "one");
  const auto other = store_.connect();
  ASSERT_TRUE(other->begin());
  ASSERT_TRUE(other->query("UPDATE webhook_delivery SET state = 'delivered'", {}));
  std::optional<result<bool>> removed;
  std::thread remover([&] { removed = webhooks_.remove_endpoint("a"); });
  // SQLite, which has one writer at a time, does not say who waits.
  const auto waits = [&] {
    return !store_.is_sqlite() &&
           store_.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") !=
               "0";
  };
  for (int i = 0; i < (store_.is_sqlite() ? 10 : 500) && !waits(); ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(other->query("UPDATE webhook_endpoint SET consecutive_failures = 0", {}));
  EXPECT_TRUE(other->commit());
  remover.join();
  ASSERT_TRUE(*removed) << removed->problem().message;
  EXPECT_TRUE(removed->value());
}

TEST_P(sender_over, lists_deliveries_in_pages) {
  add_endpoint("a", application_.url());
  for (int i = 0; i < 5; ++i) {
    now_ += 1s;
    queue("evt_" + std::to_string(i), i % 2 == 0 ? "even" : "odd");
  }
  std::vector<std::string> ids;
  delivery_filter filter;
  filter.limit = 2;
  do {
    const auto list = webhooks_.list_deliveries(filter).value();
    for (const auto& one : list.deliveries) {
      ids.push_back(one.substr(0, one.find(',')));
      EXPECT_EQ(one.find(secret), std::string::npos);
    }
    filter.after = list.cursor;
  } while (!filter.after.empty());
  EXPECT_THAT(ids, ElementsAre(R"({"id":"a.evt_4")", R"({"id":"a.evt_3")", R"({"id":"a.evt_2")",
                               R"({"id":"a.evt_1")", R"({"id":"a.evt_0")"));
  EXPECT_EQ(webhooks_.list_deliveries({.workflow_id = "odd"}).value().deliveries.size(), 2U);
  EXPECT_EQ(webhooks_.list_deliveries({.state = "dead"}).value().deliveries.size(), 0U);
  EXPECT_TRUE(webhooks_.remove_endpoint("a").value());
  EXPECT_FALSE(webhooks_.remove_endpoint("a").value());
  EXPECT_EQ(webhooks_.list_deliveries({}).value().deliveries.size(), 0U);
}

TEST(webhook_endpoints, are_completed_and_checked) {
  webhook_endpoint good;
  good.url = "https://app.example.com/hook";
  const auto made = make_webhook_endpoint(good).value();
  EXPECT_EQ(made.scheme, "standard");
  EXPECT_THAT(made.id, testing::StartsWith("wh_"));
  EXPECT_THAT(made.secret, testing::StartsWith("whsec_"));
  EXPECT_NE(make_webhook_endpoint(good).value().secret, made.secret);
  const auto refused = [&](const std::function<void(webhook_endpoint&)>& change) {
    webhook_endpoint bad = good;
    change(bad);
    const auto answer = make_webhook_endpoint(bad);
    EXPECT_FALSE(answer);
    return answer ? std::string() : answer.problem().message;
  };
  EXPECT_THAT(refused([](auto& one) { one.url = "ftp://app.example.com"; }), HasSubstr("https://"));
  EXPECT_THAT(refused([](auto& one) { one.url += "\r\nX: y"; }), HasSubstr("URL"));
  EXPECT_THAT(refused([](auto& one) { one.scheme = "github"; }), HasSubstr("standard"));
  EXPECT_THAT(refused([](auto& one) { one.secret = "whsec_short"; }),
              testing::Not(HasSubstr("short")));
  EXPECT_THAT(refused([](auto& one) { one.id = "a b"; }), HasSubstr("id"));
  EXPECT_THAT(refused([](auto& one) { one.event_types = {""}; }), HasSubstr("type"));
  for (const char* name : {"Host", "webhook-signature", "Content-Length", "X-Webhook-Signature"}) {
    EXPECT_THAT(refused([&](auto& one) { one.headers = {{name, "x"}}; }), HasSubstr("set by"));
  }
  EXPECT_THAT(refused([](auto& one) {
                one.headers = {{"X-A", "b\r\nc: d"}};
              }),
              HasSubstr("header"));
}

TEST(webhook_sender_options, are_checked) {
  const test::test_store store(engine::sqlite);
  EXPECT_FALSE(webhook_sender::create(*store.store, {}));
  webhook_sender_options options;
  options.clock = [] { return test::golden_now; };
  options.random = [] { return 0.5; };
  options.lease = 10s;
  const auto refused = webhook_sender::create(*store.store, options);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.problem().message, HasSubstr("lease"));
}

}  // namespace
}  // namespace jobqueue
