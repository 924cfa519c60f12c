#include <jobqueue/jobqueue_net.h>
#include <jobqueue/net/probe.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "c_api/content_type.hpp"
#include "c_api/handles.hpp"

using namespace jobqueue;

namespace {

constexpr std::uint64_t max_timeout_millis = 3'600'000;
constexpr std::uint64_t most_redirects = 20;

jobqueue_status refuse(jobqueue_error* error, std::string_view message) noexcept {
  return c_api::fail(error, errc::invalid_argument, message);
}

// Null if all is well, else what is wrong.
const char* read_texts(const jobqueue_string* texts, std::size_t count,
                       std::vector<std::string>& out) {
  if (texts == nullptr && count != 0) return "a list is NULL, but its count is not 0";
  for (std::size_t i = 0; i < count; ++i) {
    if (!c_api::is_text(texts[i])) return "an address is NULL, but its size is not 0";
    out.emplace_back(c_api::view(texts[i]));
  }
  return nullptr;
}

const char* read_headers(const jobqueue_probe_options& options, std::vector<http_header>& out) {
  if (options.headers == nullptr && options.header_count != 0) {
    return "headers is NULL, but header_count is not 0";
  }
  for (std::size_t i = 0; i < options.header_count; ++i) {
    const jobqueue_header& one = options.headers[i];
    if (!c_api::is_text(one.name) || !c_api::is_text(one.value)) {
      return "a header is NULL, but its size is not 0";
    }
    out.emplace_back(c_api::view(one.name), c_api::view(one.value));
  }
  return nullptr;
}

const char* find_mistake(const jobqueue_probe_options& options) noexcept {
  if ((options.flags & ~(JOBQUEUE_PROBE_HEAD_ONLY | JOBQUEUE_PROBE_WHATWG)) != 0) {
    return "the options are not initialised with JOBQUEUE_PROBE_OPTIONS_INIT";
  }
  if (!c_api::is_text(options.configured) || !c_api::is_text(options.ca_file) ||
      !c_api::is_text(options.user_agent)) {
    return "configured, ca_file or user_agent is NULL, but its size is not 0";
  }
  if (options.timeout_millis == 0 || options.timeout_millis > max_timeout_millis) {
    return "the time-out is from 1 to 3600000 milliseconds";
  }
  if (options.max_redirects > most_redirects) return "at most 20 redirects are followed";
  return nullptr;
}

}  // namespace

jobqueue_status jobqueue_probe_content_type(jobqueue_content_type* out, jobqueue_buffer* report,
                                            const char* url, size_t url_size,
                                            const jobqueue_probe_options* options,
                                            jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (url == nullptr) return refuse(error, "url is NULL");
    if (!c_api::is_initialised(out)) {
      return refuse(error, "out is not initialised with JOBQUEUE_CONTENT_TYPE_INIT");
    }
    jobqueue_probe_options known = JOBQUEUE_PROBE_OPTIONS_INIT;
    if (!c_api::read_options(known, options)) {
      return refuse(error, "the options are not initialised with JOBQUEUE_PROBE_OPTIONS_INIT");
    }
    const char* mistake = find_mistake(known);
    std::vector<std::string> allowed;
    std::vector<std::string> denied;
    probe_options chosen;
    if (mistake == nullptr) mistake = read_texts(known.allowed, known.allowed_count, allowed);
    if (mistake == nullptr) mistake = read_texts(known.denied, known.denied_count, denied);
    if (mistake == nullptr) mistake = read_headers(known, chosen.headers);
    if (mistake != nullptr) return refuse(error, mistake);
    chosen.configured = c_api::view(known.configured);
    chosen.head_only = (known.flags & JOBQUEUE_PROBE_HEAD_ONLY) != 0;
    chosen.whatwg = (known.flags & JOBQUEUE_PROBE_WHATWG) != 0;

    http_client_options how = probe_client_options();
    how.policy = address_policy::create(allowed, denied).value();
    how.total_timeout = std::chrono::milliseconds(known.timeout_millis);
    how.max_redirects = known.max_redirects;
    how.ca_file = c_api::view(known.ca_file);
    if (known.user_agent.size != 0) how.user_agent = c_api::view(known.user_agent);
    const auto probed =
        probe_content_type(http_client(std::move(how)), std::string_view(url, url_size), chosen);
    if (!probed) return c_api::fail(error, probed.problem());
    if (report != nullptr) c_api::give(report, to_json(*probed));
    c_api::give(out, probed->found);
    return JOBQUEUE_OK;
  });
}
