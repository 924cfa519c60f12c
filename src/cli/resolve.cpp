#include <iostream>
#include <memory>

#include <jobqueue/service/resolver.hpp>

#include "cli/evaluate.hpp"
#include "cli/store.hpp"

namespace jobqueue::cli {
namespace {

struct resolve_command {
  store_choice store;
  rules_choice rules;
  resolver_options options;
  std::string now;
  bool json = false;

  [[nodiscard]] int run() const {
    const auto chosen = load_rules(rules);
    if (!chosen) return report_problem(rules.file, chosen.problem());
    const auto when = read_now(now);
    if (!when) return report_problem("--now", when.problem());
    const auto opened = store.open();
    if (!opened) return report_problem({}, opened.problem());
    resolver worker(**opened, *chosen, options);
    const auto report = worker.run(*when);
    if (!report) return report_problem({}, report.problem());
    if (json) {
      std::cout << R"({"extracted":)" << report->extracted << R"(,"unresolvable":)"
                << report->unresolvable << R"(,"scheduled":)" << report->scheduled << "}\n"
                << std::flush;
    } else {
      say(human_count(report->extracted) + " outputs extracted, " +
          human_count(report->unresolvable) + " jobs hold none, " + human_count(report->scheduled) +
          " retries put into the outbox");
    }
    return exit_done;
  }
};

}  // namespace

void add_resolve(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<resolve_command>();
  CLI::App* app = program.add_subcommand(
      "resolve", "Do what the verdicts ask for: extract outputs, schedule retries");
  command->store.add_db_to(*app);
  command->rules.add_to(*app);
  app->add_option("--max-retries", command->options.max_retries,
                  "Retries that are put into the outbox at most (default 10)")
      ->check(CLI::Range(0, 1000000));
  app->add_option("--batch", command->options.batch, "Jobs in one transaction (default 500)")
      ->check(CLI::Range(1, 10000));
  app->add_option("--now", command->now,
                  "The present, as 2026-01-05T12:00:00Z; the clock's if not given");
  app->add_flag("--json", command->json, "Write what was done as JSON to standard output");
  app->footer(
      "A job whose output was found is due for a new verdict. One that cannot be resolved says so\n"
      "in its problem_details, and is left at that until something about it changes.");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
