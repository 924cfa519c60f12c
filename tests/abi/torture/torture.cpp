// Every allocation of every function fails, once alone and once with all that follow. Whatever
// fails, the status is JOBQUEUE_E_OUT_OF_MEMORY, the output is as it was, nothing leaks, and the
// next call succeeds. Each is tried in a process where the function has been used already, where
// the blocks are counted, and as the first use in a process of its own, where tables are set up.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include <jobqueue/jobqueue.h>

#include "../samples.h"
#include "allocations.hpp"

namespace {

int failures = 0;

// Allocates nothing, as it may be called while allocations fail.
[[gnu::format(printf, 2, 3)]] void check(bool passed, const char* format, ...) {
  if (passed) return;
  ++failures;
  std::va_list arguments;
  va_start(arguments, format);
  std::fputs("failed: ", stderr);
  std::vfprintf(stderr, format, arguments);
  std::fputc('\n', stderr);
  va_end(arguments);
}

// A vault that has the PNG and nothing else, and allocates nothing by itself.
std::array<char, PNG_SIZE> png;

void decode_png() {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::uint32_t bits = 0;
  std::size_t size = 0;
  std::size_t count = 0;
  for (const char c : std::string_view(PNG_BASE64)) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<std::uint32_t>(digits.find(c));
    if (++count % 4 != 1) png.at(size++) = static_cast<char>(bits >> (6 - 2 * ((count - 1) % 4)));
  }
}

jobqueue_status put_png(void*, const uint8_t*, const void* blob, size_t size) {
  return size == png.size() && std::memcmp(blob, png.data(), size) == 0 ? JOBQUEUE_OK
                                                                        : JOBQUEUE_E_STORE_ERROR;
}
jobqueue_status get_png(void*, jobqueue_buffer* out, const uint8_t*, uint64_t) {
  return jobqueue_buffer_assign(out, png.data(), png.size());
}

// What the calls work with; made before allocations fail.
struct world {
  jobqueue_vault* vault = nullptr;
  std::string directory;
  unsigned made = 0;  // directories in it
};

std::string pattern() {
  const char* parent = std::getenv("TMPDIR");
  return std::string(parent != nullptr ? parent : "/tmp") + "/jobqueue-torture-XXXXXX";
}

void open_nothing(world&) {}

// libcrypto 3.0 sets itself up when it is first asked for a digest, and crashes if it cannot
// allocate just then (it takes a lock that it does not have). That is not ours to test.
void set_up_libcrypto() {
  jobqueue_vault_callbacks callbacks = JOBQUEUE_VAULT_CALLBACKS_INIT;
  callbacks.put = [](void*, const uint8_t*, const void*, size_t) -> jobqueue_status {
    return JOBQUEUE_OK;
  };
  callbacks.get = get_png;
  jobqueue_vault* vault = nullptr;
  std::array<uint8_t, 32> digest{};
  check(jobqueue_vault_from_callbacks(&vault, &callbacks, nullptr) == JOBQUEUE_OK &&
            jobqueue_vault_put(digest.data(), vault, "", 0, nullptr) == JOBQUEUE_OK,
        "setting up libcrypto");
  jobqueue_vault_free(vault);
}

void open_digests(world&) { set_up_libcrypto(); }

void open_callbacks(world& with) {
  set_up_libcrypto();
  jobqueue_vault_callbacks callbacks = JOBQUEUE_VAULT_CALLBACKS_INIT;
  callbacks.put = put_png;
  callbacks.get = get_png;
  check(jobqueue_vault_from_callbacks(&with.vault, &callbacks, nullptr) == JOBQUEUE_OK, "vault");
}

void make_directory(world& with) {
  set_up_libcrypto();
  with.directory = pattern();
  check(::mkdtemp(with.directory.data()) != nullptr, "mkdtemp");
}

void open_directory(world& with) {
  make_directory(with);
  jobqueue_vault_options options = JOBQUEUE_VAULT_OPTIONS_INIT;
  options.flags = JOBQUEUE_VAULT_CREATE;
  check(jobqueue_vault_open_directory(&with.vault, with.directory.data(), with.directory.size(),
                                      &options, nullptr) == JOBQUEUE_OK,
        "vault");
}

