#include <jobqueue/service/forensics.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include <jobqueue/service/evaluator.hpp>
#include <jobqueue/truncate.hpp>

#include "core/json_check.hpp"
#include "core/json_text.hpp"
#include "service/job_attempts.hpp"
#include "service/json_difference.hpp"
#include "store/failure_analysis.hpp"
#include "store/job_dossier.hpp"
#include "store/new_rows.hpp"

namespace jobqueue {
namespace {

using detail::append_json_string;
using detail::attested;
using detail::job_attempt;
using detail::job_dossier;

constexpr std::size_t most_indexed = 1000;  // of one transaction
constexpr std::size_t most_message_bytes = 2000;

void append_text(std::string& json, std::string_view text) {
  if (text.empty()) {
    json += "null";
  } else {
    append_json_string(json, text);
  }
}

void append_time(std::string& json, const std::optional<instant>& when) {
  append_text(json, when ? format_instant(*when) : std::string());
}

void append_list(std::string& json, std::string_view name, const std::vector<std::string>& items) {
  json.append(",\"").append(name).append("\":[");
  for (const std::string& one : items) {
    if (&one != &items.front()) json += ',';
    json += one;
  }
  json += ']';
}

std::string failure_to_json(const failure& what) {
  std::string json = R"({"type":)";
  append_json_string(json, to_string(what.type));
  json += R"(,"reason":)";
  append_json_string(json, to_string(what.reason));
  json += R"(,"description":)";
  append_json_string(json, what.description);
  json += R"(,"confidence":)";
  append_json_string(json, to_string(what.confidence));
  json += R"(,"fingerprint":)";
  append_json_string(json, what.fingerprint);
  return json + '}';
}

// A value of a difference: as it is if it is short, else shortened to a text.
void append_value(std::string& json, std::string_view value, std::size_t most) {
  if (value.empty()) {
    json += "null";
    return;
  }
  if (value.size() <= most) {
    json += value;
    return;
  }
  truncate_options options;
  options.max_bytes = most;
  const auto cut = truncate_payload(value, options);
  append_json_string(json, cut ? cut->view(value) : detail::clip_text(value, most));
}

// Something that happened.
struct happening {
  std::optional<instant> at;
  std::string_view source;
  std::string title;
  std::optional<std::uint64_t> attempt;
  std::string ref;
};

class document {
 public:
  document(job_dossier found, std::vector<attested> evidence, const forensics_options& options)
      : found_(std::move(found)),
        evidence_(std::move(evidence)),
        attempts_(detail::group_attempts(evidence_)),
        most_value_(std::clamp<std::size_t>(options.max_value_bytes, 64, 8000)) {}

  // What the job failed of last: its own message, else that of the last attempt.
  [[nodiscard]] std::optional<failure> last_failure() const {
    if (!found_.error_message.empty()) return classify_failure(found_.error_message);
    const auto last =
        std::find_if(attempts_.rbegin(), attempts_.rend(),
                     [](const job_attempt& one) { return one.classified.has_value(); });
    return last == attempts_.rend() ? std::nullopt : last->classified;
  }
  [[nodiscard]] const job_dossier& found() const { return found_; }

  [[nodiscard]] std::string write(const std::optional<evaluation>& verdict,
                                  const std::optional<detail::similar_failures>& similar,
                                  std::vector<std::string> warnings) {
    const std::optional<failure> last = last_failure();
    std::string json = R"({"job":)";
    json += found_.is_known ? found_.job : "null";
    write_attempts(json);
    write_differences(json);
    write_timeline(json);
    write_payloads(json);
    append_list(json, "retries", found_.backups);
    append_list(json, "notifications", found_.notifications);
    append_list(json, "deliveries", found_.deliveries);
    append_list(json, "events", found_.events);
    append_list(json, "steps", found_.steps);
    json += R"(,"verdict":)";
    json += verdict ? to_json(*verdict) : "null";
    json += R"(,"classification":)";
    json += last ? failure_to_json(*last) : "null";
    write_similar(json, last, similar);
    write_suggestions(json, last, similar);
    for (const std::string& one : found_.cut) {
      warnings.push_back("only the newest " + std::to_string(detail::most_dossier_rows) + " of " +
                         one + " are here");
    }
    json += R"(,"warnings":[)";
    for (const std::string& one : warnings) {
      if (&one != &warnings.front()) json += ',';
      append_json_string(json, one);
    }
    return json + "]}";
  }

