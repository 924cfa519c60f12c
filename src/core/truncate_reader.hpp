// One scan over one document of JSON: its values, as nodes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <jobqueue/truncate.hpp>

#include "core/truncate_text.hpp"
#include "core/truncate_tree.hpp"

namespace jobqueue::detail {

// Where the document is that is read.
struct read_place {
  std::size_t base = 0;     // in the text: where it, or what it came from, begins
  std::uint64_t alive = 0;  // the pins that lead to it
  std::size_t tokens = 0;   // of a pointer to it
};

struct read_document {
  std::vector<truncate_node> nodes;
  std::size_t white_space = 0;  // between values, but for what is pinned
};

// Empty if `text` is no JSON. `origin` is where its characters came from; null: it is the text
// itself. Without a node are: what is pinned but for its outermost value; containers so deep that
// not even their brackets would fit; and
//   - the members of an object behind those which fit if all of them are cut as far as they can be;
//   - items of an array far from both of its ends, if those before them do not fit although their
//     strings and arrays are cut.
// All of these would go in any case, so that the memory depends on what may be left.
[[nodiscard]] std::optional<read_document> read_nodes(std::string_view text, nested_text* origin,
                                                      const read_place& where,
                                                      const truncate_options& options,
                                                      const pin_list& pins);

}  // namespace jobqueue::detail
