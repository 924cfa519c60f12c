#include <cstdio>
#include <iostream>
#include <memory>
#include <vector>

#include <jobqueue/service/forensics.hpp>

#include "cli/evaluate.hpp"
#include "cli/files.hpp"
#include "cli/store.hpp"
#include "core/json_text.hpp"

namespace jobqueue::cli {
namespace {

using members = std::vector<detail::json_member>;

std::string_view value_of(const members& all, std::string_view name) {
  std::string_view found;
  for (const detail::json_member& one : all) {
    if (one.name == name) found = one.value;
  }
  return found;
}

std::string text_of(const members& all, std::string_view name, std::string_view none = "-") {
  std::string text = detail::find_member_text(all, name);
  return text.empty() ? std::string(none) : text;
}

// A terminal must not do what a message says.
std::string printable(std::string text) {
  for (char& c : text) {
    if ((c >= 0 && c < ' ') || c == '\x7F') c = ' ';
  }
  return text;
}

void print_attempts(const members& all) {
  for (const std::string_view one : detail::read_json_elements(value_of(all, "attempts"))) {
    const members attempt = detail::read_json_members(one);
    std::cout << "  attempt " << text_of(attempt, "attempt", "?") << "  "
              << text_of(attempt, "status") << "  " << text_of(attempt, "finished_at") << "  "
              << printable(text_of(attempt, "worker_id")) << '\n';
    const std::string message = text_of(attempt, "error_message", "");
    if (!message.empty()) std::cout << "    " << printable(message) << '\n';
    for (const std::string_view key : detail::read_json_elements(value_of(attempt, "keys"))) {
      std::cout << "    " << key << '\n';
    }
  }
}

void print_differences(const members& all) {
  for (const std::string_view one : detail::read_json_elements(value_of(all, "differences"))) {
    const members pair = detail::read_json_members(one);
    std::cout << "  from " << text_of(pair, "from") << " to " << text_of(pair, "to") << '\n';
    for (const std::string_view change : detail::read_json_elements(value_of(pair, "changes"))) {
      const members what = detail::read_json_members(change);
      std::cout << "    " << printable(text_of(what, "pointer")) << ": " << value_of(what, "before")
                << " -> " << value_of(what, "after") << '\n';
    }
  }
}

void print_report(std::string_view json) {
  const members all = detail::read_json_members(json);
  const members job = detail::read_json_members(value_of(all, "job"));
  std::cout << printable(text_of(job, "id", "a job that is not in the store")) << "  "
            << text_of(job, "status", "") << '\n';
  const members verdict = detail::read_json_members(value_of(all, "verdict"));
  std::cout << "verdict: " << text_of(verdict, "status_category", "undecided") << ' '
            << text_of(verdict, "problem_type", "") << '\n';
  const members failed = detail::read_json_members(value_of(all, "classification"));
  if (!failed.empty()) {
    std::cout << "failure: " << text_of(failed, "type") << '/' << text_of(failed, "reason") << ", "
              << text_of(failed, "description") << '\n';
  }
  const members similar = detail::read_json_members(value_of(all, "similar_failures"));
  if (!similar.empty()) {
    std::cout << "alike: " << text_of(similar, "jobs") << " other jobs, of which "
              << text_of(similar, "recovered") << " recovered and " << text_of(similar, "failed")
              << " did not\n";
  }
  std::cout << "attempts\n";
  print_attempts(all);
  std::cout << "differences\n";
  print_differences(all);
  std::cout << "timeline\n";
  for (const std::string_view one : detail::read_json_elements(value_of(all, "timeline"))) {
    const members what = detail::read_json_members(one);
    std::cout << "  " << text_of(what, "at", "?") << "  " << text_of(what, "source") << "  "
              << printable(text_of(what, "title")) << '\n';
  }
  for (const std::string_view one : detail::read_json_elements(value_of(all, "warnings"))) {
    say(std::string(one));
  }
  std::cout << std::flush;
}

struct forensics_command {
  store_choice store;
  rules_choice rules;
  std::string id;
  std::string now;
  bool json = false;

  [[nodiscard]] int run() const {
    const auto chosen = load_rules(rules);
    if (!chosen) return report_problem(rules.file, chosen.problem());
    const auto when = read_now(now);
    if (!when) return report_problem("--now", when.problem());
    const auto opened = store.open();
    if (!opened) return report_problem({}, opened.problem());
    forensics_options options;
    std::unique_ptr<redis_store> redis;
    if (store.has_redis()) {
      auto asked = store.open_redis();
      if (!asked) return report_problem({}, asked.problem());
      redis = std::move(*asked);
      options.redis = redis.get();
    }
    forensics expert(**opened, *chosen);
    const auto indexed = expert.index_failures();
    if (!indexed) return report_problem({}, indexed.problem());
    const auto found = expert.of_job(id, *when, options);
    if (!found) return report_problem({}, found.problem());
    if (!*found) {
      say("nothing is known of '" + id + "'");
      return exit_no;
    }
    if (json) {
      const status written = write_output({}, **found + "\n");
      return written ? exit_done : report_problem({}, written.problem());
    }
    print_report(**found);
    return exit_done;
  }
};

}  // namespace

void add_forensics(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<forensics_command>();
  CLI::App* app = program.add_subcommand(
      "forensics", "Show what happened to a job: attempts, differences, timeline, odds");
  app->add_option("ID", command->id, "Of a job or workflow")->required();
  command->store.add_db_to(*app);
  command->store.add_redis_to(*app);
  command->rules.add_to(*app);
  app->add_option("--now", command->now,
                  "The present, as 2026-01-05T12:00:00Z; the clock's if not given");
  app->add_flag("--json", command->json, "Write the whole document as JSON");
  app->footer(
      "Exit code 1 if nothing is known of the id. A Redis without the set\n"
      "attestations:<workflow id> is searched as a whole, without KEYS.");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
