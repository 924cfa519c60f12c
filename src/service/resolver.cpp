#include <jobqueue/service/resolver.hpp>

#include <algorithm>
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
    : store_(&store), rules_(&rules), options_(options) {}

result<resolver_report> resolver::run(instant now) {
  report_ = {};
  if (const status extracted = extract_outputs(now); !extracted) return extracted.problem();
  if (const status scheduled = schedule_retries(now); !scheduled) return scheduled.problem();
  return report_;
}

status resolver::extract_outputs(instant now) {
  record_reader reader(*rules_);
  const auto columns = rules_->columns();
  std::vector<std::string> wanted(columns.begin(), columns.end());
  wanted.emplace_back(details_column);
  claim_request request;
  request.why = due::resolvable;
  request.now = now;
  request.limit = options_.batch;
  request.facts = wanted;
  request.resolution = extraction;
  do {
    auto page = store_->claim(request);
    if (!page) return page.problem();
    request.after = page->cursor();
    if (page->size() == 0) continue;
    std::vector<resolution> resolutions(page->size());
    std::vector<std::size_t> all(page->size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    const status read =
        page->read_whole(all, [&](std::size_t job, std::span<const fact_value> row) {
          const auto facts = reader.read(row.first(columns.size()));
          const fact_value found = rules_->definition("extractable_output", facts);
          const bool is_output = found.of == fact_value::kind::text && !found.text.empty();
          if (is_output) {
            resolutions[job].workflow_output = found.text;
          } else {
            resolutions[job].problem_details = add_failure(row.back(), "data holds no output");
          }
        });
    if (!read) return read;
    if (const status resolved = page->resolve(resolutions); !resolved) return resolved;
    for (const resolution& one : resolutions) {
      if (!one.workflow_output.empty()) ++report_.extracted;
      if (!one.problem_details.empty()) ++report_.unresolvable;
    }
  } while (!request.after.empty());
  return done;
}

status resolver::schedule_retries(instant now) {
  const std::vector<std::string> wanted{"retry_count"};
  claim_request request;
  request.why = due::resolvable;
  request.now = now;
  request.facts = wanted;
  request.resolution = retry;
  while (report_.scheduled < options_.max_retries) {
    request.limit = std::min<std::size_t>(options_.batch, options_.max_retries - report_.scheduled);
    auto page = store_->claim(request);
    if (!page) return page.problem();
    if (page->size() == 0) return done;
    std::vector<resolution> resolutions(page->size());
    for (std::size_t job = 0; job < page->size(); ++job) {
      std::string& payload = resolutions[job].retry_payload;
      payload = R"({"job_id":)";
      detail::append_json_string(payload, page->id(job));
      const fact_value& count = page->facts(job)[0];
      const std::int64_t attempt = count.of == fact_value::kind::integer ? count.integer : 0;
      payload.append(R"(,"retry_attempt":)").append(std::to_string(attempt + 1)) += '}';
    }
    if (const status resolved = page->resolve(resolutions); !resolved) return resolved;
    report_.scheduled += resolutions.size();
    request.after = page->cursor();
    if (request.after.empty()) return done;
  }
  return done;
}

}  // namespace v1
}  // namespace jobqueue
