// A connection to a database, whichever it is. Statements have parameters $1, $2, ...; values go in
// and come out as the fact_value of rules, which knows what databases know: nothing, truth values,
// numbers, texts, times and JSON.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>

namespace jobqueue::detail {

enum class sql_dialect : std::uint8_t { sqlite, postgresql };

// The rows that a statement gave. Its views live as long as it does.
class sql_result {
 public:
  sql_result() = default;
  // `owner` keeps alive what the values point to; `affected` rows were written.
  sql_result(std::vector<std::string> columns, std::vector<fact_value> values,
             std::shared_ptr<const void> owner, std::uint64_t affected)
      : columns_(std::move(columns)),
        values_(std::move(values)),
        owner_(std::move(owner)),
        affected_(affected) {}

  [[nodiscard]] std::span<const std::string> columns() const noexcept { return columns_; }
  [[nodiscard]] std::size_t size() const noexcept {
    return columns_.empty() ? 0 : values_.size() / columns_.size();
  }
  [[nodiscard]] std::span<const fact_value> row(std::size_t number) const noexcept {
    return std::span(values_).subspan(number * columns_.size(), columns_.size());
  }
  [[nodiscard]] std::uint64_t affected() const noexcept { return affected_; }

 private:
  std::vector<std::string> columns_;
  std::vector<fact_value> values_;
  std::shared_ptr<const void> owner_;
  std::uint64_t affected_ = 0;
};

// What a column is declared as, in the words of fact_value and in those of the database.
struct sql_column {
  std::string name;
  fact_value::kind of = fact_value::kind::text;
  std::string type;
};

class sql_connection {
 public:
  sql_connection() = default;
  sql_connection(const sql_connection&) = delete;
  sql_connection& operator=(const sql_connection&) = delete;
  virtual ~sql_connection() = default;

  [[nodiscard]] virtual sql_dialect dialect() const noexcept = 0;
  // Runs one statement. What it gives is held in memory, so ask for pages.
  [[nodiscard]] virtual result<sql_result> query(std::string_view sql,
                                                 std::span<const fact_value> parameters = {}) = 0;
  // The columns of a table or view; none if it does not exist.
  [[nodiscard]] virtual result<std::vector<sql_column>> columns_of(std::string_view table) = 0;

  // A parameter as a value of a column, where the database would not see that it is one.
  [[nodiscard]] std::string parameter(std::size_t number, std::string_view type) const;

  // A transaction for writing.
  [[nodiscard]] virtual status begin() = 0;
  [[nodiscard]] virtual status commit() = 0;
  virtual void roll_back() noexcept = 0;

  // Whether the last failure was about values: the same statement may succeed with others.
  [[nodiscard]] virtual bool refused_values() const noexcept = 0;
  // Whether the last failure was a conflict with another transaction: the whole of this one may
  // succeed when tried again.
  [[nodiscard]] virtual bool met_conflict() const noexcept = 0;
  // Whether it is connected, and not in the middle of something.
  [[nodiscard]] virtual bool is_usable() = 0;
  // How long a statement may take from now on; 0 is for ever.
  virtual status set_statement_timeout(std::chrono::milliseconds timeout) = 0;
};

// Undoes what was not committed.
class sql_transaction {
 public:
  explicit sql_transaction(sql_connection& connection) : connection_(&connection) {}
  sql_transaction(const sql_transaction&) = delete;
  sql_transaction& operator=(const sql_transaction&) = delete;
  ~sql_transaction() { connection_->roll_back(); }

 private:
  sql_connection* connection_;
};

// Runs `work` in a transaction, again if it met a conflict, at most five times.
[[nodiscard]] status transact(sql_connection& connection,
                              const std::function<status(sql_connection&)>& work);

// PostgreSQL: pages are read along an index and rows found by their keys, whatever the statistics
// say: other plans cost as much for a page as for all rows. Until the end of the transaction, or of
// the connection. Nothing for SQLite.
[[nodiscard]] status plan_by_keys(sql_connection& connection, bool is_for_transaction);

// A time as SQLite stores it: always six digits, so that the order of texts is that of times.
[[nodiscard]] std::string format_stored_time(instant when);

// A name as an identifier of SQL, quoted.
[[nodiscard]] std::string quote_identifier(std::string_view name);

}  // namespace jobqueue::detail
