// Settings that may come from the command line, the environment, or a file.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"

namespace jobqueue::cli {

struct setting {
  std::string_view name;   // "tls_key": --tls-key, JOBQUEUE_TLS_KEY, and a member of the file
  std::string_view value;  // if it is nowhere given
  std::string_view help;
  bool is_flag = false;
};

class settings {
 public:
  explicit settings(std::span<const setting> known) : known_(known) {}
  settings(const settings&) = delete;
  settings& operator=(const settings&) = delete;

  // The options, and --config. The settings must live until the command has run.
  void add_to(CLI::App& app);
  // Reads the environment and the file. What the command line says goes before the environment,
  // which goes before the file. `invalid_argument` names what the file should not have, and its
  // line.
  [[nodiscard]] status read();

  [[nodiscard]] const std::string& text(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const { return text(name) == "true"; }
  // `invalid_argument` names the setting.
  [[nodiscard]] result<std::uint64_t> number(std::string_view name) const;
  [[nodiscard]] result<std::chrono::seconds> duration(std::string_view name) const;
  // Separated by commas.
  [[nodiscard]] std::vector<std::string> list(std::string_view name) const;
  // A JSON object of all of them.
  [[nodiscard]] std::string to_json() const;

 private:
  [[nodiscard]] status read_file(const std::string& file);

  std::span<const setting> known_;
  std::map<std::string, std::string, std::less<>> given_;  // on the command line
  std::map<std::string, std::string, std::less<>> values_;
  std::string config_;
};

// Secrets of JOBQUEUE_<name>, or of the file that JOBQUEUE_<name>_FILE or the option names, one a
// line.
[[nodiscard]] result<std::vector<std::string>> read_secret_lines(const std::string& variable,
                                                                 const std::string& file);

}  // namespace jobqueue::cli
