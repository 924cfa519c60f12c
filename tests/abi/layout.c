/* Where every member of every public struct lies on LP64, and what every constant is, as literal
 * numbers. What is written here does not change, or programs that are compiled already break. When
 * a struct that begins with struct_size gets a new last member, its size here grows with it;
 * nothing else may. check_header.py holds that no member and no constant is forgotten. */
#include <jobqueue/jobqueue.h>
#include <jobqueue/jobqueue_net.h>

#define MEMBER(type, member, offset, size)                                            \
  _Static_assert(offsetof(type, member) == (offset), #type "." #member " has moved"); \
  _Static_assert(sizeof(((type*)0)->member) == (size), #type "." #member " has another size")
#define STRUCT(type, size, alignment)                                \
  _Static_assert(sizeof(type) == (size), #type " has another size"); \
  _Static_assert(_Alignof(type) == (alignment), #type " has another alignment")
#define VALUE(constant, value) _Static_assert((constant) == (value), #constant " has changed")

_Static_assert(sizeof(void*) == 8 && sizeof(size_t) == 8, "these numbers are those of LP64");
_Static_assert(sizeof(jobqueue_status) == 4 && (jobqueue_status)-1 < 0, "a status is an int32_t");

STRUCT(jobqueue_error, 256, 8);
MEMBER(jobqueue_error, status, 0, 4);
MEMBER(jobqueue_error, reserved, 4, 4);
MEMBER(jobqueue_error, offset, 8, 8);
MEMBER(jobqueue_error, message, 16, 240);

STRUCT(jobqueue_buffer, 24, 8);
MEMBER(jobqueue_buffer, data, 0, 8);
MEMBER(jobqueue_buffer, size, 8, 8);
MEMBER(jobqueue_buffer, capacity, 16, 8);

STRUCT(jobqueue_string, 16, 8);
MEMBER(jobqueue_string, data, 0, 8);
MEMBER(jobqueue_string, size, 8, 8);

STRUCT(jobqueue_vault_options, 8, 4);
MEMBER(jobqueue_vault_options, struct_size, 0, 4);
MEMBER(jobqueue_vault_options, flags, 4, 4);

STRUCT(jobqueue_parameter, 32, 8);
MEMBER(jobqueue_parameter, name, 0, 16);
MEMBER(jobqueue_parameter, value, 16, 16);

STRUCT(jobqueue_ruleset_options, 24, 8);
MEMBER(jobqueue_ruleset_options, struct_size, 0, 4);
MEMBER(jobqueue_ruleset_options, flags, 4, 4);
MEMBER(jobqueue_ruleset_options, parameters, 8, 8);
MEMBER(jobqueue_ruleset_options, parameter_count, 16, 8);

STRUCT(jobqueue_evaluate_options, 16, 8);
MEMBER(jobqueue_evaluate_options, struct_size, 0, 4);
MEMBER(jobqueue_evaluate_options, flags, 4, 4);
MEMBER(jobqueue_evaluate_options, now_micros, 8, 8);

STRUCT(jobqueue_vault_callbacks, 40, 8);
MEMBER(jobqueue_vault_callbacks, struct_size, 0, 4);
MEMBER(jobqueue_vault_callbacks, reserved, 4, 4);
MEMBER(jobqueue_vault_callbacks, payload, 8, 8);
MEMBER(jobqueue_vault_callbacks, put, 16, 8);
MEMBER(jobqueue_vault_callbacks, get, 24, 8);
MEMBER(jobqueue_vault_callbacks, sync, 32, 8);

STRUCT(jobqueue_cut, 176, 8);
MEMBER(jobqueue_cut, struct_size, 0, 4);
MEMBER(jobqueue_cut, has_pointer, 4, 4);
MEMBER(jobqueue_cut, offset, 8, 8);
MEMBER(jobqueue_cut, size, 16, 8);
MEMBER(jobqueue_cut, decoded_size, 24, 8);
MEMBER(jobqueue_cut, line, 32, 8);
MEMBER(jobqueue_cut, pointer, 40, 16);
MEMBER(jobqueue_cut, form, 56, 16);
MEMBER(jobqueue_cut, blob_class, 72, 16);
MEMBER(jobqueue_cut, encoding, 88, 16);
MEMBER(jobqueue_cut, evidence, 104, 16);
MEMBER(jobqueue_cut, media_type, 120, 16);
MEMBER(jobqueue_cut, sha256, 136, 32);
MEMBER(jobqueue_cut, replacement_size, 168, 8);

STRUCT(jobqueue_kept, 40, 8);
MEMBER(jobqueue_kept, struct_size, 0, 4);
MEMBER(jobqueue_kept, reserved, 4, 4);
MEMBER(jobqueue_kept, offset, 8, 8);
MEMBER(jobqueue_kept, size, 16, 8);
MEMBER(jobqueue_kept, reason, 24, 16);

STRUCT(jobqueue_sanitize_options, 96, 8);
MEMBER(jobqueue_sanitize_options, struct_size, 0, 4);
MEMBER(jobqueue_sanitize_options, flags, 4, 4);
MEMBER(jobqueue_sanitize_options, format, 8, 4);
MEMBER(jobqueue_sanitize_options, max_depth, 12, 4);
MEMBER(jobqueue_sanitize_options, min_run_chars, 16, 8);
MEMBER(jobqueue_sanitize_options, min_unknown_chars, 24, 8);
MEMBER(jobqueue_sanitize_options, cut_fields, 32, 8);
MEMBER(jobqueue_sanitize_options, cut_field_count, 40, 8);
MEMBER(jobqueue_sanitize_options, protect_fields, 48, 8);
MEMBER(jobqueue_sanitize_options, protect_field_count, 56, 8);
MEMBER(jobqueue_sanitize_options, vault, 64, 8);
MEMBER(jobqueue_sanitize_options, on_cut, 72, 8);
MEMBER(jobqueue_sanitize_options, on_kept, 80, 8);
MEMBER(jobqueue_sanitize_options, payload, 88, 8);

STRUCT(jobqueue_neighbour, 40, 8);
MEMBER(jobqueue_neighbour, name, 0, 16);
MEMBER(jobqueue_neighbour, value, 16, 16);
MEMBER(jobqueue_neighbour, child, 32, 4);
MEMBER(jobqueue_neighbour, after, 36, 4);

STRUCT(jobqueue_value_context, 56, 8);
MEMBER(jobqueue_value_context, struct_size, 0, 4);
MEMBER(jobqueue_value_context, reserved, 4, 4);
MEMBER(jobqueue_value_context, name, 8, 16);
MEMBER(jobqueue_value_context, parent_name, 24, 16);
MEMBER(jobqueue_value_context, neighbours, 40, 8);
MEMBER(jobqueue_value_context, neighbour_count, 48, 8);

STRUCT(jobqueue_restore_options, 16, 8);
MEMBER(jobqueue_restore_options, struct_size, 0, 4);
MEMBER(jobqueue_restore_options, flags, 4, 4);
MEMBER(jobqueue_restore_options, max_output_bytes, 8, 8);

STRUCT(jobqueue_failure_options, 16, 4);
MEMBER(jobqueue_failure_options, struct_size, 0, 4);
MEMBER(jobqueue_failure_options, flags, 4, 4);
MEMBER(jobqueue_failure_options, http_status, 8, 4);
MEMBER(jobqueue_failure_options, reserved, 12, 4);

STRUCT(jobqueue_failure, 176, 8);
MEMBER(jobqueue_failure, struct_size, 0, 4);
MEMBER(jobqueue_failure, reserved, 4, 4);
MEMBER(jobqueue_failure, type, 8, 8);
MEMBER(jobqueue_failure, reason, 16, 8);
MEMBER(jobqueue_failure, confidence, 24, 8);
MEMBER(jobqueue_failure, description, 32, 127);
MEMBER(jobqueue_failure, fingerprint, 159, 17);

STRUCT(jobqueue_signature_options, 16, 8);
MEMBER(jobqueue_signature_options, struct_size, 0, 4);
MEMBER(jobqueue_signature_options, flags, 4, 4);
MEMBER(jobqueue_signature_options, tolerance_seconds, 8, 8);

STRUCT(jobqueue_header, 32, 8);
MEMBER(jobqueue_header, name, 0, 16);
MEMBER(jobqueue_header, value, 16, 16);

STRUCT(jobqueue_verification, 40, 8);
MEMBER(jobqueue_verification, struct_size, 0, 4);
MEMBER(jobqueue_verification, scheme, 4, 4);
MEMBER(jobqueue_verification, reason, 8, 4);
MEMBER(jobqueue_verification, reserved, 12, 4);
MEMBER(jobqueue_verification, secret_index, 16, 8);
MEMBER(jobqueue_verification, age_seconds, 24, 8);
MEMBER(jobqueue_verification, hint, 32, 8);

STRUCT(jobqueue_attestation_key, 64, 8);
MEMBER(jobqueue_attestation_key, struct_size, 0, 4);
MEMBER(jobqueue_attestation_key, writer, 4, 4);
MEMBER(jobqueue_attestation_key, kind, 8, 4);
MEMBER(jobqueue_attestation_key, form, 12, 4);
MEMBER(jobqueue_attestation_key, flags, 16, 4);
MEMBER(jobqueue_attestation_key, reserved, 20, 4);
MEMBER(jobqueue_attestation_key, workflow_id, 24, 16);
MEMBER(jobqueue_attestation_key, step_id, 40, 16);
MEMBER(jobqueue_attestation_key, attempt, 56, 8);

STRUCT(jobqueue_attestation_head, 80, 8);
MEMBER(jobqueue_attestation_head, sequence, 0, 8);
MEMBER(jobqueue_attestation_head, digest, 8, 65);
MEMBER(jobqueue_attestation_head, reserved, 73, 7);

STRUCT(jobqueue_attestation_options, 40, 8);
MEMBER(jobqueue_attestation_options, struct_size, 0, 4);
MEMBER(jobqueue_attestation_options, flags, 4, 4);
MEMBER(jobqueue_attestation_options, after, 8, 8);
MEMBER(jobqueue_attestation_options, expected_head, 16, 16);
MEMBER(jobqueue_attestation_options, expected_count, 32, 8);
STRUCT(jobqueue_truncate_cut, 56, 8);
MEMBER(jobqueue_truncate_cut, struct_size, 0, 4);
MEMBER(jobqueue_truncate_cut, has_pointer, 4, 4);
MEMBER(jobqueue_truncate_cut, reason, 8, 16);
MEMBER(jobqueue_truncate_cut, pointer, 24, 16);
MEMBER(jobqueue_truncate_cut, bytes_before, 40, 8);
MEMBER(jobqueue_truncate_cut, bytes_after, 48, 8);

STRUCT(jobqueue_truncate_options, 80, 8);
MEMBER(jobqueue_truncate_options, struct_size, 0, 4);
MEMBER(jobqueue_truncate_options, format, 4, 4);
MEMBER(jobqueue_truncate_options, max_bytes, 8, 8);
MEMBER(jobqueue_truncate_options, pinned, 16, 8);
MEMBER(jobqueue_truncate_options, pinned_count, 24, 8);
MEMBER(jobqueue_truncate_options, array_head, 32, 8);
MEMBER(jobqueue_truncate_options, array_tail, 40, 8);
MEMBER(jobqueue_truncate_options, marker, 48, 16);
MEMBER(jobqueue_truncate_options, on_cut, 64, 8);
MEMBER(jobqueue_truncate_options, payload, 72, 8);

STRUCT(jobqueue_content_type_options, 56, 8);
MEMBER(jobqueue_content_type_options, struct_size, 0, 4);
MEMBER(jobqueue_content_type_options, flags, 4, 4);
MEMBER(jobqueue_content_type_options, url, 8, 16);
MEMBER(jobqueue_content_type_options, header, 24, 16);
MEMBER(jobqueue_content_type_options, configured, 40, 16);

STRUCT(jobqueue_content_type, 296, 8);
MEMBER(jobqueue_content_type, struct_size, 0, 4);
MEMBER(jobqueue_content_type, flags, 4, 4);
MEMBER(jobqueue_content_type, extension, 8, 8);
MEMBER(jobqueue_content_type, category, 16, 8);
MEMBER(jobqueue_content_type, source, 24, 8);
MEMBER(jobqueue_content_type, confidence, 32, 8);
MEMBER(jobqueue_content_type, media_type, 40, 256);

VALUE(JOBQUEUE_ABI_VERSION, 1);
VALUE(JOBQUEUE_OK, 0);
VALUE(JOBQUEUE_E_INVALID_ARGUMENT, 1);
VALUE(JOBQUEUE_E_INVALID_JSON, 10);
VALUE(JOBQUEUE_E_INVALID_UTF8, 12);
VALUE(JOBQUEUE_E_DEPTH_EXCEEDED, 14);
VALUE(JOBQUEUE_E_INPUT_TOO_LARGE, 16);
VALUE(JOBQUEUE_E_BUDGET_TOO_SMALL, 20);
VALUE(JOBQUEUE_E_SIGNATURE_MISSING, 30);
VALUE(JOBQUEUE_E_SIGNATURE_MALFORMED, 32);
VALUE(JOBQUEUE_E_SIGNATURE_MISMATCH, 34);
VALUE(JOBQUEUE_E_TIMESTAMP_OUT_OF_TOLERANCE, 36);
VALUE(JOBQUEUE_E_SECRET_INVALID, 38);
VALUE(JOBQUEUE_E_REPLAYED, 39);
VALUE(JOBQUEUE_E_RULESET_INVALID, 40);
VALUE(JOBQUEUE_E_UNKNOWN_FACT, 42);
VALUE(JOBQUEUE_E_BLOB_MISSING, 50);
VALUE(JOBQUEUE_E_BLOB_CORRUPT, 52);
VALUE(JOBQUEUE_E_ADDRESS_FORBIDDEN, 60);
VALUE(JOBQUEUE_E_STORE_ERROR, 80);
VALUE(JOBQUEUE_E_NETWORK_ERROR, 82);
VALUE(JOBQUEUE_E_OUT_OF_MEMORY, 90);
VALUE(JOBQUEUE_E_INTERNAL, 99);
VALUE(JOBQUEUE_NO_OFFSET, 0xFFFFFFFFFFFFFFFF);
VALUE(JOBQUEUE_VAULT_CREATE, 1);
VALUE(JOBQUEUE_FORMAT_AUTO, 0);
VALUE(JOBQUEUE_FORMAT_JSON, 1);
VALUE(JOBQUEUE_FORMAT_NDJSON, 2);
VALUE(JOBQUEUE_FORMAT_TEXT, 3);
VALUE(JOBQUEUE_SANITIZE_NAIVE, 1);
VALUE(JOBQUEUE_SANITIZE_CUT_PROTECTED, 2);
VALUE(JOBQUEUE_SANITIZE_NO_SYNC, 4);
VALUE(JOBQUEUE_MIN_CUT_SIZE, 22);
VALUE(JOBQUEUE_RESTORE_KEEP_MISSING, 1);
VALUE(JOBQUEUE_EVALUATE_EXPLAIN, 1);
VALUE(JOBQUEUE_FAILURE_TIMEOUT, 1);
VALUE(JOBQUEUE_MAX_ATTEMPT, 9007199254740991);
VALUE(JOBQUEUE_SCHEME_AUTO, 0);
VALUE(JOBQUEUE_SCHEME_JOBQUEUE, 1);
VALUE(JOBQUEUE_SCHEME_GITHUB, 2);
VALUE(JOBQUEUE_SCHEME_STANDARD, 3);
VALUE(JOBQUEUE_SCHEME_SVIX, 4);
VALUE(JOBQUEUE_SCHEME_STRIPE, 5);
VALUE(JOBQUEUE_SCHEME_SLACK, 6);
VALUE(JOBQUEUE_SCHEME_CONVOY, 7);
VALUE(JOBQUEUE_SIGNATURE_NO_HINTS, 1);
VALUE(JOBQUEUE_ANY_AGE, 0xFFFFFFFFFFFFFFFF);
VALUE(JOBQUEUE_NO_SECRET, 0xFFFFFFFFFFFFFFFF);
VALUE(JOBQUEUE_WRITER_WORKER, 0);
VALUE(JOBQUEUE_WRITER_WORKFLOW, 1);
VALUE(JOBQUEUE_WRITER_API, 2);
VALUE(JOBQUEUE_ATTESTATION_COMPLETION, 0);
VALUE(JOBQUEUE_ATTESTATION_FAILURE, 1);
VALUE(JOBQUEUE_ATTESTATION_KEY_CURRENT, 0);
VALUE(JOBQUEUE_ATTESTATION_KEY_PLAIN, 1);
VALUE(JOBQUEUE_ATTESTATION_KEY_PREFIXED, 2);
VALUE(JOBQUEUE_ATTESTATION_KEY_EARLY_FAILURE, 3);
VALUE(JOBQUEUE_ATTESTATION_KEY_PERMANENT, 1);
VALUE(JOBQUEUE_ATTESTATION_KEY_STEP_PREFIX, 2);
VALUE(JOBQUEUE_ATTESTATION_KEY_AMBIGUOUS, 4);
VALUE(JOBQUEUE_ANY_COUNT, 0xFFFFFFFFFFFFFFFF);
VALUE(JOBQUEUE_CONTENT_HEAD_BYTES, 4096);
VALUE(JOBQUEUE_CONTENT_NOSNIFF, 1);
VALUE(JOBQUEUE_CONTENT_WHATWG, 2);
VALUE(JOBQUEUE_CONTENT_MISMATCH, 1);
VALUE(JOBQUEUE_CONTENT_POLYGLOT, 2);

STRUCT(jobqueue_probe_options, 120, 8);
MEMBER(jobqueue_probe_options, struct_size, 0, 4);
MEMBER(jobqueue_probe_options, flags, 4, 4);
MEMBER(jobqueue_probe_options, configured, 8, 16);
MEMBER(jobqueue_probe_options, allowed, 24, 8);
MEMBER(jobqueue_probe_options, allowed_count, 32, 8);
MEMBER(jobqueue_probe_options, denied, 40, 8);
MEMBER(jobqueue_probe_options, denied_count, 48, 8);
MEMBER(jobqueue_probe_options, headers, 56, 8);
MEMBER(jobqueue_probe_options, header_count, 64, 8);
MEMBER(jobqueue_probe_options, ca_file, 72, 16);
MEMBER(jobqueue_probe_options, user_agent, 88, 16);
MEMBER(jobqueue_probe_options, timeout_millis, 104, 8);
MEMBER(jobqueue_probe_options, max_redirects, 112, 8);
VALUE(JOBQUEUE_PROBE_HEAD_ONLY, 1);
VALUE(JOBQUEUE_PROBE_WHATWG, 2);
