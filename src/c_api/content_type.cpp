#include <jobqueue/content_type.hpp>

#include <span>
#include <string_view>

#include "c_api/content_type.hpp"
#include "c_api/handles.hpp"

using namespace jobqueue;

namespace {

jobqueue_status refuse(jobqueue_error* error, std::string_view message) noexcept {
  return c_api::fail(error, errc::invalid_argument, message);
}

}  // namespace

jobqueue_status jobqueue_detect_content_type(jobqueue_content_type* out, jobqueue_buffer* report,
                                             const void* head, size_t head_size,
                                             const jobqueue_content_type_options* options,
                                             jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (head == nullptr && head_size != 0) return refuse(error, "head is NULL, its size is not 0");
    if (!c_api::is_initialised(out)) {
      return refuse(error, "out is not initialised with JOBQUEUE_CONTENT_TYPE_INIT");
    }
    jobqueue_content_type_options known = JOBQUEUE_CONTENT_TYPE_OPTIONS_INIT;
    if (!c_api::read_options(known, options) ||
        (known.flags & ~(JOBQUEUE_CONTENT_NOSNIFF | JOBQUEUE_CONTENT_WHATWG)) != 0) {
      return refuse(error,
                    "the options are not initialised with JOBQUEUE_CONTENT_TYPE_OPTIONS_INIT");
    }
    if (!c_api::is_text(known.url) || !c_api::is_text(known.header) ||
        !c_api::is_text(known.configured)) {
      return refuse(error, "url, header or configured is NULL, but its size is not 0");
    }
    const content_type_options chosen = {.url = c_api::view(known.url),
                                         .header = c_api::view(known.header),
                                         .configured = c_api::view(known.configured),
                                         .nosniff = (known.flags & JOBQUEUE_CONTENT_NOSNIFF) != 0,
                                         .whatwg = (known.flags & JOBQUEUE_CONTENT_WHATWG) != 0};
    const content_type found =
        detect_content_type(std::span(static_cast<const std::byte*>(head), head_size), chosen);
    if (report != nullptr) c_api::give(report, to_json(found));
    c_api::give(out, found);
    return JOBQUEUE_OK;
  });
}
