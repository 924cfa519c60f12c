#include "store/job_dossier.hpp"

#include <algorithm>
#include <utility>

#include "store/job_store_parts.hpp"
#include "store/new_rows.hpp"

namespace jobqueue::detail {
namespace {

// The rows of a table as objects of JSON, newest first; none if there is no such table.
class row_reader {
 public:
  row_reader(sql_connection& connection, std::vector<std::string>& cut)
      : connection_(&connection), cut_(&cut) {}

  result<std::vector<std::string>> read(std::string_view table, const std::string& where,
                                        std::string_view order,
                                        std::span<const fact_value> parameters) {
    auto columns = connection_->columns_of(table);
    if (!columns) return columns.problem();
    if (columns->empty()) return std::vector<std::string>();
    return read_columns(table, *columns, where, order, parameters);
  }

  result<std::vector<std::string>> read_columns(std::string_view table, const column_list& columns,
                                                const std::string& where, std::string_view order,
                                                std::span<const fact_value> parameters) {
    column_list listed;
    std::string sql = "SELECT ";
    for (const sql_column& column : columns) {
      if (!listed.empty()) sql += ", ";
      if (is_payload_column(column.name)) {
        listed.push_back({column.name + "_bytes", fact_value::kind::integer, {}});
        sql += size_of(column);
      } else {
        listed.push_back(column);
        sql += clipped_column(column);
      }
    }
    sql.append(" FROM ").append(table).append(" WHERE ").append(where);
    if (!order.empty()) sql.append(" ORDER BY ").append(order).append(" DESC");
    sql += " LIMIT " + std::to_string(most_dossier_rows + 1);
    const auto rows = connection_->query(sql, parameters);
    if (!rows) return rows.problem();
    std::vector<std::string> all;
    for (std::size_t i = 0; i < std::min(rows->size(), most_dossier_rows); ++i) {
      all.push_back(row_to_json(listed, rows->row(i)));
    }
    if (rows->size() > most_dossier_rows) cut_->emplace_back(table);
    return all;
  }

 private:
  [[nodiscard]] std::string size_of(const sql_column& column) const {
    const std::string name = quote_identifier(column.name);
    return connection_->dialect() == sql_dialect::sqlite
               ? "length(CAST(" + name + " AS blob))"
               : "octet_length(CAST(" + name + " AS text))";
  }

  sql_connection* connection_;
  std::vector<std::string>* cut_;
};

class dossier_reader {
 public:
  dossier_reader(job_store_parts& store, sql_connection& connection, std::string_view id)
      : store_(&store),
        connection_(&connection),
        id_(fact_value::of_text(id)),
        rows_(connection, dossier_.cut) {}

  result<job_dossier> read(const std::vector<std::string>& keys) {
    if (const status job = read_job(); !job) return job.problem();
    const struct {
      std::string_view table;
      std::string where;
      std::string_view order;
      std::vector<std::string>* to;
    } parts[] = {{"job_history", job_is("job_id"), "created_at", &dossier_.history},
                 {"job_retry_backup", job_is("original_job_id"), "backed_up_at", &dossier_.backups},
                 {"step", job_is("job_id"), "started_at", &dossier_.steps},
                 {"notification", "workflow_id = $1", "coalesce(attested_at, recorded_at)",
                  &dossier_.notifications},
                 {"webhook_event", "workflow_id = $1", "received_at", &dossier_.events},
                 {"webhook_delivery", "workflow_id = $1", "created_at", &dossier_.deliveries}};
    for (const auto& part : parts) {
      auto found = rows_.read(part.table, part.where, part.order, {&id_, 1});
      if (!found) return found.problem();
      *part.to = std::move(*found);
    }
    if (const status read = read_attestations(keys); !read) return read.problem();
    return std::move(dossier_);
  }

 private:
  // The owner's columns may be of another type than text.
  [[nodiscard]] std::string job_is(std::string_view column) const {
    return std::string(column) +
           (connection_->dialect() == sql_dialect::sqlite ? " = $1" : " = jobqueue_job_id($1)");
  }

  status read_job() {
    const auto columns = store_->job_columns(*connection_);
    if (!columns) return columns.problem();
    auto rows = rows_.read_columns("job", **columns, job_is("id"), "", {&id_, 1});
    if (!rows) return rows.problem();
    dossier_.is_known = !rows->empty();
    if (!dossier_.is_known) return done;
    dossier_.job = std::move(rows->front());
    const auto facts = connection_->query(
        "SELECT CAST(status AS text), error_message, coalesce(retry_count, 0),"
        " coalesce(max_retries, 0) FROM job WHERE " +
            job_is("id"),
        {&id_, 1});
    if (!facts) return facts.problem();
    const auto row = facts->row(0);
    dossier_.status = row[0].text;
    dossier_.error_message = row[1].text;
    dossier_.retry_count = row[2].integer;
    dossier_.max_retries = row[3].integer;
    return done;
  }

