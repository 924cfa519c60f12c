// The schema: numbered files of statements, and what of them a database lacks.
#pragma once

#include <string>
#include <vector>

#include "store/sql_connection.hpp"

namespace jobqueue::detail {

// The statements that are to be run, in their order; none if nothing is to be done. A file is done
// once; of one that is not, only the statements whose table, column, index or trigger is missing.
// `store_error` also for a database that a newer version has migrated.
[[nodiscard]] result<std::vector<std::string>> plan_migration(sql_connection& connection);

// Runs them, in one transaction, one process at a time. Gives those that were run.
[[nodiscard]] result<std::vector<std::string>> run_migration(sql_connection& connection);

}  // namespace jobqueue::detail
