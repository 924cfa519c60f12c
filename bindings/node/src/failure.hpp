// Failures, as JavaScript has them in hand.
#pragma once

#include <napi.h>

namespace jobqueue_node {

// A string or bytes, the status, whether there was a timeout; gives five words.
Napi::Value classify_failure(const Napi::CallbackInfo& info);

}  // namespace jobqueue_node
