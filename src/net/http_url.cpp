#include "net/http_url.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>

#include "net/http_text.hpp"

namespace jobqueue::detail {
namespace {

error no_url(std::string message) {
  return {errc::invalid_argument, no_offset, std::move(message)};
}

error forbidden(std::string message) {
  return {errc::address_forbidden, no_offset, std::move(message)};
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_host_char(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
}

// What browsers encode in a path, a query or a fragment, encoded.
std::string encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view encoded = "\"<>[]^`{|} ";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && encoded.find(c) == std::string_view::npos) {
      out.push_back(c);
    } else {
      out.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
  }
  return out;
}

// Programs differ in what they make of these.
status check_chars(std::string_view text) {
  if (text.size() > max_url_bytes) return no_url("a URL has at most 8192 bytes");
  if (std::ranges::any_of(text, is_control) || text.find('\\') != std::string_view::npos) {
    return no_url("a URL has no control characters and no backslashes");
  }
  return done;
}

// Up to the colon; empty if the text begins with something else.
std::string_view scheme_of(std::string_view text) {
  const std::size_t size = text.find_first_of(":/?#");
  if (size == std::string_view::npos || text[size] != ':') return {};
  const std::string_view scheme = text.substr(0, size);
  const bool is_scheme = std::ranges::all_of(scheme, [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
  return is_scheme && !scheme.empty() && is_letter(scheme[0]) ? scheme : std::string_view{};
}

// A last label that is a number makes a host an address for some programs, of which each has its
// own idea which.
bool ends_in_number(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view label = host.substr(host.rfind('.') + 1);
  if (label.starts_with("0x")) return true;
  return !label.empty() && std::ranges::all_of(label, is_digit);
}

bool is_name(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() > 253 || !std::ranges::all_of(host, is_host_char)) return false;
  for (std::size_t at = 0; at <= host.size();) {
    const std::size_t end = std::min(host.find('.', at), host.size());
    if (end == at || end - at > 63) return false;
    at = end + 1;
  }
  return true;
}

// Boost.URL 1.81 ends a host behind an address, 127.0.0.1.example.com or 127.0.0.1:x, and takes the
// rest for a path; hence the authority is read here.
status read_authority(std::string_view authority, http_url& url) {
  if (authority.find('@') != std::string_view::npos) {
    return no_url("a URL has no user and no password; they belong into a header");
  }
  std::size_t end = authority.find(':');
  if (authority.starts_with('[')) {
    end = authority.find(']');
    if (end == std::string_view::npos) return no_url("a bracket of the host of the URL is open");
    std::ranges::transform(authority.substr(1, end - 1), std::back_inserter(url.host), lower);
    ++end;
  } else {
    end = std::min(end, authority.size());
    std::ranges::transform(authority.substr(0, end), std::back_inserter(url.host), lower);
  }
  const bool is_bracketed = authority.starts_with('[');
  const auto address = parse_address_block(url.host);
  if (address && address->bits == 128 && is_bracketed == (url.host.find(':') != url.host.npos)) {
    url.address = *address;
  } else if (!is_bracketed && ends_in_number(url.host)) {
    return forbidden("a host that is a number must be an address of four decimal numbers");
  } else if (is_bracketed || !is_name(url.host)) {
    return no_url(
        "the host of a URL is an address or a name of letters, digits, '-', '_' and '.'; others "
        "are written in Punycode");
  }
  std::string_view port = authority.substr(end);
  url.port = url.is_tls ? 443 : 80;
  if (port.empty() || port == ":") return done;
  if (port[0] != ':') return no_url("behind the host of a URL comes its port or its path");
  port.remove_prefix(1);
  const auto [stop, code] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (code != std::errc() || stop != port.data() + port.size()) {
    return no_url("the port of a URL is a number up to 65535");
  }
  return done;
}

// From what comes behind the authority.
status read_target(const boost::urls::url_view& reference, http_url& url) {
  url.target = std::string(reference.encoded_path());
  if (!url.target.starts_with('/')) url.target.insert(0, 1, '/');
  if (reference.has_query()) {
    url.target.append("?").append(std::string(reference.encoded_query()));
  }
  url.text = url.is_tls ? "https://" : "http://";
  url.text.append(url.host_header()).append(url.target);
  if (url.text.size() > max_url_bytes) return no_url("a URL has at most 8192 bytes");
  return done;
}

}  // namespace

std::string http_url::place() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  std::string name = is_v6 ? "[" + host + "]" : host;
  return name.append(":").append(std::to_string(port));
}

std::string http_url::host_header() const {
  std::string name = place();
  if (port == (is_tls ? 443 : 80)) name.resize(name.rfind(':'));
  return name;
}

result<http_url> parse_http_url(std::string_view text) {
  if (const auto checked = check_chars(text); !checked) return checked.problem();
  http_url url;
  const std::string_view scheme = scheme_of(text);
  std::string name;
  std::ranges::transform(scheme, std::back_inserter(name), lower);
  url.is_tls = name == "https";
  if (scheme.empty()) return no_url("this is no URL: one is http://host/path or https://host/path");
  if (!url.is_tls && name != "http") return forbidden("the scheme of a URL is http or https");
  text.remove_prefix(scheme.size() + 1);
  if (!text.starts_with("//")) return no_url("a URL has a host: http://host/path");
  text.remove_prefix(2);
  const std::size_t size = std::min(text.find_first_of("/?#"), text.size());
  if (const auto read = read_authority(text.substr(0, size), url); !read) return read.problem();
  // A path that begins with two slashes would be read as a host.
  std::string rest = encode(text.substr(size));
  if (!rest.starts_with('/')) rest.insert(0, 1, '/');
  rest.insert(0, "http://h");
  const auto reference = boost::urls::parse_uri(rest);
  if (!reference) return no_url("the path or the query of the URL has a '%' without two digits");
  if (const auto read = read_target(*reference, url); !read) return read.problem();
  return url;
}

result<http_url> resolve_http_url(const http_url& base, std::string_view location) {
  if (const auto checked = check_chars(location); !checked) return checked.problem();
  if (!scheme_of(location).empty()) return parse_http_url(location);
  if (location.starts_with("//")) {
    return parse_http_url((base.is_tls ? "https:" : "http:") + std::string(location));
  }
  const std::string from_text = "http://h" + base.target;
  const std::string reference_text = encode(location);
  const auto from = boost::urls::parse_uri(from_text);
  const auto reference = boost::urls::parse_relative_ref(reference_text);
  boost::urls::url resolved;
  if (!from || !reference || !boost::urls::resolve(*from, *reference, resolved)) {
    return no_url("this is no URL");
  }
  // Boost.URL keeps what would lead above the root.
  std::string path(resolved.encoded_path());
  while (path.starts_with("/../") || path == "/..") path.erase(0, 3);
  resolved.set_encoded_path(path);
  http_url url = base;
  if (const auto read = read_target(resolved, url); !read) return read.problem();
  return url;
}

}  // namespace jobqueue::detail
