#include "core/base64_scan.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

// The targets this file is compiled for, once each. The static target of x86-64 is Highway's
// emulation, which our own scalar code replaces.
#define HWY_DISABLED_TARGETS HWY_SSSE3
#define HWY_WANT_AVX3_DL
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/base64_scan.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/simd_bytes-inl.h"

#ifndef JOBQUEUE_BASE64_SCAN_SCALAR
#define JOBQUEUE_BASE64_SCAN_SCALAR

namespace jobqueue::detail::scalar {

inline bool all_in(const std::uint8_t* p, std::size_t size, const nibble_set& set) noexcept {
  return std::all_of(p, p + size, [&](std::uint8_t c) { return set.contains(c); });
}

// One block, which may be the last and shorter one; every vector target ends with this.
inline scan_hit look_at_block(const std::uint8_t* text, std::size_t size, std::size_t block,
                              const scan_plan& plan) noexcept {
  scan_hit hit{block, 0, false};
  const std::size_t room = std::min(scan_block, size - block);
  for (std::size_t i = 0; i < room && block + i + needle_set::fingerprint_size <= size; ++i) {
    if (plan.needles->hit(text + block + i)) hit.needles |= std::uint64_t{1} << i;
  }
  if (plan.dense) {
    for (std::size_t i = 0; i + 16 <= room; i += 16) {
      hit.run = hit.run || all_in(text + block + i, 16, run_bytes);
    }
  } else {
    hit.run = room >= 32 && all_in(text + block, 32, run_bytes);
  }
  return hit;
}

inline scan_hit find(const std::uint8_t* text, std::size_t size, std::size_t from,
                     const scan_plan& plan) noexcept {
  for (std::size_t block = from; block < size; block += scan_block) {
    const scan_hit hit = look_at_block(text, size, block, plan);
    if (hit.needles != 0 || hit.run) return hit;
  }
  return {size, 0, false};
}

inline std::size_t span_end(const std::uint8_t* text, std::size_t size, std::size_t from,
                            const nibble_set& set) noexcept {
  while (from < size && set.contains(text[from])) ++from;
  return from;
}

}  // namespace jobqueue::detail::scalar

#endif  // JOBQUEUE_BASE64_SCAN_SCALAR

#if HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR

HWY_BEFORE_NAMESPACE();
namespace jobqueue::detail::HWY_NAMESPACE {

static_assert(scan_block % byte_lanes == 0);

// Not 0 in each lane whose byte is in a set, which has none above 127.
class set_lookup {
 public:
  HWY_INLINE explicit set_lookup(const nibble_set& set)
      : low_(hn::LoadDup128(byte_tag(), set.low.data())),
        high_(hn::LoadDup128(byte_tag(), set.high.data())) {}

  HWY_INLINE byte_vector operator()(byte_vector v) const {
    return hn::And(hn::TableLookupBytes(low_, low_half(v)),
                   hn::TableLookupBytes(high_, hn::ShiftRight<4>(v)));
  }

 private:
  byte_vector low_, high_;
};

#if HWY_TARGET == HWY_AVX3_DL
// A table of 128 bytes. What is above 127 is taken for what it is without the highest bit.
class ascii_lookup {
 public:
  HWY_INLINE explicit ascii_lookup(const std::uint8_t* table)
      : low_(hn::LoadU(byte_tag(), table)), high_(hn::LoadU(byte_tag(), table + byte_lanes)) {}

  HWY_INLINE byte_vector operator()(byte_vector v) const {
    return byte_vector{_mm512_permutex2var_epi8(low_.raw, v.raw, high_.raw)};
  }

 private:
  byte_vector low_, high_;
};

// The same folded: what stands for bytes with the same low six bits is taken together. Half the
// time on Intel's processors.
class folded_lookup {
 public:
  HWY_INLINE explicit folded_lookup(const std::uint8_t* table)
      : table_(hn::Or(hn::LoadU(byte_tag(), table), hn::LoadU(byte_tag(), table + byte_lanes))) {}

