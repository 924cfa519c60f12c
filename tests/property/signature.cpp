// Random messages: what is signed verifies, and nothing near it does; both ways of HMAC agree.
#include <jobqueue/signature.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <jobqueue/base64.hpp>

#include "core/hmac.hpp"
#include "support/random_documents.hpp"

namespace jobqueue {
namespace {

class signature_property : public testing::Test {
 protected:
  signature_property() : seed_(test::seed_from_environment()), random_(seed_) {
    RecordProperty("seed", std::to_string(seed_));
  }

  signature_scheme scheme() { return static_cast<signature_scheme>(1 + random_.below(7)); }
  // One that the scheme takes.
  std::string secret(signature_scheme by) {
    if (by != signature_scheme::standard && by != signature_scheme::svix) {
      return "s" + random_.bytes(random_.below(150));
    }
    const std::string base64 =
        test::random_documents::base64(random_.bytes(24 + random_.below(41)));
    return (random_.one_in(2) ? "whsec_" : "") + base64;
  }
  std::string id(signature_scheme by) {
    const bool has_id = by == signature_scheme::standard || by == signature_scheme::svix;
    return has_id ? "msg_" + std::to_string(random_.below(1'000'000)) : std::string();
  }
  std::chrono::sys_seconds time() {
    return std::chrono::sys_seconds(
        std::chrono::seconds(random_.below(std::size_t{1} << (1 + random_.below(40)))));
  }
  static std::vector<header_field> fields(const std::vector<signature_header>& headers) {
    std::vector<header_field> all = {{"host", "h"}, {"accept", "*/*"}};
    for (const auto& one : headers) all.push_back({one.name, one.value});
    return all;
  }

  std::uint64_t seed_;
  test::random_documents random_;
};

TEST_F(signature_property, what_is_signed_verifies_and_nothing_else) {
  for (std::size_t round = 0; round < test::repeated(3000); ++round) {
    const auto by = scheme();
    const std::string mine = secret(by);
    const std::string other = secret(by);
    const std::string body = random_.bytes(random_.below(300));
    const auto now = time();
    const auto headers = sign_payload(by, mine, body, id(by), now).value();
    const std::vector<std::string_view> secrets = {other, mine};
    const auto verifier = signature_verifier::create(by, secrets).value();
    const auto verify = [&](const std::vector<signature_header>& with, std::string_view what) {
      return verifier.verify(fields(with), what, now);
    };
    const auto good = verify(headers, body);
    ASSERT_TRUE(good.ok()) << "seed " << seed_ << ", round " << round;
    ASSERT_EQ(good.secret_index, 1U);
    const auto automatic = signature_verifier::create(signature_scheme::automatic, mine).value();
    ASSERT_TRUE(automatic.verify(fields(headers), body, now).ok());

    std::string changed = body + "x";
    changed[random_.below(changed.size())] ^= static_cast<char>(1U << random_.below(8));
    ASSERT_FALSE(verify(headers, changed).ok());
    auto other_headers = headers;
    std::string& value = other_headers[random_.below(headers.size())].value;
    // Near its end: another number of a version of Convoy's is as good.
    value[value.size() - 1 - random_.below(std::min<std::size_t>(value.size(), 20))] ^=
        static_cast<char>(1U << random_.below(7));
    const auto answer = verify(other_headers, body);
    ASSERT_FALSE(answer.ok()) << value << ", seed " << seed_ << ", round " << round;
    ASSERT_FALSE(describe_verification(answer).empty());
  }
}

// Whatever the hints find: the answer is that without them.
TEST_F(signature_property, hints_change_no_answer) {
  for (std::size_t round = 0; round < test::repeated(1000); ++round) {
    const auto by = scheme();
    const std::string mine = secret(by);
    std::string body = R"({"a": [1, "b"]})";
    const auto now = time();
    auto headers = sign_payload(by, mine, body, id(by), now).value();
    if (random_.one_in(3)) body = R"({"a":[1,"b"]})";
    if (random_.one_in(3)) body += '\n';
    if (random_.one_in(3)) {
      for (char& c : headers.back().value) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
    }
    if (random_.one_in(3)) headers.back().name = "x-signature";
    if (random_.one_in(3)) headers.back().value.erase(0, random_.below(9));
    const auto quiet = verify_signature(by, mine, fields(headers), body, now, {.hints = false});
    const auto loud = verify_signature(by, mine, fields(headers), body, now);
    ASSERT_EQ(quiet->reason, loud->reason) << "seed " << seed_ << ", round " << round;
    ASSERT_EQ(quiet->secret_index, loud->secret_index);
    ASSERT_TRUE(!loud->ok() || loud->hint == signature_hint::none);
  }
}

// RFC 2104 as it is written there.
detail::hmac_sha256::tag by_definition(std::string key, std::string_view message) {
  const auto digest_of = [](const std::string& text) {
    const auto digest = sha256(std::as_bytes(std::span(text)));
    return std::string(reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size());
  };
  if (key.size() > 64) key = digest_of(key);
  key.resize(64, '\0');
  std::string inner = key;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : key) c = static_cast<char>(c ^ 0x5C);
  const std::string found = digest_of(key + digest_of(inner.append(message)));
  detail::hmac_sha256::tag tag{};
  std::copy(found.begin(), found.end(), tag.begin());
  return tag;
}

// A message of one piece is that of any pieces, on both sides of where the short way ends.
TEST_F(signature_property, hmac_of_pieces) {
  for (std::size_t size = 0; size < 600; ++size) {
    const std::string key = random_.bytes(random_.below(200));
    const std::string message = random_.bytes(size);
    const detail::hmac_sha256 hmac(key);
    const std::vector<std::string_view> whole = {message};
    std::vector<std::string_view> pieces;
    for (std::size_t at = 0; at < size;) {
      const std::size_t next = std::min(size - at, random_.below(100));
      pieces.push_back(std::string_view(message).substr(at, next));
      at += next;
    }
    ASSERT_EQ(hmac.compute(whole), hmac.compute(pieces)) << size << ", seed " << seed_;
    ASSERT_EQ(hmac.compute(whole), by_definition(key, message)) << size << ", seed " << seed_;
  }
}

}  // namespace
}  // namespace jobqueue
