// The secrets of a verifier or a signer as keys. The texts are not kept.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <jobqueue/signature.hpp>

#include "core/ed25519.hpp"
#include "core/hmac.hpp"

namespace jobqueue::detail {

// What is wrong with a list of secrets, and with the text of one, whatever they are for; or null.
[[nodiscard]] const char* check_secret_list(std::span<const std::string_view> secrets) noexcept;
[[nodiscard]] const char* check_secret_text(std::string_view text) noexcept;
// Of the secret at `index` of a list of `count`.
[[nodiscard]] error secret_problem(const char* what, std::size_t index, std::size_t count);

// Whether the secrets of a scheme are what their base64 stands for, and not their text.
[[nodiscard]] constexpr bool decodes_secrets(signature_scheme scheme) noexcept {
  return scheme == signature_scheme::standard || scheme == signature_scheme::svix;
}

// One secret. `automatic` needs it in every form that its text allows.
struct signature_key {
  std::optional<hmac_sha256> text;         // of the schemes whose secret is the text itself
  std::optional<hmac_sha512> text_sha512;  // for Convoy
  std::optional<hmac_sha256> decoded;      // of those that decode it
  std::optional<ed25519_public_key> public_key;

  [[nodiscard]] bool fits(signature_scheme scheme) const noexcept {
    return decodes_secrets(scheme) ? decoded || public_key : text.has_value();
  }
};

// What a sender may have taken for the key by mistake.
struct mistaken_key {
  signature_hint hint;
  bool for_decoded;  // in place of `signature_key::decoded`
  hmac_sha256 hmac;
};

struct signature_keys {
  signature_scheme scheme = signature_scheme::automatic;
  signature_options options;
  std::vector<signature_key> keys;
  std::vector<mistaken_key> mistaken;
};

struct signer_key {
  std::optional<hmac_sha256> hmac;
  std::optional<ed25519_secret_key> secret_key;
};
struct signer_keys {
  signature_scheme scheme = signature_scheme::automatic;
  std::vector<signer_key> keys;
};

[[nodiscard]] result<std::shared_ptr<const signature_keys>> make_verifier_keys(
    signature_scheme scheme, std::span<const std::string_view> secrets,
    const signature_options& options);
[[nodiscard]] result<std::shared_ptr<const signer_keys>> make_signer_keys(
    signature_scheme scheme, std::span<const std::string_view> secrets);

}  // namespace jobqueue::detail
