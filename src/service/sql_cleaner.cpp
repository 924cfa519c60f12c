#include <jobqueue/service/sql_cleaner.hpp>

#include <algorithm>
#include <utility>

#include "core/json_text.hpp"
#include "service/sql_estimate.hpp"
#include "service/sql_rows.hpp"
#include "service/sql_tables.hpp"
#include "service/value_cleaner.hpp"
#include "store/job_store_parts.hpp"
#include "store/metric_store.hpp"

namespace jobqueue {
namespace detail {
namespace {

constexpr int most_attempts = 3;
constexpr std::string_view finished = "finished";

// Cleans the tables of one database, one after the other.
class sql_cleaner {
 public:
  sql_cleaner(sql_connection& connection, const clean_options& options)
      : connection_(&connection), values_(options), pace_(options) {}

  status clean(const clean_table& table) {
    const clean_options& options = values_.options();
    std::string cursor;
    if (options.journal != nullptr && !options.dry_run) {
      cursor = options.journal->cursor_of(table.name);
    }
    if (cursor == finished) return done;
    // Without a vault the journal needs the blobs as they stood there.
    sql_rows rows(*connection_, table, options.dry_run || options.vault != nullptr);
    std::uint64_t seen = 0;
    for (;;) {
      pace_.begin();
      const std::uint64_t bytes_before = values_.report().totals.bytes_seen;
      auto page = rows.next_page(cursor, pace_.batch());
      if (!page) return page.problem();
      if (page->rows == 0) break;
      if (status cleaned = clean_keys(rows, page->keys); !cleaned) return cleaned;
      cursor = page->cursor;
      values_.mark(table.name, cursor);
      seen += page->rows;
      pace_.end(values_.report().totals.bytes_seen - bytes_before);
      if (!values_.go_on(table.name, seen, table.rows)) return done;
    }
    values_.mark(table.name, finished);
    return done;
  }

  // Looks at a sample of the rows only.
  status estimate(const clean_table& table, sql_clean_report& report) {
    std::uint64_t all = table.rows;
    if (all == 0) {  // There are no statistics.
      const auto count = connection_->query("SELECT count(*) FROM " + table.quoted);
      if (!count) return count.problem();
      all = static_cast<std::uint64_t>(count->row(0)[0].integer);
    }
    sql_rows rows(*connection_, table, true);
    auto page = rows.sample(values_.options().sample, all);
    if (!page) return page.problem();
    if (status looked = clean_keys(rows, std::move(page->keys)); !looked) return looked;
    for (std::size_t column = 0; column < table.columns.size(); ++column) {
      const std::string place = rows.place_of(column);
      report.estimates[place] = estimator_.judge(place, page->rows, all);
    }
    report.estimate = estimator_.total();
    static_cast<void>(values_.go_on(table.name, page->rows, page->rows));
    return done;
  }

  [[nodiscard]] clean_report& report() { return values_.report(); }

 private:
  // Values that become durable together, and are written together then.
  struct batch {
    std::vector<cleaned_value> cleaned;
    std::vector<row_change> changes;
    std::vector<row_chunk> read;  // SQLite: what `changes` compare with
    std::size_t bytes = 0;
  };

  // Rows that change meanwhile are read again.
  status clean_keys(sql_rows& rows, std::vector<row_key> keys) {
    constexpr std::size_t most_batch_bytes = std::size_t{4} << 20;
    for (int attempt = 1; !keys.empty() && attempt <= most_attempts; ++attempt) {
      std::vector<row_key> again;
      std::span<const row_key> rest(keys);
      batch held;
      while (!rest.empty()) {
        auto chunk = rows.read(rest);
        if (!chunk) return chunk.problem();
        rest = rest.subspan(chunk->count);
        if (status cleaned = clean_chunk(rows, *chunk, held); !cleaned) return cleaned;
        if (connection_->dialect() == sql_dialect::sqlite) held.read.push_back(std::move(*chunk));
        if (!rest.empty() && held.bytes < most_batch_bytes) continue;
        status written = write_batch(rows, held, attempt == most_attempts, again);
        if (!written) return written;
        held = {};
      }
      keys = std::move(again);
    }
    return done;
  }

