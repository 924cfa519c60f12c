#include "store/record_source.hpp"

namespace jobqueue::detail {
namespace {

// Only what is selected is computed. A view of this would keep an owner from changing the columns
// of the table.
constexpr std::string_view postgres_tables = R"((SELECT job.*,
  (SELECT json_build_object(
      'id', n.id, 'job_id', n.job_id, 'miniapp_user_id', n.miniapp_user_id,
      'notification_type', n.notification_type, 'notification_method', n.notification_method,
      'success', n.success, 'error_message', n.error_message, 'attested_by', n.attested_by,
      'attested_at', coalesce(n.attested_at, n.recorded_at), 'record', n.record)
    FROM notification n WHERE n.workflow_id = job.id::text
    ORDER BY coalesce(n.attested_at, n.recorded_at) DESC, n.id DESC LIMIT 1) AS notification,
  (SELECT json_agg(json_build_object(
      'key', a.key, 'step_id', a.step_id, 'kind', a.kind, 'attempt', a.attempt,
      'recorded_at', a.recorded_at, 'record', a.record) ORDER BY a.recorded_at DESC, a.key DESC)
    FROM (SELECT * FROM attestation WHERE workflow_id = job.id::text
      ORDER BY recorded_at DESC, key DESC LIMIT 100) a) AS attestations
FROM job) AS job_record)";

constexpr std::string_view sqlite_tables = R"((SELECT job.*,
  (SELECT json_object(
      'id', n.id, 'job_id', n.job_id, 'miniapp_user_id', n.miniapp_user_id,
      'notification_type', n.notification_type, 'notification_method', n.notification_method,
      'success', json(iif(n.success IS NULL, 'null', iif(n.success, 'true', 'false'))),
      'error_message', n.error_message, 'attested_by', n.attested_by,
      'attested_at', coalesce(n.attested_at, n.recorded_at),
      'record', iif(json_valid(n.record), json(n.record), n.record))
    FROM notification n WHERE n.workflow_id = job.id
    ORDER BY coalesce(n.attested_at, n.recorded_at) DESC, n.id DESC LIMIT 1) AS notification,
  (SELECT iif(count(*) = 0, NULL, json_group_array(json_object(
      'key', a.key, 'step_id', a.step_id, 'kind', a.kind, 'attempt', a.attempt,
      'recorded_at', a.recorded_at,
      'record', iif(json_valid(a.record), json(a.record), a.record))))
    FROM (SELECT * FROM attestation WHERE workflow_id = job.id
      ORDER BY recorded_at DESC, key DESC LIMIT 100) a) AS attestations
FROM job) AS job_record)";

}  // namespace

result<record_source> find_record_source(sql_connection& connection,
                                         const std::vector<sql_column>& job_columns) {
  record_source source;
  auto view = connection.columns_of("job_record");
  if (!view) return view.problem();
  if (!view->empty()) {
    source.from = "job_record";
    source.columns = std::move(*view);
    return source;
  }
  source.from = connection.dialect() == sql_dialect::sqlite ? sqlite_tables : postgres_tables;
  source.columns = job_columns;
  source.columns.push_back({"notification", fact_value::kind::json, "json"});
  source.columns.push_back({"attestations", fact_value::kind::json, "json"});
  return source;
}

}  // namespace jobqueue::detail
