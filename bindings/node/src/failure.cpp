#include "failure.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

#include "native.hpp"

namespace jobqueue_node {

Napi::Value classify_failure(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::optional<text> string;
  if (info[0].IsString()) string.emplace(info[0].As<Napi::String>());
  const std::string_view message = string ? string->view() : bytes_of(info[0]);
  jobqueue_failure_options options = JOBQUEUE_FAILURE_OPTIONS_INIT;
  options.http_status = info[1].As<Napi::Number>().Uint32Value();
  options.flags = info[2].As<Napi::Boolean>() ? JOBQUEUE_FAILURE_TIMEOUT : 0;
  jobqueue_failure found = JOBQUEUE_FAILURE_INIT;
  jobqueue_error error;
  if (jobqueue_classify_failure(&found, message.data(), message.size(), &options, &error) != 0) {
    raise(env, error);
  }
  Napi::Array words = Napi::Array::New(env, 5);
  std::uint32_t at = 0;
  for (const char* word : {found.type, found.reason, static_cast<const char*>(found.description),
                           found.confidence, static_cast<const char*>(found.fingerprint)}) {
    words.Set(at++, word);
  }
  return words;
}

}  // namespace jobqueue_node
