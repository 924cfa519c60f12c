// Stores for tests: an SQLite file, or a database of a real PostgreSQL that all tests of a program
// share.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <jobqueue/store/job_store.hpp>

#include "store/sqlite_connection.hpp"
#include "support/postgres_server.hpp"

namespace jobqueue::test {

inline postgres_server& shared_postgres() {
  static postgres_server server;
  return server;
}

enum class engine : std::uint8_t { sqlite, postgresql };

inline std::string name_of(engine which) {
  return which == engine::sqlite ? "sqlite" : "postgresql";
}
inline std::string engine_name(const testing::TestParamInfo<engine>& info) {
  return name_of(info.param);
}

// An empty store of its own.
class test_store {
 public:
  explicit test_store(engine which, bool migrate = true) : engine_(which) {
    if (which == engine::sqlite) {
      url_ = "sqlite:" + (folder_.path() / "jobs.db").string();
    } else {
      static int count = 0;
      const std::string name = "test" + std::to_string(++count);
      static_cast<void>(shared_postgres().run("CREATE DATABASE " + name));
      url_ = shared_postgres().url();
      url_.replace(url_.rfind('/') + 1, std::string::npos, name);
    }
    store_options options;
    options.create = true;
    store = job_store::open(url_, options).value();
    if (migrate) static_cast<void>(store->migrate().value());
  }

  [[nodiscard]] const std::string& url() const noexcept { return url_; }
  [[nodiscard]] bool is_sqlite() const noexcept { return engine_ == engine::sqlite; }

  // A connection beside the store's.
  [[nodiscard]] std::unique_ptr<detail::sql_connection> connect() const {
    using std::chrono::seconds;
    if (is_sqlite()) {
      return detail::sqlite_connection::open(
                 {url_.substr(url_.find(':') + 1), url_, false, seconds(10), seconds(60)})
          .value();
    }
    return detail::postgres_connection::open({url_, url_, seconds(5), seconds(60), seconds(10)})
        .value();
  }
  // Runs a statement, which must succeed.
  detail::sql_result run(std::string_view sql) const { return connect()->query(sql, {}).value(); }
  // The first value of the first row as a text; empty if it is NULL.
  [[nodiscard]] std::string text(std::string_view sql) const {
    const auto rows = run(sql);
    const fact_value value = rows.row(0)[0];
    switch (value.of) {
      case fact_value::kind::absent:
      case fact_value::kind::withheld: return {};
      case fact_value::kind::boolean: return value.integer != 0 ? "true" : "false";
      case fact_value::kind::integer: return std::to_string(value.integer);
      case fact_value::kind::real: return std::to_string(value.real);
      case fact_value::kind::time:
        return format_instant(instant(std::chrono::microseconds(value.integer)));
      default: return std::string(value.text);
    }
  }

  std::unique_ptr<job_store> store;

 private:
  temporary_folder folder_;
  engine engine_;
  std::string url_;
};

}  // namespace jobqueue::test
