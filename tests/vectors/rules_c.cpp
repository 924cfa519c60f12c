#include <jobqueue/jobqueue.h>

#include "vectors/rules_runner.hpp"

int main(int argc, char** argv) {
  jobqueue_ruleset* rules = nullptr;
  if (jobqueue_ruleset_parse(&rules, nullptr, 0, nullptr, nullptr) != JOBQUEUE_OK) return 1;
  const int code = jobqueue::test::run_rules_vectors(
      argc, argv,
      [&](const std::string& record, const std::string& now) -> jobqueue::test::rules_answer {
        // The one instant of the file, which C gives as a number.
        if (now != "2026-01-05T12:00:00Z") return {};
        jobqueue_evaluate_options options = JOBQUEUE_EVALUATE_OPTIONS_INIT;
        options.now_micros = 1767614400000000;
        jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
        jobqueue_error error;
        const jobqueue_status status =
            jobqueue_ruleset_evaluate(&out, rules, record.data(), record.size(), &options, &error);
        if (status != JOBQUEUE_OK) return {{}, jobqueue_status_name(status), error.offset};
        std::string verdict(out.data, out.size);
        jobqueue_buffer_dispose(&out);
        return {verdict, {}, 0};
      });
  jobqueue_ruleset_free(rules);
  return code;
}
