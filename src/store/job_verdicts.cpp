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

// Of PostgreSQL: one statement for many jobs, each value an array. An owner's columns may be of
// other types than ours.
result<std::string> verdict_update(const column_list& columns) {
  std::string sql = "UPDATE job SET is_cleanup_evaluated = v.decided";
  for (const std::string_view name :
       {"status_category", "problem_type", "problem_details", "resolution_needed"}) {
    const auto column = need_column(columns, "job", name);
    if (!column) return column.problem();
    sql.append(", ").append(quote_identifier((*column)->name)).append(" = CAST(v.");
    sql.append(name).append(" AS ").append((*column)->type).append(")");
  }
  const auto id = need_column(columns, "job", "id");
  if (!id) return id.problem();
  sql +=
      ", next_evaluation_at = v.next, evaluated_at = CAST($8 AS timestamptz), ruleset_digest = $9,"
      " evaluated_updated_at = coalesce(job.updated_at, ";
  sql.append(epoch).append(
      ") FROM unnest(CAST($1 AS text[]), CAST($2 AS boolean[]), CAST($3 AS text[]),"
      " CAST($4 AS text[]), CAST($5 AS text[]), CAST($6 AS text[]), CAST($7 AS timestamptz[]))"
      " AS v (id, decided, status_category, problem_type, problem_details, resolution_needed, next)"
      " WHERE job.id = CAST(v.id AS ");
  return sql.append((*id)->type).append(")");
}

