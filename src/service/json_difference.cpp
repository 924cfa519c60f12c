#include "service/json_difference.hpp"

#include <map>
#include <utility>

#include "core/json_text.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::size_t most_depth = 16;

// White space between tokens is no difference.
bool is_same(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  bool in_string = false;
  const auto skip = [&](std::string_view text, std::size_t& at) {
    while (!in_string && at < text.size() &&
           std::string_view(" \t\r\n").find(text[at]) != text.npos) {
      ++at;
    }
  };
  for (;;) {
    skip(a, i);
    skip(b, j);
    if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
    if (a[i] != b[j]) return false;
    if (a[i] == '\\' && in_string) {
      if (i + 1 == a.size() || j + 1 == b.size() || a[i + 1] != b[j + 1]) return false;
      ++i;
      ++j;
    } else if (a[i] == '"') {
      in_string = !in_string;
    }
    ++i;
    ++j;
  }
}

using members = std::map<std::string, std::string_view>;

members members_of(std::string_view object) {
  members all;
  for (json_member& one : read_json_members(object)) all[std::move(one.name)] = one.value;
  return all;
}

std::string step(const std::string& pointer, std::string_view name) {
  std::string longer = pointer + "/";
  for (const char c : name) {
    if (c == '~') {
      longer += "~0";
    } else if (c == '/') {
      longer += "~1";
    } else {
      longer += c;
    }
  }
  return longer;
}

class comparer {
 public:
  explicit comparer(std::size_t most) : most_(most) {}

  void compare(const std::string& pointer, std::string_view before, std::string_view after,
               std::size_t depth) {
    if (found_.is_cut || is_same(before, after)) return;
    const bool are_objects = before.starts_with('{') && after.starts_with('{');
    if (!are_objects || depth == most_depth) return add(pointer, before, after);
    const members old_ones = members_of(before);
    const members new_ones = members_of(after);
    for (const auto& [name, value] : old_ones) {
      const auto now = new_ones.find(name);
      if (now == new_ones.end()) {
        add(step(pointer, name), value, {});
      } else {
        compare(step(pointer, name), value, now->second, depth + 1);
      }
    }
    for (const auto& [name, value] : new_ones) {
      if (!old_ones.contains(name)) add(step(pointer, name), {}, value);
    }
  }
  json_difference take() { return std::move(found_); }

 private:
  void add(std::string pointer, std::string_view before, std::string_view after) {
    if (found_.changes.size() == most_) {
      found_.is_cut = true;
      return;
    }
    found_.changes.push_back({std::move(pointer), before, after});
  }

  std::size_t most_;
  json_difference found_;
};

}  // namespace

json_difference find_difference(std::string_view before, std::string_view after,
                                std::size_t most_changes) {
  const auto trimmed = [](std::string_view text) {
    return text.substr(std::min(skip_json_space(text, 0), text.size()));
  };
  comparer work(most_changes);
  work.compare({}, trimmed(before), trimmed(after), 0);
  return work.take();
}

}  // namespace jobqueue::detail
