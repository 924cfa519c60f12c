#include <algorithm>
#include <map>
#include <optional>

#include <openssl/crypto.h>

#include "core/attestation_chain.hpp"
#include "core/json_text.hpp"
#include "core/signature_keys.hpp"
#include "core/signature_text.hpp"

namespace jobqueue {
namespace {

using namespace detail;
using fault = attestation_fault;

error invalid(std::string message) {
  return {errc::invalid_argument, no_offset, std::move(message)};
}

// Null if it can be a place in a chain, else why not.
const char* check_head(const attestation_head& head) noexcept {
  if (!is_attestation_digest(head.digest)) {
    return "a digest is 64 hexadecimal digits in lower case";
  }
  if (head.sequence > max_attestation_sequence) return "the number of a record is at most 2^53 - 1";
  if (head.sequence == 0 && head.digest != attestation_origin) {
    return "before the first record the digest is 64 zeros";
  }
  return nullptr;
}

const char* check_expectation(const attestation_expectation& known) noexcept {
  if (const char* wrong = check_head(known.after)) return wrong;
  if (!known.expected_head.empty() && !is_attestation_digest(known.expected_head)) {
    return "the expected head is a digest: 64 hexadecimal digits in lower case";
  }
  if (known.expected_count.value_or(0) > max_attestation_sequence) {
    return "the expected count is at most 2^53 - 1";
  }
  return nullptr;
}

// Whether one of the secrets made the MAC of a digest. All of them are tried, whatever is found.
bool is_sealed(const attestation_secrets& secrets, const attestation_claim& claim) noexcept {
  hmac_sha256::tag claimed{};
  if (!decode_hex(claim.hmac, claimed)) return false;
  int found = 0;
  for (const hmac_sha256& key : secrets.hmacs) {
    const auto tag = attestation_tag(key, claim.digest);
    found |= CRYPTO_memcmp(tag.data(), claimed.data(), tag.size()) == 0 ? 1 : 0;
  }
  return found != 0;
}

// Why there is no claim in an object.
fault fault_without_claim(std::string_view record) {
  return has_json_member(record, attestation_chain_member) ? fault::chain_malformed
                                                           : fault::unchained;
}

// Follows a chain from record to record.
class chain_reader {
 public:
  chain_reader(const attestation_secrets& secrets, const attestation_expectation& known)
      : secrets_(secrets), known_(known) {
    report_.head = known.after;
    if (known.after.sequence != 0) seen_.emplace(known.after.sequence, known.after.digest);
  }

  void read(std::string_view text) {
    const std::size_t problems = report_.problems.size();
    read_one(text);
    if (report_.problems.size() == problems) ++report_.count;
    ++index_;
  }

  attestation_report end() && {
    const std::uint64_t last = report_.head.sequence;
    std::optional<fault> wrong;
    if (known_.expected_count && *known_.expected_count != last) {
      wrong = last < *known_.expected_count ? fault::truncated : fault::beyond_head;
    }
    if (!wrong && !known_.expected_head.empty() && known_.expected_head != report_.head.digest) {
      wrong = has_come(known_.expected_head) ? fault::beyond_head : fault::truncated;
    }
    if (wrong) add(*wrong, 0);
    return std::move(report_);
  }

 private:
  void add(fault reason, std::uint64_t sequence) {
    report_.problems.push_back({index_, reason, sequence, report_.head.sequence + 1});
  }
  [[nodiscard]] bool has_come(std::string_view digest) const noexcept {
    return digest == known_.after.digest ||
           std::any_of(seen_.begin(), seen_.end(),
                       [&](const auto& one) { return one.second == digest; });
  }

  void read_one(std::string_view text) {
    const auto record = find_attestation_record(text);
    if (!record) return add(fault::malformed, 0);
    const auto claim = read_attestation_claim(*record);
    if (!claim) return add(fault_without_claim(*record), 0);
    const bool is_edited = digester_.digest(*claim) != claim->digest;
    const bool is_forged = !is_sealed(secrets_, *claim);
    if (is_edited) add(fault::digest_mismatch, claim->sequence);
    if (is_forged) add(fault::hmac_mismatch, claim->sequence);
    // What nobody sealed says nothing about the others.
    if (!is_forged) place(*claim, is_edited);
  }

