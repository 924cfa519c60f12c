// Webhooks that come in: each event once, with all that follows from it, or nothing.
#include <jobqueue/service/webhook_receiver.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jobqueue/service/evaluator.hpp>

#include "core/json_check.hpp"
#include "service/receiver_routes.hpp"
#include "support/golden_jobs.hpp"
#include "support/memory_store.hpp"
#include "support/stores.hpp"

namespace jobqueue {
namespace {

using test::engine;
using testing::HasSubstr;

const instant now = test::golden_now;
constexpr std::string_view secret = "s3cret-of-both-sides";
constexpr std::string_view standard_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

std::vector<signature_header> sign(std::string_view body, std::string_view id = {},
                                   instant when = now) {
  const auto scheme = id.empty() ? signature_scheme::jobqueue : signature_scheme::standard;
  return sign_payload(scheme, id.empty() ? secret : standard_secret, body, id,
                      std::chrono::floor<std::chrono::seconds>(when))
      .value();
}

webhook_receiver_options options_for_tests() {
  webhook_receiver_options options;
  options.secrets = {std::string(secret), std::string(standard_secret)};
  options.clock = [] { return now; };
  return options;
}

webhook_receipt deliver(webhook_receiver& receiver, webhook_kind kind, std::string_view body,
                        const std::vector<signature_header>& headers, bool is_trusted = false) {
  std::vector<header_field> fields;
  for (const auto& one : headers) fields.push_back({one.name, one.value});
  std::promise<webhook_receipt> answer;
  receiver.receive(kind, fields, body, is_trusted,
                   [&](const webhook_receipt& receipt) { answer.set_value(receipt); });
  return answer.get_future().get();
}

std::string completion(std::string_view workflow, std::string_view event = "evt_1",
                       std::string_view more = "") {
  return R"({"event_type":"workflow_completed","event_id":")" + std::string(event) +
         R"(","data":{"workflow_id":")" + std::string(workflow) + '"' + std::string(more) + "}}";
}

class receiver_over : public testing::TestWithParam<engine> {
 protected:
  test::test_store store_{GetParam()};
  std::unique_ptr<webhook_receiver> receiver_ =
      webhook_receiver::create(*store_.store, options_for_tests()).value();

