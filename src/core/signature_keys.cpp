#include "core/signature_keys.hpp"

#include <string>

#include "core/signature_text.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::string_view symmetric_prefix = "whsec_";
constexpr std::string_view public_prefix = "whpk_";
constexpr std::string_view secret_prefix = "whsk_";
constexpr std::size_t min_symmetric_bytes = 24;
constexpr std::size_t max_symmetric_bytes = 64;
constexpr std::string_view white_space = " \t\r\n";

std::string_view without_prefix(std::string_view text, std::string_view prefix) noexcept {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

std::string_view trim(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(white_space);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(white_space) - begin + 1);
}

// The base64 of a secret of Standard Webhooks: why it is none, or null.
const char* decode_exact(std::string_view base64, std::size_t least, std::size_t most,
                         secret_bytes& out) noexcept {
  const auto size = decode_base64_bytes(base64, out.room());
  if (!size) {
    return "is not padded base64 in the standard alphabet; take it as the sender shows it, without "
           "white space or quotation marks";
  }
  if (*size < least || *size > most) {
    return most == max_symmetric_bytes ? "stands for less than 24 or more than 64 bytes"
                                       : "does not stand for the bytes of an Ed25519 key";
  }
  out.set_size(*size);
  return nullptr;
}

const char* decode_symmetric(std::string_view text, secret_bytes& out) noexcept {
  if (text.starts_with("v1,")) return "begins with \"v1,\", which is not part of it; leave it out";
  return decode_exact(without_prefix(text, symmetric_prefix), min_symmetric_bytes,
                      max_symmetric_bytes, out);
}

std::span<const std::uint8_t> bytes_of(const secret_bytes& bytes) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(bytes.view().data()), bytes.view().size()};
}

constexpr const char* small_order_key = "is a public key with which everybody can sign";
constexpr const char* other_public_key = "has a public half that does not belong to its seed";

const char* read_secret_key(std::string_view text, std::optional<ed25519_secret_key>& key,
                            secret_bytes& bytes) {
  constexpr std::size_t size = ed25519_secret_key::size;
  if (const char* wrong = decode_exact(text.substr(secret_prefix.size()), size, size, bytes)) {
    return wrong;
  }
  key = ed25519_secret_key::create(bytes_of(bytes).first<size>());
  return key ? nullptr : other_public_key;
}

const char* read_public_key(std::string_view text, signature_key& key) {
  constexpr std::size_t size = ed25519_public_key::size;
  secret_bytes bytes;
  if (text.starts_with(secret_prefix)) {
    std::optional<ed25519_secret_key> whole;
    if (const char* wrong = read_secret_key(text, whole, bytes)) return wrong;
    key.public_key = ed25519_public_key::create(bytes_of(bytes).last<size>());
  } else {
    if (const char* wrong = decode_exact(text.substr(public_prefix.size()), size, size, bytes)) {
      return wrong;
    }
    key.public_key = ed25519_public_key::create(bytes_of(bytes).first<size>());
  }
  return key.public_key ? nullptr : small_order_key;
}

bool is_ed25519(std::string_view text) noexcept {
  return text.starts_with(public_prefix) || text.starts_with(secret_prefix);
}

const char* read_key(signature_scheme scheme, std::string_view text, signature_key& key) {
  if (const char* wrong = check_secret_text(text)) return wrong;
  const bool is_automatic = scheme == signature_scheme::automatic;
  if (decodes_secrets(scheme) || is_automatic) {
    // A key pair is of no other scheme, so for `automatic` it is one or an error, too.
    if (is_ed25519(text)) return read_public_key(text, key);
    secret_bytes bytes;
    const char* const wrong = decode_symmetric(text, bytes);
    if (wrong == nullptr) key.decoded.emplace(bytes.view());
    if (!is_automatic) return wrong;
  }
  key.text.emplace(text);
  if (scheme == signature_scheme::convoy || is_automatic) key.text_sha512.emplace(text);
  return nullptr;
}

// What a sender may have used in place of `text`; a bounded number for each secret.
class mistakes {
 public:
  mistakes(std::vector<mistaken_key>& out, std::string_view text, bool for_decoded)
      : out_(out), text_(text), for_decoded_(for_decoded) {}

  void add_of_text() {
    const std::string_view trimmed = trim(text_);
    if (trimmed != text_) add(signature_hint::secret_white_space, trimmed);
    add(signature_hint::secret_white_space, text_, "", "\n");
    if (trimmed.size() > 2 && trimmed.front() == trimmed.back() &&
        (trimmed.front() == '"' || trimmed.front() == '\'')) {
      add(signature_hint::secret_quoted, trimmed.substr(1, trimmed.size() - 2));
    }
    const std::string_view bare = without_prefix(without_prefix(trimmed, "v1,"), symmetric_prefix);
    if (bare != trimmed && !bare.empty()) add(signature_hint::secret_prefix, bare);
    if (bare == trimmed) add(signature_hint::secret_prefix, bare, symmetric_prefix);
    add_decoded(bare);
  }

