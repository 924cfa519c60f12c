#include "core/base64_shapes.hpp"

#include <algorithm>
#include <array>

#include "core/base64_context.hpp"

namespace jobqueue::detail {
namespace {

using names = std::span<const std::string_view>;

constexpr std::string_view cut_fields[] = {"image_base64", "base64_image", "img_data",
                                           "image_data",   "photo_base64", "b64_json"};

// State of language models that the next call must carry, signatures over it, and fields of queues
// and formats whose base64 is read by their own program.
constexpr std::string_view protected_fields[] = {
    "encrypted_content", "encrypted_index", "signature",  "thoughtSignature",
    "thought_signature", "error_backtrace", "exc_string", "mappings",
};

// Words of a name, compared in lower case; names are split at case changes and punctuation.
constexpr std::string_view token_words[] = {
    "token",         "tokens",       "secret",       "secrets",       "signature", "signatures",
    "sig",           "signed",       "hash",         "hashes",        "digest",    "checksum",
    "hmac",          "mac",          "nonce",        "key",           "keys",      "cert",
    "certs",         "certificate",  "certificates", "crl",           "csr",       "credential",
    "credentials",   "password",     "passwd",       "passphrase",    "auth",      "authorization",
    "authenticator", "attestation",  "assertion",    "jwt",           "jws",       "jwe",
    "jwk",           "jwks",         "cookie",       "cookies",       "session",   "cursor",
    "continuation",  "pagination",   "csrf",         "xsrf",          "etag",      "integrity",
    "fingerprint",   "encrypted",    "ciphertext",   "cipher",        "sealed",    "proof",
    "witness",       "salt",         "iv",           "kid",           "pem",       "der",
    "pkcs",          "keystore",     "truststore",   "viewstate",     "state",     "script",
    "bytecode",      "invocation",   "verification", "canonicalized", "envelope",  "receipt",
    "macaroon",      "saml",         "ticket",       "challenge",     "xdr",       "psbt",
    "transaction",   "transactions", "tx",           "txs",           "captcha",   "recaptcha",
    "redacted",      "scroll",
};
// The same for names that are one word to the eye but several to the splitter, or none.
constexpr std::string_view token_names[] = {
    "SAMLResponse", "SAMLRequest", "x5c",        "x5u",         "rawtx",
    "txbytes",      "leaf_input",  "extra_data", "paymentData", "payment_data"};

// Members that only a signed or encrypted object has.
constexpr std::string_view envelope_words[] = {"signature",  "signatures", "sig",       "signed",
                                               "ciphertext", "encrypted",  "ephemeral", "proof",
                                               "hmac",       "jws",        "jwe"};
constexpr std::string_view envelope_names[] = {
    "payloadType", "protected", "publicKeyHash", "iv", "nonce", "kid", "kty", "verification"};
// An object of this name is made of such values.
constexpr std::string_view envelope_parents[] = {
    "signature",    "signatures",  "sig",   "signed", "proof",   "jws",
    "jwe",          "key",         "keys",  "secret", "secrets", "certificate",
    "certificates", "credentials", "token", "tokens", "fluid"};

bool contains(names list, std::string_view name) noexcept {
  return std::any_of(list.begin(), list.end(),
                     [&](std::string_view entry) { return equal_ignoring_case(entry, name); });
}

bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }

// Calls `visit` with each word of a name: pageToken, page_token, PAGE-TOKEN, pageTOKENId.
template <class Visit>
bool any_word(std::string_view name, Visit visit) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    const bool letter = i < name.size() && (is_upper(name[i]) || is_lower(name[i]));
    const bool hump = letter && i > begin && is_upper(name[i]) &&
                      (is_lower(name[i - 1]) || (i + 1 < name.size() && is_lower(name[i + 1])));
    if (letter && !hump) continue;
    if (i > begin && visit(name.substr(begin, i - begin))) return true;
    begin = hump ? i : i + 1;
  }
  return false;
}

bool has_word_of(names list, std::string_view name) {
  constexpr std::size_t longest_telling = 64;  // what is longer is no name that people gave
  return name.size() <= longest_telling &&
         any_word(name, [&](std::string_view word) { return contains(list, word); });
}

const value_neighbour* find_neighbour(const value_shape& shape, std::string_view name) noexcept {
  for (const auto& neighbour : shape.neighbours) {
    if (equal_ignoring_case(neighbour.name, name)) return &neighbour;
  }
  return nullptr;
}

bool has_all(const value_shape& shape, std::initializer_list<std::string_view> wanted) noexcept {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](std::string_view name) { return find_neighbour(shape, name) != nullptr; });
}

bool has_value(const value_shape& shape, std::string_view name, std::string_view value) noexcept {
  return std::any_of(shape.neighbours.begin(), shape.neighbours.end(), [&](const auto& neighbour) {
    return equal_ignoring_case(neighbour.name, name) && equal_ignoring_case(neighbour.value, value);
  });
}

}  // namespace

bool is_cut_field(std::string_view name) noexcept { return contains(cut_fields, name); }

bool is_protected_field(std::string_view name) noexcept { return contains(protected_fields, name); }

bool is_entry_of_token(const value_shape& shape) noexcept {
  if (!equal_ignoring_case(shape.name, "value")) return false;
  return std::any_of(shape.neighbours.begin(), shape.neighbours.end(), [](const auto& neighbour) {
    const bool says = !neighbour.child && (equal_ignoring_case(neighbour.name, "name") ||
                                           equal_ignoring_case(neighbour.name, "key"));
    return says && (names_a_token(neighbour.value) || is_protected_field(neighbour.value));
  });
}

bool names_a_token(std::string_view name) noexcept {
  return has_word_of(token_words, name) || contains(token_names, name);
}

