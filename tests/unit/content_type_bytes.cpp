// What bytes say beyond the recogniser of blobs: containers, text, short heads, polyglots; and the
// WHATWG mode.
#include <jobqueue/content_type.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "magic_samples.hpp"
#include "support/exact_text.hpp"

namespace jobqueue {
namespace {

using namespace std::string_literals;
using magic_test::hex;
using magic_test::le;
using magic_test::zeros;
using magic_test::zip_entry;

content_type detect(std::string_view head, const content_type_options& options = {}) {
  const test::exact_text exact(head);
  return detect_content_type(std::as_bytes(std::span(exact.view())), options);
}

std::string type_of(std::string_view head, const content_type_options& options = {}) {
  return std::string(detect(head, options).media_type.view());
}

struct sample {
  std::string bytes;
  std::string type;
};

void expect_types(const std::vector<sample>& samples) {
  for (const auto& [bytes, type] : samples) {
    EXPECT_EQ(type_of(bytes), type) << testing::PrintToString(bytes.substr(0, 60));
  }
}

TEST(ContentTypeBytes, zip_archives) {
  const std::string sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  expect_types({
      {zip_entry("a.txt", "x"), "application/zip"},
      {zip_entry("_rels/.rels", "x") + zip_entry("xl/workbook.xml", "x"), sheet},
      {zip_entry("[Content_Types].xml", "", 8, 8) + zip_entry("xl/workbook.xml", "x"), sheet},
      {zip_entry("mimetype", "application/epub+zip", 0), "application/epub+zip"},
      {zip_entry("mimetype", "application/vnd.oasis.opendocument.text", 0),
       "application/vnd.oasis.opendocument.text"},
      {zip_entry("mimetype", "application/vnd.sun.xml.writer", 0),
       "application/vnd.sun.xml.writer"},
      {zip_entry("META-INF/MANIFEST.MF", "x"), "application/java-archive"},
      {zip_entry("AndroidManifest.xml", "x"), "application/vnd.android.package-archive"},
      {zip_entry("a", "x") + zip_entry("META-INF/com/android/b", "x"),
       "application/vnd.android.package-archive"},
      {zip_entry("3D/3dmodel.model", "x"), "model/3mf"},
      {zip_entry("doc.kml", "x"), "application/vnd.google-earth.kmz"},
      {zip_entry("archive/data.pkl", "x"), "application/x-pytorch"},
      // An archive that is stored in another, with a size that is not said.
      {zip_entry("a.apk", "", 0) + zip_entry("META-INF/com/android/b", "x"), "application/zip"},
  });
}

// A compound file whose directory is in sector `sector`, with the root and one stream.
std::string ole_file(unsigned sector, const std::string& root_class, const std::string& stream) {
  std::string file = hex("d0cf11e0a1b11ae1") + zeros(16) + hex("3e000300feff09000600") + zeros(14);
  file += le(sector, 4) + zeros(460);
  file += zeros(std::size_t{512} * sector);
  const auto entry = [](const std::string& name, const std::string& class_id) {
    std::string made;
    for (const char c : name) made += c + "\0"s;
    made += zeros(64 - made.size()) + le(2 * name.size() + 2, 2) + zeros(14) + class_id;
    return made + zeros(128 - made.size());
  };
  return file + entry("Root Entry", root_class) + entry(stream, "") + zeros(256);
}

TEST(ContentTypeBytes, ole_files) {
  const std::string msi = hex("84100c0000000000c000000000000046");
  expect_types({
      {ole_file(1, "", "WordDocument"), "application/msword"},
      {ole_file(2, "", "Workbook"), "application/vnd.ms-excel"},
      {ole_file(1, "", "PowerPoint Document"), "application/vnd.ms-powerpoint"},
      {ole_file(1, "", "__nameid_version1.0"), "application/vnd.ms-outlook"},
      {ole_file(1, "", "VisioDocument"), "application/vnd.visio"},
      {ole_file(1, msi, "x"), "application/x-msi"},
      {ole_file(1, "", "WordDocumentX"), "application/x-ole-storage"},
      {ole_file(20, "", "WordDocument"), "application/x-ole-storage"},
      {ole_file(0xFFFF, "", "").substr(0, 512) + hex("0908100000060500"),
       "application/vnd.ms-excel"},
  });
  const content_type found = detect(ole_file(20, "", "WordDocument"), {.url = "a.doc"});
  EXPECT_EQ(found.media_type.view(), "application/msword");
  EXPECT_FALSE(found.mismatch);
}

TEST(ContentTypeBytes, media) {
  const auto film = [](const std::string& brand) {
    return "\0\0\0\x14"
           "ftyp"s +
           brand + "\0\0\2\0isom"s;
  };
  const std::string image_header = "\0\0\0\rIHDR"s + zeros(17);
  const std::string image = "\x89PNG\r\n\x1A\n"s + image_header;
  expect_types({
      {film("isom"), "video/mp4"},
      {film("avif"), "image/avif"},
      {film("heic"), "image/heic"},
      {film("M4A "), "audio/mp4"},
      {film("qt  "), "video/quicktime"},
      {film("NDAS"), "audio/mp4"},
      {film("avci"), "image/heif"},
      {image + "\0\0\0\x08"
               "acTL"s,
       "image/apng"},
      {image + "\0\0\0\4sRGB\0\0\0\0\0\0\0\0\0\0\0\x08"
               "acTL"s,
       "image/apng"},
      {image + "\0\0\0\1IDAT"s + zeros(5) +
           "\0\0\0\x08"
           "acTL"s,
       "image/png"},
      {image + "\xFF\xFF\xFF\xFFtEXt"s, "image/png"},
      {"RIFF\x24\0\0\0QLCMfmt "s, "audio/qcelp"},
      {magic_test::ogg_page("fishead\0\3"s), "video/ogg"},
      {magic_test::ogg_page("fishead\0\3"s) + magic_test::ogg_page("OpusHead"), "audio/ogg"},
  });
}

TEST(ContentTypeBytes, xml_by_its_root) {
  const std::string declared = "<?xml version=\"1.0\"?>";
  expect_types({
      {declared + "<a/>", "application/xml"},
      {"\xEF\xBB\xBF" + declared + "<!-- c --><rss version=\"2.0\">", "application/rss+xml"},
      {declared + "<feed xmlns=\"http://www.w3.org/2005/Atom\">", "application/atom+xml"},
      {declared + "<feed>", "application/xml"},
      {declared + "<svg width=\"1\">", "image/svg+xml"},
      {declared + "<!DOCTYPE html", "application/xhtml+xml"},
      {"<kml xmlns=\"http://www.opengis.net/kml/2.2\">", "application/vnd.google-earth.kml+xml"},
      {"<a xmlns=\"urn:x\">", "application/xml"},
      {"<x b=\"c\">", "text/plain"},
      {"<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\">", "application/dash+xml"},
  });
}

TEST(ContentTypeBytes, text) {
  const std::string words(600, 'a');
  expect_types({
      {"hello", "text/plain"},
      {"caf\xC3\xA9", "text/plain"},
      {"caf\xE9", "text/plain"},
      {"\xFE\xFF\0h\0i"s, "text/plain"},
      {"\xFF\xFE\0\0h\0\0\0"s, "text/plain"},
      {"a\x1B[0m", "text/plain"},
      {"a\x10", "application/octet-stream"},
      {"#!/usr/bin/env -S python3.11 -u\nprint(1)", "text/x-python"},
      {"#!/usr/bin/env A=1 node", "text/javascript"},
      {"#!/bin/sh\n", "application/x-sh"},
      {"#! /usr/bin/lua", "text/x-lua"},
      {"#!/bin/unheard-of", "text/plain"},
      {"#!shebang\n", "text/plain"},
      {"BEGIN:VCARD\r\nVERSION:4.0", "text/vcard"},
      {"BEGIN:VCARDS", "text/plain"},
      {"WEBVTT\n\n00:00", "text/vtt"},
      {"#EXTM3U\n", "application/vnd.apple.mpegurl"},
      {"1\r\n00:02:16,612 --> 00:02:19,376\r\nx", "application/x-subrip"},
      {"1\n00:02:16 --> 00:02:19\nx", "text/plain"},
      {"From: a@b\nTo: c@d\n\nhi", "message/rfc822"},
      {"Received: from a\n by b\nDate: today\n", "message/rfc822"},
      {"To: you\nMy dear: hello", "text/plain"},
      {"<div>x</div>", "text/html"},
      {"<!-- a --><!-- b -->\n<body>", "text/html"},
      {"<division>", "text/plain"},
      {"P3\n# c\n2 2\n255", "image/x-portable-pixmap"},
      {"P1 is first", "text/plain"},
      {"P1 2 tickets", "text/plain"},
      {"CWS\nis short for something that is long enough", "text/plain"},
      {"MZ is a magic number of programs, and this is a sentence about it, is it not?",
       "text/plain"},
  });
  EXPECT_EQ(detect("caf\xE9").evidence.begin()->detail, "8_bit");
  EXPECT_EQ(detect("caf\xC3\xA9").evidence.begin()->detail, "utf_8");
  // A head may end in the middle of a character.
  EXPECT_EQ(detect(words + "\xC3").evidence.begin()->detail, "utf_8");
  EXPECT_EQ(detect("a\xC3").evidence.begin()->detail, "8_bit");
}

TEST(ContentTypeBytes, json) {
  const std::string member = R"("k":"v",)";
  std::string long_one = "{";
  while (long_one.size() < 600) long_one += member;
  expect_types({
      {R"({"a":[1,true,null]})", "application/json"},
      {" \n[1]\n", "application/json"},
      {"[1", "text/plain"},
      {"1", "text/plain"},
      {"\"a\"", "text/plain"},
      {"{a:1}", "text/plain"},
      {"[INFO] started", "text/plain"},
      {long_one, "application/json"},
      {long_one + "\"k", "application/json"},
      {long_one + "\"\xC3", "application/json"},
      {long_one + "oops", "text/plain"},
      {"{\"a\":1}\n{\"a\":2}\n", "application/x-ndjson"},
      {"{\"a\":1}\n\n{\"a\":2}", "application/x-ndjson"},
      {"{\"a\":1}\n{\"a\":", "text/plain"},
      {"{\"a\":1}\n" + long_one, "application/x-ndjson"},
      {"{\"a\":1}\noops\n{\"a\":2}\n", "text/plain"},
      {"{\n\"a\":1}\n", "application/json"},
      {R"({"type":"Feature","geometry":null})", "application/geo+json"},
      {R"({ "type" : "Feature" })", "application/geo+json"},
      {R"({"type":"Featured"})", "application/json"},
      {R"({"a":1,"type":"Feature"})", "application/json"},
      {R"({"asset":{"generator":"x","version":"2.0"}})", "model/gltf+json"},
      {R"({"asset":{"id":1},"version":"2.0"})", "application/json"},
  });
}

TEST(ContentTypeBytes, tables) {
  std::string cut = "id,name\n";
  while (cut.size() < 600) cut += "1,\"a, b\"\n";
  expect_types({
      {"a,b\n1,2\n", "text/csv"},
      {"a;b;c\r\n1;2;3\r\n", "text/csv"},
      {"a\tb\n1\t2\n", "text/tab-separated-values"},
      {"a,b\n1,\"2\n", "text/plain"},
      {"a,b\n1,2,3\n", "text/plain"},
      {"a,b", "text/plain"},
      {"Hello, you\nGood bye, you\n", "text/plain"},
      {"a, b, c\n1, 2, 3\n4, 5, 6\n7, 8, 9\n", "text/csv"},
      {"\ta\tb\n\tc\td\n", "text/plain"},
      {cut + "7,\"c", "text/csv"},
      {"a,b\n\n1,2\n", "text/plain"},
  });
}

TEST(ContentTypeBytes, short_heads_are_known_by_their_number) {
  for (const auto& [bytes, type] : std::vector<sample>{
           {"\xFF\xD8\xFF", "image/jpeg"},
           {"PK\3\4", "application/zip"},
           {"\x1F\x8B", "application/gzip"},
           {"wOF2", "font/woff2"},
           {"\0\0\1\0"s, "image/vnd.microsoft.icon"},
           {"MZ\x90\0"s, "application/vnd.microsoft.portable-executable"},
           {"\xFF\xFB\x90\x44", "audio/mpeg"},
           {"%PDF-", "application/pdf"},
       }) {
    const content_type found = detect(bytes);
    EXPECT_EQ(found.media_type.view(), type);
    EXPECT_EQ(found.confidence, content_confidence::medium) << type;
    EXPECT_EQ(found.evidence.begin()->detail, "short") << type;
    if (bytes != "%PDF-") {
      EXPECT_NE(type_of(bytes + std::string(64, '\x1C')), type);
    }
  }
}

TEST(ContentTypeBytes, polyglots) {
  const std::string gif = "GIF89a\1\0\1\0\0\0\0;"s;
  const std::string jpeg = hex("ffd8ffe000104a46494600010100000100010000ffdb004300") + zeros(64);
  const std::string zip = zip_entry("a.class", "x");
  EXPECT_FALSE(detect(gif).polyglot);
  EXPECT_FALSE(detect(jpeg).polyglot);
  EXPECT_FALSE(detect(gif + "<x:xmpmeta><rdf:RDF>").polyglot);
  EXPECT_FALSE(detect(gif + "a < script").polyglot);
  for (const std::string& more : {"<script>"s, "<SCRIPT src=x>"s, "<html>"s, "<!DOCTYPE html>"s,
                                  "<?php echo"s, "<svg "s, zip, "%PDF-1.7\n"s}) {
    EXPECT_TRUE(detect(gif + more).polyglot) << more.substr(0, 20);
    EXPECT_TRUE(detect(jpeg + zeros(20) + more).polyglot) << more.substr(0, 20);
    EXPECT_FALSE(detect(gif + zeros(5000) + more).polyglot) << more.substr(0, 20);
  }
  EXPECT_TRUE(detect("GIF89a/*"s + zeros(20)).polyglot);
  EXPECT_TRUE(detect("GIF89a=1;"s + zeros(20)).polyglot);
  EXPECT_TRUE(detect(hex("ffd8ffe02f2a4a46494600010100000100010000")).polyglot);
  EXPECT_TRUE(detect("%PDF-1.4\n" + zip).polyglot);
  EXPECT_TRUE(detect("<!doctype html><html>" + zip).polyglot);
  // A PDF has to begin in the first KiB.
  EXPECT_FALSE(detect(gif + zeros(1024) + "%PDF-1.7\n").polyglot);
  // What holds files, and words about them.
  EXPECT_FALSE(detect(zip_entry("a.pdf", "%PDF-1.7\n<script>", 0)).polyglot);
  EXPECT_FALSE(detect("A file of PDF begins with %PDF-1.7 and one of HTML with <html>.").polyglot);
  EXPECT_FALSE(detect("<html><script>").polyglot);
}

std::string whatwg(std::string_view head, std::string_view header = {}, bool nosniff = false) {
  const content_type found =
      detect(head, {.url = "a.css", .header = header, .nosniff = nosniff, .whatwg = true});
  return std::string(found.media_type.view()) + ", " + std::string(to_string(found.source));
}

TEST(ContentTypeWhatwg, unknown_types) {
  EXPECT_EQ(whatwg(""), "text/plain, text");
  EXPECT_EQ(whatwg("hello"), "text/plain, text");
  EXPECT_EQ(whatwg("a\x10"), "application/octet-stream, none");
  EXPECT_EQ(whatwg(" \f\t\r\n<HtMl>"), "text/html, magic");
  EXPECT_EQ(whatwg("<a href"), "text/html, magic");
  EXPECT_EQ(whatwg("<a\thref"), "text/plain, text");
  EXPECT_EQ(whatwg("<!--x"), "text/plain, text");
  EXPECT_EQ(whatwg("<!-- "), "text/html, magic");
  EXPECT_EQ(whatwg(" <?xml"), "text/xml, magic");
  EXPECT_EQ(whatwg(" %PDF-"), "text/plain, text");
  EXPECT_EQ(whatwg("%PDF-"), "application/pdf, magic");
  EXPECT_EQ(whatwg("%PDF-", "", true), "text/plain, text");
  EXPECT_EQ(whatwg("<html>", "*/*"), "text/html, magic");
  EXPECT_EQ(whatwg("<html>", "unknown/unknown", true), "text/plain, text");
  EXPECT_EQ(whatwg("<html>", "application/unknown"), "text/html, magic");
  EXPECT_EQ(whatwg("<html>", "no type"), "text/html, magic");
  EXPECT_EQ(whatwg("%!PS-Adobe-"), "application/postscript, magic");
  EXPECT_EQ(whatwg("\xFE\xFF\0\0"s), "text/plain, text");
  EXPECT_EQ(whatwg("\xFE\xFF\0"s), "application/octet-stream, none");
  // Only the first 1445 bytes.
  EXPECT_EQ(whatwg(std::string(1445, 'a') + "\1"), "text/plain, text");
  EXPECT_EQ(whatwg(std::string(1444, 'a') + "\1"), "application/octet-stream, none");
}

TEST(ContentTypeWhatwg, supplied_types) {
  const std::string png = "\x89PNG\r\n\x1A\n";
  EXPECT_EQ(whatwg(png, "text/html"), "text/html, header");
  EXPECT_EQ(whatwg(png, "application/rss+xml"), "application/rss+xml, header");
  EXPECT_EQ(whatwg(png, "text/xml; charset=utf-8"), "text/xml, header");
  EXPECT_EQ(whatwg(png, "image/jpg"), "image/png, magic");
  EXPECT_EQ(whatwg(png, "image/jpg", true), "image/jpg, header");
  EXPECT_EQ(whatwg("x", "image/jpg"), "image/jpg, header");
  EXPECT_EQ(whatwg(png, "audio/mpeg"), "audio/mpeg, header");
  EXPECT_EQ(whatwg("OggS\0"s, "application/ogg"), "application/ogg, magic");
  EXPECT_EQ(whatwg("OggS\0"s, "video/webm"), "application/ogg, magic");
  EXPECT_EQ(whatwg("<html>", "application/octet-stream"), "application/octet-stream, header");
  EXPECT_EQ(whatwg("<html>", "text/css"), "text/css, header");
}

TEST(ContentTypeWhatwg, values_of_an_old_apache_are_not_believed) {
  for (const std::string_view header :
       {"text/plain", "text/plain; charset=ISO-8859-1", "text/plain; charset=iso-8859-1",
        "text/plain; charset=UTF-8"}) {
    EXPECT_EQ(whatwg("\1", header), "application/octet-stream, none") << header;
    EXPECT_EQ(whatwg("<html>", header), "text/plain, text") << header;
    EXPECT_EQ(whatwg("\xFF\xFE\1", header), "text/plain, text") << header;
    EXPECT_EQ(whatwg("\1", header, true), "text/plain, header") << header;
  }
  EXPECT_EQ(whatwg("\1", "text/plain;charset=UTF-8"), "text/plain, header");
  EXPECT_EQ(whatwg("\1", "text/plain; charset=utf-8"), "text/plain, header");
  EXPECT_EQ(whatwg("\1", "text/html\r\ntext/plain"), "application/octet-stream, none");
}

TEST(ContentTypeWhatwg, media_signatures) {
  EXPECT_EQ(whatwg("\0\0\0\x0C"
                   "ftypmp42"s,
                   "video/x"),
            "video/mp4, magic");
  EXPECT_EQ(whatwg("\0\0\0\x18"
                   "ftypisom\0\0\0\0avc1mp41"s,
                   "video/x"),
            "video/mp4, magic");
  EXPECT_EQ(whatwg("\0\0\0\x18"
                   "ftypisommp41avc1xxxx"s,
                   "video/x"),
            "video/x, header");
  EXPECT_EQ(whatwg("\0\0\0\x19"
                   "ftypmp42    "s,
                   "video/x"),
            "video/x, header");
  EXPECT_EQ(whatwg("\0\0\0\x20"
                   "ftypmp42"s,
                   "video/x"),
            "video/x, header");
  const std::string webm = hex("1a45dfa39f4286810142f7810142f2810442f381084282");
  EXPECT_EQ(whatwg(webm + "\x84webm\x42", "video/x"), "video/webm, magic");
  EXPECT_EQ(whatwg(webm + "\x86\0\0webm\x42"s, "video/x"), "video/webm, magic");
  EXPECT_EQ(whatwg(webm + "\x88matroska", "video/x"), "video/x, header");
  EXPECT_EQ(whatwg(webm, "video/x"), "video/x, header");
  // 128 kbit/s at 44.1 kHz: 417 bytes and the next header.
  const std::string frame = hex("fffb9000") + zeros(413);
  EXPECT_EQ(whatwg(frame + hex("fffb9000"), "audio/x"), "audio/mpeg, magic");
  EXPECT_EQ(whatwg(frame + hex("fffb90"), "audio/x"), "audio/x, header");
  EXPECT_EQ(whatwg(frame + zeros(4), "audio/x"), "audio/x, header");
}

TEST(ContentTypeWhatwg, evidence_of_the_standard_replaces_that_of_the_recogniser) {
  const content_type found = detect("RIFF\x24\0\0\0WAVEfmt "s, {.whatwg = true});
  EXPECT_EQ(found.media_type.view(), "audio/wave");
  EXPECT_EQ(found.extension, "wav");
  EXPECT_EQ(found.category, content_category::audio);
  ASSERT_NE(found.evidence.find(content_source::magic), nullptr);
  EXPECT_EQ(found.evidence.find(content_source::magic)->detail, "whatwg");
  ASSERT_NE(found.evidence.find(content_source::container), nullptr);
  EXPECT_EQ(found.evidence.find(content_source::container)->media_type.view(), "audio/wav");
}

}  // namespace
}  // namespace jobqueue
