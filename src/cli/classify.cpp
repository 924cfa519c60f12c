#include <cstdint>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include <jobqueue/failure.hpp>

#include "cli/command.hpp"
#include "cli/files.hpp"

namespace jobqueue::cli {
namespace {

struct classify_command {
  std::string file;
  std::uint32_t http_status = 0;
  bool timeout = false;

  [[nodiscard]] int run() const {
    const std::string input = file.empty() ? "-" : file;
    const auto message = read_input(input);
    if (!message) return report_problem(name_of_input(input), message.problem());
    const failure found = classify_failure(*message, {http_status, timeout});
    const nlohmann::ordered_json line = {{"type", to_string(found.type)},
                                         {"reason", to_string(found.reason)},
                                         {"description", found.description},
                                         {"confidence", to_string(found.confidence)},
                                         {"fingerprint", found.fingerprint}};
    const status written = write_output({}, line.dump() + "\n");
    return written ? exit_done : report_problem({}, written.problem());
  }
};

}  // namespace

void add_classify(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<classify_command>();
  CLI::App* app =
      program.add_subcommand("classify", "Say what kind of failure the message of an error is");
  app->add_option("FILE", command->file, "The message; none or - is standard input");
  app->add_option("--http", command->http_status, "HTTP status of the answer")
      ->check(CLI::Range(100, 599));
  app->add_flag("--timeout", command->timeout, "The caller gave up waiting");
  app->footer(
      "Prints {\"type\",\"reason\",\"description\",\"confidence\",\"fingerprint\"} as one line of "
      "JSON.\n"
      "The fingerprint is equal for messages that differ in ids, numbers, addresses and times.\n"
      "Example:\n"
      "  echo 'connect ECONNREFUSED 127.0.0.1:6379' | jobqueue classify");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
