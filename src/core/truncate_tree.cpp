#include "core/truncate_tree.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <utility>

#include "core/json_index.hpp"
#include "core/json_text.hpp"
#include "core/truncate_text.hpp"

namespace jobqueue::detail {
namespace {

using kind = truncate_node::kind;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
// As a token of a pin: it goes on in a string. No token has this byte, which is not UTF-8.
constexpr std::string_view nested_hop = "\xFF";

// Whatever is done to a value, it is not shorter than this.
constexpr std::size_t least_leaf = 12;
constexpr std::size_t least_container = 8;

constexpr bool is_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool ends_value(char c) noexcept {
  return is_space(c) || c == ',' || c == ']' || c == '}' || c == ':' || c == '"' || c == '[' ||
         c == '{';
}

// Whether a string may hold a document of JSON that is an object or array. Its white space, and the
// bracket, too, may be written as escapes.
bool may_hold_json(std::string_view content) noexcept {
  for (const char c : content) {
    if (!is_space(c)) return c == '{' || c == '[' || c == '\\';
  }
  return false;
}

// Reads one document.
class tree_reader {
 public:
  tree_reader(std::string_view text, nested_text* origin, std::size_t base,
              const truncate_options& options, const pin_list& pins, std::uint64_t alive,
              std::size_t tokens)
      : text_(text),
        index_(text, options.simd),
        origin_(origin),
        base_(base),
        budget_(options.max_bytes),
        head_(options.array_head),
        tail_(options.array_tail),
        pins_(pins),
        alive_(alive),
        tokens_(tokens) {}

  // False if it is no JSON.
  bool read();

  std::vector<truncate_node> nodes;
  std::size_t max_depth = 0;    // containers in one another
  std::size_t white_space = 0;  // but for what is pinned

 private:
  enum class state : std::uint8_t { value, first_element, key, first_key, after_value };

  // An open container that has a node.
  struct frame {
    std::size_t node = 0;
    std::size_t space = 0;         // the white space before it
    std::uint64_t alive = 0;       // pins that lead to it
    std::size_t count = 0;         // children so far
    std::size_t least = 0;         // what they and their names are at least
    std::size_t least_head = 0;    // the first ones of them
    std::size_t least_emptied = 0;  // the same if containers in it are emptied
    std::size_t forget_from = 0;   // nodes from here on may go; 0: none may, yet
    std::size_t tail_least = 0;    // what they are at least
    std::size_t tail_count = 0;    // how many children they are
    bool object = false;
    bool kept = false;
  };
  // Where a value begins.
  struct place {
    std::size_t key_begin = 0;
    std::size_t key_size = 0;
    std::uint64_t alive = 0;
    std::size_t space = 0;
  };

  [[nodiscard]] std::size_t origin_of(std::size_t at) {
    return origin_ == nullptr ? base_ + at : base_ + origin_->origin(at);
  }
  // White space up to there. A structural character is one byte; what it is more, as an escape in a
  // string, counts as white space, too.
  void skip_to(std::size_t origin) noexcept {
    white_space += origin - behind_;
    behind_ = origin;
  }
  [[nodiscard]] bool in_object() const noexcept {
    return hidden_.empty() ? frames_.back().object : hidden_.back();
  }
  [[nodiscard]] bool is_open() const noexcept { return !frames_.empty() || !hidden_.empty(); }

  bool read_value(std::size_t at);
  bool read_string(std::size_t at);
  bool read_key(std::size_t at);
  [[nodiscard]] std::size_t skip_word(std::size_t at) const noexcept;
  void begin_value();
  truncate_node& add(kind of, std::size_t begin);
  void open(bool object, std::size_t at);
  void close(std::size_t at);
  void end_hidden(std::size_t end);
  void end_child(std::size_t node, bool kept);
  void forget_items(frame& in);

