#include "store/postgres_connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

namespace jobqueue::detail {
namespace {

using clock = std::chrono::steady_clock;

// The server ends a statement in its time; a connection that is silent for longer is lost.
constexpr std::chrono::seconds grace{5};

// Types as their numbers in pg_type, which are fixed.
fact_value::kind kind_of_type(unsigned type) {
  switch (type) {
    case 16: return fact_value::kind::boolean;
    case 20:
    case 21:
    case 23: return fact_value::kind::integer;
    case 700:
    case 701:
    case 1700: return fact_value::kind::real;
    case 1082:
    case 1114:
    case 1184: return fact_value::kind::time;
    case 114:
    case 3802: return fact_value::kind::json;
    default: return fact_value::kind::text;
  }
}

fact_value read_value(std::string_view text, fact_value::kind of) {
  const char* const end = text.data() + text.size();
  switch (of) {
    case fact_value::kind::boolean: return fact_value::of_boolean(text == "t");
    case fact_value::kind::integer: {
      std::int64_t value = 0;
      std::from_chars(text.data(), end, value);
      return fact_value::of_integer(value);
    }
    case fact_value::kind::real: {
      double value = 0;
      const auto [stop, failed] = std::from_chars(text.data(), end, value);
      // "NaN" and what is out of range are texts.
      if (failed == std::errc() && stop == end && std::isfinite(value)) {
        return fact_value::of_real(value);
      }
      return fact_value::of_text(text);
    }
    case fact_value::kind::time: {
      const auto when = parse_instant(text);
      // "infinity", and years before 1 or after 9999, are texts.
      return when ? fact_value::of_time(*when) : fact_value::of_text(text);
    }
    case fact_value::kind::json: return fact_value::of_json(text);
    default: return fact_value::of_text(text);
  }
}

// Texts of parameters with the NUL behind them that libpq wants.
class parameter_list {
 public:
  explicit parameter_list(std::span<const fact_value> values) {
    texts_.reserve(values.size());
    for (const fact_value& value : values) {
      texts_.push_back(text_of(value));
      has_nul_ = has_nul_ || texts_.back().find('\0') != std::string::npos;
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool is_null =
          values[i].of == fact_value::kind::absent || values[i].of == fact_value::kind::withheld;
      pointers_.push_back(is_null ? nullptr : texts_[i].c_str());
    }
  }
  [[nodiscard]] bool has_nul() const noexcept { return has_nul_; }
  [[nodiscard]] int size() const noexcept { return static_cast<int>(pointers_.size()); }
  [[nodiscard]] const char* const* get() const noexcept { return pointers_.data(); }

 private:
  static std::string text_of(const fact_value& value) {
    switch (value.of) {
      case fact_value::kind::boolean: return value.integer != 0 ? "true" : "false";
      case fact_value::kind::integer: return std::to_string(value.integer);
      case fact_value::kind::real: {
        std::array<char, 32> text{};
        const char* const begin = text.data();
        const char* const end =
            std::to_chars(text.data(), text.data() + text.size(), value.real).ptr;
        return {begin, end};
      }
      case fact_value::kind::time:
        return format_stored_time(instant(std::chrono::microseconds(value.integer)));
      default: return std::string(value.text);
    }
  }

