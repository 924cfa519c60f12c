#include "core/attestation_chain.hpp"

#include <algorithm>
#include <charconv>
#include <span>

#include "core/json_check.hpp"
#include "core/json_text.hpp"
#include "core/utf8.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::string_view white_space = " \t\r\n";
// What is digested and what is authenticated begin differently, so that neither is ever the other.
constexpr std::string_view digest_begin = "jobqueue attestation 1\n";
constexpr std::string_view hmac_begin = "jobqueue attestation hmac 1\n";

constexpr std::string_view chain_begin = R"("attestation_chain":{"sequence":)";
constexpr std::string_view previous_begin = R"(,"previous":")";
constexpr std::string_view digest_member = R"(","digest":")";
constexpr std::string_view hmac_member = R"(","hmac":")";
constexpr std::string_view chain_end = R"("})";
constexpr std::size_t digest_chars = attestation_origin.size();

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Takes things off the end of a text.
class backward_reader {
 public:
  explicit backward_reader(std::string_view text) noexcept : rest_(text) {}

  bool take(std::string_view literal) noexcept {
    if (!rest_.ends_with(literal)) return false;
    rest_.remove_suffix(literal.size());
    return true;
  }
  bool take_digest(std::string_view& digest) noexcept {
    if (rest_.size() < digest_chars) return false;
    digest = rest_.substr(rest_.size() - digest_chars);
    rest_.remove_suffix(digest_chars);
    return is_attestation_digest(digest);
  }
  // Without zeros in front.
  bool take_sequence(std::uint64_t& sequence) noexcept {
    std::size_t begin = rest_.size();
    while (begin > 0 && is_digit(rest_[begin - 1])) --begin;
    const std::string_view digits = rest_.substr(begin);
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), sequence);
    rest_.remove_suffix(digits.size());
    return problem == std::errc() && end == digits.data() + digits.size() &&
           digits.front() != '0' && sequence <= max_attestation_sequence;
  }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view rest_;
};

bool is_blank_text(std::string_view text) noexcept {
  return text.find_first_not_of(white_space) == std::string_view::npos;
}

}  // namespace

bool is_attestation_digest(std::string_view text) noexcept {
  return text.size() == digest_chars && std::all_of(text.begin(), text.end(), [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'f');
         });
}

result<std::string_view> find_attestation_record(std::string_view text) {
  if (const status valid = check_json(text); !valid) return valid.problem();
  std::string_view record = text;
  record.remove_prefix(byte_order_mark_size(record));
  record.remove_prefix(skip_json_space(record, 0));
  if (!record.starts_with('{')) {
    return error{errc::invalid_json, text.size() - record.size(),
                 "expected an object: a record is one object of JSON"};
  }
  record.remove_suffix(record.size() - 1 - record.find_last_not_of(white_space));
  return record;
}

// Read from the end, where every quotation mark has a place of its own: none of them can be escaped
// or inside a string, so what is found is the last member of the object, and takes no search.
std::optional<attestation_claim> read_attestation_claim(std::string_view record) noexcept {
  attestation_claim claim;
  backward_reader reader(record.substr(0, record.size() - 1));
  if (!reader.take(chain_end) || !reader.take_digest(claim.hmac) || !reader.take(hmac_member) ||
      !reader.take_digest(claim.digest) || !reader.take(digest_member) ||
      !reader.take_digest(claim.previous) || !reader.take(previous_begin) ||
      !reader.take_sequence(claim.sequence) || !reader.take(chain_begin)) {
    return std::nullopt;
  }
  claim.before = reader.rest();
  claim.behind = record.substr(record.size() - 1);
  // The comma before it belongs to it; a member that is alone has none.
  if (claim.before.ends_with(',')) {
    claim.before.remove_suffix(1);
  } else if (!is_blank_text(claim.before.substr(1))) {
    return std::nullopt;
  }
  return claim;
}

std::string attestation_digester::digest(const attestation_claim& claim) {
  const std::string number = std::to_string(claim.sequence);
  constexpr std::string_view line_feed = "\n";
  for (const std::string_view part : {digest_begin, std::string_view(number), line_feed,
                                      claim.previous, line_feed, claim.before, claim.behind}) {
    stream_.update(std::as_bytes(std::span(part)));
  }
  return stream_.finish().hex();
}

hmac_sha256::tag attestation_tag(const hmac_sha256& key, std::string_view digest) noexcept {
  const std::array<std::string_view, 2> parts = {hmac_begin, digest};
  return key.compute(parts);
}

std::string splice_attestation_claim(std::string_view text, std::string_view record,
                                     const attestation_claim& claim) {
  constexpr std::size_t most_digits = 16;
  const auto at = static_cast<std::size_t>(claim.behind.data() - text.data());
  std::string sealed;
  sealed.reserve(text.size() + 1 + chain_begin.size() + most_digits + previous_begin.size() +
                 digest_member.size() + hmac_member.size() + 3 * digest_chars + chain_end.size());
  sealed.append(text.substr(0, at));
  if (!is_blank_text(record.substr(1, record.size() - 2))) sealed += ',';
  sealed.append(chain_begin).append(std::to_string(claim.sequence));
  sealed.append(previous_begin).append(claim.previous);
  sealed.append(digest_member).append(claim.digest);
  sealed.append(hmac_member).append(claim.hmac);
  sealed.append(chain_end).append(text.substr(at));
  return sealed;
}

}  // namespace jobqueue::detail
