/* Vaults: in a directory, and brought by the caller. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../samples.h"
#include "check.h"

/* SHA-256 of "abc" (FIPS 180-4, appendix) and of nothing. */
#define ABC_SHA256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* What every vault must do. */
static void use_vault(jobqueue_vault* vault) {
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  uint8_t digest[32];
  uint8_t empty[32];
  uint8_t untouched[32];
  char text[65];
  char* blob = exact_text("abc");

  CHECK(jobqueue_vault_put(digest, vault, blob, 3, &error) == JOBQUEUE_OK);
  hex(text, digest);
  CHECK(strcmp(text, ABC_SHA256) == 0);
  CHECK(jobqueue_vault_put(empty, vault, NULL, 0, NULL) == JOBQUEUE_OK);
  hex(text, empty);
  CHECK(strcmp(text, EMPTY_SHA256) == 0);
  CHECK(jobqueue_vault_put(digest, vault, blob, 3, NULL) == JOBQUEUE_OK);
  CHECK(jobqueue_vault_sync(vault, &error) == JOBQUEUE_OK);

  CHECK(jobqueue_vault_get(&out, vault, digest, 3, &error) == JOBQUEUE_OK);
  CHECK(holds(&out, "abc"));
  CHECK(jobqueue_vault_get(&out, vault, empty, 0, NULL) == JOBQUEUE_OK);
  CHECK(holds(&out, ""));
  CHECK(jobqueue_buffer_assign(&out, "before", 6) == JOBQUEUE_OK);

  /* What the vault does not have. */
  digest[31] ^= 1;
  CHECK(failed_with(JOBQUEUE_E_BLOB_MISSING, jobqueue_vault_get(&out, vault, digest, 3, &error),
                    &error));
  CHECK(error.offset == JOBQUEUE_NO_OFFSET && holds(&out, "before"));

  /* A blob may come from the buffer that it is later read into. */
  CHECK(jobqueue_vault_put(digest, vault, out.data, out.size, NULL) == JOBQUEUE_OK);
  CHECK(jobqueue_vault_get(&out, vault, digest, 6, NULL) == JOBQUEUE_OK);
  CHECK(holds(&out, "before"));

  /* What cannot be. */
  memset(untouched, 0xA5, sizeof untouched);
  memset(digest, 0xA5, sizeof digest);
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT, jobqueue_vault_put(NULL, vault, "", 0, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT, jobqueue_vault_put(digest, NULL, "", 0, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT, jobqueue_vault_put(digest, vault, NULL, 1, &error),
                    &error));
  CHECK(memcmp(digest, untouched, sizeof digest) == 0);
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT, jobqueue_vault_sync(NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT, jobqueue_vault_get(NULL, vault, empty, 0, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT, jobqueue_vault_get(&out, NULL, empty, 0, &error),
                    &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT, jobqueue_vault_get(&out, vault, NULL, 0, &error),
                    &error));
  CHECK(jobqueue_vault_get(&out, vault, NULL, 0, NULL) == JOBQUEUE_E_INVALID_ARGUMENT);
  CHECK(holds(&out, "before"));
  jobqueue_buffer_dispose(&out);
  free(blob);
}

/* A sanitized document and back. */
static void use_document(jobqueue_vault* vault) {
  jobqueue_buffer lean = JOBQUEUE_BUFFER_INIT;
  jobqueue_buffer whole = JOBQUEUE_BUFFER_INIT;
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  jobqueue_error error;
  int32_t changed = 0;
  options.vault = vault;
  CHECK(jobqueue_sanitize_base64(&lean, &changed, DOCUMENT, strlen(DOCUMENT), &options, &error) ==
        JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&lean, DOCUMENT_REFERENCE));
  changed = 0;
  CHECK(jobqueue_restore_base64(&whole, &changed, lean.data, lean.size, vault, NULL, &error) ==
        JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&whole, DOCUMENT));
  CHECK(jobqueue_sanitize_base64_value(&lean, &changed, PNG_BASE64, strlen(PNG_BASE64), NULL,
                                       &options, &error) == JOBQUEUE_OK);
  CHECK(changed == 1 && holds(&lean, REFERENCE));
  jobqueue_buffer_dispose(&whole);
  jobqueue_buffer_dispose(&lean);
}

