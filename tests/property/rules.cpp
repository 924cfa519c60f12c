// Random rule sets over random records: evaluation is total and deterministic, its two ways agree,
// and what an explanation promises holds.
#include <jobqueue/rules.hpp>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/random_documents.hpp"

namespace jobqueue {
namespace {

using json = nlohmann::json;

const instant now = parse_instant("2026-01-05T12:00:00Z").value();

class rules_property : public testing::Test {
 protected:
  rules_property() : seed_(test::seed_from_environment()), engine_(seed_) {
    RecordProperty("seed", std::to_string(seed_));
  }

  std::size_t below(std::size_t count) { return engine_() % count; }
  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[below(list.size())];
  }

  json scalar() {
    return pick(std::vector<json>{"completed", "failed", "", "3", "2026-01-05T11:00:00Z", 3, 2.5,
                                  -1, true, false, 1767609000000, 1e300});
  }
  json value(int depth) {
    if (depth > 2 || below(3) != 0) return below(6) == 0 ? json() : scalar();
    if (below(2) == 0) {
      json list = json::array();
      for (std::size_t i = below(4); i > 0; --i) list.push_back(value(depth + 1));
      return list;
    }
    json object = json::object();
    for (std::size_t i = below(4); i > 0; --i) {
      object[pick(std::vector<std::string>{"a", "b", "src"})] = value(depth + 1);
    }
    return object;
  }
  json record() {
    json made = json::object();
    for (const char* name : {"status", "data", "retry_count", "updated_at", "notification"}) {
      if (below(3) != 0) made[name] = value(0);
    }
    return made;
  }

  json condition(int depth) {
    if (depth < 4 && below(3) == 0) {
      if (below(3) == 0) return {{"not", condition(depth + 1)}};
      json list = json::array();
      for (std::size_t i = below(3) + 1; i > 0; --i) list.push_back(condition(depth + 1));
      return {{below(2) == 0 ? "all" : "any", list}};
    }
    json made{{"fact", pick(std::vector<std::string>{"status", "data", "retry_count", "updated_at",
                                                     "notification"})}};
    if (below(2) == 0) {
      made["path"] = pick(std::vector<std::string>{"$.a", "$.a[-1]", "$.b[0].src", "$[1]", "$"});
    }
    switch (below(6)) {
      case 0:
        made["operator"] = pick(std::vector<std::string>{"exists", "hasText"});
        made["value"] = below(2) == 0;
        break;
      case 1:
        made["operator"] = pick(std::vector<std::string>{"in", "notIn"});
        made["value"] = json::array({scalar(), scalar()});
        break;
      case 2:
        made["operator"] = pick(std::vector<std::string>{"olderThan", "newerThan"});
        made["value"] = pick(std::vector<std::string>{"PT1H", "PT0S", "P30D"});
        break;
      case 3:
        made["operator"] = pick(std::vector<std::string>{"lessThan", "greaterThanInclusive"});
        made["value"] = 3;
        break;
      case 4:
        made["operator"] = "lessThan";
        made["value"] = {{"fact", "retry_count"}};
        break;
      default:
        made["operator"] = pick(std::vector<std::string>{"equal", "notEqual", "contains"});
        made["value"] = scalar();
        break;
    }
    return made;
  }

  std::string rules() {
    json list = json::array();
    for (std::size_t i = below(5) + 1; i > 0; --i) {
      const char* category = below(2) == 0 ? "complete" : "incomplete";
      list.push_back({{"conditions", condition(0)},
                      {"event", {{"type", "v"}, {"params", {{"status_category", category}}}}}});
    }
    list.push_back({{"conditions", {{"all", json::array()}}},
                    {"event", {{"type", "v"}, {"params", {{"status_category", nullptr}}}}}});
    return list.dump();
  }

  // The columns of a record as a database gives them.
  static std::vector<fact_value> columns(const ruleset& set, const json& record,
                                         std::vector<std::string>& texts) {
    std::vector<fact_value> out;
    texts.reserve(set.columns().size());
    for (const std::string& name : set.columns()) {
      const json one = record.value(name, json());
      if (one.is_boolean()) {
        out.push_back(fact_value::of_boolean(one));
      } else if (one.is_number_integer()) {
        out.push_back(fact_value::of_integer(one));
      } else if (one.is_number()) {
        out.push_back(fact_value::of_real(one));
      } else if (one.is_string()) {
        out.push_back(fact_value::of_text(texts.emplace_back(one.get<std::string>())));
      } else if (one.is_structured()) {
        out.push_back(fact_value::of_json(texts.emplace_back(one.dump())));
      } else {
        out.push_back(fact_value::absent());
      }
    }
    return out;
  }

