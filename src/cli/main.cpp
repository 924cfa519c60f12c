// The program `jobqueue`: one file of this directory for each subcommand.
#include <csignal>
#include <exception>
#include <functional>
#include <iostream>

#include <jobqueue/version.h>
#include <jobqueue/base64.hpp>

#include "cli/command.hpp"

namespace {

int run_program(int argc, char** argv) {
  using namespace jobqueue;
  CLI::App program("Payload hygiene and job accounting for job queues.", "jobqueue");
  program.set_version_flag("--version", "jobqueue " JOBQUEUE_VERSION_STRING);
  program.require_subcommand(1);
  program.footer(
      "Data goes to standard output, words to standard error.\n"
      "Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 bad input, 4 a store or file "
      "failed,\n"
      "70 a bug.\n"
      "Environment: JOBQUEUE_SIMD=scalar|sse4|avx2|avx3|avx3_dl|neon forces an instruction\n"
      "set, for tests.\n"
      "'jobqueue COMMAND --help' says more of a command.");
  std::function<int()> run;
  cli::add_sanitize(program, run);
  cli::add_restore(program, run);
  cli::add_vault(program, run);
  cli::add_evaluate(program, run);
  cli::add_rules(program, run);
  cli::add_classify(program, run);
  cli::add_migrate(program, run);
  cli::add_import(program, run);
  cli::add_resolve(program, run);
  cli::add_jobs(program, run);
  cli::add_clean(program, run);
  cli::add_undo(program, run);
  cli::add_retry_data(program, run);
  cli::add_sign(program, run);
  cli::add_verify(program, run);
  cli::add_attestation(program, run);
  cli::add_truncate(program, run);
  cli::add_detect(program, run);
  cli::add_serve(program, run);
  cli::add_webhook(program, run);
  cli::add_forensics(program, run);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    // Help and version are answers; the rest is wrong usage, whatever number CLI11 has for it.
    return program.exit(problem, std::cout, std::cerr) == 0 ? cli::exit_done : cli::exit_usage;
  }
  return run();
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that goes away is an error of write(2), with its own message.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run_program(argc, argv);
  } catch (const jobqueue::exception& problem) {
    return jobqueue::cli::report_problem({}, problem.problem());
  } catch (const std::exception& problem) {
    jobqueue::cli::say(std::string("internal error: ") + problem.what());
    return jobqueue::cli::exit_bug;
  }
}
