/* jobqueue - the whole stable C ABI, as C99. docs/abi.md has the rules, docs/errors.md the codes.
 *
 *   #include <stdio.h>
 *   #include <string.h>
 *   #include <jobqueue/jobqueue.h>
 *
 *   int main(void) {
 *     const char *text = "{\"image\":\"data:image/gif;base64,R0lGODlhAQABAAAAACw=\"}";
 *     jobqueue_buffer lean = JOBQUEUE_BUFFER_INIT;
 *     jobqueue_error error;
 *     int32_t changed = 0;
 *     if (jobqueue_sanitize_base64(&lean, &changed, text, strlen(text), NULL, &error) != 0) {
 *       fprintf(stderr, "%s\n", error.message);
 *       return 1;
 *     }
 *     puts(changed ? lean.data : text);
 *     jobqueue_buffer_dispose(&lean);
 *     return 0;
 *   }
 *
 * prints {"image":"[BASE64_IMAGE_REMOVED]"}.
 *
 * No function throws or keeps a pointer to its inputs after it has returned. Every function may be
 * called from any thread; a handle may be shared by threads unless its comment says otherwise.
 */
#ifndef JOBQUEUE_H_
#define JOBQUEUE_H_

#include <stddef.h>
#include <stdint.h>

#include "jobqueue/version.h"

#define JOBQUEUE_ABI_VERSION 1u

#if defined(__GNUC__)
#define JOBQUEUE_API __attribute__((visibility("default")))
#define JOBQUEUE_NODISCARD __attribute__((warn_unused_result))
#else
#define JOBQUEUE_API
#define JOBQUEUE_NODISCARD
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Status codes. The numbers are pinned for ever; below 80 the input is at fault, from 80 the
 * machine. */
typedef int32_t jobqueue_status;
#define JOBQUEUE_OK 0
#define JOBQUEUE_E_INVALID_ARGUMENT 1
#define JOBQUEUE_E_INVALID_JSON 10
#define JOBQUEUE_E_INVALID_UTF8 12
#define JOBQUEUE_E_DEPTH_EXCEEDED 14
#define JOBQUEUE_E_INPUT_TOO_LARGE 16
#define JOBQUEUE_E_BUDGET_TOO_SMALL 20
#define JOBQUEUE_E_SIGNATURE_MISSING 30
#define JOBQUEUE_E_SIGNATURE_MALFORMED 32
#define JOBQUEUE_E_SIGNATURE_MISMATCH 34
#define JOBQUEUE_E_TIMESTAMP_OUT_OF_TOLERANCE 36
#define JOBQUEUE_E_SECRET_INVALID 38
#define JOBQUEUE_E_REPLAYED 39
#define JOBQUEUE_E_RULESET_INVALID 40
#define JOBQUEUE_E_UNKNOWN_FACT 42
#define JOBQUEUE_E_BLOB_MISSING 50
#define JOBQUEUE_E_BLOB_CORRUPT 52
#define JOBQUEUE_E_ADDRESS_FORBIDDEN 60
#define JOBQUEUE_E_STORE_ERROR 80
#define JOBQUEUE_E_NETWORK_ERROR 82
#define JOBQUEUE_E_OUT_OF_MEMORY 90
#define JOBQUEUE_E_INTERNAL 99

/* The word of a status, "INVALID_JSON"; "UNKNOWN" for a code this version does not know. Static. */
JOBQUEUE_API const char* jobqueue_status_name(jobqueue_status status);

/* JOBQUEUE_ABI_VERSION and the version of the library that is loaded. Static. */
JOBQUEUE_API uint32_t jobqueue_abi_version(void);
JOBQUEUE_API const char* jobqueue_version(void);

/* The instruction set in use: "scalar", "sse4", "avx2", "avx3", "avx3_dl" or "neon". Static. The
 * environment variable JOBQUEUE_SIMD forces one, for tests; it is read once. Output is equal on all
 * of them. */
JOBQUEUE_API const char* jobqueue_simd_target(void);

/* `offset` of an error that has no place in the input. */
#define JOBQUEUE_NO_OFFSET UINT64_MAX

/* What went wrong, filled when a function fails. Owned by the caller, may live on the stack; NULL
 * is accepted wherever a function takes one. */
typedef struct jobqueue_error {
  jobqueue_status status;
  uint32_t reserved;
  uint64_t offset;   /* byte offset in the input, or JOBQUEUE_NO_OFFSET */
  char message[240]; /* one sentence in UTF-8, NUL-terminated; never payload or secret bytes */
} jobqueue_error;

/* Bytes that a function gives out. Declare it with JOBQUEUE_BUFFER_INIT, use it for any number of
 * calls, release it once with jobqueue_buffer_dispose. `data` is NUL-terminated (the NUL is not
 * part of `size`) or NULL while the buffer is empty. When a function fails, it is as it was. */
typedef struct jobqueue_buffer {
  char* data;
  size_t size;
  size_t capacity;
} jobqueue_buffer;
#define JOBQUEUE_BUFFER_INIT \
  { NULL, 0, 0 }

/* Releases the bytes and makes the buffer empty again. NULL is accepted. */
JOBQUEUE_API void jobqueue_buffer_dispose(jobqueue_buffer* buffer);

/* Replaces the content by a copy of `data`; what the `get` callback of a vault answers with.
 * JOBQUEUE_E_OUT_OF_MEMORY, and the buffer is as it was. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_buffer_assign(jobqueue_buffer* buffer,
                                                                       const void* data,
                                                                       size_t size);

/* A borrowed text; need not be NUL-terminated. */
typedef struct jobqueue_string {
  const char* data;
  size_t size;
} jobqueue_string;

