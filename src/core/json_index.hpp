// The tokens of a JSON document, found 64 bytes at a time: where they begin, not what they are.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <jobqueue/base64.hpp>

namespace jobqueue::detail {

// Bit i of each tells of byte i of a block of 64.
struct json_block {
  std::uint64_t quote = 0;
  std::uint64_t backslash = 0;
  std::uint64_t structure = 0;  // { } [ ] : ,
  std::uint64_t space = 0;      // what RFC 8259 calls white space
  std::uint64_t control = 0;    // below 0x20
  std::uint64_t high = 0;       // from 0x80
};

// How many blocks are looked at together.
inline constexpr std::size_t json_blocks = 16;

// Tokens from left to right: a structural character, each of the two quotes of a string, the first
// character of anything else. Strings are checked on the way (control characters, escapes, UTF-8);
// the rest is up to the caller, who sees for himself how long a token is.
//
// "Parsing Gigabytes of JSON per Second" (Langdale, Lemire, VLDB 2019) has the algorithm.
class json_index {
 public:
  // `text` must live as long as this.
  explicit json_index(std::string_view text, simd_target target = simd_target::best);

  // Where the next token begins; the size of the text if there is none.
  [[nodiscard]] std::size_t next() {
    while (tokens_ == 0) {
      if (!read_block()) return text_.size();
    }
    const auto bit = static_cast<std::size_t>(std::countr_zero(tokens_));
    tokens_ &= tokens_ - 1;
    return block_begin_ + bit;
  }

  // False: a string is wrong, and no more tokens come.
  [[nodiscard]] bool good() const noexcept { return good_; }

 private:
  using classify_function = void (*)(const std::uint8_t* text, std::size_t blocks,
                                     json_block* out) noexcept;

  bool read_block();
  bool read_blocks();
  [[nodiscard]] bool check_escapes(std::uint64_t escaped, std::size_t begin) const noexcept;
  [[nodiscard]] bool check_utf8(std::uint64_t high, std::size_t begin) noexcept;
  friend struct json_index_kernels;

  std::string_view text_;
  classify_function classify_;
  std::array<json_block, json_blocks> blocks_;
  std::size_t block_count_ = 0;
  std::size_t block_at_ = 0;     // the next of them
  std::size_t read_ = 0;         // the text up to here is in blocks
  std::size_t block_begin_ = 0;  // of the block that `tokens_` are of
  std::uint64_t tokens_ = 0;
  std::uint64_t escape_carry_ = 0;  // 1: the first byte of the next block is escaped
  std::uint64_t string_carry_ = 0;  // all ones: the next block begins in a string
  std::uint64_t value_carry_ = 0;   // 1: the last byte belongs to a number or word
  std::size_t utf8_end_ = 0;        // characters up to here have been checked
  bool good_ = true;
};

}  // namespace jobqueue::detail
