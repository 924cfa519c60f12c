/* Option structs: their limits, and those of callers that were built against another version. */
#include <stdlib.h>
#include <string.h>

#include "../samples.h"
#include "check.h"

#define ABC_REFERENCE                                                 \
  "[BASE64_DATA_REMOVED sha256-"                                      \
  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad " \
  "text/plain 3 text]"

static jobqueue_status sanitize_with(const jobqueue_sanitize_options* options, int32_t* changed) {
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  const jobqueue_status status =
      jobqueue_sanitize_base64(&out, changed, DOCUMENT, strlen(DOCUMENT), options, &error);
  CHECK(status == JOBQUEUE_OK || failed_with(status, status, &error));
  CHECK(status == JOBQUEUE_OK || out.data == NULL);
  jobqueue_buffer_dispose(&out);
  return status;
}

static int is_refused(const jobqueue_sanitize_options* options) {
  int32_t changed = 7;
  return sanitize_with(options, &changed) == JOBQUEUE_E_INVALID_ARGUMENT && changed == 7;
}

static int cuts(const jobqueue_sanitize_options* options) {
  int32_t changed = 7;
  return sanitize_with(options, &changed) == JOBQUEUE_OK && changed == 1;
}

static int cuts_nothing(const jobqueue_sanitize_options* options) {
  int32_t changed = 7;
  return sanitize_with(options, &changed) == JOBQUEUE_OK && changed == 0;
}

void test_base64_options(void) {
  const jobqueue_sanitize_options preset = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  jobqueue_sanitize_options options = preset;
  jobqueue_string field = string_of("image");
  char long_name[130];

  CHECK(preset.struct_size == sizeof preset && preset.flags == 0);
  CHECK(preset.format == JOBQUEUE_FORMAT_AUTO && preset.max_depth == 8);
  CHECK(preset.min_run_chars == 100 && preset.min_unknown_chars == 1000);
  CHECK(preset.cut_fields == NULL && preset.cut_field_count == 0);
  CHECK(preset.protect_fields == NULL && preset.protect_field_count == 0);
  CHECK(preset.vault == NULL && preset.on_cut == NULL && preset.on_kept == NULL);
  CHECK(preset.payload == NULL);
  CHECK(cuts(&preset) && cuts(NULL));

  /* The limits, from both sides. */
  options.max_depth = 16;
  CHECK(cuts(&options));
  options.max_depth = 17;
  CHECK(is_refused(&options));
  options = preset;
  options.min_run_chars = 32;
  CHECK(cuts(&options));
  options.min_run_chars = 31;
  CHECK(is_refused(&options));
  options.min_run_chars = 361;
  CHECK(cuts_nothing(&options));
  options.min_run_chars = 1001;
  CHECK(is_refused(&options));
  options.min_run_chars = UINT64_MAX;
  options.min_unknown_chars = UINT64_MAX;
  CHECK(cuts_nothing(&options));
  options = preset;
  options.format = JOBQUEUE_FORMAT_TEXT;
  CHECK(cuts(&options));
  options.format = JOBQUEUE_FORMAT_TEXT + 1;
  CHECK(is_refused(&options));
  options = preset;
  options.flags =
      JOBQUEUE_SANITIZE_NAIVE | JOBQUEUE_SANITIZE_CUT_PROTECTED | JOBQUEUE_SANITIZE_NO_SYNC;
  CHECK(cuts(&options));
  options.flags = 8;
  CHECK(is_refused(&options));
  options.flags = 1U << 31;
  CHECK(is_refused(&options));

  /* Names. */
  options = preset;
  options.protect_fields = &field;
  options.protect_field_count = 1;
  CHECK(cuts_nothing(&options));
  options.protect_fields = NULL;
  CHECK(is_refused(&options));
  options = preset;
  options.cut_fields = &field;
  options.cut_field_count = 1;
  CHECK(cuts(&options));
  options.cut_fields = NULL;
  CHECK(is_refused(&options));
  options.cut_fields = &field;
  memset(long_name, 'n', sizeof long_name);
  field.data = long_name;
  field.size = 128;
  CHECK(cuts(&options));
  field.size = 129;
  CHECK(is_refused(&options));
  field.size = 2;
  CHECK(is_refused(&options));
  field.data = NULL;
  field.size = 0;
  CHECK(is_refused(&options));
}

