// Failures: what is taken for what, what is not looked at, and what a fingerprint ignores.
#include <jobqueue/failure.hpp>

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/failure_rules.hpp"
#include "core/failure_text.hpp"
#include "core/failure_words.hpp"
#include "support/exact_text.hpp"

namespace jobqueue {
namespace {

std::string kind_of(std::string_view message, const failure_context& context = {}) {
  const test::exact_text exact(message);
  const failure found = classify_failure(exact.view(), context);
  std::string kind(to_string(found.type));
  return kind.append("/")
      .append(to_string(found.reason))
      .append(" ")
      .append(to_string(found.confidence));
}

std::string normal(std::string_view message) {
  const test::exact_text exact(message);
  return normalize_failure_message(exact.view());
}

TEST(Failure, words_are_words) {
  EXPECT_EQ(detail::split_failure_words("rate_limit-Exceeded: HTTP/1.1 429!"),
            " rate limit exceeded http 1 1 429 ");
  EXPECT_EQ(detail::split_failure_words("rate|limit"), " rate | limit ");
  EXPECT_EQ(detail::split_failure_words("JSONDecodeError ConnectTimeoutError OOMKilled GPUs"),
            " json decode error connect timeout error oom killed gpus ");
  EXPECT_EQ(detail::split_failure_words(""), " ");
  EXPECT_EQ(detail::split_failure_words("  \xC3\xA9 "), " ");
  EXPECT_EQ(detail::split_failure_words("aB"), " a b ");
}

TEST(Failure, no_part_of_a_word_is_one) {
  EXPECT_EQ(kind_of("the refusedness of tokens"), "system_error/unknown_error none");
  EXPECT_EQ(kind_of("a dnsmasq, an ssltest, an unexpected gpus2"),
            "system_error/unknown_error none");
  EXPECT_EQ(kind_of("copyrighted"), "generation_refusal/copyright_blocker medium");
  EXPECT_EQ(kind_of("rate"), "system_error/unknown_error none");
  EXPECT_EQ(kind_of("rate limi"), "system_error/unknown_error none");
  EXPECT_EQ(kind_of("RateLimitError"), "rate_limit/requests_per_minute medium");
}

TEST(Failure, a_refusal_is_one_of_a_model) {
  EXPECT_EQ(kind_of("Blocked by CORS policy"), "network_error/connection_failed medium");
  EXPECT_EQ(kind_of("ACCESS_REFUSED - Login was refused"),
            "auth_error/insufficient_permissions high");
  EXPECT_EQ(kind_of("Your card was declined"), "rate_limit/daily_quota_exceeded medium");
  EXPECT_EQ(kind_of("File type .exe not allowed"), "validation_error/invalid_format medium");
  EXPECT_EQ(kind_of("This violates our usage policies"),
            "generation_refusal/policy_violation medium");
  EXPECT_EQ(kind_of("unable to create directory /tmp/x"), "system_error/unknown_error none");
}

TEST(Failure, status_that_the_message_names) {
  EXPECT_EQ(kind_of("Request failed with status code 429"), "rate_limit/requests_per_minute low");
  EXPECT_EQ(kind_of("Error code: 401"), "auth_error/invalid_api_key low");
  EXPECT_EQ(kind_of("HTTP 200"), "system_error/unknown_error none");
  EXPECT_EQ(kind_of("HTTP 4290"), "system_error/unknown_error none");
  EXPECT_EQ(kind_of("HTTP 429", {503}), "service_error/service_unavailable low");
  EXPECT_EQ(kind_of("HTTP 429", {200}), "rate_limit/requests_per_minute low");
  EXPECT_EQ(kind_of(R"({"statusCode":503})", {}), "service_error/service_unavailable low");
  EXPECT_EQ(kind_of(R"({"statusCode":503})", {429}), "rate_limit/requests_per_minute low");
  EXPECT_EQ(kind_of(R"({"status":503.0,"code":5030})"), "system_error/unknown_error none");
}

TEST(Failure, status_and_words) {
  EXPECT_EQ(kind_of("unavailable"), "service_error/service_unavailable medium");
  EXPECT_EQ(kind_of("unavailable", {503}), "service_error/service_unavailable high");
  EXPECT_EQ(kind_of("unavailable", {404}), "service_error/service_unavailable medium");
  EXPECT_EQ(kind_of("unavailable", {401}), "auth_error/invalid_api_key low");
  EXPECT_EQ(kind_of("what", {599}), "service_error/service_down low");
  EXPECT_EQ(kind_of("what", {600}), "system_error/unknown_error none");
  EXPECT_EQ(kind_of("what", {418}), "validation_error/invalid_payload low");
  EXPECT_EQ(kind_of("what", {402}), "rate_limit/daily_quota_exceeded low");
  EXPECT_EQ(kind_of("what", {407}), "network_error/proxy_error low");
  EXPECT_EQ(kind_of("what", {408}), "network_error/network_timeout low");
  EXPECT_EQ(kind_of("what", {415}), "validation_error/invalid_format low");
  EXPECT_EQ(kind_of("what", {507}), "resource_limit/disk_space_full low");
  EXPECT_EQ(kind_of("what", {0, true}), "timeout/job_timeout medium");
  EXPECT_EQ(kind_of("processing", {0, true}), "timeout/processing_timeout high");
}

TEST(Failure, objects_of_any_form) {
  const std::string_view refused = "network_error/connection_failed high";
  for (const std::string_view message : {
           R"({"message":"connection refused"})",
           R"( {"memory_usage":1,"Error-Message" : "connection\u0020refused"} )",
           R"(failed: [{"errors":[["connection refused"]]}])",
           R"({"error":{"error":{"error":{"msg":"connection refused"}}}})",
           R"({"response":{"data":{"detail":"connection refused"}}})",
           R"({"message":"{\"error\":\"{\\\"message\\\":\\\"connection refused\\\"}\"}"})",
           R"({"cuda":None,"message":"connection refused","gpu":NaN})",
           R"({"message":"connection refused)",
           R"({"message":"connection refused","stack":"at gpu)",
           "{\"use strict\"; connection refused",
       }) {
    EXPECT_EQ(kind_of(message), refused) << message;
  }
  const std::string_view unknown = "system_error/unknown_error none";
  for (const std::string_view message : {
           R"({"stack":"connection refused"})",
           R"({"connection refused":"x"})",
           R"({"config":{"message":"connection refused"}})",
           R"({"config":[{"message":"connection refused"}],"data":"connection refused"})",
           R"({"message":"connection","reason":"refusedly"})",
           R"({"connection refused)",
           R"({"connection refused")",
           R"({"connection refused":)",
           R"({)",
           R"({"")",
       }) {
    EXPECT_NE(kind_of(message), refused) << message;
  }
  // The words of two members are no phrase.
  EXPECT_EQ(kind_of(R"({"message":"rate","reason":"limit of it"})"),
            "resource_limit/out_of_memory low");
  EXPECT_EQ(kind_of(R"({"a":"dns"})"), unknown);
  EXPECT_EQ(kind_of("{}"), unknown);
}

