#include <malloc.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include <jobqueue/service/redis_cleaner.hpp>
#include <jobqueue/service/sql_cleaner.hpp>
#include <jobqueue/vault.hpp>

#include "cli/store.hpp"

namespace jobqueue::cli {
namespace {

using json = nlohmann::ordered_json;

json totals_to_json(const clean_totals& totals) {
  json by_class = json::object();
  for (std::size_t i = 0; i < totals.by_class.size(); ++i) {
    const blob_totals& one = totals.by_class[i];
    if (one.count == 0) continue;
    by_class[std::string(to_string(static_cast<blob_class>(i)))] = {
        {"blobs", one.count}, {"bytes", one.bytes_before}, {"bytes_after", one.bytes_after}};
  }
  return {{"bytes_seen", totals.bytes_seen},
          {"bytes_removed", totals.bytes_removed},
          {"values_seen", totals.values_seen},
          {"values_changed", totals.values_changed},
          {"values_skipped", totals.values_skipped},
          {"blobs", totals.blobs},
          {"by_class", by_class}};
}

json size_to_json(const table_size& size) {
  return {{"table", size.table},
          {"heap_bytes", size.heap_bytes},
          {"toast_bytes", size.toast_bytes},
          {"index_bytes", size.index_bytes},
          {"dead_rows", size.dead_rows}};
}

json estimate_to_json(const clean_estimate& estimate) {
  return {{"rows", estimate.rows},
          {"sampled_rows", estimate.sampled_rows},
          {"bytes_removed", estimate.bytes_removed},
          {"bytes_low", estimate.bytes_low},
          {"bytes_high", estimate.bytes_high}};
}

// In ASCII, so that nothing in it speaks to the terminal, and not long.
std::string brief(const json& value) {
  constexpr std::size_t most_chars = 64;
  std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > most_chars) text.replace(most_chars / 2, text.size() - most_chars + 3, "...");
  return text;
}

json sample_to_json(const clean_sample& sample) {
  return {{"locator", json::parse(sample.locator, nullptr, false)},
          {"bytes_removed", sample.bytes_removed},
          {"blobs", sample.blobs},
          {"largest",
           {{"bytes", sample.largest_bytes},
            {"class", to_string(sample.kind)},
            {"media_type", sample.media_type},
            {"pointer", sample.pointer}}}};
}

std::uint64_t bytes_of(const std::vector<table_size>& sizes) {
  std::uint64_t bytes = 0;
  for (const table_size& one : sizes) bytes += one.heap_bytes + one.toast_bytes + one.index_bytes;
  return bytes;
}

// Each batch takes some megabytes and frees them. If glibc gave them back to the system each time,
// asking for them again would take a third of the whole run.
void keep_freed_memory() {
#ifdef __GLIBC__
  // NOLINTBEGIN(concurrency-mt-unsafe): there is no other thread
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_MMAP_THRESHOLD, 16 << 20);
  // NOLINTEND(concurrency-mt-unsafe)
#endif
}

// What `clean` and `undo` share: one store, a vault, a journal.
struct cleaning_choice {
  store_choice store;
  std::string vault_folder;
  std::string journal_file;
  std::unique_ptr<vault> blobs;

  void add_to(CLI::App& app) {
    store.add_db_to(app);
    store.add_redis_to(app);
    app.add_option("--vault", vault_folder, "Directory of the vault that keeps the blobs");
  }

  // Exactly one store must be named; the environment names it only if no option does.
  [[nodiscard]] result<bool> is_redis() const {
    if (!store.db.empty() && !store.redis.empty()) {
      return error{errc::invalid_argument, no_offset,
                   "--db and --redis are two stores: one at a time"};
    }
    if (!store.redis.empty()) return true;
    if (!store.db.empty()) return false;
    if (store.has_db() == store.has_redis()) {
      return error{
          errc::invalid_argument, no_offset,
          "which store? Give --db sqlite:PATH, --db postgresql://... or --redis redis://..."};
    }
    return store.has_redis();
  }

  // With the vault opened, if there is one.
  [[nodiscard]] status open_vault(bool create) {
    if (vault_folder.empty()) return done;
    auto opened = open_directory_vault(vault_folder, {.create = create});
    if (!opened) return opened.problem();
    blobs = std::move(*opened);
    return done;
  }
};

struct clean_command {
  cleaning_choice choice;
  std::vector<std::string> tables;
  std::vector<std::string> columns;
  std::vector<std::string> patterns;
  bool resume = false;
  bool yes = false;
  bool as_json = false;
  clean_options options;

  std::unique_ptr<clean_journal> journal;
  std::string url;
  std::string name;

