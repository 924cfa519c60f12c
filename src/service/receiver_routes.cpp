#include "service/receiver_routes.hpp"

#include <string>
#include <utility>

#include "core/json_text.hpp"

namespace jobqueue::detail {
namespace {

http_answer recorded_answer(const webhook_receipt& receipt) {
  http_answer answer;
  answer.body = R"({"success":true,"event_id":)";
  append_json_string(answer.body, receipt.event_id);
  if (!receipt.workflow_id.empty()) {
    answer.body += R"(,"workflow_id":)";
    append_json_string(answer.body, receipt.workflow_id);
  }
  answer.body += R"(,"duplicate":)";
  answer.body += receipt.outcome == webhook_outcome::duplicate ? "true}\n" : "false}\n";
  return answer;
}

http_answer answer_of(const webhook_receipt& receipt) {
  switch (receipt.outcome) {
    case webhook_outcome::recorded:
    case webhook_outcome::duplicate: return recorded_answer(receipt);
    case webhook_outcome::conflict:
      return problem_answer(409, "CONFLICT", "an event of that id is known, with another body");
    case webhook_outcome::refused:
      // The hint, which could help to guess, is for the operator's log alone.
      return problem_answer(401, error_name(receipt.verification.reason),
                            "the webhook is not signed as it must be");
    case webhook_outcome::malformed:
      return problem_answer(400, "INVALID_ARGUMENT", receipt.message);
    case webhook_outcome::unavailable: break;
  }
  http_answer answer = problem_answer(503, "STORE_ERROR", receipt.message);
  answer.fields.emplace_back("Retry-After", "5");
  return answer;
}

http_route route_of(webhook_receiver& receiver, std::string_view path, webhook_kind kind,
                    std::size_t most_body_bytes) {
  return {"POST",
          path,
          route_access::signature,
          most_body_bytes,
          true,
          [&receiver, kind](const http_call& call, const http_respond& respond) {
            std::vector<header_field> headers;
            headers.reserve(call.fields.size());
            for (const http_field& one : call.fields) headers.push_back({one.name, one.value});
            receiver.receive(
                kind, headers, call.body, call.has_token,
                [respond](const webhook_receipt& receipt) { respond(answer_of(receipt)); });
          }};
}

}  // namespace

std::vector<http_route> receiver_routes(webhook_receiver& receiver, std::size_t most_body_bytes) {
  return {route_of(receiver, "/api/webhook/workflow-completed", webhook_kind::workflow,
                   most_body_bytes),
          route_of(receiver, "/api/user_notified", webhook_kind::user_notified, most_body_bytes)};
}

}  // namespace jobqueue::detail
