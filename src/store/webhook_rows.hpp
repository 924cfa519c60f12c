// What the files of the webhook store share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/store/webhook_store.hpp>

#include "store/sql_connection.hpp"

namespace jobqueue::detail {

// A statement whose rows `read_endpoints` reads.
[[nodiscard]] std::string select_endpoints(std::string_view where);
[[nodiscard]] std::vector<webhook_endpoint> read_endpoints(const sql_result& rows);

}  // namespace jobqueue::detail
