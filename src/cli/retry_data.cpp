#include <cstdint>
#include <memory>
#include <string>

#include <jobqueue/retry.hpp>

#include "cli/command.hpp"
#include "cli/files.hpp"
#include "cli/store.hpp"

namespace jobqueue::cli {
namespace {

struct retry_data_command {
  std::string original;
  std::string result;
  std::uint64_t attempt = 0;
  std::string at;

  [[nodiscard]] int run() const {
    if (original == "-" && result == "-") {
      say("ORIGINAL and RESULT cannot both be standard input; name a file for one of them");
      return exit_usage;
    }
    const auto when = read_time(at);
    if (!when) return report_problem("--at", when.problem());
    const auto data = read_input(original);
    if (!data) return report_problem(name_of_input(original), data.problem());
    const auto answer = read_input(result);
    if (!answer) return report_problem(name_of_input(result), answer.problem());
    const auto made = preserve_job_data(*data, *answer, attempt, *when);
    if (!made) return report_problem({}, made.problem());
    const status written = write_output({}, *made);
    return written ? exit_done : report_problem({}, written.problem());
  }
};

}  // namespace

void add_retry_data(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<retry_data_command>();
  CLI::App* app = program.add_subcommand(
      "retry-data", "Record what a retry gave in the data of a job, and keep the rest as it is");
  app->add_option("ORIGINAL", command->original,
                  "The data of the job, an object of JSON; - is standard input")
      ->required();
  app->add_option("RESULT", command->result, "What the retry gave, any JSON; - is standard input")
      ->required();
  app->add_option("--attempt", command->attempt, "Number of the retry, from 1")
      ->required()
      ->check(CLI::Range(std::uint64_t{0}, max_attempt));
  app->add_option("--at", command->at,
                  "When it was done, as 1767614400 or 2026-01-05T12:00:00Z; the present if not "
                  "given");
  app->footer(
      "Prints the new data. 'outputs' and 'retry_execution_data' become RESULT; what they replace\n"
      "goes to 'retry_replaced'. Exit code 2 if a later attempt is recorded already.\n"
      "Example:\n"
      "  jobqueue retry-data data.json result.json --attempt 2 > new.json");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
