// The standard set row by row, and what the grammar means.
#include <jobqueue/rules.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "support/golden_jobs.hpp"

namespace jobqueue {
namespace {

using namespace std::chrono_literals;

instant at(std::string_view text) { return parse_instant(text).value(); }

const instant now = test::golden_now;

using test::words;

evaluation judge(std::string_view record, instant when = now) {
  return ruleset::standard().evaluate(record, when).value();
}

class standard_rules : public testing::TestWithParam<test::golden_job> {};

TEST_P(standard_rules, row) {
  EXPECT_EQ(words(judge(GetParam().record)), GetParam().words) << GetParam().record;
}

INSTANTIATE_TEST_SUITE_P(golden, standard_rules, testing::ValuesIn(test::golden_jobs));

TEST(Rules, details_say_what_a_person_needs) {
  EXPECT_EQ(judge(R"({"status":"failed","retry_count":3,"max_retries":3,
                      "error_message":"no \"disk\""})")
                .problem_details,
            R"({"reason":"The job failed and has no retries left","error_message":"no \"disk\"",)"
            R"("retry_count":3,"max_retries":3})");
  const std::string shown =
      judge(R"({"status":"timeout","error_message":")" + std::string(600, 'x') + "\"}")
          .problem_details;
  EXPECT_NE(shown.find(std::string(500, 'x') + "...\""), std::string::npos);
}

TEST(Rules, explanation_of_an_incomplete_job) {
  const auto verdict = ruleset::standard()
                           .evaluate(R"({"status":"completed","workflow_output":"u",
                                         "notification":{"success":false}})",
                                     now, {.explain = true})
                           .value();
  EXPECT_EQ(verdict.would_complete, R"([{"fact":"notification.success","from":false,"to":true}])");
  EXPECT_NE(
      verdict.trace.find(R"({"fact":"notification.success","operator":"equal","fact_value":false,)"
                         R"("value":true,"result":"false"})"),
      std::string::npos);
  EXPECT_EQ(verdict.decided_by,
            R"([{"fact":"status","operator":"in","fact_value":"completed",)"
            R"("value":["completed","complete"],"result":"true"},)"
            R"({"fact":"workflow_output","operator":"hasText","fact_value":"u","value":true,)"
            R"("result":"true"},)"
            R"({"fact":"notification","operator":"exists","fact_value":"{\"success\":false}",)"
            R"("value":true,"result":"true"},)"
            R"({"fact":"notification.success","operator":"equal","fact_value":false,)"
            R"("value":false,"result":"true"}])");
}

TEST(Rules, a_change_of_more_than_three_facts_is_no_small_one) {
  const auto explain = [](std::string_view record) {
    return ruleset::standard().evaluate(record, now, {.explain = true}).value().would_complete;
  };
  EXPECT_EQ(explain(R"({"status":"failed","workflow_output":"u","retry_count":0,"max_retries":3,
                        "notification":{"success":true}})"),
            R"([{"fact":"status","from":"failed","to":"completed"}])");
  EXPECT_EQ(explain(R"({"status":"failed","retry_count":0,"max_retries":3,
                        "notification":{"success":true}})"),
            R"([{"fact":"status","from":"failed","to":"completed"},)"
            R"({"fact":"workflow_output","from":null,"to_any":"text"}])");
  EXPECT_EQ(explain(R"({"status":"failed","retry_count":0,"max_retries":3})"), "");
}

TEST(Rules, withheld_facts_are_asked_for) {
  const ruleset& rules = ruleset::standard();
  record_reader reader(rules);
  std::vector<fact_value> columns(rules.columns().size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (rules.columns()[i] == "status") columns[i] = fact_value::of_text("completed");
    if (rules.columns()[i] == "data") columns[i] = fact_value::withheld();
  }
  const auto facts = reader.read(columns);
  EXPECT_EQ(words(rules.evaluate(facts, now)), "undecided extractable_output");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (rules.columns()[i] == "data") columns[i] = fact_value::of_json(R"({"output":"u"})");
  }
  const auto known = reader.read(columns);
  EXPECT_EQ(words(rules.evaluate(known, now)),
            "incomplete workflow_output_missing -> workflow_output_extraction");
  EXPECT_EQ(rules.definition("extractable_output", known).text, "u");
}

