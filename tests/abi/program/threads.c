/* Eight threads at once, with one vault of each kind. They begin with the very first call. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <string.h>

#include "../samples.h"
#include "check.h"

enum { THREADS = 8, ROUNDS = 40 };

typedef struct shared {
  jobqueue_vault* vaults[2];
  pthread_barrier_t* start;
} shared;

static void work_once(jobqueue_vault* vault, jobqueue_buffer* lean, jobqueue_buffer* whole) {
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  jobqueue_error error;
  uint8_t digest[32];
  int32_t changed = 0;
  options.vault = vault;
  CHECK(jobqueue_sanitize_base64(lean, &changed, DOCUMENT, strlen(DOCUMENT), &options, &error) ==
        JOBQUEUE_OK);
  CHECK(changed == 1 && holds(lean, DOCUMENT_REFERENCE));
  CHECK(jobqueue_restore_base64(whole, &changed, lean->data, lean->size, vault, NULL, &error) ==
        JOBQUEUE_OK);
  CHECK(changed == 1 && holds(whole, DOCUMENT));
  CHECK(jobqueue_sanitize_base64_value(lean, &changed, PNG_BASE64, strlen(PNG_BASE64), NULL, NULL,
                                       &error) == JOBQUEUE_OK);
  CHECK(changed == 1 && holds(lean, REMOVED));
  CHECK(jobqueue_vault_put(digest, vault, "abc", 3, &error) == JOBQUEUE_OK);
  CHECK(jobqueue_vault_sync(vault, &error) == JOBQUEUE_OK);
  CHECK(jobqueue_vault_get(whole, vault, digest, 3, &error) == JOBQUEUE_OK);
  CHECK(holds(whole, "abc"));
  options.format = JOBQUEUE_FORMAT_JSON;
  CHECK(failed_with(JOBQUEUE_E_INVALID_JSON,
                    jobqueue_sanitize_base64(lean, &changed, "[", 1, &options, &error), &error));
  CHECK(error.offset == 1);
}

static void* work(void* payload) {
  const shared* with = payload;
  jobqueue_buffer lean = JOBQUEUE_BUFFER_INIT;
  jobqueue_buffer whole = JOBQUEUE_BUFFER_INIT;
  int round;
  pthread_barrier_wait(with->start);
  for (round = 0; round < ROUNDS; ++round) work_once(with->vaults[round % 2], &lean, &whole);
  jobqueue_buffer_dispose(&lean);
  jobqueue_buffer_dispose(&whole);
  return NULL;
}

void test_threads(void) {
  memory_vault memory;
  jobqueue_vault_options options = JOBQUEUE_VAULT_OPTIONS_INIT;
  pthread_t threads[THREADS];
  pthread_barrier_t start;
  shared with;
  char* root = make_directory();
  int i;
  options.flags = JOBQUEUE_VAULT_CREATE;
  with.vaults[0] = open_memory(&memory);
  CHECK(jobqueue_vault_open_directory(&with.vaults[1], root, strlen(root), &options, NULL) ==
        JOBQUEUE_OK);
  with.start = &start;
  CHECK(pthread_barrier_init(&start, NULL, THREADS) == 0);
  for (i = 0; i < THREADS; ++i) CHECK(pthread_create(&threads[i], NULL, work, &with) == 0);
  for (i = 0; i < THREADS; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(memory.puts == THREADS * ROUNDS / 2 * 2 && memory.count == 2);
  pthread_barrier_destroy(&start);
  jobqueue_vault_free(with.vaults[0]);
  jobqueue_vault_free(with.vaults[1]);
  remove_directory(root);
}
