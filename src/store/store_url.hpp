// Where a store is.
#pragma once

#include <string>
#include <string_view>

#include <jobqueue/result.hpp>

#include "store/sql_connection.hpp"

namespace jobqueue::detail {

struct store_url {
  sql_dialect dialect = sql_dialect::sqlite;
  std::string location;  // the path of a file, or the URL as libpq takes it
  std::string name;      // for messages: without a password
};

// "sqlite:PATH", "postgresql://user:password@host:port/database?options" (also "postgres:").
// `invalid_argument` for anything else, in a message that never shows a password.
[[nodiscard]] result<store_url> parse_store_url(std::string_view text);

}  // namespace jobqueue::detail
