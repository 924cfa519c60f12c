/* Signatures of webhooks. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* Published by GitHub; secrets are in no message. */
#define SECRET "It's a Secret to Everybody"
#define BODY "Hello, World!"
#define VALUE "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

static jobqueue_header header_of(const char* name, const char* value) {
  jobqueue_header header;
  header.name = string_of(name);
  header.value = string_of(value);
  return header;
}

void test_signature_verify(void) {
  jobqueue_signature_verifier* verifier = NULL;
  jobqueue_verification answer = JOBQUEUE_VERIFICATION_INIT;
  jobqueue_error error;
  jobqueue_string secrets[2];
  jobqueue_header headers[2];
  char* body = exact_text(BODY "\n");

  secrets[0] = string_of("another");
  secrets[1] = string_of(SECRET);
  headers[0] = header_of("Host", "example.com");
  headers[1] = header_of("X-Hub-Signature-256", VALUE);
  CHECK(jobqueue_signature_verifier_new(&verifier, JOBQUEUE_SCHEME_AUTO, secrets, 2, NULL,
                                        &error) == JOBQUEUE_OK);
  CHECK(jobqueue_signature_verifier_verify(&answer, verifier, headers, 2, body, strlen(BODY), 0,
                                           &error) == JOBQUEUE_OK);
  CHECK(answer.reason == JOBQUEUE_OK && answer.scheme == JOBQUEUE_SCHEME_GITHUB);
  CHECK(answer.secret_index == 1 && answer.age_seconds == 0 && answer.reserved == 0);
  CHECK(strcmp(answer.hint, "") == 0 && answer.struct_size == sizeof answer);

  CHECK(failed_with(JOBQUEUE_E_SIGNATURE_MISMATCH,
                    jobqueue_signature_verifier_verify(&answer, verifier, headers, 2, body,
                                                       strlen(BODY) + 1, 0, &error),
                    &error));
  CHECK(answer.reason == JOBQUEUE_E_SIGNATURE_MISMATCH);
  CHECK(answer.secret_index == JOBQUEUE_NO_SECRET && strcmp(answer.hint, "trailing_newline") == 0);
  CHECK(strstr(error.message, "Secret") == NULL && strstr(error.message, "line break") != NULL);

  /* Neither the answer nor the message is wanted; no headers, no body. */
  CHECK(jobqueue_signature_verifier_verify(NULL, verifier, headers, 2, BODY, strlen(BODY), 0,
                                           NULL) == JOBQUEUE_OK);
  CHECK(jobqueue_signature_verifier_verify(NULL, verifier, NULL, 0, NULL, 0, 0, NULL) ==
        JOBQUEUE_E_SIGNATURE_MISSING);
  jobqueue_signature_verifier_free(verifier);
  free(body);
}

