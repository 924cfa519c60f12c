#include "core/json_tree.hpp"

#include <algorithm>
#include <utility>

#include "core/json_check.hpp"
#include "core/json_text.hpp"
#include "core/utf8.hpp"

namespace jobqueue::detail {

result<std::vector<json_node>> read_json_tree(std::string_view text, std::size_t max_depth) {
  if (const status checked = check_json(text); !checked) return checked.problem();
  std::vector<json_node> nodes;
  std::vector<std::uint32_t> open;  // containers
  std::string key;
  std::uint64_t key_offset = 0;
  std::size_t at = byte_order_mark_size(text);
  // What check_json has passed needs no more checks than those of the end.
  for (;;) {
    at = skip_json_space(text, at);
    if (at >= text.size()) break;
    const char c = text[at];
    if (c == ',') {
      ++at;
      continue;
    }
    if (c == '}' || c == ']') {
      nodes[open.back()].end = ++at;
      open.pop_back();
      continue;
    }
    const bool in_object = !open.empty() && nodes[open.back()].of == json_node::kind::object;
    if (in_object && key_offset == 0) {
      key.clear();
      key_offset = at;
      const std::size_t end = find_string_end(text, at + 1);
      unescape_json(text.substr(at + 1, end - at - 1), key);
      at = skip_json_space(text, end + 1) + 1;  // the colon
      continue;
    }
    json_node node;
    node.offset = at;
    node.key = std::exchange(key, {});
    node.key_offset = std::exchange(key_offset, 0);
    if (!open.empty())
      nodes[open.back()].children.push_back(static_cast<std::uint32_t>(nodes.size()));
    if (c == '{' || c == '[') {
      if (open.size() == max_depth) {
        return error{errc::depth_exceeded, at,
                     "more than " + std::to_string(max_depth) + " containers in one another"};
      }
      node.of = c == '{' ? json_node::kind::object : json_node::kind::array;
      open.push_back(static_cast<std::uint32_t>(nodes.size()));
      ++at;
    } else {
      const std::size_t end = skip_json_value(text, at);
      const std::string_view written = text.substr(at, end - at);
      node.of = c == '"'               ? json_node::kind::string
                : c == 't' || c == 'f' ? json_node::kind::boolean
                : c == 'n'             ? json_node::kind::null
                                       : json_node::kind::number;
      if (c == '"') {
        unescape_json(written.substr(1, written.size() - 2), node.text);
      } else {
        node.text = written;
      }
      node.end = at = end;
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

std::string line_and_column(std::string_view text, std::uint64_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return "line " + std::to_string(line) + ", column " + std::to_string(before.size() - begin + 1);
}

}  // namespace jobqueue::detail
