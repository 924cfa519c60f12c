#include "core/media_types.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace jobqueue::detail {
namespace {

struct extension_row {
  std::string_view extension;
  std::uint16_t type;
};

using enum content_category;

#include "core/media_types.inc"

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Four characters, whose case makes no difference.
constexpr std::uint32_t load_four(const char* at) noexcept {
  const auto byte = [&](int i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i]));
  };
  return (byte(0) | byte(1) << 8U | byte(2) << 16U | byte(3) << 24U) | 0x20202020U;
}

// Four characters at a time, the last four again where they are not a whole step: names of types
// are long, and one at a time is what a search would take most of its time for.
constexpr std::uint32_t hash_of(std::string_view text) noexcept {
  constexpr std::uint32_t factor = 0x9E3779B1U;
  auto hash = static_cast<std::uint32_t>(text.size());
  const auto add = [&](std::uint32_t word) {
    hash = (hash ^ word) * factor;
    hash ^= hash >> 15U;
  };
  if (text.size() < 4) {
    for (const char c : text) add(static_cast<unsigned char>(c) | 0x20U);
    return hash;
  }
  for (std::size_t at = 0; at + 4 < text.size(); at += 4) add(load_four(text.data() + at));
  add(load_four(text.data() + text.size() - 4));
  return hash;
}

constexpr std::uint16_t no_row = 0xFFFF;

// Rows by the hash of their text, with open addressing: a search ends at an empty slot, which is
// near as three quarters of them are.
template <std::size_t size>
using row_index = std::array<std::uint16_t, size>;

template <std::size_t size, typename Rows, typename Text>
constexpr row_index<size> index_rows(const Rows& rows, Text text) {
  static_assert((size & (size - 1)) == 0);
  row_index<size> index{};
  for (std::uint16_t& slot : index) slot = no_row;
  for (std::size_t row = 0; row < std::size(rows); ++row) {
    std::size_t at = hash_of(text(rows[row])) % size;
    while (index[at] != no_row) at = (at + 1) % size;
    index[at] = static_cast<std::uint16_t>(row);
  }
  return index;
}

constexpr auto types_by_name =
    index_rows<8192>(media_type_rows, [](const media_type_row& row) { return row.name; });
constexpr auto types_by_extension =
    index_rows<8192>(extension_rows, [](const extension_row& row) { return row.extension; });

bool equals_lower(std::string_view text, std::string_view lower_text) noexcept {
  return text.size() == lower_text.size() &&
         std::equal(text.begin(), text.end(), lower_text.begin(),
                    [](char a, char b) { return lower(a) == b; });
}

// Variants of one format, or of what one container holds.
constexpr std::array families = std::to_array<std::string_view>({
    " application/msword "
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document "
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template "
    "application/vnd.ms-word.document.macroenabled.12 "
    "application/vnd.ms-word.template.macroenabled.12 ",
    " application/vnd.openxmlformats-officedocument.spreadsheetml.sheet "
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template "
    "application/vnd.ms-excel.sheet.macroenabled.12 "
    "application/vnd.ms-excel.sheet.binary.macroenabled.12 "
    "application/vnd.ms-excel.template.macroenabled.12 "
    "application/vnd.ms-excel.addin.macroenabled.12 ",
    " application/vnd.openxmlformats-officedocument.presentationml.presentation "
    "application/vnd.openxmlformats-officedocument.presentationml.slideshow "
    "application/vnd.openxmlformats-officedocument.presentationml.template "
    "application/vnd.ms-powerpoint.presentation.macroenabled.12 "
    "application/vnd.ms-powerpoint.slideshow.macroenabled.12 "
    "application/vnd.ms-powerpoint.template.macroenabled.12 ",
    " video/mp4 audio/mp4 application/mp4 video/x-m4v video/3gpp audio/3gpp video/3gpp2 "
    "audio/3gpp2 ",
    " video/ogg audio/ogg application/ogg ",
    " video/matroska audio/matroska video/matroska-3d video/webm audio/webm ",
    " image/heic image/heic-sequence image/heif image/heif-sequence ",
    " image/png image/apng ",
    " image/jp2 image/jpx image/jpm image/j2c video/mj2 ",
    " image/tiff image/x-adobe-dng image/x-canon-cr2 image/x-nikon-nef image/tiff-fx ",
    " video/x-ms-asf video/x-ms-wmv audio/x-ms-wma ",
    " audio/x-pn-realaudio application/vnd.rn-realmedia ",
    " text/html application/xhtml+xml text/x-php application/x-httpd-php text/jsp "
    "text/x-handlebars-template text/mdx text/x-component ",
    " application/x-pickle application/x-pytorch ",
    // What is compressed has its own type in some places, and that of its container in others.
    " application/gzip image/svg+xml ",
    " application/x-ole-storage application/vnd.visio ",
});

