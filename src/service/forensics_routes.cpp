#include "service/forensics_routes.hpp"

#include <charconv>
#include <memory>
#include <utility>

#include <jobqueue/service/forensics.hpp>
#include <jobqueue/store/webhook_store.hpp>

#include "core/json_text.hpp"
#include "store/job_dossier.hpp"

namespace jobqueue::detail {
namespace {

http_answer answer_of(std::string body) {
  http_answer answer;
  answer.body = std::move(body) + "\n";
  return answer;
}

http_answer not_found() { return problem_answer(404, "NOT_FOUND", "nothing is known of that id"); }

void append_cursor(std::string& json, const std::string& cursor) {
  json += R"(],"cursor":)";
  if (cursor.empty()) {
    json += "null";
  } else {
    append_json_string(json, cursor);
  }
  json += '}';
}

class forensics_api {
 public:
  forensics_api(job_store& store, const ruleset& rules, std::function<instant()> clock,
                std::function<void()> wake)
      : store_(&store),
        forensics_(store, rules),
        clock_(std::move(clock)),
        wake_(std::move(wake)) {}

  http_answer summary(const http_call&) {
    const auto counts = store_->count_categories();
    if (!counts) return problem_answer(counts.problem());
    const auto deliveries = webhook_store(*store_).count_deliveries();
    if (!deliveries) return problem_answer(deliveries.problem());
    std::string json = R"({"now":")" + format_instant(clock_()) + R"(","categories":[)";
    for (const category_count& one : *counts) {
      if (json.back() != '[') json += ',';
      json += R"({"status_category":)";
      append_text(json, one.status_category);
      json += R"(,"problem_type":)";
      append_text(json, one.problem_type);
      json += R"(,"jobs":)" + std::to_string(one.jobs) + '}';
    }
    json += R"(],"deliveries":{)";
    for (const auto& [state, count] : *deliveries) {
      if (json.back() != '{') json += ',';
      append_json_string(json, state);
      json += ':' + std::to_string(count);
    }
    return answer_of(json + "}}");
  }

  http_answer list(const http_call& call) {
    job_filter filter;
    const std::string category = call.parameter("category").value_or("");
    filter.undecided_only = category == "undecided";
    if (!filter.undecided_only) filter.status_category = category;
    filter.problem_type = call.parameter("problem").value_or("");
    filter.after = call.parameter("after").value_or("");
    filter.limit = 50;
    if (const auto limit = call.parameter("limit")) {
      const char* const end = limit->data() + limit->size();
      const auto [rest, failed] = std::from_chars(limit->data(), end, filter.limit);
      if (failed != std::errc() || rest != end || filter.limit > 1000) filter.limit = 0;
    }
    const auto jobs = store_->list_jobs(filter);
    if (!jobs) return problem_answer(jobs.problem());
    std::string json = R"({"jobs":[)";
    for (const std::string& one : jobs->jobs) {
      if (json.back() != '[') json += ',';
      json += one;
    }
    append_cursor(json, jobs->cursor);
    return answer_of(std::move(json));
  }

  http_answer of_job(const http_call& call) {
    auto found = forensics_.of_job(call.parts[0], clock_());
    if (!found) return problem_answer(found.problem());
    return *found ? answer_of(std::move(**found)) : not_found();
  }

  http_answer attestations(const http_call& call) {
    auto found = forensics_.attestations_of(call.parts[0]);
    if (!found) return problem_answer(found.problem());
    return answer_of(std::move(*found));
  }

  http_answer retry(const http_call& call) {
    std::int64_t attempt = 0;
    const auto outcome = request_retry(*store_, call.parts[0], clock_(), attempt);
    if (!outcome) return problem_answer(outcome.problem());
    if (*outcome == "not_found") return not_found();
    if (*outcome == "not_failed") {
      return problem_answer(409, "CONFLICT", "the job has not failed");
    }
    if (*outcome != "retried") {
      return problem_answer(409, "CONFLICT", "that retry is scheduled already");
    }
    wake_();
    return answer_of(R"({"success":true,"attempt":)" + std::to_string(attempt) + '}');
  }

 private:
  static void append_text(std::string& json, const std::string& text) {
    if (text.empty()) {
      json += "null";
    } else {
      append_json_string(json, text);
    }
  }

  job_store* store_;
  forensics forensics_;
  std::function<instant()> clock_;
  std::function<void()> wake_;
};

}  // namespace

std::vector<http_route> forensics_routes(job_store& store, const ruleset& rules,
                                         std::function<instant()> clock,
                                         std::function<void()> wake) {
  const auto api = std::make_shared<forensics_api>(store, rules, std::move(clock), std::move(wake));
  const auto route = [&](std::string_view method, std::string_view path, auto handler) {
    return http_route{method,
                      path,
                      route_access::token,
                      0,
                      false,
                      [api, handler](const http_call& call, const http_respond& respond) {
                        respond(((*api).*handler)(call));
                      }};
  };
  return {route("GET", "/api/summary", &forensics_api::summary),
          route("GET", "/api/jobs", &forensics_api::list),
          route("GET", "/api/jobs/{}/forensics", &forensics_api::of_job),
          route("POST", "/api/jobs/{}/retry", &forensics_api::retry),
          route("GET", "/api/workflows/{}/all-attestations", &forensics_api::attestations)};
}

}  // namespace jobqueue::detail
