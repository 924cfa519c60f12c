// Rule sets: what one verdict costs, of facts that are at hand and of records of JSON. See
// README.md beside this for what the numbers are and are not.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/jobqueue.h>
#include <jobqueue/rules.hpp>

#include "base64_corpora.hpp"

namespace {

using namespace jobqueue;

const instant now = parse_instant("2026-01-05T12:00:00Z").value();

constexpr std::string_view about =
    R"({"id":"6f0c","name":"render","job_type":"comfyui","priority":1,"progress":100,)"
    R"("created_at":"2026-01-05T10:00:00Z","started_at":"2026-01-05T10:00:09Z",)"
    R"("data":{"prompt":"a lake","steps":[{"nodeResponse":{"src":"u"}}]},)";
constexpr std::string_view output = R"("workflow_output":"https://cdn.example.com/p/x.png",)";

// Jobs of every kind that the standard set tells apart.
struct job {
  bool has_output;
  std::string_view rest;
};
constexpr job jobs[] = {
    {true, R"("status":"completed","completed_at":"2026-01-05T11:00:00Z",)"
           R"("notification":{"success":true}})"},
    {true, R"("status":"completed","completed_at":"2026-01-05T11:00:00Z"})"},
    {true, R"("status":"completed","completed_at":"2026-01-05T11:50:00Z"})"},
    {false, R"("status":"completed"})"},
    {false, R"("status":"failed","retry_count":1,"max_retries":3,"error_message":"boom"})"},
    {false, R"("status":"failed","retry_count":3,"max_retries":3,"error_message":"boom"})"},
    {false, R"("status":"canceled"})"},
    {false, R"("status":"processing","updated_at":"2026-01-05T11:58:00Z"})"}};

const std::vector<std::string>& records() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> made;
    for (const job& one : jobs) {
      std::string& record = made.emplace_back(about);
      if (one.has_output) record += output;
      record += one.rest;
    }
    return made;
  }();
  return all;
}

void count(benchmark::State& state) {
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * records().size()));
}

std::vector<std::vector<fact_value>> typed_records() {
  std::vector<std::vector<fact_value>> all;
  record_reader reader(ruleset::standard());
  for (const std::string& record : records()) {
    const auto facts = reader.read(record).value();
    all.emplace_back(facts.begin(), facts.end());
  }
  return all;
}

void decide(benchmark::State& state) {
  const ruleset& rules = ruleset::standard();
  const auto all = typed_records();
  for (auto _ : state) {
    for (const auto& facts : all) benchmark::DoNotOptimize(rules.decide(facts, now));
  }
  count(state);
}

void evaluate(benchmark::State& state) {
  const ruleset& rules = ruleset::standard();
  const auto all = typed_records();
  for (auto _ : state) {
    for (const auto& facts : all) benchmark::DoNotOptimize(rules.evaluate(facts, now));
  }
  count(state);
}

void evaluate_json(benchmark::State& state) {
  const ruleset& rules = ruleset::standard();
  record_reader reader(rules);
  for (auto _ : state) {
    for (const std::string& record : records()) {
      benchmark::DoNotOptimize(rules.evaluate(*reader.read(record), now));
    }
  }
  count(state);
}

// One call for all, verdicts as JSON, as the packages for other languages do it.
void evaluate_lines_c(benchmark::State& state) {
  std::string lines;
  for (const std::string& record : records()) lines.append(record).append(1, '\n');
  jobqueue_ruleset* rules = nullptr;
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_evaluate_options options = JOBQUEUE_EVALUATE_OPTIONS_INIT;
  options.now_micros = now.time_since_epoch().count();
  if (jobqueue_ruleset_parse(&rules, nullptr, 0, nullptr, nullptr) != JOBQUEUE_OK) {
    state.SkipWithError("no rules");
  }
  for (auto _ : state) {
    if (jobqueue_ruleset_evaluate_lines(&out, nullptr, rules, lines.data(), lines.size(), &options,
                                        nullptr) != JOBQUEUE_OK) {
      state.SkipWithError("no verdicts");
    }
  }
  jobqueue_buffer_dispose(&out);
  jobqueue_ruleset_free(rules);
  count(state);
}

BENCHMARK(decide);
BENCHMARK(evaluate);
BENCHMARK(evaluate_json);
BENCHMARK(evaluate_lines_c);

// The records for the benchmarks of the other languages: as many of each of these kinds, from a
// seed. None is undecided for want of a fact that another rule goes on without, because an engine
// whose conditions are true or false decides that otherwise by design.
enum class kind : std::uint8_t {
  complete,
  notification_failed,
  notification_overdue,
  notification_awaited,
  notification_empty,
  output_in_data,
  no_output,
  canceled,
  unworkable,
  timed_out,
  retries_left,
  retries_exhausted,
  stuck,
  in_progress
};
constexpr std::size_t kinds = 14;
constexpr std::size_t records_of_a_kind = 72;

using std::chrono::milliseconds;
constexpr milliseconds grace = std::chrono::minutes(30);
constexpr milliseconds patience = std::chrono::minutes(60);
constexpr milliseconds days = std::chrono::hours(72);

