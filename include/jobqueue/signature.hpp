// jobqueue - signature: sign webhooks and verify them, in every common scheme, and say why not.
//
//   #include <iostream>
//   #include <jobqueue/jobqueue.hpp>
//
//   int main() {
//     using namespace jobqueue;
//     constexpr std::string_view secret = "It's a Secret to Everybody";
//     const auto verifier = signature_verifier::create(signature_scheme::github, secret).value();
//     const header_field headers[] = {
//         {"X-Hub-Signature-256",
//          "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}};
//     const auto good = verifier.verify(headers, "Hello, World!", {});
//     const auto bad = verifier.verify(headers, "Hello, World!\n", {});
//     std::cout << good.ok() << ' ' << error_name(bad.reason) << ' ' << to_string(bad.hint);
//   }
//
// prints "1 SIGNATURE_MISMATCH trailing_newline".
//
// A body is the bytes as they came, before any parsing. docs/api/signature.md has the schemes, the
// forms of their secrets, and the hints.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqueue/result.hpp>

namespace jobqueue {
namespace detail {
struct signature_keys;
struct signer_keys;
}  // namespace detail
inline namespace v1 {

/// Who signs how. The numbers are pinned, as C has them, too.
enum class signature_scheme : std::uint8_t {
  automatic = 0,  ///< "auto": what the headers say; for verifying only.
  jobqueue = 1,   ///< x-webhook-signature: sha256=<hex of HMAC-SHA256 of the body>
  github = 2,     ///< x-hub-signature-256: sha256=<the same>
  standard =
      3,       ///< Standard Webhooks: webhook-id, -timestamp, -signature: v1,<base64> v1a,<base64>
  svix = 4,    ///< The same as svix-id, -timestamp, -signature, or webhook-*
  stripe = 5,  ///< stripe-signature: t=<seconds>,v1=<hex>
  slack = 6,   ///< x-slack-request-timestamp, x-slack-signature: v0=<hex>
  convoy = 7,  ///< x-convoy-signature: t=<seconds>,v1=<hex or base64>, or that alone
};

/// "auto", "jobqueue", "github", ... Static.
[[nodiscard]] std::string_view to_string(signature_scheme scheme) noexcept;
/// The scheme of that word; `invalid_argument` if there is none.
[[nodiscard]] result<signature_scheme> parse_signature_scheme(std::string_view word);

/// The likely mistake behind a refusal. Found by trying; what was found is refused all the same.
enum class signature_hint : std::uint8_t {
  none,
  body_reserialized,   ///< Right for the same JSON in another layout: it was parsed and printed.
  trailing_newline,    ///< Right with a line break at the end of the body, or without.
  secret_white_space,  ///< Right with white space around the secret, or without.
  secret_quoted,       ///< Right without the quotation marks around the secret.
  secret_prefix,       ///< Right with whsec_ before the secret, or without.
  secret_encoding,     ///< Right with the text of the secret in place of what it encodes, or back.
  clock_off,           ///< Right, but one of the clocks is off, or it is an old message.
  upper_case_hex,      ///< Right in lower case.
  signature_form,      ///< Right, but without its prefix or in another encoding.
  wrong_header,        ///< Right, but in another header.
  other_scheme,        ///< There is the header of another scheme.
  several_schemes,     ///< `automatic`: there are the headers of more than one.
};

/// "body_reserialized", ...; empty for `none`. Static.
[[nodiscard]] std::string_view to_string(signature_hint hint) noexcept;

/// One header of a request. Names are compared without case; white space around a value is not part
/// of it.
struct header_field {
  std::string_view name;
  std::string_view value;
};

/// A header that `payload_signer` made.
struct signature_header {
  std::string name;
  std::string value;
  friend bool operator==(const signature_header&, const signature_header&) = default;
};

/// As `signature_options::tolerance`: whatever the age is, it is accepted.
inline constexpr std::chrono::seconds any_age = std::chrono::seconds::max();
/// As `verification::secret_index`: none.
inline constexpr std::size_t no_secret = std::numeric_limits<std::size_t>::max();
/// Limits: more secrets, or longer ones (in bytes), are not taken; a header with more bytes or with
/// more signatures is malformed.
inline constexpr std::size_t max_signature_secrets = 32;
inline constexpr std::size_t max_secret_bytes = 4096;
inline constexpr std::size_t max_signature_header_bytes = 8192;
inline constexpr std::size_t max_signatures = 16;

struct signature_options {
  /// How far a timestamp may be from `now`, before or after it; not negative. 0 is the same second,
  /// and not "unchecked".
  std::chrono::seconds tolerance{300};
  /// Look for the likely mistake behind a refusal: at most about 4 MiB of hashing.
  bool hints = true;
};

/// The answer of a verifier.
struct verification {
  /// `ok`, or why not: `signature_missing`, `signature_malformed`, `signature_mismatch`,
  /// `timestamp_out_of_tolerance`; `secret_invalid` if no secret fits the scheme that `automatic`
  /// found.
  errc reason = errc::internal;
  signature_scheme scheme = signature_scheme::automatic;  ///< `automatic`: it was not found out.
  signature_hint hint = signature_hint::none;
  std::size_t secret_index = no_secret;  ///< Which secret made the signature, from 0.
  /// `now` less the timestamp; 0 if the scheme has none, or if it cannot be believed.
  std::int64_t age_seconds = 0;

  [[nodiscard]] bool ok() const noexcept { return reason == errc::ok; }
};

/// A sentence that says why not and what to do; it holds no bytes of the body or of a secret.
[[nodiscard]] std::string describe_verification(const verification& answer);

/// Verifies webhooks. Keyed once; immutable, so that any number of threads may use it; copies share
/// the keys, which are cleansed with the last one. The texts of the secrets are not kept.
class signature_verifier {
 public:
  /// `invalid_argument` for a list of secrets that is empty or too long, and for a tolerance below
  /// 0. `secret_invalid` if one of them cannot be a secret of the scheme: empty, too long, or for
  /// `standard` and `svix` not [whsec_]<base64 of 24 to 64 bytes>, whpk_<base64 of 32 bytes> or
  /// whsk_<base64 of 64 bytes>. For `automatic` any text that is one of some scheme will do.
  [[nodiscard]] static result<signature_verifier> create(signature_scheme scheme,
                                                         std::span<const std::string_view> secrets,
                                                         const signature_options& options = {});
  [[nodiscard]] static result<signature_verifier> create(signature_scheme scheme,
                                                         std::string_view secret,
                                                         const signature_options& options = {});

  /// Whether one of the secrets made the signature in `headers` over `body`, not too long before or
  /// after `now`. Every secret is tried with every signature, in constant time. Linear time;
  /// nothing is allocated unless there is a hint to look for or an Ed25519 signature.
  ///
  ///     verify(sign(body, id, t) + other headers, body, t).ok()
  [[nodiscard]] verification verify(std::span<const header_field> headers, std::string_view body,
                                    std::chrono::sys_seconds now) const;

  [[nodiscard]] signature_scheme scheme() const noexcept;

 private:
  explicit signature_verifier(std::shared_ptr<const detail::signature_keys> keys) noexcept
      : keys_(std::move(keys)) {}
  std::shared_ptr<const detail::signature_keys> keys_;
};

/// Makes the headers of a webhook. Keyed once, immutable, shared as a `signature_verifier` is.
class payload_signer {
 public:
  /// Several secrets (while they are rotated) give several signatures; `jobqueue`, `github` and
  /// `slack` have room for one. Errors as of the verifier; `invalid_argument` for `automatic`,
  /// `secret_invalid` for whpk_, which cannot sign.
  [[nodiscard]] static result<payload_signer> create(signature_scheme scheme,
                                                     std::span<const std::string_view> secrets);
  [[nodiscard]] static result<payload_signer> create(signature_scheme scheme,
                                                     std::string_view secret);

  /// The headers for `body`, in lower case. `id` is for `standard` and `svix`, which need one of 1
  /// to 256 printable ASCII characters without a dot; the others take none. `now` is not before
  /// 1970, and is for the schemes with a timestamp: all but `jobqueue` and `github`.
  /// `invalid_argument`.
  [[nodiscard]] result<std::vector<signature_header>> sign(std::string_view body,
                                                           std::string_view id,
                                                           std::chrono::sys_seconds now) const;

  [[nodiscard]] signature_scheme scheme() const noexcept;

 private:
  explicit payload_signer(std::shared_ptr<const detail::signer_keys> keys) noexcept
      : keys_(std::move(keys)) {}
  std::shared_ptr<const detail::signer_keys> keys_;
};

/// `signature_verifier::create` and `verify`, for one message.
[[nodiscard]] result<verification> verify_signature(
    signature_scheme scheme, std::string_view secret, std::span<const header_field> headers,
    std::string_view body, std::chrono::sys_seconds now, const signature_options& options = {});
/// `payload_signer::create` and `sign`, for one message.
[[nodiscard]] result<std::vector<signature_header>> sign_payload(signature_scheme scheme,
                                                                 std::string_view secret,
                                                                 std::string_view body,
                                                                 std::string_view id,
                                                                 std::chrono::sys_seconds now);

}  // namespace v1
}  // namespace jobqueue
