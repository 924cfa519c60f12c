// What a file is, by how it begins: `recognize` and what may be said of the head of a file though
// not of any bytes: formats with weaker numbers, heads that end too early, looks into containers.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "core/magic.hpp"
#include "core/magic_parts.hpp"

namespace jobqueue::detail {

struct recognized_file {
  std::string_view media_type;  // static; empty: nothing was recognised
  std::string_view outer;       // what the number alone says; empty: there is no more to say
  std::string_view container;   // into what was looked: "zip", "ole", ...; static
  bool is_short = false;        // The number alone says so, which is less than 28 bits of evidence.
};

// At most `magic_window` bytes are read.
[[nodiscard]] recognized_file recognize_file(std::span<const std::byte> head) noexcept;

// How short a head has to be that a number is believed without the structure behind it, which may
// not be there.
inline constexpr std::size_t short_head_bytes = 64;

// magic_more.cpp. Formats that `recognize` does not know; empty: none of them.
[[nodiscard]] recognized_file recognize_more(const byte_window& in) noexcept;
// Of a head of fewer than `short_head_bytes`: numbers alone.
[[nodiscard]] std::string_view recognize_short(const byte_window& in) noexcept;

// magic_inside.cpp. What is inside of a ZIP archive or an OLE file, as far as the window goes;
// empty if that says no more.
[[nodiscard]] std::string_view look_into_zip(const byte_window& in) noexcept;
[[nodiscard]] std::string_view look_into_ole(const byte_window& in) noexcept;
// The vocabulary of an XML document by its root element; empty if it is not known. `declared`:
// there is an XML declaration; without it, a root with a namespace is XML.
[[nodiscard]] std::string_view look_into_xml(const byte_window& in, bool declared) noexcept;
// Variants of PNG, ISO base media and Ogg; `found` if there is none.
[[nodiscard]] std::string_view look_into_media(const byte_window& in,
                                               std::string_view found) noexcept;

}  // namespace jobqueue::detail
