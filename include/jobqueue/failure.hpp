// jobqueue - failure: what kind of failure a message of an error is, and which are the same.
//
//   #include <iostream>
//   #include <jobqueue/jobqueue.hpp>
//
//   int main() {
//     using namespace jobqueue;
//     const auto one = classify_failure("connect ECONNREFUSED 127.0.0.1:6379");
//     const auto other = classify_failure("connect ECONNREFUSED [::1]:6380");
//     std::cout << to_string(one.type) << ' ' << to_string(one.reason) << ' '
//               << to_string(one.confidence) << ' ' << (one.fingerprint == other.fingerprint);
//   }
//
// prints "network_error connection_failed high 1".
//
// docs/api/failure.md says what is behind each reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace jobqueue {
inline namespace v1 {

/// Whose fault it is.
enum class failure_type : std::uint8_t {
  generation_refusal,  ///< A model, or the filter before it, does not want to.
  auth_error,
  rate_limit,
  network_error,
  resource_limit,
  service_error,
  timeout,
  validation_error,
  response_error,
  system_error,
};

/// What happened, exactly.
enum class failure_reason : std::uint8_t {
  // generation_refusal
  safety_filter,
  violence_detected,
  copyright_blocker,
  nsfw_content,
  hate_speech,
  personal_info,
  policy_violation,
  // auth_error
  invalid_api_key,
  expired_token,
  insufficient_permissions,
  account_suspended,
  // rate_limit
  requests_per_minute,
  tokens_per_minute,
  daily_quota_exceeded,
  concurrent_requests,
  // network_error
  connection_failed,
  dns_resolution,
  ssl_certificate,
  proxy_error,
  network_timeout,
  // resource_limit
  gpu_memory_full,
  out_of_memory,
  disk_space_full,
  concurrent_limit,
  // service_error
  service_unavailable,
  service_down,
  maintenance_mode,
  degraded_performance,
  // timeout
  job_timeout,
  processing_timeout,
  queue_timeout,
  // validation_error
  component_error,
  model_not_found,
  missing_required_field,
  invalid_format,
  unsupported_operation,
  invalid_payload,
  // response_error
  unexpected_content_type,
  corrupted_data,
  missing_expected_data,
  invalid_response_format,
  // system_error
  gpu_error,
  config_error,
  dependency_error,
  internal_error,
  unknown_error,
};

/// How far to trust a classification.
enum class failure_confidence : std::uint8_t {
  none,    ///< Nothing was recognised: `unknown_error`.
  low,     ///< A common word or the status alone: good for a list, not for a decision.
  medium,  ///< The words of people, or the timeout that the caller saw.
  high,    ///< Words that only programs write, or words and the status that say the same.
};

/// "network_error", "connection_failed", "high". Static.
[[nodiscard]] std::string_view to_string(failure_type type) noexcept;
[[nodiscard]] std::string_view to_string(failure_reason reason) noexcept;
[[nodiscard]] std::string_view to_string(failure_confidence confidence) noexcept;

/// What is behind that of a message is not looked at.
inline constexpr std::size_t max_failure_message_bytes = 16384;
/// What is behind that of a normalised message does not count for its fingerprint.
inline constexpr std::size_t max_normalized_failure_bytes = 1024;

/// What is known besides the message.
struct failure_context {
  /// Status of the answer; 0, and every number outside 400 to 599, says nothing. A status that the
  /// message names ("status code 429") is taken where this says nothing.
  unsigned http_status = 0;
  /// Whether the caller gave up waiting.
  bool timeout = false;
};

struct failure {
  failure_type type = failure_type::system_error;
  failure_reason reason = failure_reason::unknown_error;
  failure_confidence confidence = failure_confidence::none;
  /// A sentence, of at most 126 bytes of ASCII. It is static, but for the id of a refused request
  /// (wfr_...) and the name of a component, each of at most 64 letters, digits, '_', '-', '.', ':'
  /// and spaces. It has nothing else of the message.
  std::string description;
  /// 16 hexadecimal digits: the first 8 bytes of the SHA-256 of "type/reason", a line feed and the
  /// first 1 KiB of `normalize_failure_message`.
  std::string fingerprint;

  friend bool operator==(const failure&, const failure&) = default;
};

/// Classifies any bytes. Of a message that is, or has in it, an object of JSON as programs throw
/// it, only members like `message`, `error`, `code`, `status` and `type` count, at any depth and in
/// strings of JSON up to two levels deep, and no names of members. Frames of a stack are not looked
/// at. Linear time; fails only if there is no memory (std::bad_alloc).
///
///     classify(m, c) == classify(m, c)
///     classify(m).fingerprint == classify(m').fingerprint   where m' has other ids, numbers,
///                                                           addresses and times (see below)
[[nodiscard]] failure classify_failure(std::string_view message,
                                       const failure_context& context = {});

/// The message as its fingerprint sees it: its text as above, in lower case (ASCII), each white
/// space one blank, none at the ends, and
///
///   #          a number with its sign, point and exponent; the digits of a word (`worker12`); a
///              UUID; 6 or more hexadecimal digits with a decimal one among them, or 8 of any; what
///              changes three times between letters and digits; 16 or more letters and digits that
///              are more than a word with a number behind it (ULID, KSUID)
///   <address>  IPv4 or IPv6, with or without a port; host.name:port, localhost:port; 0x...
///   <time>     2026-01-05, 2026-01-05T12:00:00.123Z, 12:00:00
///   <value>    what stands in quotes ("" '' ``), if it has no white space and at most 128 bytes
///
/// The query of a URL is left out. Words are what remains, so messages that differ in one differ.
[[nodiscard]] std::string normalize_failure_message(std::string_view message);

}  // namespace v1
}  // namespace jobqueue
