// What the endpoints of webhooks are told.
#include <algorithm>
#include <utility>

#include <jobqueue/store/webhook_store.hpp>

#include "core/json_text.hpp"
#include "store/delivery_queue.hpp"
#include "store/job_store_parts.hpp"
#include "store/new_rows.hpp"

namespace jobqueue {
namespace detail {
namespace {

constexpr std::size_t most_outbox_rows = 100;  // of one transaction

fact_value text_or_null(std::string_view text) {
  return text.empty() ? fact_value::absent() : fact_value::of_text(text);
}

fact_value time_or_null(const std::optional<instant>& when) {
  return when ? fact_value::of_time(*when) : fact_value::absent();
}

// An endpoint that fails all the time is asked again with one delivery, by one sender.
result<bool> may_probe(sql_connection& connection, const webhook_endpoint& endpoint,
                       std::int64_t probe_from, instant now, instant lease_end) {
  const fact_value values[]{fact_value::of_text(endpoint.id), fact_value::of_integer(probe_from),
                            fact_value::of_time(now), fact_value::of_time(lease_end)};
  const std::string at = connection.parameter(3, "timestamptz");
  const auto taken = connection.query(
      "UPDATE webhook_endpoint SET disabled_until = " + connection.parameter(4, "timestamptz") +
          " WHERE id = $1 AND consecutive_failures >= $2 AND (disabled_until IS NULL OR"
          " disabled_until <= " +
          at + ")",
      values);
  if (!taken) return taken.problem();
  return taken->affected() == 1;
}

status log_attempt(sql_connection& connection, const claimed_delivery& delivery,
                   const delivery_outcome& outcome) {
  const fact_value values[]{
      fact_value::of_text(delivery.id),
      fact_value::of_integer(delivery.attempt),
      fact_value::of_time(outcome.begun),
      fact_value::of_integer(outcome.took.count()),
      outcome.status == 0 ? fact_value::absent() : fact_value::of_integer(outcome.status),
      text_or_null(outcome.response_body),
      text_or_null(outcome.problem)};
  const auto added = connection.query(
      "INSERT INTO webhook_attempt (delivery_id, attempt, attempted_at, duration_ms,"
      " response_status, response_body, error) VALUES ($1, $2, " +
          connection.parameter(3, "timestamptz") +
          ", $4, $5, $6, $7) ON CONFLICT (delivery_id, attempt) DO NOTHING",
      values);
  if (!added) return added.problem();
  return done;
}

result<bool> write_outcome(sql_connection& connection, const claimed_delivery& delivery,
                           const delivery_outcome& outcome) {
  const std::string_view state = outcome.problem.empty() ? "delivered"
                                 : outcome.next          ? "pending"
                                                         : "dead";
  const instant ended = outcome.begun + outcome.took;
  const fact_value values[]{
      fact_value::of_text(delivery.id),
      fact_value::of_integer(delivery.attempt),
      fact_value::of_text(state),
      time_or_null(outcome.next),
      fact_value::of_time(outcome.begun),
      outcome.status == 0 ? fact_value::absent() : fact_value::of_integer(outcome.status),
      text_or_null(outcome.response_body),
      text_or_null(outcome.problem),
      outcome.problem.empty() ? fact_value::of_time(ended) : fact_value::absent()};
  const auto written = connection.query(
      "UPDATE webhook_delivery SET state = $3, claimed_at = NULL, next_attempt_at = " +
          connection.parameter(4, "timestamptz") +
          ", last_attempt_at = " + connection.parameter(5, "timestamptz") +
          ", response_status = $6, response_body = $7, last_error = $8, delivered_at = " +
          connection.parameter(9, "timestamptz") +
          " WHERE id = $1 AND attempts = $2 AND state = 'pending'",
      values);
  if (!written) return written.problem();
  return written->affected() == 1;
}

status update_endpoint(sql_connection& connection, const webhook_endpoint& endpoint,
                       const delivery_outcome& outcome) {
  const instant ended = outcome.begun + outcome.took;
  if (outcome.problem.empty()) {
    const fact_value values[]{fact_value::of_text(endpoint.id), fact_value::of_time(ended)};
    const auto updated = connection.query(
        "UPDATE webhook_endpoint SET consecutive_failures = 0, disabled_until = NULL,"
        " last_success_at = " +
            connection.parameter(2, "timestamptz") + " WHERE id = $1",
        values);
    if (!updated) return updated.problem();
    return done;
  }
  const fact_value values[]{fact_value::of_text(endpoint.id), fact_value::of_time(ended),
                            time_or_null(outcome.leave_alone_until),
                            text_or_null(outcome.disable_endpoint)};
  std::string sql =
      "UPDATE webhook_endpoint SET consecutive_failures = consecutive_failures + 1,"
      " last_failure_at = " +
      connection.parameter(2, "timestamptz") + ", disabled_until = coalesce(" +
      connection.parameter(3, "timestamptz") + ", disabled_until)";
  sql += outcome.disable_endpoint.empty() ? ", disabled_reason = coalesce($4, disabled_reason)"
                                          : ", disabled_reason = $4, is_active = false";
  const auto updated = connection.query(sql + " WHERE id = $1", values);
  if (!updated) return updated.problem();
  return done;
}

status add_failed_notification(sql_connection& connection, const claimed_delivery& delivery,
                               const delivery_outcome& outcome) {
  std::string record = R"({"success":false,"attested_by":"webhook_sender","attested_at":")" +
                       format_instant(outcome.begun + outcome.took) + R"(","error_message":)";
  append_json_string(record, outcome.problem);
  record += '}';
  const notification_record notification{
      "delivery:" + delivery.id + ":" + std::to_string(delivery.attempt), delivery.workflow_id,
      std::move(record)};
  const auto added = insert_notifications(connection, {&notification, 1});
  if (!added) return added.problem();
  return done;
}

// {"event_type":"job_retry",...}: what a subscriber needs to run the job again.
outgoing_event retry_event(std::string_view job, std::int64_t attempt, std::string_view payload,
                           instant now) {
  outgoing_event event;
  event.id = make_event_id("retry_" + std::string(job) + "_" + std::to_string(attempt));
  event.type = "job_retry";
  event.body = R"({"event_type":"job_retry","event_id":)";
  append_json_string(event.body, event.id);
  event.body += R"(,"timestamp":")" + format_instant(now) + R"(","data":{"job_id":)";
  append_json_string(event.body, job);
  event.body += R"(,"retry_attempt":)" + std::to_string(attempt) + R"(,"payload":)";
  event.body += payload.empty() ? std::string_view("null") : payload;
  event.body += "}}";
  return event;
}

}  // namespace
}  // namespace detail

