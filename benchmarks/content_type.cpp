// Content types: what one answer costs, by bytes against libmagic and by extension alone.
//
// See README.md beside this for what the numbers are and are not.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <magic.h>

#include <jobqueue/jobqueue.h>
#include <jobqueue/content_type.hpp>

namespace {

using namespace jobqueue;
using namespace std::string_literals;
using clock_type = std::chrono::steady_clock;

struct head {
  std::string name;
  std::string bytes;
  std::string media_type;
};

std::string noise(std::size_t size) {
  std::mt19937 engine(1);
  std::string bytes;
  while (bytes.size() < size) bytes += static_cast<char>(engine() >> 24U);
  return bytes;
}

std::string repeat(std::string_view text, std::size_t size) {
  std::string all;
  while (all.size() < size) all += text;
  all.resize(size);
  return all;
}

std::string le(std::uint64_t value, unsigned size) {
  std::string bytes;
  for (; size != 0; --size, value >>= 8U) bytes += static_cast<char>(value & 0xFFU);
  return bytes;
}

std::string zip_entry(const std::string& name, const std::string& data) {
  return "PK\3\4"s + le(20, 2) + le(0, 2) + le(8, 2) + le(0x21580000, 4) + le(0x1234ABCD, 4) +
         le(data.size(), 4) + le(data.size(), 4) + le(name.size(), 2) + le(0, 2) + name + data;
}

// Heads of 4096 bytes, as a queue of image generation has them.
const std::vector<head>& heads() {
  static const std::vector<head> all = [] {
    constexpr std::size_t size = content_head_bytes;
    std::vector<head> made = {
        {"png",
         "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\4\0\0\0\4\0\x08\6\0\0\0\x7F\x1D\x2B\x83\0\1\0\0IDAT"s +
             noise(size),
         "image/png"},
        {"jpeg",
         "\xFF\xD8\xFF\xE0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xFF\xDB\0\x43\0"s + std::string(64, '\1') +
             noise(size),
         "image/jpeg"},
        {"mp4",
         "\0\0\0\x20"
         "ftypisom\0\0\2\0isomiso2avc1mp41\0\0\0\x08"
         "free"s +
             noise(size),
         "video/mp4"},
        {"docx",
         zip_entry("[Content_Types].xml", noise(400)) + zip_entry("_rels/.rels", noise(300)) +
             zip_entry("word/document.xml", noise(4000)),
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
        {"json", "{\"jobs\":[" + repeat(R"({"id":"a1b2","status":"done","n":12.5},)", size),
         "application/json"},
        {"csv", repeat("id,name,score\n17,anna,0.5\n", size), "text/csv"},
        {"text", repeat("The quick brown fox jumps over the lazy dog.\n", size), "text/plain"},
        {"noise", "\1" + noise(size), "application/octet-stream"},
    };
    for (head& one : made) one.bytes.resize(size);
    return made;
  }();
  return all;
}

std::span<const std::byte> bytes_of(const head& one) { return std::as_bytes(std::span(one.bytes)); }

class magic_database {
 public:
  magic_database()
      : cookie_(::magic_open(MAGIC_MIME_TYPE)),
        ready_(cookie_ != nullptr && ::magic_load(cookie_, nullptr) == 0) {}
  ~magic_database() { ::magic_close(cookie_); }
  magic_database(const magic_database&) = delete;
  magic_database& operator=(const magic_database&) = delete;
  [[nodiscard]] bool ready() const noexcept { return ready_; }
  std::string_view detect(const head& one) {
    const char* const answer = ::magic_buffer(cookie_, one.bytes.data(), one.bytes.size());
    return answer == nullptr ? "" : answer;
  }

 private:
  magic_t cookie_;
  bool ready_;
};

// Prints where the peer says something else, before anything is timed; false: we do.
bool compare_with_peer() {
  magic_database peer;
  if (!peer.ready()) {
    std::cerr << "libmagic has no database\n";
    return false;
  }
  for (const head& one : heads()) {
    const content_type found = detect_content_type(bytes_of(one));
    if (found.media_type.view() != one.media_type) {
      std::cerr << one.name << " is taken for " << found.media_type.view() << '\n';
      return false;
    }
    const std::string_view other = peer.detect(one);
    if (other != one.media_type) std::cout << one.name << ": libmagic says " << other << '\n';
  }
  return true;
}

void detect_bytes(benchmark::State& state, const head& one) {
  for (auto _ : state) benchmark::DoNotOptimize(detect_content_type(bytes_of(one)));
}

void detect_bytes_in_c(benchmark::State& state, const head& one) {
  jobqueue_content_type answer = JOBQUEUE_CONTENT_TYPE_INIT;
  for (auto _ : state) {
    const jobqueue_status status = jobqueue_detect_content_type(&answer, nullptr, one.bytes.data(),
                                                                one.bytes.size(), nullptr, nullptr);
    if (status != JOBQUEUE_OK) state.SkipWithError("no answer");
    benchmark::DoNotOptimize(answer);
  }
}

void libmagic(benchmark::State& state, const head& one) {
  static magic_database peer;
  for (auto _ : state) benchmark::DoNotOptimize(peer.detect(one));
}

void detect_url(benchmark::State& state, const content_type_options& options) {
  for (auto _ : state) benchmark::DoNotOptimize(detect_content_type({}, options));
}

constexpr std::string_view url = "https://cdn.example.com/jobs/8f3a/output-0001.png";
constexpr std::string_view signed_url =
    "https://bucket.s3.amazonaws.com/jobs/8f3a/output%200001.png?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Credential=AKIDEXAMPLE%2F20260105%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date="
    "20260105T120000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=0123456789abcdef";

void register_all() {
  for (const head& one : heads()) {
    const auto add = [&](const char* what, auto* body) {
      benchmark::RegisterBenchmark((std::string(what) + "/" + one.name).c_str(), body, one);
    };
    add("detect", detect_bytes);
    add("detect_c", detect_bytes_in_c);
    add("libmagic", libmagic);
  }
  const auto add = [](const char* name, const content_type_options& options) {
    benchmark::RegisterBenchmark(name, detect_url, options);
  };
  add("nothing", {});
  add("extension/name", {.url = "output-0001.png"});
  add("extension/url", {.url = url});
  add("extension/signed_url", {.url = signed_url});
  add("header/known", {.header = "image/png"});
  add("header/unknown", {.header = "application/vnd.example.unheard-of+json; charset=utf-8"});
}

// For the benchmarks of the other languages: the heads, and the nanoseconds of each here.
void write_corpora(const std::string& folder) {
  const std::string place = folder + "/content_type";
  std::filesystem::create_directories(place);
  std::ofstream figures(folder + "/content_type.ns");
  for (const head& one : heads()) {
    std::ofstream(place + "/" + one.name, std::ios::binary) << one.bytes;
    double best = 1e9;
    constexpr int calls = 200;
    for (int round = 0; round < 1000; ++round) {
      const auto begin = clock_type::now();
      for (int i = 0; i < calls; ++i) benchmark::DoNotOptimize(detect_content_type(bytes_of(one)));
      const std::chrono::duration<double, std::nano> took = clock_type::now() - begin;
      best = std::min(best, took.count() / calls);
    }
    figures << one.name << ' ' << one.media_type << ' ' << best << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::string_view write = "--write_corpora=";
  for (const std::string_view argument : std::span(argv, static_cast<std::size_t>(argc))) {
    if (!argument.starts_with(write)) continue;
    write_corpora(std::string(argument.substr(write.size())));
    return 0;
  }
  if (!compare_with_peer()) return 1;
  register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
