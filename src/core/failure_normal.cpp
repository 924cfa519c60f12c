// A message as its fingerprint sees it: without what differs each time.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "core/failure_chars.hpp"
#include "core/failure_text.hpp"

namespace jobqueue::detail {
namespace {

constexpr bool is_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f'); }
// Every byte of another alphabet is a part of a word; '_' is between words: wfr_0a1b.
constexpr bool is_word(char c) noexcept { return is_alnum(c) || (c & '\x80') != 0; }
constexpr bool is_space(char c) noexcept { return (c >= 0 && c <= ' ') || c == '\x7F'; }

// What follows, without ever reading behind the end; nothing is consumed by what does not match.
class cursor {
 public:
  cursor(std::string_view text, std::size_t at) noexcept : text_(text), at_(at) {}

  [[nodiscard]] std::size_t at() const noexcept { return at_; }
  [[nodiscard]] char next() const noexcept { return peek(0); }
  [[nodiscard]] char peek(std::size_t ahead) const noexcept {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool take(char c) noexcept {
    if (next() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  template <class Kind>
  std::size_t take_all(const Kind& kind, std::size_t most) noexcept {
    std::size_t count = 0;
    for (; count < most && at_ < text_.size() && kind(text_[at_]); ++count) ++at_;
    return count;
  }
  bool take_digits(std::size_t least, std::size_t most) noexcept {
    cursor ahead = *this;
    if (ahead.take_all(is_digit, most) < least) return false;
    *this = ahead;
    return true;
  }
  // Whether the word is over here.
  [[nodiscard]] bool ends() const noexcept { return !is_word(next()); }

 private:
  std::string_view text_;
  std::size_t at_;
};

constexpr std::size_t any_number = std::string_view::npos;

// .5 and ,5 behind digits, as often as they come.
void take_fractions(cursor& from) noexcept {
  for (;;) {
    cursor ahead = from;
    if (!(ahead.take('.') || ahead.take(',')) || !ahead.take_digits(1, any_number)) return;
    from = ahead;
  }
}

void take_zone(cursor& from) noexcept {
  if (from.take('z')) return;
  cursor ahead = from;
  if (!(ahead.take('+') || ahead.take('-')) || !ahead.take_digits(2, 2)) return;
  ahead.take(':');
  if (ahead.take_digits(2, 2)) from = ahead;
}

bool take_clock(cursor& from) noexcept {
  cursor ahead = from;
  if (!ahead.take_digits(1, 2) || !ahead.take(':') || !ahead.take_digits(2, 2)) return false;
  if (!ahead.take(':') || !ahead.take_digits(2, 2)) return false;
  take_fractions(ahead);
  take_zone(ahead);
  if (!ahead.ends() || ahead.next() == ':') return false;
  from = ahead;
  return true;
}

bool take_time(cursor& from) noexcept {
  cursor ahead = from;
  if (!ahead.take_digits(4, 4) || !ahead.take('-') || !ahead.take_digits(2, 2) ||
      !ahead.take('-') || !ahead.take_digits(2, 2)) {
    return take_clock(from);
  }
  from = ahead;
  const bool is_longer = ahead.take('t') || ahead.take(' ');
  if (is_longer && take_clock(ahead)) from = ahead;
  return from.ends();
}

bool take_port(cursor& from) noexcept {
  cursor ahead = from;
  if (!ahead.take(':') || !ahead.take_digits(1, 5) || !ahead.ends()) return false;
  // A line and a column behind the name of a file.
  if (ahead.next() == ':' && is_digit(ahead.peek(1))) return false;
  from = ahead;
  return true;
}

bool take_ipv4(cursor& from) noexcept {
  cursor ahead = from;
  for (int part = 0; part < 4; ++part) {
    if ((part > 0 && !ahead.take('.')) || !ahead.take_digits(1, 3)) return false;
  }
  if (!ahead.ends() || (ahead.next() == '.' && is_digit(ahead.peek(1)))) return false;
  take_port(ahead);
  from = ahead;
  return true;
}

// Digits and colons, at least "::" or seven of them; an IPv4 address may be at its end.
bool take_ipv6(cursor& from) noexcept {
  constexpr std::size_t longest = 45;
  cursor ahead = from;
  std::size_t colons = 0;
  std::size_t digits = 0;
  bool is_short = false;
  for (std::size_t i = 0; i < longest; ++i) {
    const char c = ahead.next();
    if (c == ':') {
      // One at the end belongs to the sentence.
      if (!is_short && ahead.peek(1) != ':' && !is_hex(ahead.peek(1))) break;
      ++colons;
      is_short = is_short || ahead.peek(1) == ':';
    } else if (is_hex(c) || (c == '.' && is_digit(ahead.peek(1)))) {
      digits += c == '.' ? 0 : 1;
    } else {
      break;
    }
    ahead.take(c);
  }
  if (digits == 0 || !ahead.ends() || !(is_short ? colons >= 2 : colons == 7)) return false;
  from = ahead;
  return true;
}

bool take_host_and_port(cursor& from) noexcept {
  constexpr std::size_t longest = 253;
  cursor ahead = from;
  std::size_t dots = 0;
  const auto is_name = [&](char c) {
    dots += c == '.' ? 1 : 0;
    return is_alnum(c) || c == '-' || c == '.';
  };
  const std::size_t size = ahead.take_all(is_name, longest);
  cursor local = from;
  for (const char c : std::string_view("localhost")) {
    if (!local.take(c)) break;
  }
  const bool is_host = (dots > 0 && size > 2) || (size == 9 && local.at() == ahead.at());
  if (!is_host || !take_port(ahead)) return false;
  from = ahead;
  return true;
}

bool take_address(cursor& from) noexcept {
  cursor ahead = from;
  if (ahead.take('0') && ahead.take('x') && ahead.take_all(is_hex, any_number) > 0 &&
      ahead.ends()) {
    from = ahead;
    return true;
  }
  ahead = from;
  if (ahead.take('[')) {
    if (!take_ipv6(ahead) || !ahead.take(']')) return false;
    take_port(ahead);
    from = ahead;
    return true;
  }
  return take_ipv4(from) || take_ipv6(from) || take_host_and_port(from);
}

bool take_uuid(cursor& from) noexcept {
  cursor ahead = from;
  for (const std::size_t digits : {8U, 4U, 4U, 4U, 12U}) {
    if (ahead.at() != from.at() && !ahead.take('-')) return false;
    if (ahead.take_all(is_hex, digits) != digits) return false;
  }
  if (!ahead.ends()) return false;
  from = ahead;
  return true;
}

// Whether a row of letters and digits, some of which are letters, names one thing of many.
bool is_id(std::string_view run) noexcept {
  constexpr std::size_t least_hex = 6;
  constexpr std::size_t least_hex_letters = 8;  // no word is so long
  constexpr std::size_t least_any = 16;
  constexpr int least_changes = 3;
  const bool has_digit = std::any_of(run.begin(), run.end(), is_digit);
  if (std::all_of(run.begin(), run.end(), is_hex)) {
    if (run.size() >= (has_digit ? least_hex : least_hex_letters)) return true;
  }
  int changes = 0;
  for (std::size_t i = 1; i < run.size(); ++i) {
    changes += is_digit(run[i]) != is_digit(run[i - 1]) ? 1 : 0;
  }
  if (changes >= least_changes) return true;
  // worker12345678901 is a word with a number.
  return run.size() >= least_any && has_digit && (changes > 1 || is_digit(run.front()));
}

class normalizer {
 public:
  explicit normalizer(std::string_view text) : text_(lower_case(text)) {}

  std::string run(std::size_t most) {
    while (at_ < text_.size() && out_.size() < most) step();
    return std::move(out_);
  }

 private:
  void step() {
    const char c = text_[at_];
    if (is_space(c)) {
      is_spaced_ = true;
      in_url_ = false;
      ++at_;
    } else if (is_word(before()) || !replace_value()) {
      copy(c);
    }
  }

  // At the beginning of a word, or between words.
  bool replace_value() {
    cursor here(text_, at_);
    if (take_quoted(here)) return put("<value>", here);
    if (take_time(here)) return put("<time>", here);
    if (take_uuid(here)) return put("#", here);
    if (take_address(here)) return put("<address>", here);
    return false;
  }

  // A row of letters and digits, or one character.
  void copy(char c) {
    cursor here(text_, at_);
    if (!is_alnum(c)) {
      const bool is_sign = (c == '-' || c == '+') && is_digit(here.peek(1)) && !is_word(before());
      in_url_ = in_url_ || (c == ':' && here.peek(1) == '/' && here.peek(2) == '/');
      if (c == '?' && in_url_) {
        here.take_all([](char q) { return !is_space(q) && q != '"' && q != '\'' && q != ')'; },
                      any_number);
      } else {
        here.take(c);
        if (!is_sign) put({&c, 1}, here);
      }
      at_ = here.at();
      return;
    }
    here.take_all(is_alnum, any_number);
    const std::string_view run = std::string_view(text_).substr(at_, here.at() - at_);
    if (!std::all_of(run.begin(), run.end(), is_digit) && is_id(run)) {
      put("#", here);
      return;
    }
    here = cursor(text_, at_);
    if (is_digit(c)) {
      take_number(here);
      put("#", here);
    } else {
      here.take_all(is_lower, any_number);
      put(std::string_view(text_).substr(at_, here.at() - at_), here);
    }
  }

  static void take_number(cursor& here) noexcept {
    here.take_all(is_digit, any_number);
    take_fractions(here);
    cursor ahead = here;
    if (!ahead.take('e')) return;
    if (!ahead.take('-')) ahead.take('+');
    if (ahead.take_digits(1, any_number) && ahead.ends()) here = ahead;
  }

  // A name, a path, a word: a sentence in quotes is text as any other.
  static bool take_quoted(cursor& from) noexcept {
    constexpr std::size_t longest = 128;
    const char quote = from.next();
    if (quote != '"' && quote != '\'' && quote != '`') return false;
    cursor ahead = from;
    ahead.take(quote);
    const std::size_t size =
        ahead.take_all([=](char c) { return c != quote && !is_space(c); }, longest);
    if (size == 0 || !ahead.take(quote) || !ahead.ends()) return false;
    from = ahead;
    return true;
  }

  bool put(std::string_view words, const cursor& behind) {
    if (std::exchange(is_spaced_, false) && !out_.empty()) out_ += ' ';
    out_ += words;
    at_ = behind.at();
    return true;
  }

  [[nodiscard]] char before() const noexcept { return at_ > 0 ? text_[at_ - 1] : ' '; }

  std::string text_;
  std::size_t at_ = 0;
  std::string out_;
  bool is_spaced_ = false;
  bool in_url_ = false;
};

}  // namespace

std::string normalize_failure_text(std::string_view text, std::size_t most) {
  return normalizer(text).run(most);
}

}  // namespace jobqueue::detail
