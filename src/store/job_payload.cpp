#include "store/job_payload.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "core/signature_text.hpp"
#include "store/job_store_parts.hpp"

namespace jobqueue::detail {
namespace {

// Where payloads of a kind are. Of the job's own columns the kind is the name.
struct payload_source {
  std::string_view kind;
  std::string_view table;
  std::string_view column;
  std::string_view key;     // which row it is; empty: there is one
  std::string_view owner;   // which job it is of; empty: any, the key says it
  bool is_owner_id = true;  // of the type that ids of jobs have
};

constexpr std::array<payload_source, 10> sources{{
    {"data", "job", "data", "", "id"},
    {"workflow_output", "job", "workflow_output", "", "id"},
    {"extra", "job", "extra", "", "id"},
    {"retry_data", "job_retry_backup", "original_data", "id", "original_job_id"},
    {"retry_output", "job_retry_backup", "original_workflow_output", "id", "original_job_id"},
    {"step_input", "step", "input_data", "id", "job_id"},
    {"step_output", "step", "output_data", "id", "job_id"},
    // A worker's key may name the step only.
    {"attestation", "attestation", "record", "key", ""},
    {"event", "webhook_event", "body", "id", "workflow_id", false},
    {"delivery", "webhook_delivery", "body", "id", "workflow_id", false},
}};

struct payload_query {
  std::string bytes;  // the payload as an expression of SQL
  std::string from;
  std::vector<fact_value> values;
};

payload_query query_of(const payload_source& source, std::string_view job_id, std::string_view key,
                       bool is_sqlite) {
  payload_query query;
  const std::string column = quote_identifier(source.column);
  query.bytes = is_sqlite ? "CAST(" + column + " AS blob)"
                          : "convert_to(CAST(" + column + " AS text), 'UTF8')";
  query.from.append(" FROM ").append(source.table).append(" WHERE true");
  const auto add = [&](std::string_view name, bool is_job_id, std::string_view value) {
    if (name.empty()) return;
    query.values.push_back(fact_value::of_text(value));
    const std::string number = '$' + std::to_string(query.values.size());
    query.from.append(" AND ").append(name).append(" = ");
    query.from += is_job_id && !is_sqlite ? "jobqueue_job_id(" + number + ')' : number;
  };
  add(source.owner, source.is_owner_id, job_id);
  // Ids of an owner's table may be of another type than text.
  add(is_sqlite || source.key.empty() ? std::string(source.key)
                                      : "CAST(" + std::string(source.key) + " AS text)",
      false, key);
  return query;
}

}  // namespace

result<std::optional<payload_piece>> read_payload(job_store& store, std::string_view job_id,
                                                  std::string_view reference, std::uint64_t offset,
                                                  std::uint64_t size) {
  const std::size_t colon = std::min(reference.find(':'), reference.size());
  const std::string_view kind = reference.substr(0, colon);
  const std::string_view key = reference.substr(std::min(colon + 1, reference.size()));
  const auto* const source = std::find_if(
      sources.begin(), sources.end(), [&](const payload_source& one) { return one.kind == kind; });
  if (source == sources.end() || source->key.empty() != key.empty()) {
    return error{errc::invalid_argument, no_offset,
                 "'" + std::string(reference) + "' is no reference to a payload"};
  }
  auto connection = store.parts().pool.acquire();
  if (!connection) return connection.problem();
  const auto columns = (*connection)->columns_of(source->table);
  if (!columns) return columns.problem();
  if (find_column(*columns, source->column) == nullptr) return std::optional<payload_piece>();
  const bool is_sqlite = (*connection)->dialect() == sql_dialect::sqlite;
  payload_query query = query_of(*source, job_id, key, is_sqlite);
  query.values.push_back(fact_value::of_integer(static_cast<std::int64_t>(offset)));
  const std::string first = "CAST($" + std::to_string(query.values.size()) + " AS integer) + 1";
  query.values.push_back(fact_value::of_integer(static_cast<std::int64_t>(size)));
  const std::string count = "CAST($" + std::to_string(query.values.size()) + " AS integer)";
  std::string sql = is_sqlite ? "SELECT length(p), hex(substr(p, " + first + ", " + count + "))"
                              : "SELECT length(p), encode(substring(p FROM " + first + " FOR " +
                                    count + "), 'hex')";
  sql += " FROM (SELECT " + query.bytes + " AS p" + query.from + ") one";
  const auto rows = (*connection)->query(sql, query.values);
  if (!rows) return rows.problem();
  if (rows->size() == 0 || rows->row(0)[0].of == fact_value::kind::absent) {
    return std::optional<payload_piece>();
  }
  payload_piece piece;
  piece.whole = static_cast<std::uint64_t>(rows->row(0)[0].integer);
  const std::string_view digits = rows->row(0)[1].text;
  piece.bytes.resize(digits.size() / 2);
  if (!decode_hex(
          digits,
          std::span(reinterpret_cast<std::uint8_t*>(piece.bytes.data()), piece.bytes.size()),
          hex_case::any)) {
    return error{errc::store_error, no_offset, "the store gave a payload in another form"};
  }
  return std::optional(std::move(piece));
}

}  // namespace jobqueue::detail
