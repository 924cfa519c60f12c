#include "store/store_url.hpp"

#include <algorithm>
#include <cctype>

namespace jobqueue::detail {
namespace {

error invalid(std::string sentence) {
  return {errc::invalid_argument, no_offset, std::move(sentence)};
}

result<store_url> parse_postgres(std::string_view scheme, std::string_view rest) {
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  std::string_view path = rest.substr(end);
  // Else what libpq says of the host, or of the URL, may be a part of a password.
  if (std::count(rest.begin(), rest.end(), '@') > (authority.find('@') < end ? 1 : 0)) {
    return invalid(
        "the URL of the store has an @ out of place; write one in a password as %40, and"
        " / as %2F, # as %23, ? as %3F");
  }
  const auto is_hex = [&](std::size_t at) {
    return at < rest.size() && std::isxdigit(static_cast<unsigned char>(rest[at])) != 0;
  };
  for (std::size_t at = rest.find('%'); at != std::string_view::npos; at = rest.find('%', at + 1)) {
    if (is_hex(at + 1) && is_hex(at + 2)) continue;
    return invalid(
        "the URL of the store has a % that is not followed by two hexadecimal digits;"
        " write one in a password as %25");
  }
  store_url url;
  url.dialect = sql_dialect::postgresql;
  url.location = std::string(scheme) + std::string(rest);
  std::string_view host = authority;
  std::string_view user;
  if (const std::size_t at = authority.find('@'); at != std::string_view::npos) {
    user = authority.substr(0, at);
    user = user.substr(0, user.find(':'));
    host = authority.substr(at + 1);
  }
  // The options may hold a password, too.
  path = path.substr(0, path.find_first_of("?#"));
  url.name = "postgresql://";
  if (!user.empty()) url.name.append(user) += '@';
  url.name.append(host).append(path);
  return url;
}

}  // namespace

result<store_url> parse_store_url(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return invalid("the URL of the store has a NUL");
  if (text.starts_with("sqlite:")) {
    const std::string_view path = text.substr(text.find(':') + 1);
    if (path.empty()) return invalid("sqlite: wants the path of a file: sqlite:jobs.db");
    if (path == ":memory:") return invalid("a store in memory would be gone at once: name a file");
    if (path.starts_with("//")) {
      return invalid("sqlite: wants a path, not //: sqlite:jobs.db or sqlite:/var/lib/jobs.db");
    }
    return store_url{sql_dialect::sqlite, std::string(path), std::string(text)};
  }
  for (const std::string_view scheme : {"postgresql://", "postgres://"}) {
    if (text.starts_with(scheme)) return parse_postgres(scheme, text.substr(scheme.size()));
  }
  return invalid("the URL of a store is sqlite:PATH or postgresql://user@host:port/database");
}

}  // namespace jobqueue::detail
