#include "core/truncate_text.hpp"

#include <algorithm>
#include <utility>

#include "core/json_text.hpp"
#include "core/utf8.hpp"

namespace jobqueue::detail {
namespace {

// An escape of a code unit, and two of them for one character.
constexpr std::size_t unit_escape = 6;
constexpr std::size_t pair_escape = 12;

constexpr bool is_continuation(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// Of each four bytes that stay of a text, its end gets one.
constexpr std::size_t tail_share(std::size_t room) noexcept { return room / 4; }

// Bytes of the character that `text` begins with, an escape or UTF-8; 1 for what is neither.
std::size_t character_size(std::string_view text) noexcept {
  if (text[0] == '\\') {
    if (text.size() < 2 || text[1] != 'u') return std::min<std::size_t>(2, text.size());
    const std::uint32_t unit = read_json_code_unit(text);
    const std::uint32_t next = unit >= 0xD800 && unit < 0xDC00 && text.size() >= pair_escape
                                   ? read_json_code_unit(text.substr(unit_escape))
                                   : no_code_unit;
    const bool pair = next >= 0xDC00 && next < 0xE000;
    return std::min(text.size(), pair ? pair_escape : unit_escape);
  }
  if (static_cast<unsigned char>(text[0]) < 0x80) return 1;
  const auto* const begin = reinterpret_cast<const unsigned char*>(text.data());
  return std::max<std::size_t>(1, utf8_sequence_size(begin, begin + text.size()));
}

// The first place from `at` on that is between two characters of the content of a string.
std::size_t boundary_from(std::string_view content, std::size_t at) noexcept {
  // No escape that begins before this goes on behind `at`, and a row of backslashes begins between
  // two characters.
  std::size_t safe = at > pair_escape ? at - pair_escape : 0;
  if (safe > 0 && content[safe - 1] == '\\') {
    while (safe > 0 && content[safe - 1] == '\\') --safe;
  } else {
    safe += std::min(content.substr(safe, at - safe).find('\\'), at - safe);
  }
  while (safe < at) safe += character_size(content.substr(safe));
  while (safe < content.size() && is_continuation(content[safe])) ++safe;
  return std::min(safe, content.size());
}

// Whether the first character of a text, of which `size` bytes are there, ends behind it, or may.
bool is_cut_off(std::string_view text, std::size_t size) noexcept {
  if (text[0] != '\\') return static_cast<unsigned char>(text[0]) >= 0x80 && size == 1;
  if (size < 2) return true;
  if (text[1] != 'u') return false;
  const bool high = read_json_code_unit(text) >> 10U == 0x36U;
  return size < unit_escape || (high && size == unit_escape && text.size() < pair_escape);
}

// A character of a text and where it came from.
struct traced {
  char c;
  std::size_t begin;
};

// The last place up to `room` that is between two characters of content which is escaped `level`
// times more than a string of the text itself is. All of `content` must be of one string.
std::size_t nested_boundary(std::string_view content, unsigned level, std::size_t room) {
  // Behind `room` there may be the rest of an escape that begins before it; then that is cut off.
  const std::string_view window = content.substr(0, room);
  std::vector<traced> units;
  units.reserve(window.size());
  for (std::size_t i = 0; i < window.size(); ++i) units.push_back({window[i], i});
  // Takes the escapes of one level out, of the outermost first.
  for (unsigned left = level; left != 0; --left) {
    std::string text;
    text.reserve(units.size());
    for (const traced& unit : units) text += unit.c;
    std::vector<traced> outer;
    std::string meaning;
    for (std::size_t at = 0; at < text.size();) {
      const std::string_view rest = std::string_view(text).substr(at);
      const std::size_t size = character_size(rest);
      meaning.clear();
      unescape_json(rest.substr(0, size), meaning);
      if (is_cut_off(rest, size)) {
        room = std::min(room, units[at].begin);
        break;
      }
      for (const char c : meaning) outer.push_back({c, units[at].begin});
      at += size;
    }
    units = std::move(outer);
  }
  std::string text;
  for (const traced& unit : units) text += unit.c;
  std::size_t at = 0;
  std::size_t last = 0;  // the last boundary, in `text`
  while (at < text.size()) {
    const std::string_view rest = std::string_view(text).substr(at);
    const std::size_t size = character_size(rest);
    if (is_cut_off(rest, size)) break;
    at += size;
    last = at;
  }
  return last == text.size() ? room : units[last].begin;
}

}  // namespace

std::size_t digits_of(std::size_t number) noexcept {
  std::size_t digits = 1;
  for (; number >= 10; number /= 10) ++digits;
  return digits;
}

void append_quote(std::string& out, unsigned level) {
  out.append(quote_size(level) - 1, '\\');
  out += '"';
}

void truncate_marker::append(std::string& out, std::size_t count, std::string_view unit) const {
  out.append("[").append(word_).append(" ").append(std::to_string(count)).append(" ").append(unit);
  out += count == 1 ? "]" : "s]";
}

void truncate_marker::append_items(std::string& out, std::size_t items, unsigned level) const {
  append_quote(out, level);
  append(out, items, "item");
  append_quote(out, level);
}

void truncate_marker::append_members(std::string& out, std::size_t members, unsigned level) const {
  append_quote(out, level);
  out.append("[").append(word_).append("]");
  append_quote(out, level);
  out.append(":").append(std::to_string(members));
}

kept_ends cut_string(std::string_view content, unsigned level, std::size_t room) {
  if (level != 0) return {nested_boundary(content, level, room), 0};
  const std::size_t tail_begin = boundary_from(content, content.size() - tail_share(room));
  kept_ends kept{room - tail_share(room), content.size() - tail_begin};
  // The last boundary that is not behind the head: a few bytes before it, or there.
  std::size_t from = kept.head > pair_escape ? boundary_from(content, kept.head - pair_escape) : 0;
  while (from < kept.head) {
    const std::size_t next = from + character_size(content.substr(from));
    if (next > kept.head) break;
    from = next;
  }
  kept.head = std::min(kept.head, from);
  return kept;
}

kept_ends cut_text(std::string_view text, std::size_t room) noexcept {
  // Whether a character goes on at `at`. By its first byte, so that half a surrogate pair, which is
  // no UTF-8 but what some programs write, is not cut either.
  const auto goes_on = [&](std::size_t at) {
    for (std::size_t back = 0; back < 4 && back <= at && at < text.size(); ++back) {
      const char c = text[at - back];
      if (is_continuation(c)) continue;
      const auto lead = static_cast<unsigned char>(c);
      const std::size_t size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
      return back != 0 && back < size;
    }
    return false;
  };
  std::size_t head = room - tail_share(room);
  for (unsigned i = 0; i < 3 && head > 0 && goes_on(head); ++i) --head;
  std::size_t begin = text.size() - tail_share(room);
  for (unsigned i = 0; i < 3 && begin < text.size() && goes_on(begin); ++i) ++begin;
  return {head, text.size() - begin};
}

nested_text::nested_text(std::string_view content, unsigned level) {
  texts_.resize(level + 1);
  std::string_view from = content;
  for (std::string& text : texts_) {
    unescape_json(from, text);
    cursors_.push_back({from});
    from = text;
  }
}

std::size_t nested_text::origin(std::size_t offset) {
  for (std::size_t i = cursors_.size(); i-- > 0;) offset = cursors_[i].find(offset);
  return offset;
}

std::size_t nested_text::cursor::find(std::size_t offset) {
  while (to < offset && from < escaped.size()) {
    if (escaped[from] != '\\') {
      const std::string_view wanted = escaped.substr(from, offset - to);
      const std::size_t step = std::min(wanted.find('\\'), wanted.size());
      from += step;
      to += step;
      continue;
    }
    const std::size_t size = character_size(escaped.substr(from));
    std::size_t meaning = 1;
    if (escaped.substr(from, 2) == "\\u") {
      const std::uint32_t unit = read_json_code_unit(escaped.substr(from));
      meaning = size == pair_escape ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    }
    from += size;
    to += meaning;
  }
  return from;
}

}  // namespace jobqueue::detail
