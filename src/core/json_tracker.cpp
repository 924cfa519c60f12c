#include "core/json_tracker.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "core/json_text.hpp"
#include "core/utf8.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::uint64_t zero_bytes(std::uint64_t word) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  return (word - ones) & ~word & (ones * 0x80);
}

// The first quote, backslash or LF in [begin, end), or `end`.
std::size_t find_special(std::string_view text, std::size_t begin, std::size_t end) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  for (; end - begin >= 8; begin += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + begin, sizeof word);
    const std::uint64_t hits = zero_bytes(word ^ (ones * '"')) | zero_bytes(word ^ (ones * '\\')) |
                               zero_bytes(word ^ (ones * '\n'));
    if (hits == 0) continue;
    if constexpr (std::endian::native == std::endian::little) {
      return begin + static_cast<std::size_t>(std::countr_zero(hits)) / 8;
    }
    break;
  }
  while (begin < end && text[begin] != '"' && text[begin] != '\\' && text[begin] != '\n') ++begin;
  return begin;
}

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr bool is_literal_char(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '-' ||
         c == '.' || c == '_';
}

// Size of the number or word at the beginning of `text`, or 0. Some writers know NaN and Infinity.
std::size_t literal_size(std::string_view text) noexcept {
  if (const std::size_t size = json_number_size(text); size > 0) return size;
  for (const std::string_view word : {"true", "false", "null", "NaN", "Infinity", "-Infinity"}) {
    if (text.starts_with(word)) return word.size();
  }
  return 0;
}

}  // namespace

json_tracker::json_tracker(std::string_view text, unsigned max_depth, bool with_pointers)
    : text_(text),
      max_depth_(max_depth),
      with_pointers_(with_pointers),
      position_(byte_order_mark_size(text)),
      levels_(1) {}

json_tracker::place json_tracker::at(std::size_t offset) {
  advance(std::min(offset, text_.size()), none);
  place where;
  where.unsure = unsure_;
  if (lost_) return where;
  where.known = true;
  where.has_pointer = has_pointer();
  const level& inner = levels_.back();
  if (in_string()) {
    where.in_string = true;
    where.in_key = inner.in_key;
    where.string_begin = inner.string_begin;
  } else if (levels_.size() > 1) {
    where.in_string = true;
    where.string_begin = levels_[levels_.size() - 2].string_begin;
  }
  return where;
}

void json_tracker::skip(std::size_t from, std::size_t to) {
  advance(std::min(from, text_.size()), none);
  advance(std::min(to, text_.size()), from);
}

std::size_t json_tracker::needed() const noexcept {
  const level& inner = levels_.back();
  const bool short_key =
      in_string() && inner.in_key && position_ - inner.string_begin <= max_pointer_key_bytes;
  const std::size_t from = short_key ? inner.string_begin : position_;
  return from == 0 ? 0 : from - 1;
}

void json_tracker::drop(std::size_t dropped) {
  for (frame& element : frames_) {
    if (element.key.empty() && element.key_begin < dropped &&
        element.key_size <= max_pointer_key_bytes) {
      element.key = text_.substr(element.key_begin, element.key_size);
    }
    // Of what is gone only differences count, which are right also where this wraps.
    element.key_begin -= dropped;
  }
  for (level& each : levels_) each.string_begin -= dropped;
  position_ -= dropped;
  token_begin_ = none;
}

std::string json_tracker::pointer() const {
  std::string out;
  if (!has_pointer()) return out;
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    const bool innermost = i + 1 == levels_.size();
    if (i > 0) out += "/~s";
    const std::size_t end = innermost ? depth() : levels_[i + 1].base;
    for (std::size_t container = levels_[i].base; container < end; ++container) {
      if (innermost && container + 1 == end && !in_value_) break;
      const frame& element = frames_[container];
      out += '/';
      if (in_object_[container]) {
        const bool in_text = element.key.size() < element.key_size;
        const std::string_view key =
            in_text ? text_.substr(element.key_begin, element.key_size) : element.key;
        append_pointer_token(out, key, i);
      } else {
        out += std::to_string(element.index);
      }
    }
  }
  return out;
}

