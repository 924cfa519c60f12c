#include "store/migration.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "store/job_store_parts.hpp"

namespace jobqueue::detail {

extern const std::string_view migration_0001_jobs_sqlite;
extern const std::string_view migration_0001_jobs_postgresql;
extern const std::string_view migration_0002_evidence_sqlite;
extern const std::string_view migration_0002_evidence_postgresql;
extern const std::string_view migration_0003_delivery_sqlite;
extern const std::string_view migration_0003_delivery_postgresql;
extern const std::string_view migration_0004_events_sqlite;
extern const std::string_view migration_0004_events_postgresql;
extern const std::string_view migration_0005_webhooks_sqlite;
extern const std::string_view migration_0005_webhooks_postgresql;
extern const std::string_view migration_0006_forensics_sqlite;
extern const std::string_view migration_0006_forensics_postgresql;
extern const std::string_view migration_0007_metrics_sqlite;
extern const std::string_view migration_0007_metrics_postgresql;

namespace {

struct migration_file {
  int version;
  const std::string_view* sqlite;
  const std::string_view* postgresql;
  [[nodiscard]] std::string_view text(sql_dialect dialect) const {
    return dialect == sql_dialect::sqlite ? *sqlite : *postgresql;
  }
};

constexpr std::array<migration_file, 7> files{{
    {1, &migration_0001_jobs_sqlite, &migration_0001_jobs_postgresql},
    {2, &migration_0002_evidence_sqlite, &migration_0002_evidence_postgresql},
    {3, &migration_0003_delivery_sqlite, &migration_0003_delivery_postgresql},
    {4, &migration_0004_events_sqlite, &migration_0004_events_postgresql},
    {5, &migration_0005_webhooks_sqlite, &migration_0005_webhooks_postgresql},
    {6, &migration_0006_forensics_sqlite, &migration_0006_forensics_postgresql},
    {7, &migration_0007_metrics_sqlite, &migration_0007_metrics_postgresql},
}};
constexpr std::string_view log_table =
    "CREATE TABLE IF NOT EXISTS jobqueue_migration (version integer PRIMARY KEY)";

// The statements of a file: an empty line ends one, and comments before it are not of it.
std::vector<std::string_view> split_statements(std::string_view text) {
  std::vector<std::string_view> statements;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 2, text.size()));
    while (one.starts_with("--")) one.remove_prefix(std::min(one.find('\n'), one.size() - 1) + 1);
    while (one.ends_with('\n') || one.ends_with(';')) one.remove_suffix(1);
    if (!one.empty()) statements.push_back(one);
  }
  return statements;
}

// "CREATE TABLE IF NOT EXISTS job (...": what of the database it makes.
struct made_object {
  enum class kind : std::uint8_t { table, column, other, function };
  kind of = kind::other;
  std::string_view name;
  std::string_view table;  // of a column
};

