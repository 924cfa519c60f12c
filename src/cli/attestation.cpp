#include <jobqueue/attestation.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/files.hpp"
#include "cli/signature.hpp"

namespace jobqueue::cli {
namespace {

using json = nlohmann::ordered_json;

constexpr std::string_view white_space = " \t\r";

json null_or(const std::string& id) { return id.empty() ? json() : json(id); }

std::string key_line(std::string_view text, const attestation_key& key) {
  json line = {{"key", text},
               {"writer", to_string(key.writer)},
               {"kind", to_string(key.kind)},
               {"form", to_string(key.form)}};
  line["workflow_id"] = null_or(key.workflow_id);
  line["step_id"] = null_or(key.step_id);
  line["attempt"] = key.attempt ? json(*key.attempt) : json();
  line["permanent"] = key.permanent;
  line["has_step_prefix"] = key.has_step_prefix;
  line["ambiguous"] = key.ambiguous;
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

// The lines of a text that are not blank, each with the offset at which it begins.
struct text_line {
  std::string_view text;
  std::size_t offset;
};

std::vector<text_line> lines_of(std::string_view text) {
  std::vector<text_line> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.find_first_not_of(white_space) != std::string_view::npos) lines.push_back({line, at});
    at = end + 1;
  }
  return lines;
}

struct key_command {
  attestation_key key;
  std::string job;
  std::uint64_t attempt = 0;

  [[nodiscard]] int run() {
    if (attempt != 0) key.attempt = attempt;
    if (!job.empty()) {
      key.step_id = canonical_step_id(job);
      key.has_step_prefix =
          key.form != attestation_form::current && key.step_id.size() != job.size();
    }
    const auto text = format_attestation_key(key);
    if (!text) return report_problem({}, text.problem());
    const status written = write_output({}, *text + "\n");
    return written ? exit_done : report_problem({}, written.problem());
  }
};

struct parse_command {
  std::vector<std::string> keys;
  bool all = false;
  bool sorted = false;

  [[nodiscard]] int run() const {
    std::vector<std::string> texts = keys;
    if (texts.empty()) {
      const auto input = read_input("-");
      if (!input) return report_problem(name_of_input("-"), input.problem());
      for (const text_line& line : lines_of(*input)) {
        texts.emplace_back(line.text.substr(0, line.text.find_last_not_of(white_space) + 1));
      }
    }
    std::vector<std::pair<attestation_key, std::string_view>> found;
    std::size_t others = 0;
    for (const std::string& text : texts) {
      auto readings = attestation_key_readings(text);
      if (readings.empty()) ++others;
      if (!all && readings.size() > 1) readings.resize(1);
      for (attestation_key& key : readings) found.emplace_back(std::move(key), text);
    }
    if (sorted) std::sort(found.begin(), found.end());
    std::string lines;
    for (const auto& [key, text] : found) lines += key_line(text, key);
    const status written = write_output({}, lines);
    if (!written) return report_problem({}, written.problem());
    if (others == 0) return exit_done;
    say(std::to_string(others) + " of " + std::to_string(texts.size()) +
        " are no keys of attestations of any generation");
    return exit_no;
  }
};

// What `seal` and `verify` share.
struct chain_command {
  std::vector<std::string> variables;
  std::string previous;
  std::string file;
  std::string expected_head;
  std::optional<std::uint64_t> expected_count;

  void add_to(CLI::App& app, const std::string& about_secrets) {
    app.add_option("FILE", file, "Records, one a line; none or - is standard input");
    add_secrets_to(app, variables, about_secrets);
    app.add_option("--previous", previous,
                   "Sealed records, one a line, of which the last is the one before");
  }
  [[nodiscard]] std::string input() const { return file.empty() ? "-" : file; }

  // The place behind the last record of `previous`.
  [[nodiscard]] result<attestation_head> read_previous(const secret_list& secrets) const {
    if (previous.empty()) return attestation_head();
    const auto text = read_input(previous);
    if (!text) return text.problem();
    const auto lines = lines_of(*text);
    if (lines.empty()) return attestation_head();
    const auto verifier = attestation_verifier::create(secrets.views());
    if (!verifier) return verifier.problem();
    return verifier->head_of(lines.back().text);
  }

  [[nodiscard]] int seal() const {
    const auto secrets = read_secrets(variables);
    if (!secrets) return report_problem("--secret-env", secrets.problem());
    const auto signer = attestation_signer::create(secrets->views().front());
    if (!signer) return report_problem({}, signer.problem());
    auto head = read_previous(*secrets);
    if (!head) return report_problem(name_of_input(previous), head.problem());
    const auto text = read_input(input());
    if (!text) return report_problem(name_of_input(input()), text.problem());
    std::string sealed;
    for (const text_line& line : lines_of(*text)) {
      auto one = signer->seal(line.text, *head);
      if (!one) {
        error problem = one.problem();
        if (problem.offset != no_offset) problem.offset += line.offset;
        return report_problem(name_of_input(input()), problem);
      }
      sealed.append(one->text).append(1, '\n');
      *head = std::move(one->head);
    }
    const status written = write_output({}, sealed);
    return written ? exit_done : report_problem({}, written.problem());
  }

