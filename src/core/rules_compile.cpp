#include "core/rules_compile.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <span>

#include <jobqueue/base64.hpp>

namespace jobqueue::detail {
namespace {

// What a record may have without a word about it in the rule set: the columns of a job in the
// database and of its hash in Redis.
constexpr std::array<std::string_view, 44> known_columns{"id",
                                                         "name",
                                                         "description",
                                                         "status",
                                                         "data",
                                                         "progress",
                                                         "error_message",
                                                         "created_at",
                                                         "updated_at",
                                                         "started_at",
                                                         "completed_at",
                                                         "user_id",
                                                         "job_type",
                                                         "priority",
                                                         "retry_count",
                                                         "max_retries",
                                                         "workflow_output",
                                                         "notification",
                                                         "attestations",
                                                         "status_category",
                                                         "problem_type",
                                                         "problem_details",
                                                         "evaluated_at",
                                                         "resolution_needed",
                                                         "service_required",
                                                         "requirements",
                                                         "payload",
                                                         "customer_id",
                                                         "workflow_id",
                                                         "workflow_priority",
                                                         "workflow_datetime",
                                                         "current_step",
                                                         "total_steps",
                                                         "ctx",
                                                         "worker_id",
                                                         "assigned_at",
                                                         "failed_at",
                                                         "error",
                                                         "last_failed_worker",
                                                         "processing_time",
                                                         "cancelled_at",
                                                         "is_cleanup_evaluated",
                                                         "next_evaluation_at",
                                                         "ruleset_digest"};

constexpr std::size_t max_name = 128;
constexpr std::size_t max_file_depth = 64;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= max_name && text.find('\0') == std::string_view::npos;
}

}  // namespace

bool rules_compiler::fail(std::uint64_t offset, std::string_view sentence, errc code) {
  if (!problem_) {
    problem_ = {code, offset, line_and_column(text_, offset) + ": " + std::string(sentence)};
  }
  return false;
}

result<std::shared_ptr<const rules_program>> rules_compiler::compile() {
  if (text_.size() > ruleset_limits::max_file_bytes) {
    return error{errc::ruleset_invalid, no_offset, "a rule set has at most 1 MiB"};
  }
  auto read = read_json_tree(text_, max_file_depth);
  if (!read) {
    const error& problem = read.problem();
    fail(problem.offset, "this is no JSON: " + problem.message);
    return *std::move(problem_);
  }
  json_ = *std::move(read);
  columns_.insert(known_columns.begin(), known_columns.end());
  if (!read_set(0)) return *std::move(problem_);
  std::stable_sort(program_.rules.begin(), program_.rules.end(),
                   [](const rule& a, const rule& b) { return a.priority > b.priority; });
  if (!check_rules()) return *std::move(problem_);
  lay_out_facts();
  make_digest();
  return std::make_shared<const rules_program>(std::move(program_));
}

std::uint32_t rules_compiler::member(std::uint32_t node, std::string_view name) const {
  for (const std::uint32_t child : json_[node].children) {
    if (json_[child].key == name) return child;
  }
  return no_index;
}

bool rules_compiler::only_members(std::uint32_t node,
                                  std::initializer_list<std::string_view> known) {
  if (json_[node].of != json_node::kind::object) {
    return fail(json_[node].offset, "an object is wanted here");
  }
  std::set<std::string_view> seen;
  for (const std::uint32_t child : json_[node].children) {
    const json_node& one = json_[child];
    if (!seen.insert(one.key).second) return fail(one.key_offset, "this member is there twice");
    if (std::find(known.begin(), known.end(), one.key) != known.end()) continue;
    std::string sentence = "there is no member '" + one.key.substr(0, max_name) + "' here; known:";
    for (const std::string_view name : known) sentence += ' ' + std::string(name);
    return fail(one.key_offset, sentence);
  }
  return true;
}

bool rules_compiler::optional_text(std::uint32_t node, std::string_view name, std::string& out) {
  const std::uint32_t child = member(node, name);
  if (child == no_index || json_[child].of == json_node::kind::null) return true;
  if (json_[child].of != json_node::kind::string || !is_name(json_[child].text)) {
    return fail(json_[child].offset,
                "'" + std::string(name) + "' must be a string of 1 to 128 bytes");
  }
  out = json_[child].text;
  return true;
}

