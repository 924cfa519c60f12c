// Jobs that are claimed: how they are found, read and written.
#pragma once

#include <map>

#include "store/job_store_parts.hpp"

namespace jobqueue::detail {

struct job_page_parts {
  job_page_parts(job_store_parts& owner, connection_pool::lease lent)
      : store(&owner), connection(std::move(lent)) {}

  [[nodiscard]] status claim(const claim_request& request);
  [[nodiscard]] status read_whole(
      std::span<const std::size_t> jobs,
      const std::function<void(std::size_t, std::span<const fact_value>)>& take);
  [[nodiscard]] result<commit_report> commit(std::span<const evaluation> verdicts,
                                             std::string_view digest);
  [[nodiscard]] result<std::vector<bool>> resolve(std::span<const resolution> resolutions);

  [[nodiscard]] bool is_json(std::size_t column) const {
    return wanted_[column].column->of == fact_value::kind::json;
  }

  job_store_parts* store;
  connection_pool::lease connection;
  instant now;
  std::string cursor;
  std::vector<std::string> ids;
  std::vector<std::vector<fact_value>> facts;  // none where there is a problem
  std::map<std::size_t, error> problems;

 private:
  using verdict_getter = std::function<const evaluation&(std::size_t)>;

  struct wanted_column {
    const sql_column* column = nullptr;
    bool is_withheld = false;  // at first
  };

  // A failure of a value is of one job. Its statement is undone as far as the mark, and tried again
  // with ever fewer jobs until that one is found.
  [[nodiscard]] status set_mark();
  [[nodiscard]] status return_to_mark() const;

  [[nodiscard]] status lock_jobs(const claim_request& request);
  [[nodiscard]] status find_wanted(std::span<const std::string> names);
  [[nodiscard]] std::string select_list(bool whole) const;
  // What cannot be read of a job becomes its problem.
  [[nodiscard]] status read_jobs(
      std::span<const std::size_t> jobs, bool whole,
      const std::function<void(std::size_t, std::span<const fact_value>)>& take);
  [[nodiscard]] result<sql_result> select_jobs(std::span<const std::size_t> jobs, bool whole);
  // How many of `jobs` to read at once, by what they take in the store.
  [[nodiscard]] result<std::size_t> count_readable(std::span<const std::size_t> jobs);
  [[nodiscard]] fact_value id_list(std::span<const std::size_t> jobs, std::string& text) const;
  void drop_missing(const std::vector<bool>& found);

  // Of each of `jobs` the verdict that `verdict_of` points to.
  [[nodiscard]] status write_verdicts(std::span<const std::size_t> jobs,
                                      const verdict_getter& verdict_of, std::string_view digest);
  [[nodiscard]] status write_one(std::size_t job, const evaluation& verdict,
                                 std::string_view digest);
  [[nodiscard]] status write_refused(std::size_t job, std::string_view digest,
                                     commit_report& report);
  [[nodiscard]] status check_updated_at();

  const record_source* source_ = nullptr;
  bool is_marked_ = false;
  std::vector<wanted_column> wanted_;
  std::vector<sql_result> kept_;  // what `facts` point into
};

}  // namespace jobqueue::detail