// Appends in steps, because the order in which the operands of + are made is that of the compiler.
class record_maker {
 public:
  std::string record(kind of_kind) {
    const milliseconds updated =
        of_kind == kind::in_progress ? age({}, patience) : age(patience + milliseconds(1), days);
    const milliseconds started = updated + milliseconds(make_.number(600000));
    out_ = R"({"id":")" + make_.uuid() + R"(","name":"render","job_type":"comfyui")";
    add_number("priority", 10);
    add_time("created_at", started);
    add_time("started_at", started);
    add_time("updated_at", updated);
    out_ += R"(,"data":{"prompt":")" + make_.words(8) + '"';
    add_number("seed", 1000000);
    if (of_kind == kind::output_in_data) {
      add_any({R"(,"outputs":[{"steps":[{"node":1},{"nodeResponse":{"src":"u"}}]}])",
               R"(,"steps":[{"node":1},{"nodeResponse":{"src":"u"}}])", R"(,"output":"u")",
               R"(,"output":{"src":"u"})", R"(,"result":"u")", R"(,"result":{"src":"u"})",
               R"(,"images":["t","u"])", R"(,"images":[{"src":"u"}])", R"(,"outputs":["u"])",
               R"(,"outputs":[{"node":1},{"src":"u"}])"});
    } else {
      out_ += R"(,"steps":[{"node":1}])";
    }
    out_ += '}';
    add_rest(of_kind);
    return out_ + '}';
  }

 private:
  void add_rest(kind of_kind) {
    switch (of_kind) {
      case kind::complete:
        add_completed(age(grace, days));
        out_ += R"(,"notification":{"success":true})";
        break;
      case kind::notification_failed:
        add_completed(age(grace, days));
        out_ += R"(,"notification":{"success":false,"error_message":"gone")";
        add_time("attested_at", age({}, grace));
        out_ += '}';
        break;
      case kind::notification_overdue:
        add_completed(age(grace + milliseconds(1), days));
        add_any({"", R"(,"notification":null)"});
        break;
      case kind::notification_awaited: add_completed(age({}, grace)); break;
      case kind::notification_empty:
        add_completed(age(grace, days));
        out_ += R"(,"notification":{})";
        break;
      case kind::output_in_data: add_status({"completed", "complete"}); break;
      case kind::no_output:
        add_status({"completed", "complete"});
        add_any({"", R"(,"workflow_output":null)", R"(,"workflow_output":"")"});
        break;
      case kind::canceled: add_status({"canceled", "cancelled"}); break;
      case kind::unworkable: add_status({"unworkable"}); break;
      case kind::timed_out: add_status({"timeout", "timed_out"}); break;
      case kind::retries_left:
        add_status({"failed"});
        add_number("retry_count", 3);
        out_ += R"(,"max_retries":3,"error_message":"no disk")";
        break;
      case kind::retries_exhausted:
        add_status({"failed"});
        add_any({R"(,"retry_count":3)", R"(,"retry_count":4)"});
        out_ += R"(,"max_retries":3,"error_message":"no disk")";
        break;
      case kind::stuck:
      case kind::in_progress:
        add_status({"processing", "queued", "in_progress", "on_hold"});
        add_number("progress", 100);
        break;
    }
  }

  void add_completed(milliseconds ago) {
    add_status({"completed", "complete"});
    out_ += R"(,"workflow_output":"https://cdn.example.com/p/)" + make_.hex(32) + R"(.png")";
    add_time("completed_at", ago);
  }

  void add_any(std::initializer_list<std::string_view> texts) {
    out_ += std::data(texts)[make_.number(texts.size())];
  }

  void add_status(std::initializer_list<std::string_view> words) {
    out_ += R"(,"status":")";
    add_any(words);
    out_ += '"';
  }

  void add_name(std::string_view column) { out_.append(",\"").append(column).append("\":"); }

  void add_number(std::string_view column, std::uint64_t below) {
    add_name(column);
    out_ += std::to_string(make_.number(below));
  }

  // As a database or Date prints it, and now and then as Date.now gives it.
  void add_time(std::string_view column, milliseconds ago) {
    const instant when = now - ago;
    add_name(column);
    if (make_.number(4) == 0) {
      out_ +=
          std::to_string(std::chrono::duration_cast<milliseconds>(when.time_since_epoch()).count());
    } else {
      out_.append(1, '"').append(format_instant(when)).append(1, '"');
    }
  }

  // Now and then the limits themselves, because that is where verdicts differ first.
  milliseconds age(milliseconds least, milliseconds most) {
    const std::uint64_t die = make_.number(16);
    if (die == 0) return least;
    if (die == 1) return most;
    return least + milliseconds(make_.number(static_cast<std::uint64_t>((most - least).count())));
  }

  benchmarks::maker make_;
  std::string out_;
};

int write_corpora(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::ofstream lines(folder / "rules.ndjson", std::ios::binary);
  record_maker make;
  for (std::size_t i = 0; i < kinds * records_of_a_kind; ++i) {
    lines << make.record(static_cast<kind>(i % kinds)) << '\n';
  }
  std::ofstream present(folder / "rules.now", std::ios::binary);
  present << format_instant(now) << '\n';
  if (lines.flush() && present.flush()) return 0;
  std::cerr << "cannot write to " << folder << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::string_view write_option = "--write_corpora=";
  if (argc == 2 && std::string_view(argv[1]).starts_with(write_option)) {
    return write_corpora(std::string_view(argv[1]).substr(write_option.size()));
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