  HWY_INLINE byte_vector operator()(byte_vector v) const { return look_up_six_bits(table_, v); }

 private:
  byte_vector table_;
};
#endif

// Looks at a vector of bytes for needles, and for what no run has.
class byte_look {
 public:
  HWY_INLINE explicit byte_look(const needle_set& needles)
      : first_(table_of(needles, 0)), second_(table_of(needles, 1)), third_(table_of(needles, 2)) {}

  // Not 0 in each lane at which three characters of a needle begin. `breaks` gets a bit for each
  // byte that no run has; not for all of them, but few 32 bytes of JSON have none.
  HWY_INLINE byte_vector operator()(const std::uint8_t* p, std::uint64_t& breaks) const {
    const byte_tag d;
    const auto v = hn::LoadU(d, p);
    const auto first = first_(v);
#if HWY_TARGET == HWY_AVX3_DL
    breaks = _mm512_movepi8_mask(first.raw);
#else
    // The characters from the space to '*', moved to the least of the numbers with a sign.
    const hn::RebindToSigned<byte_tag> signed_d;
    const auto moved = hn::BitCast(signed_d, hn::Add(v, hn::Set(d, 0x80 - ' ')));
    breaks = mask_bits(hn::RebindMask(d, hn::Lt(moved, hn::Set(signed_d, '+' - 0x80 - ' '))));
#endif
    return hn::And(hn::And(first, second_(hn::LoadU(d, p + 1))), third_(hn::LoadU(d, p + 2)));
  }

 private:
#if HWY_TARGET == HWY_AVX3_DL
  using lookup = ascii_lookup;
  using next_lookup = folded_lookup;
  static const std::uint8_t* table_of(const needle_set& needles, std::size_t place) {
    return needles.table(place).data();
  }
#else
  using lookup = set_lookup;
  using next_lookup = set_lookup;
  static const nibble_set& table_of(const needle_set& needles, std::size_t place) {
    return needles.masks()[place];
  }
#endif

  lookup first_;
  next_lookup second_, third_;
};

// Bit i: byte i of the block may be part of a run.
HWY_INLINE std::uint64_t run_bits(const std::uint8_t* block) {
  const byte_tag d;
  const set_lookup run(run_bytes);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < scan_block; i += byte_lanes) {
    bits |= mask_bits(hn::Ne(run(hn::LoadU(d, block + i)), hn::Zero(d))) << i;
  }
  return bits;
}

// Whether the bytes of the first half, which may all be part of a run, have enough of them around.
HWY_NOINLINE bool is_long_run(const std::uint8_t* text, std::size_t block, std::size_t from,
                              std::size_t min_run) {
  const std::uint64_t bits = run_bits(text + block);
  if ((bits & 0xFFFFFFFFU) != 0xFFFFFFFFU) return false;
  if (bits == ~std::uint64_t{0} || block < from + scan_block) return true;
  const std::uint64_t before = run_bits(text + block - scan_block);
  const int size = std::countl_one(before) + std::countr_one(bits);
  return before == ~std::uint64_t{0} || static_cast<std::size_t>(size) >= min_run;
}

