// Prints each error as the code has it: number, word in upper case, exit code of the program.
// check_errors.py compares the lines with docs/errors.md.
#include <cstdint>
#include <cstdio>
#include <string>

#include <jobqueue/jobqueue.h>
#include <jobqueue/result.hpp>

namespace jobqueue::cli {
// Of src/cli/command.hpp, which would bring the whole of CLI11.
int exit_code_of(const error& problem) noexcept;
}  // namespace jobqueue::cli

int main() {
  for (std::int32_t number = 0; number < 256; ++number) {
    const auto code = static_cast<jobqueue::errc>(number);
    const std::string name(jobqueue::error_name(code));
    if (name != jobqueue_status_name(number)) return 1;
    if (name == "UNKNOWN") continue;
    const int exit_code = jobqueue::cli::exit_code_of({code, jobqueue::no_offset, {}});
    std::printf("%d %s %d\n", number, name.c_str(), exit_code);
  }
  return 0;
}
