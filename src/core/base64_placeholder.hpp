// What stands in the place of a blob: "[BASE64_IMAGE_REMOVED]", or a reference that restore reads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <jobqueue/base64.hpp>

namespace jobqueue::detail {

inline constexpr std::string_view image_removed = "[BASE64_IMAGE_REMOVED";
inline constexpr std::string_view data_removed = "[BASE64_DATA_REMOVED";

// Appends `[BASE64_IMAGE_REMOVED]`, or `[BASE64_DATA_REMOVED]` for what is no image.
void append_placeholder(blob_class kind, std::string& out);

// Appends `[BASE64_IMAGE_REMOVED sha256-<64 hex> <media type> <object size> <encoding>]`.
void append_reference(const blob_cut& cut, std::uint64_t object_size, std::string& out);

}  // namespace jobqueue::detail