/* A vault: where blobs are kept by their SHA-256. */
typedef struct jobqueue_vault jobqueue_vault;

#define JOBQUEUE_VAULT_CREATE 1u /* make the directory if it does not exist */

typedef struct jobqueue_vault_options {
  uint32_t struct_size; /* sizeof(jobqueue_vault_options); the struct only grows at the end */
  uint32_t flags;       /* JOBQUEUE_VAULT_CREATE or 0 */
} jobqueue_vault_options;
#define JOBQUEUE_VAULT_OPTIONS_INIT \
  { (uint32_t)sizeof(jobqueue_vault_options), 0u }

/* Opens the vault in a directory (UTF-8 path). JOBQUEUE_E_STORE_ERROR if there is none and it is
 * not to be made, or it is something else. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status
jobqueue_vault_open_directory(jobqueue_vault** out, const char* path, size_t path_size,
                              const jobqueue_vault_options* options, jobqueue_error* error);

/* A vault that the caller brings. Each callback returns JOBQUEUE_OK or a status; it may be called
 * from any thread that uses the vault, and must not throw or unwind. */
typedef struct jobqueue_vault_callbacks {
  uint32_t struct_size;
  uint32_t reserved;
  void* payload;
  /* Keeps `blob` under its digest (32 bytes). A blob that is there already is fine. */
  jobqueue_status (*put)(void* payload, const uint8_t* digest, const void* blob, size_t size);
  /* Gives the blob of `size` bytes out with jobqueue_buffer_assign, or returns
   * JOBQUEUE_E_BLOB_MISSING. Its digest is checked by the caller. */
  jobqueue_status (*get)(void* payload, jobqueue_buffer* out, const uint8_t* digest, uint64_t size);
  /* Returns when everything put so far is durable. NULL: it always is. */
  jobqueue_status (*sync)(void* payload);
} jobqueue_vault_callbacks;
#define JOBQUEUE_VAULT_CALLBACKS_INIT \
  { (uint32_t)sizeof(jobqueue_vault_callbacks), 0u, NULL, NULL, NULL, NULL }

/* JOBQUEUE_E_INVALID_ARGUMENT if `put` or `get` is missing. The struct is copied. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_vault_from_callbacks(
    jobqueue_vault** out, const jobqueue_vault_callbacks* callbacks, jobqueue_error* error);

/* NULL is accepted. No call may be using the vault. */
JOBQUEUE_API void jobqueue_vault_free(jobqueue_vault* vault);

/* Keeps a blob; writes its SHA-256 to `digest_out`, 32 bytes. Durable after jobqueue_vault_sync. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_vault_put(uint8_t* digest_out,
                                                                   jobqueue_vault* vault,
                                                                   const void* blob, size_t size,
                                                                   jobqueue_error* error);
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_vault_sync(jobqueue_vault* vault,
                                                                    jobqueue_error* error);
/* Reads a blob of `size` bytes by its digest (32 bytes), which is checked.
 * JOBQUEUE_E_BLOB_MISSING, JOBQUEUE_E_BLOB_CORRUPT. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_vault_get(jobqueue_buffer* out,
                                                                   const jobqueue_vault* vault,
                                                                   const uint8_t* digest,
                                                                   uint64_t size,
                                                                   jobqueue_error* error);

/* Values of jobqueue_sanitize_options.format. */
#define JOBQUEUE_FORMAT_AUTO 0u   /* any bytes; never fails on content */
#define JOBQUEUE_FORMAT_JSON 1u   /* one RFC 8259 document */
#define JOBQUEUE_FORMAT_NDJSON 2u /* one RFC 8259 document a line */
#define JOBQUEUE_FORMAT_TEXT 3u   /* any bytes, no JSON structure assumed */

/* Bits of jobqueue_sanitize_options.flags. */
#define JOBQUEUE_SANITIZE_NAIVE 1u         /* cut every run as a regex would, unverified */
#define JOBQUEUE_SANITIZE_CUT_PROTECTED 2u /* cut tokens, keys and envelopes, too */
#define JOBQUEUE_SANITIZE_NO_SYNC 4u       /* the caller will call jobqueue_vault_sync */

/* One blob that was cut. The texts are static or borrowed for the time of the callback. */
typedef struct jobqueue_cut {
  uint32_t struct_size;
  uint32_t has_pointer;
  uint64_t offset;            /* in the input, bytes */
  uint64_t size;              /* bytes of the input that were cut */
  uint64_t decoded_size;      /* bytes that its base64 stands for */
  uint64_t line;              /* 1-based line on which its document begins */
  jobqueue_string pointer;    /* RFC 6901; a hop into a string that holds JSON is the token ~s */
  jobqueue_string form;       /* data_uri, field, typed_pair, run */
  jobqueue_string blob_class; /* image, document, archive, audio, video, model, compressed, font,
                                 executable, database, text, data */
  jobqueue_string encoding;   /* std, std-nopad, url, url-nopad, data-uri, text */
  jobqueue_string evidence;   /* magic, declared, name, neighbour, content, naive */
  jobqueue_string media_type;
  uint8_t sha256[32];        /* of the object as a vault keeps it */
  uint64_t replacement_size; /* bytes of the placeholder in its place */
} jobqueue_cut;

/* One candidate that was left alone, and why (see docs/api/base64.md for the reasons). */
typedef struct jobqueue_kept {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t offset;
  uint64_t size;
  jobqueue_string reason;
} jobqueue_kept;

