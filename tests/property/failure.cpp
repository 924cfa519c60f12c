// Random messages: a fingerprint does not see ids, numbers, addresses, times, space and case, and
// sees every other word; nothing of a message gets into an answer; an object counts as its text.
#include <jobqueue/failure.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/json_text.hpp"
#include "support/random_documents.hpp"

namespace jobqueue {
namespace {

class failure_property : public testing::Test {
 protected:
  failure_property() : seed_(test::seed_from_environment()), random_(seed_) {
    RecordProperty("seed", std::to_string(seed_));
  }

  std::string digits(std::string_view alphabet, std::size_t size) {
    std::string made;
    while (made.size() < size) made += alphabet[random_.below(alphabet.size())];
    return made;
  }
  std::string hex(std::size_t size) { return digits("0123456789abcdef", size); }
  std::string number() { return digits("0123456789", 1 + random_.below(12)); }
  std::string random_id() {
    static constexpr std::string_view base62 =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    switch (random_.below(5)) {
      case 0: return hex(8) + "-" + hex(4) + "-" + hex(4) + "-" + hex(4) + "-" + hex(12);
      case 1: return hex(8 + random_.below(57));
      case 2: return "01" + digits("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 24);
      case 3: return digits(base62, 8) + "a1b" + digits(base62, 5 + random_.below(20));
      default: return number();
    }
  }
  std::string group() { return hex(1 + random_.below(4)); }
  std::string address() {
    const auto byte = [&] { return std::to_string(random_.below(256)); };
    const std::string ipv4 = byte() + "." + byte() + "." + byte() + "." + byte();
    const std::string port = ":" + std::to_string(random_.below(65536));
    switch (random_.below(8)) {
      case 0: return ipv4;
      case 1: return ipv4 + port;
      case 2: return "0x" + hex(1 + random_.below(16));
      case 3: return "localhost" + port;
      case 4: return "h" + group() + ".example.com" + port;
      case 5: return group() + "::" + group();
      case 6: return "[" + group() + "::" + group() + ":" + group() + "]" + port;
      default: return "::ffff:" + ipv4;
    }
  }
  std::string two() { return digits("0123456789", 2); }
  std::string time() {
    const std::string day = digits("0123456789", 4) + "-" + two() + "-" + two();
    const std::string clock = two() + ":" + two() + ":" + two();
    switch (random_.below(4)) {
      case 0: return day;
      case 1: return day + "T" + clock + "Z";
      case 2: return day + " " + clock + "." + number() + "+" + two() + ":" + two();
      default: return clock;
    }
  }
  std::string value() {
    const char quote = "'\"`"[random_.below(3)];
    return quote + digits("abc/._-019", 1 + random_.below(30)) + quote;
  }
  std::string decimal() {
    return (random_.one_in(3) ? "-" : "") + number() + (random_.one_in(3) ? "." + number() : "");
  }
  // What stands for a mark in a template.
  std::string stand_in(char mark) {
    switch (mark) {
      case 'i': return random_id();
      case 'n': return decimal();
      case 'd': return number();
      case 'a': return address();
      case 't': return time();
      default: return value();
    }
  }
  std::string fill(std::string_view pattern) {
    static const std::vector<std::string> spaces = {" ", "  ", "\n", " \t", "\r\n"};
    std::string made;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
      char c = pattern[at];
      if (c == '%') {
        made += stand_in(pattern[++at]);
        continue;
      }
      if (c == ' ') {
        made += random_.pick(spaces);
        continue;
      }
      if (c >= 'a' && c <= 'z' && random_.one_in(4)) c = static_cast<char>(c - 'a' + 'A');
      made += c;
    }
    return made;
  }

