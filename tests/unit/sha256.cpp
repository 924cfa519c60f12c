// SHA-256: the vectors of FIPS 180-4 and of NIST's example files, and the text form of a digest.
#include "core/sha256.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using jobqueue::errc;
using jobqueue::sha256_digest;

// Exactly as large as the text, on the heap, so that AddressSanitizer sees an over-read.
class exact_bytes {
 public:
  explicit exact_bytes(std::string_view text)
      : size_(text.size()), bytes_(std::make_unique<std::byte[]>(text.size())) {
    std::transform(text.begin(), text.end(), bytes_.get(),
                   [](char c) { return static_cast<std::byte>(c); });
  }
  std::span<const std::byte> span() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<std::byte[]> bytes_;
};

std::string hash(std::string_view text) { return jobqueue::sha256(exact_bytes(text).span()).hex(); }

TEST(sha256, has_the_digests_of_the_standard) {
  EXPECT_EQ(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                 "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(hash(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(hash(std::string("\xbd", 1)),
            "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b");
}

TEST(sha256, takes_a_null_pointer_with_size_zero) {
  EXPECT_EQ(jobqueue::sha256({}).hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(sha256, is_the_same_from_many_threads) {
  std::vector<std::string> digests(8);
  {
    std::vector<std::jthread> threads;
    for (std::string& digest : digests) {
      threads.emplace_back([&digest] {
        for (int i = 0; i < 100; ++i) digest = hash("abc");
      });
    }
  }
  for (const std::string& digest : digests) {
    EXPECT_EQ(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }
}

TEST(sha256_stream, is_indifferent_to_how_the_bytes_are_cut) {
  const std::string text(1'000'000, 'a');
  for (const std::size_t piece : {std::size_t{1000}, std::size_t{4093}, std::size_t{65536}}) {
    jobqueue::detail::sha256_stream stream;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      stream.update(exact_bytes(std::string_view(text).substr(at, piece)).span());
    }
    EXPECT_EQ(stream.finish().hex(),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        << "pieces of " << piece;
  }
}

TEST(sha256_stream, begins_anew_after_finish) {
  jobqueue::detail::sha256_stream stream;
  EXPECT_EQ(stream.finish().hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  stream.update(exact_bytes("ab").span());
  stream.update({});
  stream.update(exact_bytes("c").span());
  EXPECT_EQ(stream.finish().hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(sha256_digest, reads_hexadecimal_digits_of_either_case) {
  const auto lower =
      sha256_digest::from_hex("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
  const auto upper =
      sha256_digest::from_hex("0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF");
  ASSERT_TRUE(lower && upper);
  EXPECT_EQ(*lower, *upper);
  EXPECT_EQ(lower->bytes[0], std::byte{0x01});
  EXPECT_EQ(lower->bytes[31], std::byte{0xef});
  EXPECT_EQ(upper->hex(), "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
}

TEST(sha256_digest, orders_like_its_text) {
  const auto low = sha256_digest::from_hex(std::string(62, '0') + "7f");
  const auto high = sha256_digest::from_hex(std::string(62, '0') + "80");
  EXPECT_LT(*low, *high);
}

TEST(sha256_digest, refuses_other_text_and_says_where) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{63}, std::size_t{65}}) {
    const std::string text(size, '0');
    const auto digest = sha256_digest::from_hex(text);
    ASSERT_FALSE(digest) << size;
    EXPECT_EQ(digest.problem().code, errc::invalid_argument);
    EXPECT_EQ(digest.problem().offset, jobqueue::no_offset);
  }
  for (const char wrong : {'g', 'G', '/', ':', '@', '`', ' ', '\0', '\xff'}) {
    std::string text(64, 'a');
    text[41] = wrong;
    const auto digest = sha256_digest::from_hex(text);
    ASSERT_FALSE(digest) << static_cast<int>(wrong);
    EXPECT_EQ(digest.problem().code, errc::invalid_argument);
    EXPECT_EQ(digest.problem().offset, 41U);
  }
}

}  // namespace
