#include <algorithm>
#include <cstdint>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/files.hpp"
#include "cli/signature.hpp"

namespace jobqueue::cli {
namespace {

using json = nlohmann::ordered_json;

json null_or(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return word.empty() ? json() : json(std::move(word));
}

std::string answer_line(const verification& answer) {
  json line = {{"ok", answer.ok()}, {"scheme", to_string(answer.scheme)}};
  line["secret_index"] = answer.secret_index == no_secret ? json() : json(answer.secret_index);
  line["reason"] = null_or(answer.ok() ? std::string() : std::string(error_name(answer.reason)));
  line["hint"] = null_or(std::string(to_string(answer.hint)));
  return line.dump() + "\n";
}

struct verify_command {
  signature_choice choice;
  std::vector<std::string> headers;
  std::uint64_t tolerance = 300;

  [[nodiscard]] result<std::vector<header_field>> fields() const {
    std::vector<header_field> all;
    for (const std::string& header : headers) {
      const std::size_t colon = header.find(':');
      if (colon == std::string::npos || colon == 0) {
        return error{errc::invalid_argument, no_offset, "a header is written as 'Name: value'"};
      }
      const std::string_view text = header;
      all.push_back({text.substr(0, colon), text.substr(colon + 1)});
    }
    return all;
  }

  [[nodiscard]] int run() const {
    const auto by = parse_signature_scheme(choice.scheme);
    if (!by) return report_problem("--scheme", by.problem());
    const auto now = choice.read_time();
    if (!now) return report_problem("--now", now.problem());
    const auto given = fields();
    if (!given) return report_problem("--header", given.problem());
    const auto secrets = read_secrets(choice.variables);
    if (!secrets) return report_problem("--secret-env", secrets.problem());
    signature_options options;
    options.tolerance = std::chrono::seconds(tolerance);
    const auto verifier = signature_verifier::create(*by, secrets->views(), options);
    if (!verifier) return report_problem({}, verifier.problem());
    const auto body = choice.read_body();
    if (!body) return report_problem(name_of_input(choice.input()), body.problem());

    const verification answer = verifier->verify(*given, *body, *now);
    if (const status written = write_output({}, answer_line(answer)); !written) {
      return report_problem({}, written.problem());
    }
    if (answer.ok()) return exit_done;
    say(describe_verification(answer));
    return exit_no;
  }
};

}  // namespace

void add_verify(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<verify_command>();
  CLI::App* app = program.add_subcommand(
      "verify", "Say whether a webhook is signed by a secret, and if not, why not");
  app->add_option("--scheme", command->choice.scheme,
                  "auto, jobqueue, github, standard, svix, stripe, slack or convoy")
      ->required();
  command->choice.add_to(*app);
  app->add_option("--header", command->headers,
                  "'Name: value' of a header that came with the body; may be repeated")
      ->allow_extra_args(false);
  app->add_option("--tolerance", command->tolerance,
                  "How many seconds a timestamp may be from the present, either way")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000'000'000}))
      ->capture_default_str();
  app->footer(
      "Prints {\"ok\",\"scheme\",\"secret_index\",\"reason\",\"hint\"} as one line of JSON; exit\n"
      "code 0 if the signature is good, 1 if not. What is behind a hint is said on standard "
      "error.\n"
      "Example:\n"
      "  jobqueue verify --scheme github --secret-env NEW --secret-env OLD \\\n"
      "    --header \"X-Hub-Signature-256: sha256=...\" body.json");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
