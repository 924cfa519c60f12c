#include "service/json_difference.hpp"

#include <algorithm>
#include <iterator>
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

// Two values that are to be compared; an empty one is not there.
struct pair {
  std::string pointer;
  std::string_view before;
  std::string_view after;
  std::size_t depth;
};

// The members of two objects, in the order of their names, those that are new last.
std::vector<pair> pairs_of(const pair& objects) {
  std::vector<pair> all;
  const members old_ones = members_of(objects.before);
  members new_ones = members_of(objects.after);
  for (const auto& [name, value] : old_ones) {
    const auto now = new_ones.find(name);
    all.push_back({step(objects.pointer, name), value,
                   now == new_ones.end() ? std::string_view() : now->second, objects.depth + 1});
    if (now != new_ones.end()) new_ones.erase(now);
  }
  for (const auto& [name, value] : new_ones) {
    all.push_back({step(objects.pointer, name), {}, value, objects.depth + 1});
  }
  return all;
}

}  // namespace

json_difference find_difference(std::string_view before, std::string_view after,
                                std::size_t most_changes) {
  const auto trimmed = [](std::string_view text) {
    return text.substr(std::min(skip_json_space(text, 0), text.size()));
  };
  json_difference found;
  std::vector<pair> open{{{}, trimmed(before), trimmed(after), 0}};
  while (!open.empty()) {
    pair one = std::move(open.back());
    open.pop_back();
    if (is_same(one.before, one.after)) continue;
    if (one.before.starts_with('{') && one.after.starts_with('{') && one.depth < most_depth) {
      std::vector<pair> inside = pairs_of(one);
      std::move(inside.rbegin(), inside.rend(), std::back_inserter(open));
      continue;
    }
    found.is_cut = found.changes.size() == most_changes;
    if (found.is_cut) break;
    found.changes.push_back({std::move(one.pointer), one.before, one.after});
  }
  return found;
}

}  // namespace jobqueue::detail