void close(world& with) {
  jobqueue_vault_free(with.vault);
  if (!with.directory.empty()) std::filesystem::remove_all(with.directory);
  with = {};
}

// `*changed` is an output like the buffer.
constexpr int32_t untouched = 7;

jobqueue_status checked(jobqueue_status status, int32_t changed) {
  check(changed == (status == JOBQUEUE_OK ? 1 : untouched), "*changed is %d", changed);
  return status;
}

jobqueue_status sanitize(world& with, jobqueue_buffer* out, jobqueue_error* error) {
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  options.format = JOBQUEUE_FORMAT_JSON;
  options.vault = with.vault;
  int32_t changed = untouched;
  const jobqueue_status status =
      jobqueue_sanitize_base64(out, &changed, DOCUMENT, std::strlen(DOCUMENT), &options, error);
  return checked(status, changed);
}

unsigned told = 0;

// With everything that the options have.
jobqueue_status sanitize_with_report(world& with, jobqueue_buffer* out, jobqueue_error* error) {
  constexpr std::string_view input =
      "[\"" PNG_BASE64 "\",{\"shut\":\"" PNG_BASE64 "\"},\"" UNKNOWN_BASE64 "\"]";
  constexpr std::array<jobqueue_string, 2> cut_fields{{{"one", 3}, {"a_name_of_twenty_chars", 22}}};
  constexpr jobqueue_string shut{"shut", 4};
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  options.vault = with.vault;
  options.cut_fields = cut_fields.data();
  options.cut_field_count = cut_fields.size();
  options.protect_fields = &shut;
  options.protect_field_count = 1;
  options.on_cut = [](void*, const jobqueue_cut*) { ++told; };
  options.on_kept = [](void*, const jobqueue_kept*) { ++told; };
  int32_t changed = untouched;
  told = 0;
  const jobqueue_status status =
      jobqueue_sanitize_base64(out, &changed, input.data(), input.size(), &options, error);
  check(told == (status == JOBQUEUE_OK ? 3 : 0), "the report is complete, or there is none");
  return checked(status, changed);
}

jobqueue_status sanitize_value(world& with, jobqueue_buffer* out, jobqueue_error* error) {
  const jobqueue_neighbour neighbour{{"media_type", 10}, {"image/png", 9}, 0, 0};
  jobqueue_value_context context = JOBQUEUE_VALUE_CONTEXT_INIT;
  context.name = {"data", 4};
  context.neighbours = &neighbour;
  context.neighbour_count = 1;
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  options.vault = with.vault;
  int32_t changed = untouched;
  const jobqueue_status status = jobqueue_sanitize_base64_value(
      out, &changed, PNG_BASE64, std::strlen(PNG_BASE64), &context, &options, error);
  return checked(status, changed);
}

jobqueue_status stream(world& with, jobqueue_buffer* out, jobqueue_error* error) {
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  options.vault = with.vault;
  jobqueue_base64_sanitizer* sanitizer = nullptr;
  jobqueue_status status = jobqueue_base64_sanitizer_new(&sanitizer, &options, error);
  jobqueue_buffer first = JOBQUEUE_BUFFER_INIT;
  if (status == JOBQUEUE_OK) {
    status =
        jobqueue_base64_sanitizer_update(&first, sanitizer, DOCUMENT, std::strlen(DOCUMENT), error);
  }
  if (status == JOBQUEUE_OK) status = jobqueue_base64_sanitizer_finish(out, sanitizer, error);
  jobqueue_base64_sanitizer_free(sanitizer);
  jobqueue_buffer_dispose(&first);
  return status;
}

jobqueue_status restore(world& with, jobqueue_buffer* out, jobqueue_error* error) {
  int32_t changed = untouched;
  const jobqueue_status status =
      jobqueue_restore_base64(out, &changed, DOCUMENT_REFERENCE, std::strlen(DOCUMENT_REFERENCE),
                              with.vault, nullptr, error);
  return checked(status, changed);
}

// An input error, whose message has to be composed.
jobqueue_status refuse(world&, jobqueue_buffer* out, jobqueue_error* error) {
  jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  options.format = JOBQUEUE_FORMAT_JSON;
  int32_t changed = untouched;
  const jobqueue_status status =
      jobqueue_sanitize_base64(out, &changed, "[1,2", 4, &options, error);
  if (status != JOBQUEUE_E_INVALID_JSON) return status;
  return jobqueue_buffer_assign(out, "refused", 7);
}

