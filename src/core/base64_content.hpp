// What a run's own characters and bytes say, where no magic number is known.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include <jobqueue/base64.hpp>

namespace jobqueue::detail {

// How many characters of a run are looked at.
inline constexpr std::size_t content_sample = 16384;

// A reason to think that `chars` (base64 characters of a run, at most `content_sample`) are no
// base64 of anything: digits, hexadecimal, letters of one case, too few different characters,
// words.
[[nodiscard]] std::optional<keep_reason> find_plain_content(std::string_view chars) noexcept;

// A reason to think that the decoded bytes are a token or key: JOSE header, DER, SSH, Fernet, ...
// `decoded` are the first bytes, `total` is how many there are in all, or `long_size`.
inline constexpr std::size_t long_size = std::numeric_limits<std::size_t>::max();
[[nodiscard]] std::optional<keep_reason> find_token_content(std::string_view chars,
                                                            std::span<const std::byte> decoded,
                                                            std::size_t total) noexcept;

// More than half of the characters are the same one, as in base64 of zero bytes or silence.
[[nodiscard]] bool is_dominated(std::string_view chars) noexcept;

// Printable text in UTF-8, as far as it was decoded.
[[nodiscard]] bool is_text(std::span<const std::byte> decoded) noexcept;

}  // namespace jobqueue::detail
