#include <jobqueue/net/probe.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <span>
#include <utility>

#include "core/json_text.hpp"
#include "net/http_text.hpp"

namespace jobqueue {
namespace {

constexpr std::string_view whole_range = "bytes=0-4095";
static_assert(content_head_bytes == 4096);

// What was learnt from the answers so far.
struct gathering {
  probed_content_type probed;
  std::string head;  // of the object
};

bool is_success(unsigned code) { return code >= 200 && code < 300; }

std::optional<std::uint64_t> read_size(std::string_view text) {
  std::uint64_t size = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (text.empty() || code != std::errc() || end != text.data() + text.size()) return {};
  return size;
}

struct content_range {
  bool is_from_begin = false;
  std::optional<std::uint64_t> size;  // of the whole
};

// "bytes 0-4095/12345", "bytes */0" (RFC 9110, 14.4).
content_range read_range(std::string_view text) {
  content_range range;
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return range;
  range.size = read_size(text.substr(slash + 1));
  range.is_from_begin = text.starts_with("bytes 0-");
  return range;
}

bool has_encoding(const http_response& answer) {
  const std::string_view encoding = answer.header("content-encoding");
  return !encoding.empty() && encoding != "identity";
}

std::string refusal(const http_response& answer, std::string_view method) {
  return "the server answers " + std::to_string(answer.status) + " to " + std::string(method);
}

void take_place(probed_content_type& probed, const http_response& answer) {
  probed.url = answer.url;
  probed.status = answer.status;
  probed.redirects = answer.redirects;
}

// Of an answer that is about the object.
void take_words(probed_content_type& probed, const http_response& answer) {
  take_place(probed, answer);
  probed.header = answer.header("content-type");
  probed.etag = answer.header("etag");
  probed.nosniff = detail::same_name(answer.header("x-content-type-options"), "nosniff");
  // The length of a part or of what is encoded is not that of the object.
  if (answer.status == 200 && !has_encoding(answer)) {
    if (const auto size = read_size(answer.header("content-length"))) probed.size = size;
  }
}

// Of the answer to GET with a range.
void take_bytes(gathering& all, http_response answer) {
  probed_content_type& probed = all.probed;
  const content_range range = read_range(answer.header("content-range"));
  if (answer.status == 416 && range.size == std::uint64_t{0}) {
    probed.size = 0;  // No range of nothing can be given.
    probed.problem = "the object is empty";
    return;
  }
  if (!is_success(answer.status)) {
    probed.problem = refusal(answer, "GET");
    if (!is_success(probed.status)) take_place(probed, answer);
    return;
  }
  if (answer.status == 206 && !range.is_from_begin) {
    take_place(probed, answer);
    probed.problem = "the server gives another range than was asked for";
    return;
  }
  take_words(probed, answer);
  if (range.size) probed.size = range.size;
  if (has_encoding(answer)) {
    probed.problem = "the bytes are encoded, though that was not asked for";
    return;
  }
  all.head = std::move(answer.body);
  if (all.head.empty()) probed.problem = "the server gives no bytes of the object";
}

void detect(gathering& all, std::string_view url, const probe_options& options) {
  probed_content_type& probed = all.probed;
  content_type_options evidence = {.url = probed.url,
                                   .header = probed.header,
                                   .configured = options.configured,
                                   .nosniff = probed.nosniff,
                                   .whatwg = options.whatwg};
  // A redirect may lead to a name that says nothing.
  const auto named = detect_content_type({}, {.url = probed.url});
  if (named.evidence.find(content_source::url) == nullptr) evidence.url = url;
  probed.head_bytes = all.head.size();
  probed.found = detect_content_type(std::as_bytes(std::span(all.head)), evidence);
}

void append_member(std::string& json, std::string_view name, std::string_view text) {
  json.append(",\"").append(name).append("\":");
  if (text.empty()) {
    json.append("null");
  } else {
    detail::append_json_string(json, text);
  }
}

}  // namespace

inline namespace v1 {

http_client_options probe_client_options() {
  http_client_options options;
  options.total_timeout = std::chrono::seconds(10);
  options.max_redirects = 5;
  return options;
}

result<probed_content_type> probe_content_type(const http_client& client, std::string_view url,
                                               const probe_options& options) {
  http_request request = {.method = "HEAD",
                          .url = std::string(url),
                          .headers = options.headers,
                          .max_body_bytes = content_head_bytes,
                          .accepts_partial_body = true};
  request.headers.emplace_back("Accept", "*/*");
  request.headers.emplace_back("Accept-Encoding", "identity");
  gathering all;
  all.probed.url = url;
  std::optional<error> unanswered;
  const auto said = client.send(request);
  if (said) {
    if (is_success(said->status)) {
      take_words(all.probed, *said);
    } else {
      take_place(all.probed, *said);
      all.probed.problem = refusal(*said, "HEAD");
    }
  } else if (said.problem().code == errc::network_error) {
    unanswered = said.problem();
  } else {
    return said.problem();
  }
  if (!options.head_only) {
    request.method = "GET";
    request.headers.emplace_back("Range", whole_range);
    auto given = client.send(request);
    if (given) {
      all.probed.problem.clear();
      unanswered.reset();
      take_bytes(all, *std::move(given));
    } else if (given.problem().code == errc::network_error) {
      unanswered = given.problem();
    } else {
      return given.problem();
    }
  }
  if (unanswered) {
    if (options.configured.empty() && !is_success(all.probed.status)) return *unanswered;
    all.probed.problem = unanswered->message;
  }
  detect(all, url, options);
  return std::move(all.probed);
}

std::string to_json(const probed_content_type& probed) {
  std::string json = to_json(probed.found);
  json.pop_back();
  append_member(json, "url", probed.url);
  json.append(",\"status\":").append(probed.status == 0 ? "null" : std::to_string(probed.status));
  json.append(",\"size\":").append(probed.size ? std::to_string(*probed.size) : "null");
  json.append(",\"redirects\":").append(std::to_string(probed.redirects));
  append_member(json, "header", probed.header);
  append_member(json, "etag", probed.etag);
  json.append(probed.nosniff ? ",\"nosniff\":true" : ",\"nosniff\":false");
  json.append(",\"head_bytes\":").append(std::to_string(probed.head_bytes));
  append_member(json, "problem", probed.problem);
  return json.append("}");
}

}  // namespace v1
}  // namespace jobqueue
