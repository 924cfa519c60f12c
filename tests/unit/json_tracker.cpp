// Where in a JSON document a byte is: literal documents, and equations over generated ones.
#include "core/json_tracker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/exact_text.hpp"

namespace {

using jobqueue::detail::json_tracker;
using namespace std::string_literals;

using jobqueue::test::exact_text;

// `text` as a JSON string. `quote` is how a quotation mark is escaped.
std::string json_string(std::string_view text, std::string_view quote = "\\\"") {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': out += quote; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: out += c;
    }
  }
  return out + '"';
}

// `at(offset)` in words: "lost", or "key", "string" or "outside" and the pointer.
std::string describe(json_tracker& tracker, std::size_t offset) {
  const json_tracker::place where = tracker.at(offset);
  if (!where.known) return "lost";
  std::string out = where.in_key ? "key" : where.in_string ? "string" : "outside";
  out += where.has_pointer ? " at '" + tracker.pointer() + "'" : " without pointer";
  return out;
}

// Where `needle` is in `text`.
std::string locate(std::string_view text, std::string_view needle, unsigned max_depth = 8) {
  const exact_text exact(text);
  json_tracker tracker(exact.view(), max_depth, true);
  const std::size_t offset = text.find(needle);
  if (offset == text.npos) return "no such needle";
  return describe(tracker, offset);
}

// Everything that a tracker says about `offset`.
std::string answer(json_tracker& tracker, std::size_t offset) {
  const std::string words = describe(tracker, offset);
  return words + " " + std::to_string(tracker.at(offset).string_begin) + " line " +
         std::to_string(tracker.line());
}

TEST(json_tracker, finds_values_of_the_document) {
  const std::string text =
      R"({"a":"one","list":[true,{"b":"two"},-1.5e3,"three"],"c":{},"d":[],"e":{"f":"four"}})";
  EXPECT_EQ(locate(text, "one"), "string at '/a'");
  EXPECT_EQ(locate(text, "true"), "outside at '/list/0'");
  EXPECT_EQ(locate(text, "two"), "string at '/list/1/b'");
  EXPECT_EQ(locate(text, "-1.5"), "outside at '/list/2'");
  EXPECT_EQ(locate(text, "5e3"), "outside at '/list/2'");
  EXPECT_EQ(locate(text, "three"), "string at '/list/3'");
  EXPECT_EQ(locate(text, "four"), "string at '/e/f'");
  EXPECT_EQ(locate(text, "list"), "key at ''");
  EXPECT_EQ(locate(text, "f\":"), "key at '/e'");
  EXPECT_EQ(locate(text, "[true"), "outside at '/list'");
  EXPECT_EQ(locate(text, "{}"), "outside at '/c'");
  EXPECT_EQ(locate(text, "},\"d"), "outside at '/c'");
  EXPECT_EQ(locate(text, ",\"d"), "outside at ''");
  EXPECT_EQ(locate(text, "\"two"), "outside at '/list/1/b'");
  EXPECT_EQ(locate(text, ":\"two"), "outside at '/list/1'");
  EXPECT_EQ(locate("\"word\"", "word"), "string at ''");
  EXPECT_EQ(locate("  [ [ 1 , 22 ] , 333 ] ", "22"), "outside at '/0/1'");
  EXPECT_EQ(locate("  [ [ 1 , 22 ] , 333 ] ", "333"), "outside at '/1'");
  EXPECT_EQ(locate("\xEF\xBB\xBF{\"a\":\"x\"}", "x"), "string at '/a'");
  EXPECT_EQ(locate("[NaN,-Infinity,Infinity,null,false,\"x\"]", "x"), "string at '/5'");
}