typedef struct jobqueue_sanitize_options {
  uint32_t struct_size; /* sizeof(jobqueue_sanitize_options); the struct only grows at the end */
  uint32_t flags;
  uint32_t format;
  uint32_t max_depth;                /* hops into strings that hold JSON; 0 to 16, default 8 */
  uint64_t min_run_chars;            /* least length of a run; at least 32, default 100 */
  uint64_t min_unknown_chars;        /* the same where the bytes are not recognised; default 1000 */
  const jobqueue_string* cut_fields; /* more member names whose whole value is base64, any case */
  size_t cut_field_count;
  const jobqueue_string* protect_fields; /* member names whose value is never touched, any case */
  size_t protect_field_count;
  jobqueue_vault* vault; /* NULL: what is cut is dropped */
  /* Called in order of offset after everything has succeeded. NULL: no report. */
  void (*on_cut)(void* payload, const jobqueue_cut* cut);
  void (*on_kept)(void* payload, const jobqueue_kept* kept);
  void* payload;
} jobqueue_sanitize_options;
#define JOBQUEUE_SANITIZE_OPTIONS_INIT                                                            \
  {                                                                                               \
    (uint32_t)sizeof(jobqueue_sanitize_options), 0u, JOBQUEUE_FORMAT_AUTO, 8u, 100u, 1000u, NULL, \
        0, NULL, 0, NULL, NULL, NULL, NULL                                                        \
  }

/* Cuts every blob out of `input` and puts a placeholder in its place; see base64.hpp for the
 * equations that hold. `*changed` becomes 1 and `out` the output, or `*changed` becomes 0, `out` is
 * left as it was and the input is the output. Linear time.
 * JOBQUEUE_E_INVALID_ARGUMENT; JOBQUEUE_E_INVALID_JSON and JOBQUEUE_E_INVALID_UTF8 with the offset
 * (formats JSON and NDJSON); what the vault reports. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_sanitize_base64(
    jobqueue_buffer* out, int32_t* changed, const char* input, size_t input_size,
    const jobqueue_sanitize_options* options, jobqueue_error* error);

/* The built-in names of members whose value is base64: image_base64, b64_json, ... Static. NULL if
 * `count` is NULL, or if memory ran out in the first call; the next one tries again. */
JOBQUEUE_API const jobqueue_string* jobqueue_default_cut_fields(size_t* count);

/* A member near a value in an object in memory. */
typedef struct jobqueue_neighbour {
  jobqueue_string name;
  jobqueue_string value; /* if it is a string of at most 256 bytes; else empty */
  uint32_t child;        /* 1: it is a member of one child object of the same object */
  uint32_t after;        /* 1: it comes after the value */
} jobqueue_neighbour;

/* What an object walker knows about a string value that it has in hand. */
typedef struct jobqueue_value_context {
  uint32_t struct_size;
  uint32_t reserved;
  jobqueue_string name;        /* of the member; empty for an array element and at the top level */
  jobqueue_string parent_name; /* of the member that the enclosing object or array is; or empty */
  const jobqueue_neighbour* neighbours; /* the 32 nearest before it and after it will do */
  size_t neighbour_count;
} jobqueue_value_context;
#define JOBQUEUE_VALUE_CONTEXT_INIT \
  { (uint32_t)sizeof(jobqueue_value_context), 0u, {NULL, 0}, {NULL, 0}, NULL, 0 }

/* The one judge for object walkers: jobqueue_sanitize_base64 for a string value as the program
 * holds it, without JSON escapes. `context` may be NULL.
 *
 * A walker need not ask about a value that is shorter than JOBQUEUE_MIN_CUT_SIZE bytes, nor about
 * one that is shorter than `min_run_chars` bytes, has neither a comma nor a quotation mark in it,
 * and is no member whose name, in any case, is in jobqueue_default_cut_fields or `cut_fields`: such
 * a value is never changed. */
#define JOBQUEUE_MIN_CUT_SIZE 22
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status
jobqueue_sanitize_base64_value(jobqueue_buffer* out, int32_t* changed, const char* text,
                               size_t text_size, const jobqueue_value_context* context,
                               const jobqueue_sanitize_options* options, jobqueue_error* error);

/* jobqueue_sanitize_base64 for an input that comes in pieces, in bounded memory: the output is the
 * same wherever the pieces are divided. To be used by one thread at a time. */
typedef struct jobqueue_base64_sanitizer jobqueue_base64_sanitizer;

/* The options are copied; `vault` and `payload` must live as long as the sanitizer. `format` must
 * be AUTO or TEXT: to refuse a malformed document before any of it is given out, it must be there
 * as a whole. `on_cut` and `on_kept` are called while the input passes, each in order of offset. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status
jobqueue_base64_sanitizer_new(jobqueue_base64_sanitizer** out,
                              const jobqueue_sanitize_options* options, jobqueue_error* error);

/* Takes the next piece of the input. `out` becomes the next piece of the output, which may be
 * empty. After an error only _free may be called: what is wrong is told again. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status
jobqueue_base64_sanitizer_update(jobqueue_buffer* out, jobqueue_base64_sanitizer* sanitizer,
                                 const char* input, size_t input_size, jobqueue_error* error);

/* The input is complete: `out` becomes the rest of the output, and the vault is synced. After that
 * the sanitizer takes the next input from its beginning. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_base64_sanitizer_finish(
    jobqueue_buffer* out, jobqueue_base64_sanitizer* sanitizer, jobqueue_error* error);

/* NULL is accepted. */
JOBQUEUE_API void jobqueue_base64_sanitizer_free(jobqueue_base64_sanitizer* sanitizer);

