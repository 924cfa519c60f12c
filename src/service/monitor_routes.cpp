#include "service/monitor_routes.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

#include <jobqueue/base64.hpp>
#include <jobqueue/content_type.hpp>
#include <jobqueue/truncate.hpp>

#include "core/json_text.hpp"
#include "core/signature_text.hpp"
#include "core/utf8.hpp"
#include "service/monitor_page.hpp"
#include "store/job_payload.hpp"
#include "store/metric_store.hpp"

namespace jobqueue::detail {
namespace {

// What a page may do: run its own script, look as its own style says, and ask its own server.
constexpr std::string_view content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for"
    " 'script'";

constexpr std::uint64_t most_range_bytes = std::uint64_t{64} << 10;
// PostgreSQL counts bytes from 1, in 31 bits.
constexpr std::uint64_t latest_offset = (std::uint64_t{1} << 31) - 2;
constexpr std::uint64_t most_preview_bytes = std::uint64_t{256} << 10;
// A payload up to here is read as a whole, so that its preview keeps its structure.
constexpr std::uint64_t most_whole_bytes = std::uint64_t{64} << 20;
constexpr std::uint64_t most_points = 1000;
constexpr std::uint64_t latest_second = 253'402'300'799;  // 9999-12-31

std::string replace(std::string text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  return at == text.npos ? text : text.replace(at, what.size(), with);
}

// Another content is another path, so a browser may keep it for ever.
std::string path_of(std::string_view content, std::string_view ending) {
  constexpr std::size_t digest_chars = 16;
  const std::string digest = sha256(std::as_bytes(std::span(content))).hex();
  return "/monitor-" + digest.substr(0, digest_chars).append(ending);
}

http_route asset(std::string_view path, std::string_view content_type, std::string_view content) {
  return {"GET",
          path,
          route_access::open,
          0,
          true,
          [content_type, content](const http_call&, const http_respond& respond) {
            http_answer answer;
            answer.content_type = content_type;
            answer.body = content;
            answer.fields.emplace_back("Cache-Control", "public, max-age=31536000, immutable");
            respond(std::move(answer));
          }};
}

// The parts of the page, whose paths must live as long as the routes.
struct page_text {
  std::string script_path = path_of(monitor_script, ".js");
  std::string style_path = path_of(monitor_style, ".css");
  std::string icon_path = path_of(monitor_icon, ".svg");
  std::string html = replace(
      replace(replace(std::string(monitor_page), "{script}", script_path), "{style}", style_path),
      "{icon}", icon_path);
};

// How many bytes stand before the first whole character, in text that may be cut anywhere.
std::size_t count_continuation(std::string_view text) {
  constexpr std::size_t most = 3;
  std::size_t count = 0;
  while (count < std::min(text.size(), most) && (text[count] & '\xC0') == '\x80') ++count;
  return count;
}

// Whether it is text, but for a character at its end that is not whole; that one is left out.
bool trim_to_text(std::string_view& bytes) {
  const auto* const begin = reinterpret_cast<const unsigned char*>(bytes.data());
  const unsigned char* const end = begin + bytes.size();
  const unsigned char* at = begin;
  while (at != end) {
    const std::size_t size = *at < 0x80 ? 1 : utf8_sequence_size(at, end);
    if (size == 0) break;
    at += size;
  }
  constexpr std::ptrdiff_t most_cut = 3;
  if (end - at > most_cut || (at != end && *at < 0xC2)) return false;
  bytes = bytes.substr(0, static_cast<std::size_t>(at - begin));
  return true;
}

class monitor_api {
 public:
  monitor_api(job_store& store, std::function<instant()> clock)
      : store_(&store), clock_(std::move(clock)) {}

  http_answer series(const http_call& call) {
    constexpr std::uint64_t day = 86400;
    const auto now = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::seconds>(clock_()).time_since_epoch().count());
    const auto to = call.number("to", now + 1, latest_second);
    const auto from = to ? call.number("from", *to - std::min(*to, day), latest_second) : to;
    const auto points = call.number("points", 200, most_points);
    if (!to || !from || !points || *points == 0 || *from >= *to) {
      return problem_answer(400, "INVALID_ARGUMENT",
                            "from and to are seconds since 1970, the earlier first, and points is "
                            "from 1 to 1,000");
    }
    const std::uint64_t width = (*to - *from + *points - 1) / *points;
    const auto found = read_series(*store_, static_cast<std::int64_t>(*from),
                                   static_cast<std::int64_t>(width), *points);
    if (!found) return problem_answer(found.problem());
    std::string json = R"({"times":[)";
    for (std::uint64_t i = 0; i < *points; ++i) {
      if (i != 0) json += ',';
      json += std::to_string(std::min(*from + (i + 1) * width, *to));
    }
    json += R"(],"series":{)";
    for (const metric_series& one : *found) {
      if (json.back() != '{') json += ',';
      append_json_string(json, one.name);
      json += ":[";
      for (const auto& value : one.values) {
        json += value ? std::to_string(*value) : "null";
        json += ',';
      }
      json.back() = ']';
    }
    http_answer answer;
    answer.body = json + "}}\n";
    return answer;
  }