TEST(json_tracker, says_where_the_string_begins) {
  const std::string inner = R"({"kk":"vvv","n":12})";
  const exact_text text("[\"ab\",\"\"," + json_string(inner) + "]");
  // The offsets of:   [ "ab" , "" , "{\"kk\":\"vvv\",\"n\":12}" ]
  json_tracker tracker(text.view(), 8, true);
  EXPECT_FALSE(tracker.at(1).in_string);  // its opening quote
  EXPECT_EQ(tracker.at(2).string_begin, 2U);
  EXPECT_EQ(tracker.at(4).string_begin, 2U);  // its closing quote
  EXPECT_TRUE(tracker.at(4).in_string);
  EXPECT_FALSE(tracker.at(5).in_string);
  EXPECT_FALSE(tracker.at(6).in_string);
  EXPECT_TRUE(tracker.at(7).in_string);
  EXPECT_EQ(tracker.at(7).string_begin, 7U);
  EXPECT_FALSE(tracker.at(8).in_string);
  EXPECT_EQ(tracker.at(10).string_begin, 10U);  // {
  EXPECT_EQ(tracker.at(12).string_begin, 10U);  // the opening quote of kk
  EXPECT_EQ(tracker.at(13).string_begin, 13U);  // kk
  EXPECT_TRUE(tracker.at(13).in_key);
  EXPECT_TRUE(tracker.at(16).in_key);  // the second character of its closing quote
  EXPECT_EQ(tracker.at(17).string_begin, 10U);
  EXPECT_FALSE(tracker.at(17).in_key);
  EXPECT_EQ(tracker.at(20).string_begin, 20U);  // vvv
  EXPECT_EQ(tracker.at(32).string_begin, 10U);  // 12
  EXPECT_TRUE(tracker.at(32).in_string);
  EXPECT_EQ(tracker.pointer(), "/2/~s/n");
}

TEST(json_tracker, follows_json_in_strings) {
  const std::string third = R"({"k3":"v3","z":"\\"})";
  const std::string second =
      R"({"k2":"v2","deep":[0,)" + json_string(third) + R"(],"after2":"w2"})";
  const std::string first = R"( {"k1":"v1","deep":)" + json_string(second) + R"(,"after1":"w1"})";
  const std::string text = R"({"k0":"v0","deep":)" + json_string(first) + R"(,"after0":"w0"})";
  EXPECT_EQ(locate(text, "v0"), "string at '/k0'");
  EXPECT_EQ(locate(text, "v1"), "string at '/deep/~s/k1'");
  EXPECT_EQ(locate(text, "v2"), "string at '/deep/~s/deep/~s/k2'");
  EXPECT_EQ(locate(text, "v3"), "string at '/deep/~s/deep/~s/deep/1/~s/k3'");
  EXPECT_EQ(locate(text, "w2"), "string at '/deep/~s/deep/~s/after2'");
  EXPECT_EQ(locate(text, "w1"), "string at '/deep/~s/after1'");
  EXPECT_EQ(locate(text, "w0"), "string at '/after0'");
  EXPECT_EQ(locate(text, "k0"), "key at ''");
  EXPECT_EQ(locate(text, "k1"), "key at '/deep/~s'");
  EXPECT_EQ(locate(text, "k2"), "key at '/deep/~s/deep/~s'");
  EXPECT_EQ(locate(text, "k3"), "key at '/deep/~s/deep/~s/deep/1/~s'");
  // Not deeper than it may.
  EXPECT_EQ(locate(text, "k1", 0), "string at '/deep'");
  EXPECT_EQ(locate(text, "w0", 0), "string at '/after0'");
  EXPECT_EQ(locate(text, "k1", 1), "key at '/deep/~s'");
  EXPECT_EQ(locate(text, "k2", 1), "string at '/deep/~s/deep'");
  EXPECT_EQ(locate(text, "k3", 2), "string at '/deep/~s/deep/~s/deep/1'");
  EXPECT_EQ(locate(text, "w1", 1), "string at '/deep/~s/after1'");
  // The document may be such a string itself.
  EXPECT_EQ(locate(json_string(first), "v1"), "string at '/~s/k1'");
  EXPECT_EQ(locate(json_string(json_string(first)), "v1"), "string at ''");
  EXPECT_EQ(locate(json_string("[" + json_string("[\"x\"]") + "]"), "x"), "string at '/~s/0/~s/0'");
}

