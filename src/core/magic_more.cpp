// Formats that a blob in a payload is not known as, but a file is: their numbers are weaker than
// random bytes would need, or the formats rarely travel in JSON.

#include <algorithm>
#include <array>

#include "core/magic_file.hpp"

namespace jobqueue::detail {
namespace {

using namespace std::string_view_literals;

// Whether the structure behind a number holds, as far as the bytes go.
using more_check = bool(const byte_window& in) noexcept;

bool has_text_only(const byte_window& in) noexcept {
  return all_of(in.text(0, in.size()),
                [](unsigned char c) { return is_printable(c) || is_space(c); });
}
// The number is text, so what is behind it must not be; unless there is nothing.
bool is_no_text(const byte_window& in) noexcept { return !has_text_only(in); }

bool begins_with_zero(const byte_window& in) noexcept { return in.has(0, 1) && in.u8(0) == 0; }

bool is_bufr(const byte_window& in) noexcept { return in_range(in.u8(7), 2, 4); }
bool is_grib(const byte_window& in) noexcept { return in_range(in.u8(7), 1, 2); }
bool is_crx(const byte_window& in) noexcept { return in.has(0, 12) && in.le32(4) <= 3; }
bool is_dwg(const byte_window& in) noexcept {
  return is_digit(in.u8(4)) && is_digit(in.u8(5)) && (in.size() == 6 || !has_text_only(in));
}
bool is_fdf(const byte_window& in) noexcept { return in.size() == 4 || in.u8(4) == '-'; }
bool is_pcapng(const byte_window& in) noexcept {
  return in.be32(8) == 0x1A2B3C4D || in.le32(8) == 0x1A2B3C4D;
}
bool is_flash(const byte_window& in) noexcept {
  return in_range(in.u8(3), 1, 50) && is_no_text(in);
}
bool is_tzif(const byte_window& in) noexcept {
  return in.u8(4) == 0 || in_range(in.u8(4), '2', '4');
}
bool is_shape(const byte_window& in) noexcept { return in.le32(28) == 1000; }
bool is_qcelp(const byte_window& in) noexcept { return in.holds(8, "QLCM"); }
bool is_frame_header(const byte_window& in) noexcept { return in.u8(0) >> 4 == 5; }
bool is_pdf_of_any_version(const byte_window& in) noexcept { return in.has(0, 5); }

// The size of the header that follows the one of the file says of which kind it is.
bool is_bitmap(const byte_window& in) noexcept {
  constexpr std::array<std::uint32_t, 9> sizes = {12, 16, 24, 40, 48, 52, 56, 108, 124};
  const std::uint32_t size = in.le32(14);
  return in.has(0, 18) &&
         (size == 64 || std::find(sizes.begin(), sizes.end(), size) != sizes.end());
}

// A magic number for each version, then CR LF and flags.
bool is_python_bytecode(const byte_window& in) noexcept {
  const std::uint32_t version = in.le16(0);
  return in.has(0, 8) && in.le32(4) <= 3 &&
         (in_range(version, 3000, 3999) || in_range(version, 192, 400));
}

// dBASE: the date of the last change, the size of the header, zeros, and the first field.
bool is_dbf(const byte_window& in) noexcept {
  constexpr std::array<std::uint8_t, 12> versions = {0x02, 0x03, 0x04, 0x05, 0x30, 0x31,
                                                     0x32, 0x43, 0x83, 0x8B, 0xCB, 0xF5};
  if (std::find(versions.begin(), versions.end(), in.u8(0)) == versions.end()) return false;
  return in.has(0, 33) && in_range(in.u8(2), 1, 12) && in_range(in.u8(3), 1, 31) &&
         in.le16(8) > 32 && in.le16(10) != 0 && in.le16(12) == 0 && in.le32(16) == 0 &&
         (is_alnum(in.u8(32)) || in.u8(32) == '_');
}

// MARC 21 (ISO 2709): the size of the record, "4500", and an end of field.
bool is_marc(const byte_window& in) noexcept {
  return all_of(in.text(0, 5), is_digit) && all_of(in.text(12, 5), is_digit) &&
         in.holds(20, "4500") && in.text(24, in.size()).find('\x1E') != std::string_view::npos;
}

// An object identifier behind the header of a sequence in DER: signedData of PKCS #7.
bool is_signed_data(const byte_window& in) noexcept {
  constexpr std::string_view signed_data = "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
  return in.holds(4, signed_data) || in.holds(3, signed_data) || in.holds(2, signed_data);
}

// Passes over white space and comments of Netpbm.
std::uint64_t skip_netpbm_space(const byte_window& in, std::uint64_t at) noexcept {
  for (bool comment = false; in.has(at, 1); ++at) {
    const unsigned char c = in.u8(at);
    if (comment) {
      comment = c != '\n';
    } else if (c == '#') {
      comment = true;
    } else if (!is_space(c)) {
      break;
    }
  }
  return at;
}

// Netpbm: a width and a height behind white space and comments, or the names of PAM.
bool is_netpbm(const byte_window& in) noexcept {
  if (!is_space(in.u8(2))) return false;
  std::uint64_t at = skip_netpbm_space(in, 3);
  if (in.u8(1) == '7') return in.holds(at, "WIDTH ") || in.holds(at, "HEIGHT ");
  if (!is_digit(in.u8(at))) return false;
  while (is_digit(in.u8(at))) ++at;
  return is_space(in.u8(at)) && is_digit(in.u8(skip_netpbm_space(in, at)));
}

struct more_number {
  std::uint16_t offset;
  std::string_view bytes;
  std::string_view media_type;
  more_check* check = nullptr;
  bool is_short = false;
};

constexpr std::array more_numbers = std::to_array<more_number>({
    {0, "BPG\xFB", "image/bpg", nullptr, true},
    {0, "II\xBC\1", "image/jxr", nullptr, true},
    {0, "gimp xcf", "image/x-xcf"},
    {20, "GIMP", "image/x-gimp-gbr", begins_with_zero},
    {20, "GPAT", "image/x-gimp-pat", begins_with_zero},
    {0, "BM", "image/bmp", is_bitmap, true},
    {0, "AC10", "image/vnd.dwg", is_dwg},
    {0, "SIMPLE  =                    T", "image/fits"},
    {0, "P1", "image/x-portable-bitmap", is_netpbm},
    {0, "P2", "image/x-portable-graymap", is_netpbm},
    {0, "P3", "image/x-portable-pixmap", is_netpbm},
    {0, "P4", "image/x-portable-bitmap", is_netpbm},
    {0, "P5", "image/x-portable-graymap", is_netpbm},
    {0, "P6", "image/x-portable-pixmap", is_netpbm},
    {0, "P7", "image/x-portable-arbitrarymap", is_netpbm},
    {128, "DICM", "application/dicom", begins_with_zero},

    {0, "%PDF-", "application/pdf", is_pdf_of_any_version, true},
    {0, "%FDF", "application/fdf", is_fdf, true},
    {0, "ITSF\3\0\0\0"sv, "application/vnd.ms-htmlhelp"},
    {0, "ITOLITLS", "application/x-ms-reader"},
    {60, "BOOKMOBI", "application/x-mobipocket-ebook"},
    {0, "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3", "application/onenote"},
    {0, "\xFFWPC", "application/vnd.wordperfect", nullptr, true},
    {0, "<MakerFile ", "application/vnd.framemaker", is_no_text},
    {0, "<MakerDictionary ", "application/vnd.framemaker", is_no_text},
    {0, "<BookFile ", "application/vnd.framemaker", is_no_text},

    {0, "ISc(", "application/x-installshield", is_no_text, true},
    {0, "drpm", "application/x-rpm", is_no_text, true},
    {0, "xar!", "application/x-xar", is_no_text, true},
    {0, "WARC/1.", "application/warc"},
    {0, "Cr24", "application/x-chrome-extension", is_crx},
    {1, "\x2A\x4D\x18", "application/zstd", is_frame_header, true},

    {0, "MPCK", "audio/musepack", is_no_text, true},
    {0, "MP+", "audio/musepack", is_no_text, true},
    {0, "RIFF", "audio/qcelp", is_qcelp},
    {0, "Creative Voice File", "audio/x-voc"},
    {0, ".RMF", "application/vnd.rn-realmedia", is_no_text, true},
    {0, "CWS", "application/x-shockwave-flash", is_flash, true},
    {0, "FWS", "application/x-shockwave-flash", is_flash, true},
    {0, "ZWS", "application/x-shockwave-flash", is_flash, true},

    {2, "\r\n", "application/x-bytecode.python", is_python_bytecode, true},
    {0, "NES\x1A", "application/x-nintendo-nes-rom", nullptr, true},
    {0, "L\0\0\0\1\x14\2\0"sv, "application/x-ms-shortcut"},

    {0, "BUFR", "application/bufr", is_bufr},
    {0, "GRIB", "application/grib", is_grib},
    {0, "\0\0\x27\x0A"sv, "application/vnd.shp", is_shape},
    {0, "TZif", "application/tzif", is_tzif},
    {0, "\xD4\xC3\xB2\xA1", "application/vnd.tcpdump.pcap", nullptr, true},
    {0, "\xA1\xB2\xC3\xD4", "application/vnd.tcpdump.pcap", nullptr, true},
    {0, "\x4D\x3C\xB2\xA1", "application/vnd.tcpdump.pcap", nullptr, true},
    {0, "\xA1\xB2\x3C\x4D", "application/vnd.tcpdump.pcap", nullptr, true},
    {0, "\x0A\x0D\x0D\x0A", "application/x-pcapng", is_pcapng},
    {4, "Standard ACE DB", "application/x-msaccess"},
    {4, "Standard Jet DB", "application/x-msaccess"},
    {0, "\x30", "application/pkcs7-signature", is_signed_data},
    {0, "", "application/marc", is_marc},
    {0, "", "application/vnd.dbf", is_dbf, true},
});

// Beginnings of what `recognize` knows, for heads that end before its checks. Those of printable
// characters have four or more, and nothing printable behind them.
struct short_number {
  std::uint8_t offset;
  std::string_view bytes;
  std::string_view media_type;
};
constexpr std::array short_numbers = std::to_array<short_number>({
    {0, "\xFF\xD8\xFF", "image/jpeg"},
    {0, "II*\0"sv, "image/tiff"},
    {0, "MM\0*"sv, "image/tiff"},
    {0, "\xFF\x0A", "image/jxl"},
    {0, "8BPS", "image/vnd.adobe.photoshop"},
    {0, "{\\rtf", "application/rtf"},
    {0, "PK\3\4", "application/zip"},
    {0, "PK\5\6", "application/zip"},
    {0, "\x1F\x8B", "application/gzip"},
    {0, "\x28\xB5\x2F\xFD", "application/zstd"},
    {0, "\x04\x22\x4D\x18", "application/x-lz4"},
    {0, "LZIP", "application/x-lzip"},
    {0, "!<arch>", "application/x-archive"},
    {0, "\xED\xAB\xEE\xDB", "application/x-rpm"},
    {0, "fLaC", "audio/flac"},
    {0, "MThd", "audio/midi"},
    {0, "#!AMR", "audio/amr"},
    {0, ".snd", "audio/basic"},
    {0, "\xFF\xF1", "audio/aac"},
    {0, "\xFF\xF9", "audio/aac"},
    {0, "FLV\1", "video/x-flv"},
    {0, "\0\0\1\xBA"sv, "video/mpeg"},
    {0, "\0\0\1\xB3"sv, "video/mpeg"},
    {0, "glTF\1\0\0\0"sv, "model/gltf-binary"},
    {0, "glTF\2\0\0\0"sv, "model/gltf-binary"},
    {0, "wOFF", "font/woff"},
    {0, "wOF2", "font/woff2"},
    {0, "OTTO", "font/otf"},
    {0, "ttcf", "font/collection"},
    {0,
     "\x7F"
     "ELF",
     "application/x-elf"},
    {0, "\0asm"sv, "application/wasm"},
});

bool is_icon_of_few_images(const byte_window& in) noexcept {
  return in.size() == 4 || in_range(in.le16(4), 1, 255);
}

// Frames of layer III of any version: sync, layer, and a bit rate and a sampling rate that exist.
bool is_layer3_header(const byte_window& in) noexcept {
  const unsigned second = in.u8(1);
  return in.has(0, 4) && in.u8(0) == 0xFF && (second & 0xE6) == 0xE2 && (second & 0x18) != 0x08 &&
         in.u8(2) >> 4 != 15 && (in.u8(2) & 0x0C) != 0x0C;
}

bool is_zlib_header(const byte_window& in) noexcept {
  return in.has(0, 2) && in.u8(0) == 0x78 && in.be16(0) % 31 == 0 && (in.u8(1) & 0x20) == 0;
}

}  // namespace

recognized_file recognize_more(const byte_window& in) noexcept {
  recognized_file file;
  for (const more_number& number : more_numbers) {
    if (!in.holds(number.offset, number.bytes)) continue;
    if (number.check != nullptr && !number.check(in) &&
        // What is no text behind a number of text need not be there.
        !(number.check == &is_no_text && in.size() == number.bytes.size())) {
      continue;
    }
    file.media_type = number.media_type;
    file.is_short = number.is_short;
    return file;
  }
  file.media_type = look_into_xml(in, false);
  return file;
}

std::string_view recognize_short(const byte_window& in) noexcept {
  const bool text = has_text_only(in);
  for (const auto& [offset, bytes, type] : short_numbers) {
    if (!in.holds(offset, bytes)) continue;
    if (!text || (bytes.size() >= 4 && bytes.size() == in.size())) return type;
  }
  if (text) return {};
  if (in.holds(0, "\0\0\1\0"sv) || in.holds(0, "\0\0\2\0"sv)) {
    if (is_icon_of_few_images(in)) return "image/vnd.microsoft.icon";
  }
  if (in.holds(0, "\0\1\0\0"sv) && in_range(in.be16(4), 1, 128)) return "font/ttf";
  if (in.holds(0, "\xCA\xFE\xBA\xBE") && in.be32(4) >= 45) return "application/java-vm";
  if (in.holds(0, "MZ") && in.size() >= 4) return "application/vnd.microsoft.portable-executable";
  if (is_layer3_header(in)) return "audio/mpeg";
  if (is_zlib_header(in)) return "application/zlib";
  return {};
}

}  // namespace jobqueue::detail
