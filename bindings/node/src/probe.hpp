// The probe.
#pragma once

#include <napi.h>

namespace jobqueue_node {

// URL, configured type, addresses that are allowed, those that are not, names and values of headers
// by turns, CA file, user agent, milliseconds, redirects, whether HEAD alone, WHATWG; and what is
// called at the end with a problem or undefined, and the answer as JSON. Works on a thread of the
// pool.
void probe_content_type(const Napi::CallbackInfo& info);

}  // namespace jobqueue_node