jobqueue_status open_callback_vault(world&, jobqueue_buffer* out, jobqueue_error* error) {
  jobqueue_vault_callbacks callbacks = JOBQUEUE_VAULT_CALLBACKS_INIT;
  callbacks.put = put_png;
  callbacks.get = get_png;
  jobqueue_vault* vault = nullptr;
  const jobqueue_status status = jobqueue_vault_from_callbacks(&vault, &callbacks, error);
  check((vault != nullptr) == (status == JOBQUEUE_OK), "a handle, or none");
  jobqueue_vault_free(vault);
  return status == JOBQUEUE_OK ? jobqueue_buffer_assign(out, "opened", 6) : status;
}

jobqueue_status open_directory_vault(world& with, jobqueue_buffer* out, jobqueue_error* error) {
  std::array<char, 4096> path{};
  const int size =
      std::snprintf(path.data(), path.size(), "%s/%u", with.directory.c_str(), with.made);
  jobqueue_vault_options options = JOBQUEUE_VAULT_OPTIONS_INIT;
  options.flags = JOBQUEUE_VAULT_CREATE;
  jobqueue_vault* vault = nullptr;
  const jobqueue_status status = jobqueue_vault_open_directory(
      &vault, path.data(), static_cast<std::size_t>(size), &options, error);
  check((vault != nullptr) == (status == JOBQUEUE_OK), "a handle, or none");
  jobqueue_vault_free(vault);
  if (status != JOBQUEUE_OK) return status;  // and the next one goes on with what has been made
  ++with.made;
  return jobqueue_buffer_assign(out, "opened", 6);
}

// Put, sync and get. The blob is another each time, so that it is written.
jobqueue_status use_directory_vault(world& with, jobqueue_buffer* out, jobqueue_error* error) {
  std::array<uint8_t, 32> digest{};
  const unsigned blob = with.made;
  jobqueue_status status = jobqueue_vault_put(digest.data(), with.vault, &blob, sizeof blob, error);
  if (status == JOBQUEUE_OK) status = jobqueue_vault_sync(with.vault, error);
  if (status == JOBQUEUE_OK) {
    ++with.made;
    status = jobqueue_vault_get(out, with.vault, digest.data(), sizeof blob, error);
  }
  if (status != JOBQUEUE_OK) return status;
  check(out->size == sizeof blob && std::memcmp(out->data, &blob, sizeof blob) == 0, "the blob");
  return jobqueue_buffer_assign(out, "kept", 4);
}

// A verifier, a forged signature whose hint and message need memory, and a signature of our own.
jobqueue_status sign_and_verify(world&, jobqueue_buffer* out, jobqueue_error* error) {
  constexpr jobqueue_string secret{"s3cret", 6};
  const jobqueue_header forged{{"x-hub-signature-256", 19}, {"sha256=00", 9}};
  jobqueue_signature_verifier* verifier = nullptr;
  jobqueue_payload_signer* signer = nullptr;
  jobqueue_status status = jobqueue_signature_verifier_new(&verifier, JOBQUEUE_SCHEME_GITHUB,
                                                           &secret, 1, nullptr, error);
  check((verifier != nullptr) == (status == JOBQUEUE_OK), "a handle, or none");
  if (status == JOBQUEUE_OK) {
    status = jobqueue_signature_verifier_verify(nullptr, verifier, &forged, 1, "{}", 2, 0, error);
    if (status == JOBQUEUE_E_SIGNATURE_MALFORMED) status = JOBQUEUE_OK;
  }
  if (status == JOBQUEUE_OK) {
    status = jobqueue_payload_signer_new(&signer, JOBQUEUE_SCHEME_GITHUB, &secret, 1, error);
  }
  if (status == JOBQUEUE_OK) {
    status = jobqueue_payload_signer_sign(out, signer, "{}", 2, nullptr, 0, 0, error);
  }
  jobqueue_payload_signer_free(signer);
  jobqueue_signature_verifier_free(verifier);
  return status;
}