#define JOBQUEUE_RESTORE_KEEP_MISSING 1u /* leave a reference whose blob the vault does not have */

typedef struct jobqueue_restore_options {
  uint32_t struct_size;
  uint32_t flags;
  uint64_t max_output_bytes; /* default 4 GiB */
} jobqueue_restore_options;
#define JOBQUEUE_RESTORE_OPTIONS_INIT \
  { (uint32_t)sizeof(jobqueue_restore_options), 0u, (uint64_t)1 << 32 }

/* Puts back what jobqueue_sanitize_base64 cut into the vault. `*changed` and `out` as there.
 * JOBQUEUE_E_BLOB_MISSING, JOBQUEUE_E_BLOB_CORRUPT, JOBQUEUE_E_INPUT_TOO_LARGE, with the offset of
 * the reference. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_restore_base64(
    jobqueue_buffer* out, int32_t* changed, const char* input, size_t input_size,
    const jobqueue_vault* vault, const jobqueue_restore_options* options, jobqueue_error* error);

/* A rule set: decides what became of a job. Immutable; any number of threads may use it. */
typedef struct jobqueue_ruleset jobqueue_ruleset;

/* A value for a parameter of a rule set, in place of its own: "stuck_after", "PT2H". */
typedef struct jobqueue_parameter {
  jobqueue_string name;
  jobqueue_string value;
} jobqueue_parameter;

typedef struct jobqueue_ruleset_options {
  uint32_t struct_size;
  uint32_t flags; /* 0 */
  const jobqueue_parameter* parameters;
  size_t parameter_count;
} jobqueue_ruleset_options;
#define JOBQUEUE_RULESET_OPTIONS_INIT \
  { (uint32_t)sizeof(jobqueue_ruleset_options), 0u, NULL, 0 }

/* Compiles a rule set, a document of JSON (docs/api/rules.md). `json` NULL with size 0: the
 * standard set. JOBQUEUE_E_RULESET_INVALID and JOBQUEUE_E_UNKNOWN_FACT with the offset, and line
 * and column in the message; JOBQUEUE_E_INVALID_ARGUMENT for a parameter that the set does not
 * have. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status
jobqueue_ruleset_parse(jobqueue_ruleset** out, const char* json, size_t json_size,
                       const jobqueue_ruleset_options* options, jobqueue_error* error);

/* NULL is accepted. No call may be using the rule set. */
JOBQUEUE_API void jobqueue_ruleset_free(jobqueue_ruleset* ruleset);

/* 64 hexadecimal digits that change whenever verdicts of the set may. Borrowed from the set. */
JOBQUEUE_API const char* jobqueue_ruleset_digest(const jobqueue_ruleset* ruleset);

/* The file of the standard set. Static, NUL-terminated. */
JOBQUEUE_API const char* jobqueue_standard_rules(void);

#define JOBQUEUE_EVALUATE_EXPLAIN 1u /* say why, and what would complete the job */

typedef struct jobqueue_evaluate_options {
  uint32_t struct_size;
  uint32_t flags;
  int64_t now_micros; /* the present: microseconds since 1970, UTC */
} jobqueue_evaluate_options;
#define JOBQUEUE_EVALUATE_OPTIONS_INIT \
  { (uint32_t)sizeof(jobqueue_evaluate_options), 0u, 0 }

/* Evaluates one record, an object of JSON, and gives the verdict as one (docs/api/rules.md).
 * `options` must not be NULL: no function of this library reads a clock.
 * JOBQUEUE_E_INVALID_JSON and JOBQUEUE_E_INVALID_UTF8 with the offset. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_ruleset_evaluate(
    jobqueue_buffer* out, const jobqueue_ruleset* ruleset, const char* record, size_t record_size,
    const jobqueue_evaluate_options* options, jobqueue_error* error);

/* Evaluates records, one a line, and gives one verdict a line, in the same order. A record that is
 * malformed has the verdict `evaluation_error`; `*failed`, which may be NULL, becomes how many. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_ruleset_evaluate_lines(
    jobqueue_buffer* out, size_t* failed, const jobqueue_ruleset* ruleset, const char* records,
    size_t records_size, const jobqueue_evaluate_options* options, jobqueue_error* error);

/* Evaluates the elements of a JSON array, and gives an array of their verdicts. One that is no
 * object has the verdict `evaluation_error`; `*failed`, which may be NULL, becomes how many.
 * JOBQUEUE_E_INVALID_JSON and JOBQUEUE_E_INVALID_UTF8 with the offset, if it is no array of valid
 * JSON. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_ruleset_evaluate_array(
    jobqueue_buffer* out, size_t* failed, const jobqueue_ruleset* ruleset, const char* records,
    size_t records_size, const jobqueue_evaluate_options* options, jobqueue_error* error);

/* What is known of a failure besides its message. */
#define JOBQUEUE_FAILURE_TIMEOUT 1u /* the caller gave up waiting */

typedef struct jobqueue_failure_options {
  uint32_t struct_size; /* sizeof(jobqueue_failure_options); the struct only grows at the end */
  uint32_t flags;       /* JOBQUEUE_FAILURE_TIMEOUT or 0 */
  uint32_t http_status; /* of the answer; what is not 400 to 599 says nothing */
  uint32_t reserved;
} jobqueue_failure_options;
#define JOBQUEUE_FAILURE_OPTIONS_INIT \
  { (uint32_t)sizeof(jobqueue_failure_options), 0u, 0u, 0u }

