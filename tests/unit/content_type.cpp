// What an object is: which evidence decides, what contradicts it, and what is no evidence.
#include <jobqueue/content_type.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/media_types.hpp"
#include "magic_samples.hpp"
#include "support/exact_text.hpp"

namespace jobqueue {
namespace {

using namespace std::string_literals;

const std::string png =
    "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1F\x15\xC4\x89"s;
// Of no format, and no text.
const std::string noise = "\x01\x02\x03\x04\x05\x06\x07\x08"s + std::string(56, '\x11');

content_type detect(std::string_view head, const content_type_options& options = {}) {
  const test::exact_text exact(head);
  return detect_content_type(std::as_bytes(std::span(exact.view())), options);
}

// "image/png, magic, high": and "mismatch" and "polyglot" if they are set.
std::string answer(std::string_view head, const content_type_options& options = {}) {
  const content_type found = detect(head, options);
  std::string text(found.media_type.view());
  text.append(", ")
      .append(to_string(found.source))
      .append(", ")
      .append(to_string(found.confidence));
  if (found.mismatch) text += ", mismatch";
  if (found.polyglot) text += ", polyglot";
  return text;
}

std::string type_of(std::string_view head, const content_type_options& options = {}) {
  return std::string(detect(head, options).media_type.view());
}

constexpr std::string_view nothing = "application/octet-stream, none, none";

TEST(ContentType, bytes_decide_before_all_others) {
  EXPECT_EQ(answer(png), "image/png, magic, high");
  EXPECT_EQ(answer(png, {.url = "a.png", .header = "image/png"}), "image/png, magic, high");
  EXPECT_EQ(answer(png, {.header = "image/jpeg"}), "image/png, magic, high, mismatch");
  EXPECT_EQ(answer(png, {.url = "https://h/a.jpg"}), "image/png, magic, high, mismatch");
  EXPECT_EQ(answer(png, {.configured = "image/jpeg"}), "image/png, magic, high");
}

TEST(ContentType, then_a_header_then_the_url_then_the_setting) {
  EXPECT_EQ(answer("", {.url = "a.png", .header = "image/webp", .configured = "image/gif"}),
            "image/webp, header, medium");
  EXPECT_EQ(answer("", {.url = "a.png", .configured = "image/gif"}), "image/png, url, low");
  EXPECT_EQ(answer("", {.configured = "image/gif"}), "image/gif, configured, low");
  EXPECT_EQ(answer(""), nothing);
  EXPECT_EQ(answer(noise), nothing);
}

TEST(ContentType, agreement_is_worth_more) {
  EXPECT_EQ(answer("", {.url = "a.png", .header = "image/png"}), "image/png, header, high");
  EXPECT_EQ(answer("", {.url = "a.png", .configured = "image/png"}), "image/png, url, medium");
  EXPECT_EQ(answer("hello"), "text/plain, text, low");
  EXPECT_EQ(answer("hello", {.url = "a.txt"}), "text/plain, text, medium");
}

TEST(ContentType, what_says_nothing_is_no_evidence) {
  for (const std::string_view header :
       {"application/octet-stream", "binary/octet-stream", "Application/Octet-Stream; a=b",
        "application/x-binary", "application/unknown", "unknown/unknown", "*/*", "image/*", "",
        "png", "image/", "/png", "image png", "image/png, image/jpeg", "im\xC3\xA4ge/png"}) {
    const content_type found = detect("", {.url = "x.bin", .header = header, .configured = header});
    EXPECT_EQ(found.media_type.view(), "application/octet-stream") << header;
    EXPECT_EQ(found.evidence.size(), 0U) << header;
    EXPECT_EQ(found.extension, "");
  }
  const std::string longest = "image/" + std::string(max_media_type_bytes - 6, 'x');
  EXPECT_EQ(answer("", {.header = longest}), longest + ", header, medium");
  EXPECT_EQ(answer("", {.header = longest + "x"}), nothing);
}

TEST(ContentType, of_a_header_the_last_line_counts_without_parameters) {
  EXPECT_EQ(type_of("", {.header = " Image/JPEG ; q=\"a;b\" "}), "image/jpeg");
  EXPECT_EQ(type_of("", {.header = "text/html\r\nimage/png"}), "image/png");
  EXPECT_EQ(type_of("", {.header = "image/png\r\n\r\n"}), "image/png");
  EXPECT_EQ(type_of("", {.header = "image/png\nnonsense"}), "application/octet-stream");
  EXPECT_EQ(type_of("", {.header = "application/X-Unheard-Of"}), "application/x-unheard-of");
}

TEST(ContentType, of_a_url_the_extension_of_the_path_counts) {
  const std::vector<std::pair<std::string, std::string>> urls = {
      {"https://h/a.png", "image/png"},
      {"https://h/a.PnG?name=b.jpg", "image/png"},
      {"https://h/a?name=b.jpg", ""},
      {"https://h/a.png#b.jpg", "image/png"},
      {"https://h/a#/b.jpg", ""},
      {"https://h/a.jpg/b", ""},
      {"https://h/a.jpg/", ""},
      {"https://example.png", ""},
      {"https://example.com?x=/a.png", ""},
      {"//cdn.example/a.webp", "image/webp"},
      {"s3://bucket/jobs%2F1%2Fout.mp4", "video/mp4"},
      {"https://h/a%2Epng", "image/png"},
      {"https://h/a%252Epng", ""},
      {"https://h/a.png%3Fb", ""},
      {"https://h/a.png%00.html", ""},
      {"https://h/a.png%0A.html", ""},
      {"https://h/a.html%", ""},
      {"https://h/a%zz.html", "text/html"},
      {"https://h/a.png;v=1", "image/png"},
      {"a.tar.gz", "application/gzip"},
      {"out\\frames\\1.webm", "video/webm"},
      {"C:\\out\\1.webm", "video/webm"},
      {"file:///tmp/x.flac", "audio/flac"},
      {"data:image/png;base64,AAAA.gif", ""},
      {"blob:https://h/a.png", ""},
      {".png", ""},
      {"dir/.png", ""},
      {"a.", ""},
      {"a.b c", ""},
      {"a..png", "image/png"},
      {"a.unheardof", ""},
      {"", ""},
      {"%", ""},
      {"https://", ""},
      {"https:///a.png", "image/png"},
      {std::string(5000, 'a') + ".png", "image/png"},
      {std::string(5000, '%') + "2Epng", "image/png"},
  };
  for (const auto& [url, expected] : urls) {
    const test::exact_text exact(url);
    const content_type found = detect("", {.url = exact.view()});
    EXPECT_EQ(found.media_type.view(), expected.empty() ? "application/octet-stream" : expected)
        << url.substr(0, 100);
    EXPECT_EQ(found.evidence.size(), expected.empty() ? 0U : 1U) << url.substr(0, 100);
  }
}

TEST(ContentType, names_are_those_of_iana) {
  const std::vector<std::pair<std::string, std::string>> names = {
      {"image/jpg", "image/jpeg"},
      {"image/x-icon", "image/vnd.microsoft.icon"},
      {"audio/wave", "audio/wav"},
      {"audio/x-wav", "audio/wav"},
      {"audio/mp3", "audio/mpeg"},
      {"text/xml", "application/xml"},
      {"application/x-gzip", "application/gzip"},
      {"application/javascript", "text/javascript"},
      {"application/x-rar-compressed", "application/vnd.rar"},
      {"video/x-matroska", "video/matroska"},
  };
  for (const auto& [given, expected] : names) {
    const content_type found = detect("", {.header = given});
    EXPECT_EQ(found.media_type.view(), expected);
    ASSERT_NE(found.evidence.find(content_source::header), nullptr);
    EXPECT_EQ(found.evidence.find(content_source::header)->media_type.view(), given);
  }
}

TEST(ContentType, extensions_are_the_usual_ones) {
  const std::vector<std::pair<std::string, std::string>> usual = {
      {"image/jpeg", "jpg"},
      {"audio/mpeg", "mp3"},
      {"video/quicktime", "mov"},
      {"text/plain", "txt"},
      {"text/html", "html"},
      {"application/json", "json"},
      {"image/svg+xml", "svg"},
      {"audio/ogg", "ogg"},
      {"application/postscript", "ps"},
      {"image/tiff", "tif"},
      {"text/javascript", "js"},
      {"application/x-safetensors", "safetensors"},
      {"audio/mp4", "m4a"},
      {"application/x-sh", "sh"},
      {"application/octet-stream", ""},
      {"application/x-none", ""},
  };
  for (const auto& [type, extension] : usual) {
    EXPECT_EQ(detect("", {.header = type}).extension, extension) << type;
  }
}

TEST(ContentType, categories) {
  const std::vector<std::pair<std::string, content_category>> all = {
      {"image/png", content_category::image},
      {"image/svg+xml", content_category::image},
      {"video/mp4", content_category::video},
      {"audio/x-unheard-of", content_category::audio},
      {"application/pdf", content_category::document},
      {"text/html", content_category::document},
      {"application/msword", content_category::document},
      {"application/vnd.oasis.opendocument.text", content_category::document},
      {"application/epub+zip", content_category::document},
      {"application/zip", content_category::archive},
      {"application/gzip", content_category::archive},
      {"application/x-unheard+zip", content_category::archive},
      {"text/csv", content_category::text},
      {"application/json", content_category::text},
      {"application/x-unheard+json", content_category::text},
      {"application/x-unheard+xml", content_category::text},
      {"model/gltf-binary", content_category::model},
      {"application/x-safetensors", content_category::model},
      {"font/woff2", content_category::font},
      {"application/vnd.microsoft.portable-executable", content_category::executable},
      {"application/x-elf", content_category::executable},
      {"application/wasm", content_category::executable},
      {"application/vnd.sqlite3", content_category::data},
      {"application/vnd.apache.parquet", content_category::data},
      {"application/x-unheard-of", content_category::data},
  };
  for (const auto& [type, category] : all) {
    EXPECT_EQ(detect("", {.header = type}).category, category) << type;
  }
  EXPECT_EQ(detect("\x7F"
                   "ELF\2\1\1"s +
                   std::string(57, '\0'))
                .category,
            content_category::executable);
}

TEST(ContentType, more_precise_words_about_the_same_refine_the_bytes) {
  const std::string zip = magic_test::zip_entry("a.bin", std::string(5000, 'x'));
  const std::string docx =
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
  EXPECT_EQ(answer(zip), "application/zip, magic, high");
  EXPECT_EQ(answer(zip, {.url = "a.docx"}), docx + ", url, medium");
  EXPECT_EQ(answer(zip, {.header = docx}), docx + ", header, high");
  EXPECT_EQ(answer(zip, {.header = "image/png"}), "application/zip, magic, high, mismatch");
  EXPECT_EQ(answer("p { margin: 0 }", {.url = "a.css"}), "text/css, url, medium");
  EXPECT_EQ(answer("p { margin: 0 }", {.url = "a.css", .header = "text/plain"}),
            "text/css, url, medium");
  EXPECT_EQ(answer("{\"a\":1}", {.header = "application/vnd.api+json"}),
            "application/vnd.api+json, header, high");
  EXPECT_EQ(answer("<?xml version=\"1.0\"?><a/>", {.url = "a.xslt"}),
            "application/xslt+xml, url, medium");
  // CSV is only what it looks like.
  EXPECT_EQ(answer("a,b\n1,2\n", {.header = "text/x-c"}), "text/x-c, header, high");
  EXPECT_EQ(answer("<p>Readme</p>", {.url = "a.md"}), "text/markdown, url, medium");
}

TEST(ContentType, mismatch_is_a_contradiction_only) {
  const std::string mp4 =
      "\0\0\0\x18"
      "ftypisom\0\0\2\0isommp42"s;
  const std::string wav = "RIFF\x24\0\0\0WAVEfmt "s;
  EXPECT_FALSE(detect(mp4, {.header = "audio/mp4"}).mismatch);
  EXPECT_FALSE(detect(mp4, {.url = "a.m4v"}).mismatch);
  EXPECT_TRUE(detect(mp4, {.url = "a.webm"}).mismatch);
  EXPECT_FALSE(detect(wav, {.header = "audio/wave"}).mismatch);
  EXPECT_FALSE(detect(wav, {.url = "a.wav", .header = "audio/x-wav"}).mismatch);
  EXPECT_TRUE(detect(wav, {.url = "a.mp3"}).mismatch);
  EXPECT_FALSE(detect("<svg xmlns='x'>", {.header = "text/xml"}).mismatch);
  EXPECT_FALSE(detect("<svg xmlns='x'>", {.header = "text/plain"}).mismatch);
  EXPECT_FALSE(detect("{}", {.url = "a.yaml"}).mismatch);
  EXPECT_TRUE(detect("{}", {.header = "text/html"}).mismatch);
  EXPECT_FALSE(detect("let a = 1;", {.url = "a.ts"}).mismatch);
  EXPECT_FALSE(detect("", {.url = "a.png", .header = "text/html"}).mismatch);
  EXPECT_FALSE(detect(png, {.url = "a.bin", .header = "application/octet-stream"}).mismatch);
}

TEST(ContentType, what_has_not_the_beginning_of_its_type_is_contradicted) {
  EXPECT_EQ(answer(noise, {.header = "image/png"}), "image/png, header, low, mismatch");
  EXPECT_EQ(answer(noise.substr(0, 31), {.header = "image/png"}), "image/png, header, medium");
  EXPECT_EQ(answer(noise, {.header = "text/css"}), "text/css, header, low, mismatch");
  EXPECT_EQ(answer(noise, {.header = "image/x-unheard-of"}), "image/x-unheard-of, header, medium");
  // What is not contradicted is believed first.
  EXPECT_EQ(answer(noise, {.url = "a.dat.gguf", .header = "text/css"}),
            "application/x-gguf, url, low, mismatch");
  EXPECT_EQ(answer("oops", {.header = "application/json"}), "text/plain, text, low, mismatch");
  EXPECT_EQ(answer("oops", {.header = "image/svg+xml"}), "text/plain, text, low, mismatch");
  EXPECT_EQ(answer("\"oops\"", {.header = "application/json"}), "application/json, header, high");
}

TEST(ContentType, nosniff_lets_the_header_decide) {
  EXPECT_EQ(answer(png, {.header = "text/plain", .nosniff = true}),
            "text/plain, header, low, mismatch");
  EXPECT_EQ(answer(png, {.header = "image/png", .nosniff = true}), "image/png, header, high");
  EXPECT_EQ(answer(png, {.header = "application/octet-stream", .nosniff = true}),
            "image/png, magic, high");
}

TEST(ContentType, all_evidence_is_told) {
  const content_type found = detect(
      magic_test::zip_entry("[Content_Types].xml", "x") + magic_test::zip_entry("word/a.xml", "x"),
      {.url = "https://h/a.zip", .header = "application/x-zip", .configured = "text/css"});
  std::string told;
  for (const content_evidence& one : found.evidence) {
    told.append(to_string(one.source)).append(" ").append(one.media_type.view()).append(" ");
    told.append(one.detail).append(one.contradicted ? " contradicted\n" : "\n");
  }
  EXPECT_EQ(told,
            "magic application/zip \n"
            "container "
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document zip\n"
            "header application/x-zip \n"
            "url application/zip zip\n"
            "configured text/css  contradicted\n");
  EXPECT_EQ(found.extension, "docx");
  EXPECT_FALSE(found.mismatch);
  EXPECT_EQ(to_json(detect(png, {.url = "a.jpg"})),
            R"({"media_type":"image/png","extension":"png","category":"image","source":"magic",)"
            R"("confidence":"high","evidence":[{"source":"magic","media_type":"image/png",)"
            R"("detail":null,"contradicted":false},{"source":"url","media_type":"image/jpeg",)"
            R"("detail":"jpg","contradicted":true}],"mismatch":true,"polyglot":false})");
  EXPECT_EQ(to_json(detect("")),
            R"({"media_type":"application/octet-stream","extension":null,"category":"data",)"
            R"("source":"none","confidence":"none","evidence":[],"mismatch":false,)"
            R"("polyglot":false})");
}

TEST(ContentType, knows_all_that_the_recogniser_of_blobs_knows) {
  // What is said more precisely, or under another name.
  const std::vector<std::pair<std::string, std::string>> others = {
      {"application/x-fbx", "application/vnd.autodesk.fbx"},
      {"application/ogg", "video/ogg"},
      {"image/aces", "image/x-exr"},
  };
  for (const magic_test::magic_sample& sample : magic_test::magic_samples()) {
    std::string expected = sample.media_type;
    for (const auto& [blob, file] : others) {
      if (expected == blob) expected = file;
    }
    EXPECT_EQ(type_of(sample.bytes), expected) << sample.name;
  }
}

TEST(ContentType, looks_at_4096_bytes) {
  const std::string text = std::string(4096, 'a');
  EXPECT_EQ(answer(text + "\0"s), "text/plain, text, low");
  EXPECT_EQ(answer(text.substr(1) + "\0"s), nothing);
  EXPECT_EQ(content_head_bytes, 4096U);
}

TEST(MediaTypes, every_extension_leads_to_a_type_that_is_no_alias) {
  for (const std::string_view name : {"png", "jpeg", "flac", "msi", "sh", "php", "rtf"}) {
    const auto meaning = detail::find_extension(name);
    ASSERT_NE(meaning.type, nullptr) << name;
    EXPECT_EQ(&detail::canonical_row(*meaning.type), meaning.type) << name;
    EXPECT_EQ(meaning.extension, name);
  }
  EXPECT_EQ(detail::find_extension("bin").type, nullptr);
  EXPECT_EQ(detail::find_extension("").type, nullptr);
  EXPECT_EQ(detail::find_media_type(""), nullptr);
  EXPECT_EQ(detail::find_media_type("image/PNG"), nullptr);
}

}  // namespace
}  // namespace jobqueue
