#include "store/new_rows.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/json_text.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::size_t most_parameters = 10'000;  // of a statement; both engines allow more

}  // namespace

status row_adder::add(std::span<const new_row> rows) {
  std::map<std::vector<const sql_column*>, std::vector<const new_row*>> groups;
  for (const new_row& row : rows) groups[row.columns].push_back(&row);
  for (const auto& [columns, members] : groups) {
    const std::size_t width = std::max<std::size_t>(columns.size(), 1);
    // SQLite is no server far away, and prepares a short statement once for all.
    const std::size_t piece = connection_->dialect() == sql_dialect::sqlite
                                  ? 1
                                  : std::max<std::size_t>(most_parameters / width, 1);
    for (std::size_t at = 0; at < members.size(); at += piece) {
      const auto some = std::span(members).subspan(at, std::min(piece, members.size() - at));
      if (status added = add_equal(columns, some); !added) return added;
    }
  }
  return done;
}

status row_adder::add_equal(const std::vector<const sql_column*>& columns,
                            std::span<const new_row* const> rows) {
  std::string sql = "INSERT INTO " + table_ + " (";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i != 0) sql += ", ";
    sql += quote_identifier(columns[i]->name);
  }
  sql += ") VALUES ";
  std::vector<fact_value> values;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    sql += row == 0 ? "(" : "), (";
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i != 0) sql += ", ";
      values.push_back(rows[row]->values[i]);
      sql += connection_->parameter(values.size(), columns[i]->type);
    }
  }
  sql += ") ON CONFLICT (" + key_ + ") DO NOTHING";
  const auto answer = connection_->query(sql, values);
  if (!answer) return answer.problem();
  added_ += answer->affected();
  return done;
}

std::optional<instant> read_time(std::string_view text) {
  constexpr std::int64_t first_millisecond = 100'000'000'000;  // 1973; below it may be seconds
  constexpr std::int64_t last_millisecond = 253'402'300'799'999;
  if (const auto number = read_integer(text)) {
    if (*number < first_millisecond || *number > last_millisecond) return std::nullopt;
    return instant(std::chrono::milliseconds(*number));
  }
  const auto when = parse_instant(text);
  if (!when) return std::nullopt;
  return *when;
}

}  // namespace jobqueue::detail
