// Going over a container 64 bytes at a time: what is accepted, what is counted, and where it ends,
// wherever its bytes lie in their blocks and on every instruction set.
#include "core/json_pass.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/exact_text.hpp"
#include "support/simd_targets.hpp"

namespace {

using namespace jobqueue;
using namespace jobqueue::detail;

using jobqueue::test::exact_text;
using jobqueue::test::simd_targets;

constexpr std::size_t places = 130;  // two blocks and a bit

// Passes a container behind so much white space. `tokens` were read before: its bracket, or its
// first child as well.
std::optional<passed_container> pass(std::string_view text, std::size_t place, simd_target target,
                                     std::size_t tokens = 1, item_notes* notes = nullptr) {
  const exact_text moved(std::string(place, ' ') + std::string(text));
  json_index index(moved.view(), target);
  for (std::size_t i = 0; i < tokens; ++i) (void)index.next();
  const auto passed = pass_container(index, moved.view(), text.front() == '{', tokens == 1, notes);
  if (passed) {
    EXPECT_EQ(index.next(), moved.view().find_first_not_of(' ', passed->end + 1));
  }
  return passed;
}

struct container {
  std::string_view text;
  std::size_t count;
  std::size_t white_space;
};

TEST(json_pass, counts_children_and_white_space) {
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  const std::string mixed = [] {
    std::string text;
    for (int i = 0; i < 150; ++i) text += i % 3 == 0 ? "[" : "{\"k\":";
    text += "0";
    for (int i = 150; i-- > 0;) text += i % 3 == 0 ? "]" : "}";
    return text;
  }();
  const std::string strings = "[\"" + std::string(300, 'x') + "\",\"" + std::string(70, 'y') +
                              R"(\\\"\u00e9\n)" + "\xC3\xA9\xF0\x9F\x98\x80\"]";
  const std::string digits = "[" + std::string(300, '7') + "," + std::string(64, '1') + "." +
                             std::string(200, '0') + "e-5]";
  const container containers[] = {
      {"[]", 0, 0},
      {"{}", 0, 0},
      {"[ \n ]", 0, 3},
      {"[0]", 1, 0},
      {"[1,2,3]", 3, 0},
      {"[ 1 , 2 , 3 ]", 3, 6},
      {R"({"a":1})", 1, 0},
      {R"({ "a" : { "b" : [ ] } , "c" : [ {} , [] , "" ] })", 2, 19},
      {R"([true,false,null,-0.5e+3,0,-0,10,"a:b,c{d}[e]"])", 8, 0},
      {R"(["\"","\\","\\\"",{"\"":"\\\\"}])", 4, 0},
      {"[[],{},[[]],{\"a\":{}}]", 4, 0},
      {deep, 1, 0},
      {mixed, 1, 0},
      {strings, 2, 0},
      {digits, 2, 0},
  };
  for (const simd_target target : simd_targets()) {
    for (const auto& [text, count, white_space] : containers) {
      for (std::size_t place = 0; place < places; ++place) {
        const auto passed = pass(std::string(text) + " ,", place, target);
        ASSERT_TRUE(passed) << to_string(target) << ' ' << place << ' ' << text;
        EXPECT_EQ(passed->end, place + text.size() - 1) << text;
        EXPECT_EQ(passed->count, count) << text;
        EXPECT_EQ(passed->white_space, white_space) << to_string(target) << ' ' << text;
      }
    }
  }
}

TEST(json_pass, refuses_what_is_no_json) {
  const std::string long_word = "[" + std::string(100, '1') + "x" + std::string(100, '1') + "]";
  const std::string_view texts[] = {
      "[",
      "[1",
      "[1,",
      "[1,]",
      "[,1]",
      "[1,,2]",
      "[1 2]",
      "[1}",
      "[}",
      "{]",
      "{,}",
      "{1:1}",
      "{\"a\"}",
      "{\"a\":}",
      "{\"a\":1,}",
      "{\"a\" 1}",
      "{\"a\":1]",
      "{\"a\"::1}",
      "{\"a\":1:2}",
      "{[]:1}",
      "{\"a\":1 \"b\":2}",
      "[\"a\":1]",
      "[\"a\"\"b\"]",
      "[01]",
      "[-]",
      "[1.]",
      "[1e]",
      "[+1]",
      "[1.2.3]",
      "[tru]",
      "[truex]",
      "[nul]",
      "[x]",
      "['a']",
      "[\x7F]",
      "[\"\\x\"]",
      "[\"\\u12g4\"]",
      "[\"\\",
      "[\"\t\"]",
      "[\"\xC3\"]",
      "[\"\xED\xA0\x80\"]",
      "[\"\\\xC3\xA9\"]",
      "[[1]2]",
      "[{}1]",
      "[1[]]",
      "[\"a\"1]",
      "[:1]",
      "[1:]",
      "{:1}",
      "{\"a\":[1}",
      "[{\"a\":1]",
      "[0-1]",
      "[--1]",
      long_word,
  };
  for (const simd_target target : simd_targets()) {
    for (const std::string_view text : texts) {
      for (std::size_t place = 0; place < places; ++place) {
        EXPECT_FALSE(pass(text, place, target)) << to_string(target) << ' ' << place << ' ' << text;
      }
    }
  }
}

// The last token before is a bracket, a quote, or a number whose bytes go on.
TEST(json_pass, goes_on_behind_a_child) {
  const struct {
    std::string_view text;
    std::size_t tokens;
    std::size_t count;
  } cases[] = {
      {"[[],1,2]", 3, 2},  {"[\"ab\",1,2]", 3, 2},       {"[1234567890,1,2]", 2, 2},
      {"[12.5e-7]", 2, 0}, {R"({"a":"b","c":1})", 6, 1}, {R"({"a":true , "c":1,"d":{}})", 5, 2},
  };
  for (const simd_target target : simd_targets()) {
    for (const auto& [text, tokens, count] : cases) {
      for (std::size_t place = 0; place < places; ++place) {
        const auto passed = pass(std::string(text) + " ,", place, target, tokens);
        ASSERT_TRUE(passed) << to_string(target) << ' ' << place << ' ' << text;
        EXPECT_EQ(passed->end, place + text.size() - 1) << text;
        EXPECT_EQ(passed->count, count) << text;
      }
    }
  }
}

TEST(json_pass, notes_the_last_items) {
  std::string text = "[0";
  std::vector<std::size_t> begins = {1};
  for (std::size_t i = 1; i < 500; ++i) {
    text += i % 7 == 0 ? " ," : ",";
    begins.push_back(text.size());
    text += i % 5 == 0 ? "{\"a\":[1,2,3]}" : std::to_string(i);
  }
  text += "]";
  for (const simd_target target : simd_targets()) {
    item_notes notes(100);
    notes.begin(1, 0);
    ASSERT_TRUE(pass(text + ",", 0, target, 2, &notes));
    for (const std::size_t least : {std::size_t{1}, std::size_t{20}, std::size_t{99}}) {
      const auto item = notes.find(least, text.size());
      ASSERT_TRUE(item);
      EXPECT_EQ(item->ordinal, 500 - least);
      EXPECT_EQ(item->at, begins[500 - least]);
      EXPECT_EQ(item->white_space, (500 - least) / 7);
    }
    EXPECT_EQ(notes.find(1, begins[450])->ordinal, 450U);
    // So many are not kept.
    EXPECT_EQ(notes.find(1, 0)->ordinal, 400U);
    notes.begin(1, 0);
    EXPECT_FALSE(notes.find(1, 0));
  }
}

}  // namespace
