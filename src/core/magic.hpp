// What bytes are, by how they begin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <jobqueue/base64.hpp>

namespace jobqueue::detail {

struct recognized {
  std::string_view media_type;  // static
  blob_class kind;
};

// How many leading bytes `recognize` looks at; more are ignored.
inline constexpr std::size_t magic_window = 4096;

// The format that `head` begins, or nothing. `head` is the first bytes of the object, at most
// `magic_window` are read; `complete` says that they are all of it. Fewer than 4 bytes of magic
// count only together with a check of the structure behind them, so that random bytes are
// recognised with a chance below 2^-28.
[[nodiscard]] std::optional<recognized> recognize(std::span<const std::byte> head,
                                                  bool complete) noexcept;

}  // namespace jobqueue::detail