 private:
  void write_attempts(std::string& json) const {
    json += R"(,"attempts":[)";
    for (const job_attempt& one : attempts_) {
      if (&one != &attempts_.front()) json += ',';
      json += R"({"attempt":)";
      json += one.attempt ? std::to_string(*one.attempt) : "null";
      json += R"(,"retry":)";
      json += one.attempt ? std::to_string(retry_of_attempt(*one.attempt)) : "null";
      json += one.is_completed ? R"(,"status":"completed","worker_id":)"
                               : R"(,"status":"failed","worker_id":)";
      append_text(json, one.worker_id);
      json += R"(,"started_at":)";
      append_time(json, one.started_at);
      json += R"(,"finished_at":)";
      append_time(json, one.finished_at);
      json += R"(,"error_message":)";
      append_text(json, detail::clip_text(one.error_message, most_message_bytes));
      json += R"(,"failure":)";
      json += one.classified ? failure_to_json(*one.classified) : "null";
      json += R"(,"keys":[)";
      std::string payloads;
      for (const attested* what : one.evidence) {
        for (const std::string& key : what->keys) {
          if (json.back() != '[') json += ',';
          append_json_string(json, key);
        }
        payloads += payloads.empty() ? R"({"ref":)" : R"(,{"ref":)";
        append_json_string(payloads, "attestation:" + what->keys.front());
        payloads += R"(,"bytes":)";
        payloads += what->record.empty() ? "null" : std::to_string(what->record.size());
        payloads += '}';
      }
      json += R"(],"payloads":[)" + payloads + "]}";
    }
    json += ']';
  }

  // What can be looked at, and how large it is, by the rows that were found.
  void write_payloads(std::string& json) const {
    json += R"(,"payloads":[)";
    const auto add = [&](const std::string& row, std::string_view column, std::string_view kind) {
      const auto members = detail::check_json_members(row);
      const std::string bytes = detail::find_member_text(members, std::string(column) + "_bytes");
      if (bytes.empty()) return;
      json += json.back() == '[' ? R"({"ref":)" : R"(,{"ref":)";
      const std::string id = detail::find_member_text(members, "id");
      append_json_string(json, std::string(kind) + (&row == &found_.job ? "" : ':' + id));
      json += R"(,"bytes":)" + bytes + '}';
    };
    for (const std::string_view column : {"data", "workflow_output", "extra"}) {
      if (found_.is_known) add(found_.job, column, column);
    }
    const auto add_all = [&](const std::vector<std::string>& rows, std::string_view column,
                             std::string_view kind) {
      for (const std::string& row : rows) add(row, column, kind);
    };
    add_all(found_.backups, "original_data", "retry_data");
    add_all(found_.backups, "original_workflow_output", "retry_output");
    add_all(found_.steps, "input_data", "step_input");
    add_all(found_.steps, "output_data", "step_output");
    add_all(found_.events, "body", "event");
    add_all(found_.deliveries, "body", "delivery");
    json += ']';
  }

  // Of an attempt and the next, by the record that a worker or the API made last.
  void write_differences(std::string& json) const {
    json += R"(,"differences":[)";
    const job_attempt* before = nullptr;
    for (const job_attempt& one : attempts_) {
      if (!one.attempt || record_of(one).empty()) continue;
      if (before != nullptr) write_difference(json, *before, one);
      before = &one;
    }
    json += ']';
  }
  static std::string_view record_of(const job_attempt& one) {
    const auto last = std::find_if(
        one.evidence.rbegin(), one.evidence.rend(),
        [](const attested* what) { return detail::check_json(what->record).has_value(); });
    return last == one.evidence.rend() ? std::string_view() : (*last)->record;
  }
  void write_difference(std::string& json, const job_attempt& before,
                        const job_attempt& after) const {
    const auto found = detail::find_difference(record_of(before), record_of(after));
    if (json.back() != '[') json += ',';
    json += R"({"from":)" + std::to_string(*before.attempt) + R"(,"to":)";
    json += std::to_string(*after.attempt) + R"(,"changes":[)";
    for (const detail::json_change& one : found.changes) {
      if (&one != &found.changes.front()) json += ',';
      json += R"({"pointer":)";
      append_json_string(json, one.pointer);
      json += R"(,"before":)";
      append_value(json, one.before, most_value_);
      json += R"(,"after":)";
      append_value(json, one.after, most_value_);
      json += '}';
    }
    json += found.is_cut ? R"(],"is_cut":true})" : R"(],"is_cut":false})";
  }

