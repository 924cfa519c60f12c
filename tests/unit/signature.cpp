// Verifying and signing: the published vectors of every scheme, and what must be refused.
#include <jobqueue/signature.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "support/exact_text.hpp"

namespace jobqueue {
namespace {

using namespace std::chrono_literals;
using scheme = signature_scheme;
using hint = signature_hint;

std::chrono::sys_seconds at(std::int64_t seconds) {
  return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

// A message as its sender publishes it.
struct sample {
  const char* name;
  signature_scheme by;
  std::string_view secret;
  std::string_view body;
  std::string_view id;
  std::int64_t time;
  std::vector<signature_header> headers;
};

const std::vector<sample>& samples() {
  static const std::vector<sample> all = {
      {"jobqueue",
       scheme::jobqueue,
       "test-secret",
       R"({"a":1})",
       "",
       0,
       {{"x-webhook-signature",
         "sha256=179bf20a8b9040a32368814a68b0dc270823b5968498e0a73796c4202708ed8d"}}},
      {"jobqueue_empty",
       scheme::jobqueue,
       "test-secret",
       "",
       "",
       0,
       {{"x-webhook-signature",
         "sha256=a41bc6d81d6413576ae0994995e0ad89a416ec97389515c3604f47722122eeeb"}}},
      {"jobqueue_utf8",
       scheme::jobqueue,
       "test-secret",
       "{\"t\":\"\xC3\xA9\"}",
       "",
       0,
       {{"x-webhook-signature",
         "sha256=4e80c918b73e07fba0e4543835b845b11634674e278ad8ab6503963be01bb92d"}}},
      {"github",
       scheme::github,
       "It's a Secret to Everybody",
       "Hello, World!",
       "",
       0,
       {{"x-hub-signature-256",
         "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}}},
      {"octokit",
       scheme::github,
       "mysecret",
       R"({"foo":"bar"})",
       "",
       0,
       {{"x-hub-signature-256",
         "sha256=4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3"}}},
      {"standard",
       scheme::standard,
       "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
       R"({"test": 2432232314})",
       "msg_p5jXN8AQM9LWM0D4loKWxJek",
       1614265330,
       {{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
        {"webhook-timestamp", "1614265330"},
        {"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}}},
      {"svix",
       scheme::svix,
       "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
       R"({"test": 2432232314})",
       "msg_p5jXN8AQM9LWM0D4loKWxJek",
       1614265330,
       {{"svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
        {"svix-timestamp", "1614265330"},
        {"svix-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}}},
      {"ed25519",
       scheme::standard,
       "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kv"
       "g==",
       R"({"test": 2432232314})",
       "msg_p5jXN8AQM9LWM0D4loKWxJek",
       1614265330,
       {{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
        {"webhook-timestamp", "1614265330"},
        {"webhook-signature",
         "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBA"
         "g=="}}},
      {"slack",
       scheme::slack,
       "8f742231b10e8888abcd99yyyzzz85a5",
       "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id="
       "G8PSS9T3V"
       "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&"
       "text=&"
       "response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%"
       "2F96rGlfmibI"
       "GlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
       "",
       1531420618,
       {{"x-slack-request-timestamp", "1531420618"},
        {"x-slack-signature",
         "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"}}},
      {"convoy",
       scheme::convoy,
       "secret",
       R"({"b":{},"e":"123","a":1})",
       "",
       1257894000,
       {{"x-convoy-signature",
         "t=1257894000,v1=c97c302e4a991a7d4a72b60c3f9a0c3adb3611cd0acc632994a72ace04d6509c"}}},
  };
  return all;
}

std::vector<header_field> fields(const std::vector<signature_header>& headers) {
  std::vector<header_field> all;
  for (const auto& one : headers) all.push_back({one.name, one.value});
  return all;
}

verification verify(const sample& one, const std::vector<signature_header>& headers,
                    std::string_view body) {
  const auto verifier = signature_verifier::create(one.by, one.secret).value();
  return verifier.verify(fields(headers), test::exact_text(body).view(), at(one.time));
}

class signature_samples : public testing::TestWithParam<sample> {};

TEST_P(signature_samples, signs_as_published) {
  const sample& one = GetParam();
  EXPECT_EQ(sign_payload(one.by, one.secret, one.body, one.id, at(one.time)).value(), one.headers);
}

TEST_P(signature_samples, verifies) {
  const sample& one = GetParam();
  const auto answer = verify(one, one.headers, one.body);
  EXPECT_EQ(answer.reason, errc::ok);
  EXPECT_EQ(answer.scheme, one.by);
  EXPECT_EQ(answer.secret_index, 0U);
  const auto automatic =
      verify_signature(scheme::automatic, one.secret, fields(one.headers), one.body, at(one.time));
  EXPECT_EQ(automatic.value().reason, errc::ok);
  EXPECT_EQ(automatic.value().scheme, one.by);
}

TEST_P(signature_samples, refuses_every_proper_prefix_and_more) {
  const sample& one = GetParam();
  auto headers = one.headers;
  std::string& value = headers.back().value;
  const std::string whole = value;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    value = whole.substr(0, size);
    const auto answer = verify(one, headers, one.body);
    EXPECT_EQ(answer.reason, size == 0 ? errc::signature_missing : errc::signature_malformed)
        << value;
    EXPECT_EQ(answer.secret_index, no_secret);
  }
  for (const char* more : {"0", "=", "a", "00"}) {
    value = whole + more;
    EXPECT_EQ(verify(one, headers, one.body).reason, errc::signature_malformed) << value;
  }
}

TEST_P(signature_samples, refuses_every_other_bit) {
  const sample& one = GetParam();
  auto headers = one.headers;
  std::string& value = headers.back().value;
  for (std::size_t i = 0; i < value.size(); ++i) {
    value[i] = static_cast<char>(value[i] ^ 1);
    EXPECT_FALSE(verify(one, headers, one.body).ok()) << value;
    value[i] = static_cast<char>(value[i] ^ 1);
  }
  std::string body(one.body);
  for (std::size_t i = 0; i < body.size(); ++i) {
    body[i] = static_cast<char>(body[i] ^ 1);
    EXPECT_FALSE(verify(one, one.headers, body).ok());
    body[i] = static_cast<char>(body[i] ^ 1);
  }
}

TEST_P(signature_samples, refuses_a_missing_or_repeated_header) {
  const sample& one = GetParam();
  for (std::size_t i = 0; i < one.headers.size(); ++i) {
    auto headers = one.headers;
    headers.erase(headers.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(verify(one, headers, one.body).reason, errc::signature_missing);
    headers = one.headers;
    headers.push_back(one.headers[i]);
    EXPECT_EQ(verify(one, headers, one.body).reason, errc::signature_malformed);
    headers = one.headers;
    headers[i].value = " \t";
    EXPECT_EQ(verify(one, headers, one.body).reason, errc::signature_missing);
  }
}

TEST_P(signature_samples, takes_names_in_any_case_and_blanks_around_values) {
  const sample& one = GetParam();
  auto headers = one.headers;
  for (auto& header : headers) {
    header.name[0] = static_cast<char>(header.name[0] - 'a' + 'A');
    header.value = " \t" + header.value + "\t ";
  }
  EXPECT_TRUE(verify(one, headers, one.body).ok());
}

TEST_P(signature_samples, holds_the_tolerance_both_ways) {
  const sample& one = GetParam();
  if (one.time == 0) return;
  const auto reason = [&](std::chrono::seconds tolerance, std::int64_t off) {
    const auto answer = verify_signature(one.by, one.secret, fields(one.headers), one.body,
                                         at(one.time + off), {.tolerance = tolerance});
    EXPECT_EQ(answer->age_seconds, off);
    EXPECT_EQ(answer->hint, answer->ok() ? hint::none : hint::clock_off);
    EXPECT_EQ(answer->secret_index, 0U);
    return answer->reason;
  };
  for (const int sign : {1, -1}) {
    EXPECT_EQ(reason(300s, sign * 300), errc::ok);
    EXPECT_EQ(reason(300s, sign * 301), errc::timestamp_out_of_tolerance);
    EXPECT_EQ(reason(0s, sign), errc::timestamp_out_of_tolerance);
    EXPECT_EQ(reason(any_age, sign * 1'000'000'000), errc::ok);
  }
  EXPECT_EQ(reason(0s, 0), errc::ok);
}

INSTANTIATE_TEST_SUITE_P(published, signature_samples, testing::ValuesIn(samples()),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Signature, ed25519_with_the_public_key) {
  const sample& one = samples()[7];
  const auto verifier = signature_verifier::create(
      scheme::standard, "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=");
  EXPECT_TRUE(verifier.value().verify(fields(one.headers), one.body, at(one.time)).ok());
}

TEST(Signature, convoy_in_its_other_forms) {
  // printf %s '{"a":1}' | openssl dgst -sha512 -hmac secret, and -sha256; -binary | base64
  const auto ok = [](std::string_view value) {
    const header_field headers[] = {{"X-Convoy-Signature", value}};
    return verify_signature(scheme::convoy, "secret", headers, R"({"a":1})", at(0))->ok();
  };
  EXPECT_TRUE(ok("aa9e2e3575f5d7098b6caccd790888c36d5fdb63342a73bada2d6a51747a8494"));
  EXPECT_TRUE(ok("qp4uNXX11wmLbKzNeQiIw21f22M0KnO62i1qUXR6hJQ="));
  EXPECT_TRUE(
      ok("42f08c0da01c9a46d4e5663d5f2140526a016507c598182c6769cca2bcf7ba43c395b719b01d288f5ad322564"
         "dce1d40ca28ef50b876fc49a33d13d6783114dd"));
  EXPECT_TRUE(ok(
      "QvCMDaAcmkbU5WY9XyFAUmoBZQfFmBgsZ2nMorz3ukPDlbcZsB0oj1rTIlZNzh1AyijvULh2/EmjPRPWeDEU3Q=="));
  EXPECT_FALSE(ok("sha256=aa9e2e3575f5d7098b6caccd790888c36d5fdb63342a73bada2d6a51747a8494"));
}

}  // namespace
}  // namespace jobqueue
