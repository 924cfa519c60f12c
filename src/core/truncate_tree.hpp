// The values of a JSON document that may be left when it is truncated, in one scan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/truncate.hpp>

namespace jobqueue::detail {

// The pointers of `truncate_options::pinned`, taken apart.
struct pin_list {
  std::vector<std::vector<std::string>> pins;

  // Bit i: pin i.
  [[nodiscard]] std::uint64_t all() const noexcept {
    return pins.size() == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << pins.size()) - 1;
  }
  // Those of `alive`, which lead to the container of `depth` tokens, that go on with `token`.
  [[nodiscard]] std::uint64_t follow(std::uint64_t alive, std::size_t depth,
                                     std::string_view token) const noexcept;
  // Whether one of `alive` ends after `depth` tokens.
  [[nodiscard]] bool ends(std::uint64_t alive, std::size_t depth) const noexcept;
};
[[nodiscard]] result<pin_list> read_pins(std::span<const std::string_view> pointers);
// The token of a pointer that is a hop into a string.
inline constexpr std::string_view nested_token = "~s";

// A value, in the order of the text; what is in it follows it.
struct truncate_node {
  enum class kind : std::uint8_t { word, number, string, array, object };

  std::size_t begin = 0;  // in the text, of the value
  std::size_t end = 0;
  std::size_t whole = 0;         // its bytes, but for white space between values in it
  std::size_t key_begin = 0;     // of a member
  std::size_t key_size = 0;      // 0: no member
  std::size_t least = 0;         // it is not less than this while objects have all their members
  std::uint64_t pins = 0;        // of a string that may hold JSON: those that lead to it
  std::size_t ordinal = 0;       // which of its siblings it is
  std::size_t count = 0;         // of its children, which may not all be here
  std::uint32_t span = 1;        // of nodes: it, and all in it
  std::uint32_t nested = 0;      // which document it holds; 0: none
  std::uint32_t depth = 0;       // how many containers are around it
  std::uint32_t open_quote = 0;  // of a string: how many bytes its quotes are
  std::uint32_t close_quote = 0;
  kind of = kind::word;
  bool may_nest = false;  // a string that could hold JSON
  bool pinned = false;    // it stays as it is
  bool kept = false;      // it, or something in it, is pinned

  [[nodiscard]] bool is_container() const noexcept { return of >= kind::array; }
  [[nodiscard]] std::size_t lead() const noexcept { return key_size == 0 ? 0 : key_size + 1; }
  // Between the quotes of a string.
  [[nodiscard]] std::string_view content(std::string_view text) const noexcept {
    return text.substr(begin + open_quote, end - close_quote - begin - open_quote);
  }
};

// The document itself is the first; the others are in strings of those before them.
struct truncate_document {
  std::vector<truncate_node> nodes;
  unsigned level = 0;
  std::uint32_t depth = 0;      // how many containers are around it
  std::uint32_t tokens = 0;     // of a pointer to it
  std::size_t white_space = 0;  // between its values, but for what is pinned
};

struct truncate_tree {
  std::string_view text;
  std::vector<truncate_document> documents;
  std::uint32_t max_depth = 0;  // of a container
};

// Reads `text`, from which a byte order mark is white space, and the JSON in its strings. Empty if
// it is no JSON. What cannot be left in `options.max_bytes` is read, too, but has no node.
[[nodiscard]] std::optional<truncate_tree> read_truncate_tree(std::string_view text,
                                                              const truncate_options& options,
                                                              const pin_list& pins);

}  // namespace jobqueue::detail