inline namespace v1 {

result<std::vector<claimed_delivery>> webhook_store::claim(const webhook_endpoint& endpoint,
                                                           std::size_t limit,
                                                           std::int64_t probe_from, instant now,
                                                           instant lease_end) {
  auto connection = store_->parts().pool.acquire();
  if (!connection) return connection.problem();
  std::vector<claimed_delivery> claimed;
  const bool is_probe = endpoint.consecutive_failures >= probe_from;
  const status finished = transact(**connection, [&](detail::sql_connection& open) -> status {
    claimed.clear();
    if (is_probe) {
      const auto probes = detail::may_probe(open, endpoint, probe_from, now, lease_end);
      if (!probes) return probes.problem();
      if (!*probes) return done;
    }
    const fact_value values[]{
        fact_value::of_text(endpoint.id), fact_value::of_time(now),
        fact_value::of_integer(static_cast<std::int64_t>(is_probe ? 1 : limit)),
        fact_value::of_time(lease_end)};
    const std::string at = open.parameter(2, "timestamptz");
    const std::string_view skip =
        open.dialect() == detail::sql_dialect::sqlite ? "" : " FOR UPDATE SKIP LOCKED";
    const auto rows =
        open.query("UPDATE webhook_delivery SET attempts = attempts + 1, claimed_at = " + at +
                       ", next_attempt_at = " + open.parameter(4, "timestamptz") +
                       " WHERE id IN (SELECT id FROM webhook_delivery WHERE endpoint_id = $1 AND"
                       " state = 'pending' AND next_attempt_at <= " +
                       at + " ORDER BY next_attempt_at, id LIMIT $3" + std::string(skip) +
                       ") RETURNING id, event_id, event_type, workflow_id, body, attempts,"
                       " attempts - attempts_before",
                   values);
    if (!rows) return rows.problem();
    for (std::size_t i = 0; i < rows->size(); ++i) {
      const auto row = rows->row(i);
      claimed.push_back({std::string(row[0].text), std::string(row[1].text),
                         std::string(row[2].text), std::string(row[3].text),
                         std::string(row[4].text), row[5].integer, row[6].integer});
    }
    return done;
  });
  if (!finished) return finished.problem();
  return claimed;
}

result<bool> webhook_store::finish(const webhook_endpoint& endpoint,
                                   const claimed_delivery& delivery,
                                   const delivery_outcome& outcome) {
  auto connection = store_->parts().pool.acquire();
  if (!connection) return connection.problem();
  bool is_ours = false;
  const status finished = transact(**connection, [&](detail::sql_connection& open) -> status {
    const auto written = detail::write_outcome(open, delivery, outcome);
    if (!written) return written.problem();
    is_ours = *written;
    if (!is_ours) return done;
    if (status logged = detail::log_attempt(open, delivery, outcome); !logged) return logged;
    if (status updated = detail::update_endpoint(open, endpoint, outcome); !updated) return updated;
    if (!outcome.is_notification_failed) return done;
    return detail::add_failed_notification(open, delivery, outcome);
  });
  if (!finished) return finished.problem();
  return is_ours;
}

result<std::optional<instant>> webhook_store::next_due() {
  auto connection = store_->parts().pool.acquire();
  if (!connection) return connection.problem();
  const auto found = (*connection)
                         ->query(
                             "SELECT d.next_attempt_at FROM webhook_delivery d JOIN"
                             " webhook_endpoint e ON e.id = d.endpoint_id WHERE e.is_active AND"
                             " d.state = 'pending' ORDER BY d.next_attempt_at, d.id LIMIT 1");
  if (!found) return found.problem();
  if (found->size() == 0 || found->row(0)[0].of != fact_value::kind::time) {
    return std::optional<instant>();
  }
  return std::optional(instant(std::chrono::microseconds(found->row(0)[0].integer)));
}

result<std::string> webhook_store::queue_test(const webhook_endpoint& endpoint,
                                              std::string_view event_id, std::string_view body,
                                              instant now) {
  auto connection = store_->parts().pool.acquire();
  if (!connection) return connection.problem();
  std::string id = endpoint.id + "." + std::string(event_id);
  const fact_value values[]{fact_value::of_text(id), fact_value::of_text(endpoint.id),
                            fact_value::of_text(event_id), fact_value::of_text(body),
                            fact_value::of_time(now)};
  const std::string at = (*connection)->parameter(5, "timestamptz");
  const auto added =
      (*connection)
          ->query(
              "INSERT INTO webhook_delivery (id, endpoint_id, event_id, event_type,"
              " body, next_attempt_at, created_at) VALUES ($1, $2, $3, 'test', $4, " +
                  at + ", " + at + ")",
              values);
  if (!added) return added.problem();
  return id;
}

result<std::size_t> webhook_store::queue_outbox(instant now) {
  auto connection = store_->parts().pool.acquire();
  if (!connection) return connection.problem();
  std::size_t queued = 0;
  const status finished = transact(**connection, [&](detail::sql_connection& open) -> status {
    queued = 0;
    // Where nobody wants retries, they wait in the outbox.
    const auto wanted = open.query(
        "SELECT 1 FROM webhook_endpoint WHERE is_active AND (event_types IS NULL OR"
        " CAST(event_types AS text) LIKE '%\"job_retry\"%') LIMIT 1");
    if (!wanted) return wanted.problem();
    if (wanted->size() == 0) return done;
    const std::string_view skip =
        open.dialect() == detail::sql_dialect::sqlite ? "" : " FOR UPDATE SKIP LOCKED";
    const auto rows = open.query(
        "SELECT id, job_id, attempt, payload FROM outbox WHERE kind = 'job_retry' AND sent_at IS"
        " NULL ORDER BY id LIMIT " +
        std::to_string(detail::most_outbox_rows) + std::string(skip));
    if (!rows) return rows.problem();
    for (std::size_t i = 0; i < rows->size(); ++i) {
      const auto row = rows->row(i);
      const detail::outgoing_event event =
          detail::retry_event(row[1].text, row[2].integer, row[3].text, now);
      const auto added = detail::queue_deliveries(open, {&event, 1}, now);
      if (!added) return added.problem();
      if (*added == 0) continue;
      const fact_value values[]{row[0], fact_value::of_time(now)};
      const auto marked =
          open.query("UPDATE outbox SET sent_at = " + open.parameter(2, "timestamptz") +
                         ", tries = tries + 1 WHERE id = $1",
                     values);
      if (!marked) return marked.problem();
      queued += *added;
    }
    return done;
  });
  if (!finished) return finished.problem();
  return queued;
}

result<std::size_t> webhook_store::redrive(const redrive_request& request, instant now) {
  if (request.delivery_id.empty() && request.endpoint_id.empty() && !request.all_dead) {
    return error{errc::invalid_argument, no_offset, "name a delivery, an endpoint, or all"};
  }
  auto connection = store_->parts().pool.acquire();
  if (!connection) return connection.problem();
  std::vector<fact_value> values{fact_value::of_time(now)};
  std::string sql =
      "UPDATE webhook_delivery SET state = 'pending', attempts_before = attempts,"
      " claimed_at = NULL, next_attempt_at = " +
      (*connection)->parameter(1, "timestamptz") + " WHERE state = 'dead'";
  for (const auto& [column, text] :
       {std::pair("id", &request.delivery_id), std::pair("endpoint_id", &request.endpoint_id)}) {
    if (text->empty()) continue;
    values.push_back(fact_value::of_text(*text));
    sql.append(" AND ").append(column).append(" = $").append(std::to_string(values.size()));
  }
  // Who asks for it knows that the endpoint is back: it is no longer left alone.
  const std::string lifted =
      "UPDATE webhook_endpoint SET disabled_until = NULL WHERE disabled_until IS NOT NULL AND id IN"
      " (SELECT endpoint_id FROM webhook_delivery WHERE state = 'pending' AND next_attempt_at = " +
      (*connection)->parameter(1, "timestamptz") + ")";
  std::size_t redriven = 0;
  const status finished = transact(**connection, [&](detail::sql_connection& open) -> status {
    const auto updated = open.query(sql, values);
    if (!updated) return updated.problem();
    redriven = static_cast<std::size_t>(updated->affected());
    const auto lift = open.query(lifted, {values.data(), 1});
    if (!lift) return lift.problem();
    return done;
  });
  if (!finished) return finished.problem();
  return redriven;
}

result<delivery_list> webhook_store::list_deliveries(const delivery_filter& filter) {
  constexpr std::size_t most = 1'000;
  if (filter.limit < 1 || filter.limit > most) {
    return error{errc::invalid_argument, no_offset, "a list has 1 to 1,000 deliveries"};
  }
  auto connection = store_->parts().pool.acquire();
  if (!connection) return connection.problem();
  const detail::column_list listed = [] {
    detail::column_list all;
    using kind = fact_value::kind;
    for (const auto& [name, of] :
         {std::pair("id", kind::text), std::pair("endpoint_id", kind::text),
          std::pair("url", kind::text), std::pair("event_id", kind::text),
          std::pair("event_type", kind::text), std::pair("workflow_id", kind::text),
          std::pair("state", kind::text), std::pair("attempts", kind::integer),
          std::pair("next_attempt_at", kind::time), std::pair("last_attempt_at", kind::time),
          std::pair("response_status", kind::integer), std::pair("last_error", kind::text),
          std::pair("created_at", kind::time), std::pair("delivered_at", kind::time)}) {
      all.push_back({name, of, {}});
    }
    return all;
  }();
  std::string sql = "SELECT ";
  for (const detail::sql_column& column : listed) {
    if (&column != &listed.front()) sql += ", ";
    sql += (column.name == "url" ? "e." : "d.") + column.name;
  }
  sql += " FROM webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint_id WHERE true";
  std::vector<fact_value> values{fact_value::of_integer(static_cast<std::int64_t>(filter.limit))};
  const auto parameter = [&](std::string_view text) {
    values.push_back(fact_value::of_text(text));
    return "$" + std::to_string(values.size());
  };
  if (!filter.state.empty()) sql += " AND d.state = " + parameter(filter.state);
  if (!filter.endpoint_id.empty()) sql += " AND d.endpoint_id = " + parameter(filter.endpoint_id);
  if (!filter.workflow_id.empty()) sql += " AND d.workflow_id = " + parameter(filter.workflow_id);
  if (!filter.after.empty()) {
    const auto [time, id] = detail::read_cursor(filter.after);
    const std::string at = parameter(time);
    const std::string cast =
        (*connection)->dialect() == detail::sql_dialect::sqlite ? at : at + "::timestamptz";
    sql += " AND (d.created_at, d.id) < (" + cast + ", " + parameter(id) + ")";
  }
  const auto rows =
      (*connection)->query(sql + " ORDER BY d.created_at DESC, d.id DESC LIMIT $1", values);
  if (!rows) return rows.problem();
  delivery_list list;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const auto row = rows->row(i);
    list.deliveries.push_back(detail::row_to_json(listed, row));
    if (i + 1 == filter.limit) list.cursor = detail::make_cursor(row[12], row[0].text);
  }
  return list;
}