// Two records and a report of them: one is edited, so that the message needs memory, too.
jobqueue_status seal_and_verify(world&, jobqueue_buffer* out, jobqueue_error* error) {
  constexpr jobqueue_string secret{"s3cret", 6};
  constexpr std::string_view record = R"({"status":"failed","error":"one that is long enough"})";
  jobqueue_attestation_signer* signer = nullptr;
  jobqueue_attestation_verifier* verifier = nullptr;
  jobqueue_attestation_head head = JOBQUEUE_ATTESTATION_HEAD_INIT;
  jobqueue_attestation_key key = JOBQUEUE_ATTESTATION_KEY_INIT;
  std::array<jobqueue_buffer, 3> made{};  // two records, a key or a report
  constexpr std::string_view text = "worker:completion:job-id:w1:step-id:s1:attempt:2";
  jobqueue_status status = jobqueue_parse_attestation_key(&key, text.data(), text.size(), 0, error);
  if (status == JOBQUEUE_OK) status = jobqueue_format_attestation_key(&made[2], &key, error);
  if (status == JOBQUEUE_OK) {
    status = jobqueue_attestation_signer_new(&signer, secret.data, secret.size, error);
  }
  if (status == JOBQUEUE_OK)
    status = jobqueue_attestation_verifier_new(&verifier, &secret, 1, error);
  for (std::size_t i = 0; i < 2 && status == JOBQUEUE_OK; ++i) {
    status = jobqueue_attestation_signer_seal(&made[i], &head, signer, record.data(), record.size(),
                                              error);
    check(head.sequence == (status == JOBQUEUE_OK ? i + 1 : i), "the head moves with the record");
  }
  if (status == JOBQUEUE_OK) {
    made[1].data[2] = 'S';
    const std::array<jobqueue_string, 2> records{
        {{made[0].data, made[0].size}, {made[1].data, made[1].size}}};
    status =
        jobqueue_attestation_verifier_verify(&made[2], verifier, records.data(), 2, nullptr, error);
    if (status == JOBQUEUE_E_SIGNATURE_MISMATCH) {
      status = jobqueue_buffer_assign(out, made[2].data, made[2].size);
    }
  }
  for (jobqueue_buffer& one : made) jobqueue_buffer_dispose(&one);
  jobqueue_attestation_verifier_free(verifier);
  jobqueue_attestation_signer_free(signer);
  return status;
}

// A message that is read as JSON, and gives its fingerprint.
jobqueue_status classify(world&, jobqueue_buffer* out, jobqueue_error* error) {
  constexpr std::string_view message = R"({"message":"safety system \u0077fr_0a1b2c3d"})";
  jobqueue_failure found = JOBQUEUE_FAILURE_INIT;
  const jobqueue_status status =
      jobqueue_classify_failure(&found, message.data(), message.size(), nullptr, error);
  if (status != JOBQUEUE_OK) {
    check(*found.type == '\0' && *found.fingerprint == '\0', "an answer, or none");
    return status;
  }
  return jobqueue_buffer_assign(out, found.description, std::strlen(found.description));
}

// Every value is replaced, and the attempt is found again.
jobqueue_status preserve(world&, jobqueue_buffer* out, jobqueue_error* error) {
  constexpr std::string_view original =
      R"({"last_retry_\u0061ttempt":1,"retry_replaced":{"0":{}}})";
  constexpr std::string_view job = R"({"ctx":"{\"workflow_context\":{\"retry_attempt\":2}}"})";
  uint64_t attempt = untouched;
  const jobqueue_status status = jobqueue_retry_attempt(&attempt, job.data(), job.size(), error);
  check(attempt == (status == JOBQUEUE_OK ? 2 : untouched), "the attempt");
  if (status != JOBQUEUE_OK) return status;
  return jobqueue_preserve_job_data(out, original.data(), original.size(), "[]", 2, attempt, 0,
                                    error);
}
// A document with a blob, a nested one and a pin, cut with a report.
jobqueue_status truncate(world&, jobqueue_buffer* out, jobqueue_error* error) {
  constexpr std::string_view text =
      "[\"" PNG_BASE64
      "\",{\"keep\":\"kept\"},[1,2,3,4,5,6,7,8,9,10,11,12],"
      "\"{\\\"a\\\":\\\"........................................................\\\"}\"]";
  constexpr jobqueue_string pin{"/1/keep", 7};
  jobqueue_truncate_options options = JOBQUEUE_TRUNCATE_OPTIONS_INIT;
  options.max_bytes = 120;
  options.pinned = &pin;
  options.pinned_count = 1;
  options.on_cut = [](void*, const jobqueue_truncate_cut*) {};
  int32_t changed = 0;
  return jobqueue_truncate_payload(out, &changed, text.data(), text.size(), &options, error);
}