/* What kind of failure it is. Declare it with JOBQUEUE_FAILURE_INIT. The words are static. */
typedef struct jobqueue_failure {
  uint32_t struct_size;
  uint32_t reserved;
  const char* type;       /* "network_error" */
  const char* reason;     /* "connection_failed" */
  const char* confidence; /* "none", "low", "medium", "high" */
  char description[127];  /* a sentence; of the message it has no more than an id or a name */
  char fingerprint[17];   /* 16 hexadecimal digits, equal for failures that are the same */
} jobqueue_failure;
#define JOBQUEUE_FAILURE_INIT \
  { (uint32_t)sizeof(jobqueue_failure), 0u, "", "", "", "", "" }

/* Says what kind of failure a message is (docs/api/failure.md has the words). Any bytes, of which
 * the first 16 KiB are looked at. JOBQUEUE_E_INVALID_ARGUMENT. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status
jobqueue_classify_failure(jobqueue_failure* out, const char* message, size_t message_size,
                          const jobqueue_failure_options* options, jobqueue_error* error);

#define JOBQUEUE_MAX_ATTEMPT 9007199254740991u /* the largest number of an attempt */

/* Records what a retry gave in the data of a job, an object of JSON, and leaves the rest of it byte
 * for byte (docs/api/retry.md): `outputs` and `retry_execution_data` become `result`, any JSON,
 * `last_retry_attempt` becomes `attempt`, `retry_completed_at` the time `at_micros` (microseconds
 * since 1970, UTC). What they replace goes to `retry_replaced`. JOBQUEUE_E_INVALID_JSON and
 * JOBQUEUE_E_INVALID_UTF8 with the offset in one of the two, as the message says;
 * JOBQUEUE_E_INVALID_ARGUMENT, also if a later attempt is recorded already. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_preserve_job_data(
    jobqueue_buffer* out, const char* original, size_t original_size, const char* result,
    size_t result_size, uint64_t attempt, int64_t at_micros, jobqueue_error* error);

/* Which attempt of a job this is, 0 for the first try: `job` is an object of JSON with `ctx`,
 * `payload` and `retry_count`. JOBQUEUE_E_INVALID_JSON and JOBQUEUE_E_INVALID_UTF8 with the offset,
 * JOBQUEUE_E_INVALID_ARGUMENT. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_retry_attempt(uint64_t* out,
                                                                       const char* job,
                                                                       size_t job_size,
                                                                       jobqueue_error* error);

/* The name under which an attempt keeps a file: "image.png" is "image_r2.png" for attempt 2, and as
 * it is for 0. JOBQUEUE_E_INVALID_ARGUMENT. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status
jobqueue_retry_asset_filename(jobqueue_buffer* out, const char* filename, size_t filename_size,
                              uint64_t attempt, jobqueue_error* error);

/* Who signs webhooks how; docs/api/signature.md has the headers of each. */
#define JOBQUEUE_SCHEME_AUTO 0u /* what the headers say; for verifying only */
#define JOBQUEUE_SCHEME_JOBQUEUE 1u
#define JOBQUEUE_SCHEME_GITHUB 2u
#define JOBQUEUE_SCHEME_STANDARD 3u
#define JOBQUEUE_SCHEME_SVIX 4u
#define JOBQUEUE_SCHEME_STRIPE 5u
#define JOBQUEUE_SCHEME_SLACK 6u
#define JOBQUEUE_SCHEME_CONVOY 7u

/* The word of a scheme, "github"; NULL if there is no such scheme. Static. */
JOBQUEUE_API const char* jobqueue_signature_scheme_name(uint32_t scheme);

/* Verifies webhooks. Immutable; any number of threads may use it. It holds keys, which are cleansed
 * when it is freed, and not the texts of the secrets. */
typedef struct jobqueue_signature_verifier jobqueue_signature_verifier;

#define JOBQUEUE_SIGNATURE_NO_HINTS 1u /* do not look for the mistake behind a refusal */
#define JOBQUEUE_ANY_AGE UINT64_MAX    /* tolerance_seconds: accept a timestamp of any age */

typedef struct jobqueue_signature_options {
  uint32_t struct_size; /* sizeof(jobqueue_signature_options); the struct only grows at the end */
  uint32_t flags;
  uint64_t tolerance_seconds; /* how far a timestamp may be from now, either way; default 300 */
} jobqueue_signature_options;
#define JOBQUEUE_SIGNATURE_OPTIONS_INIT \
  { (uint32_t)sizeof(jobqueue_signature_options), 0u, 300u }

/* Takes 1 to 32 secrets, any of which may have made a signature. JOBQUEUE_E_SECRET_INVALID if one
 * of them cannot be a secret of the scheme, JOBQUEUE_E_INVALID_ARGUMENT. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_signature_verifier_new(
    jobqueue_signature_verifier** out, uint32_t scheme, const jobqueue_string* secrets,
    size_t secret_count, const jobqueue_signature_options* options, jobqueue_error* error);

/* NULL is accepted. No call may be using the verifier. */
JOBQUEUE_API void jobqueue_signature_verifier_free(jobqueue_signature_verifier* verifier);

/* One header of a request; its name is compared without case. */
typedef struct jobqueue_header {
  jobqueue_string name;
  jobqueue_string value;
} jobqueue_header;

#define JOBQUEUE_NO_SECRET UINT64_MAX /* secret_index: none of them */

