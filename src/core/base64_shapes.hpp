// What names and neighbours say about a value: the knowledge of formats that carry base64.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <jobqueue/base64.hpp>

namespace jobqueue::detail {

// The surroundings of a value, whether they were read from raw text or given by an object walker.
struct value_shape {
  std::string_view name;
  std::string_view parent_name;
  bool in_array = false;  // then `name` is empty and `parent_name` that of the array
  std::span<const value_neighbour> neighbours;
};

// Members whose whole value is base64 of an image.
[[nodiscard]] bool is_cut_field(std::string_view name) noexcept;

// Members whose value is state or a signature that someone needs back.
[[nodiscard]] bool is_protected_field(std::string_view name) noexcept;

// The name, in its words, says token, key, digest, cursor, ...
[[nodiscard]] bool names_a_token(std::string_view name) noexcept;

// {"name": "Authorization", "value": ...}: the entry of a list that is called so.
[[nodiscard]] bool is_entry_of_token(const value_shape& shape) noexcept;

// The object around is a signed or encrypted envelope.
[[nodiscard]] bool is_protected_shape(const value_shape& shape) noexcept;

// The value is the job itself, in the format of a queue or trigger.
[[nodiscard]] bool is_queue_payload(const value_shape& shape) noexcept;

// A neighbour, or the name, says that the value is base64 of some media type. `type` is raw and may
// be empty where only the encoding is known. `neighbour` is null where the name says it.
struct typed_value {
  bool known = false;
  std::string_view type;
  const value_neighbour* neighbour = nullptr;
};
[[nodiscard]] typed_value find_type(const value_shape& shape);

// A media type as a placeholder may carry it: escapes removed, lower case, parameters cut off;
// empty if it is none (RFC 6838: type/subtype, at most 127 characters).
[[nodiscard]] std::string clean_media_type(std::string_view raw);

// What kind of thing a media type is.
[[nodiscard]] blob_class class_of(std::string_view media_type) noexcept;

}  // namespace jobqueue::detail
