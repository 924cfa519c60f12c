#include "core/base64_context.hpp"

#include <algorithm>
#include <cstring>

namespace jobqueue::detail {
namespace {

constexpr std::size_t window = sanitize_limits::neighbour_window;
constexpr std::size_t max_name = max_member_name;
constexpr std::size_t max_value = max_neighbour_value;
constexpr std::size_t npos = std::string_view::npos;

// The last quote in [low, at).
std::size_t last_quote(std::string_view text, std::size_t low, std::size_t at) noexcept {
  const void* found = at > low ? ::memrchr(text.data() + low, '"', at - low) : nullptr;
  return found == nullptr ? npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

// A view on the raw text between two bounds, read at one level of JSON inside strings: at level e a
// structural quote has 2^e - 1 backslashes before it.
class lexer {
 public:
  lexer(std::string_view text, std::size_t low, std::size_t high, std::size_t slashes)
      : text_(text), low_(low), high_(high), slashes_(slashes) {}

  // Backslashes directly before `at`.
  [[nodiscard]] std::size_t slashes_before(std::size_t at) const noexcept {
    std::size_t count = 0;
    while (at > low_ + count && text_[at - count - 1] == '\\') ++count;
    return count;
  }
  [[nodiscard]] bool closes(std::size_t slashes) const noexcept {
    return slashes >= slashes_ && (slashes - slashes_) % (2 * (slashes_ + 1)) == 0;
  }

  // Leftwards. `at` is an exclusive end; the result is the new one.
  [[nodiscard]] std::size_t skip_space_left(std::size_t at) const noexcept {
    for (;;) {
      while (at > low_ && is_space(text_[at - 1])) --at;
      const std::size_t size = slashes_ == 0 ? 0 : escaped_space_before(at);
      if (size == 0) return at;
      at -= size;
    }
  }
  // `at` is behind a closing quote: the content of the string, and `at` before its opening quote.
  [[nodiscard]] std::optional<std::string_view> string_left(std::size_t& at) const noexcept {
    if (at == low_ || text_[at - 1] != '"') return std::nullopt;
    const std::size_t count = slashes_before(at - 1);
    if (!closes(count)) return std::nullopt;
    const std::size_t end = at - 1 - slashes_;
    for (std::size_t i = last_quote(text_, low_, end); i != npos; i = last_quote(text_, low_, i)) {
      if (slashes_before(i) != slashes_) continue;
      at = i - slashes_;
      return text_.substr(i + 1, end - i - 1);
    }
    return std::nullopt;
  }

  // Rightwards.
  [[nodiscard]] std::size_t skip_space_right(std::size_t at) const noexcept {
    for (;;) {
      while (at < high_ && is_space(text_[at])) ++at;
      const std::size_t size = slashes_ == 0 ? 0 : escaped_space_after(at);
      if (size == 0) return at;
      at += size;
    }
  }
  // Whether a structural quote opens at `at`; `at` is moved behind it.
  [[nodiscard]] bool open_right(std::size_t& at) const noexcept {
    if (high_ - at <= slashes_ || text_[at + slashes_] != '"') return false;
    for (std::size_t i = 0; i < slashes_; ++i) {
      if (text_[at + i] != '\\') return false;
    }
    at += slashes_ + 1;
    return true;
  }
  // `at` is inside a string: where its closing quote (with its backslashes) begins, and `at`
  // behind.
  [[nodiscard]] std::optional<std::size_t> close_right(std::size_t& at) const noexcept {
    const std::size_t begin = at;
    for (std::size_t i = at; i < high_; ++i) {
      i = text_.find('"', i);
      if (i == npos || i >= high_) return std::nullopt;
      std::size_t count = 0;
      while (i - count > begin && text_[i - count - 1] == '\\') ++count;
      if (!closes(count)) continue;
      at = i + 1;
      return i - slashes_;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  [[nodiscard]] std::size_t low() const noexcept { return low_; }
  [[nodiscard]] std::size_t high() const noexcept { return high_; }

  static bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
  static bool is_scalar(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '+' || c == '.';
  }

 private:
  // What an escape has behind its backslashes.
  static bool is_escaped_space(std::string_view escape) noexcept {
    if (escape.size() == 1) return std::string_view("nrt").find(escape[0]) != npos;
    return equal_ignoring_case(escape, "u0009") || equal_ignoring_case(escape, "u000a") ||
           equal_ignoring_case(escape, "u000d") || equal_ignoring_case(escape, "u0020");
  }
  [[nodiscard]] std::size_t escaped_space_before(std::size_t at) const noexcept {
    for (const std::size_t size : {std::size_t{1}, std::size_t{5}}) {
      if (at - low_ <= size || !is_escaped_space(text_.substr(at - size, size))) continue;
      if (const std::size_t count = slashes_before(at - size); count != 0) return count + size;
    }
    return 0;
  }
  [[nodiscard]] std::size_t escaped_space_after(std::size_t at) const noexcept {
    std::size_t stop = at;
    while (stop < high_ && text_[stop] == '\\') ++stop;
    if (stop == at) return 0;
    for (const std::size_t size : {std::size_t{1}, std::size_t{5}}) {
      if (high_ - stop >= size && is_escaped_space(text_.substr(stop, size))) {
        return stop - at + size;
      }
    }
    return 0;
  }

  std::string_view text_;
  std::size_t low_, high_, slashes_;
};

// How many members are looked at in one direction.
class member_budget {
 public:
  // False when it is used up. Children do not count against the members of the object itself.
  bool take(bool child) noexcept {
    if (child) {
      children_ += children_ < 2 * sanitize_limits::max_neighbours ? 1 : 0;
      return true;
    }
    return ++members_ <= sanitize_limits::max_neighbours;
  }
  [[nodiscard]] bool has_room_for_child() const noexcept {
    return children_ < 2 * sanitize_limits::max_neighbours;
  }

 private:
  std::size_t members_ = 0;
  std::size_t children_ = 0;
};

std::string_view short_value(std::string_view value) noexcept {
  return value.size() <= max_value ? value : std::string_view{};
}

// Walks left from a value over the members before it, to the beginning of the container.
void read_left(const lexer& lex, std::size_t at, run_context& context) {
  member_budget budget;
  unsigned depth = 0;      // of child containers
  bool first = true;       // still at the value itself
  std::string_view value;  // what stands to the right of a colon that may come
  for (;;) {
    at = lex.skip_space_left(at);
    if (at == lex.low()) return;
    const char c = lex.text()[at - 1];
    if (c == ':') {
      --at;
      if (first) context.after_colon = true;
      at = lex.skip_space_left(at);
      const auto string = lex.string_left(at);
      if (!string) return;
      const std::string_view name = telling_name(*string);
      if (first) {
        context.name = name;
      } else if (!name.empty() && depth <= 1) {
        if (!budget.take(depth == 1)) return;
        if (depth == 0 || budget.has_room_for_child()) {
          context.neighbours.add({name, value, depth == 1, false});
        }
      }
      first = false;
      value = {};
    } else if (c == ',') {
      --at;
      value = {};
      first = false;
    } else if (c == '"') {
      const auto content = lex.string_left(at);
      if (!content) return;
      value = short_value(*content);
    } else if (c == '}' || c == ']') {
      --at;
      ++depth;
      value = {};
    } else if (c == '{' || c == '[') {
      --at;
      value = {};
      if (depth != 0) {
        --depth;
        continue;
      }
      context.in_array = c == '[';
      at = lex.skip_space_left(at);
      if (at == lex.low() || lex.text()[at - 1] != ':') return;
      --at;
      at = lex.skip_space_left(at);
      const auto name = lex.string_left(at);
      if (name) context.parent_name = telling_name(*name);
      return;
    } else if (lexer::is_scalar(c)) {
      const std::size_t end = at;
      while (at > lex.low() && lexer::is_scalar(lex.text()[at - 1])) --at;
      // The first letters may be those of an escaped white space.
      if (at > lex.low() && lex.text()[at - 1] == '\\') at += lex.text()[at] == 'u' ? 5 : 1;
      if (at >= end) return;
      value = {};
    } else {
      return;
    }
  }
}

// Walks right from behind a value over the members after it, to the end of the container.
void read_right(const lexer& lex, std::size_t at, run_context& context) {
  at = lex.skip_space_right(at);
  if (at < lex.high() && lex.text()[at] == ':') {
    context.key = true;
    return;
  }
  member_budget budget;
  const auto add = [&](std::string_view member, std::string_view value, unsigned level) {
    if (member.empty() || level > 1) return true;
    if (!budget.take(level == 1)) return false;
    if (level == 0 || budget.has_room_for_child()) {
      context.neighbours.add({member, value, level == 1, true});
    }
    return true;
  };
  unsigned depth = 0;
  std::string_view name;
  for (;;) {
    at = lex.skip_space_right(at);
    if (at >= lex.high()) return;
    const char c = lex.text()[at];
    if (c == ',') {
      ++at;
    } else if (c == '{' || c == '[') {
      if (!add(name, {}, depth)) return;
      name = {};
      ++depth;
      ++at;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return;
      --depth;
      ++at;
    } else if (std::size_t begin = at; lex.open_right(begin)) {
      std::size_t behind = begin;
      const auto close = lex.close_right(behind);
      if (!close) {  // the value begins in the window but does not end there
        add(name, {}, depth);
        return;
      }
      const std::string_view content = lex.text().substr(begin, *close - begin);
      at = lex.skip_space_right(behind);
      if (at < lex.high() && lex.text()[at] == ':') {
        name = telling_name(content);
        ++at;
        continue;
      }
      if (!add(name, short_value(content), depth)) return;
      name = {};
    } else if (lexer::is_scalar(c)) {
      while (at < lex.high() && lexer::is_scalar(lex.text()[at])) ++at;
      if (!add(name, {}, depth)) return;
      name = {};
    } else {
      return;
    }
  }
}

struct opening {
  std::size_t quote;    // offset of the quote
  std::size_t slashes;  // backslashes before it
};

// Whether a string may begin behind `before`: in an object or array, or as the whole of a string
// that holds JSON.
bool opens_value(const lexer& lex, std::size_t before, std::size_t slashes) noexcept {
  if (before == lex.low()) return false;
  const char c = lex.text()[before - 1];
  if (c == '"') return slashes != 0 && lex.slashes_before(before - 1) == (slashes - 1) / 2;
  return std::string_view(":,[{").find(c) != npos;
}

// The opening quote of the innermost JSON string around `at` that begins in the window. Quotes of
// the text inside that string have more backslashes than its own.
std::optional<opening> find_opening(std::string_view text, std::size_t at, std::size_t low) {
  std::size_t fewest = npos;
  for (std::size_t i = last_quote(text, low, at); i != npos; i = last_quote(text, low, i)) {
    const lexer plain(text, low, at, 0);
    const std::size_t slashes = plain.slashes_before(i);
    if (slashes < fewest) {
      fewest = slashes;
      const bool power_of_two = ((slashes + 1) & slashes) == 0;
      if (power_of_two) {
        const lexer lex(text, low, at, slashes);
        const std::size_t before = lex.skip_space_left(i - slashes);
        if (before == 0 || opens_value(lex, before, slashes)) return opening{i, slashes};
      }
      if (slashes % 2 == 0) return std::nullopt;  // a quote of the document that opens nothing
    }
  }
  return std::nullopt;
}

bool is_media_type_char(char c) noexcept {
  return lexer::is_scalar(c) || std::string_view("!#$&^_/\\;=%*'`|~").find(c) != npos;
}

}  // namespace

std::string_view telling_name(std::string_view name) noexcept {
  const bool tells = name.size() <= max_name && name.find("_REMOVED") == npos;
  return tells ? name : std::string_view{};
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

run_context read_context(std::string_view text, std::size_t begin, std::size_t end) {
  run_context context;
  const std::size_t low = begin > window ? begin - window : 0;
  const auto open = find_opening(text, begin, low);
  if (!open) return context;
  context.in_string = true;
  context.outer = open->slashes == 0;
  const std::size_t value_begin = open->quote + 1;
  context.coded_quotes = text.substr(value_begin, begin - value_begin).find("u0022") != npos;
  read_left(lexer(text, low, begin, open->slashes), open->quote - open->slashes, context);

  // What is behind a long value is out of sight.
  if (end - value_begin > sanitize_limits::run_window) {
    context.whole = value_begin == begin;
    return context;
  }
  // The string ends where the run does, after one line break perhaps, or somewhere behind it.
  std::size_t at = end;
  if (const raw_unit unit = read_unit(text, at); unit.what == raw_unit::kind::line_break) {
    at += unit.size;
  }
  lexer right(text, end, std::min(text.size(), at + open->slashes + 1), open->slashes);
  if (right.open_right(at)) {
    context.whole = value_begin == begin;
  } else {
    const std::size_t limit = value_begin + sanitize_limits::run_window;
    at = end;
    right = lexer(text, end, std::min(text.size(), limit), open->slashes);
    if (!right.close_right(at)) return context;
  }
  const bool near = at - value_begin <= sanitize_limits::run_window;
  // A longer value is judged without the members after it, but a key is a key.
  const std::size_t high = std::min(text.size(), at + window);
  run_context after;
  read_right(lexer(text, at, high, open->slashes), at, after);
  context.key = after.key && !context.after_colon;
  if (near) {
    for (const auto& neighbour : after.neighbours.view()) context.neighbours.add(neighbour);
  }
  return context;
}

std::string_view adjacent_name(std::string_view text, std::size_t begin) noexcept {
  if (begin == 0 || text[begin - 1] != '"') return {};
  const std::size_t low = begin > max_name * 2 ? begin - max_name * 2 : 0;
  const std::size_t slashes = lexer(text, low, begin, 0).slashes_before(begin - 1);
  const lexer lex(text, low, begin, slashes);
  std::size_t at = lex.skip_space_left(begin - 1 - slashes);
  if (at == low || text[at - 1] != ':') return {};
  at = lex.skip_space_left(at - 1);
  return telling_name(lex.string_left(at).value_or(std::string_view{}));
}

std::optional<data_uri_header> read_data_uri_header(std::string_view text, std::size_t low,
                                                    std::size_t payload) noexcept {
  constexpr std::size_t max_header = 512;
  constexpr std::string_view scheme = "data:";
  if (payload - low > max_header) low = payload - max_header;
  const std::string_view head = text.substr(low, payload - low);
  if (head.size() < scheme.size() + data_uri_needle.size()) return std::nullopt;
  const std::size_t mark = head.size() - data_uri_needle.size();
  if (!equal_ignoring_case(head.substr(mark), data_uri_needle)) return std::nullopt;

  std::size_t colon = mark;
  while (colon > 0 && is_media_type_char(head[colon - 1])) --colon;
  if (colon < scheme.size()) return std::nullopt;
  const std::size_t begin = colon - scheme.size();
  if (!equal_ignoring_case(head.substr(begin, scheme.size()), scheme)) return std::nullopt;
  // "metadata:" is no scheme; the letter of an escape is no part of a word.
  if (begin > 0 && head[begin - 1] != '.' && lexer::is_scalar(head[begin - 1])) {
    const std::string_view before = head.substr(0, begin);
    const bool letter = begin > 1 && before[begin - 2] == '\\';
    const bool code = begin > 5 && before.substr(begin - 6, 2) == "\\u";
    if (!letter && !code) return std::nullopt;
  }
  const std::string_view type = head.substr(colon, mark - colon);
  data_uri_header header;
  header.begin = payload - (head.size() - begin);
  header.media_type = type.substr(0, type.find(';'));
  header.canonical = head.substr(begin, scheme.size()) == scheme &&
                     head.substr(mark) == data_uri_needle &&
                     header.media_type.size() == type.size() && !type.empty();
  return header;
}

std::optional<std::size_t> announced_value(std::string_view text, std::size_t at,
                                           std::string_view word) noexcept {
  if (text.size() - at < word.size() || !equal_ignoring_case(text.substr(at, word.size()), word)) {
    return std::nullopt;
  }
  std::size_t next = at + word.size();
  if (word == data_uri_needle) return next;

  // name" : "value, with as many backslashes before each quote
  const std::size_t limit = std::min(text.size(), next + max_name);
  const std::size_t quote = std::min(text.find_first_not_of('\\', next), limit);
  const std::size_t slashes = quote - next;
  const lexer lex(text, next, limit, slashes);
  if (!lex.open_right(next)) return std::nullopt;
  next = lex.skip_space_right(next);
  if (next >= limit || text[next] != ':') return std::nullopt;
  next = lex.skip_space_right(next + 1);
  if (!lex.open_right(next)) return std::nullopt;
  return next;
}

}  // namespace jobqueue::detail
