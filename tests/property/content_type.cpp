// Random bytes, texts and URLs: what holds for every input.
#include <jobqueue/content_type.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/media_types.hpp"
#include "support/random_documents.hpp"
#include "unit/magic_samples.hpp"

namespace jobqueue {
namespace {

class content_type_property : public testing::Test {
 protected:
  content_type_property() : seed_(test::seed_from_environment()), random_(seed_) {
    RecordProperty("seed", std::to_string(seed_));
  }

  // The beginning of a file, perhaps changed or cut, or text, or noise.
  std::string head() {
    static const std::vector<magic_test::magic_sample> samples = magic_test::magic_samples();
    constexpr std::array<std::string_view, 8> texts = {"{\"a\":1}\n{\"a\":2}\n",
                                                       "a,b\n1,2\n",
                                                       "<!doctype html>",
                                                       "#!/bin/sh\n",
                                                       "%PDF-1.7",
                                                       "GIF89a/*",
                                                       "hello\n",
                                                       "\xFF\xFE"};
    std::string bytes = random_.one_in(3) ? std::string(texts[random_.below(texts.size())])
                                          : samples[random_.below(samples.size())].bytes;
    if (random_.one_in(3)) bytes += random_.bytes(random_.below(6000));
    for (std::size_t i = random_.below(3); i != 0 && !bytes.empty(); --i) {
      bytes[random_.below(bytes.size())] = static_cast<char>(random_.below(256));
    }
    if (random_.one_in(4)) bytes.resize(random_.below(bytes.size() + 1));
    return random_.one_in(8) ? random_.bytes(random_.below(200)) : bytes;
  }

  std::string words() {
    constexpr std::array<std::string_view, 16> pieces = {
        "https://h", "/",   "a", ".png", ".JPEG", "%2e",  "?x=",       "#",
        ".docx",     "%00", ";", "text", "/",     "html", "image/jpg", "application/octet-stream"};
    std::string text;
    for (std::size_t i = random_.below(6); i != 0; --i)
      text += pieces[random_.below(pieces.size())];
    return random_.one_in(6) ? text + random_.bytes(random_.below(20)) : text;
  }

  std::uint64_t seed_;
  test::random_documents random_;
};

content_type detect(std::string_view head, const content_type_options& options) {
  return detect_content_type(std::as_bytes(std::span(head)), options);
}

TEST_F(content_type_property, every_answer_is_well_formed) {
  for (std::size_t round = 0; round < test::repeated(20000); ++round) {
    const std::string bytes = head();
    const std::string url = words();
    const std::string header = words();
    const std::string configured = words();
    const content_type_options options = {.url = url,
                                          .header = header,
                                          .configured = configured,
                                          .nosniff = random_.one_in(4),
                                          .whatwg = random_.one_in(3)};
    const content_type found = detect(bytes, options);
    const std::string json = to_json(found);
    SCOPED_TRACE("seed " + std::to_string(seed_) + ", round " + std::to_string(round) + ": " +
                 json);
    const auto read = nlohmann::json::parse(json);
    ASSERT_EQ(read.at("media_type"), found.media_type.view());
    ASSERT_EQ(std::count(found.media_type.view().begin(), found.media_type.view().end(), '/'), 1);
    // What decided is among the evidence, or there is none that decides.
    ASSERT_EQ(found.source == content_source::none, found.confidence == content_confidence::none);
    if (found.source == content_source::none) {
      ASSERT_EQ(found.media_type.view(), "application/octet-stream");
    } else {
      ASSERT_NE(found.evidence.find(found.source), nullptr);
    }
    // A mismatch is a contradiction of the header or the URL.
    bool contradicted = false;
    for (const content_evidence& one : found.evidence) {
      ASSERT_TRUE(!detail::says_nothing(one.media_type.view()) || options.whatwg);
      contradicted |= one.contradicted && one.source != content_source::configured;
    }
    ASSERT_EQ(found.mismatch, contradicted);
    // The same again, and whatever is behind the head.
    ASSERT_EQ(to_json(detect(bytes, options)), json);
    if (bytes.size() >= content_head_bytes) {
      ASSERT_EQ(to_json(detect(bytes.substr(0, content_head_bytes), options)), json);
    }
  }
}

TEST_F(content_type_property, query_and_fragment_change_nothing) {
  for (std::size_t round = 0; round < test::repeated(5000); ++round) {
    std::string url = words();
    url = url.substr(0, url.find_first_of("?#"));
    const std::string plain = to_json(detect("", {.url = url}));
    const std::string asked = url + (random_.one_in(2) ? "?" : "#") + words();
    ASSERT_EQ(to_json(detect("", {.url = asked})), plain)
        << asked << ", seed " << seed_ << ", round " << round;
  }
}

TEST_F(content_type_property, case_of_names_changes_nothing) {
  for (std::size_t round = 0; round < test::repeated(5000); ++round) {
    const std::string header = words();
    std::string other = header;
    for (char& c : other) {
      if (random_.one_in(2) && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    ASSERT_EQ(to_json(detect("", {.header = other})), to_json(detect("", {.header = header})))
        << other << ", seed " << seed_ << ", round " << round;
  }
}

// Random bytes are hardly ever taken for something by more than a short number.
TEST_F(content_type_property, random_bytes_are_nothing) {
  std::size_t high = 0;
  for (std::size_t round = 0; round < test::repeated(20000); ++round) {
    const content_type found = detect(random_.bytes(64 + random_.below(1000)), {});
    high += found.confidence == content_confidence::high ? 1 : 0;
  }
  EXPECT_EQ(high, 0U) << "seed " << seed_;
}

// Compatibility goes both ways.
TEST_F(content_type_property, compatibility_is_symmetric) {
  constexpr std::array<std::string_view, 14> names = {"application/zip",
                                                      "application/json",
                                                      "application/xml",
                                                      "text/plain",
                                                      "application/gzip",
                                                      "image/svg+xml",
                                                      "video/mp4",
                                                      "audio/mp4",
                                                      "text/html",
                                                      "image/png",
                                                      "image/apng",
                                                      "application/x-ole-storage",
                                                      "application/vnd.visio",
                                                      "application/geo+json"};
  for (const std::string_view a : names) {
    for (const std::string_view b : names) {
      const auto first = detail::traits_of(a);
      const auto second = detail::traits_of(b);
      EXPECT_EQ(detail::are_compatible(first, second), detail::are_compatible(second, first));
      EXPECT_TRUE(a != b || detail::are_compatible(first, second));
    }
  }
}

}  // namespace
}  // namespace jobqueue