  webhook_outcome workflow(std::string_view body) {
    return deliver(*receiver_, webhook_kind::workflow, body, sign(body)).outcome;
  }
  webhook_outcome notified(std::string_view body) {
    return deliver(*receiver_, webhook_kind::user_notified, body, sign(body)).outcome;
  }
  [[nodiscard]] std::string count(const std::string& table) const {
    return store_.text("SELECT count(*) FROM " + table);
  }
  [[nodiscard]] std::string job(const std::string& column, const std::string& id) const {
    return store_.text("SELECT " + column + " FROM job WHERE id = '" + id + "'");
  }
  std::string verdict(const std::string& id, instant at = now) {
    evaluator all(*store_.store, ruleset::standard());
    EXPECT_TRUE(all.run(at));
    return job("coalesce(status_category, '-') || ' ' || coalesce(problem_type, '-')", id);
  }
  void add_endpoint(const std::string& id, const std::string& types) const {
    static_cast<void>(store_.run("INSERT INTO webhook_endpoint (id, url, event_types) VALUES ('" +
                                 id + "', 'https://app.example.com', " + types + ")"));
  }
};

INSTANTIATE_TEST_SUITE_P(stores, receiver_over, testing::Values(engine::sqlite, engine::postgresql),
                         test::engine_name);

TEST_P(receiver_over, records_an_event_with_all_that_follows) {
  ASSERT_TRUE(store_.store->import_jobs({R"({"id":"w1","status":"processing"})"}));
  add_endpoint("every", "NULL");
  add_endpoint("completed", R"('["workflow_completed"]')");
  add_endpoint("failed", R"('["workflow_failed"]')");
  const std::string body = completion("w1", "evt_1", R"(,"outputs":["https://cdn/x.png"],"n":1.0)");
  EXPECT_EQ(workflow(body), webhook_outcome::recorded);
  EXPECT_EQ(job("status", "w1"), "completed");
  EXPECT_EQ(job("workflow_output", "w1"), R"(["https://cdn/x.png"])");
  EXPECT_EQ(job("completed_at", "w1"), format_instant(now));
  EXPECT_EQ(store_.text("SELECT key FROM attestation"), "api:workflow:completion:w1");
  EXPECT_EQ(store_.text("SELECT body FROM webhook_event"), body);
  EXPECT_EQ(store_.text("SELECT scheme FROM webhook_event"), "jobqueue");
  EXPECT_EQ(store_.text("SELECT secret_index FROM webhook_event"), "0");
  EXPECT_EQ(store_.text("SELECT count(*) FROM webhook_delivery WHERE endpoint_id <> 'failed'"),
            "2");
  EXPECT_EQ(count("webhook_delivery"), "2");
  EXPECT_EQ(store_.text("SELECT min(body) FROM webhook_delivery"), body);
  EXPECT_EQ(verdict("w1", now + std::chrono::hours(1)), "filed notification_missing");
}

TEST_P(receiver_over, closes_the_loop) {
  ASSERT_TRUE(store_.store->import_jobs({R"({"id":"w1","status":"processing"})"}));
  EXPECT_EQ(workflow(completion("w1", "evt_1", R"(,"output":"u")")), webhook_outcome::recorded);
  EXPECT_EQ(notified(R"({"workflow_id":"w1","miniapp_user_id":"7","success":false,)"
                     R"("error_message":"no such user","event_id":"n1"})"),
            webhook_outcome::recorded);
  EXPECT_EQ(verdict("w1"), "filed notification_failed");
  // The same id as the event that caused it is no conflict.
  EXPECT_EQ(notified(R"({"workflow_id":"w1","miniapp_user_id":"7","event_id":"evt_1",)"
                     R"("attested_at":"2026-01-05T12:00:01Z"})"),
            webhook_outcome::recorded);
  EXPECT_EQ(verdict("w1", now + std::chrono::seconds(2)), "complete -");
}

TEST_P(receiver_over, knows_an_event_again) {
  const std::string body = completion("w1");
  EXPECT_EQ(workflow(body), webhook_outcome::recorded);
  EXPECT_EQ(workflow(body), webhook_outcome::duplicate);
  EXPECT_EQ(workflow(completion("w1", "evt_1", R"(,"x":1)")), webhook_outcome::conflict);
  // Without a memory of it, too.
  receiver_ = webhook_receiver::create(*store_.store, options_for_tests()).value();
  EXPECT_EQ(workflow(body), webhook_outcome::duplicate);
  EXPECT_EQ(workflow(completion("w1", "evt_1", R"(,"x":1)")), webhook_outcome::conflict);
  // With an id that is signed, it is that; without any, the body is.
  const std::string bare = R"({"workflow_id":"w2"})";
  const auto with_id = [&](std::string_view id) {
    return deliver(*receiver_, webhook_kind::workflow, bare, sign(bare, id)).outcome;
  };
  EXPECT_EQ(with_id("msg_1"), webhook_outcome::recorded);
  EXPECT_EQ(with_id("msg_1"), webhook_outcome::duplicate);
  EXPECT_EQ(with_id("msg_2"), webhook_outcome::recorded);
  EXPECT_EQ(workflow(bare), webhook_outcome::recorded);
  EXPECT_EQ(workflow(bare), webhook_outcome::duplicate);
  EXPECT_EQ(count("webhook_event"), "4");
}

// A header that nobody has signed must not make another event of the same.
TEST_P(receiver_over, does_not_believe_an_id_that_is_not_signed) {
  const std::string body = completion("w1");
  for (const char* id : {"a", "b"}) {
    auto headers = sign(body);
    headers.push_back({"x-event-id", id});
    headers.push_back({"webhook-id", id});
    deliver(*receiver_, webhook_kind::workflow, body, headers);
  }
  EXPECT_EQ(count("webhook_event"), "1");
}

TEST_P(receiver_over, answers_a_hundred_at_once_and_records_one) {
  const std::string body = completion("w1");
  const auto headers = sign(body);
  std::atomic<int> recorded = 0;
  std::atomic<int> duplicates = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 100; ++i) {
    threads.emplace_back([&] {
      const auto outcome = deliver(*receiver_, webhook_kind::workflow, body, headers).outcome;
      ++(outcome == webhook_outcome::recorded ? recorded : duplicates);
      EXPECT_TRUE(outcome == webhook_outcome::recorded || outcome == webhook_outcome::duplicate);
    });
  }
  for (auto& one : threads) one.join();
  EXPECT_EQ(recorded, 1);
  EXPECT_EQ(duplicates, 99);
  EXPECT_EQ(count("webhook_event"), "1");
  EXPECT_EQ(count("attestation"), "1");
}

TEST_P(receiver_over, two_receivers_record_one) {
  const auto other = webhook_receiver::create(*store_.store, options_for_tests()).value();
  std::atomic<int> recorded = 0;
  std::vector<std::thread> threads;
  for (webhook_receiver* one : {receiver_.get(), other.get()}) {
    threads.emplace_back([&recorded, one] {
      for (int i = 0; i < 100; ++i) {
        const std::string body = completion("w" + std::to_string(i), "evt_" + std::to_string(i));
        const auto outcome = deliver(*one, webhook_kind::workflow, body, sign(body)).outcome;
        EXPECT_TRUE(outcome == webhook_outcome::recorded || outcome == webhook_outcome::duplicate)
            << to_string(outcome);
        recorded += outcome == webhook_outcome::recorded ? 1 : 0;
      }
    });
  }
  for (auto& one : threads) one.join();
  EXPECT_EQ(recorded, 100);
  EXPECT_EQ(count("webhook_event"), "100");
}

TEST_P(receiver_over, lets_nobody_in_without_a_signature_or_a_token) {
  ASSERT_TRUE(store_.store->import_jobs({R"({"id":"w1","status":"processing"})"}));
  const std::string body = completion("w1");
  const auto refused = [&](const std::vector<signature_header>& headers, bool is_trusted = false) {
    const auto receipt = deliver(*receiver_, webhook_kind::workflow, body, headers, is_trusted);
    return receipt.outcome == webhook_outcome::refused;
  };
  auto cut = sign(body);
  const std::string whole = cut[0].value;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    cut[0].value = whole.substr(0, size);
    EXPECT_TRUE(refused(cut)) << size;
  }
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused(sign(body + " ")));
  EXPECT_TRUE(refused(sign(body, "msg_1", now - std::chrono::minutes(6))));
  EXPECT_TRUE(refused(sign(body, "msg_1", now + std::chrono::minutes(6))));
  EXPECT_TRUE(refused(sign(body + " "), true)) << "a wrong signature beside a token";
  EXPECT_EQ(job("status", "w1"), "processing");
  EXPECT_EQ(count("webhook_event"), "0");
  const auto trusted = deliver(*receiver_, webhook_kind::workflow, body, {}, true);
  EXPECT_EQ(trusted.outcome, webhook_outcome::recorded);
  EXPECT_EQ(store_.text("SELECT coalesce(scheme, 'token') FROM webhook_event"), "token");
  EXPECT_EQ(job("status", "w1"), "completed");
}

TEST_P(receiver_over, without_secrets_only_tokens_are_let_in) {
  auto options = options_for_tests();
  options.secrets.clear();
  const auto receiver = webhook_receiver::create(*store_.store, std::move(options)).value();
  const std::string body = completion("w1");
  EXPECT_EQ(deliver(*receiver, webhook_kind::workflow, body, sign(body)).outcome,
            webhook_outcome::refused);
  EXPECT_EQ(deliver(*receiver, webhook_kind::workflow, body, {}, true).outcome,
            webhook_outcome::recorded);
}

TEST_P(receiver_over, leaves_what_is_final) {
  for (const char* status :
       {"completed", "failed", "canceled", "unworkable", "timeout", "timed_out"}) {
    const std::string id = status;
    ASSERT_TRUE(store_.store->import_jobs(
        {std::string_view(R"({"id":")" + id + R"(","status":")" + id + R"("})")}));
    EXPECT_EQ(workflow(R"({"event_type":"workflow_failed","event_id":"f)" + id +
                       R"(","data":{"workflow_id":")" + id + R"(","error":"late"}})"),
              webhook_outcome::recorded);
    EXPECT_EQ(job("status", id), id);
    EXPECT_EQ(job("error_message", id), "");
  }
  ASSERT_TRUE(
      store_.store->import_jobs({R"({"id":"p","status":"processing","workflow_output":"mine"})"}));
  EXPECT_EQ(workflow(completion("p", "late", R"(,"output":"other")")), webhook_outcome::recorded);
  EXPECT_EQ(job("workflow_output", "p"), "mine");
}

