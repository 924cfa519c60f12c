// Rows that are added to a table, and the values that JSON has for them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/job_store_parts.hpp"

namespace jobqueue::detail {

// A row to be added. Views in its values are of the texts that it keeps, or of the caller.
struct new_row {
  std::vector<const sql_column*> columns;
  std::vector<fact_value> values;
  std::vector<std::unique_ptr<std::string>> texts;

  void add(const sql_column* column, fact_value value) {
    columns.push_back(column);
    values.push_back(value);
  }
  std::string_view keep(std::string text) {
    return *texts.emplace_back(std::make_unique<std::string>(std::move(text)));
  }
};

// Adds rows with few statements; a row whose key is there already is left out.
class row_adder {
 public:
  row_adder(sql_connection& connection, std::string_view table, std::string_view key)
      : connection_(&connection), table_(table), key_(key) {}
  [[nodiscard]] status add(std::span<const new_row> rows);
  [[nodiscard]] std::size_t added() const noexcept { return added_; }

 private:
  [[nodiscard]] status add_equal(const std::vector<const sql_column*>& columns,
                                 std::span<const new_row* const> rows);

  sql_connection* connection_;
  std::string table_;
  std::string key_;
  std::size_t added_ = 0;
};

// Adds evidence; gives how much of it was not there.
[[nodiscard]] result<std::size_t> insert_notifications(
    sql_connection& connection, std::span<const notification_record> records);
[[nodiscard]] result<std::size_t> insert_attestations(sql_connection& connection,
                                                      std::span<const attestation_record> records);

// RFC 3339 and what databases print, or milliseconds since 1970, as queues in Redis have them.
[[nodiscard]] std::optional<instant> read_time(std::string_view text);

}  // namespace jobqueue::detail