bool in_family(std::string_view family, std::string_view name) noexcept {
  const std::size_t at = family.find(name);
  return at != std::string_view::npos && at != 0 && family[at - 1] == ' ' &&
         family[at + name.size()] == ' ';
}

// What the name of a type that is in no table says of it.
media_type_traits guess_traits(std::string_view name) noexcept {
  media_type_traits traits = {name, {}, content_category::data, 0, nullptr};
  const std::string_view first = name.substr(0, name.find('/'));
  if (name.ends_with("+json")) traits.forms = media_form::text | media_form::json;
  if (name.ends_with("+xml")) traits.forms = media_form::text | media_form::xml;
  if (name.ends_with("+yaml") || first == "text") traits.forms |= media_form::text;
  if (name.ends_with("+zip")) traits.forms = media_form::zip;
  struct beginning {
    std::string_view text;
    content_category category;
  };
  constexpr beginning beginnings[] = {
      {"image", content_category::image}, {"video", content_category::video},
      {"audio", content_category::audio}, {"text", content_category::text},
      {"model", content_category::model}, {"font", content_category::font}};
  for (const auto& [text, category] : beginnings) {
    if (first == text) traits.category = category;
  }
  if (traits.category != content_category::data) return traits;
  if ((traits.forms & media_form::zip) != 0) traits.category = content_category::archive;
  if ((traits.forms & media_form::text) != 0) traits.category = content_category::text;
  return traits;
}

}  // namespace

const media_type_row* find_media_type(std::string_view name) noexcept {
  for (std::size_t at = hash_of(name) % types_by_name.size(); types_by_name[at] != no_row;
       at = (at + 1) % types_by_name.size()) {
    const media_type_row& row = media_type_rows[types_by_name[at]];
    if (row.name == name) return &row;
  }
  return nullptr;
}

const media_type_row& canonical_row(const media_type_row& row) noexcept {
  return media_type_rows[row.canonical];
}

extension_meaning find_extension(std::string_view extension) noexcept {
  for (std::size_t at = hash_of(extension) % types_by_extension.size();
       types_by_extension[at] != no_row; at = (at + 1) % types_by_extension.size()) {
    const extension_row& row = extension_rows[types_by_extension[at]];
    if (equals_lower(extension, row.extension)) {
      return {row.extension, &media_type_rows[row.type]};
    }
  }
  return {};
}

media_type_traits canonical_traits(const media_type_row& row) noexcept {
  return {row.name, row.extension, row.category, row.forms, &row};
}

media_type_traits traits_of(const media_type_row& row) noexcept {
  return canonical_traits(canonical_row(row));
}

media_type_traits traits_of(std::string_view name) noexcept {
  const media_type_row* const row = find_media_type(name);
  return row != nullptr ? traits_of(*row) : guess_traits(name);
}

bool says_nothing(std::string_view name) noexcept {
  constexpr std::string_view words[] = {
      "application/octet-stream",    "binary/octet-stream",    "application/octetstream",
      "application/x-octet-stream",  "application/binary",     "application/x-binary",
      "application/unknown",         "application/x-unknown",  "unknown/unknown",
      "application/download",        "application/x-download", "application/force-download",
      "application/x-force-download"};
  return name.ends_with("/*") ||
         std::find(std::begin(words), std::end(words), name) != std::end(words);
}

bool is_kind_of(const media_type_traits& special, const media_type_traits& general) noexcept {
  struct form {
    std::string_view name;
    unsigned bit;
  };
  constexpr form forms[] = {{"text/plain", media_form::text},
                            {"application/json", media_form::json},
                            {"application/xml", media_form::xml},
                            {"application/zip", media_form::zip},
                            {"application/x-ole-storage", media_form::ole}};
  for (const auto& [name, bit] : forms) {
    if (general.name == name) return (special.forms & bit) != 0;
  }
  return false;
}

bool are_compatible(const media_type_traits& a, const media_type_traits& b) noexcept {
  if (a.name == b.name || is_kind_of(a, b) || is_kind_of(b, a)) return true;
  return std::any_of(families.begin(), families.end(), [&](std::string_view family) {
    return in_family(family, a.name) && in_family(family, b.name);
  });
}

}  // namespace jobqueue::detail
