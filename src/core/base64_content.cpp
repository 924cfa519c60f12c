#include "core/base64_content.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

namespace jobqueue::detail {
namespace {

bool starts_with(std::span<const std::byte> bytes, std::string_view prefix) noexcept {
  return bytes.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), bytes.begin(),
                    [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
}

std::string_view as_text(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// An ASN.1 SEQUENCE in DER (X.690) whose length fits the whole: certificates, keys, CMS.
bool is_der(std::span<const std::byte> bytes, std::size_t total) noexcept {
  if (bytes.size() < 4 || bytes[0] != std::byte{0x30}) return false;
  const auto first = std::to_integer<unsigned>(bytes[1]);
  if (first == 0x80) return bytes[2] == std::byte{0x06};  // CMS of indefinite length: an OID
  if (first < 0x80) return first + 2 == total;
  const unsigned count = first & 0x7FU;
  if (count == 0 || count > 4 || bytes.size() < 2 + count) return false;
  std::size_t length = 0;
  for (unsigned i = 0; i < count; ++i)
    length = length << 8U | std::to_integer<unsigned>(bytes[2 + i]);
  // Or several of them: a chain.
  const std::size_t end = length + 2 + count;
  const bool fits = total == long_size ? end > sanitize_limits::run_window / 4 * 3 : end == total;
  return fits || (end < bytes.size() && bytes[end] == std::byte{0x30});
}

// A public key or signature packet of OpenPGP (RFC 9580): its tag, two bytes of length, a version.
bool is_openpgp(std::span<const std::byte> bytes) noexcept {
  return bytes.size() > 4 && (bytes[0] == std::byte{0x99} || bytes[0] == std::byte{0x89}) &&
         (bytes[3] == std::byte{3} || bytes[3] == std::byte{4});
}

// A length of four bytes and the name of a key type (RFC 4253 section 6.6), or OpenSSH's own
// format.
bool is_ssh_key(std::span<const std::byte> bytes) noexcept {
  if (starts_with(bytes, "openssh-key-v1")) return true;
  if (bytes.size() < 8 || bytes[0] != std::byte{0} || bytes[1] != std::byte{0} ||
      bytes[2] != std::byte{0}) {
    return false;
  }
  const auto name = bytes.subspan(4);
  return starts_with(name, "ssh-") || starts_with(name, "ecdsa-sha2-") || starts_with(name, "sk-");
}

// A JSON object that says how something is signed or encrypted (RFC 7515 section 4).
bool is_jose_header(std::span<const std::byte> bytes) noexcept {
  if (!starts_with(bytes, "{")) return false;
  const std::string_view head = as_text(bytes.first(std::min<std::size_t>(bytes.size(), 512)));
  return head.find("\"alg\"") != std::string_view::npos ||
         head.find("\"enc\"") != std::string_view::npos ||
         head.find("\"kty\"") != std::string_view::npos;
}

// Tokens that their makers begin alike: Fernet, AWS session tokens, ASP.NET data protection and
// view state, Subresource Integrity.
constexpr std::string_view token_prefixes[] = {"gAAAAA", "FwoGZXIvYXdz", "IQoJb3JpZ2lu", "CfDJ8",
                                               "/wEP",   "sha256-",      "sha384-",      "sha512-"};

}  // namespace

std::optional<keep_reason> find_plain_content(std::string_view chars) noexcept {
  // An identifier's prefix of a hexadecimal number.
  std::string_view digits = chars;
  if (digits.starts_with("0x") || digits.starts_with("0X")) digits.remove_prefix(2);

  enum : unsigned { upper, lower, digit, symbol };
  std::array<std::uint32_t, 256> histogram{};
  std::size_t hex = 0;
  std::size_t changes = 0;  // of class from one character to the next
  std::array<std::size_t, 4> classes{};
  unsigned before = symbol;
  for (const char c : digits) {
    const auto byte = static_cast<unsigned char>(c);
    ++histogram[byte];
    const unsigned kind = c >= '0' && c <= '9'   ? digit
                          : c >= 'a' && c <= 'z' ? lower
                          : c >= 'A' && c <= 'Z' ? upper
                                                 : symbol;
    ++classes[kind];
    hex += kind == digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ? 1U : 0U;
    changes += kind != before ? 1U : 0U;
    before = kind;
  }
  const std::size_t size = digits.size();
  if (hex == size || hex * 100 >= size * 97) return keep_reason::hex;

  // DNA, protein, alignments with dashes, base32: letters of one case. Zero bytes, rulers.
  const auto distinct = static_cast<std::size_t>(
      std::count_if(histogram.begin(), histogram.end(), [](auto count) { return count != 0; }));
  const std::uint32_t most = *std::max_element(histogram.begin(), histogram.end());
  if (classes[upper] == 0 || classes[lower] == 0 || distinct < 16 || most > size / 2) {
    return keep_reason::sequence;
  }
  // Words, identifiers and paths stay in one class for long; of random base64 characters 64 in 100
  // differ in class from the one before, of base64 of text still more than half.
  if (classes[digit] == 0 || changes * 100 < size * 36) return keep_reason::words;
  return std::nullopt;
}

std::optional<keep_reason> find_token_content(std::string_view chars,
                                              std::span<const std::byte> decoded,
                                              std::size_t total) noexcept {
  if (is_der(decoded, total) || is_ssh_key(decoded) || is_openpgp(decoded) ||
      starts_with(decoded, "-----BEGIN ")) {
    return keep_reason::key_material;
  }
  const bool known =
      std::any_of(std::begin(token_prefixes), std::end(token_prefixes),
                  [&](std::string_view prefix) { return chars.starts_with(prefix); });
  if (known || is_jose_header(decoded)) return keep_reason::token;
  return std::nullopt;
}

bool is_dominated(std::string_view chars) noexcept {
  std::array<std::uint32_t, 256> histogram{};
  for (const char c : chars) ++histogram[static_cast<unsigned char>(c)];
  return *std::max_element(histogram.begin(), histogram.end()) > chars.size() / 2;
}

bool is_text(std::span<const std::byte> decoded) noexcept {
  std::size_t i = 0;
  const std::size_t size = decoded.size();
  while (i < size) {
    const auto byte = std::to_integer<unsigned>(decoded[i]);
    if (byte < 0x80) {
      if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != '\f') return false;
      if (byte == 0x7F) return false;
      ++i;
      continue;
    }
    const std::size_t length = byte >= 0xF5   ? 0
                               : byte >= 0xF0 ? 4
                               : byte >= 0xE0 ? 3
                               : byte >= 0xC2 ? 2
                                              : 0;
    if (length == 0) return false;
    if (i + length > size) return i > 0;  // cut off by the sample
    for (std::size_t j = 1; j < length; ++j) {
      if ((std::to_integer<unsigned>(decoded[i + j]) & 0xC0U) != 0x80U) return false;
    }
    i += length;
  }
  return size != 0;
}

}  // namespace jobqueue::detail
