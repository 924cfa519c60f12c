#include "store/event_store.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "core/base64_codec.hpp"
#include "core/utf8.hpp"
#include "store/new_rows.hpp"
#include "store/postgres_connection.hpp"

namespace jobqueue::detail {
namespace {

fact_value text_or_null(std::string_view text) {
  return text.empty() ? fact_value::absent() : fact_value::of_text(text);
}

// A column of text holds neither a NUL nor what is no UTF-8.
bool is_storable_text(std::string_view text) noexcept {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = at + text.size();
  while (at != end) {
    const std::size_t size = *at < 0x80 ? (*at == 0 ? 0 : 1) : utf8_sequence_size(at, end);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

// Other bytes are kept as base64.
struct stored_body {
  std::string encoded;
  bool is_text = true;

  explicit stored_body(std::string_view body) : is_text(is_storable_text(body)) {
    if (!is_text) encode_base64(body, blob_encoding::std_padded, encoded);
  }
  [[nodiscard]] fact_value text(std::string_view body) const {
    return fact_value::of_text(is_text ? body : std::string_view(encoded));
  }
  [[nodiscard]] fact_value encoding() const {
    return is_text ? fact_value::absent() : fact_value::of_text("base64");
  }
};

constexpr std::size_t event_columns = 10;
constexpr std::size_t most_rows = 500;  // of one statement

class recorder {
 public:
  recorder(job_store_parts& store, sql_connection& connection,
           std::span<const incoming_event> events, instant now)
      : store_(&store), connection_(&connection), events_(events), now_(now) {}

  status run() {
    fates_.assign(events_.size(), event_fate::known);
    if (status added = insert_events(); !added) return added;
    if (status compared = compare_known(); !compared) return compared;
    if (status updated = update_jobs(); !updated) return updated;
    return add_evidence();
  }
  [[nodiscard]] std::vector<event_fate> take_fates() { return std::move(fates_); }

 private:
  [[nodiscard]] bool is_new(std::size_t event) const {
    return fates_[event] == event_fate::recorded;
  }

  status insert_events() {
    // In one order, so that two that record the same wait for each other and never in a circle.
    std::vector<std::size_t> order(events_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return events_[a].id < events_[b].id; });
    for (const std::size_t i : order) places_.emplace(events_[i].id, i);
    const std::size_t rows = connection_->dialect() == sql_dialect::sqlite ? 1 : most_rows;
    for (std::size_t at = 0; at < order.size(); at += rows) {
      const auto some = std::span(order).subspan(at, std::min(rows, order.size() - at));
      if (status added = insert_some(some); !added) return added;
    }
    return done;
  }

  status insert_some(std::span<const std::size_t> some) {
    std::string sql =
        "INSERT INTO webhook_event (id, digest, event_type, workflow_id, job_id, scheme,"
        " secret_index, body, body_encoding, received_at) VALUES ";
    std::vector<fact_value> values;
    values.reserve(some.size() * event_columns);
    std::vector<stored_body> bodies;
    bodies.reserve(some.size());
    for (const std::size_t i : some) {
      const incoming_event& event = events_[i];
      const stored_body& body = bodies.emplace_back(event.body);
      const std::size_t first = values.size();
      values.insert(values.end(),
                    {fact_value::of_text(event.id), fact_value::of_text(event.digest),
                     fact_value::of_text(event.type), text_or_null(event.workflow_id),
                     text_or_null(event.job_id), text_or_null(event.scheme),
                     event.secret_index
                         ? fact_value::of_integer(static_cast<std::int64_t>(*event.secret_index))
                         : fact_value::absent(),
                     body.text(event.body), body.encoding(), fact_value::of_time(now_)});
      sql += first == 0 ? "(" : ", (";
      for (std::size_t column = 1; column <= event_columns; ++column) {
        if (column != 1) sql += ", ";
        const std::string_view type = column == 7    ? "integer"
                                      : column == 10 ? "timestamptz"
                                                     : "text";
        sql += connection_->parameter(first + column, type);
      }
      sql += ')';
    }
    sql += " ON CONFLICT (id) DO NOTHING RETURNING id";
    const auto added = connection_->query(sql, values);
    if (!added) return added.problem();
    for (std::size_t row = 0; row < added->size(); ++row) {
      fates_[places_.find(added->row(row)[0].text)->second] = event_fate::recorded;
    }
    return done;
  }

  // Those that were there before: with the same body?
  status compare_known() {
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (is_new(i)) continue;
      const fact_value id = fact_value::of_text(events_[i].id);
      const auto found =
          connection_->query("SELECT digest FROM webhook_event WHERE id = $1", {&id, 1});
      if (!found) return found.problem();
      if (found->size() != 1) {
        return error{errc::store_error, no_offset, "an event is there and is not"};
      }
      if (found->row(0)[0].text != events_[i].digest) fates_[i] = event_fate::conflict;
    }
    return done;
  }

  // Only what is not final: an event that comes late changes nothing. Of PostgreSQL one statement
  // for all, each value an array; an owner's columns may be of other types than ours.
  result<std::string> job_update() {
    const auto columns = store_->job_columns(*connection_);
    if (!columns) return columns.problem();
    const bool is_sqlite = connection_->dialect() == sql_dialect::sqlite;
    std::string sql = "UPDATE job SET ";
    std::size_t number = 1;
    for (const std::string_view name :
         {"status", "completed_at", "workflow_output", "error_message", "updated_at"}) {
      const auto column = need_column(**columns, "job", name);
      if (!column) return column.problem();
      std::string value = "$" + std::to_string(++number);
      if (!is_sqlite) value = "CAST(v." + std::string(name) + " AS " + (*column)->type + ")";
      if (number != 2) sql += ", ";
      sql.append(name).append(" = ");
      const bool is_kept = name != "status" && name != "updated_at";
      sql += is_kept ? "coalesce(job." + std::string(name) + ", " + value + ")" : value;
    }
    sql += is_sqlite ? " WHERE id = $1"
                     : " FROM unnest(CAST($1 AS text[]), CAST($2 AS text[]), CAST($3 AS text[]),"
                       " CAST($4 AS text[]), CAST($5 AS text[]), CAST($6 AS text[]))"
                       " AS v (id, status, completed_at, workflow_output, error_message,"
                       " updated_at) WHERE job.id = jobqueue_job_id(v.id)";
    sql +=
        " AND lower(job.status) NOT IN ('completed', 'complete', 'failed', 'canceled',"
        " 'cancelled', 'unworkable', 'timeout', 'timed_out')";
    return sql;
  }

  status update_jobs() {
    std::map<std::string_view, const job_outcome*> outcomes;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (!is_new(i) || !events_[i].outcome) continue;
      outcomes.emplace(events_[i].outcome->job_id, &*events_[i].outcome);
    }
    if (outcomes.empty()) return done;
    const auto sql = job_update();
    if (!sql) return sql.problem();
    const std::string now = format_stored_time(now_);
    std::array<postgres_array, 6> arrays;
    for (const auto& [id, outcome] : outcomes) {
      const std::array<std::string_view, 6> texts{
          id, outcome->status, now, outcome->workflow_output, outcome->error_message, now};
      if (connection_->dialect() == sql_dialect::postgresql) {
        for (std::size_t i = 0; i < texts.size(); ++i) {
          texts[i].empty() ? arrays[i].add_null() : arrays[i].add(texts[i]);
        }
        continue;
      }
      std::array<fact_value, 6> values;
      std::transform(texts.begin(), texts.end(), values.begin(), text_or_null);
      if (const auto updated = connection_->query(*sql, values); !updated) return updated.problem();
    }
    if (connection_->dialect() == sql_dialect::sqlite) return done;
    std::array<std::string, 6> finished;
    std::array<fact_value, 6> values;
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      finished[i] = arrays[i].finish();
      values[i] = fact_value::of_text(finished[i]);
    }
    if (const auto updated = connection_->query(*sql, values); !updated) return updated.problem();
    return done;
  }

