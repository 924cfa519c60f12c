// Cleaning a PostgreSQL table like the one that gave this project its purpose: 269 MB of job data,
// almost all of it base64. Beside it a plain rewrite of the same rows by the server alone. See
// README.md beside this for what the numbers are and are not.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/service/sql_cleaner.hpp>
#include <jobqueue/vault.hpp>

#include "store/postgres_connection.hpp"
#include "support/postgres_server.hpp"

namespace {

using namespace jobqueue;

constexpr std::size_t rows = 3600;
constexpr std::size_t image_chars = 74'000;

void require(bool holds, const std::string& words) {
  if (!holds) throw std::runtime_error(words);
}

template <class T>
T take(result<T> answer) {
  require(answer.has_value(), answer ? "" : answer.problem().message);
  return std::move(*answer);
}

double seconds_of(const std::function<void()>& work) {
  const auto begun = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

std::unique_ptr<detail::sql_connection> connect(const std::string& url) {
  detail::postgres_settings settings;
  settings.url = url;
  settings.name = url;
  return take(detail::postgres_connection::open(settings));
}

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

struct measure {
  double seconds = 0;
  long peak_kib = 0;
};

// In a process of its own, whose memory is told when it ends.
measure clean(const std::string& url, const std::filesystem::path& folder, bool dry_run,
              std::uint64_t& removed) {
  int ends[2];
  require(::pipe(ends) == 0, "no pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    const auto blobs = take(open_directory_vault(folder / "vault", {.create = true}));
    const auto journal = take(
        clean_journal::create(folder / (dry_run ? "none" : "journal"), take(sql_store_name(url))));
    clean_options options;
    options.dry_run = dry_run;
    options.vault = blobs.get();
    options.journal = journal.get();
    const clean_column column{"cleaned", "data"};
    std::pair<double, std::uint64_t> answer;
    answer.first = seconds_of([&] {
      answer.second = take(clean_sql(url, {}, {&column, 1}, options)).cleaned.totals.bytes_removed;
    });
    ::_exit(::write(ends[1], &answer, sizeof answer) == sizeof answer ? 0 : 1);
  }
  std::pair<double, std::uint64_t> answer;
  require(::read(ends[0], &answer, sizeof answer) == sizeof answer, "the cleaner failed");
  int ended = 0;
  rusage used{};
  ::wait4(child, &ended, 0, &used);
  removed = answer.second;
  return {answer.first, used.ru_maxrss};
}

int run() {
  test::postgres_server server(true);
  const test::temporary_folder folder;
  fill(server.url(), "cleaned");
  fill(server.url(), "rewritten");
  const double bytes =
      number(server.url(), "SELECT sum(octet_length(data::text))::bigint FROM cleaned");
  const double megabytes = bytes / 1e6;
  std::printf("%zu rows, %.0f MB\n", rows, megabytes);

  std::uint64_t planned = 0;
  std::uint64_t removed = 0;
  const measure looked = clean(server.url(), folder.path(), true, planned);
  const measure cleaned = clean(server.url(), folder.path(), false, removed);
  require(planned == removed, "the dry run and the run disagree");
  const double left =
      number(server.url(), "SELECT sum(octet_length(data::text))::bigint FROM cleaned");
  require(left + static_cast<double>(removed) == bytes, "the bytes do not add up");
  const double rewrite = seconds_of([&] {
    static_cast<void>(
        server.run("UPDATE rewritten SET data = replace(data::text, 'lake', 'pond')::json"));
  });
  std::printf("%-28s %8.1f MB/s   peak %5.1f MB\n", "dry_run", megabytes / looked.seconds,
              static_cast<double>(looked.peak_kib) * 1.024 / 1000);
  std::printf("%-28s %8.1f MB/s   peak %5.1f MB\n", "clean, vault and journal",
              megabytes / cleaned.seconds, static_cast<double>(cleaned.peak_kib) * 1.024 / 1000);
  std::printf("%-28s %8.1f MB/s\n", "rewrite by the server", megabytes / rewrite);
  std::printf("clean / rewrite %.2f (goal 0.5); %.1f %% less (goal 98)\n",
              rewrite / cleaned.seconds, 100 * static_cast<double>(removed) / bytes);
  return 0;
}

}  // namespace

int main() {
  try {
    return run();
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
  }
}
