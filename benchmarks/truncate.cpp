// Truncating to 8,000 bytes against its peers, in one run: a copy, and the tree of simdjson, which
// the usual ways to shorten a document build first. See README.md beside this.
#include <benchmark/benchmark.h>

#include <cstring>
#include <iterator>
#include <map>
#include <string>

#include <simdjson.h>

#include <jobqueue/jobqueue.h>
#include <jobqueue/truncate.hpp>

#include "base64_corpora.hpp"
#include "corpora_main.hpp"
#include "support/simd_targets.hpp"
#include "text_peers.hpp"

namespace {

using namespace jobqueue;

constexpr std::size_t budget = 8000;
constexpr const char* rows[] = {"clean_job_60kB", "image_1MB", "images_15MB",  "clean_dump_7MB",
                                "map_15MB",       "text_15MB", "numbers_15MB", "json_in_json_11MB"};

// Those of the other benchmarks, and what tells truncating apart.
const std::string& corpus(const std::string& name, std::size_t bytes = 0) {
  static std::map<std::string, std::string> made;
  std::string& text = made[name + std::to_string(bytes)];
  if (!text.empty()) return text;
  benchmarks::maker make;
  if (name == "clean_job_60kB") {
    text = benchmarks::array_of(60000, make, 0, 0);
  } else if (name == "map_15MB") {
    text = "{";
    while (text.size() < 15000000) {
      text += (text.size() == 1 ? "\"" : ",\"") + make.uuid() + "\":" + make.job();
    }
    text += "}";
  } else if (name == "text_15MB") {
    text = R"({"id":")" + make.uuid() + R"(","log":")";
    while (text.size() < 15000000) text += make.words(1000);
    text += "\"}";
  } else if (name == "numbers_15MB") {
    text = "[0";
    while (text.size() < 15000000) text += "," + std::to_string(make.number(1000000));
    text += "]";
  } else if (name == "brackets") {
    text = benchmarks::repeated("[", bytes / 2) + benchmarks::repeated("]", bytes / 2);
  } else if (name == "empty_objects") {
    text = "[" + benchmarks::repeated("{},", bytes) + "1]";
  } else if (name == "zeros") {
    text = "[" + benchmarks::repeated("0,", bytes) + "1]";
  } else if (name == "nested_strings") {
    text = "[" + benchmarks::repeated(R"("[\"[\\\"[0]\\\"]\"]",)", bytes) + "1]";
  } else if (name == "escaped_brackets") {
    text = "[" + benchmarks::repeated(R"("\u005b\u005b0\u005d\u005d",)", bytes) + "1]";
  } else if (name == "backslashes") {
    text = "\"" + benchmarks::repeated("\\\\", bytes) + "\"";
  } else if (name == "spaces") {
    text = "[" + benchmarks::repeated("    1 \n,", bytes) + "1]";
  } else if (name == "no_json") {
    text = benchmarks::repeated("[", bytes);
  } else if (name == "many_blobs") {
    text = "[" + benchmarks::repeated("\"" + make.png(160) + "\",", bytes) + "1]";
  } else {
    return benchmarks::corpus(name, bytes);
  }
  return text;
}

// Why an output is wrong; empty if it is not.
std::string check(std::string_view out, bool is_json) {
  if (out.size() > budget) return "longer than the budget";
  simdjson::dom::parser parser;
  const bool parses = parser.allocate(budget, budget) == simdjson::SUCCESS &&
                      parser.parse(out.data(), out.size()).error() == simdjson::SUCCESS;
  return parses == is_json ? "" : "JSON or not has changed";
}

void truncate(benchmark::State& state, const std::string& text, simd_target target, bool is_json,
              bool report) {
  truncate_options options;
  options.max_bytes = budget;
  options.simd = target;
  options.report = report;
  const auto answer = truncate_payload(text, options);
  const std::string wrong = answer ? check(answer->view(text), is_json) : "refused";
  if (!wrong.empty()) return state.SkipWithError(wrong.c_str());
  for (auto _ : state) {
    auto again = truncate_payload(text, options);
    benchmark::DoNotOptimize(again);
  }
  state.counters["left"] = static_cast<double>(answer->view(text).size());
  benchmarks::count_bytes(state, text);
}

void add_all() {
  for (const char* const name : rows) {
    const std::string row = name;
    const auto add = [&](const std::string& kind, auto run) {
      std::string label = kind;
      label.append("/").append(row);
      benchmark::RegisterBenchmark(label.c_str(),
                                   [row, run](benchmark::State& s) { run(s, corpus(row)); });
    };
    add("memcpy", [](auto& s, const std::string& text) { benchmarks::copy(s, text); });
    add("simdjson_dom", [](auto& s, const std::string& text) { benchmarks::parse(s, text); });
    add("truncate_payload", [](auto& s, const std::string& text) {
      truncate(s, text, simd_target::best, true, false);
    });
    add("truncate_payload_report",
        [](auto& s, const std::string& text) { truncate(s, text, simd_target::best, true, true); });
    for (const simd_target target : test::simd_targets()) {
      add("truncate_payload_" + std::string(to_string(target)),
          [target](auto& s, const std::string& text) { truncate(s, text, target, true, false); });
    }
  }
  // Linear: the bytes per second of a row are those of the row above it, whose input is half.
  for (const char* const name :
       {"brackets", "empty_objects", "zeros", "nested_strings", "escaped_brackets", "backslashes",
        "spaces", "no_json", "many_blobs"}) {
    for (const std::size_t megabytes : {4U, 8U, 16U}) {
      const std::string row = name;
      benchmark::RegisterBenchmark(
          ("worst/" + row + "/" + std::to_string(megabytes) + "MB").c_str(),
          [row, megabytes](benchmark::State& s) {
            truncate(s, corpus(row, megabytes * 1000000), simd_target::best, row != "no_json",
                     false);
          })
          ->MinTime(0.2);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  return jobqueue::benchmarks::run_or_write(
      argc, argv, add_all, {std::begin(rows), std::end(rows)},
      [](const std::string& name) { return std::string_view(corpus(name)); });
}
