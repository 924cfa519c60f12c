// The MIME type sniffing algorithm of WHATWG MIME Sniffing (https://mimesniff.spec.whatwg.org,
// draft of January 2026), section by section. Where a step is written so that it never does what
// it says (parsing a vint from index 0, the size of an MP3 frame), what it says is done.

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/content_type_parts.hpp"
#include "core/magic_parts.hpp"
#include "core/magic_prolog.hpp"

namespace jobqueue::detail {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t resource_header_bytes = 1445;

struct pattern {
  std::string_view bytes;
  std::string_view media_type;
  std::uint8_t behind = 0;  // where `more` is; the bytes between do not count
  std::string_view more = {};
};

std::string_view match(const byte_window& in, std::span<const pattern> patterns) noexcept {
  for (const auto& [bytes, type, behind, more] : patterns) {
    if (in.holds(0, bytes) && in.holds(behind, more)) return type;
  }
  return {};
}

constexpr std::array image_patterns = std::to_array<pattern>({
    {"\0\0\1\0"sv, "image/x-icon"},
    {"\0\0\2\0"sv, "image/x-icon"},
    {"BM", "image/bmp"},
    {"GIF87a", "image/gif"},
    {"GIF89a", "image/gif"},
    {"RIFF", "image/webp", 8, "WEBPVP"},
    {"\x89PNG\r\n\x1A\n", "image/png"},
    {"\xFF\xD8\xFF", "image/jpeg"},
});

constexpr std::array media_patterns = std::to_array<pattern>({
    {"FORM", "audio/aiff", 8, "AIFF"},
    {"ID3", "audio/mpeg"},
    {"OggS\0"sv, "application/ogg"},
    {"MThd\0\0\0\6"sv, "audio/midi"},
    {"RIFF", "video/avi", 8, "AVI "},
    {"RIFF", "audio/wave", 8, "WAVE"},
});

constexpr std::array archive_patterns = std::to_array<pattern>({
    {"\x1F\x8B\x08", "application/x-gzip"},
    {"PK\3\4", "application/zip"},
    {"Rar!\x1A\7\0"sv, "application/x-rar-compressed"},
});

// Section 6.2.1.
bool is_mp4(const byte_window& in) noexcept {
  const std::uint32_t box_size = in.be32(0);
  if (!in.has(0, 12) || in.size() < box_size || box_size % 4 != 0 || !in.holds(4, "ftyp")) {
    return false;
  }
  if (in.holds(8, "mp4")) return true;
  for (std::uint32_t at = 16; at < box_size; at += 4) {
    if (in.holds(at, "mp4")) return true;
  }
  return false;
}

// Section 6.2.2.
bool is_webm(const byte_window& in) noexcept {
  if (!in.holds(0, "\x1A\x45\xDF\xA3")) return false;
  for (std::uint64_t at = 4; at < in.size() && at < 38; ++at) {
    if (!in.holds(at, "\x42\x82")) continue;
    at += 2;
    if (at >= in.size()) return false;
    std::uint64_t number_size = 1;
    for (unsigned mask = 0x80; number_size < 8 && (in.u8(at) & mask) == 0; mask >>= 1) {
      ++number_size;
    }
    at += number_size;
    if (at + 4 >= in.size()) return false;
    std::uint64_t padded = at;
    while (in.has(padded, 1) && in.u8(padded) == 0) ++padded;
    if (in.holds(padded, "webm")) return true;
  }
  return false;
}

// Section 6.2.3: the header of a frame of layer III, and its size; 0 if it is none.
std::uint64_t mp3_frame_size(const byte_window& in, std::uint64_t at) noexcept {
  constexpr std::array<std::uint32_t, 15> rates = {0,      32000,  40000,  48000,  56000,
                                                   64000,  80000,  96000,  112000, 128000,
                                                   160000, 192000, 224000, 256000, 320000};
  constexpr std::array<std::uint32_t, 15> low_rates = {0,     8000,   16000,  24000,  32000,
                                                       40000, 48000,  56000,  64000,  80000,
                                                       96000, 112000, 128000, 144000, 160000};
  constexpr std::array<std::uint32_t, 3> frequencies = {44100, 48000, 32000};
  if (!in.has(at, 4) || in.u8(at) != 0xFF || (in.u8(at + 1) & 0xE0) != 0xE0) return 0;
  const unsigned layer = in.u8(at + 1) >> 1 & 3;
  const unsigned rate = in.u8(at + 2) >> 4;
  const unsigned frequency = in.u8(at + 2) >> 2 & 3;
  if (layer != 1 || rate == 15 || frequency == 3) return 0;
  const bool is_version_1 = (in.u8(at + 1) & 0x18) == 0x18;
  const std::uint64_t size = is_version_1 ? rates[rate] * 144 / frequencies[frequency]
                                          : low_rates[rate] * 72 / frequencies[frequency];
  // A header whose rate is free has no size, but is one.
  return size + (in.u8(at + 2) >> 1 & 1) + (rate == 0 ? 1 : 0);
}

bool is_mp3(const byte_window& in) noexcept {
  const std::uint64_t skipped = mp3_frame_size(in, 0);
  return skipped >= 4 && mp3_frame_size(in, skipped) != 0;
}

std::string_view match_media(const byte_window& in) noexcept {
  if (const std::string_view type = match(in, media_patterns); !type.empty()) return type;
  if (is_mp4(in)) return "video/mp4";
  if (is_webm(in)) return "video/webm";
  return is_mp3(in) ? "audio/mpeg"sv : std::string_view();
}

// Section 7.1, the first table.
std::string_view match_scriptable(const byte_window& in) noexcept {
  constexpr std::array tags = std::to_array<std::string_view>(
      {"<!doctype html", "<html", "<head", "<script", "<iframe", "<h1", "<div", "<font", "<table",
       "<a", "<style", "<title", "<b", "<body", "<br", "<p", "<!--"});
  constexpr std::string_view white_space = "\t\n\f\r ";
  std::string_view text = in.text(0, in.size());
  text.remove_prefix(std::min(text.find_first_not_of(white_space), text.size()));
  for (const std::string_view tag : tags) {
    if (text.size() <= tag.size() || !begins_with(text, tag)) continue;
    if (text[tag.size()] == ' ' || text[tag.size()] == '>') return "text/html";
  }
  if (text.starts_with("<?xml")) return "text/xml";
  return in.holds(0, "%PDF-") ? "application/pdf"sv : std::string_view();
}

whatwg_answer text_or_nothing(std::span<const std::byte> header) noexcept {
  if (has_binary_byte(header)) return {};
  return {content_source::text, "text/plain"};
}

// Section 7.1.
whatwg_answer identify_unknown(const byte_window& in, bool sniff_scriptable) noexcept {
  if (sniff_scriptable) {
    if (const std::string_view type = match_scriptable(in); !type.empty()) {
      return {content_source::magic, type};
    }
  }
  if (in.holds(0, "%!PS-Adobe-")) return {content_source::magic, "application/postscript"};
  const bool marked =
      in.holds(0, "\xFE\xFF") || in.holds(0, "\xFF\xFE") || in.holds(0, "\xEF\xBB\xBF");
  if (marked && in.size() >= 4) return {content_source::text, "text/plain"};
  for (const std::string_view type :
       {match(in, image_patterns), match_media(in), match(in, archive_patterns)}) {
    if (!type.empty()) return {content_source::magic, type};
  }
  return text_or_nothing(in.bytes());
}

// Section 7.2.
whatwg_answer text_or_binary(const byte_window& in) noexcept {
  if (in.holds(0, "\xFE\xFF") || in.holds(0, "\xFF\xFE") || in.holds(0, "\xEF\xBB\xBF")) {
    return {content_source::text, "text/plain"};
  }
  return text_or_nothing(in.bytes());
}

bool is_xml_or_html(std::string_view type) noexcept {
  return type.ends_with("+xml") || type == "text/xml" || type == "application/xml" ||
         type == "text/html";
}

}  // namespace