template <bool dense>
HWY_INLINE scan_hit find_blocks(const std::uint8_t* text, std::size_t size, std::size_t from,
                                const scan_plan& plan) {
  const byte_tag d;
  const auto zero = hn::Zero(d);
  const byte_look look(*plan.needles);
  // Breaks in the second half of the block before; of what is before the first one none are known.
  std::uint64_t before = 0;
  std::size_t block = from;
  for (; block + scan_block + needle_set::fingerprint_size <= size; block += scan_block) {
    const std::uint8_t* p = text + block;
    std::uint64_t breaks = 0;
    auto needles = look(p, breaks);
    for (std::size_t i = byte_lanes; i < scan_block; i += byte_lanes) {
      std::uint64_t more = 0;
      needles = hn::Or(needles, look(p + i, more));
      breaks |= more << i;
    }
    bool possible = dense;
    if constexpr (!dense) {
      // A run that has the first half has the half on one of its sides, too.
      const std::uint64_t behind = breaks >> (scan_block / 2);
      possible = (breaks << (scan_block / 2) | std::min(before, behind)) == 0;
      before = behind;
    }
    const bool needle = !hn::AllTrue(d, hn::Eq(needles, zero));
    if (HWY_LIKELY(!possible && !needle)) continue;

    scan_hit hit{block, 0, false};
    if (needle) {
      for (std::size_t i = 0; i < scan_block; i += byte_lanes) {
        hit.needles |= mask_bits(hn::Ne(look(p + i, breaks), zero)) << i;
      }
    }
    if constexpr (dense) {
      const std::uint64_t bits = run_bits(p);
      for (unsigned i = 0; i < scan_block; i += 16) {
        hit.run = hit.run || (bits >> i & 0xFFFFU) == 0xFFFFU;
      }
    } else {
      hit.run = possible && is_long_run(text, block, from, plan.min_run);
    }
    if (hit.needles != 0 || hit.run) return hit;
  }
  return scalar::find(text, size, block, plan);
}

scan_hit find(const std::uint8_t* text, std::size_t size, std::size_t from,
              const scan_plan& plan) noexcept {
  return plan.dense ? find_blocks<true>(text, size, from, plan)
                    : find_blocks<false>(text, size, from, plan);
}

std::size_t span_end(const std::uint8_t* text, std::size_t size, std::size_t from,
                     const nibble_set& set) noexcept {
  const byte_tag d;
  const set_lookup inside(set);
  const auto zero = hn::Zero(d);
  const auto outside = [&](std::size_t at)
                           HWY_ATTR { return hn::Eq(inside(hn::LoadU(d, text + at)), zero); };
  constexpr std::size_t block = 4 * byte_lanes;
  // Blobs are larger than what a processor loads ahead by itself, which ends with a page.
  constexpr std::size_t ahead = 4096;
  constexpr std::size_t cache_line = 64;
  for (; from + block <= size; from += block) {
    const std::uint8_t* const soon = text + std::min(from + ahead, size - block);
    for (std::size_t i = 0; i < block; i += cache_line) hwy::Prefetch(soon + i);
    const auto a = outside(from);
    const auto b = outside(from + byte_lanes);
    const auto c = outside(from + 2 * byte_lanes);
    const auto e = outside(from + 3 * byte_lanes);
    if (!hn::AllFalse(d, hn::Or(hn::Or(a, b), hn::Or(c, e)))) break;
  }
  for (; from + byte_lanes <= size; from += byte_lanes) {
    const auto at = hn::FindFirstTrue(d, outside(from));
    if (at >= 0) return from + static_cast<std::size_t>(at);
  }
  return scalar::span_end(text, size, from, set);
}

inline constexpr scan_kernels kernels{&find, &span_end};

}  // namespace jobqueue::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // vector targets

#if HWY_ONCE

