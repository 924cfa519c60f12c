// What `sign`, `verify` and `attestation` share: secrets, which are never on a command line, and
// the present.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/signature.hpp>

#include "cli/command.hpp"

namespace jobqueue::cli {

// Texts that are overwritten when they end.
class secret_list {
 public:
  secret_list() = default;
  secret_list(secret_list&&) = default;
  secret_list& operator=(secret_list&&) = delete;
  ~secret_list();

  void add(std::string secret) { texts_.push_back(std::move(secret)); }
  [[nodiscard]] std::vector<std::string_view> views() const {
    return {texts_.begin(), texts_.end()};
  }

 private:
  std::vector<std::string> texts_;
};

// The option --secret-env.
void add_secrets_to(CLI::App& app, std::vector<std::string>& variables, const std::string& about);
// Of each variable, or of the file that VARIABLE_FILE names, without a line break at its end.
[[nodiscard]] result<secret_list> read_secrets(const std::vector<std::string>& variables);

struct signature_choice {
  std::string scheme;
  std::vector<std::string> variables;
  std::string now;
  std::string file;

  void add_to(CLI::App& app);
  // Seconds since 1970 or RFC 3339; the clock's if not given.
  [[nodiscard]] result<std::chrono::sys_seconds> read_time() const;
  [[nodiscard]] result<std::string> read_body() const;
  [[nodiscard]] std::string input() const { return file.empty() ? "-" : file; }
};

}  // namespace jobqueue::cli
