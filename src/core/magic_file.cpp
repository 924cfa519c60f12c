#include "core/magic_file.hpp"

#include <algorithm>
#include <array>

namespace jobqueue::detail {
namespace {

std::string_view container_of(const byte_window& in) noexcept {
  if (in.holds(4, "ftyp")) return "iso_bmff";
  if (in.holds(0, "RIFF") || in.holds(0, "RIFX") || in.holds(0, "RF64")) return "riff";
  if (in.holds(0, "\x1A\x45\xDF\xA3")) return "ebml";
  if (in.holds(0, "OggS")) return "ogg";
  return {};
}

// `found` is what `recognize` says.
recognized_file refine(const byte_window& in, std::string_view found) noexcept {
  recognized_file file;
  file.media_type = found;
  if (in.holds(0, "PK")) {
    constexpr std::string_view zip = "application/zip";
    file.container = "zip";
    file.outer = zip;
    if (found == zip) {
      const std::string_view inside = look_into_zip(in);
      if (inside.empty()) file.container = {};
      file.media_type = inside.empty() ? zip : inside;
    }
  } else if (found == "application/x-ole-storage") {
    const std::string_view inside = look_into_ole(in);
    if (!inside.empty()) file = {inside, found, "ole"};
  } else if (found == "application/xml") {
    const std::string_view inside = look_into_xml(in, true);
    if (!inside.empty()) file.media_type = inside;
  } else {
    file.media_type = look_into_media(in, found);
    file.container = container_of(in);
  }
  return file;
}

}  // namespace

recognized_file recognize_file(std::span<const std::byte> head) noexcept {
  const byte_window in(head.first(std::min(head.size(), magic_window)), false);
  if (const auto found = recognize(in.bytes(), false)) return refine(in, found->media_type);
  if (recognized_file more = recognize_more(in); !more.media_type.empty()) return more;
  recognized_file file;
  if (in.size() < short_head_bytes) file.media_type = recognize_short(in);
  file.is_short = !file.media_type.empty();
  return file;
}

}  // namespace jobqueue::detail
