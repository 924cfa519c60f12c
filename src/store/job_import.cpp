// Adding jobs.
#include <algorithm>
#include <charconv>
#include <utility>

#include "core/json_check.hpp"
#include "core/json_text.hpp"
#include "core/sha256.hpp"
#include "store/new_rows.hpp"

namespace jobqueue {
namespace detail {
namespace {

error refuse(std::string sentence) {
  return {errc::invalid_argument, no_offset, std::move(sentence)};
}

// A value of JSON as one of the column; an error says what the column wants.
result<fact_value> read_column_value(const sql_column& column, std::string_view value,
                                     new_row& row) {
  if (value == "null") return fact_value::absent();
  if (column.of == fact_value::kind::json) return fact_value::of_json(value);
  const bool is_string = value.front() == '"';
  const std::string_view text = is_string ? row.keep(read_json_string(value)) : value;
  switch (column.of) {
    case fact_value::kind::boolean:
      if (text == "true" || text == "1") return fact_value::of_boolean(true);
      if (text == "false" || text == "0") return fact_value::of_boolean(false);
      return refuse(column.name + " must be true or false");
    case fact_value::kind::integer: {
      if (is_string && text.empty()) return fact_value::absent();
      if (const auto number = read_integer(text)) return fact_value::of_integer(*number);
      double real = 0;
      const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), real);
      constexpr double most = 9e15;
      if (failed == std::errc() && end == text.data() + text.size() && real > -most &&
          real < most && real == static_cast<double>(static_cast<std::int64_t>(real))) {
        return fact_value::of_integer(static_cast<std::int64_t>(real));
      }
      return refuse(column.name + " must be an integer");
    }
    case fact_value::kind::real: {
      double real = 0;
      const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), real);
      if (failed == std::errc() && end == text.data() + text.size()) {
        return fact_value::of_real(real);
      }
      return refuse(column.name + " must be a number");
    }
    case fact_value::kind::time: {
      if (is_string && text.empty()) return fact_value::absent();
      const auto when = read_time(text);
      if (!when) {
        return refuse(column.name + " must be a time: RFC 3339, or milliseconds since 1970");
      }
      return fact_value::of_time(*when);
    }
    default: return fact_value::of_text(text);
  }
}

struct parsed_job {
  new_row row;
  std::vector<notification_record> notifications;
  std::vector<attestation_record> attestations;
};

// The same record has the same id again.
std::string digest_id(std::string_view workflow, std::string_view record) {
  sha256_stream digest;
  digest.update(std::as_bytes(std::span(workflow)));
  digest.update(std::as_bytes(std::span("\n", 1)));
  digest.update(std::as_bytes(std::span(record)));
  return digest.finish().hex();
}

// One thing, or a list of them.
std::vector<std::string_view> one_or_many(std::string_view value) {
  if (value.empty() || value == "null") return {};
  if (value.front() != '[') return {value};
  return read_json_elements(value);
}

notification_record read_notification(std::string_view workflow, std::string_view record) {
  const auto members = read_json_members(record);
  std::string id = find_member_text(members, "attestation_id");
  if (id.empty()) id = find_member_text(members, "id");
  if (id.empty()) id = digest_id(workflow, record);
  return {std::move(id), std::string(workflow), std::string(record)};
}

attestation_record read_attestation(std::string_view workflow, std::string_view element) {
  const auto members = read_json_members(element);
  attestation_record made;
  made.key = find_member_text(members, "key");
  if (made.key.empty()) made.key = digest_id(workflow, element);
  made.workflow_id = workflow;
  made.step_id = find_member_text(members, "step_id");
  made.kind = find_member_text(members, "kind");
  made.attempt = read_integer(find_member_text(members, "attempt"));
  made.record = element;
  for (const json_member& member : members) {
    if (member.name == "record") made.record = member.value;
  }
  return made;
}

// What is no column goes into `extra`, so that nothing is lost.
void keep_unknown(const std::vector<const json_member*>& unknown, const sql_column& extra,
                  new_row& row) {
  std::string object = "{";
  for (const json_member* member : unknown) {
    if (object.size() > 1) object += ',';
    append_json_string(object, member->name);
    object.append(":").append(member->value);
  }
  object += '}';
  row.add(&extra, fact_value::of_json(row.keep(std::move(object))));
}

