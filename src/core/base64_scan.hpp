// The two loops that touch every byte of an input, compiled once per instruction set.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/base64.hpp>

namespace jobqueue::detail {

// A set of ASCII characters that can be tested by two 16-entry look-ups: c is in the set if
// low[c & 15] & high[c >> 4] is not 0.
struct nibble_set {
  alignas(16) std::array<std::uint8_t, 16> low{};
  alignas(16) std::array<std::uint8_t, 16> high{};

  [[nodiscard]] constexpr bool contains(unsigned char c) const noexcept {
    return (low[c & 15U] & high[c >> 4U]) != 0;
  }
};

// `characters` may use at most 8 different high nibbles.
[[nodiscard]] constexpr nibble_set make_nibble_set(std::string_view characters) {
  nibble_set set;
  unsigned next = 0;
  for (const char c : characters) {
    const auto byte = static_cast<unsigned char>(c);
    auto& bit = set.high[byte >> 4U];
    if (bit == 0) bit = static_cast<std::uint8_t>(1U << next++);
    set.low[byte & 15U] = static_cast<std::uint8_t>(set.low[byte & 15U] | bit);
  }
  return set;
}

#define JOBQUEUE_ALPHANUMERIC "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
inline constexpr nibble_set alphanumeric = make_nibble_set(JOBQUEUE_ALPHANUMERIC);
inline constexpr nibble_set standard_alphabet = make_nibble_set(JOBQUEUE_ALPHANUMERIC "+/");
inline constexpr nibble_set url_alphabet = make_nibble_set(JOBQUEUE_ALPHANUMERIC "-_");
inline constexpr nibble_set both_alphabets = make_nibble_set(JOBQUEUE_ALPHANUMERIC "+/-_");
// What a run may consist of in the raw bytes, line breaks and JSON escapes included.
inline constexpr nibble_set run_bytes = make_nibble_set(JOBQUEUE_ALPHANUMERIC "+/-_\\\r\n");
#undef JOBQUEUE_ALPHANUMERIC

// Words to look for, any case, by three characters of each ("Teddy" of Hyperscan: Wang et al.,
// NSDI 2019). A hit says only that the three characters are there.
class needle_set {
 public:
  explicit needle_set(std::span<const std::string> words);

  static constexpr std::size_t fingerprint_size = 3;
  struct needle {
    std::string word;             // lower case
    std::size_t fingerprint = 0;  // offset of the three characters in it
  };
  [[nodiscard]] const std::vector<needle>& needles() const noexcept { return needles_; }
  [[nodiscard]] const std::array<nibble_set, fingerprint_size>& masks() const noexcept {
    return masks_;
  }
  // By byte: the bits of the needles that have it at that place of the fingerprint; in the first
  // table the highest bit is set for what no run has.
  [[nodiscard]] const std::array<std::uint8_t, 256>& table(std::size_t place) const noexcept {
    return table_[place];
  }
  // Whether three characters of a needle begin at `p`.
  [[nodiscard]] bool hit(const std::uint8_t* p) const noexcept {
    return (table_[0][p[0]] & table_[1][p[1]] & table_[2][p[2]]) != 0;
  }

 private:
  std::vector<needle> needles_;
  std::array<nibble_set, fingerprint_size> masks_{};
  std::array<std::array<std::uint8_t, 256>, fingerprint_size> table_{};  // the same, unfolded
};

struct scan_plan {
  const needle_set* needles = nullptr;
  std::size_t min_run = 100;  // raw bytes that a run has at least
  bool dense = false;         // probe every 16 bytes (short runs) instead of 32 of every 64
};

// Bytes that one step of the scan covers.
inline constexpr std::size_t scan_block = 64;

// What a block holds.
struct scan_hit {
  std::size_t block = 0;      // offset of the block; the size of the text when there is none
  std::uint64_t needles = 0;  // bit i: three characters of a needle begin at block + i
  bool run = false;           // bytes of the block could be part of a long run
};

struct scan_kernels {
  // The first block at `from + i * scan_block` that has a needle or a possible run.
  scan_hit (*find)(const std::uint8_t* text, std::size_t size, std::size_t from,
                   const scan_plan& plan) noexcept;
  // The first offset at or after `from` whose byte is not in `set`, else `size`.
  std::size_t (*span_end)(const std::uint8_t* text, std::size_t size, std::size_t from,
                          const nibble_set& set) noexcept;
};

// The kernels of a target that this CPU can run; `best` chooses.
[[nodiscard]] const scan_kernels& kernels_for(simd_target target) noexcept;
[[nodiscard]] bool simd_target_available(simd_target target) noexcept;

}  // namespace jobqueue::detail
