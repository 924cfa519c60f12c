/* Sanitizing documents and values, the report, and restoring. */
#include <stdlib.h>
#include <string.h>

#include "../samples.h"
#include "check.h"

void test_base64_sanitize(void) {
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  jobqueue_error error;
  int32_t changed = 7;
  const char* place;
  char* input = exact_text(DOCUMENT);

  CHECK(jobqueue_sanitize_base64(&out, &changed, input, strlen(DOCUMENT), NULL, NULL) ==
        JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&out, DOCUMENT_REMOVED));
  free(input);

  /* Nothing to cut: the buffer is left as it was, and the input is the output. */
  place = out.data;
  CHECK(jobqueue_sanitize_base64(&out, &changed, "[1]", 3, &options, &error) == JOBQUEUE_OK);
  CHECK(changed == 0 && holds(&out, DOCUMENT_REMOVED) && out.data == place);

  /* Any bytes are an input, also none at all. */
  CHECK(jobqueue_sanitize_base64(&out, &changed, NULL, 0, NULL, &error) == JOBQUEUE_OK);
  CHECK(changed == 0);
  changed = 7;
  CHECK(jobqueue_sanitize_base64(&out, &changed, "", 0, NULL, &error) == JOBQUEUE_OK);
  CHECK(changed == 0 && holds(&out, DOCUMENT_REMOVED));
  CHECK(jobqueue_sanitize_base64(&out, &changed, "\0\xFF{", 3, NULL, &error) == JOBQUEUE_OK);
  CHECK(changed == 0);
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_sanitize_base64(&out, &changed, NULL, 1, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_sanitize_base64(&out, &changed, NULL, SIZE_MAX, NULL, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_sanitize_base64(NULL, &changed, "", 0, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_sanitize_base64(&out, NULL, "", 0, NULL, &error), &error));

  /* The input may lie in the buffer that the output goes to. */
  jobqueue_buffer_dispose(&out);
  out = buffer_with("xx" DOCUMENT "yy");
  CHECK(jobqueue_sanitize_base64(&out, &changed, out.data + 2, out.size - 4, NULL, &error) ==
        JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&out, DOCUMENT_REMOVED));

  /* The formats. */
  options.format = JOBQUEUE_FORMAT_JSON;
  CHECK(failed_with(JOBQUEUE_E_INVALID_JSON,
                    jobqueue_sanitize_base64(&out, &changed, "", 0, &options, &error), &error));
  CHECK(error.offset == 0);
  CHECK(failed_with(JOBQUEUE_E_INVALID_JSON,
                    jobqueue_sanitize_base64(&out, &changed, DOCUMENT "\n" DOCUMENT,
                                             strlen(DOCUMENT "\n" DOCUMENT), &options, &error),
                    &error));
  CHECK(error.offset == strlen(DOCUMENT "\n"));
  CHECK(changed == 1 && holds(&out, DOCUMENT_REMOVED));
  options.format = JOBQUEUE_FORMAT_NDJSON;
  CHECK(jobqueue_sanitize_base64(&out, &changed, DOCUMENT "\n" DOCUMENT,
                                 strlen(DOCUMENT "\n" DOCUMENT), &options, &error) == JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&out, DOCUMENT_REMOVED "\n" DOCUMENT_REMOVED));
  options.format = JOBQUEUE_FORMAT_TEXT;
  CHECK(jobqueue_sanitize_base64(&out, &changed, "\xFF " PNG_BASE64 " ",
                                 strlen("\xFF " PNG_BASE64 " "), &options, &error) == JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&out, "\xFF " REMOVED " "));
  jobqueue_buffer_dispose(&out);
}

/* What the callbacks were told, as far as this test looks at it. */
typedef struct notes {
  int cuts, kept;
  jobqueue_cut cut[2];
  char pointer[2][64];
  char sha256[2][65];
  uint64_t kept_offset, kept_size;
  char reason[64];
} notes;

static void copy(char to[64], jobqueue_string text) {
  CHECK(text.size < 64);
  if (text.size != 0) memcpy(to, text.data, text.size);
  to[text.size] = '\0';
}

static void note_cut(void* payload, const jobqueue_cut* cut) {
  notes* all = payload;
  CHECK(cut->struct_size == sizeof *cut);
  CHECK(all->cuts < 2 && all->kept == 0);
  all->cut[all->cuts] = *cut;
  copy(all->pointer[all->cuts], cut->pointer);
  hex(all->sha256[all->cuts++], cut->sha256);
}

