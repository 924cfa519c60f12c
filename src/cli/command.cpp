#include "cli/command.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <random>
#include <system_error>

namespace jobqueue::cli {
status choose_simd(simd_target& target) {
  const char* const name = std::getenv("JOBQUEUE_SIMD");
  if (name == nullptr || *name == '\0') return done;
  const auto parsed = parse_simd_target(name);
  if (!parsed) return parsed.problem();
  target = *parsed;
  return done;
}

int exit_code_of(const error& problem) noexcept {
  const auto number = static_cast<int>(problem.code);
  if (problem.code == errc::ok) return exit_done;
  if (problem.code == errc::invalid_argument) return exit_usage;
  if (number < static_cast<int>(errc::store_error)) return exit_bad_input;
  return problem.code == errc::internal ? exit_bug : exit_environment;
}

void say(std::string_view words) { std::cerr << "jobqueue: " << words << '\n'; }

int report_problem(std::string_view file, const error& problem) {
  std::string words = problem.message;
  if (!file.empty()) words = std::string(file) + ": " + words;
  if (problem.offset != no_offset) words += " at byte " + std::to_string(problem.offset);
  say(words);
  return exit_code_of(problem);
}

progress::progress(std::string_view what) : what_(what), terminal_(::isatty(STDERR_FILENO) == 1) {}

progress::~progress() {
  if (shown_) std::cerr << "\r\033[K" << std::flush;
}

void progress::show(std::string_view words) {
  if (!terminal_) return;
  shown_ = true;
  std::cerr << "\r\033[K" << what_ << ' ' << words << std::flush;
}

std::string human_size(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 5> units{"B", "kB", "MB", "GB", "TB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (size >= 999.5 && unit + 1 < units.size()) {
    size /= 1000;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 || size >= 99.95 ? "%.0f %s" : "%.1f %s", size,
                units[unit].data());
  return text.data();
}

result<std::chrono::seconds> parse_duration(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (failed == std::errc()) {
    const std::uint32_t seconds = unit == "s"   ? 1
                                  : unit == "m" ? 60
                                  : unit == "h" ? 3600
                                  : unit == "d" ? 86400
                                                : 0;
    if (seconds != 0) return std::chrono::seconds(seconds) * number;
  }
  return error{errc::invalid_argument, no_offset,
               "a duration is a number and a unit: 90s, 30m, 24h, 7d"};
}

std::string name_of_input(const std::string& file) { return file == "-" ? "standard input" : file; }

}  // namespace jobqueue::cli
