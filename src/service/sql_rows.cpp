#include "service/sql_rows.hpp"

#include <algorithm>
#include <map>

#include "core/json_text.hpp"
#include "store/postgres_connection.hpp"

namespace jobqueue::detail {
namespace {

// What takes less cannot hold a run of base64 that goes.
constexpr std::int64_t least_bytes = 64;
// Rows that are read together, as stored: compressed they may be many times as large.
constexpr std::uint64_t most_chunk_bytes = std::uint64_t{512} << 10;
constexpr std::uint64_t large_row_bytes = std::uint64_t{128} << 10;
// A value that is larger is read in pieces of so many characters.
constexpr std::int64_t large_value_bytes = std::int64_t{8} << 20;
constexpr std::int64_t piece_chars = std::int64_t{4} << 20;

void append_json_value(std::string& text, const fact_value& value) {
  if (value.of == fact_value::kind::integer) {
    text += std::to_string(value.integer);
  } else {
    append_json_string(text, value.text);
  }
}

// The parts of a locator or a cursor. Numbers are those of SQLite.
class key_values {
 public:
  explicit key_values(std::string_view locator) {
    for (const std::string_view one : read_json_elements(locator)) {
      const bool is_text = one.starts_with('"');
      texts_.push_back(std::make_unique<std::string>(is_text ? read_json_string(one) : ""));
      values_.push_back(is_text ? fact_value::of_text(*texts_.back())
                                : fact_value::of_integer(read_integer(one).value_or(0)));
    }
  }
  [[nodiscard]] const std::vector<fact_value>& get() const noexcept { return values_; }

 private:
  std::vector<std::unique_ptr<std::string>> texts_;
  std::vector<fact_value> values_;
};

std::string make_locator(std::span<const fact_value> key) {
  std::string locator = "[";
  for (const fact_value& part : key) {
    if (locator.size() > 1) locator += ',';
    append_json_value(locator, part);
  }
  return locator += ']';
}

std::int64_t count_chars(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

}  // namespace

std::string sql_rows::place_of(std::size_t column) const {
  return table_->name + "." + table_->columns[column].name;
}

std::string sql_rows::key_list() const {
  std::string list;
  for (const sql_column& part : table_->key) {
    if (!list.empty()) list += ", ";
    list += "t." + quote_identifier(part.name);
  }
  return list;
}

std::string sql_rows::key_equals(std::size_t first_parameter) const {
  std::string condition;
  for (std::size_t i = 0; i < table_->key.size(); ++i) {
    if (i != 0) condition += " AND ";
    condition += "t." + quote_identifier(table_->key[i].name) + " = ";
    condition += connection_->parameter(first_parameter + i, table_->key[i].type);
  }
  return condition;
}

std::string sql_rows::text_of(std::size_t column) const {
  const std::string name = "t." + quote_identifier(table_->columns[column].name);
  // SQLite keeps anything in any column; what is no text is left alone.
  if (is_sqlite()) return "CASE WHEN typeof(" + name + ") = 'text' THEN " + name + " END";
  return "CAST(" + name + " AS text)";
}

// "SELECT the key, its size FROM the table AS t".
std::string sql_rows::select_keys() const {
  std::string sql = "SELECT ";
  std::string size = "0";
  for (std::size_t i = 0; i < table_->key.size(); ++i) {
    const std::string name = "t." + quote_identifier(table_->key[i].name);
    sql += is_sqlite() ? name : "CAST(" + name + " AS text)";
    sql += " AS key_" + std::to_string(i) + ", ";
  }
  for (const sql_column& column : table_->columns) {
    if (is_sqlite()) continue;  // it would have to read the value
    size += " + coalesce(pg_column_size(t." + quote_identifier(column.name) + "), 0)";
  }
  sql += (is_sqlite() ? std::to_string(least_bytes) : size) + " AS size FROM " + table_->quoted;
  return sql += " AS t";
}

result<key_page> sql_rows::read_keys(const std::string& sql, std::span<const fact_value> values) {
  const auto rows = connection_->query(sql, values);
  if (!rows) return rows.problem();
  key_page page;
  page.rows = rows->size();
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const auto row = rows->row(i);
    std::string locator = make_locator(row.first(table_->key.size()));
    if (i + 1 == rows->size()) page.cursor = locator;
    const std::int64_t bytes = row.back().integer;
    if (bytes < least_bytes) continue;
    page.keys.push_back({std::move(locator), static_cast<std::uint64_t>(bytes)});
  }
  return page;
}

// PostgreSQL takes whole pages of a table that is much larger than the sample, so as not to read
// all of it.
result<key_page> sql_rows::sample(std::uint64_t wanted, std::uint64_t all) {
  constexpr std::uint64_t large = 100;
  std::string sql = select_keys();
  if (is_sqlite()) {
    sql += " ORDER BY random() LIMIT " + std::to_string(wanted);
  } else if (wanted < all) {
    const double percent = 100 * static_cast<double>(wanted) / static_cast<double>(all);
    sql += all / wanted > large ? " TABLESAMPLE SYSTEM (" : " TABLESAMPLE BERNOULLI (";
    sql += std::to_string(percent) + ")";
  }
  return read_keys(sql, {});
}

result<key_page> sql_rows::next_page(std::string_view cursor, std::size_t most) {
  std::string sql = select_keys();
  const key_values behind(cursor.empty() ? std::string_view("[]") : cursor);
  std::vector<fact_value> values = behind.get();
  if (!values.empty()) {
    sql += " WHERE (" + key_list() + ") > (";
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i != 0) sql += ", ";
      sql += connection_->parameter(i + 1, table_->key[i].type);
    }
    sql += ")";
  }
  values.push_back(fact_value::of_integer(static_cast<std::int64_t>(most)));
  sql += " ORDER BY " + key_list() + " LIMIT $" + std::to_string(values.size());
  return read_keys(sql, values);
}

