// Cleaning a PostgreSQL table like the one that gave this project its purpose: 269 MB of job data,
// almost all of it base64. Beside it a plain rewrite of the same rows by the server alone. See
// README.md beside this for what the numbers are and are not.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include <jobqueue/service/sql_cleaner.hpp>
#include <jobqueue/vault.hpp>

#include "measure.hpp"
#include "support/postgres_server.hpp"

namespace {

using namespace jobqueue;
using bench::connect;
using bench::require;
using bench::seconds_of;
using bench::take;

constexpr std::size_t rows = 3600;
constexpr std::size_t image_chars = 74'000;

void fill(const std::string& url, const std::string& table) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::mt19937 noise(20260921);
  const auto connection = connect(url);
  take(connection->query("CREATE TABLE " + table + " (id integer PRIMARY KEY, data json)", {}));
  for (std::size_t i = 0; i < rows; ++i) {
    std::string text = R"({"prompt":"a lake at dawn","token":"ghp_0123456789abcdefghijklmnop",)";
    text += R"("path":"/srv/out/)" + std::to_string(i) +
            R"(.png","image_base64":"iVBORw0KGgoAAAANSUhEUgAA)";
    for (std::size_t c = 0; c < image_chars; ++c) text += alphabet[noise() >> 26U];
    text += "\"}";
    const fact_value values[]{fact_value::of_integer(static_cast<std::int64_t>(i)),
                              fact_value::of_text(text)};
    take(connection->query("INSERT INTO " + table + " VALUES ($1, $2)", values));
  }
}

double number(const std::string& url, const std::string& sql) {
  return static_cast<double>(take(connect(url)->query(sql, {})).row(0)[0].integer);
}

// Counts the bytes that it removes, or would.
bench::measure clean(const std::string& url, const std::filesystem::path& folder, bool dry_run) {
  return bench::run_in_child([&] {
    const auto blobs = take(open_directory_vault(folder / "vault", {.create = true}));
    const auto journal = take(
        clean_journal::create(folder / (dry_run ? "none" : "journal"), take(sql_store_name(url))));
    clean_options options;
    options.dry_run = dry_run;
    options.vault = blobs.get();
    options.journal = journal.get();
    const clean_column column{"cleaned", "data"};
    std::uint64_t removed = 0;
    const double took = seconds_of([&] {
      removed = take(clean_sql(url, {}, {&column, 1}, options)).cleaned.totals.bytes_removed;
    });
    return std::pair(took, removed);
  });
}

void run() {
  test::postgres_server server(true);
  const test::temporary_folder folder;
  fill(server.url(), "cleaned");
  fill(server.url(), "rewritten");
  const double bytes =
      number(server.url(), "SELECT sum(octet_length(data::text))::bigint FROM cleaned");
  const double megabytes = bytes / 1e6;
  std::printf("%zu rows, %.0f MB\n", rows, megabytes);

  const bench::measure looked = clean(server.url(), folder.path(), true);
  const bench::measure cleaned = clean(server.url(), folder.path(), false);
  const auto removed = static_cast<double>(cleaned.count);
  require(looked.count == cleaned.count, "the dry run and the run disagree");
  const double left =
      number(server.url(), "SELECT sum(octet_length(data::text))::bigint FROM cleaned");
  require(left + removed == bytes, "the bytes do not add up");
  const double rewrite = seconds_of([&] {
    static_cast<void>(
        server.run("UPDATE rewritten SET data = replace(data::text, 'lake', 'pond')::json"));
  });
  std::printf("%-28s %8.1f MB/s   peak %5.1f MB\n", "dry_run", megabytes / looked.seconds,
              looked.peak_megabytes());
  std::printf("%-28s %8.1f MB/s   peak %5.1f MB\n", "clean, vault and journal",
              megabytes / cleaned.seconds, cleaned.peak_megabytes());
  std::printf("%-28s %8.1f MB/s\n", "rewrite by the server", megabytes / rewrite);
  std::printf("clean / rewrite %.2f (goal 0.5); %.1f %% less (goal 98)\n",
              rewrite / cleaned.seconds, 100 * removed / bytes);
}

}  // namespace

int main() { return jobqueue::bench::run(run); }
