#include <chrono>
#include <iostream>
#include <memory>
#include <vector>

#include <jobqueue/service/evidence_collector.hpp>

#include "cli/files.hpp"
#include "cli/store.hpp"

namespace jobqueue::cli {
namespace {

constexpr std::size_t most_messages = 10;

struct import_command {
  store_choice store;
  std::string file;
  std::size_t batch = 500;
  bool json = false;

  // What happened so far.
  std::uint64_t added = 0;
  std::uint64_t known = 0;
  std::uint64_t refused = 0;
  std::uint64_t line = 0;
  collector_report evidence;

  void report_refused(std::uint64_t number, const error& problem) {
    if (refused++ >= most_messages) return;
    report_problem(name_of_input(file) + ": line " + std::to_string(number), problem);
  }

  // `records` are of the lines `numbers`.
  status add_batch(job_store& target, std::vector<std::string_view>& records,
                   std::vector<std::uint64_t>& numbers) {
    if (records.empty()) return done;
    const auto report = target.import_jobs(records);
    if (!report) return report.problem();
    added += report->added;
    known += report->known;
    for (const auto& [place, problem] : report->refused) report_refused(numbers[place], problem);
    records.clear();
    numbers.clear();
    return done;
  }

  status add_lines(job_store& target, std::string_view lines) {
    constexpr std::size_t most_batch_bytes = std::size_t{8} << 20;
    std::vector<std::string_view> records;
    std::vector<std::uint64_t> numbers;
    std::size_t bytes = 0;
    while (!lines.empty()) {
      const std::size_t end = std::min(lines.find('\n'), lines.size());
      const std::string_view record = lines.substr(0, end);
      lines.remove_prefix(std::min(end + 1, lines.size()));
      ++line;
      if (record.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      records.push_back(record);
      numbers.push_back(line);
      bytes += record.size();
      if (records.size() < batch && bytes < most_batch_bytes) continue;
      bytes = 0;
      if (status ended = add_batch(target, records, numbers); !ended) return ended;
    }
    return add_batch(target, records, numbers);
  }

  status add_file(job_store& target) {
    auto input = input_lines::open(file);
    if (!input) return input.problem();
    progress shown("importing");
    const auto begun = std::chrono::steady_clock::now();
    for (std::uint64_t bytes = 0;;) {
      const auto lines = input->next();
      if (!lines) return lines.problem();
      if (lines->empty()) return done;
      if (status ended = add_lines(target, *lines); !ended) return ended;
      bytes += lines->size();
      const std::uint64_t all = std::max<std::uint64_t>(input->size(), bytes);
      shown.show(bar_words(bytes, all, "bytes", std::chrono::steady_clock::now() - begun));
    }
  }

  status add_redis(job_store& target) {
    const auto source = store.open_redis();
    if (!source) return source.problem();
    collector_options options;
    options.attestations = true;
    const auto report = collect_evidence(**source, target, options);
    if (!report) return report.problem();
    evidence = *report;
    return done;
  }

  int run() {
    const auto opened = store.open(true);
    if (!opened) return report_problem({}, opened.problem());
    job_store& target = **opened;
    // A file of our own has what it needs; the database of somebody else is migrated when asked.
    if (target.name().starts_with("sqlite:")) {
      if (const auto migrated = target.migrate(); !migrated) {
        return report_problem({}, migrated.problem());
      }
    }
    status ended = done;
    if (!file.empty() || !store.has_redis()) {
      if (file.empty()) file = "-";
      ended = add_file(target);
    }
    if (ended && store.has_redis()) ended = add_redis(target);
    write_report();
    if (!ended) return report_problem({}, ended.problem());
    return refused == 0 ? exit_done : exit_bad_input;
  }

  void write_report() const {
    if (json) {
      std::cout << R"({"added":)" << added << R"(,"known":)" << known << R"(,"refused":)" << refused
                << R"(,"notifications":)" << evidence.notifications << R"(,"attestations":)"
                << evidence.attestations << R"(,"skipped":)" << evidence.skipped << "}\n"
                << std::flush;
      return;
    }
    std::string words = human_count(added) + " jobs added";
    if (known != 0) words += ", " + human_count(known) + " were there already";
    if (refused != 0) words += ", " + human_count(refused) + " lines refused";
    if (store.has_redis()) {
      words += "; from Redis " + human_count(evidence.notifications) + " notifications and " +
               human_count(evidence.attestations) + " attestations";
      if (evidence.skipped != 0) words += ", " + human_count(evidence.skipped) + " skipped";
    }
    say(words);
  }
};

}  // namespace

void add_import(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<import_command>();
  CLI::App* app =
      program.add_subcommand("import", "Add jobs, and the evidence about them, to a store");
  app->add_option("FILE", command->file,
                  "Jobs, one JSON object a line: the columns by their names; none or - is standard "
                  "input");
  command->store.add_db_to(*app);
  command->store.add_redis_to(*app);
  app->add_option("--batch", command->batch, "Jobs in one transaction (default 500)")
      ->check(CLI::Range(1, 10000));
  app->add_flag("--json", command->json, "Write what was done as JSON to standard output");
  app->footer(
      "A job whose id is there already is left as it is. 'notification' and 'attestations' of a "
      "job\n"
      "go to their tables; what is no column is kept in 'extra'. An SQLite file is made if there "
      "is\n"
      "none. With --redis and no FILE only the evidence in Redis is copied.\n"
      "Exit code 3 if lines were refused; the others are in the store.");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
