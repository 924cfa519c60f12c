#include <array>
#include <iostream>
#include <memory>
#include <random>
#include <string>

#include "cli/files.hpp"
#include "cli/signature.hpp"

namespace jobqueue::cli {
namespace {

// "msg_" and 24 characters: 123 bits or more, so that no two messages share one.
std::string new_message_id() {
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device source;
  std::uniform_int_distribution<std::size_t> any(0, alphabet.size() - 1);
  std::string id = "msg_";
  for (int i = 0; i < 24; ++i) id += alphabet[any(source)];
  return id;
}

struct sign_command {
  signature_choice choice;
  std::string id;

  [[nodiscard]] int run() const {
    const auto by = parse_signature_scheme(choice.scheme);
    if (!by) return report_problem("--scheme", by.problem());
    const auto now = choice.read_time();
    if (!now) return report_problem("--now", now.problem());
    const auto secrets = read_secrets(choice.variables);
    if (!secrets) return report_problem("--secret-env", secrets.problem());
    const auto signer = payload_signer::create(*by, secrets->views());
    if (!signer) return report_problem({}, signer.problem());
    const auto body = choice.read_body();
    if (!body) return report_problem(name_of_input(choice.input()), body.problem());

    const bool has_id = *by == signature_scheme::standard || *by == signature_scheme::svix;
    const auto headers = signer->sign(*body, has_id && id.empty() ? new_message_id() : id, *now);
    if (!headers) return report_problem("--id", headers.problem());
    std::string lines;
    for (const signature_header& header : *headers) {
      lines.append(header.name).append(": ").append(header.value).append(1, '\n');
    }
    const status written = write_output({}, lines);
    return written ? exit_done : report_problem({}, written.problem());
  }
};

}  // namespace

void add_sign(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<sign_command>();
  CLI::App* app = program.add_subcommand("sign", "Print the headers that sign a webhook");
  app->add_option("--scheme", command->choice.scheme,
                  "jobqueue, github, standard, svix, stripe, slack or convoy")
      ->required();
  command->choice.add_to(*app);
  app->add_option("--id", command->id,
                  "Id of the message, for standard and svix; a random one if not given");
  app->footer(
      "Secrets come from the environment only. Several, while they are rotated, give several\n"
      "signatures where the scheme has room for them.\n"
      "Example:\n"
      "  jobqueue sign --scheme github --secret-env WEBHOOK_SECRET body.json > headers.txt\n"
      "  curl -H @headers.txt --data-binary @body.json https://example.com/hook");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
