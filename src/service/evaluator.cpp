#include <jobqueue/service/evaluator.hpp>

#include <algorithm>
#include <array>
#include <vector>

#include "core/json_check.hpp"

namespace jobqueue {
inline namespace v1 {
namespace {

constexpr std::array all_reasons{due::fresh, due::scheduled, due::changed, due::outdated};

bool is_json_container(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

// A column that is meant as JSON and is none, such that its facts are missing.
const std::string* find_malformed(const ruleset& rules, std::span<const fact_value> columns) {
  for (const ruleset::fact& fact : rules.facts()) {
    if (fact.is_whole) continue;
    const fact_value& value = columns[fact.column];
    const bool is_meant = value.of == fact_value::kind::json ||
                          (value.of == fact_value::kind::text && is_json_container(value.text));
    if (is_meant && !detail::check_json(value.text)) return &rules.columns()[fact.column];
  }
  return nullptr;
}

}  // namespace

evaluator::evaluator(job_store& store, const ruleset& rules, const evaluator_options& options)
    : store_(&store), rules_(&rules), options_(options), reader_(rules) {}

claim_request evaluator::request_of(due why, instant now) const {
  claim_request request;
  request.why = why;
  request.now = now;
  request.limit = options_.batch;
  request.facts = rules_->columns();
  request.ruleset_digest = rules_->digest();
  return request;
}

result<evaluator_report> evaluator::run(instant now, const observer& observe) {
  report_ = {};
  progress_ = {};
  if (const auto reopened = store_->reopen_for_late_evidence(now); !reopened) {
    return reopened.problem();
  }
  const auto is_wanted = [&](due why) { return why != due::outdated || options_.re_evaluate; };
  for (const due why : all_reasons) {
    if (!is_wanted(why)) continue;
    const auto count = store_->count_due(request_of(why, now));
    if (!count) return count.problem();
    // A job may be due for several reasons; those of the last have others more often than not.
    progress_.due = why == due::outdated ? std::max(progress_.due, *count) : progress_.due + *count;
  }
  for (const due why : all_reasons) {
    if (!is_wanted(why) || report_.stopped) continue;
    if (const status ran = run_due(why, now, observe); !ran) return ran.problem();
  }
  return report_;
}

// The verdict by the rules, or that a column which they need is malformed.
evaluation evaluator::judge(std::span<const fact_value> columns, instant now,
                            const evaluate_options& options) {
  evaluation verdict = rules_->evaluate(reader_.read(columns), now, options);
  if (verdict.missing_facts.empty()) return verdict;
  const std::string* malformed = find_malformed(*rules_, columns);
  if (malformed == nullptr) return verdict;
  return evaluation_error(
      {errc::invalid_json, no_offset, "the column " + *malformed + " is no valid JSON"});
}

result<std::optional<evaluation>> evaluator::explain(std::string_view id, instant now) {
  std::optional<evaluation> verdict;
  evaluate_options options;
  options.explain = true;
  const auto found = store_->read_job(
      id, rules_->columns(),
      [&](std::span<const fact_value> columns) { verdict = judge(columns, now, options); });
  if (!found) return found.problem();
  return verdict;
}

status evaluator::run_due(due why, instant now, const observer& observe) {
  // A page that failed is tried again once the store answers. Twice in a row for no progress is the
  // end of that.
  constexpr int most_failures = 3;
  claim_request request = request_of(why, now);
  int failures = 0;
  while (!report_.stopped) {
    std::string next;
    status worked = [&]() -> status {
      auto page = store_->claim(request);
      if (!page) return page.problem();
      next = page->cursor();
      if (page->size() == 0) return done;
      return evaluate_page(*page, now, observe);
    }();
    if (!worked) {
      if (++failures == most_failures) return worked;
      if (const status back = store_->wait_until_reachable(); !back) return worked;
      continue;
    }
    failures = 0;
    if (next.empty()) return done;
    request.after = std::move(next);
  }
  return done;
}

status evaluator::evaluate_page(job_page& page, instant now, const observer& observe) {
  std::vector<evaluation> verdicts(page.size());
  const auto evaluate = [&](std::size_t job, std::span<const fact_value> columns) {
    verdicts[job] = judge(columns, now, {});
  };
  std::vector<std::size_t> lacking;
  for (std::size_t job = 0; job < page.size(); ++job) {
    if (const error* problem = page.problem(job)) {
      verdicts[job] = evaluation_error(*problem);
      continue;
    }
    const auto columns = page.facts(job);
    evaluate(job, columns);
    // A text that is withheld is long, which is rare; the details of the verdict may want it.
    bool is_json_withheld = false;
    bool is_text_withheld = false;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].of != fact_value::kind::withheld) continue;
      (page.is_json(i) ? is_json_withheld : is_text_withheld) = true;
    }
    const bool is_lacking = !verdicts[job].missing_facts.empty() && is_json_withheld;
    if (is_lacking || is_text_withheld) lacking.push_back(job);
  }
  // What was withheld is read only for those whose verdict needs it.
  status read = page.read_whole(lacking, evaluate);
  if (!read) return read;
  for (const std::size_t job : lacking) {
    if (const error* problem = page.problem(job)) verdicts[job] = evaluation_error(*problem);
  }
  for (evaluation& verdict : verdicts) {
    if (!verdict.decided && !verdict.look_again_at) {
      verdict.look_again_at = now + options_.look_again_after;
    }
  }

  const auto committed = page.commit(verdicts, rules_->digest());
  if (!committed) return committed.problem();
  report_.evaluated += verdicts.size() - committed->failed.size();
  report_.failed += committed->failed.size();
  for (const std::size_t job : committed->refused) verdicts[job] = evaluation_error({});
  for (std::size_t job = 0; job < verdicts.size(); ++job) {
    const evaluation& verdict = verdicts[job];
    const auto& failed = committed->failed;
    if (std::find(failed.begin(), failed.end(), job) != failed.end()) continue;
    if (!verdict.decided) ++report_.undecided;
    if (verdict.problem_type == "evaluation_error") ++report_.failed;
    ++report_.verdicts[{std::string(verdict.status_category), std::string(verdict.problem_type)}];
  }
  progress_.evaluated = report_.evaluated;
  progress_.due = std::max(progress_.due, progress_.evaluated);
  if (observe && !observe(progress_)) report_.stopped = true;
  return done;
}

}  // namespace v1
}  // namespace jobqueue
