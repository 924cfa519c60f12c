#include "service/sql_estimate.hpp"

#include <algorithm>
#include <cmath>

namespace jobqueue::detail {
namespace {

// What was seen is no guess, so it is not less than that.
void set_bounds(clean_estimate& estimate, double variance, double seen) {
  constexpr double nineteen_in_twenty = 1.96;
  const auto bytes = static_cast<double>(estimate.bytes_removed);
  const double margin = nineteen_in_twenty * std::sqrt(variance);
  estimate.bytes_low = static_cast<std::uint64_t>(std::max(bytes - margin, std::min(seen, bytes)));
  estimate.bytes_high = static_cast<std::uint64_t>(bytes + margin);
}

}  // namespace

void sample_estimator::add(const std::string& place, std::uint64_t bytes_removed) {
  const auto bytes = static_cast<double>(bytes_removed);
  sums& of = places_[place];
  of.bytes += bytes;
  of.squares += bytes * bytes;
}

clean_estimate sample_estimator::judge(const std::string& place, std::uint64_t sampled,
                                       std::uint64_t all) {
  clean_estimate estimate;
  estimate.rows = std::max(all, sampled);
  estimate.sampled_rows = sampled;
  if (sampled == 0) return estimate;
  const auto n = static_cast<double>(sampled);
  const auto rows = static_cast<double>(estimate.rows);
  const sums& of = places_[place];
  const double mean = of.bytes / n;
  estimate.bytes_removed = static_cast<std::uint64_t>(mean * rows);
  const double spread = std::max(0.0, of.squares - n * mean * mean) / std::max(n - 1, 1.0);
  const double variance = rows * rows * spread / n * (1 - n / rows);
  set_bounds(estimate, variance, of.bytes);

  total_.rows += estimate.rows;
  total_.sampled_rows += sampled;
  total_.bytes_removed += estimate.bytes_removed;
  seen_ += of.bytes;
  variance_ += variance;
  set_bounds(total_, variance_, seen_);
  return estimate;
}

}  // namespace jobqueue::detail
