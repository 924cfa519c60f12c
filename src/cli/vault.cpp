#include <jobqueue/vault.hpp>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/files.hpp"

namespace jobqueue::cli {
namespace {

using json = nlohmann::ordered_json;
using std::chrono::system_clock;

// References to each object in the documents.
using reference_counts = std::map<sha256_digest, std::uint64_t>;

struct vault_command {
  std::string directory;
  std::vector<std::string> documents;
  bool as_json = false;
  bool remove = false;
  std::string min_age = "24h";

  [[nodiscard]] int list() const;
  [[nodiscard]] int verify() const;
  [[nodiscard]] int collect() const;

 private:
  [[nodiscard]] result<std::unique_ptr<vault>> open() const {
    return open_directory_vault(directory);
  }
  int count_references(reference_counts& counts) const;
};

std::string utc(system_clock::time_point time) {
  const std::time_t seconds = system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

int vault_command::count_references(reference_counts& counts) const {
  progress line("reading");
  for (std::size_t i = 0; i < documents.size(); ++i) {
    line.show(std::to_string(i + 1) + "/" + std::to_string(documents.size()) + " documents");
    const auto text = read_input(documents[i]);
    if (!text) return report_problem(name_of_input(documents[i]), text.problem());
    for (const auto& reference : find_blob_references(*text)) ++counts[reference.digest];
  }
  return exit_done;
}

// What was printed may not have arrived.
int flushed(int code) {
  if (std::cout.flush()) return code;
  return report_problem({}, {errc::store_error, no_offset, "cannot write standard output"});
}

int vault_command::list() const {
  reference_counts counts;
  if (const int code = count_references(counts); code != exit_done) return code;
  const auto opened = open();
  if (!opened) return report_problem({}, opened.problem());
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
  const status listed = (*opened)->for_each([&](const vault::entry& entry) {
    ++objects;
    bytes += entry.size;
    const auto found = counts.find(entry.digest);
    const std::uint64_t references = found != counts.end() ? found->second : 0;
    if (as_json) {
      json line{
          {"sha256", entry.digest.hex()}, {"size", entry.size}, {"put_at", utc(entry.modified)}};
      if (!documents.empty()) line["references"] = references;
      std::cout << line.dump() << '\n';
    } else {
      std::cout << entry.digest.hex() << std::setw(12) << entry.size << "  " << utc(entry.modified);
      if (!documents.empty()) std::cout << std::setw(8) << references;
      std::cout << '\n';
    }
    return std::cout.good();
  });
  if (!listed) return report_problem({}, listed.problem());
  if (!as_json) std::cerr << objects << " objects, " << human_size(bytes) << '\n';
  return flushed(exit_done);
}

int vault_command::verify() const {
  const auto opened = open();
  if (!opened) return report_problem({}, opened.problem());
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
  std::vector<std::string> corrupt;
  int code = exit_done;
  progress line("verifying");
  const status listed = (*opened)->for_each([&](const vault::entry& entry) {
    ++objects;
    bytes += entry.size;
    if (objects % 256 == 0) line.show(std::to_string(objects) + " objects, " + human_size(bytes));
    const status verified = (*opened)->verify(entry.digest);
    if (verified) return true;
    if (verified.problem().code == errc::blob_corrupt) {
      corrupt.push_back(entry.digest.hex());
    } else if (verified.problem().code != errc::blob_missing) {  // removed meanwhile
      code = report_problem({}, verified.problem());
    }
    return true;
  });
  if (!listed) return report_problem({}, listed.problem());
  if (as_json) {
    std::cout << json{{"objects", objects}, {"bytes", bytes}, {"corrupt", corrupt}}.dump()
              << std::endl;
  } else {
    for (const std::string& digest : corrupt) std::cout << "corrupt " << digest << '\n';
    std::cout << std::flush;
    std::cerr << objects << " objects, " << human_size(bytes) << ", " << corrupt.size()
              << " corrupt\n";
  }
  if (code != exit_done) return code;
  return flushed(corrupt.empty() ? exit_done : exit_no);
}

int vault_command::collect() const {
  // Before the first document is read: what is put from now on is not garbage.
  const auto now = system_clock::now();
  reference_counts counts;
  if (const int code = count_references(counts); code != exit_done) return code;
  std::vector<sha256_digest> live;
  live.reserve(counts.size());
  for (const auto& [digest, references] : counts) live.push_back(digest);

  gc_options options;
  options.now = now;
  options.dry_run = !remove;
  const auto seconds = parse_duration(min_age);
  if (!seconds) return report_problem("--min-age", seconds.problem());
  options.min_age = *seconds;
  const auto opened = open();
  if (!opened) return report_problem({}, opened.problem());
  const auto summary = collect_garbage(**opened, live, options, [&](const vault::entry& entry) {
    if (!as_json) std::cout << entry.digest.hex() << std::setw(12) << entry.size << '\n';
  });
  std::cout << std::flush;
  if (!summary) return report_problem({}, summary.problem());
  if (as_json) {
    std::cout << json{{"dry_run", options.dry_run},
                      {"live_objects", summary->live_objects},
                      {"live_bytes", summary->live_bytes},
                      {"young_objects", summary->young_objects},
                      {"young_bytes", summary->young_bytes},
                      {"removed_objects", summary->removed_objects},
                      {"removed_bytes", summary->removed_bytes},
                      {"removed_leftovers", summary->removed_leftovers}}
                     .dump()
              << std::endl;
    return flushed(exit_done);
  }
  std::cerr << summary->removed_objects
            << (remove ? " objects removed, " : " objects would be removed, ")
            << human_size(summary->removed_bytes) << "; " << summary->live_objects
            << " are referenced, " << summary->young_objects << " are younger than " << min_age
            << '\n';
  if (!remove && summary->removed_objects != 0)
    std::cerr << "run again with --delete to remove them\n";
  return flushed(exit_done);
}

}  // namespace

void add_vault(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<vault_command>();
  CLI::App* app = program.add_subcommand("vault", "List, check and clean a vault");
  app->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, int (vault_command::*call)() const) {
    CLI::App* sub = app->add_subcommand(name, what);
    sub->add_option("--vault", command->directory, "Directory of the vault")->required();
    sub->add_flag("--json", command->as_json, "Answer as JSON");
    sub->callback([command, call, &run] { run = [command, call] { return (*command.*call)(); }; });
    return sub;
  };
  CLI::App* list =
      add("ls", "One line for each object: digest, size, when it was put", &vault_command::list);
  list->add_option("--in", command->documents, "Documents to count references in");
  add("verify", "Read every object and check its digest; exits with 1 if one is corrupt",
      &vault_command::verify);
  CLI::App* gc = add("gc", "Find the objects that no document refers to", &vault_command::collect);
  gc->footer(
      "Name every document that may refer to the vault: what none of them refers to is\n"
      "removed. Nothing is removed without --delete.");
  gc->add_option("--in", command->documents, "All the documents; - is standard input")->required();
  gc->add_flag("--delete", command->remove, "Remove them; without it they are only listed");
  gc->add_option("--min-age", command->min_age, "Leave what is younger: 90s, 30m, 24h, 7d")
      ->capture_default_str();
}

}  // namespace jobqueue::cli
