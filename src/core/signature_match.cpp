#include "core/signature_match.hpp"

#include <string>

#include <openssl/crypto.h>

namespace jobqueue::detail {
namespace {

// The first byte that differs does not show in the time.
template <class Tag>
bool is_in(const Tag& tag, signature_kind kind, const signature_claim& claim) noexcept {
  int found = 0;
  for (const signature_candidate& one : claim.signatures()) {
    if (one.kind != kind) continue;
    found |= CRYPTO_memcmp(tag.data(), one.bytes.data(), tag.size()) == 0 ? 1 : 0;
  }
  return found != 0;
}

signed_content content_for(const signature_claim& claim, std::string_view body) noexcept {
  return content_of(claim.scheme, claim.has_timestamp, claim.id, claim.timestamp_text, body);
}

// Ed25519 reads its message twice, so it must be in one piece.
std::string joined(const signed_content& content) {
  std::string message;
  std::size_t size = 0;
  for (const std::string_view part : content.view()) size += part.size();
  message.reserve(size);
  for (const std::string_view part : content.view()) message += part;
  return message;
}

bool verifies_any(const ed25519_public_key& key, const signature_claim& claim,
                  std::string_view message) {
  bool found = false;
  for (const signature_candidate& one : claim.signatures()) {
    if (one.kind != signature_kind::ed25519) continue;
    found = key.verify(message, one.bytes) || found;
  }
  return found;
}

bool is_maker(const signature_key& key, const signature_claim& claim, const signed_content& content,
              std::string_view message) {
  if (!decodes_secrets(claim.scheme)) {
    bool found =
        key.text && is_in(key.text->compute(content.view()), signature_kind::sha256, claim);
    if (claim.has_sha512 && key.text_sha512) {
      found =
          is_in(key.text_sha512->compute(content.view()), signature_kind::sha512, claim) || found;
    }
    return found;
  }
  if (key.public_key) return verifies_any(*key.public_key, claim, message);
  return key.decoded && is_in(key.decoded->compute(content.view()), signature_kind::sha256, claim);
}

}  // namespace

std::size_t find_secret(const signature_keys& keys, const signature_claim& claim,
                        std::string_view body) {
  const signed_content content = content_for(claim, body);
  const std::string message = claim.has_ed25519 ? joined(content) : std::string();
  std::size_t found = no_secret;
  for (std::size_t i = keys.keys.size(); i-- > 0;) {
    if (is_maker(keys.keys[i], claim, content, message)) found = i;
  }
  return found;
}

bool matches_any(const hmac_sha256& key, const signature_claim& claim,
                 std::string_view body) noexcept {
  return is_in(key.compute(content_for(claim, body).view()), signature_kind::sha256, claim);
}

}  // namespace jobqueue::detail
