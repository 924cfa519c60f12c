// Strict validation of JSON: what is accepted, and the code, offset and message of each error.
#include "core/json_check.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "support/exact_text.hpp"

namespace {

using namespace std::string_literals;

using jobqueue::test::exact_text;

// "ok", or "CODE at OFFSET: message".
std::string outcome(const jobqueue::status& status) {
  if (status) return "ok";
  const jobqueue::error& problem = status.problem();
  return std::string(jobqueue::error_name(problem.code)) + " at " + std::to_string(problem.offset) +
         ": " + problem.message;
}

std::string check(std::string_view text) {
  return outcome(jobqueue::detail::check_json(exact_text(text).view()));
}

std::string check_lines(std::string_view text) {
  return outcome(jobqueue::detail::check_ndjson(exact_text(text).view()));
}

struct bad_text {
  std::string text;
  std::string outcome;
};

TEST(json_check, accepts_documents) {
  const std::string documents[] = {
      "{}",
      "[]",
      "\"\"",
      "0",
      "-0",
      "true",
      "false",
      "null",
      " \t\r\n1 \t\r\n",
      "[[],{},\"\",[[]]]",
      "[-0.0, 10, 1e5, 1E+5, 1.25e-7, 123456789012345678901234567890]",
      "{\"a\":1,\"b\":{\"c\":[true,false,null]},\"a\":2}",
      "{ \"a\" : [ 1 , 2 ] , \"\" : { } }",
      R"("\"\\\/\b\f\n\r\t\u0000\u00e9\uABCD\uabcd")",
      R"("\ud800 \udc00 \udc00\ud800 \ud83d\ude00")",
      "\"\x7F\"",
      "\xEF\xBB\xBF{}",
      "\"\xEF\xBB\xBF\"",
      // The first and the last character of each size, and those beside the surrogates.
      "\"\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xEF\xBF\xBF \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF\"",
      "\"\xED\x9F\xBF\xEE\x80\x80\"",
  };
  for (const std::string& text : documents) EXPECT_EQ(check(text), "ok") << text;
}