  // --table T --column C --column D --table U --column E: columns are of the table before them.
  [[nodiscard]] result<std::vector<clean_column>> wanted_columns() const {
    std::vector<clean_column> wanted;
    if (tables.empty() && columns.empty()) return wanted;
    for (const std::string& column : columns) {
      const std::size_t dot = column.rfind('.');
      if (dot != std::string::npos) {
        wanted.push_back({column.substr(0, dot), column.substr(dot + 1)});
      } else if (tables.size() == 1) {
        wanted.push_back({tables.front(), column});
      } else {
        return error{errc::invalid_argument, no_offset,
                     "--column " + column + ": of which table? Write TABLE.COLUMN"};
      }
    }
    if (wanted.empty()) {
      return error{errc::invalid_argument, no_offset, "--table wants --column, too"};
    }
    return wanted;
  }

  [[nodiscard]] status open_journal() {
    if (options.dry_run) return done;
    if (choice.journal_file.empty()) {
      return error{errc::invalid_argument, no_offset,
                   "name a file with --journal, by which this can be undone; or try --dry-run"};
    }
    auto opened = resume ? clean_journal::open(choice.journal_file, name)
                         : clean_journal::create(choice.journal_file, name);
    if (!opened) return opened.problem();
    journal = std::move(*opened);
    options.journal = journal.get();
    return done;
  }

  // A person at a terminal is asked; a script says --yes.
  [[nodiscard]] status confirm() const {
    if (options.dry_run || yes) return done;
    std::cerr << "jobqueue: this takes the blobs out of " << name
              << ". Type yes to go on: " << std::flush;
    std::string answer;
    if (std::getline(std::cin, answer) && answer == "yes") return done;
    return error{errc::invalid_argument, no_offset,
                 "nothing was done; --dry-run shows what would be, --yes asks nothing"};
  }

  int run() {
    const auto is_redis = choice.is_redis();
    if (!is_redis) return report_problem({}, is_redis.problem());
    const auto wanted = wanted_columns();
    if (!wanted) return report_problem({}, wanted.problem());
    options.count_as_with_vault = !choice.vault_folder.empty();
    if (const status named = name_store(*is_redis); !named) {
      return report_problem({}, named.problem());
    }
    if (const status sure = confirm(); !sure) return report_problem({}, sure.problem());
    if (!options.dry_run) {
      if (const status opened = choice.open_vault(true); !opened) {
        return report_problem({}, opened.problem());
      }
      options.vault = choice.blobs.get();
    }
    if (const status opened = open_journal(); !opened) return report_problem({}, opened.problem());
    keep_freed_memory();
    catch_stop_signals();
    progress shown(options.dry_run ? "looking" : "cleaning");
    const auto begun = std::chrono::steady_clock::now();
    options.observe = [&](const clean_progress& at) {
      std::string words = std::string(at.place) + ' ';
      words += bar_words(at.done, at.all, *is_redis ? "keys" : "rows",
                         std::chrono::steady_clock::now() - begun);
      words += ", " + human_size(at.totals.bytes_removed) + " of blobs";
      shown.show(words);
      return !is_stop_wanted();
    };
    if (*is_redis) {
      const auto report = clean_redis(url, {}, patterns, options);
      if (!report) return failed(report.problem());
      return finish(*report, nullptr);
    }
    const auto limit = parse_duration(choice.store.timeout);
    if (!limit) return report_problem("--statement-timeout", limit.problem());
    store_options store;
    store.statement_timeout = *limit;
    const auto report = clean_sql(url, store, *wanted, options);
    if (!report) return failed(report.problem());
    return finish(report->cleaned, &*report);
  }

  [[nodiscard]] status name_store(bool is_redis) {
    const auto found = is_redis ? choice.store.redis_url() : choice.store.db_url();
    if (!found) return found.problem();
    url = *found;
    const auto named = is_redis ? redis_store_name(url) : sql_store_name(url);
    if (!named) return named.problem();
    name = *named;
    return done;
  }

  [[nodiscard]] int failed(const error& problem) const {
    const int code = report_problem({}, problem);
    if (!options.dry_run) say("what is done is in the journal; --resume goes on from there");
    return code;
  }

  [[nodiscard]] int finish(const clean_report& report, const sql_clean_report* sql) const {
    if (as_json) {
      print_json(report, sql);
    } else {
      print_table(report, sql);
    }
    if (!report.stopped) return exit_done;
    say(options.dry_run ? "stopped before the end" : "stopped; --resume goes on from here");
    return exit_no;
  }

