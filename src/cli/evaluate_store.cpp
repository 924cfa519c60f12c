#include "cli/evaluate_store.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <jobqueue/service/evidence_collector.hpp>

#include "cli/jobs.hpp"
#include "core/json_text.hpp"

namespace jobqueue::cli {
namespace {

constexpr std::size_t newest_problems = 10;

using category = std::pair<std::string, std::string>;

struct run_report {
  evaluator_report evaluated;
  std::optional<collector_report> collected;
  std::map<category, std::uint64_t> in_all;
  job_list problems;
  std::vector<std::optional<evaluation>> explained;  // of the problems, if that is wanted
  std::chrono::duration<double> took{};
};

class runner {
 public:
  runner(job_store& store, const ruleset& rules, const evaluate_store_options& options)
      : store_(&store), options_(&options), evaluator_(store, rules, options.evaluator) {
    const auto columns = rules.columns();
    needs_attestations_ =
        std::find(columns.begin(), columns.end(), "attestations") != columns.end();
  }

  result<run_report> run(instant now) {
    run_report report;
    const auto begun = std::chrono::steady_clock::now();
    if (options_->store.has_redis()) {
      const auto source = options_->store.open_redis();
      if (!source) return source.problem();
      collector_options wanted;
      wanted.attestations = needs_attestations_;
      auto collected = collect_evidence(**source, *store_, wanted);
      if (!collected) return collected.problem();
      report.collected = *collected;
    }
    {
      progress shown("evaluating");
      auto evaluated = evaluator_.run(now, [&](const evaluator_progress& at) {
        shown.show(
            bar_words(at.evaluated, at.due, "jobs", std::chrono::steady_clock::now() - begun));
        return !is_stop_wanted();
      });
      if (!evaluated) return evaluated.problem();
      report.evaluated = std::move(*evaluated);
    }
    report.took = std::chrono::steady_clock::now() - begun;
    if (const status completed = complete(report, now); !completed) return completed.problem();
    return report;
  }

 private:
  // What is said besides what was done.
  status complete(run_report& report, instant now) {
    const auto counts = store_->count_categories();
    if (!counts) return counts.problem();
    for (const category_count& one : *counts) {
      report.in_all[{one.status_category, one.problem_type}] += one.jobs;
    }
    job_filter filter;
    filter.by_evaluation = true;
    filter.limit = newest_problems;
    auto problems = store_->list_jobs(filter);
    if (!problems) return problems.problem();
    report.problems = std::move(*problems);
    if (!options_->explain) return done;
    for (const std::string& id : report.problems.ids) {
      auto explained = evaluator_.explain(id, now);
      if (!explained) return explained.problem();
      report.explained.push_back(std::move(*explained));
    }
    return done;
  }

