#include "service/mock_application.hpp"

#include <utility>

#include <jobqueue/net/client.hpp>
#include <jobqueue/signature.hpp>

#include "core/json_text.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::size_t most_body_bytes = std::size_t{1} << 20;
constexpr std::string_view usage =
    R"({"usage":"POST a signed webhook with data.workflow_id or data.job_id; the mock verifies it )"
    R"(and tells /api/user_notified that the user was notified"})"
    "\n";

std::string member_of(std::string_view body, std::string_view name) {
  const auto all = check_json_members(body);
  for (const json_member& one : all) {
    if (one.name != "data" || !one.value.starts_with('{')) continue;
    std::string text = find_member_text(read_json_members(one.value), name);
    if (!text.empty()) return text;
  }
  return find_member_text(all, name);
}

class mock {
 public:
  mock(mock_application_options options, signature_verifier verifier, payload_signer signer,
       http_client client)
      : options_(std::move(options)),
        verifier_(std::move(verifier)),
        signer_(std::move(signer)),
        client_(std::move(client)) {}

  [[nodiscard]] http_answer take(const http_call& call) const {
    std::vector<header_field> headers;
    for (const http_field& one : call.fields) headers.push_back({one.name, one.value});
    const auto now = std::chrono::floor<std::chrono::seconds>(options_.clock());
    const verification verified = verifier_.verify(headers, call.body, now);
    if (!verified.ok() && !call.has_token) {
      return problem_answer(401, error_name(verified.reason), describe_verification(verified));
    }
    std::string job = member_of(call.body, "workflow_id");
    if (job.empty()) job = member_of(call.body, "job_id");
    if (job.empty()) {
      return problem_answer(400, "INVALID_ARGUMENT", "workflow_id or job_id is required");
    }
    std::string user = member_of(call.body, "user_id");
    user = "mock-user-" + (user.empty() ? job : user);
    const auto told = tell(job, user, member_of(call.body, "event_id"), now);
    if (!told) return problem_answer(502, error_name(told.problem().code), told.problem().message);
    if (told->status != 200) {
      return problem_answer(502, "NETWORK_ERROR",
                            "/api/user_notified answered " + std::to_string(told->status));
    }
    http_answer answer;
    answer.body =
        R"({"success":true,"message":"Miniapp generation mock completed successfully","data":{)"
        R"("job_id":)";
    append_json_string(answer.body, job);
    answer.body += R"(,"miniapp_user_id":)";
    append_json_string(answer.body, user);
    answer.body += R"(,"notification_status":200,"notification_response":)";
    answer.body += check_json_members(told->body).empty() ? std::string("null") : told->body;
    answer.body += "}}\n";
    return answer;
  }

 private:
  // The id of the event makes it one notification, however often the webhook comes.
  [[nodiscard]] result<http_response> tell(std::string_view job, std::string_view user,
                                           std::string_view event,
                                           std::chrono::sys_seconds now) const {
    http_request request;
    request.method = "POST";
    request.url = options_.service_url() + "/api/user_notified";
    request.body = R"({"workflow_id":)";
    append_json_string(request.body, job);
    request.body += R"(,"miniapp_user_id":)";
    append_json_string(request.body, user);
    if (!event.empty()) {
      request.body += R"(,"event_id":)";
      append_json_string(request.body, event);
    }
    request.body += R"(,"success":true})";
    request.headers.emplace_back("Content-Type", "application/json");
    const auto headers = signer_.sign(request.body, "", now);
    if (!headers) return headers.problem();
    for (const auto& one : *headers) request.headers.emplace_back(one.name, one.value);
    return client_.send(request);
  }

  mock_application_options options_;
  signature_verifier verifier_;
  payload_signer signer_;
  http_client client_;
};

}  // namespace

result<std::vector<http_route>> mock_routes(mock_application_options options) {
  if (options.secrets.empty()) {
    return error{errc::invalid_argument, no_offset,
                 "the mock application needs the secret of the webhooks"};
  }
  const std::vector<std::string_view> secrets(options.secrets.begin(), options.secrets.end());
  auto verifier = signature_verifier::create(signature_scheme::automatic, secrets);
  if (!verifier) return verifier.problem();
  auto signer = payload_signer::create(signature_scheme::jobqueue, secrets.front());
  if (!signer) return signer.problem();
  http_client_options client;
  const std::vector<std::string> loopback{"127.0.0.0/8", "::1"};
  client.policy = address_policy::create(loopback).value();
  const auto application = std::make_shared<const mock>(
      std::move(options), std::move(*verifier), std::move(*signer), http_client(std::move(client)));
  return std::vector<http_route>{
      {"POST", "/miniapp-gen-mock", route_access::signature, most_body_bytes, false,
       [application](const http_call& call, const http_respond& respond) {
         respond(application->take(call));
       }},
      {"GET", "/miniapp-gen-mock", route_access::token, 0, true,
       [](const http_call&, const http_respond& respond) {
         http_answer answer;
         answer.body = usage;
         respond(std::move(answer));
       }}};
}

}  // namespace jobqueue::detail
