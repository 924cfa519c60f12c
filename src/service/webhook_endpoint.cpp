// What an endpoint must be like before it is told anything.
#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <openssl/rand.h>

#include <jobqueue/base64.hpp>
#include <jobqueue/service/webhook_sender.hpp>
#include <jobqueue/signature.hpp>

#include "core/base64_codec.hpp"
#include "net/http_text.hpp"

namespace jobqueue {
namespace {

constexpr std::size_t most_text_chars = 1024;
constexpr std::size_t most_list = 64;
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t id_bytes = 12;

error invalid(std::string message) {
  return {errc::invalid_argument, no_offset, std::move(message)};
}

std::string random_text(std::size_t bytes) {
  std::string random(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(bytes)) != 1) {
    throw exception({errc::internal, no_offset, "there are no random numbers"});
  }
  return random;
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c != '\x7F'; });
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (detail::lower(c) >= 'a' && detail::lower(c) <= 'z') ||
           c == '-' || c == '_';
  });
}

// What the sender writes itself, or what decides how a request is read.
bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 12> ours = {
      "host",       "content-length", "content-type", "transfer-encoding",
      "connection", "expect",         "user-agent",   "x-webhook-signature",
      "te",         "upgrade",        "x-event-id",   "x-webhook-event"};
  const bool is_prefixed = detail::same_name(name.substr(0, 8), "webhook-");
  return is_prefixed || std::any_of(ours.begin(), ours.end(), [&](std::string_view one) {
           return detail::same_name(name, one);
         });
}

status check_texts(const webhook_endpoint& given) {
  if (!given.url.starts_with("https://") && !given.url.starts_with("http://")) {
    return invalid("the URL of an endpoint begins with https:// or http://");
  }
  if (given.url.size() > 2048 || !is_printable(given.url)) return invalid("the URL is none");
  if (!is_token(given.id) || given.id.size() > 64) {
    return invalid("an id has 1 to 64 letters, digits, - or _");
  }
  if (given.description.size() > most_text_chars || !is_printable(given.description)) {
    return invalid("a description has at most 1,024 characters, and no line breaks");
  }
  if (given.event_types.size() > most_list || given.headers.size() > most_list) {
    return invalid("an endpoint has at most 64 types of events and 64 headers");
  }
  for (const std::string& type : given.event_types) {
    if (type.empty() || type.size() > 255 || !is_printable(type)) {
      return invalid("a type of events is a word like workflow_completed");
    }
  }
  for (const auto& [name, value] : given.headers) {
    if (!is_token(name) || !is_printable(value) || value.size() > most_text_chars) {
      return invalid("'" + name + "' is no header");
    }
    if (is_ours(name)) return invalid("the header " + name + " is set by the sender");
  }
  return done;
}

}  // namespace

inline namespace v1 {

result<webhook_endpoint> make_webhook_endpoint(webhook_endpoint given) {
  const auto hex = [](const std::string& bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
      const auto byte = static_cast<unsigned char>(c);
      text += digits[byte >> 4U];
      text += digits[byte & 15U];
    }
    return text;
  };
  if (given.id.empty()) given.id = "wh_" + hex(random_text(id_bytes));
  if (given.scheme.empty()) given.scheme = "standard";
  if (given.scheme != "standard" && given.scheme != "jobqueue") {
    return invalid("webhooks are signed as 'standard' or 'jobqueue' does");
  }
  if (given.secret.empty()) {
    given.secret = "whsec_";
    detail::encode_base64(random_text(secret_bytes), blob_encoding::std_padded, given.secret);
  }
  if (const status checked = check_texts(given); !checked) return checked.problem();
  const auto signer =
      payload_signer::create(parse_signature_scheme(given.scheme).value(), given.secret);
  if (!signer) return signer.problem();
  return given;
}

}  // namespace v1
}  // namespace jobqueue
