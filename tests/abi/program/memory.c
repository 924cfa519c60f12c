/* A vault that the caller brings, as a few arrays. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static jobqueue_status memory_put(void* payload, const uint8_t* digest, const void* blob,
                                  size_t size) {
  memory_vault* memory = payload;
  jobqueue_status status;
  int i = 0;
  pthread_mutex_lock(&lock);
  ++memory->puts;
  status = memory->fail_put;
  while (i < memory->count && memcmp(memory->digests[i], digest, 32) != 0) ++i;
  if (status == JOBQUEUE_OK && i == memory->count) {
    if (i == MEMORY_SLOTS || size > MEMORY_BLOB) {
      status = JOBQUEUE_E_STORE_ERROR;
    } else {
      memcpy(memory->digests[i], digest, 32);
      if (size != 0) memcpy(memory->blobs[i], blob, size);
      memory->sizes[i] = size;
      ++memory->count;
    }
  }
  pthread_mutex_unlock(&lock);
  return status;
}

static jobqueue_status memory_get(void* payload, jobqueue_buffer* out, const uint8_t* digest,
                                  uint64_t size) {
  memory_vault* memory = payload;
  jobqueue_status status;
  int i = 0;
  pthread_mutex_lock(&lock);
  ++memory->gets;
  status = memory->fail_get;
  while (i < memory->count && memcmp(memory->digests[i], digest, 32) != 0) ++i;
  if (status == JOBQUEUE_OK && i == memory->count) status = JOBQUEUE_E_BLOB_MISSING;
  if (status == JOBQUEUE_OK && !memory->forgets) {
    CHECK(memory->sizes[i] == size);
    status = jobqueue_buffer_assign(out, memory->blobs[i], memory->sizes[i]);
    if (status == JOBQUEUE_OK && memory->corrupt) out->data[0] ^= 1;
  }
  pthread_mutex_unlock(&lock);
  return status;
}

static jobqueue_status memory_sync(void* payload) {
  memory_vault* memory = payload;
  jobqueue_status status;
  pthread_mutex_lock(&lock);
  ++memory->syncs;
  status = memory->fail_sync;
  pthread_mutex_unlock(&lock);
  return status;
}

jobqueue_vault_callbacks memory_callbacks(memory_vault* memory) {
  jobqueue_vault_callbacks callbacks = JOBQUEUE_VAULT_CALLBACKS_INIT;
  memset(memory, 0, sizeof *memory);
  callbacks.payload = memory;
  callbacks.put = memory_put;
  callbacks.get = memory_get;
  callbacks.sync = memory_sync;
  return callbacks;
}

jobqueue_vault* open_memory(memory_vault* memory) {
  const jobqueue_vault_callbacks callbacks = memory_callbacks(memory);
  jobqueue_vault* vault = NULL;
  CHECK(jobqueue_vault_from_callbacks(&vault, &callbacks, NULL) == JOBQUEUE_OK);
  if (vault == NULL) abort();
  return vault;
}
