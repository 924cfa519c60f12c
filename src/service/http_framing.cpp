#include "service/http_framing.hpp"

#include <array>
#include <charconv>

#include "net/http_text.hpp"

namespace jobqueue::detail {
namespace {

// Fields that decide who is asked, where the body ends, or who has sent it.
constexpr std::array<std::string_view, 24> single_fields = {"host",
                                                            "content-length",
                                                            "transfer-encoding",
                                                            "content-type",
                                                            "content-encoding",
                                                            "expect",
                                                            "authorization",
                                                            "origin",
                                                            "webhook-id",
                                                            "webhook-timestamp",
                                                            "webhook-signature",
                                                            "svix-id",
                                                            "svix-timestamp",
                                                            "svix-signature",
                                                            "stripe-signature",
                                                            "x-convoy-signature",
                                                            "x-event-id",
                                                            "x-hub-signature",
                                                            "x-hub-signature-256",
                                                            "x-slack-request-timestamp",
                                                            "x-slack-signature",
                                                            "x-webhook-event",
                                                            "x-webhook-id",
                                                            "x-webhook-signature"};

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// The place of a name in `single_fields`, or its size.
std::size_t place_of(std::string_view name) noexcept {
  std::size_t place = 0;
  while (place < single_fields.size() && !same_name(name, single_fields[place])) ++place;
  return place;
}

std::string_view take_line(std::string_view& rest) noexcept {
  const std::string_view line = rest.substr(0, rest.find("\r\n"));
  rest.remove_prefix(std::min(rest.size(), line.size() + 2));
  return line;
}

bool read_length(std::string_view text, std::uint64_t& length) noexcept {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), length);
  return failed == std::errc() && end == text.data() + text.size() && is_digit(text.front());
}

std::string_view read_connection(std::string_view value, http_head& head) noexcept {
  while (!value.empty()) {
    const std::string_view token = value.substr(0, value.find(','));
    value.remove_prefix(std::min(value.size(), token.size() + 1));
    if (same_name(trimmed(token), "close")) head.keeps_alive = false;
    if (same_name(trimmed(token), "keep-alive")) head.keeps_alive = true;
  }
  return {};
}

std::string_view read_field(std::string_view line, bool is_old, std::uint64_t& seen,
                            http_head& head) {
  if (line.front() == ' ' || line.front() == '\t') return "a line of the header is folded";
  const std::size_t colon = line.find(':');
  if (colon == line.npos || colon == 0) return "a line of the header is no field";
  const http_field field{line.substr(0, colon), trimmed(line.substr(colon + 1))};
  if (field.name.back() == ' ' || field.name.back() == '\t') return "white space before a colon";
  head.fields.push_back(field);
  if (same_name(field.name, "connection")) return read_connection(field.value, head);
  const std::size_t place = place_of(field.name);
  if (place == single_fields.size()) return {};
  if ((seen >> place & 1U) != 0) return "a field is repeated that may be there once only";
  seen |= std::uint64_t{1} << place;
  switch (place) {
    case 0: head.host = field.value; break;
    case 1:
      if (field.value.empty() || !read_length(field.value, head.content_length)) {
        return "Content-Length is no number";
      }
      break;
    case 2:
      if (is_old) return "Transfer-Encoding is not of HTTP/1.0";
      if (!same_name(field.value, "chunked")) return "Transfer-Encoding is not chunked";
      head.is_chunked = true;
      break;
    case 5:
      if (!same_name(field.value, "100-continue")) return "Expect is not 100-continue";
      head.expects_continue = !is_old;
      break;
    default: break;
  }
  return {};
}

}  // namespace

std::string_view read_head(std::string_view bytes, http_head& head) {
  if (bytes.find('\0') != bytes.npos) return "there is a NUL in the header";
  const std::string_view start = take_line(bytes);
  const std::size_t first = start.find(' ');
  const std::size_t last = start.rfind(' ');
  if (first == start.npos || last == first) return "the first line is no request";
  head.method = start.substr(0, first);
  head.target = start.substr(first + 1, last - first - 1);
  if (head.target.find(' ') != head.target.npos) return "the first line is no request";
  const std::string_view version = start.substr(last + 1);
  const bool is_old = version == "HTTP/1.0";
  if (!is_old && version != "HTTP/1.1") return "the version is not HTTP/1.1 or 1.0";
  head.keeps_alive = !is_old;
  std::uint64_t seen = 0;
  while (!bytes.empty()) {
    const std::string_view line = take_line(bytes);
    if (line.empty()) break;
    const std::string_view problem = read_field(line, is_old, seen, head);
    if (!problem.empty()) return problem;
  }
  if (head.is_chunked && (seen >> 1U & 1U) != 0) return "Content-Length beside Transfer-Encoding";
  if (!is_old && (seen & 1U) == 0) return "there is no Host";
  return {};
}

}  // namespace jobqueue::detail