  status clean_chunk(sql_rows& rows, const row_chunk& chunk, batch& held) {
    for (const read_row& row : chunk.rows) {
      row_change change{row.key, row.version, {}, {}};
      for (std::size_t column = 0; column < row.values.size(); ++column) {
        const read_value& read = row.values[column];
        if (!read.is_there) continue;
        const std::string place = rows.place_of(column);
        auto value = read.is_large
                         ? values_.clean_pieces(place, row.key.locator, rows.pieces(row, column))
                         : values_.clean(place, row.key.locator, read.text);
        if (!value) {
          // It went away while it was read.
          if (rows.has_lost(row)) break;
          return value.problem();
        }
        if (connection_->dialect() == sql_dialect::sqlite) held.bytes += read.text.size();
        if (!*value) continue;
        change.values.emplace_back(column, held.cleaned.size());
        change.before.push_back(read.text);
        held.bytes += (*value)->text.size();
        held.cleaned.push_back(std::move(**value));
      }
      if (!change.values.empty()) held.changes.push_back(std::move(change));
    }
    return done;
  }

  status write_batch(sql_rows& rows, batch& held, bool is_last_attempt,
                     std::vector<row_key>& again) {
    if (values_.options().dry_run) {
      for (const cleaned_value& value : held.cleaned) {
        values_.count_changed(value);
        estimator_.add(value.entry.place, value.bytes_removed);
      }
      return done;
    }
    if (status durable = values_.make_durable(held.cleaned); !durable) return durable;
    const auto outcomes = rows.write(held.changes, held.cleaned);
    if (!outcomes) return outcomes.problem();
    for (std::size_t i = 0; i < held.changes.size(); ++i) {
      const write_outcome outcome = (*outcomes)[i];
      const bool is_given_up = is_last_attempt || outcome == write_outcome::refused;
      for (const auto& [column, value] : held.changes[i].values) {
        if (outcome == write_outcome::written) {
          values_.count_changed(held.cleaned[value]);
        } else if (is_given_up) {
          values_.count_skipped(rows.place_of(column));
        }
      }
      if (outcome == write_outcome::changed && !is_given_up) again.push_back(held.changes[i].key);
    }
    return done;
  }

