// What the kernels share that look at up to 64 bytes at once. Wanted behind <hwy/highway.h>, and
// read once for each instruction set, as that is; hence the name, which is Highway's for such.
#if defined(JOBQUEUE_SIMD_BYTES) == defined(HWY_TARGET_TOGGLE)
#ifdef JOBQUEUE_SIMD_BYTES
#undef JOBQUEUE_SIMD_BYTES
#else
#define JOBQUEUE_SIMD_BYTES
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#if HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR

HWY_BEFORE_NAMESPACE();
namespace jobqueue::detail::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// A block of 64 bytes is a whole number of vectors on every target.
using byte_tag = hn::CappedTag<std::uint8_t, 64>;
using byte_vector = hn::Vec<byte_tag>;
using byte_mask = hn::Mask<byte_tag>;
constexpr std::size_t byte_lanes = hn::MaxLanes(byte_tag());

// Bit i: lane i.
HWY_INLINE std::uint64_t mask_bits(byte_mask mask) {
  std::uint8_t buffer[8] = {};
  hn::StoreMaskBits(byte_tag(), mask, buffer);
  std::uint64_t bits;
  std::memcpy(&bits, buffer, sizeof bits);
  return bits;
}

// For TableLookupBytes, which on some targets takes nothing above 15. x86 looks at the low half
// itself, and gives 0 for bytes above 127.
HWY_INLINE byte_vector low_half(byte_vector v) {
#if HWY_ARCH_X86
  return v;
#else
  return hn::And(v, hn::Set(byte_tag(), 0x0F));
#endif
}

#if HWY_TARGET == HWY_AVX3_DL
// A table of 64 bytes, of which the two highest bits of a lane say nothing.
HWY_INLINE byte_vector look_up_six_bits(byte_vector table, byte_vector v) {
  return byte_vector{_mm512_permutexvar_epi8(v.raw, table.raw)};
}
#endif

}  // namespace jobqueue::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // vector targets

#endif  // JOBQUEUE_SIMD_BYTES