// Reads one row. Of a large value only that it is there.
status sql_rows::add_row(const row_key& key, row_chunk& chunk) {
  const key_values values(key.locator);
  const std::size_t width = table_->columns.size();
  std::vector<std::int64_t> sizes(width, 0);
  if (in_pieces_ && !is_sqlite() && key.bytes > large_row_bytes) {
    std::string sql = "SELECT 1";
    for (std::size_t i = 0; i < width; ++i) sql += ", octet_length(" + text_of(i) + ")";
    sql += " FROM " + table_->quoted + " AS t WHERE " + key_equals(1);
    const auto rows = connection_->query(sql, values.get());
    if (!rows) return rows.problem();
    if (rows->size() == 0) return done;
    for (std::size_t i = 0; i < width; ++i) sizes[i] = rows->row(0)[i + 1].integer;
  }
  std::string sql = is_sqlite() ? "SELECT ''" : "SELECT CAST(t.xmin AS text)";
  for (std::size_t i = 0; i < width; ++i) {
    sql += ", " + (sizes[i] > large_value_bytes ? std::string("NULL") : text_of(i));
  }
  sql += " FROM " + table_->quoted + " AS t WHERE " + key_equals(1);
  auto rows = connection_->query(sql, values.get());
  if (!rows) return rows.problem();
  if (rows->size() == 0) return done;
  const auto found = rows->row(0);
  read_row& row = chunk.rows.emplace_back();
  row.key = key;
  row.version = found[0].text;
  for (std::size_t i = 0; i < width; ++i) {
    const bool is_large = sizes[i] > large_value_bytes;
    const fact_value& value = found[i + 1];
    row.values.push_back({is_large || value.of != fact_value::kind::absent, is_large, value.text});
  }
  chunk.owners.push_back(std::move(*rows));
  return done;
}

