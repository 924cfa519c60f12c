// A compiled rule set.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/rules.hpp>

#include "core/rules_value.hpp"

namespace re2 {
class RE2;
}

namespace jobqueue::detail {

inline constexpr std::uint32_t no_index = UINT32_MAX;

enum class test_operator : std::uint8_t {
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  in,
  not_in,
  contains,
  does_not_contain,
  exists,
  has_text,
  matches,
  older_than,
  newer_than,
};

[[nodiscard]] std::string_view operator_name(test_operator what) noexcept;

// A value that a rule names. Texts are kept in the program.
struct rule_constant {
  fact_value value;
  std::string text;     // what `value` refers to
  std::string written;  // as JSON
};

// One comparison. Facts are numbered: those of records first, then those that are derived.
struct rule_test {
  test_operator what = test_operator::equal;
  std::uint32_t fact = 0;
  std::uint32_t other_fact = no_index;   // compared with, in place of a constant
  std::vector<rule_constant> constants;  // one, or those of `in`
  std::int64_t micros = 0;               // of olderThan and newerThan
  bool wanted = true;                    // of exists and hasText
  std::shared_ptr<const re2::RE2> pattern;
  std::string canonical;  // equal for tests that say the same
};

// A condition in prefix order: what is inside follows, up to `end`.
struct condition_node {
  enum class kind : std::uint8_t { all, any, negation, test };
  kind of = kind::test;
  std::uint32_t end = 0;   // the next node that is not inside
  std::uint32_t test = 0;  // of a test
};

struct rule_verdict {
  bool decided = true;
  std::string status_category;
  std::string problem_type;
  std::string resolution_needed;
  std::string reason;
  std::vector<std::uint32_t> details;  // facts that go into problem_details
  // Of one that is decided: its JSON but for what depends on the record, which is the details.
  std::string json_before;
  std::string json_behind;
};

struct rule {
  std::string name;
  std::uint32_t begin = 0;  // of its condition in `nodes`
  std::uint32_t end = 0;
  std::int64_t priority = 1;
  std::uint64_t offset = 0;
  rule_verdict verdict;
};

// A fact that is made of others.
struct derived_fact {
  enum class kind : std::uint8_t { first, first_text, earliest, latest };
  std::string name;
  kind of = kind::first;
  std::vector<std::uint32_t> from;
};

// Finds one of some names, which are all different.
class member_table {
 public:
  void add(std::string_view name, std::uint32_t value);
  // `readable` bytes are there from the beginning of the name on. `no_index` if it is not here.
  [[nodiscard]] std::uint32_t find(std::string_view name, std::size_t readable) const noexcept {
    if (slots_.empty()) return no_index;
    const std::uint64_t key = key_of(name, readable);
    for (std::size_t at = place_of(key);; at = (at + 1) & (slots_.size() - 1)) {
      const slot& one = slots_[at];
      if (one.value == no_index) return no_index;
      if (one.key == key && one.name == name) return one.value;
    }
  }

 private:
  struct slot {
    std::uint64_t key = 0;
    std::uint32_t value = no_index;
    std::string name;
  };

  // The first bytes of a name in one number, and of a longer one its size.
  [[nodiscard]] static std::uint64_t key_of(std::string_view name, std::size_t readable) noexcept {
    std::uint64_t key = 0;
    if (readable >= sizeof key && std::endian::native == std::endian::little) {
      std::memcpy(&key, name.data(), sizeof key);
      if (name.size() < sizeof key) key &= (std::uint64_t{1} << 8 * name.size()) - 1;
    } else {
      for (std::size_t i = 0; i < std::min(name.size(), sizeof key); ++i) {
        key |= std::uint64_t{static_cast<unsigned char>(name[i])} << 8 * i;
      }
    }
    return name.size() <= sizeof key ? key : key ^ name.size();
  }
  [[nodiscard]] std::size_t place_of(std::uint64_t key) const noexcept {
    return (key * 0x9E3779B97F4A7C15) >> (64 - std::bit_width(slots_.size() - 1));
  }

