// What the subcommands that use rule sets share.
#pragma once

#include <string>
#include <vector>

#include <jobqueue/rules.hpp>

#include "cli/command.hpp"

namespace jobqueue::cli {

// A rule set as the command line names it.
struct rules_choice {
  std::string file;  // the standard set if empty
  std::vector<std::string> parameters;

  void add_to(CLI::App& app) {
    app.add_option("--rules", file, "Rule set to use; the standard one if not given");
    add_parameters_to(app);
  }
  void add_parameters_to(CLI::App& app) {
    app.add_option("--parameter", parameters, "NAME=VALUE: set a parameter of the rule set")
        ->allow_extra_args(false);
  }
};

[[nodiscard]] result<ruleset> load_rules(const rules_choice& choice);

}  // namespace jobqueue::cli
