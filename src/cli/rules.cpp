#include <iostream>
#include <memory>

#include "cli/evaluate.hpp"

namespace jobqueue::cli {

void add_rules(CLI::App& program, std::function<int()>& run) {
  CLI::App* app = program.add_subcommand("rules", "Check a rule set, or show the standard one");
  app->require_subcommand(1);

  auto choice = std::make_shared<rules_choice>();
  CLI::App* check = app->add_subcommand(
      "check", "Say what is wrong with a rule set, and where; exit code 3 if anything is");
  check->add_option("FILE", choice->file, "Rule set to check; - is standard input")->required();
  choice->add_parameters_to(*check);
  check->callback([choice, &run] {
    run = [choice] {
      const auto rules = load_rules(*choice);
      if (!rules) return report_problem(name_of_input(choice->file), rules.problem());
      std::cout << "ok: " << rules->facts().size() << " facts, digest " << rules->digest() << '\n';
      return static_cast<int>(exit_done);
    };
  });

  CLI::App* show = app->add_subcommand("show", "Write the standard rule set to standard output");
  show->callback([&run] {
    run = [] {
      std::cout << ruleset::standard_text() << std::flush;
      return static_cast<int>(exit_done);
    };
  });
}

}  // namespace jobqueue::cli
