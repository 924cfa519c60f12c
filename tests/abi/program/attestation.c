/* Keys of attestations, and records in a chain. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define SECRET "s3cret"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define DIGEST_1 "77e641986dcc7616245dafe2e12813729a473dea7e9723790b16ca75f50f1237"
#define DIGEST_2 "ddc4b8b709f47c33664b4bdbc98dabfef59f1100ffe21639e37e3fe25dd09586"
#define RECORD_1                                                                    \
  "{\"status\":\"failed\",\"retry_count\":1,\"attestation_chain\":{\"sequence\":1," \
  "\"previous\":\"" ZEROS "\",\"digest\":\"" DIGEST_1                               \
  "\",\"hmac\":\"d464696b35a1fb1b01e761"                                            \
  "384bf2d350c25d40f8b1be7ec34ca4f72a9d5f9f45\"}}"
#define RECORD_2                                                                  \
  "{\"status\":\"completed\",\"attestation_chain\":{\"sequence\":2,\"previous\":" \
  "\"" DIGEST_1 "\",\"digest\":\"" DIGEST_2                                       \
  "\",\"hmac\":\"c01aad520d4c3badd80112e67c9c4"                                   \
  "292b8874544e66f426a17191d517644f990\"}}"

static jobqueue_attestation_key parsed(const char* text, size_t reading) {
  jobqueue_attestation_key key = JOBQUEUE_ATTESTATION_KEY_INIT;
  CHECK(jobqueue_parse_attestation_key(&key, text, strlen(text), reading, NULL) == JOBQUEUE_OK);
  return key;
}

void test_attestation_key(void) {
  const char* text = "worker:failure:workflow-w1:job-step-s1:permanent";
  jobqueue_attestation_key key = parsed(text, 0);
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;

  CHECK(key.writer == JOBQUEUE_WRITER_WORKER && key.kind == JOBQUEUE_ATTESTATION_FAILURE);
  CHECK(key.form == JOBQUEUE_ATTESTATION_KEY_PREFIXED && key.reserved == 0);
  CHECK(key.flags == (JOBQUEUE_ATTESTATION_KEY_PERMANENT | JOBQUEUE_ATTESTATION_KEY_STEP_PREFIX));
  CHECK(equal(key.workflow_id, "w1") && equal(key.step_id, "s1") && key.attempt == 0);
  CHECK(key.step_id.data >= text && key.step_id.data < text + strlen(text));
  CHECK(jobqueue_format_attestation_key(&out, &key, &error) == JOBQUEUE_OK);
  CHECK(holds(&out, text));
  key.form = JOBQUEUE_ATTESTATION_KEY_CURRENT;
  key.flags = 0;
  key.attempt = 3;
  CHECK(jobqueue_format_attestation_key(&out, &key, &error) == JOBQUEUE_OK);
  CHECK(holds(&out, "worker:failure:job-id:w1:step-id:s1:attempt:3"));
  key.step_id = string_of("a:b");
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_format_attestation_key(&out, &key, &error), &error));
  CHECK(strstr(error.message, "step id") != NULL && strstr(error.message, "a:b") == NULL);
  key = parsed("api:workflow:completion:w1:attempt-1", 0);
  CHECK(key.writer == JOBQUEUE_WRITER_API && key.attempt == 2 && key.step_id.size == 0);

  /* Two generations may have written it. */
  key = parsed("worker:completion:job-7", 0);
  CHECK(key.flags == JOBQUEUE_ATTESTATION_KEY_AMBIGUOUS && equal(key.step_id, "7"));
  key = parsed("worker:completion:job-7", 1);
  CHECK(key.form == JOBQUEUE_ATTESTATION_KEY_PLAIN && equal(key.step_id, "job-7"));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_parse_attestation_key(&key, "worker:completion:job-7", 23, 2, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_parse_attestation_key(&key, "worker", 6, 0, &error), &error));
  CHECK(equal(key.step_id, "job-7"));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_parse_attestation_key(&key, NULL, 6, 0, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_parse_attestation_key(NULL, "worker", 6, 0, &error), &error));
  jobqueue_buffer_dispose(&out);
}