/* The first `size` bytes of the options in a block of that size: what an older caller has. */
static jobqueue_sanitize_options* older(const jobqueue_sanitize_options* options, uint32_t size) {
  jobqueue_sanitize_options* part = (jobqueue_sanitize_options*)(void*)exact(options, size);
  memcpy(part, &size, sizeof size);
  return part;
}

void test_base64_struct_size(void) {
  const jobqueue_sanitize_options preset = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  jobqueue_sanitize_options options = preset;
  jobqueue_sanitize_options* other;
  jobqueue_restore_options restore = JOBQUEUE_RESTORE_OPTIONS_INIT;
  jobqueue_value_context context = JOBQUEUE_VALUE_CONTEXT_INIT;
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  memory_vault memory;
  jobqueue_vault* vault = open_memory(&memory);
  int32_t changed = 7;
  uint8_t digest[32];
  char* newer;
  uint32_t size;

  /* Not initialised, or not one of these structs. */
  for (size = 0; size < 4; ++size) {
    options.struct_size = size;
    CHECK(is_refused(&options));
  }
  options.struct_size = 4097;
  CHECK(is_refused(&options));
  options.struct_size = UINT32_MAX;
  CHECK(is_refused(&options));

  /* An older caller: what its struct does not have is as preset. */
  memset(&options, 0xA5, sizeof options);
  other = older(&options, 4);
  CHECK(cuts(other));
  free(other);
  options.flags = 0;
  options.format = JOBQUEUE_FORMAT_TEXT + 1;
  other = older(&options, offsetof(jobqueue_sanitize_options, format));
  CHECK(cuts(other));
  free(other);
  other = older(&options, offsetof(jobqueue_sanitize_options, max_depth));
  CHECK(is_refused(other));
  free(other);
  options.format = JOBQUEUE_FORMAT_JSON;
  options.max_depth = 0;
  options.min_run_chars = 361;
  other = older(&options, offsetof(jobqueue_sanitize_options, min_run_chars));
  CHECK(cuts(other));
  free(other);
  other = older(&options, offsetof(jobqueue_sanitize_options, min_unknown_chars));
  CHECK(cuts_nothing(other));
  free(other);

  /* A newer caller: what this library does not know is not looked at. */
  newer = malloc(4096);
  if (newer == NULL) abort();
  memset(newer, 0xA5, 4096);
  options = preset;
  options.struct_size = sizeof options + 8;
  memcpy(newer, &options, sizeof options);
  CHECK(cuts((const jobqueue_sanitize_options*)(void*)newer));
  options.struct_size = 4096;
  options.min_run_chars = 361;
  memcpy(newer, &options, sizeof options);
  CHECK(cuts_nothing((const jobqueue_sanitize_options*)(void*)newer));
  free(newer);

  /* The options of restore. */
  restore.struct_size = 3;
  CHECK(jobqueue_restore_base64(&out, &changed, "", 0, vault, &restore, &error) ==
        JOBQUEUE_E_INVALID_ARGUMENT);
  restore.struct_size = 4097;
  CHECK(jobqueue_restore_base64(&out, &changed, "", 0, vault, &restore, &error) ==
        JOBQUEUE_E_INVALID_ARGUMENT);
  restore.struct_size = offsetof(jobqueue_restore_options, max_output_bytes);
  restore.max_output_bytes = 0; /* not looked at */
  CHECK(jobqueue_vault_put(digest, vault, "abc", 3, &error) == JOBQUEUE_OK);
  CHECK(jobqueue_restore_base64(&out, &changed, ABC_REFERENCE, strlen(ABC_REFERENCE), vault,
                                &restore, &error) == JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&out, "abc"));

  /* The context of a value. */
  context.struct_size = 0;
  CHECK(jobqueue_sanitize_base64_value(&out, &changed, "", 0, &context, NULL, &error) ==
        JOBQUEUE_E_INVALID_ARGUMENT);
  context.struct_size = 4097;
  CHECK(jobqueue_sanitize_base64_value(&out, &changed, "", 0, &context, NULL, &error) ==
        JOBQUEUE_E_INVALID_ARGUMENT);
  context.struct_size = offsetof(jobqueue_value_context, neighbours);
  context.neighbour_count = 1; /* not looked at */
  CHECK(jobqueue_sanitize_base64_value(&out, &changed, "", 0, &context, NULL, &error) ==
        JOBQUEUE_OK);
  jobqueue_vault_free(vault);
  jobqueue_buffer_dispose(&out);
}