/* The answer of a verifier. Declare it with JOBQUEUE_VERIFICATION_INIT. */
typedef struct jobqueue_verification {
  uint32_t struct_size;
  uint32_t scheme;        /* JOBQUEUE_SCHEME_AUTO if it was not found out */
  jobqueue_status reason; /* JOBQUEUE_OK, or why not */
  uint32_t reserved;
  uint64_t secret_index; /* which secret made the signature, from 0 */
  int64_t age_seconds;   /* now less the timestamp of a signature that is good; 0 without one */
  const char* hint;      /* the likely mistake, "trailing_newline"; "" if none was found. Static */
} jobqueue_verification;
#define JOBQUEUE_VERIFICATION_INIT \
  { (uint32_t)sizeof(jobqueue_verification), 0u, 0, 0u, JOBQUEUE_NO_SECRET, 0, "" }

/* JOBQUEUE_OK if one of the secrets made the signature in `headers` over `body`, the bytes as they
 * came, at `now_seconds` (since 1970) give or take the tolerance. Else the reason, which is no:
 * JOBQUEUE_E_SIGNATURE_MISSING, JOBQUEUE_E_SIGNATURE_MALFORMED, JOBQUEUE_E_SIGNATURE_MISMATCH,
 * JOBQUEUE_E_TIMESTAMP_OUT_OF_TOLERANCE, JOBQUEUE_E_SECRET_INVALID (AUTO: no secret fits the
 * scheme); then `out`, which may be NULL, is filled, too. JOBQUEUE_E_INVALID_ARGUMENT. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_signature_verifier_verify(
    jobqueue_verification* out, const jobqueue_signature_verifier* verifier,
    const jobqueue_header* headers, size_t header_count, const void* body, size_t body_size,
    int64_t now_seconds, jobqueue_error* error);

/* Signs webhooks. Immutable, as a verifier is. */
typedef struct jobqueue_payload_signer jobqueue_payload_signer;

/* Several secrets give several signatures, where the scheme has room for them (not JOBQUEUE,
 * GITHUB, SLACK). JOBQUEUE_E_SECRET_INVALID, JOBQUEUE_E_INVALID_ARGUMENT. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_payload_signer_new(
    jobqueue_payload_signer** out, uint32_t scheme, const jobqueue_string* secrets,
    size_t secret_count, jobqueue_error* error);

/* NULL is accepted. No call may be using the signer. */
JOBQUEUE_API void jobqueue_payload_signer_free(jobqueue_payload_signer* signer);

/* Gives the headers for a body, "name: value" and a line feed each. `id` is for STANDARD and SVIX,
 * 1 to 256 printable ASCII characters without a dot; empty for the others.
 * JOBQUEUE_E_INVALID_ARGUMENT. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_payload_signer_sign(
    jobqueue_buffer* out, const jobqueue_payload_signer* signer, const void* body, size_t body_size,
    const char* id, size_t id_size, int64_t now_seconds, jobqueue_error* error);

/* Keys of attestations: docs/api/attestation.md. Writers, kinds and forms. */
#define JOBQUEUE_WRITER_WORKER 0u
#define JOBQUEUE_WRITER_WORKFLOW 1u
#define JOBQUEUE_WRITER_API 2u
#define JOBQUEUE_ATTESTATION_COMPLETION 0u
#define JOBQUEUE_ATTESTATION_FAILURE 1u
#define JOBQUEUE_ATTESTATION_KEY_CURRENT 0u  /* what is written today */
#define JOBQUEUE_ATTESTATION_KEY_PLAIN 1u    /* worker:<kind>:<job id>... */
#define JOBQUEUE_ATTESTATION_KEY_PREFIXED 2u /* worker:<kind>:[workflow-<id>:]job-<job id>... */
#define JOBQUEUE_ATTESTATION_KEY_EARLY_FAILURE 3u /* workflow:attestation:failure:<id> */

/* "worker", "completion", "early_failure", ...; NULL if there is none of that number. Static. */
JOBQUEUE_API const char* jobqueue_attestation_writer_name(uint32_t writer);
JOBQUEUE_API const char* jobqueue_attestation_kind_name(uint32_t kind);
JOBQUEUE_API const char* jobqueue_attestation_form_name(uint32_t form);

/* Bits of jobqueue_attestation_key.flags. */
#define JOBQUEUE_ATTESTATION_KEY_PERMANENT 1u /* the last failure, which has no number in its key */
#define JOBQUEUE_ATTESTATION_KEY_STEP_PREFIX \
  2u /* the older forms: the id in the key begins with "step-" */
#define JOBQUEUE_ATTESTATION_KEY_AMBIGUOUS \
  4u /* there is another reading; formatting and order ignore it */

/* What a key says. Declare it with JOBQUEUE_ATTESTATION_KEY_INIT. */
typedef struct jobqueue_attestation_key {
  uint32_t struct_size;
  uint32_t writer;
  uint32_t kind;
  uint32_t form;
  uint32_t flags;
  uint32_t reserved;
  jobqueue_string workflow_id; /* empty if the key does not say */
  jobqueue_string step_id;     /* without one leading "step-"; empty in keys of a whole workflow */
  uint64_t attempt; /* 1 is the first try, with every writer; 0 if the key does not say */
} jobqueue_attestation_key;
#define JOBQUEUE_ATTESTATION_KEY_INIT                                                         \
  {                                                                                           \
    (uint32_t)sizeof(jobqueue_attestation_key), JOBQUEUE_WRITER_WORKER,                       \
        JOBQUEUE_ATTESTATION_COMPLETION, JOBQUEUE_ATTESTATION_KEY_CURRENT, 0u, 0u, {NULL, 0}, \
        {NULL, 0}, 0                                                                          \
  }