  status read_attestations(const std::vector<std::string>& keys) {
    const auto columns = connection_->columns_of("attestation");
    if (!columns) return columns.problem();
    const sql_column* const record = find_column(*columns, "record");
    if (record == nullptr) return done;
    std::vector<fact_value> values{id_};
    std::string where = "workflow_id = $1";
    for (const std::string& key : keys) {
      values.push_back(fact_value::of_text(key));
      where += (values.size() == 2 ? " OR key IN ($" : ", $") + std::to_string(values.size());
    }
    if (!keys.empty()) where += ')';
    const auto rows = connection_->query("SELECT key, workflow_id, kind, attempt, recorded_at, " +
                                             clipped_column(*record) + " FROM attestation WHERE " +
                                             where + " ORDER BY recorded_at DESC, key LIMIT " +
                                             std::to_string(most_dossier_rows + 1),
                                         values);
    if (!rows) return rows.problem();
    for (std::size_t i = 0; i < std::min(rows->size(), most_dossier_rows); ++i) {
      const auto row = rows->row(i);
      const fact_value text = withhold_long(row[5]);
      dossier_attestation& one = dossier_.attestations.emplace_back();
      one.key = row[0].text;
      one.workflow_id = row[1].text;
      one.kind = row[2].text;
      if (row[3].of == fact_value::kind::integer) one.attempt = row[3].integer;
      one.recorded_at = time_of(row[4]);
      if (text.of != fact_value::kind::withheld) one.record = text.text;
    }
    if (rows->size() > most_dossier_rows) dossier_.cut.emplace_back("attestation");
    return done;
  }

  job_store_parts* store_;
  sql_connection* connection_;
  fact_value id_;
  job_dossier dossier_;
  row_reader rows_;
};

}  // namespace

result<job_dossier> read_dossier(job_store& store, std::string_view id,
                                 const std::vector<std::string>& keys) {
  auto connection = store.parts().pool.acquire();
  if (!connection) return connection.problem();
  return dossier_reader(store.parts(), **connection, id).read(keys);
}

result<similar_failures> find_similar_failures(job_store& store, std::string_view fingerprint,
                                               std::string_view but_not) {
  // What a page shows must not cost more the longer a queue has failed alike.
  constexpr std::string_view newest =
      "(SELECT job_id, max(failed_at) AS failed_at FROM (SELECT job_id, failed_at FROM job_failure"
      " WHERE fingerprint = $1 AND job_id <> $2 ORDER BY failed_at DESC LIMIT 10000) f"
      " GROUP BY job_id)";
  constexpr std::size_t most_examples = 5;
  auto connection = store.parts().pool.acquire();
  if (!connection) return connection.problem();
  const bool is_sqlite = (*connection)->dialect() == sql_dialect::sqlite;
  const fact_value values[]{fact_value::of_text(fingerprint), fact_value::of_text(but_not)};
  const std::string join = is_sqlite ? " LEFT JOIN job j ON j.id = s.job_id"
                                     : " LEFT JOIN job j ON j.id = jobqueue_job_id(s.job_id)";
  const auto counts = (*connection)
                          ->query(
                              "SELECT count(*), count(CASE WHEN lower(j.status) IN ('completed',"
                              " 'complete') THEN 1 END), count(CASE WHEN lower(j.status) = 'failed'"
                              " AND coalesce(j.retry_count, 0) >= coalesce(j.max_retries, 0) THEN 1"
                              " END) FROM " +
                                  std::string(newest) + " s" + join,
                              values);
  if (!counts) return counts.problem();
  similar_failures found;
  const auto number = [&](std::size_t column) {
    return static_cast<std::uint64_t>(counts->row(0)[column].integer);
  };
  found.jobs = number(0);
  found.recovered = number(1);
  found.failed = number(2);
  const auto examples = (*connection)
                            ->query(
                                "SELECT job_id, failed_at FROM job_failure WHERE fingerprint ="
                                " $1 AND job_id <> $2 ORDER BY failed_at DESC LIMIT " +
                                    std::to_string(most_examples),
                                values);
  if (!examples) return examples.problem();
  for (std::size_t i = 0; i < examples->size(); ++i) {
    const auto row = examples->row(i);
    const auto when = time_of(row[1]);
    found.examples.emplace_back(row[0].text, when ? format_instant(*when) : std::string());
  }
  return found;
}

result<std::vector<failed_job>> find_unindexed_failures(job_store& store, std::size_t most) {
  auto connection = store.parts().pool.acquire();
  if (!connection) return connection.problem();
  const auto rows =
      (*connection)
          ->query(
              "SELECT CAST(j.id AS text), j.error_message, coalesce(j.retry_count, 0) + 1,"
              " j.completed_at, j.updated_at FROM job j WHERE lower(j.status) = 'failed'"
              " AND j.error_message IS NOT NULL AND NOT EXISTS (SELECT 1 FROM job_failure f WHERE"
              " f.job_id = CAST(j.id AS text) AND f.attempt = coalesce(j.retry_count, 0) + 1)"
              " LIMIT " +
              std::to_string(most));
  if (!rows) return rows.problem();
  std::vector<failed_job> all;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const auto row = rows->row(i);
    all.push_back({std::string(row[0].text), std::string(row[1].text), row[2].integer,
                   time_of(row[row[3].of == fact_value::kind::time ? 3 : 4])});
  }
  return all;
}

