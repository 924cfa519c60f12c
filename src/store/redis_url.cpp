#include "store/redis_url.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

namespace jobqueue::detail {
namespace {

constexpr std::uint32_t max_database = 1'000'000;

error malformed(std::string_view problem) {
  std::string message = "the URL of the Redis ";
  message.append(problem).append("; write redis://[user[:password]@]host[:port][/database]");
  return {errc::invalid_argument, no_offset, std::move(message)};
}

int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

template <class Number>
bool read_number(std::string_view digits, Number& number) noexcept {
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return problem == std::errc() && end == digits.data() + digits.size();
}

bool is_host(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c != '\x7F' &&
           std::string_view("@/?#%[]\\").find(c) == std::string_view::npos;
  });
}

status read_credentials(std::string_view text, redis_address& address) {
  const std::size_t colon = text.find(':');
  auto user = percent_decode(text.substr(0, colon));
  auto password = percent_decode(colon == text.npos ? "" : text.substr(colon + 1));
  if (!user || !password) return malformed("has a percent sign without two hexadecimal digits");
  if (password->empty()) return malformed("has no password in front of the @");
  address.user = *std::move(user);
  address.password = *std::move(password);
  return done;
}

status read_host(std::string_view text, redis_address& address) {
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == text.npos) return malformed("has no ] behind the address");
    address.host = text.substr(1, bracket - 1);
    port = text.substr(bracket + 1);
    has_port = port.starts_with(':');
    if (!has_port && !port.empty()) return malformed("has something between ] and the port");
    if (has_port) port.remove_prefix(1);
  } else {
    const std::size_t colon = text.find(':');
    address.host = text.substr(0, colon);
    has_port = colon != text.npos;
    if (has_port) port = text.substr(colon + 1);
  }
  if (!is_host(address.host)) return malformed("has no host, or one with characters of no host");
  if (has_port && (!read_number(port, address.port) || address.port == 0)) {
    return malformed("has a port that is not from 1 to 65535; an IPv6 address needs brackets");
  }
  return done;
}

}  // namespace

std::string redis_address::name() const {
  const bool bracketed = host.find(':') != std::string::npos;
  return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

error redis_problem(const redis_address& address, std::string_view sentence) {
  std::string message = "Redis at " + address.name() + " ";
  message.append(sentence);
  return {errc::store_error, no_offset, std::move(message)};
}

result<redis_address> parse_redis_url(std::string_view url) {
  redis_address address;
  const std::size_t colon = url.find("://");
  const std::string_view scheme = url.substr(0, colon == url.npos ? 0 : colon);
  if (scheme != "redis" && scheme != "rediss") {
    return malformed("begins with neither redis:// nor rediss://");
  }
  address.tls = scheme == "rediss";
  url.remove_prefix(colon + 3);
  // A password may hold any of the characters that end it, if it is not encoded; then the last one
  // counts.
  if (const std::size_t at = url.rfind('@'); at != url.npos) {
    if (const auto read = read_credentials(url.substr(0, at), address); !read) {
      return read.problem();
    }
    url.remove_prefix(at + 1);
  }
  if (url.find_first_of("?#") != url.npos) return malformed("has a query or a fragment");
  const std::size_t slash = url.find('/');
  if (const auto read = read_host(url.substr(0, slash), address); !read) return read.problem();
  const std::string_view database = slash == url.npos ? "" : url.substr(slash + 1);
  if (!database.empty() &&
      (!read_number(database, address.database) || address.database > max_database)) {
    return malformed("has a database that is no number from 0 to 1000000");
  }
  return address;
}

}  // namespace jobqueue::detail
