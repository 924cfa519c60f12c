#include <jobqueue/service/evidence_collector.hpp>

#include <string>
#include <utility>
#include <vector>

#include <jobqueue/attestation.hpp>

#include "core/json_text.hpp"

namespace jobqueue {
inline namespace v1 {
namespace {

// What the key says; of what it leaves open, what the record says.
attestation_record describe_attestation(const redis_attestation& found) {
  attestation_record made;
  made.key = found.key;
  made.record = found.record;
  const auto key = parse_attestation_key(found.key);
  if (key) {
    made.workflow_id = key->workflow_id;
    made.step_id = key->step_id;
    made.kind = key->kind == attestation_kind::completion ? "completion" : "failure";
    if (key->attempt) made.attempt = static_cast<std::int64_t>(*key->attempt);
  }
  const auto members = detail::check_json_members(found.record);
  if (made.workflow_id.empty()) made.workflow_id = find_member_text(members, "workflow_id");
  // A writer kept a copy of a last failure under the key of a completion.
  if (find_member_text(members, "status").starts_with("failed")) made.kind = "failure";
  return made;
}

}  // namespace

result<collector_report> collect_evidence(redis_store& source, job_store& store,
                                          const collector_options& options) {
  collector_report report;
  const redis_skipped before = source.skipped();
  const status notified =
      source.each_notification([&](std::span<const redis_notification> page) -> status {
        std::vector<notification_record> records;
        for (const redis_notification& one : page) {
          records.push_back({one.id, one.workflow_id, one.record});
        }
        const auto added = store.add_notifications(records);
        if (!added) return added.problem();
        report.notifications += *added;
        return done;
      });
  if (!notified) return notified.problem();
  if (options.attestations) {
    const status attested =
        source.each_attestation([&](std::span<const redis_attestation> page) -> status {
          std::vector<attestation_record> records;
          for (const redis_attestation& one : page) records.push_back(describe_attestation(one));
          const auto added = store.add_attestations(records);
          if (!added) return added.problem();
          report.attestations += *added;
          return done;
        });
    if (!attested) return attested.problem();
  }
  const redis_skipped after = source.skipped();
  report.skipped = after.wrong_type + after.too_large - before.wrong_type - before.too_large;
  return report;
}

}  // namespace v1
}  // namespace jobqueue
