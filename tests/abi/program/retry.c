/* Retries. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define ORIGINAL "{\"outputs\":[1.0],\"collectionId\":\"c\"}"
#define AFTER                                                                        \
  "{\"outputs\":\"u\",\"collectionId\":\"c\",\"retry_execution_data\":\"u\","        \
  "\"last_retry_attempt\":2,\"retry_completed_at\":\"2026-01-05T12:00:00.000001Z\"," \
  "\"retry_replaced\":{\"2\":{\"outputs\":[1.0]}}}"
#define JOB "{\"ctx\":\"{\",\"retry_count\":\"3\"}"
#define NOON 1767614400000001

void test_retry(void) {
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  uint64_t attempt = 9;
  char* original = exact_text(ORIGINAL);
  char* job = exact_text(JOB);

  CHECK(jobqueue_preserve_job_data(&out, original, strlen(ORIGINAL), " \"u\"\n", 5, 2, NOON,
                                   &error) == JOBQUEUE_OK);
  CHECK(holds(&out, AFTER));
  /* The input may be what the output replaces. */
  CHECK(jobqueue_preserve_job_data(&out, out.data, out.size, "\"u\"", 3, 2, NOON, NULL) ==
        JOBQUEUE_OK);
  CHECK(holds(&out, AFTER));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_preserve_job_data(&out, out.data, out.size, "1", 1, 1, NOON, &error),
                    &error));
  CHECK(strstr(error.message, "later attempt") != NULL && holds(&out, AFTER));
  CHECK(failed_with(JOBQUEUE_E_INVALID_JSON,
                    jobqueue_preserve_job_data(&out, "{}", 2, "[1", 2, 1, NOON, &error), &error));
  CHECK(error.offset == 2 && strstr(error.message, "result: ") == error.message);
  CHECK(failed_with(
      JOBQUEUE_E_INVALID_ARGUMENT,
      jobqueue_preserve_job_data(&out, "{}", 2, "1", 1, JOBQUEUE_MAX_ATTEMPT + 1, NOON, &error),
      &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_preserve_job_data(&out, "{}", 2, "1", 1, 1, INT64_MAX, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_preserve_job_data(NULL, "{}", 2, "1", 1, 1, NOON, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_preserve_job_data(&out, NULL, 1, "1", 1, 1, NOON, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_preserve_job_data(&out, "{}", 2, NULL, 1, 1, NOON, &error), &error));
  CHECK(holds(&out, AFTER));

  CHECK(jobqueue_retry_attempt(&attempt, job, strlen(JOB), &error) == JOBQUEUE_OK && attempt == 3);
  CHECK(failed_with(JOBQUEUE_E_INVALID_JSON, jobqueue_retry_attempt(&attempt, "{", 1, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT, jobqueue_retry_attempt(&attempt, "1", 1, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT, jobqueue_retry_attempt(NULL, "{}", 2, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT, jobqueue_retry_attempt(&attempt, NULL, 2, &error),
                    &error));
  CHECK(attempt == 3);

  CHECK(jobqueue_retry_asset_filename(&out, "a/b.png", 7, 3, &error) == JOBQUEUE_OK);
  CHECK(holds(&out, "a/b_r3.png"));
  CHECK(jobqueue_retry_asset_filename(&out, NULL, 0, 3, NULL) == JOBQUEUE_OK && out.size == 0);
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_retry_asset_filename(&out, NULL, 1, 3, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_retry_asset_filename(NULL, "a", 1, 3, &error), &error));
  free(job);
  free(original);
  jobqueue_buffer_dispose(&out);
}
