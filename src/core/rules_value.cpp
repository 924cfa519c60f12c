#include "core/rules_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/json_text.hpp"

namespace jobqueue::detail {
namespace {

using std::chrono::microseconds;

// Reads fields of a time one after the other; `ok` is false after the first that is not there.
class time_reader {
 public:
  explicit time_reader(std::string_view text) noexcept : rest_(text) {}

  // A number of exactly so many digits.
  int digits(std::size_t count) noexcept {
    int value = 0;
    if (rest_.size() < count) return fail();
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return fail();
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  bool take(char c) noexcept {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) noexcept {
    if (!take(c)) fail();
  }
  // Digits behind a point, as microseconds.
  std::int64_t fraction() noexcept {
    std::int64_t micros = 0;
    std::int64_t unit = 100000;
    std::size_t count = 0;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      micros += unit * (rest_.front() - '0');
      unit /= 10;
      ++count;
      rest_.remove_prefix(1);
    }
    if (count == 0 || count > 12) fail();
    return micros;
  }
  int fail() noexcept {
    ok_ = false;
    return 0;
  }
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// Minutes east of UTC; nothing written is UTC.
int read_zone(time_reader& reader) noexcept {
  if (reader.at_end() || reader.take('Z') || reader.take('z')) return 0;
  const bool west = reader.take('-');
  if (!west && !reader.take('+')) return reader.fail();
  const int hours = reader.digits(2);
  int minutes = 0;
  if (reader.take(':') || !reader.at_end()) minutes = reader.digits(2);
  if (hours > 15 || minutes > 59) return reader.fail();
  return (west ? -1 : 1) * (hours * 60 + minutes);
}

bool is_number(const fact_value& value) noexcept {
  return value.of == fact_value::kind::integer ||
         (value.of == fact_value::kind::real && !std::isnan(value.real));
}

template <class T>
int order_of(T a, T b) noexcept {
  return a < b ? -1 : a == b ? 0 : 1;
}

// Exact also where a double has no room for the integer.
int compare_with_integer(double real, std::int64_t integer) noexcept {
  constexpr double limit = 9223372036854775808.0;  // 2^63
  if (real >= limit) return 1;
  if (real < -limit) return -1;
  const double whole = std::floor(real);
  const int order = order_of(static_cast<std::int64_t>(whole), integer);
  return order == 0 && real > whole ? 1 : order;
}

int compare_numbers(const fact_value& a, const fact_value& b) noexcept {
  const bool a_whole = a.of == fact_value::kind::integer;
  const bool b_whole = b.of == fact_value::kind::integer;
  if (a_whole && b_whole) return order_of(a.integer, b.integer);
  if (b_whole) return compare_with_integer(a.real, b.integer);
  if (a_whole) return -compare_with_integer(b.real, a.integer);
  return order_of(a.real, b.real);
}

// Text that is a number as that number, for what has an order.
fact_value as_number(const fact_value& value) noexcept {
  return value.of == fact_value::kind::text ? read_number(value.text) : value;
}

}  // namespace

std::optional<instant> read_instant(std::string_view text) noexcept {
  using namespace std::chrono;
  time_reader reader(text);
  const int year = reader.digits(4);
  reader.expect('-');
  const int month = reader.digits(2);
  reader.expect('-');
  const int day = reader.digits(2);
  const year_month_day date = std::chrono::year(year) / month / day;
  if (!reader.ok() || year == 0 || !date.ok()) return std::nullopt;
  instant when = sys_days(date);
  if (reader.at_end()) return when;
  if (!reader.take('T') && !reader.take('t')) reader.expect(' ');
  const int hour = reader.digits(2);
  reader.expect(':');
  const int minute = reader.digits(2);
  int second = 0;
  std::int64_t fraction = 0;
  if (reader.take(':')) {
    second = reader.digits(2);
    if (reader.take('.') || reader.take(',')) fraction = reader.fraction();
  }
  const int zone = read_zone(reader);
  // A leap second counts as the first of the next minute.
  if (!reader.ok() || !reader.at_end() || hour > 23 || minute > 59 || second > 60) {
    return std::nullopt;
  }
  when += hours(hour) + minutes(minute) + seconds(second) + microseconds(fraction) - minutes(zone);
  return when;
}

std::optional<instant> instant_of(const fact_value& value) noexcept {
  // The year 9999 in milliseconds, and no further.
  constexpr std::int64_t most = 253402300799999;
  switch (value.of) {
    case fact_value::kind::time: return instant(microseconds(value.integer));
    case fact_value::kind::text: return read_instant(value.text);
    case fact_value::kind::integer:
      if (value.integer < -most || value.integer > most) return std::nullopt;
      return instant(microseconds(value.integer * 1000));
    case fact_value::kind::real:
      if (!(std::abs(value.real) <= static_cast<double>(most))) return std::nullopt;
      return instant(microseconds(static_cast<std::int64_t>(value.real * 1000)));
    default: return std::nullopt;
  }
}

fact_value read_number(std::string_view text) noexcept {
  const char* end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto read = std::from_chars(text.data(), end, whole);
      read.ec == std::errc() && read.ptr == end) {
    return fact_value::of_integer(whole);
  }
  double real = 0;
  const auto read = std::from_chars(text.data(), end, real);
  if (read.ptr != end || text.empty()) return fact_value::of_text(text);
  if (read.ec == std::errc::result_out_of_range) {
    // Too large, or too close to zero: which of them the exponent says.
    const std::size_t e = text.find_first_of("eE");
    const bool tiny = e != std::string_view::npos && text.substr(e + 1).starts_with('-');
    return fact_value::of_real(tiny ? 0 : text.front() == '-' ? -HUGE_VAL : HUGE_VAL);
  }
  if (read.ec != std::errc() || std::isnan(real)) return fact_value::of_text(text);
  return fact_value::of_real(real);
}

truth equal_values(const fact_value& a, const fact_value& b) noexcept {
  if (is_number(a) && is_number(b)) return as_truth(compare_numbers(a, b) == 0);
  if (a.of == fact_value::kind::time || b.of == fact_value::kind::time) {
    const auto first = instant_of(a);
    const auto second = instant_of(b);
    return as_truth(first && second && *first == *second);
  }
  if (a.of != b.of) return truth::no;
  switch (a.of) {
    case fact_value::kind::boolean: return as_truth(a.integer == b.integer);
    case fact_value::kind::text:
    case fact_value::kind::json: return as_truth(a.text == b.text);
    default: return truth::no;  // not a number
  }
}

std::optional<int> compare_values(const fact_value& a, const fact_value& b) noexcept {
  const fact_value first = as_number(a);
  const fact_value second = as_number(b);
  if (is_number(first) && is_number(second)) return compare_numbers(first, second);
  const auto first_time = instant_of(first);
  const auto second_time = instant_of(second);
  if (!first_time || !second_time) return std::nullopt;
  return order_of(first_time->time_since_epoch().count(), second_time->time_since_epoch().count());
}

truth contains_value(const fact_value& array, const fact_value& wanted) {
  if (array.of != fact_value::kind::json || !array.text.starts_with('[')) return truth::unknown;
  std::string unescaped;
  std::size_t at = skip_json_space(array.text, 1);
  while (at < array.text.size() && array.text[at] != ']') {
    unescaped.clear();
    const fact_value element = read_json_value(array.text, at, unescaped);
    if (element.of != fact_value::kind::absent && equal_values(element, wanted) == truth::yes) {
      return truth::yes;
    }
    at = skip_json_space(array.text, skip_json_value(array.text, at));
    if (at < array.text.size() && array.text[at] == ',') at = skip_json_space(array.text, at + 1);
  }
  return truth::no;
}

fact_value read_json_value(std::string_view json, std::size_t at, std::string& unescaped) {
  if (at >= json.size()) return fact_value::absent();
  switch (json[at]) {
    case '"': {
      const std::string_view content = json.substr(at + 1, find_string_end(json, at + 1) - at - 1);
      if (content.find('\\') == std::string_view::npos) return fact_value::of_text(content);
      unescape_json(content, unescaped);
      return fact_value::of_text(unescaped);
    }
    case '{':
    case '[': return fact_value::of_json(json.substr(at, skip_json_value(json, at) - at));
    case 't': return fact_value::of_boolean(true);
    case 'f': return fact_value::of_boolean(false);
    case 'n': return fact_value::absent();
    default: return read_number(json.substr(at, skip_json_value(json, at) - at));
  }
}

void append_fact(std::string& out, const fact_value& value, std::size_t most) {
  switch (value.of) {
    case fact_value::kind::boolean: out += value.integer != 0 ? "true" : "false"; break;
    case fact_value::kind::integer: out += std::to_string(value.integer); break;
    case fact_value::kind::real:
      if (std::isfinite(value.real)) {
        std::array<char, 32> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value.real);
        out.append(digits.data(), end.ptr);
      } else {
        out += "null";
      }
      break;
    case fact_value::kind::time:
      append_json_string(out, format_instant(instant(microseconds(value.integer))));
      break;
    case fact_value::kind::text:
    case fact_value::kind::json: {
      const std::string_view clipped = clip_text(value.text, most);
      if (clipped.size() == value.text.size()) {
        append_json_string(out, clipped);
      } else {
        append_json_string(out, std::string(clipped) + "...");
      }
      break;
    }
    default: out += "null"; break;
  }
}

}  // namespace jobqueue::detail

