#include "core/json_index.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/json_text.hpp"
#include "core/utf8.hpp"

// As in base64_scan.cpp: our own scalar code replaces Highway's emulation.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/json_index.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef JOBQUEUE_JSON_INDEX_SCALAR
#define JOBQUEUE_JSON_INDEX_SCALAR

namespace jobqueue::detail::scalar {

inline constexpr std::size_t json_block_size = 64;

enum json_class : std::uint8_t { quote = 1, backslash = 2, structure = 4, space = 8, control = 16 };

constexpr std::array<std::uint8_t, 256> json_classes = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = control;
  for (const char c : {' ', '\t', '\n', '\r'}) table[static_cast<std::uint8_t>(c)] |= space;
  for (const char c : {'{', '}', '[', ']', ':', ','})
    table[static_cast<std::uint8_t>(c)] = structure;
  table['"'] = quote;
  table['\\'] = backslash;
  return table;
}();

inline void classify(const std::uint8_t* text, std::size_t blocks, json_block* out) noexcept {
  for (; blocks != 0; --blocks, text += json_block_size, ++out) {
    json_block found;
    for (std::size_t i = 0; i < json_block_size; ++i) {
      const std::uint8_t of = json_classes[text[i]];
      const auto bit = [&](bool is) { return static_cast<std::uint64_t>(is) << i; };
      found.quote |= bit((of & quote) != 0);
      found.backslash |= bit((of & backslash) != 0);
      found.structure |= bit((of & structure) != 0);
      found.space |= bit((of & space) != 0);
      found.control |= bit((of & control) != 0);
      found.high |= bit(text[i] >= 0x80);
    }
    *out = found;
  }
}

}  // namespace jobqueue::detail::scalar

#endif  // JOBQUEUE_JSON_INDEX_SCALAR

#if HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR

HWY_BEFORE_NAMESPACE();
namespace jobqueue::detail::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using json_tag = hn::CappedTag<std::uint8_t, scalar::json_block_size>;
constexpr std::size_t json_lanes = hn::MaxLanes(json_tag());

HWY_INLINE std::uint64_t json_bits(json_tag d, hn::Mask<json_tag> mask) {
  std::uint8_t buffer[8] = {};
  hn::StoreMaskBits(d, mask, buffer);
  std::uint64_t bits;
  std::memcpy(&bits, buffer, sizeof bits);
  return bits;
}

void classify_json(const std::uint8_t* text, std::size_t blocks, json_block* out) noexcept {
  const json_tag d;
  // The table has the one white space character with each low half, or what has another low half.
  alignas(16) static constexpr std::uint8_t spaces[16] = {' ', 2,    1,    1, 1, 1,    1, 1,
                                                          1,   '\t', '\n', 1, 1, '\r', 1, 1};
  const auto space_table = hn::LoadDup128(d, spaces);
  const auto comma = hn::Set(d, ',');
  const auto colon = hn::Set(d, ':');
  const auto curly = hn::Set(d, '{');
  const auto closing = hn::Set(d, '}');
  const auto lower = hn::Set(d, 0x20);
  const auto last_control = hn::Set(d, 0x1F);
  const auto half = hn::Set(d, 0x0F);
  const auto quote = hn::Set(d, '"');
  const auto backslash = hn::Set(d, '\\');
  const auto high = hn::Set(d, 0x80);
  for (; blocks != 0; --blocks, text += scalar::json_block_size, ++out) {
    json_block found;
    for (std::size_t i = 0; i < scalar::json_block_size; i += json_lanes) {
      const auto v = hn::LoadU(d, text + i);
      // '[' and ']' with this bit are '{' and '}'.
      const auto folded = hn::Or(v, lower);
      const auto brackets = hn::Or(hn::Eq(folded, curly), hn::Eq(folded, closing));
      const auto marks = hn::Or(hn::Eq(v, comma), hn::Eq(v, colon));
      found.quote |= json_bits(d, hn::Eq(v, quote)) << i;
      found.backslash |= json_bits(d, hn::Eq(v, backslash)) << i;
      found.structure |= json_bits(d, hn::Or(brackets, marks)) << i;
      found.space |= json_bits(d, hn::Eq(hn::TableLookupBytes(space_table, hn::And(v, half)), v))
                     << i;
      found.control |= json_bits(d, hn::Eq(hn::Min(v, last_control), v)) << i;
      found.high |= json_bits(d, hn::Eq(hn::And(v, high), high)) << i;
    }
    *out = found;
  }
}

}  // namespace jobqueue::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // vector targets

#if HWY_ONCE

