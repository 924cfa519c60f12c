#include "core/content_type_scan.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

// As in base64_scan.cpp.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/content_type_scan.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

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

namespace hn = hwy::HWY_NAMESPACE;
using mark_tag = hn::CappedTag<std::uint8_t, 64>;

// For TableLookupBytes, which on some targets takes nothing above 15. x86 looks at the low half
// itself, and gives 0 for bytes above 127, which are in no set.
template <class Vector>
HWY_INLINE Vector low_half(Vector bytes) {
#if HWY_ARCH_X86
  return bytes;
#else
  return hn::And(bytes, hn::Set(mark_tag(), 0x0F));
#endif
}

std::size_t find_mark(std::string_view text, std::size_t from, mark_set wanted) noexcept {
  const mark_tag d;
  constexpr std::size_t lanes = hn::MaxLanes(mark_tag());
  constexpr std::size_t block = 4 * lanes;
  // Third bytes are looked at one by one.
  constexpr std::size_t more = 2;
  if (text.size() < from + block + more) return scalar::find_mark(text, from, wanted);
  const bool is_all = wanted == mark_set::all;
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto firsts = hn::LoadDup128(d, is_all ? all_firsts.data() : firsts_without_pdf.data());
  const auto seconds = hn::LoadDup128(d, is_all ? all_seconds.data() : seconds_without_pdf.data());
  const auto bit = hn::Set(d, case_bit);
  // Zero where a pair may be one of those.
  const auto distance = [&](std::size_t at) HWY_ATTR {
    const auto first = hn::LoadU(d, bytes + at);
    const auto second = hn::OrAnd(hn::AndNot(bit, hn::LoadU(d, bytes + at + 1)), first, bit);
    return hn::Or(hn::Xor(hn::TableLookupBytes(firsts, low_half(first)), first),
                  hn::Xor(hn::TableLookupBytes(seconds, low_half(second)), second));
  };
  const std::size_t last = text.size() - block - more;
  // From the second block on, a vector lies in one line of the cache: some bytes are seen twice.
  const std::size_t shift = reinterpret_cast<std::uintptr_t>(bytes + from) % lanes;
  std::size_t next = from + block - shift;
  for (std::size_t at = from;; at = std::min(next, last), next = at + block) {
    const auto half = hn::Min(distance(at), distance(at + lanes));
    const auto other = hn::Min(distance(at + 2 * lanes), distance(at + 3 * lanes));
    if (HWY_UNLIKELY(!hn::AllFalse(d, hn::Eq(hn::Min(half, other), hn::Zero(d))))) {
      for (std::size_t part = at; part < at + block; part += lanes) {
        std::uint64_t bits = 0;
        hn::StoreMaskBits(d, hn::Eq(distance(part), hn::Zero(d)),
                          reinterpret_cast<std::uint8_t*>(&bits));
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