TEST_P(receiver_over, records_what_it_does_not_know) {
  EXPECT_EQ(workflow("not JSON at all"), webhook_outcome::recorded);
  EXPECT_EQ(workflow(std::string("a NUL \0 and \xFF", 12)), webhook_outcome::recorded);
  EXPECT_EQ(workflow(""), webhook_outcome::recorded);
  EXPECT_EQ(workflow(R"({"event_type":"job_progress","n":12345678901234567890123})"),
            webhook_outcome::recorded);
  EXPECT_EQ(workflow(completion("nobody", "evt_9")), webhook_outcome::recorded);
  EXPECT_EQ(workflow(completion("2b0d9d1e-aaaa-4bbb-8ccc-dddddddddddd", "evt_10")),
            webhook_outcome::recorded);
  EXPECT_EQ(count("webhook_event"), "6");
  EXPECT_EQ(store_.text("SELECT count(*) FROM webhook_event WHERE body_encoding = 'base64'"), "1");
}

TEST_P(receiver_over, makes_json_of_bodies_with_a_byte_order_mark_or_empty_data) {
  add_endpoint("every", "NULL");
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_EQ(workflow(mark + R"({"event_type":"workflow_completed","workflow_id":"w1"})"),
            webhook_outcome::recorded);
  EXPECT_EQ(notified(mark + R"({"workflow_id":"w1","miniapp_user_id":"7"})"),
            webhook_outcome::recorded);
  EXPECT_EQ(notified(R"({"workflow_id":"w2","miniapp_user_id":"7","data":{}})"),
            webhook_outcome::recorded);
  EXPECT_EQ(store_.text("SELECT body FROM webhook_event WHERE id NOT LIKE 'user%'").substr(0, 3),
            mark)
      << "as it came";
  const std::string sent = store_.text("SELECT body FROM webhook_delivery");
  EXPECT_TRUE(detail::check_json(sent).has_value()) << sent;
  EXPECT_EQ(sent.find(mark), std::string::npos);
  EXPECT_THAT(sent, HasSubstr(R"("workflow_id":"w1")"));
  for (const char* workflow_id : {"w1", "w2"}) {
    const std::string record = store_.text("SELECT record FROM notification WHERE workflow_id = '" +
                                           std::string(workflow_id) + "'");
    EXPECT_TRUE(detail::check_json(record).has_value()) << record;
    EXPECT_THAT(record, HasSubstr(R"("success":true)"));
  }
}