TEST(Failure, containers_in_one_another) {
  std::string deep;
  for (int i = 0; i < 63; ++i) deep += R"({"error":)";
  EXPECT_EQ(normal(deep + R"("dns"})"), "dns");
  // Deeper ones are text from there on, and begin anew.
  EXPECT_EQ(normal(deep + R"({"error":{"error":"dns"}}})"), "dns}}");
  EXPECT_EQ(normal(std::string(20000, '[')), std::string(16384, '['));
}

TEST(Failure, stacks_do_not_count) {
  EXPECT_EQ(normal("Error: boom\n    at gpu (cuda.js:1:2)\n\tat java.net.X(Y.java:3)\nnext"),
            "error: boom next");
  EXPECT_EQ(normal("look at this\nat home"), "look at this at home");
  EXPECT_EQ(kind_of("Traceback:\n  File \"dns.py\", line 3\n    dns()\nKeyError: 1"),
            "system_error/unknown_error none");
  EXPECT_EQ(normal("a\n  File \"x\"\n    y\nb\n  c"), "a b c");
}

TEST(Failure, description_has_no_more_than_a_name) {
  EXPECT_EQ(classify_failure("Error in component 'a b-1.c:d'").description,
            "Error in component a b-1.c:d");
  EXPECT_EQ(classify_failure("error in COMPONENT \"x\"").description, "Error in component x");
  for (const std::string& name :
       {std::string("a\nb"), std::string(65, 'a'), std::string("<b>"), std::string()}) {
    EXPECT_EQ(classify_failure("Error in component '" + name + "'").description,
              "Error in component unknown");
  }
  EXPECT_EQ(classify_failure("Error in component '").description, "Error in component unknown");
  EXPECT_EQ(classify_failure("Error in component ").description, "Error in component unknown");
  EXPECT_EQ(classify_failure("safety system, WFR_01aB-2").description,
            "Content refused by safety system (request ID: wfr_01ab)");
  EXPECT_EQ(classify_failure("safety system, wfr_").description,
            "Content refused by safety system");
  EXPECT_EQ(classify_failure("safety system wfr_" + std::string(100, 'a')).description,
            "Content refused by safety system (request ID: wfr_" + std::string(60, 'a') + ")");
}

