#include <jobqueue/jobqueue.h>

#include <algorithm>
#include <cstdlib>

#include "c_api/handles.hpp"

static_assert(JOBQUEUE_E_INVALID_ARGUMENT == static_cast<int>(jobqueue::errc::invalid_argument));
static_assert(JOBQUEUE_E_INVALID_JSON == static_cast<int>(jobqueue::errc::invalid_json));
static_assert(JOBQUEUE_E_INVALID_UTF8 == static_cast<int>(jobqueue::errc::invalid_utf8));
static_assert(JOBQUEUE_E_DEPTH_EXCEEDED == static_cast<int>(jobqueue::errc::depth_exceeded));
static_assert(JOBQUEUE_E_INPUT_TOO_LARGE == static_cast<int>(jobqueue::errc::input_too_large));
static_assert(JOBQUEUE_E_BUDGET_TOO_SMALL == static_cast<int>(jobqueue::errc::budget_too_small));
static_assert(JOBQUEUE_E_SIGNATURE_MISSING == static_cast<int>(jobqueue::errc::signature_missing));
static_assert(JOBQUEUE_E_SIGNATURE_MALFORMED ==
              static_cast<int>(jobqueue::errc::signature_malformed));
static_assert(JOBQUEUE_E_SIGNATURE_MISMATCH ==
              static_cast<int>(jobqueue::errc::signature_mismatch));
static_assert(JOBQUEUE_E_TIMESTAMP_OUT_OF_TOLERANCE ==
              static_cast<int>(jobqueue::errc::timestamp_out_of_tolerance));
static_assert(JOBQUEUE_E_SECRET_INVALID == static_cast<int>(jobqueue::errc::secret_invalid));
static_assert(JOBQUEUE_E_REPLAYED == static_cast<int>(jobqueue::errc::replayed));
static_assert(JOBQUEUE_E_RULESET_INVALID == static_cast<int>(jobqueue::errc::ruleset_invalid));
static_assert(JOBQUEUE_E_UNKNOWN_FACT == static_cast<int>(jobqueue::errc::unknown_fact));
static_assert(JOBQUEUE_E_BLOB_MISSING == static_cast<int>(jobqueue::errc::blob_missing));
static_assert(JOBQUEUE_E_BLOB_CORRUPT == static_cast<int>(jobqueue::errc::blob_corrupt));
static_assert(JOBQUEUE_E_ADDRESS_FORBIDDEN == static_cast<int>(jobqueue::errc::address_forbidden));
static_assert(JOBQUEUE_E_STORE_ERROR == static_cast<int>(jobqueue::errc::store_error));
static_assert(JOBQUEUE_E_NETWORK_ERROR == static_cast<int>(jobqueue::errc::network_error));
static_assert(JOBQUEUE_E_OUT_OF_MEMORY == static_cast<int>(jobqueue::errc::out_of_memory));
static_assert(JOBQUEUE_E_INTERNAL == static_cast<int>(jobqueue::errc::internal));

namespace jobqueue::c_api {

const forced_target& simd_from_environment() noexcept {
  static const forced_target forced = []() noexcept {
    const char* name = std::getenv("JOBQUEUE_SIMD");
    if (name == nullptr || *name == '\0') return forced_target{};
    try {
      const auto target = parse_simd_target(name);
      if (target) return forced_target{*target, true};
    } catch (const std::bad_alloc&) {  // no memory for the message that says why not
    }
    return forced_target{simd_target::best, false};
  }();
  return forced;
}

}  // namespace jobqueue::c_api

using namespace jobqueue;

const char* jobqueue_status_name(jobqueue_status status) {
  return error_name(static_cast<errc>(status)).data();
}

uint32_t jobqueue_abi_version(void) { return JOBQUEUE_ABI_VERSION; }

const char* jobqueue_version(void) { return JOBQUEUE_VERSION_STRING; }

const char* jobqueue_simd_target(void) {
  const simd_target target = c_api::simd_from_environment().target;
  return to_string(target == simd_target::best ? best_simd_target() : target).data();
}

void jobqueue_buffer_dispose(jobqueue_buffer* buffer) {
  if (buffer == nullptr) return;
  std::free(buffer->data);
  *buffer = JOBQUEUE_BUFFER_INIT;
}

jobqueue_status jobqueue_buffer_assign(jobqueue_buffer* buffer, const void* data, size_t size) {
  if (buffer == nullptr || (data == nullptr && size != 0)) return JOBQUEUE_E_INVALID_ARGUMENT;
  if (size == SIZE_MAX) return JOBQUEUE_E_OUT_OF_MEMORY;
  if (buffer->capacity <= size) {
    // The old bytes may be the new ones, so they are kept until the copy is made.
    auto* bytes = static_cast<char*>(std::malloc(size + 1));
    if (bytes == nullptr) return JOBQUEUE_E_OUT_OF_MEMORY;
    if (size != 0) std::memcpy(bytes, data, size);
    std::free(buffer->data);
    buffer->data = bytes;
    buffer->capacity = size + 1;
  } else if (size != 0) {
    std::memmove(buffer->data, data, size);
  }
  buffer->data[size] = '\0';
  buffer->size = size;
  return JOBQUEUE_OK;
}
