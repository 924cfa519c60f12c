// Rule sets: what one verdict costs, of facts that are at hand and of records of JSON. See
// README.md beside this for what the numbers are and are not.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/jobqueue.h>
#include <jobqueue/rules.hpp>

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

}  // namespace