TEST(Rules, parameters_may_be_set) {
  const auto patient =
      ruleset::parse(ruleset::standard_text(), {.parameters = {{"stuck_after", "PT2H"}}}).value();
  const std::string_view record = R"({"status":"running","updated_at":"2026-01-05T10:30:00Z"})";
  EXPECT_EQ(words(patient.evaluate(record, now).value()),
            "undecided until 2026-01-05T12:30:00.000001Z");
  EXPECT_NE(patient.digest(), ruleset::standard().digest());
  EXPECT_EQ(
      ruleset::parse(ruleset::standard_text(), {.parameters = {{"stuck", "PT2H"}}}).problem().code,
      errc::invalid_argument);
}

TEST(Rules, a_record_must_be_an_object) {
  const auto problem = [](std::string_view record) {
    return ruleset::standard().evaluate(record, now).problem();
  };
  EXPECT_EQ(problem("[1]").code, errc::invalid_json);
  EXPECT_EQ(problem(R"({"status":)").offset, 10U);
  EXPECT_EQ(problem("").code, errc::invalid_json);
}

// The truth of one condition over one record: yes, no, unknown.
std::string_view truth_of(const std::string& condition, std::string_view record) {
  const std::string rules = R"([{"name":"it","conditions":)" + condition +
                            R"(,"event":{"type":"v","params":{"status_category":"yes"}}},)" +
                            R"({"conditions":{"all":[]},)" +
                            R"("event":{"type":"v","params":{"status_category":"no"}}}])";
  const auto parsed = ruleset::parse(rules);
  EXPECT_TRUE(parsed) << parsed.problem().message;
  static std::string answer;
  const evaluation verdict = parsed->evaluate(record, now).value();
  answer = verdict.decided ? std::string(verdict.status_category) : "unknown";
  return answer;
}

std::string_view compare(std::string_view fact, std::string_view what, std::string_view value) {
  return truth_of(R"({"fact":"data","operator":")" + std::string(what) + R"(","value":)" +
                      std::string(value) + "}",
                  R"({"data":)" + std::string(fact) + "}");
}

TEST(Rules, records_in_an_array) {
  const ruleset& rules = ruleset::standard();
  const std::string_view canceled = R"({"status":"canceled","note":"a,b]"})";
  const std::string verdict = to_json(rules.evaluate(canceled, now).value());
  std::string out = "before";
  const std::string records = "\xEF\xBB\xBF [ " + std::string(canceled) +
                              " ,7, \"{}\",[{}] ,null\n," + std::string(canceled) + "] ";
  EXPECT_EQ(rules.evaluate_array(records, now, out).value(), 4U);
  const std::string refused = to_json(evaluation_error(rules.evaluate("7", now).problem()));
  std::string wanted = "before[" + verdict;
  for (int i = 0; i < 4; ++i) wanted += "," + refused;
  EXPECT_EQ(out, wanted + "," + verdict + "]");

  out.clear();
  EXPECT_EQ(rules.evaluate_array(" [ ] ", now, out).value(), 0U);
  EXPECT_EQ(out, "[]");
  const struct {
    std::string_view text;
    std::uint64_t offset;
  } bad[] = {{"", 0},
             {"{}", 0},
             {"7", 0},
             {"[", 1},
             {"[{}", 3},
             {"[{},]", 4},
             {"[{} {}]", 4},
             {"[{}]]", 4},
             {"[{}]x", 4},
             {"[\"a]", 4},
             {"[{\"a\":\x1F}]", 6},
             {"[{},tru]", 7},
             {"[,{}]", 1},
             {"[{}}", 3}};
  for (const auto& [text, offset] : bad) {
    out = "before";
    const auto refusal = rules.evaluate_array(text, now, out);
    ASSERT_FALSE(refusal) << text;
    EXPECT_EQ(refusal.problem().code, errc::invalid_json) << text;
    EXPECT_EQ(refusal.problem().offset, offset) << text;
    EXPECT_EQ(out, "before") << text;
  }
}

TEST(RulesOperators, equality_is_strict) {
  EXPECT_EQ(compare("1", "equal", "1.0"), "yes");
  EXPECT_EQ(compare("1", "equal", "\"1\""), "no");
  EXPECT_EQ(compare("true", "equal", "true"), "yes");
  EXPECT_EQ(compare("true", "equal", "1"), "no");
  EXPECT_EQ(compare("\"a\"", "equal", "\"a\""), "yes");
  EXPECT_EQ(compare("\"\\u0061\"", "equal", "\"a\""), "yes");
  EXPECT_EQ(compare("9007199254740993", "equal", "9007199254740992"), "no");
  EXPECT_EQ(compare("9007199254740993", "notEqual", "9007199254740992.0"), "yes");
  EXPECT_EQ(compare("null", "equal", "1"), "unknown");
  EXPECT_EQ(compare("[1]", "equal", "1"), "no");
  EXPECT_EQ(compare("1e400", "equal", "1"), "no");
}

