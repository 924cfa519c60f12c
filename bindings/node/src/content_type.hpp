// Content types.
#pragma once

#include <napi.h>

namespace jobqueue_node {

// Bytes, then URL, header and setting as strings, then whether nosniff and WHATWG: the answer as
// JSON, which ts/ reads.
Napi::Value detect_content_type(const Napi::CallbackInfo& info);

}  // namespace jobqueue_node