void json_tracker::advance(std::size_t offset, std::size_t plain_from) {
  in_value_ = false;
  bool moving = true;
  while (moving && position_ <= offset && position_ < text_.size()) {
    if (lost_) {
      moving = step_lost(offset, plain_from);
    } else if (levels_.back().now == state::string_rest) {
      moving = step_string_rest(offset, plain_from);
    } else if (levels_.back().now == state::string_head) {
      moving = step_string_head(offset);
    } else {
      moving = step_structure(offset);
    }
  }
  if (in_string() && !levels_.back().in_key) in_value_ = true;
}

bool json_tracker::step_lost(std::size_t offset, std::size_t plain_from) {
  const std::string_view ahead = text_.substr(position_, offset - position_);
  const std::size_t found = position_ >= plain_from ? std::string_view::npos : ahead.find('\n');
  if (found == std::string_view::npos) {
    position_ = offset;
    return false;
  }
  position_ += found;
  restart_at_next_line();
  return true;
}

// In a string value that may turn out to hold JSON.
bool json_tracker::step_string_head(std::size_t offset) {
  const char c = text_[position_];
  switch (c) {
    case ' ':
    case '\t':
    case '\r': return step_space(offset);
    case '{':
    case '[':
      if (position_ == offset) return false;
      levels_.back().now = state::string_rest;  // To come back to.
      levels_.push_back({.base = depth()});
      open_container(c == '{');
      return true;
    case '\\': {
      const std::size_t run_end = backslashes_end(position_);
      if (run_end - position_ > max_token) return give_up();
      if (is_escaped_space(position_, run_end, levels_.size())) {
        if (run_end + 1 > offset) return false;
        position_ = run_end + 1;
        return true;
      }
      break;
    }
    default: break;
  }
  levels_.back().now = state::string_rest;
  return true;
}

bool json_tracker::step_string_rest(std::size_t offset, std::size_t plain_from) {
  position_ = position_ >= plain_from ? offset : find_special(text_, position_, offset);
  if (position_ == offset) return false;
  if (text_[position_] == '\n') {
    restart_at_next_line();
    return true;
  }
  const std::size_t run_end = backslashes_end(position_);
  if (run_end - position_ > max_token) return give_up();
  const quote mark = quote_after(position_, run_end);
  const std::size_t end = mark.of_level == none ? run_end : mark.end;
  if (end > offset) return false;
  if (mark.of_level < levels_.size()) {
    close_string(mark);
  } else {
    position_ = end;  // Escaped in this string.
  }
  return true;
}

bool json_tracker::step_structure(std::size_t offset) {
  const char c = text_[position_];
  level& inner = levels_.back();
  switch (c) {
    case ' ':
    case '\t':
    case '\r':
    case '\n': return step_space(offset);
    case '"':
    case '\\': return step_quote(offset);
    case '{':
    case '[':
      if (!expects_value()) return refuse();
      if (position_ == offset) return stop_in_value();
      if (depth() == max_containers) return give_up();
      open_container(c == '{');
      return true;
    case '}':
    case ']':
      if (!may_close(c == '}')) return refuse();
      if (position_ == offset) return false;
      close_container();
      return true;
    case ',':
      if (inner.now != state::after_value || depth() == inner.base) return refuse();
      if (position_ == offset) return false;
      ++position_;
      inner.now = in_object_.back() ? state::key : state::value;
      if (frame* element = current_frame()) ++element->index;
      return true;
    case ':':
      if (inner.now != state::colon) return refuse();
      if (position_ == offset) return false;
      ++position_;
      inner.now = state::value;
      return true;
    default: return step_literal(offset);
  }
}

