#include "retry.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

#include "native.hpp"

namespace jobqueue_node {
namespace {

// A string as UTF-8, or bytes where they are.
class json_input {
 public:
  explicit json_input(const Napi::Value& value) {
    if (value.IsString()) {
      text_.emplace(value.As<Napi::String>());
    } else {
      bytes_ = bytes_of(value);
    }
  }
  [[nodiscard]] std::string_view view() const { return text_ ? text_->view() : bytes_; }
  [[nodiscard]] const text* as_text() const { return text_ ? &*text_ : nullptr; }

 private:
  std::optional<text> text_;
  std::string_view bytes_;
};

std::uint64_t attempt_of(const Napi::Value& value) {
  return static_cast<std::uint64_t>(value.As<Napi::Number>().Int64Value());
}

}  // namespace

Napi::Value preserve_job_data(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const json_input original(info[0]);
  const json_input result(info[1]);
  buffer out;
  jobqueue_error error;
  if (jobqueue_preserve_job_data(out.get(), original.view().data(), original.view().size(),
                                 result.view().data(), result.view().size(), attempt_of(info[2]),
                                 info[3].As<Napi::Number>().Int64Value(), &error) != 0) {
    // The message says in which of the two the offset is.
    const bool is_result = std::string_view(error.message).starts_with("result");
    raise(env, error, (is_result ? result : original).as_text());
  }
  if (original.as_text() != nullptr) return to_js_string(env, out.view());
  return to_js_buffer(env, out.view());
}

Napi::Value retry_attempt(const Napi::CallbackInfo& info) {
  const json_input job(info[0]);
  std::uint64_t attempt = 0;
  jobqueue_error error;
  if (jobqueue_retry_attempt(&attempt, job.view().data(), job.view().size(), &error) != 0) {
    raise(info.Env(), error, job.as_text());
  }
  return Napi::Number::New(info.Env(), static_cast<double>(attempt));
}

Napi::Value retry_asset_filename(const Napi::CallbackInfo& info) {
  const text filename(info[0].As<Napi::String>());
  buffer out;
  jobqueue_error error;
  if (jobqueue_retry_asset_filename(out.get(), filename.view().data(), filename.view().size(),
                                    attempt_of(info[1]), &error) != 0) {
    raise(info.Env(), error);
  }
  return to_js_string(info.Env(), out.view());
}

}  // namespace jobqueue_node
