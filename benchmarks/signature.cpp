// Signatures: what one verification costs, against OpenSSL's own HMAC; and whether its time gives
// away where a wrong signature differs.
//
//   bench_signature --timing[=SAMPLES]   the second alone
//
// See README.md beside this for what the numbers are and are not.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <jobqueue/jobqueue.h>
#include <jobqueue/signature.hpp>

#include "openssl_peer.hpp"

namespace {

using namespace jobqueue;
using clock_type = std::chrono::steady_clock;

constexpr std::string_view secret = "8f742231b10e8888abcd99yyyzzz85a5";
constexpr std::string_view standard_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::int64_t now_seconds = 1'700'000'000;
const std::chrono::sys_seconds now{std::chrono::seconds(now_seconds)};

std::string body_of(std::int64_t bytes) {
  std::string body(static_cast<std::size_t>(bytes), 'b');
  return body;
}

// Headers as a request of a webhook has them, the signature last.
class request {
 public:
  request(signature_scheme by, std::string_view with, std::string_view body)
      : made_(sign_payload(by, with, body, by == signature_scheme::standard ? "msg_1" : "", now)
                  .value()) {
    fields_ = {{"host", "example.com"},
               {"content-type", "application/json"},
               {"content-length", "64"},
               {"user-agent", "webhooks/1.0"},
               {"accept", "*/*"}};
    for (const auto& one : made_) fields_.push_back({one.name, one.value});
  }
  [[nodiscard]] std::span<const header_field> fields() const noexcept { return fields_; }
  [[nodiscard]] std::string& value() noexcept { return made_.back().value; }
  [[nodiscard]] std::vector<jobqueue_header> c_fields() const {
    std::vector<jobqueue_header> all;
    for (const auto& one : fields_) {
      all.push_back({{one.name.data(), one.name.size()}, {one.value.data(), one.value.size()}});
    }
    return all;
  }

 private:
  std::vector<signature_header> made_;
  std::vector<header_field> fields_;
};

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

void verify(benchmark::State& state, signature_scheme by, std::string_view with) {
  const std::string body = body_of(state.range(0));
  const request of(by, with, body);
  const auto verifier = signature_verifier::create(by, with).value();
  for (auto _ : state) {
    if (!verifier.verify(of.fields(), body, now).ok()) state.SkipWithError("refused");
  }
  count_bytes(state);
}

void verify_c(benchmark::State& state) {
  const std::string body = body_of(state.range(0));
  const request of(signature_scheme::jobqueue, secret, body);
  const auto headers = of.c_fields();
  const jobqueue_string one{secret.data(), secret.size()};
  jobqueue_signature_verifier* verifier = nullptr;
  if (jobqueue_signature_verifier_new(&verifier, JOBQUEUE_SCHEME_JOBQUEUE, &one, 1, nullptr,
                                      nullptr) != JOBQUEUE_OK) {
    state.SkipWithError("no verifier");
  }
  for (auto _ : state) {
    if (jobqueue_signature_verifier_verify(nullptr, verifier, headers.data(), headers.size(),
                                           body.data(), body.size(), now_seconds,
                                           nullptr) != JOBQUEUE_OK) {
      state.SkipWithError("refused");
    }
  }
  jobqueue_signature_verifier_free(verifier);
  count_bytes(state);
}

// A forged signature, with and without a search for what is behind it.
void refuse(benchmark::State& state, bool hints) {
  const std::string body = "{\"a\":\"" + body_of(state.range(0)) + "\"}";
  const request of(signature_scheme::jobqueue, "another", body);
  const auto verifier =
      signature_verifier::create(signature_scheme::jobqueue, secret, {.hints = hints}).value();
  for (auto _ : state) {
    if (verifier.verify(of.fields(), body, now).ok()) state.SkipWithError("accepted");
  }
  count_bytes(state);
}

void sign(benchmark::State& state) {
  const std::string body = body_of(state.range(0));
  const auto signer = payload_signer::create(signature_scheme::jobqueue, secret).value();
  for (auto _ : state) benchmark::DoNotOptimize(signer.sign(body, "", now));
  count_bytes(state);
}

// The peers: the MAC alone, without a header to read or a comparison.
void openssl_hmac(benchmark::State& state) {
  const std::string body = body_of(state.range(0));
  unsigned char tag[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                                  reinterpret_cast<const unsigned char*>(body.data()), body.size(),
                                  tag, &size));
  }
  count_bytes(state);
}

void openssl_mac_dup(benchmark::State& state) {
  const std::string body = body_of(state.range(0));
  EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  EVP_MAC_CTX* const keyed = EVP_MAC_CTX_new(mac);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                                   OSSL_PARAM_construct_end()};
  EVP_MAC_init(keyed, reinterpret_cast<const unsigned char*>(secret.data()), secret.size(),
               parameters);
  unsigned char tag[EVP_MAX_MD_SIZE];
  std::size_t size = 0;
  for (auto _ : state) {
    EVP_MAC_CTX* const once = EVP_MAC_CTX_dup(keyed);
    EVP_MAC_update(once, reinterpret_cast<const unsigned char*>(body.data()), body.size());
    EVP_MAC_final(once, tag, &size, sizeof tag);
    EVP_MAC_CTX_free(once);
  }
  EVP_MAC_CTX_free(keyed);
  EVP_MAC_free(mac);
  count_bytes(state);
}

void openssl_sha256(benchmark::State& state) {
  jobqueue::benchmarks::openssl_sha256(state, body_of(state.range(0)));
}

constexpr std::int64_t small = 64;
constexpr std::int64_t middle = 1024;
constexpr std::int64_t large = 1'000'000;

