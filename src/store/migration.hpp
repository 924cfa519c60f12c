// The schema: numbered files of statements, and what of them a database lacks.
#pragma once

#include <string>
#include <vector>

#include "store/sql_connection.hpp"

namespace jobqueue::detail {

struct migration_plan {
  std::vector<std::string> statements;  // in their order; none if nothing is to be done
  std::vector<int> versions;            // of the files that they complete
};

// What is to be done. A file is done once; of one that is not, only the statements whose table,
// column, index or trigger is missing. The view `job_record` is made whenever there is none.
// `store_error` also for a database that a newer version has migrated.
[[nodiscard]] result<migration_plan> plan_migration(sql_connection& connection);

// Does it, in one transaction, one process at a time. Gives the statements that were run.
[[nodiscard]] result<std::vector<std::string>> run_migration(sql_connection& connection);

}  // namespace jobqueue::detail