std::string_view next_word(std::string_view& text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \n"), text.size());
  text.remove_prefix(begin);
  const std::size_t end = std::min(text.find_first_of(" \n("), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

made_object object_of(std::string_view sql) {
  made_object made;
  const bool alters = next_word(sql) == "ALTER";
  std::string_view what = next_word(sql);
  if (what == "OR") {
    next_word(sql);
    what = next_word(sql);
  }
  if (alters) {
    made.of = made_object::kind::column;
    made.table = next_word(sql);
    next_word(sql);  // ADD
    next_word(sql);  // COLUMN
  } else if (what == "TABLE") {
    made.of = made_object::kind::table;
  } else if (what == "FUNCTION") {
    made.of = made_object::kind::function;
  }
  made.name = next_word(sql);
  if (made.name == "IF") {
    next_word(sql);  // NOT
    next_word(sql);  // EXISTS
    made.name = next_word(sql);
  }
  return made;
}

class planner {
 public:
  explicit planner(sql_connection& connection) : connection_(&connection) {}

  result<std::vector<std::string>> make() {
    if (const status read = read_versions(); !read) return read.problem();
    if (const status read = read_job_id_type(); !read) return read.problem();
    for (const migration_file& file : files) {
      if (file.version <= version_) continue;
      if (const status added = add_file(file); !added) return added.problem();
      plan_.push_back("INSERT INTO jobqueue_migration (version) VALUES (" +
                      std::to_string(file.version) + ")");
    }
    return std::move(plan_);
  }

 private:
  status read_versions() {
    const auto logged = connection_->columns_of("jobqueue_migration");
    if (!logged) return logged.problem();
    if (logged->empty()) {
      plan_.emplace_back(log_table);
      return done;
    }
    const auto newest = connection_->query("SELECT max(version) FROM jobqueue_migration");
    if (!newest) return newest.problem();
    version_ = newest->row(0)[0].integer;
    if (version_ <= files.back().version) return done;
    return error{errc::store_error, no_offset,
                 "this database has version " + std::to_string(version_) +
                     " of the schema, which is newer than this program knows; update the program"};
  }

  status read_job_id_type() {
    if (connection_->dialect() == sql_dialect::sqlite) return done;
    const auto type = connection_->query(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = to_regclass('job') AND attname = 'id' AND NOT attisdropped");
    if (!type) return type.problem();
    if (type->size() == 1) job_id_type_ = type->row(0)[0].text;
    return done;
  }

  status add_file(const migration_file& file) {
    created_.clear();
    for (const std::string_view sql : split_statements(file.text(connection_->dialect()))) {
      const made_object made = object_of(sql);
      const auto there = exists(made);
      if (!there) return there.problem();
      if (*there) continue;
      std::string statement(sql);
      constexpr std::string_view place = "{job_id_type}";
      for (auto at = statement.find(place); at != std::string::npos; at = statement.find(place)) {
        statement.replace(at, place.size(), job_id_type_);
      }
      // Neither engine needs it, and SQLite has it for tables only.
      constexpr std::string_view condition = "ADD COLUMN IF NOT EXISTS";
      if (const auto at = statement.find(condition); at != std::string::npos) {
        statement.replace(at, condition.size(), "ADD COLUMN");
      }
      plan_.push_back(std::move(statement));
      if (made.of == made_object::kind::table) created_.emplace_back(made.name);
    }
    return done;
  }

  result<bool> exists(const made_object& made) {
    switch (made.of) {
      case made_object::kind::column: return has_column(made.table, made.name);
      case made_object::kind::table: {
        const auto columns = connection_->columns_of(made.name);
        if (!columns) return columns.problem();
        return !columns->empty();
      }
      // Replaced by what is written here, if it is there.
      case made_object::kind::function: return false;
      case made_object::kind::other: break;
    }
    const fact_value name = fact_value::of_text(made.name);
    const auto found =
        connection_->dialect() == sql_dialect::sqlite
            ? connection_->query("SELECT 1 FROM sqlite_schema WHERE name = $1 COLLATE NOCASE",
                                 {&name, 1})
            : connection_->query(
                  "SELECT 1 WHERE to_regclass($1) IS NOT NULL"
                  " OR EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = $1 AND tgrelid IN"
                  " (to_regclass('job'), to_regclass('notification'), to_regclass('attestation')))",
                  {&name, 1});
    if (!found) return found.problem();
    return found->size() != 0;
  }

  // A table has all its columns that the same file creates.
  result<bool> has_column(std::string_view table, std::string_view name) {
    for (const std::string& created : created_) {
      if (created == table) return true;
    }
    const auto columns = connection_->columns_of(table);
    if (!columns) return columns.problem();
    return find_column(*columns, name) != nullptr;
  }

  sql_connection* connection_;
  std::vector<std::string> plan_;
  std::int64_t version_ = 0;
  std::string job_id_type_ = "text";
  std::vector<std::string> created_;
};

}  // namespace

result<std::vector<std::string>> plan_migration(sql_connection& connection) {
  return planner(connection).make();
}

result<std::vector<std::string>> run_migration(sql_connection& connection) {
  std::vector<std::string> run;
  const status finished = transact(connection, [&](sql_connection& open) -> status {
    if (open.dialect() == sql_dialect::postgresql) {
      // Whoever waits for a lock of a table makes all others wait behind. So not for long, and
      // again. Two processes that migrate: the second finds nothing to do.
      for (const std::string_view sql :
           {"SET LOCAL lock_timeout = '2s'", "SELECT pg_advisory_xact_lock(7166183429)"}) {
        if (const auto set = open.query(sql); !set) return set.problem();
      }
    }
    auto plan = plan_migration(open);
    if (!plan) return plan.problem();
    for (const std::string& sql : *plan) {
      if (const auto made = open.query(sql); !made) return made.problem();
    }
    run = std::move(*plan);
    return done;
  });
  if (!finished) return finished.problem();
  return run;
}

}  // namespace jobqueue::detail
