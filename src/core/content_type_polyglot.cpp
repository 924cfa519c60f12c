// What hides behind the beginning of another format.

#include <algorithm>
#include <array>

#include "core/content_type_parts.hpp"
#include "core/magic_file.hpp"
#include "core/magic_prolog.hpp"
#include "core/magic_zip.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::size_t npos = std::string_view::npos;

// Readers of PDF accept its header anywhere in the first KiB.
bool has_pdf_header(const byte_window& in) noexcept {
  constexpr std::size_t searched = 1024;
  const std::string_view text = in.text(0, searched + 8);
  // Where it is not found, `at` is greater than all.
  for (std::size_t at = text.find("%PDF-", 1); at < searched; at = text.find("%PDF-", at + 1)) {
    if (is_digit(in.u8(at + 5)) && in.u8(at + 6) == '.') return true;
  }
  return false;
}

// Markup that no metadata of a picture or a song has, but a page that runs: XMP and EXIF have tags
// of their own.
bool has_active_markup(std::string_view text) noexcept {
  constexpr std::array words = std::to_array<std::string_view>(
      {"<script", "<html", "<!doctype html", "<iframe", "<?php", "<svg", "<body"});
  for (std::size_t at = text.find('<'); at != npos; at = text.find('<', at + 1)) {
    const std::string_view rest = text.substr(at);
    if (std::any_of(words.begin(), words.end(),
                    [&](std::string_view word) { return begins_with_word(rest, word); })) {
      return true;
    }
  }
  return false;
}

bool has_zip_entry(const byte_window& in) noexcept {
  const std::string_view text = in.text(0, in.size());
  for (std::size_t at = text.find(zip_entry_magic, 1); at != npos;
       at = text.find(zip_entry_magic, at + 1)) {
    const auto entry = read_zip_entry(in, at);
    if (entry && !entry->name.empty()) return true;
  }
  return false;
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
  if (is_media && (opens_comment(in) || has_active_markup(in.text(0, in.size())))) return true;
  if ((is_media || is_pdf || is_page) && has_zip_entry(in)) return true;
  // Archives and documents hold files of any kind.
  const bool may_hold = type.category == content_category::archive ||
                        type.category == content_category::document ||
                        (type.forms & (media_form::text | media_form::zip)) != 0;
  return !may_hold && has_pdf_header(in);
}

}  // namespace jobqueue::detail
