#include <jobqueue/signature.hpp>

#include <algorithm>
#include <array>

#include "core/signature_claim.hpp"
#include "core/signature_keys.hpp"
#include "core/signature_match.hpp"
#include "core/signature_text.hpp"

namespace jobqueue {
namespace {

using namespace detail;

constexpr std::array<std::string_view, 8> scheme_words = {"auto", "jobqueue", "github", "standard",
                                                          "svix", "stripe",   "slack",  "convoy"};

constexpr std::array<std::string_view, 13> hint_words = {
    "",
    "body_reserialized",
    "trailing_newline",
    "secret_white_space",
    "secret_quoted",
    "secret_prefix",
    "secret_encoding",
    "clock_off",
    "upper_case_hex",
    "signature_form",
    "wrong_header",
    "other_scheme",
    "several_schemes",
};

constexpr std::array<std::string_view, 13> hint_sentences = {
    "",
    "it is right for the same JSON in another layout: verify the bytes as they came, before any "
    "parsing",
    "it is right with a line break at the end of the body, or without: verify the bytes as they "
    "came",
    "it is right for a secret with other white space around it: look at how the secret is stored",
    "it is right for the secret without its quotation marks: look at how the secret is stored",
    "it is right for the secret with the prefix whsec_, or without: take it as the sender does",
    "it is right for the secret in another encoding: the sender takes its text where this scheme "
    "takes what it encodes, or the other way round",
    "",
    "it is right in lower case: hexadecimal digits must not be changed on the way",
    "it is right, but its form is not that of the scheme: see what the sender puts before it, and "
    "how it is encoded",
    "it is right, but in another header: look at the name that the sender or a proxy gives it",
    "there is the header of another scheme: name the scheme that the sender uses",
    "there are the headers of more than one scheme: name the one that is to be believed",
};

// Nobody's clock says more, and no difference overflows.
constexpr std::int64_t max_seconds = 1'000'000'000'000'000;

std::int64_t age_of(const signature_claim& claim, std::chrono::sys_seconds now) noexcept {
  const auto seconds = static_cast<std::int64_t>(now.time_since_epoch().count());
  return std::clamp(seconds, -max_seconds, max_seconds) - claim.timestamp;
}

bool is_in_time(std::int64_t age, std::chrono::seconds tolerance) noexcept {
  return tolerance == any_age || (age <= tolerance.count() && age >= -tolerance.count());
}

bool fits_any(const signature_keys& keys, signature_scheme scheme) noexcept {
  return std::any_of(keys.keys.begin(), keys.keys.end(),
                     [&](const signature_key& key) { return key.fits(scheme); });
}

errc read_headers(const signature_keys& keys, const found_headers& found, signature_claim& claim,
                  verification& answer) noexcept {
  if (keys.scheme == signature_scheme::automatic) {
    if (const errc problem = find_scheme(found, answer.scheme); problem != errc::ok) return problem;
    if (!fits_any(keys, answer.scheme)) return errc::secret_invalid;
  }
  return read_claim(answer.scheme, found, claim);
}

errc judge(const signature_keys& keys, const signature_claim& claim, std::string_view body,
           std::chrono::sys_seconds now, verification& answer) {
  answer.secret_index = find_secret(keys, claim, body);
  if (answer.secret_index == no_secret) return errc::signature_mismatch;
  if (!claim.has_timestamp) return errc::ok;
  answer.age_seconds = age_of(claim, now);
  return is_in_time(answer.age_seconds, keys.options.tolerance) ? errc::ok
                                                                : errc::timestamp_out_of_tolerance;
}

std::string clock_sentence(std::int64_t age) {
  constexpr std::int64_t millis_from = 100'000'000'000;  // the year 5138
  if (age < -millis_from) return "the timestamp is in milliseconds, and must be in seconds";
  const std::string seconds = std::to_string(age < 0 ? -age : age);
  if (age < 0) {
    return "it is from " + seconds + " seconds in the future: compare the clocks of both machines";
  }
  return "it is " + seconds + " seconds old: compare the clocks, or it was kept and sent again";
}

std::string reason_sentence(const verification& answer) {
  const bool is_known = answer.scheme != signature_scheme::automatic;
  const std::string header(is_known ? name_of(signature_header_of(answer.scheme)) : "");
  switch (answer.reason) {
    case errc::ok: return "the signature is good";
    case errc::signature_missing:
      return is_known ? "there is no signature: the header " + header +
                            ", or one that goes with it, is absent or empty"
                      : "there is no signature: no header of a known scheme is there";
    case errc::signature_malformed:
      return is_known ? "the header " + header +
                            ", or one that goes with it, is not of the form of the scheme " +
                            std::string(to_string(answer.scheme))
                      : "it is not clear which signature is meant";
    case errc::signature_mismatch: return "no secret made this signature over this body";
    case errc::timestamp_out_of_tolerance:
      return "the signature is good, but its time is not within the tolerance";
    case errc::secret_invalid:
      return "no secret is one of the scheme " + std::string(to_string(answer.scheme));
    default: return "the signature was not verified";
  }
}

std::string signature_value(const signer_keys& keys, std::string_view timestamp,
                            const signed_content& content) {
  const bool decodes = decodes_secrets(keys.scheme);
  const bool is_list =
      keys.scheme == signature_scheme::stripe || keys.scheme == signature_scheme::convoy;
  std::string value;
  if (is_list) value.append("t=").append(timestamp);
  std::string message;
  for (const signer_key& key : keys.keys) {
    if (decodes && !value.empty()) value += ' ';
    if (key.secret_key) {
      message.clear();
      for (const std::string_view part : content.view()) message += part;
      value += "v1a,";
      append_base64(key.secret_key->sign(message), value);
      continue;
    }
    const auto tag = key.hmac->compute(content.view());
    value += decodes                                  ? "v1,"
             : is_list                                ? ",v1="
             : keys.scheme == signature_scheme::slack ? "v0="
                                                      : "sha256=";
    if (decodes) {
      append_base64(tag, value);
    } else {
      append_hex(tag, value);
    }
  }
  return value;
}

}  // namespace

inline namespace v1 {

std::string_view to_string(signature_scheme scheme) noexcept {
  const auto i = static_cast<std::size_t>(scheme);
  return i < scheme_words.size() ? scheme_words[i] : std::string_view();
}

result<signature_scheme> parse_signature_scheme(std::string_view word) {
  for (std::size_t i = 0; i < scheme_words.size(); ++i) {
    if (word == scheme_words[i]) return static_cast<signature_scheme>(i);
  }
  return error{errc::invalid_argument, no_offset,
               "a scheme is auto, jobqueue, github, standard, svix, stripe, slack or convoy"};
}

std::string_view to_string(signature_hint hint) noexcept {
  const auto i = static_cast<std::size_t>(hint);
  return i < hint_words.size() ? hint_words[i] : std::string_view();
}

std::string describe_verification(const verification& answer) {
  std::string words = reason_sentence(answer);
  const auto i = static_cast<std::size_t>(answer.hint);
  const std::string hint = answer.hint == signature_hint::clock_off
                               ? clock_sentence(answer.age_seconds)
                           : i < hint_sentences.size() ? std::string(hint_sentences[i])
                                                       : std::string();
  if (!hint.empty()) words.append("; ").append(hint);
  return words;
}

result<signature_verifier> signature_verifier::create(signature_scheme scheme,
                                                      std::span<const std::string_view> secrets,
                                                      const signature_options& options) {
  auto keys = make_verifier_keys(scheme, secrets, options);
  if (!keys) return keys.problem();
  return signature_verifier(*std::move(keys));
}

result<signature_verifier> signature_verifier::create(signature_scheme scheme,
                                                      std::string_view secret,
                                                      const signature_options& options) {
  return create(scheme, std::span(&secret, 1), options);
}

verification signature_verifier::verify(std::span<const header_field> headers,
                                        std::string_view body, std::chrono::sys_seconds now) const {
  const found_headers found(headers);
  signature_claim claim;
  verification answer;
  answer.scheme = keys_->scheme;
  answer.reason = read_headers(*keys_, found, claim, answer);
  if (answer.reason == errc::ok) answer.reason = judge(*keys_, claim, body, now, answer);
  if (answer.reason != errc::ok) {
    answer.hint = find_hint(*keys_, answer.scheme, answer.reason, claim, found, headers, body);
  }
  return answer;
}

signature_scheme signature_verifier::scheme() const noexcept { return keys_->scheme; }

result<payload_signer> payload_signer::create(signature_scheme scheme,
                                              std::span<const std::string_view> secrets) {
  auto keys = make_signer_keys(scheme, secrets);
  if (!keys) return keys.problem();
  return payload_signer(*std::move(keys));
}

result<payload_signer> payload_signer::create(signature_scheme scheme, std::string_view secret) {
  return create(scheme, std::span(&secret, 1));
}

result<std::vector<signature_header>> payload_signer::sign(std::string_view body,
                                                           std::string_view id,
                                                           std::chrono::sys_seconds now) const {
  const signature_scheme scheme = keys_->scheme;
  if (decodes_secrets(scheme) ? !is_message_id(id) : !id.empty()) {
    return error{errc::invalid_argument, no_offset,
                 "an id is for standard and svix: 1 to 256 printable ASCII characters, no dot"};
  }
  const auto seconds = static_cast<std::int64_t>(now.time_since_epoch().count());
  if (seconds < 0 || seconds >= max_seconds) {
    return error{errc::invalid_argument, no_offset, "the time to sign for is out of range"};
  }
  const std::string timestamp = std::to_string(seconds);
  const signed_content content = content_of(scheme, true, id, timestamp, body);
  std::vector<signature_header> headers;
  const auto add = [&](known_header name, std::string value) {
    headers.push_back({std::string(name_of(name)), std::move(value)});
  };
  const bool is_svix = scheme == signature_scheme::svix;
  if (decodes_secrets(scheme)) {
    add(is_svix ? known_header::svix_id : known_header::webhook_id, std::string(id));
    add(is_svix ? known_header::svix_timestamp : known_header::webhook_timestamp, timestamp);
  } else if (scheme == signature_scheme::slack) {
    add(known_header::x_slack_request_timestamp, timestamp);
  }
  add(signature_header_of(scheme), signature_value(*keys_, timestamp, content));
  return headers;
}

signature_scheme payload_signer::scheme() const noexcept { return keys_->scheme; }

result<verification> verify_signature(signature_scheme scheme, std::string_view secret,
                                      std::span<const header_field> headers, std::string_view body,
                                      std::chrono::sys_seconds now,
                                      const signature_options& options) {
  const auto verifier = signature_verifier::create(scheme, secret, options);
  if (!verifier) return verifier.problem();
  return verifier->verify(headers, body, now);
}

result<std::vector<signature_header>> sign_payload(signature_scheme scheme, std::string_view secret,
                                                   std::string_view body, std::string_view id,
                                                   std::chrono::sys_seconds now) {
  const auto signer = payload_signer::create(scheme, secret);
  if (!signer) return signer.problem();
  return signer->sign(body, id, now);
}

}  // namespace v1
}  // namespace jobqueue