TEST(json_tracker, follows_quotes_written_as_code_units) {
  const std::string unit = "\\u0022";
  const std::string third = R"({"k3":"v3 \" \\"})";
  for (const std::string& inner_quote : {"\\\""s, unit}) {
    for (const std::string& outer_quote : {"\\\""s, unit}) {
      const std::string second = R"({"k2":"v2","deep":)" + json_string(third, inner_quote) + "}";
      const std::string first = R"({"k1":"v1","deep":)" + json_string(second, outer_quote) + "}";
      const std::string text = R"({"deep":)" + json_string(first, unit) + R"(,"after":"w0"})";
      EXPECT_EQ(locate(text, "v1"), "string at '/deep/~s/k1'");
      EXPECT_EQ(locate(text, "k2"), "key at '/deep/~s/deep/~s'");
      EXPECT_EQ(locate(text, "v2"), "string at '/deep/~s/deep/~s/k2'");
      EXPECT_EQ(locate(text, "k3"), "key at '/deep/~s/deep/~s/deep/~s'");
      EXPECT_EQ(locate(text, "v3"), "string at '/deep/~s/deep/~s/deep/~s/k3'");
      EXPECT_EQ(locate(text, "w0"), "string at '/after'");
    }
  }
  EXPECT_EQ(locate(R"(["say \u0022hi\u0022","x"])", "x"), "string at '/1'");
  EXPECT_EQ(locate("[" + json_string(R"(["say \u0022hi\u0022","x"])") + "]", "x"),
            "string at '/0/~s/1'");
}