static void note_kept(void* payload, const jobqueue_kept* kept) {
  notes* all = payload;
  CHECK(kept->struct_size == sizeof *kept && kept->reserved == 0);
  ++all->kept;
  all->kept_offset = kept->offset;
  all->kept_size = kept->size;
  copy(all->reason, kept->reason);
}

void test_base64_report(void) {
  static const char input[] =
      "{\"a\":{\"image_base64\":\"" PNG_BASE64 "\"}}\n{\"b/c\":[\"" UNKNOWN_BASE64
      "\",\"data:image/png;base64," PNG_BASE64 "\"]}\n";
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  notes told;
  int32_t changed = 0;
  memset(&told, 0, sizeof told);
  options.format = JOBQUEUE_FORMAT_NDJSON;
  options.on_cut = note_cut;
  options.on_kept = note_kept;
  options.payload = &told;
  CHECK(jobqueue_sanitize_base64(&out, &changed, input, strlen(input), &options, NULL) ==
        JOBQUEUE_OK);
  CHECK(holds(&out, "{\"a\":{\"image_base64\":\"" REMOVED "\"}}\n{\"b/c\":[\"" UNKNOWN_BASE64
                    "\",\"" REMOVED "\"]}\n"));
  CHECK(told.cuts == 2 && told.kept == 1);

  CHECK(told.cut[0].offset == 22 && told.cut[0].size == 360);
  CHECK(told.cut[0].decoded_size == PNG_SIZE && told.cut[0].line == 1);
  CHECK(told.cut[0].replacement_size == strlen("[BASE64_IMAGE_REMOVED]"));
  CHECK(told.cut[0].has_pointer == 1 && strcmp(told.pointer[0], "/a/image_base64") == 0);
  CHECK(equal(told.cut[0].form, "field"));
  CHECK(equal(told.cut[0].blob_class, "image"));
  CHECK(equal(told.cut[0].encoding, "std"));
  CHECK(equal(told.cut[0].evidence, "name"));
  CHECK(strcmp(told.sha256[0], PNG_SHA256) == 0);

  CHECK(told.cut[1].offset == 558 && told.cut[1].size == 382);
  CHECK(told.cut[1].decoded_size == PNG_SIZE && told.cut[1].line == 2);
  CHECK(told.cut[1].has_pointer == 1 && strcmp(told.pointer[1], "/b~1c/1") == 0);
  CHECK(equal(told.cut[1].form, "data_uri"));
  CHECK(equal(told.cut[1].encoding, "data-uri"));
  CHECK(equal(told.cut[1].evidence, "declared"));
  CHECK(strcmp(told.sha256[1], PNG_SHA256) == 0);

  CHECK(told.kept_offset == 395 && told.kept_size == 160);
  CHECK(strcmp(told.reason, "short_unknown") == 0);

  /* No report of what failed. */
  memset(&told, 0, sizeof told);
  CHECK(jobqueue_sanitize_base64(&out, &changed, input, strlen(input) - 3, &options, NULL) ==
        JOBQUEUE_E_INVALID_JSON);
  CHECK(told.cuts == 0 && told.kept == 0);
  jobqueue_buffer_dispose(&out);
}

