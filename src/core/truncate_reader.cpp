#include "core/truncate_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "core/json_text.hpp"
#include "core/truncate_tokens.hpp"

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

// Whether a string may hold a document of JSON that is an object or array. Its white space, and the
// bracket, too, may be written as escapes.
bool may_hold_json(std::string_view content) noexcept {
  for (const char c : content) {
    if (!is_json_space(c)) return c == '{' || c == '[' || c == '\\';
  }
  return false;
}

// What is read: a text, the last items of an array in it once more, or what a string holds.
enum class source : std::uint8_t { text, items, string };

template <source from>
class node_reader : private token_reader<from == source::string> {
 public:
  node_reader(std::string_view text, nested_text* origin, const read_place& where,
              const truncate_options& options, const pin_list& pins)
      : token_reader<from == source::string>(text, origin, where.base, options.simd),
        options_(options),
        where_(where),
        budget_(options.max_bytes),
        head_(options.array_head),
        tail_(options.array_tail),
        pins_(pins),
        notes_(most_noted + options.array_tail) {}

  // False if it is no JSON.
  bool read();
  // The items from `first` to the end of their array: nodes behind one for that.
  [[nodiscard]] const std::vector<truncate_node>& read_items(const item_notes::item& first);
  [[nodiscard]] read_document take() { return {std::move(nodes_), white_space_}; }

 private:
  using tokens = token_reader<from == source::string>;
  using tokens::base_;
  using tokens::behind_;
  using tokens::index_;
  using tokens::next;
  using tokens::origin_of;
  using tokens::pass_container;
  using tokens::skip_to;
  using tokens::take_mark;
  using tokens::text_;
  using tokens::white_space_;

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
    bool full = false;  // what else is in it gets no nodes
    bool kept = false;
  };

  bool read_child(std::size_t& at);
  bool read_value(std::size_t at);
  bool read_string(std::size_t at);
  bool read_plain(std::size_t at);
  bool read_key(std::size_t at);
  void begin_value();
  truncate_node& add(kind of, std::size_t begin);
  bool open(bool object, std::size_t at);
  void close(std::size_t at);
  bool hide(bool object);
  bool pass_rest();
  void read_tail(std::size_t end);
  void end_child(std::size_t node, bool kept);
  void forget_items(frame& in);

  const truncate_options& options_;
  read_place where_;
  std::size_t budget_;
  std::size_t head_;
  std::size_t tail_;
  const pin_list& pins_;
  std::vector<truncate_node> nodes_;
  std::vector<frame> frames_;
  item_notes notes_;     // of the array that is full
  bool opened_ = false;  // the last token opened a container
  // Of the value that begins:
  std::size_t key_begin_ = 0;
  std::size_t key_size_ = 0;
  std::uint64_t alive_ = 0;
  std::size_t space_ = 0;
  std::string key_;
};

template <source from>
bool node_reader<from>::read() {
  std::size_t at = 0;
  if (!next(at)) return false;
  do {
    if (!read_value(at)) return false;
  } while (read_child(at));
  if (!frames_.empty() || next(at) || !index_.good()) return false;
  skip_to(text_.size());
  return true;
}

template <source from>
const std::vector<truncate_node>& node_reader<from>::read_items(const item_notes::item& first) {
  white_space_ = first.white_space;
  frame& in = frames_.emplace_back();
  in.count = first.ordinal;
  in.forget_from = 1;
  nodes_.emplace_back();
  std::size_t at = 0;
  for (bool more = next(at); more;) more = read_value(at) && read_child(at);
  return nodes_;
}

