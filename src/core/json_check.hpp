// Strict validation of JSON, with the place of the first error.
#pragma once

#include <string_view>

#include <jobqueue/result.hpp>

namespace jobqueue::detail {

// Whether `text` is one document of RFC 8259 in UTF-8. A leading byte order mark is skipped, an
// escaped lone surrogate ("\ud800") is accepted, and so are equal keys in one object.
//
// The offset of an error is that of the first byte that no document could have there, `text.size()`
// if more bytes had to follow. `invalid_json`, or `invalid_utf8` with the offset of the first byte
// of a malformed sequence in a string (RFC 3629: overlong, surrogate, above U+10FFFF, cut short).
//
// Linear time; one bit of memory for each level of nesting and no other limit to it.
[[nodiscard]] status check_json(std::string_view text);

// Whether each line of `text` is blank or one document, as above. Lines end with LF or CRLF; the
// last need not. Offsets count from the beginning of `text`, the message names the line; a document
// that is cut short by the end of its line fails at the LF. A byte order mark is skipped at the
// beginning of `text` only. Text without any document is fine.
[[nodiscard]] status check_ndjson(std::string_view text);

}  // namespace jobqueue::detail