  std::vector<std::string> texts_;
  std::vector<const char*> pointers_;
  bool has_nul_ = false;
};

// What a failure to connect means, if its words are known.
std::string_view advice_on(std::string_view message) {
  const auto says = [&](std::string_view words) {
    return message.find(words) != std::string_view::npos;
  };
  if (says("password authentication failed") || says("no password supplied")) {
    return "; check the user and the password of the URL, or PGPASSFILE";
  }
  if (says("does not exist")) return "; create it, or correct the URL";
  if (says("Connection refused")) return "; is the server running, and is the port right?";
  if (says("timeout expired")) return "; is the host right, and does a firewall let it pass?";
  if (says("too many clients") || says("remaining connection slots")) {
    return "; use smaller pools, or raise max_connections";
  }
  return {};
}

// Any white space is one blank.
std::string one_line(std::string_view message) {
  constexpr std::size_t most = 400;
  constexpr std::string_view white = " \t\r\n";
  std::string line;
  for (std::size_t at = 0; at < message.size() && line.size() < most;) {
    const std::size_t begin = message.find_first_not_of(white, at);
    if (begin == message.npos) break;
    at = std::min(message.find_first_of(white, begin), message.size());
    if (!line.empty()) line += ' ';
    line += message.substr(begin, std::min(at - begin, most));
  }
  return line;
}

}  // namespace

postgres_connection::postgres_connection(postgres_settings settings)
    : settings_(std::move(settings)) {}

postgres_connection::~postgres_connection() { PQfinish(handle_); }

result<std::unique_ptr<sql_connection>> postgres_connection::open(
    const postgres_settings& settings) {
  std::unique_ptr<postgres_connection> made(new postgres_connection(settings));
  const std::string seconds = std::to_string(std::max<std::int64_t>(
      2, std::chrono::duration_cast<std::chrono::seconds>(settings.connect_timeout).count()));
  // A later word wins, and the URL is expanded where it stands: it decides all but the encoding.
  const std::array<const char*, 8> words{
      "connect_timeout",           "keepalives_idle", "keepalives_interval", "keepalives_count",
      "fallback_application_name", "dbname",          "client_encoding",     nullptr};
  const std::array<const char*, 8> values{seconds.c_str(),      "30",   "10",   "3", "jobqueue",
                                          settings.url.c_str(), "UTF8", nullptr};
  made->handle_ = PQconnectdbParams(words.data(), values.data(), 1);
  if (made->handle_ == nullptr) return error{errc::out_of_memory, no_offset, "out of memory"};
  if (PQstatus(made->handle_) != CONNECTION_OK) {
    const std::string message = one_line(PQerrorMessage(made->handle_));
    return error{
        errc::store_error, no_offset,
        "cannot connect to " + settings.name + ": " + message + std::string(advice_on(message))};
  }
  PQsetnonblocking(made->handle_, 1);
  PQsetNoticeProcessor(
      made->handle_, [](void*, const char*) {}, nullptr);
  if (const status started = made->start_session(); !started) return started.problem();
  return std::unique_ptr<sql_connection>(std::move(made));
}

status postgres_connection::start_session() {
  std::string sql = "SELECT set_config('TimeZone', 'UTC', false),";
  sql += " set_config('DateStyle', 'ISO', false),";
  sql += " set_config('lock_timeout', $1, false),";
  sql += " set_config('idle_in_transaction_session_timeout', '120000', false)";
  const std::string lock = std::to_string(settings_.lock_timeout.count());
  const fact_value value = fact_value::of_text(lock);
  const auto set = query(sql, {&value, 1});
  if (!set) return set.problem();
  return set_statement_timeout(settings_.statement_timeout);
}

bool postgres_connection::wait(bool write, clock::time_point deadline) const {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now()).count();
    if (left <= 0) return false;
    pollfd one{PQsocket(handle_), static_cast<short>(write ? POLLIN | POLLOUT : POLLIN), 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

result<std::shared_ptr<pg_result>> postgres_connection::receive() {
  const auto none = settings_.statement_timeout.count() == 0;
  const auto deadline =
      clock::now() + (none ? std::chrono::hours(24 * 365) : settings_.statement_timeout + grace);
  for (int left = PQflush(handle_); left != 0; left = PQflush(handle_)) {
    if (left < 0) return lost("was cut");
    if (!wait(true, deadline)) return lost("does not take what is sent");
    if (PQconsumeInput(handle_) == 0) return lost("was cut");
  }
  std::shared_ptr<pg_result> last;
  for (;;) {
    while (PQisBusy(handle_) != 0) {
      if (!wait(false, deadline)) return lost("is silent");
      if (PQconsumeInput(handle_) == 0) return lost("was cut");
    }
    PGresult* const next = PQgetResult(handle_);
    if (next == nullptr) return last;
    last.reset(next, PQclear);
  }
}

result<sql_result> postgres_connection::query(std::string_view sql,
                                              std::span<const fact_value> parameters) {
  const parameter_list list(parameters);
  if (list.has_nul()) {
    state_ = "22021";
    return error{errc::store_error, no_offset,
                 settings_.name + " cannot store a text that has a NUL in it"};
  }
  const std::string text(sql);
  if (PQsendQueryParams(handle_, text.c_str(), list.size(), nullptr, list.get(), nullptr, nullptr,
                        0) == 0) {
    return lost("was cut");
  }
  auto received = receive();
  if (!received) return received.problem();
  const std::shared_ptr<pg_result> answer = std::move(*received);
  const ExecStatusType ended = PQresultStatus(answer.get());
  if (ended != PGRES_TUPLES_OK && ended != PGRES_COMMAND_OK) return trouble(answer.get());
  state_.clear();

  std::uint64_t affected = 0;
  const std::string_view tuples = PQcmdTuples(answer.get());
  std::from_chars(tuples.data(), tuples.data() + tuples.size(), affected);
  std::vector<std::string> columns;
  std::vector<fact_value::kind> kinds;
  const int width = PQnfields(answer.get());
  for (int i = 0; i < width; ++i) {
    columns.emplace_back(PQfname(answer.get(), i));
    kinds.push_back(kind_of_type(PQftype(answer.get(), i)));
  }
  std::vector<fact_value> values;
  const int rows = PQntuples(answer.get());
  values.reserve(static_cast<std::size_t>(rows) * static_cast<std::size_t>(width));
  for (int row = 0; row < rows; ++row) {
    for (int i = 0; i < width; ++i) {
      if (PQgetisnull(answer.get(), row, i) != 0) {
        values.push_back(fact_value::absent());
        continue;
      }
      const std::string_view value(PQgetvalue(answer.get(), row, i),
                                   static_cast<std::size_t>(PQgetlength(answer.get(), row, i)));
      values.push_back(read_value(value, kinds[static_cast<std::size_t>(i)]));
    }
  }
  return sql_result(std::move(columns), std::move(values), answer, affected);
}

result<std::vector<sql_column>> postgres_connection::columns_of(std::string_view table) {
  // to_regclass finds it as an unqualified name in a statement would be found.
  const fact_value name = fact_value::of_text(table);
  const auto answer = query(
      "SELECT attname::text, atttypid::bigint, format_type(atttypid, atttypmod) FROM pg_attribute"
      " WHERE attrelid = to_regclass(quote_ident($1)) AND attnum > 0 AND NOT attisdropped"
      " ORDER BY attnum",
      {&name, 1});
  if (!answer) return answer.problem();
  std::vector<sql_column> columns;
  for (std::size_t i = 0; i < answer->size(); ++i) {
    const auto row = answer->row(i);
    columns.push_back({std::string(row[0].text),
                       kind_of_type(static_cast<unsigned>(row[1].integer)),
                       std::string(row[2].text)});
  }
  return columns;
}

status postgres_connection::begin() {
  const auto answer = query("BEGIN ISOLATION LEVEL READ COMMITTED", {});
  if (!answer) return answer.problem();
  return done;
}

status postgres_connection::commit() {
  const auto answer = query("COMMIT", {});
  if (!answer) return answer.problem();
  return done;
}

void postgres_connection::roll_back() noexcept {
  const auto now = PQtransactionStatus(handle_);
  if (now != PQTRANS_INTRANS && now != PQTRANS_INERROR) return;
  try {
    const std::string state = state_;
    static_cast<void>(query("ROLLBACK", {}));
    state_ = state;
  } catch (...) {
    // Out of memory: is_usable() tells that it is still in a transaction.
    return;
  }
}

// Classes of Appendix A of the manual that are of the whole: connection (08), roles (25, 28),
// conflicts (40), names and types (42), resources (53, 54), objects that are not as needed, which
// are locks (55P03), the operator (57), the system (58). Anything else may be of one row, also a
// damaged value (XX001) or what a trigger raises.
bool postgres_connection::refused_values() const noexcept {
  if (state_.empty() || state_ == "55P03") return false;
  static constexpr std::string_view of_the_whole[] = {"08", "25", "28", "40", "42",
                                                      "53", "54", "57", "58"};
  return std::none_of(std::begin(of_the_whole), std::end(of_the_whole),
                      [this](std::string_view one) { return state_.starts_with(one); });
}

bool postgres_connection::met_conflict() const noexcept {
  return state_ == "40001" || state_ == "40P01" || state_ == "55P03";
}

bool postgres_connection::is_usable() {
  if (PQstatus(handle_) != CONNECTION_OK || PQtransactionStatus(handle_) != PQTRANS_IDLE) {
    return false;
  }
  // A server that went away has left its farewell.
  pollfd one{PQsocket(handle_), POLLIN, 0};
  if (::poll(&one, 1, 0) <= 0) return true;
  return PQconsumeInput(handle_) == 1 && PQstatus(handle_) == CONNECTION_OK;
}

status postgres_connection::set_statement_timeout(std::chrono::milliseconds timeout) {
  const std::string text = std::to_string(timeout.count());
  const fact_value value = fact_value::of_text(text);
  const auto set = query("SELECT set_config('statement_timeout', $1, false)", {&value, 1});
  if (!set) return set.problem();
  settings_.statement_timeout = timeout;
  return done;
}

error postgres_connection::lost(std::string_view what) {
  state_ = "08006";
  const std::string message = one_line(PQerrorMessage(handle_));
  // Whatever is still on its way must not be taken for the answer to something else.
  PQfinish(std::exchange(handle_, nullptr));
  return {errc::store_error, no_offset,
          "the connection to " + settings_.name + " " + std::string(what) +
              (message.empty() ? "" : ": " + message) +
              "; what was not committed is undone, try again"};
}

error postgres_connection::trouble(const pg_result* answer) {
  const auto field = [&](int code) {
    const char* text = answer == nullptr ? nullptr : PQresultErrorField(answer, code);
    return std::string(text == nullptr ? "" : text);
  };
  state_ = field(PG_DIAG_SQLSTATE);
  if (PQstatus(handle_) != CONNECTION_OK) return lost("was cut");
  std::string words = settings_.name + ": ";
  // The primary message of these may hold a value.
  if (refused_values()) {
    words += "refused a value (SQLSTATE " + state_;
    static constexpr int names[] = {PG_DIAG_COLUMN_NAME, PG_DIAG_CONSTRAINT_NAME};
    for (const int name : names) {
      if (const std::string found = field(name); !found.empty()) words += ", " + found;
    }
    words += ")";
  } else {
    words += one_line(field(PG_DIAG_MESSAGE_PRIMARY)) + " (SQLSTATE " + state_ + ")";
  }
  if (state_ == "42P01" || state_ == "42703") words += "; run jobqueue migrate";
  if (state_ == "57014") words += "; allow more time, or ask for fewer rows";
  if (state_ == "42501") words += "; grant it to this user, or use another one";
  if (state_ == "55P03") words += "; something holds a lock for long, try again later";
  return {errc::store_error, no_offset, words};
}

void postgres_array::separate() {
  if (text_.size() > 1) text_ += ',';
}

void postgres_array::add(std::string_view element) {
  separate();
  text_ += '"';
  for (const char c : element) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
}

void postgres_array::add_null() {
  separate();
  text_ += "NULL";
}

std::string postgres_array::finish() {
  text_ += '}';
  return std::exchange(text_, "{");
}

}  // namespace jobqueue::detail
