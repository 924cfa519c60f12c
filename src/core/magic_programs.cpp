// Executables and fonts.

#include <algorithm>
#include <array>

#include "core/magic_parts.hpp"

namespace jobqueue::detail {
namespace {

// The table directory of a font (OpenType) behind its version: how many tables, and for each one a
// tag, a checksum, an offset and a size.
bool has_table_directory(const byte_window& in) noexcept {
  constexpr std::uint64_t header_size = 12;
  constexpr std::uint64_t record_size = 16;
  constexpr std::uint32_t max_size = 1U << 28;
  const std::uint32_t count = in.be16(4);
  if (!in_range(count, 1, 128) || !in.has(header_size, record_size)) return false;
  const std::uint64_t directory = header_size + count * record_size;
  for (std::uint64_t at = header_size; at < directory && in.has(at, record_size);
       at += record_size) {
    if (!all_of(in.text(at, 4), is_printable)) return false;
    if (in.be32(at + 8) >= max_size || in.be32(at + 8) % 4 != 0) return false;
    if (in.be32(at + 8) < header_size || in.be32(at + 12) >= max_size) return false;
  }
  return true;
}

bool is_font_flavor(const byte_window& in, std::uint64_t at) noexcept {
  return in.holds(at, std::string_view("\0\1\0\0", 4)) || in.holds(at, "OTTO") ||
         in.holds(at, "true") || in.holds(at, "ttcf");
}

// Processor of a Mach-O file: a small number, the top byte says 64 bits.
bool is_mach_processor(std::uint32_t type) noexcept {
  constexpr std::array<std::uint32_t, 6> types = {6, 7, 12, 13, 14, 18};
  const std::uint32_t family = type & 0x00FFFFFF;
  return type >> 24 <= 2 && std::find(types.begin(), types.end(), family) != types.end();
}

}  // namespace

// 32 bits of magic, and 28 in each record that is seen.
bool is_sfnt(const byte_window& in, recognized&) noexcept { return has_table_directory(in); }

bool is_font_collection(const byte_window& in, recognized&) noexcept {
  return in.has(0, 16) && in_range(in.be16(4), 1, 2) && in.be16(6) == 0 &&
         in_range(in.be32(8), 1, 256);
}

bool is_woff(const byte_window& in, recognized&) noexcept { return is_font_flavor(in, 4); }

// "LP" at 34, and in the little-endian header in front of it sizes and one of three versions.
bool is_eot(const byte_window& in, recognized&) noexcept {
  const std::uint32_t version = in.le32(8);
  constexpr std::uint32_t max_size = 1U << 28;
  return in.has(0, 36) && (version == 0x10000 || version == 0x20001 || version == 0x20002) &&
         in.le32(0) < max_size && in.le32(4) < in.le32(0);
}

bool is_elf(const byte_window& in, recognized&) noexcept {
  return in_range(in.u8(4), 1, 2) && in_range(in.u8(5), 1, 2) && in.u8(6) == 1;
}

// "MZ", and the header of the new executable where the old one says it is. Where that is not in the
// window, the old header must be one that linkers write.
bool is_pe(const byte_window& in, recognized&) noexcept {
  constexpr std::uint32_t old_header_size = 64;
  const std::uint32_t at = in.le32(60);
  if (!in.has(0, old_header_size) || !in_range(at, 4, 1U << 16)) return false;
  if (in.has(at, 4)) return in.holds(at, std::string_view("PE\0\0", 4));
  const bool usual = in.le16(8) == 4 && in.le16(6) == 0 && in.le16(24) == 64 && at % 4 == 0;
  return usual && in.may_have(at, 4);
}

bool is_macho(const byte_window& in, recognized&) noexcept {
  const bool little = in.u8(3) == 0xFE;
  const auto number = [&](std::uint64_t at) { return little ? in.le32(at) : in.be32(at); };
  return in.has(0, 20) && is_mach_processor(number(4)) && in_range(number(12), 1, 15) &&
         in_range(number(16), 1, 4096);
}

// Java classes and Mach-O files for several processors share their magic; the version of a class is
// greater than any number of processors.
bool is_cafebabe(const byte_window& in, recognized& found) noexcept {
  constexpr std::uint32_t first_java = 45;
  if (in_range(in.be32(4), 1, first_java - 1)) {
    return in.has(0, 28) && is_mach_processor(in.be32(8)) && in_range(in.be32(24), 1, 24);
  }
  const std::uint32_t minor = in.be16(4);
  const std::uint32_t tag = in.u8(10);
  found.media_type = "application/java-vm";
  return (minor <= 3 || minor == 0xFFFF) && in_range(in.be16(6), first_java, 127) &&
         in.be16(8) >= 2 && in_range(tag, 1, 20) && tag != 2 && tag != 13 && tag != 14;
}

bool is_dex(const byte_window& in, recognized&) noexcept {
  return is_digit(in.u8(4)) && is_digit(in.u8(5)) && is_digit(in.u8(6)) && in.has(7, 1) &&
         in.u8(7) == 0;
}

}  // namespace jobqueue::detail
