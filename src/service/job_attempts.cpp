#include "service/job_attempts.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/json_text.hpp"
#include "store/new_rows.hpp"

namespace jobqueue::detail {
namespace {

using members = std::vector<json_member>;

std::string first_text(const members& record, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    std::string text = find_member_text(record, name);
    if (!text.empty()) return text;
  }
  return {};
}

std::optional<instant> first_time(const members& record,
                                  std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const std::string text = find_member_text(record, name);
    if (const auto when = text.empty() ? std::nullopt : read_time(text)) return when;
  }
  return std::nullopt;
}

// A failure may lie under a key of a completion: some writers kept a copy there.
bool says_failure(const members& record, bool key_says) {
  const std::string type = first_text(record, {"attestation_type", "status"});
  if (type.empty()) return key_says;
  return type.find("fail") != std::string::npos;
}

// A worker's failure has the retry that follows, which is the number of the attempt; its completion
// and the API's records have the retries before.
std::optional<std::uint64_t> attempt_of(const attested& one, const members& record,
                                        const std::optional<std::int64_t>& stored) {
  if (one.key && one.key->attempt) return one.key->attempt;
  if (stored && *stored > 0) return static_cast<std::uint64_t>(*stored);
  const auto retries = read_integer(first_text(record, {"retry_count", "retry_attempt"}));
  if (!retries || *retries < 0) return std::nullopt;
  const auto count = static_cast<std::uint64_t>(*retries);
  const bool is_workers = one.key && one.key->writer != attestation_writer::api;
  return one.is_failure && is_workers ? std::max<std::uint64_t>(count, 1) : count + 1;
}

bool comes_before(const attested& a, const attested& b) {
  if (a.key.has_value() != b.key.has_value()) return a.key.has_value();
  if (!a.key) return a.keys.front() < b.keys.front();
  return *a.key < *b.key;
}

}  // namespace

std::vector<std::string> possible_step_keys(std::string_view job_id, std::int64_t attempts) {
  constexpr std::int64_t most_attempts = 20;
  std::vector<std::string> all;
  const std::string id(job_id);
  const std::string step(canonical_step_id(job_id));
  for (const std::string_view kind : {"completion", "failure"}) {
    for (const std::string& name : {"step-id:" + step, id, "job-" + id}) {
      std::string stem("worker:");
      stem.append(kind).append(":").append(name);
      all.push_back(stem);
      all.push_back(stem + ":permanent");
      for (std::int64_t n = 1; n <= std::min(attempts, most_attempts); ++n) {
        all.push_back(stem + ":attempt:" + std::to_string(n));
      }
    }
  }
  return all;
}

std::vector<attested> merge_attestations(std::vector<dossier_attestation> all) {
  std::vector<attested> merged;
  // Of a record that is too long to be here, only the key can be compared.
  std::map<std::pair<std::string, std::optional<std::uint64_t>>, std::size_t> known;
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  for (dossier_attestation& stored : all) {
    attested one;
    one.keys.push_back(stored.key);
    const auto readings = attestation_key_readings(stored.key);
    if (!readings.empty()) one.key = readings.front();
    const members record = check_json_members(stored.record);
    const bool key_says =
        one.key ? one.key->kind == attestation_kind::failure : stored.kind == "failure";
    one.is_failure = says_failure(record, key_says);
    one.attempt = attempt_of(one, record, stored.attempt);
    one.at = first_time(record, {"completed_at", "failed_at", "api_determined_complete_at",
                                 "attestation_created_at", "timestamp"});
    if (!one.at) one.at = stored.recorded_at;
    one.record = std::move(stored.record);
    const std::string identity = one.record.empty() ? stored.key : one.record;
    const auto [place, is_new] = known.emplace(std::pair(identity, one.attempt), merged.size());
    if (is_new) {
      merged.push_back(std::move(one));
      continue;
    }
    std::vector<std::string>& keys = merged[place->second].keys;
    if (std::find(keys.begin(), keys.end(), stored.key) == keys.end()) keys.push_back(stored.key);
  }
  std::stable_sort(merged.begin(), merged.end(), comes_before);
  return merged;
}

std::vector<job_attempt> group_attempts(const std::vector<attested>& all) {
  std::map<std::optional<std::uint64_t>, job_attempt> attempts;
  for (const attested& one : all) {
    job_attempt& attempt = attempts[one.attempt];
    attempt.attempt = one.attempt;
    attempt.evidence.push_back(&one);
    const members record = check_json_members(one.record);
    if (attempt.worker_id.empty()) attempt.worker_id = find_member_text(record, "worker_id");
    if (!attempt.started_at) attempt.started_at = first_time(record, {"started_at"});
    if (one.at && (!attempt.finished_at || *attempt.finished_at < *one.at)) {
      attempt.finished_at = one.at;
    }
    attempt.is_completed = attempt.is_completed || !one.is_failure;
    if (!one.is_failure || attempt.classified) continue;
    attempt.error_message = first_text(record, {"error_message", "error"});
    if (!attempt.error_message.empty()) {
      attempt.classified = classify_failure(attempt.error_message);
    }
  }
  std::vector<job_attempt> ordered;
  ordered.reserve(attempts.size());
  for (auto& entry : attempts) ordered.push_back(std::move(entry.second));
  return ordered;
}

}  // namespace jobqueue::detail
