// Which of the functions that Highway compiled once for each instruction set is that of a target.
//
//   switch (target) {
//     JOBQUEUE_SIMD_CASES(find)
//     default: return &scalar::find;
//   }
//
// Wanted where HWY_ONCE holds, in the namespace around those of the targets.
#pragma once

#include <hwy/highway.h>

#include <jobqueue/base64.hpp>

// Not on this processor family, or not compiled: no case. Files that have no use for what avx3_dl
// has besides avx3 are compiled for avx3 alone, and that serves for both: the one case falls
// through to the other, which is next.
#if (HWY_TARGETS & HWY_AVX3_DL)
#define JOBQUEUE_CASE_AVX3_DL(function) \
  case simd_target::avx3_dl:            \
    return &N_AVX3_DL::function;
#elif (HWY_TARGETS & HWY_AVX3)
#define JOBQUEUE_CASE_AVX3_DL(function) case simd_target::avx3_dl:
#else
#define JOBQUEUE_CASE_AVX3_DL(function)
#endif
#if (HWY_TARGETS & HWY_AVX3)
#define JOBQUEUE_CASE_AVX3(function) \
  case simd_target::avx3:            \
    return &N_AVX3::function;
#else
#define JOBQUEUE_CASE_AVX3(function)
#endif
#if (HWY_TARGETS & HWY_AVX2)
#define JOBQUEUE_CASE_AVX2(function) \
  case simd_target::avx2:            \
    return &N_AVX2::function;
#else
#define JOBQUEUE_CASE_AVX2(function)
#endif
#if (HWY_TARGETS & HWY_SSE4)
#define JOBQUEUE_CASE_SSE4(function) \
  case simd_target::sse4:            \
    return &N_SSE4::function;
#else
#define JOBQUEUE_CASE_SSE4(function)
#endif
#if (HWY_TARGETS & HWY_NEON)
#define JOBQUEUE_CASE_NEON(function) \
  case simd_target::neon:            \
    return &N_NEON::function;
#else
#define JOBQUEUE_CASE_NEON(function)
#endif

#define JOBQUEUE_SIMD_CASES(function) \
  JOBQUEUE_CASE_AVX3_DL(function)     \
  JOBQUEUE_CASE_AVX3(function)        \
  JOBQUEUE_CASE_AVX2(function)        \
  JOBQUEUE_CASE_SSE4(function)        \
  JOBQUEUE_CASE_NEON(function)

namespace jobqueue::detail {

// Not `best`, but what that is.
[[nodiscard]] inline simd_target resolve_simd_target(simd_target target) noexcept {
  static const simd_target best = best_simd_target();
  return target == simd_target::best ? best : target;
}

}  // namespace jobqueue::detail