  status add_evidence() {
    std::vector<attestation_record> attestations;
    std::vector<notification_record> notifications;
    std::vector<outgoing_event> outgoing;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (!is_new(i)) continue;
      const incoming_event& event = events_[i];
      if (event.attestation) attestations.push_back(*event.attestation);
      if (event.notification) notifications.push_back(*event.notification);
      if (event.outgoing) outgoing.push_back(*event.outgoing);
    }
    if (!attestations.empty()) {
      const auto added = insert_attestations(*connection_, attestations);
      if (!added) return added.problem();
    }
    if (!notifications.empty()) {
      const auto added = insert_notifications(*connection_, notifications);
      if (!added) return added.problem();
    }
    const auto queued = queue_deliveries(*connection_, outgoing, now_);
    if (!queued) return queued.problem();
    return done;
  }

  job_store_parts* store_;
  sql_connection* connection_;
  std::span<const incoming_event> events_;
  instant now_;
  std::map<std::string_view, std::size_t> places_;
  std::vector<event_fate> fates_;
};

}  // namespace

result<std::vector<event_fate>> record_events(job_store& store,
                                              std::span<const incoming_event> events, instant now,
                                              bool& refused_values) {
  refused_values = false;
  auto connection = store.parts().pool.acquire();
  if (!connection) return connection.problem();
  std::vector<event_fate> fates;
  const status finished = transact(**connection, [&](sql_connection& open) -> status {
    recorder work(store.parts(), open, events, now);
    if (status ran = work.run(); !ran) return ran;
    fates = work.take_fates();
    return done;
  });
  if (finished) return fates;
  refused_values = (*connection)->refused_values();
  return finished.problem();
}

}  // namespace jobqueue::detail