/* Reads a key of any generation. `reading` 0 is the best one; one that is AMBIGUOUS has more, and
 * JOBQUEUE_E_INVALID_ARGUMENT is behind the last of them, and of what is no key. The ids are
 * borrowed from `text`. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status
jobqueue_parse_attestation_key(jobqueue_attestation_key* out, const char* text, size_t text_size,
                               size_t reading, jobqueue_error* error);

/* Builds the text of a key, so that nothing else can be read from it.
 * JOBQUEUE_E_INVALID_ARGUMENT if an id cannot be in a key, or something has no place in it. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_format_attestation_key(
    jobqueue_buffer* out, const jobqueue_attestation_key* key, jobqueue_error* error);

/* Below 0, 0 or above 0, as `a` comes before, with or after `b` in the canonical order: NULL first,
 * then by workflow, attempt (unknown ones first), step, writer, kind, permanence, form. */
JOBQUEUE_API int32_t jobqueue_compare_attestation_keys(const jobqueue_attestation_key* a,
                                                       const jobqueue_attestation_key* b);

/* A place in a chain of records: behind the record of that number. The struct never grows. */
typedef struct jobqueue_attestation_head {
  uint64_t sequence; /* 0: before the first record */
  char digest[65];   /* 64 hexadecimal digits in lower case, and a NUL */
  char reserved[7];
} jobqueue_attestation_head;
#define JOBQUEUE_ATTESTATION_HEAD_INIT                                           \
  {                                                                              \
    0, "0000000000000000000000000000000000000000000000000000000000000000", { 0 } \
  }

/* Puts records into a chain. Immutable; any number of threads may use it. It holds a key, which is
 * cleansed when it is freed, and not the text of the secret. */
typedef struct jobqueue_attestation_signer jobqueue_attestation_signer;

/* JOBQUEUE_E_SECRET_INVALID if the secret is empty, white space, or longer than 4096 bytes. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status
jobqueue_attestation_signer_new(jobqueue_attestation_signer** out, const char* secret,
                                size_t secret_size, jobqueue_error* error);

/* NULL is accepted. No call may be using the signer. */
JOBQUEUE_API void jobqueue_attestation_signer_free(jobqueue_attestation_signer* signer);

/* Gives a record, an object of JSON, with its chain as its last member; every other byte stays.
 * `head` is the place behind which the record comes, and becomes the one behind it; what is
 * digested is in docs/api/attestation.md. JOBQUEUE_E_INVALID_JSON and JOBQUEUE_E_INVALID_UTF8 with
 * the offset; JOBQUEUE_E_INVALID_ARGUMENT, also for a record that is sealed already. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status
jobqueue_attestation_signer_seal(jobqueue_buffer* out, jobqueue_attestation_head* head,
                                 const jobqueue_attestation_signer* signer, const char* record,
                                 size_t record_size, jobqueue_error* error);

/* Verifies chains. Immutable, as a signer is. */
typedef struct jobqueue_attestation_verifier jobqueue_attestation_verifier;

/* Takes 1 to 32 secrets, any of which may have sealed a record. JOBQUEUE_E_SECRET_INVALID,
 * JOBQUEUE_E_INVALID_ARGUMENT. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_attestation_verifier_new(
    jobqueue_attestation_verifier** out, const jobqueue_string* secrets, size_t secret_count,
    jobqueue_error* error);

/* NULL is accepted. No call may be using the verifier. */
JOBQUEUE_API void jobqueue_attestation_verifier_free(jobqueue_attestation_verifier* verifier);

#define JOBQUEUE_ANY_COUNT UINT64_MAX /* expected_count: it is not known */

/* What is known of a chain from elsewhere. */
typedef struct jobqueue_attestation_options {
  uint32_t struct_size; /* sizeof(jobqueue_attestation_options); the struct only grows at the end */
  uint32_t flags;       /* 0 */
  const jobqueue_attestation_head* after; /* the records follow this place; NULL: from the first */
  jobqueue_string expected_head;          /* digest of the newest record; empty: it is not known */
  uint64_t expected_count;                /* number of the newest record */
} jobqueue_attestation_options;
#define JOBQUEUE_ATTESTATION_OPTIONS_INIT \
  { (uint32_t)sizeof(jobqueue_attestation_options), 0u, NULL, {NULL, 0}, JOBQUEUE_ANY_COUNT }

/* Verifies records in their order and gives a report, one line of JSON (docs/api/attestation.md).
 * JOBQUEUE_OK only if there is no problem. Else the status is that of the first one, which is an
 * answer, too, so that `out` has the report: JOBQUEUE_E_INVALID_JSON for what is no record,
 * JOBQUEUE_E_SIGNATURE_MISSING without a chain, JOBQUEUE_E_SIGNATURE_MALFORMED,
 * JOBQUEUE_E_SIGNATURE_MISMATCH. JOBQUEUE_E_INVALID_ARGUMENT leaves `out` as it was. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_attestation_verifier_verify(
    jobqueue_buffer* out, const jobqueue_attestation_verifier* verifier,
    const jobqueue_string* records, size_t record_count,
    const jobqueue_attestation_options* options, jobqueue_error* error);

/* The place behind one record, to go on from there; only its own bytes are verified.
 * JOBQUEUE_E_INVALID_JSON, JOBQUEUE_E_INVALID_UTF8, JOBQUEUE_E_SIGNATURE_MISSING,
 * JOBQUEUE_E_SIGNATURE_MALFORMED, JOBQUEUE_E_SIGNATURE_MISMATCH. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_attestation_verifier_head(
    jobqueue_attestation_head* out, const jobqueue_attestation_verifier* verifier,
    const char* record, size_t record_size, jobqueue_error* error);
/* One thing that truncating did. The texts are static or borrowed for the time of the callback. */
typedef struct jobqueue_truncate_cut {
  uint32_t struct_size;
  uint32_t has_pointer;
  jobqueue_string reason;  /* blob, white_space, value, items, members, text */
  jobqueue_string pointer; /* RFC 6901, in the input; ~s is a hop into a string that holds JSON */
  uint64_t bytes_before;
  uint64_t bytes_after; /* the differences add up to what the output is shorter by */
} jobqueue_truncate_cut;

