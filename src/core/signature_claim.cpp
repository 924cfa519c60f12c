#include "core/signature_claim.hpp"

#include <algorithm>
#include <bit>

#include "core/signature_text.hpp"

namespace jobqueue::detail {
namespace {

using known = known_header;
using spelling_of = signature_spelling;

constexpr std::array<std::string_view, known_header_count> names = {
    "x-webhook-signature", "x-hub-signature-256",
    "webhook-signature",   "svix-signature",
    "stripe-signature",    "x-slack-signature",
    "x-convoy-signature",  "webhook-id",
    "webhook-timestamp",   "svix-id",
    "svix-timestamp",      "x-slack-request-timestamp"};

// Which of them have a number of characters, as bits. Most headers of a request have another one.
constexpr std::size_t longest_name = 25;
constexpr std::array<std::uint16_t, longest_name + 1> names_of_size = [] {
  std::array<std::uint16_t, longest_name + 1> found{};
  for (unsigned i = 0; i < names.size(); ++i) {
    std::uint16_t& bits = found[names[i].size()];
    bits = static_cast<std::uint16_t>(bits | 1U << i);
  }
  return found;
}();

constexpr std::size_t max_id_bytes = 256;

char lower_case(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// Of names of the same size. Those that differ do so at their end, mostly.
bool is_name(std::string_view name, std::string_view lower) noexcept {
  if (lower_case(name.back()) != lower.back()) return false;
  // As servers of HTTP/2 and most others give them.
  return name == lower || std::equal(name.begin(), name.end(), lower.begin(),
                                     [](char a, char b) { return lower_case(a) == b; });
}

bool is_word(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_version(std::string_view text) noexcept {
  return text.size() > 1 && text[0] == 'v' && text[1] != '0' &&
         std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Reads the part of a claim that one header holds.
class reader {
 public:
  reader(signature_claim& claim, signature_spelling spelling) noexcept
      : claim_(claim), spelling_(spelling) {}

  // prefix, then hexadecimal digits
  bool read_single(std::string_view text, std::string_view prefix) noexcept {
    if (spelling_ == spelling_of::any_form) return add_any_form(text);
    return text.starts_with(prefix) && add_hex(text.substr(prefix.size()));
  }

  // v1,<base64> v1a,<base64> and versions that we do not know
  bool read_standard(std::string_view text) noexcept {
    while (!text.empty()) {
      const std::string_view one = next(text, ' ');
      if (one.empty()) continue;
      if (spelling_ == spelling_of::any_form) {
        if (!add_any_form(one)) return false;
        continue;
      }
      const std::size_t comma = one.find(',');
      if (comma == std::string_view::npos || !is_word(one.substr(0, comma))) return false;
      const std::string_view version = one.substr(0, comma);
      const std::string_view value = one.substr(comma + 1);
      if (version == "v1" && !add_base64(value, signature_kind::sha256)) return false;
      if (version == "v1a" && !add_base64(value, signature_kind::ed25519)) return false;
    }
    return claim_.count != 0;
  }

  // t=<seconds>,v1=... and what else there is
  bool read_list(std::string_view text) noexcept {
    const bool is_convoy = claim_.scheme == signature_scheme::convoy;
    while (!text.empty()) {
      const std::string_view one = next(text, ',');
      const std::size_t equals = one.find('=');
      if (equals == std::string_view::npos || !is_word(one.substr(0, equals))) return false;
      const std::string_view name = one.substr(0, equals);
      const std::string_view value = one.substr(equals + 1);
      if (name == "t") {
        if (claim_.has_timestamp || !read_timestamp(value)) return false;
      } else if (is_convoy ? is_version(name) : name == "v1") {
        if (!(is_convoy ? add_of_convoy(value) : add_of_list(value))) return false;
      }
    }
    return claim_.has_timestamp && claim_.count != 0;
  }

  bool read_timestamp(std::string_view text) noexcept {
    const auto seconds = read_seconds(text);
    if (!seconds) return false;
    claim_.has_timestamp = true;
    claim_.timestamp = *seconds;
    claim_.timestamp_text = text;
    return true;
  }

  bool add_of_convoy(std::string_view text) noexcept {
    if (spelling_ == spelling_of::any_form) return add_any_form(text);
    return add_hex(text) || add_hex(text, signature_kind::sha512) ||
           add_base64(text, signature_kind::sha256) || add_base64(text, signature_kind::sha512);
  }

 private:
  static std::string_view next(std::string_view& text, char separator) noexcept {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    return one;
  }

  // Room for one more, or null.
  signature_candidate* place() noexcept {
    return claim_.count < claim_.candidates.size() ? &claim_.candidates[claim_.count] : nullptr;
  }
  void accept(signature_kind kind) noexcept {
    claim_.candidates[claim_.count++].kind = kind;
    claim_.has_sha512 = claim_.has_sha512 || kind == signature_kind::sha512;
    claim_.has_ed25519 = claim_.has_ed25519 || kind == signature_kind::ed25519;
  }

  bool add_hex(std::string_view text, signature_kind kind = signature_kind::sha256) noexcept {
    signature_candidate* const at = place();
    const hex_case digits = spelling_ == spelling_of::as_sent ? hex_case::lower : hex_case::any;
    if (at == nullptr || !decode_hex(text, {at->bytes.data(), size_of(kind)}, digits)) return false;
    accept(kind);
    return true;
  }
  bool add_base64(std::string_view text, signature_kind kind,
                  base64_form form = base64_form::strict) noexcept {
    signature_candidate* const at = place();
    if (at == nullptr) return false;
    if (decode_base64_bytes(text, {at->bytes.data(), size_of(kind)}, form) != size_of(kind)) {
      return false;
    }
    accept(kind);
    return true;
  }
  bool add_of_list(std::string_view text) noexcept {
    return spelling_ == spelling_of::any_form ? add_any_form(text) : add_hex(text);
  }
  // For a hint: whatever stands in front, and either encoding.
  bool add_any_form(std::string_view text) noexcept {
    constexpr std::size_t max_prefix = 8;
    const auto try_value = [this](std::string_view value) {
      return add_hex(value) || add_base64(value, signature_kind::sha256, base64_form::lenient);
    };
    if (try_value(text)) return true;
    const std::size_t end = text.find_first_of("=,:");
    return end <= max_prefix && try_value(text.substr(end + 1));
  }

  signature_claim& claim_;
  signature_spelling spelling_;
};

// Where a scheme has its signatures, its time and its id, in this order; the last may be absent.
struct header_set {
  std::array<known, 3> headers;
  std::size_t count;

  [[nodiscard]] known signature() const noexcept { return headers[0]; }
  [[nodiscard]] bool has_timestamp() const noexcept { return count > 1; }
  [[nodiscard]] known timestamp() const noexcept { return headers[1]; }
  [[nodiscard]] bool has_id() const noexcept { return count > 2; }
  [[nodiscard]] known id() const noexcept { return headers[2]; }
};

constexpr header_set webhook_set{
    {known::webhook_signature, known::webhook_timestamp, known::webhook_id}, 3};
constexpr header_set svix_set{{known::svix_signature, known::svix_timestamp, known::svix_id}, 3};

bool is_same_set(const found_headers& headers) noexcept {
  return headers.value(known::svix_id) == headers.value(known::webhook_id) &&
         headers.value(known::svix_timestamp) == headers.value(known::webhook_timestamp) &&
         headers.value(known::svix_signature) == headers.value(known::webhook_signature);
}

header_set set_of(signature_scheme scheme, const found_headers& headers) noexcept {
  switch (scheme) {
    case signature_scheme::standard: return webhook_set;
    case signature_scheme::svix:
      return headers.is_present(known::svix_signature) ? svix_set : webhook_set;
    case signature_scheme::slack:
      return {{known::x_slack_signature, known::x_slack_request_timestamp, {}}, 2};
    default: return {{signature_header_of(scheme), {}, {}}, 1};
  }
}

// Whether every header that is needed is there, once.
errc check_headers(const header_set& set, const found_headers& headers) noexcept {
  errc found = errc::ok;
  for (std::size_t i = 0; i < set.count; ++i) {
    const std::size_t size = headers.value(set.headers[i]).size();
    if (headers.is_repeated(set.headers[i]) || size > max_signature_header_bytes) {
      return errc::signature_malformed;
    }
    if (size == 0) found = errc::signature_missing;
  }
  return found;
}

}  // namespace

std::string_view name_of(known_header header) noexcept {
  return names[static_cast<std::size_t>(header)];
}

bool is_message_id(std::string_view id) noexcept {
  // With a dot in it, the end of an id and the beginning of a body could trade places.
  return !id.empty() && id.size() <= max_id_bytes && std::all_of(id.begin(), id.end(), [](char c) {
    return c > ' ' && c < '\x7F' && c != '.';
  });
}

known_header signature_header_of(signature_scheme scheme) noexcept {
  switch (scheme) {
    case signature_scheme::github: return known::x_hub_signature_256;
    case signature_scheme::standard: return known::webhook_signature;
    case signature_scheme::svix: return known::svix_signature;
    case signature_scheme::stripe: return known::stripe_signature;
    case signature_scheme::slack: return known::x_slack_signature;
    case signature_scheme::convoy: return known::x_convoy_signature;
    case signature_scheme::automatic:
    case signature_scheme::jobqueue: break;
  }
  return known::x_webhook_signature;
}

found_headers::found_headers(std::span<const header_field> headers) noexcept {
  for (const header_field& header : headers) {
    if (header.name.size() > longest_name) continue;
    for (unsigned left = names_of_size[header.name.size()]; left != 0; left &= left - 1) {
      const auto i = static_cast<unsigned>(std::countr_zero(left));
      if (!is_name(header.name, names[i])) continue;
      repeated_ |= present_ & 1U << i;
      set(i, trim_blanks(header.value));
      break;
    }
  }
}

void found_headers::replace(known_header header, std::string_view value) noexcept {
  const auto i = static_cast<std::size_t>(header);
  set(i, trim_blanks(value));
  repeated_ &= ~(1U << i);
}

signed_content content_of(signature_scheme scheme, bool has_timestamp, std::string_view id,
                          std::string_view timestamp, std::string_view body) noexcept {
  switch (scheme) {
    case signature_scheme::standard:
    case signature_scheme::svix: return {{id, ".", timestamp, ".", body}, 5};
    case signature_scheme::stripe: return {{timestamp, ".", body}, 3};
    case signature_scheme::slack: return {{"v0:", timestamp, ":", body}, 4};
    case signature_scheme::convoy:
      if (has_timestamp) return {{timestamp, ",", body}, 3};
      break;
    default: break;
  }
  return {{body}, 1};
}

errc read_claim(signature_scheme scheme, const found_headers& headers, signature_claim& claim,
                signature_spelling spelling) noexcept {
  const header_set set = set_of(scheme, headers);
  if (const errc problem = check_headers(set, headers); problem != errc::ok) return problem;
  if (scheme == signature_scheme::svix && headers.is_present(known::webhook_signature) &&
      headers.is_present(known::svix_signature) && !is_same_set(headers)) {
    return errc::signature_malformed;  // which of the two is meant is not ours to guess
  }
  claim.scheme = scheme;
  claim.count = 0;
  claim.has_timestamp = claim.has_sha512 = claim.has_ed25519 = false;
  reader read(claim, spelling);
  if (set.has_timestamp() && !read.read_timestamp(headers.value(set.timestamp()))) {
    return errc::signature_malformed;
  }
  if (set.has_id()) {
    claim.id = headers.value(set.id());
    if (!is_message_id(claim.id)) return errc::signature_malformed;
  }
  const std::string_view text = headers.value(set.signature());
  const auto read_signatures = [&] {
    switch (scheme) {
      case signature_scheme::standard:
      case signature_scheme::svix: return read.read_standard(text);
      case signature_scheme::stripe: return read.read_list(text);
      case signature_scheme::slack: return read.read_single(text, "v0=");
      case signature_scheme::convoy:
        return text.starts_with("t=") ? read.read_list(text) : read.add_of_convoy(text);
      default: return read.read_single(text, "sha256=");
    }
  };
  return read_signatures() ? errc::ok : errc::signature_malformed;
}

errc find_scheme(const found_headers& headers, signature_scheme& found) noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < signature_header_count; ++i) {
    if (!headers.is_present(static_cast<known>(i))) continue;
    found = static_cast<signature_scheme>(i + 1);
    ++count;
  }
  if (count == 0) return errc::signature_missing;
  // Svix may send both of its sets.
  if (count == 2 && headers.is_present(known::svix_signature) &&
      headers.is_present(known::webhook_signature) && is_same_set(headers)) {
    found = signature_scheme::svix;
    return errc::ok;
  }
  if (count == 1) return errc::ok;
  found = signature_scheme::automatic;
  return errc::signature_malformed;
}

}  // namespace jobqueue::detail
