#include "core/content_type_scan.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

// As in base64_scan.cpp.
#define HWY_DISABLED_TARGETS HWY_SSSE3
#define HWY_WANT_AVX3_DL
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/content_type_scan.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/simd_bytes-inl.h"

#ifndef JOBQUEUE_CONTENT_TYPE_SCAN_SCALAR
#define JOBQUEUE_CONTENT_TYPE_SCAN_SCALAR

namespace jobqueue::detail {

// Sets of bytes, looked up by their low halves: what stands there is the only byte of the set that
// has that half. Where there is none, there is a byte with another half, which equals none.
using byte_set = std::array<std::uint8_t, 16>;
alignas(16) inline constexpr byte_set all_firsts = {'P', 0, 0, 0, 0,   '%', 0, 0,
                                                    0,   0, 0, 0, '<', 0,   0, 0};
alignas(16) inline constexpr byte_set firsts_without_pdf = {'P', 0, 0, 0, 0,   0, 0, 0,
                                                            0,   0, 0, 0, '<', 0, 0, 0};
// Second bytes, with the bit 0x20 of the byte before: that makes small letters behind '<' and '%',
// and keeps the 'K' of "PK" large, which is no letter that others have then.
inline constexpr std::uint8_t case_bit = 0x20;
alignas(16) inline constexpr byte_set all_seconds = {'p', '!', 'b', 's', 0, 0, 0, 0,
                                                     'h', 'i', 0,   'K', 0, 0, 0, '?'};
alignas(16) inline constexpr byte_set seconds_without_pdf = {1,   '!', 'b', 's', 0, 0, 0, 0,
                                                             'h', 'i', 0,   'K', 0, 0, 0, '?'};

// For targets that look a byte up among 64, by its low six bits: to which kind of mark it is first,
// and which byte is second, in exclusive or with the kind. What else comes out is no kind.
using six_bit_table = std::array<std::uint8_t, 64>;
enum : std::uint8_t { zip_mark = 1, tag_mark = 2, pdf_mark = 4, no_first = 8, no_second = 16 };
constexpr std::size_t six_bits(std::size_t byte) { return byte % 64; }
constexpr six_bit_table make_firsts(bool is_all) {
  six_bit_table table;
  table.fill(no_first);
  table[six_bits('P')] = zip_mark;
  table[six_bits('<')] = tag_mark;
  if (is_all) table[six_bits('%')] = pdf_mark;
  return table;
}
constexpr six_bit_table make_seconds() {
  six_bit_table table;
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = static_cast<std::uint8_t>(i ^ no_second);
  }
  table[six_bits('K')] = 'K' ^ zip_mark;
  for (const std::uint8_t c : {'s', 'S', 'h', 'H', 'i', 'I', 'b', 'B', '!', '?'}) {
    table[six_bits(c)] = c ^ tag_mark;
  }
  table[six_bits('P')] = 'P' ^ pdf_mark;
  return table;
}
alignas(64) inline constexpr six_bit_table six_bit_firsts = make_firsts(true);
alignas(64) inline constexpr six_bit_table six_bit_firsts_without_pdf = make_firsts(false);
alignas(64) inline constexpr six_bit_table six_bit_seconds = make_seconds();

namespace scalar {

inline bool is_mark(const char* at, mark_set wanted) noexcept {
  if (at[0] == 'P') return at[1] == 'K' && at[2] == '\3';
  if (at[0] == '%') return wanted == mark_set::all && at[1] == 'P' && at[2] == 'D';
  if (at[0] != '<') return false;
  const auto lower = [](char c) {
    return static_cast<char>(static_cast<std::uint8_t>(c) | case_bit);
  };
  const char third = lower(at[2]);
  switch (lower(at[1])) {
    case 's': return third == 'c' || third == 'v';
    case 'h': return third == 't';
    case '!': return at[1] == '!' && third == 'd';
    case 'i': return third == 'f';
    case '?': return at[1] == '?' && third == 'p';
    case 'b': return third == 'o';
    default: return false;
  }
}

inline std::size_t find_mark(std::string_view text, std::size_t from, mark_set wanted) noexcept {
  for (std::size_t at = from; at + 2 < text.size(); ++at) {
    if (is_mark(text.data() + at, wanted)) return at;
  }
  return text.size();
}

}  // namespace scalar
}  // namespace jobqueue::detail

