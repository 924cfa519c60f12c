// What the extension modules of all languages share.
#pragma once

#include <string_view>

#include <jobqueue/jobqueue.h>

namespace jobqueue_binding {

// A jobqueue_buffer that releases itself.
class buffer {
 public:
  buffer() = default;
  ~buffer() { jobqueue_buffer_dispose(&c_); }
  buffer(const buffer&) = delete;
  buffer& operator=(const buffer&) = delete;
  jobqueue_buffer* get() { return &c_; }
  [[nodiscard]] std::string_view view() const { return {c_.data, c_.size}; }

 private:
  jobqueue_buffer c_ = JOBQUEUE_BUFFER_INIT;
};

}  // namespace jobqueue_binding