  std::string_view text_;
  json_index index_;
  nested_text* origin_;
  std::size_t base_;
  std::size_t budget_;
  std::size_t head_;
  std::size_t tail_;
  const pin_list& pins_;
  std::uint64_t alive_;
  std::size_t tokens_;  // of a pointer to the document
  state state_ = state::value;
  std::vector<frame> frames_;
  // Containers that need no nodes of their own, in a value that is pinned or too deep to be left.
  std::vector<bool> hidden_;
  std::size_t hidden_node_ = 0;
  std::size_t hidden_count_ = 0;
  place place_;
  std::size_t behind_ = 0;  // the last token
  std::string key_;
};

bool tree_reader::read() {
  behind_ = base_;
  for (;;) {
    const std::size_t at = index_.next();
    if (!index_.good()) return false;
    if (at == text_.size()) {
      if (is_open() || nodes.empty()) return false;
      skip_to(origin_of(at));
      return true;
    }
    const char c = text_[at];
    switch (state_) {
      case state::first_element:
        if (c == ']') {
          close(at);
          break;
        }
        [[fallthrough]];
      case state::value:
        if (!read_value(at)) return false;
        break;
      case state::first_key:
        if (c == '}') {
          close(at);
          break;
        }
        [[fallthrough]];
      case state::key:
        if (!read_key(at)) return false;
        break;
      case state::after_value:
        if (!is_open()) return false;
        if (c == ',') {
          if (hidden_.size() == 1) ++hidden_count_;
          skip_to(origin_of(at));
          ++behind_;
          state_ = in_object() ? state::key : state::value;
        } else if (c == (in_object() ? '}' : ']')) {
          close(at);
        } else {
          return false;
        }
        break;
    }
  }
}

bool tree_reader::read_value(std::size_t at) {
  const char c = text_[at];
  if (c == '{' || c == '[') {
    open(c == '{', at);
    return true;
  }
  state_ = state::after_value;
  if (c == '"') return read_string(at);
  const kind of = c == '-' || is_digit(c) ? kind::number : kind::word;
  const std::size_t end =
      of == kind::number ? at + json_number_size(text_.substr(at)) : skip_word(at);
  if (end == at || (end < text_.size() && !ends_value(text_[end]))) return false;
  skip_to(origin_of(at));
  const std::size_t begin = behind_;
  behind_ = origin_of(end);
  if (!hidden_.empty()) return true;
  begin_value();
  truncate_node& node = add(of, begin);
  node.end = behind_;
  node.whole = node.end - begin;
  const bool shrinks = of == kind::number && !node.pinned;
  node.least = shrinks ? std::min(node.whole, least_leaf) : node.whole;
  end_child(nodes.size() - 1, node.kept);
  return true;
}

bool tree_reader::read_string(std::size_t at) {
  const std::size_t quote = index_.next();
  if (quote >= text_.size()) return false;
  skip_to(origin_of(at));
  const std::size_t begin = behind_;
  const std::size_t content = origin_of(at + 1);
  const std::size_t content_end = origin_of(quote);
  behind_ = origin_of(quote + 1);
  if (!hidden_.empty()) return true;
  begin_value();
  truncate_node& node = add(kind::string, begin);
  node.end = behind_;
  node.whole = node.end - begin;
  node.open_quote = static_cast<std::uint32_t>(content - begin);
  node.close_quote = static_cast<std::uint32_t>(node.end - content_end);
  node.least = std::min(node.whole, truncate_limits::short_value);
  if (node.pinned) {
    node.least = node.whole;
  } else if (node.whole > least_leaf || place_.alive != 0) {
    node.may_nest = may_hold_json(text_.substr(at + 1, quote - at - 1));
    if (node.may_nest) {
      node.least = std::min(node.whole, least_leaf);
      node.pins = place_.alive;
    }
  }
  // Something in a string may be pinned; who forgets it now would not find out.
  end_child(nodes.size() - 1, node.kept || node.pins != 0);
  return true;
}

std::size_t tree_reader::skip_word(std::size_t at) const noexcept {
  for (const std::string_view word : {"true", "false", "null"}) {
    if (text_.substr(at, word.size()) == word) return at + word.size();
  }
  return at;
}

bool tree_reader::read_key(std::size_t at) {
  if (text_[at] != '"') return false;
  const std::size_t quote = index_.next();
  if (quote >= text_.size()) return false;
  const std::size_t colon = index_.next();
  if (colon >= text_.size() || text_[colon] != ':') return false;
  state_ = state::value;
  const std::size_t begin = origin_of(at);
  skip_to(begin);
  const std::size_t end = origin_of(quote + 1);
  behind_ = end;
  skip_to(origin_of(colon));
  ++behind_;
  if (!hidden_.empty()) return true;
  place_.key_begin = begin;
  place_.key_size = end - begin;
  if (frames_.back().alive != 0) {
    key_.clear();
    unescape_json(text_.substr(at + 1, quote - at - 1), key_);
  }
  return true;
}

// Sets what is known of the value that begins now.
void tree_reader::begin_value() {
  place_.space = white_space;
  if (frames_.empty()) {
    place_.alive = alive_;
    return;
  }
  const frame& in = frames_.back();
  place_.alive = 0;
  if (in.alive == 0) return;
  if (in.object) {
    place_.alive = pins_.follow(in.alive, tokens_ + frames_.size() - 1, key_);
    return;
  }
  std::array<char, 20> digits;
  const auto [end, problem] =
      std::to_chars(digits.data(), digits.data() + digits.size(), in.count);
  place_.alive = pins_.follow(in.alive, tokens_ + frames_.size() - 1,
                              {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

truncate_node& tree_reader::add(kind of, std::size_t begin) {
  truncate_node& node = nodes.emplace_back();
  node.of = of;
  node.begin = begin;
  if (!frames_.empty()) {
    node.ordinal = frames_.back().count;
    if (frames_.back().object) {
      node.key_begin = place_.key_begin;
      node.key_size = place_.key_size;
    }
  }
  node.pinned = place_.alive != 0 && pins_.ends(place_.alive, tokens_ + frames_.size());
  node.kept = node.pinned;
  return node;
}

void tree_reader::open(bool object, std::size_t at) {
  state_ = object ? state::first_key : state::first_element;
  skip_to(origin_of(at));
  const std::size_t begin = behind_++;
  if (!hidden_.empty()) {
    hidden_.push_back(object);
    return;
  }
  begin_value();
  const truncate_node& node = add(object ? kind::object : kind::array, begin);
  max_depth = std::max(max_depth, frames_.size() + 1);
  // Each container around a value needs two bytes.
  if (node.pinned || frames_.size() > budget_ / 2) {
    hidden_.push_back(object);
    hidden_node_ = nodes.size() - 1;
    hidden_count_ = 0;
    return;
  }
  frame& in = frames_.emplace_back();
  in.node = nodes.size() - 1;
  in.space = place_.space;
  in.alive = place_.alive;
  in.object = object;
}

void tree_reader::close(std::size_t at) {
  const bool empty = state_ != state::after_value;
  state_ = state::after_value;
  skip_to(origin_of(at));
  ++behind_;
  const std::size_t end = origin_of(at + 1);
  if (!hidden_.empty()) {
    if (hidden_.size() == 1 && !empty) ++hidden_count_;
    hidden_.pop_back();
    if (hidden_.empty()) end_hidden(end);
    return;
  }
  const frame in = frames_.back();
  frames_.pop_back();
  truncate_node& node = nodes[in.node];
  node.end = end;
  node.whole = behind_ - node.begin - (white_space - in.space);
  node.count = in.count;
  node.span = static_cast<std::uint32_t>(nodes.size() - in.node);
  node.least = 2 + in.least;
  if (!in.object && in.count > head_ + tail_) {
    node.least = std::min(node.least, 2 + in.least_head + least_container);
  }
  end_child(in.node, in.kept);
}

// A container whose content has no nodes.
void tree_reader::end_hidden(std::size_t end) {
  truncate_node& node = nodes[hidden_node_];
  node.end = end;
  node.count = hidden_count_;
  if (node.pinned) {
    white_space = place_.space;  // it is part of the value
    behind_ = end;
    node.whole = end - node.begin;
    node.least = node.whole;
  } else {
    node.whole = behind_ - node.begin - (white_space - place_.space);
    node.least = std::min(node.whole, least_container);
  }
  end_child(hidden_node_, node.kept);
}

// The value of nodes[node] is complete: its container takes it in, or forgets it.
void tree_reader::end_child(std::size_t node, bool kept) {
  if (frames_.empty()) return;
  frame& in = frames_.back();
  const truncate_node& child = nodes[node];
  const std::size_t least = child.lead() + child.least + (in.count == 0 ? 0 : 1);
  ++in.count;
  in.least += least;
  in.kept = in.kept || kept;
  if (in.object) {
    in.least_emptied += child.lead() + std::min(child.least, least_container) + 1;
    // Members go from the end, so that those behind the budget do in any case.
    if (in.least_emptied > budget_ && !kept) nodes.resize(node);
    return;
  }
  if (in.count <= head_) in.least_head += least;
  if (kept) in.forget_from = in.forget_from == 0 ? 0 : nodes.size();
  if (in.forget_from == 0) {
    if (in.least > budget_ && in.count >= head_) in.forget_from = nodes.size();
    return;
  }
  if (kept) {
    in.tail_least = 0;
    in.tail_count = 0;
    return;
  }
  in.tail_least += least;
  ++in.tail_count;
  if (in.tail_least > 2 * budget_ && in.tail_count > 2 * tail_) forget_items(in);
}

// Of the items behind the first ones, those that are not near the end go.
void tree_reader::forget_items(frame& in) {
  std::size_t at = in.forget_from;
  while (in.tail_count > tail_) {
    const std::size_t least = nodes[at].least + 1;
    if (in.tail_least - least <= budget_) break;
    in.tail_least -= least;
    --in.tail_count;
    at += nodes[at].span;
  }
  nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(in.forget_from),
              nodes.begin() + static_cast<std::ptrdiff_t>(at));
}

// Reads the JSON in the strings of a document, and tells its nodes how deep they are.
void look_into(truncate_tree& tree, std::size_t which, const truncate_options& options,
               const pin_list& pins) {
  std::vector<std::size_t> ends;  // of the containers around a node
  for (std::size_t i = 0; i < tree.documents[which].nodes.size(); ++i) {
    while (!ends.empty() && ends.back() <= i) ends.pop_back();
    truncate_document& in = tree.documents[which];
    truncate_node& node = in.nodes[i];
    const auto around = static_cast<std::uint32_t>(ends.size());
    node.depth = in.depth + around;
    if (node.is_container()) {
      tree.max_depth = std::max(tree.max_depth, node.depth);
      ends.push_back(i + node.span);
    }
    if (!node.may_nest || in.level == truncate_limits::max_depth) continue;
    const std::string_view content = node.content(tree.text);
    nested_text nested(content, in.level);
    const std::string_view inner = nested.text();
    const std::size_t first = skip_json_space(inner, 0);
    if (first == inner.size() || (inner[first] != '{' && inner[first] != '[')) continue;
    const std::uint32_t tokens = in.tokens + around;
    tree_reader reader(inner, &nested, node.begin + node.open_quote, options, pins,
                       pins.follow(node.pins, tokens, nested_hop), tokens + 1);
    if (!reader.read()) continue;
    node.nested = static_cast<std::uint32_t>(tree.documents.size());
    truncate_document made;
    made.nodes = std::move(reader.nodes);
    made.level = in.level + 1;
    made.depth = node.depth;
    made.tokens = tokens + 1;
    made.white_space = reader.white_space;
    tree.documents.push_back(std::move(made));
  }
}

// Takes the white space of the documents in strings into account, and what is pinned in them. Those
// are complete.
void complete(truncate_tree& tree, truncate_document& document) {
  std::vector<std::size_t> white_space(document.nodes.size());
  for (std::size_t i = document.nodes.size(); i-- > 0;) {
    truncate_node& node = document.nodes[i];
    if (node.nested != 0) {
      const truncate_document& inner = tree.documents[node.nested];
      white_space[i] = inner.white_space;
      node.kept = inner.nodes[0].kept;
    }
    for (std::size_t child = i + 1; node.is_container() && child < i + node.span;
         child += document.nodes[child].span) {
      white_space[i] += white_space[child];
      node.kept = node.kept || document.nodes[child].kept;
    }
    node.whole -= white_space[i];
  }
  document.white_space += white_space[0];
}

}  // namespace

std::uint64_t pin_list::follow(std::uint64_t alive, std::size_t depth,
                               std::string_view token) const noexcept {
  std::uint64_t found = 0;
  for (; alive != 0; alive &= alive - 1) {
    const auto& pin = pins[static_cast<std::size_t>(std::countr_zero(alive))];
    if (depth < pin.size() && pin[depth] == token) found |= alive & (~alive + 1);
  }
  return found;
}

bool pin_list::ends(std::uint64_t alive, std::size_t depth) const noexcept {
  for (; alive != 0; alive &= alive - 1) {
    if (pins[static_cast<std::size_t>(std::countr_zero(alive))].size() == depth) return true;
  }
  return false;
}

result<pin_list> read_pins(std::span<const std::string_view> pointers) {
  const auto refuse = [](std::string_view message) {
    return error{errc::invalid_argument, no_offset, std::string(message)};
  };
  if (pointers.size() > truncate_limits::max_pins) {
    return refuse("pinned has more than 64 pointers; pin an object or array around them");
  }
  pin_list list;
  for (const std::string_view pointer : pointers) {
    auto& tokens = list.pins.emplace_back();
    if (pointer.empty()) continue;
    if (pointer[0] != '/') return refuse("a pointer in pinned must begin with / (RFC 6901)");
    for (std::size_t at = 0; at < pointer.size(); ++at) {
      if (pointer[at] == '/') {
        tokens.emplace_back();
        continue;
      }
      if (pointer[at] != '~') {
        tokens.back() += pointer[at];
        continue;
      }
      const char next = at + 1 < pointer.size() ? pointer[at + 1] : '\0';
      const bool hop = pointer.substr(at, 2) == nested_token && pointer[at - 1] == '/' &&
                       (at + 2 == pointer.size() || pointer[at + 2] == '/');
      if (next != '0' && next != '1' && !hop) {
        return refuse("a ~ in a pointer in pinned must be ~0, ~1 or the token ~s");
      }
      // What no token of a pointer can be stands for the hop.
      tokens.back() += next == '0' ? "~" : next == '1' ? "/" : nested_hop;
      ++at;
    }
  }
  return list;
}

std::optional<truncate_tree> read_truncate_tree(std::string_view text,
                                                const truncate_options& options,
                                                const pin_list& pins) {
  truncate_tree tree;
  tree.text = text;
  const std::size_t base = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  tree_reader reader(text.substr(base), nullptr, base, options, pins, pins.all(), 0);
  if (!reader.read()) return std::nullopt;
  truncate_document& whole = tree.documents.emplace_back();
  whole.nodes = std::move(reader.nodes);
  whole.white_space = reader.white_space + base;
  for (std::size_t i = 0; i < tree.documents.size(); ++i) look_into(tree, i, options, pins);
  for (std::size_t i = tree.documents.size(); i-- > 0;) complete(tree, tree.documents[i]);
  return tree;
}

}  // namespace jobqueue::detail
