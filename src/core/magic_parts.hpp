// What magic.cpp and the files that know the structure of formats share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/magic.hpp"

namespace jobqueue::detail {

// The first bytes of an object. Bytes beyond them read as zero, so a check asks `has` first for
// those that it must have seen.
class byte_window {
 public:
  byte_window(std::span<const std::byte> head, bool complete) noexcept
      : head_(head), complete_(complete) {}

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return head_; }
  [[nodiscard]] std::size_t size() const noexcept { return head_.size(); }
  // The bytes are the whole object.
  [[nodiscard]] bool complete() const noexcept { return complete_; }

  [[nodiscard]] bool has(std::uint64_t offset, std::uint64_t count) const noexcept {
    return offset <= size() && count <= size() - offset;
  }
  // The object may have these bytes: they are there, or it goes on.
  [[nodiscard]] bool may_have(std::uint64_t offset, std::uint64_t count) const noexcept {
    return !complete_ || has(offset, count);
  }

  [[nodiscard]] std::uint8_t u8(std::uint64_t offset) const noexcept {
    return offset < size() ? std::to_integer<std::uint8_t>(head_[offset]) : std::uint8_t{0};
  }
  [[nodiscard]] std::uint32_t le16(std::uint64_t offset) const noexcept {
    return little<std::uint32_t>(offset, 2);
  }
  [[nodiscard]] std::uint32_t le32(std::uint64_t offset) const noexcept {
    return little<std::uint32_t>(offset, 4);
  }
  [[nodiscard]] std::uint64_t le64(std::uint64_t offset) const noexcept {
    return little<std::uint64_t>(offset, 8);
  }
  [[nodiscard]] std::uint32_t be16(std::uint64_t offset) const noexcept {
    return big<std::uint32_t>(offset, 2);
  }
  [[nodiscard]] std::uint32_t be32(std::uint64_t offset) const noexcept {
    return big<std::uint32_t>(offset, 4);
  }
  [[nodiscard]] std::uint64_t be64(std::uint64_t offset) const noexcept {
    return big<std::uint64_t>(offset, 8);
  }

  // At most `count` characters from `offset`, fewer where the bytes end.
  [[nodiscard]] std::string_view text(std::uint64_t offset, std::uint64_t count) const noexcept {
    if (offset >= size()) return {};
    const auto all = std::string_view(reinterpret_cast<const char*>(head_.data()), size());
    return all.substr(static_cast<std::size_t>(offset),
                      count < size() ? static_cast<std::size_t>(count) : size());
  }
  // `expected` is there, all of it.
  [[nodiscard]] bool holds(std::uint64_t offset, std::string_view expected) const noexcept {
    if (!has(offset, expected.size())) return false;
    const char* const at = reinterpret_cast<const char*>(head_.data()) + offset;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (at[i] != expected[i]) return false;  // most at the first; none is long
    }
    return true;
  }

 private:
  template <typename Integer>
  [[nodiscard]] Integer little(std::uint64_t offset, unsigned count) const noexcept {
    Integer value = 0;
    for (unsigned i = count; i-- != 0;) value = (value << 8) | u8(offset + i);
    return value;
  }
  template <typename Integer>
  [[nodiscard]] Integer big(std::uint64_t offset, unsigned count) const noexcept {
    Integer value = 0;
    for (unsigned i = 0; i < count; ++i) value = (value << 8) | u8(offset + i);
    return value;
  }

  std::span<const std::byte> head_;
  bool complete_;
};

[[nodiscard]] constexpr bool in_range(std::uint64_t value, std::uint64_t least,
                                      std::uint64_t most) noexcept {
  return value >= least && value <= most;
}
[[nodiscard]] constexpr bool is_digit(unsigned char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_upper(unsigned char c) noexcept { return c >= 'A' && c <= 'Z'; }
[[nodiscard]] constexpr bool is_alnum(unsigned char c) noexcept {
  return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z');
}
[[nodiscard]] constexpr bool is_printable(unsigned char c) noexcept { return c >= 32 && c < 127; }
[[nodiscard]] constexpr bool is_space(unsigned char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
// All characters of `text` satisfy `predicate`, and there is at least one.
template <typename Predicate>
[[nodiscard]] constexpr bool all_of(std::string_view text, Predicate predicate) noexcept {
  for (const char c : text) {
    if (!predicate(static_cast<unsigned char>(c))) return false;
  }
  return !text.empty();
}

// Whether the structure behind a magic number holds, as far as the bytes go. `found` is what the
// table says; a check may make it more precise. Magic and check together let random bytes pass with
// a chance of 2^-33 or less, those of zlib with 2^-31; the comments count the bits.
using magic_check = bool(const byte_window& in, recognized& found) noexcept;

// magic_images.cpp
magic_check is_jpeg, is_bmp, is_tiff, is_icon, is_jp2, is_j2c, is_psd, is_qoi, is_exr, is_emf,
    is_wmf;
// magic_jxl.cpp
magic_check is_jxl_codestream;
// magic_containers.cpp
magic_check is_zip, is_riff, is_iff, is_ftyp, is_quicktime, is_ebml, is_ogg;
// magic_markup.cpp
magic_check is_markup, is_rtf, is_pdf, is_postscript, is_djvu;
// magic_archives.cpp
magic_check is_tar, is_cpio, is_ar, is_rpm, is_gzip, is_zlib, is_bzip2, is_zstd, is_lz4, is_lzip,
    is_compress;
// magic_media.cpp
magic_check is_flac, is_id3, is_mpeg_audio, is_au, is_ape, is_wavpack, is_flv, is_mpeg_ps,
    is_mpeg_ts;
// magic_data.cpp
magic_check is_glb, is_safetensors, is_gguf, is_ggml, is_npy, is_onnx, is_tflite, is_pickle, is_ply,
    is_parquet, is_avro, is_orc;
// magic_programs.cpp
magic_check is_sfnt, is_font_collection, is_woff, is_eot, is_elf, is_pe, is_macho, is_cafebabe,
    is_dex;

}  // namespace jobqueue::detail