namespace jobqueue::detail {
namespace {

constexpr scan_kernels scalar_kernels{&scalar::find, &scalar::span_end};

struct compiled_target {
  simd_target target;
  std::int64_t highway;
  const scan_kernels* kernels;
};

// Best first.
constexpr compiled_target compiled_targets[] = {
#if (HWY_TARGETS & HWY_AVX3_DL)
    {simd_target::avx3_dl, HWY_AVX3_DL, &N_AVX3_DL::kernels},
#endif
#if (HWY_TARGETS & HWY_AVX3)
    {simd_target::avx3, HWY_AVX3, &N_AVX3::kernels},
#endif
#if (HWY_TARGETS & HWY_AVX2)
    {simd_target::avx2, HWY_AVX2, &N_AVX2::kernels},
#endif
#if (HWY_TARGETS & HWY_SSE4)
    {simd_target::sse4, HWY_SSE4, &N_SSE4::kernels},
#endif
#if (HWY_TARGETS & HWY_NEON)
    {simd_target::neon, HWY_NEON, &N_NEON::kernels},
#endif
    {simd_target::scalar, 0, &scalar_kernels},
};

const compiled_target* choose(simd_target wanted) noexcept {
  static const std::int64_t supported = hwy::SupportedTargets();
  for (const auto& candidate : compiled_targets) {
    const bool runs = candidate.highway == 0 || (supported & candidate.highway) != 0;
    if (runs && (wanted == simd_target::best || wanted == candidate.target)) return &candidate;
  }
  return nullptr;
}

// How common a character is in JSON; the three rarest neighbours make the fingerprint.
unsigned frequency(char c) noexcept {
  constexpr std::string_view common = "\"etaoinsrld:,{}mcupg_-./fhby10w2vk3598467xjzq";
  const auto at = common.find(c);
  return at == std::string_view::npos ? 1 : static_cast<unsigned>(common.size() - at);
}

// Of the bits of a table.
constexpr std::size_t buckets = 7;
constexpr std::uint8_t no_run = 1U << buckets;

std::size_t rarest_three(std::string_view word) noexcept {
  std::size_t best = 0;
  unsigned least = ~0U;
  for (std::size_t i = 0; i + needle_set::fingerprint_size <= word.size(); ++i) {
    const unsigned sum = frequency(word[i]) * frequency(word[i + 1]) * frequency(word[i + 2]);
    if (sum < least) {
      least = sum;
      best = i;
    }
  }
  return best;
}

void add_character(nibble_set& set, char c, std::uint8_t bucket) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  set.low[byte & 15U] = static_cast<std::uint8_t>(set.low[byte & 15U] | bucket);
  set.high[byte >> 4U] = static_cast<std::uint8_t>(set.high[byte >> 4U] | bucket);
}

}  // namespace

needle_set::needle_set(std::span<const std::string> words) {
  for (const std::string& word : words) {
    needle entry{word, 0};
    for (char& c : entry.word) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    entry.fingerprint = rarest_three(entry.word);
    const std::string_view three(entry.word.data() + entry.fingerprint, fingerprint_size);
    // Words with the same three characters share a bucket, the rest go round the buckets.
    std::size_t bucket = needles_.size() % buckets;
    for (std::size_t i = 0; i < needles_.size(); ++i) {
      if (needles_[i].word.compare(needles_[i].fingerprint, fingerprint_size, three) == 0) {
        bucket = i % buckets;
        break;
      }
    }
    for (std::size_t i = 0; i < fingerprint_size; ++i) {
      const auto bit = static_cast<std::uint8_t>(1U << bucket);
      add_character(masks_[i], three[i], bit);
      if (three[i] >= 'a' && three[i] <= 'z') {
        add_character(masks_[i], static_cast<char>(three[i] - 'a' + 'A'), bit);
      }
    }
    needles_.push_back(std::move(entry));
  }
  for (std::size_t i = 0; i < fingerprint_size; ++i) {
    for (unsigned c = 0; c < 256; ++c) {
      table_[i][c] = static_cast<std::uint8_t>(masks_[i].low[c & 15U] & masks_[i].high[c >> 4U]);
    }
  }
  for (unsigned c = 0; c < 256; ++c) {
    if (!run_bytes.contains(static_cast<unsigned char>(c))) table_[0][c] |= no_run;
  }
}

const scan_kernels& kernels_for(simd_target target) noexcept {
  const compiled_target* found = choose(target);
  return found != nullptr ? *found->kernels : scalar_kernels;
}

bool simd_target_available(simd_target target) noexcept { return choose(target) != nullptr; }

}  // namespace jobqueue::detail

namespace jobqueue {
inline namespace v1 {

simd_target best_simd_target() noexcept {
  const auto* best = detail::choose(simd_target::best);
  return best != nullptr ? best->target : simd_target::scalar;
}

}  // namespace v1
}  // namespace jobqueue

#endif  // HWY_ONCE
