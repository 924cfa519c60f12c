// jobqueue - attestation: the evidence of attempts: the keys it is kept under, and records in a
// chain, of which nobody can edit, drop or move one unseen.
//
//   #include <iostream>
//   #include <jobqueue/jobqueue.hpp>
//
//   int main() {
//     auto key = jobqueue::parse_attestation_key(
//         "worker:completion:workflow-w1:job-step-s1:attempt:2").value();
//     key.form = jobqueue::attestation_form::current;
//     key.has_step_prefix = false;
//     std::cout << jobqueue::format_attestation_key(key).value();
//
//     const auto signer = jobqueue::attestation_signer::create("s3cret").value();
//     const auto first = signer.seal(R"({"status":"failed","retry_count":1})").value();
//     const auto second = signer.seal(R"({"status":"completed"})", first.head).value();
//     const auto verifier = jobqueue::attestation_verifier::create("s3cret").value();
//     const std::string_view kept[] = {second.text};
//     const auto report = verifier.verify(kept).value();
//     std::cout << ' ' << to_string(report.problems[0].reason) << '\n';
//   }
//
// prints "worker:completion:job-id:w1:step-id:s1:attempt:2 sequence_gap".
//
// docs/api/attestation.md has the six generations of keys, and the bytes that are digested.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqueue/result.hpp>

