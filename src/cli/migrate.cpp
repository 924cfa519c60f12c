#include <iostream>
#include <memory>

#include "cli/store.hpp"

namespace jobqueue::cli {
namespace {

struct migrate_command {
  store_choice store;
  bool dry_run = false;

  [[nodiscard]] int run() const {
    const auto opened = store.open(!dry_run);
    if (!opened) return report_problem({}, opened.problem());
    job_store& target = **opened;
    const auto statements = dry_run ? target.plan_migration() : target.migrate();
    if (!statements) return report_problem({}, statements.problem());
    if (dry_run) {
      for (const std::string& sql : *statements) std::cout << sql << ";\n\n";
      std::cout << std::flush;
    }
    const std::string count = std::to_string(statements->size());
    const std::string name(target.name());
    if (statements->empty()) {
      say(name + " lacks nothing");
    } else if (dry_run) {
      say(name + " would get what these " + count + " statements make; nothing was done");
    } else {
      say(name + " has what it lacked: " + count + " statements");
    }
    return exit_done;
  }
};

}  // namespace

void add_migrate(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<migrate_command>();
  CLI::App* app = program.add_subcommand(
      "migrate", "Give a store the tables, columns and indexes that it lacks");
  command->store.add_db_to(*app);
  app->add_flag("--dry-run", command->dry_run, "Only print the statements");
  app->footer(
      "Everything happens in one transaction. What is there already, with its data, is left as it\n"
      "is, whatever it looks like. Indexes are made while writers of the table wait.");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
