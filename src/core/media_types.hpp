// Names of media types: which extensions stand for them, which of them are the same, and what a
// reader takes them for.
#pragma once

#include <cstdint>
#include <string_view>

#include <jobqueue/content_type.hpp>

namespace jobqueue::detail {

// As what bytes of a type may be known: bits of `media_type_row::forms`.
namespace media_form {
inline constexpr unsigned text = 1;
inline constexpr unsigned json = 2;
inline constexpr unsigned xml = 4;
inline constexpr unsigned zip = 8;
inline constexpr unsigned ole = 16;
}  // namespace media_form

// One type of media_types.inc; its texts are static and end with a NUL.
struct media_type_row {
  std::string_view name;
  std::string_view extension;  // the usual one, without a dot; empty: there is none
  std::uint16_t canonical;     // the row of the name under which it goes here
  content_category category;
  std::uint8_t forms;
};

// The row of a name in lower case; null if no such type is known.
[[nodiscard]] const media_type_row* find_media_type(std::string_view name) noexcept;
// The row of the name of IANA, else of mime-db, for the same.
[[nodiscard]] const media_type_row& canonical_row(const media_type_row& row) noexcept;

// What is known of a type, by its row, or by what its name looks like if there is none.
struct media_type_traits {
  std::string_view name;  // canonical, static; that of the argument if there is no row
  std::string_view extension;
  content_category category;
  unsigned forms;
  const media_type_row* row;  // null: its name is not static
};
// `name` is in lower case.
[[nodiscard]] media_type_traits traits_of(std::string_view name) noexcept;
[[nodiscard]] media_type_traits traits_of(const media_type_row& row) noexcept;
// Of a row that is canonical, as those of extensions are.
[[nodiscard]] media_type_traits canonical_traits(const media_type_row& row) noexcept;

// What an extension (without a dot, in any case, ASCII) stands for.
struct extension_meaning {
  std::string_view extension;  // in lower case, static
  const media_type_row* type = nullptr;
};
// `type` is null if it is none, or says nothing, as "bin" does.
[[nodiscard]] extension_meaning find_extension(std::string_view extension) noexcept;

// Whether `name` is one of those that say nothing, "application/octet-stream".
[[nodiscard]] bool says_nothing(std::string_view name) noexcept;

// Whether what has the bytes of `general` may well be called `special`: a DOCX is a ZIP archive,
// GeoJSON is JSON.
[[nodiscard]] bool is_kind_of(const media_type_traits& special,
                              const media_type_traits& general) noexcept;

// Whether nobody is misled who takes one for the other: they are the same, one is a kind of the
// other, or both are variants of one format.
[[nodiscard]] bool are_compatible(const media_type_traits& a, const media_type_traits& b) noexcept;

}  // namespace jobqueue::detail