TEST(RulesOperators, order_is_of_numbers_and_of_times) {
  EXPECT_EQ(compare("2", "lessThan", "10"), "yes");
  EXPECT_EQ(compare("\"2\"", "lessThan", "10"), "yes");
  EXPECT_EQ(compare("2", "lessThanInclusive", "2"), "yes");
  EXPECT_EQ(compare("2", "greaterThan", "2"), "no");
  EXPECT_EQ(compare("2.5", "greaterThanInclusive", "2"), "yes");
  EXPECT_EQ(compare("1e400", "greaterThan", "9223372036854775807"), "yes");
  EXPECT_EQ(compare("\"abc\"", "lessThan", "10"), "unknown");
  EXPECT_EQ(compare("true", "lessThan", "10"), "unknown");
  EXPECT_EQ(compare("\"2026-01-05T10:00:00+02:00\"", "equal", "\"2026-01-05T08:00:00Z\""), "no");
  EXPECT_EQ(
      compare("\"2026-01-05T10:00:00+02:00\"", "lessThanInclusive", "\"2026-01-05 08:00:00\""),
      "yes");
}

TEST(RulesOperators, lists_presence_and_patterns) {
  EXPECT_EQ(compare("\"b\"", "in", R"(["a","b"])"), "yes");
  EXPECT_EQ(compare("\"c\"", "in", R"(["a","b"])"), "no");
  EXPECT_EQ(compare("\"c\"", "notIn", R"(["a",1])"), "yes");
  EXPECT_EQ(compare("null", "notIn", R"(["a",1])"), "unknown");
  EXPECT_EQ(compare(R"(["x",[1],{"y":2},3])", "contains", "3"), "yes");
  EXPECT_EQ(compare(R"(["x",[3],{"y":3}])", "contains", "3"), "no");
  EXPECT_EQ(compare("[]", "doesNotContain", "3"), "yes");
  EXPECT_EQ(compare("\"3\"", "contains", "3"), "unknown");
  EXPECT_EQ(compare("null", "exists", "true"), "no");
  EXPECT_EQ(compare("null", "exists", "false"), "yes");
  EXPECT_EQ(compare("\"\"", "exists", "true"), "yes");
  EXPECT_EQ(compare("\"\"", "hasText", "true"), "no");
  EXPECT_EQ(compare("{}", "hasText", "true"), "no");
  EXPECT_EQ(compare("\"out of memory\"", "matches", R"("(?i)OUT\\s+of")"), "yes");
  EXPECT_EQ(compare("7", "matches", "\"7\""), "unknown");
}

TEST(RulesOperators, ages) {
  EXPECT_EQ(compare("\"2026-01-05T11:59:59Z\"", "olderThan", "\"PT0S\""), "yes");
  EXPECT_EQ(compare("\"2026-01-05T12:00:00Z\"", "olderThan", "\"PT0S\""), "no");
  EXPECT_EQ(compare("\"2025-12-29T12:00:00Z\"", "newerThan", "\"P1W\""), "no");
  EXPECT_EQ(compare("\"2025-12-29T12:00:01Z\"", "newerThan", "\"P7D\""), "yes");
  EXPECT_EQ(compare("\"soon\"", "newerThan", "\"P7D\""), "unknown");
  EXPECT_EQ(compare("1e18", "olderThan", "\"P7D\""), "unknown");
}

TEST(RulesLogic, is_that_of_kleene) {
  const std::string yes = R"({"fact":"id","operator":"exists","value":true})";
  const std::string no = R"({"fact":"id","operator":"exists","value":false})";
  const std::string unknown = R"({"fact":"name","operator":"equal","value":"x"})";
  const auto of = [](const std::string& word, const std::string& a, const std::string& b) {
    return truth_of("{\"" + word + "\":[" + a + ',' + b + "]}", R"({"id":1})");
  };
  EXPECT_EQ(of("all", yes, unknown), "unknown");
  EXPECT_EQ(of("all", unknown, no), "no");
  EXPECT_EQ(of("any", unknown, yes), "yes");
  EXPECT_EQ(of("any", no, unknown), "unknown");
  EXPECT_EQ(truth_of("{\"not\":" + unknown + "}", R"({"id":1})"), "unknown");
  EXPECT_EQ(truth_of("{\"not\":{\"all\":[" + yes + ",{\"not\":" + no + "}]}}", R"({"id":1})"),
            "no");
}

