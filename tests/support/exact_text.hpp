// A text in a heap block of its exact size, so that AddressSanitizer sees an over-read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace jobqueue::test {

class exact_text {
 public:
  explicit exact_text(std::string_view text)
      : size_(text.size()), bytes_(std::make_unique<char[]>(text.size())) {
    text.copy(bytes_.get(), size_);
  }
  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.get(), size_}; }
  [[nodiscard]] const std::uint8_t* data() const noexcept {
    return reinterpret_cast<const std::uint8_t*>(bytes_.get());
  }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

}  // namespace jobqueue::test
