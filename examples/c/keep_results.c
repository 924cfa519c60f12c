/* Keeps the results of jobs in a file, lean: one JSON document a line in, one a line out.
 *
 *   keep_results VAULT FILE <results.ndjson
 *
 * Appends each result to FILE when its blobs are in the directory VAULT. Stops at the first line
 * that is not JSON; what came before it has been kept. `jobqueue restore --vault VAULT FILE` gives
 * the results back, byte for byte. */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <jobqueue/jobqueue.h>

struct totals {
  unsigned long results;
  uint64_t bytes_in;
  uint64_t bytes_out;
};

static int complain(const char* what, const jobqueue_error* error) {
  fprintf(stderr, "keep_results: %s: %s\n", what, error->message);
  return error->status < 80 ? 3 : 4;
}

/* 0, or the exit code. */
static int keep(FILE* file, const jobqueue_sanitize_options* options, struct totals* totals) {
  jobqueue_buffer lean = JOBQUEUE_BUFFER_INIT; /* used again for each line */
  jobqueue_error error;
  char* line = NULL;
  size_t capacity = 0;
  ssize_t size;
  int code = 0;
  while (code == 0 && (size = getline(&line, &capacity, stdin)) != -1) {
    int32_t changed = 0;
    if (jobqueue_sanitize_base64(&lean, &changed, line, (size_t)size, options, &error) !=
        JOBQUEUE_OK) {
      char where[64];
      snprintf(where, sizeof where, "line %lu", totals->results + 1);
      code = complain(where, &error);
      continue;
    }
    /* Unchanged is an answer: then the line itself is what is kept. */
    const char* text = changed ? lean.data : line;
    const size_t text_size = changed ? lean.size : (size_t)size;
    if (fwrite(text, 1, text_size, file) != text_size || fflush(file) != 0) {
      perror("keep_results: cannot write");
      code = 4;
      continue;
    }
    ++totals->results;
    totals->bytes_in += (uint64_t)size;
    totals->bytes_out += text_size;
  }
  if (code == 0 && ferror(stdin)) {
    perror("keep_results: cannot read");
    code = 4;
  }
  free(line);
  jobqueue_buffer_dispose(&lean);
  return code;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "Usage: keep_results VAULT FILE <results.ndjson\n");
    return 2;
  }
  jobqueue_vault_options how = JOBQUEUE_VAULT_OPTIONS_INIT;
  jobqueue_vault* vault = NULL;
  jobqueue_error error;
  how.flags = JOBQUEUE_VAULT_CREATE;
  if (jobqueue_vault_open_directory(&vault, argv[1], strlen(argv[1]), &how, &error) !=
      JOBQUEUE_OK) {
    return complain(argv[1], &error);
  }

  int code = 4;
  struct totals totals = {0, 0, 0};
  FILE* file = fopen(argv[2], "ab");
  if (file == NULL) {
    perror(argv[2]);
  } else {
    jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
    options.format = JOBQUEUE_FORMAT_JSON;
    options.vault = vault;
    code = keep(file, &options, &totals);
    if (fclose(file) != 0 && code == 0) {
      perror(argv[2]);
      code = 4;
    }
  }
  jobqueue_vault_free(vault);
  printf("kept %lu results: %llu bytes instead of %llu\n", totals.results,
         (unsigned long long)totals.bytes_out, (unsigned long long)totals.bytes_in);
  return code;
}
