#include "core/truncate_tree.hpp"

#include <bit>
#include <utility>

#include "core/json_text.hpp"
#include "core/truncate_reader.hpp"
#include "core/truncate_text.hpp"
#include "core/utf8.hpp"

namespace jobqueue::detail {
namespace {

// As a token of a pin: it goes on in a string. No token has this byte, which is not UTF-8.
constexpr std::string_view nested_hop = "\xFF";

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
    read_place where;
    where.base = node.begin + node.open_quote;
    where.alive = pins.follow(node.pins, tokens, nested_hop);
    where.tokens = tokens + 1;
    auto read = read_nodes(inner, &nested, where, options, pins);
    if (!read) continue;
    node.nested = static_cast<std::uint32_t>(tree.documents.size());
    truncate_document made;
    made.nodes = std::move(read->nodes);
    made.level = in.level + 1;
    made.depth = node.depth;
    made.tokens = tokens + 1;
    made.white_space = read->white_space;
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
  const std::size_t base = byte_order_mark_size(text);
  read_place where;
  where.base = base;
  where.alive = pins.all();
  auto read = read_nodes(text.substr(base), nullptr, where, options, pins);
  if (!read) return std::nullopt;
  truncate_document& whole = tree.documents.emplace_back();
  whole.nodes = std::move(read->nodes);
  whole.white_space = read->white_space + base;
  for (std::size_t i = 0; i < tree.documents.size(); ++i) look_into(tree, i, options, pins);
  for (std::size_t i = tree.documents.size(); i-- > 0;) complete(tree, tree.documents[i]);
  return tree;
}

}  // namespace jobqueue::detail