  std::vector<slot> slots_;  // a power of two, at most half of them taken
  std::size_t count_ = 0;
};

// Where in a record a fact is: a tree of the steps of all paths. Nodes are in prefix order, so the
// facts at and below a node are those from `facts_begin` to `facts_end`.
struct path_node {
  enum class step : std::uint8_t { member, element, last };
  step by = step::member;
  bool is_column = false;
  std::string name;         // of a member
  std::uint32_t index = 0;  // of an element
  std::uint32_t fact = no_index;
  std::uint32_t facts_begin = 0;
  std::uint32_t facts_end = 0;
  std::vector<std::uint32_t> children;
  member_table members;  // those of them that are members
};

struct rules_program {
  std::string name;
  std::string digest;
  std::vector<rule> rules;
  std::vector<condition_node> nodes;
  std::vector<rule_test> tests;
  std::vector<ruleset::fact> facts;
  std::vector<derived_fact> derived;
  std::vector<std::string> columns;
  std::vector<path_node> paths;  // the first is the record, its children are the columns
};

// The name of a fact, whichever it is.
[[nodiscard]] inline const std::string& fact_name(const rules_program& program,
                                                  std::uint32_t fact) {
  return fact < program.facts.size() ? program.facts[fact].name
                                     : program.derived[fact - program.facts.size()].name;
}

// The value of a fact, whichever it is.
[[nodiscard]] fact_value value_of(const rules_program& program, std::uint32_t fact,
                                  std::span<const fact_value> facts) noexcept;

[[nodiscard]] truth run_test(const rules_program& program, const rule_test& test,
                             std::span<const fact_value> facts, instant now);

// Looks at a rule until its truth is known. Calls `saw(test, truth)` for every test on the way.
template <class Observer>
truth run_rule(const rules_program& program, const rule& rule, std::span<const fact_value> facts,
               instant now, Observer&& saw) {
  struct frame {
    condition_node::kind of;
    truth so_far;
    std::uint32_t end;
  };
  frame frames[ruleset_limits::max_depth];
  std::size_t depth = 0;
  std::uint32_t at = rule.begin;
  for (;;) {
    const condition_node& node = program.nodes[at++];
    truth value = truth::yes;
    if (node.of == condition_node::kind::test) {
      const rule_test& test = program.tests[node.test];
      value = run_test(program, test, facts, now);
      saw(test, value);
    } else {
      value = as_truth(node.of == condition_node::kind::all);
      if (at < node.end) {
        frames[depth++] = {node.of, value, node.end};
        continue;
      }
    }
    // What is complete gives its value to what it is in.
    for (;;) {
      if (depth == 0) return value;
      frame& outer = frames[depth - 1];
      if (outer.of == condition_node::kind::negation) {
        outer.so_far = inverse(value);
      } else {
        const truth stop = as_truth(outer.of == condition_node::kind::any);
        if (value == stop) {
          outer.so_far = stop;
          at = outer.end;
        } else if (value == truth::unknown) {
          outer.so_far = truth::unknown;
        }
      }
      if (at < outer.end) break;
      value = outer.so_far;
      --depth;
    }
  }
}

// As to_json, appended; and the parts before and behind the details of the problem.
void append_verdict(std::string& out, const evaluation& verdict);
void append_before_details(std::string& out, std::string_view status_category,
                           std::string_view problem_type);
void append_behind_details(std::string& out, std::string_view resolution_needed,
                           std::string_view rule);

// The file of the standard set, rules_standard.json. A NUL follows.
extern const std::string_view standard_rules;

// Parts of rules.cpp.
[[nodiscard]] decision decide(const rules_program& program, std::span<const fact_value> facts,
                              instant now);
void explain_trace(const rules_program& program, std::span<const fact_value> facts, instant now,
                   evaluation& verdict);
[[nodiscard]] std::string find_completing_changes(const rules_program& program,
                                                  std::span<const fact_value> facts, instant now);

// Reads a rule set and checks it.
[[nodiscard]] result<std::shared_ptr<const rules_program>> compile_rules(
    std::string_view json, const ruleset_options& options);

}  // namespace jobqueue::detail