  [[nodiscard]] int verify() const {
    const auto secrets = read_secrets(variables);
    if (!secrets) return report_problem("--secret-env", secrets.problem());
    const auto verifier = attestation_verifier::create(secrets->views());
    if (!verifier) return report_problem({}, verifier.problem());
    attestation_expectation known;
    auto head = read_previous(*secrets);
    if (!head) return report_problem(name_of_input(previous), head.problem());
    known.after = *std::move(head);
    known.expected_head = expected_head;
    known.expected_count = expected_count;
    const auto text = read_input(input());
    if (!text) return report_problem(name_of_input(input()), text.problem());
    std::vector<std::string_view> records;
    for (const text_line& line : lines_of(*text)) records.push_back(line.text);
    const auto report = verifier->verify(records, known);
    if (!report) return report_problem({}, report.problem());
    if (const status written = write_output({}, to_json(*report) + "\n"); !written) {
      return report_problem({}, written.problem());
    }
    if (report->ok()) return exit_done;
    const std::size_t more = report->problems.size() - 1;
    say(describe_attestation_problem(report->problems.front()) +
        (more == 0 ? "" : "; and " + std::to_string(more) + " more"));
    return exit_no;
  }
};

// An option whose value is the word of one of the first values of an enumeration.
template <class Value>
void add_word(CLI::App& app, const char* name, Value& value, Value last, const char* about) {
  app.add_option_function<std::string>(
      name,
      [&value, last, name, about](const std::string& word) {
        for (unsigned i = 0; i <= static_cast<unsigned>(last); ++i) {
          value = static_cast<Value>(i);
          if (word == to_string(value)) return;
        }
        throw CLI::ValidationError(name, about);
      },
      about);
}

void add_key(CLI::App& app, std::function<int()>& run) {
  auto command = std::make_shared<key_command>();
  CLI::App* key = app.add_subcommand("key", "Print the key of an attestation");
  add_word(*key, "--writer", command->key.writer, attestation_writer::api,
           "worker (default), workflow or api");
  add_word(*key, "--kind", command->key.kind, attestation_kind::failure,
           "completion (default) or failure");
  add_word(*key, "--form", command->key.form, attestation_form::early_failure,
           "current (default), plain, prefixed or early_failure");
  key->add_option("--workflow", command->key.workflow_id, "Id of the workflow");
  auto* const step = key->add_option("--step", command->key.step_id,
                                     "Id of the step: that of the job without its 'step-'");
  key->add_option("--job", command->job, "Id of the job, in place of --step")->excludes(step);
  key->add_option("--attempt", command->attempt,
                  "Number of the attempt; 1 is the first try, with every writer")
      ->check(CLI::Range(std::uint64_t{1}, max_attestation_attempt));
  key->add_flag("--permanent", command->key.permanent, "The last failure, which has no number");
  key->footer(
      "Example:\n"
      "  jobqueue attestation key --workflow w1 --job step-s1 --attempt 2");
  key->callback([command, &run] { run = [command] { return command->run(); }; });
}

void add_parse(CLI::App& app, std::function<int()>& run) {
  auto command = std::make_shared<parse_command>();
  CLI::App* parse = app.add_subcommand(
      "parse", "Say what keys mean, as JSON; exit code 1 if one of them is none");
  parse->add_option("KEY", command->keys, "Keys; without any they are read from standard input");
  parse->add_flag("--all", command->all, "Every reading of a key that is ambiguous");
  parse->add_flag("--sort", command->sorted,
                  "In order: by workflow, attempt, step, writer, kind, permanence, form");
  parse->footer(
      "Prints {\"key\",\"writer\",\"kind\",\"form\",\"workflow_id\",\"step_id\",\"attempt\",\n"
      "\"permanent\",\"has_step_prefix\",\"ambiguous\"}, one line for each key.");
  parse->callback([command, &run] { run = [command] { return command->run(); }; });
}

void add_seal(CLI::App& app, std::function<int()>& run) {
  auto command = std::make_shared<chain_command>();
  CLI::App* seal = app.add_subcommand("seal", "Put records into a chain, one behind the other");
  command->add_to(*seal, "The first seals; further ones may have sealed what is before");
  seal->footer(
      "Prints the records with their chain, one a line; every other byte stays.\n"
      "Example:\n"
      "  jobqueue attestation seal --secret-env SEAL --previous chain.ndjson new.json "
      ">> chain.ndjson");
  seal->callback([command, &run] { run = [command] { return command->seal(); }; });
}

void add_verify_chain(CLI::App& app, std::function<int()>& run) {
  auto command = std::make_shared<chain_command>();
  CLI::App* verify = app.add_subcommand(
      "verify", "Say whether records are those that were sealed, all of them, in their order");
  command->add_to(*verify, "May be repeated: any of them may have sealed a record");
  verify->add_option("--head", command->expected_head, "Digest of the newest record");
  verify->add_option("--count", command->expected_count, "Number of the newest record")
      ->check(CLI::Range(std::uint64_t{0}, max_attestation_sequence));
  verify->footer(
      "Prints a report as one line of JSON; exit code 0 if there is no problem, else 1. That the\n"
      "newest records are missing is seen only with --head or --count.");
  verify->callback([command, &run] { run = [command] { return command->verify(); }; });
}

}  // namespace

void add_attestation(CLI::App& program, std::function<int()>& run) {
  CLI::App* app = program.add_subcommand(
      "attestation", "Keys of attestations; seal records into a chain, and verify it");
  app->require_subcommand(1);
  add_key(*app, run);
  add_parse(*app, run);
  add_seal(*app, run);
  add_verify_chain(*app, run);
}

}  // namespace jobqueue::cli
