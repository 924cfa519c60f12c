// What is a secret and what is none, several secrets, several signatures, the choice by headers.
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

constexpr std::string_view standard_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view key_pair =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
constexpr std::string_view public_key = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

constexpr scheme all_schemes[] = {scheme::jobqueue, scheme::github, scheme::standard, scheme::svix,
                                  scheme::stripe,   scheme::slack,  scheme::convoy};

std::chrono::sys_seconds at(std::int64_t seconds) {
  return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

errc problem_of(scheme by, std::string_view secret) {
  const auto made = signature_verifier::create(by, secret);
  if (made) return errc::ok;
  const std::string& words = made.problem().message;
  EXPECT_TRUE(secret.size() < 2 || words.find(secret) == std::string::npos) << words;
  return made.problem().code;
}

std::vector<header_field> fields(const std::vector<signature_header>& headers) {
  std::vector<header_field> all;
  for (const auto& one : headers) all.push_back({one.name, one.value});
  return all;
}

TEST(SignatureSecrets, unusable_ones_are_errors) {
  for (const scheme by : all_schemes) {
    for (const std::string& secret : {std::string(), std::string(" \n"), std::string(4097, 'a')}) {
      EXPECT_EQ(problem_of(by, secret), errc::secret_invalid);
      EXPECT_FALSE(payload_signer::create(by, secret));
    }
  }
  EXPECT_EQ(problem_of(scheme::automatic, ""), errc::secret_invalid);
  const std::string of_65_bytes = "whsec_" + std::string(87, 'A') + "=";
  const std::vector<std::string_view> wrong = {
      "w", "whsec_", "whsec_%", "whsec_wronglength", "hwsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      "whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", " whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", "\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"",
      "whsec_-fKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAB==",
      // 23 and 65 bytes
      "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", of_65_bytes};
  for (const scheme by : {scheme::standard, scheme::svix}) {
    for (const std::string_view secret : wrong) {
      EXPECT_EQ(problem_of(by, secret), errc::secret_invalid) << secret;
      EXPECT_FALSE(payload_signer::create(by, secret)) << secret;
    }
  }
}

TEST(SignatureSecrets, keys_under_which_everybody_signs_are_errors) {
  for (const std::string_view key : {"whpk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                                     "whpk_AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                                     "whpk_AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA=",
                                     "whpk_JuiVj8KyJ7BFw/SJ8u+Y8NXfrAXTxjM5sTgCiG1T/AU="}) {
    EXPECT_EQ(problem_of(scheme::standard, key), errc::secret_invalid);
    EXPECT_EQ(problem_of(scheme::automatic, key), errc::secret_invalid);
  }
}

TEST(SignatureSecrets, usable_ones) {
  for (const scheme by : {scheme::standard, scheme::svix, scheme::automatic}) {
    for (const std::string_view secret :
         {standard_secret, standard_secret.substr(6), key_pair, public_key}) {
      EXPECT_EQ(problem_of(by, secret), errc::ok);
    }
  }
  for (const scheme by : {scheme::jobqueue, scheme::stripe}) {
    EXPECT_EQ(problem_of(by, "w"), errc::ok);
    EXPECT_EQ(problem_of(by, std::string(4096, 'a')), errc::ok);
    EXPECT_EQ(problem_of(by, std::string("\0a", 2)), errc::ok);
  }
  EXPECT_FALSE(payload_signer::create(scheme::standard, public_key));
  std::string other_half(key_pair);
  other_half[50] = 'A';  // of the seed
  EXPECT_EQ(payload_signer::create(scheme::standard, other_half).problem().code,
            errc::secret_invalid);
}

TEST(SignatureSecrets, lists) {
  const std::vector<std::string_view> none;
  const std::vector<std::string_view> many(33, "a");
  const std::vector<std::string_view> bad = {"a", "b", ""};
  for (const auto& list : {none, many}) {
    EXPECT_EQ(signature_verifier::create(scheme::github, list).problem().code,
              errc::invalid_argument);
    EXPECT_EQ(payload_signer::create(scheme::stripe, list).problem().code, errc::invalid_argument);
  }
  const auto made = signature_verifier::create(scheme::github, bad);
  EXPECT_EQ(made.problem().code, errc::secret_invalid);
  EXPECT_NE(made.problem().message.find("secret 3 "), std::string::npos);
  const signature_options negative = {.tolerance = std::chrono::seconds(-1)};
  EXPECT_EQ(signature_verifier::create(scheme::github, "a", negative).problem().code,
            errc::invalid_argument);
}

TEST(SignatureSecrets, which_one_matched) {
  const std::vector<std::string_view> secrets = {"zero", "one", "two", "one"};
  for (const scheme by : {scheme::jobqueue, scheme::stripe, scheme::convoy, scheme::slack}) {
    const auto verifier = signature_verifier::create(by, secrets).value();
    for (std::size_t i = 0; i < 3; ++i) {
      const auto headers = sign_payload(by, secrets[i], "x", "", at(5)).value();
      EXPECT_EQ(verifier.verify(fields(headers), "x", at(5)).secret_index, i);
    }
    const auto headers = sign_payload(by, "three", "x", "", at(5)).value();
    EXPECT_EQ(verifier.verify(fields(headers), "x", at(5)).secret_index, no_secret);
  }
}

TEST(SignatureSecrets, several_signatures) {
  const std::vector<std::string_view> signing = {key_pair, standard_secret};
  const auto headers =
      payload_signer::create(scheme::svix, signing).value().sign("x", "id", at(5)).value();
  EXPECT_EQ(headers[2].value.substr(0, 4), "v1a,");
  EXPECT_NE(headers[2].value.find(" v1,"), std::string::npos);
  for (const std::string_view secret : {public_key, standard_secret}) {
    EXPECT_TRUE(verify_signature(scheme::svix, secret, fields(headers), "x", at(5))->ok());
  }
  const std::vector<std::string_view> old_and_new = {"old", "new"};
  for (const scheme by : {scheme::stripe, scheme::convoy}) {
    const auto both = payload_signer::create(by, old_and_new).value().sign("x", "", at(5)).value();
    for (const std::string_view secret : old_and_new) {
      EXPECT_TRUE(verify_signature(by, secret, fields(both), "x", at(5))->ok());
    }
  }
  for (const scheme by : {scheme::jobqueue, scheme::github, scheme::slack}) {
    EXPECT_EQ(payload_signer::create(by, old_and_new).problem().code, errc::invalid_argument);
  }
}

TEST(SignatureSecrets, ten_thousand_signatures_are_bounded) {
  const auto signed_headers =
      sign_payload(scheme::standard, standard_secret, "x", "id", at(5)).value();
  const std::string& good = signed_headers[2].value;
  const auto judge = [&](const std::string& value) {
    const std::vector<header_field> headers = {
        {"webhook-id", "id"}, {"webhook-timestamp", "5"}, {"webhook-signature", value}};
    const auto begin = std::chrono::steady_clock::now();
    const auto answer = verify_signature(scheme::standard, standard_secret, headers, "x", at(5));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
    return answer->reason;
  };
  std::string wrong;
  for (int i = 0; i < 15; ++i) wrong += "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= ";
  EXPECT_EQ(judge(wrong + good), errc::ok);
  EXPECT_EQ(judge(good + " v0,x v9," + std::string(100, 'y') + "  "), errc::ok);
  EXPECT_EQ(judge(wrong + good + " " + good), errc::signature_malformed);
  for (const std::string_view one :
       {"v1,x ", "v2,x ", "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= "}) {
    std::string many;
    for (int i = 0; i < 10000; ++i) many += one;
    EXPECT_EQ(judge(many + good), errc::signature_malformed);
  }
  std::string list = "t=5";
  for (int i = 0; i < 10000; ++i) list.append(",v1=").append(64, '0');
  const std::vector<header_field> stripe = {{"stripe-signature", list}};
  EXPECT_EQ(verify_signature(scheme::stripe, "s", stripe, "x", at(5))->reason,
            errc::signature_malformed);
}

TEST(SignatureSecrets, automatic_never_guesses) {
  const std::vector<std::string_view> secrets = {standard_secret, "plain"};
  const auto verifier = signature_verifier::create(scheme::automatic, secrets).value();
  for (const scheme by : all_schemes) {
    const std::string_view id = by == scheme::standard || by == scheme::svix ? "id" : "";
    const auto headers = sign_payload(by, standard_secret, "x", id, at(5)).value();
    const auto answer = verifier.verify(fields(headers), "x", at(5));
    EXPECT_TRUE(answer.ok()) << to_string(by);
    EXPECT_EQ(answer.scheme, by);
    for (const std::string_view value : {"x", "", headers.back().value.c_str()}) {
      auto two = fields(headers);
      two.push_back({by == scheme::slack ? "stripe-signature" : "x-slack-signature", value});
      const auto refused = verifier.verify(two, "x", at(5));
      EXPECT_EQ(refused.reason, errc::signature_malformed);
      EXPECT_EQ(refused.hint, hint::several_schemes);
      EXPECT_EQ(refused.scheme, scheme::automatic);
    }
  }
  EXPECT_EQ(verifier.verify({}, "x", at(5)).reason, errc::signature_missing);
  // A secret that no scheme with such headers has.
  const auto headers = sign_payload(scheme::github, "plain", "x", "", at(5)).value();
  EXPECT_EQ(verify_signature(scheme::automatic, public_key, fields(headers), "x", at(5))->reason,
            errc::secret_invalid);
  const auto standard = sign_payload(scheme::standard, standard_secret, "x", "i", at(5)).value();
  EXPECT_EQ(verify_signature(scheme::automatic, "plain", fields(standard), "x", at(5))->reason,
            errc::secret_invalid);
}

TEST(SignatureSecrets, both_names_of_svix) {
  auto headers = sign_payload(scheme::svix, standard_secret, "x", "id", at(5)).value();
  const auto webhook = sign_payload(scheme::standard, standard_secret, "x", "id", at(5)).value();
  const auto reason = [&](scheme by) {
    return verify_signature(by, standard_secret, fields(headers), "x", at(5))->reason;
  };
  EXPECT_EQ(verify_signature(scheme::svix, standard_secret, fields(webhook), "x", at(5))->reason,
            errc::ok);
  EXPECT_EQ(reason(scheme::standard), errc::signature_missing);
  headers.insert(headers.end(), webhook.begin(), webhook.end());
  EXPECT_EQ(reason(scheme::svix), errc::ok);
  EXPECT_EQ(reason(scheme::automatic), errc::ok);
  headers.back().value = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  EXPECT_EQ(reason(scheme::svix), errc::signature_malformed);
  EXPECT_EQ(reason(scheme::automatic), errc::signature_malformed);
}

TEST(SignatureSecrets, ids_and_times) {
  const auto signer = payload_signer::create(scheme::standard, standard_secret).value();
  for (const std::string& id :
       {std::string(), std::string("a.b"), std::string("a b"), std::string("a\n"),
        std::string("\xC3\xA9"), std::string(257, 'a')}) {
    EXPECT_EQ(signer.sign("x", id, at(5)).problem().code, errc::invalid_argument);
  }
  EXPECT_TRUE(signer.sign("x", std::string(256, 'a'), at(5)));
  EXPECT_EQ(signer.sign("x", "a", at(-1)).problem().code, errc::invalid_argument);
  EXPECT_EQ(sign_payload(scheme::github, "s", "x", "id", at(5)).problem().code,
            errc::invalid_argument);
  EXPECT_EQ(sign_payload(scheme::automatic, "s", "x", "", at(5)).problem().code,
            errc::invalid_argument);
  const auto good = signer.sign("x", "a", at(5)).value();
  for (const std::string_view time :
       {"05", "+5", "5.0", "5 ", "-5", "5a", "0x5", "1000000000000000"}) {
    auto headers = fields(good);
    headers[1].value = time;
    const auto reason =
        verify_signature(scheme::standard, standard_secret, headers, "x", at(5))->reason;
    EXPECT_EQ(reason, time == "5 " ? errc::ok : errc::signature_malformed) << time;
  }
  for (const auto extreme : {std::chrono::sys_seconds::min(), std::chrono::sys_seconds::max()}) {
    EXPECT_EQ(
        verify_signature(scheme::standard, standard_secret, fields(good), "x", extreme)->reason,
        errc::timestamp_out_of_tolerance);
  }
}

TEST(SignatureSecrets, lists_of_stripe) {
  const auto headers = sign_payload(scheme::stripe, "s", "x", "", at(5)).value();
  const std::string hex = headers[0].value.substr(7);
  const auto reason = [&](const std::string& value) {
    const std::vector<header_field> one = {{"Stripe-Signature", value}};
    return verify_signature(scheme::stripe, "s", one, "x", at(5))->reason;
  };
  EXPECT_EQ(reason("v1=" + hex + ",t=5"), errc::ok);
  EXPECT_EQ(reason("t=5,v0=abc,v1=" + hex + ",v2=x"), errc::ok);
  EXPECT_EQ(reason("t=5,v0=" + hex), errc::signature_malformed);
  EXPECT_EQ(reason("v1=" + hex), errc::signature_malformed);
  EXPECT_EQ(reason("t=5,t=5,v1=" + hex), errc::signature_malformed);
  EXPECT_EQ(reason("t=5, v1=" + hex), errc::signature_malformed);
  EXPECT_EQ(reason("t=5,v1=" + hex + ",v1="), errc::signature_malformed);
  EXPECT_EQ(reason("t=5,,v1=" + hex), errc::signature_malformed);
  EXPECT_EQ(reason("t=6,v1=" + hex), errc::signature_mismatch);
}

}  // namespace
}  // namespace jobqueue