namespace jobqueue::detail {

// Best first.
struct json_index_kernels {
  using function = json_index::classify_function;
  static function choose(simd_target wanted) noexcept {
    static const std::int64_t supported = hwy::SupportedTargets();
    const auto runs = [&](simd_target target, std::int64_t highway) {
      return (supported & highway) != 0 && (wanted == simd_target::best || wanted == target);
    };
#if (HWY_TARGETS & HWY_AVX3)
    if (runs(simd_target::avx3, HWY_AVX3)) return &N_AVX3::classify_json;
#endif
#if (HWY_TARGETS & HWY_AVX2)
    if (runs(simd_target::avx2, HWY_AVX2)) return &N_AVX2::classify_json;
#endif
#if (HWY_TARGETS & HWY_SSE4)
    if (runs(simd_target::sse4, HWY_SSE4)) return &N_SSE4::classify_json;
#endif
#if (HWY_TARGETS & HWY_NEON)
    if (runs(simd_target::neon, HWY_NEON)) return &N_NEON::classify_json;
#endif
    return &scalar::classify;
  }
};

namespace {

// Bit i: byte i is escaped, by a backslash that is not. Of `carry` bit 0: the first byte is.
std::uint64_t find_escaped(std::uint64_t backslash, std::uint64_t& carry) noexcept {
  constexpr std::uint64_t even_bits = 0x5555555555555555;
  if (backslash == 0) return std::exchange(carry, 0);
  backslash &= ~carry;
  const std::uint64_t follows = backslash << 1U | carry;
  // A row of backslashes that begins at an odd place is told from the others by where the carry of
  // an addition goes.
  const std::uint64_t odd_begins = backslash & ~even_bits & ~follows;
  const std::uint64_t sum = odd_begins + backslash;
  carry = sum < odd_begins ? 1 : 0;
  return (even_bits ^ (sum << 1U)) & follows;
}

// Bit i: the number of bits from 0 to i is odd.
std::uint64_t prefix_xor(std::uint64_t bits) noexcept {
  for (unsigned shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

}  // namespace

json_index::json_index(std::string_view text, simd_target target)
    : text_(text), classify_(json_index_kernels::choose(target)) {}

bool json_index::read_blocks() {
  if (!good_ || read_ == text_.size()) return false;
  const std::size_t whole = (text_.size() - read_) / scalar::json_block_size;
  const auto* const from = reinterpret_cast<const std::uint8_t*>(text_.data()) + read_;
  block_at_ = 0;
  block_count_ = std::min(whole, json_blocks);
  if (block_count_ != 0) {
    classify_(from, block_count_, blocks_.data());
    return true;
  }
  std::array<std::uint8_t, scalar::json_block_size> last;
  last.fill(' ');
  std::memcpy(last.data(), from, text_.size() - read_);
  block_count_ = 1;
  classify_(last.data(), 1, blocks_.data());
  return true;
}

// Makes `tokens_` of the next block.
bool json_index::read_block() {
  if (block_at_ == block_count_ && !read_blocks()) return false;
  const json_block& block = blocks_[block_at_++];
  block_begin_ = read_;
  read_ = std::min(text_.size(), read_ + scalar::json_block_size);
  const std::uint64_t escaped = find_escaped(block.backslash, escape_carry_);
  const std::uint64_t quotes = block.quote & ~escaped;
  // With the opening quote, without the closing one.
  const std::uint64_t in_string = quotes == 0 ? string_carry_ : prefix_xor(quotes) ^ string_carry_;
  string_carry_ = ~((in_string >> 63U) - 1U);
  const std::uint64_t content = in_string & ~quotes;
  if ((block.control & content) != 0 ||
      ((escaped & content) != 0 && !check_escapes(escaped & content, block_begin_)) ||
      ((block.high & content) != 0 && !check_utf8(block.high & content, block_begin_))) {
    good_ = false;
    tokens_ = 0;
    return false;
  }
  const std::uint64_t value = ~(in_string | quotes | block.structure | block.space);
  tokens_ = quotes | (block.structure & ~in_string) | (value & ~(value << 1U | value_carry_));
  value_carry_ = value >> 63U;
  return true;
}

bool json_index::check_escapes(std::uint64_t escaped, std::size_t begin) const noexcept {
  for (; escaped != 0; escaped &= escaped - 1) {
    const std::size_t at = begin + static_cast<std::size_t>(std::countr_zero(escaped));
    if (at >= text_.size()) return false;
    if (is_short_json_escape(text_[at])) continue;
    if (text_[at] != 'u' || read_json_code_unit(text_.substr(at - 1)) == no_code_unit) return false;
  }
  return true;
}

// What follows a lead byte is in the same block or the next.
bool json_index::check_utf8(std::uint64_t high, std::size_t begin) noexcept {
  const auto* const data = reinterpret_cast<const unsigned char*>(text_.data());
  for (; high != 0; high &= high - 1) {
    const std::size_t at = begin + static_cast<std::size_t>(std::countr_zero(high));
    if (at < utf8_end_) continue;
    const std::size_t size = utf8_sequence_size(data + at, data + text_.size());
    if (size == 0) return false;
    utf8_end_ = at + size;
  }
  return true;
}

}  // namespace jobqueue::detail

#endif  // HWY_ONCE
