#include "core/rules_paths.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/json_check.hpp"
#include "core/json_pass.hpp"
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

void member_table::add(std::string_view name, std::uint32_t value) {
  constexpr std::size_t least = 4;
  std::vector<slot> all;
  if (++count_ * 2 > slots_.size()) {
    all.swap(slots_);
    slots_.resize(std::max(least, all.size() * 2));
  }
  all.push_back({key_of(name, name.size()), value, std::string(name)});
  for (slot& one : all) {
    if (one.value == no_index) continue;
    std::size_t at = place_of(one.key);
    while (slots_[at].value != no_index) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = std::move(one);
  }
}

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

error no_record(std::size_t offset) {
  return {errc::invalid_json, offset, "a record must be an object of JSON"};
}

// `json` begins with an object or array, and ends behind it.
bool fact_finder::find_whole(std::string_view json, std::uint32_t node,
                             std::vector<fact_value>& values) {
  own_index_.begin(json);
  const std::size_t at = own_index_.next();
  if (at == json.size() || find(own_index_, json, at, node, values) == at) return false;
  return own_index_.next() == json.size() && own_index_.good();
}

// The object or array at `begin`, the last token that `index` gave. Behind it, or `begin`.
std::size_t fact_finder::find(json_index& index, std::string_view json, std::size_t begin,
                              std::uint32_t node, std::vector<fact_value>& values) {
  json_ = json;
  index_ = &index;
  levels_.clear();
  active_.assign(1, node);
  value_active_ = 0;
  std::size_t at = begin;
  if (!read_value(at, values)) return begin;
  bool is_opened = true;  // the last token is an opening bracket
  while (!levels_.empty()) {
    if (!next(at)) return begin;
    level& here = levels_.back();
    if (json[at] == (here.is_object ? '}' : ']')) {
      leave(at + 1, values);
      is_opened = false;
      continue;
    }
    if (!is_opened && (json[at] != ',' || !next(at))) return begin;
    std::string_view name;
    if (here.is_object && !read_name(at, name)) return begin;
    value_active_ = active_.size();
    activate_children(here, name, here.index);
    if (!here.is_object) ++here.index;
    const std::size_t depth = levels_.size();
    if (!read_value(at, values)) return begin;
    is_opened = levels_.size() > depth;
  }
  return at + 1;
}

// The name at `at`, which moves to the value.
bool fact_finder::read_name(std::size_t& at, std::string_view& name) {
  std::size_t quote = 0;
  std::size_t colon = 0;
  if (json_[at] != '"' || !next(quote) || !next(colon) || json_[colon] != ':') return false;
  name = json_.substr(at + 1, quote - at - 1);
  if (index_->may_escape() && name.find('\\') != std::string_view::npos) {
    key_.clear();
    unescape_json(name, key_);
    name = key_;
  }
  return next(at);
}

// The nodes that a member or element of the container is at.
void fact_finder::activate_children(const level& outer, std::string_view name,
                                    std::uint32_t index) {
  // A name that had escapes is not in the text.
  const std::size_t readable =
      name.data() == key_.data()
          ? name.size()
          : static_cast<std::size_t>(json_.data() + json_.size() - name.data());
  for (std::size_t i = outer.active_begin; i < value_active_; ++i) {
    const path_node& at = program_.paths[active_[i]];
    if (outer.is_object) {
      const std::uint32_t child = at.members.find(name, readable);
      if (child != no_index) active_.push_back(child);
      continue;
    }
    for (const std::uint32_t child : at.children) {
      const path_node& node = program_.paths[child];
      if (node.by == path_node::step::last ||
          (node.by == path_node::step::element && node.index == index)) {
        active_.push_back(child);
      }
    }
  }
}

// A text that has escapes is kept.
fact_value fact_finder::keep_text(std::string_view content) {
  if (content.find('\\') == std::string_view::npos) return fact_value::of_text(content);
  texts_.push_back(std::make_unique<std::string>());
  unescape_json(content, *texts_.back());
  return fact_value::of_text(*texts_.back());
}

// A number or word; false if it is neither.
bool fact_finder::read_plain(std::size_t at, fact_value& value) const noexcept {
  const std::size_t end = json_plain_end(json_, at);
  if (end == at) return false;
  switch (json_[at]) {
    case 't':
    case 'f': value = fact_value::of_boolean(json_[at] == 't'); break;
    case 'n': value = fact_value::absent(); break;
    default: value = read_number(json_.substr(at, end - at)); break;
  }
  return true;
}

