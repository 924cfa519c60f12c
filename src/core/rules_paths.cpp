#include "core/rules_paths.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/json_check.hpp"
#include "core/json_text.hpp"
#include "core/rules_value.hpp"
#include "core/utf8.hpp"

namespace jobqueue::detail {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || (static_cast<unsigned char>(c) & 0x80U) != 0;
}

// What is between the brackets at the front of `rest`, which moves behind them.
std::optional<path_step> read_bracket(std::string_view& rest) {
  path_step step;
  const char quote = rest.size() > 1 ? rest[1] : '\0';
  if (quote == '\'' || quote == '"') {
    const std::size_t end = rest.find(quote, 2);
    if (end == std::string_view::npos || rest.substr(end + 1, 1) != "]") return std::nullopt;
    step.name = rest.substr(2, end - 2);
    rest.remove_prefix(end + 2);
    return step;
  }
  const std::size_t end = rest.find(']');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view inside = rest.substr(1, end - 1);
  if (inside == "-1") {
    step.by = path_node::step::last;
  } else {
    step.by = path_node::step::element;
    const auto read = std::from_chars(inside.data(), inside.data() + inside.size(), step.index);
    if (read.ec != std::errc() || read.ptr != inside.data() + inside.size()) return std::nullopt;
  }
  rest.remove_prefix(end + 1);
  return step;
}

}  // namespace

std::optional<std::vector<path_step>> read_path(std::string_view text) {
  std::vector<path_step> steps;
  if (!text.starts_with('$') || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(1);
  while (!rest.empty()) {
    if (steps.size() == ruleset_limits::max_path_steps) return std::nullopt;
    if (rest.front() == '[') {
      auto step = read_bracket(rest);
      if (!step) return std::nullopt;
      steps.push_back(*std::move(step));
      continue;
    }
    if (rest.front() != '.') return std::nullopt;
    std::size_t end = 1;
    while (end < rest.size() && is_name_character(rest[end])) ++end;
    if (end == 1) return std::nullopt;
    steps.push_back({path_node::step::member, std::string(rest.substr(1, end - 1)), 0});
    rest.remove_prefix(end);
  }
  return steps;
}

std::string describe_path(std::string_view column, const std::vector<path_step>& steps) {
  std::string out(column);
  for (const path_step& step : steps) {
    switch (step.by) {
      case path_node::step::member: out += '.' + step.name; break;
      case path_node::step::element: out += '[' + std::to_string(step.index) + ']'; break;
      case path_node::step::last: out += "[-1]"; break;
    }
  }
  return out;
}

void fact_finder::find(std::string_view json, std::uint32_t node, std::vector<fact_value>& values) {
  levels_.clear();
  active_.assign(1, node);
  value_active_ = 0;
  std::size_t at = skip_json_space(json, byte_order_mark_size(json));
  enter_value(json, at, values);
  while (!levels_.empty() && at < json.size()) {
    at = skip_json_space(json, at);
    if (at >= json.size()) break;
    level& here = levels_.back();
    const char c = json[at];
    if (c == ',') {
      ++at;
      continue;
    }
    if (c == '}' || c == ']') {
      leave(json, ++at, values);
      continue;
    }
    std::string_view name;
    if (here.is_object) {
      const std::size_t end = find_string_end(json, at + 1);
      name = json.substr(at + 1, end - at - 1);
      if (name.find('\\') != std::string_view::npos) {
        key_.clear();
        unescape_json(name, key_);
        name = key_;
      }
      at = skip_json_space(json, skip_json_space(json, end + 1) + 1);
    }
    value_active_ = active_.size();
    activate_children(here, name, here.index);
    if (!here.is_object) ++here.index;
    enter_value(json, at, values);
  }
}

// The nodes that a member or element of the container is at.
void fact_finder::activate_children(const level& outer, std::string_view name,
                                    std::uint32_t index) {
  for (std::size_t i = outer.active_begin; i < value_active_; ++i) {
    for (const std::uint32_t child : program_.paths[active_[i]].children) {
      const path_node& node = program_.paths[child];
      const bool matches = outer.is_object
                               ? node.by == path_node::step::member && node.name == name
                               : node.by == path_node::step::last ||
                                     (node.by == path_node::step::element && node.index == index);
      if (matches) active_.push_back(child);
    }
  }
}

// The value at `at`; the text of one that has escapes is kept.
fact_value fact_finder::keep_value(std::string_view json, std::size_t at) {
  std::string unescaped;
  fact_value value = read_json_value(json, at, unescaped);
  if (value.of == fact_value::kind::text && value.text.data() == unescaped.data()) {
    texts_.push_back(std::make_unique<std::string>(std::move(unescaped)));
    value.text = *texts_.back();
  }
  return value;
}

void fact_finder::enter_value(std::string_view json, std::size_t& at,
                              std::vector<fact_value>& values) {
  const std::size_t begin = at;
  if (value_active_ == active_.size()) {
    at = skip_json_value(json, at);
    return;
  }
  const bool container = begin < json.size() && (json[begin] == '{' || json[begin] == '[');
  // Of equal keys, and of elements that were taken for the last, this is the later one.
  for (std::size_t i = value_active_; i < active_.size(); ++i) {
    const path_node& node = program_.paths[active_[i]];
    std::fill(values.begin() + node.facts_begin, values.begin() + node.facts_end,
              fact_value::absent());
    if (node.is_column) {
      std::erase_if(columns_of_text_, [&](const auto& one) { return one.first == active_[i]; });
    }
  }
  if (container) {
    levels_.push_back({json[begin] == '{', 0, value_active_, begin});
    ++at;
    return;
  }
  const fact_value value = keep_value(json, begin);
  for (std::size_t i = value_active_; i < active_.size(); ++i) {
    const path_node& node = program_.paths[active_[i]];
    if (node.fact != no_index) values[node.fact] = value;
    if (node.is_column && !node.children.empty()) columns_of_text_.emplace_back(active_[i], value);
  }
  active_.resize(value_active_);
  at = skip_json_value(json, begin);
}

// A column that is text may hold JSON: so do databases that have no type for it, and hashes.
void fact_finder::look_into_column(std::uint32_t column, const fact_value& value,
                                   std::vector<fact_value>& values) {
  const path_node& node = program_.paths[column];
  const auto fill = [&](const fact_value& with) {
    std::fill(values.begin() + node.facts_begin, values.begin() + node.facts_end, with);
  };
  const bool held = value.of == fact_value::kind::text || value.of == fact_value::kind::json;
  const std::size_t begin = held ? skip_json_space(value.text, 0) : 0;
  const bool container =
      held && begin < value.text.size() && (value.text[begin] == '{' || value.text[begin] == '[');
  if (container && check_json(value.text)) {
    find(value.text, column, values);
  } else {
    const bool unknown = container || value.of == fact_value::kind::withheld;
    fill(unknown ? fact_value::withheld() : fact_value::absent());
  }
  if (node.fact != no_index) values[node.fact] = value;
}

fact_value fact_finder::read_scalar(const fact_value& value) {
  if (value.of != fact_value::kind::json) return value;
  const std::size_t begin = skip_json_space(value.text, 0);
  if (begin == value.text.size() || value.text[begin] == '{' || value.text[begin] == '[' ||
      !check_json(value.text)) {
    return value;
  }
  return keep_value(value.text, begin);
}

void fact_finder::find_in_record(std::string_view json, std::vector<fact_value>& values) {
  columns_of_text_.clear();
  find(json, 0, values);
  for (const auto& [column, value] : std::exchange(columns_of_text_, {})) {
    look_into_column(column, value, values);
  }
}

void fact_finder::leave(std::string_view json, std::size_t end, std::vector<fact_value>& values) {
  const level here = levels_.back();
  levels_.pop_back();
  for (std::size_t i = here.active_begin; i < active_.size(); ++i) {
    const path_node& node = program_.paths[active_[i]];
    if (node.fact != no_index) {
      values[node.fact] = fact_value::of_json(json.substr(here.json_begin, end - here.json_begin));
    }
  }
  active_.resize(here.active_begin);
  value_active_ = active_.size();
}

struct record_parts {
  explicit record_parts(std::shared_ptr<const rules_program> rules)
      : program(std::move(rules)), finder(*program), values(program->facts.size()) {}

  std::shared_ptr<const rules_program> program;
  fact_finder finder;
  std::vector<fact_value> values;
};

}  // namespace jobqueue::detail

