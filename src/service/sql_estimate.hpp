// What cleaning a table would remove, judged by a sample of its rows.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <jobqueue/service/sql_cleaner.hpp>

namespace jobqueue::detail {

class sample_estimator {
 public:
  // A value of the sample that would lose so much.
  void add(const std::string& place, std::uint64_t bytes_removed);
  // Of a place of which `sampled` of `all` rows were looked at: the mean and its standard error.
  [[nodiscard]] clean_estimate judge(const std::string& place, std::uint64_t sampled,
                                     std::uint64_t all);
  // Of all that were judged.
  [[nodiscard]] const clean_estimate& total() const noexcept { return total_; }

 private:
  struct sums {
    double bytes = 0;
    double squares = 0;
  };
  std::map<std::string, sums> places_;
  clean_estimate total_;
  double seen_ = 0;      // bytes of all samples
  double variance_ = 0;  // of the total
};

}  // namespace jobqueue::detail
