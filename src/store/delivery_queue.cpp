#include "store/delivery_queue.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <jobqueue/base64.hpp>

#include "core/json_text.hpp"
#include "store/new_rows.hpp"

namespace jobqueue::detail {
namespace {

struct subscriber {
  std::string id;
  std::vector<std::string> types;  // none: every type

  [[nodiscard]] bool wants(std::string_view type) const {
    return types.empty() || std::find(types.begin(), types.end(), type) != types.end();
  }
};

// In the order of their ids, so that two that queue for the same wait for each other and never in a
// circle.
result<std::vector<subscriber>> read_subscribers(sql_connection& connection) {
  const auto found =
      connection.query("SELECT id, event_types FROM webhook_endpoint WHERE is_active ORDER BY id");
  if (!found) return found.problem();
  std::vector<subscriber> all;
  for (std::size_t row = 0; row < found->size(); ++row) {
    const auto values = found->row(row);
    subscriber& one = all.emplace_back();
    one.id = values[0].text;
    if (values[1].of == fact_value::kind::absent) continue;
    for (const std::string_view type : read_json_elements(values[1].text)) {
      if (type.size() < 2) continue;
      unescape_json(type.substr(1, type.size() - 2), one.types.emplace_back());
    }
  }
  return all;
}

}  // namespace

std::string make_event_id(std::string_view text) {
  constexpr std::size_t most_chars = 255;
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
  });
  if (is_plain && !text.empty() && text.size() <= most_chars) return std::string(text);
  return "evt_" + sha256(std::as_bytes(std::span(text.data(), text.size()))).hex();
}

result<std::size_t> queue_deliveries(sql_connection& connection,
                                     std::span<const outgoing_event> events, instant now) {
  if (events.empty()) return std::size_t{0};
  const auto subscribers = read_subscribers(connection);
  if (!subscribers) return subscribers.problem();
  if (subscribers->empty()) return std::size_t{0};
  const auto columns = connection.columns_of("webhook_delivery");
  if (!columns) return columns.problem();
  std::vector<const sql_column*> wanted;
  for (const std::string_view name : {"id", "endpoint_id", "event_id", "event_type", "workflow_id",
                                      "body", "next_attempt_at", "created_at"}) {
    const auto column = need_column(*columns, "webhook_delivery", name);
    if (!column) return column.problem();
    wanted.push_back(*column);
  }
  std::vector<new_row> rows;
  for (const subscriber& to : *subscribers) {
    for (const outgoing_event& event : events) {
      if (!to.wants(event.type)) continue;
      new_row& row = rows.emplace_back();
      row.columns = wanted;
      row.values = {
          fact_value::of_text(row.keep(to.id + "." + event.id)),
          fact_value::of_text(to.id),
          fact_value::of_text(event.id),
          fact_value::of_text(event.type),
          event.workflow_id.empty() ? fact_value::absent() : fact_value::of_text(event.workflow_id),
          fact_value::of_text(event.body),
          fact_value::of_time(now),
          fact_value::of_time(now)};
    }
  }
  row_adder adder(connection, "webhook_delivery", "endpoint_id, event_id");
  if (const status added = adder.add(rows); !added) return added.problem();
  return adder.added();
}

}  // namespace jobqueue::detail