void test_vault_directory(void) {
  jobqueue_vault_options options = JOBQUEUE_VAULT_OPTIONS_INIT;
  jobqueue_vault* vault = NULL;
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  uint8_t digest[32];
  char* root = make_directory();
  char name[4200];
  char object[4400];
  char* path;
  size_t size;
  FILE* file;

  snprintf(name, sizeof name, "%s/vault", root);
  size = strlen(name);
  path = exact_text(name);
  jobqueue_vault_free(NULL);

  CHECK(failed_with(JOBQUEUE_E_STORE_ERROR,
                    jobqueue_vault_open_directory(&vault, path, size, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_STORE_ERROR,
                    jobqueue_vault_open_directory(&vault, path, size, &options, &error), &error));
  CHECK(vault == NULL);
  options.flags = JOBQUEUE_VAULT_CREATE;
  CHECK(jobqueue_vault_open_directory(&vault, path, size, &options, &error) == JOBQUEUE_OK);
  CHECK(vault != NULL);
  use_vault(vault);
  use_document(vault);
  jobqueue_vault_free(vault);

  /* It is there for the next one. */
  vault = NULL;
  CHECK(jobqueue_vault_open_directory(&vault, path, size, NULL, NULL) == JOBQUEUE_OK);
  CHECK(jobqueue_vault_put(digest, vault, "abc", 3, NULL) == JOBQUEUE_OK);
  CHECK(jobqueue_vault_get(&out, vault, digest, 3, NULL) == JOBQUEUE_OK);
  CHECK(holds(&out, "abc"));

  /* Another size than the reference says, and bytes that have changed on the disk. */
  CHECK(failed_with(JOBQUEUE_E_BLOB_CORRUPT,
                    jobqueue_vault_get(&out, vault, digest, UINT64_MAX, &error), &error));
  snprintf(object, sizeof object, "%s/sha256/ba/" ABC_SHA256, name);
  file = fopen(object, "wb");
  CHECK(file != NULL && fputs("abd", file) >= 0 && fclose(file) == 0);
  CHECK(failed_with(JOBQUEUE_E_BLOB_CORRUPT, jobqueue_vault_get(&out, vault, digest, 3, &error),
                    &error));
  CHECK(holds(&out, "abc"));
  jobqueue_vault_free(vault);

  /* What cannot be. */
  vault = NULL;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_vault_open_directory(NULL, path, size, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_vault_open_directory(&vault, NULL, 5, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_vault_open_directory(&vault, path, 0, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_vault_open_directory(&vault, "a\0b", 3, NULL, &error), &error));
  options.flags = 2;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_vault_open_directory(&vault, path, size, &options, &error), &error));
  /* A directory that is none of ours is not made one. */
  options.flags = JOBQUEUE_VAULT_CREATE;
  CHECK(failed_with(JOBQUEUE_E_STORE_ERROR,
                    jobqueue_vault_open_directory(&vault, root, strlen(root), &options, &error),
                    &error));
  CHECK(vault == NULL);
  jobqueue_buffer_dispose(&out);
  free(path);
  remove_directory(root);
}

void test_vault_callbacks(void) {
  memory_vault memory;
  jobqueue_vault* vault = open_memory(&memory);
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  int32_t changed = 0;

  use_vault(vault);
  CHECK(memory.puts == 4 && memory.gets == 4 && memory.syncs == 1);
  use_document(vault);
  CHECK(memory.puts == 6 && memory.gets == 5 && memory.syncs == 3);

  /* Once for a document, however many blobs, and not at all where none is cut or on demand. */
  options.vault = vault;
  CHECK(jobqueue_sanitize_base64(&out, &changed, DOCUMENT DOCUMENT, strlen(DOCUMENT DOCUMENT),
                                 &options, &error) == JOBQUEUE_OK);
  CHECK(holds(&out, DOCUMENT_REFERENCE DOCUMENT_REFERENCE));
  CHECK(memory.puts == 8 && memory.syncs == 4);
  CHECK(jobqueue_sanitize_base64(&out, &changed, "[]", 2, &options, &error) == JOBQUEUE_OK);
  options.flags = JOBQUEUE_SANITIZE_NO_SYNC;
  CHECK(jobqueue_sanitize_base64(&out, &changed, DOCUMENT, strlen(DOCUMENT), &options, &error) ==
        JOBQUEUE_OK);
  CHECK(memory.puts == 9 && memory.syncs == 4);
  jobqueue_vault_free(vault);
  jobqueue_buffer_dispose(&out);
}