// PostgreSQL: rows that are not large, with one statement.
status sql_rows::add_rows(std::span<const row_key> keys, row_chunk& chunk) {
  const std::size_t parts = table_->key.size();
  std::vector<postgres_array> arrays(parts);
  for (const row_key& key : keys) {
    const key_values values(key.locator);
    for (std::size_t i = 0; i < parts; ++i) arrays[i].add(values.get()[i].text);
  }
  std::string sql = "SELECT CAST(t.xmin AS text)";
  std::string from;
  std::string names;
  std::string where;
  std::vector<std::string> texts;
  texts.reserve(parts);
  std::vector<fact_value> values;
  for (std::size_t i = 0; i < parts; ++i) {
    const std::string name = "v" + std::to_string(i);
    const std::string column = "t." + quote_identifier(table_->key[i].name);
    sql.append(", CAST(").append(column).append(" AS text) AS key_").append(std::to_string(i));
    from += (i == 0 ? "CAST($" : ", CAST($") + std::to_string(i + 1) + " AS text[])";
    names += (i == 0 ? "" : ", ") + name;
    where.append(i == 0 ? "" : " AND ").append(column).append(" = CAST(v.").append(name);
    where.append(" AS ").append(table_->key[i].type).append(")");
    texts.push_back(arrays[i].finish());
    values.push_back(fact_value::of_text(texts.back()));
  }
  for (std::size_t i = 0; i < table_->columns.size(); ++i) sql += ", " + text_of(i);
  sql += " FROM unnest(" + from + ") AS v (" + names + ") JOIN " + table_->quoted + " AS t ON ";
  auto rows = connection_->query(sql + where, values);
  if (!rows) return rows.problem();
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const auto found = rows->row(i);
    read_row& row = chunk.rows.emplace_back();
    row.key.locator = make_locator(found.subspan(1, parts));
    row.version = found[0].text;
    for (const fact_value& value : found.subspan(1 + parts)) {
      row.values.push_back({value.of != fact_value::kind::absent, false, value.text});
    }
  }
  chunk.owners.push_back(std::move(*rows));
  return done;
}

result<row_chunk> sql_rows::read(std::span<const row_key> keys) {
  row_chunk chunk;
  std::uint64_t bytes = 0;
  if (!is_sqlite() && keys.front().bytes <= large_row_bytes) {
    for (const row_key& key : keys) {
      bytes += key.bytes;
      if (chunk.count != 0 && (key.bytes > large_row_bytes || bytes > most_chunk_bytes)) break;
      ++chunk.count;
    }
    if (const status added = add_rows(keys.first(chunk.count), chunk); !added) {
      return added.problem();
    }
    return chunk;
  }
  // One large row; or, in SQLite, which does not tell before, rows until they are large together.
  do {
    const std::size_t rows = chunk.rows.size();
    if (const status added = add_row(keys[chunk.count], chunk); !added) return added.problem();
    ++chunk.count;
    if (chunk.rows.size() == rows) continue;
    for (const read_value& value : chunk.rows.back().values) bytes += value.text.size();
  } while (is_sqlite() && chunk.count < keys.size() && bytes < most_chunk_bytes);
  return chunk;
}

std::function<result<std::string_view>()> sql_rows::pieces(const read_row& row,
                                                           std::size_t column) {
  struct reading {
    std::int64_t at = 1;
    bool is_over = false;
    sql_result piece;
  };
  auto state = std::make_shared<reading>();
  return [this, &row, column, state]() -> result<std::string_view> {
    if (state->is_over) return std::string_view();
    const key_values key(row.key.locator);
    std::vector<fact_value> values = key.get();
    values.push_back(fact_value::of_text(row.version));
    std::string sql = "SELECT substr(" + text_of(column) + ", " + std::to_string(state->at) + ", ";
    sql += std::to_string(piece_chars) + ") FROM " + table_->quoted + " AS t WHERE ";
    sql += key_equals(1) + " AND CAST(t.xmin AS text) = $" + std::to_string(values.size());
    auto rows = connection_->query(sql, values);
    if (!rows) return rows.problem();
    if (rows->size() == 0) {
      lost_.insert(row.key.locator);
      return error{errc::store_error, no_offset, "a row was changed while it was read"};
    }
    state->piece = std::move(*rows);
    const std::string_view text = state->piece.row(0)[0].text;
    const std::int64_t chars = count_chars(text);
    state->at += chars;
    state->is_over = chars < piece_chars;
    return text;
  };
}

