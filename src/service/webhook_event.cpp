#include "service/webhook_event.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <jobqueue/attestation.hpp>

#include "core/json_text.hpp"
#include "core/utf8.hpp"
#include "net/http_text.hpp"
#include "store/new_rows.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::size_t most_id_chars = 255;
// A larger output is none that a user could be sent, as with the resolver.
constexpr std::size_t most_output_bytes = std::size_t{64} << 10;
constexpr std::size_t most_error_bytes = 4096;

std::string_view header_of(std::span<const header_field> headers, std::string_view name) {
  for (const header_field& one : headers) {
    if (same_name(one.name, name)) return one.value;
  }
  return {};
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= most_id_chars &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

// Of an id as it stands in a Redis key, a path and a header.
bool is_job_id(std::string_view text) {
  return text.size() <= most_id_chars &&
         std::none_of(text.begin(), text.end(), [](char c) { return c >= 0 && c < ' '; });
}

using members = std::vector<json_member>;

std::string_view find_value(const members& all, std::string_view name) {
  std::string_view found;
  for (const json_member& one : all) {
    if (one.name == name) found = one.value;
  }
  return found;
}

std::string first_text(std::initializer_list<std::pair<const members*, std::string_view>> places) {
  for (const auto& [in, name] : places) {
    std::string text = find_member_text(*in, name);
    if (!text.empty()) return text;
  }
  return {};
}

std::string type_of(webhook_kind kind, const members& body, std::span<const header_field> headers) {
  if (kind == webhook_kind::user_notified) return "user_notified";
  std::string type = first_text({{&body, "event_type"}, {&body, "type"}});
  if (type.empty()) type = header_of(headers, "x-webhook-event");
  if (type.empty()) return body.empty() ? "unknown" : "workflow_completed";
  return std::string(clip_text(type, most_id_chars));
}

// What subscribers are sent: the body, if it has the shape that they expect, else one with it.
std::string outgoing_body(const incoming_event& event, std::string_view body, const members& all,
                          instant now) {
  if (!find_value(all, "event_type").empty() && !find_value(all, "data").empty() &&
      find_member_text(all, "event_id") == event.id) {
    return std::string(body);
  }
  std::string text = R"({"event_type":)";
  append_json_string(text, event.type);
  text += R"(,"event_id":)";
  append_json_string(text, event.id);
  text += R"(,"timestamp":")" + format_instant(now) + R"(","data":)";
  const std::string_view data = find_value(all, "data");
  if (!data.empty()) {
    text += data;
  } else if (!all.empty()) {
    text += body;
  } else {
    text += "null";
  }
  return text + '}';
}

std::string output_of(const members& data) {
  for (const std::string_view name : {"workflow_output", "outputs", "output"}) {
    std::string text = find_member_text(data, name);
    if (!text.empty() && text != "[]" && text != "{}") {
      return text.size() <= most_output_bytes ? text : std::string();
    }
  }
  return {};
}

void add_outcome(incoming_event& event, std::string_view body, const members& data) {
  const bool has_failed = event.type == "workflow_failed";
  if (!has_failed && event.type != "workflow_completed") return;
  const std::string& job = event.workflow_id.empty() ? event.job_id : event.workflow_id;
  if (job.empty()) return;
  job_outcome& outcome = event.outcome.emplace();
  outcome.job_id = job;
  outcome.status = has_failed ? "failed" : "completed";
  if (has_failed) {
    outcome.error_message =
        clip_text(first_text({{&data, "error"}, {&data, "error_message"}, {&data, "message"}}),
                  most_error_bytes);
  } else {
    outcome.workflow_output = output_of(data);
  }
  attestation_key key;
  key.writer = attestation_writer::api;
  key.kind = has_failed ? attestation_kind::failure : attestation_kind::completion;
  key.workflow_id = job;
  const auto retry = read_integer(first_text({{&data, "retry_attempt"}, {&data, "retry_count"}}));
  const std::uint64_t attempt =
      retry && *retry >= 0 && *retry < 1'000'000 ? static_cast<std::uint64_t>(*retry) + 1 : 1;
  if (!has_failed) key.attempt = attempt;
  auto text = format_attestation_key(key);
  attestation_record& record = event.attestation.emplace();
  // An id that no key can hold: the event is evidence all the same.
  record.key = text ? std::move(*text) : "webhook:" + event.id;
  record.workflow_id = job;
  record.kind = has_failed ? "failure" : "completion";
  record.attempt = static_cast<std::int64_t>(attempt);
  record.record = body;
}

status add_notification(incoming_event& event, std::string_view body, const members& all,
                        const members& data, instant now) {
  const auto lacks = [](std::string_view what) {
    return error{errc::invalid_argument, no_offset, std::string(what) + " is required"};
  };
  if (event.workflow_id.empty()) event.workflow_id = event.job_id;
  if (event.workflow_id.empty()) return lacks("workflow_id (or job_id)");
  if (first_text({{&data, "miniapp_user_id"}, {&all, "miniapp_user_id"}}).empty()) {
    return lacks("miniapp_user_id");
  }
  notification_record& record = event.notification.emplace();
  record.id = event.id;
  record.workflow_id = event.workflow_id;
  // As it was told, with what it is silent about said: that it went well, and when.
  std::string text(find_value(all, "data").starts_with('{') ? find_value(all, "data") : body);
  std::string added;
  if (find_value(data, "success").empty()) added += R"("success":true,)";
  if (find_value(data, "attested_at").empty()) {
    added += R"("attested_at":")" + format_instant(now) + "\",";
  }
  if (data.empty() && !added.empty()) added.pop_back();
  text.insert(text.find('{') + 1, added);
  record.record = std::move(text);
  return done;
}

}  // namespace

