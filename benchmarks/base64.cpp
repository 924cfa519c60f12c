// The sanitizer against its peers, in one run: seeded corpora made here, ratios that hold on any
// machine. See README.md beside this for what the numbers are and are not.
#include <benchmark/benchmark.h>

#include <cstring>
#include <map>
#include <random>
#include <stdexcept>
#include <string>

#include <simdjson.h>

#include <jobqueue/base64.hpp>

namespace {

using namespace jobqueue;

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Text from a seed; the same on every machine.
class maker {
 public:
  std::string base64(std::size_t chars) {
    std::string out(chars, '\0');
    for (char& c : out) c = alphabet[engine_() >> 58U];
    return out;
  }
  std::string png(std::size_t chars) {
    return "iVBORw0KGgoAAAANSUhEUgAAAQAAAAEACAYAAABc" + base64(chars);
  }
  std::string hex(std::size_t digits) {
    std::string out(digits, '\0');
    for (char& c : out) c = "0123456789abcdef"[engine_() >> 60U];
    return out;
  }
  std::uint64_t number(std::uint64_t below) { return engine_() % below; }
  std::string uuid() { return hex(8) + "-" + hex(4) + "-" + hex(4) + "-" + hex(4) + "-" + hex(12); }
  std::string words(std::size_t count) {
    static constexpr std::string_view list[] = {
        "a",      "photo",  "of",     "mountain", "lake", "sunset", "cinematic", "light",
        "detail", "forest", "render", "portrait", "\\n",  "4k",     "the",       "style"};
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) out += ' ';
      out += list[engine_() >> 60U];
    }
    return out;
  }
  // A job as queues hold them, about 1.2 KB.
  std::string job(const std::string& image = {}) {
    std::string out = R"({"id":")" + uuid() + R"(","type":"text2img","status":"completed",)" +
                      R"("created_at":"2025-09-20T12:34:56.789Z","attempt":)" +
                      std::to_string(number(4)) + R"(,"worker_id":"worker-)" +
                      std::to_string(number(100)) + R"(","payload":{"prompt":")" + words(60) +
                      R"(","seed":)" + std::to_string(engine_() >> 12U) +
                      R"(,"steps":30,"cfg":7.5,"url":"https://cdn.example.com/generations/)" +
                      uuid() + R"(_r1.png","model":"sdxl-base-1.0","size":[1024,1024]},)" +
                      R"("checksum":")" + hex(64) + R"(","history":[)";
    for (int i = 0; i < 4; ++i) {
      out += (i == 0 ? "" : ",") + std::string(R"({"at":)") +
             std::to_string(1758370000000 + number(100000000)) +
             R"(,"event":"progress","node":"KSampler","value":)" + std::to_string(number(100)) +
             "}";
    }
    out += "]";
    if (!image.empty()) out += R"(,"result":{"image_url":null,"image":")" + image + "\"}";
    return out + "}";
  }

 private:
  std::mt19937_64 engine_{20261123};
};

std::string array_of(std::size_t bytes, maker& make, std::size_t least_image,
                     std::size_t most_image) {
  std::string out = "[";
  while (out.size() < bytes) {
    if (out.size() > 1) out += ',';
    out +=
        make.job(most_image == 0 ? std::string()
                                 : make.png(least_image + make.number(most_image - least_image)));
  }
  return out + "]";
}

