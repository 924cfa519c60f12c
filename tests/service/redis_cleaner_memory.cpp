// How much memory the cleaner takes for the largest values.
#include <jobqueue/service/redis_cleaner.hpp>

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include <jobqueue/vault.hpp>

#include "support/redis_samples.hpp"
#include "support/redis_server.hpp"

namespace jobqueue {
namespace {

using detail::redis_command;

constexpr std::size_t value_bytes = std::size_t{64} << 20;

// Under AddressSanitizer memory that was given back still counts.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t most_kib = std::size_t{4} << 20;
#else
constexpr std::size_t most_kib = std::size_t{128} << 10;
#endif

std::size_t peak_kib() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmHWM:"))
      return std::stoul(line.substr(line.find_first_of("0123456789")));
  }
  return 0;
}

// The peak of a process that cleans.
std::size_t clean_in_process(const std::string& url, const std::filesystem::path& folder) {
  const pid_t process = ::fork();
  if (process == 0) {
    // Forgets what the process that this one was has taken.
    ::malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << 5;
    bool is_cleaned = false;
    {
      const auto vault = open_directory_vault(folder / "vault", {.create = true}).value();
      const auto journal = clean_journal::create(folder / "journal", "store").value();
      clean_options options;
      options.journal = journal.get();
      options.vault = vault.get();
      const auto report = clean_redis(url, {}, {}, options);
      is_cleaned = report && report->totals.values_changed == 1;
      if (!report) std::cerr << report.problem().message << '\n';
    }
    std::ofstream(folder / "peak") << peak_kib();
    ::_exit(is_cleaned ? 0 : 1);
  }
  int ended = 0;
  ::waitpid(process, &ended, 0);
  EXPECT_TRUE(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
  std::size_t peak = 0;
  std::ifstream(folder / "peak") >> peak;
  return peak;
}

// A value of the greatest size, of which that part is one blob.
redis_command make_value(const std::string& type, std::size_t blob_bytes) {
  std::string text = test::value_with_blob(1, blob_bytes / 4 * 3);
  text.insert(text.size() - 1, R"(,"words":")");
  text.insert(text.size() - 1, "\"");
  const std::string_view words = "words and paths like /api/jobs/1 and more of them, ";
  std::string rest;
  rest.reserve(value_bytes);
  while (text.size() + rest.size() + words.size() <= value_bytes) rest += words;
  text.insert(text.size() - 2, rest);
  if (type == "hash") return {"HSET", "key", "field", std::move(text)};
  if (type == "list") return {"RPUSH", "key", std::move(text)};
  return {"SET", "key", std::move(text)};
}

TEST(redis_cleaner_memory, values_of_64_mib_take_128) {
  const test::redis_server server;
  for (const char* type : {"string", "hash", "list"}) {
    for (const std::size_t blob_bytes : {value_bytes - 4096, value_bytes / 2, std::size_t{4096}}) {
      // What is not about reading and writing is the same for all types.
      if (type != std::string_view("string") && blob_bytes != value_bytes / 2) continue;
      SCOPED_TRACE(std::string(type) + " with a blob of " + std::to_string(blob_bytes));
      server.run(redis_command{"FLUSHALL"});
      server.run(make_value(type, blob_bytes));
      const test::temporary_folder folder;
      const std::size_t peak = clean_in_process(server.url(), folder.path());
      std::cout << type << ' ' << blob_bytes << ": " << peak / 1024 << " MiB\n";
      EXPECT_GT(peak, value_bytes / 1024) << "it is not measured";
      EXPECT_LT(peak, most_kib);
    }
  }
}

}  // namespace
}  // namespace jobqueue