std::string signed_event_id(signature_scheme scheme, std::span<const header_field> headers) {
  if (scheme != signature_scheme::standard && scheme != signature_scheme::svix) return {};
  std::string_view id = header_of(headers, "webhook-id");
  if (id.empty()) id = header_of(headers, "svix-id");
  return is_id(id) ? std::string(id) : std::string();
}

result<incoming_event> read_event(webhook_kind kind, std::string_view body,
                                  std::span<const header_field> headers, std::string signed_id,
                                  std::string_view digest, instant now) {
  incoming_event event;
  event.digest = digest;
  event.body = body;
  // What is made of it stands inside of other JSON, where a byte order mark is none.
  body.remove_prefix(byte_order_mark_size(body));
  const members all = check_json_members(body);
  const std::string_view inner = find_value(all, "data");
  const members data = inner.starts_with('{') ? read_json_members(inner) : all;
  event.id = std::move(signed_id);
  if (event.id.empty()) event.id = find_member_text(all, "event_id");
  if (!is_id(event.id)) event.id = digest;
  // An application may tell of a notification under the id of the event that caused it.
  if (kind == webhook_kind::user_notified) event.id.insert(0, "user_notified:");
  event.type = type_of(kind, all, headers);
  event.workflow_id = first_text({{&data, "workflow_id"}, {&all, "workflow_id"}});
  event.job_id = first_text({{&data, "job_id"}, {&all, "job_id"}});
  if (!is_job_id(event.workflow_id) || !is_job_id(event.job_id)) {
    return error{errc::invalid_argument, no_offset,
                 "an id of a job has at most 255 bytes and no control characters"};
  }
  if (kind == webhook_kind::user_notified) {
    if (all.empty()) return error{errc::invalid_argument, no_offset, "the body is no JSON object"};
    if (const status added = add_notification(event, body, all, data, now); !added) {
      return added.problem();
    }
    return event;
  }
  add_outcome(event, body, data);
  event.outgoing = outgoing_event{make_event_id(event.id), event.type,
                                  event.workflow_id.empty() ? event.job_id : event.workflow_id,
                                  outgoing_body(event, body, all, now)};
  return event;
}

}  // namespace jobqueue::detail
