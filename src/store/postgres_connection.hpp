// PostgreSQL. Nothing above this includes libpq-fe.h.
#pragma once

#include "store/sql_connection.hpp"

struct pg_conn;
struct pg_result;

namespace jobqueue::detail {

struct postgres_settings {
  std::string url;
  std::string name;  // for messages: without the password
  std::chrono::milliseconds connect_timeout{0};
  std::chrono::milliseconds statement_timeout{0};
  std::chrono::milliseconds lock_timeout{0};
};

class postgres_connection final : public sql_connection {
 public:
  // The session goes by UTC.
  [[nodiscard]] static result<std::unique_ptr<sql_connection>> open(
      const postgres_settings& settings);
  ~postgres_connection() override;

  [[nodiscard]] sql_dialect dialect() const noexcept override { return sql_dialect::postgresql; }
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
  explicit postgres_connection(postgres_settings settings);
  [[nodiscard]] status start_session();
  // Waits until there is something to read (or, with `write`, until it can be written); false when
  // the time is over.
  [[nodiscard]] bool wait(bool write, std::chrono::steady_clock::time_point deadline) const;
  [[nodiscard]] result<std::shared_ptr<pg_result>> receive();
  [[nodiscard]] error lost(std::string_view what);
  [[nodiscard]] error trouble(const pg_result* answer);

  postgres_settings settings_;
  pg_conn* handle_ = nullptr;
  std::string state_;  // SQLSTATE of the last failure
};

// An array of PostgreSQL as a text, whose elements are texts; nothing is NULL.
class postgres_array {
 public:
  void add(std::string_view element);
  void add_null();
  [[nodiscard]] std::string finish();

 private:
  void separate();
  std::string text_ = "{";
};

}  // namespace jobqueue::detail
