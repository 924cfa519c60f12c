#include "core/truncate_plan.hpp"

#include <algorithm>
#include <utility>

namespace jobqueue::detail {
namespace {

using kind = truncate_node::kind;

}  // namespace

truncate_plan::truncate_plan(const truncate_tree& tree, const truncate_options& options)
    : tree_(tree), options_(options), marker_(options.marker) {
  for (const truncate_document& document : tree.documents) {
    sizes_.emplace_back(document.nodes.size());
    shortened_.emplace_back(document.nodes.size());
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

std::size_t truncate_plan::size_of_leaf(const truncate_document& in, const truncate_node& node,
                                        std::size_t leaf_bytes) const noexcept {
  if (node.of == kind::word || node.pinned || node.whole <= leaf_bytes) return node.whole;
  const std::size_t alone = 2 * quote_size(in.level) + marker_.bytes_size(node.whole);
  if (node.of == kind::number) return std::min(node.whole, alone);
  return std::min(node.whole, std::max(alone, leaf_bytes));
}

// As it is with all its children, or with some of them and a marker, if that is less.
void truncate_plan::measure_container(std::size_t document, std::size_t node, std::size_t& size,
                                      bool& is_shortened) const noexcept {
  const truncate_document& in = tree_.documents[document];
  const truncate_node& container = in.nodes[node];
  const std::vector<std::size_t>& sizes = sizes_[document];
  const kept_children kept = kept_of(container);
  std::size_t present = 0;  // children that have nodes
  std::size_t all = 0;
  std::size_t some = 0;
  std::size_t stay = 0;
  std::size_t parts = 0;  // children and markers that stay
  std::size_t next = 0;   // behind the last child that stays
  for (std::size_t child = node + 1; child < node + container.span;
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

bool truncate_plan::fits(const truncate_policy& policy) {
  policy_ = policy;
  // What is in a string comes behind it, and what is in a container, too.
  for (std::size_t d = tree_.documents.size(); d-- > 0;) {
    const truncate_document& in = tree_.documents[d];
    for (std::size_t i = in.nodes.size(); i-- > 0;) {
      const truncate_node& node = in.nodes[i];
      std::size_t size = 0;
      bool is_shortened = false;
      if (node.pinned) {
        size = node.whole;
      } else if (node.is_container()) {
        measure_container(d, i, size, is_shortened);
      } else if (node.nested != 0) {
        size = node.open_quote + sizes_[node.nested][0] + node.close_quote;
      } else {
        size = size_of_leaf(in, node, policy.leaf_bytes);
      }
      sizes_[d][i] = std::min(size, no_limit);
      shortened_[d][i] = is_shortened;
    }
  }
  return size() <= options_.max_bytes;
}

// The greatest number in [low, high] that fits if `set` puts it into the policy; that of `low` does.
template <class Set>
std::size_t truncate_plan::largest(std::size_t low, std::size_t high, truncate_policy policy,
                                   Set set) {
  while (low < high) {
    const std::size_t middle = low + (high - low + 1) / 2;
    set(policy, middle);
    if (fits(policy)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

bool truncate_plan::find() {
  const auto set_leaves = [](truncate_policy& policy, std::size_t value) {
    policy.leaf_bytes = value;
  };
  const auto set_items = [](truncate_policy& policy, std::size_t value) { policy.items = value; };
  const std::size_t most = options_.max_bytes;
  constexpr std::size_t least_leaf = 1;  // the marker alone
  constexpr std::size_t short_leaf = truncate_limits::short_value;
  truncate_policy policy;
  if (fits(policy)) return true;

  policy.leaf_bytes = short_leaf;
  if (!fits(policy)) {
    policy.items = options_.array_head + options_.array_tail;
    if (fits(policy)) {
      policy.items = largest(policy.items, most, policy, set_items);
    } else {
      policy.leaf_bytes = least_leaf;
      if (!fits(policy)) {
        policy.children = 0;
        policy.depth = 0;
        if (!fits(policy)) return false;
        policy.depth = largest(0, tree_.max_depth, policy, [](auto& of, std::size_t value) {
          of.depth = value;
        });
        policy.children = largest(0, most, policy, [](auto& of, std::size_t value) {
          of.children = value;
        });
      }
    }
  }
  policy.leaf_bytes = largest(policy.leaf_bytes, most, policy, set_leaves);
  return fits(policy);
}

}  // namespace jobqueue::detail
