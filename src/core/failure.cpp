#include <jobqueue/failure.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <jobqueue/base64.hpp>

#include "core/failure_chars.hpp"
#include "core/failure_rules.hpp"
#include "core/failure_text.hpp"
#include "core/failure_words.hpp"

namespace jobqueue {
namespace {

using namespace detail;
using failure_table::rules;

constexpr std::array<std::string_view, 10> type_words = {
    "generation_refusal", "auth_error", "rate_limit",       "network_error",  "resource_limit",
    "service_error",      "timeout",    "validation_error", "response_error", "system_error",
};

struct reason_words {
  std::string_view name;
  std::string_view description;
};

constexpr std::array<reason_words, 45> reasons = {{
    {"safety_filter", "Content refused by safety system"},
    {"violence_detected", "Content refused due to violence detection"},
    {"copyright_blocker", "Content refused due to copyright concerns"},
    {"nsfw_content", "Content refused due to NSFW content"},
    {"hate_speech", "Content refused due to hate speech detection"},
    {"personal_info", "Content refused due to personal information"},
    {"policy_violation", "Content refused due to policy violation"},
    {"invalid_api_key", "Authentication failed due to invalid API key"},
    {"expired_token", "Authentication failed due to expired token"},
    {"insufficient_permissions", "Authentication failed due to insufficient permissions"},
    {"account_suspended", "Authentication failed due to suspended account"},
    {"requests_per_minute", "Rate limited due to too many requests per minute"},
    {"tokens_per_minute", "Rate limited due to too many tokens per minute"},
    {"daily_quota_exceeded", "Rate limited due to exceeded quota"},
    {"concurrent_requests", "Rate limited due to too many concurrent requests"},
    {"connection_failed", "Network connection failed"},
    {"dns_resolution", "Network connection failed due to DNS resolution"},
    {"ssl_certificate", "Network connection failed due to SSL certificate"},
    {"proxy_error", "Network connection failed due to proxy"},
    {"network_timeout", "Network connection timed out"},
    {"gpu_memory_full", "GPU memory is full"},
    {"out_of_memory", "Out of memory"},
    {"disk_space_full", "Disk space is full"},
    {"concurrent_limit", "Concurrent limit reached"},
    {"service_unavailable", "Service temporarily unavailable"},
    {"service_down", "Service is down or experiencing issues"},
    {"maintenance_mode", "Service is in maintenance mode"},
    {"degraded_performance", "Service has degraded performance"},
    {"job_timeout", "Job processing timed out"},
    {"processing_timeout", "Processing timed out"},
    {"queue_timeout", "Waiting in the queue timed out"},
    {"component_error", "Error in component "},
    {"model_not_found", "Model not found"},
    {"missing_required_field", "Missing required field"},
    {"invalid_format", "Invalid format"},
    {"unsupported_operation", "Unsupported operation"},
    {"invalid_payload", "Invalid payload"},
    {"unexpected_content_type", "Unexpected content type in response"},
    {"corrupted_data", "Corrupted data in response"},
    {"missing_expected_data", "Missing expected data in response"},
    {"invalid_response_format", "Invalid response format"},
    {"gpu_error", "GPU error"},
    {"config_error", "Configuration error"},
    {"dependency_error", "Dependency error"},
    {"internal_error", "Internal error"},
}};
constexpr reason_words unclassified = {"unknown_error", "Unclassified error"};

static_assert(reasons.size() == static_cast<std::size_t>(failure_reason::unknown_error));

const reason_words& words_of(failure_reason reason) noexcept {
  const auto at = static_cast<std::size_t>(reason);
  return at < reasons.size() ? reasons[at] : unclassified;
}

constexpr std::array<std::string_view, 4> confidence_words = {"none", "low", "medium", "high"};

using found_words = std::array<bool, failure_rule_count>;

bool is_condition(const failure_rule& rule) noexcept {
  return rule.when.first != 0 || rule.when.timeout;
}

bool holds(const failure_condition& when, const failure_context& known) noexcept {
  if (when.timeout) return known.timeout;
  return when.first == 0 || (known.http_status >= when.first && known.http_status <= when.last);
}

// Whether the status, or the timeout, says the type by itself.
bool agrees(failure_type type, const failure_context& known) noexcept {
  return std::any_of(std::begin(rules), std::end(rules), [&](const failure_rule& rule) {
    return rule.type == type && rule.words.empty() && holds(rule.when, known);
  });
}

bool has_words_for(failure_type type, const found_words& found) noexcept {
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] && rules[i].type == type && !is_condition(rules[i])) return true;
  }
  return false;
}

