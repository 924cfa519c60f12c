#include "core/truncate_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "core/json_index.hpp"
#include "core/json_text.hpp"

namespace jobqueue::detail {
namespace {

using kind = truncate_node::kind;

// Whatever is done to a value, it is not shorter than this.
constexpr std::size_t least_leaf = 12;
constexpr std::size_t least_container = 8;

// Of an array so many items near its end, besides `array_tail`, may be left at most if it is long;
// and so many times the budget may be read again for them.
constexpr std::size_t most_noted = 4096;
constexpr std::size_t tail_budgets = 8;

constexpr bool is_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool ends_value(char c) noexcept {
  return c == ',' || c == ']' || c == '}' || is_space(c) || c == ':' || c == '"' || c == '[' ||
         c == '{';
}
constexpr char closing(bool object) noexcept { return object ? '}' : ']'; }

// Whether a string may hold a document of JSON that is an object or array. Its white space, and the
// bracket, too, may be written as escapes.
bool may_hold_json(std::string_view content) noexcept {
  for (const char c : content) {
    if (!is_space(c)) return c == '{' || c == '[' || c == '\\';
  }
  return false;
}

// `nested`: the text is the content of a string, without its escapes.
template <bool nested>
class node_reader {
 public:
  node_reader(std::string_view text, nested_text* origin, const read_place& where,
              const truncate_options& options, const pin_list& pins)
      : text_(text),
        index_(text, options.simd),
        options_(options),
        origin_(origin),
        where_(where),
        budget_(options.max_bytes),
        head_(options.array_head),
        tail_(options.array_tail),
        pins_(pins),
        behind_(where.base) {}

  // False if it is no JSON.
  bool read();
  void read_items();
  [[nodiscard]] read_document take() { return {std::move(nodes_), white_space_}; }

 private:
  // An open container that has a node.
  struct frame {
    std::size_t node = 0;
    std::size_t space = 0;          // the white space before it
    std::uint64_t alive = 0;        // pins that lead to it
    std::size_t count = 0;          // children so far
    std::size_t least = 0;          // what they and their names are at least
    std::size_t least_head = 0;     // the first ones of them
    std::size_t least_emptied = 0;  // the same if containers in it are emptied
    std::size_t forget_from = 0;    // nodes from here on may go; 0: none may, yet
    std::size_t tail_least = 0;     // what they are at least
    std::size_t tail_count = 0;     // how many children they are
    bool object = false;
    bool full = false;  // the next children get no nodes
    bool kept = false;
  };

  // Where an item of an array begins that has no node, yet.
  struct item_begin {
    std::size_t at = 0;
    std::size_t behind = 0;
    std::size_t white_space = 0;
    std::size_t ordinal = 0;
  };

  // The items of an array, between `begin` and its end, of which `whole` has read the others.
  node_reader(std::string_view items, const item_begin& begin, const node_reader& whole)
      : node_reader(items, nullptr, whole.where_, whole.options_, whole.pins_) {
    where_.base += begin.at;
    behind_ = begin.behind;
    white_space_ = begin.white_space;
    in_tail_ = true;
    frame& in = frames_.emplace_back();
    in.count = begin.ordinal;
    in.forget_from = 1;
    nodes_.emplace_back();
  }

  // Behind the last token, and then behind white space up to the one at `at`. A structural character
  // is one byte; what it is more, as an escape in a string, counts as white space, too.
  [[nodiscard]] std::size_t origin_of(std::size_t at) {
    if constexpr (nested) return where_.base + origin_->origin(at);
    return where_.base + at;
  }
  void skip_to(std::size_t at) {
    const std::size_t origin = origin_of(at);
    white_space_ += origin - behind_;
    behind_ = origin;
  }
  void take_mark(std::size_t at) {
    skip_to(at);
    ++behind_;
  }
  // The next token: false if there is none.
  bool next(std::size_t& at) {
    at = index_.next();
    return at < text_.size();
  }