// A header whose type is not known, JSON that is read, and a report: what needs memory.
jobqueue_status detect_content_type(world&, jobqueue_buffer* out, jobqueue_error* error) {
  constexpr std::string_view head = R"({"a":[1,{"b":2}]})";
  constexpr std::string_view header = "application/x-of-a-name-that-is-long-enough";
  jobqueue_content_type_options options = JOBQUEUE_CONTENT_TYPE_OPTIONS_INIT;
  options.header = {header.data(), header.size()};
  options.flags = JOBQUEUE_CONTENT_NOSNIFF;
  jobqueue_content_type answer = JOBQUEUE_CONTENT_TYPE_INIT;
  const jobqueue_status status =
      jobqueue_detect_content_type(&answer, out, head.data(), head.size(), &options, error);
  if (status != JOBQUEUE_OK) {
    check(answer.media_type[0] == '\0', "the answer has changed");
    return status;
  }
  return jobqueue_buffer_assign(out, answer.media_type, std::strlen(answer.media_type));
}

struct scenario {
  const char* name;
  void (*prepare)(world&);
  jobqueue_status (*call)(world&, jobqueue_buffer*, jobqueue_error*);
  const char* answer;
};

constexpr std::array<scenario, 16> scenarios{{
    {"base64_sanitize", open_nothing, sanitize, DOCUMENT_REMOVED},
    {"base64_sanitize_to_vault", open_callbacks, sanitize, DOCUMENT_REFERENCE},
    {"base64_report", open_callbacks, sanitize_with_report,
     "[\"" REFERENCE "\",{\"shut\":\"" PNG_BASE64 "\"},\"" UNKNOWN_BASE64 "\"]"},
    {"base64_value", open_callbacks, sanitize_value, REFERENCE},
    {"base64_stream", open_callbacks, stream, DOCUMENT_REFERENCE},
    {"base64_restore", open_callbacks, restore, DOCUMENT},
    {"base64_refuse", open_nothing, refuse, "refused"},
    {"vault_callbacks", open_nothing, open_callback_vault, "opened"},
    {"vault_directory_open", make_directory, open_directory_vault, "opened"},
    {"vault_directory_use", open_directory, use_directory_vault, "kept"},
    {"failure", open_digests, classify,
     "Content refused by safety system (request ID: wfr_0a1b2c3d)"},
    {"retry", open_nothing, preserve,
     "{\"last_retry_\\u0061ttempt\":2,\"retry_replaced\":{\"0\":{},"
     "\"2\":{\"last_retry_attempt\":1}},\"outputs\":[],\"retry_execution_data\":[],"
     "\"retry_completed_at\":\"1970-01-01T00:00:00Z\"}"},
    {"signature", open_nothing, sign_and_verify,
     "x-hub-signature-256: "
     "sha256=adbde1ce40c89c14215687d5d762a47df6dfaefcfad61e2e86718ffc8498571b\n"},
    {"attestation", open_digests, seal_and_verify,
     R"({"ok":false,"count":1,"head":{"sequence":2,"digest":")"
     "8a45f426ab2d72fb3b727f147dbee072a93b489231fee94173ceec746e03c370"
     R"("},"problems":[{"index":1,"reason":"digest_mismatch","sequence":2,"expected":2}]})"},
    {"truncate", open_nothing, truncate,
     R"(["[BASE64_IMAGE_REMOVED]",{"keep":"kept"},[1,2,3,4,5,6,7,8,9,10,11,12],)"
     R"("{\"a\":\"..............[TRUNCATED 42 bytes]\"}"])"},
    {"content_type", open_nothing, detect_content_type,
     "application/x-of-a-name-that-is-long-enough"},
}};

// What surrounds one call.
struct attempt {
  jobqueue_status status = JOBQUEUE_OK;
  bool injected = false;  // an allocation has failed
};

