#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define JOB                                                                   \
  "{\"id\":\"b789bd80\",\"log\":\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddee" \
  "eeeeeeeeffffffffff\"}"

typedef struct told {
  int count;
  uint64_t lost;
  char reason[16];
  char pointer[16];
} told;

static void copy(char out[16], jobqueue_string text) {
  size_t size = text.size < 15 ? text.size : 15;
  memcpy(out, text.data, size);
  out[size] = '\0';
}

static void on_cut(void* payload, const jobqueue_truncate_cut* cut) {
  told* all = payload;
  CHECK(cut->struct_size == sizeof *cut && cut->has_pointer == 1);
  ++all->count;
  all->lost += cut->bytes_before - cut->bytes_after;
  copy(all->reason, cut->reason);
  copy(all->pointer, cut->pointer);
}

void test_truncate(void) {
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_truncate_options options = JOBQUEUE_TRUNCATE_OPTIONS_INIT;
  jobqueue_error error;
  int32_t changed = -1;
  told all = {0, 0, "", ""};
  char* job = exact_text(JOB);

  CHECK(strlen(JOB) == 86);
  CHECK(jobqueue_truncate_payload(&out, &changed, job, strlen(JOB), NULL, &error) == JOBQUEUE_OK);
  CHECK(changed == 0 && out.data == NULL);

  options.max_bytes = 80;
  options.on_cut = on_cut;
  options.payload = &all;
  CHECK(jobqueue_truncate_payload(&out, &changed, job, strlen(JOB), &options, &error) ==
        JOBQUEUE_OK);
  CHECK(changed == 1 && out.size == 80);
  CHECK(holds(
      &out,
      "{\"id\":\"b789bd80\",\"log\":\"aaaaaaaaaabbbbbbbbbbcccccc[TRUNCATED 26 bytes]ffffffff\"}"));
  CHECK(all.count == 1 && all.lost == 6);
  CHECK(strcmp(all.reason, "value") == 0 && strcmp(all.pointer, "/log") == 0);

  /* The input may be what the output replaces. */
  options.max_bytes = 64;
  CHECK(jobqueue_truncate_payload(&out, &changed, out.data, out.size, &options, &error) ==
        JOBQUEUE_OK);
  CHECK(changed == 1 && out.size <= 64);
  CHECK(jobqueue_truncate_payload(&out, &changed, out.data, out.size, &options, &error) ==
        JOBQUEUE_OK);
  CHECK(changed == 0);
  CHECK(jobqueue_truncate_payload(&out, &changed, NULL, 0, &options, &error) == JOBQUEUE_OK);
  CHECK(changed == 0);
  free(job);
  jobqueue_buffer_dispose(&out);
}

void test_truncate_options(void) {
  jobqueue_buffer out = buffer_with("before");
  jobqueue_truncate_options options = JOBQUEUE_TRUNCATE_OPTIONS_INIT;
  jobqueue_error error;
  int32_t changed = -1;
  jobqueue_string pin = string_of("/log");
#define TRY(wanted)                                                                                \
  CHECK(failed_with(wanted,                                                                        \
                    jobqueue_truncate_payload(&out, &changed, JOB, strlen(JOB), &options, &error), \
                    &error))

  CHECK(options.max_bytes == 8000 && options.array_head == 3 && options.array_tail == 1);
  options.max_bytes = 63;
  TRY(JOBQUEUE_E_BUDGET_TOO_SMALL);
  options.max_bytes = 64;
  options.pinned = &pin;
  options.pinned_count = 1;
  TRY(JOBQUEUE_E_BUDGET_TOO_SMALL);
  pin = string_of("log");
  TRY(JOBQUEUE_E_INVALID_ARGUMENT);
  options.pinned = NULL;
  TRY(JOBQUEUE_E_INVALID_ARGUMENT);
  options.pinned_count = 0;
  options.format = JOBQUEUE_FORMAT_NDJSON;
  TRY(JOBQUEUE_E_INVALID_ARGUMENT);
  options.format = 4;
  TRY(JOBQUEUE_E_INVALID_ARGUMENT);
  options.format = JOBQUEUE_FORMAT_JSON;
  options.array_head = UINT64_MAX;
  TRY(JOBQUEUE_E_INVALID_ARGUMENT);
  options.array_head = 3;
  options.marker = string_of("");
  TRY(JOBQUEUE_E_INVALID_ARGUMENT);
  options.marker = string_of("cut");
  options.struct_size = 0;
  TRY(JOBQUEUE_E_INVALID_ARGUMENT);
#undef TRY
  options.struct_size = sizeof options;
  CHECK(failed_with(JOBQUEUE_E_INVALID_JSON,
                    jobqueue_truncate_payload(&out, &changed, "[1,]", 4, &options, &error),
                    &error));
  CHECK(error.offset == 3);
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_truncate_payload(NULL, &changed, "", 0, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_truncate_payload(&out, NULL, "", 0, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_truncate_payload(&out, &changed, NULL, 1, NULL, &error), &error));
  CHECK(changed == -1 && holds(&out, "before"));

  /* A program that was built when the struct ended behind the budget. */
  options.max_bytes = 64;
  options.array_head = UINT64_MAX;
  options.struct_size = 16;
  CHECK(jobqueue_truncate_payload(&out, &changed, JOB, strlen(JOB), &options, &error) ==
        JOBQUEUE_OK);
  CHECK(changed == 1 && out.size <= 64);
  jobqueue_buffer_dispose(&out);
}