status limit_lock_waits(sql_connection& connection, bool is_hurried) {
  const fact_value values[] = {fact_value::of_text(is_hurried ? "100ms" : "2s")};
  const auto set = connection.query("SELECT set_config('lock_timeout', $1, false)", values);
  return set ? done : status(set.problem());
}

result<std::vector<write_outcome>> sql_rows::write(std::span<const row_change> changes,
                                                   std::span<const cleaned_value> cleaned) {
  std::vector<write_outcome> outcomes(changes.size(), write_outcome::changed);
  if (changes.empty()) return outcomes;
  bool is_hurried = false;
  // A value is refused, or a row is locked for long: which one is found by halving.
  std::vector<std::span<const row_change>> rest{changes};
  std::size_t at = 0;
  while (!rest.empty()) {
    const auto some = rest.back();
    rest.pop_back();
    const std::span<write_outcome> here = std::span(outcomes).subspan(at, some.size());
    const status written =
        is_sqlite() ? write_each(some, cleaned, here) : write_many(some, cleaned, here);
    if (written) {
      at += some.size();
      continue;
    }
    if (!connection_->refused_values() && !connection_->met_conflict()) return written.problem();
    if (some.size() == 1) {
      outcomes[at++] = write_outcome::refused;
      continue;
    }
    if (!is_sqlite() && !is_hurried && connection_->met_conflict()) {
      is_hurried = true;
      if (const status limited = limit_lock_waits(*connection_, true); !limited) {
        return limited.problem();
      }
    }
    rest.push_back(some.subspan(some.size() / 2));
    rest.push_back(some.first(some.size() / 2));
  }
  if (is_hurried) {
    if (const status limited = limit_lock_waits(*connection_); !limited) return limited.problem();
  }
  return outcomes;
}

// PostgreSQL: one statement, and so one transaction.
status sql_rows::write_many(std::span<const row_change> changes,
                            std::span<const cleaned_value> cleaned,
                            std::span<write_outcome> outcomes) {
  const std::size_t parts = table_->key.size();
  const std::size_t width = table_->columns.size();
  std::vector<postgres_array> arrays(parts + 1 + width);
  for (const row_change& change : changes) {
    const key_values key(change.key.locator);
    for (std::size_t i = 0; i < parts; ++i) arrays[i].add(key.get()[i].text);
    arrays[parts].add(change.version);
    std::vector<const cleaned_value*> of_column(width, nullptr);
    for (const auto& [column, value] : change.values) of_column[column] = &cleaned[value];
    for (std::size_t i = 0; i < width; ++i) {
      if (of_column[i] == nullptr) {
        arrays[parts + 1 + i].add_null();
      } else {
        arrays[parts + 1 + i].add(of_column[i]->text);
      }
    }
  }
  std::string set;
  std::string from;
  std::string names;
  std::string where;
  std::string keys;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    const std::string name = "v" + std::to_string(i);
    if (i != 0) from += ", ";
    from += "CAST($" + std::to_string(i + 1) + " AS text[])";
    names += (i == 0 ? "" : ", ") + name;
    if (i < parts) {
      const std::string column = "t." + quote_identifier(table_->key[i].name);
      where.append(column).append(" = CAST(v.").append(name).append(" AS ");
      where.append(table_->key[i].type).append(") AND ");
      keys += (i == 0 ? "CAST(" : ", CAST(") + column + " AS text)";
    } else if (i > parts) {
      const sql_column& column = table_->columns[i - parts - 1];
      if (!set.empty()) set += ", ";
      set += quote_identifier(column.name) + " = coalesce(CAST(v." + name + " AS " + column.type;
      set += "), t." + quote_identifier(column.name) + ")";
    }
  }
  where += "CAST(t.xmin AS text) = v.v" + std::to_string(parts);
  const std::string sql = "UPDATE " + table_->quoted + " AS t SET " + set + " FROM unnest(" + from +
                          ") AS v (" + names + ") WHERE " + where + " RETURNING " + keys;
  std::vector<std::string> texts;
  texts.reserve(arrays.size());
  for (postgres_array& array : arrays) texts.push_back(array.finish());
  std::vector<fact_value> values;
  values.reserve(texts.size());
  for (const std::string& text : texts) values.push_back(fact_value::of_text(text));
  const auto rows = connection_->query(sql, values);
  if (!rows) return rows.problem();
  std::set<std::string> written;
  for (std::size_t i = 0; i < rows->size(); ++i) written.insert(make_locator(rows->row(i)));
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const bool is_written = written.contains(changes[i].key.locator);
    outcomes[i] = is_written ? write_outcome::written : write_outcome::changed;
  }
  return done;
}

