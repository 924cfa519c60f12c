#include <jobqueue/net/client.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "net/connection.hpp"
#include "net/http_text.hpp"
#include "net/http_url.hpp"
#include "net/resolve.hpp"
#include "net/response_reader.hpp"

namespace jobqueue {
namespace detail {
namespace {

constexpr std::size_t read_bytes = std::size_t{16} << 10;

// A time point that no caller's milliseconds can make overflow.
steady_time after(std::chrono::milliseconds timeout) {
  constexpr std::chrono::milliseconds longest = std::chrono::hours(24);
  return std::chrono::steady_clock::now() +
         std::clamp(timeout, std::chrono::milliseconds(0), longest);
}

error invalid(std::string message) {
  return {errc::invalid_argument, no_offset, std::move(message)};
}

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [marks](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
}

// No control character, above all no line break.
bool is_field_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

template <std::size_t count>
bool is_one_of(std::string_view name, const std::array<std::string_view, count>& names) {
  return std::ranges::any_of(names, [name](std::string_view one) { return same_name(name, one); });
}

// What says how the message is framed or where it goes is the client's.
constexpr auto own_headers = std::to_array<std::string_view>(
    {"host", "user-agent", "content-length", "connection", "transfer-encoding", "te", "trailer",
     "upgrade", "expect", "keep-alive", "proxy-connection", "proxy-authorization"});
// What goes to another origin after a redirect; all else may be a secret.
constexpr auto harmless_headers = std::to_array<std::string_view>(
    {"accept", "accept-encoding", "accept-language", "cache-control", "content-type",
     "if-modified-since", "if-none-match", "range"});

status check(const http_request& request) {
  if (!is_token(request.method) || same_name(request.method, "CONNECT") ||
      same_name(request.method, "TRACE")) {
    return invalid("a method is a word like GET; CONNECT and TRACE are not sent");
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) return invalid("the name of a header has a character that none has");
    if (is_one_of(name, own_headers)) return invalid("the header " + name + " is the client's own");
    if (!is_field_value(value)) {
      return invalid("the header " + name + " has a control character in its value");
    }
  }
  return done;
}

// What is sent, and to where; redirects change it.
struct journey {
  http_url url;
  std::string method;
  std::vector<http_header> headers;
  std::string_view body;

  [[nodiscard]] std::string text(const std::string& user_agent) const {
    std::string text = method + " " + url.target + " HTTP/1.1\r\nHost: " + url.host_header();
    text.append("\r\nUser-Agent: ").append(user_agent).append("\r\nConnection: close\r\n");
    for (const auto& [name, value] : headers) {
      text.append(name).append(": ").append(value).append("\r\n");
    }
    if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
      text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    }
    return text.append("\r\n").append(body);
  }

  void follow(http_url to, unsigned status_code) {
    if (!to.has_origin_of(url)) {
      std::erase_if(headers, [](const http_header& header) {
        return !is_one_of(header.first, harmless_headers);
      });
    }
    // As the standard Fetch has it.
    const bool becomes_get = (status_code == 303 && method != "GET" && method != "HEAD") ||
                             ((status_code == 301 || status_code == 302) && method == "POST");
    if (becomes_get) {
      method = "GET";
      body = {};
      std::erase_if(headers, [](const http_header& header) {
        return same_name(header.first, "content-type");
      });
    }
    url = std::move(to);
  }
};

bool is_redirect(unsigned status_code) {
  return status_code == 301 || status_code == 302 || status_code == 303 || status_code == 307 ||
         status_code == 308;
}

}  // namespace

struct http_client_parts {
  explicit http_client_parts(http_client_options chosen) : options(std::move(chosen)) {}

  http_client_options options;

  // The system's authorities take some 15 ms to read, which http does not need.
  [[nodiscard]] const result<std::unique_ptr<tls_trust>>& find_trust() const {
    std::call_once(is_trust_read_, [this] { trust_ = tls_trust::create(options.ca_file); });
    return trust_;
  }

  // The addresses of a host, every one of them allowed.
  [[nodiscard]] result<std::vector<host_address>> find(const http_url& url,
                                                       steady_time deadline) const {
    std::vector<host_address> found;
    if (url.address) {
      found.push_back({.address = *url.address});
    } else {
      auto resolved = resolve_host(url.host, std::min(deadline, after(options.resolve_timeout)));
      if (!resolved) return resolved.problem();
      found = *std::move(resolved);
    }
    for (const host_address& one : found) {
      if (options.policy.allows(one.address, url.port)) continue;
      const std::string which =
          url.address ? url.place() : url.place() + " at " + to_string(one.address);
      const bool is_port = options.policy.allows(one.address);
      return error{errc::address_forbidden, no_offset,
                   which + (is_port ? " has a port that is not for HTTP"
                                    : " is no public address, and was not allowed")};
    }
    return found;
  }

