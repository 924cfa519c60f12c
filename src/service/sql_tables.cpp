#include "service/sql_tables.hpp"

#include <algorithm>
#include <utility>

namespace jobqueue::detail {
namespace {

// Of PostgreSQL: a row for each column that may be cleaned or is a part of the primary key. Columns
// of other unique indexes and of foreign keys must keep their values, and so must what is
// generated.
constexpr std::string_view postgres_columns = R"(
SELECT n.nspname, c.relname, a.attname, a.atttypid::bigint, format_type(a.atttypid, a.atttypmod),
  greatest(c.reltuples, 0)::bigint,
  coalesce(array_position(pk.indkey::int2[], a.attnum), -1)::bigint AS key_place,
  a.atttypid IN (114, 3802, 25) AND a.attgenerated = '' AND NOT EXISTS (
    SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique
      AND a.attnum = ANY (i.indkey)) AND NOT EXISTS (
    SELECT 1 FROM pg_constraint f WHERE f.contype = 'f'
      AND (f.conrelid = c.oid AND a.attnum = ANY (f.conkey)
        OR f.confrelid = c.oid AND a.attnum = ANY (f.confkey))) AS may_be_cleaned,
  n.nspname = ANY (current_schemas(false))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_index pk ON pk.indrelid = c.oid AND pk.indisprimary
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
ORDER BY 1, 2, a.attnum)";

constexpr std::string_view sqlite_columns = R"(
SELECT '', s.name, c.name, 0, lower(c.type), 0, c.pk - 1,
  (lower(c.type) LIKE '%json%' OR lower(c.type) LIKE '%text%' OR lower(c.type) LIKE '%clob%')
    AND lower(c.type) NOT LIKE 'timestamp%' AND c.hidden = 0 AND NOT EXISTS (
    SELECT 1 FROM pragma_index_list(s.name) i JOIN pragma_index_info(i.name) x
      WHERE i."unique" AND x.name = c.name) AND NOT EXISTS (
    SELECT 1 FROM pragma_foreign_key_list(s.name) f WHERE f."from" = c.name),
  1
FROM sqlite_schema s JOIN pragma_table_xinfo(s.name) c
WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite_%' ORDER BY s.name, c.cid)";

struct found_column {
  std::string schema;
  std::string table;
  sql_column column;
  std::uint64_t rows = 0;
  std::int64_t key_place = -1;
  bool may_be_cleaned = false;
  bool is_on_path = false;
};

result<std::vector<found_column>> list_columns(sql_connection& connection) {
  const bool is_sqlite = connection.dialect() == sql_dialect::sqlite;
  const auto rows = connection.query(is_sqlite ? sqlite_columns : postgres_columns);
  if (!rows) return rows.problem();
  std::vector<found_column> columns(rows->size());
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const auto row = rows->row(i);
    found_column& one = columns[i];
    one.schema = row[0].text;
    one.table = row[1].text;
    one.column.name = row[2].text;
    one.column.type = row[4].text;
    one.rows = static_cast<std::uint64_t>(row[5].integer);
    one.key_place = row[6].integer;
    one.may_be_cleaned = row[7].integer != 0;
    one.is_on_path = row[8].integer != 0;
  }
  return columns;
}

std::string name_of(const found_column& one) {
  return one.schema.empty() ? one.table : one.schema + "." + one.table;
}

bool names(const clean_column& wanted, const found_column& one) {
  const bool is_table =
      wanted.table == name_of(one) || (one.is_on_path && wanted.table == one.table);
  return is_table && wanted.column == one.column.name;
}

// What keeps the accounts is no payload.
bool is_account(const found_column& one) {
  static constexpr std::string_view ours[] = {"outbox", "jobqueue_migration",
                                              "evidence_without_job", "webhook_endpoint",
                                              "webhook_delivery"};
  return std::find(std::begin(ours), std::end(ours), one.table) != std::end(ours);
}

status check_wanted(std::span<const clean_column> wanted,
                    const std::vector<found_column>& columns) {
  for (const clean_column& one : wanted) {
    const auto found = std::find_if(columns.begin(), columns.end(),
                                    [&](const found_column& column) { return names(one, column); });
    const std::string words = "the column " + one.column + " of " + one.table;
    if (found == columns.end()) {
      return error{errc::invalid_argument, no_offset, words + " does not exist"};
    }
    if (!found->may_be_cleaned) {
      return error{errc::invalid_argument, no_offset,
                   words + " is of type " + found->column.type +
                       "; only json, jsonb and text can be cleaned, and nothing that is a part of "
                       "a key or generated"};
    }
  }
  return done;
}

}  // namespace

result<clean_tables> find_clean_tables(sql_connection& connection,
                                       std::span<const clean_column> wanted) {
  const auto columns = list_columns(connection);
  if (!columns) return columns.problem();
  if (const status checked = check_wanted(wanted, *columns); !checked) return checked.problem();
  clean_tables found;
  for (auto first = columns->begin(); first != columns->end();) {
    const std::string name = name_of(*first);
    const auto last = std::find_if(first, columns->end(),
                                   [&](const found_column& one) { return name_of(one) != name; });
    clean_table table;
    table.name = name;
    table.quoted = quote_identifier(first->table);
    if (!first->schema.empty()) table.quoted = quote_identifier(first->schema) + "." + table.quoted;
    table.rows = first->rows;
    std::vector<const found_column*> key;
    for (auto one = first; one != last; ++one) {
      if (one->key_place >= 0) key.push_back(&*one);
      const bool is_named =
          std::any_of(wanted.begin(), wanted.end(),
                      [&](const clean_column& named) { return names(named, *one); });
      const bool is_wanted = wanted.empty() ? !is_account(*one) : is_named;
      if (is_wanted && one->may_be_cleaned) table.columns.push_back(one->column);
    }
    first = last;
    if (table.columns.empty()) continue;
    std::sort(key.begin(), key.end(), [](const found_column* a, const found_column* b) {
      return a->key_place < b->key_place;
    });
    for (const found_column* one : key) table.key.push_back(one->column);
    if (table.key.empty() && connection.dialect() == sql_dialect::sqlite) {
      table.key.push_back({"rowid", fact_value::kind::integer, "integer"});
    }
    if (table.key.empty()) {
      found.passed_over.push_back(name + " has no primary key, by which its rows could be found");
      continue;
    }
    found.tables.push_back(std::move(table));
  }
  return found;
}

result<std::vector<table_size>> measure_tables(sql_connection& connection,
                                               std::span<const clean_table> tables) {
  std::vector<table_size> sizes;
  if (connection.dialect() == sql_dialect::sqlite) return sizes;
  for (const clean_table& table : tables) {
    const fact_value name = fact_value::of_text(table.quoted);
    const auto rows = connection.query(
        "SELECT pg_relation_size(c.oid), coalesce(pg_total_relation_size(nullif(c.reltoastrelid,"
        " 0)), 0), pg_indexes_size(c.oid), coalesce(pg_stat_get_dead_tuples(c.oid), 0)"
        " FROM pg_class c WHERE c.oid = to_regclass($1)",
        {&name, 1});
    if (!rows) return rows.problem();
    if (rows->size() == 0) continue;
    const auto row = rows->row(0);
    const auto number = [&](std::size_t i) { return static_cast<std::uint64_t>(row[i].integer); };
    sizes.push_back({table.name, number(0), number(1), number(2), number(3)});
  }
  return sizes;
}

}  // namespace jobqueue::detail
