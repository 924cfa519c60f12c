// Why a verdict is what it is, and what would make it another.
#include <algorithm>
#include <array>
#include <utility>

#include "core/json_text.hpp"
#include "core/rules_program.hpp"
#include "core/rules_value.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::size_t max_value_bytes = 200;    // of one value in a trace
constexpr std::size_t max_changes = 3;          // at once
constexpr std::size_t max_candidates = 48;      // single changes that are tried
constexpr std::size_t max_evaluations = 20000;  // of sets of changes
constexpr std::string_view any_text = "(any text)";

std::string_view truth_word(truth value) {
  return value == truth::yes ? "true" : value == truth::no ? "false" : "unknown";
}

void append_operand(std::string& out, const rules_program& program, const rule_test& test,
                    std::span<const fact_value> facts) {
  if (test.other_fact != no_index) {
    out += ",\"value_fact\":";
    append_json_string(out, fact_name(program, test.other_fact));
    out += ",\"value\":";
    append_fact(out, value_of(program, test.other_fact, facts), max_value_bytes);
    return;
  }
  out += ",\"value\":";
  if (test.constants.empty()) {
    out += test.wanted ? "true" : "false";
  } else if (test.what == test_operator::in || test.what == test_operator::not_in) {
    out += '[';
    for (std::size_t i = 0; i < test.constants.size(); ++i) {
      if (i != 0) out += ',';
      out += test.constants[i].written;
    }
    out += ']';
  } else {
    out += test.constants.front().written;
  }
}

// One value that a fact could have instead.
struct change {
  std::uint32_t fact = 0;
  fact_value value;
  std::string text;       // what `value` refers to
  bool any_text = false;  // it stands for any text
};

// Tries changes of facts of records, one, two and three at a time, until the verdict is `complete`.
class change_finder {
 public:
  change_finder(const rules_program& program, std::span<const fact_value> facts, instant now)
      : program_(program), now_(now), facts_(facts.begin(), facts.end()) {
    facts_.resize(program.facts.size());
  }

  // A JSON array, or nothing if none is found.
  std::string find() {
    // What completes a job comes first, then what the rules before it ask for.
    for (const bool completing : {true, false}) {
      for (const rule& one : program_.rules) {
        if ((one.verdict.status_category == "complete") == completing) collect(one);
      }
    }
    for (std::size_t count = 1; count <= std::min(max_changes, candidates_.size()); ++count) {
      if (try_sets_of(count)) return written();
    }
    return {};
  }

 private:
  void collect(const rule& rule) {
    for (std::uint32_t at = rule.begin; at < rule.end; ++at) {
      if (program_.nodes[at].of != condition_node::kind::test) continue;
      const rule_test& test = program_.tests[program_.nodes[at].test];
      collect(test);
    }
  }

  void collect(const rule_test& test) {
    // A derived fact changes with what it is made of.
    std::vector<std::uint32_t> facts{test.fact};
    if (test.fact >= program_.facts.size()) {
      facts = program_.derived[test.fact - program_.facts.size()].from;
    }
    for (const std::uint32_t fact : facts) {
      switch (test.what) {
        case test_operator::exists:
        case test_operator::has_text:
          add({fact, fact_value::of_text({}), std::string(any_text), true});
          break;
        case test_operator::in:
        case test_operator::equal:
          if (!test.constants.empty()) add(constant(fact, test.constants.front()));
          break;
        case test_operator::less:
        case test_operator::greater_or_equal:
        case test_operator::less_or_equal:
        case test_operator::greater: add_near(fact, test); break;
        case test_operator::newer_than: add(time(fact, now_)); break;
        case test_operator::older_than: add(time(fact, older_by(test.micros))); break;
        default: break;
      }
    }
  }

  static change constant(std::uint32_t fact, const rule_constant& one) {
    return {fact, one.value, one.text, false};
  }

  [[nodiscard]] instant older_by(std::int64_t micros) const {
    std::int64_t when = 0;
    if (__builtin_sub_overflow(now_.time_since_epoch().count(), micros + 1, &when)) return now_;
    return instant(std::chrono::microseconds(when));
  }

  // As text, because that is how it is shown.
  static change time(std::uint32_t fact, instant when) {
    return {fact, fact_value::of_text({}), format_instant(when), false};
  }

  // The limit itself, and what is next to it on either side.
  void add_near(std::uint32_t fact, const rule_test& test) {
    const fact_value limit = test.other_fact != no_index
                                 ? value_of(program_, test.other_fact, facts_)
                             : test.constants.empty() ? fact_value::absent()
                                                      : test.constants.front().value;
    if (limit.of != fact_value::kind::integer) return;
    for (const std::int64_t step : {-1, 0, 1}) {
      std::int64_t near = 0;
      if (__builtin_add_overflow(limit.integer, step, &near)) continue;
      add({fact, fact_value::of_integer(near), {}, false});
    }
  }