  [[nodiscard]] result<http_response> exchange(const journey& going, const http_request& request,
                                               steady_time deadline) const {
    const auto addresses = find(going.url, deadline);
    if (!addresses) return addresses.problem();
    const tls_trust* trust = nullptr;
    if (going.url.is_tls) {
      const auto& found = find_trust();
      if (!found) return found.problem();
      trust = found->get();
    }
    const steady_time limit = after(options.connect_timeout);
    auto opened = connection::open(going.url, *addresses, trust, std::min(deadline, limit));
    if (!opened) return opened.problem();
    connection& line = **opened;
    line.set_deadline(deadline);
    const auto sent = line.write(going.text(options.user_agent));
    // A server may have answered and closed without reading all of it.
    response_reader reader(
        going.method == "HEAD",
        {.header_bytes = options.max_header_bytes,
         .body_bytes = std::min(options.max_body_bytes, request.max_body_bytes)});
    const auto broken = [&](const error& why) -> result<http_response> {
      if (!reader.has_header() || !request.accepts_partial_body) return why;
      http_response answer = reader.take();
      answer.is_body_cut = true;
      return answer;
    };
    std::array<char, read_bytes> room;
    for (;;) {
      const auto size = line.read(room);
      if (!size) return broken(sent ? size.problem() : sent.problem());
      if (*size == 0) {
        if (const auto ended = reader.end(); !ended) return broken(named(going.url, ended));
        return reader.take();
      }
      const auto is_there = reader.feed(std::string_view(room.data(), *size));
      if (!is_there) return named(going.url, is_there);
      if (*is_there) return reader.take();
    }
  }

  // A problem of the reader, which does not know whom it reads.
  template <class T>
  [[nodiscard]] static error named(const http_url& url, const result<T>& failed) {
    return {failed.problem().code, no_offset, url.place() + " " + failed.problem().message};
  }

 private:
  mutable std::once_flag is_trust_read_;
  mutable result<std::unique_ptr<tls_trust>> trust_ = error{};
};

}  // namespace detail

inline namespace v1 {

std::string_view http_response::header(std::string_view name) const noexcept {
  const auto last = std::find_if(headers.rbegin(), headers.rend(), [name](const auto& header) {
    return detail::same_name(header.first, name);
  });
  return last != headers.rend() ? std::string_view(last->second) : std::string_view{};
}

http_client::http_client(http_client_options options)
    : parts_(std::make_unique<detail::http_client_parts>(std::move(options))) {}

http_client::http_client(http_client&&) noexcept = default;
http_client& http_client::operator=(http_client&&) noexcept = default;
http_client::~http_client() = default;

result<http_response> http_client::send(const http_request& request) const {
  const detail::steady_time deadline = detail::after(parts_->options.total_timeout);
  if (const auto checked = detail::check(request); !checked) return checked.problem();
  if (!detail::is_field_value(parts_->options.user_agent)) {
    return detail::invalid("the user agent has a control character");
  }
  auto url = detail::parse_http_url(request.url);
  if (!url) return url.problem();
  detail::journey going{.url = *std::move(url),
                        .method = request.method,
                        .headers = request.headers,
                        .body = request.body};
  for (std::size_t redirects = 0;; ++redirects) {
    auto answer = parts_->exchange(going, request, deadline);
    if (!answer) return answer.problem();
    answer->url = going.url.text;
    answer->redirects = redirects;
    const std::string_view location = answer->header("location");
    if (parts_->options.max_redirects == 0 || !detail::is_redirect(answer->status) ||
        location.empty()) {
      return answer;
    }
    if (redirects == parts_->options.max_redirects) {
      return error{errc::network_error, no_offset,
                   going.url.place() + " redirects once more than is followed"};
    }
    auto next = detail::resolve_http_url(going.url, location);
    if (!next) {
      // What a server writes is not the caller's argument.
      const errc code = next.problem().code == errc::address_forbidden ? errc::address_forbidden
                                                                       : errc::network_error;
      return error{
          code, no_offset,
          going.url.place() + " redirects to what is not followed: " + next.problem().message};
    }
    going.follow(*std::move(next), answer->status);
  }
}

}  // namespace v1
}  // namespace jobqueue