bool fact_finder::read_value(std::size_t at, std::vector<fact_value>& values) {
  if (value_active_ == active_.size()) return pass_value(*index_, json_, at) != at;
  // Of equal keys, and of elements that were taken for the last, this is the later one.
  for (std::size_t i = value_active_; i < active_.size(); ++i) {
    const path_node& node = program_.paths[active_[i]];
    std::fill(values.begin() + node.facts_begin, values.begin() + node.facts_end,
              fact_value::absent());
    if (node.is_column) {
      std::erase_if(columns_of_text_, [&](const auto& one) { return one.first == active_[i]; });
    }
  }
  const char c = json_[at];
  if (c == '{' || c == '[') {
    levels_.push_back({c == '{', 0, value_active_, at});
    return true;
  }
  fact_value value;
  if (c == '"') {
    std::size_t quote = 0;
    if (!next(quote)) return false;
    const std::string_view content = json_.substr(at + 1, quote - at - 1);
    value = index_->may_escape() ? keep_text(content) : fact_value::of_text(content);
  } else if (!read_plain(at, value)) {
    return false;
  }
  for (std::size_t i = value_active_; i < active_.size(); ++i) {
    const path_node& node = program_.paths[active_[i]];
    if (node.fact != no_index) values[node.fact] = value;
    if (node.is_column && !node.children.empty()) columns_of_text_.emplace_back(active_[i], value);
  }
  active_.resize(value_active_);
  return true;
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
  if (!container || !find_whole(value.text, column, values)) {
    const bool unknown = container || value.of == fact_value::kind::withheld;
    fill(unknown ? fact_value::withheld() : fact_value::absent());
  }
  if (node.fact != no_index) values[node.fact] = value;
}

fact_value fact_finder::read_scalar(const fact_value& value) {
  if (value.of != fact_value::kind::json) return value;
  json_ = value.text;
  own_index_.begin(json_);
  index_ = &own_index_;
  std::size_t at = 0;
  if (!next(at) || json_[at] == '{' || json_[at] == '[') return value;
  fact_value scalar;
  if (json_[at] == '"') {
    std::size_t quote = 0;
    if (!next(quote)) return value;
    scalar = keep_text(json_.substr(at + 1, quote - at - 1));
  } else if (!read_plain(at, scalar)) {
    return value;
  }
  return next(at) || !own_index_.good() ? value : scalar;
}

void fact_finder::forget(std::vector<fact_value>& values) {
  texts_.clear();
  columns_of_text_.clear();
  std::fill(values.begin(), values.end(), fact_value::absent());
}

bool fact_finder::find_in_record(std::string_view json, std::vector<fact_value>& values) {
  forget(values);
  if (!find_whole(json, 0, values)) return false;
  look_into_columns(values);
  return true;
}

std::size_t fact_finder::find_in_element(json_index& index, std::string_view array, std::size_t at,
                                         std::vector<fact_value>& values) {
  forget(values);
  const std::size_t end = find(index, array, at, 0, values);
  if (end != at) look_into_columns(values);
  return end;
}

void fact_finder::look_into_columns(std::vector<fact_value>& values) {
  for (const auto& [column, value] : std::exchange(columns_of_text_, {})) {
    look_into_column(column, value, values);
  }
}

void fact_finder::leave(std::size_t end, std::vector<fact_value>& values) {
  const level here = levels_.back();
  levels_.pop_back();
  for (std::size_t i = here.active_begin; i < active_.size(); ++i) {
    const path_node& node = program_.paths[active_[i]];
    if (node.fact != no_index) {
      values[node.fact] = fact_value::of_json(json_.substr(here.json_begin, end - here.json_begin));
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
  const std::size_t mark = detail::byte_order_mark_size(record);
  const std::size_t begin = detail::skip_json_space(record, mark);
  if (begin == record.size() || record[begin] != '{' ||
      !parts_->finder.find_in_record(record.substr(mark), parts_->values)) {
    if (const status checked = detail::check_json(record); !checked) return checked.problem();
    return detail::no_record(begin);
  }
  return std::span<const fact_value>(parts_->values);
}

std::span<const fact_value> record_reader::read(std::span<const fact_value> columns) {
  const auto& nodes = parts_->program->paths;
  parts_->finder.forget(parts_->values);
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