  void add(change one) {
    if (candidates_.size() == max_candidates) return;
    if (one.value.of == fact_value::kind::text) one.value.text = one.text;
    const bool same = std::any_of(candidates_.begin(), candidates_.end(), [&](const change& other) {
      return other.fact == one.fact && other.any_text == one.any_text &&
             equal_values(other.value, one.value) == truth::yes;
    });
    if (same || equal_values(facts_[one.fact], one.value) == truth::yes) return;
    candidates_.push_back(std::move(one));
    for (change& each : candidates_) {  // the texts have moved
      if (each.value.of == fact_value::kind::text) each.value.text = each.text;
    }
  }

  bool try_sets_of(std::size_t count) {
    std::array<std::size_t, max_changes> chosen{};
    for (std::size_t i = 0; i < count; ++i) chosen[i] = i;
    for (;;) {
      if (++evaluations_ > max_evaluations) return false;
      if (completes(std::span(chosen).first(count))) {
        found_.assign(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(count));
        return true;
      }
      // The next combination, in order.
      std::size_t i = count;
      while (i > 0 && chosen[i - 1] == candidates_.size() - count + i - 1) --i;
      if (i == 0) return false;
      ++chosen[i - 1];
      for (std::size_t k = i; k < count; ++k) chosen[k] = chosen[k - 1] + 1;
    }
  }

  bool completes(std::span<const std::size_t> chosen) {
    std::array<fact_value, max_changes> before;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const change& one = candidates_[chosen[i]];
      for (std::size_t k = 0; k < i; ++k) {
        if (candidates_[chosen[k]].fact == one.fact) {
          restore(chosen, before, i);
          return false;
        }
      }
      before[i] = std::exchange(facts_[one.fact], one.value);
    }
    const decision verdict = decide(program_, facts_, now_);
    restore(chosen, before, chosen.size());
    return verdict.holds == truth::yes &&
           program_.rules[verdict.rule].verdict.status_category == "complete";
  }

  void restore(std::span<const std::size_t> chosen,
               const std::array<fact_value, max_changes>& before, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) facts_[candidates_[chosen[i]].fact] = before[i];
  }

  [[nodiscard]] std::string written() const {
    std::string out = "[";
    for (const std::size_t index : found_) {
      const change& one = candidates_[index];
      if (out.size() > 1) out += ',';
      out += "{\"fact\":";
      append_json_string(out, fact_name(program_, one.fact));
      out += ",\"from\":";
      append_fact(out, facts_[one.fact], max_value_bytes);
      if (one.any_text) {
        out += ",\"to_any\":\"text\"}";
      } else {
        out += ",\"to\":";
        append_fact(out, one.value, max_value_bytes);
        out += '}';
      }
    }
    return out + ']';
  }

  const rules_program& program_;
  instant now_;
  std::vector<fact_value> facts_;
  std::vector<change> candidates_;
  std::vector<std::size_t> found_;
  std::size_t evaluations_ = 0;
};

}  // namespace

void explain_trace(const rules_program& program, std::span<const fact_value> facts, instant now,
                   evaluation& verdict) {
  std::string& out = verdict.trace = "[";
  for (const rule& one : program.rules) {
    std::string conditions;
    const auto saw = [&](const rule_test& test, truth value) {
      conditions += conditions.empty() ? "{\"fact\":" : ",{\"fact\":";
      append_json_string(conditions, fact_name(program, test.fact));
      conditions += ",\"operator\":\"";
      conditions += operator_name(test.what);
      conditions += "\",\"fact_value\":";
      append_fact(conditions, value_of(program, test.fact, facts), max_value_bytes);
      append_operand(conditions, program, test, facts);
      conditions += ",\"result\":\"";
      conditions += truth_word(value);
      conditions += "\"}";
    };
    const truth value = run_rule(program, one, facts, now, saw);
    out += out.size() > 1 ? ",{\"rule\":" : "{\"rule\":";
    append_json_string(out, one.name);
    out += ",\"result\":\"";
    out += truth_word(value);
    verdict.decided_by = '[' + conditions + ']';
    out += "\",\"conditions\":" + verdict.decided_by + '}';
    if (value != truth::no) break;
  }
  out += ']';
}

std::string find_completing_changes(const rules_program& program, std::span<const fact_value> facts,
                                    instant now) {
  return change_finder(program, facts, now).find();
}

}  // namespace jobqueue::detail
