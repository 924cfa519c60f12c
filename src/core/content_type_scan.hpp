// The loop of is_polyglot that touches every byte of a head, compiled once per instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <jobqueue/base64.hpp>

namespace jobqueue::detail {

// Which beginnings are looked for besides "<" and "PK\3".
enum class mark_set : std::uint8_t { all, without_pdf };

// Where the first three bytes of something that may hide in a file stand, at or behind `from`:
// "<sc", "<ht", "<!d", "<if", "<?p", "<sv" or "<bo" in any case, "PK\3", or "%PD". The size of the
// text if nowhere.
using mark_finder = std::size_t (*)(std::string_view text, std::size_t from,
                                    mark_set wanted) noexcept;

// That of `best` is the fastest on this CPU; all find the same.
[[nodiscard]] mark_finder mark_finder_for(simd_target target) noexcept;

}  // namespace jobqueue::detail
