// How much each part of a document must give so that it fits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include <jobqueue/truncate.hpp>

#include "core/truncate_text.hpp"
#include "core/truncate_tree.hpp"

namespace jobqueue::detail {

inline constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max() / 4;

// What is asked of every part of a document alike.
struct truncate_policy {
  std::size_t leaf_bytes = no_limit;  // most bytes of a string or number, quotes and all
  std::size_t items = no_limit;       // most items of an array
  // Most children of a container at this depth; deeper ones have none.
  std::size_t depth = no_limit;
  std::size_t children = no_limit;

  bool operator==(const truncate_policy&) const = default;
};

// Which children of a container stay, besides those that are `kept`: the first and the last ones.
struct kept_children {
  std::size_t head = 0;
  std::size_t tail_begin = 0;

  [[nodiscard]] bool has(std::size_t ordinal) const noexcept {
    return ordinal < head || ordinal >= tail_begin;
  }
};

class truncate_plan {
 public:
  truncate_plan(const truncate_tree& tree, const truncate_options& options);

  // Finds the mildest policy. False: not even the strictest is enough, which needs `size` bytes.
  [[nodiscard]] bool find();
  [[nodiscard]] std::size_t size() const noexcept { return sizes_[0][0]; }

  // Of the node of a document: at most how many bytes it becomes.
  [[nodiscard]] std::size_t size_of(std::size_t document, std::size_t node) const noexcept {
    return sizes_[document][node];
  }
  // Whether a container loses children, and which stay.
  [[nodiscard]] std::optional<kept_children> shortened(std::size_t document,
                                                       std::size_t node) const noexcept;
  [[nodiscard]] const truncate_marker& marker() const noexcept { return marker_; }

 private:
  // A value of the tree.
  struct place {
    std::size_t document = 0;
    std::size_t node = 0;
  };

  [[nodiscard]] bool fits(const truncate_policy& policy);
  void measure(place at) noexcept;
  template <class Varies>
  [[nodiscard]] std::vector<place> find_varying(Varies varies) const;
  template <class Set, class Varies>
  std::size_t largest(std::size_t low, std::size_t high, truncate_policy policy, Set set,
                      Varies varies);
  std::size_t largest_leaf(truncate_policy policy);
  // A string or number that is left and may be longer, and the level of its document.
  struct leaf {
    const truncate_node* node;
    unsigned level;
  };
  [[nodiscard]] std::vector<leaf> find_short_leaves() const;
  [[nodiscard]] std::size_t size_of_leaf(const truncate_node& node, unsigned level,
                                         std::size_t leaf_bytes) const noexcept;
  void measure_container(place at, std::size_t& size, bool& is_shortened) const noexcept;
  [[nodiscard]] kept_children kept_of(const truncate_node& node) const noexcept;

  const truncate_tree& tree_;
  const truncate_options& options_;
  truncate_marker marker_;
  truncate_policy policy_;  // which `sizes_` and `shortened_` are of
  bool measured_ = false;
  std::size_t most_children_ = 0;  // that a container has
  std::vector<std::vector<std::size_t>> sizes_;
  std::vector<std::vector<bool>> shortened_;
};

}  // namespace jobqueue::detail
