// What hides behind the beginning of another format.

#include <algorithm>
#include <array>

#include "core/content_type_parts.hpp"
#include "core/content_type_scan.hpp"
#include "core/magic_file.hpp"
#include "core/magic_prolog.hpp"
#include "core/magic_zip.hpp"

namespace jobqueue::detail {
namespace {

// Readers of PDF accept its header anywhere in the first KiB.
constexpr std::size_t pdf_window = 1024;

bool is_pdf_header(const byte_window& in, std::size_t at) noexcept {
  return at < pdf_window && in.holds(at, "%PDF-") && is_digit(in.u8(at + 5)) &&
         in.u8(at + 6) == '.';
}

// Markup that no metadata of a picture or a song has, but a page that runs: XMP and EXIF have tags
// of their own.
bool is_active_markup(std::string_view text) noexcept {
  constexpr std::array words = std::to_array<std::string_view>(
      {"<script", "<html", "<!doctype html", "<iframe", "<?php", "<svg", "<body"});
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return begins_with_word(text, word); });
}

bool is_zip_entry(const byte_window& in, std::size_t at) noexcept {
  const auto entry = read_zip_entry(in, at);
  return entry && !entry->name.empty();
}

// Sizes in the header that open a comment of JavaScript, so that the rest of the file may close it:
// the file is a script, too.
bool opens_comment(const byte_window& in) noexcept {
  if (in.holds(0, "GIF87a") || in.holds(0, "GIF89a")) return in.holds(6, "/*") || in.u8(6) == '=';
  return in.holds(0, "\xFF\xD8\xFF") && in.holds(4, "/*");
}

}  // namespace

bool is_polyglot(std::span<const std::byte> head, const media_type_traits& type) noexcept {
  const byte_window in(head.first(std::min(head.size(), magic_window)), false);
  const bool is_media =
      (type.category == content_category::image && type.name != "image/svg+xml") ||
      type.category == content_category::audio || type.category == content_category::video ||
      type.category == content_category::font;
  const bool is_pdf = type.name == "application/pdf";
  const bool is_page = type.name == "text/html" || type.name == "image/svg+xml";
  // Archives and documents hold files of any kind.
  const bool may_hold = type.category == content_category::archive ||
                        type.category == content_category::document ||
                        (type.forms & (media_form::text | media_form::zip)) != 0;
  if (is_media && opens_comment(in)) return true;
  const bool wants_zip = is_media || is_pdf || is_page;
  if (!wants_zip && may_hold) return false;
  constexpr std::size_t more = 2;  // of the three bytes that are found
  const std::string_view text = in.text(0, wants_zip ? in.size() : pdf_window + more);
  const mark_set wanted = may_hold ? mark_set::without_pdf : mark_set::all;
  const mark_finder find = mark_finder_for(simd_target::best);
  for (std::size_t at = find(text, 0, wanted); at < text.size(); at = find(text, at + 1, wanted)) {
    // What begins the file is what it is.
    const bool is_inside = at != 0;
    if ((text[at] == '<' && is_media && is_active_markup(text.substr(at))) ||
        (text[at] == 'P' && wants_zip && is_inside && is_zip_entry(in, at)) ||
        (text[at] == '%' && is_inside && is_pdf_header(in, at))) {
      return true;
    }
  }
  return false;
}

}  // namespace jobqueue::detail