/* Sanitizes and restores with a vault whose callbacks fail. */
static jobqueue_status sanitize_into(jobqueue_vault* vault, jobqueue_error* error) {
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  jobqueue_buffer out = buffer_with("before");
  int32_t changed = 7;
  jobqueue_status status;
  options.vault = vault;
  status = jobqueue_sanitize_base64(&out, &changed, DOCUMENT, strlen(DOCUMENT), &options, error);
  CHECK(changed == 7 && holds(&out, "before"));
  jobqueue_buffer_dispose(&out);
  return status;
}

static jobqueue_status restore_from(jobqueue_vault* vault, jobqueue_error* error) {
  jobqueue_buffer out = buffer_with("before");
  int32_t changed = 7;
  const jobqueue_status status = jobqueue_restore_base64(
      &out, &changed, DOCUMENT_REFERENCE, strlen(DOCUMENT_REFERENCE), vault, NULL, error);
  CHECK(changed == 7 && holds(&out, "before"));
  CHECK(error->offset == 21);
  jobqueue_buffer_dispose(&out);
  return status;
}

void test_vault_failures(void) {
  memory_vault memory;
  jobqueue_vault* vault = open_memory(&memory);
  jobqueue_error error;
  uint8_t digest[32];

  memory.fail_put = JOBQUEUE_E_STORE_ERROR;
  CHECK(failed_with(JOBQUEUE_E_STORE_ERROR, sanitize_into(vault, &error), &error));
  CHECK(strstr(error.message, "'put'") != NULL && memory.syncs == 0);
  CHECK(failed_with(JOBQUEUE_E_STORE_ERROR, jobqueue_vault_put(digest, vault, "a", 1, &error),
                    &error));
  memory.fail_put = JOBQUEUE_E_OUT_OF_MEMORY;
  CHECK(failed_with(JOBQUEUE_E_OUT_OF_MEMORY, sanitize_into(vault, &error), &error));
  /* A number that is no status is a failure of the store, and the message has it. */
  memory.fail_put = 12345;
  CHECK(failed_with(JOBQUEUE_E_STORE_ERROR, sanitize_into(vault, &error), &error));
  CHECK(strstr(error.message, "12345") != NULL);
  memory.fail_put = -1;
  CHECK(failed_with(JOBQUEUE_E_STORE_ERROR, sanitize_into(vault, &error), &error));

  memory.fail_put = JOBQUEUE_OK;
  memory.fail_sync = JOBQUEUE_E_STORE_ERROR;
  CHECK(failed_with(JOBQUEUE_E_STORE_ERROR, sanitize_into(vault, &error), &error));
  CHECK(strstr(error.message, "'sync'") != NULL && memory.count == 1);
  CHECK(failed_with(JOBQUEUE_E_STORE_ERROR, jobqueue_vault_sync(vault, &error), &error));

  memory.fail_get = JOBQUEUE_E_STORE_ERROR;
  CHECK(failed_with(JOBQUEUE_E_STORE_ERROR, restore_from(vault, &error), &error));
  CHECK(strstr(error.message, "'get'") != NULL);
  memory.fail_get = JOBQUEUE_E_BLOB_MISSING;
  CHECK(failed_with(JOBQUEUE_E_BLOB_MISSING, restore_from(vault, &error), &error));
  memory.fail_get = JOBQUEUE_OK;
  memory.corrupt = 1;
  CHECK(failed_with(JOBQUEUE_E_BLOB_CORRUPT, restore_from(vault, &error), &error));
  memory.corrupt = 0;
  memory.forgets = 1;
  CHECK(failed_with(JOBQUEUE_E_BLOB_CORRUPT, restore_from(vault, &error), &error));

  /* None of it has harmed the vault. */
  memory.forgets = 0;
  memory.fail_sync = JOBQUEUE_OK;
  use_document(vault);
  jobqueue_vault_free(vault);
}