TEST(json_check, names_the_first_error_in_a_structure) {
  const std::string end = ", found the end of the document";
  const bad_text cases[] = {
      {"", "INVALID_JSON at 0: expected a value" + end},
      {" \r\n\t", "INVALID_JSON at 4: expected a value" + end},
      {"\xEF\xBB\xBF", "INVALID_JSON at 3: expected a value" + end},
      {"\xEF\xBB\xBF\xEF\xBB\xBF{}", "INVALID_JSON at 3: expected a value"},
      {"\xEF\xBB{}", "INVALID_JSON at 0: expected a value"},
      {" \xEF\xBB\xBF{}", "INVALID_JSON at 1: expected a value"},
      {"hello", "INVALID_JSON at 0: expected a value"},
      {"\0"s, "INVALID_JSON at 0: expected a value"},
      {"'a'", "INVALID_JSON at 0: expected a value"},
      {"\f1", "INVALID_JSON at 0: expected a value"},
      {"]", "INVALID_JSON at 0: expected a value"},
      {"[", "INVALID_JSON at 1: expected a value or ']'" + end},
      {"[,1]", "INVALID_JSON at 1: expected a value or ']'"},
      {"[}", "INVALID_JSON at 1: expected a value or ']'"},
      {"[1,", "INVALID_JSON at 3: expected a value" + end},
      {"[1,]", "INVALID_JSON at 3: expected a value"},
      {"[1,,2]", "INVALID_JSON at 3: expected a value"},
      {"[1", "INVALID_JSON at 2: expected ',' or ']' after an array element" + end},
      {"[1 2]", "INVALID_JSON at 3: expected ',' or ']' after an array element"},
      {"[1}", "INVALID_JSON at 2: expected ',' or ']' after an array element"},
      {"[\"a\":1]", "INVALID_JSON at 4: expected ',' or ']' after an array element"},
      {"{", "INVALID_JSON at 1: expected an object key in quotes or '}'" + end},
      {"{,}", "INVALID_JSON at 1: expected an object key in quotes or '}'"},
      {"{a:1}", "INVALID_JSON at 1: expected an object key in quotes or '}'"},
      {"{1:1}", "INVALID_JSON at 1: expected an object key in quotes or '}'"},
      {"{]", "INVALID_JSON at 1: expected an object key in quotes or '}'"},
      {"{\"a\"", "INVALID_JSON at 4: expected ':' after an object key" + end},
      {"{\"a\" 1}", "INVALID_JSON at 5: expected ':' after an object key"},
      {"{\"a\"}", "INVALID_JSON at 4: expected ':' after an object key"},
      {"{\"a\":", "INVALID_JSON at 5: expected a value" + end},
      {"{\"a\":}", "INVALID_JSON at 5: expected a value"},
      {"{\"a\":1", "INVALID_JSON at 6: expected ',' or '}' after an object member" + end},
      {"{\"a\":1 \"b\":2}", "INVALID_JSON at 7: expected ',' or '}' after an object member"},
      {"{\"a\":1]", "INVALID_JSON at 6: expected ',' or '}' after an object member"},
      {"{\"a\":1,}", "INVALID_JSON at 7: expected an object key in quotes after ','"},
      {"{\"a\":1,", "INVALID_JSON at 7: expected an object key in quotes after ','" + end},
      {"[[1],{\"a\":[1}]", "INVALID_JSON at 12: expected ',' or ']' after an array element"},
      {"{}{}", "INVALID_JSON at 2: expected nothing but white space after the document"},
      {"{} // x", "INVALID_JSON at 3: expected nothing but white space after the document"},
      {"1\n2", "INVALID_JSON at 2: expected nothing but white space after the document"},
      {"1\0"s, "INVALID_JSON at 1: expected nothing but white space after the document"},
      {"[]]", "INVALID_JSON at 2: expected nothing but white space after the document"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(check(text), expected) << text;
}

TEST(json_check, names_the_first_error_in_a_literal) {
  const std::string end = ", found the end of the document";
  const bad_text cases[] = {
      {"tru", "INVALID_JSON at 3: expected the word true" + end},
      {"trUe", "INVALID_JSON at 2: expected the word true"},
      {"fals3", "INVALID_JSON at 4: expected the word false"},
      {"[nul]", "INVALID_JSON at 4: expected the word null"},
      {"NaN", "INVALID_JSON at 0: expected a value"},
      {"Infinity", "INVALID_JSON at 0: expected a value"},
      {"truex", "INVALID_JSON at 4: expected nothing but white space after the document"},
      {"-", "INVALID_JSON at 1: expected a digit" + end},
      {"-a", "INVALID_JSON at 1: expected a digit"},
      {"--1", "INVALID_JSON at 1: expected a digit"},
      {"1.", "INVALID_JSON at 2: expected a digit" + end},
      {"[1.]", "INVALID_JSON at 3: expected a digit"},
      {"1.e1", "INVALID_JSON at 2: expected a digit"},
      {"1e", "INVALID_JSON at 2: expected a digit" + end},
      {"1e+", "INVALID_JSON at 3: expected a digit" + end},
      {"1e+-1", "INVALID_JSON at 3: expected a digit"},
      {"01", "INVALID_JSON at 1: expected nothing but white space after the document"},
      {"[-012]", "INVALID_JSON at 3: expected ',' or ']' after an array element"},
      {"0x1", "INVALID_JSON at 1: expected nothing but white space after the document"},
      {"1.2.3", "INVALID_JSON at 3: expected nothing but white space after the document"},
      {"+1", "INVALID_JSON at 0: expected a value"},
      {".5", "INVALID_JSON at 0: expected a value"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(check(text), expected) << text;
}

TEST(json_check, names_the_first_error_in_a_string) {
  const std::string end = ", found the end of the document";
  const std::string control = "expected control characters in a string to be escaped";
  const std::string escape = "expected one of \" \\ / b f n r t u after a backslash";
  const std::string digits = "expected four hexadecimal digits after \\u";
  const bad_text cases[] = {
      {"\"", "INVALID_JSON at 1: expected a closing quote" + end},
      {"\"abcdefghijkl", "INVALID_JSON at 13: expected a closing quote" + end},
      {R"("a\")", "INVALID_JSON at 4: expected a closing quote" + end},
      {"{\"a", "INVALID_JSON at 3: expected a closing quote" + end},
      {"\"a\nb\"", "INVALID_JSON at 2: " + control},
      {"\"a\tb\"", "INVALID_JSON at 2: " + control},
      {"\"\0\""s, "INVALID_JSON at 1: " + control},
      {"\"abcdefghijkl\x1Fm\"", "INVALID_JSON at 13: " + control},
      {R"("\)", "INVALID_JSON at 2: " + escape + end},
      {R"("\x41")", "INVALID_JSON at 2: " + escape},
      {R"("\'")", "INVALID_JSON at 2: " + escape},
      {R"("\U0041")", "INVALID_JSON at 2: " + escape},
      {"\"\\\n\"", "INVALID_JSON at 2: " + escape},
      {"\"\\\xC3\xA9\"", "INVALID_JSON at 2: " + escape},
      {R"("\u")", "INVALID_JSON at 3: " + digits},
      {R"("\u12G4")", "INVALID_JSON at 5: " + digits},
      {R"("\u123)", "INVALID_JSON at 6: " + digits + end},
      {R"("\u+123")", "INVALID_JSON at 3: " + digits},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(check(text), expected) << text;
}

TEST(json_check, names_the_first_malformed_sequence) {
  const std::string sequences[] = {
      "\x80",              // a continuation without a lead
      "\xBF",              //
      "\xC0\x80",          // overlong
      "\xC1\xBF",          //
      "\xE0\x80\x80",      //
      "\xE0\x9F\xBF",      //
      "\xF0\x80\x80\x80",  //
      "\xF0\x8F\xBF\xBF",  //
      "\xED\xA0\x80",      // surrogates
      "\xED\xBF\xBF",      //
      "\xF4\x90\x80\x80",  // above U+10FFFF
      "\xF5\x80\x80\x80",  //
      "\xFE",              // never
      "\xFF",              //
      "\xC3",              // cut short by the quote
      "\xE2\x82",          //
      "\xF0\x9F\x98",      //
      "\xE2\x28\xA1",      // cut short by an ASCII character
      "\xC3\xC3\xA9",      // cut short by another sequence
  };
  for (const std::string& sequence : sequences) {
    EXPECT_EQ(check("[\"" + sequence + "\"]"), "INVALID_UTF8 at 2: expected well-formed UTF-8");
    EXPECT_EQ(check("{\"a\xC3\xA9 bcdefghijklm" + sequence + "\":1}"),
              "INVALID_UTF8 at 18: expected well-formed UTF-8");
  }
  EXPECT_EQ(check("\"\xE2\x82"), "INVALID_UTF8 at 1: expected well-formed UTF-8");
  EXPECT_EQ(check("[\xC3\xA9]"), "INVALID_JSON at 1: expected a value or ']'");
}

// Each special byte at each place of the words in which plain bytes are skipped.
TEST(json_check, sees_a_special_byte_at_every_alignment) {
  for (std::size_t size = 0; size <= 40; ++size) {
    EXPECT_EQ(check('"' + std::string(size, 'a') + '"'), "ok");
    for (std::size_t at = 0; at < size; ++at) {
      std::string text = '"' + std::string(size, '\x7F') + '"';
      const std::string offset = std::to_string(at + 1);
      text[at + 1] = '\x1F';
      EXPECT_EQ(check(text), "INVALID_JSON at " + offset +
                                 ": expected control characters in a string to be escaped");
      text[at + 1] = '\x80';
      EXPECT_EQ(check(text), "INVALID_UTF8 at " + offset + ": expected well-formed UTF-8");
      text[at + 1] = '"';
      EXPECT_EQ(check(text), "INVALID_JSON at " + std::to_string(at + 2) +
                                 ": expected nothing but white space after the document");
    }
  }
}

TEST(json_check, has_no_limit_of_depth) {
  constexpr std::size_t depth = 1'000'000;
  const std::string open(depth, '[');
  const std::string close(depth, ']');
  EXPECT_EQ(check(open + close), "ok");
  EXPECT_EQ(check(open),
            "INVALID_JSON at 1000000: expected a value or ']', found the end of the "
            "document");
  EXPECT_EQ(check(open + close + ']'),
            "INVALID_JSON at 2000000: expected nothing but white space after the document");
  std::string objects;
  for (std::size_t i = 0; i < depth; ++i) objects += "{\"\":";
  EXPECT_EQ(check(objects + "0" + std::string(depth, '}')), "ok");
  EXPECT_EQ(check(objects + "0" + std::string(depth - 1, '}') + "]"),
            "INVALID_JSON at 5000000: expected ',' or '}' after an object member");
}

TEST(json_check_lines, accepts_a_document_a_line) {
  const std::string texts[] = {
      "",
      "\n",
      "\r\n \t\n\n",
      "{}",
      "{}\n",
      "{\"a\":1}\r\n[2]\r\n",
      "\n1\n\n\"two\"\n \n3",
      "\xEF\xBB\xBF{}\n{}",
      "\xEF\xBB\xBF",
  };
  for (const std::string& text : texts) EXPECT_EQ(check_lines(text), "ok") << text;
}

TEST(json_check_lines, names_the_line_of_the_first_error) {
  const std::string end = ", found the end of the line";
  const bad_text cases[] = {
      {"x", "INVALID_JSON at 0: line 1: expected a value"},
      {"{}\n{} {}\n",
       "INVALID_JSON at 6: line 2: expected nothing but white space after the "
       "document"},
      {"1\r\n2\r3\r\n",
       "INVALID_JSON at 5: line 2: expected nothing but white space after the "
       "document"},
      {"{}\n\n[1,\n2]\n", "INVALID_JSON at 7: line 3: expected a value" + end},
      {"{}\r\n[1\r\n",
       "INVALID_JSON at 7: line 2: expected ',' or ']' after an array element" + end},
      {"{}\n\"a\nb\"\n", "INVALID_JSON at 5: line 2: expected a closing quote" + end},
      {"{}\n[", "INVALID_JSON at 4: line 2: expected a value or ']'" + end},
      {"{}\n\"\xC3\n\"\n", "INVALID_UTF8 at 4: line 2: expected well-formed UTF-8"},
      {"\xEF\xBB\xBF{}\n\xEF\xBB\xBF{}", "INVALID_JSON at 6: line 2: expected a value"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(check_lines(text), expected) << text;
}

}  // namespace
