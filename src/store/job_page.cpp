#include "store/job_page.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "core/json_text.hpp"
#include "store/postgres_connection.hpp"

namespace jobqueue {
namespace detail {
namespace {

// What jobs are due for a reason, and in which order they are taken up. $1 is the limit, $2 the
// instant, $3 what else the reason needs, $4 and $5 where to begin.
struct due_query {
  std::string condition;
  bool is_by_time = false;
};

// Whether updated_at is another than the one that the verdict was made from.
constexpr std::string_view sqlite_changed =
    "coalesce(updated_at <> evaluated_updated_at, updated_at > evaluated_at)";
constexpr std::string_view postgres_changed =
    "coalesce(jobqueue_utc(updated_at) <> jobqueue_utc(evaluated_updated_at),"
    " jobqueue_utc(updated_at) > jobqueue_utc(evaluated_at))";

due_query query_of(due why, sql_dialect dialect) {
  const std::string changed(dialect == sql_dialect::sqlite ? sqlite_changed : postgres_changed);
  switch (why) {
    case due::fresh: return {"is_cleanup_evaluated IS NOT TRUE AND next_evaluation_at IS NULL"};
    case due::scheduled: return {"next_evaluation_at <= $2", true};
    case due::changed: return {changed};
    case due::outdated: return {"ruleset_digest IS DISTINCT FROM $3"};
    case due::resolvable: break;
  }
  // Only verdicts of ours that are still of the job as it is.
  return {
      "resolution_needed = $3 AND ruleset_digest IS NOT NULL AND next_evaluation_at IS NULL"
      " AND " +
      changed +
      " IS NOT TRUE"
      " AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.kind = $3"
      " AND outbox.job_id = CAST(job.id AS text)"
      " AND outbox.attempt = CAST(coalesce(job.retry_count, 0) AS bigint) + 1)"};
}

std::string_view needed_text(const claim_request& request) {
  if (request.why == due::outdated) return request.ruleset_digest;
  return request.resolution;
}

// PostgreSQL takes no more parameters than the statement has, and gives each its type from where it
// stands; so numbers are given as they are used.
class parameter_list {
 public:
  explicit parameter_list(std::vector<fact_value> all) : all_(std::move(all)) {}
  [[nodiscard]] std::string number(std::string_view sql) {
    std::string text;
    for (std::size_t i = 0; i < sql.size(); ++i) {
      text += sql[i];
      if (sql[i] != '$') continue;
      const auto wanted = static_cast<std::size_t>(sql[++i] - '1');
      auto known = std::find(used_.begin(), used_.end(), wanted);
      if (known == used_.end()) known = used_.insert(known, wanted);
      text += std::to_string(known - used_.begin() + 1);
    }
    return text;
  }
  [[nodiscard]] std::vector<fact_value> values() const {
    std::vector<fact_value> chosen;
    for (const std::size_t i : used_) chosen.push_back(all_[i]);
    return chosen;
  }

