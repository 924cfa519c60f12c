#include "service/http_access.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <span>

#include "net/http_text.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::size_t least_token_chars = 16;
constexpr std::size_t most_token_chars = 512;

sha256_digest digest_of(std::string_view token) {
  return sha256(std::as_bytes(std::span(token.data(), token.size())));
}

}  // namespace

result<http_access> http_access::create(const std::vector<std::string>& tokens) {
  http_access access;
  for (const std::string& token : tokens) {
    if (token.size() < least_token_chars || token.size() > most_token_chars) {
      return error{errc::secret_invalid, no_offset,
                   "a token must have 16 to 512 characters; 'openssl rand -hex 32' makes one"};
    }
    if (!std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7F'; })) {
      return error{errc::secret_invalid, no_offset,
                   "a token may have no spaces and only ASCII characters"};
    }
    access.digests_.push_back(digest_of(token));
  }
  return access;
}

bool http_access::has_token(std::string_view authorization) const {
  constexpr std::string_view scheme = "bearer ";
  if (!same_name(authorization.substr(0, scheme.size()), scheme)) return false;
  const std::string_view token = trimmed(authorization.substr(scheme.size()));
  if (token.size() > most_token_chars) return false;
  // Digests have one size, and all are compared: the time tells nothing of a token.
  const sha256_digest given = digest_of(token);
  unsigned found = 0;
  for (const sha256_digest& one : digests_) {
    found |= CRYPTO_memcmp(given.bytes.data(), one.bytes.data(), one.bytes.size()) == 0 ? 1U : 0U;
  }
  return found != 0;
}

bool http_access::is_trusted(const http_head& head, bool is_from_loopback) const {
  std::string_view authorization;
  std::string_view origin;
  for (const http_field& one : head.fields) {
    if (same_name(one.name, "authorization")) authorization = one.value;
    if (same_name(one.name, "origin")) origin = one.value;
  }
  if (has_tokens()) return has_token(authorization);
  if (!is_from_loopback || !is_loopback_host(head.host)) return false;
  // A page of another site may send a form here, but its browser says where it is from.
  const std::size_t host = origin.find("://");
  return origin.empty() || (host != origin.npos && same_name(origin.substr(host + 3), head.host));
}

bool is_loopback_host(std::string_view host) noexcept {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1) == "[::1]";
  const std::string_view name = host.substr(0, host.find(':'));
  if (same_name(name, "localhost")) return true;
  // Four numbers, so that 127.example.com is none.
  return name.starts_with("127.") && std::count(name.begin(), name.end(), '.') == 3 &&
         name.find_first_not_of("0123456789.") == name.npos;
}

}  // namespace jobqueue::detail