TEST_P(receiver_over, says_what_a_notification_lacks) {
  const auto lacks = [&](std::string_view body) {
    const auto receipt = deliver(*receiver_, webhook_kind::user_notified, body, sign(body));
    EXPECT_EQ(receipt.outcome, webhook_outcome::malformed) << body;
    return receipt.message;
  };
  EXPECT_THAT(lacks("[]"), HasSubstr("no JSON object"));
  EXPECT_THAT(lacks("{}"), HasSubstr("no JSON object"));
  EXPECT_THAT(lacks(R"({"miniapp_user_id":"7"})"), HasSubstr("workflow_id (or job_id)"));
  EXPECT_THAT(lacks(R"({"job_id":"7"})"), HasSubstr("miniapp_user_id"));
  EXPECT_THAT(lacks(R"({"job_id":"a\u0000b","miniapp_user_id":"7"})"), HasSubstr("control"));
  EXPECT_THAT(lacks(R"({"job_id":")" + std::string(300, 'x') + R"(","miniapp_user_id":"7"})"),
              HasSubstr("255 bytes"));
  EXPECT_EQ(count("webhook_event"), "0");
}

TEST_P(receiver_over, keeps_blobs_in_the_vault) {
  test::memory_store vault;
  auto options = options_for_tests();
  options.vault = &vault;
  const auto receiver = webhook_receiver::create(*store_.store, std::move(options)).value();
  const std::string body = completion(
      "w1", "evt_1", R"(,"image_base64":"iVBORw0KGgoAAAANSUhEUgAA)" + std::string(4000, 'Q') + '"');
  EXPECT_EQ(deliver(*receiver, webhook_kind::workflow, body, sign(body)).outcome,
            webhook_outcome::recorded);
  const std::string kept = store_.text("SELECT body FROM webhook_event");
  EXPECT_LT(kept.size(), 400U);
  EXPECT_EQ(restore_base64(kept, vault).value().text, body);
  EXPECT_EQ(receiver->report().bytes_removed, body.size() - kept.size());
  EXPECT_EQ(deliver(*receiver, webhook_kind::workflow, body, sign(body)).outcome,
            webhook_outcome::duplicate);
}