// An id must be something that can be asked for again.
status check_id(std::string_view id) {
  constexpr std::size_t most_id_bytes = 1024;
  if (id.empty()) return refuse("a job is a JSON object with an id");
  if (id.size() > most_id_bytes) return refuse("an id has at most 1024 bytes");
  if (id.find('\0') != std::string_view::npos) return refuse("an id has no NUL");
  return done;
}

result<parsed_job> parse_job(std::string_view record, const column_list& columns) {
  if (const status valid = check_json(record); !valid) return valid.problem();
  const auto members = read_json_members(record);
  const std::string id = find_member_text(members, "id");
  if (const status checked = check_id(id); !checked) return checked.problem();
  parsed_job job;
  std::vector<const json_member*> unknown;
  for (const json_member& member : members) {
    if (member.name == "notification" || member.name == "notifications") {
      for (const std::string_view one : one_or_many(member.value)) {
        job.notifications.push_back(read_notification(id, one));
      }
      continue;
    }
    if (member.name == "attestations") {
      for (const std::string_view one : one_or_many(member.value)) {
        job.attestations.push_back(read_attestation(id, one));
      }
      continue;
    }
    const sql_column* const column = find_column(columns, member.name);
    if (column == nullptr || column->name == "extra") {
      unknown.push_back(&member);
      continue;
    }
    auto value = read_column_value(*column, member.value, job.row);
    if (!value) return value.problem();
    // Of equal names the last counts.
    const auto known = std::find(job.row.columns.begin(), job.row.columns.end(), column);
    if (known == job.row.columns.end()) {
      job.row.add(column, *value);
    } else {
      job.row.values[static_cast<std::size_t>(known - job.row.columns.begin())] = *value;
    }
  }
  if (!unknown.empty()) {
    const auto extra = need_column(columns, "job", "extra");
    if (!extra) return extra.problem();
    keep_unknown(unknown, **extra, job.row);
  }
  return job;
}

struct job_batch {
  std::vector<new_row> rows;
  std::vector<notification_record> notifications;
  std::vector<attestation_record> attestations;
};

// Adds jobs with what belongs to them, all or nothing; gives how many were not there.
result<std::size_t> insert_batch(sql_connection& connection, const job_batch& batch) {
  std::size_t added = 0;
  const status finished = transact(connection, [&](sql_connection& open) -> status {
    row_adder adder(open, "job", "id");
    if (status jobs = adder.add(batch.rows); !jobs) return jobs;
    if (const auto notifications = insert_notifications(open, batch.notifications);
        !notifications) {
      return notifications.problem();
    }
    if (const auto attestations = insert_attestations(open, batch.attestations); !attestations) {
      return attestations.problem();
    }
    added = adder.added();
    return done;
  });
  if (!finished) return finished.problem();
  return added;
}

}  // namespace
}  // namespace detail

inline namespace v1 {

result<import_report> job_store::import_jobs(std::span<const std::string_view> records) {
  auto connection = parts_->pool.acquire();
  if (!connection) return connection.problem();
  const auto columns = parts_->job_columns(**connection);
  if (!columns) return columns.problem();
  import_report report;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < records.size(); ++i) places.push_back(i);
  // What the store refuses of many is looked for in halves.
  std::vector<std::span<const std::size_t>> rest{places};
  std::size_t refused_before = 0;
  while (!rest.empty()) {
    const auto some = rest.back();
    rest.pop_back();
    detail::job_batch batch;
    refused_before = report.refused.size();
    for (const std::size_t place : some) {
      auto job = detail::parse_job(records[place], **columns);
      if (!job) {
        report.refused.emplace_back(place, job.problem());
        continue;
      }
      batch.rows.push_back(std::move(job->row));
      std::move(job->notifications.begin(), job->notifications.end(),
                std::back_inserter(batch.notifications));
      std::move(job->attestations.begin(), job->attestations.end(),
                std::back_inserter(batch.attestations));
    }
    const auto added = detail::insert_batch(**connection, batch);
    if (added) {
      report.added += *added;
      report.known += batch.rows.size() - *added;
      continue;
    }
    if (!(*connection)->refused_values()) return added.problem();
    report.refused.resize(refused_before, {0, error{}});
    if (some.size() == 1) {
      report.refused.emplace_back(some.front(), added.problem());
      continue;
    }
    rest.push_back(some.subspan(some.size() / 2));
    rest.push_back(some.first(some.size() / 2));
  }
  return report;
}

}  // namespace v1
}  // namespace jobqueue
