// Truncating: literal answers for every kind of thing that gives way.
#include <jobqueue/truncate.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "support/exact_text.hpp"

namespace jobqueue {
namespace {

constexpr std::string_view uuid = "b789bd80-400a-41ed-96f5-72dc8c225dcf";

std::string cut(std::string_view text, truncate_options options) {
  const test::exact_text exact(text);
  const auto answer = truncate_payload(exact.view(), options);
  EXPECT_TRUE(answer.has_value()) << answer.problem().message;
  return answer ? std::string(answer->view(exact.view())) : std::string();
}
std::string cut(std::string_view text, std::size_t max_bytes) {
  return cut(text, {.max_bytes = max_bytes});
}
error refusal(std::string_view text, const truncate_options& options) {
  const auto answer = truncate_payload(text, options);
  EXPECT_FALSE(answer.has_value());
  return answer ? error{} : answer.problem();
}
std::string many(std::string_view part, std::size_t count) {
  std::string out;
  for (; count != 0; --count) out += part;
  return out;
}

TEST(Truncate, the_example_of_the_header) {
  const std::string job = R"({"id":"b789bd80","log":")" + std::string(1000, '.') + "\"}";
  EXPECT_EQ(cut(job, 72),
            R"({"id":"b789bd80","log":"..................[TRUNCATED 976 bytes]......"})");
}

TEST(Truncate, what_fits_is_left_alone) {
  const std::string fits = "[ " + std::string(60, '1') + " ]";
  const auto answer = truncate_payload(fits, {.max_bytes = 64, .report = true});
  ASSERT_TRUE(answer.has_value());
  EXPECT_FALSE(answer->changed);
  EXPECT_TRUE(answer->text.empty() && answer->cuts.empty());
  EXPECT_EQ(cut("", 64), "");
  EXPECT_EQ(cut("no JSON {", 64), "no JSON {");
}

TEST(Truncate, the_smallest_budgets) {
  EXPECT_EQ(cut("\"" + std::string(100, 'x') + "\"", 64),
            "\"" + std::string(31, 'x') + "[TRUNCATED 59 bytes]" + std::string(10, 'x') + "\"");
  EXPECT_EQ(cut(std::string(100, '7'), 64), "\"[TRUNCATED 100 bytes]\"");
  EXPECT_EQ(cut("{\"" + std::string(100, 'n') + "\":1}", 64), R"({"[TRUNCATED]":1})");
  EXPECT_EQ(cut(many("[", 500) + many("]", 500), 64),
            many("[", 22) + "\"[TRUNCATED 1 item]\"" + many("]", 22));
  const std::string deep = many(R"({"a":)", 500) + "1" + many("}", 500);
  EXPECT_EQ(cut(deep, 64), R"({"a":{"a":{"a":{"a":{"a":{"a":{"a":{"[TRUNCATED]":1}}}}}}}})");
}

TEST(Truncate, short_values_outlive_long_ones) {
  const std::string id(uuid);
  const std::string text = R"({"id":")" + id + R"(","a":")" + std::string(90, 'a') + R"(","b":")" +
                           std::string(70, 'b') + R"(","at":"2026-01-05T12:00:00Z"})";
  // 12 bytes less: the longest gives.
  EXPECT_EQ(cut(text, text.size() - 12), R"({"id":")" + id + R"(","a":")" + std::string(44, 'a') +
                                             "[TRUNCATED 32 bytes]" + std::string(14, 'a') +
                                             R"(","b":")" + std::string(70, 'b') +
                                             R"(","at":"2026-01-05T12:00:00Z"})");
}

TEST(Truncate, values_give_to_the_marker_before_a_member_goes) {
  std::string text = "{";
  std::string wanted = "{";
  for (int i = 10; i < 20; ++i) {
    const std::string name = (i == 10 ? "\"" : ",\"") + std::to_string(i) + "\":";
    text += name + "\"" + std::string(200, 'x') + "\"";
    wanted += name + "\"[TRUNCATED 200 bytes]\"";
  }
  // The markers alone are 10 x (2 + 2 + 1 + 23) + 9 + 2 bytes.
  EXPECT_EQ(cut(text + "}", 291), wanted + "}");
}

