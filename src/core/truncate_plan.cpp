#include "core/truncate_plan.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace jobqueue::detail {
namespace {

using kind = truncate_node::kind;

}  // namespace

truncate_plan::truncate_plan(const truncate_tree& tree, const truncate_options& options)
    : tree_(tree), options_(options), marker_(options.marker) {
  for (const truncate_document& document : tree.documents) {
    sizes_.emplace_back(document.nodes.size());
    shortened_.emplace_back(document.nodes.size());
    for (const truncate_node& node : document.nodes) {
      if (node.is_container()) most_children_ = std::max(most_children_, node.count);
    }
  }
}

kept_children truncate_plan::kept_of(const truncate_node& node) const noexcept {
  std::size_t limit = node.of == kind::array ? policy_.items : no_limit;
  if (node.depth > policy_.depth) limit = 0;
  if (node.depth == policy_.depth) limit = std::min(limit, policy_.children);
  if (limit >= node.count) return {node.count, node.count};
  if (node.of == kind::object) return {limit, node.count};
  const std::size_t ends = options_.array_head + options_.array_tail;
  const std::size_t tail = ends == 0 ? 0 : limit * options_.array_tail / ends;
  return {limit - tail, node.count - tail};
}

std::optional<kept_children> truncate_plan::shortened(std::size_t document,
                                                      std::size_t node) const noexcept {
  if (!shortened_[document][node]) return std::nullopt;
  return kept_of(tree_.documents[document].nodes[node]);
}

std::size_t truncate_plan::size_of_leaf(const truncate_node& node, unsigned level,
                                        std::size_t leaf_bytes) const noexcept {
  if (node.of == kind::word || node.pinned || node.whole <= leaf_bytes) return node.whole;
  const std::size_t alone = 2 * quote_size(level) + marker_.bytes_size(node.whole);
  if (node.of == kind::number) return std::min(node.whole, alone);
  return std::min(node.whole, std::max(alone, leaf_bytes));
}

// As it is with all its children, or with some of them and a marker, if that is less.
void truncate_plan::measure_container(place at, std::size_t& size,
                                      bool& is_shortened) const noexcept {
  const truncate_document& in = tree_.documents[at.document];
  const truncate_node& container = in.nodes[at.node];
  const std::vector<std::size_t>& sizes = sizes_[at.document];
  const kept_children kept = kept_of(container);
  std::size_t present = 0;  // children that have nodes
  std::size_t all = 0;
  std::size_t some = 0;
  std::size_t stay = 0;
  std::size_t parts = 0;  // children and markers that stay
  std::size_t next = 0;   // behind the last child that stays
  for (std::size_t child = at.node + 1; child < at.node + container.span;
       child += in.nodes[child].span) {
    const truncate_node& one = in.nodes[child];
    const std::size_t bytes = one.lead() + sizes[child];
    ++present;
    all = std::min(all + bytes, no_limit);
    if (!kept.has(one.ordinal) && !one.kept) continue;
    if (container.of == kind::array && one.ordinal != next) {
      some += marker_.items_size(one.ordinal - next, in.level);
      ++parts;
    }
    next = one.ordinal + 1;
    some = std::min(some + bytes, no_limit);
    ++stay;
    ++parts;
  }
  const std::size_t lost = container.count - stay;
  if (container.of == kind::array && next != container.count) {
    some += marker_.items_size(container.count - next, in.level);
    ++parts;
  } else if (container.of == kind::object && lost != 0) {
    some += marker_.members_size(lost, in.level);
    ++parts;
  }
  const auto commas = [](std::size_t of) { return of == 0 ? 0 : of - 1; };
  all = present == container.count ? all + 2 + commas(present) : no_limit;
  some += 2 + commas(parts);
  // All are wanted where there is no limit, even if some of them have no nodes.
  is_shortened = kept.head < container.count && lost != 0 && some < all;
  size = is_shortened ? some : all;
}

// What is in it is measured.
void truncate_plan::measure(place at) noexcept {
  const truncate_document& in = tree_.documents[at.document];
  const truncate_node& node = in.nodes[at.node];
  std::size_t size = 0;
  bool is_shortened = false;
  if (node.pinned) {
    size = node.whole;
  } else if (node.is_container()) {
    measure_container(at, size, is_shortened);
  } else if (node.nested != 0) {
    size = node.open_quote + sizes_[node.nested][0] + node.close_quote;
  } else {
    size = size_of_leaf(node, in.level, policy_.leaf_bytes);
  }
  sizes_[at.document][at.node] = std::min(size, no_limit);
  shortened_[at.document][at.node] = is_shortened;
}

bool truncate_plan::fits(const truncate_policy& policy) {
  if (!measured_ || policy != policy_) {
    policy_ = policy;
    // What is in a string comes behind it, and what is in a container, too.
    for (std::size_t d = tree_.documents.size(); d-- > 0;) {
      for (std::size_t i = tree_.documents[d].nodes.size(); i-- > 0;) measure({d, i});
    }
    measured_ = true;
  }
  return size() <= options_.max_bytes;
}