  // Members of the rows that are times.
  static void add_rows(std::vector<happening>& all, std::string_view source,
                       const std::vector<std::string>& rows, std::string_view time,
                       std::string_view fallback, const std::vector<std::string_view>& words) {
    for (const std::string& row : rows) {
      const auto members = detail::check_json_members(row);
      happening one;
      one.source = source;
      one.at = detail::read_time(detail::find_member_text(members, time));
      if (!one.at && !fallback.empty()) {
        one.at = detail::read_time(detail::find_member_text(members, fallback));
      }
      for (const std::string_view name : words) {
        const std::string text = detail::find_member_text(members, name);
        if (text.empty()) continue;
        if (!one.title.empty()) one.title += ' ';
        one.title += detail::clip_text(text, 200);
      }
      one.ref = detail::find_member_text(members, "id");
      all.push_back(std::move(one));
    }
  }

  void write_timeline(std::string& json) const {
    std::vector<happening> all;
    if (found_.is_known) {
      const auto job = detail::check_json_members(found_.job);
      for (const std::string_view name :
           {"created_at", "started_at", "completed_at", "evaluated_at"}) {
        const auto when = detail::read_time(detail::find_member_text(job, name));
        if (!when) continue;
        all.push_back({when, "job", std::string(name.substr(0, name.size() - 3)), {}, {}});
      }
    }
    for (const attested& one : evidence_) {
      std::string title = one.is_failure ? "failure attested" : "completion attested";
      if (one.key) title += " by " + std::string(to_string(one.key->writer));
      all.push_back({one.at, "attestation", std::move(title), one.attempt, one.keys.front()});
    }
    add_rows(all, "history", found_.history, "created_at", "", {"status", "message"});
    add_rows(all, "retry", found_.backups, "backed_up_at", "", {"original_status"});
    add_rows(all, "step", found_.steps, "started_at", "", {"step_name", "status", "error_message"});
    add_rows(all, "notification", found_.notifications, "attested_at", "recorded_at",
             {"notification_type", "error_message"});
    add_rows(all, "webhook", found_.events, "received_at", "", {"event_type"});
    add_rows(all, "delivery", found_.deliveries, "last_attempt_at", "created_at",
             {"event_type", "state", "last_error"});
    std::stable_sort(all.begin(), all.end(),
                     [](const happening& a, const happening& b) { return a.at < b.at; });
    json += R"(,"timeline":[)";
    for (const happening& one : all) {
      if (&one != &all.front()) json += ',';
      json += R"({"at":)";
      append_time(json, one.at);
      json += R"(,"source":)";
      append_json_string(json, one.source);
      json += R"(,"title":)";
      append_json_string(json, one.title);
      json += R"(,"attempt":)";
      json += one.attempt ? std::to_string(*one.attempt) : "null";
      json += R"(,"ref":)";
      append_text(json, one.ref);
      json += '}';
    }
    json += ']';
  }

  static std::uint64_t sample_of(const detail::similar_failures& similar) {
    return similar.recovered + similar.failed;
  }

  // Odds are counted, or there are none.
  static std::string odds_of(const std::optional<detail::similar_failures>& similar) {
    if (!similar || sample_of(*similar) == 0) return "null";
    const std::uint64_t percent = similar->recovered * 100 / sample_of(*similar);
    return percent == 100 ? "1"
                          : "0." + std::string(percent < 10 ? "0" : "") + std::to_string(percent);
  }

