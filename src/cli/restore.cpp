#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include <jobqueue/base64.hpp>
#include <jobqueue/vault.hpp>

#include "cli/command.hpp"
#include "cli/files.hpp"

namespace jobqueue::cli {
namespace {

// Opens the vault when the first reference asks for it: a text without references needs none.
class vault_on_demand final : public blob_store {
 public:
  vault_on_demand(std::string directory, bool keep_missing)
      : directory_(std::move(directory)), keep_missing_(keep_missing) {}

  status put(const sha256_digest&, std::span<const std::byte>) override {
    return error{errc::internal, no_offset, "restore puts nothing into the vault"};
  }

  result<std::string> get(const sha256_digest& digest, std::uint64_t size) const override {
    if (!vault_) {
      const bool exists = std::filesystem::exists(directory_);
      if (!exists && keep_missing_) {
        return error{errc::blob_missing, no_offset, "there is no vault in " + directory_};
      }
      auto opened = open_directory_vault(directory_);
      if (!opened) return opened.problem();
      vault_ = *std::move(opened);
    }
    return vault_->get(digest, size);
  }

 private:
  std::string directory_;
  bool keep_missing_;
  mutable std::unique_ptr<vault> vault_;
};

struct restore_command {
  std::string file = "-";
  std::string output;
  std::string vault_directory;
  restore_options options;
  bool as_json = false;
  bool quiet = false;

  [[nodiscard]] int run() const {
    const auto input = read_input(file);
    if (!input) return report_problem(name_of_input(file), input.problem());
    const vault_on_demand store(vault_directory, options.keep_missing);
    const auto answer = restore_base64(*input, store, options);
    if (!answer) return report_problem(name_of_input(file), answer.problem());
    const std::string_view whole = answer->view(*input);
    if (const status written = write_output(output, whole); !written) {
      return report_problem({}, written.problem());
    }
    if (as_json) {
      const nlohmann::ordered_json summary{{"restored", answer->restored_count},
                                           {"missing", answer->missing_count},
                                           {"bytes_before", input->size()},
                                           {"bytes_after", whole.size()}};
      (output.empty() || output == "-" ? std::cerr : std::cout) << summary.dump() << std::endl;
    } else if (!quiet) {
      std::string words = std::to_string(answer->restored_count) + " blobs restored, " +
                          human_size(input->size()) + " became " + human_size(whole.size());
      if (answer->missing_count != 0) {
        words += "; " + std::to_string(answer->missing_count) + " missing were left as they are";
      }
      std::cerr << words << '\n';
    }
    return exit_done;
  }
};

}  // namespace

void add_restore(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<restore_command>();
  CLI::App* app = program.add_subcommand("restore", "Put back what sanitize has cut into a vault");
  app->add_option("FILE", command->file, "File to read; none or - is standard input");
  app->add_option("--vault", command->vault_directory, "Directory that the blobs are in")
      ->required();
  app->add_option("-o,--output", command->output, "Where to write; standard output if not given");
  app->add_flag("--keep-missing", command->options.keep_missing,
                "Leave a reference whose blob the vault does not have, instead of failing");
  app->add_option("--max-output-bytes", command->options.max_output_bytes,
                  "Refuse to write more (exit code 3)")
      ->capture_default_str();
  app->add_flag("--json", command->as_json,
                "Summary as JSON, on standard output if the data does not go there");
  app->add_flag("-q,--quiet", command->quiet, "No summary");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