void test_signature_options(void) {
  jobqueue_signature_verifier* verifier = NULL;
  jobqueue_verification answer = JOBQUEUE_VERIFICATION_INIT;
  jobqueue_signature_options options = JOBQUEUE_SIGNATURE_OPTIONS_INIT;
  jobqueue_error error;
  jobqueue_string secret = string_of("secret");
  jobqueue_header header =
      header_of("x-convoy-signature",
                "t=1257894000,v1=c97c302e4a991a7d4a72b60c3f9a0c3adb3611cd0acc632994a72ace04d6509c");
  const char* body = "{\"b\":{},\"e\":\"123\",\"a\":1}";
  const int64_t late = 1257894000 + 301;

  CHECK(jobqueue_signature_verifier_new(&verifier, JOBQUEUE_SCHEME_CONVOY, &secret, 1, &options,
                                        &error) == JOBQUEUE_OK);
  CHECK(failed_with(JOBQUEUE_E_TIMESTAMP_OUT_OF_TOLERANCE,
                    jobqueue_signature_verifier_verify(&answer, verifier, &header, 1, body,
                                                       strlen(body), late, &error),
                    &error));
  CHECK(answer.age_seconds == 301 && answer.secret_index == 0);
  CHECK(strcmp(answer.hint, "clock_off") == 0);
  /* An older caller has a smaller struct. */
  answer.struct_size = 12;
  answer.secret_index = 7;
  CHECK(jobqueue_signature_verifier_verify(&answer, verifier, &header, 1, body, strlen(body),
                                           late - 1, &error) == JOBQUEUE_OK);
  CHECK(answer.reason == JOBQUEUE_OK && answer.secret_index == 7 && answer.struct_size == 12);
  answer.struct_size = 2;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_signature_verifier_verify(&answer, verifier, &header, 1, body,
                                                       strlen(body), late, &error),
                    &error));
  jobqueue_signature_verifier_free(verifier);

  options.tolerance_seconds = JOBQUEUE_ANY_AGE;
  options.flags = JOBQUEUE_SIGNATURE_NO_HINTS;
  CHECK(jobqueue_signature_verifier_new(&verifier, JOBQUEUE_SCHEME_CONVOY, &secret, 1, &options,
                                        NULL) == JOBQUEUE_OK);
  CHECK(jobqueue_signature_verifier_verify(NULL, verifier, &header, 1, body, strlen(body),
                                           INT64_MAX, NULL) == JOBQUEUE_OK);
  jobqueue_signature_verifier_free(verifier);

  verifier = NULL;
  options.flags = 2;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_signature_verifier_new(&verifier, JOBQUEUE_SCHEME_CONVOY, &secret, 1,
                                                    &options, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_signature_verifier_new(&verifier, 8, &secret, 1, NULL, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_signature_verifier_new(&verifier, 1, NULL, 0, NULL, &error), &error));
  secret.size = 0;
  CHECK(failed_with(JOBQUEUE_E_SECRET_INVALID,
                    jobqueue_signature_verifier_new(&verifier, 1, &secret, 1, NULL, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_signature_verifier_verify(NULL, NULL, NULL, 0, NULL, 0, 0, &error),
                    &error));
  CHECK(verifier == NULL);
  jobqueue_signature_verifier_free(NULL);
  CHECK(strcmp(jobqueue_signature_scheme_name(JOBQUEUE_SCHEME_SLACK), "slack") == 0);
  CHECK(jobqueue_signature_scheme_name(8) == NULL);
}

void test_signature_sign(void) {
  jobqueue_payload_signer* signer = NULL;
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  jobqueue_string secret = string_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const char* body = "{\"test\": 2432232314}";
  const char* id = "msg_p5jXN8AQM9LWM0D4loKWxJek";

  CHECK(jobqueue_payload_signer_new(&signer, JOBQUEUE_SCHEME_STANDARD, &secret, 1, &error) ==
        JOBQUEUE_OK);
  CHECK(jobqueue_payload_signer_sign(&out, signer, body, strlen(body), id, strlen(id), 1614265330,
                                     &error) == JOBQUEUE_OK);
  CHECK(holds(&out,
              "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek\n"
              "webhook-timestamp: 1614265330\n"
              "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\n"));
  CHECK(failed_with(
      JOBQUEUE_E_INVALID_ARGUMENT,
      jobqueue_payload_signer_sign(&out, signer, body, strlen(body), "a.b", 3, 0, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_payload_signer_sign(&out, NULL, body, 1, id, 1, 0, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_payload_signer_sign(&out, signer, NULL, 1, id, 1, 0, &error), &error));
  CHECK(strstr(out.data, "webhook-id") == out.data);
  jobqueue_payload_signer_free(signer);

  signer = NULL;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_payload_signer_new(&signer, JOBQUEUE_SCHEME_AUTO, &secret, 1, &error),
                    &error));
  secret = string_of("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=");
  CHECK(failed_with(JOBQUEUE_E_SECRET_INVALID,
                    jobqueue_payload_signer_new(&signer, JOBQUEUE_SCHEME_SVIX, &secret, 1, &error),
                    &error));
  CHECK(signer == NULL);
  jobqueue_payload_signer_free(NULL);
  jobqueue_buffer_dispose(&out);
}