TEST(RulesPaths, children_elements_and_the_last) {
  const auto at_path = [](std::string_view path, std::string_view data) {
    return truth_of(
        R"({"fact":"data","path":")" + std::string(path) + R"(","operator":"equal","value":"x"})",
        R"({"data":)" + std::string(data) + "}");
  };
  EXPECT_EQ(at_path("$.a.b", R"({"a":{"b":"x"}})"), "yes");
  EXPECT_EQ(at_path("$.a[1]", R"({"a":["y","x","z"]})"), "yes");
  EXPECT_EQ(at_path("$.a[-1]", R"({"a":["x",["x"],"x"]})"), "yes");
  EXPECT_EQ(at_path("$.a[-1].b", R"({"a":[{"b":"x"},{"c":1}]})"), "unknown");
  EXPECT_EQ(at_path("$['a b'].c", R"({"a b":{"c":"x"}})"), "yes");
  EXPECT_EQ(at_path("$[0]", R"(["x"])"), "yes");
  EXPECT_EQ(at_path("$.a", R"({"\u0061":"x"})"), "yes");
  EXPECT_EQ(at_path("$.a", R"({"b":{"a":"x"}})"), "unknown");
  EXPECT_EQ(at_path("$.a", R"([])"), "unknown");
}

struct refusal {
  std::string rules;
  std::string_view where;
  std::string_view why;
};

