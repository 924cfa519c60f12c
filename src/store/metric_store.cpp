#include "store/metric_store.hpp"

#include "store/job_store_parts.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::int64_t longest_kept = std::int64_t{400} * 24 * 3600;

status run(sql_connection& connection, std::string_view sql,
           std::span<const fact_value> parameters) {
  const auto answer = connection.query(sql, parameters);
  if (!answer) return answer.problem();
  return done;
}

}  // namespace

status add_to_total(sql_connection& connection, std::string_view name, std::int64_t more) {
  if (more == 0) return done;
  const auto columns = connection.columns_of("metric_total");
  if (!columns) return columns.problem();
  if (columns->empty()) return done;
  const fact_value values[]{fact_value::of_text(name), fact_value::of_integer(more)};
  return run(connection,
             "INSERT INTO metric_total (name, value) VALUES ($1, $2)"
             " ON CONFLICT (name) DO UPDATE SET value = metric_total.value + excluded.value",
             values);
}

status add_samples(job_store& store, instant now, std::span<const metric_value> values) {
  auto connection = store.parts().pool.acquire();
  if (!connection) return connection.problem();
  const std::int64_t at = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  // Another process may have counted in the same second.
  constexpr std::string_view latest =
      " ON CONFLICT (name, at) DO UPDATE SET value = excluded.value";
  return transact(**connection, [&](sql_connection& open) -> status {
    for (const metric_value& one : values) {
      const fact_value row[]{fact_value::of_text(one.name), fact_value::of_integer(at),
                             fact_value::of_integer(one.value)};
      status added = run(
          open,
          "INSERT INTO metric_sample (name, at, value) VALUES ($1, $2, $3)" + std::string(latest),
          row);
      if (!added) return added;
    }
    const fact_value when = fact_value::of_integer(at);
    status totals = run(open,
                        "INSERT INTO metric_sample (name, at, value)"
                        " SELECT name, CAST($1 AS bigint), value FROM metric_total WHERE true" +
                            std::string(latest),
                        {&when, 1});
    if (!totals) return totals;
    const fact_value oldest = fact_value::of_integer(at - longest_kept);
    return run(open, "DELETE FROM metric_sample WHERE at < $1", {&oldest, 1});
  });
}

result<std::vector<metric_series>> read_series(job_store& store, std::int64_t from,
                                               std::int64_t width, std::size_t points) {
  auto connection = store.parts().pool.acquire();
  if (!connection) return connection.problem();
  const fact_value parameters[]{
      fact_value::of_integer(from), fact_value::of_integer(width),
      fact_value::of_integer(from + width * static_cast<std::int64_t>(points))};
  const auto rows =
      (*connection)
          ->query(
              "SELECT s.name, (s.at - $1) / $2, s.value FROM metric_sample s JOIN"
              " (SELECT name, max(at) AS at FROM metric_sample WHERE at >= $1 AND at < $3"
              " GROUP BY name, (at - $1) / $2) latest ON latest.name = s.name AND latest.at = s.at"
              " ORDER BY 1, 2",
              parameters);
  if (!rows) return rows.problem();
  std::vector<metric_series> all;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const auto row = rows->row(i);
    if (all.empty() || all.back().name != row[0].text) {
      all.push_back({std::string(row[0].text), std::vector<std::optional<std::int64_t>>(points)});
    }
    all.back().values[static_cast<std::size_t>(row[1].integer)] = row[2].integer;
  }
  return all;
}

}  // namespace jobqueue::detail