std::string escaped(std::string_view json) {
  std::string out;
  for (const char c : json) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string repeated(std::string_view part, std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += part;
  return out;
}

const std::string& corpus(const std::string& name, std::size_t bytes = 0) {
  static std::map<std::string, std::string> made;
  std::string& text = made[name + std::to_string(bytes)];
  if (!text.empty()) return text;
  maker make;
  if (name == "clean_job_6kB") {
    text = array_of(6000, make, 0, 0);
  } else if (name == "clean_dump_7MB") {
    text = array_of(7000000, make, 0, 0);
  } else if (name == "images_1MB") {
    text = array_of(1300000, make, 20000, 200000);
  } else if (name == "images_15MB") {
    text = array_of(15000000, make, 100000, 1000000);
  } else if (name == "json_in_json_11MB") {
    text = R"({"payload":")" +
           escaped(R"({"inner":")" + escaped(array_of(7500000, make, 20000, 200000)) + "\"}") +
           "\"}";
  } else if (name == "runs_of_99") {
    text = "\"" + repeated(make.base64(99) + "!", bytes) + "\"";
  } else if (name == "hex_runs_of_128") {
    text = "[" + repeated("\"" + make.hex(128) + "\",", bytes) + "1]";
  } else if (name == "alternating_alphabets") {
    text = "\"" + repeated(make.base64(40) + "-" + make.base64(3) + "_+", bytes) + "\"";
  } else if (name == "deep_nesting") {
    text = repeated("[", bytes / 2) + repeated("]", bytes / 2);
  } else if (name == "backslashes") {
    text = "\"" + repeated(std::string(62, '\\') + "\\\"", bytes) + "\"";
  } else if (name == "escaped_base64") {
    text = "\"" + repeated("iVBORw0KGgoAAAAN\\/" + make.base64(11) + "\\u002b", bytes) + "\"";
  } else if (name == "broken_tails") {
    text = "[" + repeated("\"" + make.png(160) + "=*\",", bytes) + "1]";
  } else if (name == "wrapped_broken") {
    text = "\"" + repeated(make.base64(64) + "\\n" + make.base64(63) + " \\n", bytes) + "\"";
  } else if (name == "announcements") {
    text = "[" + repeated("\"data:;base64,;BASE64,\",{\"image_base64\":\"A\"},", bytes) + "1]";
  } else if (name == "protected_neighbours") {
    text = "[" +
           repeated(R"({"alg":"x","signature":"y","data":")" + make.base64(1000) + "\"},", bytes) +
           "1]";
  } else {
    throw std::invalid_argument("no corpus " + name);
  }
  return text;
}

void count_bytes(benchmark::State& state, const std::string& text) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(text.size()));
}

void copy(benchmark::State& state, const std::string& name) {
  const std::string& text = corpus(name);
  std::string to(text.size(), '\0');
  for (auto _ : state) {
    std::memcpy(to.data(), text.data(), text.size());
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, text);
}

void parse(benchmark::State& state, const std::string& name) {
  const std::string& text = corpus(name);
  const simdjson::padded_string padded(text);
  simdjson::dom::parser parser;
  for (auto _ : state) {
    if (parser.parse(padded).error() != simdjson::SUCCESS) state.SkipWithError("not JSON");
  }
  state.SetLabel(std::string(simdjson::get_active_implementation()->name()));
  count_bytes(state, text);
}

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
  count_bytes(state, text);
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
  count_bytes(state, text);
}

void add_all() {
  struct row {
    const char* name;
    bool changes;
  };
  constexpr row rows[] = {{"clean_job_6kB", false},
                          {"clean_dump_7MB", false},
                          {"images_1MB", true},
                          {"images_15MB", true},
                          {"json_in_json_11MB", true}};
  for (const auto& [name, changes] : rows) {
    const std::string text = name;
    const bool expect_change = changes;
    benchmark::RegisterBenchmark(("memcpy/" + text).c_str(),
                                 [text](benchmark::State& s) { copy(s, text); });
    benchmark::RegisterBenchmark(("simdjson_dom/" + text).c_str(),
                                 [text](benchmark::State& s) { parse(s, text); });
    benchmark::RegisterBenchmark(("sanitize_base64/" + text).c_str(),
                                 [text, expect_change](benchmark::State& s) {
                                   sanitize(s, text, 0, simd_target::best, expect_change);
                                 });
    if (expect_change) {
      benchmark::RegisterBenchmark(("sanitize_base64_store/" + text).c_str(),
                                   [text](benchmark::State& s) { sanitize_into_store(s, text); });
    }
    for (const simd_target target : {simd_target::avx3, simd_target::avx2, simd_target::sse4,
                                     simd_target::neon, simd_target::scalar}) {
      if (!parse_simd_target(to_string(target))) continue;
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
  add_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