bool rules_compiler::read_set(std::uint32_t root) {
  std::uint32_t rules = root;
  if (json_[root].of != json_node::kind::array) {
    if (!only_members(root, {"version", "name", "parameters", "columns", "definitions",
                             "conditions", "rules"}) ||
        !optional_text(root, "name", program_.name)) {
      return false;
    }
    const std::uint32_t version = member(root, "version");
    if (version != no_index && json_[version].text != "1") {
      return fail(json_[version].offset, "this version of jobqueue knows version 1 of rule sets");
    }
    rules = member(root, "rules");
    if (rules == no_index || json_[rules].of != json_node::kind::array) {
      return fail(json_[rules == no_index ? root : rules].offset, "'rules' must be an array");
    }
    if (!read_parameters(member(root, "parameters")) || !read_columns(member(root, "columns")) ||
        !read_definitions(member(root, "definitions")) ||
        !read_conditions(member(root, "conditions"))) {
      return false;
    }
  } else if (!read_parameters(no_index)) {
    return false;
  }
  if (json_[rules].children.empty()) return fail(json_[rules].offset, "there is no rule");
  if (json_[rules].children.size() > ruleset_limits::max_rules) {
    return fail(json_[rules].offset, "a rule set has at most 1000 rules");
  }
  const std::vector<std::uint32_t>& each = json_[rules].children;
  return std::all_of(each.begin(), each.end(), [&](std::uint32_t one) { return read_rule(one); });
}

bool rules_compiler::read_parameters(std::uint32_t node) {
  if (node != no_index) {
    if (json_[node].of != json_node::kind::object) {
      return fail(json_[node].offset, "'parameters' must be an object");
    }
    for (const std::uint32_t child : json_[node].children) {
      const json_node& one = json_[child];
      if (!is_name(one.key) || one.of == json_node::kind::object ||
          one.of == json_node::kind::null) {
        return fail(one.key_offset, "a parameter has a name and a value that is no object");
      }
      if (!parameters_.emplace(one.key, child).second) {
        return fail(one.key_offset, "this parameter is there twice");
      }
    }
  }
  return std::all_of(options_.parameters.begin(), options_.parameters.end(),
                     [&](const auto& one) { return apply_parameter(one.first, one.second); });
}

// A value from outside is of the same kind as that which it replaces.
bool rules_compiler::apply_parameter(const std::string& name, const std::string& value) {
  const auto found = parameters_.find(name);
  if (found == parameters_.end()) {
    problem_ = {errc::invalid_argument, no_offset,
                "the rule set has no parameter '" + name.substr(0, max_name) + "'"};
    return false;
  }
  json_node& node = json_[found->second];
  const bool fits =
      node.of == json_node::kind::string ||
      (node.of == json_node::kind::number && read_number(value).of != fact_value::kind::text) ||
      (node.of == json_node::kind::boolean && (value == "true" || value == "false"));
  if (!fits) {
    problem_ = {errc::invalid_argument, no_offset,
                "parameter '" + name + "' needs another kind of value"};
    return false;
  }
  node.text = value;
  return true;
}

bool rules_compiler::read_columns(std::uint32_t node) {
  if (node == no_index) return true;
  if (json_[node].of != json_node::kind::array) {
    return fail(json_[node].offset, "'columns' must be an array of names");
  }
  for (const std::uint32_t child : json_[node].children) {
    if (json_[child].of != json_node::kind::string || !is_name(json_[child].text)) {
      return fail(json_[child].offset, "a column has a name of 1 to 128 bytes");
    }
    columns_.insert(json_[child].text);
  }
  return true;
}

bool rules_compiler::read_definitions(std::uint32_t node) {
  static constexpr std::array<std::pair<std::string_view, derived_fact::kind>, 4> kinds{
      {{"first", derived_fact::kind::first},
       {"firstText", derived_fact::kind::first_text},
       {"earliest", derived_fact::kind::earliest},
       {"latest", derived_fact::kind::latest}}};
  if (node == no_index) return true;
  if (json_[node].of != json_node::kind::object) {
    return fail(json_[node].offset, "'definitions' must be an object");
  }
  for (const std::uint32_t child : json_[node].children) {
    const json_node& one = json_[child];
    if (!is_name(one.key)) return fail(one.key_offset, "a name has 1 to 128 bytes");
    const bool taken =
        std::any_of(program_.derived.begin(), program_.derived.end(),
                    [&](const derived_fact& other) { return other.name == one.key; });
    if (taken || columns_.contains(one.key)) {
      return fail(one.key_offset, "there is a fact of this name already");
    }
    if (!only_members(child, {"first", "firstText", "earliest", "latest"})) return false;
    if (one.children.size() != 1) {
      return fail(one.offset, "a definition is one of first, firstText, earliest, latest");
    }
    const json_node& list = json_[one.children.front()];
    derived_fact made{one.key, {}, {}};
    for (const auto& [name, kind] : kinds) {
      if (list.key == name) made.of = kind;
    }
    if (list.of != json_node::kind::array || list.children.empty()) {
      return fail(list.offset, "an array of facts is wanted here");
    }
    for (const std::uint32_t part : list.children) {
      std::uint32_t fact = no_index;
      if (!fact_reference(part, false, fact)) return false;
      made.from.push_back(fact);
    }
    program_.derived.push_back(std::move(made));
  }
  return true;
}

