/* What the parts of this C program share. */
#ifndef JOBQUEUE_TESTS_ABI_CHECK_H_
#define JOBQUEUE_TESTS_ABI_CHECK_H_

#include <jobqueue/jobqueue.h>

/* Says what failed and goes on; main returns 1 in the end. */
#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)
void check(int passed, const char* condition, const char* file, int line);

/* Whether the buffer holds exactly the text, with the NUL behind it. */
int holds(const jobqueue_buffer* buffer, const char* text);
/* A buffer that holds the text. */
jobqueue_buffer buffer_with(const char* text);
/* Whether the call failed with the status, and the error says so and no bytes of a payload. */
int failed_with(jobqueue_status wanted, jobqueue_status status, const jobqueue_error* error);

jobqueue_string string_of(const char* text);
int equal(jobqueue_string a, const char* b);

/* A copy in a heap block of exactly that size, without a NUL, so that an over-read is seen. */
char* exact(const void* data, size_t size);
char* exact_text(const char* text);

void hex(char out[65], const uint8_t digest[32]);

/* A vault of the caller in memory, with room for a few blobs. Its callbacks count their calls, fail
 * with the statuses that are set here, and may be called by several threads. */
enum { MEMORY_SLOTS = 4, MEMORY_BLOB = 512 };
typedef struct memory_vault {
  int puts, gets, syncs;
  jobqueue_status fail_put, fail_get, fail_sync;
  int corrupt; /* `get` gives other bytes */
  int forgets; /* `get` says OK and gives nothing */
  int count;
  uint8_t digests[MEMORY_SLOTS][32];
  char blobs[MEMORY_SLOTS][MEMORY_BLOB];
  size_t sizes[MEMORY_SLOTS];
} memory_vault;
jobqueue_vault_callbacks memory_callbacks(memory_vault* memory);
jobqueue_vault* open_memory(memory_vault* memory);

/* A new empty directory; the caller frees the path after remove_directory. */
char* make_directory(void);
void remove_directory(char* path);

/* The parts of the program, each a test of its own. */
void test_library(void);
void test_error(void);
void test_buffer(void);
void test_base64_sanitize(void);
void test_base64_report(void);
void test_base64_value(void);
void test_base64_stream(void);
void test_base64_restore(void);
void test_base64_options(void);
void test_base64_struct_size(void);
void test_simd_forced(void);
void test_simd_unknown(void);
void test_vault_directory(void);
void test_vault_callbacks(void);
void test_vault_failures(void);
void test_vault_struct_size(void);
void test_rules_evaluate(void);
void test_rules_parse(void);
void test_failure(void);
void test_retry(void);
void test_signature_verify(void);
void test_signature_options(void);
void test_signature_sign(void);
void test_attestation_key(void);
void test_attestation_key_struct(void);
void test_attestation_seal(void);
void test_attestation_verify(void);
void test_truncate(void);
void test_truncate_options(void);
void test_content_type(void);
void test_content_type_options(void);
void test_probe(void);
void test_probe_options(void);
void test_threads(void);

#endif /* JOBQUEUE_TESTS_ABI_CHECK_H_ */
