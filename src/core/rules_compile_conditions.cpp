#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "core/rules_compile.hpp"

namespace jobqueue::detail {
namespace {

struct operator_word {
  std::string_view word;
  test_operator what;
};
constexpr std::array<operator_word, 15> operators{
    {{"equal", test_operator::equal},
     {"notEqual", test_operator::not_equal},
     {"lessThan", test_operator::less},
     {"lessThanInclusive", test_operator::less_or_equal},
     {"greaterThan", test_operator::greater},
     {"greaterThanInclusive", test_operator::greater_or_equal},
     {"in", test_operator::in},
     {"notIn", test_operator::not_in},
     {"contains", test_operator::contains},
     {"doesNotContain", test_operator::does_not_contain},
     {"exists", test_operator::exists},
     {"hasText", test_operator::has_text},
     {"matches", test_operator::matches},
     {"olderThan", test_operator::older_than},
     {"newerThan", test_operator::newer_than}}};

constexpr std::size_t max_hops = 16;

bool is_one_of(test_operator what, std::initializer_list<test_operator> all) {
  return std::find(all.begin(), all.end(), what) != all.end();
}
bool is_about_presence(test_operator what) {
  return is_one_of(what, {test_operator::exists, test_operator::has_text});
}
bool is_about_order(test_operator what) {
  return is_one_of(what, {test_operator::less, test_operator::less_or_equal, test_operator::greater,
                          test_operator::greater_or_equal});
}
bool is_about_age(test_operator what) {
  return is_one_of(what, {test_operator::older_than, test_operator::newer_than});
}
bool wants_list(test_operator what) {
  return is_one_of(what, {test_operator::in, test_operator::not_in});
}

}  // namespace

std::string_view operator_name(test_operator what) noexcept {
  for (const auto& [word, one] : operators) {
    if (one == what) return word;
  }
  return {};
}

// Conditions nest, so what is still to be read is a list: each entry opens a condition or closes a
// container.
bool rules_compiler::compile_condition(std::uint32_t node, rule& rule) {
  rule.begin = static_cast<std::uint32_t>(program_.nodes.size());
  pending_.assign(1, {node, 0, 0, no_index});
  while (!pending_.empty()) {
    const pending_condition next = pending_.back();
    pending_.pop_back();
    const auto here = static_cast<std::uint32_t>(program_.nodes.size());
    if (next.closes != no_index) {
      program_.nodes[next.closes].end = here;
      continue;
    }
    if (here == ruleset_limits::max_conditions) {
      return fail(json_[next.json].offset, "a rule set has at most 20000 conditions");
    }
    if (!open_condition(next)) return false;
  }
  rule.end = static_cast<std::uint32_t>(program_.nodes.size());
  return true;
}

// Reads one condition; what it is made of is pending then.
bool rules_compiler::open_condition(const pending_condition& opened) {
  const std::uint32_t node = opened.json;
  const std::size_t depth = opened.depth;
  const std::size_t hops = opened.hops;
  const json_node& one = json_[node];
  if (one.of != json_node::kind::object) return fail(one.offset, "a condition is an object");
  if (member(node, "fact") != no_index) return compile_test(node);
  if (one.children.size() != 1) {
    return fail(one.offset,
                "a condition has 'fact', or one of 'all', 'any', 'not', 'condition' alone");
  }
  const json_node& inner = json_[one.children.front()];
  if (inner.key == "condition") {
    const auto found = conditions_.find(inner.text);
    if (inner.of != json_node::kind::string || found == conditions_.end()) {
      return fail(inner.offset, "there is no such entry in 'conditions'");
    }
    if (hops == max_hops) {
      return fail(inner.offset, "conditions refer to one another more than 16 times in a row");
    }
    pending_.push_back({found->second, depth, hops + 1, no_index});
    return true;
  }
  condition_node made;
  if (inner.key == "all") {
    made.of = condition_node::kind::all;
  } else if (inner.key == "any") {
    made.of = condition_node::kind::any;
  } else if (inner.key == "not") {
    made.of = condition_node::kind::negation;
  } else {
    return fail(inner.key_offset,
                "a condition is 'all', 'any', 'not', 'condition' or has a 'fact'");
  }
  if (depth == ruleset_limits::max_depth) {
    return fail(one.offset, "conditions are more than 16 levels deep");
  }
  pending_.push_back({no_index, 0, 0, static_cast<std::uint32_t>(program_.nodes.size())});
  program_.nodes.push_back(made);
  if (made.of == condition_node::kind::negation) {
    pending_.push_back({one.children.front(), depth + 1, hops, no_index});
    return true;
  }
  if (inner.of != json_node::kind::array) return fail(inner.offset, "an array is wanted here");
  if (made.of == condition_node::kind::any && inner.children.empty()) {
    return fail(inner.offset, "'any' of nothing never holds");
  }
  for (std::size_t i = inner.children.size(); i-- > 0;) {
    pending_.push_back({inner.children[i], depth + 1, hops, no_index});
  }
  return true;
}

bool rules_compiler::compile_test(std::uint32_t node) {
  if (!only_members(node, {"fact", "path", "operator", "value", "name"})) return false;
  rule_test test;
  std::string label;  // for people
  if (!optional_text(node, "name", label) ||
      !fact_by_name(member(node, "fact"), member(node, "path"), true, test.fact)) {
    return false;
  }
  const std::uint32_t word = member(node, "operator");
  if (word == no_index) return fail(json_[node].offset, "'operator' is missing");
  const auto* const found =
      std::find_if(operators.begin(), operators.end(), [&](const operator_word& one) {
        return json_[word].of == json_node::kind::string && one.word == json_[word].text;
      });
  if (found == operators.end()) {
    std::string sentence = "there is no operator '" + json_[word].text.substr(0, 64) + "'; known:";
    for (const operator_word& one : operators) sentence += ' ' + std::string(one.word);
    return fail(json_[word].offset, sentence);
  }
  test.what = found->what;
  const std::uint32_t value = member(node, "value");
  if (value == no_index && !is_about_presence(test.what)) {
    return fail(json_[node].offset, "'value' is missing");
  }
  if (value != no_index && !read_operand(value, test)) return false;
  test.canonical = std::to_string(test.fact) + ' ' + std::string(found->word) + ' ';
  if (test.other_fact != no_index) test.canonical += '#' + std::to_string(test.other_fact);
  std::vector<std::string> written;
  for (const rule_constant& one : test.constants) written.push_back(one.written);
  std::sort(written.begin(), written.end());
  for (const std::string& one : written) test.canonical += one + ',';
  if (is_about_presence(test.what)) test.canonical += test.wanted ? "true" : "false";

  condition_node made;
  made.end = static_cast<std::uint32_t>(program_.nodes.size()) + 1;
  made.test = static_cast<std::uint32_t>(program_.tests.size());
  program_.nodes.push_back(made);
  program_.tests.push_back(std::move(test));
  return true;
}

// A constant, a parameter, or another fact.
bool rules_compiler::read_operand(std::uint32_t value, rule_test& test) {
  if (json_[value].of == json_node::kind::object) {
    const std::uint32_t parameter = member(value, "parameter");
    if (parameter != no_index) {
      if (!only_members(value, {"parameter"})) return false;
      const auto found = parameters_.find(json_[parameter].text);
      if (found == parameters_.end()) {
        return fail(json_[parameter].offset, "there is no such parameter");
      }
      return read_constants(found->second, test) && check_constants(value, test);
    }
    if (is_about_presence(test.what) || is_about_age(test.what) || wants_list(test.what) ||
        test.what == test_operator::matches) {
      return fail(json_[value].offset, "this operator takes a constant, not a fact");
    }
    return fact_reference(value, true, test.other_fact);
  }
  return read_constants(value, test) && check_constants(value, test);
}

bool rules_compiler::read_constants(std::uint32_t node, rule_test& test) {
  const json_node& given = json_[node];
  const bool list = given.of == json_node::kind::array;
  if (list != wants_list(test.what)) {
    return fail(given.offset,
                list ? "this operator takes no array" : "'in' and 'notIn' take an array");
  }
  if (list && given.children.empty()) return fail(given.offset, "the array is empty");
  std::vector<std::uint32_t> each{node};
  if (list) each = given.children;
  for (const std::uint32_t child : each) {
    const json_node& one = json_[child];
    rule_constant made;
    switch (one.of) {
      case json_node::kind::string:
        made.text = one.text;
        made.value = fact_value::of_text({});
        append_fact(made.written, fact_value::of_text(one.text), one.text.size());
        break;
      case json_node::kind::number:
        made.value = read_number(one.text);
        made.written = one.text;
        break;
      case json_node::kind::boolean:
        made.value = fact_value::of_boolean(one.text == "true");
        made.written = one.text;
        break;
      case json_node::kind::null:
        return fail(one.offset, "null is nothing to compare with; use 'exists'");
      default: return fail(one.offset, "a string, a number or a boolean is wanted here");
    }
    test.constants.push_back(std::move(made));
  }
  return true;
}

// Whether the constants are such as the operator takes; makes of them what it needs.
bool rules_compiler::check_constants(std::uint32_t node, rule_test& test) {
  const std::uint64_t offset = json_[node].offset;
  const rule_constant& first = test.constants.front();
  const bool is_text = first.value.of == fact_value::kind::text;
  if (is_about_presence(test.what)) {
    if (first.value.of != fact_value::kind::boolean) return fail(offset, "true or false is wanted");
    test.wanted = first.value.integer != 0;
  } else if (is_about_order(test.what)) {
    const fact_value value = is_text ? fact_value::of_text(first.text) : first.value;
    const bool has_order = value.of != fact_value::kind::boolean &&
                           (!is_text || read_number(value.text).of != fact_value::kind::text ||
                            read_instant(value.text));
    if (!has_order) return fail(offset, "this operator compares numbers and times");
  } else if (is_about_age(test.what)) {
    const auto duration = parse_iso_duration(is_text ? std::string_view(first.text) : "");
    if (!duration) return fail(offset, duration.problem().message);
    test.micros = duration->count();
  } else if (test.what == test_operator::matches) {
    if (!is_text) return fail(offset, "'matches' takes a pattern, which is a string");
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(std::int64_t{1} << 20);
    auto pattern = std::make_shared<const re2::RE2>(first.text, options);
    if (!pattern->ok()) return fail(offset, "the pattern is not one of RE2: " + pattern->error());
    test.pattern = std::move(pattern);
  }
  return true;
}

// What of a rule must all hold: texts that are equal for conditions that say the same.
std::vector<std::string> rules_compiler::canonical_parts(const rule& rule) const {
  const auto& nodes = program_.nodes;
  std::vector<std::string> text(rule.end - rule.begin);
  for (std::uint32_t at = rule.end; at-- > rule.begin;) {
    const condition_node& node = nodes[at];
    std::string& here = text[at - rule.begin];
    if (node.of == condition_node::kind::test) {
      here = program_.tests[node.test].canonical;
      continue;
    }
    std::vector<std::string> parts;
    for (std::uint32_t child = at + 1; child < node.end; child = nodes[child].end) {
      parts.push_back(text[child - rule.begin]);
    }
    std::sort(parts.begin(), parts.end());
    if (at == rule.begin && node.of == condition_node::kind::all) return parts;
    here = node.of == condition_node::kind::all   ? "all("
           : node.of == condition_node::kind::any ? "any("
                                                  : "not(";
    for (const std::string& part : parts) here += part + ';';
    here += ')';
  }
  return {text.front()};
}

// Whether every rule can decide, and something always does.
bool rules_compiler::check_rules() {
  std::vector<std::vector<std::string>> all;
  for (rule_test& test : program_.tests) {
    for (rule_constant& one : test.constants) {
      if (one.value.of == fact_value::kind::text) one.value.text = one.text;
    }
  }
  for (const rule& one : program_.rules) {
    std::vector<std::string> parts = canonical_parts(one);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (std::includes(parts.begin(), parts.end(), all[i].begin(), all[i].end())) {
        return fail(one.offset, "this rule can never decide: rule '" + program_.rules[i].name +
                                    "' before it asks for no more");
      }
    }
    all.push_back(std::move(parts));
  }
  if (!all.back().empty()) {
    return fail(program_.rules.back().offset,
                "the last rule must hold for every record: {\"all\": []}");
  }
  return true;
}

}  // namespace jobqueue::detail