#endif  // JOBQUEUE_CONTENT_TYPE_SCAN_SCALAR

#if HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR

HWY_BEFORE_NAMESPACE();
namespace jobqueue::detail::HWY_NAMESPACE {

// Looks for pairs that may begin a mark: a lane is 0 if one may be there.
class pair_look {
 public:
#if HWY_TARGET == HWY_AVX3_DL
  HWY_INLINE explicit pair_look(bool is_all)
      : firsts_(
            hn::Load(byte_tag(), (is_all ? six_bit_firsts : six_bit_firsts_without_pdf).data())),
        seconds_(hn::Load(byte_tag(), six_bit_seconds.data())) {}

  HWY_INLINE byte_vector operator()(const std::uint8_t* at) const {
    const byte_tag d;
    const auto second = hn::LoadU(d, at + 1);
    const auto kind = hn::Xor(look_up_six_bits(seconds_, second), second);
    return hn::Xor(look_up_six_bits(firsts_, hn::LoadU(d, at)), kind);
  }
#else
  HWY_INLINE explicit pair_look(bool is_all)
      : firsts_(load(is_all ? all_firsts : firsts_without_pdf)),
        seconds_(load(is_all ? all_seconds : seconds_without_pdf)) {}

  HWY_INLINE byte_vector operator()(const std::uint8_t* at) const {
    const byte_tag d;
    const auto bit = hn::Set(d, case_bit);
    const auto first = hn::LoadU(d, at);
    const auto second = hn::OrAnd(hn::AndNot(bit, hn::LoadU(d, at + 1)), first, bit);
    return hn::Or(hn::Xor(hn::TableLookupBytes(firsts_, low_half(first)), first),
                  hn::Xor(hn::TableLookupBytes(seconds_, low_half(second)), second));
  }
#endif
  static HWY_INLINE byte_vector either(byte_vector a, byte_vector b) { return hn::Min(a, b); }
  static HWY_INLINE byte_mask found(byte_vector v) { return hn::Eq(v, hn::Zero(byte_tag())); }

 private:
#if HWY_TARGET != HWY_AVX3_DL
  static HWY_INLINE byte_vector load(const byte_set& from) {
    return hn::LoadDup128(byte_tag(), from.data());
  }
#endif

  byte_vector firsts_, seconds_;
};

std::size_t find_mark(std::string_view text, std::size_t from, mark_set wanted) noexcept {
  const byte_tag d;
  constexpr std::size_t block = 4 * byte_lanes;
  // Third bytes are looked at one by one.
  constexpr std::size_t more = 2;
  if (text.size() < from + block + more) return scalar::find_mark(text, from, wanted);
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const pair_look look(wanted == mark_set::all);
  const std::size_t last = text.size() - block - more;
  // From the second block on, a vector lies in one line of the cache: some bytes are seen twice.
  const std::size_t shift = reinterpret_cast<std::uintptr_t>(bytes + from) % byte_lanes;
  std::size_t next = from + block - shift;
  for (std::size_t at = from;; at = std::min(next, last), next = at + block) {
    const std::uint8_t* const p = bytes + at;
    const auto half = look.either(look(p), look(p + byte_lanes));
    const auto other = look.either(look(p + 2 * byte_lanes), look(p + 3 * byte_lanes));
    if (HWY_UNLIKELY(!hn::AllFalse(d, look.found(look.either(half, other))))) {
      for (std::size_t part = at; part < at + block; part += byte_lanes) {
        std::uint64_t bits = mask_bits(look.found(look(bytes + part)));
        for (; bits != 0; bits &= bits - 1) {
          const std::size_t place = part + static_cast<std::size_t>(std::countr_zero(bits));
          if (scalar::is_mark(text.data() + place, wanted)) return place;
        }
      }
    }
    if (at == last) return text.size();
  }
}

}  // namespace jobqueue::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // vector targets

#if HWY_ONCE

#include "core/simd_choice.hpp"

namespace jobqueue::detail {

mark_finder mark_finder_for(simd_target target) noexcept {
  switch (resolve_simd_target(target)) {
    JOBQUEUE_SIMD_CASES(find_mark)
    default: return &scalar::find_mark;
  }
}

}  // namespace jobqueue::detail

#endif  // HWY_ONCE
