// The mistake behind a refusal: it is named, and the answer is no all the same.
#include <jobqueue/signature.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace jobqueue {
namespace {

using scheme = signature_scheme;
using hint = signature_hint;

constexpr std::string_view key = "mysecret";
// A vector of octokit's.
constexpr std::string_view of_compact =
    "sha256=4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3";
constexpr std::string_view compact = R"({"foo":"bar"})";

std::chrono::sys_seconds at(std::int64_t seconds) {
  return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

verification judge(scheme by, std::string_view secret, std::vector<header_field> headers,
                   std::string_view body, std::int64_t now = 0, bool hints = true) {
  const auto answer =
      verify_signature(by, secret, headers, body, at(now), {.hints = hints}).value();
  EXPECT_FALSE(answer.ok());
  const std::string words = describe_verification(answer);
  EXPECT_EQ(words.find(secret), std::string::npos) << words;
  EXPECT_LT(words.size(), 240U) << words;  // jobqueue_error::message
  return answer;
}

// The signature of `sent` by `sender`, checked with `secret` over `body`.
verification judge_body(std::string_view sent, std::string_view body, std::string_view sender = key,
                        std::string_view secret = key) {
  const auto headers = sign_payload(scheme::github, sender, sent, "", at(0)).value();
  return judge(scheme::github, secret, {{headers[0].name, headers[0].value}}, body);
}

void expect(const verification& answer, errc reason, hint mistake) {
  EXPECT_EQ(answer.reason, reason);
  EXPECT_EQ(to_string(answer.hint), to_string(mistake));
}

TEST(SignatureHints, body_was_parsed_and_printed) {
  const auto octokit =
      judge(scheme::github, key, {{"X-Hub-Signature-256", of_compact}}, R"({"foo": "bar"})");
  expect(octokit, errc::signature_mismatch, hint::body_reserialized);
  const std::vector<std::string_view> layouts = {
      R"({"a":[1,{"b":"\"x\": y"}],"c":{},"d":[]})",
      R"({"a": [1, {"b": "\"x\": y"}], "c": {}, "d": []})",
      "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"\\\"x\\\": y\"\n    }\n  ],\n  \"c\": {},\n"
      "  \"d\": []\n}",
      "{\n    \"a\": [\n        1,\n        {\n            \"b\": \"\\\"x\\\": y\"\n        }\n    "
      "],"
      "\n    \"c\": {},\n    \"d\": []\n}"};
  for (const std::string_view sent : layouts) {
    for (const std::string_view body : layouts) {
      if (sent == body) continue;
      expect(judge_body(sent, body), errc::signature_mismatch, hint::body_reserialized);
    }
  }
}

TEST(SignatureHints, characters_and_their_escapes) {
  constexpr std::string_view utf8 = "{\"t\":\"\xC3\xA9/\xF0\x9F\x98\x80\"}";
  for (const std::string_view other :
       {R"({"t":"\u00e9/\ud83d\ude00"})", R"({"t":"\u00e9\/\ud83d\ude00"})"}) {
    expect(judge_body(other, utf8), errc::signature_mismatch, hint::body_reserialized);
    expect(judge_body(utf8, other), errc::signature_mismatch, hint::body_reserialized);
  }
}

TEST(SignatureHints, another_value_is_no_layout) {
  for (const std::string_view body :
       {R"({"foo":"baz"})", R"({"foo":"bar","a":1})", R"({"foo": "bar"},)", "", "[", "\xFF"}) {
    expect(judge_body(compact, body), errc::signature_mismatch, hint::none);
  }
}

TEST(SignatureHints, line_break_at_the_end) {
  for (const std::string_view sent : {"x", "x\n", "x\r\n"}) {
    for (const std::string_view body : {"x", "x\n", "x\r\n"}) {
      if (sent == body || (sent == "x\r\n" && body == "x\n") ||
          (sent == "x\n" && body == "x\r\n")) {
        continue;
      }
      expect(judge_body(sent, body), errc::signature_mismatch, hint::trailing_newline);
    }
  }
  expect(judge_body("", "\n"), errc::signature_mismatch, hint::trailing_newline);
}

TEST(SignatureHints, secret_in_another_form) {
  const auto of_secret = [](std::string_view sender, std::string_view secret) {
    const auto answer = judge_body("x", "x", sender, secret);
    EXPECT_EQ(answer.reason, errc::signature_mismatch);
    return answer.hint;
  };
  EXPECT_EQ(of_secret("mysecret", "mysecret\n"), hint::secret_white_space);
  EXPECT_EQ(of_secret("mysecret", "  mysecret"), hint::secret_white_space);
  EXPECT_EQ(of_secret("mysecret\n", "mysecret"), hint::secret_white_space);
  EXPECT_EQ(of_secret("mysecret", "\"mysecret\""), hint::secret_quoted);
  EXPECT_EQ(of_secret("mysecret", "whsec_mysecret"), hint::secret_prefix);
  EXPECT_EQ(of_secret("whsec_mysecret", "mysecret"), hint::secret_prefix);
  EXPECT_EQ(of_secret("mysecret", "bXlzZWNyZXQ="), hint::secret_encoding);
  EXPECT_EQ(of_secret("mysecret", "bXlzZWNyZXQ"), hint::secret_encoding);
  EXPECT_EQ(of_secret("mysecret", "6d79736563726574"), hint::secret_encoding);
  EXPECT_EQ(of_secret("mysecret", "whsec_bXlzZWNyZXQ="), hint::secret_encoding);
  EXPECT_EQ(of_secret("mysecret", "another"), hint::none);
}

