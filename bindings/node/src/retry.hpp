// Retries over texts of JSON; what is done with objects is in ts/.
#pragma once

#include <napi.h>

namespace jobqueue_node {

// Two strings or bytes, the attempt, microseconds; gives the kind of the first.
Napi::Value preserve_job_data(const Napi::CallbackInfo& info);
// A string or bytes.
Napi::Value retry_attempt(const Napi::CallbackInfo& info);
// A string, the attempt.
Napi::Value retry_asset_filename(const Napi::CallbackInfo& info);

}  // namespace jobqueue_node