  static void write_similar(std::string& json, const std::optional<failure>& last,
                            const std::optional<detail::similar_failures>& similar) {
    json += R"(,"similar_failures":)";
    if (!last || !similar) {
      json += "null";
      return;
    }
    json += R"({"fingerprint":)";
    append_json_string(json, last->fingerprint);
    json += R"(,"jobs":)" + std::to_string(similar->jobs);
    json += R"(,"recovered":)" + std::to_string(similar->recovered);
    json += R"(,"failed":)" + std::to_string(similar->failed);
    json += R"(,"sample_size":)" + std::to_string(sample_of(*similar));
    json += R"(,"recovery_odds":)" + odds_of(similar) + R"(,"examples":[)";
    for (const auto& [id, at] : similar->examples) {
      if (json.back() != '[') json += ',';
      json += R"({"id":)";
      append_json_string(json, id);
      json += R"(,"at":)";
      append_text(json, at);
      json += '}';
    }
    json += "]}";
  }

  void write_suggestions(std::string& json, const std::optional<failure>& last,
                         const std::optional<detail::similar_failures>& similar) const {
    json += R"(,"recovery_suggestions":[)";
    const std::string& status = found_.status;
    if (last && (status == "failed" || status == "timeout" || status == "timed_out")) {
      const bool is_of_input = last->type == failure_type::validation_error ||
                               last->type == failure_type::generation_refusal ||
                               last->type == failure_type::auth_error;
      json += R"({"type":)";
      json += is_of_input ? R"("manual_review")" : R"("retry")";
      json += R"(,"description":)";
      append_json_string(json, is_of_input
                                   ? "The same input would be refused again: change it, or the "
                                     "permission that it needs"
                                   : "Nothing of the input is at fault: the same job may succeed");
      json += R"(,"confidence":)";
      append_json_string(json, to_string(last->confidence));
      json += R"(,"estimated_success_rate":)" + odds_of(similar) + R"(,"sample_size":)";
      json += similar ? std::to_string(sample_of(*similar)) : "0";
      json += is_of_input ? R"(,"automated_action_available":false})"
                          : R"(,"automated_action_available":true})";
    }
    json += ']';
  }

