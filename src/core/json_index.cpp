#include "core/json_index.hpp"

#include <algorithm>
#include <cstring>

#include "core/json_text.hpp"
#include "core/utf8.hpp"

// As in base64_scan.cpp: our own scalar code replaces Highway's emulation.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/json_index.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/simd_bytes-inl.h"

#ifndef JOBQUEUE_JSON_INDEX_SCALAR
#define JOBQUEUE_JSON_INDEX_SCALAR

namespace jobqueue::detail::scalar {

// The members of json_classes that a byte belongs to, a bit for each; every digit may be a zero,
// and none is the name of an escape.
enum json_class : std::uint8_t {
  quote = 1,
  backslash = 2,
  bracket = 4,
  comma = 8,
  colon = 16,
  space = 32,
  digit = 64,
  special = 128
};

constexpr std::array<std::uint8_t, 256> json_class_table = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t c = 0; c < table.size(); ++c) table[c] = c < 0x20 || c >= 0x80 ? special : 0;
  for (const char c : {' ', '\t', '\n', '\r'}) table[static_cast<std::uint8_t>(c)] |= space;
  for (const char c : {'{', '}', '[', ']'}) table[static_cast<std::uint8_t>(c)] = bracket;
  for (std::size_t c = '0'; c <= '9'; ++c) table[c] = digit;
  table['"'] = quote;
  table['\\'] = backslash;
  table[','] = comma;
  table[':'] = colon;
  return table;
}();

// Bit i of byte k becomes bit k of byte i. Warren, Hacker's Delight, 7-3.
constexpr std::uint64_t transpose(std::uint64_t bits) noexcept {
  std::uint64_t swap = (bits ^ (bits >> 7U)) & 0x00AA00AA00AA00AA;
  bits ^= swap ^ (swap << 7U);
  swap = (bits ^ (bits >> 14U)) & 0x0000CCCC0000CCCC;
  bits ^= swap ^ (swap << 14U);
  swap = (bits ^ (bits >> 28U)) & 0x00000000F0F0F0F0;
  return bits ^ swap ^ (swap << 28U);
}

inline bool classify_json(const std::uint8_t* text, std::size_t blocks,
                          json_classes* out) noexcept {
  std::uint64_t backslashes = 0;
  for (; blocks != 0; --blocks, ++out) {
    json_classes found;
    for (unsigned byte = 0; byte < json_block_size; byte += 8, text += 8) {
      std::uint64_t classes = 0;
      for (unsigned i = 0; i < 8; ++i) {
        classes |= std::uint64_t{json_class_table[text[i]]} << (8 * i);
      }
      classes = transpose(classes);
      const auto bits = [&](std::uint8_t of) {
        return (classes >> (8 * std::countr_zero(of)) & 0xFF) << byte;
      };
      found.quote |= bits(quote);
      found.backslash |= bits(backslash);
      found.bracket |= bits(bracket);
      found.comma |= bits(comma);
      found.colon |= bits(colon);
      found.space |= bits(space);
      found.digit |= bits(digit);
      found.special |= bits(special);
    }
    found.zero = found.digit;
    backslashes |= found.backslash;
    *out = found;
  }
  return backslashes != 0;
}

}  // namespace jobqueue::detail::scalar

#endif  // JOBQUEUE_JSON_INDEX_SCALAR

#if HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR

