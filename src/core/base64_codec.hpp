// Base64 to bytes and back (RFC 4648). Private: the public face of it is restore_base64.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <jobqueue/base64.hpp>

namespace jobqueue::detail {

// Appends the bytes that `chars` (of either alphabet, no padding, no 4n + 1) stand for. Characters
// outside both alphabets count as 'A': the caller has checked.
void decode_base64(std::string_view chars, std::string& out);

// Whether the last character's unused bits are 0, as every encoder writes them.
[[nodiscard]] bool has_zero_tail(std::string_view chars) noexcept;

// Appends the base64 of `bytes` in the form of `encoding`, which is not `text` or `data_uri`.
void encode_base64(std::string_view bytes, blob_encoding encoding, std::string& out);

}  // namespace jobqueue::detail
