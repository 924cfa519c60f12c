// What the subcommands share: exit codes, words, input and output.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include <jobqueue/base64.hpp>
#include <jobqueue/result.hpp>

namespace jobqueue::cli {

// Exit codes of the whole program.
enum exit_code : int {
  exit_done = 0,
  exit_no = 1,           // the answer is no
  exit_usage = 2,        // wrong usage
  exit_bad_input = 3,    // the input is at fault
  exit_environment = 4,  // a store, a file or the network failed
  exit_bug = 70,         // this program is at fault
};

// The exit code that an error stands for.
[[nodiscard]] int exit_code_of(const error& problem) noexcept;

// Each subcommand adds itself to the program; `run` is called after parsing, and returns an exit
// code.
void add_sanitize(CLI::App& program, std::function<int()>& run);
void add_restore(CLI::App& program, std::function<int()>& run);
void add_vault(CLI::App& program, std::function<int()>& run);
void add_evaluate(CLI::App& program, std::function<int()>& run);
void add_rules(CLI::App& program, std::function<int()>& run);
void add_classify(CLI::App& program, std::function<int()>& run);
void add_migrate(CLI::App& program, std::function<int()>& run);
void add_import(CLI::App& program, std::function<int()>& run);
void add_resolve(CLI::App& program, std::function<int()>& run);
void add_jobs(CLI::App& program, std::function<int()>& run);
void add_clean(CLI::App& program, std::function<int()>& run);
void add_undo(CLI::App& program, std::function<int()>& run);
void add_retry_data(CLI::App& program, std::function<int()>& run);
void add_sign(CLI::App& program, std::function<int()>& run);
void add_verify(CLI::App& program, std::function<int()>& run);
void add_attestation(CLI::App& program, std::function<int()>& run);
void add_truncate(CLI::App& program, std::function<int()>& run);
void add_detect(CLI::App& program, std::function<int()>& run);
void add_serve(CLI::App& program, std::function<int()>& run);
void add_webhook(CLI::App& program, std::function<int()>& run);
void add_forensics(CLI::App& program, std::function<int()>& run);

// "jobqueue: words" on standard error.
void say(std::string_view words);
// "jobqueue: FILE: message at byte N" on standard error; returns the exit code.
int report_problem(std::string_view file, const error& problem);

// A line of progress that is overwritten in place; silent unless standard error is a terminal.
class progress {
 public:
  explicit progress(std::string_view what);
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  ~progress();
  void show(std::string_view words);

 private:
  std::string what_;
  bool shown_ = false;
  bool terminal_;
};

// A size for people: "1.9 MB". Units of 1000.
[[nodiscard]] std::string human_size(std::uint64_t bytes);

// Sets the instruction set that JOBQUEUE_SIMD asks for, if it does.
[[nodiscard]] status choose_simd(simd_target& target);

// A duration as people write it: 90s, 30m, 24h, 7d. `invalid_argument` for anything else.
[[nodiscard]] result<std::chrono::seconds> parse_duration(std::string_view text);

// The name of an input for people: "standard input" for "-".
[[nodiscard]] std::string name_of_input(const std::string& file);

}  // namespace jobqueue::cli