BENCHMARK_CAPTURE(verify, jobqueue, signature_scheme::jobqueue, secret)
    ->Arg(small)
    ->Arg(middle)
    ->Arg(large);
BENCHMARK_CAPTURE(verify, stripe, signature_scheme::stripe, secret)->Arg(small);
BENCHMARK_CAPTURE(verify, standard, signature_scheme::standard, standard_secret)->Arg(small);
BENCHMARK(verify_c)->Arg(small)->Arg(large);
BENCHMARK(sign)->Arg(small);
BENCHMARK_CAPTURE(refuse, quietly, false)->Arg(middle);
BENCHMARK_CAPTURE(refuse, with_hints, true)->Arg(middle);
BENCHMARK(openssl_hmac)->Arg(small)->Arg(large);
BENCHMARK(openssl_mac_dup)->Arg(small)->Arg(large);
BENCHMARK(openssl_sha256)->Arg(large);

// Welch's t of two samples (Reparaz, Balasch, Verbauwhede: Dude, is my code constant time?).
struct sample {
  double count = 0, mean = 0, squares = 0;
  void add(double value) noexcept {
    ++count;
    const double from = value - mean;
    mean += from / count;
    squares += from * (value - mean);
  }
  [[nodiscard]] double error() const noexcept { return squares / (count - 1) / count; }
};

double t_of(const sample& a, const sample& b) noexcept {
  return (a.mean - b.mean) / std::sqrt(a.error() + b.error());
}

// Another digit of the same kind, so that reading it takes the same way.
char other_digit(char digit) noexcept { return static_cast<char>(((digit - 1) ^ 1) + 1); }

// Times `call` with signatures whose first and whose last digit is wrong, in random order. The
// slowest hundredth, which the machine made and not the code, is not counted.
template <class Call>
double measure_t(std::size_t samples, std::string& value, const Call& call) {
  constexpr std::size_t prefix = 7;  // sha256=
  const std::string right = value;
  std::string wrong[2] = {right, right};
  wrong[0][prefix] = other_digit(right[prefix]);
  wrong[1].back() = other_digit(right.back());
  std::mt19937 engine(20261123);
  std::vector<double> times[2];
  for (auto& one : times) one.reserve(samples);
  while (times[0].size() + times[1].size() < samples) {
    const unsigned which = engine() & 1U;
    std::copy(wrong[which].begin(), wrong[which].end(), value.begin());
    const auto begin = clock_type::now();
    call();
    times[which].push_back(
        std::chrono::duration<double, std::nano>(clock_type::now() - begin).count());
  }
  std::vector<double> all = times[0];
  all.insert(all.end(), times[1].begin(), times[1].end());
  const auto limit = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 100 * 99);
  std::nth_element(all.begin(), limit, all.end());
  sample of[2];
  for (unsigned which : {0U, 1U}) {
    for (const double time : times[which]) {
      if (time <= *limit) of[which].add(time);
    }
  }
  std::cout << "  first wrong " << of[0].mean << " ns, last wrong " << of[1].mean << " ns, ";
  return t_of(of[0], of[1]);
}

// What must not be written: the comparison that ends at the first difference.
bool compare_until_different(std::string_view a, std::string_view b) noexcept {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (*static_cast<const volatile char*>(&a[i]) != b[i]) return false;
  }
  return true;
}

int run_timing(std::size_t samples) {
  constexpr double limit = 4.5;
  const std::string body = body_of(small);
  request of(signature_scheme::jobqueue, secret, body);
  const std::string right = of.value();
  const auto verifier =
      signature_verifier::create(signature_scheme::jobqueue, secret, {.hints = false}).value();
  std::cout << samples << " samples, of each kind about half\n";
  const double t = measure_t(samples, of.value(), [&] {
    benchmark::DoNotOptimize(verifier.verify(of.fields(), body, now));
  });
  std::cout << "t = " << t << ": verify\n";
  of.value() = right;
  const double control = measure_t(samples, of.value(), [&] {
    benchmark::DoNotOptimize(compare_until_different(of.value(), right));
  });
  std::cout << "t = " << control << ": a comparison that ends at the first difference\n";
  if (std::abs(control) < limit) std::cout << "the control was not found out: measure again\n";
  return std::abs(t) < limit && std::abs(control) >= limit ? 0 : 1;
}

// What the benchmarks of the other languages compare themselves with: ns of one verification here.
void write_figures(const std::string& folder) {
  std::filesystem::create_directories(folder);
  const std::string body = body_of(small);
  const request of(signature_scheme::jobqueue, secret, body);
  const auto verifier = signature_verifier::create(signature_scheme::jobqueue, secret).value();
  // Short rounds, between which another process may have its turn.
  constexpr int calls = 500;
  double best = 1e9;
  for (int round = 0; round < 2000; ++round) {
    const auto begin = clock_type::now();
    for (int i = 0; i < calls; ++i) {
      benchmark::DoNotOptimize(verifier.verify(of.fields(), body, now));
    }
    const std::chrono::duration<double, std::nano> took = clock_type::now() - begin;
    best = std::min(best, took.count() / calls);
  }
  std::ofstream(folder + "/signature.ns") << best << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::string_view write = "--write_corpora=";
  constexpr std::string_view timing = "--timing";
  for (const std::string_view argument : std::span(argv, static_cast<std::size_t>(argc))) {
    if (argument.starts_with(write)) {
      write_figures(std::string(argument.substr(write.size())));
      return 0;
    }
    if (argument.starts_with(timing)) {
      const std::string count(argument.substr(std::min(argument.size(), timing.size() + 1)));
      return run_timing(count.empty() ? 1'000'000 : std::strtoull(count.c_str(), nullptr, 10));
    }
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
