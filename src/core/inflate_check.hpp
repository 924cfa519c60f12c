// Whether bytes can be the beginning of a DEFLATE stream (RFC 1951).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace jobqueue::detail {

struct inflate_check_result {
  bool valid = false;         // Nothing that was read contradicts DEFLATE.
  bool finished = false;      // The final block ended within the bytes.
  std::size_t size = 0;       // Bytes read, up to the end of the final block if `finished`.
  std::uint32_t symbols = 0;  // Huffman symbols read.
  // The evidence: random bits reach `chance <= c` in at most the fraction c of all cases. It is the
  // product, over everything that could have been refuted, of the chance that it is not, and of the
  // odds of bets on what encoders do.
  double chance = 1;
};

// Walks the blocks of `stream` without producing output and stops at its end, or as soon as
// `chance <= enough`. `window_size` is the greatest distance of a match. Looks at no more than 4096
// bytes, 512 symbols and 16 blocks. Refused: what zlib refuses, and a stored block with padding
// bits that are not zero.
[[nodiscard]] inflate_check_result check_inflate(std::span<const std::byte> stream, double enough,
                                                 std::uint32_t window_size = 32768) noexcept;

}  // namespace jobqueue::detail
