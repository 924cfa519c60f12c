#include <chrono>
#include <new>
#include <string_view>

#include <jobqueue/retry.hpp>

#include "c_api/handles.hpp"

using namespace jobqueue;

static_assert(JOBQUEUE_MAX_ATTEMPT == max_attempt);

namespace {

jobqueue_status refuse(jobqueue_error* error, std::string_view message) noexcept {
  return c_api::fail(error, errc::invalid_argument, message);
}

jobqueue_status give(jobqueue_buffer* out, std::string_view text) {
  if (jobqueue_buffer_assign(out, text.data(), text.size()) != JOBQUEUE_OK) throw std::bad_alloc();
  return JOBQUEUE_OK;
}

}  // namespace

jobqueue_status jobqueue_preserve_job_data(jobqueue_buffer* out, const char* original,
                                           size_t original_size, const char* result,
                                           size_t result_size, uint64_t attempt, int64_t at_micros,
                                           jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr) return refuse(error, "out must not be NULL");
    if ((original == nullptr && original_size != 0) || (result == nullptr && result_size != 0)) {
      return refuse(error, "original or result is NULL, but its size is not 0");
    }
    const auto made =
        preserve_job_data(c_api::view(original, original_size), c_api::view(result, result_size),
                          attempt, instant(std::chrono::microseconds(at_micros)));
    return made ? give(out, *made) : c_api::fail(error, made.problem());
  });
}

jobqueue_status jobqueue_retry_attempt(uint64_t* out, const char* job, size_t job_size,
                                       jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr) return refuse(error, "out must not be NULL");
    if (job == nullptr && job_size != 0) return refuse(error, "job is NULL, its size is not 0");
    const auto attempt = retry_attempt(c_api::view(job, job_size));
    if (!attempt) return c_api::fail(error, attempt.problem());
    *out = *attempt;
    return JOBQUEUE_OK;
  });
}

jobqueue_status jobqueue_retry_asset_filename(jobqueue_buffer* out, const char* filename,
                                              size_t filename_size, uint64_t attempt,
                                              jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr) return refuse(error, "out must not be NULL");
    if (filename == nullptr && filename_size != 0) {
      return refuse(error, "filename is NULL, its size is not 0");
    }
    return give(out, retry_asset_filename(c_api::view(filename, filename_size), attempt));
  });
}
