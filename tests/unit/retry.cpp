// Retries: what is written into the data of a job and what is kept, attempts, names of files.
#include <jobqueue/retry.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "support/exact_text.hpp"

namespace jobqueue {
namespace {

const instant noon = parse_instant("2026-01-05T12:00:00Z").value();

std::string preserve(std::string_view original, std::string_view answer, std::uint64_t attempt) {
  const test::exact_text exact(original);
  const test::exact_text exact_answer(answer);
  const auto made = preserve_job_data(exact.view(), exact_answer.view(), attempt, noon);
  return made ? *made : std::string(error_name(made.problem().code));
}

#define WRITTEN(answer, attempt)                                                               \
  "\"outputs\":" answer ",\"retry_execution_data\":" answer ",\"last_retry_attempt\":" attempt \
  ",\"retry_completed_at\":"                                                                   \
  "\"2026-01-05T12:00:00Z\""

TEST(Retry, adds_what_is_not_there) {
  EXPECT_EQ(preserve("{}", "1", 1), "{" WRITTEN("1", "1") "}");
  EXPECT_EQ(preserve(R"({"collectionId":"c","n":1e0})", R"(["u"])", 7),
            R"({"collectionId":"c","n":1e0,)" WRITTEN(R"(["u"])", "7") "}");
  EXPECT_EQ(preserve("\xEF\xBB\xBF { }\n", " \t2\r\n", 0),
            "\xEF\xBB\xBF {" WRITTEN("2", "0") " }\n");
  EXPECT_EQ(preserve("{}", "\xEF\xBB\xBFnull ", 1), "{" WRITTEN("null", "1") "}");
}

TEST(Retry, white_space_is_that_of_the_last_member) {
  EXPECT_EQ(
      preserve("{\n  \"a\" : 1,\n  \"b\":  [ ]\n}\n", "0", 1),
      "{\n  \"a\" : 1,\n  \"b\":  [ ],\n  \"outputs\":  0,\n  \"retry_execution_data\":  0,\n"
      "  \"last_retry_attempt\":  1,\n  \"retry_completed_at\":  \"2026-01-05T12:00:00Z\"\n}\n");
  EXPECT_EQ(preserve("{ \"a\": 1 }", "0", 1),
            "{ \"a\": 1, \"outputs\": 0, \"retry_execution_data\": 0, \"last_retry_attempt\": 1, "
            "\"retry_completed_at\": \"2026-01-05T12:00:00Z\" }");
  EXPECT_EQ(preserve("{\"a\":1 , \"b\":2 }", "0", 1).substr(0, 29),
            "{\"a\":1 , \"b\":2, \"outputs\":0, ");
}

TEST(Retry, what_is_replaced_is_kept) {
  EXPECT_EQ(preserve(R"({"outputs":{"a" : 1.0},"x":2})", "3", 1),
            R"({"outputs":3,"x":2,"retry_execution_data":3,"last_retry_attempt":1,)"
            R"("retry_completed_at":"2026-01-05T12:00:00Z",)"
            R"("retry_replaced":{"1":{"outputs":{"a" : 1.0}}}})");
  const std::string first = preserve(R"({"outputs":"A"})", "\"B\"", 1);
  EXPECT_EQ(preserve(first, "\"C\"", 3),
            R"({"outputs":"C","retry_execution_data":"C","last_retry_attempt":3,)"
            R"("retry_completed_at":"2026-01-05T12:00:00Z","retry_replaced":{)"
            R"("1":{"outputs":"A"},"3":{"outputs":"B","retry_execution_data":"B",)"
            R"("last_retry_attempt":1,"retry_completed_at":"2026-01-05T12:00:00Z"}}})");
  // The same again, with another answer: its own record, and nothing else.
  EXPECT_EQ(preserve(first, "\"D\"", 1), preserve(R"({"outputs":"A"})", "\"D\"", 1));
  EXPECT_EQ(preserve(first, "\"B\"", 1), first);
  EXPECT_EQ(
      preserve(R"({"outputs":null})", "1", 1),
      R"({"outputs":1,"retry_execution_data":1,"last_retry_attempt":1,)"
      R"("retry_completed_at":"2026-01-05T12:00:00Z","retry_replaced":{"1":{"outputs":null}}})");
}

TEST(Retry, a_later_attempt_stays) {
  const std::string second = preserve("{}", "1", 2);
  EXPECT_EQ(preserve(second, "9", 1), "INVALID_ARGUMENT");
  EXPECT_EQ(preserve(second, "9", 0), "INVALID_ARGUMENT");
  EXPECT_EQ(preserve(R"({"last_retry_attempt":"2"})", "9", 1), "INVALID_ARGUMENT");
  EXPECT_EQ(preserve(R"({"last_retry_attempt":2e0})", "9", 1), "INVALID_ARGUMENT");
  EXPECT_EQ(preserve(R"({"last_retry_attempt":9007199254740991})", "9", 1), "INVALID_ARGUMENT");
  // What is no attempt is a value as any other.
  for (const std::string no :
       {"null", "-1", "1.5", "true", "\"\"", "\"2nd\"", "[2]", "9007199254740992", "1e99"}) {
    EXPECT_EQ(preserve("{\"last_retry_attempt\":" + no + "}", "9", 1),
              R"({"last_retry_attempt":1,"outputs":9,"retry_execution_data":9,)"
              R"("retry_completed_at":"2026-01-05T12:00:00Z",)"
              R"("retry_replaced":{"1":{"last_retry_attempt":)" +
                  no + "}}}");
  }
}

TEST(Retry, of_equal_names_the_last_counts) {
  EXPECT_EQ(preserve(R"({"outputs":1,"a":2,"outputs":3})", "4", 1),
            R"({"outputs":1,"a":2,"outputs":4,"retry_execution_data":4,"last_retry_attempt":1,)"
            R"("retry_completed_at":"2026-01-05T12:00:00Z","retry_replaced":{"1":{"outputs":3}}})");
  EXPECT_EQ(preserve(R"({"last_retry_attempt":5,"last_retry_attempt":1})", "4", 2).substr(0, 51),
            R"({"last_retry_attempt":5,"last_retry_attempt":2,"out)");
  // A name is what it stands for.
  EXPECT_EQ(preserve(R"({"\u006futputs":1,"o\u0075tputs_":2})", "4", 1).substr(0, 37),
            R"({"\u006futputs":4,"o\u0075tputs_":2,")");
  EXPECT_EQ(preserve(R"({"a":{"outputs":1},"Outputs":2,"outputs ":3})", "4", 1).substr(0, 45),
            R"({"a":{"outputs":1},"Outputs":2,"outputs ":3,")");
}

TEST(Retry, a_place_that_is_taken) {
  const std::string tail = R"(,"retry_execution_data":4,"last_retry_attempt":1,)"
                           R"("retry_completed_at":"2026-01-05T12:00:00Z"})";
  EXPECT_EQ(preserve(R"({"retry_replaced":[1],"outputs":3})", "4", 1),
            R"({"retry_replaced":{"1":{"outputs":3,"retry_replaced":[1]}},"outputs":4)" + tail);
  EXPECT_EQ(preserve(R"({"retry_replaced":{"1":5},"outputs":3})", "4", 1),
            R"({"retry_replaced":{"1":{"outputs":3,"retry_replaced":5}},"outputs":4)" + tail);
  EXPECT_EQ(preserve(R"({"retry_replaced":{ },"outputs":3})", "4", 1),
            R"({"retry_replaced":{"1":{"outputs":3} },"outputs":4)" + tail);
  EXPECT_EQ(preserve("{\"retry_replaced\":{\"0\": 1,\n \"00\": 2 },\"outputs\":3}", "4", 1),
            "{\"retry_replaced\":{\"0\": 1,\n \"00\": 2,\n \"1\": {\"outputs\":3} },\"outputs\":4" +
                tail);
  EXPECT_EQ(preserve(R"({"retry_replaced":"x"})", "4", 1),
            R"({"retry_replaced":"x","outputs":4)" + tail);
  EXPECT_EQ(preserve(R"({"retry_replaced":"x","last_retry_attempt":1,"outputs":3})", "4", 1),
            R"({"retry_replaced":"x","last_retry_attempt":1,"outputs":4,"retry_execution_data":4,)"
            R"("retry_completed_at":"2026-01-05T12:00:00Z"})");
}

TEST(Retry, any_depth) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(preserve("{\"a\":" + deep + "}", deep, 1).substr(0, 5), "{\"a\":");
  EXPECT_EQ(retry_attempt("{\"ctx\":" + deep + ",\"retry_count\":3}").value(), 3U);
}

TEST(Retry, refusals_say_what_and_where) {
  const auto problem = [](std::string_view original, std::string_view answer,
                          std::uint64_t attempt = 1, instant at = noon) {
    const auto made = preserve_job_data(original, answer, attempt, at);
    return made ? error{errc::ok, 0, ""} : made.problem();
  };
  EXPECT_EQ(problem("{]", "1").code, errc::invalid_json);
  EXPECT_EQ(problem("{]", "1").offset, 1U);
  EXPECT_EQ(problem("{]", "1").message, "original: expected an object key in quotes or '}'");
  EXPECT_EQ(problem("{}", "[1,]").offset, 3U);
  EXPECT_EQ(problem("{}", "[1,]").message, "result: expected a value");
  EXPECT_EQ(problem("{}", "").code, errc::invalid_json);
  EXPECT_EQ(problem("{}", "\"\xFF\"").code, errc::invalid_utf8);
  for (const std::string_view no : {"[]", "\"{}\"", "1", "null"}) {
    EXPECT_EQ(problem(no, "1").code, errc::invalid_argument);
    EXPECT_EQ(problem(no, "1").offset, no_offset);
  }
  EXPECT_EQ(problem("{}", "1", max_attempt).code, errc::ok);
  EXPECT_EQ(problem("{}", "1", max_attempt + 1).code, errc::invalid_argument);
  EXPECT_EQ(problem("{}", "1", 1, instant::max()).code, errc::invalid_argument);
  EXPECT_EQ(problem("{}", "1", 1, instant::min()).code, errc::invalid_argument);
  EXPECT_EQ(preserve_job_data("{}", "1", 1, noon + std::chrono::milliseconds(5)).value(),
            "{\"outputs\":1,\"retry_execution_data\":1,\"last_retry_attempt\":1,"
            "\"retry_completed_at\":\"2026-01-05T12:00:00.005000Z\"}");
}

std::uint64_t attempt_of(std::string_view job) {
  const test::exact_text exact(job);
  return retry_attempt(exact.view()).value();
}

TEST(Retry, attempt_of_a_job) {
  EXPECT_EQ(attempt_of(R"({"ctx":{"workflow_context":{"retry_attempt":2}},"retry_count":"0"})"),
            2U);
  EXPECT_EQ(attempt_of(R"({"ctx":"{\"workflow_context\":{\"retry_attempt\":\"3\"}}"})"), 3U);
  EXPECT_EQ(attempt_of(R"({"ctx":{"workflow_context":{"retry_attempt":5}},"retry_count":"10",)"
                       R"("payload":{"ctx":{"retry_count":15,"retryCount":20}}})"),
            5U);
  EXPECT_EQ(attempt_of(R"({"ctx":"{}","payload":"{\"ctx\":{\"retry_count\":4}}","retry_count":1})"),
            4U);
  EXPECT_EQ(attempt_of(R"({"ctx":{},"payload":{"ctx":"{\"retryCount\":7}"},"retry_count":"10"})"),
            7U);
  EXPECT_EQ(attempt_of(R"({"ctx":{},"retry_count":"6"})"), 6U);
  EXPECT_EQ(attempt_of("{}"), 0U);
  EXPECT_EQ(attempt_of(R"({"ctx":"invalid-json{","retry_count":"2"})"), 2U);
  EXPECT_EQ(attempt_of(R"({"ctx":{"workflow_context":{"retry_attempt":null}},"retry_count":null})"),
            0U);
  // A 0 is a 0.
  EXPECT_EQ(attempt_of(R"({"ctx":{"workflow_context":{"retry_attempt":0}},"retry_count":"2"})"),
            0U);
  EXPECT_EQ(attempt_of(R"({"payload":{"ctx":{"retry_count":"0","retryCount":3}}})"), 0U);
}

TEST(Retry, attempts_as_they_are_written) {
  for (const std::string two : {"2", "2.0", "2e0", "20e-1", "\"2\"", "\"2.0\"", "\"\\u0032\""}) {
    EXPECT_EQ(attempt_of("{\"retry_count\":" + two + "}"), 2U) << two;
  }
  for (const std::string none : {"-2", "2.5", "\"\"", "\" 2\"", "\"2 \"", "\"two\"", "\"0x2\"",
                                 "true", "[2]", "{}", "1e300", "9007199254740992"}) {
    EXPECT_EQ(attempt_of("{\"retry_count\":" + none + "}"), 0U) << none;
  }
  EXPECT_EQ(attempt_of(R"({"retry_count":9007199254740991})"), max_attempt);
  EXPECT_EQ(attempt_of(R"({"retry_count":1,"retry_count":2})"), 2U);
  EXPECT_EQ(attempt_of(R"({"ctx":[{"workflow_context":1}],"retry_count":1})"), 1U);
  EXPECT_EQ(attempt_of(R"({"ctx":" {\"workflow_context\":\"{\\\"retry_attempt\\\":9}\"} "})"), 9U);
}

TEST(Retry, jobs_that_are_none) {
  EXPECT_EQ(retry_attempt("{]").problem().code, errc::invalid_json);
  EXPECT_EQ(retry_attempt("{]").problem().offset, 1U);
  EXPECT_EQ(retry_attempt("").problem().code, errc::invalid_json);
  EXPECT_EQ(retry_attempt("[]").problem().code, errc::invalid_argument);
  EXPECT_EQ(retry_attempt("2").problem().code, errc::invalid_argument);
}

TEST(Retry, names_of_files) {
  EXPECT_EQ(retry_asset_filename("image.png", 0), "image.png");
  EXPECT_EQ(retry_asset_filename("image.png", 1), "image_r1.png");
  EXPECT_EQ(retry_asset_filename("image.png", 10), "image_r10.png");
  EXPECT_EQ(retry_asset_filename("image_r9.png", 10), "image_r10.png");
  EXPECT_EQ(retry_asset_filename("image_r9.png", 0), "image_r9.png");
  EXPECT_EQ(retry_asset_filename("out.d/a.b/image", 2), "out.d/a.b/image_r2");
  EXPECT_EQ(retry_asset_filename("C:\\out.d\\x", 2), "C:\\out.d\\x_r2");
  EXPECT_EQ(retry_asset_filename("a.tar.gz", 2), "a.tar_r2.gz");
  EXPECT_EQ(retry_asset_filename(".env", 2), ".env_r2");
  EXPECT_EQ(retry_asset_filename(".env.old", 2), ".env_r2.old");
  EXPECT_EQ(retry_asset_filename("..", 2), ".._r2");
  EXPECT_EQ(retry_asset_filename("..a", 2), "..a_r2");
  EXPECT_EQ(retry_asset_filename("a.", 2), "a_r2.");
  EXPECT_EQ(retry_asset_filename("", 2), "");
  EXPECT_EQ(retry_asset_filename("dir/", 2), "dir/");
  EXPECT_EQ(retry_asset_filename("_r1.png", 2), "_r2.png");
  EXPECT_EQ(retry_asset_filename("r1.png", 2), "r1_r2.png");
  for (const std::string other : {"a_r0", "a_r01", "a_r", "a_R1", "a-r1", "ar1", "1", "_1"}) {
    EXPECT_EQ(retry_asset_filename(other, 2), other + "_r2");
  }
  EXPECT_EQ(retry_asset_filename("a_r1_r2.x", 3), "a_r1_r3.x");
  EXPECT_EQ(retry_asset_filename("\xC3\xA9\xFF.png", 3), "\xC3\xA9\xFF_r3.png");
  EXPECT_EQ(retry_asset_filename("a_r99999999999999999999999.x", max_attempt),
            "a_r9007199254740991.x");
}

}  // namespace
}  // namespace jobqueue
