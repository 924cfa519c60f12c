// Where records come from: the view `job_record` if an owner has made one, else the tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/sql_connection.hpp"

namespace jobqueue::detail {

struct record_source {
  std::string from;  // what follows FROM; its name is job_record
  std::vector<sql_column> columns;
};

// Columns of the table by their names, the newest notification, the newest 100 attestations.
[[nodiscard]] result<record_source> find_record_source(sql_connection& connection,
                                                       const std::vector<sql_column>& job_columns);

}  // namespace jobqueue::detail
