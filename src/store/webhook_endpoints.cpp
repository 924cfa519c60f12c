// The endpoints of webhooks.
#include <algorithm>
#include <utility>

#include <jobqueue/store/webhook_store.hpp>

#include "core/json_text.hpp"
#include "store/job_store_parts.hpp"
#include "store/webhook_rows.hpp"

namespace jobqueue {
namespace detail {
namespace {

constexpr std::string_view endpoint_columns =
    "id, url, description, event_types, headers, scheme, secret, is_active, disabled_reason,"
    " consecutive_failures, disabled_until";

std::string text_of(const fact_value& value) { return std::string(value.text); }

std::string read_string(std::string_view json) {
  std::string text;
  if (json.size() >= 2) unescape_json(json.substr(1, json.size() - 2), text);
  return text;
}

}  // namespace

std::string select_endpoints(std::string_view where) {
  return "SELECT " + std::string(endpoint_columns) + " FROM webhook_endpoint " +
         std::string(where) + " ORDER BY id";
}

std::vector<webhook_endpoint> read_endpoints(const sql_result& rows) {
  std::vector<webhook_endpoint> all;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto row = rows.row(i);
    webhook_endpoint& one = all.emplace_back();
    one.id = text_of(row[0]);
    one.url = text_of(row[1]);
    one.description = text_of(row[2]);
    for (const auto type : read_json_elements(row[3].text)) {
      one.event_types.push_back(read_string(type));
    }
    for (const json_member& header : read_json_members(row[4].text)) {
      one.headers.emplace_back(header.name, read_string(header.value));
    }
    one.scheme = row[5].of == fact_value::kind::absent ? "jobqueue" : text_of(row[5]);
    one.secret = text_of(row[6]);
    one.is_active = row[7].integer != 0;
    one.disabled_reason = text_of(row[8]);
    one.consecutive_failures = row[9].integer;
    if (row[10].of == fact_value::kind::time) {
      one.disabled_until = instant(std::chrono::microseconds(row[10].integer));
    }
  }
  return all;
}

}  // namespace detail

inline namespace v1 {

status webhook_store::add_endpoint(const webhook_endpoint& endpoint, instant now) {
  auto connection = store_->parts().pool.acquire();
  if (!connection) return connection.problem();
  std::string types = "[";
  for (const std::string& type : endpoint.event_types) {
    if (types.size() > 1) types += ',';
    detail::append_json_string(types, type);
  }
  types += ']';
  std::string headers = "{";
  for (const auto& [name, value] : endpoint.headers) {
    if (headers.size() > 1) headers += ',';
    detail::append_json_string(headers, name);
    headers += ':';
    detail::append_json_string(headers, value);
  }
  headers += '}';
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? fact_value::absent() : fact_value::of_text(text);
  };
  const fact_value values[]{
      fact_value::of_text(endpoint.id),
      fact_value::of_text(endpoint.url),
      text_or_null(endpoint.description),
      endpoint.event_types.empty() ? fact_value::absent() : fact_value::of_text(types),
      endpoint.headers.empty() ? fact_value::absent() : fact_value::of_text(headers),
      fact_value::of_text(endpoint.scheme),
      text_or_null(endpoint.secret),
      fact_value::of_time(now)};
  const auto added =
      (*connection)
          ->query(
              "INSERT INTO webhook_endpoint (id, url, description, event_types,"
              " headers, scheme, secret, created_at) VALUES ($1, $2, $3, " +
                  (*connection)->parameter(4, "json") + ", " + (*connection)->parameter(5, "json") +
                  ", $6, $7, " + (*connection)->parameter(8, "timestamptz") +
                  ") ON CONFLICT (id) DO NOTHING",
              values);
  if (!added) return added.problem();
  if (added->affected() == 1) return done;
  return error{errc::invalid_argument, no_offset,
               "there is an endpoint '" + endpoint.id + "' already"};
}

result<std::vector<webhook_endpoint>> webhook_store::list_endpoints() {
  auto connection = store_->parts().pool.acquire();
  if (!connection) return connection.problem();
  const auto rows = (*connection)->query(detail::select_endpoints(""));
  if (!rows) return rows.problem();
  return detail::read_endpoints(*rows);
}

result<std::optional<webhook_endpoint>> webhook_store::find_endpoint(std::string_view id) {
  auto connection = store_->parts().pool.acquire();
  if (!connection) return connection.problem();
  const fact_value value = fact_value::of_text(id);
  const auto rows = (*connection)->query(detail::select_endpoints("WHERE id = $1"), {&value, 1});
  if (!rows) return rows.problem();
  auto found = detail::read_endpoints(*rows);
  if (found.empty()) return std::optional<webhook_endpoint>();
  return std::optional(std::move(found.front()));
}

result<bool> webhook_store::remove_endpoint(std::string_view id) {
  auto connection = store_->parts().pool.acquire();
  if (!connection) return connection.problem();
  const fact_value value = fact_value::of_text(id);
  bool is_gone = false;
  const status finished = transact(**connection, [&](detail::sql_connection& open) -> status {
    // First its deliveries, as who ends one of them locks that and then the endpoint.
    const auto deliveries =
        open.query("DELETE FROM webhook_delivery WHERE endpoint_id = $1", {&value, 1});
    if (!deliveries) return deliveries.problem();
    const auto gone = open.query("DELETE FROM webhook_endpoint WHERE id = $1", {&value, 1});
    if (!gone) return gone.problem();
    is_gone = gone->affected() == 1;
    return done;
  });
  if (!finished) return finished.problem();
  return is_gone;
}

result<bool> webhook_store::enable_endpoint(std::string_view id, instant now) {
  auto connection = store_->parts().pool.acquire();
  if (!connection) return connection.problem();
  const fact_value values[]{fact_value::of_text(id), fact_value::of_time(now)};
  const auto enabled =
      (*connection)
          ->query(
              "UPDATE webhook_endpoint SET is_active = true, consecutive_failures = 0,"
              " disabled_until = NULL, disabled_reason = NULL, updated_at = " +
                  (*connection)->parameter(2, "timestamptz") + " WHERE id = $1",
              values);
  if (!enabled) return enabled.problem();
  return enabled->affected() == 1;
}

result<std::vector<webhook_endpoint>> webhook_store::find_due_endpoints(instant now) {
  auto connection = store_->parts().pool.acquire();
  if (!connection) return connection.problem();
  const fact_value value = fact_value::of_time(now);
  const std::string at = (*connection)->parameter(1, "timestamptz");
  const auto rows =
      (*connection)
          ->query(detail::select_endpoints(
                      "WHERE is_active AND (disabled_until IS NULL OR disabled_until <= " + at +
                      ") AND EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.endpoint_id ="
                      " webhook_endpoint.id AND d.state = 'pending' AND d.next_attempt_at <= " +
                      at + ")"),
                  {&value, 1});
  if (!rows) return rows.problem();
  return detail::read_endpoints(*rows);
}

}  // namespace v1
}  // namespace jobqueue
