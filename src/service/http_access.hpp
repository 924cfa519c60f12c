// Who may call what.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/base64.hpp>
#include <jobqueue/result.hpp>

#include "service/http_framing.hpp"
#include "service/http_route.hpp"

namespace jobqueue::detail {

// Bearer tokens (RFC 6750). Without any, only this machine is served, and only under its own name,
// so that no page of another site can reach it through a browser (DNS rebinding).
class http_access {
 public:
  http_access() = default;
  // `secret_invalid` for a token of less than 16 or more than 512 characters, or with others than a
  // header can carry.
  [[nodiscard]] static result<http_access> create(const std::vector<std::string>& tokens);

  [[nodiscard]] bool has_tokens() const noexcept { return !digests_.empty(); }
  // Whether the call may do everything: it has a token, or needs none.
  [[nodiscard]] bool is_trusted(const http_head& head, bool is_from_loopback) const;
  // Whether it may be looked at any further. The answer to one that may not tells nothing of what
  // is there.
  [[nodiscard]] static bool is_let_in(route_access needed, bool is_trusted) noexcept {
    return is_trusted || needed != route_access::token;
  }

 private:
  [[nodiscard]] bool has_token(std::string_view authorization) const;

  std::vector<sha256_digest> digests_;
};

// Whether the value of Host names this machine: localhost, 127.0.0.0/8 or [::1].
[[nodiscard]] bool is_loopback_host(std::string_view host) noexcept;

}  // namespace jobqueue::detail