// Those for which `varies` is true and all around them, in the order to measure them.
template <class Varies>
std::vector<truncate_plan::place> truncate_plan::find_varying(Varies varies) const {
  std::vector<place> found;
  std::vector<bool> in_document(tree_.documents.size());  // the first is in no string
  for (std::size_t d = tree_.documents.size(); d-- > 0;) {
    const std::vector<truncate_node>& nodes = tree_.documents[d].nodes;
    std::size_t last = nodes.size();  // that was found
    for (std::size_t i = nodes.size(); i-- > 0;) {
      const truncate_node& node = nodes[i];
      if (!varies(node) && last >= i + node.span && !in_document[node.nested]) continue;
      found.push_back({d, i});
      last = i;
    }
    in_document[d] = d != 0 && last != nodes.size();
  }
  return found;
}

// The greatest number in [low, high] that fits if `set` puts it into the policy; `low` does. The
// sizes are those of that policy then. `varies`: a node depends on that number, whatever is in it.
template <class Set, class Varies>
std::size_t truncate_plan::largest(std::size_t low, std::size_t high, truncate_policy policy,
                                   Set set, Varies varies) {
  set(policy, low);
  if (!fits(policy) || low >= high) return low;
  const std::vector<place> varying = find_varying(varies);
  const auto fits_with = [&](std::size_t value) {
    set(policy_, value);
    for (const place& at : varying) measure(at);
    return size() <= options_.max_bytes;
  };
  std::size_t measured = low;
  while (low < high) {
    measured = low + (high - low + 1) / 2;
    if (fits_with(measured)) {
      low = measured;
    } else {
      high = measured - 1;
    }
  }
  if (measured != low) fits_with(low);
  return low;
}

// Those that are shorter than they were, in what is left.
std::vector<truncate_plan::leaf> truncate_plan::find_short_leaves() const {
  std::vector<leaf> leaves;
  std::vector<place> open = {{0, 0}};
  while (!open.empty()) {
    const auto [d, i] = open.back();
    open.pop_back();
    const truncate_document& in = tree_.documents[d];
    const truncate_node& node = in.nodes[i];
    if (node.pinned) continue;
    if (node.nested != 0) {
      open.push_back({node.nested, 0});
    } else if (!node.is_container()) {
      if (sizes_[d][i] != node.whole) leaves.push_back({&node, in.level});
      continue;
    }
    const auto kept = shortened(d, i);
    for (std::size_t child = i + 1; child < i + node.span; child += in.nodes[child].span) {
      const truncate_node& one = in.nodes[child];
      if (!kept || kept->has(one.ordinal) || one.kept) open.push_back({d, child});
    }
  }
  return leaves;
}

// `largest` for the bytes of a string or number. While these alone become longer, the rest stays as
// it is, so that it need not be measured again and again.
std::size_t truncate_plan::largest_leaf(truncate_policy policy) {
  const std::size_t low = policy.leaf_bytes;
  if (!fits(policy)) return low;
  const std::vector<leaf> leaves = find_short_leaves();
  const auto size_with = [&](std::size_t leaf_bytes) {
    std::size_t all = 0;
    for (const leaf& one : leaves) all += size_of_leaf(*one.node, one.level, leaf_bytes);
    return all;
  };
  const std::size_t room = options_.max_bytes - (size() - size_with(low));
  std::size_t found = low;
  for (std::size_t high = options_.max_bytes; found < high;) {
    const std::size_t middle = found + (high - found + 1) / 2;
    if (size_with(middle) <= room) {
      found = middle;
    } else {
      high = middle - 1;
    }
  }
  policy.leaf_bytes = found;
  if (fits(policy)) return found;
  // With longer items another array keeps all of its own, as a marker would be no shorter.
  return largest(
      low, found, policy, [](truncate_policy& of, std::size_t value) { of.leaf_bytes = value; },
      [](const truncate_node& node) { return !node.is_container(); });
}

bool truncate_plan::find() {
  constexpr std::size_t least_leaf = 1;  // the marker alone
  constexpr std::size_t short_leaf = truncate_limits::short_value;
  truncate_policy policy;
  if (fits(policy)) return true;

  policy.leaf_bytes = short_leaf;
  if (!fits(policy)) {
    policy.items = options_.array_head + options_.array_tail;
    if (fits(policy)) {
      const std::size_t least = policy.items;
      policy.items = largest(
          least, most_children_, policy,
          [](truncate_policy& of, std::size_t value) { of.items = value; },
          [&](const truncate_node& node) { return node.of == kind::array && node.count > least; });
    } else {
      policy.leaf_bytes = least_leaf;
      if (!fits(policy)) {
        policy.children = 0;
        policy.depth = 0;
        if (!fits(policy)) return false;
        policy.depth = largest(
            0, tree_.max_depth, policy,
            [](truncate_policy& of, std::size_t value) { of.depth = value; },
            [](const truncate_node& node) { return node.is_container(); });
        policy.children = largest(
            0, most_children_, policy,
            [](truncate_policy& of, std::size_t value) { of.children = value; },
            [&](const truncate_node& node) {
              return node.is_container() && node.depth == policy.depth;
            });
      }
    }
  }
  policy.leaf_bytes = largest_leaf(policy);
  return fits(policy);
}

}  // namespace jobqueue::detail
