#include <jobqueue/store/job_store.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/json_check.hpp"
#include "core/json_text.hpp"
#include "store/job_store_parts.hpp"
#include "store/migration.hpp"
#include "store/postgres_connection.hpp"
#include "store/sqlite_connection.hpp"

namespace jobqueue {
namespace detail {
namespace {

status check_options(const store_options& options) {
  const auto invalid = [](std::string_view sentence) {
    return error{errc::invalid_argument, no_offset, std::string(sentence)};
  };
  constexpr std::size_t most_connections = 500;
  constexpr std::chrono::hours longest{24 * 24};  // what fits into 31 bits of milliseconds
  if (options.pool_size < 1 || options.pool_size > most_connections) {
    return invalid("a pool has 1 to 500 connections");
  }
  for (const auto time : {options.acquire_timeout, options.connect_timeout,
                          options.statement_timeout, options.lock_timeout}) {
    if (time.count() < 0 || time > longest) return invalid("a time-out is from 0 to 24 days");
  }
  return done;
}

void append_number(std::string& text, double value) {
  if (!std::isfinite(value)) {
    text += "null";
    return;
  }
  std::array<char, 32> digits{};
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

// On one line: in valid JSON a line break is white space.
void append_json_column(std::string& text, std::string_view json) {
  if (!check_json(json)) return append_json_string(text, json);
  for (const char c : json) text += c == '\n' || c == '\r' ? ' ' : c;
}

}  // namespace

std::string row_to_json(const column_list& columns, std::span<const fact_value> row) {
  std::string text = "{";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    fact_value value = withhold_long(row[i]);
    if (columns[i].of == fact_value::kind::json && value.of == fact_value::kind::text) {
      value.of = fact_value::kind::json;  // it was selected as a text, to be clipped
    }
    if (i != 0) text += ',';
    append_json_string(text, columns[i].name);
    text += ':';
    switch (value.of) {
      case fact_value::kind::absent: text += "null"; break;
      case fact_value::kind::withheld:
        text += "null,";
        append_json_string(text, columns[i].name + "_withheld");
        text += ":true";
        break;
      case fact_value::kind::boolean: text += value.integer != 0 ? "true" : "false"; break;
      case fact_value::kind::integer: text += std::to_string(value.integer); break;
      case fact_value::kind::real: append_number(text, value.real); break;
      case fact_value::kind::time:
        append_json_string(text, format_instant(instant(std::chrono::microseconds(value.integer))));
        break;
      case fact_value::kind::json: append_json_column(text, value.text); break;
      case fact_value::kind::text: append_json_string(text, value.text); break;
    }
  }
  text += '}';
  return text;
}

connection_pool::opener make_opener(const store_url& url, const store_options& options) {
  if (url.dialect == sql_dialect::sqlite) {
    return [settings = sqlite_settings{url.location, url.name, options.create, options.lock_timeout,
                                       options.statement_timeout}] {
      return sqlite_connection::open(settings);
    };
  }
  return [settings = postgres_settings{url.location, url.name, options.connect_timeout,
                                       options.statement_timeout, options.lock_timeout}] {
    return postgres_connection::open(settings);
  };
}

job_store_parts::job_store_parts(store_url where, const store_options& wanted)
    : url(std::move(where)),
      options(wanted),
      pool({url.name, wanted.pool_size, wanted.acquire_timeout}, make_opener(url, wanted)) {}

result<const column_list*> job_store_parts::job_columns(sql_connection& connection) {
  const std::lock_guard lock(mutex_);
  if (!job_) {
    auto columns = connection.columns_of("job");
    if (!columns) return columns.problem();
    if (columns->empty()) {
      return error{errc::store_error, no_offset,
                   url.name + " has no table job; run jobqueue migrate"};
    }
    job_ = std::move(*columns);
  }
  return &*job_;
}

result<const record_source*> job_store_parts::records(sql_connection& connection) {
  const auto columns = job_columns(connection);
  if (!columns) return columns.problem();
  const std::lock_guard lock(mutex_);
  if (!records_) {
    auto source = find_record_source(connection, **columns);
    if (!source) return source.problem();
    records_ = std::move(*source);
  }
  return &*records_;
}

void job_store_parts::forget_columns() {
  const std::lock_guard lock(mutex_);
  job_.reset();
  records_.reset();
}

bool is_payload_column(std::string_view name) {
  constexpr std::array<std::string_view, 8> names = {
      "data",       "workflow_output", "extra", "original_data", "original_workflow_output",
      "input_data", "output_data",     "body"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<instant> time_of(const fact_value& value) {
  if (value.of != fact_value::kind::time) return std::nullopt;
  return instant(std::chrono::microseconds(value.integer));
}

const sql_column* find_column(const column_list& columns, std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  const auto is_like = [&](const sql_column& column) {
    return std::equal(column.name.begin(), column.name.end(), name.begin(), name.end(),
                      [&](char a, char b) { return lower(a) == lower(b); });
  };
  auto found = std::find_if(columns.begin(), columns.end(),
                            [&](const sql_column& column) { return column.name == name; });
  if (found == columns.end()) found = std::find_if(columns.begin(), columns.end(), is_like);
  return found == columns.end() ? nullptr : &*found;
}

result<const sql_column*> need_column(const column_list& columns, std::string_view table,
                                      std::string_view name) {
  const sql_column* const found = find_column(columns, name);
  if (found != nullptr) return found;
  return error{errc::store_error, no_offset,
               "the store has no column " + std::string(table) + "." + std::string(name) +
                   "; run jobqueue migrate"};
}

std::string clipped_column(const sql_column& column) {
  std::string name = quote_identifier(column.name);
  const bool may_be_long =
      column.of == fact_value::kind::text || column.of == fact_value::kind::json;
  if (!may_be_long) return name;
  return "substr(CAST(" + name + " AS text), 1, " + std::to_string(most_text_bytes + 1) + ")";
}

fact_value withhold_long(const fact_value& value) {
  const bool is_cut = value.of == fact_value::kind::text && value.text.size() > most_text_bytes;
  return is_cut ? fact_value::withheld() : value;
}

std::string make_cursor(const fact_value& time, std::string_view id) {
  const std::string text =
      time.of == fact_value::kind::time
          ? format_stored_time(instant(std::chrono::microseconds(time.integer)))
          : std::string(time.text);
  std::string cursor = std::to_string(text.size()) + ' ';
  return cursor.append(text).append(id);
}

list_cursor read_cursor(std::string_view cursor) {
  std::size_t size = 0;
  const char* const end = cursor.data() + cursor.size();
  const auto parsed = std::from_chars(cursor.data(), end, size);
  if (parsed.ec != std::errc() || parsed.ptr == end) return {};
  cursor.remove_prefix(static_cast<std::size_t>(parsed.ptr - cursor.data()) + 1);
  size = std::min(size, cursor.size());
  return {cursor.substr(0, size), cursor.substr(size)};
}

}  // namespace detail

inline namespace v1 {

job_store::job_store(std::unique_ptr<detail::job_store_parts> parts) : parts_(std::move(parts)) {}
job_store::~job_store() = default;

result<std::unique_ptr<job_store>> job_store::open(std::string_view url,
                                                   const store_options& options) {
  auto where = detail::parse_store_url(url);
  if (!where) return where.problem();
  if (const status checked = detail::check_options(options); !checked) return checked.problem();
  auto parts = std::make_unique<detail::job_store_parts>(std::move(*where), options);
  if (const auto connection = parts->pool.acquire(false); !connection) return connection.problem();
  return std::unique_ptr<job_store>(new job_store(std::move(parts)));
}

std::string_view job_store::name() const noexcept { return parts_->url.name; }

result<std::vector<std::string>> job_store::plan_migration() {
  auto connection = parts_->pool.acquire();
  if (!connection) return connection.problem();
  return detail::plan_migration(**connection);
}

result<std::vector<std::string>> job_store::migrate() {
  auto connection = parts_->pool.acquire();
  if (!connection) return connection.problem();
  // An index on a large table takes its time.
  if (const status set = (*connection)->set_statement_timeout(std::chrono::milliseconds(0)); !set) {
    return set.problem();
  }
  auto statements = detail::run_migration(**connection);
  parts_->forget_columns();
  const status set = (*connection)->set_statement_timeout(parts_->options.statement_timeout);
  if (statements && !set) return set.problem();
  return statements;
}

status job_store::wait_until_reachable() {
  const auto connection = parts_->pool.acquire();
  if (!connection) return connection.problem();
  const auto answer = (*connection)->query("SELECT 1");
  if (!answer) return answer.problem();
  return done;
}

result<bool> job_store::read_job(std::string_view id, std::span<const std::string> facts,
                                 const std::function<void(std::span<const fact_value>)>& take) {
  auto connection = parts_->pool.acquire();
  if (!connection) return connection.problem();
  const auto source = parts_->records(**connection);
  if (!source) return source.problem();
  std::string sql = "SELECT 1";
  for (const std::string& name : facts) {
    const auto column = detail::need_column((*source)->columns, "job_record", name);
    if (!column) return column.problem();
    sql.append(", ").append(detail::quote_identifier((*column)->name));
  }
  sql += " FROM " + (*source)->from + " WHERE job_record.id = $1";
  const fact_value wanted = fact_value::of_text(id);
  const auto rows = (*connection)->query(sql, {&wanted, 1});
  // A text that cannot be an id of this store is the id of no job.
  if (!rows && (*connection)->refused_values()) return false;
  if (!rows) return rows.problem();
  if (rows->size() == 0) return false;
  take(rows->row(0).subspan(1));
  return true;
}

result<std::vector<category_count>> job_store::count_categories() {
  auto connection = parts_->pool.acquire();
  if (!connection) return connection.problem();
  const auto rows =
      (*connection)
          ->query(
              "SELECT coalesce(status_category, ''), coalesce(problem_type, ''), count(*) FROM job"
              " GROUP BY 1, 2 ORDER BY 1, 2");
  if (!rows) return rows.problem();
  std::vector<category_count> counts;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const auto row = rows->row(i);
    counts.push_back({std::string(row[0].text), std::string(row[1].text),
                      static_cast<std::uint64_t>(row[2].integer)});
  }
  return counts;
}

}  // namespace v1
}  // namespace jobqueue
