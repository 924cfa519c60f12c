#include "cli/signature.hpp"

#include <string.h>  // NOLINT: explicit_bzero is not in <cstring>

#include <cstdlib>
#include <utility>

#include <jobqueue/rules.hpp>

#include "cli/files.hpp"
#include "cli/store.hpp"

namespace jobqueue::cli {
namespace {

result<std::string> read_secret(const std::string& variable) {
  if (const char* text = std::getenv(variable.c_str())) return std::string(text);
  const char* file = std::getenv((variable + "_FILE").c_str());
  if (file == nullptr) {
    return error{errc::invalid_argument, no_offset,
                 "the environment has no variable " + variable + ", and no " + variable +
                     "_FILE, which would name a file"};
  }
  auto text = read_input(file);
  if (!text) {
    return error{text.problem().code, no_offset,
                 "the file that " + variable + "_FILE names: " + text.problem().message};
  }
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  return text;
}

}  // namespace

secret_list::~secret_list() {
  for (std::string& one : texts_) ::explicit_bzero(one.data(), one.size());
}

void add_secrets_to(CLI::App& app, std::vector<std::string>& variables, const std::string& about) {
  app.add_option(
         "--secret-env", variables,
         "Environment variable that holds a secret; or VARIABLE_FILE names a file with it. " +
             about)
      ->required()
      ->allow_extra_args(false);
}

result<secret_list> read_secrets(const std::vector<std::string>& variables) {
  secret_list secrets;
  for (const std::string& variable : variables) {
    auto text = read_secret(variable);
    if (!text) return text.problem();
    secrets.add(*std::move(text));
  }
  return secrets;
}

void signature_choice::add_to(CLI::App& app) {
  app.add_option("FILE", file, "The body, as it came; none or - is standard input");
  add_secrets_to(app, variables, "May be repeated");
  app.add_option("--now", now,
                 "The present, as 1767614400 or 2026-01-05T12:00:00Z; the clock's if not given");
}

result<std::chrono::sys_seconds> signature_choice::read_time() const {
  const auto when = cli::read_time(now);
  if (!when) return when.problem();
  return std::chrono::floor<std::chrono::seconds>(*when);
}

result<std::string> signature_choice::read_body() const { return read_input(input()); }

}  // namespace jobqueue::cli
