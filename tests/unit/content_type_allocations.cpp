// A file that is recognised by its bytes costs no memory. What this program allocates is counted.
#include <cstdlib>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <jobqueue/content_type.hpp>

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

// Seen by libstdc++, too, whose strings allocate there.
#define JOBQUEUE_TEST_VISIBLE __attribute__((visibility("default"), noinline))
// NOLINTBEGIN(cppcoreguidelines-no-malloc, misc-new-delete-overloads)
JOBQUEUE_TEST_VISIBLE void* operator new(std::size_t size) {
  ++allocations;
  if (void* const block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
// A sanitizer has one of its own, whose blocks may not be freed below. std::stable_sort asks here.
JOBQUEUE_TEST_VISIBLE void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
JOBQUEUE_TEST_VISIBLE void operator delete(void* block) noexcept { std::free(block); }
JOBQUEUE_TEST_VISIBLE void operator delete(void* block, std::size_t) noexcept { std::free(block); }
// NOLINTEND(cppcoreguidelines-no-malloc, misc-new-delete-overloads)

namespace {

using namespace std::string_literals;

TEST(ContentTypeAllocations, are_none_for_a_file_of_a_known_type) {
  const std::size_t begun = allocations;
  const std::string noise(4096, '\x9C');
  ASSERT_GT(allocations, begun) << "they are counted";
  const std::vector<std::string> heads = {
      "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\4\0\0\0\4\0\x08\6\0\0\0\x7F\x1D\x2B\x83"s + noise,
      "\xFF\xD8\xFF\xE0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xFF\xDB\0\x43\0"s + noise,
      "GIF89a\1\0\1\0\x80\0\0"s + noise,
      "\0\0\0\x20"
      "ftypisom\0\0\2\0isomiso2avc1mp41\0\0\0\x08"
      "free"s +
          noise,
      "RIFF\0\1\0\0WEBPVP8 "s + noise,
      "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"s + noise,
      "PK\3\4\x14\0\0\0\x08\0"s + noise,
      "\x1F\x8B\x08\0\0\0\0\0\0\3"s + noise,
      "The quick brown fox jumps over the lazy dog.\n"s,
      "id,name\n1,anna\n2,otto\n"s,
      noise};
  for (const std::string& head : heads) {
    for (const std::string_view url : {"", "https://cdn.example.com/a.png?sig=1"}) {
      const std::size_t before = allocations;
      const auto found = jobqueue::detect_content_type(std::as_bytes(std::span(head)),
                                                       {.url = url, .header = "image/png"});
      EXPECT_EQ(allocations, before) << found.media_type.view();
    }
  }
}

}  // namespace
