// The parts that the sanitizer is made of, and its options. What it answers is in tests/vectors.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include <jobqueue/base64.hpp>

#include "core/base64_codec.hpp"
#include "core/base64_content.hpp"
#include "core/base64_context.hpp"
#include "core/base64_run.hpp"
#include "core/base64_scan.hpp"
#include "core/base64_shapes.hpp"
#include "support/exact_text.hpp"
#include "support/memory_store.hpp"
#include "support/simd_targets.hpp"

namespace jobqueue {
namespace {

using namespace jobqueue::detail;

using test::exact_text;
using test::simd_targets;

std::string repeat(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

base64_run run_at(std::string_view text, std::size_t begin = 0, bool after_header = false) {
  const exact_text exact(text);
  return read_run(exact.view(), begin, kernels_for(simd_target::best),
                  after_header ? run_kind::after_header : run_kind::any, false);
}

TEST(Base64Scan, a_span_ends_at_the_first_byte_outside_the_set) {
  for (const simd_target target : simd_targets()) {
    SCOPED_TRACE(to_string(target));
    for (const std::size_t size : {0U, 1U, 15U, 16U, 63U, 64U, 65U, 255U, 256U, 300U, 1000U}) {
      const exact_text all(std::string(size, 'x'));
      EXPECT_EQ(kernels_for(target).span_end(all.data(), size, 0, alphanumeric), size);
      for (const char stop : {'=', '"', '\\', '\0', '\x7f', '\xc3', '@', '[', '`', '{', ' '}) {
        const exact_text text(std::string(size, 'x') + stop + "xx");
        EXPECT_EQ(kernels_for(target).span_end(text.data(), size + 3, 0, both_alphabets), size);
      }
    }
  }
}

TEST(Base64Scan, sets_hold_their_characters_and_no_others) {
  const std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (unsigned c = 0; c < 256; ++c) {
    const bool expected = alphabet.find(static_cast<char>(c)) != std::string_view::npos;
    EXPECT_EQ(standard_alphabet.contains(static_cast<unsigned char>(c)), expected) << c;
  }
  EXPECT_TRUE(url_alphabet.contains('-'));
  EXPECT_TRUE(url_alphabet.contains('_'));
  EXPECT_FALSE(url_alphabet.contains('+'));
  EXPECT_TRUE(run_bytes.contains('\\'));
  EXPECT_FALSE(run_bytes.contains('"'));
  EXPECT_FALSE(run_bytes.contains('='));
}

TEST(Base64Scan, finds_needles_of_any_case_and_possible_runs) {
  const std::vector<std::string> words{";base64,", "image_base64", "img_data"};
  const needle_set needles(words);
  for (const simd_target target : simd_targets()) {
    SCOPED_TRACE(to_string(target));
    for (const std::size_t before : {0U, 1U, 60U, 61U, 62U, 63U, 64U, 200U}) {
      for (const std::string_view word : {";base64,", "IMAGE_BASE64", "Img_Data"}) {
        const exact_text text(std::string(before, ' ') + std::string(word));
        const scan_plan plan{&needles, 100, false};
        const auto hit = kernels_for(target).find(text.data(), text.view().size(), 0, plan);
        EXPECT_NE(hit.needles, 0U) << word << " behind " << before;
        EXPECT_FALSE(hit.run);
      }
      const exact_text run(std::string(before, ' ') + std::string(100, 'x') + "   ");
      const scan_plan plan{&needles, 100, false};
      const auto hit = kernels_for(target).find(run.data(), run.view().size(), 0, plan);
      EXPECT_TRUE(hit.run);
      EXPECT_GE(hit.block + 64, before);
    }
    const exact_text nothing(repeat("{\"a\": 1, \"base\": 64} ", 40));
    const auto none =
        kernels_for(target).find(nothing.data(), nothing.view().size(), 0, {&needles, 100, false});
    EXPECT_EQ(none.block, nothing.view().size());
  }
}

TEST(Base64Scan, finds_the_shortest_run_at_every_place) {
  const needle_set needles({});
  for (const simd_target target : simd_targets()) {
    SCOPED_TRACE(to_string(target));
    for (std::size_t before = 0; before < 200; ++before) {
      for (const std::size_t size : {95U, 100U, 128U}) {
        const scan_plan plan{&needles, size, false};
        const exact_text text(std::string(before, '"') + std::string(size, 'x') +
                              std::string(150, '"'));
        const auto hit = kernels_for(target).find(text.data(), text.view().size(), 0, plan);
        ASSERT_TRUE(hit.run) << size << " behind " << before;
        ASSERT_GE(hit.block, before);
        ASSERT_LE(hit.block + 32, before + size);
      }
    }
  }
}

// A byte of a longer character may look like one of ASCII to a scan, and to nothing behind it.
TEST(Base64Scan, what_is_not_ascii_is_no_needle_and_no_run) {
  std::string text = R"({"image_base64":")" + std::string(60, 'Q') + R"("})";
  const std::size_t name = text.find("image_base64");
  for (std::size_t i = 0; i < std::string_view("image_base64").size(); ++i) {
    std::string other = text;
    other[name + i] = static_cast<char>(other[name + i] | '\x80');
    for (const simd_target target : simd_targets()) {
      sanitize_options options;
      options.simd = target;
      EXPECT_TRUE(sanitize_base64(text, options)->changed) << to_string(target);
      EXPECT_FALSE(sanitize_base64(other, options)->changed) << to_string(target) << ' ' << i;
    }
  }
  for (const simd_target target : simd_targets()) {
    sanitize_options options;
    options.simd = target;
    const std::string no_run(400, static_cast<char>('x' | '\x80'));
    EXPECT_FALSE(sanitize_base64(no_run, options)->changed) << to_string(target);
  }
}

TEST(Base64Run, units_are_characters_escapes_and_line_breaks) {
  const auto unit = [](std::string_view text) {
    const exact_text exact(text);
    return read_unit(exact.view(), 0);
  };
  const auto expect = [&](std::string_view text, raw_unit::kind kind, char value,
                          std::size_t size) {
    const raw_unit got = unit(text);
    EXPECT_EQ(got.what, kind) << text;
    EXPECT_EQ(got.size, size) << text;
    if (kind == raw_unit::kind::symbol) {
      EXPECT_EQ(got.value, value) << text;
    }
  };
  expect("Ab", raw_unit::kind::symbol, 'A', 1);
  expect("\\/x", raw_unit::kind::symbol, '/', 2);
  expect("\\\\\\/x", raw_unit::kind::symbol, '/', 4);
  expect("\\u002Bx", raw_unit::kind::symbol, '+', 6);
  expect("\\u002fx", raw_unit::kind::symbol, '/', 6);
  expect("\\u003d", raw_unit::kind::padding, '=', 6);
  expect("\\u00e9A", raw_unit::kind::escape, 0, 6);
  expect("\\u00", raw_unit::kind::escape, 0, 2);
  expect("\\nA", raw_unit::kind::line_break, 0, 2);
  expect("\\r\\nA", raw_unit::kind::line_break, 0, 4);
  expect("\\\\r\\\\nA", raw_unit::kind::line_break, 0, 6);
  expect("\\rA", raw_unit::kind::escape, 0, 2);
  expect("\r\nA", raw_unit::kind::line_break, 0, 2);
  expect("\nA", raw_unit::kind::line_break, 0, 1);
  expect("\rA", raw_unit::kind::other, 0, 1);
  expect("\\\"", raw_unit::kind::escape, 0, 1);
  expect("\\", raw_unit::kind::escape, 0, 1);
  expect("=", raw_unit::kind::padding, 0, 1);
  expect("", raw_unit::kind::other, 0, 0);
  EXPECT_EQ(unit(std::string(65, '\\') + "/").what, raw_unit::kind::escape);
}

TEST(Base64Run, padding_counts_only_if_it_is_all_there) {
  EXPECT_EQ(run_at("QUJD\"").end, 4U);
  EXPECT_EQ(run_at("QUI=\"").end, 4U);
  EXPECT_EQ(run_at("QQ==\"").end, 4U);
  EXPECT_EQ(run_at("QQ=\"").end, 2U);
  EXPECT_EQ(run_at("QUJD=").end, 4U);
  EXPECT_EQ(run_at("QUI==").end, 4U);
  EXPECT_EQ(run_at("QQ\\u003d\\u003d").end, 14U);
  EXPECT_EQ(run_at("QUJDQ").end, 4U);
  EXPECT_EQ(run_at("QUJDQ").chars, 4U);
  EXPECT_EQ(run_at("Q").chars, 0U);
  EXPECT_EQ(run_at("\"").chars, 0U);
}

TEST(Base64Run, one_alphabet_to_a_run) {
  EXPECT_EQ(run_at("ABC+/DEF-GH").end, 8U);
  EXPECT_FALSE(run_at("ABC+/DEF-GH").url);
  EXPECT_EQ(run_at("AB-_CDEF+GH").end, 8U);
  EXPECT_TRUE(run_at("AB-_CDEF+GH").url);
  EXPECT_FALSE(run_at("ABCD").url);
}

TEST(Base64Run, wrapped_lines_have_one_width) {
  const std::string line(64, 'A');
  const auto chars = [](std::string_view text) { return run_at(text).chars; };
  EXPECT_EQ(chars(line + "\\n" + line + "\\nAAAA\""), 132U);
  EXPECT_EQ(chars(line + "\n" + line + "\nAAA=\n"), 131U);
  EXPECT_EQ(chars(line + "\\r\\n" + line + "\""), 128U);
  EXPECT_EQ(chars(line + "\\n" + line + "A\""), 64U);        // a longer line
  EXPECT_EQ(chars(line + "\\nAAAA and more"), 64U);          // a last line that goes on as text
  EXPECT_EQ(chars(line + "\\nAb3/\\n" + line + "\""), 68U);  // a shorter line is the last
  EXPECT_EQ(chars(line + "\\nDONE\\nand\""), 64U);           // a word
  EXPECT_EQ(chars(line + "\\nThanks\\n\""), 64U);
  EXPECT_EQ(chars(std::string(62, 'A') + "\\n" + std::string(62, 'A') + "\""), 62U);
  EXPECT_EQ(chars(std::string(56, 'A') + "\\n" + std::string(56, 'A') + "\""), 56U);
  EXPECT_EQ(run_at("\\n" + line + "\\n" + line + "\"", 0, true).chars, 128U);
  EXPECT_EQ(run_at(std::string(30, 'A') + "\n" + line + "\n" + line + "\"", 0, true).chars, 158U);
}

TEST(Base64Run, characters_come_without_escapes_and_line_breaks) {
  const std::string text = "AB\\/C\\u002BDE";
  std::string out;
  append_chars(text, run_at(text), 100, out);
  EXPECT_EQ(out, "AB/C+DE");
  out.clear();
  append_chars(text, run_at(text), 4, out);
  EXPECT_EQ(out, "AB/C");
}

// The surroundings of the run "XXXX" in a text, which they are views of.
struct surroundings : run_context {
  explicit surroundings(std::string_view given) : text(given) {
    const std::size_t at = given.find("XXXX");
    static_cast<run_context&>(*this) = read_context(text.view(), at, at + 4);
  }
  exact_text text;
};

TEST(Base64Context, names_and_parents_at_every_level) {
  const auto plain = surroundings(R"({"a": {"b" : "XXXX", "c": 1}})");
  EXPECT_EQ(plain.name, "b");
  EXPECT_EQ(plain.parent_name, "a");
  EXPECT_TRUE(plain.whole);
  EXPECT_TRUE(plain.after_colon);
  EXPECT_TRUE(plain.outer);
  EXPECT_FALSE(plain.key);
  const auto nested = surroundings(R"({"p":"{\"a\":{\"b\":\"XXXX\"}}"})");
  EXPECT_EQ(nested.name, "b");
  EXPECT_EQ(nested.parent_name, "a");
  EXPECT_TRUE(nested.whole);
  EXPECT_FALSE(nested.outer);
  const auto deeper = surroundings(R"({"p":"{\"a\":\"{\\\"b\\\":\\n \\\"XXXX\\\"}\"}"})");
  EXPECT_EQ(deeper.name, "b");
  EXPECT_TRUE(deeper.whole);
}

TEST(Base64Context, elements_know_their_array) {
  const auto element = surroundings(R"({"images":["first", 2, {"x":1}, "XXXX", "last"]})");
  EXPECT_EQ(element.name, "");
  EXPECT_TRUE(element.in_array);
  EXPECT_EQ(element.parent_name, "images");
}

TEST(Base64Context, keys_are_seen) {
  EXPECT_TRUE(surroundings(R"({"XXXX": 1})").key);
  EXPECT_TRUE(surroundings(R"({"a":1,"b XXXX c" : 1})").key);
  EXPECT_TRUE(surroundings(R"("{\"a\":1,\"XXXX\":2}")").key);
  EXPECT_FALSE(surroundings(R"({"a":"XXXX"})").key);
  EXPECT_FALSE(surroundings(R"(["XXXX","b"])").key);
}

TEST(Base64Context, neighbours_of_the_object_and_of_its_children) {
  const auto context = surroundings(
      R"({"properties":{"body_encoding":"base64","deep":{"no":1}},"n":5,"body":"XXXX","t":"u"})");
  std::vector<std::string> seen;
  for (const auto& neighbour : context.neighbours.view()) {
    seen.push_back(std::string(neighbour.child ? "child " : "") + std::string(neighbour.name) +
                   "=" + std::string(neighbour.value) + (neighbour.after ? " after" : ""));
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"n=", "child deep=", "child body_encoding=base64",
                                            "properties=", "t=u after"}));
}

TEST(Base64Context, a_run_in_the_middle_of_text_is_not_the_whole) {
  EXPECT_FALSE(surroundings(R"({"a":"see XXXX"})").whole);
  EXPECT_FALSE(surroundings(R"({"a":"XXXX!"})").whole);
  EXPECT_TRUE(surroundings(R"({"a":"XXXX\n"})").whole);
  EXPECT_EQ(surroundings(R"({"a":"he said \"XXXX\" twice"})").name, "a");
  EXPECT_FALSE(surroundings("no quotes XXXX at all").in_string);
}

TEST(Base64Context, data_uri_headers) {
  const auto header = [](std::string_view text) {
    return read_data_uri_header(text, 0, text.size());
  };
  EXPECT_EQ(header("x data:image/png;base64,")->media_type, "image/png");
  EXPECT_EQ(header("x data:image/png;base64,")->begin, 2U);
  EXPECT_TRUE(header("data:image/png;base64,")->canonical);
  EXPECT_FALSE(header("DATA:image/png;base64,")->canonical);
  EXPECT_FALSE(header("data:image/png;x=1;base64,")->canonical);
  EXPECT_EQ(header("data:;base64,")->media_type, "");
  EXPECT_EQ(header(R"(data:image\/svg\u002bxml;base64,)")->media_type, R"(image\/svg\u002bxml)");
  EXPECT_FALSE(header("metadata:image/png;base64,"));
  EXPECT_FALSE(header("data:image/png,"));
  EXPECT_FALSE(header("data: image/png;base64,"));
  EXPECT_FALSE(header("base64,"));
}

TEST(Base64Context, announced_values) {
  const auto value = [](std::string_view text, std::string_view word) {
    return announced_value(text, 0, word).value_or(0);
  };
  EXPECT_EQ(value(";BASE64,x", ";base64,"), 8U);
  EXPECT_EQ(value(R"(img_data" : "x)", "img_data"), 13U);
  EXPECT_EQ(value(R"(img_data\":\"x)", "img_data"), 13U);
  EXPECT_EQ(value(R"(img_data":1)", "img_data"), 0U);
  EXPECT_EQ(value(R"(img_data2":"x)", "img_data"), 0U);
  EXPECT_EQ(value(R"(img_data":\"x)", "img_data"), 0U);
  EXPECT_EQ(value("img_data", "img_data"), 0U);
}

TEST(Base64Shapes, names_that_say_token) {
  for (const std::string_view name :
       {"token", "pageToken", "next_page_token", "X-Api-Key", "SHA256Hash", "idToken2", "publicKey",
        "JWT", "etag", "viewState"}) {
    EXPECT_TRUE(names_a_token(name)) << name;
  }
  for (const std::string_view name : {"data", "result", "monkey", "keyboard", "tokenizer", "images",
                                      "statement", "", "scripted"}) {
    EXPECT_FALSE(names_a_token(name)) << name;
  }
}

TEST(Base64Shapes, media_types_are_cleaned) {
  EXPECT_EQ(clean_media_type("image/png"), "image/png");
  EXPECT_EQ(clean_media_type("Image/PNG; q=1"), "image/png");
  EXPECT_EQ(clean_media_type(R"(image\/svg\u002Bxml)"), "image/svg+xml");
  EXPECT_EQ(clean_media_type("image"), "");
  EXPECT_EQ(clean_media_type("/png"), "");
  EXPECT_EQ(clean_media_type("a/b/c"), "");
  EXPECT_EQ(clean_media_type("image/p\"ng"), "");
  EXPECT_EQ(clean_media_type(""), "");
  EXPECT_EQ(clean_media_type("a/" + std::string(200, 'b')), "");
}

TEST(Base64Content, what_is_no_base64) {
  EXPECT_EQ(find_plain_content(repeat("0123456789abcdef", 8)), keep_reason::hex);
  EXPECT_EQ(find_plain_content("0x" + repeat("deadBEEF01", 12)), keep_reason::hex);
  EXPECT_EQ(find_plain_content(repeat("1234567890", 12)), keep_reason::hex);
  EXPECT_EQ(find_plain_content(repeat("ACGT", 40)), keep_reason::sequence);
  EXPECT_EQ(find_plain_content(repeat("MSIQHFRVALIPFFAAFC", 8)), keep_reason::sequence);
  EXPECT_EQ(find_plain_content(std::string(200, 'Z')), keep_reason::sequence);
  EXPECT_EQ(find_plain_content("src/main/java/com/example/service/Handler2Controller/internal/"
                               "validation/constraints/ConstraintValidatorFactoryImpl"),
            keep_reason::words);
  EXPECT_EQ(find_plain_content("aGVsbG8gd29ybGQsIHRoaXMgaXMgYSB0ZXN0IG9mIHRoZSBlbWVyZ2VuY3kgYnJv"
                               "YWRjYXN0IHN5c3RlbSBhbmQgbm90aGluZyBtb3JlIHRoYW4gdGhhdA"),
            std::nullopt);
}

TEST(Base64Codec, rfc_4648_section_10) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    std::string encoded;
    encode_base64(bytes, blob_encoding::std_padded, encoded);
    EXPECT_EQ(encoded, text);
    std::string decoded;
    decode_base64(text.substr(0, text.find('=')), decoded);
    EXPECT_EQ(decoded, bytes);
  }
  std::string url;
  encode_base64("\xfb\xff\xfe\xff", blob_encoding::url_unpadded, url);
  EXPECT_EQ(url, "-__-_w");
  EXPECT_TRUE(has_zero_tail("Zg"));
  EXPECT_FALSE(has_zero_tail("Zh"));
  EXPECT_TRUE(has_zero_tail("Zm8"));
  EXPECT_FALSE(has_zero_tail("Zm9"));
}

TEST(Base64Options, out_of_range_is_refused) {
  const auto code = [](sanitize_options options) {
    return sanitize_base64("x", options).has_value() ? errc::ok : errc::invalid_argument;
  };
  sanitize_options options;
  EXPECT_EQ(code(options), errc::ok);
  options.min_run_chars = 31;
  EXPECT_EQ(code(options), errc::invalid_argument);
  options.min_run_chars = 1001;
  EXPECT_EQ(code(options), errc::invalid_argument);
  options = {};
  options.max_depth = 17;
  EXPECT_EQ(code(options), errc::invalid_argument);
  const std::vector<std::string> short_names{"ab"};
  options = {};
  options.cut_fields = short_names;
  EXPECT_EQ(code(options), errc::invalid_argument);
  EXPECT_FALSE(parse_simd_target("mmx"));
  EXPECT_FALSE(parse_blob_encoding("STD"));
}

TEST(Base64Naive, digits_in_a_string_in_memory_are_no_number) {
  sanitize_options naive;
  naive.mode = detection::naive;
  const std::string digits(120, '7');
  for (const std::string& text : {digits, " \n" + digits}) {
    const auto lean = sanitize_base64_value(text, {}, naive).value();
    EXPECT_TRUE(lean.changed) << text;
  }
  EXPECT_FALSE(sanitize_base64_value("[" + digits + "]", {}, naive).value().changed);
  EXPECT_FALSE(sanitize_base64("[" + digits + "]", naive).value().changed);
  EXPECT_TRUE(sanitize_base64("[\"" + digits + "\"]", naive).value().changed);
}

TEST(Base64Restore, output_is_bounded_before_a_blob_is_read) {
  test::memory_store store;
  const std::string blob(3000, 'b');
  const auto bytes = std::as_bytes(std::span(blob));
  const auto digest = sha256(bytes);
  ASSERT_TRUE(store.put(digest, bytes));
  const std::string reference =
      "[BASE64_DATA_REMOVED sha256-" + digest.hex() + " text/plain 3000 std]";
  const std::string bomb = repeat(reference, 1000);
  restore_options options;
  options.max_output_bytes = 10000;
  const auto refused = restore_base64(bomb, store, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.problem().code, errc::input_too_large);
  EXPECT_EQ(refused.problem().offset, 2 * reference.size());
  options.max_output_bytes = 4000000;
  EXPECT_EQ(restore_base64(bomb, store, options)->text.size(), 4000000U);
  const auto huge = restore_base64(
      "[BASE64_DATA_REMOVED sha256-" + digest.hex() + " a/b 18446744073709551615 std]", store);
  EXPECT_EQ(huge.problem().code, errc::input_too_large);
}

TEST(Base64Restore, what_only_looks_like_a_reference_stays) {
  const test::memory_store store;
  const std::string negative =
      "[BASE64_DATA_REMOVED sha256-" + std::string(64, '0') + " a/b -1 std]";
  for (const std::string_view text :
       {std::string_view("[BASE64_IMAGE_REMOVED]"), std::string_view(negative),
        std::string_view("[BASE64_DATA_REMOVED sha256-xyz a/b 1 std]"),
        std::string_view("[BASE64_DATA_REMOVED sha256-"), std::string_view("[BASE64_")}) {
    const auto answer = restore_base64(text, store);
    ASSERT_TRUE(answer) << text;
    EXPECT_FALSE(answer->changed) << text;
  }
}

}  // namespace
}  // namespace jobqueue
