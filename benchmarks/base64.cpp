// The sanitizer against its peers, in one run: seeded corpora made here, ratios that hold on any
// machine. See README.md beside this for what the numbers are and are not.
#include <benchmark/benchmark.h>

#include <cstring>
#include <string>
#include <vector>

#include <simdjson.h>

#include <jobqueue/jobqueue.h>
#include <jobqueue/base64.hpp>

#include "base64_corpora.hpp"
#include "corpora_main.hpp"
#include "support/simd_targets.hpp"
#include "text_peers.hpp"

namespace {

using namespace jobqueue;
using benchmarks::corpus;

struct row {
  const char* name;
  bool changes;
};
constexpr row rows[] = {{"clean_job_6kB", false}, {"clean_dump_7MB", false},
                        {"image_1MB", true},      {"images_1MB", true},
                        {"images_15MB", true},    {"json_in_json_11MB", true}};

void sanitize(benchmark::State& state, const std::string& name, std::size_t bytes,
              simd_target target, bool expect_change) {
  const std::string& text = corpus(name, bytes);
  sanitize_options options;
  options.simd = target;
  std::uint64_t left = 0;
  for (auto _ : state) {
    const auto answer = sanitize_base64(text, options);
    if (!answer || answer->changed != expect_change) state.SkipWithError("wrong answer");
    left = answer->view(text).size();
  }
  state.counters["left"] = static_cast<double>(left);
  benchmarks::count_bytes(state, text);
}

// For who wants the text as one of his own, changed or not.
void sanitize_and_copy(benchmark::State& state, const std::string& name) {
  const std::string& text = corpus(name);
  std::string to;
  for (auto _ : state) {
    const auto answer = sanitize_base64(text);
    if (!answer) state.SkipWithError("wrong answer");
    to = answer->view(text);
    benchmark::DoNotOptimize(to.data());
  }
  benchmarks::count_bytes(state, text);
}

// The same through libjobqueue.so, into a buffer that is used again.
void sanitize_c(benchmark::State& state, const std::string& name, bool expect_change) {
  const std::string& text = corpus(name);
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  for (auto _ : state) {
    std::int32_t changed = 0;
    if (jobqueue_sanitize_base64(&out, &changed, text.data(), text.size(), nullptr, nullptr) != 0 ||
        (changed != 0) != expect_change) {
      state.SkipWithError("wrong answer");
    }
  }
  jobqueue_buffer_dispose(&out);
  benchmarks::count_bytes(state, text);
}

// The row of the capability whose cost is hashing and decoding, as with a vault.
class counting_store final : public blob_store {
 public:
  [[nodiscard]] status put(const sha256_digest&, std::span<const std::byte> blob) override {
    bytes += blob.size();
    return done;
  }
  [[nodiscard]] result<std::string> get(const sha256_digest&, std::uint64_t) const override {
    return error{errc::blob_missing, no_offset, "keeps nothing"};
  }
  std::uint64_t bytes = 0;
};

void sanitize_into_store(benchmark::State& state, const std::string& name) {
  const std::string& text = corpus(name);
  counting_store store;
  sanitize_options options;
  options.store = &store;
  for (auto _ : state) {
    const auto answer = sanitize_base64(text, options);
    if (!answer || !answer->changed) state.SkipWithError("wrong answer");
  }
  benchmarks::count_bytes(state, text);
}

void add_all() {
  for (const auto& [name, changes] : rows) {
    const std::string text = name;
    const bool expect_change = changes;
    benchmark::RegisterBenchmark(("memcpy/" + text).c_str(), [text](benchmark::State& s) {
      benchmarks::copy(s, corpus(text));
    });
    benchmark::RegisterBenchmark(("simdjson_dom/" + text).c_str(), [text](benchmark::State& s) {
      benchmarks::parse(s, corpus(text));
    });
    benchmark::RegisterBenchmark(("sanitize_base64/" + text).c_str(),
                                 [text, expect_change](benchmark::State& s) {
                                   sanitize(s, text, 0, simd_target::best, expect_change);
                                 });
    benchmark::RegisterBenchmark(
        ("sanitize_base64_c/" + text).c_str(),
        [text, expect_change](benchmark::State& s) { sanitize_c(s, text, expect_change); });
    benchmark::RegisterBenchmark(("sanitize_base64_copy/" + text).c_str(),
                                 [text](benchmark::State& s) { sanitize_and_copy(s, text); });
    if (expect_change) {
      benchmark::RegisterBenchmark(("sanitize_base64_store/" + text).c_str(),
                                   [text](benchmark::State& s) { sanitize_into_store(s, text); });
    }
    for (const simd_target target : test::simd_targets()) {
      const std::string kernel = "sanitize_base64_" + std::string(to_string(target)) + "/" + text;
      benchmark::RegisterBenchmark(kernel.c_str(),
                                   [text, expect_change, target](benchmark::State& s) {
                                     sanitize(s, text, 0, target, expect_change);
                                   });
    }
  }
  // Linear: the bytes per second of a row are those of the row above it, whose input is half.
  constexpr row worst[] = {
      {"runs_of_99", false},   {"hex_runs_of_128", false}, {"alternating_alphabets", false},
      {"deep_nesting", false}, {"backslashes", false},     {"escaped_base64", true},
      {"broken_tails", true},  {"wrapped_broken", false},  {"protected_neighbours", false},
      {"announcements", false}};
  for (const auto& [name, changes] : worst) {
    for (const std::size_t megabytes : {16U, 32U, 64U}) {
      const std::string text = name;
      const bool expect_change = changes;
      benchmark::RegisterBenchmark(
          ("worst/" + text + "/" + std::to_string(megabytes) + "MB").c_str(),
          [text, megabytes, expect_change](benchmark::State& s) {
            sanitize(s, text, megabytes * 1000000, simd_target::best, expect_change);
          })
          ->MinTime(0.2);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> names;
  for (const row& one : rows) names.emplace_back(one.name);
  return jobqueue::benchmarks::run_or_write(
      argc, argv, add_all, names,
      [](const std::string& name) { return std::string_view(corpus(name)); });
}
