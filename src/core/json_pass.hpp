// Goes over containers of JSON whose content nobody looks at, 64 bytes at a time, and checks all
// that there is to check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/json_index.hpp"
#include "core/utf8.hpp"

namespace jobqueue::detail {

// Where items of an array begin, the last ones of those that were noted.
class item_notes {
 public:
  struct item {
    std::size_t at = 0;  // where it begins, or white space before it
    std::size_t ordinal = 0;
    std::size_t white_space = 0;  // between values before that
  };

  // Keeps at least the last `most` items.
  explicit item_notes(std::size_t most) : most_(most) {}

  // Forgets them all. The next one is the item of this ordinal, and so much white space was before.
  void begin(std::size_t ordinal, std::size_t white_space) {
    blocks_.clear();
    added_ = 0;
    ordinal_ = ordinal;
    white_space_ = white_space;
  }
  // Bits of a block that begins at `at`: the commas before items, and white space.
  void add(std::size_t at, std::uint64_t commas, std::uint64_t spaces, std::size_t white_space);

  // The first item, but at most `most` from the end, that is one of the last `least`, or not before
  // `at`. Nothing if none was noted.
  [[nodiscard]] std::optional<item> find(std::size_t least, std::size_t at) const;

 private:
  struct block {
    std::size_t at = 0;
    std::uint64_t commas = 0;
    std::uint64_t spaces = 0;
    std::size_t white_space = 0;
  };

  std::size_t most_;
  std::vector<block> blocks_;  // a ring
  std::size_t added_ = 0;      // blocks, ever
  std::size_t ordinal_ = 0;    // of the next item
  std::size_t white_space_ = 0;
};

struct passed_container {
  std::size_t end = 0;          // where its closing bracket is
  std::size_t count = 0;        // its children that were passed
  std::size_t white_space = 0;  // between the values that were passed
};

// To the end of a container. The last token that `index` gave is its opening bracket (`opened`),
// the closing bracket or quote of a child, or the beginning of a child that is a number or word,
// which has been checked. Nothing if it is no JSON; else `index` goes on behind the container.
[[nodiscard]] std::optional<passed_container> pass_container(json_index& index,
                                                             std::string_view text, bool object,
                                                             bool opened,
                                                             item_notes* notes = nullptr);

// Over the value that begins at `at`, the last token that `index` gave. Behind it; `at` if there is
// none.
[[nodiscard]] std::size_t pass_value(json_index& index, std::string_view text, std::size_t at);

// Calls `visit(index, text, at)` for each element of an array of JSON, which begins at `at`. Like
// pass_value it goes over the element, and gives what is behind it, or `at`. False if it is no
// array of valid JSON, which may show after some elements.
template <class Visit>
[[nodiscard]] bool walk_json_array(std::string_view text, const Visit& visit) {
  text.remove_prefix(byte_order_mark_size(text));
  json_index index(text);
  std::size_t at = index.next();
  if (at == text.size() || text[at] != '[') return false;
  for (bool is_first = true; (at = index.next()) != text.size(); is_first = false) {
    if (text[at] == ']') return index.next() == text.size() && index.good();
    if (!is_first && (text[at] != ',' || (at = index.next()) == text.size())) return false;
    if (visit(index, text, at) == at) return false;
  }
  return false;
}

}  // namespace jobqueue::detail