typedef struct jobqueue_truncate_options {
  uint32_t struct_size; /* sizeof(jobqueue_truncate_options); the struct only grows at the end */
  uint32_t format;      /* JOBQUEUE_FORMAT_*, not NDJSON */
  uint64_t max_bytes;   /* at least 64, default 8000 */
  const jobqueue_string* pinned; /* at most 64 RFC 6901 pointers to what stays as it is */
  size_t pinned_count;
  uint64_t array_head; /* items that stay of an array whose middle goes; at most 1000, default 3 */
  uint64_t array_tail; /* the same at its end; default 1 */
  jobqueue_string marker; /* 1 to 24 characters of A-Z a-z 0-9 _ and -; NULL: "TRUNCATED" */
  /* Called in order after everything has succeeded. NULL: no report. */
  void (*on_cut)(void* payload, const jobqueue_truncate_cut* cut);
  void* payload;
} jobqueue_truncate_options;
#define JOBQUEUE_TRUNCATE_OPTIONS_INIT                                                         \
  {                                                                                            \
    (uint32_t)sizeof(jobqueue_truncate_options), JOBQUEUE_FORMAT_AUTO, 8000u, NULL, 0, 3u, 1u, \
        {NULL, 0}, NULL, NULL                                                                  \
  }

/* Cuts `input` to at most `max_bytes` bytes, so that JSON stays JSON; see truncate.hpp for what
 * goes first and for the equations that hold. `*changed` and `out` as of jobqueue_sanitize_base64:
 * what fits is left alone. Linear time.
 * JOBQUEUE_E_BUDGET_TOO_SMALL if `max_bytes` is below 64 or too small for what is pinned;
 * JOBQUEUE_E_INVALID_ARGUMENT; JOBQUEUE_E_INVALID_JSON and JOBQUEUE_E_INVALID_UTF8 with the offset
 * (format JSON). */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_truncate_payload(
    jobqueue_buffer* out, int32_t* changed, const char* input, size_t input_size,
    const jobqueue_truncate_options* options, jobqueue_error* error);

/* What an object is; docs/api/content_type.md has the formats and the words. */
#define JOBQUEUE_CONTENT_HEAD_BYTES 4096u /* of a head, so many are looked at */

#define JOBQUEUE_CONTENT_NOSNIFF 1u /* a header that says something decides */
#define JOBQUEUE_CONTENT_WHATWG 2u  /* decide as WHATWG MIME Sniffing does, with its names */

typedef struct jobqueue_content_type_options {
  uint32_t struct_size; /* sizeof of the struct, which only grows at the end */
  uint32_t flags;
  jobqueue_string url;        /* only the extension of its path counts; or the name of a file */
  jobqueue_string header;     /* the value of Content-Type; of several lines the last */
  jobqueue_string configured; /* the type to fall back to */
} jobqueue_content_type_options;
#define JOBQUEUE_CONTENT_TYPE_OPTIONS_INIT                                                 \
  {                                                                                        \
    (uint32_t)sizeof(jobqueue_content_type_options), 0u, {NULL, 0}, {NULL, 0}, { NULL, 0 } \
  }

#define JOBQUEUE_CONTENT_MISMATCH 1u /* the bytes contradict the header or the extension */
#define JOBQUEUE_CONTENT_POLYGLOT 2u /* the bytes are, or may be taken for, something else, too */

/* The answer. Declare it with JOBQUEUE_CONTENT_TYPE_INIT. */
typedef struct jobqueue_content_type {
  uint32_t struct_size;
  uint32_t flags;         /* JOBQUEUE_CONTENT_MISMATCH, JOBQUEUE_CONTENT_POLYGLOT */
  const char* extension;  /* the usual one, "png"; "" if there is none. Static, as are the next */
  const char* category;   /* "image", ... */
  const char* source;     /* what decided: "magic", ... */
  const char* confidence; /* "none", "low", "medium", "high" */
  char media_type[256];   /* "image/png"; in lower case, NUL-terminated */
} jobqueue_content_type;
#define JOBQUEUE_CONTENT_TYPE_INIT \
  { (uint32_t)sizeof(jobqueue_content_type), 0u, "", "data", "none", "none", "" }

/* Says what the object is whose first bytes are `head`: JOBQUEUE_CONTENT_HEAD_BYTES of them, or all
 * there are. `out` gets the answer, `report` the same and every piece of evidence as an object of
 * JSON; either may be NULL. Any bytes and texts are accepted. JOBQUEUE_E_INVALID_ARGUMENT. */
JOBQUEUE_API JOBQUEUE_NODISCARD jobqueue_status jobqueue_detect_content_type(
    jobqueue_content_type* out, jobqueue_buffer* report, const void* head, size_t head_size,
    const jobqueue_content_type_options* options, jobqueue_error* error);

#ifdef __cplusplus
}
#endif

#endif /* JOBQUEUE_H_ */