void test_base64_value(void) {
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_value_context context = JOBQUEUE_VALUE_CONTEXT_INIT;
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  jobqueue_neighbour neighbours[2];
  jobqueue_neighbour* exact_neighbours;
  jobqueue_string cut_field = string_of("blob_of_ours");
  jobqueue_error error;
  int32_t changed = 7;
  char* png = exact_text(PNG_BASE64);
  char* unknown = exact_text(UNKNOWN_BASE64);
  const size_t unknown_size = strlen(UNKNOWN_BASE64);

  CHECK(jobqueue_sanitize_base64_value(&out, &changed, png, strlen(PNG_BASE64), NULL, NULL,
                                       &error) == JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&out, REMOVED));
  CHECK(jobqueue_sanitize_base64_value(&out, &changed, png, strlen(PNG_BASE64), &context, &options,
                                       &error) == JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&out, REMOVED));

  /* The context decides about what is not recognised. */
  CHECK(jobqueue_sanitize_base64_value(&out, &changed, unknown, unknown_size, &context, NULL,
                                       &error) == JOBQUEUE_OK);
  CHECK(changed == 0 && holds(&out, REMOVED));
  memset(neighbours, 0, sizeof neighbours);
  neighbours[0].name = string_of("id");
  neighbours[0].value = string_of("7");
  neighbours[1].name = string_of("media_type");
  neighbours[1].value = string_of("image/png");
  neighbours[1].after = 1;
  exact_neighbours = (jobqueue_neighbour*)(void*)exact(neighbours, sizeof neighbours);
  context.name = string_of("data");
  context.parent_name = string_of("source");
  context.neighbours = exact_neighbours;
  context.neighbour_count = 2;
  CHECK(jobqueue_sanitize_base64_value(&out, &changed, unknown, unknown_size, &context, NULL,
                                       &error) == JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&out, REMOVED));
  /* A member of a child object says nothing of the value. */
  exact_neighbours[1].child = 1;
  CHECK(jobqueue_sanitize_base64_value(&out, &changed, unknown, unknown_size, &context, NULL,
                                       &error) == JOBQUEUE_OK);
  CHECK(changed == 0);
  context.neighbours = NULL;
  context.neighbour_count = 0;
  context.name = cut_field;
  options.cut_fields = &cut_field;
  options.cut_field_count = 1;
  CHECK(jobqueue_sanitize_base64_value(&out, &changed, unknown, unknown_size, &context, &options,
                                       &error) == JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&out, "[BASE64_DATA_REMOVED]"));

  /* No value, and what cannot be. */
  CHECK(jobqueue_sanitize_base64_value(&out, &changed, NULL, 0, &context, NULL, &error) ==
        JOBQUEUE_OK);
  CHECK(changed == 0);
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_sanitize_base64_value(NULL, &changed, "", 0, NULL, NULL, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_sanitize_base64_value(&out, NULL, "", 0, NULL, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_sanitize_base64_value(&out, &changed, NULL, 1, NULL, NULL, &error),
                    &error));
  context.neighbour_count = 1;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_sanitize_base64_value(&out, &changed, "", 0, &context, NULL, &error),
                    &error));
  CHECK(jobqueue_sanitize_base64_value(&out, &changed, "", 0, &context, NULL, NULL) ==
        JOBQUEUE_E_INVALID_ARGUMENT);

  /* The value may lie in the buffer. */
  jobqueue_buffer_dispose(&out);
  out = buffer_with(PNG_BASE64);
  CHECK(jobqueue_sanitize_base64_value(&out, &changed, out.data, out.size, NULL, NULL, &error) ==
        JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&out, REMOVED));
  jobqueue_buffer_dispose(&out);
  free(exact_neighbours);
  free(unknown);
  free(png);
}

/* A document in pieces of `size` bytes, with what is around it. */
static void stream_document(jobqueue_base64_sanitizer* sanitizer, size_t size, const char* want) {
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  char all[2 * sizeof(DOCUMENT) + 1024] = "";
  size_t at = 0;
  while (at < strlen(DOCUMENT)) {
    const size_t taken = strlen(DOCUMENT) - at < size ? strlen(DOCUMENT) - at : size;
    char* piece = exact(DOCUMENT + at, taken);
    CHECK(jobqueue_base64_sanitizer_update(&out, sanitizer, piece, taken, &error) == JOBQUEUE_OK);
    strncat(all, out.data, out.size);
    free(piece);
    at += taken;
  }
  CHECK(jobqueue_base64_sanitizer_finish(&out, sanitizer, &error) == JOBQUEUE_OK);
  strncat(all, out.data, out.size);
  CHECK(strcmp(all, want) == 0);
  jobqueue_buffer_dispose(&out);
}

void test_base64_stream(void) {
  jobqueue_base64_sanitizer* sanitizer = NULL;
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  notes told;
  size_t count = 0;
  const jobqueue_string* names = jobqueue_default_cut_fields(&count);
  CHECK(count > 1 && names[0].size > 2);
  CHECK(jobqueue_default_cut_fields(NULL) == NULL);
  CHECK(jobqueue_default_cut_fields(&count) == names);

  memset(&told, 0, sizeof told);
  options.on_cut = note_cut;
  options.payload = &told;
  CHECK(jobqueue_base64_sanitizer_new(&sanitizer, &options, &error) == JOBQUEUE_OK);
  stream_document(sanitizer, 1, DOCUMENT_REMOVED);
  CHECK(told.cuts == 1);
  /* It begins anew behind each input. */
  stream_document(sanitizer, 1000000, DOCUMENT_REMOVED);
  CHECK(told.cuts == 2 && told.cut[0].offset == told.cut[1].offset);
  jobqueue_base64_sanitizer_free(sanitizer);
  jobqueue_base64_sanitizer_free(NULL);

  CHECK(jobqueue_base64_sanitizer_new(&sanitizer, NULL, NULL) == JOBQUEUE_OK);
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_base64_sanitizer_update(&out, sanitizer, NULL, 1, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_base64_sanitizer_update(NULL, sanitizer, "", 0, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_base64_sanitizer_finish(&out, NULL, &error), &error));
  jobqueue_base64_sanitizer_free(sanitizer);

  options.format = JOBQUEUE_FORMAT_JSON;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_base64_sanitizer_new(&sanitizer, &options, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT, jobqueue_base64_sanitizer_new(NULL, NULL, &error),
                    &error));
  jobqueue_buffer_dispose(&out);
}

