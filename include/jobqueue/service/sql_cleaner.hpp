// jobqueue - cleaning of PostgreSQL and SQLite: columns of type json, jsonb and text.
//
//   jobqueue::clean_options options;
//   options.dry_run = true;
//   const auto report = jobqueue::clean_sql("postgresql://me@db/jobs", {}, {}, options).value();
//
// docs/api/cleaner.md.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/service/cleaner.hpp>
#include <jobqueue/store/job_store.hpp>

namespace jobqueue {
inline namespace v1 {

/// A column that is cleaned. Names as the database has them.
struct clean_column {
  std::string table;  ///< "job" or "schema.job".
  std::string column;
};

/// What a table takes on the disk.
struct table_size {
  std::string table;
  std::uint64_t heap_bytes = 0;
  std::uint64_t toast_bytes = 0;
  std::uint64_t index_bytes = 0;
  std::uint64_t dead_rows = 0;  ///< What vacuum is owed.
};

/// What cleaning a column would remove, judged by rows that were chosen at random.
struct clean_estimate {
  std::uint64_t rows = 0;  ///< Of the table, as its statistics have it; or a sum of these.
  std::uint64_t sampled_rows = 0;
  std::uint64_t bytes_removed = 0;
  /// Nineteen times in twenty it is between these, if rows beside each other are not alike.
  std::uint64_t bytes_low = 0;
  std::uint64_t bytes_high = 0;
};

struct sql_clean_report {
  clean_report cleaned;  ///< Of a sample: what is in it.
  /// Only with `clean_options::sample`: by place, and of all of them.
  std::map<std::string, clean_estimate> estimates;
  clean_estimate estimate;
  std::vector<std::string> passed_over;  ///< Tables that could not be cleaned, and why.
  std::vector<table_size> before;
  std::vector<table_size> after;
};

/// Cleans the columns, or all of json, jsonb and text that the database has if none is named; not
/// those of the tables that keep the accounts (`outbox`, `jobqueue_migration`).
///
/// Rows are read in the order of the primary key, some hundreds at a time, and written one batch in
/// one transaction; a row that has changed since it was read is read again, three times at most. A
/// table without a primary key is passed over. What has grown or come behind the cursor meanwhile
/// is found by another run, which has nothing to do for the rest.
///
/// Errors: `invalid_argument` for columns that do not exist or are of another type; `store_error`,
/// after which it can be resumed with the same journal.
[[nodiscard]] result<sql_clean_report> clean_sql(std::string_view url, const store_options& store,
                                                 std::span<const clean_column> columns,
                                                 const clean_options& options);

/// The URL of a store without its password, as journals name it.
[[nodiscard]] result<std::string> sql_store_name(std::string_view url);

/// Gives back what the journal says, where nothing has changed since.
[[nodiscard]] result<undo_report> undo_sql(std::string_view url, const store_options& store,
                                           const clean_journal& journal, const blob_store* vault);

}  // namespace v1
}  // namespace jobqueue
