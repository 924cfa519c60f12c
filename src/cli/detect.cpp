#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/content_type.hpp>
#include <jobqueue/net/probe.hpp>

#include "cli/command.hpp"
#include "cli/files.hpp"
#include "net/http_text.hpp"

namespace jobqueue::cli {
namespace {

// "Content-Type: image/png" as well as "image/png".
std::string_view value_of(std::string_view header) {
  constexpr std::string_view name = "content-type:";
  if (!detail::same_name(header.substr(0, name.size()), name)) return header;
  return header.substr(name.size());
}

struct detect_command {
  std::string file;
  std::string url;
  std::vector<std::string> headers;
  std::string configured;
  bool nosniff = false;
  bool whatwg = false;
  std::string probed_url;
  std::vector<std::string> allowed;
  std::vector<std::string> denied;
  std::string timeout = "10s";
  std::size_t max_redirects = 5;
  std::string ca_file;
  bool head_only = false;

  [[nodiscard]] int probe() const {
    http_client_options options = probe_client_options();
    auto policy = address_policy::create(allowed, denied);
    if (!policy) return report_problem("--allow, --deny", policy.problem());
    const auto limit = parse_duration(timeout);
    if (!limit) return report_problem("--timeout", limit.problem());
    options.policy = *std::move(policy);
    options.total_timeout = *limit;
    options.max_redirects = max_redirects;
    options.ca_file = ca_file;
    const auto probed =
        probe_content_type(http_client(std::move(options)), probed_url,
                           {.configured = configured, .head_only = head_only, .whatwg = whatwg});
    if (!probed) return report_problem("--probe", probed.problem());
    const status written = write_output({}, to_json(*probed) + "\n");
    return written ? exit_done : report_problem({}, written.problem());
  }

  [[nodiscard]] result<std::string> read_head() const {
    auto input = input_file::open(file.empty() ? "-" : file);
    if (!input) return input.problem();
    std::array<char, content_head_bytes> head{};
    std::size_t size = 0;
    // A pipe gives it in pieces.
    while (size < head.size()) {
      const auto got = input->read(std::span(head).subspan(size));
      if (!got) return got.problem();
      if (*got == 0) break;
      size += *got;
    }
    return std::string(head.data(), size);
  }

  [[nodiscard]] int run() const {
    if (!probed_url.empty()) return probe();
    const auto head = read_head();
    if (!head) return report_problem(name_of_input(file.empty() ? "-" : file), head.problem());
    std::string lines;
    for (const std::string& header : headers) lines.append(value_of(header)).append(1, '\n');
    const content_type found =
        detect_content_type(std::as_bytes(std::span(*head)), {.url = url,
                                                              .header = lines,
                                                              .configured = configured,
                                                              .nosniff = nosniff,
                                                              .whatwg = whatwg});
    const status written = write_output({}, to_json(found) + "\n");
    return written ? exit_done : report_problem({}, written.problem());
  }
};

}  // namespace

void add_detect(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<detect_command>();
  CLI::App* app = program.add_subcommand(
      "detect", "Say what a file is, by its first 4096 bytes and by what others say of it");
  app->add_option("FILE", command->file, "None or - is standard input; only its head is read");
  app->add_option("--url", command->url,
                  "Where it is; the extension of the path counts, and not the query");
  app->add_option("--header", command->headers,
                  "The value of Content-Type, or the whole line; may be repeated, the last counts")
      ->allow_extra_args(false);
  app->add_flag("--nosniff", command->nosniff,
                "X-Content-Type-Options: nosniff was there: a header that says something decides");
  app->add_option("--configured", command->configured, "The type to fall back to");
  app->add_flag("--whatwg", command->whatwg,
                "Decide as WHATWG MIME Sniffing does, and with its names");
  CLI::Option* const probe = app->add_option(
      "--probe", command->probed_url,
      "Ask the object at this URL for its first 4096 bytes, and what it is said to be");
  for (const char* other : {"FILE", "--url", "--header", "--nosniff"}) {
    probe->excludes(app->get_option(other));
  }
  app->add_option("--allow", command->allowed,
                  "Of --probe: besides public addresses, this one or block, 10.1.0.0/16; may be "
                  "repeated")
      ->allow_extra_args(false)
      ->needs(probe);
  app->add_option("--deny", command->denied,
                  "Of --probe: never this address or block; may be repeated")
      ->allow_extra_args(false)
      ->needs(probe);
  app->add_option("--timeout", command->timeout, "Of --probe: for each of two requests, 10s")
      ->needs(probe);
  app->add_option("--max-redirects", command->max_redirects,
                  "Of --probe: how many are followed, each checked like the URL")
      ->check(CLI::Range(0, 20))
      ->capture_default_str()
      ->needs(probe);
  app->add_option("--ca-file", command->ca_file,
                  "Of --probe: PEM file of the authorities to trust, not the system's")
      ->needs(probe);
  app->add_flag("--head-only", command->head_only, "Of --probe: ask for no bytes, with HEAD alone")
      ->needs(probe);
  app->footer(
      "Prints {\"media_type\",\"extension\",\"category\",\"source\",\"confidence\",\"evidence\",\n"
      "\"mismatch\",\"polyglot\"} as one line of JSON; with --probe also "
      "\"url\",\"status\",\"size\",\n"
      "\"redirects\",\"header\",\"etag\",\"nosniff\",\"head_bytes\",\"problem\". Only public "
      "addresses are\n"
      "asked; any other ends with exit code 3 and without a packet.\n"
      "Example:\n"
      "  curl -s -r 0-4095 URL | jobqueue detect --url URL --header image/png");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