  sql_connection* connection_;
  value_cleaner values_;
  pacer pace_;
  sample_estimator estimator_;
};

result<std::unique_ptr<sql_connection>> open_store(std::string_view url,
                                                   const store_options& options) {
  const auto where = parse_store_url(url);
  if (!where) return where.problem();
  auto connection = make_opener(*where, options)();
  if (!connection) return connection.problem();
  if ((*connection)->dialect() == sql_dialect::postgresql) {
    if (const status planned = plan_by_keys(**connection, false); !planned) {
      return planned.problem();
    }
    if (const status limited = limit_lock_waits(**connection); !limited) return limited.problem();
  }
  return connection;
}

}  // namespace
}  // namespace detail

inline namespace v1 {

result<sql_clean_report> clean_sql(std::string_view url, const store_options& store,
                                   std::span<const clean_column> columns,
                                   const clean_options& options) {
  if (const status checked = detail::check_clean_options(options); !checked)
    return checked.problem();
  const auto connection = detail::open_store(url, store);
  if (!connection) return connection.problem();
  auto found = detail::find_clean_tables(**connection, columns);
  if (!found) return found.problem();
  sql_clean_report report;
  report.passed_over = std::move(found->passed_over);
  auto before = measure_tables(**connection, found->tables);
  if (!before) return before.problem();
  report.before = std::move(*before);
  detail::sql_cleaner cleaner(**connection, options);
  status cleaned = done;
  for (const detail::clean_table& table : found->tables) {
    cleaned = options.sample == 0 ? cleaner.clean(table) : cleaner.estimate(table, report);
    if (!cleaned || cleaner.report().stopped) break;
  }
  if (!options.dry_run) {
    // For the charts of a server; that it cannot be counted is no reason to say it was not done.
    static_cast<void>(
        detail::add_to_total(**connection, detail::bytes_removed_total,
                             static_cast<std::int64_t>(cleaner.report().totals.bytes_removed)));
  }
  if (!cleaned) return cleaned.problem();
  if (!options.dry_run) {
    if (const status synced = options.journal->sync(); !synced) return synced.problem();
    auto after = measure_tables(**connection, found->tables);
    if (!after) return after.problem();
    report.after = std::move(*after);
  }
  report.cleaned = std::move(cleaner.report());
  return report;
}

result<std::string> sql_store_name(std::string_view url) {
  auto where = detail::parse_store_url(url);
  if (!where) return where.problem();
  return std::move(where->name);
}

namespace {

// Undoes entries of a journal, many in one transaction; where that fails, one by one.
class sql_undoer {
 public:
  sql_undoer(detail::sql_connection& connection, std::span<const detail::clean_table> tables,
             const blob_store* vault)
      : connection_(&connection), tables_(tables), vault_(vault) {}

  status add(const journal_entry& entry) {
    constexpr std::size_t most_entries = 200;
    constexpr std::size_t most_bytes = std::size_t{4} << 20;
    for (const journal_cut& cut : entry.cuts) held_bytes_ += cut.size + cut.original.size();
    held_.push_back(entry);
    if (held_.size() < most_entries && held_bytes_ < most_bytes) return done;
    return flush();
  }

  status flush() {
    undo_report part;
    status finished = run_held(part);
    if (!finished && connection_->refused_values()) {
      part = {};
      finished = done;
      for (const journal_entry& entry : held_) {
        if (finished = run_one(entry, part); !finished) break;
      }
    }
    if (!finished) return finished;
    report.restored += part.restored;
    report.unchanged += part.unchanged;
    report.skipped += part.skipped;
    held_.clear();
    held_bytes_ = 0;
    return done;
  }

  undo_report report;

 private:
  status run_held(undo_report& part) {
    const detail::sql_transaction open(*connection_);
    if (status begun = connection_->begin(); !begun) return begun;
    for (const journal_entry& entry : held_) {
      if (status undone = run_one(entry, part); !undone) return undone;
    }
    return connection_->commit();
  }

  status run_one(const journal_entry& entry, undo_report& part) {
    for (const detail::clean_table& table : tables_) {
      if (!entry.place.starts_with(table.name + ".")) continue;
      detail::sql_rows rows(*connection_, table, false);
      for (std::size_t column = 0; column < table.columns.size(); ++column) {
        if (rows.place_of(column) != entry.place) continue;
        const auto outcome = rows.undo(entry, column, vault_);
        if (!outcome) return outcome.problem();
        ++(*outcome == detail::undo_outcome::restored    ? part.restored
           : *outcome == detail::undo_outcome::unchanged ? part.unchanged
                                                         : part.skipped);
        return done;
      }
    }
    ++part.skipped;  // its table or column is gone
    return done;
  }

  detail::sql_connection* connection_;
  std::span<const detail::clean_table> tables_;
  const blob_store* vault_;
  std::vector<journal_entry> held_;
  std::size_t held_bytes_ = 0;
};

}  // namespace

result<undo_report> undo_sql(std::string_view url, const store_options& store,
                             const clean_journal& journal, const blob_store* vault) {
  const auto connection = detail::open_store(url, store);
  if (!connection) return connection.problem();
  const auto found = detail::find_clean_tables(**connection, {});
  if (!found) return found.problem();
  sql_undoer undoer(**connection, found->tables, vault);
  const status walked =
      journal.each_backwards([&](const journal_entry& entry) { return undoer.add(entry); });
  if (!walked) return walked.problem();
  if (const status flushed = undoer.flush(); !flushed) return flushed.problem();
  return undoer.report;
}

}  // namespace v1
}  // namespace jobqueue