  std::uint64_t seed_;
  test::random_documents random_;
};

TEST_F(failure_property, fingerprints_do_not_see_what_differs_each_time) {
  const std::vector<std::string> patterns = {
      "job %i did %n steps of %v at %t for %a",
      "connect econnrefused %a",
      "(%i) error %n: %v, %a",
      "wfr_%i: %v is unavailable (%n ms, %t)",
      "%t [%i] worker%d lost %a; %n percent of %n kb were written",
      "%v %v %n; %n %i",
  };
  for (std::size_t round = 0; round < test::repeated(20000); ++round) {
    const std::string& pattern = random_.pick(patterns);
    const std::string one = fill(pattern);
    const std::string other = fill(pattern);
    // Letters in the middle of a word make two of it, which may be other words for the table, but
    // not for the text.
    ASSERT_EQ(normalize_failure_message(one), normalize_failure_message(other))
        << one << '\n'
        << other << "\nseed " << seed_;
    const auto lower = [](std::string text) {
      for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      return text;
    };
    ASSERT_EQ(classify_failure(lower(one)).fingerprint, classify_failure(lower(other)).fingerprint)
        << one << '\n'
        << other << "\nseed " << seed_;
  }
}

TEST_F(failure_property, fingerprints_see_every_word) {
  std::set<std::string> texts;
  std::set<std::string> fingerprints;
  while (texts.size() < test::repeated(5000)) {
    std::string text;
    for (std::size_t words = 1 + random_.below(8); words > 0; --words) {
      text += digits("ghijklmnopqrstuvwxyz", 1 + random_.below(10)) + (words > 1 ? " " : "");
    }
    if (texts.insert(text).second) fingerprints.insert(classify_failure(text).fingerprint);
  }
  EXPECT_EQ(fingerprints.size(), texts.size()) << "seed " << seed_;
}

TEST_F(failure_property, any_bytes_have_an_answer) {
  const std::vector<std::string> pieces = {"{\"message\":\"",
                                           "{\"error\":{",
                                           "\"",
                                           "}",
                                           "[",
                                           ":",
                                           "\\",
                                           "\n  at ",
                                           "cuda ",
                                           "memory ",
                                           "connection ",
                                           "refused ",
                                           "'",
                                           ".",
                                           "%",
                                           "?",
                                           "1",
                                           "model ",
                                           "not found ",
                                           "\xC3",
                                           "Error in component '",
                                           "safety system wfr_",
                                           "http 503 ",
                                           "0x",
                                           "::",
                                           "-"};
  for (std::size_t round = 0; round < test::repeated(20000); ++round) {
    std::string text;
    for (std::size_t i = random_.below(12); i > 0; --i) {
      text += random_.one_in(4) ? random_.bytes(random_.below(8)) : random_.pick(pieces);
    }
    const failure_context known{static_cast<unsigned>(random_.below(700)), random_.one_in(5)};
    const failure found = classify_failure(text, known);
    ASSERT_EQ(found, classify_failure(text, known));
    ASSERT_EQ(found.fingerprint.size(), 16U);
    ASSERT_EQ(found.fingerprint.find_first_not_of("0123456789abcdef"), std::string::npos);
    ASSERT_TRUE(!found.description.empty() && found.description.size() <= 126);
    ASSERT_TRUE(std::all_of(found.description.begin(), found.description.end(),
                            [](char c) { return c >= ' ' && c <= '~'; }));
    const bool is_unknown = found.reason == failure_reason::unknown_error;
    ASSERT_EQ(is_unknown, found.confidence == failure_confidence::none);
    // A status or a timeout always says something.
    const bool tells = known.timeout || (known.http_status >= 400 && known.http_status <= 599);
    ASSERT_FALSE(is_unknown && tells) << known.http_status;
  }
}

TEST_F(failure_property, an_object_counts_as_its_text) {
  const std::vector<std::string> texts = {
      "connection refused", "no such model: 'a'", "You \"exceeded\" your quota\n",
      "\xC3\xA9t\xC3\xA9",  "Unexpected token",   "boom"};
  const std::vector<std::string> noise = {
      R"("memory_usage":{"rss":1,"cuda":"dns"},)", R"("stack_trace":"at gpu\nError: quota",)",
      R"("job_payload_hash":"0a",)", R"("violence":["copyright"],)", ""};
  for (std::size_t round = 0; round < test::repeated(5000); ++round) {
    const std::string& text = random_.pick(texts);
    std::string wrapped = text;
    for (std::size_t level = 1 + random_.below(3); level > 0; --level) {
      std::string object = "{" + random_.pick(noise) + "\"message\":";
      detail::append_json_string(object, wrapped);
      wrapped = object + "," + random_.pick(noise) + "\"n\":1}";
      if (random_.one_in(3)) wrapped = "{\"error\":" + wrapped + "}";
    }
    ASSERT_EQ(classify_failure(wrapped), classify_failure(text)) << wrapped << "\nseed " << seed_;
  }
}

}  // namespace
}  // namespace jobqueue