// Closes what ends here. True: the next child begins at `at`.
template <source from>
bool node_reader<from>::read_child(std::size_t& at) {
  while (!frames_.empty()) {
    if (frames_.back().full) {
      if (!pass_rest()) return false;
      continue;
    }
    if (!next(at)) return false;
    const bool object = frames_.back().object;
    const char c = text_[at];
    const bool opened = std::exchange(opened_, false);
    if (c == closing_bracket(object)) {
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

template <source from>
bool node_reader<from>::read_value(std::size_t at) {
  const char c = text_[at];
  if (c == '"') return read_string(at);
  if (c == '{' || c == '[') return open(c == '{', at);
  return read_plain(at);
}

template <source from>
bool node_reader<from>::read_string(std::size_t at) {
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

template <source from>
bool node_reader<from>::read_plain(std::size_t at) {
  const std::size_t end = json_plain_end(text_, at);
  if (end == at) return false;
  skip_to(at);
  const std::size_t begin = behind_;
  behind_ = origin_of(end);
  begin_value();
  const bool number = text_[at] == '-' || is_json_digit(text_[at]);
  truncate_node& node = add(number ? kind::number : kind::word, begin);
  node.end = behind_;
  node.whole = node.end - begin;
  node.least = number && !node.pinned ? std::min(node.whole, least_leaf) : node.whole;
  end_child(nodes_.size() - 1, node.kept);
  return true;
}

template <source from>
bool node_reader<from>::read_key(std::size_t at) {
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

// Sets what is known of the value that begins now.
template <source from>
void node_reader<from>::begin_value() {
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
  alive_ =
      pins_.follow(in.alive, depth, {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

template <source from>
truncate_node& node_reader<from>::add(kind of, std::size_t begin) {
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

template <source from>
bool node_reader<from>::open(bool object, std::size_t at) {
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

// The rest of a container that is full, but for the last items of an array.
template <source from>
bool node_reader<from>::pass_rest() {
  frame& in = frames_.back();
  if (!in.object) notes_.begin(in.count, white_space_);
  std::size_t end = 0;
  std::size_t count = 0;
  if (!pass_container(in.object, false, end, count, in.object ? nullptr : &notes_)) return false;
  in.count += count;
  if constexpr (from == source::text) {
    if (!in.object) read_tail(end);
  }
  close(end);
  return true;
}

// Gives nodes to the last items of an array that is full and ends here: so many as may be left, and
// as are read again in a time that the budget bounds.
template <source from>
void node_reader<from>::read_tail(std::size_t end) {
  const auto first = notes_.find(tail_, end - std::min(end, tail_budgets * budget_));
  if (!first) return;
  read_place where = where_;
  where.base += first->at;
  node_reader<source::items> tail(text_.substr(first->at, end - first->at), nullptr, where,
                                  options_, pins_);
  const std::vector<truncate_node>& nodes = tail.read_items(*first);
  nodes_.insert(nodes_.end(), nodes.begin() + 1, nodes.end());
}

template <source from>
void node_reader<from>::close(std::size_t at) {
  take_mark(at);
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
template <source from>
bool node_reader<from>::hide(bool object) {
  const std::size_t which = nodes_.size() - 1;
  std::size_t at = 0;
  std::size_t count = 0;
  if (!pass_container(object, true, at, count)) return false;
  skip_to(at);
  behind_ = origin_of(at + 1);
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
template <source from>
void node_reader<from>::end_child(std::size_t node, bool kept) {
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
    in.full = from == source::text && in.alive == 0;
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
template <source from>
void node_reader<from>::forget_items(frame& in) {
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

template <source from>
std::optional<read_document> read_with(std::string_view text, nested_text* origin,
                                       const read_place& where, const truncate_options& options,
                                       const pin_list& pins) {
  node_reader<from> reader(text, origin, where, options, pins);
  if (!reader.read()) return std::nullopt;
  return reader.take();
}

}  // namespace

std::optional<read_document> read_nodes(std::string_view text, nested_text* origin,
                                        const read_place& where, const truncate_options& options,
                                        const pin_list& pins) {
  return origin == nullptr ? read_with<source::text>(text, origin, where, options, pins)
                           : read_with<source::string>(text, origin, where, options, pins);
}

}  // namespace jobqueue::detail