void test_attestation_key_struct(void) {
  jobqueue_attestation_key key = JOBQUEUE_ATTESTATION_KEY_INIT;
  jobqueue_attestation_key other = parsed("worker:completion:job-id:w1:step-id:s1:attempt:2", 0);
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  size_t i;

  for (i = 0; i < 5; ++i) {
    key = other;
    if (i == 0) key.writer = JOBQUEUE_WRITER_API + 1;
    if (i == 1) key.kind = JOBQUEUE_ATTESTATION_COMPLETION + 2;
    if (i == 2) key.form = JOBQUEUE_ATTESTATION_KEY_EARLY_FAILURE + 1;
    if (i == 3) key.flags = 8;
    if (i == 4) key.workflow_id.data = NULL;
    CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                      jobqueue_format_attestation_key(&out, &key, &error), &error));
  }
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_format_attestation_key(&out, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_format_attestation_key(NULL, &other, &error), &error));
  /* An older caller has a smaller struct. */
  key = other;
  key.struct_size = 16;
  key.attempt = 9;
  CHECK(jobqueue_parse_attestation_key(&key, "workflow:failure:w2:attempt:1", 29, 0, NULL) ==
        JOBQUEUE_OK);
  CHECK(key.writer == JOBQUEUE_WRITER_WORKFLOW && key.attempt == 9 && key.struct_size == 16);
  key.struct_size = 3;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_parse_attestation_key(&key, "workflow:failure:w2", 19, 0, &error),
                    &error));

  key = parsed("worker:completion:job-id:w1:step-id:s1:attempt:10", 0);
  CHECK(jobqueue_compare_attestation_keys(&other, &key) < 0);
  CHECK(jobqueue_compare_attestation_keys(&key, &other) > 0);
  CHECK(jobqueue_compare_attestation_keys(&key, &key) == 0);
  CHECK(jobqueue_compare_attestation_keys(NULL, &key) < 0);
  CHECK(jobqueue_compare_attestation_keys(&key, NULL) > 0);
  CHECK(jobqueue_compare_attestation_keys(NULL, NULL) == 0);
  other = parsed("worker:completion:job-id:w1:step-id:s1", 0);
  CHECK(jobqueue_compare_attestation_keys(&other, &key) < 0);

  CHECK(strcmp(jobqueue_attestation_writer_name(JOBQUEUE_WRITER_API), "api") == 0);
  CHECK(strcmp(jobqueue_attestation_kind_name(JOBQUEUE_ATTESTATION_FAILURE), "failure") == 0);
  CHECK(strcmp(jobqueue_attestation_form_name(JOBQUEUE_ATTESTATION_KEY_PLAIN), "plain") == 0);
  CHECK(jobqueue_attestation_writer_name(3) == NULL);
  CHECK(jobqueue_attestation_kind_name(256) == NULL);
  CHECK(jobqueue_attestation_form_name(UINT32_MAX) == NULL);
  CHECK(out.data == NULL);
}

