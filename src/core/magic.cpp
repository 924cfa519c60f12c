#include "core/magic.hpp"

#include <array>

#include "core/magic_parts.hpp"

namespace jobqueue::detail {
namespace {

using namespace std::string_view_literals;

// A format that has `bytes` at `offset` and passes the check, if there is one.
struct magic_number {
  std::uint16_t offset;
  std::string_view bytes;
  recognized format;
  magic_check* check = nullptr;
};

using enum blob_class;

// The first that fits is taken. Numbers without a check have six bytes or more.
constexpr auto magic_numbers = std::to_array<magic_number>({
    // Images
    {0, "\x89PNG\r\n\x1A\n"sv, {"image/png", image}},
    {0, "\xFF\xD8\xFF"sv, {"image/jpeg", image}, is_jpeg},
    {0, "GIF87a"sv, {"image/gif", image}},
    {0, "GIF89a"sv, {"image/gif", image}},
    {0, "BM"sv, {"image/bmp", image}, is_bmp},
    {0, "II*\0"sv, {"image/tiff", image}, is_tiff},
    {0, "MM\0*"sv, {"image/tiff", image}, is_tiff},
    {0, "II+\0\x08\0\0\0"sv, {"image/tiff", image}},
    {0, "MM\0+\0\x08\0\0"sv, {"image/tiff", image}},
    {0, "\0\0\1\0"sv, {"image/vnd.microsoft.icon", image}, is_icon},
    {0, "\0\0\2\0"sv, {"image/vnd.microsoft.icon", image}, is_icon},
    {0, "\0\0\0\x0CjP  \r\n\x87\n"sv, {"image/jp2", image}, is_jp2},
    {0, "\xFF\x4F\xFF\x51"sv, {"image/j2c", image}, is_j2c},
    {0, "\0\0\0\x0CJXL \r\n\x87\n"sv, {"image/jxl", image}},
    {0, "\xFF\x0A"sv, {"image/jxl", image}, is_jxl_codestream},
    {0, "8BPS"sv, {"image/vnd.adobe.photoshop", image}, is_psd},
    {0, "qoif"sv, {"image/qoi", image}, is_qoi},
    {0, "\x76\x2F\x31\x01"sv, {"image/x-exr", image}, is_exr},
    {0, "#?RADIANCE\n"sv, {"image/vnd.radiance", image}},
    {0, "#?RGBE\n"sv, {"image/vnd.radiance", image}},
    {0, "DDS \x7C\0\0\0"sv, {"image/vnd.ms-dds", image}},
    {0, "\xABKTX 11\xBB\r\n\x1A\n"sv, {"image/ktx", image}},
    {0, "\xABKTX 20\xBB\r\n\x1A\n"sv, {"image/ktx2", image}},
    {0, "\1\0\0\0"sv, {"image/emf", image}, is_emf},
    {0, "\1\0\x09\0\0\3"sv, {"image/wmf", image}, is_wmf},
    {0, "\xD7\xCD\xC6\x9A\0\0"sv, {"image/wmf", image}},

    // Documents
    {0, "%PDF-"sv, {"application/pdf", document}, is_pdf},
    {0, "{\\rtf"sv, {"application/rtf", document}, is_rtf},
    {0, "%!PS"sv, {"application/postscript", document}, is_postscript},
    {0, "\xC5\xD0\xD3\xC6"sv, {"application/postscript", document}, is_postscript},
    {0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, {"application/x-ole-storage", document}},
    {0, "AT&TFORM"sv, {"image/vnd.djvu", document}, is_djvu},
    {0, "<"sv, {"text/html", document}, is_markup},
    {0, "\xEF\xBB\xBF"sv, {"text/html", document}, is_markup},
    {0, "\t"sv, {"text/html", document}, is_markup},
    {0, "\n"sv, {"text/html", document}, is_markup},
    {0, "\r"sv, {"text/html", document}, is_markup},
    {0, " "sv, {"text/html", document}, is_markup},

    // Archives; packages of parts are zip archives, too
    {0, "PK"sv, {"application/zip", archive}, is_zip},
    {0, "7z\xBC\xAF\x27\x1C"sv, {"application/x-7z-compressed", archive}},
    {0, "Rar!\x1A\x07\0"sv, {"application/vnd.rar", archive}},
    {0, "Rar!\x1A\x07\1\0"sv, {"application/vnd.rar", archive}},
    {0, "MSCF\0\0\0\0"sv, {"application/vnd.ms-cab-compressed", archive}},
    {0, "!<arch>\n"sv, {"application/x-archive", archive}, is_ar},
    {0, "\xED\xAB\xEE\xDB"sv, {"application/x-rpm", archive}, is_rpm},
    {0, "0707"sv, {"application/x-cpio", archive}, is_cpio},
    {257, "ustar"sv, {"application/x-tar", archive}, is_tar},

    // Compressed streams
    {0, "\x1F\x8B\x08"sv, {"application/gzip", compressed}, is_gzip},
    {0, "BZh"sv, {"application/x-bzip2", compressed}, is_bzip2},
    {0, "\xFD\x37zXZ\0"sv, {"application/x-xz", compressed}},
    {0, "\x28\xB5\x2F\xFD"sv, {"application/zstd", compressed}, is_zstd},
    {0, "\x04\x22\x4D\x18"sv, {"application/x-lz4", compressed}, is_lz4},
    {0, "\xFF\x06\0\0sNaPpY"sv, {"application/x-snappy-framed", compressed}},
    {0, "LZIP"sv, {"application/x-lzip", compressed}, is_lzip},
    {0, "\x1F\x9D"sv, {"application/x-compress", compressed}, is_compress},
    {0, ""sv, {"application/zlib", compressed}, is_zlib},

    // Audio and video
    {0, "RIFF"sv, {"audio/wav", audio}, is_riff},
    {0, "RIFX"sv, {"audio/wav", audio}, is_riff},
    {0, "RF64"sv, {"audio/wav", audio}, is_riff},
    {0, "BW64"sv, {"audio/wav", audio}, is_riff},
    {0, "FORM"sv, {"audio/x-aiff", audio}, is_iff},
    {0, "fLaC"sv, {"audio/flac", audio}, is_flac},
    {0, "OggS\0"sv, {"audio/ogg", audio}, is_ogg},
    {0, "ID3"sv, {"audio/mpeg", audio}, is_id3},
    {0, "\xFF"sv, {"audio/mpeg", audio}, is_mpeg_audio},
    {0, "MThd\0\0\0\6"sv, {"audio/midi", audio}},
    {0, "#!AMR\n"sv, {"audio/amr", audio}},
    {0, "#!AMR-WB\n"sv, {"audio/amr-wb", audio}},
    {0, ".snd"sv, {"audio/basic", audio}, is_au},
    {0, "MAC "sv, {"audio/x-ape", audio}, is_ape},
    {0, "wvpk"sv, {"audio/x-wavpack", audio}, is_wavpack},
    {4, "ftyp"sv, {"video/mp4", video}, is_ftyp},
    {4, "moov"sv, {"video/quicktime", video}, is_quicktime},
    {4, "wide"sv, {"video/quicktime", video}, is_quicktime},
    {4, "free"sv, {"video/quicktime", video}, is_quicktime},
    {4, "skip"sv, {"video/quicktime", video}, is_quicktime},
    {0, "\x1A\x45\xDF\xA3"sv, {"video/matroska", video}, is_ebml},
    {0, "FLV"sv, {"video/x-flv", video}, is_flv},
    {0, "\0\0\1\xBA"sv, {"video/mpeg", video}, is_mpeg_ps},
    {0, "G"sv, {"video/mp2t", video}, is_mpeg_ts},
    {0,
     "\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\0\xAA\0\x62\xCE\x6C"sv,
     {"video/x-ms-asf", video}},

    // Models and tensors
    {0, "glTF"sv, {"model/gltf-binary", model}, is_glb},
    {0, "GGUF"sv, {"application/x-gguf", model}, is_gguf},
    {0, "lmgg"sv, {"application/x-ggml", model}, is_ggml},
    {0, "fmgg"sv, {"application/x-ggml", model}, is_ggml},
    {0, "tjgg"sv, {"application/x-ggml", model}, is_ggml},
    {0, "algg"sv, {"application/x-ggml", model}, is_ggml},
    {0, "\x93NUMPY"sv, {"application/x-npy", model}, is_npy},
    {0, "\x89HDF\r\n\x1A\n"sv, {"application/x-hdf5", model}},
    {0, "\x08"sv, {"application/x-onnx", model}, is_onnx},
    {4, "TFL3"sv, {"application/x-tflite", model}, is_tflite},
    {0, "\x80\2\x8A\x0Al\xFC\x9C\x46\xF9 j\xA8P\x19."sv, {"application/x-pytorch", model}},
    {0, "\x80"sv, {"application/x-pickle", model}, is_pickle},
    {0, "ply"sv, {"application/x-ply", model}, is_ply},
    {0, "Kaydara FBX Binary  \0"sv, {"application/x-fbx", model}},
    {0, ""sv, {"application/x-safetensors", model}, is_safetensors},

    // Fonts
    {0, "wOFF"sv, {"font/woff", font}, is_woff},
    {0, "wOF2"sv, {"font/woff2", font}, is_woff},
    {0, "\0\1\0\0"sv, {"font/ttf", font}, is_sfnt},
    {0, "true"sv, {"font/ttf", font}, is_sfnt},
    {0, "OTTO"sv, {"font/otf", font}, is_sfnt},
    {0, "ttcf"sv, {"font/collection", font}, is_font_collection},
    {34, "LP"sv, {"application/vnd.ms-fontobject", font}, is_eot},

    // Executables
    {0,
     "\x7F"
     "ELF"sv,
     {"application/x-elf", executable},
     is_elf},
    {0, "MZ"sv, {"application/vnd.microsoft.portable-executable", executable}, is_pe},
    {0, "\xFE\xED\xFA\xCE"sv, {"application/x-mach-binary", executable}, is_macho},
    {0, "\xFE\xED\xFA\xCF"sv, {"application/x-mach-binary", executable}, is_macho},
    {0, "\xCE\xFA\xED\xFE"sv, {"application/x-mach-binary", executable}, is_macho},
    {0, "\xCF\xFA\xED\xFE"sv, {"application/x-mach-binary", executable}, is_macho},
    {0, "\xCA\xFE\xBA\xBE"sv, {"application/x-mach-binary", executable}, is_cafebabe},
    {0, "\0asm\1\0\0\0"sv, {"application/wasm", executable}},
    {0, "\0asm\x0D\0\1\0"sv, {"application/wasm", executable}},
    {0, "dex\n"sv, {"application/x-dex", executable}, is_dex},

    // Databases and tables
    {0, "SQLite format 3\0"sv, {"application/vnd.sqlite3", database}},
    {0, "PAR1"sv, {"application/vnd.apache.parquet", database}, is_parquet},
    {0, "ARROW1\0\0"sv, {"application/vnd.apache.arrow.file", database}},
    {0, "Obj\1"sv, {"application/avro", database}, is_avro},
    {0, "ORC"sv, {"application/x-orc", database}, is_orc},
});

// The magic numbers by their first byte, in the order of the table; in the last bucket those that
// are not at the beginning.
constexpr std::size_t anywhere = 256;
struct magic_index {
  std::array<std::uint8_t, magic_numbers.size()> numbers{};
  std::array<std::uint8_t, anywhere + 2> begin{};
};

constexpr std::size_t bucket_of(const magic_number& number) {
  return number.offset != 0 || number.bytes.empty()
             ? anywhere
             : static_cast<unsigned char>(number.bytes.front());
}

constexpr magic_index make_index() {
  static_assert(magic_numbers.size() <= 255);
  magic_index index;
  std::uint8_t filled = 0;
  for (std::size_t bucket = 0; bucket <= anywhere; ++bucket) {
    index.begin[bucket] = filled;
    for (std::size_t i = 0; i < magic_numbers.size(); ++i) {
      if (bucket_of(magic_numbers[i]) == bucket) {
        index.numbers[filled++] = static_cast<std::uint8_t>(i);
      }
    }
  }
  index.begin[anywhere + 1] = filled;
  return index;
}
constexpr magic_index by_first_byte = make_index();

std::optional<recognized> find_in(std::size_t bucket, const byte_window& in) noexcept {
  for (std::size_t i = by_first_byte.begin[bucket]; i < by_first_byte.begin[bucket + 1]; ++i) {
    const magic_number& number = magic_numbers[by_first_byte.numbers[i]];
    if (!in.holds(number.offset, number.bytes)) continue;
    recognized found = number.format;
    if (number.check == nullptr || number.check(in, found)) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<recognized> recognize(std::span<const std::byte> head, bool complete) noexcept {
  if (head.empty()) return std::nullopt;
  const bool cut = head.size() > magic_window;
  const byte_window in(cut ? head.first(magic_window) : head, complete && !cut);
  if (const auto found = find_in(in.u8(0), in)) return found;
  return find_in(anywhere, in);
}

}  // namespace jobqueue::detail
