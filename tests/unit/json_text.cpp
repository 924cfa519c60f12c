// Small things that are done with the text of JSON.
#include "core/json_text.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace jobqueue::detail {
namespace {

std::string find(std::string_view text, std::string_view name) {
  return find_member_text(check_json_members(text), name);
}

TEST(json_text, members_are_found_at_any_size_and_depth) {
  EXPECT_EQ(find(R"({"a":[{"b":"no"}],"b":"yes"})", "b"), "yes");
  EXPECT_EQ(find(R"( { "b" : "\u00e9\n" , "c" : 1e5 } )", "b"), "\xc3\xa9\n");
  EXPECT_EQ(find(R"({"b":"x","c":1e5})", "c"), "1e5");
  EXPECT_EQ(find(R"({"b":"x","\u0062":[1, 2]})", "b"), "[1, 2]");
  EXPECT_EQ(find(R"({"b":"x","b":null})", "b"), "");
  EXPECT_EQ(find(R"("b")", "b"), "");
  EXPECT_EQ(find(R"(["b"])", "b"), "");
  EXPECT_EQ(find("", "b"), "");
  EXPECT_EQ(find("{}", "b"), "");
  const std::string deep(1'000'000, '[');
  EXPECT_EQ(find(R"({"b":"x","a":)" + deep, "b"), "");
  EXPECT_EQ(find(R"({"b":"x","a":)" + deep + std::string(deep.size(), ']') + "}", "b"), "x");
}

TEST(json_text, members_keep_their_order_and_spelling) {
  const auto members = read_json_members(R"({"z": {"y":"}"} ,"a":"\"","n":-0.0})");
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(members[0].name, "z");
  EXPECT_EQ(members[0].value, R"({"y":"}"})");
  EXPECT_EQ(members[1].value, R"("\"")");
  EXPECT_EQ(members[2].value, "-0.0");
}

TEST(json_text, a_member_is_there_or_not) {
  EXPECT_TRUE(has_json_member(R"({"z":{"b":1},"b" :1})", "b"));
  EXPECT_TRUE(has_json_member(R"({"\u0062":1})", "b"));
  EXPECT_FALSE(has_json_member(R"({"z":{"b":1},"c":"\"b\":1"})", "b"));
  EXPECT_FALSE(has_json_member(R"({"\\u0062":1})", "b"));
  EXPECT_FALSE(has_json_member("[]", "b"));
}

}  // namespace
}  // namespace jobqueue::detail
