// Truncating: what JavaScript hands over, and what it gets back.
#pragma once

#include <napi.h>

#include <deque>
#include <vector>

#include <jobqueue/jobqueue.h>

#include "text.hpp"

namespace jobqueue_node {

// Options whose kinds ts/ has checked: most bytes, pointers, head, tail, marker, number of the
// format; from the argument `first` on.
class truncate_arguments {
 public:
  truncate_arguments(const Napi::CallbackInfo& info, std::size_t first);
  truncate_arguments(const truncate_arguments&) = delete;
  truncate_arguments& operator=(const truncate_arguments&) = delete;

  jobqueue_truncate_options c = JOBQUEUE_TRUNCATE_OPTIONS_INIT;

 private:
  std::deque<text> texts_;  // does not move what is in it
  std::vector<jobqueue_string> pinned_;
};

// A string or bytes, the options, and an array for the report or undefined.
Napi::Value truncate(const Napi::CallbackInfo& info);

}  // namespace jobqueue_node
