// Which bytes can be DEFLATE, how far they were followed, and how much evidence that is.
#include "core/inflate_check.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::string_literals;
using jobqueue::detail::check_inflate;
using jobqueue::detail::inflate_check_result;

// Checks a block of exactly the size of the bytes, so that AddressSanitizer sees an over-read.
inflate_check_result check(std::string_view bytes, double enough = 0,
                           std::uint32_t window_size = 32768) {
  const auto block = std::make_unique<std::byte[]>(bytes.size());
  std::transform(bytes.begin(), bytes.end(), block.get(),
                 [](char c) { return static_cast<std::byte>(c); });
  return check_inflate({block.get(), bytes.size()}, enough, window_size);
}

// Writes bits as DEFLATE has them: numbers from their lowest bit on, codes from their highest.
class bit_writer {
 public:
  bit_writer& number(std::uint32_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) bit(value >> i & 1);
    return *this;
  }
  bit_writer& code(std::uint32_t value, unsigned size) {
    for (unsigned i = size; i-- != 0;) bit(value >> i & 1);
    return *this;
  }
  // A literal of the fixed code, below 144.
  bit_writer& literal(unsigned value) { return code(0x30 + value, 8); }
  std::string bytes() const { return bytes_; }

 private:
  void bit(std::uint32_t value) {
    if (used_ == 0) bytes_.push_back('\0');
    bytes_.back() = static_cast<char>(static_cast<unsigned char>(bytes_.back()) | value << used_);
    used_ = (used_ + 1) % 8;
  }
  std::string bytes_;
  unsigned used_ = 0;
};

bit_writer fixed_block(bool final = true) {
  return bit_writer().number(final ? 1 : 0, 1).number(1, 2);
}

// A dynamic block up to its code lengths. `lengths` are those of the code for code lengths, in the
// order of the format.
bit_writer dynamic_block(unsigned literals, unsigned distances,
                         const std::vector<unsigned>& lengths) {
  bit_writer bits;
  bits.number(1, 1).number(2, 2).number(literals - 257, 5).number(distances - 1, 5);
  bits.number(static_cast<std::uint32_t>(lengths.size() - 4), 4);
  for (const unsigned length : lengths) bits.number(length, 3);
  return bits;
}

