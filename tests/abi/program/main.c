/* The C ABI from a program in real C99, linked to nothing of jobqueue but its two shared
 * libraries. */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static int failures;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void check(int passed, const char* condition, const char* file, int line) {
  if (passed) return;
  pthread_mutex_lock(&lock);
  ++failures;
  fprintf(stderr, "%s:%d: failed: %s\n", file, line, condition);
  pthread_mutex_unlock(&lock);
}

int holds(const jobqueue_buffer* buffer, const char* text) {
  const size_t size = strlen(text);
  if (buffer->data == NULL || buffer->size != size || buffer->capacity <= size ||
      memcmp(buffer->data, text, size + 1) != 0) {
    fprintf(stderr, "the buffer has: %s\n", buffer->data != NULL ? buffer->data : "NULL");
    return 0;
  }
  return 1;
}

jobqueue_buffer buffer_with(const char* text) {
  jobqueue_buffer buffer = JOBQUEUE_BUFFER_INIT;
  CHECK(jobqueue_buffer_assign(&buffer, text, strlen(text)) == JOBQUEUE_OK);
  return buffer;
}

int failed_with(jobqueue_status wanted, jobqueue_status status, const jobqueue_error* error) {
  if (status != wanted || error->status != status || error->reserved != 0 ||
      error->message[0] == '\0' || memchr(error->message, '\0', sizeof error->message) == NULL ||
      strstr(error->message, "iVBORw0KGgo") != NULL) {
    fprintf(stderr, "status %d, error.status %d: %s\n", (int)status, (int)error->status,
            error->message);
    return 0;
  }
  return 1;
}

jobqueue_string string_of(const char* text) {
  jobqueue_string string;
  string.data = text;
  string.size = strlen(text);
  return string;
}

int equal(jobqueue_string a, const char* b) {
  return a.size == strlen(b) && memcmp(a.data, b, a.size) == 0;
}

char* exact(const void* data, size_t size) {
  char* block = malloc(size);
  if (block == NULL) abort();
  memcpy(block, data, size);
  return block;
}

char* exact_text(const char* text) { return exact(text, strlen(text)); }

void hex(char out[65], const uint8_t digest[32]) {
  int i;
  for (i = 0; i < 32; ++i) sprintf(out + 2 * i, "%02x", (unsigned)digest[i]);
}

char* make_directory(void) {
  const char* parent = getenv("TMPDIR");
  char path[4096];
  snprintf(path, sizeof path, "%s/jobqueue-abi-XXXXXX", parent != NULL ? parent : "/tmp");
  if (mkdtemp(path) == NULL) abort();
  return exact(path, strlen(path) + 1);
}

static int remove_one(const char* path, const struct stat* info, int type, struct FTW* walk) {
  (void)info;
  (void)type;
  (void)walk;
  return remove(path);
}

void remove_directory(char* path) {
  CHECK(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
  free(path);
}

static const struct {
  const char* name;
  void (*run)(void);
} parts[] = {
    {"library", test_library},
    {"error", test_error},
    {"buffer", test_buffer},
    {"base64_sanitize", test_base64_sanitize},
    {"base64_report", test_base64_report},
    {"base64_value", test_base64_value},
    {"base64_stream", test_base64_stream},
    {"base64_restore", test_base64_restore},
    {"base64_options", test_base64_options},
    {"base64_struct_size", test_base64_struct_size},
    {"simd_forced", test_simd_forced},
    {"simd_unknown", test_simd_unknown},
    {"vault_directory", test_vault_directory},
    {"vault_callbacks", test_vault_callbacks},
    {"vault_failures", test_vault_failures},
    {"vault_struct_size", test_vault_struct_size},
    {"rules_evaluate", test_rules_evaluate},
    {"rules_parse", test_rules_parse},
    {"failure", test_failure},
    {"retry", test_retry},
    {"signature_verify", test_signature_verify},
    {"signature_options", test_signature_options},
    {"signature_sign", test_signature_sign},
    {"attestation_key", test_attestation_key},
    {"attestation_key_struct", test_attestation_key_struct},
    {"attestation_seal", test_attestation_seal},
    {"attestation_verify", test_attestation_verify},
    {"truncate", test_truncate},
    {"truncate_options", test_truncate_options},
    {"content_type", test_content_type},
    {"content_type_options", test_content_type_options},
    {"probe", test_probe},
    {"probe_options", test_probe_options},
    {"threads", test_threads},
};

int main(int count, char** arguments) {
  size_t i;
  for (i = 0; count == 2 && i < sizeof parts / sizeof parts[0]; ++i) {
    if (strcmp(arguments[1], parts[i].name) != 0) continue;
    parts[i].run();
    return failures == 0 ? 0 : 1;
  }
  fprintf(stderr, "usage: %s PART, and PART is one of:\n", arguments[0]);
  for (i = 0; i < sizeof parts / sizeof parts[0]; ++i) fprintf(stderr, "  %s\n", parts[i].name);
  return 2;
}