void test_base64_restore(void) {
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  jobqueue_restore_options restore = JOBQUEUE_RESTORE_OPTIONS_INIT;
  jobqueue_error error;
  memory_vault memory;
  jobqueue_vault* vault = open_memory(&memory);
  int32_t changed = 0;
  char* reference = exact_text(DOCUMENT_REFERENCE);
  const size_t size = strlen(DOCUMENT_REFERENCE);

  /* There and back, in one buffer. */
  options.vault = vault;
  CHECK(jobqueue_sanitize_base64(&out, &changed, DOCUMENT, strlen(DOCUMENT), &options, &error) ==
        JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&out, DOCUMENT_REFERENCE));
  CHECK(jobqueue_restore_base64(&out, &changed, out.data, out.size, vault, NULL, &error) ==
        JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&out, DOCUMENT));
  changed = 0;
  CHECK(jobqueue_restore_base64(&out, &changed, reference, size, vault, &restore, &error) ==
        JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&out, DOCUMENT));

  /* Nothing to put back. */
  CHECK(jobqueue_restore_base64(&out, &changed, "[1]", 3, vault, NULL, &error) == JOBQUEUE_OK);
  CHECK(changed == 0 && holds(&out, DOCUMENT));
  CHECK(jobqueue_restore_base64(&out, &changed, NULL, 0, vault, NULL, &error) == JOBQUEUE_OK);
  CHECK(changed == 0 && holds(&out, DOCUMENT));

  /* The limit is on the output. */
  restore.max_output_bytes = strlen(DOCUMENT);
  CHECK(jobqueue_restore_base64(&out, &changed, reference, size, vault, &restore, &error) ==
        JOBQUEUE_OK);
  restore.max_output_bytes = strlen(DOCUMENT) - 1;
  CHECK(failed_with(
      JOBQUEUE_E_INPUT_TOO_LARGE,
      jobqueue_restore_base64(&out, &changed, reference, size, vault, &restore, &error), &error));
  restore.max_output_bytes = 0;
  CHECK(failed_with(
      JOBQUEUE_E_INPUT_TOO_LARGE,
      jobqueue_restore_base64(&out, &changed, reference, size, vault, &restore, &error), &error));
  CHECK(error.offset == 21);
  CHECK(holds(&out, DOCUMENT));
  restore.max_output_bytes = UINT64_MAX;
  CHECK(jobqueue_restore_base64(&out, &changed, reference, size, vault, &restore, &error) ==
        JOBQUEUE_OK);

  /* What the vault lacks. */
  memory.count = 0;
  CHECK(failed_with(
      JOBQUEUE_E_BLOB_MISSING,
      jobqueue_restore_base64(&out, &changed, reference, size, vault, &restore, &error), &error));
  CHECK(error.offset == 21 && holds(&out, DOCUMENT));
  restore.flags = JOBQUEUE_RESTORE_KEEP_MISSING;
  CHECK(jobqueue_restore_base64(&out, &changed, reference, size, vault, &restore, &error) ==
        JOBQUEUE_OK);
  CHECK(changed == 0 && holds(&out, DOCUMENT));

  /* What cannot be. */
  restore.flags = 2;
  CHECK(failed_with(
      JOBQUEUE_E_INVALID_ARGUMENT,
      jobqueue_restore_base64(&out, &changed, reference, size, vault, &restore, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_restore_base64(&out, &changed, reference, size, NULL, NULL, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_restore_base64(NULL, &changed, reference, size, vault, NULL, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_restore_base64(&out, NULL, reference, size, vault, NULL, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_restore_base64(&out, &changed, NULL, 1, vault, NULL, &error), &error));
  jobqueue_vault_free(vault);
  jobqueue_buffer_dispose(&out);
  free(reference);
}
