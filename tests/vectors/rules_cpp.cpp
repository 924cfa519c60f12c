#include <jobqueue/rules.hpp>

#include "vectors/rules_runner.hpp"

int main(int argc, char** argv) {
  using namespace jobqueue;
  return test::run_rules_vectors(
      argc, argv, [](const std::string& record, const std::string& now) -> test::rules_answer {
        const auto verdict =
            ruleset::standard().evaluate(record, parse_instant(now).value(), {.explain = true});
        if (verdict) return {to_json(*verdict), {}, 0};
        const error& problem = verdict.problem();
        return {{}, std::string(error_name(problem.code)), problem.offset};
      });
}
