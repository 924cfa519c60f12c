// Failures: what classifying a message costs, against looking for the words of the system that this
// replaces one by one, which gives no fingerprint and looks at no JSON.
//
// See README.md beside this for what the numbers are and are not.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <jobqueue/jobqueue.h>
#include <jobqueue/failure.hpp>

namespace {

using namespace jobqueue;

constexpr std::string_view refused = "connect ECONNREFUSED 127.0.0.1:6379";
constexpr std::string_view unknown =
    "Something happened to job 0b9f8f5e-6a53-4c6b-9d0a-3f1de6b7c001 of worker12 after 30.5 seconds";

std::string thrown() {
  return R"j({"error_message":"Model not found","error_type":"Error","stack_trace":"Error: )j"
         R"j(Model not found\n    at Connector.process (/srv/dist/connector.js:120:13)\n    at )j"
         R"j(async Worker.run (/srv/dist/worker.js:88:5)","connector_type":"comfyui",)j"
         R"j("job_payload_hash":"9f2c","processing_duration":1234,"memory_usage":{"rss":1}})j";
}

std::string prose(std::int64_t bytes) {
  std::string text;
  while (text.size() < static_cast<std::size_t>(bytes)) {
    text += "the step at ";
    text += std::to_string(text.size());
    text += " could not be done, ";
  }
  return text;
}

void classify(benchmark::State& state, const std::string& message) {
  for (auto _ : state) benchmark::DoNotOptimize(classify_failure(message));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * message.size()));
}

void classify_c(benchmark::State& state) {
  jobqueue_failure found = JOBQUEUE_FAILURE_INIT;
  for (auto _ : state) {
    if (jobqueue_classify_failure(&found, refused.data(), refused.size(), nullptr, nullptr) !=
        JOBQUEUE_OK) {
      state.SkipWithError("refused");
    }
  }
}

void normalize(benchmark::State& state, const std::string& message) {
  for (auto _ : state) benchmark::DoNotOptimize(normalize_failure_message(message));
}

// Words of the detectors of the replaced system, in its order; the last one that is not there is
// the cost of a message that it does not know.
constexpr std::array<std::string_view, 62> words = {"cannot generate",
                                                    "unable to create",
                                                    "can't generate",
                                                    "cannot create",
                                                    "policy violation",
                                                    "content policy",
                                                    "inappropriate",
                                                    "not allowed",
                                                    "refused",
                                                    "declined",
                                                    "safety",
                                                    "harmful",
                                                    "violence",
                                                    "nsfw",
                                                    "copyright",
                                                    "intellectual property",
                                                    "moderation_blocked",
                                                    "safety system",
                                                    "blocked",
                                                    "adult content",
                                                    "authentication",
                                                    "unauthorized",
                                                    "api key",
                                                    "token",
                                                    "permission",
                                                    "rate limit",
                                                    "quota",
                                                    "too many requests",
                                                    "network",
                                                    "connection",
                                                    "dns",
                                                    "ssl",
                                                    "econnrefused",
                                                    "enotfound",
                                                    "timeout",
                                                    "memory",
                                                    "disk space",
                                                    "storage",
                                                    "limit",
                                                    "capacity",
                                                    "service",
                                                    "server error",
                                                    "maintenance",
                                                    "unavailable",
                                                    "timed out",
                                                    "validation",
                                                    "invalid",
                                                    "missing",
                                                    "required",
                                                    "format",
                                                    "component",
                                                    "model",
                                                    "does not exist",
                                                    "response",
                                                    "content type",
                                                    "corrupted",
                                                    "expected",
                                                    "cuda",
                                                    "gpu",
                                                    "internal",
                                                    "config",
                                                    "dependency"};

void find_words(benchmark::State& state, const std::string& message) {
  for (auto _ : state) {
    std::string lower(message);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    std::size_t found = 0;
    while (found < words.size() && lower.find(words[found]) == std::string::npos) ++found;
    benchmark::DoNotOptimize(found);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * message.size()));
}

BENCHMARK_CAPTURE(classify, refused, std::string(refused));
BENCHMARK_CAPTURE(classify, unknown, std::string(unknown));
BENCHMARK_CAPTURE(classify, thrown, thrown());
BENCHMARK_CAPTURE(classify, prose_16kB, prose(16384));
BENCHMARK_CAPTURE(classify, prose_10MB, prose(10'000'000));
BENCHMARK(classify_c);
BENCHMARK_CAPTURE(normalize, unknown, std::string(unknown));
BENCHMARK_CAPTURE(find_words, refused, std::string(refused));
BENCHMARK_CAPTURE(find_words, unknown, std::string(unknown));
BENCHMARK_CAPTURE(find_words, thrown, thrown());
BENCHMARK_CAPTURE(find_words, prose_16kB, prose(16384));

}  // namespace
