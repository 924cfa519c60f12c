// What failures look like: the one table that classify_failure goes through, from top to bottom.
#pragma once

#include <cstdint>
#include <string_view>

#include <jobqueue/failure.hpp>

namespace jobqueue::detail {

// What the words of a rule are worth by themselves.
enum class rule_weight : std::uint8_t {
  weak,   // one common word, or no word at all
  usual,  // what people write
  sure,   // what only programs write
};

// What must hold besides the words: a status from `first` to `last`, or the timeout of the caller.
struct failure_condition {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  bool timeout = false;
};

// A rule holds if its condition does and each of its groups of words, which '&' divides, has a
// phrase, of those that '|' divides, somewhere in the message. A phrase is words in a row, in lower
// case; with a '*' at its end the last one may go on. What divides words in a message is all but
// letters and digits, and a capital letter in the middle: "err connect timeout" finds
// ERR_CONNECT_TIMEOUT and ErrConnectTimeout.
struct failure_rule {
  failure_type type;
  failure_reason reason;
  rule_weight weight;
  std::string_view words;
  failure_condition when = {};
  std::string_view description = {};  // in place of that of the reason
};

namespace failure_table {

using enum failure_type;
using enum failure_reason;
using enum rule_weight;

constexpr failure_condition status(std::uint16_t first, std::uint16_t last = 0) noexcept {
  return {first, last == 0 ? first : last, false};
}
constexpr failure_condition timed_out = {0, 0, true};
constexpr failure_condition always = {};

// The order is that of the types in the system that this replaces, but for what is certain, or what
// would be taken for something else further down.
inline constexpr failure_rule rules[] = {
    // Programs: codes of the network, and refusals that are none of a model.
    {network_error, dns_resolution, sure,
     "enotfound | eai again | getaddrinfo | nxdomain | name resolution | name not resolved |"
     "name or service not known | nodename nor servname | could not resolve host"},
    {network_error, network_timeout, sure,
     "etimedout | esockettimedout | connect timeout | connection timed out"},
    {network_error, ssl_certificate, sure,
     "certificate verify failed | certificate has expired | self signed certificate |"
     "self signed cert | unable to verify the first certificate | ssl handshake | tls handshake |"
     "err cert* | err ssl* | err tls*"},
    {network_error, proxy_error, sure,
     "err proxy* | proxy error | proxy connection failed | tunneling socket"},
    {network_error, connection_failed, sure,
     "econnrefused | econnreset | econnaborted | ehostunreach | enetunreach | epipe |"
     "connection refused | refused to connect | connection reset | connection aborted |"
     "socket hang up | broken pipe | no route to host | network is unreachable | und err socket"},
    {network_error, connection_failed, usual, "cross origin | cors & blocked | refused"},
    {auth_error, insufficient_permissions, sure, "access refused | login refused"},
    {validation_error, invalid_format, usual,
     "content type | media type | mime type | file type &"
     "not allowed | not supported | unsupported | rejected | refused"},
    {rate_limit, daily_quota_exceeded, usual, "card | payment & declined"},

    // A model or its filter refuses: first about what.
    {generation_refusal, safety_filter, sure,
     "moderation blocked | content filter* | responsible ai policy violation"},
    {generation_refusal, safety_filter, usual, "safety system | safety filter* | safety settings"},
    {generation_refusal, violence_detected, usual, "violence | violent | violently"},
    {generation_refusal, copyright_blocker, usual, "copyright* | intellectual property"},
    {generation_refusal, nsfw_content, usual,
     "nsfw | adult content | sexually explicit | sexual content | nudity"},
    {generation_refusal, nsfw_content, usual,
     "explicit | adult & refused | declined | blocked | rejected | flagged | policy | policies |"
     "safety | inappropriate | cannot generate | can t generate"},
    {generation_refusal, hate_speech, usual, "hate speech | hateful"},
    {generation_refusal, hate_speech, usual,
     "hate | discrimination & refused | declined | blocked | rejected | flagged | policy |"
     "policies | safety | inappropriate | cannot generate | can t generate"},
    {generation_refusal, personal_info, usual,
     "personal | private & content policy | policy violation | usage policies | refused |"
     "declined | inappropriate | safety | cannot generate | can t generate"},
    {generation_refusal, safety_filter, usual,
     "moderation | prompt | content & flagged | moderated"},
    {generation_refusal, policy_violation, usual,
     "content policy | usage policy | usage policies | policy violation"},
    {generation_refusal, policy_violation, usual, "policy | policies & violat* | against"},
    {generation_refusal, policy_violation, usual,
     "i cannot | i can t | i can not | i am unable to | i m unable to | i won t &"
     "generate | create | produce | provide | depict | help | assist | comply | fulfill"},
    {generation_refusal, policy_violation, usual,
     "cannot generate | can not generate | can t generate"},
    {generation_refusal, policy_violation, usual,
     "cannot create | can t create | unable to create | unable to generate & content | image |"
     "images | picture | pictures | character | characters | request"},
    {generation_refusal, policy_violation, usual,
     "content | prompt | generation | request & refused | declined | disallowed | prohibited |"
     "not allowed | blocked"},
    {generation_refusal, policy_violation, usual, "inappropriate | harmful"},
    {generation_refusal, policy_violation, weak, "refused | declined | safety"},

    // What a model does not have, or does not take, is no matter of quotas, keys or services.
    {validation_error, invalid_payload, sure,
     "maximum context length | context length exceeded | context window | prompt is too long"},
    {resource_limit, disk_space_full, sure,
     "enospc | edquot | no space left | disk quota | storage quota"},

    {rate_limit, daily_quota_exceeded, usual,
     "quota* | daily limit | monthly limit | spending limit | billing | insufficient credits |"
     "credit balance | out of credits | payment required"},
    {rate_limit, daily_quota_exceeded, usual,
     "daily | per day & rate limit* | limit exceeded | limit reached | too many requests"},
    {rate_limit, concurrent_requests, usual, "concurrent requests | concurrent request"},
    {rate_limit, concurrent_requests, usual,
     "concurrent | concurrency & rate limit* | too many requests"},
    {rate_limit, tokens_per_minute, usual, "tokens per min* | token rate limit"},
    {rate_limit, tokens_per_minute, usual, "token | tokens & rate limit* | too many requests"},
    {rate_limit, requests_per_minute, usual,
     "rate limit* | ratelimit* | too many requests | requests per min* | throttl*"},
    {rate_limit, daily_quota_exceeded, weak, "", status(402)},
    {rate_limit, concurrent_requests, usual, "concurrent | concurrency", status(429)},
    {rate_limit, tokens_per_minute, usual, "token | tokens", status(429)},
    {rate_limit, requests_per_minute, weak, "", status(429)},

    {auth_error, invalid_api_key, usual, "api key | api keys | apikey | invalid key"},
    {auth_error, expired_token, usual,
     "token | tokens | jwt | session | credential | credentials | login &"
     "expired | revoked | has expired"},
    {auth_error, expired_token, usual,
     "invalid token | access token | bearer token | refresh token | auth token | token is invalid |"
     "token not valid | invalid jwt"},
    {auth_error, expired_token, usual, "expired | token", status(401, 403)},
    {auth_error, insufficient_permissions, usual,
     "permission | permissions | access denied | forbidden | not authorized to | eacces | eperm"},
    {auth_error, account_suspended, usual,
     "account | user | organization | subscription & suspended | disabled | deactivated | banned"},
    {auth_error, account_suspended, usual, "suspended | disabled", status(401)},
    {auth_error, insufficient_permissions, weak, "", status(403)},
    {auth_error, invalid_api_key, usual,
     "authentication | unauthorized | unauthenticated | not authenticated | not authorized |"
     "invalid credentials | bad credentials | wrong password | wrongpass | noauth",
     always, "Authentication failed"},
    {auth_error, invalid_api_key, weak, "", status(401), "Authentication failed"},

    // Whose time ran out says who had waited.
    {network_error, network_timeout, usual,
     "connection | connect | socket | network | gateway | handshake | dns | upstream &"
     "timeout | timeouts | timed out"},
    {network_error, network_timeout, usual,
     "read timeout | read timed out | write timeout | request timeout | response timeout"},
    {timeout, processing_timeout, usual, "processing & timeout | timed out"},
    {timeout, queue_timeout, usual, "queue | queued & timeout | timed out"},
    {timeout, job_timeout, usual,
     "job | workflow | step | task | execution | worker & timeout | timed out"},
    {network_error, dns_resolution, usual, "dns"},
    {network_error, ssl_certificate, usual, "ssl | tls"},
    {network_error, proxy_error, usual, "proxy & network | connection | connect | unreachable"},
    {network_error, connection_failed, usual,
     "network error | connection error | connection failed | connection lost | lost connection |"
     "connection closed | connection terminated | could not connect | failed to connect |"
     "unable to connect | cannot connect | fetch failed | failed to fetch"},

    {resource_limit, gpu_memory_full, sure, "cuda out of memory | cuda oom | gpu out of memory"},
    {resource_limit, gpu_memory_full, usual, "memory | oom & gpu | cuda | vram"},
    {resource_limit, out_of_memory, sure,
     "out of memory | oom | oomkilled | enomem | bad alloc | memory error |"
     "cannot allocate memory | javascript heap | memory limit | insufficient memory |"
     "not enough memory"},
    {resource_limit, out_of_memory, usual, "memory & exhausted | exceeded | full | allocate"},
    {resource_limit, disk_space_full, usual,
     "disk space | disk full | disk is full | storage full | storage is full | storage limit |"
     "insufficient storage"},
    {resource_limit, disk_space_full, weak, "", status(507)},
    {resource_limit, concurrent_limit, usual,
     "concurrent | concurrency & limit | limits | capacity | maximum"},
    {resource_limit, out_of_memory, usual,
     "resource exhausted | resources exhausted | resource limit | capacity exceeded | at capacity |"
     "insufficient capacity",
     always, "Resource limit exceeded"},

    // Before what is unavailable, and before a status that a model which is not there causes.
    {validation_error, model_not_found, usual,
     "model | models | checkpoint & not found | does not exist | doesn t exist | no such"},
    {timeout, job_timeout, usual,
     "timed out | time limit | deadline exceeded | deadline has passed | took too long"},
    {network_error, network_timeout, weak, "timeout | timeouts"},
    {network_error, connection_failed, weak, "network | connection | connections"},

    {service_error, maintenance_mode, usual, "maintenance"},
    {service_error, degraded_performance, usual, "degraded"},
    {service_error, service_unavailable, usual, "unavailable | overloaded"},
    {service_error, service_unavailable, weak, "", status(503)},
    {service_error, service_down, usual,
     "server error | service error | service down | service is down | bad gateway"},
    {service_error, service_down, weak, "", status(500, 599)},

    {timeout, processing_timeout, usual, "processing", timed_out},
    {timeout, queue_timeout, usual, "queue | queued", timed_out},
    {timeout, job_timeout, usual, "", timed_out},

    // What came back cannot be read: no matter of what was sent.
    {validation_error, invalid_format, usual,
     "invalid json | malformed json & request body | payload | request payload"},
    {response_error, invalid_response_format, sure,
     "unexpected token | unexpected end of json | json at position | json decode error |"
     "malformed json | invalid json | not valid json | json parse error | expecting value"},
    {response_error, invalid_response_format, usual,
     "response | reply & malformed | invalid | unparseable | parse | parsing"},
    {response_error, unexpected_content_type, usual, "content type | mime type"},
    {response_error, corrupted_data, usual, "corrupt | corrupted | corruption | checksum mismatch"},
    {response_error, missing_expected_data, usual, "response & missing | expected | empty"},
    {response_error, missing_expected_data, usual,
     "missing expected | expected data | no data returned | empty result"},

    {validation_error, component_error, sure, "error in component"},
    {system_error, dependency_error, usual,
     "dependency | dependencies | module not found | no module named | cannot find module |"
     "import error | shared object file"},
    {validation_error, missing_required_field, usual,
     "missing | required & field | fields | parameter | parameters | argument | arguments |"
     "property | input | inputs | value | key"},
    {validation_error, missing_required_field, usual, "is required | are required"},
    {validation_error, invalid_format, usual,
     "format | formats & invalid | unsupported | not supported | unknown | wrong"},
    {validation_error, unsupported_operation, usual,
     "unsupported | not supported | not allowed | not permitted | not implemented"},
    {validation_error, invalid_payload, usual,
     "validation error | validation failed | invalid input | invalid request | invalid payload |"
     "invalid parameter* | invalid argument* | invalid value* | bad request | too large |"
     "too many"},
    {system_error, gpu_error, usual, "cuda | gpu | cudnn"},
    {system_error, config_error, usual, "config | configuration | misconfigured | not configured"},
    {system_error, internal_error, usual, "internal error | internal failure"},

    // Single words, and then the status alone.
    {resource_limit, out_of_memory, weak, "limit | limits | capacity", always,
     "Resource limit exceeded"},
    {service_error, service_down, weak, "service"},
    {validation_error, component_error, weak, "component & error | failed"},
    {validation_error, missing_required_field, weak, "missing | required"},
    {validation_error, invalid_format, weak, "format"},
    {validation_error, invalid_payload, weak, "validation | invalid | does not exist"},
    {response_error, missing_expected_data, weak, "expected"},
    {response_error, invalid_response_format, weak, "response"},
    {system_error, internal_error, weak, "internal"},
    {validation_error, unsupported_operation, weak, "", status(405)},
    {validation_error, invalid_format, weak, "", status(415)},
    {network_error, proxy_error, weak, "", status(407)},
    {network_error, network_timeout, weak, "", status(408)},
    {validation_error, invalid_payload, weak, "", status(400, 499)},
};

}  // namespace failure_table
}  // namespace jobqueue::detail