namespace jobqueue {
namespace detail {
struct attestation_secret;
struct attestation_secrets;
}  // namespace detail
inline namespace v1 {

/// Who wrote the record.
enum class attestation_writer : std::uint8_t {
  worker,    ///< The worker that ran the step: `worker:...`.
  workflow,  ///< The worker, for the whole workflow: `workflow:failure:...`.
  api,       ///< The API, for the whole workflow: `api:workflow:...`.
};

/// What the key says was attested. A failed step may also stand under a key of a completion, as
/// some writers kept a copy of a permanent failure there; the record itself says which.
enum class attestation_kind : std::uint8_t { completion, failure };

/// How the key is spelled.
enum class attestation_form : std::uint8_t {
  current,        ///< What is written today.
  plain,          ///< `worker:<kind>:<job id>...`: generations 1 and 3.
  prefixed,       ///< `worker:<kind>:[workflow-<id>:]job-<job id>...`: generation 4.
  early_failure,  ///< `workflow:attestation:failure:<id>`: what generation 6 renamed.
};

/// "worker", "completion", "early_failure", ...; empty for a value that is none. Static.
[[nodiscard]] std::string_view to_string(attestation_writer writer) noexcept;
[[nodiscard]] std::string_view to_string(attestation_kind kind) noexcept;
[[nodiscard]] std::string_view to_string(attestation_form form) noexcept;

/// What a key says. Two keys are equal if all of it but `ambiguous` is; the order is the canonical
/// one: by workflow, attempt (unknown ones first), step, writer, kind, permanence, form.
struct attestation_key {
  attestation_writer writer = attestation_writer::worker;
  attestation_kind kind = attestation_kind::completion;
  attestation_form form = attestation_form::current;
  std::string workflow_id;  ///< Empty if the key does not say; then the record may.
  std::string step_id;      ///< Without one leading "step-". Empty in keys of a whole workflow.
  /// 1 is the first try, with every writer; the API writes none for it and "attempt-1" for the
  /// second. Nothing if the key does not say.
  std::optional<std::uint64_t> attempt;
  bool permanent = false;        ///< The last failure, which has no number in its key.
  bool has_step_prefix = false;  ///< The older forms: the id in the key begins with "step-".
  bool ambiguous = false;        ///< There is another reading: `attestation_key_readings`.

  [[nodiscard]] friend bool operator==(const attestation_key& a,
                                       const attestation_key& b) noexcept {
    return (a <=> b) == std::strong_ordering::equal;
  }
  friend std::strong_ordering operator<=>(const attestation_key& a,
                                          const attestation_key& b) noexcept;
};

/// No key is longer, in bytes, and no id in one that is built is longer than half of it.
inline constexpr std::size_t max_attestation_key_bytes = 1024;
/// The largest number of an attempt: 2^53 - 1, which every reader of JSON has exactly.
inline constexpr std::uint64_t max_attestation_attempt = 9'007'199'254'740'991U;

/// Reads a key of any generation. Of several readings it gives the newest form's, and says
/// `ambiguous`. Ids are taken as they are; they hold neither a colon nor a control character.
/// `attempt-N` and `attempt:N` are both understood of every writer.
///
///     parse(format(x)) == x
///
/// `invalid_argument` for anything else. Time is linear in the length of the text.
[[nodiscard]] result<attestation_key> parse_attestation_key(std::string_view text);

/// Every reading of a key, the best one first; empty if it is none. They differ, for example, for
/// "worker:completion:job-7", which is the job "7" in one generation and "job-7" in another.
[[nodiscard]] std::vector<attestation_key> attestation_key_readings(std::string_view text);

/// Builds the text of a key, so that nothing else can be read from it.
///
/// `invalid_argument` if an id is needed and empty, not needed and given, longer than half of
/// `max_attestation_key_bytes`, or holds a colon, a control character, or what is special in a
/// pattern of Redis (* ? [ ] ^ and the backslash); if the attempt is 0, too large, absent from a
/// completion of the API, or given though it has no place; or if the text would be read as another
/// key.
[[nodiscard]] result<std::string> format_attestation_key(const attestation_key& key);

/// `job_id` without one leading "step-": what stands for it in the keys of today.
[[nodiscard]] std::string_view canonical_step_id(std::string_view job_id) noexcept;

/// A worker counts attempts from 1, the API retries from 0: attempt 2 is retry 1.
[[nodiscard]] constexpr std::uint64_t attempt_of_retry(std::uint64_t retry) noexcept {
  return retry + 1;
}
/// The retry of an attempt, which is at least 1.
[[nodiscard]] constexpr std::uint64_t retry_of_attempt(std::uint64_t attempt) noexcept {
  return attempt - 1;
}

/// The digest before the first record: 64 zeros.
inline constexpr std::string_view attestation_origin =
    "0000000000000000000000000000000000000000000000000000000000000000";
/// The name of the member that `seal` adds to a record.
inline constexpr std::string_view attestation_chain_member = "attestation_chain";
/// The largest number of a record: 2^53 - 1.
inline constexpr std::uint64_t max_attestation_sequence = 9'007'199'254'740'991U;

/// A place in a chain: behind the record of that number, which has that digest. As it is made, it
/// is before the first.
struct attestation_head {
  std::uint64_t sequence = 0;
  std::string digest{attestation_origin};  ///< 64 hexadecimal digits in lower case.
  friend bool operator==(const attestation_head&, const attestation_head&) = default;
};

/// A record with its chain, and where the chain is then.
struct sealed_attestation {
  std::string text;
  attestation_head head;
};

/// Puts records into a chain. Keyed once; immutable, so that any number of threads may use it;
/// copies share the key, which is cleansed with the last one. The text of the secret is not kept.
class attestation_signer {
 public:
  /// `secret_invalid` if the secret is empty, white space, or longer than 4096 bytes.
  [[nodiscard]] static result<attestation_signer> create(std::string_view secret);

  /// Adds the chain to a record, an object of JSON, as its last member; every other byte stays:
  ///
  ///     "attestation_chain":{"sequence":N,"previous":"...","digest":"...","hmac":"..."}
  ///
  /// `previous` is the place behind which the record comes. With the record as R, from its first
  /// brace to its last, without the chain and the comma before it, these are in hexadecimal digits
  ///
  ///     digest = SHA-256("jobqueue attestation 1\n" N "\n" previous "\n" R)
  ///     hmac   = HMAC-SHA256(secret, "jobqueue attestation hmac 1\n" digest)
  ///
  /// Who writes must see to it that two records never come behind the same one, as with any
  /// compare-and-set. `invalid_json` and `invalid_utf8` with the offset if the record is no object
  /// of JSON, `invalid_argument` if it has a member of that name already or if `previous` is no
  /// place in a chain. Linear time.
  [[nodiscard]] result<sealed_attestation> seal(std::string_view record,
                                                const attestation_head& previous = {}) const;

 private:
  explicit attestation_signer(std::shared_ptr<const detail::attestation_secret> secret) noexcept
      : secret_(std::move(secret)) {}
  std::shared_ptr<const detail::attestation_secret> secret_;
};

/// What is wrong with a record of a chain, or with the chain.
enum class attestation_fault : std::uint8_t {
  malformed,          ///< It is no object of JSON.
  unchained,          ///< It has no chain: it was never sealed, or its chain was taken away.
  chain_malformed,    ///< Its chain is not spelled as `seal` does: edited, or printed anew.
  digest_mismatch,    ///< It was edited: its bytes are not those that were sealed.
  hmac_mismatch,      ///< It was forged: no secret sealed it.
  previous_mismatch,  ///< The record before it is not the one that it was sealed behind.
  sequence_gap,       ///< Records before it are missing.
  out_of_order,       ///< It belongs before a record that has come.
  duplicate,          ///< It has come before.
  fork,               ///< Another record of its number has come: both were sealed behind the same.
  truncated,          ///< The newest records are missing.
  beyond_head,        ///< The chain goes on behind the head or the count that was expected.
};

/// "digest_mismatch", ...; empty for a value that is none. Static.
[[nodiscard]] std::string_view to_string(attestation_fault fault) noexcept;
/// The error that stands for it: `invalid_json` for `malformed`, `signature_missing` for
/// `unchained`, `signature_malformed` for `chain_malformed`, else `signature_mismatch`.
[[nodiscard]] errc code_of(attestation_fault fault) noexcept;

struct attestation_problem {
  /// Which record, from 0, of those that were given; how many these are if it is about the end.
  std::size_t index = 0;
  attestation_fault reason = attestation_fault::malformed;
  std::uint64_t sequence = 0;  ///< The number that the record claims; 0 if none.
  std::uint64_t expected = 0;  ///< The number that was due.
};

/// What became of a chain.
struct attestation_report {
  std::size_t count = 0;                      ///< Records without a problem.
  attestation_head head;                      ///< Behind the newest record that is of the chain.
  std::vector<attestation_problem> problems;  ///< In the order of the records.

  [[nodiscard]] bool ok() const noexcept { return problems.empty(); }
};

/// One line of JSON, the same in every language:
/// {"ok","count","head":{"sequence","digest"},
///  "problems":[{"index","reason","sequence","expected"}]}
[[nodiscard]] std::string to_json(const attestation_report& report);
/// A sentence that says what is wrong and what to do; it holds no bytes of a record.
[[nodiscard]] std::string describe_attestation_problem(const attestation_problem& problem);

/// What is known of a chain from elsewhere.
struct attestation_expectation {
  attestation_head after = {};  ///< The records follow this place; else they are from the first on.
  std::string expected_head = {};  ///< The digest of the newest record; empty if it is not known.
  std::optional<std::uint64_t> expected_count = {};  ///< The number of the newest record.
};

/// Verifies chains. Keyed and shared as an `attestation_signer` is.
class attestation_verifier {
 public:
  /// 1 to 32 secrets, any of which may have sealed a record. `invalid_argument` for a list that is
  /// empty or too long, `secret_invalid` as of the signer.
  [[nodiscard]] static result<attestation_verifier> create(
      std::span<const std::string_view> secrets);
  [[nodiscard]] static result<attestation_verifier> create(std::string_view secret);

  /// Reports every problem of records, which are given in their order. White space around a record
  /// counts for nothing; any other byte that is not as it was sealed is a problem:
  ///
  ///     verify({seal(a), seal(b, head of a)}).ok()
  ///
  /// That the newest are missing can be seen only if `expected_head` or `expected_count` says which
  /// they are. What a record that no secret sealed claims about its place is not believed. Every
  /// secret is tried with every record, in constant time. Linear time; memory for each record that
  /// is of the chain. `invalid_argument` if `known` has what cannot be of a chain.
  [[nodiscard]] result<attestation_report> verify(std::span<const std::string_view> records,
                                                  const attestation_expectation& known = {}) const;

  /// The place behind one record, to go on from there; only its own bytes are verified.
  /// `invalid_json`, `invalid_utf8`, `signature_missing` if it has no chain, `signature_malformed`,
  /// `signature_mismatch`.
  [[nodiscard]] result<attestation_head> head_of(std::string_view record) const;

 private:
  explicit attestation_verifier(std::shared_ptr<const detail::attestation_secrets> secrets) noexcept
      : secrets_(std::move(secrets)) {}
  std::shared_ptr<const detail::attestation_secrets> secrets_;
};

/// `attestation_verifier::create` and `verify`, for one chain.
[[nodiscard]] result<attestation_report> verify_attestation_chain(
    std::span<const std::string_view> records, std::span<const std::string_view> secrets,
    const attestation_expectation& known = {});

}  // namespace v1
}  // namespace jobqueue
