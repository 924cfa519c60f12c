// Lists of jobs for people: filtered, in pages.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/job_store_parts.hpp"

namespace jobqueue {
namespace detail {
namespace {

// For LIKE: what stands for itself.
std::string escape_pattern(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

class list_query {
 public:
  list_query(const job_filter& filter, sql_dialect dialect)
      : filter_(&filter),
        is_sqlite_(dialect == sql_dialect::sqlite),
        by_id_(!filter.id_prefix.empty()) {
    // Not by the name id, which would be ordered by in place of the column.
    sql_ = "SELECT CAST(job.id AS text) AS job_key, " + time() + " AS job_time";
  }

  // The columns that are listed, behind the id and the time.
  [[nodiscard]] column_list choose(const column_list& columns) {
    column_list chosen;
    for (const sql_column& column : columns) {
      if (column.name == "data") continue;
      if (filter_->without_payloads && is_payload_column(column.name)) continue;
      chosen.push_back(column);
      sql_.append(", ").append(clipped_column(column));
    }
    return chosen;
  }

  [[nodiscard]] result<sql_result> run(sql_connection& connection) {
    sql_ += " FROM job WHERE true";
    add_conditions();
    const auto [time_text, id] = read_cursor(filter_->after);
    const bool goes_on = !filter_->after.empty();
    if (by_id_) {
      add_prefix();
      if (goes_on) sql_ += " AND " + key() + (is_sqlite_ ? " > " : " ~>~ ") + parameter(id);
      sql_ += " ORDER BY " + key() + (is_sqlite_ ? "" : " USING ~<~");
    } else {
      if (goes_on) {
        sql_ += " AND (" + time() + ", job.id) < (" + parameter(time_text) + ", ";
        sql_ += parameter(id) + ')';
      }
      sql_ += " ORDER BY " + time() + " DESC, job.id DESC";
    }
    sql_ += " LIMIT " + std::to_string(filter_->limit);
    return connection.query(sql_, values_);
  }

 private:
  // What the list is ordered by, besides the id.
  [[nodiscard]] std::string time() const {
    if (by_id_) return "NULL";
    if (filter_->by_evaluation) return "evaluated_at";
    return "coalesce(created_at, " + std::string(epoch) + ")";
  }
  // The id as an index has it, in whose order a prefix is a range.
  [[nodiscard]] std::string key() const { return is_sqlite_ ? "job.id" : "CAST(job.id AS text)"; }

  // `text` must live as long as this.
  [[nodiscard]] std::string parameter(std::string_view text) {
    values_.push_back(fact_value::of_text(text));
    return '$' + std::to_string(values_.size());
  }

  void add_conditions() {
    if (filter_->problems_only || filter_->by_evaluation) sql_ += " AND problem_type IS NOT NULL";
    if (filter_->undecided_only) sql_ += " AND status_category IS NULL";
    if (filter_->by_evaluation) sql_ += " AND evaluated_at IS NOT NULL";
    for (const auto& [column, wanted] : {std::pair("status_category", &filter_->status_category),
                                         std::pair("problem_type", &filter_->problem_type),
                                         std::pair("job_type", &filter_->job_type)}) {
      if (!wanted->empty()) sql_.append(" AND ").append(column).append(" = ") += parameter(*wanted);
    }
    if (!filter_->job_status.empty()) {
      sql_ += " AND lower(CAST(status AS text)) = lower(" + parameter(filter_->job_status) + ')';
    }
  }

  void add_prefix() {
    if (!is_sqlite_) {
      pattern_ = escape_pattern(filter_->id_prefix) + '%';
      sql_ += " AND " + key() + " LIKE " + parameter(pattern_);
      return;
    }
    // The range is for the index. A column of numbers, which an owner may have, compares otherwise.
    const std::string prefix = parameter(filter_->id_prefix);
    sql_ += " AND job.id >= " + prefix + " AND job.id < " + prefix + " || char(1114111)";
    sql_ += " AND substr(CAST(job.id AS text), 1, length(" + prefix + ")) = " + prefix;
  }

  const job_filter* filter_;
  bool is_sqlite_;
  bool by_id_;
  std::string sql_;
  std::string pattern_;
  std::vector<fact_value> values_;
};

}  // namespace
}  // namespace detail

inline namespace v1 {

result<job_list> job_store::list_jobs(const job_filter& filter) {
  constexpr std::size_t most = 10'000;
  if (filter.limit < 1 || filter.limit > most) {
    return error{errc::invalid_argument, no_offset, "a list has 1 to 10,000 jobs"};
  }
  auto connection = parts_->pool.acquire();
  if (!connection) return connection.problem();
  const auto columns = parts_->job_columns(**connection);
  if (!columns) return columns.problem();
  detail::list_query query(filter, (*connection)->dialect());
  const detail::column_list listed = query.choose(**columns);
  const auto rows = query.run(**connection);
  if (!rows) return rows.problem();
  job_list list;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const auto row = rows->row(i);
    list.jobs.push_back(detail::row_to_json(listed, row.subspan(2)));
    list.ids.emplace_back(row[0].text);
    if (i + 1 == filter.limit) list.cursor = detail::make_cursor(row[1], row[0].text);
  }
  return list;
}

}  // namespace v1
}  // namespace jobqueue
