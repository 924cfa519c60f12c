// jobqueue - attestation: the keys under which the evidence of an attempt is kept.
//
//   #include <iostream>
//   #include <jobqueue/jobqueue.hpp>
//
//   int main() {
//     const auto key = jobqueue::parse_attestation_key(
//         "worker:completion:workflow-w1:job-step-s1:attempt:2").value();
//     auto modern = key;
//     modern.form = jobqueue::attestation_form::current;
//     modern.has_step_prefix = false;
//     std::cout << jobqueue::format_attestation_key(modern).value() << '\n';
//   }
//
// prints "worker:completion:job-id:w1:step-id:s1:attempt:2".
//
// Six generations of keys are in use; docs/api/redis.md lists them. In the text of a key, `job-id`
// is the workflow and `step-id` is the job of the queue without one leading "step-".
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/result.hpp>

namespace jobqueue {
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
/// The largest number of an attempt.
inline constexpr std::uint64_t max_attestation_attempt = 999'999'999'999'999'999U;

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

}  // namespace v1
}  // namespace jobqueue