// `number` 0: none fails.
attempt try_once(const scenario& what, world& with, std::size_t number, allocations::failure how) {
  const char* const which = how == allocations::failure::once ? "" : " and on";
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  check(jobqueue_buffer_assign(&out, "before", 6) == JOBQUEUE_OK, "setting up");
  const jobqueue_buffer before = out;
  jobqueue_error error{};
  attempt made;
  allocations::fail_at(number, how);
  made.status = what.call(with, &out, &error);
  made.injected = allocations::has_failed();
  if (made.status == JOBQUEUE_OK) {
    check(out.size == std::strlen(what.answer) && std::strcmp(out.data, what.answer) == 0,
          "allocation %zu%s: the answer is %s", number, which, out.data);
  } else {
    check(made.injected && made.status == JOBQUEUE_E_OUT_OF_MEMORY,
          "allocation %zu%s: the status is %d, %s", number, which, made.status, error.message);
    check(out.data == before.data && out.size == 6 && std::strcmp(out.data, "before") == 0,
          "allocation %zu%s: the output has changed", number, which);
  }
  jobqueue_buffer_dispose(&out);
  return made;
}

constexpr std::size_t too_many = 2000;
constexpr std::array<allocations::failure, 2> ways{allocations::failure::once,
                                                   allocations::failure::from_then};

// In one process, with everything set up. Returns how many allocations there are.
std::size_t run_warm(const scenario& what) {
  world with;
  what.prepare(with);
  try_once(what, with, 0, allocations::failure::once);
  std::size_t count = 0;
  for (const allocations::failure how : ways) {
    std::size_t number = 1;
    for (; number < too_many && failures == 0; ++number) {
      const std::size_t live = allocations::live();
      const attempt made = try_once(what, with, number, how);
      const std::size_t left = allocations::live() - live;
      check(left == 0, "allocation %zu: %zu blocks leaked", number, left);
      check(try_once(what, with, 0, how).status == JOBQUEUE_OK, "the call after a failure");
      if (!made.injected) break;
    }
    check(number < too_many, "there is no end of allocations");
    count = number - 1;
  }
  close(with);
  return count;
}

// The first call of a process fails, and the second must not. Returns whether that is the case, or
// `ended` where there were fewer allocations.
enum class outcome { passed, failed, ended };

outcome run_in_child(const scenario& what, std::size_t number, allocations::failure how) {
  std::fflush(stderr);
  const pid_t child = ::fork();
  if (child == 0) {
    world with;
    what.prepare(with);
    const attempt made = try_once(what, with, number, how);
    check(try_once(what, with, 0, how).status == JOBQUEUE_OK, "the call after a failure");
    close(with);
    // Not exit: what is left is for the test of leaks above.
    ::_exit(failures != 0 ? 1 : made.injected ? 0 : 2);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return outcome::failed;
  if (!WIFEXITED(status)) {
    std::fprintf(stderr, "killed by signal %d\n", WTERMSIG(status));
    return outcome::failed;
  }
  return WEXITSTATUS(status) == 0   ? outcome::passed
         : WEXITSTATUS(status) == 2 ? outcome::ended
                                    : outcome::failed;
}

std::size_t run_cold(const scenario& what) {
  std::size_t count = 0;
  for (const allocations::failure how : ways) {
    std::size_t number = 1;
    outcome reached = outcome::passed;
    for (; number < too_many && reached == outcome::passed; ++number) {
      reached = run_in_child(what, number, how);
    }
    check(reached == outcome::ended, "allocation %zu of the first call", number - 1);
    count = number - 2;
  }
  return count;
}

}  // namespace

int main(int argument_count, char** arguments) {
  const std::string_view wanted = argument_count == 2 ? arguments[1] : "";
  decode_png();
  for (const scenario& what : scenarios) {
    if (wanted != what.name) continue;
    const std::size_t cold = run_cold(what);
    const std::size_t warm = run_warm(what);
    std::printf("%s: %zu allocations in the first call, %zu in a later one\n", what.name, cold,
                warm);
    return failures == 0 ? 0 : 1;
  }
  std::fprintf(stderr, "usage: %s SCENARIO, and SCENARIO is one of:\n", arguments[0]);
  for (const scenario& what : scenarios) std::fprintf(stderr, "  %s\n", what.name);
  return 2;
}
