// Every key of the six generations, in both directions, and what is no key.
#include <jobqueue/attestation.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/exact_text.hpp"

namespace jobqueue {
namespace {

using testing::ElementsAre;

constexpr std::uint64_t unknown = 0;

struct known_key {
  std::string_view text;
  // writer, kind, form, workflow, step, attempt or unknown, and what is set
  attestation_writer writer;
  attestation_kind kind;
  attestation_form form;
  std::string_view workflow_id;
  std::string_view step_id;
  std::uint64_t attempt = unknown;
  std::string_view flags = {};  // p permanent, s has_step_prefix, a ambiguous

  friend std::ostream& operator<<(std::ostream& out, const known_key& key) {
    return out << key.text;
  }
};

attestation_key key_of(const known_key& row) {
  const auto has = [&row](char flag) { return row.flags.find(flag) != std::string_view::npos; };
  attestation_key key;
  key.writer = row.writer;
  key.kind = row.kind;
  key.form = row.form;
  key.workflow_id = row.workflow_id;
  key.step_id = row.step_id;
  if (row.attempt != unknown) key.attempt = row.attempt;
  key.permanent = has('p');
  key.has_step_prefix = has('s');
  key.ambiguous = has('a');
  return key;
}

result<attestation_key> parse(std::string_view text) {
  const test::exact_text exact(text);
  return parse_attestation_key(exact.view());
}

class known_keys : public testing::TestWithParam<known_key> {};

TEST_P(known_keys, is_read) {
  const auto key = parse(GetParam().text);
  ASSERT_TRUE(key) << key.problem().message;
  const attestation_key expected = key_of(GetParam());
  EXPECT_EQ(key->writer, expected.writer);
  EXPECT_EQ(key->kind, expected.kind);
  EXPECT_EQ(key->form, expected.form);
  EXPECT_EQ(key->workflow_id, expected.workflow_id);
  EXPECT_EQ(key->step_id, expected.step_id);
  EXPECT_EQ(key->attempt, expected.attempt);
  EXPECT_EQ(key->permanent, expected.permanent);
  EXPECT_EQ(key->has_step_prefix, expected.has_step_prefix);
  EXPECT_EQ(key->ambiguous, expected.ambiguous);
}

TEST_P(known_keys, is_written) {
  const auto text = format_attestation_key(key_of(GetParam()));
  ASSERT_TRUE(text) << text.problem().message;
  EXPECT_EQ(*text, GetParam().text);
}

constexpr auto api = attestation_writer::api;
constexpr auto worker = attestation_writer::worker;
constexpr auto workflow = attestation_writer::workflow;
constexpr auto completion = attestation_kind::completion;
constexpr auto failure = attestation_kind::failure;
constexpr auto current = attestation_form::current;
constexpr auto plain = attestation_form::plain;
constexpr auto prefixed = attestation_form::prefixed;
constexpr auto early_failure = attestation_form::early_failure;

constexpr known_key first_generation[] = {
    {"worker:completion:j1", worker, completion, plain, "", "j1"},
    {"worker:completion:step-abc", worker, completion, plain, "", "abc", unknown, "s"},
    {"worker:completion:step-step-abc", worker, completion, plain, "", "step-abc", unknown, "s"},
    {"api:workflow:completion:w1", api, completion, current, "w1", "", 1},
};
INSTANTIATE_TEST_SUITE_P(attestation_generation_1, known_keys, testing::ValuesIn(first_generation));

constexpr known_key second_generation[] = {
    {"api:workflow:completion:w1:attempt-1", api, completion, current, "w1", "", 2},
    {"api:workflow:completion:w1:attempt-12", api, completion, current, "w1", "", 13},
};
INSTANTIATE_TEST_SUITE_P(attestation_generation_2, known_keys,
                         testing::ValuesIn(second_generation));

constexpr known_key third_generation[] = {
    {"worker:failure:j1:attempt:1", worker, failure, plain, "", "j1", 1},
    {"worker:failure:step-abc:attempt:2", worker, failure, plain, "", "abc", 2, "s"},
    {"worker:completion:j1:attempt:3", worker, completion, plain, "", "j1", 3},
    {"worker:failure:j1:permanent", worker, failure, plain, "", "j1", unknown, "p"},
};
INSTANTIATE_TEST_SUITE_P(attestation_generation_3, known_keys, testing::ValuesIn(third_generation));

constexpr known_key fourth_generation[] = {
    {"worker:completion:workflow-w1:job-j1:attempt:1", worker, completion, prefixed, "w1", "j1", 1},
    {"worker:completion:workflow-w1:job-step-abc:attempt:2", worker, completion, prefixed, "w1",
     "abc", 2, "s"},
    {"worker:completion:job-j1", worker, completion, prefixed, "", "j1", unknown, "a"},
    {"worker:completion:job-j1:attempt:2", worker, completion, prefixed, "", "j1", 2, "a"},
    {"worker:failure:workflow-w1:job-j1:attempt:1", worker, failure, prefixed, "w1", "j1", 1},
    {"worker:failure:workflow-w1:job-j1:permanent", worker, failure, prefixed, "w1", "j1", unknown,
     "p"},
    {"worker:failure:job-j1:permanent", worker, failure, prefixed, "", "j1", unknown, "pa"},
    {"workflow:failure:w1:attempt:1", workflow, failure, current, "w1", "", 1},
    {"workflow:failure:w1:permanent", workflow, failure, current, "w1", "", unknown, "p"},
};
INSTANTIATE_TEST_SUITE_P(attestation_generation_4, known_keys,
                         testing::ValuesIn(fourth_generation));

constexpr known_key fifth_generation[] = {
    {"worker:completion:job-id:w1:step-id:abc:attempt:1", worker, completion, current, "w1", "abc",
     1},
    {"worker:completion:job-id:w1:step-id:step-abc:attempt:1", worker, completion, current, "w1",
     "step-abc", 1},
    {"worker:completion:step-id:abc:attempt:31", worker, completion, current, "", "abc", 31},
    {"worker:failure:job-id:w1:step-id:abc:attempt:2", worker, failure, current, "w1", "abc", 2},
    {"worker:failure:job-id:w1:step-id:abc:permanent", worker, failure, current, "w1", "abc",
     unknown, "p"},
    {"worker:failure:step-id:abc:attempt:1", worker, failure, current, "", "abc", 1},
    {"worker:failure:step-id:abc:permanent", worker, failure, current, "", "abc", unknown, "p"},
    {"worker:completion:job-id:w1:step-id:abc", worker, completion, current, "w1", "abc"},
    {"worker:completion:step-id:abc", worker, completion, current, "", "abc"},
};
INSTANTIATE_TEST_SUITE_P(attestation_generation_5, known_keys, testing::ValuesIn(fifth_generation));

constexpr known_key sixth_generation[] = {
    {"workflow:attestation:failure:w1", api, failure, early_failure, "w1", ""},
    {"api:workflow:failure:w1", api, failure, current, "w1", ""},
    {"api:workflow:failure:w1:attempt-2", api, failure, current, "w1", "", 3},
};
INSTANTIATE_TEST_SUITE_P(attestation_generation_6, known_keys, testing::ValuesIn(sixth_generation));

TEST(attestation, removes_one_step_prefix) {
  EXPECT_EQ(canonical_step_id("step-step-abc"), "step-abc");
  EXPECT_EQ(canonical_step_id("step-abc"), "abc");
  EXPECT_EQ(canonical_step_id("abc"), "abc");
  EXPECT_EQ(canonical_step_id("step-"), "");
}

TEST(attestation, understands_both_spellings_of_an_attempt) {
  const auto modern = parse("worker:completion:job-id:w:step-id:s:attempt:2");
  const auto hyphened = parse("worker:completion:job-id:w:step-id:s:attempt-2");
  ASSERT_TRUE(modern && hyphened);
  EXPECT_EQ(*modern, *hyphened);
  EXPECT_EQ(parse("api:workflow:completion:w:attempt:2").value().attempt, 3U);
  EXPECT_EQ(parse("api:workflow:completion:w:attempt-0").value(),
            parse("api:workflow:completion:w").value());
}

TEST(attestation, gives_every_reading_with_the_newest_form_first) {
  const auto readings = attestation_key_readings("worker:completion:job-step-7");
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_EQ(readings[0].form, prefixed);
  EXPECT_EQ(readings[0].step_id, "7");
  EXPECT_TRUE(readings[0].has_step_prefix);
  EXPECT_EQ(readings[1].form, plain);
  EXPECT_EQ(readings[1].step_id, "job-step-7");
  EXPECT_TRUE(readings[0].ambiguous && readings[1].ambiguous);

  const auto last = attestation_key_readings("worker:failure:step-id:permanent");
  ASSERT_EQ(last.size(), 2U);
  EXPECT_EQ(last[0].step_id, "permanent");
  EXPECT_FALSE(last[0].permanent);
  EXPECT_EQ(last[1].step_id, "id");
  EXPECT_TRUE(last[1].permanent);
}

// A worker counts from 1, the API counts retries: in the order they are side by side.
TEST(attestation, orders_by_attempt_across_writers) {
  std::vector<std::string_view> texts = {
      "api:workflow:completion:w:attempt-2",
      "worker:completion:job-id:w:step-id:b:attempt:10",
      "worker:completion:job-id:w:step-id:b:attempt:3",
      "api:workflow:completion:w",
      "worker:completion:job-id:w:step-id:a:attempt:2",
      "worker:failure:job-id:w:step-id:a:permanent",
      "worker:failure:workflow-w:job-a:attempt:1",
      "api:workflow:completion:w:attempt-1",
      "api:workflow:completion:v:attempt-5",
      "worker:completion:step-id:z:attempt:9",
  };
  std::sort(texts.begin(), texts.end(), [](std::string_view a, std::string_view b) {
    return parse(a).value() < parse(b).value();
  });
  EXPECT_THAT(texts, ElementsAre("worker:completion:step-id:z:attempt:9",           //
                                 "api:workflow:completion:v:attempt-5",             //
                                 "worker:failure:job-id:w:step-id:a:permanent",     //
                                 "api:workflow:completion:w",                       //
                                 "worker:failure:workflow-w:job-a:attempt:1",       //
                                 "api:workflow:completion:w:attempt-1",             //
                                 "worker:completion:job-id:w:step-id:a:attempt:2",  //
                                 "api:workflow:completion:w:attempt-2",             //
                                 "worker:completion:job-id:w:step-id:b:attempt:3",  //
                                 "worker:completion:job-id:w:step-id:b:attempt:10"));
}

TEST(attestation, does_not_compare_what_is_only_said_about_a_text) {
  attestation_key key = parse("worker:completion:job-j1").value();
  attestation_key other = key;
  other.ambiguous = !other.ambiguous;
  EXPECT_EQ(key, other);
  other.has_step_prefix = true;
  EXPECT_NE(key, other);
}

class no_keys : public testing::TestWithParam<std::string_view> {};

TEST_P(no_keys, is_refused) {
  const auto key = parse(GetParam());
  ASSERT_FALSE(key);
  EXPECT_EQ(key.problem().code, errc::invalid_argument);
  EXPECT_TRUE(attestation_key_readings(GetParam()).empty());
}

constexpr std::string_view refused[] = {
    "",
    ":",
    "worker",
    "worker:completion",
    "worker:completion:",
    "worker:completion::attempt:1",
    "worker:completion:step-",
    "worker:completion:a:b",
    "worker:completion:j1:permanent",
    "worker:completion:j1:attempt",
    "worker:completion:j1:attempt:",
    "worker:completion:j1:attempt:0",
    "worker:completion:j1:attempt:01",
    "worker:completion:j1:attempt:+1",
    "worker:completion:j1:attempt:-1",
    "worker:completion:j1:attempt: 1",
    "worker:completion:j1:attempt:1x",
    "worker:completion:j1:attempt:1:2",
    "worker:completion:j1:attempt:9007199254740992",
    "worker:completion:j1:attempt:1000000000000000000",
    "worker:completion:j1:attempt:10000000000000000000",
    "worker:completion:j1:attempt:99999999999999999999999999",
    "worker:completion:job-id:w1:step-id:",
    "worker:completion:job-id::step-id:abc:attempt:1",
    "worker:completion:job-id:w1:step-id::attempt:1",
    "worker:completion:job-id:w:1:step-id:abc:attempt:1",
    "worker:completion:job-id:w1:step-id:a:b:c:attempt:1",
    "worker:completion:workflow-:job-j1:attempt:1",
    "worker:completion:j\x01",
    "worker:completion:j\n",
    "worker:completion:j\x7f",
    std::string_view("worker:completion:j\0", 20),
    "Worker:completion:j1",
    " worker:completion:j1",
    "worker:completed:j1",
    "worker:gpu-1:heartbeat",
    "api:workflow:completion",
    "api:workflow:completion:",
    "api:workflow:completion:w1:permanent",
    "api:workflow:completion:w1:attempt-9007199254740991",
    "api:workflow:failure:w1:permanent",
    "workflow:failure",
    "workflow:failure::permanent",
    "workflow:attestation:failure:",
    "workflow:attestation:failure:w1:attempt:1",
    "workflow:w1:metadata",
    "workflow_notifications:w1",
    "user_notification_attestation:u",
};
INSTANTIATE_TEST_SUITE_P(attestation_texts, no_keys, testing::ValuesIn(refused));

TEST(attestation, limits_the_length_of_a_key) {
  const std::string longest = "worker:completion:" + std::string(1024 - 18, 'j');
  EXPECT_EQ(parse(longest).value().step_id.size(), 1006U);
  EXPECT_FALSE(parse(longest + "j"));
  EXPECT_FALSE(parse("worker:completion:" + std::string(2048, 'j')));
  EXPECT_FALSE(parse(std::string(2048, ':')));
}

attestation_key modern_key() {
  attestation_key key;
  key.workflow_id = "w1";
  key.step_id = "s1";
  key.attempt = 1;
  return key;
}

void expect_refused(const attestation_key& key, std::string_view why) {
  const auto text = format_attestation_key(key);
  ASSERT_FALSE(text) << *text;
  EXPECT_EQ(text.problem().code, errc::invalid_argument);
  EXPECT_EQ(text.problem().message, why);
}

TEST(attestation, refuses_to_write_ids_that_cannot_stand_in_a_key) {
  EXPECT_TRUE(format_attestation_key(modern_key()));
  for (const std::string_view id : {"a:b", "a\nb", "\x7f"}) {
    attestation_key key = modern_key();
    key.workflow_id = id;
    expect_refused(key, "the workflow id holds a colon or a control character");
    key = modern_key();
    key.step_id = id;
    expect_refused(key, "the step id holds a colon or a control character");
  }
  for (const char special : std::string_view("*?[]^\\")) {
    attestation_key key = modern_key();
    key.step_id += special;
    expect_refused(key, "the step id holds a character that is special in a pattern of Redis");
  }
  attestation_key key = modern_key();
  key.step_id.clear();
  expect_refused(key, "the step id is empty");
  key.step_id.assign(513, 's');
  expect_refused(key, "the step id is longer than 512 bytes");
  key.step_id.assign(512, 's');
  key.workflow_id.assign(512, 'w');
  expect_refused(key, "the key is longer than 1024 bytes");
  key.writer = api;
  expect_refused(key, "a key of a whole workflow has no step id");
  key.step_id.clear();
  key.workflow_id.clear();
  expect_refused(key, "the workflow id is empty");
}

TEST(attestation, refuses_to_write_numbers_that_have_no_place) {
  attestation_key key = modern_key();
  key.attempt = 0;
  expect_refused(key, "the attempt must be from 1 to 2^53 - 1; 1 is the first try");
  key.attempt = 10'000'000'000'000'000'000U;
  expect_refused(key, "the attempt must be from 1 to 2^53 - 1; 1 is the first try");
  key.attempt = max_attestation_attempt;
  EXPECT_EQ(format_attestation_key(key).value(),
            "worker:completion:job-id:w1:step-id:s1:attempt:9007199254740991");
  key.permanent = true;
  expect_refused(key, "permanent is for a failure without the number of an attempt");
  key.attempt.reset();
  expect_refused(key, "permanent is for a failure without the number of an attempt");
  key = modern_key();
  key.writer = api;
  key.step_id.clear();
  key.attempt.reset();
  expect_refused(key,
                 "a completion by the API needs the number of its attempt; 1 is the first try");
}

TEST(attestation, words_and_numbers) {
  EXPECT_EQ(to_string(attestation_writer::workflow), "workflow");
  EXPECT_EQ(to_string(attestation_kind::failure), "failure");
  EXPECT_EQ(to_string(attestation_form::early_failure), "early_failure");
  EXPECT_EQ(to_string(static_cast<attestation_form>(4)), "");
  EXPECT_EQ(attempt_of_retry(0), 1U);
  EXPECT_EQ(retry_of_attempt(2), 1U);
}

TEST(attestation, refuses_to_write_what_would_be_read_otherwise) {
  constexpr std::string_view why = "this key would be read as another one";
  attestation_key key = modern_key();
  key.form = plain;  // has no place for the workflow
  expect_refused(key, why);
  key.workflow_id.clear();
  key.step_id = "job-7";
  expect_refused(key, why);
  key.step_id = "step-7";  // would be the job "7", with the prefix
  expect_refused(key, why);
  key.has_step_prefix = true;
  EXPECT_EQ(format_attestation_key(key).value(), "worker:completion:step-step-7:attempt:1");
  key.form = current;  // never has the prefix
  expect_refused(key, why);
  key = modern_key();
  key.form = early_failure;
  expect_refused(key, why);
}

}  // namespace
}  // namespace jobqueue