TEST(Truncate, arrays_keep_their_ends) {
  std::string numbers = "[10";
  for (int i = 11; i < 100; ++i) numbers += "," + std::to_string(i);
  EXPECT_EQ(cut(numbers + "]", 64),
            R"([10,11,12,13,14,15,16,17,18,19,"[TRUNCATED 77 items]",97,98,99])");
  EXPECT_EQ(cut(numbers + "]", {.max_bytes = 64, .array_head = 0, .array_tail = 5}),
            R"(["[TRUNCATED 77 items]",87,88,89,90,91,92,93,94,95,96,97,98,99])");
  // Not in the place of one short item.
  EXPECT_EQ(cut("[1,2,3,4,5,\"" + std::string(90, 'x') + "\"]", 64).substr(0, 11), "[1,2,3,4,5,");
}

TEST(Truncate, names_in_a_pointer) {
  const std::string text = R"({"a/b":{"~":[0,")" + std::string(200, 'x') + "\"]}}";
  const auto answer = truncate_payload(text, {.max_bytes = 100, .report = true});
  ASSERT_TRUE(answer.has_value());
  ASSERT_EQ(answer->cuts.size(), 1U);
  EXPECT_EQ(answer->cuts[0].pointer, "/a~1b/~0/1");
  EXPECT_EQ(answer->cuts[0].reason, truncate_reason::value);
  EXPECT_EQ(answer->cuts[0].bytes_before, 202U);
}

TEST(Truncate, the_report_of_every_reason) {
  std::string numbers = "0";
  for (int i = 1; i < 200; ++i) numbers += ",1";
  std::string members = "\"m0\":0";
  for (int i = 1; i < 99; ++i) members += ",\"m" + std::to_string(i) + "\":1";
  const std::string image = "iVBORw0KGgoAAAANSUhEUgAAAQAAAAEACAYAAABc" + many("kY3Zp8Qx0sLw", 20);
  const std::string text = R"({"image":")" + image + R"(", "numbers":[)" + numbers +
                           R"(],"text":")" + std::string(300, 'x') + R"(","members":{)" + members +
                           "}}";
  const auto answer = truncate_payload(text, {.max_bytes = 220, .report = true});
  ASSERT_TRUE(answer.has_value());
  std::vector<std::string> done;
  std::uint64_t lost = 0;
  for (const truncate_cut& one : answer->cuts) {
    done.push_back(std::string(to_string(one.reason)) + " " + one.pointer);
    lost += one.bytes_before - one.bytes_after;
    EXPECT_TRUE(one.has_pointer);
  }
  EXPECT_EQ(done, (std::vector<std::string>{"blob /image", "white_space ", "items /numbers",
                                            "value /text", "members /members"}));
  EXPECT_EQ(lost, text.size() - answer->text.size());
}

TEST(Truncate, strings_in_strings) {
  // At each level a quote is twice as long, and a cut between two of its characters.
  std::string text = R"({"a":")" + many("y\\n", 100) + "\"}";
  for (int level = 0; level < 3; ++level) {
    std::string outer = R"({"a":")";
    for (const char c : text) {
      if (c == '"' || c == '\\') outer += '\\';
      outer += c;
    }
    text = outer + "\"}";
  }
  const std::string lean = cut(text, 200);
  EXPECT_LE(lean.size(), 200U);
  EXPECT_TRUE(lean.starts_with(R"({"a":"{\"a\":\"{\\\"a\\\":)")) << lean;
  EXPECT_NE(lean.find("[TRUNCATED "), std::string::npos);
  // Deeper than it is followed: cut as any string.
  std::string deepest = "[1,2,3]";
  for (int level = 0; level < 11; ++level) {
    std::string outer = "[\"";
    for (const char c : deepest) {
      if (c == '"' || c == '\\') outer += '\\';
      outer += c;
    }
    deepest = outer + "\"]";
  }
  EXPECT_LE(cut(deepest, 1000).size(), 1000U);
}

