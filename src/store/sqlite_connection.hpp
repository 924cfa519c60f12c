// SQLite. Nothing above this includes sqlite3.h.
#pragma once

#include <map>
#include <optional>

#include "store/sql_connection.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace jobqueue::detail {

struct sqlite_settings {
  std::string path;
  std::string name;     // for messages
  bool create = false;  // the file, if there is none
  std::chrono::milliseconds lock_timeout{0};
  std::chrono::milliseconds statement_timeout{0};
};

class sqlite_connection final : public sql_connection {
 public:
  [[nodiscard]] static result<std::unique_ptr<sql_connection>> open(
      const sqlite_settings& settings);
  ~sqlite_connection() override;

  [[nodiscard]] sql_dialect dialect() const noexcept override { return sql_dialect::sqlite; }
  [[nodiscard]] result<sql_result> query(std::string_view sql,
                                         std::span<const fact_value> parameters) override;
  [[nodiscard]] result<std::vector<sql_column>> columns_of(std::string_view table) override;
  [[nodiscard]] status begin() override;
  [[nodiscard]] status commit() override;
  void roll_back() noexcept override;
  [[nodiscard]] bool refused_values() const noexcept override;
  [[nodiscard]] bool met_conflict() const noexcept override;
  [[nodiscard]] bool is_usable() override;
  status set_statement_timeout(std::chrono::milliseconds timeout) override;

 private:
  struct finalizer {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  struct statement {
    std::unique_ptr<sqlite3_stmt, finalizer> handle;
    std::vector<int> parameter_at;  // that of $1 first; 0 if it is not there
    std::vector<std::string> columns;
    std::vector<fact_value::kind> kinds;  // as declared; `absent` where nothing is
  };

  explicit sqlite_connection(const sqlite_settings& settings);
  [[nodiscard]] status execute(const char* sql);
  [[nodiscard]] result<statement*> prepare(std::string_view sql);
  [[nodiscard]] result<sql_result> step_through(const statement& running);
  void start_clock();
  [[nodiscard]] error trouble(int code);

  std::string name_;
  std::chrono::milliseconds lock_timeout_;
  std::chrono::milliseconds statement_timeout_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  sqlite3* handle_ = nullptr;
  std::map<std::string, statement, std::less<>> statements_;
  int last_code_ = 0;
};

}  // namespace jobqueue::detail