TEST(SignatureHints, secret_that_the_sender_did_not_decode) {
  constexpr std::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  // printf %s 'a.7.{}' | openssl dgst -sha256 -hmac whsec_MfKQ... -binary | base64; without whsec_
  for (const std::string_view signature : {"6TBfohOcPnOcVkzYTYXgyXw8DLwQJ4DM1aGxHs/xT9U=",
                                           "kfnjE0Q+90YWAT+LDop+u7qcJ7D3Dgz1R95DAfhTkVA="}) {
    const std::string value = "v1," + std::string(signature);
    expect(judge(scheme::standard, secret,
                 {{"webhook-id", "a"}, {"webhook-timestamp", "7"}, {"webhook-signature", value}},
                 "{}", 7),
           errc::signature_mismatch, hint::secret_encoding);
  }
}

TEST(SignatureHints, clock) {
  const auto headers = sign_payload(scheme::stripe, key, "x", "", at(1'700'000'000)).value();
  const std::vector<header_field> fields = {{headers[0].name, headers[0].value}};
  const auto late = judge(scheme::stripe, key, fields, "x", 1'700'003'600);
  expect(late, errc::timestamp_out_of_tolerance, hint::clock_off);
  EXPECT_EQ(late.age_seconds, 3600);
  EXPECT_NE(describe_verification(late).find("3600 seconds old"), std::string::npos);
  const auto early = judge(scheme::stripe, key, fields, "x", 1'699'999'000);
  EXPECT_EQ(early.age_seconds, -1000);
  EXPECT_NE(describe_verification(early).find("1000 seconds in the future"), std::string::npos);

  const auto millis = sign_payload(scheme::stripe, key, "x", "", at(1'700'000'000'000)).value();
  const auto answer =
      judge(scheme::stripe, key, {{millis[0].name, millis[0].value}}, "x", 1'700'000'000);
  expect(answer, errc::timestamp_out_of_tolerance, hint::clock_off);
  EXPECT_NE(describe_verification(answer).find("milliseconds"), std::string::npos);
}

TEST(SignatureHints, upper_case_hex) {
  std::string value(of_compact);
  for (char& c : value) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  value.replace(0, 7, "sha256=");
  expect(judge(scheme::github, key, {{"x-hub-signature-256", value}}, compact),
         errc::signature_malformed, hint::upper_case_hex);
  // Upper case, and of another body: nothing is known.
  expect(judge(scheme::github, key, {{"x-hub-signature-256", value}}, "{}"),
         errc::signature_malformed, hint::none);
}

TEST(SignatureHints, form_of_the_signature) {
  const std::string_view hex = of_compact.substr(7);
  for (const std::string& value :
       {std::string(hex), "v0=" + std::string(hex), "sha256:" + std::string(hex),
        std::string("SGTSdZk4oVRotd+a3iC/Fh2ptPc36mF5QULzSEI2vaM="),
        std::string("sha256=SGTSdZk4oVRotd+a3iC/Fh2ptPc36mF5QULzSEI2vaM=")}) {
    expect(judge(scheme::github, key, {{"x-hub-signature-256", value}}, compact),
           errc::signature_malformed, hint::signature_form);
  }
  expect(judge(scheme::github, key, {{"x-hub-signature-256", "sha256=00"}}, compact),
         errc::signature_malformed, hint::none);
}

TEST(SignatureHints, header_of_another_name_or_scheme) {
  expect(judge(scheme::github, key, {{"host", "h"}, {"X-Signature", of_compact}}, compact),
         errc::signature_missing, hint::wrong_header);
  expect(judge(scheme::github, key, {{"X-Webhook-Signature", of_compact}}, compact),
         errc::signature_missing, hint::wrong_header);
  expect(judge(scheme::github, key, {{"X-Webhook-Signature", of_compact}}, "{}"),
         errc::signature_missing, hint::other_scheme);
  expect(judge(scheme::github, key, {{"host", "h"}}, compact), errc::signature_missing, hint::none);
  expect(judge(scheme::github, key, {}, compact), errc::signature_missing, hint::none);
  expect(judge(scheme::automatic, key,
               {{"X-Webhook-Signature", of_compact}, {"X-Hub-Signature-256", of_compact}}, compact),
         errc::signature_malformed, hint::several_schemes);
}

TEST(SignatureHints, are_not_looked_for_if_not_wanted) {
  const std::vector<header_field> headers = {{"x-hub-signature-256", of_compact}};
  expect(judge(scheme::github, key, headers, R"({"foo": "bar"})", 0, false),
         errc::signature_mismatch, hint::none);
}

TEST(SignatureHints, cost_is_bounded) {
  const std::string deep(1 << 20, '[');
  const std::string nested = std::string(1 << 15, '[') + std::string(1 << 15, ']');
  for (const std::string& body : {deep, nested, std::string(8 << 20, 'x')}) {
    const auto begin = std::chrono::steady_clock::now();
    expect(judge(scheme::github, key, {{"x-hub-signature-256", of_compact}}, body),
           errc::signature_mismatch, hint::none);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  }
}

}  // namespace
}  // namespace jobqueue
