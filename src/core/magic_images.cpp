#include <algorithm>
#include <array>

#include "core/magic_parts.hpp"

namespace jobqueue::detail {
namespace {

// Identifiers of application segments, as they stand behind the segment's length.
constexpr std::array<std::string_view, 13> jpeg_identifiers = {std::string_view("JFIF\0", 5),
                                                               std::string_view("JFXX\0", 5),
                                                               std::string_view("Exif\0", 5),
                                                               "http://ns.adobe.com/",
                                                               "ICC_PROFILE",
                                                               std::string_view("MPF\0", 4),
                                                               "Photoshop ",
                                                               "Adobe",
                                                               "Ducky",
                                                               "AVI1",
                                                               "FPXR",
                                                               "FLIR",
                                                               "SPIFF"};

bool jpeg_application(const byte_window& in) noexcept {
  for (const std::string_view identifier : jpeg_identifiers) {
    if (in.holds(6, identifier)) return true;
  }
  return all_of(in.text(6, 4), is_alnum);
}

// Tables of 64 values of one or two bytes, each behind a byte that says the size and the number.
bool jpeg_quantization(const byte_window& in, std::uint32_t payload) noexcept {
  const unsigned precision = in.u8(6) >> 4;
  const std::uint32_t table = 1 + 64 * (precision + 1);
  if (precision > 1 || (in.u8(6) & 15) > 3) return false;
  if (payload % table != 0 || payload / table > 4) return false;
  return all_of(in.text(7 + precision, 4), [](unsigned char c) { return c != 0; });
}

// A class and number, how many codes there are of each length, and the codes.
bool jpeg_huffman(const byte_window& in, std::uint32_t payload) noexcept {
  if (!in.has(6, 17) || (in.u8(6) & 0xEC) != 0) return false;
  std::uint32_t codes = 0;
  for (unsigned i = 7; i < 23; ++i) codes += in.u8(i);
  return codes <= 256 && 17 + codes <= payload && payload <= 8 * (17 + 256);
}

bool jpeg_frame(const byte_window& in, std::uint32_t payload) noexcept {
  const unsigned precision = in.u8(6);
  const unsigned components = in.u8(11);
  return (precision == 8 || precision == 12) && in_range(components, 1, 4) &&
         payload == 6 + 3 * components && in.be16(9) != 0;
}

}  // namespace

// 24 bits of magic; each first segment that is accepted has 12 or more in its marker and payload.
bool is_jpeg(const byte_window& in, recognized&) noexcept {
  const std::uint32_t size = in.be16(4);
  if (!in.has(0, 14) || size < 2) return false;
  const std::uint32_t payload = size - 2;
  const std::uint32_t next = 4 + size;
  const bool next_seen = in.has(next, 2);
  if (next_seen && (in.u8(next) != 0xFF || in.u8(next + 1) < 0xC0)) return false;
  const unsigned marker = in.u8(3);
  switch (marker) {
    case 0xDB: return jpeg_quantization(in, payload);
    case 0xC4: return jpeg_huffman(in, payload);
    case 0xC0:
    case 0xC1:
    case 0xC2: return jpeg_frame(in, payload);
    case 0xDD: return size == 4;
    case 0xFE: return next_seen || (payload >= 8 && all_of(in.text(6, 8), is_printable));
    default: return in_range(marker, 0xE0, 0xEF) && (next_seen || jpeg_application(in));
  }
}

// 16 bits of magic; size of the second header, planes and depth are 50 more.
bool is_bmp(const byte_window& in, recognized&) noexcept {
  if (!in.has(0, 30)) return false;
  const std::uint32_t header = in.le32(14);
  const bool old = header == 12;  // OS/2 1.x has dimensions of 16 bits.
  constexpr std::array<std::uint32_t, 8> sizes = {12, 16, 40, 52, 56, 64, 108, 124};
  if (std::find(sizes.begin(), sizes.end(), header) == sizes.end()) return false;
  const std::uint32_t planes = in.le16(old ? 22 : 26);
  const std::uint32_t depth = in.le16(old ? 24 : 28);
  constexpr std::array<std::uint32_t, 8> depths = {0, 1, 2, 4, 8, 16, 24, 32};
  return planes == 1 && std::find(depths.begin(), depths.end(), depth) != depths.end() &&
         in_range(in.le32(10), 14 + header, 1U << 24);
}

// 32 bits of magic; the directory's offset is below 256 MiB, and where it is seen it is looked at.
bool is_tiff(const byte_window& in, recognized&) noexcept {
  const bool little = in.u8(0) == 'I';
  const auto number16 = [&](std::uint64_t at) { return little ? in.le16(at) : in.be16(at); };
  const std::uint32_t directory = little ? in.le32(4) : in.be32(4);
  if (!in.has(0, 8) || !in_range(directory, 8, 1U << 28)) return false;
  if (!in.has(directory, 14)) return in.may_have(directory, 14);
  const std::uint32_t entries = number16(directory);
  const std::uint32_t type = number16(directory + 4);
  return in_range(entries, 1, 4096) && in_range(type, 1, 18);
}

// Icons and cursors. The magic is mostly zeros; an entry that is seen adds 30 bits or more, and
// there is one at least.
bool is_icon(const byte_window& in, recognized&) noexcept {
  constexpr std::uint32_t header_size = 6;
  constexpr std::uint32_t entry_size = 16;
  const bool cursor = in.u8(2) == 2;
  const std::uint32_t count = in.le16(4);
  if (!in_range(count, 1, 64) || !in.has(header_size, entry_size)) return false;
  const std::uint32_t directory = header_size + count * entry_size;
  for (std::uint32_t at = header_size; at < directory && in.has(at, entry_size); at += entry_size) {
    const std::uint32_t size = in.le32(at + 8);
    const std::uint32_t offset = in.le32(at + 12);
    if (in.u8(at + 3) != 0 || !in_range(size, 40, 1U << 24)) return false;
    if (!in_range(offset, directory, 1U << 24)) return false;
    if (cursor) {
      if (in.le16(at + 4) > 256 || in.le16(at + 6) > 256) return false;
    } else {
      const std::uint32_t depth = in.le16(at + 6);
      constexpr std::array<std::uint32_t, 7> depths = {0, 1, 4, 8, 16, 24, 32};
      if (in.le16(at + 4) > 1) return false;
      if (std::find(depths.begin(), depths.end(), depth) == depths.end()) return false;
    }
    const bool bitmap = in.le32(offset) == 40;
    if (in.has(offset, 4) && !bitmap && !in.holds(offset, "\x89PNG")) return false;
    if (!in.may_have(offset, size)) return false;
  }
  return true;
}

bool is_jp2(const byte_window& in, recognized& found) noexcept {
  if (in.holds(20, "jpx ")) found.media_type = "image/jpx";
  if (in.holds(20, "jpm ")) found.media_type = "image/jpm";
  if (in.holds(20, "mjp2")) found = {"video/mj2", blob_class::video};
  return true;
}

// 32 bits of magic; the size of the first segment follows from its number of components.
bool is_j2c(const byte_window& in, recognized&) noexcept {
  const std::uint32_t components = in.be16(40);
  return in.has(0, 42) && in_range(components, 1, 16384) && in.be16(4) == 38 + 3 * components;
}

bool is_psd(const byte_window& in, recognized&) noexcept {
  return in.has(0, 14) && in_range(in.be16(4), 1, 2) && in.be16(6) == 0 && in.be32(8) == 0 &&
         in_range(in.be16(12), 1, 56);
}

bool is_qoi(const byte_window& in, recognized&) noexcept {
  constexpr std::uint32_t most = 1U << 20;
  return in.has(0, 14) && in_range(in.be32(4), 1, most) && in_range(in.be32(8), 1, most) &&
         in_range(in.u8(12), 3, 4) && in.u8(13) <= 1;
}

// Version 2 and the four flags that there are.
bool is_exr(const byte_window& in, recognized&) noexcept {
  return in.has(0, 8) && (in.le32(4) & ~std::uint32_t{0x1E00}) == 2;
}

bool is_emf(const byte_window& in, recognized&) noexcept {
  return in.has(0, 44) && in.le32(4) >= 88 && in.holds(40, " EMF");
}

// 48 bits of magic; the number of parameters is always zero.
bool is_wmf(const byte_window& in, recognized&) noexcept {
  return in.has(0, 18) && in.le16(16) == 0;
}

}  // namespace jobqueue::detail