  void print_json(const clean_report& report, const sql_clean_report* sql) const {
    json line = totals_to_json(report.totals);
    line["dry_run"] = options.dry_run;
    line["stopped"] = report.stopped;
    line["places"] = json::object();
    for (const auto& [place, totals] : report.by_place) {
      line["places"][place] = totals_to_json(totals);
    }
    for (const auto& [place, samples] : report.samples) {
      json& list = line["places"][place]["samples"] = json::array();
      for (const clean_sample& one : samples) list.push_back(sample_to_json(one));
    }
    if (sql == nullptr) {
      line["streams"] = {{"values", report.stream_values}, {"bytes", report.stream_bytes}};
      line["memory_usage"] = {{"keys", report.sampled_keys},
                              {"bytes_before", report.sampled_bytes_before},
                              {"bytes_after", report.sampled_bytes_after}};
    } else {
      line["passed_over"] = sql->passed_over;
      line["before"] = json::array();
      line["after"] = json::array();
      for (const table_size& one : sql->before) line["before"].push_back(size_to_json(one));
      for (const table_size& one : sql->after) line["after"].push_back(size_to_json(one));
      if (options.sample != 0) {
        line["estimate"] = estimate_to_json(sql->estimate);
        for (const auto& [place, estimate] : sql->estimates) {
          line["places"][place]["estimate"] = estimate_to_json(estimate);
        }
      }
    }
    std::cout << line.dump(-1, ' ', false, json::error_handler_t::replace) << '\n' << std::flush;
  }

  void print_table(const clean_report& report, const sql_clean_report* sql) const {
    std::printf("%-40s %10s %12s %10s %8s\n", "place", "values", "removed", "blobs", "skipped");
    const auto print = [](const std::string& place, const clean_totals& totals) {
      std::printf("%-40s %10s %12s %10s %8s\n", place.c_str(),
                  human_count(totals.values_changed).c_str(),
                  human_size(totals.bytes_removed).c_str(), human_count(totals.blobs).c_str(),
                  human_count(totals.values_skipped).c_str());
    };
    for (const auto& [place, totals] : report.by_place) print(place, totals);
    print("all", report.totals);
    std::printf("\n%-12s %10s %12s\n", "class", "blobs", "bytes");
    for (std::size_t i = 0; i < report.totals.by_class.size(); ++i) {
      const blob_totals& one = report.totals.by_class[i];
      if (one.count == 0) continue;
      std::printf("%-12s %10s %12s\n", std::string(to_string(static_cast<blob_class>(i))).c_str(),
                  human_count(one.count).c_str(), human_size(one.bytes_before).c_str());
    }
    std::printf("\n%s of %s%s\n", human_size(report.totals.bytes_removed).c_str(),
                human_size(report.totals.bytes_seen).c_str(),
                options.sample != 0 ? " would go of the sample"
                : options.dry_run   ? " would go"
                                    : " are gone");
    if (report.stream_values != 0) {
      std::printf("in streams: %s values with %s of blobs stay, as entries cannot be replaced\n",
                  human_count(report.stream_values).c_str(),
                  human_size(report.stream_bytes).c_str());
    }
    if (report.sampled_keys != 0) {
      std::printf("memory of %s changed keys: %s before, %s now\n",
                  human_count(report.sampled_keys).c_str(),
                  human_size(report.sampled_bytes_before).c_str(),
                  human_size(report.sampled_bytes_after).c_str());
    }
    if (sql != nullptr) print_sizes(*sql);
    print_samples(report);
    std::fflush(stdout);
  }

  static void print_estimate(const std::string& place, const clean_estimate& one) {
    std::printf("%s: about %s would go, %s to %s, judged by %s values in %s\n", place.c_str(),
                human_size(one.bytes_removed).c_str(), human_size(one.bytes_low).c_str(),
                human_size(one.bytes_high).c_str(), human_count(one.sampled_rows).c_str(),
                human_count(one.rows).c_str());
  }

  static void print_samples(const clean_report& report) {
    if (!report.samples.empty()) std::printf("\nthe values that would lose most\n");
    for (const auto& [place, samples] : report.samples) {
      for (const clean_sample& one : samples) {
        std::printf("%s %s: %s; %s, the largest %s of %s at %s\n", place.c_str(),
                    brief(json::parse(one.locator, nullptr, false)).c_str(),
                    human_size(one.bytes_removed).c_str(),
                    one.blobs == 1 ? "1 blob" : (human_count(one.blobs) + " blobs").c_str(),
                    human_size(one.largest_bytes).c_str(), one.media_type.c_str(),
                    brief(one.pointer).c_str());
      }
    }
  }