TEST_P(receiver_over, answers_only_what_is_on_the_disk) {
  static_cast<void>(store_.run("ALTER TABLE attestation RENAME TO elsewhere"));
  const std::string body = completion("w1");
  EXPECT_EQ(workflow(body), webhook_outcome::unavailable);
  EXPECT_EQ(count("webhook_event"), "0") << "all of it or nothing";
  static_cast<void>(store_.run("ALTER TABLE elsewhere RENAME TO attestation"));
  EXPECT_EQ(workflow(body), webhook_outcome::recorded);
}

TEST_P(receiver_over, has_room_for_so_many) {
  auto options = options_for_tests();
  options.most_waiting_bytes = 100;
  std::vector<std::string> lines;
  const auto receiver = webhook_receiver::create(*store_.store, std::move(options)).value();
  const std::string body = completion("w1", "evt_1", R"(,"x":")" + std::string(100, 'x') + '"');
  const auto receipt = deliver(*receiver, webhook_kind::workflow, body, sign(body));
  EXPECT_EQ(receipt.outcome, webhook_outcome::unavailable);
  EXPECT_THAT(receipt.message, HasSubstr("send it again"));
}

TEST(webhook_receiver_log, is_not_flooded) {
  const test::test_store store(engine::sqlite);
  auto options = options_for_tests();
  std::vector<std::string> lines;
  options.log = [&](std::string_view line) { lines.emplace_back(line); };
  const auto receiver = webhook_receiver::create(*store.store, std::move(options)).value();
  const std::string body = completion("w1");
  for (int i = 0; i < 1000; ++i)
    deliver(*receiver, webhook_kind::workflow, body, sign(body + "\n"));
  ASSERT_EQ(lines.size(), 10U);
  EXPECT_THAT(lines[0], HasSubstr("line break"));
  for (const std::string& line : lines) EXPECT_EQ(line.find(secret), std::string::npos);
}

TEST(webhook_receiver_options, are_checked) {
  const test::test_store store(engine::sqlite);
  auto options = options_for_tests();
  options.clock = nullptr;
  EXPECT_EQ(webhook_receiver::create(*store.store, options).problem().code, errc::invalid_argument);
  options = options_for_tests();
  options.secrets.emplace_back();
  EXPECT_EQ(webhook_receiver::create(*store.store, options).problem().code, errc::secret_invalid);
}

