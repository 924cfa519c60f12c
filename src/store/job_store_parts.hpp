// What the files of the job store share.
#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/store/job_store.hpp>

#include "store/connection_pool.hpp"
#include "store/record_source.hpp"
#include "store/sql_connection.hpp"
#include "store/store_url.hpp"

namespace jobqueue::detail {

// Before every time that there is: due at once, and "there was no updated_at".
inline constexpr std::string_view epoch = "'1970-01-01T00:00:00.000000Z'";

// A text that is longer is withheld, and read when it is needed.
inline constexpr std::size_t most_text_bytes = std::size_t{64} << 10;

// The columns of a table or view, which do not change while the program runs.
using column_list = std::vector<sql_column>;

struct job_store_parts {
  job_store_parts(store_url where, const store_options& wanted);

  // The columns of `job`, and where records come from; `store_error` if there is no table.
  [[nodiscard]] result<const column_list*> job_columns(sql_connection& connection);
  [[nodiscard]] result<const record_source*> records(sql_connection& connection);
  void forget_columns();

  store_url url;
  store_options options;
  connection_pool pool;

 private:
  std::mutex mutex_;
  std::optional<column_list> job_;
  std::optional<record_source> records_;
};

// By its name as it is written, else in other capitals.
[[nodiscard]] const sql_column* find_column(const column_list& columns, std::string_view name);
// The same; `store_error` if there is none.
[[nodiscard]] result<const sql_column*> need_column(const column_list& columns,
                                                    std::string_view table, std::string_view name);

// Whether it holds what jobs were given or gave, of any size.
[[nodiscard]] bool is_payload_column(std::string_view name);

// The time that a value is, if it is one.
[[nodiscard]] std::optional<instant> time_of(const fact_value& value);

// A column as it is selected for a page of many: a long text is cut to one byte too many.
[[nodiscard]] std::string clipped_column(const sql_column& column);
// The value of such a column; withheld if it was cut.
[[nodiscard]] fact_value withhold_long(const fact_value& value);

// One row as an object of JSON. What was clipped is null, with a word about it.
[[nodiscard]] std::string row_to_json(const column_list& columns, std::span<const fact_value> row);

// Where a list goes on: behind a time and an id.
[[nodiscard]] std::string make_cursor(const fact_value& time, std::string_view id);
struct list_cursor {
  std::string_view time;
  std::string_view id;
};
[[nodiscard]] list_cursor read_cursor(std::string_view cursor);

[[nodiscard]] connection_pool::opener make_opener(const store_url& url,
                                                  const store_options& options);

}  // namespace jobqueue::detail