  void print_sizes(const sql_clean_report& sql) const {
    for (const std::string& words : sql.passed_over)
      std::printf("passed over: %s\n", words.c_str());
    if (options.sample != 0) {
      for (const auto& [place, one] : sql.estimates) print_estimate(place, one);
      print_estimate("all", sql.estimate);
    }
    if (sql.before.empty()) return;
    if (options.dry_run) {
      std::printf("on the disk: %s\n", human_size(bytes_of(sql.before)).c_str());
      return;
    }
    std::printf("on the disk: %s before, %s now\n", human_size(bytes_of(sql.before)).c_str(),
                human_size(bytes_of(sql.after)).c_str());
    for (const table_size& one : sql.after) {
      if (one.dead_rows == 0) continue;
      std::printf(
          "vacuum is owed: %s has %s dead rows. VACUUM makes their space free for new rows, "
          "VACUUM FULL gives it back and locks the table\n",
          one.table.c_str(), human_count(one.dead_rows).c_str());
    }
  }
};

struct undo_command {
  cleaning_choice choice;
  bool as_json = false;

  int run() {
    const auto is_redis = choice.is_redis();
    if (!is_redis) return report_problem({}, is_redis.problem());
    const auto url = *is_redis ? choice.store.redis_url() : choice.store.db_url();
    if (!url) return report_problem({}, url.problem());
    const auto name = *is_redis ? redis_store_name(*url) : sql_store_name(*url);
    if (!name) return report_problem({}, name.problem());
    if (const status opened = choice.open_vault(false); !opened) {
      return report_problem({}, opened.problem());
    }
    const auto journal = clean_journal::open(choice.journal_file, *name);
    if (!journal) return report_problem({}, journal.problem());
    const auto report = *is_redis ? undo_redis(*url, {}, **journal, choice.blobs.get())
                                  : undo_sql(*url, {}, **journal, choice.blobs.get());
    if (!report) return report_problem({}, report.problem());
    if (as_json) {
      std::cout << json{{"restored", report->restored},
                        {"unchanged", report->unchanged},
                        {"skipped", report->skipped}}
                       .dump()
                << '\n'
                << std::flush;
    } else {
      say(human_count(report->restored) + " values restored, " + human_count(report->unchanged) +
          " were as they had been, " + human_count(report->skipped) +
          " have changed since and were left alone");
    }
    return report->skipped == 0 ? exit_done : exit_no;
  }
};

}  // namespace

void add_clean(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<clean_command>();
  CLI::App* app = program.add_subcommand(
      "clean", "Take the blobs out of what a PostgreSQL, SQLite or Redis holds");
  command->choice.add_to(*app);
  app->add_option("--table", command->tables, "Only this table; with --column")
      ->allow_extra_args(false);
  app->add_option(
         "--column", command->columns,
         "Only this column: COLUMN of --table, or TABLE.COLUMN; may be given more than once")
      ->allow_extra_args(false);
  app->add_option("--match", command->patterns,
                  "Redis: only keys that match this pattern; may be given more than once")
      ->allow_extra_args(false);
  app->add_flag("--dry-run", command->options.dry_run,
                "Only say what would be done, to the byte; writes nothing");
  app->add_option("--sample", command->options.sample,
                  "With --dry-run: look at about so many rows of each table, chosen at random, and "
                  "estimate the rest")
      ->check(CLI::PositiveNumber);
  app->add_option("--journal", command->choice.journal_file,
                  "File that notes every change before it is made, for undo and --resume");
  app->add_flag("--resume", command->resume,
                "Go on with a journal after whatever ended the last run");
  app->add_option("--max-rate", command->options.max_bytes_per_second,
                  "Bytes of values that are read in a second at most");
  app->add_option("--batch", command->options.batch, "Values in a batch at most (default 500)")
      ->check(CLI::Range(1, 10000));
  app->add_flag("--yes", command->yes, "Do not ask");
  app->add_flag("--json", command->as_json, "Write the report as one line of JSON");
  app->footer(
      "Begin with --dry-run and the same --vault. Without --table and --column all columns of "
      "type\n"
      "json, jsonb and text are cleaned, without --match all keys. A value that changes meanwhile "
      "is\n"
      "read again, and left alone if it goes on changing. It may be ended at any time; exit code "
      "1\n"
      "if it was before the end.");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

void add_undo(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<undo_command>();
  CLI::App* app = program.add_subcommand("undo", "Put back what 'jobqueue clean' took out");
  command->choice.add_to(*app);
  app->add_option("--journal", command->choice.journal_file, "The journal of that run")->required();
  app->add_flag("--json", command->as_json, "Write what was done as JSON to standard output");
  app->footer("A value that has changed since is left alone; exit code 1 if there was one.");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