// A child delivers until it is killed, and writes down each id after its answer. Whatever the
// instant: what was answered is there, whole, and sending all of it again makes nothing twice.
TEST_P(receiver_over, loses_nothing_when_it_is_killed) {
  constexpr int events = 400;
  std::mt19937 random(20261126);
  const auto body_of = [](int event) {
    return completion("w" + std::to_string(event), "evt_" + std::to_string(event));
  };
  receiver_.reset();
  add_endpoint("every", "NULL");
  for (int round = 0; round < 25; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = job_store::open(store_.url()).value();
      auto receiver = webhook_receiver::create(*store, options_for_tests()).value();
      std::vector<std::thread> threads;
      for (int part = 0; part < 4; ++part) {
        threads.emplace_back([&, part] {
          for (int event = part; event < events; event += 4) {
            const std::string body = body_of(event);
            const auto outcome =
                deliver(*receiver, webhook_kind::workflow, body, sign(body)).outcome;
            if (outcome != webhook_outcome::recorded && outcome != webhook_outcome::duplicate) {
              ::_exit(3);
            }
            if (::write(ends[1], &event, sizeof event) != sizeof event) ::_exit(4);
          }
        });
      }
      for (auto& one : threads) one.join();
      ::_exit(0);
    }
    ::close(ends[1]);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    ::kill(child, SIGKILL);
    std::vector<int> answered;
    for (int event = 0; ::read(ends[0], &event, sizeof event) == sizeof event;) {
      answered.push_back(event);
    }
    ::close(ends[0]);
    int ended = 0;
    ::waitpid(child, &ended, 0);
    ASSERT_TRUE(WIFSIGNALED(ended) || WEXITSTATUS(ended) == 0) << WEXITSTATUS(ended);
    const auto rows = store_.run("SELECT id FROM webhook_event");
    std::vector<std::string> ids;
    for (std::size_t row = 0; row < rows.size(); ++row) ids.emplace_back(rows.row(row)[0].text);
    std::sort(ids.begin(), ids.end());
    for (const int event : answered) {
      EXPECT_TRUE(std::binary_search(ids.begin(), ids.end(), "evt_" + std::to_string(event)));
    }
    const std::string all = std::to_string(ids.size());
    EXPECT_EQ(count("attestation"), all);
    EXPECT_EQ(count("webhook_delivery"), all);
  }
  receiver_ = webhook_receiver::create(*store_.store, options_for_tests()).value();
  for (int event = 0; event < events; ++event) workflow(body_of(event));
  EXPECT_EQ(count("webhook_event"), std::to_string(events));
  EXPECT_EQ(count("webhook_delivery"), std::to_string(events));
}

// The routes.

TEST(receiver_routes, answer_as_http_does) {
  const test::test_store store(engine::sqlite);
  const auto receiver = webhook_receiver::create(*store.store, options_for_tests()).value();
  const auto routes = detail::receiver_routes(*receiver);
  ASSERT_EQ(routes.size(), 2U);
  const auto ask = [&](std::size_t route, std::string_view body,
                       const std::vector<signature_header>& headers) {
    std::vector<detail::http_field> fields;
    for (const auto& one : headers) fields.push_back({one.name, one.value});
    detail::http_call call;
    call.fields = fields;
    call.body = body;
    std::promise<detail::http_answer> answer;
    routes[route].handle(call, [&](detail::http_answer one) { answer.set_value(std::move(one)); });
    return answer.get_future().get();
  };
  for (const auto& route : routes) {
    EXPECT_EQ(route.access, detail::route_access::signature);
    EXPECT_EQ(route.method, "POST");
  }
  const std::string body = completion("w1");
  EXPECT_EQ(ask(0, body, sign(body)).status, 200U);
  EXPECT_EQ(
      ask(0, body, sign(body)).body,
      "{\"success\":true,\"event_id\":\"evt_1\",\"workflow_id\":\"w1\",\"duplicate\":true}\n");
  const std::string other = completion("w2");
  EXPECT_EQ(ask(0, other, sign(other)).status, 409U);
  const auto refused = ask(0, body, sign(other));
  EXPECT_EQ(refused.status, 401U);
  EXPECT_THAT(refused.body, HasSubstr("SIGNATURE_MISMATCH"));
  EXPECT_EQ(ask(0, body, {}).status, 401U);
  EXPECT_EQ(ask(1, body, sign(body)).status, 400U);
  static_cast<void>(store.run("ALTER TABLE webhook_event RENAME TO elsewhere"));
  const std::string third = completion("w3", "evt_3");
  const auto later = ask(0, third, sign(third));
  EXPECT_EQ(later.status, 503U);
  EXPECT_EQ(later.fields.at(0).first, "Retry-After");
}

}  // namespace
}  // namespace jobqueue
