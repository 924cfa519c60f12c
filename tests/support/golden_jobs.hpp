// What the standard set says of every kind of job, at its limits, too. By the rules alone and by an
// evaluator over a store it must be the same.
#pragma once

#include <string>
#include <string_view>

#include <jobqueue/rules.hpp>

namespace jobqueue::test {

inline const instant golden_now = parse_instant("2026-01-05T12:00:00Z").value();

struct golden_job {
  std::string_view record;
  std::string_view words;
  bool is_storable = true;  // false: no store takes it
};

// "incomplete job_failed -> job_retry", "undecided status until 2026-01-05T12:00:00Z".
inline std::string words(const evaluation& verdict) {
  if (!verdict.decided) {
    std::string out = "undecided";
    for (const std::string& fact : verdict.missing_facts) out += ' ' + fact;
    if (verdict.look_again_at) out += " until " + format_instant(*verdict.look_again_at);
    return out;
  }
  std::string out(verdict.status_category);
  if (!verdict.problem_type.empty()) out += " " + std::string(verdict.problem_type);
  if (!verdict.resolution_needed.empty()) out += " -> " + std::string(verdict.resolution_needed);
  return out;
}

inline constexpr golden_job golden_jobs[] = {
    // complete
    {R"({"status":"completed","workflow_output":"u","notification":{"success":true}})", "complete"},
    {R"({"status":"complete","workflow_output":"u","notification":{"success":true}})", "complete"},
    // A problem of an earlier verdict says nothing.
    {R"({"status":"completed","workflow_output":"u","notification":{"success":true},
         "problem_type":"missing_output","status_category":"incomplete"})",
     "complete"},
    // filed
    {R"({"status":"completed","workflow_output":"u",
         "notification":{"success":false,"error_message":"gone"}})",
     "filed notification_failed"},
    {R"({"status":"completed","workflow_output":"u","completed_at":"2026-01-05T11:29:59Z"})",
     "filed notification_missing"},
    {R"({"status":"completed","workflow_output":"u","completed_at":"2026-01-05T11:29:59.999999Z"})",
     "filed notification_missing"},
    // At the limit itself the grace period is not over.
    {R"({"status":"completed","workflow_output":"u","completed_at":"2026-01-05T11:30:00Z"})",
     "undecided until 2026-01-05T12:00:00.000001Z"},
    {R"({"status":"completed","workflow_output":"u","completed_at":"2026-01-05T11:59:00Z"})",
     "undecided until 2026-01-05T12:29:00.000001Z"},
    {R"({"status":"completed","workflow_output":"u","completed_at":null,
         "updated_at":"2026-01-05 11:00:00"})",
     "filed notification_missing"},
    {R"({"status":"completed","workflow_output":"u"})", "undecided finished_at"},
    {R"({"status":"completed","workflow_output":"u","notification":{}})",
     "undecided notification.success"},
    {R"({"status":"completed","workflow_output":"u","notification":null,
         "completed_at":"2026-01-05T11:00:00Z"})",
     "filed notification_missing"},
    // incomplete: no output
    {R"({"status":"completed"})", "incomplete missing_output"},
    {R"({"status":"completed","workflow_output":"","data":null})", "incomplete missing_output"},
    {R"({"status":"completed","data":{"images":[null]}})", "incomplete missing_output"},
    {R"({"status":"completed","data":{"outputs":[{"x":1}],"output":"u"}})",
     "incomplete workflow_output_missing -> workflow_output_extraction"},
    {R"({"status":"completed","data":{"outputs":[{"steps":[{"nodeResponse":{"src":"a"}},
         {"nodeResponse":{"src":"b"}}]}]}})",
     "incomplete workflow_output_missing -> workflow_output_extraction"},
    // Only the last step counts.
    {R"({"status":"completed","data":{"steps":[{"nodeResponse":{"src":"a"}},{}]}})",
     "incomplete missing_output"},
    {R"({"status":"completed","data":{"result":{"src":"u"}}})",
     "incomplete workflow_output_missing -> workflow_output_extraction"},
    {R"({"status":"completed","data":{"images":["a",{"src":"b"}]}})",
     "incomplete workflow_output_missing -> workflow_output_extraction"},
    {R"({"status":"completed","data":{"outputs":["u"]}})",
     "incomplete workflow_output_missing -> workflow_output_extraction"},
    {R"({"status":"completed","data":{"output":""}})", "incomplete missing_output"},
    {R"({"status":"completed","data":"{\"output\":\"u\"}"})",
     "incomplete workflow_output_missing -> workflow_output_extraction"},
    // What is no JSON may hold anything.
    {R"({"status":"completed","data":"{\"output\":"})", "undecided extractable_output"},
    // incomplete: failed, canceled and the rest
    {R"({"status":"failed","retry_count":2,"max_retries":3})",
     "incomplete job_failed -> job_retry"},
    {R"({"status":"failed","retry_count":"2","max_retries":"3"})",
     "incomplete job_failed -> job_retry"},
    {R"({"status":"failed","retry_count":3,"max_retries":3})", "incomplete retries_exhausted"},
    {R"({"status":"failed","retry_count":4,"max_retries":3})", "incomplete retries_exhausted"},
    {R"({"status":"failed","retry_count":1})", "undecided max_retries"},
    {R"({"status":"failed"})", "undecided retry_count max_retries"},
    {R"({"status":"failed","retry_count":"many","max_retries":3})",
     "undecided retry_count max_retries", false},
    {R"({"status":"canceled"})", "incomplete job_canceled"},
    {R"({"status":"cancelled"})", "incomplete job_canceled"},
    {R"({"status":"unworkable"})", "incomplete job_unworkable"},
    {R"({"status":"timeout"})", "incomplete job_timed_out"},
    // not final
    {R"({"status":"processing","updated_at":"2026-01-05T10:59:59Z"})",
     "incomplete stuck_processing"},
    {R"({"status":"processing","updated_at":"2026-01-05T11:00:00Z"})",
     "undecided until 2026-01-05T12:00:00.000001Z"},
    {R"({"status":"pending","created_at":"2026-01-05T11:59:30Z"})",
     "undecided until 2026-01-05T12:59:30.000001Z"},
    // Progress is the latest of three.
    {R"({"status":"in_progress","created_at":"2026-01-01T00:00:00Z",
         "started_at":"2026-01-05T11:50:00Z","updated_at":"2026-01-05T09:00:00Z"})",
     "undecided until 2026-01-05T12:50:00.000001Z"},
    {R"({"status":"queued","created_at":1767609000000})", "incomplete stuck_processing"},
    {R"({"status":"assigned"})", "undecided progress_at"},
    {R"({"status":"no such status","created_at":"2026-01-05T09:00:00Z"})",
     "incomplete stuck_processing"},
    {R"({"status":"processing","created_at":"2030-01-01T00:00:00Z"})",
     "undecided until 2030-01-01T01:00:00.000001Z"},
    // Nothing to go by.
    {R"({})", "undecided status", false},
    {R"({"status":null})", "undecided status", false},
    {R"({"status":7,"created_at":"2026-01-05T09:00:00Z"})", "incomplete stuck_processing"},
    {R"({"status":"processing","created_at":"yesterday"})", "undecided progress_at", false},
    // Of equal keys the last counts.
    {R"({"status":"failed","status":"canceled"})", "incomplete job_canceled"},
    {R"({"status":"completed","data":{"output":"u"},"data":{"output":7}})",
     "incomplete missing_output"},
};

}  // namespace jobqueue::test
