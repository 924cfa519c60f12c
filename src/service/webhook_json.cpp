#include "service/webhook_json.hpp"

#include <utility>

#include "core/json_text.hpp"

namespace jobqueue::detail {
namespace {

void append_optional(std::string& json, std::string_view text) {
  if (text.empty()) {
    json += "null";
  } else {
    append_json_string(json, text);
  }
}

std::string string_of(std::string_view value) {
  std::string text;
  if (value.size() >= 2) unescape_json(value.substr(1, value.size() - 2), text);
  return text;
}

error invalid(std::string message) {
  return {errc::invalid_argument, no_offset, std::move(message)};
}

}  // namespace

std::string endpoint_to_json(const webhook_endpoint& endpoint, bool with_secret) {
  std::string json = R"({"id":)";
  append_json_string(json, endpoint.id);
  json += R"(,"url":)";
  append_json_string(json, endpoint.url);
  json += R"(,"description":)";
  append_optional(json, endpoint.description);
  json += R"(,"event_types":)";
  if (endpoint.event_types.empty()) {
    json += "null";
  } else {
    for (const std::string& type : endpoint.event_types) {
      json += &type == &endpoint.event_types.front() ? '[' : ',';
      append_json_string(json, type);
    }
    json += ']';
  }
  // Their values may be secrets.
  json += R"(,"headers":[)";
  for (const auto& header : endpoint.headers) {
    if (&header != &endpoint.headers.front()) json += ',';
    append_json_string(json, header.first);
  }
  json += R"(],"scheme":)";
  append_json_string(json, endpoint.scheme);
  json += endpoint.is_active ? R"(,"is_active":true)" : R"(,"is_active":false)";
  json += R"(,"disabled_reason":)";
  append_optional(json, endpoint.disabled_reason);
  json += R"(,"consecutive_failures":)" + std::to_string(endpoint.consecutive_failures);
  json += R"(,"disabled_until":)";
  append_optional(json, endpoint.disabled_until ? format_instant(*endpoint.disabled_until) : "");
  if (with_secret) {
    json += R"(,"secret":)";
    append_json_string(json, endpoint.secret);
  }
  return json + '}';
}

result<webhook_endpoint> read_endpoint(std::string_view json) {
  const auto members = check_json_members(json);
  if (members.empty()) return invalid("an endpoint is a JSON object with a url");
  webhook_endpoint endpoint;
  for (const json_member& one : members) {
    if (one.name == "event_types") {
      if (one.value == "null") continue;
      if (!one.value.starts_with('[')) return invalid("event_types is a list of words");
      for (const std::string_view type : read_json_elements(one.value)) {
        if (!type.starts_with('"')) return invalid("event_types is a list of words");
        endpoint.event_types.push_back(string_of(type));
      }
    } else if (one.name == "headers") {
      if (one.value == "null") continue;
      if (!one.value.starts_with('{')) return invalid("headers is an object of texts");
      for (const json_member& header : read_json_members(one.value)) {
        if (!header.value.starts_with('"')) return invalid("headers is an object of texts");
        endpoint.headers.emplace_back(header.name, string_of(header.value));
      }
    } else {
      std::string* const place = one.name == "url"           ? &endpoint.url
                                 : one.name == "id"          ? &endpoint.id
                                 : one.name == "description" ? &endpoint.description
                                 : one.name == "scheme"      ? &endpoint.scheme
                                 : one.name == "secret"      ? &endpoint.secret
                                                             : nullptr;
      if (place == nullptr) return invalid("an endpoint has no member '" + one.name + "'");
      if (one.value == "null") continue;
      if (!one.value.starts_with('"')) return invalid(one.name + " is a text");
      *place = string_of(one.value);
    }
  }
  return make_webhook_endpoint(std::move(endpoint));
}

result<std::string> send_test(webhook_store& store, const webhook_endpoint& endpoint, instant now) {
  const std::string event = "test_" + std::to_string(now.time_since_epoch().count());
  std::string body = R"({"event_type":"test","event_id":")" + event + R"(","timestamp":")" +
                     format_instant(now) + R"(","data":{"endpoint_id":)";
  append_json_string(body, endpoint.id);
  body += R"(,"test_event":true}})";
  return store.queue_test(endpoint, event, body, now);
}

}  // namespace jobqueue::detail