  void add_of_decoded() {
    add(signature_hint::secret_encoding, text_);
    const std::string_view bare = without_prefix(text_, symmetric_prefix);
    if (bare != text_) {
      add(signature_hint::secret_encoding, bare);
    } else {
      add(signature_hint::secret_encoding, text_, symmetric_prefix);
    }
  }

 private:
  void add(signature_hint hint, std::string_view key, std::string_view before = {},
           std::string_view after = {}) {
    if (before.empty() && after.empty()) {
      out_.push_back({hint, for_decoded_, hmac_sha256(key)});
      return;
    }
    secret_bytes whole;
    for (const std::string_view part : {before, key, after}) whole.append(part);
    out_.push_back({hint, for_decoded_, hmac_sha256(whole.view())});
  }
  void add_decoded(std::string_view text) {
    secret_bytes bytes;
    if (const auto size = decode_base64_bytes(text, bytes.room(), base64_form::lenient)) {
      bytes.set_size(*size);
      add(signature_hint::secret_encoding, bytes.view());
    }
    if (text.size() % 2 == 0 &&
        decode_hex(text, bytes.room().first(text.size() / 2), hex_case::any)) {
      bytes.set_size(text.size() / 2);
      add(signature_hint::secret_encoding, bytes.view());
    }
  }

  std::vector<mistaken_key>& out_;
  std::string_view text_;
  bool for_decoded_;
};

const char* read_signer_key(signature_scheme scheme, std::string_view text, signer_key& key) {
  if (const char* wrong = check_secret_text(text)) return wrong;
  if (!decodes_secrets(scheme)) {
    key.hmac.emplace(text);
    return nullptr;
  }
  if (text.starts_with(public_prefix)) return "is a public key, which cannot sign";
  secret_bytes bytes;
  if (text.starts_with(secret_prefix)) return read_secret_key(text, key.secret_key, bytes);
  if (const char* wrong = decode_symmetric(text, bytes)) return wrong;
  key.hmac.emplace(bytes.view());
  return nullptr;
}

bool has_one_signature(signature_scheme scheme) noexcept {
  return scheme == signature_scheme::jobqueue || scheme == signature_scheme::github ||
         scheme == signature_scheme::slack;
}

}  // namespace

const char* check_secret_list(std::span<const std::string_view> secrets) noexcept {
  if (secrets.empty()) return "there must be a secret";
  if (secrets.size() > max_signature_secrets) return "there are more than 32 secrets";
  return nullptr;
}

const char* check_secret_text(std::string_view text) noexcept {
  if (trim(text).empty()) return "is empty";
  if (text.size() > max_secret_bytes) return "is longer than 4096 bytes";
  return nullptr;
}

error secret_problem(const char* what, std::size_t index, std::size_t count) {
  const std::string which =
      count == 1 ? "the secret " : "secret " + std::to_string(index + 1) + " of the list ";
  return {errc::secret_invalid, no_offset, which + what};
}

result<std::shared_ptr<const signature_keys>> make_verifier_keys(
    signature_scheme scheme, std::span<const std::string_view> secrets,
    const signature_options& options) {
  if (const char* wrong = check_secret_list(secrets))
    return error{errc::invalid_argument, no_offset, wrong};
  if (options.tolerance.count() < 0) {
    return error{errc::invalid_argument, no_offset, "the tolerance must not be negative"};
  }
  auto made = std::make_shared<signature_keys>();
  made->scheme = scheme;
  made->options = options;
  made->keys.reserve(secrets.size());
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    signature_key& key = made->keys.emplace_back();
    if (const char* wrong = read_key(scheme, secrets[i], key)) {
      return secret_problem(wrong, i, secrets.size());
    }
    if (!options.hints) continue;
    if (key.text) mistakes(made->mistaken, secrets[i], false).add_of_text();
    if (key.decoded) mistakes(made->mistaken, secrets[i], true).add_of_decoded();
  }
  return std::shared_ptr<const signature_keys>(std::move(made));
}

result<std::shared_ptr<const signer_keys>> make_signer_keys(
    signature_scheme scheme, std::span<const std::string_view> secrets) {
  if (scheme == signature_scheme::automatic) {
    return error{errc::invalid_argument, no_offset, "the scheme to sign with must be named"};
  }
  if (const char* wrong = check_secret_list(secrets))
    return error{errc::invalid_argument, no_offset, wrong};
  if (secrets.size() > 1 && has_one_signature(scheme)) {
    return error{errc::invalid_argument, no_offset, "this scheme has room for one signature only"};
  }
  if (secrets.size() > max_signatures) {
    return error{errc::invalid_argument, no_offset, "there are more than 16 secrets to sign with"};
  }
  auto made = std::make_shared<signer_keys>();
  made->scheme = scheme;
  made->keys.reserve(secrets.size());
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    if (const char* wrong = read_signer_key(scheme, secrets[i], made->keys.emplace_back())) {
      return secret_problem(wrong, i, secrets.size());
    }
  }
  return std::shared_ptr<const signer_keys>(std::move(made));
}

}  // namespace jobqueue::detail
