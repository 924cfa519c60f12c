// What the functions that say what an object is have in common.
#pragma once

#include <jobqueue/jobqueue.h>
#include <jobqueue/content_type.hpp>

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <string_view>

#include "c_api/handles.hpp"

namespace jobqueue::c_api {

inline bool is_initialised(const jobqueue_content_type* out) noexcept {
  return out == nullptr ||
         (out->struct_size >= sizeof out->struct_size && out->struct_size <= 4096);
}

inline bool is_text(const jobqueue_string& text) noexcept {
  return text.data != nullptr || text.size == 0;
}

// As much of the answer as the struct of the caller has.
inline void give(jobqueue_content_type* out, const content_type& found) noexcept {
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

inline void give(jobqueue_buffer* report, std::string_view json) {
  if (report == nullptr) return;
  if (jobqueue_buffer_assign(report, json.data(), json.size()) != JOBQUEUE_OK) {
    throw std::bad_alloc();
  }
}

}  // namespace jobqueue::c_api
