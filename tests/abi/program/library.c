/* What the library says of itself, the error struct and the buffer. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>

#include "../samples.h"
#include "check.h"

static int is_name(jobqueue_status status, const char* name) {
  return strcmp(jobqueue_status_name(status), name) == 0;
}

void test_library(void) {
  static const char* const targets[] = {"scalar", "sse4", "avx2", "avx3", "avx3_dl", "neon"};
  const char* target = jobqueue_simd_target();
  int known = 0;
  size_t i;
  for (i = 0; i < sizeof targets / sizeof targets[0]; ++i) known |= strcmp(target, targets[i]) == 0;
  CHECK(known);
  CHECK(jobqueue_simd_target() == target);

  CHECK(jobqueue_abi_version() == JOBQUEUE_ABI_VERSION);
  CHECK(jobqueue_abi_version() == 1);
  CHECK(strcmp(jobqueue_version(), JOBQUEUE_VERSION_STRING) == 0);

  CHECK(is_name(JOBQUEUE_OK, "OK"));
  CHECK(is_name(JOBQUEUE_E_INVALID_ARGUMENT, "INVALID_ARGUMENT"));
  CHECK(is_name(JOBQUEUE_E_INVALID_JSON, "INVALID_JSON"));
  CHECK(is_name(JOBQUEUE_E_INVALID_UTF8, "INVALID_UTF8"));
  CHECK(is_name(JOBQUEUE_E_DEPTH_EXCEEDED, "DEPTH_EXCEEDED"));
  CHECK(is_name(JOBQUEUE_E_INPUT_TOO_LARGE, "INPUT_TOO_LARGE"));
  CHECK(is_name(JOBQUEUE_E_BUDGET_TOO_SMALL, "BUDGET_TOO_SMALL"));
  CHECK(is_name(JOBQUEUE_E_SIGNATURE_MISSING, "SIGNATURE_MISSING"));
  CHECK(is_name(JOBQUEUE_E_SIGNATURE_MALFORMED, "SIGNATURE_MALFORMED"));
  CHECK(is_name(JOBQUEUE_E_SIGNATURE_MISMATCH, "SIGNATURE_MISMATCH"));
  CHECK(is_name(JOBQUEUE_E_TIMESTAMP_OUT_OF_TOLERANCE, "TIMESTAMP_OUT_OF_TOLERANCE"));
  CHECK(is_name(JOBQUEUE_E_SECRET_INVALID, "SECRET_INVALID"));
  CHECK(is_name(JOBQUEUE_E_REPLAYED, "REPLAYED"));
  CHECK(is_name(JOBQUEUE_E_RULESET_INVALID, "RULESET_INVALID"));
  CHECK(is_name(JOBQUEUE_E_UNKNOWN_FACT, "UNKNOWN_FACT"));
  CHECK(is_name(JOBQUEUE_E_BLOB_MISSING, "BLOB_MISSING"));
  CHECK(is_name(JOBQUEUE_E_BLOB_CORRUPT, "BLOB_CORRUPT"));
  CHECK(is_name(JOBQUEUE_E_ADDRESS_FORBIDDEN, "ADDRESS_FORBIDDEN"));
  CHECK(is_name(JOBQUEUE_E_STORE_ERROR, "STORE_ERROR"));
  CHECK(is_name(JOBQUEUE_E_NETWORK_ERROR, "NETWORK_ERROR"));
  CHECK(is_name(JOBQUEUE_E_OUT_OF_MEMORY, "OUT_OF_MEMORY"));
  CHECK(is_name(JOBQUEUE_E_INTERNAL, "INTERNAL"));
  CHECK(is_name(2, "UNKNOWN"));
  CHECK(is_name(-1, "UNKNOWN"));
  CHECK(is_name(100, "UNKNOWN"));
  CHECK(is_name(INT32_MAX, "UNKNOWN"));
  CHECK(is_name(INT32_MIN, "UNKNOWN"));
}

void test_error(void) {
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  jobqueue_vault* vault = NULL;
  jobqueue_error error;
  int32_t changed = 7;
  char path[1000];
  size_t first, i, size, total = 0;
  jobqueue_status status;

  /* Every byte of the struct is set, whatever was in it. */
  memset(&error, 0xA5, sizeof error);
  options.format = JOBQUEUE_FORMAT_JSON;
  status = jobqueue_sanitize_base64(&out, &changed, "[1,2", 4, &options, &error);
  CHECK(failed_with(JOBQUEUE_E_INVALID_JSON, status, &error));
  CHECK(error.offset == 4);
  CHECK(error.message[sizeof error.message - 1] == '\0');

  memset(&error, 0xA5, sizeof error);
  status = jobqueue_sanitize_base64(&out, &changed, "\"a\xFF\"", 4, &options, &error);
  CHECK(failed_with(JOBQUEUE_E_INVALID_UTF8, status, &error));
  CHECK(error.offset == 2);

  /* No place in the input. */
  status = jobqueue_sanitize_base64(NULL, &changed, "", 0, NULL, &error);
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT, status, &error));
  CHECK(error.offset == JOBQUEUE_NO_OFFSET);

  /* A message that is too long is cut between characters. With one of two paths, the limit lies in
   * the middle of an U+00E9. */
  memset(path, 'a', sizeof path);
  memcpy(path, "/nowhere/", 9);
  for (first = 9; first < 11; ++first) {
    for (i = first; i + 1 < sizeof path; i += 2) memcpy(path + i, "\xC3\xA9", 2);
    status = jobqueue_vault_open_directory(&vault, path, i, NULL, &error);
    CHECK(failed_with(JOBQUEUE_E_STORE_ERROR, status, &error));
    size = strlen(error.message);
    CHECK((unsigned char)error.message[size - 1] == 0xA9);
    total += size;
  }
  CHECK(total == 239 + 238);
  CHECK(vault == NULL);

  /* NULL is accepted. */
  CHECK(jobqueue_sanitize_base64(&out, &changed, "[1,2", 4, &options, NULL) ==
        JOBQUEUE_E_INVALID_JSON);
  CHECK(changed == 7);
  CHECK(out.data == NULL && out.size == 0 && out.capacity == 0);
}

