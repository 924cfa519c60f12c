#include "store/sql_connection.hpp"

#include <algorithm>
#include <thread>

namespace jobqueue::detail {

std::string sql_connection::parameter(std::size_t number, std::string_view type) const {
  std::string text = "$" + std::to_string(number);
  if (dialect() == sql_dialect::postgresql) text.append("::").append(type);
  return text;
}

status transact(sql_connection& connection, const std::function<status(sql_connection&)>& work) {
  constexpr int most_attempts = 5;
  for (int attempt = 1;; ++attempt) {
    const sql_transaction open(connection);
    status finished = connection.begin();
    if (finished) finished = work(connection);
    if (finished) finished = connection.commit();
    if (finished || !connection.met_conflict() || attempt == most_attempts) return finished;
    connection.roll_back();
    std::this_thread::sleep_for(std::chrono::milliseconds(10 << attempt));
  }
}

status plan_by_keys(sql_connection& connection, bool is_for_transaction) {
  if (connection.dialect() == sql_dialect::sqlite) return done;
  std::string sql = "SELECT ";
  for (const std::string_view plan : {"seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin"}) {
    if (sql.back() == ')') sql += ", ";
    sql.append("set_config('enable_").append(plan).append("', 'off', ");
    sql.append(is_for_transaction ? "true" : "false").append(")");
  }
  const auto set = connection.query(sql);
  if (!set) return set.problem();
  return done;
}

std::string format_stored_time(instant when) {
  std::string text = format_instant(when);
  const std::size_t point = text.find('.');
  if (point == std::string::npos) {
    text.insert(text.size() - 1, ".000000");
  } else {
    constexpr std::size_t digits = 6;
    const std::size_t present = text.size() - point - 2;
    text.insert(text.size() - 1, digits - std::min(digits, present), '0');
  }
  return text;
}

std::string quote_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  quoted += '"';
  return quoted;
}

}  // namespace jobqueue::detail
