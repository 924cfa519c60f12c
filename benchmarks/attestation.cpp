// Attestations: what a key and a record cost. The peer of records is OpenSSL's SHA-256 alone, over
// the same bytes: the least that anybody could do. See README.md beside this for what the numbers
// are and are not.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/attestation.hpp>

#include "openssl_peer.hpp"

namespace {

using namespace jobqueue;

constexpr std::string_view secret = "8f742231b10e8888abcd99yyyzzz85a5";
constexpr std::string_view current_key =
    "worker:completion:job-id:2b0d9d1e-aaaa-4bbb-8ccc-dddddddddddd:step-id:7c1e2f40-1111-4222-8333-"
    "944455556666:attempt:2";
constexpr std::string_view ambiguous_key =
    "worker:completion:job-step-7c1e2f40-1111-4222-8333-944455556666:attempt:2";

// About `bytes` of what a worker writes.
std::string record_of(std::int64_t bytes) {
  std::string record =
      R"({"job_id":"step-7c1e2f40-1111-4222-8333-944455556666","worker_id":"gpu-a-worker-0",)"
      R"("status":"completed","completed_at":"2025-10-03T09:15:27.412Z","retry_count":0,)"
      R"("workflow_id":"2b0d9d1e-aaaa-4bbb-8ccc-dddddddddddd","machine_id":"gpu-a","result":"{)";
  while (record.size() + 40 < static_cast<std::size_t>(bytes)) {
    record += R"(\"url\":\"https://cdn.example.com/p\",)";
  }
  return record + "\"}";
}

void parse_key(benchmark::State& state, std::string_view text) {
  for (auto _ : state) benchmark::DoNotOptimize(parse_attestation_key(text));
}

void format_key(benchmark::State& state) {
  const auto key = parse_attestation_key(current_key).value();
  for (auto _ : state) benchmark::DoNotOptimize(format_attestation_key(key));
}

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(bytes));
}

void seal(benchmark::State& state) {
  const std::string record = record_of(state.range(0));
  const auto signer = attestation_signer::create(secret).value();
  for (auto _ : state) benchmark::DoNotOptimize(signer.seal(record));
  count_bytes(state, record.size());
}

// A chain of records; the numbers are of one of them.
void verify(benchmark::State& state) {
  const std::string record = record_of(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  const auto signer = attestation_signer::create(secret).value();
  std::vector<std::string> sealed;
  attestation_head head;
  for (std::size_t i = 0; i < count; ++i) {
    auto one = signer.seal(record, head).value();
    sealed.push_back(std::move(one.text));
    head = std::move(one.head);
  }
  const std::vector<std::string_view> records(sealed.begin(), sealed.end());
  const auto verifier = attestation_verifier::create(secret).value();
  if (verifier.verify({records.data(), count - 1}, {.expected_count = count}).value().ok()) {
    state.SkipWithError("a chain is whole though its newest record is missing");
  }
  for (auto _ : state) {
    if (!verifier.verify(records, {.expected_head = head.digest}).value().ok()) {
      state.SkipWithError("the chain is not whole");
    }
  }
  count_bytes(state, record.size() * count);
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * count));
}

void openssl_sha256(benchmark::State& state) {
  jobqueue::benchmarks::openssl_sha256(state, record_of(state.range(0)));
}

constexpr std::int64_t small = 1024;
constexpr std::int64_t large = 1'000'000;

BENCHMARK_CAPTURE(parse_key, current, current_key);
BENCHMARK_CAPTURE(parse_key, ambiguous, ambiguous_key);
BENCHMARK(format_key);
BENCHMARK(seal)->Arg(small)->Arg(large);
BENCHMARK(verify)->Args({small, 1000})->Args({large, 10});
BENCHMARK(openssl_sha256)->Arg(small)->Arg(large);

}  // namespace
