#include "cli/evaluate.hpp"

#include <memory>

namespace jobqueue::cli {
namespace {

struct evaluate_command {
  std::string file = "-";
  rules_choice rules;
  std::string now;
  evaluate_options options;

  [[nodiscard]] int run() const {
    const auto chosen = load_rules(rules);
    if (!chosen) return report_problem(rules.file, chosen.problem());
    const auto when = read_now(now);
    if (!when) return report_problem("--now", when.problem());
    return evaluate_records(*chosen, file, *when, options);
  }
};

}  // namespace

void add_evaluate(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<evaluate_command>();
  CLI::App* app = program.add_subcommand(
      "evaluate", "Decide what became of jobs: complete, filed, incomplete, or undecided");
  app->add_option("FILE", command->file,
                  "Records, one JSON object a line; none or - is standard input");
  command->rules.add_to(*app);
  app->add_option("--now", command->now,
                  "The present, as 2026-01-05T12:00:00Z; the clock's if not given");
  app->add_flag("--explain", command->options.explain,
                "Say which conditions decided, with their values, and what would complete the job");
  app->footer(
      "Writes one verdict a line, in the same order. A line that is no record has the verdict\n"
      "evaluation_error, and the exit code is 3.");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
