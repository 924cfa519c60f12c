// What the benchmarks over texts are measured beside.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <string>

#include <simdjson.h>

namespace jobqueue::benchmarks {

inline void count_bytes(benchmark::State& state, const std::string& text) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(text.size()));
}

inline void copy(benchmark::State& state, const std::string& text) {
  std::string to(text.size(), '\0');
  for (auto _ : state) {
    std::memcpy(to.data(), text.data(), text.size());
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, text);
}

// The tree of simdjson's DOM.
inline void parse(benchmark::State& state, const std::string& text) {
  const simdjson::padded_string padded(text);
  simdjson::dom::parser parser;
  for (auto _ : state) {
    if (parser.parse(padded).error() != simdjson::SUCCESS) state.SkipWithError("not JSON");
  }
  state.SetLabel(std::string(simdjson::get_active_implementation()->name()));
  count_bytes(state, text);
}

}  // namespace jobqueue::benchmarks
