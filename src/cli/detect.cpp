#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/content_type.hpp>

#include "cli/command.hpp"
#include "cli/files.hpp"

namespace jobqueue::cli {
namespace {

// "Content-Type: image/png" as well as "image/png".
std::string_view value_of(std::string_view header) {
  constexpr std::string_view name = "content-type:";
  if (header.size() < name.size()) return header;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = header[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != name[i]) return header;
  }
  return header.substr(name.size());
}

struct detect_command {
  std::string file;
  std::string url;
  std::vector<std::string> headers;
  std::string configured;
  bool nosniff = false;
  bool whatwg = false;

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
  app->footer(
      "Prints {\"media_type\",\"extension\",\"category\",\"source\",\"confidence\",\"evidence\",\n"
      "\"mismatch\",\"polyglot\"} as one line of JSON.\n"
      "Example:\n"
      "  curl -s -r 0-4095 URL | jobqueue detect --url URL --header image/png");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
