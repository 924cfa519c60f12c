// What a header must be like before anything believes it: where its body ends, and which fields may
// stand in it once only.
//
// The parser of Boost.Beast accepts more than is safe behind a proxy that reads the same bytes in
// another way (RFC 9112, 11.2): other transfer codings, lengths beside codings, repeated fields,
// folded lines. Here all of that is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <jobqueue/result.hpp>

#include "service/http_route.hpp"

namespace jobqueue::detail {

// A header in short. Its views are of the bytes that were read.
struct http_head {
  std::string_view method;
  std::string_view target;
  std::vector<http_field> fields;
  std::uint64_t content_length = 0;
  bool is_chunked = false;
  bool keeps_alive = true;
  bool expects_continue = false;
  std::string_view host;

  [[nodiscard]] bool has_body() const noexcept { return is_chunked || content_length != 0; }
};

// Reads a header with its empty line, which a parser of HTTP has read before: lines end with CRLF.
// If it gives words, the request is refused with 400 and the connection closed.
[[nodiscard]] std::string_view read_head(std::string_view bytes, http_head& head);

}  // namespace jobqueue::detail
