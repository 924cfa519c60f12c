// HMAC: RFC 4231 and Project Wycheproof, whose truncated tags no webhook may carry.
#include "core/hmac.hpp"

#include <array>
#include <fstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <jobqueue/signature.hpp>

#include "core/signature_text.hpp"
#include "support/exact_text.hpp"

namespace jobqueue::detail {
namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes(hex.size() / 2, '\0');
  EXPECT_TRUE(decode_hex(hex, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()}));
  return bytes;
}

template <class Hmac>
std::string tag_of(std::string_view key, std::string_view message, std::size_t piece) {
  const test::exact_text exact_key(key);
  const test::exact_text exact(message);
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at < message.size(); at += piece) {
    parts.push_back(exact.view().substr(at, piece));
  }
  std::string hex;
  append_hex(Hmac(exact_key.view()).compute(parts), hex);
  return hex;
}

nlohmann::json read(const char* name) {
  std::ifstream file(std::string(JOBQUEUE_SOURCE_DIR "/tests/vectors/") + name);
  return nlohmann::json::parse(file);
}

TEST(Hmac, rfc_4231) {
  std::size_t count = 0;
  const auto file = read("hmac_rfc4231.json");
  for (const auto& one : file.at("cases")) {
    const std::string key = from_hex(one.at("key").get<std::string>());
    const std::string message = from_hex(one.at("message").get<std::string>());
    for (const std::size_t piece : {1U, 7U, 64U, 1000U}) {
      const std::string wanted256 = one.at("sha256").get<std::string>();
      const std::string wanted512 = one.at("sha512").get<std::string>();
      EXPECT_EQ(tag_of<hmac_sha256>(key, message, piece).substr(0, wanted256.size()), wanted256);
      EXPECT_EQ(tag_of<hmac_sha512>(key, message, piece).substr(0, wanted512.size()), wanted512);
    }
    ++count;
  }
  EXPECT_EQ(count, 7U);
}

TEST(Hmac, wycheproof) {
  std::size_t valid = 0;
  std::size_t invalid = 0;
  std::size_t truncated = 0;
  const auto file = read("hmac_wycheproof.json");
  for (const auto& group : file.at("testGroups")) {
    const std::size_t size = group.at("tagSize").get<std::size_t>() / 8;
    for (const auto& one : group.at("tests")) {
      const std::string key = from_hex(one.at("key").get<std::string>());
      const std::string message = from_hex(one.at("msg").get<std::string>());
      const std::string tag = one.at("tag").get<std::string>();
      const bool is_valid = one.at("result") == "valid";
      EXPECT_EQ(tag_of<hmac_sha256>(key, message, 64).substr(0, 2 * size) == tag, is_valid)
          << one.at("tcId");
      (is_valid ? valid : invalid) += 1;

      const std::string value = "sha256=" + tag;
      const std::array<header_field, 1> headers = {{{"x-webhook-signature", value}}};
      const auto answer =
          verify_signature(signature_scheme::jobqueue, key, headers, message, {}).value();
      EXPECT_EQ(answer.ok(), is_valid && size == hmac_sha256::size) << one.at("tcId");
      if (size == hmac_sha256::size) continue;
      EXPECT_EQ(answer.reason, errc::signature_malformed);
      ++truncated;
    }
  }
  EXPECT_EQ(valid + invalid, 174U);
  EXPECT_GT(truncated, 80U);
  EXPECT_GT(invalid, 90U);
}

}  // namespace
}  // namespace jobqueue::detail
