#include "service/forensics_routes.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include <jobqueue/attestation.hpp>
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

http_answer bad_parameter(std::string_view sentence) {
  return problem_answer(400, "INVALID_ARGUMENT", sentence);
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

// An answer that costs the more the larger the store is. It is given again for ten times as long as
// it took to make, so that pages which ask all the time are no load.
class kept_answer {
 public:
  // `what` is asked for: another one is made anew.
  http_answer get(std::uint64_t what, const std::function<http_answer()>& make) {
    const std::lock_guard lock(mutex_);
    const auto begun = std::chrono::steady_clock::now();
    if (what == what_ && begun < until_) return answer_;
    http_answer answer = make();
    if (answer.status != 200) return answer;
    const auto ended = std::chrono::steady_clock::now();
    what_ = what;
    until_ = ended + 10 * (ended - begun);
    answer_ = std::move(answer);
    return answer_;
  }

 private:
  std::mutex mutex_;
  std::uint64_t what_ = 0;
  std::chrono::steady_clock::time_point until_;
  http_answer answer_;
};

class forensics_api {
 public:
  forensics_api(job_store& store, const ruleset& rules, std::function<instant()> clock,
                std::function<void()> wake)
      : store_(&store),
        forensics_(store, rules),
        clock_(std::move(clock)),
        wake_(std::move(wake)) {}

  http_answer summary(const http_call&) {
    return summary_.get(0, [this] { return make_summary(); });
  }

  http_answer make_summary() {
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
    filter.job_status = call.parameter("status").value_or("");
    filter.job_type = call.parameter("type").value_or("");
    filter.id_prefix = call.parameter("q").value_or("");
    filter.without_payloads = true;
    const auto limit = call.number("limit", 50, 1000);
    if (!limit || *limit == 0) return bad_parameter("limit is from 1 to 1,000");
    filter.limit = *limit;
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

  http_answer worker_attestation(const http_call& call) {
    return latest_attestation(call, attestation_writer::worker);
  }

  http_answer api_attestation(const http_call& call) {
    return latest_attestation(call, attestation_writer::api);
  }

  http_answer failed_analysis(const http_call& call) {
    const auto most = call.number("limit", 1000, 10'000);
    if (!most || *most == 0) return bad_parameter("limit is from 1 to 10,000");
    return analysis_.get(*most, [&] {
      auto found = forensics_.failed_analysis(*most);
      return found ? answer_of(std::move(*found)) : problem_answer(found.problem());
    });
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
  http_answer latest_attestation(const http_call& call, attestation_writer writer) {
    auto found = forensics_.attestation_of(call.parts[0], writer);
    if (!found) return problem_answer(found.problem());
    return *found ? answer_of(std::move(**found)) : not_found();
  }

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
  kept_answer summary_;
  kept_answer analysis_;
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
          route("GET", "/api/jobs/failed-analysis", &forensics_api::failed_analysis),
          route("GET", "/api/jobs/{}/worker-attestation", &forensics_api::worker_attestation),
          route("GET", "/api/workflows/{}/api-attestation", &forensics_api::api_attestation),
          route("GET", "/api/workflows/{}/all-attestations", &forensics_api::attestations)};
}

}  // namespace jobqueue::detail
