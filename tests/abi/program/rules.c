/* Rule sets. */
#include <string.h>

#include "check.h"

static jobqueue_evaluate_options at_noon(void) {
  jobqueue_evaluate_options options = JOBQUEUE_EVALUATE_OPTIONS_INIT;
  options.now_micros = 1767614400000000; /* 2026-01-05T12:00:00Z */
  return options;
}

#define EXHAUSTED "{\"status\":\"failed\",\"retry_count\":3,\"max_retries\":3}"
#define EXHAUSTED_VERDICT                                                       \
  "{\"status_category\":\"incomplete\",\"problem_type\":\"retries_exhausted\"," \
  "\"problem_details\":{\"reason\":\"The job failed and has no retries left\"," \
  "\"retry_count\":3,\"max_retries\":3},\"resolution_needed\":null,"            \
  "\"rule\":\"retries_exhausted\"}"
#define WAITING "{\"status\":\"running\",\"updated_at\":\"2026-01-05T11:30:00Z\"}"
#define WAITING_VERDICT                                                       \
  "{\"status_category\":null,\"problem_type\":null,\"problem_details\":null," \
  "\"resolution_needed\":null,\"rule\":\"undecided\",\"missing_facts\":[],"   \
  "\"next_evaluation_at\":\"2026-01-05T12:30:00.000001Z\"}"

void test_rules_evaluate(void) {
  jobqueue_ruleset* rules = NULL;
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  jobqueue_evaluate_options options = at_noon();
  size_t failed = 99;
  const char* lines = EXHAUSTED "\n\n{]\n" WAITING;

  CHECK(jobqueue_ruleset_parse(&rules, NULL, 0, NULL, &error) == JOBQUEUE_OK);
  CHECK(strlen(jobqueue_ruleset_digest(rules)) == 64);
  CHECK(jobqueue_ruleset_evaluate(&out, rules, EXHAUSTED, strlen(EXHAUSTED), &options, &error) ==
        JOBQUEUE_OK);
  CHECK(holds(&out, EXHAUSTED_VERDICT));
  CHECK(jobqueue_ruleset_evaluate_lines(&out, &failed, rules, lines, strlen(lines), &options,
                                        &error) == JOBQUEUE_OK);
  CHECK(failed == 1);
  CHECK(holds(&out, EXHAUSTED_VERDICT
              "\n{\"status_category\":\"incomplete\",\"problem_type\":\"evaluation_error\","
              "\"problem_details\":{\"reason\":\"expected an object key in quotes or '}'\","
              "\"code\":\"INVALID_JSON\","
              "\"offset\":1},\"resolution_needed\":null,\"rule\":null}\n" WAITING_VERDICT "\n"));

  CHECK(jobqueue_ruleset_evaluate_array(&out, &failed, rules, "[" EXHAUSTED ",{},7]",
                                        strlen("[" EXHAUSTED ",{},7]"), &options,
                                        &error) == JOBQUEUE_OK);
  CHECK(failed == 1);
  CHECK(strncmp(out.data, "[" EXHAUSTED_VERDICT ",", strlen(EXHAUSTED_VERDICT) + 2) == 0);
  CHECK(failed_with(
      JOBQUEUE_E_INVALID_JSON,
      jobqueue_ruleset_evaluate_array(&out, NULL, rules, "[{},]", 5, &options, &error), &error));
  CHECK(error.offset == 4 && out.data[0] == '[');

  options.flags = JOBQUEUE_EVALUATE_EXPLAIN;
  CHECK(jobqueue_ruleset_evaluate(&out, rules, EXHAUSTED, strlen(EXHAUSTED), &options, NULL) ==
        JOBQUEUE_OK);
  CHECK(strstr(out.data,
               "\"decided_by\":[{\"fact\":\"status\",\"operator\":\"equal\","
               "\"fact_value\":\"failed\",\"value\":\"failed\",\"result\":\"true\"}") != NULL);

  CHECK(jobqueue_buffer_assign(&out, "before", 6) == JOBQUEUE_OK);
  CHECK(failed_with(JOBQUEUE_E_INVALID_JSON,
                    jobqueue_ruleset_evaluate(&out, rules, "[1]", 3, &options, &error), &error));
  CHECK(error.offset == 0 && holds(&out, "before"));
  jobqueue_ruleset_free(rules);
  jobqueue_buffer_dispose(&out);
}

void test_rules_parse(void) {
  jobqueue_ruleset* rules = NULL;
  jobqueue_ruleset* patient = NULL;
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  jobqueue_ruleset_options options = JOBQUEUE_RULESET_OPTIONS_INIT;
  jobqueue_evaluate_options noon = at_noon();
  jobqueue_parameter parameter = {{"stuck_after", 11}, {"PT10M", 5}};
  const char* text = jobqueue_standard_rules();
  const char* unknown =
      "[{\"conditions\":{\"fact\":\"state\",\"operator\":\"exists\"},\"event\":{}}]";

  options.parameters = &parameter;
  options.parameter_count = 1;
  CHECK(jobqueue_ruleset_parse(&rules, text, strlen(text), NULL, NULL) == JOBQUEUE_OK);
  CHECK(jobqueue_ruleset_parse(&patient, text, strlen(text), &options, NULL) == JOBQUEUE_OK);
  CHECK(strcmp(jobqueue_ruleset_digest(rules), jobqueue_ruleset_digest(patient)) != 0);
  CHECK(jobqueue_ruleset_evaluate(&out, patient, WAITING, strlen(WAITING), &noon, NULL) ==
        JOBQUEUE_OK);
  CHECK(strstr(out.data, "stuck_processing") != NULL);
  jobqueue_ruleset_free(patient);

  patient = NULL;
  parameter.name = string_of("stuck");
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_ruleset_parse(&patient, NULL, 0, &options, &error), &error));
  options.parameters = NULL;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_ruleset_parse(&patient, NULL, 0, &options, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_RULESET_INVALID,
                    jobqueue_ruleset_parse(&patient, "[]", 2, NULL, &error), &error));
  CHECK(error.offset == 0 && strstr(error.message, "line 1, column 1") != NULL);
  CHECK(failed_with(JOBQUEUE_E_UNKNOWN_FACT,
                    jobqueue_ruleset_parse(&patient, unknown, strlen(unknown), NULL, &error),
                    &error));
  CHECK(error.offset == 23);
  CHECK(patient == NULL);

  /* What cannot be. */
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_ruleset_parse(NULL, NULL, 0, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_ruleset_parse(&patient, NULL, 1, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_ruleset_evaluate(&out, NULL, "{}", 2, &noon, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_ruleset_evaluate(&out, rules, "{}", 2, NULL, &error), &error));
  noon.flags = 2;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_ruleset_evaluate(&out, rules, "{}", 2, &noon, &error), &error));
  noon.flags = 0;
  noon.struct_size = 1;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_ruleset_evaluate(&out, rules, "{}", 2, &noon, &error), &error));
  CHECK(strcmp(jobqueue_ruleset_digest(NULL), "") == 0);
  jobqueue_ruleset_free(NULL);
  jobqueue_ruleset_free(rules);
  jobqueue_buffer_dispose(&out);
}
