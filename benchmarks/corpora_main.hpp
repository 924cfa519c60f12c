// `main` of the benchmarks whose corpora those of the other languages read, too.
#pragma once

#include <benchmark/benchmark.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace jobqueue::benchmarks {

// Runs what `add_all` registers; with --write_corpora=FOLDER writes the corpora to files instead.
inline int run_or_write(int argc, char** argv, const std::function<void()>& add_all,
                        const std::vector<std::string>& names,
                        const std::function<std::string_view(const std::string&)>& corpus) {
  constexpr std::string_view write_option = "--write_corpora=";
  if (argc == 2 && std::string_view(argv[1]).starts_with(write_option)) {
    const std::filesystem::path folder = std::string_view(argv[1]).substr(write_option.size());
    std::filesystem::create_directories(folder);
    for (const std::string& name : names) {
      std::ofstream file(folder / (name + ".json"), std::ios::binary);
      if (!(file << corpus(name)).flush()) {
        std::cerr << "cannot write to " << folder << '\n';
        return 1;
      }
    }
    return 0;
  }
  add_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace jobqueue::benchmarks