  bool read_child(std::size_t& at);
  bool read_value(std::size_t at);
  bool read_string(std::size_t at);
  bool read_plain(std::size_t at);
  bool read_key(std::size_t at);
  bool pass_value(std::size_t at, std::size_t& count);
  bool pass_container(bool object, std::size_t& count);
  bool pass_leaf(std::size_t at);
  bool pass_key(std::size_t at);
  [[nodiscard]] std::size_t plain_end(std::size_t at) const noexcept;
  void begin_value();
  truncate_node& add(kind of, std::size_t begin);
  bool open(bool object, std::size_t at);
  void close(std::size_t at);
  bool hide(bool object);
  void note_item(frame& in, std::size_t at);
  void read_tail(frame& in, std::size_t end);
  void end_child(std::size_t node, bool kept);
  void forget_items(frame& in);

  std::string_view text_;
  json_index index_;
  const truncate_options& options_;
  nested_text* origin_;
  read_place where_;
  std::size_t budget_;
  std::size_t head_;
  std::size_t tail_;
  const pin_list& pins_;
  std::vector<truncate_node> nodes_;
  std::vector<frame> frames_;
  std::vector<bool> passed_;  // the containers around what is passed over: whether it is an object
  bool opened_ = false;       // the last token opened a container
  std::vector<item_begin> items_;  // the last ones of the array that is full, in a ring
  bool in_tail_ = false;           // these are read again
  std::size_t white_space_ = 0;
  std::size_t behind_;  // the last token, in the text
  // Of the value that begins:
  std::size_t key_begin_ = 0;
  std::size_t key_size_ = 0;
  std::uint64_t alive_ = 0;
  std::size_t space_ = 0;
  std::string key_;
};

template <bool nested>
bool node_reader<nested>::read() {
  std::size_t at = 0;
  if (!next(at)) return false;
  do {
    if (!read_value(at)) return false;
  } while (read_child(at));
  if (!frames_.empty() || next(at) || !index_.good()) return false;
  skip_to(text_.size());
  return true;
}

template <bool nested>
void node_reader<nested>::read_items() {
  std::size_t at = 0;
  if (!next(at)) return;
  while (read_value(at) && read_child(at)) {
  }
}

// Closes what ends here. True: the next child begins at `at`.
template <bool nested>
bool node_reader<nested>::read_child(std::size_t& at) {
  while (!frames_.empty()) {
    if (!next(at)) return false;
    const bool object = frames_.back().object;
    const char c = text_[at];
    const bool opened = std::exchange(opened_, false);
    if (c == closing(object)) {
      close(at);
      continue;
    }
    if (!opened) {
      if (c != ',') return false;
      take_mark(at);
      if (!next(at)) return false;
    }
    return !object || (read_key(at) && next(at));
  }
  return false;
}

template <bool nested>
bool node_reader<nested>::read_value(std::size_t at) {
  if (!frames_.empty() && frames_.back().full) {
    note_item(frames_.back(), at);
    std::size_t count = 0;
    return pass_value(at, count);
  }
  const char c = text_[at];
  if (c == '"') return read_string(at);
  if (c == '{' || c == '[') return open(c == '{', at);
  return read_plain(at);
}

template <bool nested>
bool node_reader<nested>::read_string(std::size_t at) {
  std::size_t quote = 0;
  if (!next(quote)) return false;
  skip_to(at);
  const std::size_t begin = behind_;
  const std::size_t content = origin_of(at + 1);
  const std::size_t content_end = origin_of(quote);
  behind_ = origin_of(quote + 1);
  begin_value();
  truncate_node& node = add(kind::string, begin);
  node.end = behind_;
  node.whole = node.end - begin;
  node.open_quote = static_cast<std::uint32_t>(content - begin);
  node.close_quote = static_cast<std::uint32_t>(node.end - content_end);
  node.least = std::min(node.whole, truncate_limits::short_value);
  if (node.pinned) {
    node.least = node.whole;
  } else if (node.whole > least_leaf || alive_ != 0) {
    node.may_nest = may_hold_json(text_.substr(at + 1, quote - at - 1));
    if (node.may_nest) {
      node.least = std::min(node.whole, least_leaf);
      node.pins = alive_;
    }
  }
  // Something in a string may be pinned; who forgets it now would not find out.
  end_child(nodes_.size() - 1, node.kept || node.pins != 0);
  return true;
}

// Behind the number or word at `at`, or `at`.
template <bool nested>
std::size_t node_reader<nested>::plain_end(std::size_t at) const noexcept {
  std::size_t size = 0;
  switch (text_[at]) {
    case 't': size = text_.substr(at, 4) == "true" ? 4 : 0; break;
    case 'f': size = text_.substr(at, 5) == "false" ? 5 : 0; break;
    case 'n': size = text_.substr(at, 4) == "null" ? 4 : 0; break;
    default:
      while (size < text_.size() - at && is_digit(text_[at + size])) ++size;
      // Most are digits alone.
      if (size == 0 || text_[at] == '0' ||
          (at + size < text_.size() && !ends_value(text_[at + size]))) {
        size = json_number_size(text_.substr(at));
      }
      break;
  }
  const bool ends = at + size == text_.size() || ends_value(text_[at + size]);
  return ends ? at + size : at;
}

template <bool nested>
bool node_reader<nested>::read_plain(std::size_t at) {
  const std::size_t end = plain_end(at);
  if (end == at) return false;
  skip_to(at);
  const std::size_t begin = behind_;
  behind_ = origin_of(end);
  begin_value();
  const bool number = text_[at] == '-' || is_digit(text_[at]);
  truncate_node& node = add(number ? kind::number : kind::word, begin);
  node.end = behind_;
  node.whole = node.end - begin;
  node.least = number && !node.pinned ? std::min(node.whole, least_leaf) : node.whole;
  end_child(nodes_.size() - 1, node.kept);
  return true;
}

template <bool nested>
bool node_reader<nested>::read_key(std::size_t at) {
  std::size_t quote = 0;
  std::size_t colon = 0;
  if (text_[at] != '"' || !next(quote) || !next(colon) || text_[colon] != ':') return false;
  skip_to(at);
  key_begin_ = behind_;
  behind_ = origin_of(quote + 1);
  key_size_ = behind_ - key_begin_;
  take_mark(colon);
  if (frames_.back().alive != 0) {
    key_.clear();
    unescape_json(text_.substr(at + 1, quote - at - 1), key_);
  }
  return true;
}

// Goes over a value that gets no node; `count` becomes how many children it has.
template <bool nested>
bool node_reader<nested>::pass_value(std::size_t at, std::size_t& count) {
  const char c = text_[at];
  if (c != '{' && c != '[') return pass_leaf(at);
  take_mark(at);
  return pass_container(c == '{', count);
}

template <bool nested>
bool node_reader<nested>::pass_leaf(std::size_t at) {
  std::size_t end = 0;
  if (text_[at] == '"') {
    if (!next(end)) return false;
    ++end;
  } else {
    end = plain_end(at);
    if (end == at) return false;
  }
  skip_to(at);
  behind_ = origin_of(end);
  return true;
}

template <bool nested>
bool node_reader<nested>::pass_key(std::size_t at) {
  std::size_t quote = 0;
  std::size_t colon = 0;
  if (text_[at] != '"' || !next(quote) || !next(colon) || text_[colon] != ':') return false;
  skip_to(at);
  behind_ = origin_of(quote + 1);
  take_mark(colon);
  return true;
}

// As pass_value, behind the opening bracket.
template <bool nested>
bool node_reader<nested>::pass_container(bool object, std::size_t& count) {
  passed_.clear();
  bool opened = true;
  count = 0;
  std::size_t at = 0;
  while (next(at)) {
    char c = text_[at];
    if (c == closing(object)) {
      skip_to(at);
      behind_ = nested && passed_.empty() ? origin_of(at + 1) : behind_ + 1;
      if (passed_.empty()) return true;
      object = passed_.back();
      passed_.pop_back();
      opened = false;
      continue;
    }
    if (!opened) {
      if (c != ',') return false;
      take_mark(at);
      if (!next(at)) return false;
    }
    if (object && !(pass_key(at) && next(at))) return false;
    if (passed_.empty()) ++count;
    c = text_[at];
    opened = c == '{' || c == '[';
    if (opened) {
      take_mark(at);
      passed_.push_back(object);
      object = c == '{';
    } else if (!pass_leaf(at)) {
      return false;
    }
  }
  return false;
}

// Sets what is known of the value that begins now.
template <bool nested>
void node_reader<nested>::begin_value() {
  space_ = white_space_;
  if (frames_.empty()) {
    alive_ = where_.alive;
    return;
  }
  const frame& in = frames_.back();
  alive_ = 0;
  if (in.alive == 0) return;
  const std::size_t depth = where_.tokens + frames_.size() - 1;
  if (in.object) {
    alive_ = pins_.follow(in.alive, depth, key_);
    return;
  }
  std::array<char, 20> digits;
  const auto [end, problem] = std::to_chars(digits.data(), digits.data() + digits.size(), in.count);
  alive_ = pins_.follow(in.alive, depth,
                        {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

template <bool nested>
truncate_node& node_reader<nested>::add(kind of, std::size_t begin) {
  truncate_node& node = nodes_.emplace_back();
  node.of = of;
  node.begin = begin;
  if (!frames_.empty()) {
    node.ordinal = frames_.back().count;
    if (frames_.back().object) {
      node.key_begin = key_begin_;
      node.key_size = key_size_;
    }
  }
  node.pinned = alive_ != 0 && pins_.ends(alive_, where_.tokens + frames_.size());
  node.kept = node.pinned;
  return node;
}

template <bool nested>
bool node_reader<nested>::open(bool object, std::size_t at) {
  take_mark(at);
  const std::size_t begin = behind_ - 1;
  begin_value();
  const truncate_node& node = add(object ? kind::object : kind::array, begin);
  // Each container around a value needs two bytes.
  if (node.pinned || frames_.size() > budget_ / 2) return hide(object);
  frame& in = frames_.emplace_back();
  in.node = nodes_.size() - 1;
  in.space = space_;
  in.alive = alive_;
  in.object = object;
  opened_ = true;
  return true;
}

template <bool nested>
void node_reader<nested>::note_item(frame& in, std::size_t at) {
  const std::size_t ordinal = in.count++;
  if (in.object) return;
  const item_begin item{at, behind_, white_space_, ordinal};
  if (items_.size() < most_noted + tail_) {
    items_.push_back(item);
  } else {
    items_[ordinal % items_.size()] = item;
  }
}

// Gives nodes to the last items of an array that is full and ends here.
template <bool nested>
void node_reader<nested>::read_tail(frame& in, std::size_t end) {
  const std::size_t noted = items_.size();
  if (noted == 0) return;
  const std::size_t first = items_.size() < most_noted + tail_ ? items_[0].ordinal : 0;
  const auto item = [&](std::size_t from_end) -> const item_begin& {
    return items_[(in.count - from_end - first) % noted];
  };
  // So many as may be left, and as are read again in a time that the budget bounds.
  std::size_t count = std::min(tail_, noted);
  while (count < noted && end - item(count + 1).at <= tail_budgets * budget_) ++count;
  if (count == 0) return;
  const item_begin& begin = item(count);
  node_reader tail(text_.substr(begin.at, end - begin.at), begin, *this);
  tail.read_items();
  nodes_.insert(nodes_.end(), tail.nodes_.begin() + 1, tail.nodes_.end());
}

template <bool nested>
void node_reader<nested>::close(std::size_t at) {
  take_mark(at);
  if (frames_.back().full && !frames_.back().object) read_tail(frames_.back(), at);
  const frame in = frames_.back();
  frames_.pop_back();
  truncate_node& node = nodes_[in.node];
  node.end = origin_of(at + 1);
  node.whole = behind_ - node.begin - (white_space_ - in.space);
  node.count = in.count;
  node.span = static_cast<std::uint32_t>(nodes_.size() - in.node);
  node.least = 2 + in.least;
  if (!in.object && in.count > head_ + tail_) {
    node.least = std::min(node.least, 2 + in.least_head + least_container);
  }
  end_child(in.node, in.kept);
}

// A container whose content gets no nodes.
template <bool nested>
bool node_reader<nested>::hide(bool object) {
  const std::size_t which = nodes_.size() - 1;
  std::size_t count = 0;
  if (!pass_container(object, count)) return false;
  truncate_node& node = nodes_[which];
  node.end = behind_;
  node.count = count;
  node.whole = node.end - node.begin;
  node.least = node.whole;
  if (node.pinned) {
    white_space_ = space_;  // it is part of the value
  } else {
    node.whole -= white_space_ - space_;
    node.least = std::min(node.whole, least_container);
  }
  end_child(which, node.kept);
  return true;
}

// The value of nodes_[node] is complete: its container takes it in, or forgets it.
template <bool nested>
void node_reader<nested>::end_child(std::size_t node, bool kept) {
  if (frames_.empty()) return;
  frame& in = frames_.back();
  const truncate_node& child = nodes_[node];
  const std::size_t least = child.lead() + child.least + (in.count == 0 ? 0 : 1);
  ++in.count;
  in.least += least;
  in.kept = in.kept || kept;
  if (in.object) {
    in.least_emptied += child.lead() + std::min(child.least, least_container) + 1;
    // Members go from the end, so that those behind the budget do in any case.
    if (in.least_emptied <= budget_) return;
    if (!kept) nodes_.resize(node);
    in.full = in.alive == 0;
    return;
  }
  if (in.count <= head_) in.least_head += least;
  if (in.forget_from == 0) {
    if (in.least <= budget_ || in.count < head_) return;
    in.forget_from = nodes_.size();
    // What came from a string cannot be read again from the middle, and nothing is twice.
    in.full = !nested && !in_tail_ && in.alive == 0;
    items_.clear();
    return;
  }
  if (kept) {
    in.forget_from = nodes_.size();
    in.tail_least = 0;
    in.tail_count = 0;
    return;
  }
  in.tail_least += least;
  ++in.tail_count;
  if (in.tail_least > 2 * budget_ && in.tail_count > 2 * tail_) forget_items(in);
}

// Of the items behind the first ones, those that are not near the end go.
template <bool nested>
void node_reader<nested>::forget_items(frame& in) {
  std::size_t at = in.forget_from;
  while (in.tail_count > tail_) {
    const std::size_t least = nodes_[at].least + 1;
    if (in.tail_least - least <= budget_) break;
    in.tail_least -= least;
    --in.tail_count;
    at += nodes_[at].span;
  }
  nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(in.forget_from),
               nodes_.begin() + static_cast<std::ptrdiff_t>(at));
}

template <bool nested>
std::optional<read_document> read_with(std::string_view text, nested_text* origin,
                                       const read_place& where, const truncate_options& options,
                                       const pin_list& pins) {
  node_reader<nested> reader(text, origin, where, options, pins);
  if (!reader.read()) return std::nullopt;
  return reader.take();
}

}  // namespace

std::optional<read_document> read_nodes(std::string_view text, nested_text* origin,
                                        const read_place& where, const truncate_options& options,
                                        const pin_list& pins) {
  return origin == nullptr ? read_with<false>(text, origin, where, options, pins)
                           : read_with<true>(text, origin, where, options, pins);
}

}  // namespace jobqueue::detail