void test_vault_struct_size(void) {
  memory_vault memory;
  const jobqueue_vault_callbacks whole = memory_callbacks(&memory);
  jobqueue_vault_callbacks callbacks = whole;
  jobqueue_vault_callbacks* part;
  jobqueue_vault_options options = JOBQUEUE_VAULT_OPTIONS_INIT;
  jobqueue_vault* vault = NULL;
  jobqueue_error error;
  char* root = make_directory();
  char* newer = malloc(4096);
  uint32_t size;

  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_vault_from_callbacks(&vault, NULL, &error), &error));
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_vault_from_callbacks(NULL, &whole, &error), &error));
  callbacks.put = NULL;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_vault_from_callbacks(&vault, &callbacks, &error), &error));
  callbacks = whole;
  callbacks.get = NULL;
  CHECK(jobqueue_vault_from_callbacks(&vault, &callbacks, NULL) == JOBQUEUE_E_INVALID_ARGUMENT);
  callbacks = whole;
  callbacks.struct_size = 0;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_vault_from_callbacks(&vault, &callbacks, &error), &error));
  callbacks.struct_size = 4097;
  CHECK(failed_with(JOBQUEUE_E_INVALID_ARGUMENT,
                    jobqueue_vault_from_callbacks(&vault, &callbacks, &error), &error));

  /* An older caller without `get`, and one without `sync`. */
  size = offsetof(jobqueue_vault_callbacks, get);
  part = (jobqueue_vault_callbacks*)(void*)exact(&whole, size);
  part->struct_size = size;
  CHECK(jobqueue_vault_from_callbacks(&vault, part, NULL) == JOBQUEUE_E_INVALID_ARGUMENT);
  CHECK(vault == NULL);
  free(part);
  size = offsetof(jobqueue_vault_callbacks, sync);
  part = (jobqueue_vault_callbacks*)(void*)exact(&whole, size);
  part->struct_size = size;
  CHECK(jobqueue_vault_from_callbacks(&vault, part, NULL) == JOBQUEUE_OK);
  free(part); /* it was copied */
  use_document(vault);
  CHECK(jobqueue_vault_sync(vault, NULL) == JOBQUEUE_OK);
  CHECK(memory.puts == 2 && memory.syncs == 0);
  jobqueue_vault_free(vault);

  /* A newer caller. */
  if (newer == NULL) abort();
  memset(newer, 0xA5, 4096);
  callbacks = whole;
  callbacks.struct_size = 4096;
  memcpy(newer, &callbacks, sizeof callbacks);
  vault = NULL;
  CHECK(jobqueue_vault_from_callbacks(&vault, (const jobqueue_vault_callbacks*)(void*)newer,
                                      NULL) == JOBQUEUE_OK);
  free(newer);
  use_document(vault);
  CHECK(memory.syncs == 2);
  jobqueue_vault_free(vault);

  /* The options of a directory. */
  vault = NULL;
  options.flags = JOBQUEUE_VAULT_CREATE;
  options.struct_size = 3;
  CHECK(jobqueue_vault_open_directory(&vault, root, strlen(root), &options, NULL) ==
        JOBQUEUE_E_INVALID_ARGUMENT);
  options.struct_size = 4097;
  CHECK(jobqueue_vault_open_directory(&vault, root, strlen(root), &options, NULL) ==
        JOBQUEUE_E_INVALID_ARGUMENT);
  options.struct_size = 4; /* as preset: not to be made */
  CHECK(jobqueue_vault_open_directory(&vault, root, strlen(root), &options, NULL) ==
        JOBQUEUE_E_STORE_ERROR);
  options.struct_size = sizeof options;
  CHECK(jobqueue_vault_open_directory(&vault, root, strlen(root), &options, NULL) == JOBQUEUE_OK);
  jobqueue_vault_free(vault);
  remove_directory(root);
}
