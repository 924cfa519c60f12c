// Rows of a table that is cleaned: read by their keys, and written only if they are still the same.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/sql_tables.hpp"
#include "service/value_cleaner.hpp"

namespace jobqueue::detail {

struct row_key {
  std::string locator;      // the values of the key as an array of JSON
  std::uint64_t bytes = 0;  // that the columns take in the store
};

// A page of keys, of the rows that are large enough to hold a blob.
struct key_page {
  std::vector<row_key> keys;
  std::string cursor;
  std::uint64_t rows = 0;  // that were looked at
};

struct read_value {
  bool is_there = false;
  bool is_large = false;  // to be read piece by piece
  std::string_view text;
};

struct read_row {
  row_key key;
  std::string version;  // PostgreSQL: another one after every change
  std::vector<read_value> values;
};

struct row_chunk {
  std::size_t count = 0;  // of keys that were asked for
  std::vector<read_row> rows;
  std::vector<sql_result> owners;
};

// New values of a row: its columns, and which of the cleaned values.
struct row_change {
  row_key key;
  std::string version;
  std::vector<std::pair<std::size_t, std::size_t>> values;
  std::vector<std::string_view> before;  // SQLite: of each of `values` what was read
};

enum class write_outcome : std::uint8_t { written, changed, refused };
enum class undo_outcome : std::uint8_t { restored, unchanged, skipped };

// PostgreSQL: a statement waits for a lock for so long at most, for others wait for those it has.
[[nodiscard]] status limit_lock_waits(sql_connection& connection, bool is_hurried = false);

class sql_rows {
 public:
  // `in_pieces`: large values are not read as a whole.
  sql_rows(sql_connection& connection, const clean_table& table, bool in_pieces)
      : connection_(&connection), table_(&table), in_pieces_(in_pieces) {}

  // "public.job.data"
  [[nodiscard]] std::string place_of(std::size_t column) const;
  // The next rows in the order of the key, of which at most `most` are looked at; none at the end.
  [[nodiscard]] result<key_page> next_page(std::string_view cursor, std::size_t most);
  // About `wanted` of the `all` rows that there are, chosen at random.
  [[nodiscard]] result<key_page> sample(std::uint64_t wanted, std::uint64_t all);
  // Reads the first of these rows, as many as fit into some memory.
  [[nodiscard]] result<row_chunk> read(std::span<const row_key> keys);
  // What gives a large value piece by piece.
  [[nodiscard]] std::function<result<std::string_view>()> pieces(const read_row& row,
                                                                 std::size_t column);
  // Whether a row was changed or gone when its pieces were read.
  [[nodiscard]] bool has_lost(const read_row& row) const { return lost_.contains(row.key.locator); }
  // Writes rows that are still as they were read, in one transaction.
  [[nodiscard]] result<std::vector<write_outcome>> write(std::span<const row_change> changes,
                                                         std::span<const cleaned_value> cleaned);
  // In a transaction of the caller.
  [[nodiscard]] result<undo_outcome> undo(const journal_entry& entry, std::size_t column,
                                          const blob_store* vault);

 private:
  [[nodiscard]] bool is_sqlite() const { return connection_->dialect() == sql_dialect::sqlite; }
  [[nodiscard]] std::string key_list() const;  // "t.a, t.b"
  [[nodiscard]] std::string select_keys() const;
  [[nodiscard]] result<key_page> read_keys(const std::string& sql,
                                           std::span<const fact_value> values);
  [[nodiscard]] std::string key_equals(std::size_t first_parameter) const;
  [[nodiscard]] std::string text_of(std::size_t column) const;
  [[nodiscard]] status write_many(std::span<const row_change> changes,
                                  std::span<const cleaned_value> cleaned,
                                  std::span<write_outcome> outcomes);
  [[nodiscard]] status write_each(std::span<const row_change> changes,
                                  std::span<const cleaned_value> cleaned,
                                  std::span<write_outcome> outcomes);
  [[nodiscard]] status write_row(sql_connection& open, const row_change& change,
                                 std::span<const cleaned_value> cleaned, write_outcome& outcome);
  [[nodiscard]] status add_row(const row_key& key, row_chunk& chunk);
  [[nodiscard]] status add_rows(std::span<const row_key> keys, row_chunk& chunk);

  sql_connection* connection_;
  const clean_table* table_;
  bool in_pieces_;
  std::set<std::string> lost_;
};

}  // namespace jobqueue::detail
