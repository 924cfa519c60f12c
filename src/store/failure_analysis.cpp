#include "store/failure_analysis.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "store/job_store_parts.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::string_view most_groups = "10";
constexpr std::string_view most_types = "50";
constexpr std::string_view most_message_chars = "300";

std::uint64_t count_of(const fact_value& value) {
  return static_cast<std::uint64_t>(value.integer);
}

class failure_reader {
 public:
  failure_reader(sql_connection& connection, std::size_t most)
      : connection_(&connection),
        newest_(
            "(SELECT * FROM job_failure WHERE failed_at IS NOT NULL ORDER BY failed_at DESC"
            " LIMIT " +
            std::to_string(most) + ") f"),
        join_(connection.dialect() == sql_dialect::sqlite
                  ? " LEFT JOIN job j ON j.id = f.job_id"
                  : " LEFT JOIN job j ON j.id = jobqueue_job_id(f.job_id)") {}

  result<failure_analysis> read() {
    if (const status counted = count(); !counted) return counted.problem();
    if (const status grouped = group(); !grouped) return grouped.problem();
    return std::move(found_);
  }

 private:
  status count() {
    const auto all =
        connection_->query("SELECT count(*) FROM job WHERE lower(CAST(status AS text)) = 'failed'");
    if (!all) return all.problem();
    found_.failed_jobs = count_of(all->row(0)[0]);
    const auto retries = connection_->query(
        "SELECT coalesce(retry_count, 0), count(*) FROM job WHERE lower(CAST(status AS text)) ="
        " 'failed' GROUP BY 1 ORDER BY 1 LIMIT " +
        std::string(most_types));
    if (!retries) return retries.problem();
    for (std::size_t i = 0; i < retries->size(); ++i) {
      found_.retry_counts.emplace_back(retries->row(i)[0].integer, count_of(retries->row(i)[1]));
    }
    const auto types =
        connection_->query("SELECT f.failure_type, count(*) FROM " + newest_ +
                           " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT " + std::string(most_types));
    if (!types) return types.problem();
    for (std::size_t i = 0; i < types->size(); ++i) {
      found_.types.emplace_back(types->row(i)[0].text, count_of(types->row(i)[1]));
      found_.looked_at += found_.types.back().second;
    }
    return done;
  }

  status group() {
    const auto groups = connection_->query(
        "SELECT f.fingerprint, min(f.failure_type), min(f.failure_reason),"
        " count(DISTINCT f.job_id), count(DISTINCT CASE WHEN lower(CAST(j.status AS text)) IN"
        " ('completed', 'complete') THEN f.job_id END) FROM " +
        newest_ + join_ + " GROUP BY f.fingerprint ORDER BY 4 DESC, 1 LIMIT " +
        std::string(most_groups));
    if (!groups) return groups.problem();
    for (std::size_t i = 0; i < groups->size(); ++i) {
      const auto row = groups->row(i);
      failure_group& one = found_.groups.emplace_back();
      one.fingerprint = row[0].text;
      one.type = row[1].text;
      one.reason = row[2].text;
      one.jobs = count_of(row[3]);
      one.recovered = count_of(row[4]);
      if (status read = add_example(one); !read) return read;
    }
    return done;
  }

  status add_example(failure_group& one) {
    const fact_value fingerprint = fact_value::of_text(one.fingerprint);
    const auto newest = connection_->query(
        "SELECT f.job_id, f.failed_at, substr(j.error_message, 1, " +
            std::string(most_message_chars) +
            ") FROM (SELECT * FROM job_failure WHERE fingerprint = $1 AND failed_at IS NOT NULL"
            " ORDER BY failed_at DESC LIMIT 1) f" +
            join_,
        {&fingerprint, 1});
    if (!newest) return newest.problem();
    if (newest->size() == 0) return done;
    const auto row = newest->row(0);
    one.example_id = row[0].text;
    one.example_message = row[2].text;
    one.last_failed_at = time_of(row[1]);
    return done;
  }

  sql_connection* connection_;
  std::string newest_;
  std::string join_;
  failure_analysis found_;
};

}  // namespace

result<failure_analysis> analyse_failures(job_store& store, std::size_t most) {
  auto connection = store.parts().pool.acquire();
  if (!connection) return connection.problem();
  return failure_reader(**connection, most).read();
}

}  // namespace jobqueue::detail