  // With the changes that an explanation names, a job is complete.
  static void expect_completes(const ruleset& set, std::span<const fact_value> known,
                               const json& changes) {
    std::vector<fact_value> facts(known.begin(), known.end());
    for (const json& change : changes) {
      std::size_t at = 0;
      while (at < facts.size() && set.facts()[at].name != change["fact"]) ++at;
      ASSERT_LT(at, facts.size());
      if (!change.contains("to")) {
        facts[at] = fact_value::of_text("any text");
        continue;
      }
      const json& to = change["to"];
      if (to.is_boolean()) {
        facts[at] = fact_value::of_boolean(to);
      } else if (to.is_number_integer()) {
        facts[at] = fact_value::of_integer(to);
      } else if (to.is_number()) {
        facts[at] = fact_value::of_real(to);
      } else {
        facts[at] = fact_value::of_text(to.get_ref<const std::string&>());
      }
    }
    EXPECT_EQ(set.evaluate(facts, now).status_category, "complete") << changes;
  }

  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

TEST_F(rules_property, evaluation_is_total_deterministic_and_explained) {
  std::size_t sets = 0;
  std::size_t decided = 0;
  std::size_t completed_by_change = 0;
  for (std::size_t i = 0; i < test::repeated(1500) && !HasFailure(); ++i) {
    const std::string text = rules();
    const auto set = ruleset::parse(text);
    if (!set) {  // a rule that is shadowed by another
      ASSERT_EQ(set.problem().code, errc::ruleset_invalid) << set.problem().message << text;
      ASSERT_NE(set.problem().message.find("never decide"), std::string::npos)
          << set.problem().message;
      continue;
    }
    ++sets;
    record_reader reader(*set);
    std::string records;
    std::string verdicts;
    for (int k = 0; k < 20 && !HasFailure(); ++k) {
      const json made = record();
      const std::string line = made.dump();
      SCOPED_TRACE("seed " + std::to_string(seed_) + "\n" + text + "\n" + line);
      const evaluation verdict = set->evaluate(line, now).value();
      const std::string once = to_json(verdict);
      EXPECT_EQ(to_json(set->evaluate(line, now).value()), once);
      records += (records.empty() ? "[" : ",") + line;
      verdicts += (verdicts.empty() ? "[" : ",") + once;
      std::vector<std::string> texts;
      const auto typed = columns(*set, made, texts);
      EXPECT_EQ(to_json(set->evaluate(reader.read(typed), now)), once);
      decided += verdict.decided ? 1 : 0;
      EXPECT_TRUE(verdict.decided || verdict.status_category.empty());
      // At the instant that it names, and not before, an undecided job may become another.
      if (!verdict.decided && verdict.look_again_at) {
        EXPECT_GT(*verdict.look_again_at, now);
        const instant before = *verdict.look_again_at - std::chrono::microseconds(1);
        const evaluation still = set->evaluate(line, before).value();
        EXPECT_EQ(still.decided, verdict.decided);
        EXPECT_EQ(still.rule, verdict.rule);
      }
      const evaluation explained = set->evaluate(line, now, {.explain = true}).value();
      EXPECT_EQ(explained.rule, verdict.rule);
      EXPECT_EQ(explained.problem_details, verdict.problem_details);
      const json trace = json::parse(explained.trace);
      EXPECT_EQ(trace.back()["rule"], std::string(verdict.rule));
      EXPECT_EQ(trace.back()["conditions"], json::parse(explained.decided_by));
      if (!explained.would_complete.empty()) {
        const json changes = json::parse(explained.would_complete);
        EXPECT_GE(changes.size(), 1U);
        EXPECT_LE(changes.size(), 3U);
        ++completed_by_change;
        expect_completes(*set, reader.read(typed), changes);
      }
    }
    std::string all;
    EXPECT_EQ(set->evaluate_array(records + "]", now, all).value(), 0U);
    EXPECT_EQ(all, verdicts + "]");
  }
  EXPECT_GT(sets, 200U);
  EXPECT_GT(decided, 1000U);
  EXPECT_GT(completed_by_change, 500U);
}

}  // namespace
}  // namespace jobqueue