HWY_BEFORE_NAMESPACE();
namespace jobqueue::detail::HWY_NAMESPACE {

void find_shorthands(const std::uint8_t* text, std::size_t blocks, json_classes* out) noexcept {
  const byte_tag d;
  // A bit for each high half that the names have, and which of them go with a low half.
  alignas(16) static constexpr std::uint8_t highs[16] = {0, 0, 1, 0, 0, 2, 4, 8};
  alignas(16) static constexpr std::uint8_t lows[16] = {0, 0, 13, 0, 8, 0, 4, 0,
                                                        0, 0, 0,  0, 2, 0, 4, 1};
  const auto high_table = hn::LoadDup128(d, highs);
  const auto low_table = hn::LoadDup128(d, lows);
  const auto half = hn::Set(d, 0x0F);
  for (; blocks != 0; --blocks, text += json_block_size, ++out) {
    std::uint64_t other = 0;
    for (std::size_t i = 0; i < json_block_size; i += byte_lanes) {
      const auto v = hn::LoadU(d, text + i);
      const auto high = hn::TableLookupBytes(high_table, hn::ShiftRight<4>(v));
      const auto low = hn::TableLookupBytes(low_table, hn::And(v, half));
      other |= mask_bits(hn::Eq(hn::And(high, low), hn::Zero(d))) << i;
    }
    out->shorthand = ~other;
  }
}

bool classify_json(const std::uint8_t* text, std::size_t blocks, json_classes* out) noexcept {
  const byte_tag d;
  const hn::RebindToSigned<byte_tag> signed_d;
  // The table has the one white space character with each low half, or what has another low half.
  alignas(16) static constexpr std::uint8_t spaces[16] = {' ', 2,    1,    1, 1, 1,    1, 1,
                                                          1,   '\t', '\n', 1, 1, '\r', 1, 1};
  const auto space_table = hn::LoadDup128(d, spaces);
  const auto comma = hn::Set(d, ',');
  const auto colon = hn::Set(d, ':');
  const auto curly = hn::Set(d, '{');
  const auto closing = hn::Set(d, '}');
  const auto lower = hn::Set(d, 0x20);
  const auto half = hn::Set(d, 0x0F);
  const auto quote = hn::Set(d, '"');
  const auto backslash = hn::Set(d, '\\');
  const auto zero = hn::Set(d, '0');
  const auto nine = hn::Set(d, 9);
  const auto no_control = hn::Set(signed_d, 0x20);
  std::uint64_t backslashes = 0;
  for (std::size_t block = 0; block < blocks; ++block) {
    json_classes found;
    for (std::size_t i = 0; i < json_block_size; i += byte_lanes) {
      const auto v = hn::LoadU(d, text + block * json_block_size + i);
      const auto bits = [&](auto mask) HWY_ATTR { return mask_bits(mask) << i; };
      // '[' and ']' with this bit are '{' and '}'.
      const auto folded = hn::Or(v, lower);
      const auto digit = hn::Sub(v, zero);
      found.quote |= bits(hn::Eq(v, quote));
      found.backslash |= bits(hn::Eq(v, backslash));
      found.bracket |= bits(hn::Or(hn::Eq(folded, curly), hn::Eq(folded, closing)));
      found.comma |= bits(hn::Eq(v, comma));
      found.colon |= bits(hn::Eq(v, colon));
      found.space |= bits(hn::Eq(hn::TableLookupBytes(space_table, hn::And(v, half)), v));
      found.digit |= bits(hn::Eq(hn::Min(digit, nine), digit));
      found.zero |= bits(hn::Eq(v, zero));
      // With a sign, those from 0x80 are below 0.
      found.special |= bits(hn::RebindMask(d, hn::Lt(hn::BitCast(signed_d, v), no_control)));
    }
    backslashes |= found.backslash;
    out[block] = found;
  }
  if (backslashes != 0) find_shorthands(text, blocks, out);
  return backslashes != 0;
}

}  // namespace jobqueue::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // vector targets

#if HWY_ONCE

#include "core/simd_choice.hpp"

namespace jobqueue::detail {

json_index::classify_function json_index::classifier_for(simd_target target) noexcept {
  switch (target) {
    JOBQUEUE_SIMD_CASES(classify_json)
    default: return &scalar::classify_json;
  }
}

json_index::json_index(simd_target target)
    : target_(resolve_simd_target(target)), classify_(classifier_for(target_)) {}

void json_index::begin(std::string_view text) noexcept {
  text_ = text;
  block_count_ = 0;
  block_ = 0;
  read_ = 0;
  marks_ = {};
  tokens_ = 0;
  carry_ = {};
  utf8_end_ = 0;
  has_backslash_ = false;
  good_ = true;
}

bool json_index::next_block() {
  json_walk walk(*this);
  if (!walk.find_next()) return false;
  if (!walk.mark(odd_before(walk.quotes()))) return false;
  walk.stop(~std::uint64_t{0});
  return true;
}

// Fills `blocks_`. False: there are no more.
bool json_index::read_blocks() {
  read_ = begin_of(block_count_);
  block_count_ = 0;
  if (!good_ || read_ >= text_.size()) return false;
  const std::size_t left = text_.size() - read_;
  const auto* const from = reinterpret_cast<const std::uint8_t*>(text_.data()) + read_;
  if (left >= json_block_size) {
    block_count_ = std::min(left / json_block_size, json_blocks);
    if (classify_(from, block_count_, blocks_.data())) has_backslash_ = true;
    return true;
  }
  std::array<std::uint8_t, json_block_size> last;
  last.fill(' ');
  std::memcpy(last.data(), from, left);
  block_count_ = 1;
  if (classify_(last.data(), 1, blocks_.data())) has_backslash_ = true;
  return true;
}

// Looks at what is unusual in the strings of a block: nothing but UTF-8 and escapes may be there.
bool json_index::check_strings(std::uint64_t special, std::uint64_t escaped, std::size_t begin) {
  const auto* const data = reinterpret_cast<const unsigned char*>(text_.data());
  const auto is_escape = [&](std::size_t at) {
    if (at >= text_.size()) return false;
    return is_short_json_escape(text_[at]) ||
           (text_[at] == 'u' && read_json_code_unit(text_.substr(at - 1)) != no_code_unit);
  };
  // What follows a lead byte is in this block or the next.
  const auto is_character = [&](std::size_t at) {
    if (at < utf8_end_) return true;
    const std::size_t size = utf8_sequence_size(data + at, data + text_.size());
    utf8_end_ = at + size;
    return size != 0 && data[at] >= 0x20;
  };
  for (; escaped != 0 && good_; escaped &= escaped - 1) {
    good_ = is_escape(begin + static_cast<std::size_t>(std::countr_zero(escaped)));
  }
  for (; special != 0 && good_; special &= special - 1) {
    good_ = is_character(begin + static_cast<std::size_t>(std::countr_zero(special)));
  }
  return good_;
}

}  // namespace jobqueue::detail

#endif  // HWY_ONCE
