#include "core/content_type_scan.hpp"

#include <random>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/base64_scan.hpp"
#include "support/exact_text.hpp"

namespace {

using jobqueue::simd_target;
using jobqueue::detail::mark_finder_for;
using jobqueue::test::exact_text;

constexpr simd_target targets[] = {simd_target::best, simd_target::scalar, simd_target::sse4,
                                   simd_target::avx2, simd_target::avx3,   simd_target::neon};

// Of every target that runs here.
template <class Body>
void for_each_target(const Body& body) {
  for (const simd_target target : targets) {
    if (target != simd_target::best && !jobqueue::detail::simd_target_available(target)) continue;
    SCOPED_TRACE(to_string(target));
    body(mark_finder_for(target));
  }
}

TEST(ContentTypeScan, finds_a_mark_at_every_place) {
  for_each_target([](const auto find) {
    for (const std::string_view mark : {"<s", "<S", "<!", "<?", "<H", "<b", "<i", "PK", "%P"}) {
      for (std::size_t size = 2; size < 700; size += size < 300 ? 1 : 37) {
        for (std::size_t at = 0; at + 2 <= size; at += size < 140 ? 1 : 29) {
          std::string text(size, 'x');
          text.replace(at, 2, mark);
          const exact_text exact(text);
          ASSERT_EQ(find(exact.view(), 0), at) << mark << " in " << size;
          ASSERT_EQ(find(exact.view(), at), at);
          ASSERT_EQ(find(exact.view(), at + 1), size);
        }
      }
    }
  });
}

TEST(ContentTypeScan, finds_nothing_else) {
  for_each_target([](const auto find) {
    EXPECT_EQ(find("", 0), 0u);
    EXPECT_EQ(find("<", 0), 1u);
    EXPECT_EQ(find("<s", 2), 2u);
    for (unsigned first = 0; first < 256; ++first) {
      for (unsigned second = 0; second < 256; ++second) {
        std::string text(80, '\0');
        text[3] = static_cast<char>(first);
        text[4] = static_cast<char>(second);
        const bool is_mark =
            std::string_view("<P%").find(text[3]) != std::string_view::npos &&
            std::string_view("!?BHIKPSbhikps\x01\x1F").find(text[4]) != std::string_view::npos;
        ASSERT_EQ(find(text, 0), is_mark ? 3u : 80u) << first << ' ' << second;
      }
    }
  });
}

TEST(ContentTypeScan, is_the_same_on_every_target) {
  std::mt19937 engine(20261126);
  const auto scalar = mark_finder_for(simd_target::scalar);
  for (int round = 0; round < 300; ++round) {
    std::string text(engine() % 5000, '\0');
    for (char& c : text) c = "<P%sK!?xyz\xBC\xD0"[engine() % 12];
    for_each_target([&](const auto find) {
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t next = find(text, at);
        ASSERT_EQ(next, scalar(text, at));
        at = next + 1;
      }
    });
  }
}

}  // namespace
