#include "cli/evaluate.hpp"

#include <memory>
#include <string>

#include "cli/evaluate_store.hpp"
#include "cli/files.hpp"
#include "cli/store.hpp"

namespace jobqueue::cli {
namespace {

// Says how many of the records were none; returns the exit code.
int report_failed(std::size_t failed, const std::string& what) {
  if (failed == 0) return exit_done;
  say(std::to_string(failed) + " " + what + (failed == 1 ? " is" : "s are") +
      " no record; the verdicts on them are evaluation_error");
  return exit_bad_input;
}

// Evaluates records, one a line, to standard output; returns the exit code.
int evaluate_records(const ruleset& rules, const std::string& file, instant now,
                     const evaluate_options& options) {
  auto input = input_lines::open(file);
  if (!input) return report_problem(name_of_input(file), input.problem());
  auto output = output_file::open("-");
  if (!output) return report_problem({}, output.problem());
  std::string verdicts;
  std::size_t failed = 0;
  for (;;) {
    const auto lines = input->next();
    if (!lines) return report_problem(name_of_input(file), lines.problem());
    if (lines->empty()) break;
    verdicts.clear();
    failed += rules.evaluate_lines(*lines, now, verdicts, options);
    if (const status written = output->write(verdicts); !written) {
      return report_problem({}, written.problem());
    }
  }
  if (const status committed = output->commit(); !committed) {
    return report_problem({}, committed.problem());
  }
  return report_failed(failed, "line");
}

// The same of one array, which is answered with one.
int evaluate_array(const ruleset& rules, const std::string& file, instant now,
                   const evaluate_options& options) {
  const auto records = read_input(file);
  if (!records) return report_problem(name_of_input(file), records.problem());
  std::string verdicts;
  const auto failed = rules.evaluate_array(*records, now, verdicts, options);
  if (!failed) return report_problem(name_of_input(file), failed.problem());
  if (const status written = write_output("-", verdicts + "\n"); !written) {
    return report_problem({}, written.problem());
  }
  return report_failed(*failed, "element");
}

struct evaluate_command {
  std::string file;
  bool is_array = false;
  rules_choice rules;
  evaluate_store_options in_store;

  // Without a FILE the store that the environment names is meant.
  [[nodiscard]] bool is_of_store() const {
    return (file.empty() && !is_array && in_store.store.has_db()) || !in_store.store.db.empty() ||
           !in_store.store.redis.empty() || in_store.once || !in_store.every.empty() ||
           in_store.evaluator.re_evaluate;
  }

  [[nodiscard]] int run() const {
    const auto chosen = load_rules(rules);
    if (!chosen) return report_problem(rules.file, chosen.problem());
    if (is_of_store()) {
      if (file.empty() && !is_array) return evaluate_store(*chosen, in_store);
      return report_problem("FILE", {errc::invalid_argument, no_offset,
                                     "goes with none of --db, --redis, --once, --every"});
    }
    const auto when = read_now(in_store.now);
    if (!when) return report_problem("--now", when.problem());
    evaluate_options options;
    options.explain = in_store.explain;
    const std::string input = file.empty() ? "-" : file;
    return is_array ? evaluate_array(*chosen, input, *when, options)
                    : evaluate_records(*chosen, input, *when, options);
  }
};

}  // namespace

result<ruleset> load_rules(const rules_choice& choice) {
  ruleset_options options;
  for (const std::string& one : choice.parameters) {
    const std::size_t equals = one.find('=');
    if (equals == std::string::npos || equals == 0) {
      return error{errc::invalid_argument, no_offset, "--parameter is written as NAME=VALUE"};
    }
    options.parameters.emplace_back(one.substr(0, equals), one.substr(equals + 1));
  }
  if (choice.file.empty()) return ruleset::parse(ruleset::standard_text(), options);
  const auto text = read_input(choice.file);
  if (!text) return text.problem();
  return ruleset::parse(*text, options);
}

void add_evaluate(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<evaluate_command>();
  evaluate_store_options& in_store = command->in_store;
  CLI::App* app = program.add_subcommand(
      "evaluate", "Decide what became of jobs: complete, filed, incomplete, or undecided");
  app->add_option(
      "FILE", command->file,
      "Records, one JSON object a line; - is standard input, and so is none without a store");
  app->add_flag("--array", command->is_array,
                "FILE is one JSON array of records; the answer is an array of verdicts");
  command->rules.add_to(*app);
  app->add_option("--now", in_store.now,
                  "The present, as 2026-01-05T12:00:00Z; the clock's if not given");
  app->add_flag("--explain", in_store.explain,
                "Say which conditions decided, with their values, and what would complete the job");
  in_store.store.add_db_to(*app);
  in_store.store.add_redis_to(*app);
  app->add_flag("--once", in_store.once, "With a store: evaluate what is due, and end (default)");
  app->add_option("--every", in_store.every,
                  "With a store: go on, with this time between runs, varied by a tenth: 10m");
  app->add_option("--batch", in_store.evaluator.batch,
                  "With a store: jobs in one transaction (default 1000)")
      ->check(CLI::Range(1, 10000));
  app->add_flag("--re-evaluate", in_store.evaluator.re_evaluate,
                "With a store: also make the verdicts of other rule sets anew");
  app->add_flag("--json", in_store.json,
                "With a store: write a report as one line of JSON for each run");
  app->footer(
      "Without a store: writes one verdict a line, in the order of the records. A line that is no\n"
      "record has the verdict evaluation_error, and the exit code is 3; what is no array is\n"
      "refused as a whole.\n"
      "With one: gives the jobs that are due their verdicts in the store. Any number of "
      "evaluators\n"
      "may do so at once, and each may be killed at any instant. Exit code 3 if jobs could not be\n"
      "evaluated (they have the verdict evaluation_error), 1 if it was stopped before the end.");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
