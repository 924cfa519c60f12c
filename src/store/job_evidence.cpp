// Notifications and attestations.
#include <algorithm>
#include <utility>

#include "core/json_check.hpp"
#include "core/json_text.hpp"
#include "store/new_rows.hpp"

namespace jobqueue {
namespace detail {
namespace {

// In one order, so that two that add the same wait for each other and never in a circle: adding
// evidence locks its job.
template <class Record>
std::vector<const Record*> in_order(std::span<const Record> records) {
  std::vector<const Record*> sorted;
  for (const Record& record : records) sorted.push_back(&record);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Record* a, const Record* b) {
    return a->workflow_id < b->workflow_id;
  });
  return sorted;
}

std::vector<new_row> notification_rows(const column_list& columns,
                                       std::span<const notification_record> records) {
  std::vector<new_row> rows;
  for (const notification_record* record : in_order(records)) {
    new_row& row = rows.emplace_back();
    const auto add_text = [&](std::string_view name, std::string_view text) {
      row.add(find_column(columns, name),
              text.empty() ? fact_value::absent() : fact_value::of_text(text));
    };
    const auto members = check_json_members(record->record);
    add_text("id", record->id);
    add_text("workflow_id", record->workflow_id);
    for (const std::string_view name : {"job_id", "miniapp_user_id", "notification_type",
                                        "notification_method", "error_message", "attested_by"}) {
      add_text(name, row.keep(find_member_text(members, name)));
    }
    const std::string success = find_member_text(members, "success");
    const bool says_so = success == "true" || success == "false";
    row.add(find_column(columns, "success"),
            says_so ? fact_value::of_boolean(success == "true") : fact_value::absent());
    std::string at = find_member_text(members, "attested_at");
    if (at.empty()) at = find_member_text(members, "timestamp");
    const auto when = read_time(at);
    row.add(find_column(columns, "attested_at"),
            when ? fact_value::of_time(*when) : fact_value::absent());
    // What is no object of JSON is kept as a text in one, and says nothing about success.
    std::string kept = record->record;
    if (members.empty()) {
      kept = R"({"malformed":)";
      append_json_string(kept, record->record);
      kept += '}';
    }
    row.add(find_column(columns, "record"), fact_value::of_json(row.keep(std::move(kept))));
  }
  return rows;
}

std::vector<new_row> attestation_rows(const column_list& columns,
                                      std::span<const attestation_record> records) {
  std::vector<new_row> rows;
  for (const attestation_record* record : in_order(records)) {
    new_row& row = rows.emplace_back();
    const auto add_text = [&](std::string_view name, std::string_view text) {
      row.add(find_column(columns, name),
              text.empty() ? fact_value::absent() : fact_value::of_text(text));
    };
    add_text("key", record->key);
    add_text("workflow_id", record->workflow_id);
    add_text("step_id", record->step_id);
    add_text("kind", record->kind);
    row.add(find_column(columns, "attempt"),
            record->attempt ? fact_value::of_integer(*record->attempt) : fact_value::absent());
    std::string kept = record->record;
    if (!check_json(kept)) {
      kept.clear();
      append_json_string(kept, record->record);
    }
    row.add(find_column(columns, "record"), fact_value::of_json(row.keep(std::move(kept))));
  }
  return rows;
}

// The columns of a table of the migrations, whatever else an owner has added.
result<column_list> columns_with(sql_connection& connection, std::string_view table,
                                 std::initializer_list<std::string_view> needed) {
  auto columns = connection.columns_of(table);
  if (!columns) return columns.problem();
  for (const std::string_view name : needed) {
    if (find_column(*columns, name) != nullptr) continue;
    return error{errc::store_error, no_offset,
                 "the store has no " + std::string(table) + "." + std::string(name) +
                     "; run jobqueue migrate"};
  }
  return columns;
}

}  // namespace

result<std::size_t> insert_notifications(sql_connection& connection,
                                         std::span<const notification_record> records) {
  const auto columns = columns_with(
      connection, "notification",
      {"id", "workflow_id", "job_id", "miniapp_user_id", "notification_type", "notification_method",
       "success", "error_message", "attested_by", "attested_at", "record"});
  if (!columns) return columns.problem();
  row_adder adder(connection, "notification", "workflow_id, id");
  const auto rows = notification_rows(*columns, records);
  if (const status added = adder.add(rows); !added) return added.problem();
  return adder.added();
}

result<std::size_t> insert_attestations(sql_connection& connection,
                                        std::span<const attestation_record> records) {
  const auto columns = columns_with(connection, "attestation",
                                    {"key", "workflow_id", "step_id", "kind", "attempt", "record"});
  if (!columns) return columns.problem();
  row_adder adder(connection, "attestation", "key");
  const auto rows = attestation_rows(*columns, records);
  if (const status added = adder.add(rows); !added) return added.problem();
  return adder.added();
}

}  // namespace detail

inline namespace v1 {
namespace {

// Runs `insert` in a transaction of a connection of the store.
template <class Insert>
result<std::size_t> add_evidence(detail::job_store_parts& store, const Insert& insert) {
  auto connection = store.pool.acquire();
  if (!connection) return connection.problem();
  std::size_t added = 0;
  const status finished = transact(**connection, [&](detail::sql_connection& open) -> status {
    const result<std::size_t> count = insert(open);
    if (!count) return count.problem();
    added = *count;
    return done;
  });
  if (!finished) return finished.problem();
  return added;
}

}  // namespace

result<std::size_t> job_store::add_notifications(std::span<const notification_record> records) {
  return add_evidence(*parts_, [&](detail::sql_connection& connection) {
    return detail::insert_notifications(connection, records);
  });
}

result<std::size_t> job_store::add_attestations(std::span<const attestation_record> records) {
  return add_evidence(*parts_, [&](detail::sql_connection& connection) {
    return detail::insert_attestations(connection, records);
  });
}

result<std::size_t> job_store::reopen_for_late_evidence(instant now) {
  auto connection = parts_->pool.acquire();
  if (!connection) return connection.problem();
  // One writer at a time sees everything.
  if ((*connection)->dialect() == detail::sql_dialect::sqlite) return std::size_t{0};
  std::size_t reopened = 0;
  const status finished = transact(**connection, [&](detail::sql_connection& open) -> status {
    const auto columns = parts_->job_columns(open);
    if (!columns) return columns.problem();
    const auto id = detail::need_column(**columns, "job", "id");
    if (!id) return id.problem();
    const auto due = open.query(
        "WITH met AS (DELETE FROM evidence_without_job e USING job"
        " WHERE job.id = CAST(e.workflow_id AS " +
        (*id)->type +
        ") RETURNING job.id)"
        " UPDATE job SET next_evaluation_at = " +
        std::string(detail::epoch) + " FROM met WHERE job.id = met.id");
    if (!due) return due.problem();
    reopened = due->affected();
    // No transaction is open for so long.
    const fact_value oldest = fact_value::of_time(now - std::chrono::hours(24));
    const auto forgotten =
        open.query("DELETE FROM evidence_without_job WHERE recorded_at < $1", {&oldest, 1});
    if (!forgotten) return forgotten.problem();
    return done;
  });
  if (!finished) return finished.problem();
  return reopened;
}

}  // namespace v1
}  // namespace jobqueue