status add_failures(job_store& store, const std::vector<failure_row>& rows) {
  auto connection = store.parts().pool.acquire();
  if (!connection) return connection.problem();
  return transact(**connection, [&](sql_connection& open) -> status {
    const auto columns = open.columns_of("job_failure");
    if (!columns) return columns.problem();
    std::vector<const sql_column*> wanted;
    for (const std::string_view name :
         {"job_id", "attempt", "fingerprint", "failure_type", "failure_reason", "failed_at"}) {
      const auto column = need_column(*columns, "job_failure", name);
      if (!column) return column.problem();
      wanted.push_back(*column);
    }
    std::vector<new_row> added;
    for (const failure_row& one : rows) {
      new_row& row = added.emplace_back();
      row.columns = wanted;
      row.values = {
          fact_value::of_text(one.job->id),
          fact_value::of_integer(one.job->attempt),
          fact_value::of_text(one.fingerprint),
          fact_value::of_text(one.type),
          fact_value::of_text(one.reason),
          one.job->failed_at ? fact_value::of_time(*one.job->failed_at) : fact_value::absent()};
    }
    return row_adder(open, "job_failure", "job_id, attempt").add(added);
  });
}

result<std::string> request_retry(job_store& store, std::string_view id, instant now,
                                  std::int64_t& attempt) {
  auto connection = store.parts().pool.acquire();
  if (!connection) return connection.problem();
  std::string outcome;
  const status finished = transact(**connection, [&](sql_connection& open) -> status {
    const bool is_sqlite = open.dialect() == sql_dialect::sqlite;
    const std::string where = is_sqlite ? " WHERE id = $1" : " WHERE id = jobqueue_job_id($1)";
    const fact_value job = fact_value::of_text(id);
    const auto found = open.query(
        "SELECT lower(status), coalesce(retry_count, 0) + 1 FROM job" + where, {&job, 1});
    if (!found) return found.problem();
    outcome = "not_found";
    if (found->size() == 0) return done;
    attempt = found->row(0)[1].integer;
    const std::string_view state = found->row(0)[0].text;
    outcome = "not_failed";
    if (state != "failed" && state != "timeout" && state != "timed_out") return done;
    const fact_value values[]{job, fact_value::of_integer(attempt), fact_value::of_time(now)};
    const auto queued = open.query(
        "INSERT INTO outbox (kind, job_id, attempt, created_at) VALUES ('job_retry', $1, $2, " +
            open.parameter(3, "timestamptz") + ") ON CONFLICT (kind, job_id, attempt) DO NOTHING",
        values);
    if (!queued) return queued.problem();
    outcome = "retried_already";
    if (queued->affected() == 0) return done;
    outcome = "retried";
    const auto kept = open.query(
        "INSERT INTO job_retry_backup (original_job_id, retry_attempt, original_data,"
        " original_status, original_workflow_output, original_started_at, original_completed_at)"
        " SELECT id, CAST(coalesce(retry_count, 0) AS integer) + 1, data, status, workflow_output,"
        " started_at, completed_at FROM job" +
            where,
        {&job, 1});
    if (!kept) return kept.problem();
    return done;
  });
  if (!finished) return finished.problem();
  return outcome;
}

}  // namespace jobqueue::detail
