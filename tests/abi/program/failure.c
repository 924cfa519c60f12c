/* Failures. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

void test_failure(void) {
  jobqueue_failure found = JOBQUEUE_FAILURE_INIT;
  jobqueue_failure_options options = JOBQUEUE_FAILURE_OPTIONS_INIT;
  jobqueue_error error;
  const char* words = "Error in component 'flexible_prompt1': \xFF";
  char* message = exact_text(words);

  CHECK(jobqueue_classify_failure(&found, message, strlen(words), NULL, &error) == JOBQUEUE_OK);
  CHECK(strcmp(found.type, "validation_error") == 0 &&
        strcmp(found.reason, "component_error") == 0);
  CHECK(strcmp(found.confidence, "high") == 0);
  CHECK(strcmp(found.description, "Error in component flexible_prompt1") == 0);
  CHECK(strlen(found.fingerprint) == 16 && found.struct_size == sizeof found);
  CHECK(found.reserved == 0);
  free(message);

  options.http_status = 503;
  options.flags = JOBQUEUE_FAILURE_TIMEOUT;
  CHECK(jobqueue_classify_failure(&found, NULL, 0, &options, NULL) == JOBQUEUE_OK);
  CHECK(strcmp(found.reason, "service_unavailable") == 0 && strcmp(found.confidence, "low") == 0);
  options.http_status = 4294967295u;
  CHECK(jobqueue_classify_failure(&found, NULL, 0, &options, NULL) == JOBQUEUE_OK);
  CHECK(strcmp(found.reason, "job_timeout") == 0);

  /* An older caller has smaller structs. */
  options.struct_size = 4;
  found.struct_size = 16;
  found.reason = "kept";
  CHECK(jobqueue_classify_failure(&found, "dns", 3, &options, &error) == JOBQUEUE_OK);
  CHECK(strcmp(found.type, "network_error") == 0 && strcmp(found.reason, "kept") == 0);

  /* What cannot be. */
  found.struct_size = 3;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_classify_failure(&found, "", 0, NULL, &error), &error));
  found.struct_size = sizeof found;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_classify_failure(NULL, "", 0, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_classify_failure(&found, NULL, 1, NULL, &error), &error));
  options.struct_size = 1;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_classify_failure(&found, "", 0, &options, &error), &error));
  options.struct_size = sizeof options;
  options.flags = 2;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_classify_failure(&found, "", 0, &options, &error), &error));
  CHECK(strcmp(found.type, "network_error") == 0);
}
