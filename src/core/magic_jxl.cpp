// The JPEG XL codestream (ISO/IEC 18181-1) has two bytes of magic, so its headers are read: image
// size, metadata, and the header of the first frame. They are full of fields that nearly always
// have one value and of padding that is zero.

#include <array>
#include <cmath>

#include "core/bit_reader.hpp"
#include "core/magic_parts.hpp"

namespace jobqueue::detail {
namespace {

struct choice {
  unsigned bits;
  std::uint32_t offset;
};
using choices = std::array<choice, 4>;
constexpr choices size_choices = {{{9, 1}, {13, 1}, {18, 1}, {30, 1}}};
constexpr choices enum_choices = {{{0, 0}, {0, 1}, {4, 2}, {6, 18}}};
constexpr choices coordinate_choices = {{{8, 0}, {11, 256}, {14, 2304}, {30, 18688}}};

class jxl_reader {
 public:
  explicit jxl_reader(std::span<const std::byte> stream) noexcept : bits_(stream) {}

  [[nodiscard]] bool good() const noexcept { return good_ && !bits_.exhausted(); }
  // The chance that random bits get as far; see inflate_check.hpp.
  [[nodiscard]] double chance() const noexcept { return chance_; }

  void read_image_size() noexcept {
    const bool small = flag();  // Multiples of 8 up to 256.
    read_dimension(small);
    if (take(3) == 0) read_dimension(small);  // Otherwise the width is a ratio of the height.
  }

  void read_metadata() noexcept {
    if (!flag()) read_metadata_fields();
    must(flag(), 0.5);  // Default transform.
    must(!wants_profile_, 0.5);
    pad();
  }

  void read_frame_header() noexcept {
    if (!flag()) read_frame_fields();
    must(!flag(), 0.5);  // The table of contents is not permuted.
    pad();
  }

 private:
  std::uint32_t take(unsigned count) noexcept { return bits_.take(count); }
  bool flag() noexcept { return take(1) == 1; }
  std::uint32_t pick(const choices& from) noexcept {
    const choice& chosen = from[take(2)];
    return chosen.offset + take(chosen.bits);
  }
  // A field that random bits get right with `chance`.
  void must(bool right, double chance) noexcept {
    good_ = good_ && right;
    chance_ *= chance;
  }
  void pad() noexcept {
    const unsigned count = bits_.bits_to_boundary();
    must(take(count) == 0, std::ldexp(1.0, -static_cast<int>(count)));
  }
  void no_extensions() noexcept { must(take(2) == 0, 0.25); }
  void no_name() noexcept { must(take(2) == 0, 0.25); }

  void read_dimension(bool small) noexcept {
    if (small) {
      static_cast<void>(take(5));
    } else {
      must(pick(size_choices) <= (1U << 18), 0.75);
    }
  }

  void read_metadata_fields() noexcept {
    const bool extra_fields = flag();
    if (extra_fields) {
      static_cast<void>(take(3));  // Orientation.
      if (flag()) read_image_size();
      must(!flag(), 0.5);  // Preview.
      animated_ = flag();
      if (animated_) read_animation();
    }
    read_depth();
    must(flag() || deep_, 1.0);  // 16 bits suffice.
    constexpr choices channel_choices = {{{0, 0}, {0, 1}, {4, 2}, {12, 1}}};
    channels_ = pick(channel_choices);
    must(channels_ <= 4, 0.55);
    for (unsigned i = 0; i < channels_ && good(); ++i) read_channel();
    xyb_ = flag();
    read_colour();
    if (extra_fields) must(flag(), 0.5);  // Default tone mapping.
    no_extensions();
  }

  void read_animation() noexcept {
    constexpr choices numerator = {{{0, 100}, {0, 1000}, {10, 1}, {30, 1}}};
    constexpr choices denominator = {{{0, 1}, {0, 1001}, {8, 1}, {10, 1}}};
    constexpr choices loops = {{{0, 0}, {3, 0}, {16, 0}, {32, 0}}};
    static_cast<void>(pick(numerator));
    static_cast<void>(pick(denominator));
    static_cast<void>(pick(loops));
    timecodes_ = flag();
  }

  void read_depth() noexcept {
    constexpr choices integer = {{{0, 8}, {0, 10}, {0, 12}, {6, 1}}};
    constexpr choices floating = {{{0, 32}, {0, 16}, {0, 24}, {6, 1}}};
    const bool is_float = flag();
    const std::uint32_t depth = pick(is_float ? floating : integer);
    must(depth <= 32, 7.0 / 8);
    if (is_float) must(in_range(take(4), 1, 7), 0.5);
    deep_ = depth > 12;
  }

  void read_channel() noexcept {
    if (flag()) return;  // Alpha of 8 bits.
    constexpr choices shift = {{{0, 0}, {0, 3}, {0, 4}, {3, 1}}};
    const std::uint32_t type = pick(enum_choices);
    must(type <= 1, 0.5);  // Alpha or depth.
    read_depth();
    must(pick(shift) <= 3, 0.6);
    no_name();
    if (type == 0) static_cast<void>(flag());
  }