result<std::vector<std::string>> webhook_store::list_attempts(std::string_view delivery_id) {
  auto connection = store_->parts().pool.acquire();
  if (!connection) return connection.problem();
  const auto columns = (*connection)->columns_of("webhook_attempt");
  if (!columns) return columns.problem();
  std::string sql = "SELECT ";
  for (const detail::sql_column& column : *columns) {
    if (&column != &columns->front()) sql += ", ";
    sql += detail::quote_identifier(column.name);
  }
  const fact_value id = fact_value::of_text(delivery_id);
  const auto rows = (*connection)
                        ->query(sql +
                                    " FROM webhook_attempt WHERE delivery_id = $1"
                                    " ORDER BY attempt",
                                {&id, 1});
  if (!rows) return rows.problem();
  std::vector<std::string> all;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    all.push_back(detail::row_to_json(*columns, rows->row(i)));
  }
  return all;
}

result<std::vector<std::pair<std::string, std::uint64_t>>> webhook_store::count_deliveries() {
  auto connection = store_->parts().pool.acquire();
  if (!connection) return connection.problem();
  const auto rows =
      (*connection)
          ->query("SELECT state, count(*) FROM webhook_delivery GROUP BY state ORDER BY 1");
  if (!rows) return rows.problem();
  std::vector<std::pair<std::string, std::uint64_t>> all;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    all.emplace_back(rows->row(i)[0].text, static_cast<std::uint64_t>(rows->row(i)[1].integer));
  }
  return all;
}

}  // namespace v1
}  // namespace jobqueue
