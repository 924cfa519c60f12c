// What the headers of a request claim: a scheme, a time, an id, and signatures to be tried.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <jobqueue/signature.hpp>

namespace jobqueue::detail {

// The headers that mean something to some scheme.
enum class known_header : std::uint8_t {
  x_webhook_signature,
  x_hub_signature_256,
  webhook_signature,
  svix_signature,
  stripe_signature,
  x_slack_signature,
  x_convoy_signature,  // up to here those that hold signatures
  webhook_id,
  webhook_timestamp,
  svix_id,
  svix_timestamp,
  x_slack_request_timestamp,
};
inline constexpr std::size_t known_header_count = 12;
inline constexpr std::size_t signature_header_count = 7;

// In lower case.
[[nodiscard]] std::string_view name_of(known_header header) noexcept;
// The header that holds the signatures of a scheme; not of `automatic`.
[[nodiscard]] known_header signature_header_of(signature_scheme scheme) noexcept;

// What a request has of them. Values are trimmed, and of equal headers the last one counts.
class found_headers {
 public:
  explicit found_headers(std::span<const header_field> headers) noexcept;

  // Empty if it is not there.
  [[nodiscard]] std::string_view value(known_header header) const noexcept {
    if (!is_present(header)) return {};
    const text& found = values_[static_cast<std::size_t>(header)];
    return {found.data, found.size};
  }
  // It may be empty.
  [[nodiscard]] bool is_present(known_header header) const noexcept {
    return (present_ >> static_cast<unsigned>(header) & 1U) != 0;
  }
  [[nodiscard]] bool is_repeated(known_header header) const noexcept {
    return (repeated_ >> static_cast<unsigned>(header) & 1U) != 0;
  }
  // As if this were the only one.
  void replace(known_header header, std::string_view value) noexcept;

 private:
  // Not cleared first, unlike a string_view: a request has one to three of twelve.
  struct text {
    const char* data;
    std::size_t size;
  };
  void set(std::size_t index, std::string_view value) noexcept {
    values_[index] = {value.data(), value.size()};
    present_ |= 1U << index;
  }

  std::array<text, known_header_count> values_;  // NOLINT: those that are present are filled
  unsigned present_ = 0;
  unsigned repeated_ = 0;
};

enum class signature_kind : std::uint8_t { sha256, sha512, ed25519 };

struct signature_candidate {
  std::array<std::uint8_t, 64> bytes;
  signature_kind kind;
};
[[nodiscard]] constexpr std::size_t size_of(signature_kind kind) noexcept {
  return kind == signature_kind::sha256 ? 32 : 64;
}

// Views are of the headers.
struct signature_claim {
  signature_scheme scheme = signature_scheme::automatic;
  bool has_timestamp = false;
  std::int64_t timestamp = 0;
  std::string_view timestamp_text;
  std::string_view id;
  std::size_t count = 0;
  bool has_sha512 = false;
  bool has_ed25519 = false;
  std::array<signature_candidate, max_signatures> candidates;  // NOLINT: `count` of them are filled

  [[nodiscard]] std::span<const signature_candidate> signatures() const noexcept {
    return {candidates.data(), count};
  }
};

// What is signed, in parts.
struct signed_content {
  std::array<std::string_view, 5> parts;
  std::size_t count = 0;
  [[nodiscard]] std::span<const std::string_view> view() const noexcept {
    return {parts.data(), count};
  }
};
[[nodiscard]] signed_content content_of(signature_scheme scheme, bool has_timestamp,
                                        std::string_view id, std::string_view timestamp,
                                        std::string_view body) noexcept;

// 1 to 256 printable ASCII characters without a dot.
[[nodiscard]] bool is_message_id(std::string_view id) noexcept;

// How signatures may be spelled; `as_sent` for what is accepted, the rest for hints.
enum class signature_spelling : std::uint8_t {
  as_sent,
  upper_case,  // hexadecimal digits of any case
  any_form,    // without a prefix or with another one; hexadecimal or base64, whatever it should be
};

// `ok`, `signature_missing` or `signature_malformed`. `scheme` is not `automatic`.
[[nodiscard]] errc read_claim(signature_scheme scheme, const found_headers& headers,
                              signature_claim& claim,
                              signature_spelling spelling = signature_spelling::as_sent) noexcept;

// The scheme whose headers are there: `ok`, `signature_missing`, or `signature_malformed` if there
// are those of several.
[[nodiscard]] errc find_scheme(const found_headers& headers, signature_scheme& found) noexcept;

}  // namespace jobqueue::detail
