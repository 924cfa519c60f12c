// UTF-8 (RFC 3629): how long a character is, how it is written, and what may stand before a text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace jobqueue::detail {

// Of the byte order mark that `text` begins with (U+FEFF), or 0.
[[nodiscard]] constexpr std::size_t byte_order_mark_size(std::string_view text) noexcept {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  return text.starts_with(mark) ? mark.size() : 0;
}

// Size of the well-formed UTF-8 sequence of 2 to 4 bytes at `at` (RFC 3629 section 4), or 0.
[[nodiscard]] inline std::size_t utf8_sequence_size(const unsigned char* at,
                                                    const unsigned char* end) noexcept {
  const auto available = static_cast<std::size_t>(end - at);
  const auto continues = [&](std::size_t i, unsigned char low, unsigned char high) {
    return i < available && at[i] >= low && at[i] <= high;
  };
  const unsigned char lead = at[0];
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1, 0x80, 0xBF) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : 0xBF;
    return continues(1, low, high) && continues(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned char low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;
    return continues(1, low, high) && continues(2, 0x80, 0xBF) && continues(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

inline void append_utf8(std::string& out, std::uint32_t code_point) {
  constexpr std::array<unsigned, 4> leads = {0, 0xC0, 0xE0, 0xF0};
  unsigned more = code_point < 0x80 ? 0 : code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
  out += static_cast<char>(leads[more] | (code_point >> (6 * more)));
  while (more-- > 0) out += static_cast<char>(0x80 | ((code_point >> (6 * more)) & 0x3F));
}

}  // namespace jobqueue::detail
