#include "service/webhook_routes.hpp"

#include <cstdint>
#include <memory>
#include <utility>

#include <jobqueue/store/webhook_store.hpp>

#include "core/json_text.hpp"
#include "service/webhook_json.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::size_t most_endpoint_bytes = std::size_t{64} << 10;

http_answer answer_of(std::string body, unsigned status = 200) {
  http_answer answer;
  answer.status = status;
  answer.body = std::move(body) + "\n";
  return answer;
}

http_answer not_found(std::string_view what) {
  return problem_answer(404, "NOT_FOUND", "there is no such " + std::string(what));
}

class webhook_api {
 public:
  webhook_api(job_store& store, std::function<instant()> clock, std::function<void()> wake)
      : store_(store), clock_(std::move(clock)), wake_(std::move(wake)) {}

  http_answer list_endpoints(const http_call&) {
    const auto all = store_.list_endpoints();
    if (!all) return problem_answer(all.problem());
    std::string body = R"({"webhooks":[)";
    for (const webhook_endpoint& one : *all) {
      if (&one != &all->front()) body += ',';
      body += endpoint_to_json(one, false);
    }
    return answer_of(body + "]}");
  }

  http_answer add_endpoint(const http_call& call) {
    const auto made = read_endpoint(call.body);
    if (!made) return problem_answer(made.problem());
    const status added = store_.add_endpoint(*made, clock_());
    if (!added) return problem_answer(added.problem());
    return answer_of(endpoint_to_json(*made, true), 201);
  }

  http_answer remove_endpoint(const http_call& call) {
    const auto removed = store_.remove_endpoint(call.parts[0]);
    if (!removed) return problem_answer(removed.problem());
    return *removed ? answer_of(R"({"success":true})") : not_found("endpoint");
  }

  http_answer enable_endpoint(const http_call& call) {
    const auto enabled = store_.enable_endpoint(call.parts[0], clock_());
    if (!enabled) return problem_answer(enabled.problem());
    wake_();
    return *enabled ? answer_of(R"({"success":true})") : not_found("endpoint");
  }

  http_answer test_endpoint(const http_call& call) {
    const auto found = store_.find_endpoint(call.parts[0]);
    if (!found) return problem_answer(found.problem());
    if (!*found) return not_found("endpoint");
    const auto id = send_test(store_, **found, clock_());
    if (!id) return problem_answer(id.problem());
    wake_();
    std::string body = R"({"success":true,"delivery_id":)";
    append_json_string(body, *id);
    return answer_of(body + "}", 202);
  }

  http_answer list_deliveries(const http_call& call) {
    delivery_filter filter;
    filter.state = call.parameter("state").value_or("");
    filter.endpoint_id = call.parameter("endpoint").value_or("");
    filter.workflow_id = call.parameter("workflow").value_or("");
    filter.after = call.parameter("after").value_or("");
    // 0 is refused by the store, which knows the limits.
    filter.limit = call.number("limit", filter.limit, UINT32_MAX).value_or(0);
    const auto list = store_.list_deliveries(filter);
    if (!list) return problem_answer(list.problem());
    std::string body = R"({"deliveries":[)";
    for (const std::string& one : list->deliveries) {
      if (&one != &list->deliveries.front()) body += ',';
      body += one;
    }
    body += R"(],"cursor":)";
    if (list->cursor.empty()) {
      body += "null";
    } else {
      append_json_string(body, list->cursor);
    }
    return answer_of(body + "}");
  }

  http_answer list_attempts(const http_call& call) {
    const auto all = store_.list_attempts(call.parts[0]);
    if (!all) return problem_answer(all.problem());
    std::string body = R"({"attempts":[)";
    for (const std::string& one : *all) {
      if (&one != &all->front()) body += ',';
      body += one;
    }
    return answer_of(body + "]}");
  }

  http_answer redrive(const http_call& call) {
    redrive_request request;
    request.delivery_id = call.parts[0];
    const auto redriven = store_.redrive(request, clock_());
    if (!redriven) return problem_answer(redriven.problem());
    if (*redriven == 0) {
      return problem_answer(409, "CONFLICT", "there is no dead delivery of that id");
    }
    wake_();
    return answer_of(R"({"success":true})");
  }

 private:
  webhook_store store_;
  std::function<instant()> clock_;
  std::function<void()> wake_;
};

}  // namespace

std::vector<http_route> webhook_routes(job_store& store, std::function<instant()> clock,
                                       std::function<void()> wake) {
  const auto api = std::make_shared<webhook_api>(store, std::move(clock), std::move(wake));
  const auto route = [&](std::string_view method, std::string_view path, auto handler,
                         std::size_t most_body = 0) {
    return http_route{method,
                      path,
                      route_access::token,
                      most_body,
                      false,
                      [api, handler](const http_call& call, const http_respond& respond) {
                        respond(((*api).*handler)(call));
                      }};
  };
  return {route("GET", "/api/webhooks", &webhook_api::list_endpoints),
          route("POST", "/api/webhooks", &webhook_api::add_endpoint, most_endpoint_bytes),
          route("DELETE", "/api/webhooks/{}", &webhook_api::remove_endpoint),
          route("POST", "/api/webhooks/{}/enable", &webhook_api::enable_endpoint),
          route("POST", "/api/webhooks/{}/test", &webhook_api::test_endpoint),
          route("GET", "/api/deliveries", &webhook_api::list_deliveries),
          route("GET", "/api/deliveries/{}/attempts", &webhook_api::list_attempts),
          route("POST", "/api/deliveries/{}/redrive", &webhook_api::redrive)};
}

}  // namespace jobqueue::detail