// At a quote or a backslash, not in a string of the innermost level. The end of the string around
// the level is refused here like any other token, and found again outside.
bool json_tracker::step_quote(std::size_t offset) {
  const std::size_t inner = levels_.size() - 1;
  const std::size_t run_end = backslashes_end(position_);
  if (run_end - position_ > max_token) return give_up();
  const quote mark = quote_after(position_, run_end);
  if (mark.of_level == inner && mark.begin == position_ && (expects_value() || expects_key())) {
    if (mark.end > offset) return expects_value() ? stop_in_value() : false;
    open_string(mark);
    return true;
  }
  if (is_escaped_space(position_, run_end, inner)) {
    if (run_end + 1 > offset) return false;
    position_ = run_end + 1;
    return true;
  }
  return refuse();
}

bool json_tracker::step_literal(std::size_t offset) {
  const std::size_t end = expects_value() ? literal_end(position_) : none;
  if (end == none) return refuse();
  if (end - position_ > max_token) return give_up();
  if (end > offset) return stop_in_value();
  position_ = end;
  end_value();
  return true;
}

bool json_tracker::step_space(std::size_t offset) {
  if (position_ == offset) return false;
  if (text_[position_] != '\n') {
    do {
      ++position_;
    } while (position_ < offset && text_[position_] == ' ');
  } else if (levels_.size() > 1) {
    restart_at_next_line();
  } else {
    ++position_;
    ++line_;
    if (depth() == 0) document_line_ = line_;
  }
  return true;
}

bool json_tracker::stop_in_value() noexcept {
  in_value_ = true;
  return false;
}

// The JSON of this level cannot go on with the token at `position_`. If a string holds it, that has
// ended or holds no JSON; else the document is none. A line that begins with a bracket is rather
// the next document, behind one that was cut short.
bool json_tracker::refuse() {
  if (levels_.size() > 1) {
    leave_containers(levels_.back().base);
    levels_.pop_back();
    return true;
  }
  const char c = text_[position_];
  const bool cut_short = depth() > 0 && (c == '{' || c == '[') && text_[position_ - 1] == '\n';
  start_over();
  lost_ = !cut_short;
  return true;
}

// What comes is not followed, though it may be JSON.
bool json_tracker::give_up() {
  start_over();
  lost_ = true;
  unsure_ = true;
  return true;
}

bool json_tracker::may_close(bool object) const noexcept {
  const level& inner = levels_.back();
  return depth() > inner.base && in_object_.back() == object &&
         (inner.now == state::after_value ||
          inner.now == (object ? state::first_key : state::first_element));
}

bool json_tracker::has_pointer() const noexcept {
  return with_pointers_ && !lost_ && depth() <= max_pointer_depth &&
         key_bytes_ <= max_pointer_key_bytes;
}

// Of the innermost container, if it has one.
json_tracker::frame* json_tracker::current_frame() noexcept {
  return with_pointers_ && frames_.size() == depth() ? &frames_.back() : nullptr;
}

void json_tracker::open_container(bool object) {
  ++position_;
  in_object_.push_back(object);
  if (with_pointers_ && depth() <= max_pointer_depth) frames_.emplace_back();
  levels_.back().now = object ? state::first_key : state::first_element;
}

void json_tracker::close_container() {
  ++position_;
  leave_containers(depth() - 1);
  end_value();
}

void json_tracker::open_string(const quote& opening) {
  level& inner = levels_.back();
  inner.in_key = expects_key();
  inner.now =
      !inner.in_key && levels_.size() <= max_depth_ ? state::string_head : state::string_rest;
  inner.string_begin = opening.end;
  position_ = opening.end;
}

// Closes the string that the innermost level is in, or one further out together with all levels
// inside it.
void json_tracker::close_string(const quote& closing) {
  if (closing.of_level + 1 < levels_.size()) {
    leave_containers(levels_[closing.of_level + 1].base);
    levels_.resize(closing.of_level + 1);
  }
  position_ = closing.end;
  level& inner = levels_.back();
  if (inner.in_key) {
    set_key(inner.string_begin, closing.begin - inner.string_begin);
    inner.now = state::colon;
  } else {
    end_value();
  }
}

