// Writing what was found out about the jobs of a page.
#include <algorithm>
#include <numeric>
#include <utility>

#include "store/job_page.hpp"
#include "store/postgres_connection.hpp"

namespace jobqueue::detail {
namespace {

// The values of an UPDATE, in this order. An empty text is NULL.
constexpr std::size_t verdict_values = 7;

fact_value text_or_null(std::string_view text) {
  return text.empty() ? fact_value::absent() : fact_value::of_text(text);
}

fact_value time_or_null(const evaluation& verdict) {
  if (verdict.decided || !verdict.look_again_at) return fact_value::absent();
  return fact_value::of_time(*verdict.look_again_at);
}

// Of PostgreSQL: one statement for many jobs, each value an array.
std::string verdict_update(std::string_view id_type, std::string_view details_type) {
  std::string sql =
      "UPDATE job SET is_cleanup_evaluated = v.decided, status_category = v.category,"
      " problem_type = v.problem, problem_details = CAST(v.details AS ";
  sql.append(details_type)
      .append(
          "), resolution_needed = v.resolution, next_evaluation_at = v.next,"
          " evaluated_at = CAST($8 AS timestamptz), ruleset_digest = $9,"
          " evaluated_updated_at = coalesce(job.updated_at, ");
  sql.append(epoch).append(
      ") FROM unnest(CAST($1 AS text[]), CAST($2 AS boolean[]), CAST($3 AS text[]),"
      " CAST($4 AS text[]), CAST($5 AS text[]), CAST($6 AS text[]), CAST($7 AS timestamptz[]))"
      " AS v (id, decided, category, problem, details, resolution, next)"
      " WHERE job.id = CAST(v.id AS ");
  return sql.append(id_type).append(")");
}

std::vector<std::string> verdict_arrays(std::span<const std::size_t> jobs,
                                        std::span<const std::string> ids,
                                        std::span<const evaluation> verdicts) {
  std::vector<postgres_array> arrays(verdict_values);
  const auto add = [&](std::size_t array, std::string_view text) {
    if (text.empty()) return arrays[array].add_null();
    arrays[array].add(text);
  };
  for (const std::size_t job : jobs) {
    const evaluation& verdict = verdicts[job];
    const fact_value next = time_or_null(verdict);
    add(0, ids[job]);
    add(1, verdict.decided ? "true" : "false");
    add(2, verdict.status_category);
    add(3, verdict.problem_type);
    add(4, verdict.problem_details);
    add(5, verdict.resolution_needed);
    add(6, next.of == fact_value::kind::absent ? std::string()
                                               : format_stored_time(*verdict.look_again_at));
  }
  std::vector<std::string> texts;
  for (postgres_array& array : arrays) texts.push_back(array.finish());
  return texts;
}

constexpr std::string_view sqlite_update =
    "UPDATE job SET is_cleanup_evaluated = $2, status_category = $3, problem_type = $4,"
    " problem_details = $5, resolution_needed = $6, next_evaluation_at = $7, evaluated_at = $8,"
    " ruleset_digest = $9,"
    " evaluated_updated_at = coalesce(updated_at, '1970-01-01T00:00:00.000000Z') WHERE id = $1";

}  // namespace

status job_page_parts::write_one(std::size_t job, const evaluation& verdict,
                                 std::string_view digest) {
  const fact_value values[]{fact_value::of_text(ids[job]),
                            fact_value::of_boolean(verdict.decided),
                            text_or_null(verdict.status_category),
                            text_or_null(verdict.problem_type),
                            text_or_null(verdict.problem_details),
                            text_or_null(verdict.resolution_needed),
                            time_or_null(verdict),
                            fact_value::of_time(now),
                            fact_value::of_text(digest)};
  const auto answer = connection->query(sqlite_update, values);
  if (!answer) return answer.problem();
  return done;
}

status job_page_parts::write_verdicts(std::span<const std::size_t> jobs,
                                      std::span<const evaluation> verdicts,
                                      std::string_view digest) {
  if (connection->dialect() == sql_dialect::sqlite) {
    return write_one(jobs.front(), verdicts[jobs.front()], digest);
  }
  const auto columns = store->job_columns(*connection);
  if (!columns) return columns.problem();
  const sql_column* const id = find_column(**columns, "id");
  const sql_column* const details = find_column(**columns, "problem_details");
  if (id == nullptr || details == nullptr) {
    return error{errc::store_error, no_offset,
                 store->url.name + ": job has no id or problem_details; run jobqueue migrate"};
  }
  const auto texts = verdict_arrays(jobs, ids, verdicts);
  std::vector<fact_value> values;
  for (const std::string& text : texts) values.push_back(fact_value::of_text(text));
  values.push_back(fact_value::of_time(now));
  values.push_back(fact_value::of_text(digest));
  const auto answer = connection->query(verdict_update(id->type, details->type), values);
  if (!answer) return answer.problem();
  return done;
}

status job_page_parts::write_refused(std::size_t job, std::string_view digest,
                                     commit_report& report) {
  std::vector<evaluation> verdicts(ids.size());
  verdicts[job] = evaluation_error(
      {errc::store_error, no_offset, "the store refused to keep the verdict on this job"});
  const status written = write_verdicts({&job, 1}, verdicts, digest);
  if (written) {
    ++report.refused;
    ++report.written;
    return set_mark();
  }
  if (!connection->refused_values()) return written;
  ++report.failed;
  return return_to_mark();
}

result<commit_report> job_page_parts::commit(std::span<const evaluation> verdicts,
                                             std::string_view digest) {
  if (verdicts.size() != ids.size()) {
    return error{errc::invalid_argument, no_offset, "each job of a page needs one verdict"};
  }
  commit_report report;
  std::vector<std::size_t> all(ids.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  // SQLite keeps what other statements of a transaction did, so each job has one of its own.
  std::vector<std::span<const std::size_t>> rest;
  const std::size_t piece =
      connection->dialect() == sql_dialect::sqlite ? 1 : std::max<std::size_t>(all.size(), 1);
  for (std::size_t end = all.size(); end > 0;) {
    const std::size_t begin = end - std::min(end, piece);
    rest.push_back(std::span(all).subspan(begin, end - begin));
    end = begin;
  }
  while (!rest.empty()) {
    const auto some = rest.back();
    rest.pop_back();
    const status written = write_verdicts(some, verdicts, digest);
    if (written) {
      report.written += some.size();
      if (rest.empty()) break;
      if (const status set = set_mark(); !set) return set.problem();
      continue;
    }
    if (!connection->refused_values()) return written.problem();
    if (const status undone = return_to_mark(); !undone) return undone.problem();
    if (some.size() == 1) {
      const status refused = write_refused(some.front(), digest, report);
      if (!refused) return refused.problem();
      continue;
    }
    rest.push_back(some.subspan(some.size() / 2));
    rest.push_back(some.first(some.size() / 2));
  }
  if (const status committed = connection->commit(); !committed) return committed.problem();
  return report;
}

status job_page_parts::resolve(std::span<const resolution> resolutions) {
  if (resolutions.size() != ids.size()) {
    return error{errc::invalid_argument, no_offset, "each job of a page needs one resolution"};
  }
  const auto columns = store->job_columns(*connection);
  if (!columns) return columns.problem();
  const sql_column* const details = find_column(**columns, "problem_details");
  const std::string details_type = details == nullptr ? "json" : details->type;
  const std::string resolved =
      "UPDATE job SET workflow_output = $2, resolution_needed = NULL, next_evaluation_at = " +
      std::string(epoch) + " WHERE id = $1";
  const std::string retried =
      "INSERT INTO outbox (kind, job_id, attempt, payload)"
      " SELECT 'job_retry', CAST(id AS text), coalesce(retry_count, 0) + 1, " +
      connection->parameter(2, "json") +
      " FROM job WHERE id = $1 ON CONFLICT (kind, job_id, attempt) DO NOTHING";
  const std::string failed = "UPDATE job SET resolution_needed = NULL, problem_details = " +
                             connection->parameter(2, details_type) + " WHERE id = $1";
  for (std::size_t job = 0; job < ids.size(); ++job) {
    const resolution& what = resolutions[job];
    std::string_view value;
    const std::string* sql = nullptr;
    if (!what.workflow_output.empty()) {
      sql = &resolved;
      value = what.workflow_output;
    } else if (!what.retry_payload.empty()) {
      sql = &retried;
      value = what.retry_payload;
    } else if (!what.problem_details.empty()) {
      sql = &failed;
      value = what.problem_details;
    }
    if (sql == nullptr) continue;
    const fact_value values[]{fact_value::of_text(ids[job]), fact_value::of_text(value)};
    const auto answer = connection->query(*sql, values);
    if (!answer && !connection->refused_values()) return answer.problem();
    // What the store refuses stays to be resolved; the others have nothing to do with it.
    if (const status marked = answer ? set_mark() : return_to_mark(); !marked) return marked;
  }
  return connection->commit();
}

}  // namespace jobqueue::detail
