// Archives and compressed streams.

#include <array>

#include "core/bit_reader.hpp"
#include "core/inflate_check.hpp"
#include "core/magic_parts.hpp"

namespace jobqueue::detail {
namespace {

constexpr bool is_octal(unsigned char c) noexcept { return c >= '0' && c <= '7'; }
constexpr bool is_hex(unsigned char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

// 40 bits of magic at 257, 14 in the version, and the checksum where the header is seen.
bool is_tar(const byte_window& in, recognized&) noexcept {
  constexpr std::uint64_t header_size = 512;
  constexpr std::uint64_t checksum_at = 148;
  constexpr std::uint64_t checksum_size = 8;
  const bool posix = in.u8(262) == 0 && in.holds(263, "00");
  const bool gnu = in.u8(262) == ' ' && in.u8(263) == ' ';
  if (!in.has(0, 264) || !(posix || gnu)) return false;
  if (!in.has(0, header_size)) return !in.complete();

  std::uint32_t sum = checksum_size * ' ';
  for (std::uint64_t i = 0; i < header_size; ++i) sum += in.u8(i);
  std::uint32_t stated = 0;
  for (std::uint64_t i = checksum_at; i < checksum_at + checksum_size; ++i) {
    const std::uint8_t c = in.u8(i);
    sum -= c;
    if (is_octal(c)) stated = (stated << 3) + (c - '0');
  }
  return sum == stated;
}

// ASCII cpio: "070701", "070702" with fields of eight hexadecimal digits, "070707" with octal ones.
// The magic can begin a number in text, so the fields have to be plausible: 30 bits also in digits.
bool is_cpio(const byte_window& in, recognized&) noexcept {
  if (in.u8(5) == '7') {
    return in.has(0, 76) && all_of(in.text(6, 70), is_octal) &&
           (in.holds(18, "10") || in.holds(18, "04") || in.holds(18, "12")) &&
           in.holds(36, "000") && !in.holds(36, "000000");
  }
  if (in.u8(5) != '1' && in.u8(5) != '2') return false;
  return in.has(0, 70) && all_of(in.text(6, 104), is_hex) && in.holds(14, "0000") &&
         in.holds(38, "0000") && in.holds(62, "0000");
}

bool is_ar(const byte_window& in, recognized& found) noexcept {
  if (in.holds(8, "debian-binary")) {
    found = {"application/vnd.debian.binary-package", blob_class::archive};
  }
  return true;
}

bool is_rpm(const byte_window& in, recognized&) noexcept {
  return in.has(0, 8) && in_range(in.u8(4), 3, 4) && in.u8(5) <= 1 && in.be16(6) <= 1;
}

// RFC 1952: 24 bits of magic, 13 in flags, extra flags and operating system, and what DEFLATE adds.
bool is_gzip(const byte_window& in, recognized&) noexcept {
  constexpr unsigned has_crc = 2;
  constexpr unsigned has_extra = 4;
  constexpr unsigned has_name = 8;
  constexpr unsigned has_comment = 16;
  const unsigned flags = in.u8(3);
  const unsigned extra_flags = in.u8(8);
  const unsigned system = in.u8(9);
  if (!in.has(0, 10) || flags > 31 || (system > 13 && system != 255)) return false;
  if (extra_flags != 0 && extra_flags != 2 && extra_flags != 4) return false;

  std::uint64_t at = 10;
  if ((flags & has_extra) != 0) at += 2 + in.le16(at);
  for (const unsigned field : {has_name, has_comment}) {
    if ((flags & field) == 0) continue;
    for (; in.u8(at) != 0; ++at) {
      if (in.u8(at) < 32 && !is_space(in.u8(at))) return false;
    }
    ++at;
  }
  if ((flags & has_crc) != 0) at += 2;
  if (!in.may_have(at, 1)) return false;
  if (at >= in.size()) return true;
  constexpr double enough = 0x1p-20;
  return check_inflate(in.bytes().subspan(static_cast<std::size_t>(at)), enough).valid;
}

// RFC 1950. There are 32 headers, 2^-11 of all; the rest of the evidence is in DEFLATE. The stream
// is followed beyond what is needed, since most random ones are refuted there; so a short one needs
// more. In trials, of random bytes behind one of the 4 headers for the usual window of 32 KiB 2^-18
// pass, behind one of the others 2^-22: together 2^-31.
bool is_zlib(const byte_window& in, recognized&) noexcept {
  constexpr std::uint32_t preset_dictionary = 0x20;
  const std::uint32_t header = in.be16(0);
  const unsigned window_bits = 8 + in.u8(0) / 16;
  if (!in.has(0, 3) || (in.u8(0) & 15) != 8 || window_bits > 15 || header % 31 != 0 ||
      (header & preset_dictionary) != 0) {
    return false;
  }
  constexpr std::size_t long_enough = 64;
  const double needed = window_bits != 15 ? 0x1p-18 : in.size() < long_enough ? 0x1p-14 : 0x1p-10;
  constexpr std::size_t header_size = 2;
  constexpr std::size_t trailer_size = 4;
  constexpr double enough = 0x1p-40;
  const inflate_check_result stream =
      check_inflate(in.bytes().subspan(header_size), enough, 1U << window_bits);
  if (!stream.valid || stream.chance > needed) return false;
  return !stream.finished || in.may_have(header_size + stream.size, trailer_size);
}

// "BZh", the level, and the magic of a block or of the end, which are digits of pi and of its root.
bool is_bzip2(const byte_window& in, recognized&) noexcept {
  return in_range(in.u8(3), '1', '9') &&
         (in.holds(4, "\x31\x41\x59\x26\x53\x59") || in.holds(4, "\x17\x72\x45\x38\x50\x90"));
}

// RFC 8878: 32 bits of magic, 6 in the frame header and the header of the first block.
bool is_zstd(const byte_window& in, recognized&) noexcept {
  const unsigned descriptor = in.u8(4);
  const bool single_segment = (descriptor & 0x20) != 0;
  constexpr unsigned reserved = 0x08;
  constexpr std::array<std::uint64_t, 4> dictionary_sizes = {0, 1, 2, 4};
  constexpr std::array<std::uint64_t, 4> content_sizes = {0, 2, 4, 8};
  const unsigned content_code = descriptor >> 6;
  std::uint64_t at = 5 + (single_segment ? 0 : 1) + dictionary_sizes[descriptor & 3];
  at += content_code == 0 && single_segment ? 1 : content_sizes[content_code];
  if (!in.has(at, 3) || (descriptor & reserved) != 0) return false;
  const std::uint32_t block = in.le16(at) | static_cast<std::uint32_t>(in.u8(at + 2)) << 16;
  constexpr std::uint32_t reserved_type = 3;
  constexpr std::uint32_t max_block_size = 128U << 10;
  return (block >> 1 & 3) != reserved_type && block >> 3 <= max_block_size;
}

// 32 bits of magic, version, reserved bits and block size, and the first block's size.
bool is_lz4(const byte_window& in, recognized&) noexcept {
  const unsigned flags = in.u8(4);
  const unsigned block = in.u8(5);
  if (!in.has(0, 7) || flags >> 6 != 1 || (flags & 2) != 0) return false;
  return (block & 0x8F) == 0 && block >> 4 >= 4;
}

// The version, a dictionary of 4 KiB to 512 MiB, and the zero with which LZMA begins.
bool is_lzip(const byte_window& in, recognized&) noexcept {
  return in.has(0, 7) && in.u8(4) == 1 && in_range(in.u8(5) & 31, 12, 29) && in.u8(6) == 0;
}

// LZW of compress(1): 21 bits in magic and flags. Codes begin with 9 bits and may be no greater
// than the next free one; the first 24 of those have another 22 bits.
bool is_compress(const byte_window& in, recognized&) noexcept {
  constexpr unsigned block_mode = 0x80;
  constexpr unsigned clear_code = 256;
  const unsigned flags = in.u8(2);
  if ((flags & 0xE0) != block_mode || !in_range(flags & 31, 9, 16)) return false;
  bit_reader bits(in.bytes().subspan(3));
  if (bits.take(9) >= clear_code) return false;
  unsigned codes = 1;
  for (unsigned free_code = 257; free_code < 512; ++free_code, ++codes) {
    const std::uint32_t code = bits.take(9);
    if (bits.exhausted()) break;
    // A cleared table begins anew at the next group of eight codes; not worth following.
    if (code == clear_code) break;
    if (code > free_code) return false;
  }
  return codes >= 24;
}

}  // namespace jobqueue::detail
