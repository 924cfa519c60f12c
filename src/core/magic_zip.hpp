// The entries of a ZIP archive, by their local headers.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/magic_parts.hpp"

namespace jobqueue::detail {

struct zip_entry {
  std::string_view name;  // As much of it as there is.
  bool whole_name = false;
  bool stored = false;
  bool sized = false;      // The header says how large the data are.
  std::uint64_t data = 0;  // Offset of the data.
  std::uint64_t data_size = 0;
};

inline constexpr std::string_view zip_entry_magic("PK\x03\x04", 4);
inline constexpr std::size_t zip_header_size = 30;

// The local file header at `at`: 32 bits of magic, 28 or more in version, flags, method and name.
[[nodiscard]] inline std::optional<zip_entry> read_zip_entry(const byte_window& in,
                                                             std::uint64_t at) noexcept {
  if (!in.holds(at, zip_entry_magic) || !in.has(at, zip_header_size)) return std::nullopt;
  constexpr std::uint32_t unused_flags = 0xD780;
  constexpr std::array<std::uint32_t, 14> methods = {0,  1,  6,  8,  9,  10, 12,
                                                     14, 93, 95, 96, 97, 98, 99};
  const std::uint32_t version = in.u8(at + 4);
  const std::uint32_t flags = in.le16(at + 6);
  const std::uint32_t method = in.le16(at + 8);
  const std::uint32_t name_size = in.le16(at + 26);
  const std::uint32_t extra_size = in.le16(at + 28);
  if (version > 63 || (flags & unused_flags) != 0 || name_size > 1024 ||
      std::find(methods.begin(), methods.end(), method) == methods.end()) {
    return std::nullopt;
  }
  zip_entry entry;
  entry.name = in.text(at + zip_header_size, name_size);
  entry.whole_name = entry.name.size() == name_size;
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 32; };
  if (std::any_of(entry.name.begin(), entry.name.end(), control)) return std::nullopt;
  entry.stored = method == 0;
  entry.data = at + zip_header_size + name_size + extra_size;
  entry.data_size = in.le32(at + 18);
  entry.sized = (flags & 8) == 0 || entry.data_size != 0;
  return entry;
}

}  // namespace jobqueue::detail