  void read_colour() noexcept {
    if (flag()) return;  // sRGB.
    wants_profile_ = flag();
    const std::uint32_t space = pick(enum_choices);
    must(space <= 3, 0.54);
    if (wants_profile_) return;
    const bool implied = xyb_ && space == 2;
    if (!implied) must(is_known(pick(enum_choices), {1, 10, 11, 1}), 0.29);  // White point.
    if (!implied && space != 1) must(is_known(pick(enum_choices), {1, 9, 11, 1}), 0.29);
    if (flag()) {
      must(in_range(take(24), 1, 10000000), 0.6);  // Gamma.
    } else {
      constexpr std::uint32_t transfer_mask =
          1U << 1 | 1U << 2 | 1U << 8 | 1U << 13 | 1U << 16 | 1U << 17 | 1U << 18;
      const std::uint32_t transfer = pick(enum_choices);
      must(transfer < 32 && (transfer_mask >> transfer & 1) != 0, 0.35);
    }
    must(pick(enum_choices) <= 3, 0.54);  // Rendering intent.
  }

  static bool is_known(std::uint32_t value, const std::array<std::uint32_t, 4>& known) noexcept {
    for (const std::uint32_t candidate : known) {
      if (value == candidate) return true;
    }
    return false;
  }

  void read_frame_fields() noexcept {
    const std::uint32_t type = take(2);
    must(type != 1, 0.75);  // Not a frame of averages.
    const bool regular = type != 2;
    const bool modular = flag();
    read_flags();
    bool subsampled = false;
    if (!xyb_ && flag()) subsampled = take(6) != 0;  // YCbCr.
    must(!(modular && subsampled), 1.0);
    static_cast<void>(take(2 + 2 * channels_));  // Upsampling.
    if (modular) {
      static_cast<void>(take(2));
    } else if (xyb_) {
      static_cast<void>(take(6));
    }
    if (regular) read_passes();
    const bool cropped = flag();
    if (cropped) {
      for (unsigned i = regular ? 4 : 2; i != 0; --i) {
        must(pick(coordinate_choices) <= (1U << 18), 0.75);
      }
    }
    bool last = false;
    bool shown = false;
    if (regular) {
      // Blending: replace, for the image and each of its channels.
      for (unsigned i = 0; i <= channels_; ++i) {
        must(take(2) == 0, 0.25);
        if (cropped) static_cast<void>(take(2));
      }
      if (animated_) shown = read_duration() != 0;
      last = flag() && type == 0;
    }
    if (!last) {
      const bool referenced = take(2) != 0 || !shown;
      if (!regular || (referenced && !cropped)) static_cast<void>(flag());
    }
    no_name();
    read_filter(modular);
    no_extensions();
  }

  // Noise, patches, splines, smoothing: a number of variable length.
  void read_flags() noexcept {
    constexpr std::uint32_t known = 1 | 2 | 16 | 128;
    constexpr choices flag_choices = {{{0, 0}, {4, 1}, {8, 17}, {12, 0}}};
    const std::uint32_t flags = pick(flag_choices);
    must(flags < 273 && (flags & ~known) == 0, 0.35);
  }

  void read_passes() noexcept {
    constexpr choices pass_choices = {{{0, 1}, {0, 2}, {0, 3}, {3, 4}}};
    constexpr choices downsample_choices = {{{0, 0}, {0, 1}, {0, 2}, {1, 3}}};
    constexpr choices last_choices = {{{0, 0}, {0, 1}, {0, 2}, {3, 0}}};
    const std::uint32_t passes = pick(pass_choices);
    if (passes == 1) return;
    const std::uint32_t downsamples = pick(downsample_choices);
    must(downsamples <= passes, 1.0);
    static_cast<void>(take(2 * (passes - 1)));
    static_cast<void>(take(2 * downsamples));
    for (unsigned i = 0; i < downsamples; ++i) must(pick(last_choices) < passes, 1.0);
  }

  std::uint32_t read_duration() noexcept {
    constexpr choices duration_choices = {{{0, 0}, {0, 1}, {8, 0}, {32, 0}}};
    const std::uint32_t duration = pick(duration_choices);
    if (timecodes_) static_cast<void>(take(32));
    return duration;
  }

  void read_filter(bool modular) noexcept {
    if (flag()) return;              // Default.
    if (flag()) must(!flag(), 0.5);  // Gaborish with default weights.
    if (take(2) != 0) {              // Edge-preserving filter.
      if (!modular) must(!flag(), 0.5);
      must(!flag(), 0.5);
      must(!flag(), 0.5);
      if (modular) static_cast<void>(take(16));
    }
    no_extensions();
  }

  bit_reader bits_;
  double chance_ = 1;
  bool good_ = true;
  bool animated_ = false;
  bool timecodes_ = false;
  bool deep_ = false;
  bool xyb_ = true;
  bool wants_profile_ = false;
  std::uint32_t channels_ = 0;
};

}  // namespace

// 16 bits of magic; the headers must have 17 more, and have 4 more than that of random bytes.
// Streams with an ICC profile or a preview are not recognised, since what follows those cannot be
// read without decoding them.
bool is_jxl_codestream(const byte_window& in, recognized&) noexcept {
  jxl_reader reader(in.bytes().subspan(2));
  reader.read_image_size();
  reader.read_metadata();
  if (!reader.good()) return false;
  reader.read_frame_header();
  return reader.good() && reader.chance() <= 0x1p-17;
}

}  // namespace jobqueue::detail
