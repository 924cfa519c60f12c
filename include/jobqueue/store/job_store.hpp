// jobqueue - store: jobs, what is known of them, and the verdicts about them, in SQLite or
// PostgreSQL.
//
//   #include <iostream>
//   #include <jobqueue/store/job_store.hpp>
//
//   int main() {
//     jobqueue::store_options options;
//     options.create = true;
//     auto store = jobqueue::job_store::open("sqlite:jobs.db", options).value();
//     if (!store->migrate()) return 1;
//     const auto report = store->import_jobs({R"({"id":"7","status":"failed"})"}).value();
//     std::cout << report.added << " added\n";
//   }
//
// prints "1 added".
//
// It moves data and decides nothing. Time is a parameter. docs/api/store.md has the tables.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>

namespace jobqueue {
namespace detail {
struct job_store_parts;
struct job_page_parts;
}  // namespace detail
inline namespace v1 {

struct store_options {
  std::size_t pool_size = 10;  ///< Connections at most: 1 to 500.
  /// How long to wait for a free connection, and for a store that is away to come back.
  std::chrono::milliseconds acquire_timeout{60'000};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds statement_timeout{60'000};  ///< 0: for ever.
  std::chrono::milliseconds lock_timeout{10'000};       ///< How long to wait for other writers.
  bool create = false;  ///< Of SQLite: make the file if there is none.
};

/// Why a job is taken up.
enum class due : std::uint8_t {
  fresh,      ///< It was never evaluated.
  scheduled,  ///< Its `next_evaluation_at` has come; new evidence also sets that.
  changed,    ///< Its `updated_at` is another than the one its verdict was made from.
  outdated,   ///< Its verdict was made by another rule set.
  resolvable  ///< Its verdict is of the job as it is now, and asks for this resolution.
};

struct claim_request {
  due why = due::fresh;
  instant now;                         ///< The present.
  std::size_t limit = 1000;            ///< Jobs at most: 1 to 10,000.
  std::string after;                   ///< `job_page::cursor` of the page before, or empty.
  std::span<const std::string> facts;  ///< Columns of `job_record` to read, as the rules name them.
  std::string_view ruleset_digest;     ///< Of `outdated`.
  std::string_view resolution;         ///< Of `resolvable`.
};

/// What became of the verdicts of a page, besides being written.
struct commit_report {
  std::vector<std::size_t> refused;  ///< Jobs whose values the store refused: `evaluation_error`.
  std::vector<std::size_t> failed;   ///< Not even that could be written: as they were.
};

/// What the resolver did about a job.
struct resolution {
  std::string workflow_output;  ///< What was found, or empty.
  std::string retry_payload;    ///< JSON for the outbox: a retry is scheduled. Or empty.
  std::string problem_details;  ///< JSON, why nothing can be done, which ends it. Or empty.
};

/// Jobs that nobody else can claim until this is gone. What is not committed is undone.
class job_page {
 public:
  explicit job_page(std::unique_ptr<detail::job_page_parts> parts);
  job_page(job_page&&) noexcept;
  job_page& operator=(job_page&&) = delete;
  ~job_page();

  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] std::string_view id(std::size_t job) const;
  /// The columns that were asked for, in that order. Columns of JSON, and a text of more than
  /// 64 KiB, are withheld. Valid as long as the page.
  [[nodiscard]] std::span<const fact_value> facts(std::size_t job) const;
  /// Whether a column is of type JSON.
  [[nodiscard]] bool is_json(std::size_t column) const;
  /// Why the store could not read this job, if it could not.
  [[nodiscard]] const error* problem(std::size_t job) const;
  /// Reads the whole columns of jobs, few at a time, and hands them over one by one; `take` may
  /// keep nothing of the values.
  [[nodiscard]] status read_whole(
      std::span<const std::size_t> jobs,
      const std::function<void(std::size_t job, std::span<const fact_value>)>& take);

  /// Writes the verdicts, one for each job, each as a whole, and ends the page. `updated_at` is not
  /// touched. An undecided job must have `look_again_at`.
  [[nodiscard]] result<commit_report> commit(std::span<const evaluation> verdicts,
                                             std::string_view ruleset_digest);
  /// Writes what was done about the jobs, and ends the page. Gives for which of them something was
  /// written: not where a job has its output meanwhile, has that retry already, or the store
  /// refused the value, which is noted in its `problem_details`.
  [[nodiscard]] result<std::vector<bool>> resolve(std::span<const resolution> resolutions);

  /// Where the next page begins. Empty if this one was the last.
  [[nodiscard]] const std::string& cursor() const noexcept;

 private:
  std::unique_ptr<detail::job_page_parts> parts_;
};

/// Evidence that is to be kept beside a job. A job of that id need not exist yet.
struct notification_record {
  std::string id;  ///< Of equal ids in one workflow only the first is kept.
  std::string workflow_id;
  std::string record;  ///< A JSON object: `success`, `error_message`, `attested_at`, ...
};
struct attestation_record {
  std::string key;  ///< The key in Redis, or any other name of it.
  std::string workflow_id;
  std::string step_id;  ///< Empty if it is of the whole workflow.
  std::string kind;     ///< "completion", "failure".
  std::optional<std::int64_t> attempt;
  std::string record;  ///< JSON.
};

struct import_report {
  std::size_t added = 0;
  std::size_t known = 0;                               ///< There already, and left as they are.
  std::vector<std::pair<std::size_t, error>> refused;  ///< Records, by their place, and why.
};

struct category_count {
  std::string status_category;  ///< Empty: undecided, or not evaluated yet.
  std::string problem_type;
  std::uint64_t jobs = 0;
};

struct job_filter {
  std::string status_category;  ///< Empty: any.
  std::string problem_type;     ///< Empty: any.
  bool undecided_only = false;  ///< Those without a category.
  bool problems_only = false;
  std::string job_status;  ///< In any capitals. Empty: any.
  std::string job_type;    ///< Empty: any.
  /// Those whose id begins so, in the order of their ids whatever `by_evaluation` says; empty: all.
  std::string id_prefix;
  bool by_evaluation = false;  ///< Latest evaluation first, else latest creation first.
  /// Without the columns that hold payloads, which a page of many jobs has no use for.
  bool without_payloads = false;
  std::size_t limit = 100;  ///< Jobs at most: 1 to 10,000.
  std::string after;        ///< `job_list::cursor` of the list before, or empty.
};
struct job_list {
  std::vector<std::string> jobs;  ///< JSON objects: the columns but `data`.
  std::vector<std::string> ids;   ///< Of these.
  std::string cursor;             ///< Where the next list begins. Empty if this was the last.
};

/// Thread-safe. Errors are `store_error`, and name the store without its password.
class job_store {
 public:
  /// Opens "sqlite:PATH" or "postgresql://user@host:port/database", and connects once to see that
  /// it is there. `invalid_argument` for another URL or impossible options.
  [[nodiscard]] static result<std::unique_ptr<job_store>> open(std::string_view url,
                                                               const store_options& options = {});
  job_store(const job_store&) = delete;
  job_store& operator=(const job_store&) = delete;
  ~job_store();

  /// The URL without a password.
  [[nodiscard]] std::string_view name() const noexcept;
  /// The statements that would give this database what it lacks; none if it lacks nothing.
  [[nodiscard]] result<std::vector<std::string>> plan_migration();
  /// Runs them in one transaction. What is there already is left as it is.
  [[nodiscard]] result<std::vector<std::string>> migrate();

  /// Whether the store answers; waits for it as long as the acquire timeout.
  [[nodiscard]] status wait_until_reachable();
  /// Takes up the jobs that are due, skipping those that others hold. An empty page: there are
  /// none.
  [[nodiscard]] result<job_page> claim(const claim_request& request);
  /// Makes jobs due whose evidence was written while they were being inserted, so that nothing saw
  /// both. To be called before `claim`; it is quick.
  [[nodiscard]] result<std::size_t> reopen_for_late_evidence(instant now);
  /// How many jobs are due for this reason.
  [[nodiscard]] result<std::uint64_t> count_due(const claim_request& request);

  /// Adds jobs, JSON objects with `id`, `status` and other columns by their names; `notification`
  /// (or an array of them), `attestations`; what is no column is kept in `extra`. Each is added
  /// whole or refused; they share transactions, so pass some hundreds at a time.
  [[nodiscard]] result<import_report> import_jobs(std::span<const std::string_view> records);
  [[nodiscard]] result<import_report> import_jobs(std::initializer_list<std::string_view> records) {
    return import_jobs(std::span(records.begin(), records.size()));
  }
  /// Adds evidence; what is known by its id or key stays as it is. The verdict on its job is due
  /// again.
  [[nodiscard]] result<std::size_t> add_notifications(std::span<const notification_record> records);
  [[nodiscard]] result<std::size_t> add_attestations(std::span<const attestation_record> records);

  /// Hands over the columns of one job, in that order, without claiming it. False if there is none.
  [[nodiscard]] result<bool> read_job(std::string_view id, std::span<const std::string> facts,
                                      const std::function<void(std::span<const fact_value>)>& take);
  [[nodiscard]] result<std::vector<category_count>> count_categories();
  [[nodiscard]] result<job_list> list_jobs(const job_filter& filter);

  /// For the library's own services, which share its connections.
  [[nodiscard]] detail::job_store_parts& parts() noexcept { return *parts_; }

 private:
  explicit job_store(std::unique_ptr<detail::job_store_parts> parts);
  std::unique_ptr<detail::job_store_parts> parts_;
};

}  // namespace v1
}  // namespace jobqueue