bool rules_compiler::read_conditions(std::uint32_t node) {
  if (node == no_index) return true;
  if (json_[node].of != json_node::kind::object) {
    return fail(json_[node].offset, "'conditions' must be an object");
  }
  for (const std::uint32_t child : json_[node].children) {
    if (!is_name(json_[child].key) || !conditions_.emplace(json_[child].key, child).second) {
      return fail(json_[child].key_offset, "a condition has a name of its own, of 1 to 128 bytes");
    }
  }
  return true;
}

// "status", or {"fact": "data", "path": "$.output"}.
bool rules_compiler::fact_reference(std::uint32_t node, bool derived_too, std::uint32_t& fact) {
  if (json_[node].of == json_node::kind::string) {
    return fact_by_name(node, no_index, derived_too, fact);
  }
  if (!only_members(node, {"fact", "path"})) return false;
  const std::uint32_t name = member(node, "fact");
  if (name == no_index) return fail(json_[node].offset, "'fact' is missing");
  return fact_by_name(name, member(node, "path"), derived_too, fact);
}

// Derived facts have numbers from the other end until all facts are known.
bool rules_compiler::fact_by_name(std::uint32_t name_node, std::uint32_t path, bool derived_too,
                                  std::uint32_t& out) {
  const json_node& name = json_[name_node];
  if (name.of != json_node::kind::string) return fail(name.offset, "a fact is a string");
  if (derived_too && path == no_index) {
    for (std::uint32_t i = 0; i < program_.derived.size(); ++i) {
      if (program_.derived[i].name != name.text) continue;
      out = no_index - 1 - i;
      return true;
    }
  }
  if (!columns_.contains(name.text)) {
    return fail(name.offset,
                "no record has a fact '" + name.text.substr(0, max_name) +
                    "'; name a column of your own in 'columns'",
                errc::unknown_fact);
  }
  place where{name.text, {}};
  if (path != no_index) {
    const auto steps =
        json_[path].of == json_node::kind::string ? read_path(json_[path].text) : std::nullopt;
    if (!steps) {
      return fail(json_[path].offset,
                  "a path is written as $.member[0][-1]['other member'], with at most 16 steps");
    }
    where.steps = *steps;
  }
  const auto known = std::find(places_.begin(), places_.end(), where);
  out = static_cast<std::uint32_t>(known - places_.begin());
  if (known != places_.end()) return true;
  if (places_.size() == ruleset_limits::max_facts) {
    return fail(name.offset, "a rule set looks at no more than 1000 facts");
  }
  places_.push_back(std::move(where));
  return true;
}

bool rules_compiler::read_rule(std::uint32_t node) {
  if (!only_members(node, {"name", "priority", "conditions", "event"})) return false;
  rule made;
  made.offset = json_[node].offset;
  made.name = "rule " + std::to_string(program_.rules.size() + 1);
  if (!optional_text(node, "name", made.name)) return false;
  for (const rule& other : program_.rules) {
    if (other.name == made.name) {
      return fail(made.offset, "there is a rule '" + made.name + "' already");
    }
  }
  if (const std::uint32_t priority = member(node, "priority"); priority != no_index) {
    const fact_value value = read_number(json_[priority].text);
    if (json_[priority].of != json_node::kind::number || value.of != fact_value::kind::integer ||
        value.integer < 1 || value.integer > 1000000) {
      return fail(json_[priority].offset, "a priority is an integer from 1 to 1000000");
    }
    made.priority = value.integer;
  }
  const std::uint32_t conditions = member(node, "conditions");
  const std::uint32_t event = member(node, "event");
  if (conditions == no_index || event == no_index) {
    return fail(made.offset, "a rule has 'conditions' and 'event'");
  }
  rule_verdict& verdict = made.verdict;
  if (!compile_condition(conditions, made) || !read_verdict(event, verdict)) return false;
  append_before_details(verdict.json_before, verdict.status_category, verdict.problem_type);
  append_behind_details(verdict.json_behind, verdict.resolution_needed, made.name);
  verdict.json_behind += '}';
  program_.rules.push_back(std::move(made));
  return true;
}