TEST(json_tracker, skips_white_space_before_and_in_nested_json) {
  const std::string third = "\n\t{\n\t\"c\" :\r\n [ 1 ,\n\"x3\" ] }\n";
  const std::string second = "\n {\n  \"b\": " + json_string(third) + ",\n  \"e\": \"x2\"\n}\n";
  const std::string first = "\r\n\t [\n  " + json_string(second) + ",\n  \"x1\"\n]\n";
  const std::string text = "{\n  \"a\": " + json_string(first) + ",\n  \"z\": \"x0\"\n}\n";
  EXPECT_EQ(locate(text, "x3"), "string at '/a/~s/0/~s/b/~s/c/1'");
  EXPECT_EQ(locate(text, "x2"), "string at '/a/~s/0/~s/e'");
  EXPECT_EQ(locate(text, "x1"), "string at '/a/~s/1'");
  EXPECT_EQ(locate(text, "x0"), "string at '/z'");
  // Two backslashes and an n are no line break on level 1.
  EXPECT_EQ(locate(R"(["\n[\n\"x\"]"])", "x"), "string at '/0/~s/0'");
  EXPECT_EQ(locate(R"(["\\n[\"x\"]"])", "x"), "string at '/0'");
  EXPECT_EQ(locate(R"(["[\\n\"x\"]"])", "x"), "string at '/0'");
  EXPECT_EQ(locate(R"(["[\"[\\n\\\"x"])", "x"), "string at '/0/~s/0/~s/0'");
  EXPECT_EQ(locate(R"(["[\"[\\\n\\\"x"])", "x"), "string at '/0/~s/0'");
}

TEST(json_tracker, understands_backslashes_before_quotes_on_each_level) {
  for (const std::string& value : {"\\"s, "\\\\"s, "a\"b"s, "\"\\\""s, "\\\"\\"s, ""s}) {
    const std::string third = "[" + json_string(value) + ",\"x3\"]";
    const std::string second = "[" + json_string(value) + "," + json_string(third) + ",\"x2\"]";
    const std::string first = "[" + json_string(value) + "," + json_string(second) + ",\"x1\"]";
    const std::string text = "[" + json_string(value) + "," + json_string(first) + ",\"x0\"]";
    EXPECT_EQ(locate(text, "x3"), "string at '/1/~s/1/~s/1/~s/1'") << value;
    EXPECT_EQ(locate(text, "x2"), "string at '/1/~s/1/~s/2'") << value;
    EXPECT_EQ(locate(text, "x1"), "string at '/1/~s/2'") << value;
    EXPECT_EQ(locate(text, "x0"), "string at '/2'") << value;
  }
}

TEST(json_tracker, takes_a_string_that_holds_no_json_as_it_is) {
  const std::string strings[] = {
      "[see here] x",   "{brace} x",      "[1] x",         "[1]] x",
      "{\"a\":1} x",    "[1,\"b\" x]",    "{\"a\" x",      "{\"a\":\"b\"] x",
      "[\"a\"} x",      "[1 2 x]",        "[tru x]",       "[truex]",
      "[01, x]",        "[1.x]",          "[1e,x]",        "[-x]",
      "[,x]",           "{,x}",           "{1:x}",         "{\"a\":}x",
      "[1,]x",          "{\"a\":1,}x",    "[:x]",          "[\\\"x]",
      "\"[x]\"",        "a [x]",          "\\[\"x\"]",     "[\"a\"\"x\"]",
      "{\"a\"::\"x\"}", "[\"a\",,\"x\"]", "[\\\\\"a\" x]", "[1]\n[\"x\"]",
      "[1],\"x\""};
  for (const std::string& held : strings) {
    const std::string text = "{\"k\":[" + json_string(held) + ",\"y\"]}";
    EXPECT_EQ(locate(text, "x"), "string at '/k/0'") << held;
    EXPECT_EQ(locate(text, "y"), "string at '/k/1'") << held;
    // The same one level further in: the level around it goes on.
    EXPECT_EQ(locate("[" + json_string(text) + "]", "x"), "string at '/0/~s/k/0'") << held;
    EXPECT_EQ(locate("[" + json_string(text) + "]", "y"), "string at '/0/~s/k/1'") << held;
  }
  // JSON that its string cuts short.
  EXPECT_EQ(locate(R"({"a":"{\"b\":[\"x","c":"y"})", "x"), "string at '/a/~s/b/0'");
  EXPECT_EQ(locate(R"({"a":"{\"b\":[\"x","c":"y"})", "y"), "string at '/c'");
  EXPECT_EQ(locate(R"(["[\"[\\\"a","y"])", "y"), "string at '/1'");
  // A key that looks like JSON is a key.
  EXPECT_EQ(locate(R"({"{\"x\":1}":"y"})", "x"), "key at ''");
  EXPECT_EQ(locate(R"({"{\"x\":1}":"y"})", "y"), R"(string at '/{"x":1}')");
}

TEST(json_tracker, is_lost_in_what_is_not_json) {
  const std::string_view beginnings[] = {
      "plain ", "INFO ", "2024-01-31 ", "12:30 ",   "[INFO] ",  "<a>",         "{",  "{'",
      "[1 ",    "[}",    "]",           ",",        ":",        "true",        "01", "-",
      "[\\\"",  "\\",    "\\\\\"",      "\xEF\xBB", "\x1F\x8B", "iVBORw0KGgoA"};
  const std::string_view structures[] = {R"([1,]")",  R"({"a":1,}")", R"({"a"}")", R"({"a":}")",
                                         R"({"a")",   R"({"a":"b"])", R"("a":)",   R"({"a":1}{"b")",
                                         R"({"a"::)", "{\"a\"\n,",    "[\n{},\n]", "[\"a\"\""};
  const auto expect_lost = [](std::string_view before) {
    const std::string text = std::string(before) + "x";
    EXPECT_EQ(locate(text, "x"), "lost") << text;
    EXPECT_EQ(locate(text + "\n{\"k\":\"y\"}", "y"), "string at '/k'") << text;
  };
  for (const std::string_view text : beginnings) expect_lost(text);
  for (const std::string_view text : structures) expect_lost(text);
  expect_lost("\0"s);
  EXPECT_EQ(locate("base64", "base64"), "lost") << "from its first byte on";
  EXPECT_EQ(locate("[1.2.3,x", "1.2"), "lost") << "from its first byte on";
  // A line break inside a string, on any level.
  EXPECT_EQ(locate("{\"a\":\"b\nx\":\"c\"}\n[\"y\"]", "x"), "lost");
  EXPECT_EQ(locate("{\"a\":\"b\n[\"y\"]", "y"), "string at '/0'");
  EXPECT_EQ(locate("{\"a\":\"[\\\"b\n[\"y\"]", "y"), "string at '/0'");
  EXPECT_EQ(locate("{\"a\":\"[1,\n[\"y\"]", "y"), "string at '/0'");
  EXPECT_EQ(locate("{\"a\":\" \n[\"y\"]", "y"), "string at '/0'");
  EXPECT_EQ(locate("{\"a\":\"b\\\n[\"y\"]", "y"), "string at '/0'");
  // A byte order mark is one at the beginning only.
  EXPECT_EQ(locate("1\n\xEF\xBB\xBF[\"x\"]", "x"), "lost");
}

TEST(json_tracker, follows_many_documents) {
  EXPECT_EQ(locate("{\"a\":1}\n{\"b\":\"x\"}\n", "x"), "string at '/b'");
  EXPECT_EQ(locate("{\"a\":1}\r\n\r\n{\"b\":\"x\"}\r\n", "x"), "string at '/b'");
  EXPECT_EQ(locate("{\"a\":1}[2,{\"b\":\"x\"}]", "x"), "string at '/1/b'");
  EXPECT_EQ(locate("1 \"two\" [\"x\"]", "x"), "string at '/0'");
  EXPECT_EQ(locate("{\"a\":1,\n{\"b\":\"x\"}\n", "x"), "string at '/b'") << "behind one cut short";
  EXPECT_EQ(locate("{\"a\":[1\n[\"x\"]\n", "x"), "string at '/0'") << "behind one cut short";
  const std::string log =
      "2024-01-31 12:00:00 INFO start\n"
      "{\"level\":\"info\",\"msg\":\"x1\"}\n"
      "  at f (file.js:1:2) \"x2\"\n"
      "{\"broken\":\n"
      "1}{\"level\":\"x3\"}\n"
      "\n"
      "{\"level\":\"x4\"";
  EXPECT_EQ(locate(log, "start"), "lost");
  EXPECT_EQ(locate(log, "x1"), "string at '/msg'");
  EXPECT_EQ(locate(log, "x2"), "lost");
  EXPECT_EQ(locate(log, "x3"), "string at '/level'");
  EXPECT_EQ(locate(log, "x4"), "string at '/level'");
}

TEST(json_tracker, counts_the_lines_on_which_documents_begin) {
  const exact_text text("{}\n[1,\n2]{}\nno json\n\n\"cut\nno json\n 7\n");
  const std::vector<std::pair<std::size_t, std::uint64_t>> lines = {
      {0, 1},  {2, 1},            // {} and its end
      {3, 2},  {7, 2},            // the array is of two lines
      {9, 3},  {12, 4},           // the object behind it, no json
      {20, 5}, {21, 6}, {24, 6},  // nothing, a string that is cut
      {26, 7}, {35, 8}, {37, 9},  // no json, a number, the end
  };
  json_tracker tracker(text.view(), 8, false);
  for (const auto& [offset, line] : lines) {
    static_cast<void>(tracker.at(offset));
    EXPECT_EQ(tracker.line(), line) << offset;
  }
}

TEST(json_tracker, writes_pointers_by_rfc_6901) {
  EXPECT_EQ(locate(R"({"a/b":{"m~n":{"":{" ":"x"}}}})", "x"), "string at '/a~1b/m~0n// '");
  EXPECT_EQ(locate(R"({"~s":"x"})", "x"), "string at '/~0s'");
  EXPECT_EQ(locate(R"({"\"\\\/\b\f\n\r\t":"x"})", "x"), "string at '/\"\\~1\b\f\n\r\t'");
  EXPECT_EQ(locate(R"({"\u0041\u00e9\u20AC\ud83d\ude00":"x"})", "x"),
            "string at '/A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80'");
  EXPECT_EQ(locate(R"({"\ud800\udc00|\u007f\u0080\u07ff\u0800\uffff":"x"})", "x"),
            "string at '/\xF0\x90\x80\x80|\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF'");
  EXPECT_EQ(locate(R"({"\ud800 \udc00 \ud800\ud83d\ude00 \ud800\u0041 \udc00\udc00":"x"})", "x"),
            "string at '/\xEF\xBF\xBD \xEF\xBF\xBD \xEF\xBF\xBD\xF0\x9F\x98\x80 \xEF\xBF\xBD"
            "A \xEF\xBF\xBD\xEF\xBF\xBD'");
  EXPECT_EQ(locate(R"({"\q\u12g4\u+123\u":"x"})", "x"), "string at '/\\q\\u12g4\\u+123\\u'");
  EXPECT_EQ(locate("{\"\xC3\xA9\xFF\":\"x\"}", "x"), "string at '/\xC3\xA9\xFF'");
  EXPECT_EQ(locate(R"({"a":{"b":1},"c":[{"d":2},{"e":"x"}]})", "x"), "string at '/c/1/e'");
  // Keys of each level are unescaped as often as they were escaped.
  const std::string key = "\"\\/~\n\xF0\x9F\x98\x80";
  std::string text = "\"x\"";
  for (int level = 0; level < 4; ++level)
    text = json_string("{" + json_string(key) + ":" + text + "}");
  const std::string hop = "/~s/\"\\~1~0\n\xF0\x9F\x98\x80";
  EXPECT_EQ(locate(text, "x"), "string at '" + hop + hop + hop + hop + "'");
  EXPECT_EQ(locate(json_string(R"({"\u00e9\ud83d\ude00":"x"})"), "x"),
            "string at '/~s/\xC3\xA9\xF0\x9F\x98\x80'");
}

TEST(json_tracker, writes_no_pointer_unless_asked) {
  const exact_text text(R"({"a":{"b":"x"}})");
  json_tracker tracker(text.view(), 8, false);
  EXPECT_EQ(describe(tracker, 2), "key without pointer");
  EXPECT_EQ(describe(tracker, 7), "key without pointer");
  EXPECT_EQ(describe(tracker, 11), "string without pointer");
  EXPECT_EQ(tracker.pointer(), "");
}

TEST(json_tracker, writes_no_pointer_beyond_its_limits) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth - 1, '[') + "{\"k\":\"x\"}" + std::string(depth - 1, ']') + "[\"y\"]";
  };
  std::string pointer;
  for (std::size_t i = 1; i < json_tracker::max_pointer_depth; ++i) pointer += "/0";
  EXPECT_EQ(locate(nested(1024), "x"), "string at '" + pointer + "/k'");
  EXPECT_EQ(locate(nested(1025), "x"), "string without pointer");
  EXPECT_EQ(locate(nested(1025), "k"), "key without pointer");
  EXPECT_EQ(locate(nested(5000), "y"), "string at '/0'");
  // An object in an array in an object in ..., far beyond the limit.
  std::string deep;
  for (int i = 0; i < 3000; ++i) deep += "{\"k\":[";
  EXPECT_EQ(locate(deep + "{\"x\":1}", "x"), "key without pointer");
  EXPECT_EQ(locate(deep + "[\"x\"]", "x"), "string without pointer");
  EXPECT_EQ(locate(deep + "]}]}}x", "x"), "lost");
  EXPECT_EQ(locate(deep + "]}],\"x\":1", "x"), "key without pointer");
  EXPECT_EQ(locate("[" + json_string(deep + "]}],\"x\":1"), "x"), "key without pointer");
  // Keys of more bytes than a report should repeat for each finding.
  const std::string half(2048, 'k');
  EXPECT_EQ(locate("{\"" + half + "\":{\"" + half + "\":\"x\"}}", "x"),
            "string at '/" + half + "/" + half + "'");
  EXPECT_EQ(locate("{\"" + half + "\":{\"" + half + "k\":\"x\"}}", "x"), "string without pointer");
  const std::string object = "{\"" + half + "\":\"x\"}";
  EXPECT_EQ(locate("[" + object + "," + object + "," + object + ",\"y\"]", "y"), "string at '/3'");
}

TEST(json_tracker, answers_at_the_ends) {
  for (const std::string_view text : {"", " ", "\n", "\xEF\xBB\xBF", "{}", "1", "[1]\n"}) {
    const exact_text exact(text);
    json_tracker tracker(exact.view(), 8, true);
    EXPECT_EQ(describe(tracker, 0), "outside at ''") << text;
    EXPECT_EQ(describe(tracker, text.size()), "outside at ''") << text;
    EXPECT_EQ(describe(tracker, text.size() + 100), "outside at ''") << text;
  }
  const exact_text cut(R"({"a":["[\"b\\)");
  json_tracker tracker(cut.view(), 8, true);
  EXPECT_EQ(describe(tracker, cut.view().size()), "string at '/a/0/~s/0'");
}

TEST(json_tracker, skips_what_the_caller_has_read) {
  const std::string blob(100'000, 'A');
  const std::string inner = "{\"k\":\"data:" + blob + "\",\"l\":\"x\"}";
  const std::string text = "{\"blob\":\"" + blob + "\",\"held\":" + json_string(inner) + "}\n" +
                           blob + "\n[\"\\n" + blob + "\",\"y\",1" + blob + "]\n\"z\"";
  const exact_text exact(text);
  json_tracker tracker(exact.view(), 8, true);
  auto skip_blob = [&, from = std::size_t{0}]() mutable {
    const std::size_t begin = text.find(blob, from);
    from = begin + blob.size();
    tracker.skip(begin, from);
    return describe(tracker, from);
  };
  EXPECT_EQ(skip_blob(), "string at '/blob'");
  EXPECT_EQ(skip_blob(), "string at '/held/~s/k'");
  EXPECT_EQ(describe(tracker, text.find("x")), "string at '/held/~s/l'");
  EXPECT_EQ(skip_blob(), "lost");
  EXPECT_EQ(skip_blob(), "string at '/0'");
  EXPECT_EQ(describe(tracker, text.find("y")), "string at '/1'");
  EXPECT_EQ(skip_blob(), "lost");
  EXPECT_EQ(describe(tracker, text.find("z")), "string at ''");
  EXPECT_EQ(tracker.line(), 4U);
}

TEST(json_tracker, takes_linear_time_and_no_stack) {
  constexpr std::size_t size = 1'000'000;
  const std::string texts[] = {
      std::string(size, '['),         std::string(size / 2, '[') + std::string(size / 2, ']'),
      "\"" + std::string(size, '['),  "\"" + std::string(size, '\\'),
      std::string(size, '\\'),        std::string(size, '1'),
      std::string(size, '\n'),        std::string(size, '"'),
      "[\"" + std::string(size, 'a'), "\"[" + std::string(size, '7')};
  for (const std::string& text : texts) {
    json_tracker tracker(text, 8, true);
    for (std::size_t offset = 0; offset <= text.size(); ++offset) {
      static_cast<void>(tracker.at(offset));
    }
  }
  std::string objects;
  for (std::size_t i = 0; i < size / 5; ++i) objects += "{\"a\":";
  EXPECT_EQ(locate(objects + "{\"x\":", "x"), "key without pointer");
}

// Equation: what a tracker says depends neither on where it was asked before nor on `skip`.
void expect_equal_answers(std::string_view text) {
  const exact_text exact(text);
  std::vector<std::string> expected;
  for (std::size_t offset = 0; offset <= text.size(); ++offset) {
    json_tracker fresh(exact.view(), 3, true);
    expected.push_back(answer(fresh, offset));
  }
  json_tracker asked_often(exact.view(), 3, true);
  for (std::size_t offset = 0; offset <= text.size(); ++offset) {
    ASSERT_EQ(answer(asked_often, offset), expected[offset]) << offset << " of " << text;
  }
  for (const std::size_t stride : {1U, 2U, 5U}) {
    json_tracker skipping(exact.view(), 3, true);
    for (std::size_t from = 0; from <= text.size();) {
      const std::size_t to = std::min(text.find_first_of("\"\\\r\n{}[]:,", from), text.size());
      skipping.skip(from, to);
      ASSERT_EQ(answer(skipping, to), expected[to]) << from << " to " << to << " of " << text;
      from = to + stride;
    }
  }
}

// Writes documents and what is to be found where in them.
class document_writer {
 public:
  explicit document_writer(std::uint32_t seed) : random_(seed) {}

  std::string container(const std::string& pointer, unsigned depth) {
    const bool object = pick(2) == 1;
    std::string out = object ? "{" : "[";
    const unsigned count = pick(5);
    for (unsigned i = 0; i < count; ++i) {
      std::string key = std::to_string(i);
      out += (i > 0 ? "," : "") + space();
      if (object) {
        key = needle("key at '" + pointer + "'") + "~1\"\\\n";
        out +=
            json_string(std::string(key).replace(key.find("~1"), 2, "/")) + space() + ":" + space();
      }
      out += value(pointer + "/" + key, depth) + space();
    }
    return out + space() + (object ? "}" : "]");
  }

  std::vector<std::pair<std::string, std::string>> needles;  // And what `locate` says of them.

 private:
  unsigned pick(unsigned choices) { return static_cast<unsigned>(random_() % choices); }
  std::string pick(std::initializer_list<const char*> choices) {
    return choices.begin()[pick(static_cast<unsigned>(choices.size()))];
  }
  std::string space() { return pick({"", "", " ", "\n  ", "\t", "\r\n"}); }
  std::string needle(std::string where) {
    needles.emplace_back("needle" + std::to_string(needles.size()) + "_", std::move(where));
    return needles.back().first;
  }
  std::string value(const std::string& pointer, unsigned depth) {
    switch (pick(depth == 0 ? 2 : 5)) {
      case 0: return pick({"true", "false", "null", "0", "-1.5e+3", "[]", "{ }", "\"\""});
      case 1: {
        const auto noise = [this] {
          return pick({"", "\\", "\"", "\\\"", "{", "[", "\n", "x\\\\"});
        };
        const std::string before = noise();
        return json_string(before + needle("string at '" + pointer + "'") + noise());
      }
      case 2:
        return json_string(space() + container(pointer + "/~s", depth - 1) + space(), "\\u0022");
      case 3: return json_string(space() + container(pointer + "/~s", depth - 1) + space());
      default: return container(pointer, depth - 1);
    }
  }

  std::mt19937 random_;
};

// Equation: everything is found where it was put. The seed is the number of the document.
TEST(json_tracker, finds_everything_where_it_was_put) {
  std::size_t found = 0;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    document_writer writer(seed);
    const std::string text = writer.container("", 5);
    const exact_text exact(text);
    json_tracker tracker(exact.view(), 16, true);
    for (const auto& [needle, where] : writer.needles) {
      ASSERT_EQ(describe(tracker, text.find(needle)), where) << "seed " << seed << ": " << text;
      ++found;
    }
    if (text.size() < 1000) expect_equal_answers(text);
  }
  EXPECT_GT(found, 3000U);
}

TEST(json_tracker, says_the_same_however_it_got_there) {
  expect_equal_answers(
      "\xEF\xBB\xBF [1, true,\n\"a\\\\\", \"\\\"\", {\"k\": -1.5e3}] x\n{\"b\":2}");
  expect_equal_answers("{\"a\":[1\n[\"b\n{\"c\":1}{\"d\":\"\\n\\n{}\",\"e\":\"[\\n1,x\"}");
  // Bytes that are likely to mean something. The seed is the number of the text.
  constexpr std::string_view pieces[] = {
      "{",        "}",  "[",   "]",       ":",         ",",           "\"",      "\\",      "\\\"",
      "\\\\\\\"", "\n", "\\n", "\\u0022", "\\\\u0022", "\\\\\\u0022", "\"[\\\"", "\"{\\\"", "\":\"",
      " ",        "1",  "-",   ".",       "true",      "null",        "x",       "\x80",    "\0"};
  for (std::uint32_t seed = 0; seed < 1500; ++seed) {
    std::mt19937 random(seed);
    std::string text = random() % 2 == 0 ? "[\"[\\\"" : "{\"a\":\"";
    for (std::size_t i = random() % 50; i > 0; --i) text += pieces[random() % std::size(pieces)];
    expect_equal_answers(text);
    if (HasFatalFailure()) FAIL() << "seed " << seed;
  }
}

}  // namespace
