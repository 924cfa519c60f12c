#include "core/content_type_scan.hpp"

#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/base64_scan.hpp"
#include "support/exact_text.hpp"
#include "support/simd_targets.hpp"

namespace {

using jobqueue::simd_target;
using jobqueue::detail::mark_finder_for;
using jobqueue::detail::mark_set;
using jobqueue::test::exact_text;

// Of every target that runs here.
template <class Body>
void for_each_target(const Body& body) {
  for (const simd_target target : jobqueue::test::simd_targets()) {
    SCOPED_TRACE(to_string(target));
    body(mark_finder_for(target));
  }
  SCOPED_TRACE("best");
  body(mark_finder_for(simd_target::best));
}

TEST(ContentTypeScan, finds_a_mark_at_every_place) {
  for_each_target([](const auto find) {
    for (const std::string_view mark :
         {"<sc", "<SV", "<!D", "<?p", "<Ht", "<bO", "<iF", "PK\3", "%PD"}) {
      for (std::size_t size = 3; size < 1100; size += size < 300 ? 1 : 37) {
        for (std::size_t at = 0; at + 3 <= size; at += size < 140 ? 1 : 29) {
          std::string text(size, 'x');
          text.replace(at, 3, mark);
          const exact_text exact(text);
          ASSERT_EQ(find(exact.view(), 0, mark_set::all), at) << mark << " in " << size;
          ASSERT_EQ(find(exact.view(), at, mark_set::all), at);
          ASSERT_EQ(find(exact.view(), at + 1, mark_set::all), size);
          ASSERT_EQ(find(exact.view(), 0, mark_set::without_pdf), mark[0] == '%' ? size : at);
        }
      }
    }
  });
}

TEST(ContentTypeScan, finds_nothing_else) {
  constexpr std::string_view thirds[] = {"sc", "sv", "ht", "!d", "if", "?p", "bo"};
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  const auto is_mark = [&](std::string_view three) {
    if (three == "PK\3" || three == "%PD") return true;
    return three[0] == '<' && std::any_of(std::begin(thirds), std::end(thirds), [&](auto two) {
             return lower(three[1]) == two[0] && lower(three[2]) == two[1];
           });
  };
  for_each_target([&](const auto find) {
    EXPECT_EQ(find("", 0, mark_set::all), 0u);
    EXPECT_EQ(find("<s", 0, mark_set::all), 2u);
    EXPECT_EQ(find("<sc", 3, mark_set::all), 3u);
    std::string text(300, '\0');
    for (const char first : std::string_view("<P%\x1C\xBC\x70\x05")) {
      text[3] = first;
      for (unsigned pair = 0; pair < 65536; ++pair) {
        text[4] = static_cast<char>(pair >> 8U);
        text[5] = static_cast<char>(pair);
        const bool is_one = is_mark(std::string_view(text).substr(3, 3));
        ASSERT_EQ(find(text, 0, mark_set::all), is_one ? 3u : 300u) << first << ' ' << pair;
      }
    }
  });
}

TEST(ContentTypeScan, is_the_same_on_every_target) {
  std::mt19937 engine(20261126);
  const auto scalar = mark_finder_for(simd_target::scalar);
  for (int round = 0; round < 300; ++round) {
    std::string text(engine() % 5000, '\0');
    for (char& c : text) c = "<<PP%KDsc!d\3"[engine() % 12];
    const auto wanted = engine() % 2 == 0 ? mark_set::all : mark_set::without_pdf;
    for_each_target([&](const auto find) {
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t next = find(text, at, wanted);
        ASSERT_EQ(next, scalar(text, at, wanted));
        at = next + 1;
      }
    });
  }
}

}  // namespace