namespace jobqueue {
inline namespace v1 {

result<instant> parse_instant(std::string_view text) {
  if (const auto when = detail::read_instant(text)) return *when;
  return error{errc::invalid_argument, no_offset,
               "a time is written as 2026-01-05T12:00:00Z (RFC 3339)"};
}

std::string format_instant(instant when) {
  using namespace std::chrono;
  const auto day = floor<days>(when);
  const year_month_day date(day);
  const std::int64_t rest = (when - day).count();
  const std::int64_t second = rest / 1000000;
  std::string out;
  const auto append = [&out](std::int64_t number, std::size_t digits) {
    out.append(digits, '0');
    for (std::size_t at = out.size(); digits != 0; --digits, number /= 10) {
      out[--at] = static_cast<char>('0' + number % 10);
    }
  };
  const int year = static_cast<int>(date.year());
  if (year >= 0 && year <= 9999) {
    append(year, 4);
  } else {
    out += std::to_string(year);
  }
  out += '-';
  append(static_cast<unsigned>(date.month()), 2);
  out += '-';
  append(static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append(second / 3600, 2);
  out += ':';
  append(second / 60 % 60, 2);
  out += ':';
  append(second % 60, 2);
  if (const std::int64_t fraction = rest % 1000000; fraction != 0) {
    out += '.';
    append(fraction, 6);
  }
  out += 'Z';
  return out;
}

result<std::chrono::microseconds> parse_iso_duration(std::string_view text) {
  struct unit {
    char letter;
    std::int64_t seconds;
  };
  static constexpr std::array<unit, 5> units{
      {{'W', 604800}, {'D', 86400}, {'H', 3600}, {'M', 60}, {'S', 1}}};
  constexpr std::int64_t most = std::int64_t{36500} * 86400;
  const error refused{errc::invalid_argument, no_offset,
                      "a duration is written as PT30M, P1DT12H or P2W (ISO 8601, without years and "
                      "months, at most 36500 days)"};
  if (!text.starts_with('P') || text.size() < 3) return refused;
  std::int64_t total = 0;
  std::size_t next = 0;  // units come in this order
  bool in_time = false;
  for (std::size_t at = 1; at < text.size();) {
    if (text[at] == 'T' && !in_time && at + 1 < text.size()) {
      in_time = true;
      next = std::max<std::size_t>(next, 2);
      ++at;
      continue;
    }
    std::int64_t count = 0;
    const auto read = std::from_chars(text.data() + at, text.data() + text.size(), count);
    const auto letter = static_cast<std::size_t>(read.ptr - text.data());
    if (read.ec != std::errc() || text[at] == '-' || letter >= text.size()) return refused;
    while (next < units.size() && units[next].letter != text[letter]) ++next;
    if (next == units.size() || (next >= 2) != in_time) return refused;
    if (count > most / units[next].seconds) return refused;
    total += count * units[next].seconds;
    if (total > most) return refused;
    ++next;
    at = letter + 1;
  }
  return std::chrono::microseconds(total * 1000000);
}

}  // namespace v1
}  // namespace jobqueue
