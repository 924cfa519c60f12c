#include "store/sqlite_connection.hpp"

#include <sqlite3.h>

#include <cstring>
#include <list>
#include <memory_resource>
#include <utility>

namespace jobqueue::detail {
namespace {

constexpr int instructions_between_looks = 20'000;
constexpr std::size_t most_statements = 64;

// The declared types of the migrations: "json text", "timestamp text", "boolean". SQLite gives the
// names of its own types in capitals.
fact_value::kind kind_of_declared(std::string type) {
  for (char& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (type.starts_with("json")) return fact_value::kind::json;
  if (type.starts_with("timestamp")) return fact_value::kind::time;
  if (type.starts_with("bool")) return fact_value::kind::boolean;
  if (type.starts_with("int")) return fact_value::kind::integer;
  if (type == "real") return fact_value::kind::real;
  if (type == "text") return fact_value::kind::text;
  return fact_value::kind::absent;
}

// Views of `parameters` and texts of `times` must live until the statement is reset.
void bind(sqlite3_stmt* statement, int at, const fact_value& value, std::list<std::string>& times) {
  const auto bind_text = [&](std::string_view text) {
    // An empty view may have no pointer, which would be NULL. What is too large to be bound stays
    // NULL, and the statement fails where that matters.
    sqlite3_bind_text64(statement, at, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                        SQLITE_UTF8);
  };
  switch (value.of) {
    case fact_value::kind::absent:
    case fact_value::kind::withheld: sqlite3_bind_null(statement, at); break;
    case fact_value::kind::boolean:
    case fact_value::kind::integer: sqlite3_bind_int64(statement, at, value.integer); break;
    case fact_value::kind::real: sqlite3_bind_double(statement, at, value.real); break;
    case fact_value::kind::time:
      bind_text(times.emplace_back(
          format_stored_time(instant(std::chrono::microseconds(value.integer)))));
      break;
    case fact_value::kind::text:
    case fact_value::kind::json: bind_text(value.text); break;
  }
}

fact_value read_text(std::string_view text, fact_value::kind declared) {
  if (declared == fact_value::kind::json) return fact_value::of_json(text);
  if (declared == fact_value::kind::time) {
    if (const auto when = parse_instant(text)) return fact_value::of_time(*when);
  }
  return fact_value::of_text(text);
}

fact_value read_column(sqlite3_stmt* statement, int column, fact_value::kind declared,
                       std::pmr::memory_resource& memory) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: return fact_value::absent();
    case SQLITE_INTEGER: {
      const std::int64_t value = sqlite3_column_int64(statement, column);
      if (declared == fact_value::kind::boolean) return fact_value::of_boolean(value != 0);
      return fact_value::of_integer(value);
    }
    case SQLITE_FLOAT: return fact_value::of_real(sqlite3_column_double(statement, column));
    default: break;
  }
  // A blob is taken as it is: whoever wrote it meant a text.
  const void* bytes = sqlite3_column_blob(statement, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  if (size == 0) return read_text({}, declared);
  auto* copy = static_cast<char*>(memory.allocate(size, 1));
  std::memcpy(copy, bytes, size);
  return read_text({copy, size}, declared);
}

}  // namespace

void sqlite_connection::finalizer::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

sqlite_connection::sqlite_connection(const sqlite_settings& settings)
    : name_(settings.name),
      lock_timeout_(settings.lock_timeout),
      statement_timeout_(settings.statement_timeout) {}

sqlite_connection::~sqlite_connection() {
  statements_.clear();
  sqlite3_close(handle_);
}

result<std::unique_ptr<sql_connection>> sqlite_connection::open(const sqlite_settings& settings) {
  std::unique_ptr<sqlite_connection> made(new sqlite_connection(settings));
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (settings.create) flags |= SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(settings.path.c_str(), &made->handle_, flags, nullptr);
  if (code != SQLITE_OK) return made->trouble(code);
  sqlite3_busy_timeout(made->handle_, static_cast<int>(settings.lock_timeout.count()));
  sqlite3_progress_handler(
      made->handle_, instructions_between_looks,
      [](void* self) {
        const auto& deadline = static_cast<sqlite_connection*>(self)->deadline_;
        return deadline && std::chrono::steady_clock::now() > *deadline ? 1 : 0;
      },
      made.get());
  // FULL: what is committed is on the disk, as it must be for what is sent from the outbox and for
  // evidence.
  if (const status set = made->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
      !set) {
    return set.problem();
  }
  // In a file of ours readers go on beside the writer. That of somebody else stays as it is.
  const auto pages = made->query("PRAGMA page_count", {});
  if (!pages) return pages.problem();
  if (settings.create && pages->row(0)[0].integer == 0) {
    if (const status set = made->execute("PRAGMA journal_mode = WAL"); !set) return set.problem();
  }
  return std::unique_ptr<sql_connection>(std::move(made));
}

result<sqlite_connection::statement*> sqlite_connection::prepare(std::string_view sql) {
  if (const auto known = statements_.find(sql); known != statements_.end()) return &known->second;
  sqlite3_stmt* handle = nullptr;
  const int code =
      sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
  if (code != SQLITE_OK) return trouble(code);
  statement made;
  made.handle.reset(handle);
  const int parameters = sqlite3_bind_parameter_count(handle);
  for (int i = 1; i <= parameters; ++i) {
    const std::string name = "$" + std::to_string(i);
    made.parameter_at.push_back(sqlite3_bind_parameter_index(handle, name.c_str()));
  }
  for (int i = 0; i < sqlite3_column_count(handle); ++i) {
    const char* name = sqlite3_column_name(handle, i);
    made.columns.emplace_back(name == nullptr ? "" : name);
    const char* type = sqlite3_column_decltype(handle, i);
    made.kinds.push_back(kind_of_declared(type == nullptr ? "" : type));
  }
  if (statements_.size() >= most_statements) statements_.clear();
  return &statements_.emplace(sql, std::move(made)).first->second;
}

result<sql_result> sqlite_connection::query(std::string_view sql,
                                            std::span<const fact_value> parameters) {
  const auto found = prepare(sql);
  if (!found) return found.problem();
  const statement& running = **found;
  std::list<std::string> times;
  for (std::size_t i = 0; i < running.parameter_at.size() && i < parameters.size(); ++i) {
    if (running.parameter_at[i] == 0) continue;
    bind(running.handle.get(), running.parameter_at[i], parameters[i], times);
  }
  start_clock();
  auto answer = step_through(running);
  sqlite3_reset(running.handle.get());
  return answer;
}

result<sql_result> sqlite_connection::step_through(const statement& running) {
  sqlite3_stmt* const handle = running.handle.get();
  std::vector<fact_value> values;
  std::shared_ptr<std::pmr::monotonic_buffer_resource> memory;
  int code = sqlite3_step(handle);
  for (; code == SQLITE_ROW; code = sqlite3_step(handle)) {
    if (!memory) memory = std::make_shared<std::pmr::monotonic_buffer_resource>();
    for (std::size_t i = 0; i < running.kinds.size(); ++i) {
      values.push_back(read_column(handle, static_cast<int>(i), running.kinds[i], *memory));
    }
  }
  if (code != SQLITE_DONE) return trouble(code);
  last_code_ = SQLITE_OK;
  if (running.columns.empty()) {
    return sql_result({}, {}, nullptr, static_cast<std::uint64_t>(sqlite3_changes64(handle_)));
  }
  return sql_result(running.columns, std::move(values), std::move(memory), 0);
}

result<std::vector<sql_column>> sqlite_connection::columns_of(std::string_view table) {
  // Asked of a statement, because the declared types of a view are those of its tables.
  const fact_value name = fact_value::of_text(table);
  const auto exists = query(
      "SELECT 1 FROM sqlite_schema WHERE name = $1 COLLATE NOCASE AND type IN ('table', 'view')",
      {&name, 1});
  if (!exists) return exists.problem();
  std::vector<sql_column> columns;
  if (exists->size() == 0) return columns;
  const auto found = prepare("SELECT * FROM " + quote_identifier(table) + " LIMIT 0");
  if (!found) return found.problem();
  for (std::size_t i = 0; i < (*found)->columns.size(); ++i) {
    columns.push_back({(*found)->columns[i], (*found)->kinds[i], {}});
  }
  // Another migration may change it.
  statements_.clear();
  return columns;
}

status sqlite_connection::execute(const char* sql) {
  start_clock();
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  last_code_ = code;
  if (code != SQLITE_OK) return trouble(code);
  return done;
}

// IMMEDIATE: waits for the one writer there may be.
status sqlite_connection::begin() { return execute("BEGIN IMMEDIATE"); }

status sqlite_connection::commit() { return execute("COMMIT"); }

void sqlite_connection::roll_back() noexcept {
  if (sqlite3_get_autocommit(handle_) != 0) return;
  deadline_.reset();
  sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

bool sqlite_connection::refused_values() const noexcept {
  const int primary = last_code_ & 0xff;
  return primary == SQLITE_CONSTRAINT || primary == SQLITE_TOOBIG || primary == SQLITE_MISMATCH;
}

bool sqlite_connection::met_conflict() const noexcept {
  const int primary = last_code_ & 0xff;
  return primary == SQLITE_BUSY || primary == SQLITE_LOCKED;
}

bool sqlite_connection::is_usable() { return sqlite3_get_autocommit(handle_) != 0; }

status sqlite_connection::set_statement_timeout(std::chrono::milliseconds timeout) {
  statement_timeout_ = timeout;
  return done;
}

void sqlite_connection::start_clock() {
  deadline_.reset();
  if (statement_timeout_.count() > 0) {
    deadline_ = std::chrono::steady_clock::now() + statement_timeout_;
  }
}

error sqlite_connection::trouble(int code) {
  last_code_ = code;
  const auto say = [&](std::string_view what) {
    return error{errc::store_error, no_offset, name_ + std::string(what)};
  };
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return say(" was locked by another process for " + std::to_string(lock_timeout_.count()) +
                 " ms; nothing was written, try again when it has ended");
    case SQLITE_NOTADB: return say(" is not an SQLite database, or is encrypted");
    case SQLITE_CORRUPT: return say(" is damaged; restore it from a backup");
    case SQLITE_CANTOPEN:
      return say(" cannot be opened: the file or its directory does not exist, or may not be used");
    case SQLITE_READONLY:
      return say(" cannot be written: the file, its directory or the file system is read-only");
    case SQLITE_FULL:
      return say(": the disk is full; nothing was written, free some space and try again");
    case SQLITE_IOERR:
      return say(": reading or writing the disk failed (SQLite error " + std::to_string(code) +
                 "); nothing was written, see the system's log and try again");
    case SQLITE_INTERRUPT:
      return say(": a statement took longer than " + std::to_string(statement_timeout_.count()) +
                 " ms; nothing was written, allow more time or ask for fewer rows");
    // Its message may hold a value.
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH: return say(" refused a value: " + std::string(sqlite3_errstr(code)));
    default: break;
  }
  const std::string_view message = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
  if (message.starts_with("no such table") || message.starts_with("no such column")) {
    return say(" has " + std::string(message) + "; run jobqueue migrate");
  }
  return say(": " + std::string(message));
}

}  // namespace jobqueue::detail