failure_confidence confidence_of(const failure_rule& rule, const found_words& found,
                                 const failure_context& known) noexcept {
  const bool has_words = !rule.words.empty() || has_words_for(rule.type, found);
  const bool is_agreed =
      agrees(rule.type, known) || (rule.reason == failure_reason::network_timeout && known.timeout);
  if ((has_words && is_agreed) || rule.weight == rule_weight::sure) return failure_confidence::high;
  return rule.weight == rule_weight::usual ? failure_confidence::medium : failure_confidence::low;
}

constexpr std::size_t max_id_bytes = 64;

// The id that the service has given the request: wfr_ and letters and digits. Empty if none.
std::string find_request_id(std::string_view lower) {
  constexpr std::string_view prefix = "wfr_";
  const std::size_t at = lower.find(prefix);
  if (at == std::string_view::npos) return {};
  std::size_t size = prefix.size();
  while (size < max_id_bytes && at + size < lower.size() && is_alnum(lower[at + size])) ++size;
  return size > prefix.size() ? std::string(lower.substr(at, size)) : std::string();
}

// What stands in quotes behind "component", if it is a name. Empty if none.
std::string find_component(std::string_view text, std::string_view lower) {
  constexpr std::string_view before = "component ";
  const auto is_quote = [](char c) { return c == '\'' || c == '"'; };
  std::size_t at = lower.find(before);
  while (at < text.size() &&
         (at + before.size() == text.size() || !is_quote(text[at + before.size()]))) {
    at = lower.find(before, at + 1);
  }
  if (at >= text.size()) return {};
  const std::string_view rest = text.substr(at + before.size() + 1);
  const std::string_view name = rest.substr(0, rest.find_first_of("'\""));
  const bool is_name = std::all_of(name.begin(), name.end(), [](char c) {
    return is_alnum(c) || std::string_view("_-.: ").find(c) != std::string_view::npos;
  });
  return is_name && name.size() <= max_id_bytes ? std::string(name) : std::string();
}

std::string describe(const failure_rule& rule, std::string_view text) {
  std::string words(rule.description.empty() ? words_of(rule.reason).description
                                             : rule.description);
  if (rule.reason == failure_reason::safety_filter) {
    const std::string id = find_request_id(lower_case(text));
    if (!id.empty()) words += " (request ID: " + id + ")";
  } else if (rule.reason == failure_reason::component_error) {
    const std::string name = find_component(text, lower_case(text));
    words += name.empty() ? "unknown" : name;
  }
  return words;
}

std::string fingerprint_of(failure_type type, failure_reason reason, std::string_view text) {
  constexpr std::size_t digits = 16;
  std::string content(to_string(type));
  content.append("/").append(to_string(reason)).append("\n");
  content.append(normalize_failure_text(text, max_normalized_failure_bytes)
                     .substr(0, max_normalized_failure_bytes));
  return sha256(std::as_bytes(std::span(content))).hex().substr(0, digits);
}

}  // namespace

inline namespace v1 {

std::string_view to_string(failure_type type) noexcept {
  const auto at = static_cast<std::size_t>(type);
  return at < type_words.size() ? type_words[at] : "unknown";
}

std::string_view to_string(failure_reason reason) noexcept { return words_of(reason).name; }

std::string_view to_string(failure_confidence confidence) noexcept {
  const auto at = static_cast<std::size_t>(confidence);
  return at < confidence_words.size() ? confidence_words[at] : "unknown";
}

failure classify_failure(std::string_view message, const failure_context& context) {
  const failure_text read = read_failure_text(message);
  const std::string words = split_failure_words(read.text);
  failure_context known = context;
  if (known.http_status < 400 || known.http_status > 599) known.http_status = read.status;
  if (known.http_status == 0) known.http_status = find_failure_status(words);

  const found_words found = find_failure_words(words);
  std::size_t at = 0;
  while (at < failure_rule_count && !(found[at] && holds(rules[at].when, known))) ++at;
  failure answer;
  if (at < failure_rule_count) {
    const failure_rule& rule = rules[at];
    answer.type = rule.type;
    answer.reason = rule.reason;
    answer.confidence = confidence_of(rule, found, known);
    answer.description = describe(rule, read.text);
  } else {
    answer.description = unclassified.description;
  }
  answer.fingerprint = fingerprint_of(answer.type, answer.reason, read.text);
  return answer;
}

std::string normalize_failure_message(std::string_view message) {
  return normalize_failure_text(read_failure_text(message).text, std::string::npos);
}

}  // namespace v1
}  // namespace jobqueue