bool rules_compiler::read_verdict(std::uint32_t event, rule_verdict& verdict) {
  if (!only_members(event, {"type", "params"})) return false;
  const std::uint32_t params = member(event, "params");
  if (params == no_index) return fail(json_[event].offset, "an event has 'params'");
  if (!only_members(
          params, {"status_category", "problem_type", "resolution_needed", "reason", "details"})) {
    return false;
  }
  const std::uint32_t category = member(params, "status_category");
  if (category == no_index) {
    return fail(json_[params].offset, "'status_category' is missing; null is undecided");
  }
  verdict.decided = json_[category].of != json_node::kind::null;
  if (!optional_text(params, "status_category", verdict.status_category) ||
      !optional_text(params, "problem_type", verdict.problem_type) ||
      !optional_text(params, "resolution_needed", verdict.resolution_needed) ||
      !optional_text(params, "reason", verdict.reason)) {
    return false;
  }
  if (!verdict.decided && (!verdict.problem_type.empty() || !verdict.resolution_needed.empty())) {
    return fail(json_[category].offset, "what is undecided has no problem and no resolution");
  }
  return read_details(member(params, "details"), verdict);
}

bool rules_compiler::read_details(std::uint32_t node, rule_verdict& verdict) {
  if (node == no_index) return true;
  if (json_[node].of != json_node::kind::array) {
    return fail(json_[node].offset, "'details' must be an array of facts");
  }
  for (const std::uint32_t child : json_[node].children) {
    std::uint32_t fact = no_index;
    if (!fact_reference(child, true, fact)) return false;
    verdict.details.push_back(fact);
  }
  return true;
}

// Builds the tree of paths, and numbers the facts in its order.
void rules_compiler::lay_out_facts() {
  std::vector<std::uint32_t> order(places_.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto key = [&](std::uint32_t i) {
    std::string text = places_[i].column + '\0';
    for (const path_step& step : places_[i].steps) {
      text += static_cast<char>('1' + static_cast<int>(step.by));
      text += step.name + '\0' + std::to_string(step.index) + '\0';
    }
    return text;
  };
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });

  auto& paths = program_.paths;
  paths.emplace_back();
  std::vector<std::uint32_t> number(places_.size());
  for (const std::uint32_t place_index : order) {
    const place& where = places_[place_index];
    const auto fact = static_cast<std::uint32_t>(program_.facts.size());
    number[place_index] = fact;
    if (program_.columns.empty() || program_.columns.back() != where.column) {
      program_.columns.push_back(where.column);
    }
    program_.facts.push_back({describe_path(where.column, where.steps), program_.columns.size() - 1,
                              where.steps.empty()});
    std::vector<path_step> steps = where.steps;
    steps.insert(steps.begin(), {path_node::step::member, where.column, 0});
    std::uint32_t at = 0;
    ++paths[0].facts_end;
    for (const path_step& step : steps) {
      const auto& children = paths[at].children;
      const auto same = std::find_if(children.begin(), children.end(), [&](std::uint32_t child) {
        return paths[child].by == step.by && paths[child].name == step.name &&
               paths[child].index == step.index;
      });
      if (same != children.end()) {
        at = *same;
      } else {
        path_node made;
        made.by = step.by;
        made.is_column = at == 0;
        made.name = step.name;
        made.index = step.index;
        made.facts_begin = made.facts_end = fact;
        paths[at].children.push_back(static_cast<std::uint32_t>(paths.size()));
        at = static_cast<std::uint32_t>(paths.size());
        paths.push_back(std::move(made));
      }
      paths[at].facts_end = fact + 1;
    }
    paths[at].fact = fact;
  }
  for (path_node& node : paths) {
    for (const std::uint32_t child : node.children) {
      if (paths[child].by == path_node::step::member) node.members.add(paths[child].name, child);
    }
  }

  const auto renumber = [&](std::uint32_t& fact) {
    if (fact == no_index) return;
    fact = fact < places_.size()
               ? number[fact]
               : static_cast<std::uint32_t>(places_.size()) + (no_index - 1 - fact);
  };
  for (rule_test& test : program_.tests) {
    renumber(test.fact);
    renumber(test.other_fact);
  }
  for (derived_fact& made : program_.derived) {
    for (std::uint32_t& fact : made.from) renumber(fact);
  }
  for (rule& one : program_.rules) {
    for (std::uint32_t& fact : one.verdict.details) renumber(fact);
  }
}

void rules_compiler::make_digest() {
  std::string all(text_);
  for (const auto& [name, value] : options_.parameters) {
    all.append(1, '\0').append(name).append(1, '\0').append(value);
  }
  program_.digest = sha256(std::as_bytes(std::span(all))).hex();
}

result<std::shared_ptr<const rules_program>> compile_rules(std::string_view json,
                                                           const ruleset_options& options) {
  return rules_compiler(json, options).compile();
}

}  // namespace jobqueue::detail
