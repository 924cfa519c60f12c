// What may be behind a refusal, found by trying: a bounded number of variants of the body, the
// secrets and the headers. Whatever is found, the answer stays no.
#include <algorithm>
#include <array>
#include <string>

#include "core/json_check.hpp"
#include "core/json_layout.hpp"
#include "core/signature_match.hpp"

namespace jobqueue::detail {
namespace {

// What a search may cost, in bytes that are hashed.
constexpr std::size_t budget_bytes = std::size_t{4} << 20;
// What an Ed25519 signature costs, and what a hash costs at least.
constexpr std::size_t ed25519_bytes = std::size_t{64} << 10;
constexpr std::size_t least_bytes = 256;
// A header that holds a signature is not longer, and not behind more others.
constexpr std::size_t max_searched_headers = 64;
constexpr std::size_t max_searched_bytes = 512;

class search {
 public:
  search(const signature_keys& keys, std::string_view body) : keys_(keys), body_(body) {}

  signature_hint of_mismatch(const signature_claim& claim) {
    if (matches_other_end(claim)) return signature_hint::trailing_newline;
    for (const mistaken_key& one : keys_.mistaken) {
      if (one.for_decoded != decodes_secrets(claim.scheme)) continue;
      if (!take(body_.size())) break;
      if (matches_any(one.hmac, claim, body_)) return one.hint;
    }
    return matches_other_layout(claim) ? signature_hint::body_reserialized : signature_hint::none;
  }

  signature_hint of_malformed(signature_scheme scheme, const found_headers& found) {
    constexpr std::array<std::pair<signature_spelling, signature_hint>, 2> spellings = {
        {{signature_spelling::upper_case, signature_hint::upper_case_hex},
         {signature_spelling::any_form, signature_hint::signature_form}}};
    for (const auto& [spelling, hint] : spellings) {
      signature_claim claim;
      if (read_claim(scheme, found, claim, spelling) == errc::ok && matches(claim, body_)) {
        return hint;
      }
    }
    return signature_hint::none;
  }

  signature_hint of_missing(signature_scheme scheme, const found_headers& found,
                            std::span<const header_field> headers) {
    const known_header wanted = signature_header_of(scheme);
    for (const header_field& header :
         headers.first(std::min(headers.size(), max_searched_headers))) {
      if (header.value.empty() || header.value.size() > max_searched_bytes) continue;
      found_headers moved = found;
      moved.replace(wanted, header.value);
      signature_claim claim;
      if (read_claim(scheme, moved, claim) == errc::ok && matches(claim, body_)) {
        return signature_hint::wrong_header;
      }
    }
    for (std::size_t i = 0; i < signature_header_count; ++i) {
      const auto other = static_cast<known_header>(i);
      if (other != wanted && found.is_present(other)) return signature_hint::other_scheme;
    }
    return signature_hint::none;
  }

 private:
  // Whether there is so much left of the budget.
  bool take(std::size_t bytes) noexcept {
    const std::size_t cost = std::max(bytes, least_bytes);
    if (cost > left_) {
      left_ = 0;
      return false;
    }
    left_ -= cost;
    return true;
  }

  bool matches(const signature_claim& claim, std::string_view body) {
    const std::size_t each = body.size() + (claim.has_sha512 ? body.size() : 0) +
                             (claim.has_ed25519 ? ed25519_bytes * claim.count : 0);
    return take(each * keys_.keys.size()) && find_secret(keys_, claim, body) != no_secret;
  }

  bool matches_other_end(const signature_claim& claim) {
    if (body_.size() > budget_bytes) return false;
    if (body_.ends_with('\n')) {
      const std::string_view shorter = body_.substr(0, body_.size() - 1);
      if (matches(claim, shorter)) return true;
      if (shorter.ends_with('\r') && matches(claim, shorter.substr(0, shorter.size() - 1))) {
        return true;
      }
    }
    std::string longer(body_);
    longer += '\n';
    if (matches(claim, longer)) return true;
    longer.insert(longer.size() - 1, 1, '\r');
    return matches(claim, longer);
  }

  bool matches_other_layout(const signature_claim& claim) {
    if (!take(body_.size()) || !check_json(body_)) return false;
    const bool has_wide =
        std::any_of(body_.begin(), body_.end(), [](char c) { return (c & '\x80') != 0; });
    const bool has_slash = body_.find('/') != std::string_view::npos;
    const bool has_escape =
        body_.find("\\u") != std::string_view::npos || body_.find("\\/") != std::string_view::npos;
    for (const json_escapes escapes :
         {json_escapes::kept, json_escapes::ascii, json_escapes::utf8, json_escapes::php}) {
      if (escapes == json_escapes::ascii && !has_wide) continue;
      if (escapes == json_escapes::utf8 && !has_escape) continue;
      if (escapes == json_escapes::php && !has_slash) continue;
      for (const json_layout layout : {json_layout::compact, json_layout::spaced,
                                       json_layout::indented_2, json_layout::indented_4}) {
        if (!take(body_.size())) return false;
        if (!print_json(body_, layout, escapes, left_, printed_)) continue;
        if (printed_ != body_ && matches(claim, printed_)) return true;
      }
    }
    return false;
  }

  const signature_keys& keys_;
  std::string_view body_;
  std::size_t left_ = budget_bytes;
  std::string printed_;
};

}  // namespace

signature_hint find_hint(const signature_keys& keys, signature_scheme scheme, errc reason,
                         const signature_claim& claim, const found_headers& found,
                         std::span<const header_field> headers, std::string_view body) {
  if (reason == errc::timestamp_out_of_tolerance) return signature_hint::clock_off;
  if (scheme == signature_scheme::automatic) {
    return reason == errc::signature_malformed ? signature_hint::several_schemes
                                               : signature_hint::none;
  }
  if (!keys.options.hints) return signature_hint::none;
  search hints(keys, body);
  switch (reason) {
    case errc::signature_missing: return hints.of_missing(scheme, found, headers);
    case errc::signature_malformed: return hints.of_malformed(scheme, found);
    case errc::signature_mismatch: return hints.of_mismatch(claim);
    default: return signature_hint::none;
  }
}

}  // namespace jobqueue::detail