  job_dossier found_;
  std::vector<attested> evidence_;
  std::vector<job_attempt> attempts_;
  std::size_t most_value_;
};

std::string attestation_to_json(const attested& one) {
  std::string json = R"({"attempt":)";
  json += one.attempt ? std::to_string(*one.attempt) : "null";
  json += one.is_failure ? R"(,"kind":"failure","writer":)" : R"(,"kind":"completion","writer":)";
  append_text(json, one.key ? to_string(one.key->writer) : std::string_view());
  json += R"(,"at":)";
  append_time(json, one.at);
  json += R"(,"keys":[)";
  for (const std::string& key : one.keys) {
    if (&key != &one.keys.front()) json += ',';
    append_json_string(json, key);
  }
  json += R"(],"record":)";
  if (one.record.empty()) {
    json += "null";
  } else if (detail::check_json(one.record)) {
    json += one.record;
  } else {
    append_json_string(json, one.record);
  }
  return json + '}';
}

bool is_empty(const job_dossier& found) {
  return !found.is_known && found.attestations.empty() && found.notifications.empty() &&
         found.events.empty() && found.deliveries.empty() && found.steps.empty();
}

constexpr std::int64_t keys_of_attempts = 10;
constexpr std::size_t most_analysed = 10'000;

}  // namespace

inline namespace v1 {

result<std::optional<std::string>> forensics::of_job(std::string_view id, instant now,
                                                     const forensics_options& options) {
  auto found = detail::read_dossier(*store_, id, detail::possible_step_keys(id, keys_of_attempts));
  if (!found) return found.problem();
  std::vector<std::string> warnings;
  if (options.redis != nullptr) {
    const auto more = options.redis->attestations_of(id);
    if (!more) {
      warnings.push_back("Redis was not asked: " + more.problem().message);
    } else {
      for (const redis_attestation& one : *more) {
        found->attestations.push_back({one.key, std::string(id), {}, {}, one.record, {}});
      }
    }
  }
  if (is_empty(*found)) return std::optional<std::string>();
  auto evidence = detail::merge_attestations(found->attestations);
  document made(std::move(*found), std::move(evidence), options);
  std::optional<evaluation> verdict;
  if (made.found().is_known) {
    auto explained = evaluator(*store_, *rules_).explain(id, now);
    if (!explained) {
      warnings.push_back("there is no verdict: " + explained.problem().message);
    } else {
      verdict = std::move(*explained);
    }
  }
  std::optional<detail::similar_failures> similar;
  if (const auto last = made.last_failure()) {
    auto counted = detail::find_similar_failures(*store_, last->fingerprint, id);
    if (!counted) return counted.problem();
    similar = std::move(*counted);
  }
  return std::optional(made.write(verdict, similar, std::move(warnings)));
}

result<std::string> forensics::attestations_of(std::string_view id) {
  const auto found =
      detail::read_dossier(*store_, id, detail::possible_step_keys(id, keys_of_attempts));
  if (!found) return found.problem();
  std::string json = R"({"workflow_id":)";
  append_json_string(json, id);
  json += R"(,"attestations":[)";
  for (const attested& one : detail::merge_attestations(found->attestations)) {
    if (json.back() != '[') json += ',';
    json += attestation_to_json(one);
  }
  return json + "]}";
}

result<std::optional<std::string>> forensics::attestation_of(std::string_view id,
                                                             attestation_writer writer) {
  const auto found =
      detail::read_dossier(*store_, id, detail::possible_step_keys(id, keys_of_attempts));
  if (!found) return found.problem();
  const auto all = detail::merge_attestations(found->attestations);
  const attested* latest = nullptr;
  for (const attested& one : all) {
    const bool is_of_worker = one.key && one.key->writer != attestation_writer::api;
    if (!one.key || is_of_worker == (writer == attestation_writer::api)) continue;
    if (latest == nullptr || !(one.attempt < latest->attempt)) latest = &one;
  }
  if (latest == nullptr) return std::optional<std::string>();
  return std::optional(attestation_to_json(*latest));
}

result<std::string> forensics::failed_analysis(std::size_t most) {
  if (most < 1 || most > most_analysed) {
    return error{errc::invalid_argument, no_offset, "an analysis is of 1 to 10,000 failures"};
  }
  const auto found = detail::analyse_failures(*store_, most);
  if (!found) return found.problem();
  std::string json = R"({"failed_jobs":)" + std::to_string(found->failed_jobs);
  json += R"(,"looked_at":)" + std::to_string(found->looked_at) + R"(,"types":[)";
  for (const auto& [type, count] : found->types) {
    json += json.back() == '[' ? R"({"failure_type":)" : R"(,{"failure_type":)";
    append_json_string(json, type);
    json += R"(,"failures":)" + std::to_string(count) + '}';
  }
  json += R"(],"retry_counts":[)";
  for (const auto& [retries, count] : found->retry_counts) {
    json += json.back() == '[' ? R"({"retry_count":)" : R"(,{"retry_count":)";
    json += std::to_string(retries) + R"(,"jobs":)" + std::to_string(count) + '}';
  }
  json += R"(],"common_failures":[)";
  for (const detail::failure_group& one : found->groups) {
    json += json.back() == '[' ? R"({"fingerprint":)" : R"(,{"fingerprint":)";
    append_json_string(json, one.fingerprint);
    json += R"(,"failure_type":)";
    append_json_string(json, one.type);
    json += R"(,"failure_reason":)";
    append_json_string(json, one.reason);
    json += R"(,"jobs":)" + std::to_string(one.jobs);
    json += R"(,"recovered":)" + std::to_string(one.recovered);
    json += R"(,"last_failed_at":)";
    append_time(json, one.last_failed_at);
    json += R"(,"example":{"id":)";
    append_text(json, one.example_id);
    json += R"(,"error_message":)";
    append_text(json, one.example_message);
    json += "}}";
  }
  return json + "]}";
}

result<std::size_t> forensics::index_failures() {
  std::size_t all = 0;
  for (;;) {
    const auto jobs = detail::find_unindexed_failures(*store_, most_indexed);
    if (!jobs) return jobs.problem();
    std::vector<detail::failure_row> rows;
    for (const detail::failed_job& job : *jobs) {
      failure what = classify_failure(job.error_message);
      rows.push_back({&job, std::move(what.fingerprint), std::string(to_string(what.type)),
                      std::string(to_string(what.reason))});
    }
    if (const status added = detail::add_failures(*store_, rows); !added) return added.problem();
    all += rows.size();
    if (jobs->size() < most_indexed) return all;
  }
}

}  // namespace v1
}  // namespace jobqueue
