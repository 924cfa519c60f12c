#include <algorithm>
#include <cstring>
#include <string_view>

#include <jobqueue/failure.hpp>

#include "c_api/handles.hpp"

using namespace jobqueue;

namespace {

jobqueue_status refuse(jobqueue_error* error, std::string_view message) noexcept {
  return c_api::fail(error, errc::invalid_argument, message);
}

// With room for a NUL, which is there already.
template <std::size_t size>
void copy(std::string_view text, char (&to)[size]) noexcept {
  text.copy(to, size - 1);
}

}  // namespace

jobqueue_status jobqueue_classify_failure(jobqueue_failure* out, const char* message,
                                          size_t message_size,
                                          const jobqueue_failure_options* options,
                                          jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr || out->struct_size < sizeof out->struct_size || out->struct_size > 4096) {
      return refuse(error, "out is not initialised with JOBQUEUE_FAILURE_INIT");
    }
    if (message == nullptr && message_size != 0) {
      return refuse(error, "message is NULL, its size is not 0");
    }
    jobqueue_failure_options known = JOBQUEUE_FAILURE_OPTIONS_INIT;
    if (!c_api::read_options(known, options) || (known.flags & ~JOBQUEUE_FAILURE_TIMEOUT) != 0) {
      return refuse(error, "the options are not initialised with JOBQUEUE_FAILURE_OPTIONS_INIT");
    }
    const failure answer =
        classify_failure(c_api::view(message, message_size),
                         {known.http_status, (known.flags & JOBQUEUE_FAILURE_TIMEOUT) != 0});
    jobqueue_failure given = JOBQUEUE_FAILURE_INIT;
    given.struct_size = out->struct_size;
    given.type = to_string(answer.type).data();
    given.reason = to_string(answer.reason).data();
    given.confidence = to_string(answer.confidence).data();
    copy(answer.description, given.description);
    copy(answer.fingerprint, given.fingerprint);
    std::memcpy(out, &given, std::min<std::size_t>(out->struct_size, sizeof given));
    return JOBQUEUE_OK;
  });
}
