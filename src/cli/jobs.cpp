#include "cli/jobs.hpp"

#include <iostream>
#include <limits>
#include <memory>

#include <nlohmann/json.hpp>

#include "cli/evaluate.hpp"
#include "cli/store.hpp"

namespace jobqueue::cli {
namespace {

using nlohmann::ordered_json;

std::string print_json(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// The text of a member, or `otherwise`.
std::string text_of(const ordered_json& object, const char* name, const char* otherwise = "-") {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return otherwise;
  return found->is_string() ? found->get<std::string>() : print_json(*found);
}

// Control characters of what others wrote must not reach a terminal, nor those that turn the
// direction of a text: U+0080 to U+009F, U+202A to U+202E, U+2066 to U+2069.
std::string clean(std::string text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = [&](std::size_t ahead) {
      return at + ahead < text.size() ? static_cast<unsigned char>(text[at + ahead]) : 0U;
    };
    if (byte(0) < 0x20 || byte(0) == 0x7F) text[at] = ' ';
    if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) < 0xA0) text.replace(at, 2, " ");
    const bool turns =
        byte(0) == 0xE2 && ((byte(1) == 0x80 && byte(2) >= 0xAA && byte(2) <= 0xAE) ||
                            (byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9));
    if (turns) text.replace(at, 3, " ");
  }
  constexpr std::size_t most = 240;
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

std::string describe_condition(const ordered_json& condition) {
  std::string line = text_of(condition, "fact", "?") + ' ' + text_of(condition, "operator", "?");
  line += ' ';
  const auto value_fact = condition.find("value_fact");
  if (value_fact != condition.end() && value_fact->is_string()) {
    line += value_fact->get<std::string>() + " (" + print_json(condition["value"]) + ")";
  } else {
    line += print_json(condition["value"]);
  }
  line += ": it is " + print_json(condition["fact_value"]);
  return line + " -> " + text_of(condition, "result", "?");
}

std::string describe_change(const ordered_json& change) {
  std::string words = text_of(change, "fact", "?") + " from " + print_json(change["from"]) + " to ";
  const auto to = change.find("to");
  return words +
         (to != change.end() ? print_json(*to) : "any " + text_of(change, "to_any", "value"));
}

struct jobs_command {
  store_choice store;
  rules_choice rules;
  job_filter filter;
  std::uint64_t limit = 100;
  std::string now;
  bool json = false;
  bool explain = false;

  [[nodiscard]] int run() const {
    const auto chosen = load_rules(rules);
    if (!chosen) return report_problem(rules.file, chosen.problem());
    const auto when = read_now(now);
    if (!when) return report_problem("--now", when.problem());
    const auto opened = store.open();
    if (!opened) return report_problem({}, opened.problem());
    evaluator judge(**opened, *chosen);
    job_filter page = filter;
    if (filter.status_category == "undecided") {
      page.status_category.clear();
      page.undecided_only = true;
    }
    std::uint64_t left = limit == 0 ? std::numeric_limits<std::uint64_t>::max() : limit;
    while (left > 0) {
      page.limit = static_cast<std::size_t>(std::min<std::uint64_t>(left, 1000));
      const auto list = (*opened)->list_jobs(page);
      if (!list) return report_problem({}, list.problem());
      for (std::size_t i = 0; i < list->jobs.size(); ++i) {
        const status written = write_job(judge, list->ids[i], list->jobs[i], *when);
        if (!written) return report_problem({}, written.problem());
      }
      left -= list->jobs.size();
      page.after = list->cursor;
      if (page.after.empty() || !std::cout) break;
    }
    std::cout << std::flush;
    return exit_done;
  }

  [[nodiscard]] status write_job(evaluator& judge, const std::string& id, const std::string& job,
                                 instant when) const {
    std::optional<evaluation> verdict;
    if (explain) {
      auto explained = judge.explain(id, when);
      if (!explained) return explained.problem();
      verdict = std::move(*explained);
    }
    if (json) {
      std::cout << (verdict ? add_verdict(job, *verdict) : job) << '\n';
    } else {
      std::cout << describe_job(job) << '\n';
      if (verdict) std::cout << describe_verdict(*verdict);
    }
    return done;
  }
};

}  // namespace

std::string describe_job(const std::string& job) {
  const auto object = ordered_json::parse(job, nullptr, false);
  std::string line = text_of(object, "created_at", "(no time)");
  line += "  " + text_of(object, "id") + "  " + text_of(object, "status");
  const bool is_evaluated = text_of(object, "evaluated_at", "").size() > 1;
  line += "  " + text_of(object, "status_category", is_evaluated ? "undecided" : "not evaluated");
  const std::string problem = text_of(object, "problem_type", "");
  if (!problem.empty()) line += '/' + problem;
  const auto details = object.find("problem_details");
  if (details != object.end() && details->is_object()) {
    const std::string reason = text_of(*details, "reason", "");
    if (!reason.empty()) line += "  " + reason;
  }
  return clean(line);
}

std::string describe_verdict(const evaluation& verdict) {
  std::string text =
      "    " + (verdict.decided ? std::string(verdict.status_category) : "undecided");
  if (!verdict.problem_type.empty()) text.append("/").append(verdict.problem_type);
  text.append(" by rule ").append(verdict.rule) += '\n';
  for (const ordered_json& one : ordered_json::parse(verdict.decided_by, nullptr, false)) {
    text += "      " + clean(describe_condition(one)) + '\n';
  }
  for (const std::string& fact : verdict.missing_facts)
    text += "      missing: " + clean(fact) + '\n';
  if (verdict.look_again_at) {
    text += "      look again at " + format_instant(*verdict.look_again_at) + '\n';
  }
  const auto changes = ordered_json::parse(verdict.would_complete, nullptr, false);
  if (changes.is_array() && !changes.empty()) {
    text += "      would be complete with";
    for (std::size_t i = 0; i < changes.size(); ++i) {
      text += (i == 0 ? " " : ", ") + clean(describe_change(changes[i]));
    }
    text += '\n';
  }
  return text;
}

std::string add_verdict(const std::string& job, const evaluation& verdict) {
  std::string text = job.substr(0, job.size() - 1);
  if (text.size() > 1) text += ',';
  return text + R"("evaluation":)" + to_json(verdict) + '}';
}

void add_jobs(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<jobs_command>();
  CLI::App* app = program.add_subcommand("jobs", "List jobs of a store and their verdicts");
  command->store.add_db_to(*app);
  app->add_option("--category", command->filter.status_category,
                  "Only this category: complete, filed, incomplete, or undecided");
  app->add_option("--problem", command->filter.problem_type,
                  "Only this problem: job_failed, missing_output, ...");
  app->add_option("--status", command->filter.job_status, "Only jobs of this status, in any case");
  app->add_option("--type", command->filter.job_type, "Only jobs of this job_type");
  app->add_option("--id-prefix", command->filter.id_prefix,
                  "Only jobs whose id begins so, in the order of their ids");
  app->add_flag("--problems", command->filter.problems_only, "Only jobs that have a problem");
  app->add_option("--limit", command->limit, "Jobs at most (default 100); 0 for all");
  app->add_flag("--json", command->json, "Write JSON, one object a line: the columns but data");
  app->add_flag("--explain", command->explain,
                "Evaluate each as it is now, and say which conditions decide; writes nothing");
  command->rules.add_to(*app);
  app->add_option("--now", command->now,
                  "The present for --explain, as 2026-01-05T12:00:00Z; the clock's if not given");
  app->footer("The latest created come first.");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
