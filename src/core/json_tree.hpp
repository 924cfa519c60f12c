// A JSON document as a tree that knows where everything stood, for files that people write.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/result.hpp>

namespace jobqueue::detail {

struct json_node {
  enum class kind : std::uint8_t { null, boolean, number, string, array, object };

  kind of = kind::null;
  std::uint64_t offset = 0;      // where it begins
  std::uint64_t end = 0;         // and what is behind it
  std::string text;              // of a string its characters, else as it is written
  std::string key;               // of a member
  std::uint64_t key_offset = 0;  // where that begins
  std::vector<std::uint32_t> children;
};

// The root is the first node. Errors are those of check_json; `depth_exceeded` below `max_depth`
// containers.
[[nodiscard]] result<std::vector<json_node>> read_json_tree(std::string_view text,
                                                            std::size_t max_depth);

// "line 3, column 14".
[[nodiscard]] std::string line_and_column(std::string_view text, std::uint64_t offset);

}  // namespace jobqueue::detail