// The code lengths 0, 1, 18 (a long run of zeros) with codes of 1, 2 and 2 bits: 0, 10, 11.
const std::vector<unsigned> zero_one_run = {0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
void zero(bit_writer& bits) { bits.code(0, 1); }
void one(bit_writer& bits) { bits.code(2, 2); }
void run(bit_writer& bits, unsigned count) { bits.code(3, 2).number(count - 11, 7); }

TEST(inflate_check, follows_a_stored_block) {
  const inflate_check_result seen = check("\x01\x05\x00\xFA\xFFhello"s);
  EXPECT_TRUE(seen.valid);
  EXPECT_TRUE(seen.finished);
  EXPECT_EQ(seen.size, 10U);
  EXPECT_EQ(seen.symbols, 0U);
  EXPECT_EQ(seen.chance, 0x1p-18);  // 16 bits in the size, 5 in the padding, odds of 8.
}

TEST(inflate_check, follows_a_stored_block_that_is_cut) {
  const inflate_check_result seen = check("\x01\x05\x00\xFA\xFFhel"s);
  EXPECT_TRUE(seen.valid);
  EXPECT_FALSE(seen.finished);
}

TEST(inflate_check, refuses_stored_blocks) {
  EXPECT_FALSE(check("\x01\x05\x00\xFA\xFEhello"s).valid) << "size and its inverse differ";
  EXPECT_FALSE(check("\x09\x05\x00\xFA\xFFhello"s).valid) << "padding";
  EXPECT_FALSE(check(std::string(100, '\0')).valid);
}

TEST(inflate_check, follows_fixed_codes) {
  // "aaaaaaaaaa" as a literal and a match of 9 at distance 1.
  const std::string bytes =
      fixed_block().literal('a').code(263 - 256, 7).code(0, 5).code(0, 7).bytes();
  const inflate_check_result seen = check(bytes + "behind");
  EXPECT_TRUE(seen.valid);
  EXPECT_TRUE(seen.finished);
  EXPECT_EQ(seen.size, bytes.size());
  EXPECT_EQ(seen.symbols, 3U);
}

TEST(inflate_check, follows_several_blocks) {
  bit_writer bits = fixed_block(false);
  bits.literal('a').code(0, 7).number(0, 1).number(1, 2).code(0, 7);
  bits.number(1, 1).number(1, 2).code(257 - 256, 7).code(0, 5).code(0, 7);
  const inflate_check_result seen = check(bits.bytes());
  EXPECT_TRUE(seen.valid) << "the match reaches into the first block";
  EXPECT_TRUE(seen.finished);
  EXPECT_EQ(seen.symbols, 5U);
}

TEST(inflate_check, refuses_reserved_block_type) {
  EXPECT_FALSE(check("\x07").valid);
  EXPECT_FALSE(check(std::string(100, '\xFF')).valid);
}

TEST(inflate_check, refuses_symbols_without_a_meaning) {
  EXPECT_FALSE(check(fixed_block().literal('a').code(0xC6, 8).bytes() + "    ").valid) << "286";
  EXPECT_FALSE(check(fixed_block().literal('a').code(0xC7, 8).bytes() + "    ").valid) << "287";
  EXPECT_FALSE(check(fixed_block().literal('a').code(1, 7).code(30, 5).bytes() + "    ").valid)
      << "distance 30";
}

TEST(inflate_check, refuses_a_match_before_the_beginning) {
  const auto match_at_2 = [](bit_writer bits) {
    return bits.code(1, 7).code(1, 5).code(0, 7).bytes() + "    ";
  };
  EXPECT_FALSE(check(match_at_2(fixed_block())).valid);
  EXPECT_FALSE(check(match_at_2(fixed_block().literal('a'))).valid);
  EXPECT_TRUE(check(match_at_2(fixed_block().literal('a').literal('b'))).valid);
}

TEST(inflate_check, refuses_a_match_beyond_the_window) {
  bit_writer bits = fixed_block();
  bits.literal('a').code(0xC5, 8).code(0, 5);  // 258 at distance 1.
  bits.code(1, 7).code(16, 5).number(0, 7);    // 3 at distance 257.
  EXPECT_TRUE(check(bits.bytes(), 0, 512).valid);
  EXPECT_FALSE(check(bits.bytes() + "    ", 0, 256).valid);
}

TEST(inflate_check, follows_dynamic_codes) {
  // Literal 'a' and the end of the block with one bit each, no distances.
  bit_writer bits = dynamic_block(257, 1, zero_one_run);
  run(bits, 97);
  one(bits);
  run(bits, 138);
  run(bits, 20);
  one(bits);
  zero(bits);
  bits.code(0, 1).code(0, 1).code(1, 1);
  const inflate_check_result seen = check(bits.bytes());
  EXPECT_TRUE(seen.valid);
  EXPECT_TRUE(seen.finished);
  EXPECT_EQ(seen.symbols, 3U);
  EXPECT_LT(seen.chance, 0x1p-9);
}

TEST(inflate_check, refuses_incomplete_and_excessive_codes) {
  const std::vector<unsigned> incomplete = {0, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
  EXPECT_FALSE(check(dynamic_block(257, 1, incomplete).bytes() + std::string(60, '\x55')).valid);
  const std::vector<unsigned> excessive = {0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  EXPECT_FALSE(check(dynamic_block(257, 1, excessive).bytes() + std::string(60, '\x55')).valid);
  EXPECT_FALSE(check(dynamic_block(257, 1, {0, 0, 0, 0}).bytes() + std::string(60, '\x55')).valid);

  bit_writer three = dynamic_block(257, 1, zero_one_run);  // Three codes of one bit.
  one(three);
  one(three);
  one(three);
  EXPECT_FALSE(check(three.bytes() + "    ").valid);
}

TEST(inflate_check, refuses_bad_code_lengths) {
  bit_writer endless = dynamic_block(257, 1, zero_one_run);  // No code for the end of the block.
  one(endless);
  one(endless);
  run(endless, 138);
  run(endless, 118);
  EXPECT_FALSE(check(endless.bytes() + "    ").valid);

  bit_writer beyond = dynamic_block(257, 1, zero_one_run);  // A run past the last length.
  one(beyond);
  run(beyond, 138);
  run(beyond, 138);
  EXPECT_FALSE(check(beyond.bytes() + "    ").valid);

  // 16 repeats the length before it, and there is none.
  const std::vector<unsigned> with_repeat = {1, 0, 0, 1};
  EXPECT_FALSE(check(dynamic_block(257, 1, with_repeat).code(1, 1).bytes() + "    ").valid);

  EXPECT_FALSE(check(dynamic_block(287, 1, zero_one_run).bytes() + "    ").valid) << "literals";
  EXPECT_FALSE(check(dynamic_block(257, 31, zero_one_run).bytes() + "    ").valid) << "distances";
}

TEST(inflate_check, accepts_one_code_of_one_bit) {
  bit_writer bits = dynamic_block(257, 1, zero_one_run);  // The end of the block alone.
  run(bits, 138);
  run(bits, 118);
  one(bits);
  one(bits);  // And one distance.
  bits.code(0, 1);
  EXPECT_TRUE(check(bits.bytes()).valid);
  EXPECT_TRUE(check(bits.bytes()).finished);
}

TEST(inflate_check, stops_when_it_has_seen_enough) {
  std::string blocks;
  for (int i = 0; i < 3; ++i) blocks += "\x00\x00\x00\xFF\xFF"s;
  EXPECT_EQ(check(blocks, 0x1p-17).size, 5U);
  EXPECT_EQ(check(blocks, 0x1p-18).size, 5U);
  EXPECT_EQ(check(blocks, 0x1p-19).size, 10U);
  EXPECT_EQ(check(blocks).size, 15U);
  // What comes later is not looked at.
  EXPECT_TRUE(check(blocks + "\xFF", 0x1p-19).valid);
  EXPECT_FALSE(check(blocks + "\xFF").valid);
}

TEST(inflate_check, has_bounds) {
  std::string blocks;
  for (int i = 0; i < 20; ++i) blocks += "\x00\x00\x00\xFF\xFF"s;
  EXPECT_EQ(check(blocks).size, 80U);  // 16 blocks.
  bit_writer bits = fixed_block();
  for (unsigned i = 0; i < 2000; ++i) bits.literal(i % 144);
  EXPECT_EQ(check(bits.bytes()).symbols, 512U);
  EXPECT_TRUE(check("\x01\xFF\xFF\x00\x00"s + std::string(70000, 'a')).valid);
  EXPECT_FALSE(check("\x01\xFF\xFF\x00\x00"s + std::string(70000, 'a')).finished);
}

TEST(inflate_check, counts_text_in_fixed_codes_as_evidence) {
  bit_writer text = fixed_block();
  for (const char c : "the quick brown fox jumps over"s) text.literal(static_cast<unsigned>(c));
  EXPECT_LT(check(text.bytes()).chance, 0x1p-20);
  bit_writer binary = fixed_block();
  for (unsigned i = 0; i < 30; ++i) binary.literal(i % 8);
  EXPECT_EQ(check(binary.bytes()).chance, 1);
}

TEST(inflate_check, has_nothing_against_no_bytes) {
  const inflate_check_result seen = check("");
  EXPECT_TRUE(seen.valid);
  EXPECT_FALSE(seen.finished);
  EXPECT_EQ(seen.size, 0U);
  EXPECT_EQ(seen.chance, 1);
}

TEST(inflate_check, reads_random_bytes_within_their_bounds) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random() % 100, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    // Every second one dynamic, with the code lengths of the sample above: it gets further.
    if (round % 2 == 0 && bytes.size() > 16) {
      bytes.replace(0, 12, dynamic_block(257, 1, zero_one_run).bytes().substr(0, 12));
    }
    static_cast<void>(check(bytes));
  }
}

// Of random streams, at most the fraction c comes to `chance <= c`.
TEST(inflate_check, evidence_is_no_more_than_random_bytes_allow) {
  constexpr int rounds = 100000;
  std::mt19937_64 random(6);
  std::vector<int> reached(20);
  for (int round = 0; round < rounds; ++round) {
    std::string bytes(80, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    for (std::size_t bits = 4; bits < reached.size(); bits += 4) {
      const double c = std::ldexp(1.0, -static_cast<int>(bits));
      const inflate_check_result seen = check(bytes, c);
      if (!seen.valid) break;
      if (seen.chance <= c) ++reached[bits];
    }
  }
  EXPECT_LE(reached[4], rounds >> 4);
  EXPECT_LE(reached[8], rounds >> 8);
  EXPECT_LE(reached[12], rounds >> 12);
  EXPECT_LE(reached[16], (rounds >> 16) + 1);
  EXPECT_GT(reached[4], 0) << "none was read at all";
}

}  // namespace
