// Audio and video, except what stands in the containers of magic_containers.cpp.

#include <array>

#include "core/magic_parts.hpp"

namespace jobqueue::detail {
namespace {

// A header of MPEG audio (ISO/IEC 11172-3, 13818-3) or of AAC in ADTS (13818-7).
struct audio_frame {
  std::uint32_t size = 0;    // With its header; 0: no header that can be followed.
  std::uint32_t stream = 0;  // The bits of the header that are equal in all frames of a stream.
};

audio_frame read_mpeg_frame(std::uint32_t header) noexcept {
  // Kilobits per second of layer III and II, of MPEG-1 and of the lower sampling rates.
  using rates = std::array<std::uint16_t, 16>;
  constexpr rates layer3_rates = {0,   32,  40,  48,  56,  64,  80,  96,
                                  112, 128, 160, 192, 224, 256, 320, 0};
  constexpr rates layer2_rates = {0,   32,  48,  56,  64,  80,  96,  112,
                                  128, 160, 192, 224, 256, 320, 384, 0};
  constexpr rates low_rates = {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0};
  constexpr std::array<std::uint32_t, 4> samples_per_second = {44100, 48000, 32000, 0};

  const std::uint32_t version = header >> 19 & 3;  // 0: MPEG-2.5, 2: MPEG-2, 3: MPEG-1.
  const std::uint32_t layer = 4 - (header >> 17 & 3);
  const std::uint32_t padding = header >> 9 & 1;
  const std::uint32_t emphasis = header & 3;
  const bool mpeg1 = version == 3;
  if (header >> 21 != 0x7FF || version == 1 || (layer != 2 && layer != 3) || emphasis == 2) {
    return {};
  }
  const rates& table = !mpeg1 ? low_rates : layer == 3 ? layer3_rates : layer2_rates;
  const std::uint32_t rate = table[header >> 12 & 15];
  const std::uint32_t sampling = samples_per_second[header >> 10 & 3] >> (mpeg1          ? 0
                                                                          : version == 2 ? 1
                                                                                         : 2);
  if (rate == 0 || sampling == 0) return {};
  const std::uint32_t samples = layer == 3 && !mpeg1 ? 576 : 1152;
  // Sync, version, layer, protection, sampling rate, copyright, original and emphasis.
  return {samples / 8 * rate * 1000 / sampling + padding, header & 0xFFFF0C0F};
}

audio_frame read_adts_frame(const byte_window& in, std::uint64_t at) noexcept {
  const std::uint32_t header = in.be32(at);
  const std::uint32_t sampling = header >> 10 & 15;
  const std::uint32_t size = (header & 3) << 11 | static_cast<std::uint32_t>(in.u8(at + 4)) << 3 |
                             static_cast<std::uint32_t>(in.u8(at + 5)) >> 5;
  const std::uint32_t header_size = (header & 0x10000) != 0 ? 7 : 9;
  if (header >> 20 != 0xFFF || (header & 0x60000) != 0 || sampling > 12 || size <= header_size) {
    return {};
  }
  // Sync, version, layer, protection, profile, sampling rate and channels.
  return {size, header & 0xFFFFFDC0};
}

// A frame and the next one, or two, that are in the window. `read` reads the frame at an offset.
template <typename Read>
bool follows_frames(const byte_window& in, Read read) noexcept {
  const audio_frame first = read(0);
  if (first.size == 0) return false;
  std::uint64_t at = first.size;
  unsigned followed = 0;
  for (; followed < 2 && in.has(at, 7); ++followed) {
    const audio_frame frame = read(at);
    if (frame.size == 0 || frame.stream != first.stream) return false;
    at += frame.size;
  }
  return followed != 0;
}

}  // namespace

// The block of stream information is first, and is 34 bytes.
bool is_flac(const byte_window& in, recognized&) noexcept {
  return (in.be32(4) & 0x7FFFFFFF) == 34;
}

// ID3v2: 24 bits of magic, 22 in version, flags and a size of four times seven bits.
bool is_id3(const byte_window& in, recognized&) noexcept {
  const unsigned version = in.u8(3);
  if (!in.has(0, 10) || !in_range(version, 2, 4) || in.u8(4) != 0) return false;
  const unsigned unused_flags = version == 2 ? 0x3F : version == 3 ? 0x1F : 0x0F;
  constexpr unsigned extended_header = 0x40;
  if ((in.u8(5) & unused_flags) != 0 || (in.be32(6) & 0x80808080) != 0) return false;
  // Then a frame or padding.
  return !in.has(10, 1) || is_upper(in.u8(10)) || in.u8(10) == 0 ||
         (in.u8(5) & extended_header) != 0;
}

// Frames without a tag in front: 12 bits or more in the first header, 20 or more in the second.
bool is_mpeg_audio(const byte_window& in, recognized& found) noexcept {
  if (follows_frames(in, [&](std::uint64_t at) { return read_mpeg_frame(in.be32(at)); })) {
    found.media_type = "audio/mpeg";
    return true;
  }
  if (follows_frames(in, [&](std::uint64_t at) { return read_adts_frame(in, at); })) {
    found.media_type = "audio/aac";
    return true;
  }
  return false;
}

bool is_au(const byte_window& in, recognized&) noexcept {
  return in.has(0, 24) && in_range(in.be32(4), 24, 1U << 16) && in_range(in.be32(12), 1, 27) &&
         in_range(in.be32(20), 1, 255);
}

// Monkey's Audio: the version, and from 3.98 on the size of the descriptor, before it the level.
bool is_ape(const byte_window& in, recognized&) noexcept {
  const std::uint32_t version = in.le16(4);
  if (!in.has(0, 12) || !in_range(version, 3000, 4500)) return false;
  if (version >= 3980) return in_range(in.le32(8), 52, 255);
  return in_range(in.le16(6), 1000, 5000) && in.le16(6) % 1000 == 0;
}

bool is_wavpack(const byte_window& in, recognized&) noexcept {
  return in.has(0, 10) && in.le32(4) < (1U << 20) && in_range(in.le16(8), 0x402, 0x410);
}

bool is_flv(const byte_window& in, recognized&) noexcept {
  return in.u8(3) == 1 && (in.u8(4) & 0xFA) == 0 && in.be32(5) == 9;
}

// A pack header of MPEG-2 or MPEG-1 with its marker bits, and the start code behind it.
bool is_mpeg_ps(const byte_window& in, recognized&) noexcept {
  std::uint64_t next = 12;
  if ((in.u8(4) & 0xC4) == 0x44) {
    if ((in.u8(6) & 4) == 0 || (in.u8(8) & 4) == 0 || (in.u8(9) & 1) == 0) return false;
    if ((in.u8(12) & 3) != 3) return false;
    next = 14 + (in.u8(13) & 7);
  } else if ((in.u8(4) & 0xF1) != 0x21 || (in.u8(6) & 1) == 0 || (in.u8(8) & 1) == 0) {
    return false;
  }
  return in.has(next, 4) && in.be32(next) >> 8 == 1 && in.u8(next + 3) >= 0xB9;
}

// Every packet of 188 bytes in the window, at least three: 11 bits each in sync and flags.
bool is_mpeg_ts(const byte_window& in, recognized&) noexcept {
  constexpr std::uint64_t packet_size = 188;
  unsigned packets = 0;
  for (std::uint64_t at = 0; in.has(at, 4); at += packet_size, ++packets) {
    constexpr unsigned transport_error = 0x80;
    constexpr unsigned scrambling = 0xC0;
    constexpr unsigned has_content = 0x30;
    if (in.u8(at) != 0x47 || (in.u8(at + 1) & transport_error) != 0) return false;
    if ((in.u8(at + 3) & scrambling) != 0 || (in.u8(at + 3) & has_content) == 0) return false;
  }
  return packets >= 3;
}

}  // namespace jobqueue::detail
