// The tokens of a JSON document, found 64 bytes at a time: where they begin, and of what class they
// are.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <hwy/base.h>

#include <jobqueue/base64.hpp>

namespace jobqueue::detail {

// Of 64 bytes, in a string or not; bit i of each tells of byte i.
struct json_classes {
  std::uint64_t quote = 0;
  std::uint64_t backslash = 0;
  std::uint64_t bracket = 0;  // { } [ ]
  std::uint64_t comma = 0;
  std::uint64_t colon = 0;
  std::uint64_t space = 0;  // what RFC 8259 calls white space
  std::uint64_t digit = 0;
  std::uint64_t zero = 0;       // all digits 0; others may be here, too
  std::uint64_t special = 0;    // below 0x20 or from 0x80
  std::uint64_t shorthand = 0;  // names of short escapes; some, or all, may lack
};

// The same of what is outside of strings, and the tokens: a bracket, comma or colon, each of the
// two quotes of a string, the first byte of anything else. Bytes behind the end of the text are
// white space.
struct json_marks {
  std::uint64_t tokens = 0;
  std::uint64_t openings = 0;  // the first quotes of strings
  std::uint64_t closings = 0;  // the last ones
  std::uint64_t brackets = 0;
  std::uint64_t commas = 0;
  std::uint64_t colons = 0;
  std::uint64_t spaces = 0;
  std::uint64_t plain = 0;   // numbers, words, and whatever has no place in JSON
  std::uint64_t starts = 0;  // the first bytes of those
  // Bytes of those that no integer has: no digits, or a 0 before others.
  std::uint64_t doubtful = 0;
  std::uint64_t special = 0;  // in a string: below 0x20 or from 0x80
  std::uint64_t escaped = 0;  // in a string: behind a backslash, and perhaps no short escape
};

// What a block has to know of those before it.
struct json_carry {
  std::uint64_t escape = 0;  // 1: its first byte is escaped
  std::uint64_t string = 0;  // all ones: it begins in a string
  std::uint64_t plain = 0;   // 1: the byte before it belongs to a number or word
};

// Bit i: byte i is escaped, by a backslash that is not. Of `carry` bit 0: the first byte is.
HWY_INLINE std::uint64_t find_escaped(std::uint64_t backslash, std::uint64_t& carry) noexcept {
  constexpr std::uint64_t even_bits = 0x5555555555555555;
  backslash &= ~carry;
  const std::uint64_t follows = backslash << 1U | carry;
  // A row of backslashes that begins at an odd place is told from the others by where the carry of
  // an addition goes.
  const std::uint64_t odd_begins = backslash & ~even_bits & ~follows;
  const std::uint64_t sum = odd_begins + backslash;
  carry = sum < odd_begins ? 1 : 0;
  return (even_bits ^ (sum << 1U)) & follows;
}

struct json_quotes {
  std::uint64_t all = 0;      // but for those that are escaped
  std::uint64_t escaped = 0;  // what is behind a backslash
};

HWY_INLINE json_quotes find_quotes(const json_classes& found, json_carry& carry) noexcept {
  const std::uint64_t escaped = find_escaped(found.backslash, carry.escape);
  return {found.quote & ~escaped, escaped};
}

// `odd` is `odd_before` of the quotes.
HWY_INLINE json_marks mark_json(const json_classes& found, const json_quotes& quoted,
                                std::uint64_t odd, json_carry& carry) noexcept {
  constexpr std::uint64_t last = std::uint64_t{1} << 63U;
  const std::uint64_t quotes = quoted.all;
  // With the opening quote, without the closing one.
  const std::uint64_t in_string = odd ^ carry.string;
  carry.string = ~((in_string >> 63U) - 1U);
  const std::uint64_t content = in_string & ~quotes;
  const std::uint64_t outside = ~(in_string | quotes);
  json_marks marks;
  marks.openings = quotes & in_string;
  marks.closings = quotes & ~in_string;
  marks.brackets = found.bracket & outside;
  marks.commas = found.comma & outside;
  marks.colons = found.colon & outside;
  marks.spaces = found.space & outside;
  const std::uint64_t structure = marks.brackets | marks.commas | marks.colons;
  marks.plain = outside & ~(structure | found.space);
  marks.starts = marks.plain & ~(marks.plain << 1U | carry.plain);
  marks.doubtful =
      (marks.plain & ~found.digit) | (marks.starts & found.zero & (marks.plain >> 1U | last));
  marks.tokens = quotes | structure | marks.starts;
  marks.special = found.special & content;
  marks.escaped = quoted.escaped & content & ~found.shorthand;
  carry.plain = marks.plain >> 63U;
  return marks;
}

// Bit i: the number of bits from 0 to i is odd.
HWY_INLINE std::uint64_t odd_before(std::uint64_t bits) noexcept {
  for (unsigned shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// Bytes of a block, and how many blocks are looked at together.
inline constexpr std::size_t json_block_size = 64;
inline constexpr std::size_t json_blocks = 16;

// Tokens from left to right. Strings are checked on the way (control characters, escapes, UTF-8);
// the rest is up to the caller, who sees for himself how long a token is.
//
// "Parsing Gigabytes of JSON per Second" (Langdale, Lemire, VLDB 2019) has the algorithm.
class json_index {
 public:
  explicit json_index(simd_target target = simd_target::best);
  // `text` must live as long as this, or until the next begins.
  explicit json_index(std::string_view text, simd_target target = simd_target::best)
      : json_index(target) {
    begin(text);
  }
  // To the first token of another text.
  void begin(std::string_view text) noexcept;

  // Where the next token begins; the size of the text if there is none.
  [[nodiscard]] std::size_t next() {
    while (tokens_ == 0) {
      if (!next_block()) return text_.size();
    }
    const auto bit = static_cast<std::size_t>(std::countr_zero(tokens_));
    tokens_ &= tokens_ - 1;
    return begin_of(block_) + bit;
  }

  // False: no string up to the block of the last token has an escape.
  [[nodiscard]] bool may_escape() const noexcept { return has_backslash_; }

  // Not `best`, but what that is.
  [[nodiscard]] simd_target target() const noexcept { return target_; }

  // False: a string is wrong, and no more tokens come.
  [[nodiscard]] bool good() const noexcept { return good_; }

 private:
  // Whether there is a backslash.
  using classify_function = bool (*)(const std::uint8_t* text, std::size_t blocks,
                                     json_classes* out) noexcept;
  friend class json_walk;

  static classify_function classifier_for(simd_target target) noexcept;
  [[nodiscard]] std::size_t begin_of(std::size_t block) const noexcept {
    return read_ + block * json_block_size;
  }
  bool next_block();
  bool read_blocks();
  bool check_strings(std::uint64_t special, std::uint64_t escaped, std::size_t begin);

  std::string_view text_;
  simd_target target_;
  classify_function classify_;
  std::array<json_classes, json_blocks> blocks_;
  std::size_t block_count_ = 0;
  std::size_t block_ = 0;  // which of them `marks_` are of
  std::size_t read_ = 0;   // where the first of them begins
  json_marks marks_;
  std::uint64_t tokens_ = 0;  // of them, those which are still to come
  json_carry carry_;
  std::size_t utf8_end_ = 0;  // characters up to here have been checked
  bool has_backslash_ = false;
  bool good_ = true;
};

// Goes over the blocks of an index from the last token that it gave, for who looks at all tokens of
// a block together. The index is of use again when `stop` has said where it goes on.
class json_walk {
 public:
  explicit json_walk(json_index& index)
      : index_(index), block_(index.block_), marks_(index.marks_), carry_(index.carry_) {}

  [[nodiscard]] const json_marks& marks() const noexcept { return marks_; }
  // Where in the text the block begins.
  [[nodiscard]] std::size_t begin() const noexcept { return index_.begin_of(block_); }
  // Of the first block: all bytes behind the last token that the index gave.
  [[nodiscard]] std::uint64_t ahead() const noexcept {
    const std::uint64_t given = marks_.tokens & ~index_.tokens_;
    return given == 0 ? ~std::uint64_t{0} : ~((std::bit_floor(given) << 1U) - 1U);
  }
  // To the next block that is not in one string as a whole, in two steps: its quotes, and then the
  // rest. False: there is no block, or a string is wrong.
  HWY_INLINE bool find_next() {
    for (;;) {
      if (++block_ >= index_.block_count_) {
        if (!index_.read_blocks()) return false;
        block_ = 0;
      }
      const json_classes& found = index_.blocks_[block_];
      quotes_ = find_quotes(found, carry_);
      if (quotes_.all != 0 || carry_.string == 0) return true;
      if (!check(found.special, quotes_.escaped & ~found.shorthand)) return false;
    }
  }
  [[nodiscard]] std::uint64_t quotes() const noexcept { return quotes_.all; }
  // `odd` is `odd_before` of the quotes.
  HWY_INLINE bool mark(std::uint64_t odd) {
    marks_ = mark_json(index_.blocks_[block_], quotes_, odd, carry_);
    return check(marks_.special, marks_.escaped);
  }
  // The index goes on with those of the tokens of the block that `left` has.
  void stop(std::uint64_t left) {
    index_.block_ = block_;
    index_.marks_ = marks_;
    index_.carry_ = carry_;
    index_.tokens_ = marks_.tokens & left;
  }

 private:
  HWY_INLINE bool check(std::uint64_t special, std::uint64_t escaped) {
    return (special | escaped) == 0 || index_.check_strings(special, escaped, begin());
  }

  json_index& index_;
  std::size_t block_;
  json_quotes quotes_;
  json_marks marks_;
  json_carry carry_;
};

}  // namespace jobqueue::detail