template <class Getter>
std::vector<std::string> verdict_arrays(std::span<const std::size_t> jobs,
                                        std::span<const std::string> ids,
                                        const Getter& verdict_of) {
  std::vector<postgres_array> arrays(verdict_values);
  const auto add = [&](std::size_t array, std::string_view text) {
    if (text.empty()) return arrays[array].add_null();
    arrays[array].add(text);
  };
  for (const std::size_t job : jobs) {
    const evaluation& verdict = verdict_of(job);
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
  texts.reserve(arrays.size());
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
                                      const verdict_getter& verdict_of, std::string_view digest) {
  if (connection->dialect() == sql_dialect::sqlite) {
    return write_one(jobs.front(), verdict_of(jobs.front()), digest);
  }
  const auto columns = store->job_columns(*connection);
  if (!columns) return columns.problem();
  const auto sql = verdict_update(**columns);
  if (!sql) return sql.problem();
  const auto texts = verdict_arrays(jobs, ids, verdict_of);
  std::vector<fact_value> values;
  values.reserve(texts.size() + 2);
  for (const std::string& text : texts) values.push_back(fact_value::of_text(text));
  values.push_back(fact_value::of_time(now));
  values.push_back(fact_value::of_text(digest));
  const auto answer = connection->query(*sql, values);
  if (!answer) return answer.problem();
  return done;
}

status job_page_parts::write_refused(std::size_t job, std::string_view digest,
                                     commit_report& report) {
  const evaluation verdict = evaluation_error(
      {errc::store_error, no_offset, "the store refused to keep the verdict on this job"});
  const auto verdict_of = [&](std::size_t) -> const evaluation& { return verdict; };
  status written = write_verdicts({&job, 1}, verdict_of, digest);
  if (written) {
    report.refused.push_back(job);
    return set_mark();
  }
  if (!connection->refused_values()) return written;
  report.failed.push_back(job);
  return return_to_mark();
}

// An owner's trigger that sets updated_at when a verdict is written makes every job look changed,
// and every verdict progress. In PostgreSQL a trigger of ours undoes that.
status job_page_parts::check_updated_at() {
  if (connection->dialect() != sql_dialect::sqlite || ids.empty()) return done;
  const fact_value id = fact_value::of_text(ids.front());
  const auto changed = connection->query(
      "SELECT 1 FROM job WHERE id = $1 AND"
      " coalesce(updated_at, '1970-01-01T00:00:00.000000Z') <> evaluated_updated_at",
      {&id, 1});
  if (!changed) return changed.problem();
  if (changed->size() == 0) return done;
  return error{errc::store_error, no_offset,
               store->url.name +
                   ": a trigger of job sets updated_at when a verdict is written; let it fire for "
                   "other columns only: AFTER UPDATE OF status, data, ..."};
}

result<commit_report> job_page_parts::commit(std::span<const evaluation> verdicts,
                                             std::string_view digest) {
  if (verdicts.size() != ids.size()) {
    return error{errc::invalid_argument, no_offset, "each job of a page needs one verdict"};
  }
  commit_report report;
  const auto verdict_of = [&](std::size_t job) -> const evaluation& { return verdicts[job]; };
  std::vector<std::size_t> all(ids.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  // SQLite keeps what other statements of a transaction did, so each job has one of its own.
  std::vector<std::span<const std::size_t>> rest;
  const std::size_t piece =
      connection->dialect() == sql_dialect::sqlite ? 1 : std::max<std::size_t>(all.size(), 1);
  for (std::size_t end = all.size(); end > 0;) {
    const std::size_t begin = end - std::min(end, piece);
    rest.emplace_back(std::span(all).subspan(begin, end - begin));
    end = begin;
  }
  while (!rest.empty()) {
    const auto some = rest.back();
    rest.pop_back();
    const status written = write_verdicts(some, verdict_of, digest);
    if (written) {
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
  if (const status checked = check_updated_at(); !checked) return checked.problem();
  if (const status committed = connection->commit(); !committed) return committed.problem();
  return report;
}

result<std::vector<bool>> job_page_parts::resolve(std::span<const resolution> resolutions) {
  if (resolutions.size() != ids.size()) {
    return error{errc::invalid_argument, no_offset, "each job of a page needs one resolution"};
  }
  const auto columns = store->job_columns(*connection);
  if (!columns) return columns.problem();
  const auto details = need_column(**columns, "job", "problem_details");
  if (!details) return details.problem();
  const std::string resolved =
      "UPDATE job SET workflow_output = $2, resolution_needed = NULL, next_evaluation_at = " +
      std::string(epoch) + " WHERE id = $1 AND coalesce(workflow_output, '') = ''";
  const std::string retried =
      "INSERT INTO outbox (kind, job_id, attempt, payload)"
      " SELECT 'job_retry', CAST(id AS text), CAST(coalesce(retry_count, 0) AS bigint) + 1, " +
      connection->parameter(2, "json") +
      " FROM job WHERE id = $1 ON CONFLICT (kind, job_id, attempt) DO NOTHING";
  const std::string failed = "UPDATE job SET resolution_needed = NULL, problem_details = " +
                             connection->parameter(2, (*details)->type) + " WHERE id = $1";
  std::vector<bool> written(ids.size());
  for (std::size_t job = 0; job < ids.size(); ++job) {
    const resolution& what = resolutions[job];
    const bool has_output = !what.workflow_output.empty();
    const bool has_retry = !what.retry_payload.empty();
    if (!has_output && !has_retry && what.problem_details.empty()) continue;
    std::string_view value = what.problem_details;
    if (has_output) value = what.workflow_output;
    if (has_retry) value = what.retry_payload;
    const std::string& sql = has_output ? resolved : has_retry ? retried : failed;
    fact_value values[]{fact_value::of_text(ids[job]), fact_value::of_text(value)};
    auto answer = connection->query(sql, values);
    if (answer) {
      written[job] = answer->affected() == 1;
      if (const status marked = set_mark(); !marked) return marked.problem();
      continue;
    }
    // What the store refuses is not tried again for ever.
    if (!connection->refused_values()) return answer.problem();
    if (const status undone = return_to_mark(); !undone) return undone.problem();
    values[1] = fact_value::of_text(R"({"resolution_failed":"the store refused it"})");
    answer = connection->query(failed, values);
    if (!answer && !connection->refused_values()) return answer.problem();
    if (const status marked = answer ? set_mark() : return_to_mark(); !marked) {
      return marked.problem();
    }
  }
  if (const status committed = connection->commit(); !committed) return committed.problem();
  return written;
}

}  // namespace jobqueue::detail
