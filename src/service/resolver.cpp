#include <jobqueue/service/resolver.hpp>

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "core/json_text.hpp"

namespace jobqueue {
inline namespace v1 {
namespace {

constexpr std::string_view extraction = "workflow_output_extraction";
constexpr std::string_view retry = "job_retry";
constexpr std::string_view details_column = "problem_details";

// The details of a verdict with a word about why it could not be resolved.
std::string add_failure(const fact_value& details, std::string_view why) {
  std::string text = "{";
  if (details.of == fact_value::kind::json || details.of == fact_value::kind::text) {
    for (const detail::json_member& member : detail::read_json_members(details.text)) {
      if (member.name == "resolution_failed") continue;
      detail::append_json_string(text, member.name);
      text.append(":").append(member.value) += ',';
    }
  }
  text += R"("resolution_failed":)";
  detail::append_json_string(text, why);
  text += '}';
  return text;
}

}  // namespace

resolver::resolver(job_store& store, const ruleset& rules, const resolver_options& options)
    : store_(&store), rules_(&rules), options_(options), reader_(rules) {}

result<resolver_report> resolver::run(instant now) {
  report_ = {};
  if (const status extracted = extract_outputs(now); !extracted) return extracted.problem();
  if (const status scheduled = schedule_retries(now); !scheduled) return scheduled.problem();
  return report_;
}

claim_request resolver::request_of(std::string_view what, instant now,
                                   std::span<const std::string> facts) const {
  claim_request request;
  request.why = due::resolvable;
  request.now = now;
  request.limit = options_.batch;
  request.facts = facts;
  request.resolution = what;
  return request;
}

status resolver::extract_outputs(instant now) {
  const auto columns = rules_->columns();
  std::vector<std::string> wanted(columns.begin(), columns.end());
  wanted.emplace_back(details_column);
  claim_request request = request_of(extraction, now, wanted);
  do {
    auto page = store_->claim(request);
    if (!page) return page.problem();
    request.after = page->cursor();
    std::vector<resolution> resolutions(page->size());
    std::vector<std::size_t> all(page->size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    status read = page->read_whole(all, [&](std::size_t job, std::span<const fact_value> row) {
      const auto facts = reader_.read(row.first(columns.size()));
      if (rules_->evaluate(facts, now).resolution_needed != extraction) return;
      const fact_value found = rules_->definition("extractable_output", facts);
      resolution& what = resolutions[job];
      if (found.of != fact_value::kind::text || found.text.empty()) {
        what.problem_details = add_failure(row.back(), "data holds no output");
      } else if (found.text.size() > resolver_options::max_output_bytes) {
        what.problem_details = add_failure(row.back(), "the output is larger than 64 KiB");
      } else {
        what.workflow_output = found.text;
      }
    });
    if (!read) return read;
    const auto written = page->resolve(resolutions);
    if (!written) return written.problem();
    for (std::size_t job = 0; job < resolutions.size(); ++job) {
      if (!(*written)[job]) continue;
      ++(resolutions[job].workflow_output.empty() ? report_.unresolvable : report_.extracted);
    }
  } while (!request.after.empty());
  return done;
}

status resolver::schedule_retries(instant now) {
  const auto columns = rules_->columns();
  std::vector<std::string> wanted(columns.begin(), columns.end());
  wanted.emplace_back("retry_count");
  claim_request request = request_of(retry, now, wanted);
  while (report_.scheduled < options_.max_retries) {
    request.limit = std::min<std::size_t>(options_.batch, options_.max_retries - report_.scheduled);
    auto page = store_->claim(request);
    if (!page) return page.problem();
    request.after = page->cursor();
    std::vector<resolution> resolutions(page->size());
    for (std::size_t job = 0; job < page->size(); ++job) {
      const auto row = page->facts(job);
      if (page->problem(job) != nullptr) continue;
      const auto facts = reader_.read(row.first(columns.size()));
      if (rules_->evaluate(facts, now).resolution_needed != retry) continue;
      const fact_value& count = row.back();
      std::int64_t attempt = 1;
      if (count.of == fact_value::kind::integer &&
          count.integer < std::numeric_limits<std::int64_t>::max()) {
        attempt = count.integer + 1;
      }
      std::string& payload = resolutions[job].retry_payload;
      payload = R"({"job_id":)";
      detail::append_json_string(payload, page->id(job));
      payload.append(R"(,"retry_attempt":)").append(std::to_string(attempt)) += '}';
    }
    const auto written = page->resolve(resolutions);
    if (!written) return written.problem();
    report_.scheduled +=
        static_cast<std::uint64_t>(std::count(written->begin(), written->end(), true));
    if (request.after.empty()) return done;
  }
  return done;
}

}  // namespace v1
}  // namespace jobqueue