TEST(Truncate, strings_that_only_look_like_json) {
  const std::string text = R"(["[see )" + std::string(200, 'x') + R"(]"])";
  EXPECT_EQ(cut(text, 64).substr(0, 8), R"(["[see x)");
  EXPECT_EQ(cut(R"(["\u005b1,)" + many("2,", 100) + R"(3\u005d"])", 64),
            R"(["[1,2,2,2,2,2,2,2,2,2,2,2,2,\"[TRUNCATED 85 items]\",2,2,2,3]"])");
}

TEST(Truncate, text_is_cut_between_characters) {
  EXPECT_EQ(cut("x" + many("\xC3\xA9", 60), 64),
            "x" + many("\xC3\xA9", 16) + "[TRUNCATED 78 bytes]" + many("\xC3\xA9", 5));
  EXPECT_EQ(cut(std::string(200, '\x80'), 64).size(), 64U);
  EXPECT_EQ(cut(std::string(100, '\0'), 64).substr(32, 21),
            std::string("\0[TRUNCATED 57 bytes]", 21));
}

TEST(Truncate, pins) {
  const std::string_view pin[] = {"/keep"};
  const std::string x(300, 'x');
  truncate_options options{.max_bytes = 100, .pinned = pin};
  const std::string kept = R"("keep":{"log": ")" + std::string(30, 'k') + "\"}";
  EXPECT_EQ(cut(R"({"a":[1,2,3,4],"b":")" + x + R"(",)" + kept + "}", options).size(), 100U);
  EXPECT_NE(cut(R"({"a":")" + x + R"(",)" + kept + R"(,"c":")" + x + "\"}", options).find(kept),
            std::string::npos);
  const std::string twice = R"({"keep":1,"x":")" + x + R"(","keep":2})";
  EXPECT_EQ(cut(twice, options).find(R"({"keep":1,)"), 0U);
  EXPECT_NE(cut(twice, options).find(R"("keep":2)"), std::string::npos);

  const error problem = refusal(R"({"keep":")" + x + "\"}", options);
  EXPECT_EQ(problem.code, errc::budget_too_small);
  EXPECT_EQ(problem.message,
            "what is pinned needs 311 bytes with the names on the way to it; raise max_bytes or "
            "pin less");
}

TEST(Truncate, options_out_of_range) {
  const std::string_view wrong[] = {"a", "/~", "/~2", "/a~s", "/~sa"};
  for (const std::string_view& pointer : wrong) {
    EXPECT_EQ(refusal("{}", {.pinned = {&pointer, 1}}).code, errc::invalid_argument) << pointer;
  }
  const std::string_view right[] = {"", "/", "/a~0~1", "/~s/b", "/a/~s"};
  EXPECT_EQ(cut("{}", {.pinned = right}), "{}");
  const std::vector<std::string_view> too_many(65, "/a");
  EXPECT_EQ(refusal("{}", {.pinned = too_many}).code, errc::invalid_argument);
  EXPECT_EQ(refusal("{}", {.max_bytes = 63}).code, errc::budget_too_small);
  EXPECT_EQ(refusal("{}", {.max_bytes = 63}).message, "max_bytes must be at least 64");
  EXPECT_EQ(refusal("{}", {.array_head = 1001}).code, errc::invalid_argument);
  EXPECT_EQ(refusal("{}", {.array_tail = 1001}).code, errc::invalid_argument);
  EXPECT_EQ(refusal("{}", {.marker = ""}).code, errc::invalid_argument);
  EXPECT_EQ(refusal("{}", {.marker = "a]"}).code, errc::invalid_argument);
  EXPECT_EQ(refusal("{}", {.format = document_format::ndjson}).code, errc::invalid_argument);
  const error problem = refusal("[1,]", {.format = document_format::json});
  EXPECT_EQ(problem.code, errc::invalid_json);
  EXPECT_EQ(problem.offset, 3U);
}

TEST(Truncate, what_the_replaced_helper_did_wrong) {
  // 118,900 bytes for a budget of 500.
  std::string list = "[" + std::string(R"({"name":"item 0","text":"short words only"})");
  for (int i = 1; i < 2500; ++i) {
    list += R"(,{"name":"item )" + std::to_string(i) + R"(","text":"short words only"})";
  }
  EXPECT_LE(cut(list + "]", 500).size(), 500U);
  // Every UUID and URL was destroyed; an output that is longer than its input.
  const std::string ids = R"({"id":")" + std::string(uuid) +
                          R"(","url":"https://cdn.example.com/a/b.png","log":")" +
                          many("two words ", 100) + "\"}";
  EXPECT_EQ(
      cut(ids, 200).substr(0, 90),
      R"({"id":"b789bd80-400a-41ed-96f5-72dc8c225dcf","url":"https://cdn.example.com/a/b.png",)"
      R"("log")");
}

}  // namespace
}  // namespace jobqueue