// SQLite: a statement for each row, each value compared with what was read.
status sql_rows::write_row(sql_connection& open, const row_change& change,
                           std::span<const cleaned_value> cleaned, write_outcome& outcome) {
  const key_values key(change.key.locator);
  std::vector<fact_value> values = key.get();
  std::string set;
  std::string where = key_equals(1);
  for (std::size_t i = 0; i < change.values.size(); ++i) {
    const auto [column, value] = change.values[i];
    const std::string name = quote_identifier(table_->columns[column].name);
    values.push_back(fact_value::of_text(cleaned[value].text));
    set += (set.empty() ? "" : ", ") + name + " = $" + std::to_string(values.size());
    values.push_back(fact_value::of_text(change.before[i]));
    where += " AND t." + name + " IS $" + std::to_string(values.size());
  }
  const auto rows =
      open.query("UPDATE " + table_->quoted + " AS t SET " + set + " WHERE " + where, values);
  if (!rows) return rows.problem();
  outcome = rows->affected() == 1 ? write_outcome::written : write_outcome::changed;
  return done;
}

status sql_rows::write_each(std::span<const row_change> changes,
                            std::span<const cleaned_value> cleaned,
                            std::span<write_outcome> outcomes) {
  return transact(*connection_, [&](sql_connection& open) -> status {
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if (status written = write_row(open, changes[i], cleaned, outcomes[i]); !written) {
        return written;
      }
    }
    return done;
  });
}

result<undo_outcome> sql_rows::undo(const journal_entry& entry, std::size_t column,
                                    const blob_store* vault) {
  row_chunk chunk;
  const row_key key{entry.locator, 0};
  if (const status added = add_row(key, chunk); !added) return added.problem();
  if (chunk.rows.empty() || !chunk.rows.front().values[column].is_there) {
    return undo_outcome::skipped;
  }
  const std::string_view text = chunk.rows.front().values[column].text;
  if (digest_of(text) == entry.before) return undo_outcome::unchanged;
  auto original = undo_value(entry, text, vault);
  if (!original) return original.problem();
  if (!*original) return undo_outcome::skipped;
  cleaned_value restored;
  restored.text = std::move(**original);
  // The caller has a transaction.
  const row_change change{key, chunk.rows.front().version, {{column, 0}}, {text}};
  write_outcome outcome = write_outcome::changed;
  const status written = is_sqlite() ? write_row(*connection_, change, {&restored, 1}, outcome)
                                     : write_many({&change, 1}, {&restored, 1}, {&outcome, 1});
  if (!written) return written.problem();
  return outcome == write_outcome::written ? undo_outcome::restored : undo_outcome::skipped;
}

}  // namespace jobqueue::detail
