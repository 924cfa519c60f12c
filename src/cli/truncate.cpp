#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <jobqueue/truncate.hpp>

#include "cli/command.hpp"
#include "cli/files.hpp"

namespace jobqueue::cli {
namespace {

using json = nlohmann::ordered_json;

struct truncate_command {
  std::string file;
  std::string output;
  std::string report_file;
  std::vector<std::string> pins;
  std::string marker = "TRUNCATED";
  std::string format = "auto";
  truncate_options options;

  int run();

 private:
  [[nodiscard]] std::string input() const { return file.empty() ? "-" : file; }
  [[nodiscard]] bool is_usable() const;
};

std::string report_of(const truncated& answer) {
  std::string lines;
  for (const truncate_cut& cut : answer.cuts) {
    const json line{{"reason", to_string(cut.reason)},
                    {"pointer", cut.has_pointer ? json(cut.pointer) : json()},
                    {"bytes_before", cut.bytes_before},
                    {"bytes_after", cut.bytes_after}};
    lines += line.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
  }
  return lines;
}

bool truncate_command::is_usable() const {
  if (report_file == "-" && (output.empty() || output == "-")) {
    say("--report - and the data would mix on standard output; use --output for one of them");
    return false;
  }
  if (!report_file.empty() && report_file != "-" && report_file == output) {
    say("the report would replace the output; give it another name");
    return false;
  }
  return true;
}

int truncate_command::run() {
  if (!is_usable()) return exit_usage;
  if (const status chosen = choose_simd(options.simd); !chosen) {
    return report_problem("JOBQUEUE_SIMD", chosen.problem());
  }
  const std::vector<std::string_view> pinned(pins.begin(), pins.end());
  options.pinned = pinned;
  options.marker = marker;
  options.report = !report_file.empty();
  options.format = format == "json"   ? document_format::json
                   : format == "text" ? document_format::text
                                      : document_format::auto_detect;
  const auto text = read_input(input());
  if (!text) return report_problem(name_of_input(input()), text.problem());
  const auto answer = truncate_payload(*text, options);
  if (!answer) return report_problem(name_of_input(input()), answer.problem());
  if (options.report) {
    if (const status written = write_output(report_file, report_of(*answer)); !written) {
      return report_problem({}, written.problem());
    }
  }
  if (const status written = write_output(output, answer->view(*text)); !written) {
    return report_problem({}, written.problem());
  }
  return exit_done;
}

}  // namespace

void add_truncate(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<truncate_command>();
  CLI::App* app = program.add_subcommand(
      "truncate", "Cut a payload to a budget of bytes, so that JSON stays JSON");
  app->add_option("FILE", command->file, "The payload; none or - is standard input");
  app->add_option("--max-bytes", command->options.max_bytes,
                  "Most bytes of the output; at least 64")
      ->required()
      ->check(CLI::NonNegativeNumber);
  app->add_option("--pin", command->pins,
                  "JSON pointer to a value that stays as it is; ~s goes on inside a string that "
                  "holds JSON. May be repeated")
      ->allow_extra_args(false);
  app->add_option("--array-head", command->options.array_head,
                  "How many items at the beginning of an array stay if its middle goes")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app->add_option("--array-tail", command->options.array_tail, "The same at its end")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app->add_option("--marker", command->marker, "The word that marks what was cut")
      ->capture_default_str();
  app->add_option("--format", command->format,
                  "auto: what is no JSON is text; json: it is refused; text: do not look for JSON")
      ->check(CLI::IsMember({"auto", "json", "text"}))
      ->capture_default_str();
  app->add_option("-o,--output", command->output,
                  "File for the output; none or - is standard output");
  app->add_option("--report", command->report_file,
                  "File for what was cut, one object of JSON a line: reason, pointer,\n"
                  "bytes_before, bytes_after");
  app->footer(
      "What fits is written as it is. Blobs of base64 go first, then white space, then the "
      "longest\n"
      "strings shrink, then the middles of arrays go; names of members are kept as long as they "
      "fit.\n"
      "Exit code 3 if the budget is too small for what is pinned.\n"
      "Example:\n"
      "  jobqueue truncate --max-bytes 8000 --pin /id --report cuts.ndjson job.json");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
