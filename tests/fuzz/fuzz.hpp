// What the fuzz targets share: choices read from the input, and the end of a run that broke a rule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "support/exact_text.hpp"

// What libFuzzer calls for each input, and replay.cpp for each file of a corpus.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);  // NOLINT

namespace jobqueue::fuzz {

// Ends the program, so that the input is kept, if a rule does not hold.
inline void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: this does not hold: %s\n", rule);
  std::abort();
}

using test::exact_text;

// Takes choices off the front of an input; behind its end every choice is 0.
class choices {
 public:
  choices(const std::uint8_t* data, std::size_t size)
      : input_(reinterpret_cast<const char*>(data), size) {}

  std::uint8_t byte() noexcept {
    if (input_.empty()) return 0;
    const auto first = static_cast<std::uint8_t>(input_.front());
    input_.remove_prefix(1);
    return first;
  }
  // 0 to 15, by the low half of a byte: '0' to '9' are what they say, so that a file of a corpus
  // can be written with an editor.
  unsigned nibble() noexcept { return byte() & 15U; }
  // One entry of a table by a nibble.
  template <class T, std::size_t n>
  const T& pick(const T (&table)[n]) noexcept {
    return table[nibble() % n];
  }
  // At most `size` bytes.
  std::string_view text(std::size_t size) noexcept {
    const std::string_view taken = input_.substr(0, size);
    input_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view rest() noexcept { return text(input_.size()); }
  [[nodiscard]] bool done() const noexcept { return input_.empty(); }

 private:
  std::string_view input_;
};

}  // namespace jobqueue::fuzz