TEST(RulesCheck, what_is_wrong_is_said_with_its_place) {
  const std::string last = R"({"name":"last","conditions":{"all":[]},)"
                           R"("event":{"type":"v","params":{"status_category":null}}})";
  const std::string event = R"("event":{"type":"v","params":{"status_category":"x"}})";
  const auto one = [&](const std::string& condition) {
    return "[\n{\"conditions\":" + condition + "," + event + "},\n" + last + "]";
  };
  const auto test = [&](const std::string& members) {
    return one("{\"fact\":\"status\"," + members + "}");
  };
  const refusal refusals[] = {
      {"[", "line 1, column 2", "no JSON"},
      {"[]", "line 1, column 1", "no rule"},
      {one(R"({"fact":"state","operator":"exists","value":true})"), "line 2, column 23",
       "no record has a fact 'state'"},
      {test(R"("operator":"equals","value":1)"), "line 2, column 43", "no operator 'equals'"},
      {test(R"("operator":"equal")"), "line 2, column 15", "'value' is missing"},
      {test(R"("operator":"equal","value":null)"), "line 2, column 59", "null is nothing"},
      {test(R"("operator":"equal","value":[1])"), "line 2, column 59", "takes no array"},
      {test(R"("operator":"in","value":"x")"), "line 2, column 56", "take an array"},
      {test(R"("operator":"in","value":[])"), "line 2, column 56", "empty"},
      {test(R"("operator":"lessThan","value":"x")"), "line 2, column 62", "numbers and times"},
      {test(R"("operator":"olderThan","value":"P1M")"), "line 2, column 63", "ISO 8601"},
      {test(R"("operator":"matches","value":"(")"), "line 2, column 61", "RE2"},
      {test(R"("operator":"exists","value":"x")"), "line 2, column 60", "true or false"},
      {test(R"("operator":"exists","value":{"fact":"id"})"), "line 2, column 60", "a constant"},
      {test(R"("operator":"equal","value":{"parameter":"p"})"), "line 2, column 72",
       "no such parameter"},
      {test(R"("path":"status","operator":"exists")"), "line 2, column 39", "a path is written"},
      {test(R"("operator":"exists","values":true)"), "line 2, column 52", "no member 'values'"},
      {one(R"({"condition":"c"})"), "line 2, column 28", "no such entry"},
      {one(R"({"some":[]})"), "line 2, column 16", "'all', 'any', 'not'"},
      {one(R"({"any":[]})"), "line 2, column 22", "never holds"},
      {"[" + last + "," + last + "]", "line 1, column 97", "there is a rule 'last' already"},
      {"[{\"conditions\":{\"all\":[]}," + event + "},\n" + last + "]", "line 2, column 1",
       "can never decide: rule 'rule 1'"},
      {"[{\"conditions\":{\"fact\":\"id\",\"operator\":\"exists\"}," + event + "}]",
       "line 1, column 2", "the last rule must hold"},
      {R"({"version":2,"rules":[]})", "line 1, column 12", "version 1"},
      {R"({"rule":[]})", "line 1, column 2", "no member 'rule'"},
  };
  for (const refusal& refused : refusals) {
    const auto parsed = ruleset::parse(refused.rules);
    ASSERT_FALSE(parsed) << refused.rules;
    const error& problem = parsed.problem();
    EXPECT_EQ(problem.code,
              refused.why.starts_with("no record") ? errc::unknown_fact : errc::ruleset_invalid);
    EXPECT_TRUE(problem.message.starts_with(std::string(refused.where) + ": "))
        << refused.rules << '\n'
        << problem.message;
    EXPECT_NE(problem.message.find(refused.why), std::string::npos) << problem.message;
    EXPECT_LE(problem.offset, refused.rules.size());
  }
}

TEST(RulesCheck, a_rule_that_asks_for_more_than_one_before_it_is_shadowed) {
  const auto rule = [](const std::string& conditions) {
    return R"({"conditions":{"all":[)" + conditions +
           R"(]},"event":{"type":"v","params":{"status_category":"x"}}})";
  };
  const std::string a = R"({"fact":"id","operator":"exists"})";
  const std::string b = R"({"fact":"status","operator":"in","value":["y","x"]})";
  const std::string same_b = R"({"fact":"status","operator":"in","value":["x","y"]})";
  EXPECT_FALSE(ruleset::parse("[" + rule(b) + "," + rule(a + "," + same_b) + "," + rule("") + "]"));
  EXPECT_TRUE(ruleset::parse("[" + rule(a + "," + b) + "," + rule(same_b) + "," + rule("") + "]"));
}

TEST(RulesCheck, limits_hold) {
  std::string deep = R"({"fact":"id","operator":"exists"})";
  for (int i = 0; i < 16; ++i) deep = "{\"not\":" + deep + "}";
  EXPECT_EQ(truth_of(deep, R"({"id":1})"), "yes");
  const std::string rest = R"(,"event":{"type":"v","params":{"status_category":"x"}}}])";
  EXPECT_FALSE(ruleset::parse(R"([{"conditions":{"not":)" + deep + "}" + rest));
  const std::string loop = R"({"conditions":{"a":{"condition":"b"},"b":{"condition":"a"}},)"
                           R"("rules":[{"conditions":{"condition":"a"})" +
                           rest + "}";
  EXPECT_NE(ruleset::parse(loop).problem().message.find("16 times"), std::string::npos);
  EXPECT_FALSE(ruleset::parse(std::string(ruleset_limits::max_file_bytes + 1, ' ')));
}

TEST(Instants, are_read_as_databases_and_services_write_them) {
  const auto micros = [](std::string_view text) {
    return parse_instant(text).value().time_since_epoch().count();
  };
  EXPECT_EQ(micros("1970-01-01"), 0);
  EXPECT_EQ(micros("1970-01-01T00:00:01Z"), 1000000);
  EXPECT_EQ(micros("1970-01-01 02:00:00.5+02"), 500000);
  EXPECT_EQ(micros("1970-01-01T00:00:00.1234567Z"), 123456);
  EXPECT_EQ(micros("1969-12-31T23:59:59-00:30"), 1799000000);
  EXPECT_EQ(micros("2024-02-29T00:00Z"), 1709164800000000);
  for (const std::string_view bad :
       {"", "2026", "2026-02-30", "2026-01-05T24:00:00Z", "2026-01-05T12:00:00Zx", "2026-1-5",
        "2026-01-05T12:00:00+9", "0000-01-01", "now", "2026-01-05T12:00:00."}) {
    EXPECT_FALSE(parse_instant(bad)) << bad;
  }
  EXPECT_EQ(format_instant(at("1969-12-31T23:59:59.25Z")), "1969-12-31T23:59:59.250000Z");
}

TEST(Durations, are_iso_8601_without_months) {
  EXPECT_EQ(parse_iso_duration("PT30M").value(), 30min);
  EXPECT_EQ(parse_iso_duration("P1DT1H1M1S").value(), 25h + 61s);
  EXPECT_EQ(parse_iso_duration("P2W").value(), 336h);
  for (const std::string_view bad :
       {"", "P", "PT", "30M", "P1M", "P1Y", "PT-1H", "PT1.5H", "PT1H1H", "P1H", "PT1D", "P1DT",
        "P36501D", "PT99999999999999999999S"}) {
    EXPECT_FALSE(parse_iso_duration(bad)) << bad;
  }
}

}  // namespace
}  // namespace jobqueue