void test_buffer(void) {
  jobqueue_buffer buffer = JOBQUEUE_BUFFER_INIT;
  const char* place;
  char* text = exact("0123456789", 10);

  jobqueue_buffer_dispose(NULL);
  jobqueue_buffer_dispose(&buffer);
  CHECK(buffer.data == NULL && buffer.size == 0 && buffer.capacity == 0);

  CHECK(jobqueue_buffer_assign(&buffer, text, 10) == JOBQUEUE_OK);
  CHECK(holds(&buffer, "0123456789"));
  place = buffer.data;

  /* What fits is written into the same bytes. */
  CHECK(jobqueue_buffer_assign(&buffer, "abc", 3) == JOBQUEUE_OK);
  CHECK(holds(&buffer, "abc") && buffer.data == place && buffer.capacity >= 11);
  CHECK(jobqueue_buffer_assign(&buffer, NULL, 0) == JOBQUEUE_OK);
  CHECK(holds(&buffer, "") && buffer.data == place);

  /* The new content may be a part of the old one, or the old one and the NUL behind it. */
  CHECK(jobqueue_buffer_assign(&buffer, text, 10) == JOBQUEUE_OK);
  CHECK(jobqueue_buffer_assign(&buffer, buffer.data + 2, 8) == JOBQUEUE_OK);
  CHECK(holds(&buffer, "23456789"));
  jobqueue_buffer_dispose(&buffer);
  CHECK(jobqueue_buffer_assign(&buffer, text, 10) == JOBQUEUE_OK);
  CHECK(jobqueue_buffer_assign(&buffer, buffer.data, buffer.size + 1) == JOBQUEUE_OK);
  CHECK(buffer.size == 11 && memcmp(buffer.data, "0123456789\0", 12) == 0);

  /* Bytes of any value. */
  CHECK(jobqueue_buffer_assign(&buffer, "a\0b", 3) == JOBQUEUE_OK);
  CHECK(buffer.size == 3 && memcmp(buffer.data, "a\0b", 4) == 0);

  /* What cannot be. */
  CHECK(jobqueue_buffer_assign(NULL, text, 10) == JOBQUEUE_E_INVALID_ARGUMENT);
  CHECK(jobqueue_buffer_assign(&buffer, NULL, 1) == JOBQUEUE_E_INVALID_ARGUMENT);
  CHECK(jobqueue_buffer_assign(&buffer, text, SIZE_MAX) == JOBQUEUE_E_OUT_OF_MEMORY);
  CHECK(jobqueue_buffer_assign(&buffer, text, SIZE_MAX - 1) == JOBQUEUE_E_OUT_OF_MEMORY);
  CHECK(jobqueue_buffer_assign(&buffer, text, SIZE_MAX / 2) == JOBQUEUE_E_OUT_OF_MEMORY);
  CHECK(buffer.size == 3 && memcmp(buffer.data, "a\0b", 4) == 0);

  jobqueue_buffer_dispose(&buffer);
  CHECK(buffer.data == NULL && buffer.size == 0 && buffer.capacity == 0);
  jobqueue_buffer_dispose(&buffer);

  CHECK(jobqueue_buffer_assign(&buffer, NULL, 0) == JOBQUEUE_OK);
  CHECK(holds(&buffer, ""));
  jobqueue_buffer_dispose(&buffer);
  free(text);
}

/* The variable is read at the first call, hence a part of the program of its own. */
void test_simd_forced(void) {
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  int32_t changed = 0;
  CHECK(setenv("JOBQUEUE_SIMD", "scalar", 1) == 0);
  CHECK(strcmp(jobqueue_simd_target(), "scalar") == 0);
  CHECK(jobqueue_sanitize_base64(&out, &changed, DOCUMENT, strlen(DOCUMENT), NULL, NULL) ==
        JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&out, DOCUMENT_REMOVED));
  CHECK(setenv("JOBQUEUE_SIMD", "best", 1) == 0);
  CHECK(strcmp(jobqueue_simd_target(), "scalar") == 0);
  jobqueue_buffer_dispose(&out);
}

void test_simd_unknown(void) {
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  int32_t changed = 0;
  CHECK(setenv("JOBQUEUE_SIMD", "mmx", 1) == 0);
  CHECK(failed_with(
      JOBQUEUE_E_INVALID_ARGUMENT,
      jobqueue_sanitize_base64(&out, &changed, DOCUMENT, strlen(DOCUMENT), NULL, &error), &error));
  CHECK(strstr(error.message, "JOBQUEUE_SIMD") != NULL);
  CHECK(out.data == NULL);
}