 private:
  std::vector<fact_value> all_;
  std::vector<std::size_t> used_;
};

}  // namespace

status job_page_parts::set_mark() {
  if (connection->dialect() == sql_dialect::sqlite) return done;
  // Each one that is left would be a transaction inside of the last.
  if (is_marked_) {
    const auto released = connection->query("RELEASE SAVEPOINT jobqueue_page");
    if (!released) return released.problem();
  }
  const auto answer = connection->query("SAVEPOINT jobqueue_page");
  if (!answer) return answer.problem();
  is_marked_ = true;
  return done;
}

status job_page_parts::return_to_mark() const {
  if (connection->dialect() == sql_dialect::sqlite) return done;
  const auto answer = connection->query("ROLLBACK TO SAVEPOINT jobqueue_page");
  if (!answer) return answer.problem();
  return done;
}

status job_page_parts::claim(const claim_request& request) {
  now = request.now;
  if (status begun = connection->begin(); !begun) return begun;
  if (status planned = plan_by_keys(*connection, true); !planned) return planned;
  if (status found = find_wanted(request.facts); !found) return found;
  if (status locked = lock_jobs(request); !locked) return locked;
  if (ids.empty()) return done;
  if (status set = set_mark(); !set) return set;

  facts.resize(ids.size());
  std::vector<std::size_t> all(ids.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::vector<bool> found(ids.size());
  status read = read_jobs(all, false, [&](std::size_t job, std::span<const fact_value> row) {
    found[job] = true;
    facts[job].assign(row.begin(), row.end());
  });
  if (!read) return read;
  drop_missing(found);
  return done;
}

status job_page_parts::lock_jobs(const claim_request& request) {
  const due_query query = query_of(request.why, connection->dialect());
  // Not by the name id, which would be ordered by in place of the column.
  std::string sql = "SELECT CAST(job.id AS text) AS job_key, ";
  sql += query.is_by_time ? "next_evaluation_at" : "NULL";
  sql.append(" AS job_time FROM job WHERE ").append(query.condition);
  const auto [time, id] = read_cursor(request.after);
  if (!request.after.empty()) {
    sql += query.is_by_time ? " AND (next_evaluation_at, job.id) > ($4, $5)" : " AND job.id > $5";
  }
  sql += " ORDER BY ";
  if (query.is_by_time) sql += "next_evaluation_at, ";
  sql += "job.id LIMIT $1";
  if (connection->dialect() == sql_dialect::postgresql) sql += " FOR NO KEY UPDATE SKIP LOCKED";
  parameter_list parameters({fact_value::of_integer(static_cast<std::int64_t>(request.limit)),
                             fact_value::of_time(request.now),
                             fact_value::of_text(needed_text(request)), fact_value::of_text(time),
                             fact_value::of_text(id)});
  const std::string numbered = parameters.number(sql);
  const auto rows = connection->query(numbered, parameters.values());
  if (!rows) return rows.problem();
  for (std::size_t i = 0; i < rows->size(); ++i) ids.emplace_back(rows->row(i)[0].text);
  if (ids.size() == request.limit) cursor = make_cursor(rows->row(ids.size() - 1)[1], ids.back());
  return done;
}

status job_page_parts::find_wanted(std::span<const std::string> names) {
  const auto source = store->records(*connection);
  if (!source) return source.problem();
  source_ = *source;
  for (const std::string& name : names) {
    const auto column = need_column(source_->columns, "job_record", name);
    if (!column) return column.problem();
    // What is JSON may be large and is seldom needed, but for the notification.
    wanted_.push_back({*column, (*column)->of == fact_value::kind::json && name != "notification"});
  }
  return done;
}

std::string job_page_parts::select_list(bool whole) const {
  std::string list = "CAST(job_record.id AS text) AS job_key";
  for (const wanted_column& one : wanted_) {
    list += ", ";
    if (one.is_withheld && !whole) {
      list += "NULL";
    } else {
      list += whole ? quote_identifier(one.column->name) : clipped_column(*one.column);
    }
  }
  return list;
}

fact_value job_page_parts::id_list(std::span<const std::size_t> jobs, std::string& text) const {
  if (connection->dialect() == sql_dialect::postgresql) {
    postgres_array array;
    for (const std::size_t job : jobs) array.add(ids[job]);
    text = array.finish();
  } else {
    for (const std::size_t job : jobs) {
      text += text.empty() ? '[' : ',';
      append_json_string(text, ids[job]);
    }
    text += ']';
  }
  return fact_value::of_text(text);
}

result<sql_result> job_page_parts::select_jobs(std::span<const std::size_t> jobs, bool whole) {
  std::string text;
  const fact_value list = id_list(jobs, text);
  std::string sql = "SELECT " + select_list(whole) + " FROM " + source_->from;
  sql += " WHERE job_record.id ";
  sql += connection->dialect() == sql_dialect::postgresql ? "= ANY($1)"
                                                          : "IN (SELECT value FROM json_each($1))";
  return connection->query(sql, {&list, 1});
}

status job_page_parts::read_jobs(
    std::span<const std::size_t> jobs, bool whole,
    const std::function<void(std::size_t, std::span<const fact_value>)>& take) {
  std::vector<std::span<const std::size_t>> rest{jobs};
  while (!rest.empty()) {
    const auto some = rest.back();
    rest.pop_back();
    auto rows = select_jobs(some, whole);
    if (!rows) {
      if (!connection->refused_values()) return rows.problem();
      if (status undone = return_to_mark(); !undone) return undone;
      if (some.size() == 1) {
        problems.insert_or_assign(some.front(), rows.problem());
        continue;
      }
      rest.push_back(some.subspan(some.size() / 2));
      rest.push_back(some.first(some.size() / 2));
      continue;
    }
    std::unordered_map<std::string_view, std::size_t> places;
    for (const std::size_t job : some) places.emplace(ids[job], job);
    std::vector<fact_value> values(wanted_.size());
    for (std::size_t i = 0; i < rows->size(); ++i) {
      const auto row = rows->row(i);
      const auto place = places.find(row[0].text);
      if (place == places.end()) continue;
      for (std::size_t column = 0; column < values.size(); ++column) {
        const bool is_withheld = wanted_[column].is_withheld && !whole;
        values[column] = is_withheld ? fact_value::withheld()
                         : whole     ? row[column + 1]
                                     : withhold_long(row[column + 1]);
      }
      take(place->second, values);
    }
    if (!whole) kept_.push_back(std::move(*rows));
  }
  return done;
}

// A view of the owner may leave jobs out: they are none of ours.
void job_page_parts::drop_missing(const std::vector<bool>& found) {
  std::size_t kept = 0;
  std::map<std::size_t, error> moved;
  for (std::size_t job = 0; job < ids.size(); ++job) {
    const auto problem = problems.find(job);
    if (!found[job] && problem == problems.end()) continue;
    if (problem != problems.end()) moved.emplace(kept, std::move(problem->second));
    if (kept != job) {
      ids[kept] = std::move(ids[job]);
      facts[kept] = std::move(facts[job]);
    }
    ++kept;
  }
  ids.resize(kept);
  facts.resize(kept);
  problems = std::move(moved);
}

result<std::size_t> job_page_parts::count_readable(std::span<const std::size_t> jobs) {
  // SQLite hands over row by row what it reads; a statement for each costs next to nothing.
  if (connection->dialect() == sql_dialect::sqlite) return std::size_t{1};
  constexpr std::size_t most_jobs = 256;
  constexpr std::int64_t most_bytes = std::int64_t{4} << 20;
  jobs = jobs.first(std::min(jobs.size(), most_jobs));
  std::string text;
  const fact_value list = id_list(jobs, text);
  std::string size = "0";
  for (const wanted_column& one : wanted_) {
    const fact_value::kind of = one.column->of;
    if (of != fact_value::kind::text && of != fact_value::kind::json) continue;
    size += " + coalesce(octet_length(CAST(" + quote_identifier(one.column->name);
    size += " AS text)), 0)";
  }
  const auto rows =
      connection->query("SELECT CAST(job_record.id AS text) AS job_key, CAST(" + size +
                            " AS bigint) FROM " + source_->from + " WHERE job_record.id = ANY($1)",
                        {&list, 1});
  if (!rows) {
    // Read one by one, it is found which of them cannot be read.
    if (!connection->refused_values()) return rows.problem();
    if (const status undone = return_to_mark(); !undone) return undone.problem();
    return std::size_t{1};
  }
  std::unordered_map<std::string_view, std::int64_t> sizes;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    sizes.emplace(rows->row(i)[0].text, rows->row(i)[1].integer);
  }
  std::size_t count = 0;
  std::int64_t bytes = 0;
  for (const std::size_t job : jobs) {
    const auto one = sizes.find(ids[job]);
    bytes += one == sizes.end() ? 0 : one->second;
    if (count != 0 && bytes > most_bytes) break;
    ++count;
  }
  return count;
}

status job_page_parts::read_whole(
    std::span<const std::size_t> jobs,
    const std::function<void(std::size_t, std::span<const fact_value>)>& take) {
  while (!jobs.empty()) {
    const auto count = count_readable(jobs);
    if (!count) return count.problem();
    if (status read = read_jobs(jobs.first(*count), true, take); !read) return read;
    jobs = jobs.subspan(*count);
  }
  return done;
}

}  // namespace detail

inline namespace v1 {

job_page::job_page(std::unique_ptr<detail::job_page_parts> parts) : parts_(std::move(parts)) {}
job_page::job_page(job_page&&) noexcept = default;
job_page::~job_page() = default;

std::size_t job_page::size() const noexcept { return parts_->ids.size(); }
std::string_view job_page::id(std::size_t job) const { return parts_->ids[job]; }
std::span<const fact_value> job_page::facts(std::size_t job) const { return parts_->facts[job]; }

bool job_page::is_json(std::size_t column) const { return parts_->is_json(column); }

const error* job_page::problem(std::size_t job) const {
  const auto found = parts_->problems.find(job);
  return found == parts_->problems.end() ? nullptr : &found->second;
}

status job_page::read_whole(
    std::span<const std::size_t> jobs,
    const std::function<void(std::size_t, std::span<const fact_value>)>& take) {
  return parts_->read_whole(jobs, take);
}

result<commit_report> job_page::commit(std::span<const evaluation> verdicts,
                                       std::string_view ruleset_digest) {
  return parts_->commit(verdicts, ruleset_digest);
}

result<std::vector<bool>> job_page::resolve(std::span<const resolution> resolutions) {
  return parts_->resolve(resolutions);
}

const std::string& job_page::cursor() const noexcept { return parts_->cursor; }

result<job_page> job_store::claim(const claim_request& request) {
  constexpr std::size_t most = 10'000;
  if (request.limit < 1 || request.limit > most) {
    return error{errc::invalid_argument, no_offset, "a page has 1 to 10,000 jobs"};
  }
  auto connection = parts_->pool.acquire();
  if (!connection) return connection.problem();
  auto parts = std::make_unique<detail::job_page_parts>(*parts_, std::move(*connection));
  if (const status claimed = parts->claim(request); !claimed) return claimed.problem();
  return job_page(std::move(parts));
}

result<std::uint64_t> job_store::count_due(const claim_request& request) {
  const auto connection = parts_->pool.acquire();
  if (!connection) return connection.problem();
  const detail::due_query query = detail::query_of(request.why, (*connection)->dialect());
  detail::parameter_list parameters({fact_value::absent(), fact_value::of_time(request.now),
                                     fact_value::of_text(detail::needed_text(request))});
  const std::string sql =
      parameters.number("SELECT count(*) FROM job WHERE " + std::string(query.condition));
  const auto rows = (*connection)->query(sql, parameters.values());
  if (!rows) return rows.problem();
  return static_cast<std::uint64_t>(rows->row(0)[0].integer);
}

}  // namespace v1
}  // namespace jobqueue