whatwg_answer sniff_whatwg(std::span<const std::byte> head, std::string_view supplied,
                           std::string_view line, bool nosniff) noexcept {
  constexpr std::array apache_bug = std::to_array<std::string_view>(
      {"text/plain", "text/plain; charset=ISO-8859-1", "text/plain; charset=iso-8859-1",
       "text/plain; charset=UTF-8"});
  const byte_window in(head.first(std::min(head.size(), resource_header_bytes)), false);
  const whatwg_answer as_supplied = {content_source::header, supplied};
  if (is_xml_or_html(supplied)) return as_supplied;
  if (supplied.empty() || supplied == "unknown/unknown" || supplied == "application/unknown" ||
      supplied == "*/*") {
    return identify_unknown(in, !nosniff);
  }
  if (nosniff) return as_supplied;
  if (std::find(apache_bug.begin(), apache_bug.end(), line) != apache_bug.end()) {
    return text_or_binary(in);
  }
  std::string_view matched;
  if (supplied.starts_with("image/")) matched = match(in, image_patterns);
  if (supplied.starts_with("audio/") || supplied.starts_with("video/") ||
      supplied == "application/ogg") {
    matched = match_media(in);
  }
  return matched.empty() ? as_supplied : whatwg_answer{content_source::magic, matched};
}

}  // namespace jobqueue::detail