void test_attestation_seal(void) {
  jobqueue_attestation_signer* signer = NULL;
  jobqueue_attestation_head head = JOBQUEUE_ATTESTATION_HEAD_INIT;
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  const char* first = "{\"status\":\"failed\",\"retry_count\":1}";
  const char* second = "{\"status\":\"completed\"}";

  CHECK(jobqueue_attestation_signer_new(&signer, SECRET, strlen(SECRET), &error) == JOBQUEUE_OK);
  CHECK(jobqueue_attestation_signer_seal(&out, &head, signer, first, strlen(first), &error) ==
        JOBQUEUE_OK);
  CHECK(holds(&out, RECORD_1));
  CHECK(head.sequence == 1 && strcmp(head.digest, DIGEST_1) == 0);
  CHECK(jobqueue_attestation_signer_seal(&out, &head, signer, second, strlen(second), &error) ==
        JOBQUEUE_OK);
  CHECK(holds(&out, RECORD_2));
  CHECK(head.sequence == 2 && strcmp(head.digest, DIGEST_2) == 0);

  /* Whatever fails, head and buffer are as they were. */
  CHECK(failed_with(JOBQUEUE_E_INVALID_JSON,
                    jobqueue_attestation_signer_seal(&out, &head, signer, "{\"a\"}", 5, &error),
                    &error));
  CHECK(error.offset == 4);
  CHECK(failed_with(
      JOBQUEUE_E_INVALID_UTF8,
      jobqueue_attestation_signer_seal(&out, &head, signer, "{\"\xff\":1}", 7, &error), &error));
  CHECK(failed_with(
      JOBQUEUE_E_INVALID_ARGUMENT,
      jobqueue_attestation_signer_seal(&out, &head, signer, RECORD_1, strlen(RECORD_1), &error),
      &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_attestation_signer_seal(&out, &head, signer, NULL, 1, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_attestation_signer_seal(&out, NULL, signer, "{}", 2, &error), &error));
  CHECK(head.sequence == 2 && strcmp(head.digest, DIGEST_2) == 0 && holds(&out, RECORD_2));
  memset(head.digest, 'f', sizeof head.digest); /* without an end */
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_attestation_signer_seal(&out, &head, signer, "{}", 2, &error),
                    &error));
  jobqueue_attestation_signer_free(signer);

  signer = NULL;
  CHECK(failed_with(JOBQUEUE_E_SECRET_INVALID,
                    jobqueue_attestation_signer_new(&signer, " ", 1, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_attestation_signer_new(NULL, SECRET, 6, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_attestation_signer_new(&signer, NULL, 6, &error), &error));
  CHECK(signer == NULL);
  jobqueue_attestation_signer_free(NULL);
  jobqueue_buffer_dispose(&out);
}

void test_attestation_verify(void) {
  jobqueue_attestation_verifier* verifier = NULL;
  jobqueue_attestation_options options = JOBQUEUE_ATTESTATION_OPTIONS_INIT;
  jobqueue_attestation_head head = JOBQUEUE_ATTESTATION_HEAD_INIT;
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  jobqueue_string secrets[2];
  jobqueue_string records[2];
  const char* whole = "{\"ok\":true,\"count\":2,\"head\":{\"sequence\":2,\"digest\":\"" DIGEST_2
                      "\"},\"problems\":[]}";

  secrets[0] = string_of("another");
  secrets[1] = string_of(SECRET);
  records[0] = string_of(RECORD_1);
  records[1] = string_of(RECORD_2);
  CHECK(jobqueue_attestation_verifier_new(&verifier, secrets, 2, &error) == JOBQUEUE_OK);
  CHECK(jobqueue_attestation_verifier_verify(&out, verifier, records, 2, NULL, &error) ==
        JOBQUEUE_OK);
  CHECK(holds(&out, whole));
  options.expected_head = string_of(DIGEST_2);
  options.expected_count = 2;
  CHECK(jobqueue_attestation_verifier_verify(&out, verifier, records, 2, &options, &error) ==
        JOBQUEUE_OK);
  CHECK(holds(&out, whole));

  /* A problem is an answer: its status is not 0, and there is a report. */
  CHECK(failed_with(
      JOBQUEUE_E_SIGNATURE_MISMATCH,
      jobqueue_attestation_verifier_verify(&out, verifier, records, 1, &options, &error), &error));
  CHECK(holds(&out, "{\"ok\":false,\"count\":1,\"head\":{\"sequence\":1,\"digest\":\"" DIGEST_1
                    "\"},\"problems\":[{\"index\":1,\"reason\":\"truncated\",\"sequence\":null,"
                    "\"expected\":2}]}"));
  CHECK(strstr(error.message, "newest") != NULL && error.offset == JOBQUEUE_NO_OFFSET);
  records[0] = string_of("{}");
  CHECK(failed_with(JOBQUEUE_E_SIGNATURE_MISSING,
                    jobqueue_attestation_verifier_verify(&out, verifier, records, 1, NULL, &error),
                    &error));
  records[0] = string_of("[]");
  CHECK(jobqueue_attestation_verifier_verify(&out, verifier, records, 1, NULL, NULL) ==
        JOBQUEUE_E_INVALID_JSON);

  /* From a record on. */
  CHECK(jobqueue_attestation_verifier_head(&head, verifier, RECORD_1, strlen(RECORD_1), &error) ==
        JOBQUEUE_OK);
  CHECK(head.sequence == 1 && strcmp(head.digest, DIGEST_1) == 0);
  options.after = &head;
  CHECK(jobqueue_attestation_verifier_verify(&out, verifier, records + 1, 1, &options, &error) ==
        JOBQUEUE_OK);
  CHECK(failed_with(JOBQUEUE_E_SIGNATURE_MISSING,
                    jobqueue_attestation_verifier_head(&head, verifier, "{}", 2, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_attestation_verifier_head(&head, verifier, NULL, 2, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_attestation_verifier_head(NULL, verifier, "{}", 2, &error), &error));
  CHECK(head.sequence == 1);

  CHECK(jobqueue_attestation_verifier_verify(&out, verifier, NULL, 0, NULL, &error) == JOBQUEUE_OK);
  CHECK(jobqueue_buffer_assign(&out, "before", 6) == JOBQUEUE_OK);
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_attestation_verifier_verify(&out, verifier, NULL, 1, NULL, &error),
                    &error));
  records[0].data = NULL;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_attestation_verifier_verify(&out, verifier, records, 1, NULL, &error),
                    &error));
  options.expected_head = string_of("head");
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_attestation_verifier_verify(&out, verifier, NULL, 0, &options, &error),
                    &error));
  options.flags = 1;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_attestation_verifier_verify(&out, verifier, NULL, 0, &options, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_attestation_verifier_verify(NULL, verifier, NULL, 0, NULL, &error),
                    &error));
  CHECK(holds(&out, "before"));
  jobqueue_attestation_verifier_free(verifier);

  verifier = NULL;
  secrets[1].size = 0;
  CHECK(failed_with(JOBQUEUE_E_SECRET_INVALID,
                    jobqueue_attestation_verifier_new(&verifier, secrets, 2, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_attestation_verifier_new(&verifier, secrets, 0, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_attestation_verifier_new(NULL, secrets, 1, &error), &error));
  CHECK(verifier == NULL);
  jobqueue_attestation_verifier_free(NULL);
  jobqueue_buffer_dispose(&out);
}
