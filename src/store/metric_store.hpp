// Figures over time, for charts: what there was of each kind when it was last counted.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>
#include <jobqueue/store/job_store.hpp>

#include "store/sql_connection.hpp"

namespace jobqueue::detail {

// The only total so far: what cleaners and the vault of a server have taken out of the store.
inline constexpr std::string_view bytes_removed_total = "bytes_removed";

// Nothing where there is no table of totals: the store may be another program's.
[[nodiscard]] status add_to_total(sql_connection& connection, std::string_view name,
                                  std::int64_t more);

struct metric_value {
  std::string_view name;
  std::int64_t value = 0;
};
// Keeps what was counted at `now`, with all totals, and forgets what is older than 400 days.
[[nodiscard]] status add_samples(job_store& store, instant now,
                                 std::span<const metric_value> values);

struct metric_series {
  std::string name;
  std::vector<std::optional<std::int64_t>> values;  // the last of each interval, where there is one
};
// `points` intervals of equal length between two times, for each name that has a sample there.
[[nodiscard]] result<std::vector<metric_series>> read_series(job_store& store, std::int64_t from,
                                                             std::int64_t width,
                                                             std::size_t points);

}  // namespace jobqueue::detail
