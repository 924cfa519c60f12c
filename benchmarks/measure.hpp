// What the benchmarks of stores share.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <jobqueue/result.hpp>

#include "store/postgres_connection.hpp"

namespace jobqueue::bench {

inline void require(bool holds, const std::string& words) {
  if (!holds) throw std::runtime_error(words);
}

template <class T>
T take(result<T> answer) {
  require(answer.has_value(), answer ? "" : answer.problem().message);
  return std::move(*answer);
}

inline double seconds_of(const std::function<void()>& work) {
  const auto begun = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

inline std::unique_ptr<detail::sql_connection> connect(const std::string& url) {
  detail::postgres_settings settings;
  settings.url = url;
  settings.name = url;
  return take(detail::postgres_connection::open(settings));
}

struct measure {
  double seconds = 0;
  std::uint64_t count = 0;  // what the work has counted
  long peak_kib = 0;        // resident

  [[nodiscard]] double peak_megabytes() const { return static_cast<double>(peak_kib) * 1.024e-3; }
};

// Runs `work`, which gives its own seconds and a count, in a process whose memory is told when it
// ends.
inline measure run_in_child(const std::function<std::pair<double, std::uint64_t>()>& work) {
  int ends[2];
  require(::pipe(ends) == 0, "no pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      const auto answer = work();
      ::_exit(::write(ends[1], &answer, sizeof answer) == sizeof answer ? 0 : 1);
    } catch (const std::exception& problem) {
      std::fprintf(stderr, "%s\n", problem.what());
    }
    ::_exit(1);
  }
  ::close(ends[1]);
  std::pair<double, std::uint64_t> answer;
  const bool answered = ::read(ends[0], &answer, sizeof answer) == sizeof answer;
  ::close(ends[0]);
  rusage used{};
  int ended = 0;
  ::wait4(child, &ended, 0, &used);
  require(answered, "the process that was measured failed");
  return {answer.first, answer.second, used.ru_maxrss};
}

// `main` of a benchmark.
inline int run(const std::function<void()>& all) {
  try {
    all();
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
  }
}

}  // namespace jobqueue::bench