  void place(const attestation_claim& claim, bool is_edited) {
    const std::uint64_t due = report_.head.sequence + 1;
    if (claim.sequence == due && claim.previous == report_.head.digest) return move_to(claim);
    // Its place is edited, too, or its content is of another record. One that fits is the one that
    // was sealed here, so that the next one is not blamed.
    if (is_edited) return;
    if (const auto same = seen_.find(claim.sequence); same != seen_.end()) {
      return add(same->second == claim.digest ? fault::duplicate : fault::fork, claim.sequence);
    }
    if (claim.sequence < due) {
      add(fault::out_of_order, claim.sequence);
      seen_.emplace(claim.sequence, claim.digest);
      return;
    }
    add(claim.sequence == due ? fault::previous_mismatch : fault::sequence_gap, claim.sequence);
    move_to(claim);
  }

  void move_to(const attestation_claim& claim) {
    report_.head.sequence = claim.sequence;
    report_.head.digest = claim.digest;
    seen_.emplace(claim.sequence, claim.digest);
  }

  const attestation_secrets& secrets_;
  const attestation_expectation& known_;
  attestation_digester digester_;
  attestation_report report_;
  std::size_t index_ = 0;
  std::map<std::uint64_t, std::string> seen_;  // digests of what a secret has sealed
};

}  // namespace

inline namespace v1 {

result<attestation_signer> attestation_signer::create(std::string_view secret) {
  if (const char* wrong = check_secret_text(secret)) return secret_problem(wrong, 0, 1);
  return attestation_signer(
      std::make_shared<const attestation_secret>(attestation_secret{hmac_sha256(secret)}));
}

result<sealed_attestation> attestation_signer::seal(std::string_view record,
                                                    const attestation_head& previous) const {
  if (const char* wrong = check_head(previous)) return invalid(wrong);
  if (previous.sequence == max_attestation_sequence) {
    return invalid("the chain is full: begin another one");
  }
  const auto object = find_attestation_record(record);
  if (!object) return object.problem();
  if (has_json_member(*object, attestation_chain_member)) {
    return invalid(
        "the record has a member attestation_chain: it is sealed already, or that member must get "
        "another name");
  }
  sealed_attestation sealed;
  attestation_claim claim;
  claim.sequence = sealed.head.sequence = previous.sequence + 1;
  claim.previous = previous.digest;
  claim.before = object->substr(0, object->size() - 1);
  claim.behind = object->substr(claim.before.size());
  claim.digest = sealed.head.digest = attestation_digester().digest(claim);
  std::string hmac;
  append_hex(attestation_tag(secret_->hmac, claim.digest), hmac);
  claim.hmac = hmac;
  sealed.text = splice_attestation_claim(record, *object, claim);
  return sealed;
}

result<attestation_verifier> attestation_verifier::create(
    std::span<const std::string_view> secrets) {
  if (const char* wrong = check_secret_list(secrets)) return invalid(wrong);
  auto made = std::make_shared<attestation_secrets>();
  made->hmacs.reserve(secrets.size());
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    if (const char* wrong = check_secret_text(secrets[i])) {
      return secret_problem(wrong, i, secrets.size());
    }
    made->hmacs.emplace_back(secrets[i]);
  }
  return attestation_verifier(std::move(made));
}

result<attestation_verifier> attestation_verifier::create(std::string_view secret) {
  return create(std::span(&secret, 1));
}

result<attestation_report> attestation_verifier::verify(
    std::span<const std::string_view> records, const attestation_expectation& known) const {
  if (const char* wrong = check_expectation(known)) return invalid(wrong);
  chain_reader reader(*secrets_, known);
  for (const std::string_view record : records) reader.read(record);
  return std::move(reader).end();
}

result<attestation_head> attestation_verifier::head_of(std::string_view record) const {
  const auto object = find_attestation_record(record);
  if (!object) return object.problem();
  const auto claim = read_attestation_claim(*object);
  std::optional<fault> wrong;
  if (!claim) {
    wrong = fault_without_claim(*object);
  } else if (attestation_digester().digest(*claim) != claim->digest) {
    wrong = fault::digest_mismatch;
  } else if (!is_sealed(*secrets_, *claim)) {
    wrong = fault::hmac_mismatch;
  }
  if (wrong) return error{code_of(*wrong), no_offset, "the record " + sentence_of(*wrong)};
  return attestation_head{claim->sequence, std::string(claim->digest)};
}

result<attestation_report> verify_attestation_chain(std::span<const std::string_view> records,
                                                    std::span<const std::string_view> secrets,
                                                    const attestation_expectation& known) {
  const auto verifier = attestation_verifier::create(secrets);
  if (!verifier) return verifier.problem();
  return verifier->verify(records, known);
}

}  // namespace v1
}  // namespace jobqueue