TEST(Failure, numbers_and_ids) {
  EXPECT_EQ(normal("a 1 -2 +3 4.5 6,789.0 1e5 1.5E-7 50% (-1) x=-1"), "a # # # # # # # #% (#) x=#");
  EXPECT_EQ(normal("8.5GB 30s worker12 text2img v1.2.3 gpt-4 utf-8"),
            "#gb #s worker# text#img v# gpt-# utf-#");
  EXPECT_EQ(normal("0b9f8f5e-6a53-4c6b-9d0a-3f1de6b7c001."), "#.");
  EXPECT_EQ(normal("0b9f8f5e-6a53-4c6b-9d0a-3f1de6b7c0012"), "#-#a#-#-#-#");
  EXPECT_EQ(normal("281ad2b deadbeef decade facade 12345678 1234abc"), "# # decade facade # #");
  EXPECT_EQ(normal("wfr_0199961219e2757f90717eccfffb8a71 job_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
            "wfr_# job_#");
  EXPECT_EQ(normal("a1b2 ab12 x7f3k9"), "# ab# #");
  EXPECT_EQ(normal("internationalization"), "internationalization");
}

TEST(Failure, addresses) {
  for (const std::string_view address :
       {"127.0.0.1", "10.0.0.1:6379", "::1", "::1:6379", "[::1]:6379", "[fe80::1]", "fe80::a:1",
        "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1", "localhost:6379", "api.example.com:443", "0x7fff",
        "0XAB"}) {
    std::string text = "to ";
    EXPECT_EQ(normal(text.append(address).append(", again")), "to <address>, again") << address;
  }
  EXPECT_EQ(normal("api.example.com redis:6379 localhost std::string"),
            "api.example.com redis:# localhost std::string");
  EXPECT_EQ(normal("app.js:10:3 1.2.3.4.5 ::"), "app.js:#:# # ::");
  EXPECT_EQ(normal("tcp://10.0.0.1:1/x?a=1 y"), "tcp://<address>/x y");
  EXPECT_EQ(normal("(https://h.example/?q=\"a\") what?"), "(https://h.example/<value>) what?");
}

TEST(Failure, times) {
  for (const std::string_view time :
       {"2026-01-05", "2026-01-05T12:00:00Z", "2026-01-05 12:00:00", "2026-01-05T12:00:00.123456Z",
        "2026-01-05T12:00:00+02:00", "2026-01-05T12:00:00.1-0500", "12:00:00", "1:00:00,123"}) {
    std::string text = "at ";
    EXPECT_EQ(normal(text.append(time).append(".")), "at <time>.") << time;
  }
  EXPECT_EQ(normal("2026-01-5 12:00 2026-01-05x"), "#-#-# #:# #-#-#x");
}

TEST(Failure, quotes_and_space) {
  EXPECT_EQ(normal("  A\t 'b'\n\"c/d\" `e` \r\n"), "a <value> <value> <value>");
  EXPECT_EQ(normal("can't 'a b' isn't '' \"x"), "can't 'a b' isn't '' \"x");
  EXPECT_EQ(normal("'" + std::string(128, 'a') + "'"), "<value>");
  EXPECT_EQ(normal("'" + std::string(129, 'x') + "'"), "'" + std::string(129, 'x') + "'");
  EXPECT_EQ(normal(std::string("a\0b\x7F\xFF", 5)), "a b \xFF");
}

TEST(Failure, what_counts_has_an_end) {
  const std::string first(max_failure_message_bytes - 4, ' ');
  EXPECT_EQ(kind_of(first + "dns "), "network_error/dns_resolution medium");
  EXPECT_EQ(kind_of(first + " dnsmasq"), "network_error/dns_resolution medium");
  EXPECT_EQ(kind_of(first + "  dns"), "system_error/unknown_error none");
  const std::string same(max_normalized_failure_bytes, 'x');
  EXPECT_EQ(classify_failure(same + "a").fingerprint, classify_failure(same + "b").fingerprint);
  EXPECT_NE(classify_failure(same).fingerprint, classify_failure("x").fingerprint);
}

// Long texts of the kinds that make a search start over and over.
TEST(Failure, time_is_linear) {
  const auto seconds_of = [](const std::string& unit) {
    std::string text;
    while (text.size() < max_failure_message_bytes) text += unit;
    const auto begin = std::chrono::steady_clock::now();
    static_cast<void>(classify_failure(text));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  for (const std::string unit : {"{\"", "{\"error\":", "'", "\\\"", "a.", "1:", "1.", "f", ":",
                                 "c ", "http ", "component '", "[:", "aB", "\n at", "{ "}) {
    EXPECT_LT(seconds_of(unit), 0.2) << unit;
  }
}

// Every reason is that of a rule, and a rule that can never decide is none.
TEST(Failure, the_table_is_whole) {
  std::set<failure_reason> reasons;
  std::set<failure_type> types;
  for (const auto& rule : detail::failure_table::rules) {
    reasons.insert(rule.reason);
    types.insert(rule.type);
    EXPECT_TRUE(!rule.words.empty() || rule.when.first != 0 || rule.when.timeout);
    EXPECT_TRUE(rule.when.last <= 599 && rule.when.first <= rule.when.last);
  }
  EXPECT_EQ(reasons.size(), static_cast<std::size_t>(failure_reason::unknown_error));
  EXPECT_EQ(types.size(), 10U);
  std::set<std::string_view> words;
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(failure_reason::unknown_error); ++i) {
    words.insert(to_string(static_cast<failure_reason>(i)));
  }
  EXPECT_EQ(words.size(), reasons.size() + 1);
  EXPECT_EQ(to_string(static_cast<failure_type>(10)), "unknown");
  EXPECT_EQ(to_string(static_cast<failure_confidence>(4)), "unknown");
}

}  // namespace
}  // namespace jobqueue
