// The evaluator over a real PostgreSQL and an SQLite file, against the way it replaces: a page of
// 150 rows, one UPDATE for each. See README.md beside this for what the numbers are and are not.
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqueue/service/evaluator.hpp>

#include "measure.hpp"
#include "store/record_source.hpp"
#include "support/postgres_server.hpp"

namespace {

using namespace jobqueue;
using bench::require;
using bench::seconds_of;
using bench::take;

const instant now = parse_instant("2026-01-05T12:00:00Z").value();

constexpr std::size_t many = 200'000;
constexpr std::size_t some = 50'000;
constexpr std::size_t row_by_row_jobs = 5'000;  // more would only take longer

// Jobs of every kind that the standard set tells apart, and notifications of some.
std::string record_of(std::size_t i) {
  constexpr std::string_view kinds[] = {
      R"("completed","workflow_output":"https://example.com/x","notification":{"success":true})",
      R"("completed","workflow_output":"https://cdn.example.com/x.png")",
      R"("completed","data":{"steps":[{"nodeResponse":{"src":"u"}}],"prompt":"a lake"})",
      R"("failed","retry_count":1,"error_message":"boom")",
      R"("failed","retry_count":3,"error_message":"boom")",
      R"("canceled")",
      R"("processing")",
      R"("completed","workflow_output":"u","notification":{"success":false,"error_message":"x"})"};
  return R"({"id":"job-)" + std::to_string(i) +
         R"(","name":"render","created_at":"2026-01-05T08:00:00Z",)" +
         R"("updated_at":"2026-01-05T09:00:00Z","completed_at":"2026-01-05T09:00:00Z","status":)" +
         std::string(kinds[i % std::size(kinds)]) + "}";
}

void fill(job_store& store, std::size_t jobs) {
  take(store.migrate());
  std::vector<std::string> records;
  for (std::size_t i = 0; i < jobs; ++i) {
    records.push_back(record_of(i));
    if (records.size() < 500 && i + 1 < jobs) continue;
    const std::vector<std::string_view> views(records.begin(), records.end());
    require(take(store.import_jobs(views)).added == records.size(), "not all jobs were added");
    records.clear();
  }
}

using verdicts = std::map<std::pair<std::string, std::string>, std::uint64_t>;

verdicts counts_of(job_store& store) {
  verdicts counts;
  for (const category_count& one : take(store.count_categories())) {
    counts[{one.status_category, one.problem_type}] = one.jobs;
  }
  return counts;
}

bench::measure evaluate(const std::string& url, std::size_t jobs) {
  return bench::run_in_child([&] {
    const auto store = take(job_store::open(url));
    evaluator worker(*store, ruleset::standard());
    std::uint64_t evaluated = 0;
    const double took = seconds_of([&] { evaluated = take(worker.run(now)).evaluated; });
    require(evaluated == jobs, "not all jobs were evaluated");
    return std::pair(took, evaluated);
  });
}

double rate_of(const bench::measure& measured) {
  return static_cast<double>(measured.count) / measured.seconds;
}

// The way of the program that this replaces: the 150 oldest, then one UPDATE for each. What it
// looked up row by row besides, the notification, is here a part of its SELECT.
double evaluate_row_by_row(const std::string& url, std::size_t jobs) {
  const auto connection = bench::connect(url);
  const ruleset& rules = ruleset::standard();
  record_reader reader(rules);
  std::string select = "SELECT id";
  for (const std::string& column : rules.columns()) select += ", " + column;
  const auto columns = take(connection->columns_of("job"));
  select += " FROM " + take(detail::find_record_source(*connection, columns)).from;
  select +=
      " WHERE (status IN ('completed', 'failed', 'canceled') OR"
      " created_at < $1::timestamptz - interval '30 minutes') AND is_cleanup_evaluated = false"
      " ORDER BY created_at ASC LIMIT 150";
  const std::string update =
      "UPDATE job SET is_cleanup_evaluated = true, status_category = $2, problem_type = $3,"
      " problem_details = $4::json, resolution_needed = $5, evaluated_at = $6 WHERE id = $1";
  std::size_t evaluated = 0;
  const double took = seconds_of([&] {
    for (;;) {
      const fact_value present = fact_value::of_time(now);
      const auto page = take(connection->query(select, {&present, 1}));
      if (page.size() == 0) return;
      for (std::size_t i = 0; i < page.size(); ++i) {
        const auto row = page.row(i);
        const evaluation verdict = rules.evaluate(reader.read(row.subspan(1)), now);
        const auto text = [](std::string_view value) {
          return value.empty() ? fact_value::absent() : fact_value::of_text(value);
        };
        const fact_value values[]{row[0],
                                  text(verdict.status_category),
                                  text(verdict.problem_type),
                                  text(verdict.problem_details),
                                  text(verdict.resolution_needed),
                                  fact_value::of_time(now)};
        take(connection->query(update, values));
        ++evaluated;
      }
    }
  });
  require(evaluated == jobs, "the row-by-row way did not evaluate all jobs");
  return static_cast<double>(jobs) / took;
}

void print(std::string_view name, std::size_t jobs, double rate, double peak_megabytes) {
  std::printf("%-32s %10.0f jobs/s", (std::string(name) + "/" + std::to_string(jobs)).c_str(),
              rate);
  if (peak_megabytes > 0) std::printf("   peak %5.1f MB", peak_megabytes);
  std::printf("\n");
  std::fflush(stdout);
}

void run() {
  test::postgres_server server(true);
  const auto database = [&](const std::string& name, std::size_t jobs) {
    static_cast<void>(server.run("CREATE DATABASE " + name));
    std::string url = server.url();
    url.replace(url.rfind('/') + 1, std::string::npos, name);
    fill(*take(job_store::open(url)), jobs);
    return url;
  };

  // Both ways say the same of the same jobs.
  const std::string small = database("pages_small", row_by_row_jobs);
  const std::string rows = database("rows", row_by_row_jobs);
  const bench::measure few = evaluate(small, row_by_row_jobs);
  const double slow = evaluate_row_by_row(rows, row_by_row_jobs);
  require(counts_of(*take(job_store::open(small))) == counts_of(*take(job_store::open(rows))),
          "the two ways disagree");
  print("postgresql/row_by_row", row_by_row_jobs, slow, 0);
  print("postgresql/pages", row_by_row_jobs, rate_of(few), few.peak_megabytes());

  bench::measure fast;
  for (const std::size_t jobs : {some, many}) {
    fast = evaluate(database("pages_" + std::to_string(jobs), jobs), jobs);
    print("postgresql/pages", jobs, rate_of(fast), fast.peak_megabytes());
  }
  for (const std::size_t jobs : {some, many}) {
    const test::temporary_folder folder;
    const std::string url = "sqlite:" + (folder.path() / "jobs.db").string();
    store_options options;
    options.create = true;
    fill(*take(job_store::open(url, options)), jobs);
    const bench::measure embedded = evaluate(url, jobs);
    print("sqlite/pages", jobs, rate_of(embedded), embedded.peak_megabytes());
  }
  std::printf("postgresql: pages / row_by_row  %.1f x (goal 10), %.0f jobs/s (goal 20,000)\n",
              rate_of(fast) / slow, rate_of(fast));
}

}  // namespace

int main() { return jobqueue::bench::run(run); }