  http_answer payload(const http_call& call) {
    const std::string reference = call.parameter("ref").value_or("data");
    const bool is_range = call.parameter("offset") || call.parameter("size");
    return is_range ? range(call, reference) : preview(call, reference);
  }

 private:
  http_answer range(const http_call& call, const std::string& reference) {
    const auto offset = call.number("offset", 0, latest_offset);
    const auto size = call.number("size", most_range_bytes, most_range_bytes);
    if (!offset || !size || *size < 4) {
      return problem_answer(400, "INVALID_ARGUMENT",
                            "a range has an offset below 2 GiB, and 4 to 65,536 bytes");
    }
    const auto piece = read_payload(*store_, call.parts[0], reference, *offset, *size);
    if (!piece) return problem_answer(piece.problem());
    if (!*piece) return no_payload();
    std::string_view bytes = (*piece)->bytes;
    const std::size_t skipped = *offset == 0 ? 0 : count_continuation(bytes);
    std::string_view text = bytes.substr(skipped);
    const bool is_text = trim_to_text(text);
    http_answer answer;
    answer.body = begin(reference, (*piece)->whole) + R"(,"offset":)";
    answer.body += std::to_string(*offset + (is_text ? skipped : 0)) + R"(,"size":)";
    answer.body += std::to_string(is_text ? text.size() : bytes.size());
    if (is_text) {
      answer.body += R"(,"text":)";
      append_json_string(answer.body, text);
    } else {
      answer.body += R"(,"base64":")";
      append_base64(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()),
                    answer.body);
      answer.body += '"';
    }
    answer.body += "}\n";
    return answer;
  }

  http_answer preview(const http_call& call, const std::string& reference) {
    constexpr std::uint64_t fewest_bytes = 64;
    const auto most = call.number("max_bytes", 8000, most_preview_bytes);
    if (!most || *most < fewest_bytes) {
      return problem_answer(400, "INVALID_ARGUMENT", "max_bytes is from 64 to 262,144");
    }
    // One large payload at a time: what a page shows must not take the memory of all of them.
    const std::lock_guard one_at_a_time(reading_);
    const auto piece = read_payload(*store_, call.parts[0], reference, 0, most_whole_bytes);
    if (!piece) return problem_answer(piece.problem());
    if (!*piece) return no_payload();
    const std::string& bytes = (*piece)->bytes;
    truncate_options options;
    options.max_bytes = *most;
    const auto cut = truncate_payload(bytes, options);
    std::string_view shown = cut ? cut->view(bytes) : std::string_view(bytes).substr(0, *most);
    const std::size_t wanted = shown.size();
    const bool is_text = trim_to_text(shown);
    http_answer answer;
    answer.body = begin(reference, (*piece)->whole) + R"(,"media_type":)";
    append_json_string(answer.body,
                       detect_content_type(std::as_bytes(std::span(bytes))).media_type.view());
    const bool is_whole = (*piece)->whole == bytes.size() && wanted == bytes.size();
    answer.body +=
        is_whole ? R"(,"is_truncated":false,"preview":)" : R"(,"is_truncated":true,"preview":)";
    if (is_text) {
      append_json_string(answer.body, shown);
    } else {
      answer.body += "null";
    }
    answer.body += "}\n";
    return answer;
  }

  static std::string begin(const std::string& reference, std::uint64_t whole) {
    std::string json = R"({"ref":)";
    append_json_string(json, reference);
    return json + R"(,"bytes":)" + std::to_string(whole);
  }
  static http_answer no_payload() {
    return problem_answer(404, "NOT_FOUND", "the job has no such payload");
  }

  job_store* store_;
  std::function<instant()> clock_;
  std::mutex reading_;
};

}  // namespace

std::vector<http_route> monitor_routes(job_store& store, std::function<instant()> clock) {
  const auto api = std::make_shared<monitor_api>(store, std::move(clock));
  std::vector<http_route> routes{
      {"GET", "/api/series", route_access::token, 0, false,
       [api](const http_call& call, const http_respond& respond) { respond(api->series(call)); }},
      {"GET", "/api/jobs/{}/payload", route_access::token, 0, false,
       [api](const http_call& call, const http_respond& respond) { respond(api->payload(call)); }}};
  static const page_text page;
  routes.push_back(
      {"GET", "/", route_access::open, 0, true, [](const http_call&, const http_respond& respond) {
         http_answer answer;
         answer.content_type = "text/html; charset=utf-8";
         answer.body = page.html;
         answer.fields = {{"Content-Security-Policy", std::string(content_security_policy)},
                          {"Referrer-Policy", "no-referrer"},
                          {"Cross-Origin-Opener-Policy", "same-origin"},
                          {"Cache-Control", "no-cache"}};
         respond(std::move(answer));
       }});
  if (!monitor_script.empty()) {
    routes.push_back(asset(page.script_path, "text/javascript; charset=utf-8", monitor_script));
    routes.push_back(asset(page.style_path, "text/css; charset=utf-8", monitor_style));
    routes.push_back(asset(page.icon_path, "image/svg+xml", monitor_icon));
  }
  return routes;
}

}  // namespace jobqueue::detail
