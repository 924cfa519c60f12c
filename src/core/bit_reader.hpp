// Reads bits least significant first, as DEFLATE and JPEG XL pack them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace jobqueue::detail {

class bit_reader {
 public:
  explicit bit_reader(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  // The next `count` bits, at most 32. Zero, and `exhausted`, if fewer are left.
  [[nodiscard]] std::uint32_t take(unsigned count) noexcept {
    while (held_ < count) {
      if (next_ == bytes_.size()) {
        exhausted_ = true;
        return 0;
      }
      buffer_ |= std::to_integer<std::uint64_t>(bytes_[next_++]) << held_;
      held_ += 8;
    }
    const auto value = static_cast<std::uint32_t>(buffer_ & ((std::uint64_t{1} << count) - 1));
    buffer_ >>= count;
    held_ -= count;
    return value;
  }

  // Bits up to the next byte boundary, 0 to 7.
  [[nodiscard]] unsigned bits_to_boundary() const noexcept { return held_ % 8; }

  // Passes over whole bytes; only at a byte boundary.
  void skip_bytes(std::size_t count) noexcept {
    next_ -= held_ / 8;
    buffer_ = 0;
    held_ = 0;
    if (count > bytes_.size() - next_) {
      exhausted_ = true;
      count = bytes_.size() - next_;
    }
    next_ += count;
  }

  // Bytes of which at least one bit was taken.
  [[nodiscard]] std::size_t bytes_taken() const noexcept { return next_ - held_ / 8; }

  // More was asked for than there is.
  [[nodiscard]] bool exhausted() const noexcept { return exhausted_; }

 private:
  std::span<const std::byte> bytes_;
  std::size_t next_ = 0;
  std::uint64_t buffer_ = 0;
  unsigned held_ = 0;
  bool exhausted_ = false;
};

}  // namespace jobqueue::detail
