#include "content_type.hpp"

#include <string_view>

#include "native.hpp"

namespace jobqueue_node {

Napi::Value detect_content_type(const Napi::CallbackInfo& info) {
  const std::string_view head = bytes_of(info[0]);
  const text url(info[1].As<Napi::String>());
  const text header(info[2].As<Napi::String>());
  const text configured(info[3].As<Napi::String>());
  jobqueue_content_type_options options = JOBQUEUE_CONTENT_TYPE_OPTIONS_INIT;
  options.url = url.c();
  options.header = header.c();
  options.configured = configured.c();
  options.flags = (info[4].As<Napi::Boolean>() ? JOBQUEUE_CONTENT_NOSNIFF : 0U) |
                  (info[5].As<Napi::Boolean>() ? JOBQUEUE_CONTENT_WHATWG : 0U);
  buffer report;
  jobqueue_error error;
  if (jobqueue_detect_content_type(nullptr, report.get(), head.data(), head.size(), &options,
                                   &error) != 0) {
    raise(info.Env(), error);
  }
  return to_js_string(info.Env(), report.view());
}

}  // namespace jobqueue_node
