#include "core/content_type_scan.hpp"

#include <array>
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

// By its low half, the only byte of the set that has it; 0 where there is none, since that has
// another low half. The second bytes are with the bit that makes letters lower case.
alignas(16) inline constexpr std::array<std::uint8_t, 16> first_bytes = {
    'P', 0, 0, 0, 0, '%', 0, 0, 0, 0, 0, 0, '<', 0, 0, 0};
alignas(16) inline constexpr std::array<std::uint8_t, 16> second_bytes = {
    'p', '!', 'b', 's', 0, 0, 0, 0, 'h', 'i', 0, 'k', 0, 0, 0, '?'};
inline constexpr std::uint8_t lower_bit = 0x20;

namespace scalar {

inline std::size_t find_mark(std::string_view text, std::size_t from) noexcept {
  for (std::size_t at = from; at + 1 < text.size(); ++at) {
    const auto first = static_cast<std::uint8_t>(text[at]);
    if (first_bytes[first & 15U] != first) continue;
    const auto second =
        static_cast<std::uint8_t>(static_cast<std::uint8_t>(text[at + 1]) | lower_bit);
    if (second_bytes[second & 15U] == second) return at;
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

std::size_t find_mark(std::string_view text, std::size_t from) noexcept {
  const mark_tag d;
  constexpr std::size_t lanes = hn::MaxLanes(mark_tag());
  if (text.size() < from + lanes + 1) return scalar::find_mark(text, from);
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto firsts = hn::LoadDup128(d, first_bytes.data());
  const auto seconds = hn::LoadDup128(d, second_bytes.data());
  const auto low = hn::Set(d, 0x0F);
  const auto lower = hn::Set(d, lower_bit);
  const auto marks = [&](std::size_t at) HWY_ATTR {
    const auto first = hn::LoadU(d, bytes + at);
    const auto second = hn::Or(hn::LoadU(d, bytes + at + 1), lower);
    return hn::And(hn::Eq(hn::TableLookupBytes(firsts, hn::And(first, low)), first),
                   hn::Eq(hn::TableLookupBytes(seconds, hn::And(second, low)), second));
  };
  std::size_t at = from;
  for (; at + 4 * lanes + 1 <= text.size(); at += 4 * lanes) {
    const auto half = hn::Or(marks(at), marks(at + lanes));
    const auto other = hn::Or(marks(at + 2 * lanes), marks(at + 3 * lanes));
    if (HWY_UNLIKELY(!hn::AllFalse(d, hn::Or(half, other)))) break;
  }
  for (; at + 1 < text.size(); at += lanes) {
    // The last vector looks at some bytes again.
    const std::size_t place = at + lanes + 1 <= text.size() ? at : text.size() - lanes - 1;
    const auto found = hn::FindFirstTrue(d, marks(place));
    if (found >= 0) return place + static_cast<std::size_t>(found);
  }
  return text.size();
}

}  // namespace jobqueue::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // vector targets

#if HWY_ONCE

namespace jobqueue::detail {

mark_finder mark_finder_for(simd_target target) noexcept {
  static const simd_target best = best_simd_target();
  switch (target == simd_target::best ? best : target) {
#if (HWY_TARGETS & HWY_AVX3)
    case simd_target::avx3: return &N_AVX3::find_mark;
#endif
#if (HWY_TARGETS & HWY_AVX2)
    case simd_target::avx2: return &N_AVX2::find_mark;
#endif
#if (HWY_TARGETS & HWY_SSE4)
    case simd_target::sse4: return &N_SSE4::find_mark;
#endif
#if (HWY_TARGETS & HWY_NEON)
    case simd_target::neon: return &N_NEON::find_mark;
#endif
    default: return &scalar::find_mark;
  }
}

}  // namespace jobqueue::detail

#endif  // HWY_ONCE
