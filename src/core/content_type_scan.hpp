// The loop of is_polyglot that touches every byte of a head, compiled once per instruction set.
#pragma once

#include <cstddef>
#include <string_view>

#include <jobqueue/base64.hpp>

namespace jobqueue::detail {

// Where the first two bytes of something that may hide in a file stand, at or behind `from`: '<',
// 'P' or '%', then one of "!?bhikps", or what is one of these with the bit 0x20. The size of the
// text if nowhere.
using mark_finder = std::size_t (*)(std::string_view text, std::size_t from) noexcept;

// That of `best` is the fastest on this CPU; all find the same.
[[nodiscard]] mark_finder mark_finder_for(simd_target target) noexcept;

}  // namespace jobqueue::detail