void json_tracker::end_value() {
  if (levels_.size() == 1 && depth() == 0) {
    levels_.back().now = state::value;  // Another document may follow.
    document_line_ = line_;
  } else {
    levels_.back().now = state::after_value;
  }
}

// At an LF that no document can have there.
void json_tracker::restart_at_next_line() {
  ++position_;
  ++line_;
  start_over();
}

void json_tracker::start_over() {
  lost_ = false;
  unsure_ = false;
  levels_.resize(1);
  levels_.back() = level{};
  leave_containers(0);
  document_line_ = line_;
}

void json_tracker::leave_containers(std::size_t remaining) {
  in_object_.resize(remaining);
  while (frames_.size() > remaining) {
    key_bytes_ -= frames_.back().key_size;
    frames_.pop_back();
  }
}

void json_tracker::set_key(std::size_t begin, std::size_t size) noexcept {
  if (frame* element = current_frame()) {
    key_bytes_ += size - element->key_size;
    element->key_begin = begin;
    element->key_size = size;
    element->key.clear();
  }
}

// The quotation mark behind the backslashes of [run_begin, run_end), if there is one. Reading a
// level halves the number of backslashes, as long as that is even; an odd one escapes the mark
// itself, so that its level is the number of times that this happens.
json_tracker::quote json_tracker::quote_after(std::size_t run_begin,
                                              std::size_t run_end) const noexcept {
  const std::size_t run = run_end - run_begin;
  const std::string_view ahead = text_.substr(run_end);
  if (ahead.starts_with('"')) {
    const int escapes = std::countr_one(run);
    const std::size_t own = (std::size_t{1} << escapes) - 1;
    return {static_cast<std::size_t>(escapes), run_end - own, run_end + 1};
  }
  if (run > 0 && ahead.starts_with("u0022")) {
    // The last of the backslashes makes it a mark, one level above where it is the only one left.
    const int halvings = std::countr_zero(run);
    const int escapes = std::countr_one(run >> (halvings + 1));
    const std::size_t own = ((std::size_t{2} << escapes) - 1) << halvings;
    return {static_cast<std::size_t>(halvings + 1 + escapes), run_end - own, run_end + 5};
  }
  return {};
}

// Whether the backslashes of [run_begin, run_end) and the character behind them are an escaped line
// break or tab in the text of level `in_level`, or are one further out already.
bool json_tracker::is_escaped_space(std::size_t run_begin, std::size_t run_end,
                                    std::size_t in_level) const noexcept {
  const std::size_t run = run_end - run_begin;
  if (run_end == text_.size() || !std::has_single_bit(run)) return false;
  const char c = text_[run_end];
  return (c == 'n' || c == 'r' || c == 't') &&
         static_cast<std::size_t>(std::bit_width(run)) <= in_level;
}

std::size_t json_tracker::backslashes_end(std::size_t begin) noexcept {
  if (text_[begin] != '\\') return begin;
  if (token_begin_ != begin) {
    token_begin_ = begin;
    const std::size_t size = text_.substr(begin, max_token + 1).find_first_not_of('\\');
    token_end_ = begin + std::min({size, max_token + 1, text_.size() - begin});
  }
  return token_end_;
}

// `none` if there is no literal at `begin`.
std::size_t json_tracker::literal_end(std::size_t begin) noexcept {
  if (token_begin_ != begin) {
    const std::string_view word = text_.substr(begin, max_token + 1);
    const std::size_t size = literal_size(word);
    const bool goes_on = size < word.size() && is_literal_char(word[size]);
    const bool too_long =
        word.size() > max_token && std::all_of(word.begin(), word.end(), is_literal_char);
    token_begin_ = begin;
    token_end_ = too_long ? begin + word.size() : size == 0 || goes_on ? none : begin + size;
  }
  return token_end_;
}

}  // namespace jobqueue::detail
