#include "cli/evaluate.hpp"

#include <chrono>
#include <memory>
#include <span>
#include <string>

#include "cli/files.hpp"

namespace jobqueue::cli {
namespace {

constexpr std::size_t read_bytes = std::size_t{1} << 20;
constexpr std::size_t max_line_bytes = std::size_t{256} << 20;

// The instant that is given, or the present.
result<instant> read_now(const std::string& given) {
  if (!given.empty()) return parse_instant(given);
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

// Evaluates records, one a line, to standard output; returns the exit code.
int evaluate_records(const ruleset& rules, const std::string& file, instant now,
                     const evaluate_options& options) {
  auto input = input_file::open(file);
  if (!input) return report_problem(name_of_input(file), input.problem());
  auto output = output_file::open("-");
  if (!output) return report_problem({}, output.problem());
  std::string lines;  // read, and not evaluated yet
  std::string verdicts;
  std::size_t failed = 0;
  for (bool more = true; more;) {
    const std::size_t held = lines.size();
    if (held > max_line_bytes) {
      return report_problem(name_of_input(file),
                            {errc::input_too_large, no_offset, "a line has more than 256 MiB"});
    }
    lines.resize(held + read_bytes);
    const auto read = input->read(std::span(lines).subspan(held));
    if (!read) return report_problem(name_of_input(file), read.problem());
    lines.resize(held + *read);
    more = *read != 0;
    // What was held had no line break, and is not searched again.
    const std::size_t last = std::string_view(lines).substr(held).rfind('\n');
    const std::size_t end = !more                            ? lines.size()
                            : last == std::string_view::npos ? 0
                                                             : held + last + 1;
    verdicts.clear();
    failed += rules.evaluate_lines(std::string_view(lines).substr(0, end), now, verdicts, options);
    lines.erase(0, end);
    if (const status written = output->write(verdicts); !written) {
      return report_problem({}, written.problem());
    }
  }
  if (const status committed = output->commit(); !committed) {
    return report_problem({}, committed.problem());
  }
  if (failed == 0) return exit_done;
  say(std::to_string(failed) + (failed == 1 ? " line is" : " lines are") +
      " no record; the verdicts on them are evaluation_error");
  return exit_bad_input;
}

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
