// The cases and fixtures of another detector, gabriel-vasile/mimetype, many of them a magic number
// and nothing else: at least nine of ten are right, and of the others nothing wrong is said.
#include <fstream>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <jobqueue/content_type.hpp>

#include "core/base64_codec.hpp"
#include "core/media_types.hpp"
#include "support/exact_text.hpp"

namespace jobqueue {
namespace {

// Where that table is wrong: the registration of image/heic at IANA has the brands `heim` and
// `heis`, and cameras write films with the brand `MSNV`.
const std::set<std::string> wrong_in_the_table = {"heif heim", "heif heis", "audio mp4 MSNV"};

std::string canonical(std::string_view type) {
  return std::string(detail::traits_of(type.substr(0, type.find(';'))).name);
}

TEST(ContentTypeMimetype, nine_of_ten_are_right_and_none_is_wrong) {
  std::ifstream stream(JOBQUEUE_SOURCE_DIR "/tests/vectors/content_type_mimetype.json");
  const auto file = nlohmann::json::parse(stream);
  std::size_t typed = 0;
  std::size_t right = 0;
  for (const auto& one : file.at("cases")) {
    const std::string name = one.at("name");
    const std::string expected = canonical(one.at("expect").get<std::string>());
    std::string bytes;
    const std::string base64 = one.at("base64");
    detail::decode_base64(std::string_view(base64).substr(0, base64.find('=')), bytes);
    const test::exact_text exact(bytes);
    const content_type found = detect_content_type(std::as_bytes(std::span(exact.view())));
    const std::string_view type = found.media_type.view();
    const bool says_nothing = type == "application/octet-stream" || type == "text/plain";
    const bool is_typed = expected != "application/octet-stream" && expected != "text/plain";
    typed += is_typed ? 1 : 0;
    right += is_typed && type == expected ? 1 : 0;
    if (wrong_in_the_table.contains(name)) {
      EXPECT_TRUE(detail::are_compatible(detail::traits_of(type), detail::traits_of(expected)))
          << name;
      continue;
    }
    EXPECT_TRUE(type == expected || says_nothing) << name << ": " << type;
    EXPECT_TRUE(is_typed || type == expected) << name << ": " << type;
  }
  EXPECT_EQ(typed, 265U);
  EXPECT_GE(right * 10, typed * 9) << right << " are right";
  RecordProperty("right", static_cast<int>(right));
}

}  // namespace
}  // namespace jobqueue
