#include <jobqueue/content_type.hpp>

#include <algorithm>
#include <cstring>
#include <new>
#include <span>
#include <string>

#include "c_api/handles.hpp"

using namespace jobqueue;

namespace {

jobqueue_status refuse(jobqueue_error* error, std::string_view message) noexcept {
  return c_api::fail(error, errc::invalid_argument, message);
}

bool is_text(const jobqueue_string& text) noexcept {
  return text.data != nullptr || text.size == 0;
}

// As much of the answer as the struct of the caller has.
void give(jobqueue_content_type* out, const content_type& found) noexcept {
  if (out == nullptr) return;
  static_assert(sizeof out->media_type > max_media_type_bytes);
  jobqueue_content_type full = JOBQUEUE_CONTENT_TYPE_INIT;
  full.struct_size = out->struct_size;
  full.flags = (found.mismatch ? JOBQUEUE_CONTENT_MISMATCH : 0U) |
               (found.polyglot ? JOBQUEUE_CONTENT_POLYGLOT : 0U);
  // All of these are literals, which a NUL ends.
  full.extension = found.extension.empty() ? "" : found.extension.data();
  full.category = to_string(found.category).data();
  full.source = to_string(found.source).data();
  full.confidence = to_string(found.confidence).data();
  const std::string_view name = found.media_type.view();
  const std::size_t size = std::min(name.size(), max_media_type_bytes);
  std::copy_n(name.data(), size, full.media_type);
  std::memcpy(out, &full, std::min<std::size_t>(out->struct_size, sizeof full));
}

}  // namespace

jobqueue_status jobqueue_detect_content_type(jobqueue_content_type* out, jobqueue_buffer* report,
                                             const void* head, size_t head_size,
                                             const jobqueue_content_type_options* options,
                                             jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (head == nullptr && head_size != 0) return refuse(error, "head is NULL, its size is not 0");
    if (out != nullptr && (out->struct_size < sizeof out->struct_size || out->struct_size > 4096)) {
      return refuse(error, "out is not initialised with JOBQUEUE_CONTENT_TYPE_INIT");
    }
    jobqueue_content_type_options known = JOBQUEUE_CONTENT_TYPE_OPTIONS_INIT;
    if (!c_api::read_options(known, options) ||
        (known.flags & ~(JOBQUEUE_CONTENT_NOSNIFF | JOBQUEUE_CONTENT_WHATWG)) != 0) {
      return refuse(error,
                    "the options are not initialised with JOBQUEUE_CONTENT_TYPE_OPTIONS_INIT");
    }
    if (!is_text(known.url) || !is_text(known.header) || !is_text(known.configured)) {
      return refuse(error, "url, header or configured is NULL, but its size is not 0");
    }
    const content_type_options chosen = {.url = c_api::view(known.url),
                                         .header = c_api::view(known.header),
                                         .configured = c_api::view(known.configured),
                                         .nosniff = (known.flags & JOBQUEUE_CONTENT_NOSNIFF) != 0,
                                         .whatwg = (known.flags & JOBQUEUE_CONTENT_WHATWG) != 0};
    const content_type found =
        detect_content_type(std::span(static_cast<const std::byte*>(head), head_size), chosen);
    if (report != nullptr) {
      const std::string json = to_json(found);
      if (jobqueue_buffer_assign(report, json.data(), json.size()) != JOBQUEUE_OK) {
        throw std::bad_alloc();
      }
    }
    give(out, found);
    return JOBQUEUE_OK;
  });
}