namespace jobqueue {
inline namespace v1 {

record_reader::record_reader(const ruleset& rules)
    : parts_(std::make_unique<detail::record_parts>(rules.program_)) {}
record_reader::~record_reader() = default;

result<std::span<const fact_value>> record_reader::read(std::string_view record) {
  if (const status checked = detail::check_json(record); !checked) return checked.problem();
  const std::size_t begin = detail::skip_json_space(record, detail::byte_order_mark_size(record));
  if (record[begin] != '{') {
    return error{errc::invalid_json, begin, "a record must be an object of JSON"};
  }
  std::fill(parts_->values.begin(), parts_->values.end(), fact_value::absent());
  parts_->finder.forget();
  parts_->finder.find_in_record(record, parts_->values);
  return std::span<const fact_value>(parts_->values);
}

std::span<const fact_value> record_reader::read(std::span<const fact_value> columns) {
  const auto& nodes = parts_->program->paths;
  parts_->finder.forget();
  for (std::size_t i = 0; i < nodes.front().children.size(); ++i) {
    const std::uint32_t column = nodes.front().children[i];
    const fact_value value =
        i < columns.size() ? parts_->finder.read_scalar(columns[i]) : fact_value::absent();
    if (!nodes[column].children.empty()) {
      parts_->finder.look_into_column(column, value, parts_->values);
    } else if (nodes[column].fact != detail::no_index) {
      parts_->values[nodes[column].fact] = value;
    }
  }
  return parts_->values;
}

}  // namespace v1
}  // namespace jobqueue