bool is_protected_shape(const value_shape& shape) noexcept {
  if (has_word_of(envelope_parents, shape.parent_name)) return true;
  for (const auto& neighbour : shape.neighbours) {
    if (neighbour.child) continue;
    if (has_word_of(envelope_words, neighbour.name) || contains(envelope_names, neighbour.name)) {
      return true;
    }
  }
  // {"type": "redacted_thinking"}, {"type": "reasoning.encrypted"}
  const value_neighbour* type = find_neighbour(shape, "type");
  return type != nullptr && (type->value.find("redacted") != std::string_view::npos ||
                             type->value.find("encrypted") != std::string_view::npos);
}

bool is_queue_payload(const value_shape& shape) noexcept {
  if (equal_ignoring_case(shape.name, "body")) {
    // Celery and kombu; API Gateway
    return has_value(shape, "body_encoding", "base64") ||
           find_neighbour(shape, "isBase64Encoded") != nullptr;
  }
  if (equal_ignoring_case(shape.name, "payload")) {
    return has_value(shape, "payload_encoding", "base64");  // RabbitMQ's management API
  }
  if (equal_ignoring_case(shape.name, "value")) {
    return has_all(shape, {"topic", "partition"}) || has_all(shape, {"topic", "offset"});  // Kafka
  }
  if (!equal_ignoring_case(shape.name, "data")) return false;
  if (shape.parent_name == "awslogs" || shape.parent_name == "kinesis") return true;
  if (find_neighbour(shape, "recordId") != nullptr ||         // Firehose
      find_neighbour(shape, "basicProperties") != nullptr ||  // RabbitMQ
      has_all(shape, {"messageID", "destination"}) ||         // ActiveMQ
      has_all(shape, {"messageId", "publishTime"}) ||         // Pub/Sub
      has_all(shape, {"message_id", "publish_time"})) {
    return true;
  }
  // Temporal: {"metadata": {"encoding": base64 of "json/...", "binary/..."}, "data": ...}
  return std::any_of(shape.neighbours.begin(), shape.neighbours.end(), [](const auto& neighbour) {
    return neighbour.child && neighbour.name == "encoding" &&
           neighbour.value.size() < sanitize_limits::min_run_chars &&  // never a blob itself
           (neighbour.value.starts_with("anNvbi") || neighbour.value.starts_with("YmluYXJ5"));
  });
}

typed_value find_type(const value_shape& shape) {
  constexpr std::string_view families[] = {"image/",       "audio/", "video/",
                                           "application/", "font/",  "model/"};
  for (const std::string_view family : families) {
    if (shape.name.size() > family.size() &&
        equal_ignoring_case(shape.name.substr(0, family.size()), family)) {
      return {true, shape.name, nullptr};
    }
  }
  constexpr std::string_view type_names[] = {"mimeType",  "mime_type",   "media_type",
                                             "mediaType", "contentType", "content_type"};
  const value_neighbour* type = nullptr;
  for (const auto& neighbour : shape.neighbours) {
    if (!neighbour.child && contains(type_names, neighbour.name) &&
        !clean_media_type(neighbour.value).empty()) {
      type = &neighbour;
    }
  }
  if (equal_ignoring_case(shape.name, "data") && type != nullptr) {
    return {true, type->value, type};
  }
  if (equal_ignoring_case(shape.name, "content") || equal_ignoring_case(shape.name, "text")) {
    const value_neighbour* encoding = find_neighbour(shape, "encoding");
    if (encoding != nullptr && !encoding->child && equal_ignoring_case(encoding->value, "base64")) {
      return {true, type != nullptr ? type->value : std::string_view{}, encoding};
    }
  }
  return {};
}

std::string clean_media_type(std::string_view raw) {
  constexpr std::size_t max_media_type = 127;
  std::string type;
  std::size_t slashes = 0;
  for (std::size_t i = 0; i < raw.size() && raw[i] != ';'; ++i) {
    char c = raw[i];
    if (c == ' ') continue;
    if (c == '\\') {
      const std::size_t stop = raw.find_first_not_of('\\', i);
      if (stop == std::string_view::npos) return {};
      i = stop;
      c = raw[i];
      if (c == 'u') {
        const std::string_view code = raw.substr(i + 1, 4);
        c = equal_ignoring_case(code, "002f") ? '/' : equal_ignoring_case(code, "002b") ? '+' : ' ';
        i += 4;
      }
      if (c != '/' && c != '+') return {};
    }
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
    const bool token = is_lower(c) || (c >= '0' && c <= '9') ||
                       std::string_view("/+-._").find(c) != std::string_view::npos;
    if (!token || type.size() == max_media_type) return {};
    slashes += c == '/' ? 1 : 0;
    type.push_back(c);
  }
  if (slashes != 1 || type.front() == '/' || type.back() == '/') return {};
  return type;
}

blob_class class_of(std::string_view media_type) noexcept {
  const auto family = media_type.substr(0, media_type.find('/'));
  if (family == "image") return blob_class::image;
  if (family == "audio") return blob_class::audio;
  if (family == "video") return blob_class::video;
  if (family == "model") return blob_class::model;
  if (family == "font") return blob_class::font;
  if (family == "text") return blob_class::text;
  constexpr std::string_view text_types[] = {"application/json", "application/xml",
                                             "application/javascript"};
  if (contains(text_types, media_type)) return blob_class::text;
  if (media_type == "application/pdf") return blob_class::document;
  return blob_class::data;
}

}  // namespace jobqueue::detail

namespace jobqueue {
inline namespace v1 {

std::span<const std::string_view> default_cut_fields() noexcept { return detail::cut_fields; }

}  // namespace v1
}  // namespace jobqueue