  job_store* store_;
  const evaluate_store_options* options_;
  evaluator evaluator_;
  bool needs_attestations_ = false;
};

void append_text(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += "null";
  } else {
    detail::append_json_string(out, text);
  }
}

void append_counts(std::string& out, const std::map<category, std::uint64_t>& counts) {
  out += '[';
  for (const auto& [what, jobs] : counts) {
    if (out.back() != '[') out += ',';
    out += R"({"status_category":)";
    append_text(out, what.first);
    out += R"(,"problem_type":)";
    append_text(out, what.second);
    out.append(R"(,"jobs":)").append(std::to_string(jobs)) += '}';
  }
  out += ']';
}

std::string report_to_json(const run_report& report, instant now) {
  const evaluator_report& evaluated = report.evaluated;
  std::string text = R"({"now":")" + format_instant(now) + R"(","evaluated":)";
  text += std::to_string(evaluated.evaluated) + R"(,"undecided":)";
  text += std::to_string(evaluated.undecided) + R"(,"failed":)";
  text += std::to_string(evaluated.failed) + R"(,"stopped":)";
  text.append(evaluated.stopped ? "true" : "false").append(R"(,"verdicts":)");
  append_counts(text, evaluated.verdicts);
  text += R"(,"in_all":)";
  append_counts(text, report.in_all);
  if (report.collected) {
    text += R"(,"collected":{"notifications":)" + std::to_string(report.collected->notifications);
    text += R"(,"attestations":)" + std::to_string(report.collected->attestations);
    text += R"(,"skipped":)" + std::to_string(report.collected->skipped) + '}';
  }
  text += R"(,"newest_problems":[)";
  for (std::size_t i = 0; i < report.problems.jobs.size(); ++i) {
    if (i != 0) text += ',';
    const bool is_explained = i < report.explained.size() && report.explained[i];
    text += is_explained ? add_verdict(report.problems.jobs[i], *report.explained[i])
                         : report.problems.jobs[i];
  }
  return text + "]}\n";
}

void print_row(std::string_view a, std::string_view b, std::string_view c, std::string_view d) {
  std::printf("%-14.*s %-28.*s %12.*s %12.*s\n", static_cast<int>(a.size()), a.data(),
              static_cast<int>(b.size()), b.data(), static_cast<int>(c.size()), c.data(),
              static_cast<int>(d.size()), d.data());
}

void print_report(const run_report& report) {
  const evaluator_report& evaluated = report.evaluated;
  std::printf("%s jobs evaluated in %.1f s", human_count(evaluated.evaluated).c_str(),
              report.took.count());
  if (evaluated.failed != 0) {
    std::printf(", %s of them could not be", human_count(evaluated.failed).c_str());
  }
  if (report.collected) {
    std::printf("; from Redis %s notifications, %s attestations",
                human_count(report.collected->notifications).c_str(),
                human_count(report.collected->attestations).c_str());
  }
  std::printf("%s\n\n", evaluated.stopped ? "; stopped, the rest is still due" : "");
  print_row("category", "problem", "this run", "in all");
  std::map<category, std::uint64_t> all = report.in_all;
  for (const auto& one : evaluated.verdicts) all.try_emplace(one.first, 0);
  for (const auto& [what, jobs] : all) {
    const auto now = evaluated.verdicts.find(what);
    const std::uint64_t count = now == evaluated.verdicts.end() ? 0 : now->second;
    print_row(what.first.empty() ? "undecided" : what.first,
              what.second.empty() ? "-" : what.second, human_count(count), human_count(jobs));
  }
  if (!report.problems.jobs.empty()) std::printf("\nnewest problems\n");
  for (std::size_t i = 0; i < report.problems.jobs.size(); ++i) {
    std::printf("  %s\n", describe_job(report.problems.jobs[i]).c_str());
    if (i < report.explained.size() && report.explained[i]) {
      std::printf("%s", describe_verdict(*report.explained[i]).c_str());
    }
  }
  std::fflush(stdout);
}

// Programs that were started together do not stay so: the time between two runs varies by a tenth.
std::chrono::milliseconds vary(std::chrono::milliseconds period, std::minstd_rand& noise) {
  std::uniform_real_distribution<double> part(0.9, 1.1);
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(static_cast<double>(period.count()) * part(noise)));
}

}  // namespace

int evaluate_store(const ruleset& rules, const evaluate_store_options& options) {
  std::optional<std::chrono::seconds> period;
  if (!options.every.empty()) {
    const auto every = parse_duration(options.every);
    if (!every) return report_problem("--every", every.problem());
    if (every->count() < 1) {
      return report_problem("--every", {errc::invalid_argument, no_offset, "at least 1s"});
    }
    period = *every;
  }
  if (period && (options.once || !options.now.empty())) {
    return report_problem(
        "--every", {errc::invalid_argument, no_offset, "goes neither with --once nor with --now"});
  }
  const auto given = read_now(options.now);
  if (!given) return report_problem("--now", given.problem());
  const auto opened = options.store.open();
  if (!opened) return report_problem({}, opened.problem());
  runner worker(**opened, rules, options);
  catch_stop_signals();
  std::minstd_rand noise(std::random_device{}());
  for (;;) {
    const instant now = period ? present() : *given;
    const auto report = worker.run(now);
    if (!report) {
      const int code = report_problem({}, report.problem());
      if (!period) return code;
    } else if (options.json) {
      std::cout << report_to_json(*report, now) << std::flush;
    } else {
      print_report(*report);
    }
    if (!period) {
      if (!report || report->evaluated.stopped) return exit_no;
      return report->evaluated.failed == 0 ? exit_done : exit_bad_input;
    }
    if (is_stop_wanted()) return exit_done;
    sleep_unless_stopped(vary(*period, noise));
    if (is_stop_wanted()) return exit_done;
  }
}

}  // namespace jobqueue::cli
