#include "probe.hpp"

#include <jobqueue/jobqueue_net.h>

#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "native.hpp"

namespace jobqueue_node {
namespace {

class probe final : public Napi::AsyncWorker {
 public:
  explicit probe(const Napi::CallbackInfo& info)
      : AsyncWorker(info[11].As<Napi::Function>(), "jobqueue") {
    url_ = keep(info[0]);
    options_.configured = keep(info[1]);
    allowed_ = keep_all(info[2]);
    denied_ = keep_all(info[3]);
    const std::vector<jobqueue_string> texts = keep_all(info[4]);
    for (std::size_t i = 0; i + 1 < texts.size(); i += 2) {
      headers_.push_back({texts[i], texts[i + 1]});
    }
    options_.ca_file = keep(info[5]);
    options_.user_agent = keep(info[6]);
    options_.timeout_millis = number(info[7]);
    options_.max_redirects = number(info[8]);
    options_.flags = (info[9].As<Napi::Boolean>() ? JOBQUEUE_PROBE_HEAD_ONLY : 0U) |
                     (info[10].As<Napi::Boolean>() ? JOBQUEUE_PROBE_WHATWG : 0U);
    options_.allowed = allowed_.data();
    options_.allowed_count = allowed_.size();
    options_.denied = denied_.data();
    options_.denied_count = denied_.size();
    options_.headers = headers_.data();
    options_.header_count = headers_.size();
  }

 protected:
  void Execute() override {
    status_ = jobqueue_probe_content_type(nullptr, report_.get(), url_.data, url_.size, &options_,
                                          &error_);
  }
  void OnOK() override {
    const Napi::Env env = Env();
    const Napi::HandleScope scope(env);
    try {
      if (status_ != 0) raise(env, error_);
      Callback().Call({env.Undefined(), to_js_string(env, report_.view())});
    } catch (const Napi::Error& problem) {
      Callback().Call({problem.Value()});
    }
  }

 private:
  static std::uint64_t number(const Napi::Value& value) {
    return static_cast<std::uint64_t>(value.As<Napi::Number>().Int64Value());
  }
  jobqueue_string keep(const Napi::Value& value) {
    const std::string& kept = texts_.emplace_back(text(value.As<Napi::String>()).view());
    return {kept.data(), kept.size()};
  }
  std::vector<jobqueue_string> keep_all(const Napi::Value& value) {
    const auto from = value.As<Napi::Array>();
    std::vector<jobqueue_string> kept;
    for (std::uint32_t i = 0; i < from.Length(); ++i) kept.push_back(keep(from.Get(i)));
    return kept;
  }

  std::list<std::string> texts_;  // which stay where they are
  jobqueue_string url_{};
  std::vector<jobqueue_string> allowed_;
  std::vector<jobqueue_string> denied_;
  std::vector<jobqueue_header> headers_;
  jobqueue_probe_options options_ = JOBQUEUE_PROBE_OPTIONS_INIT;
  buffer report_;
  jobqueue_error error_{};
  jobqueue_status status_ = 0;
};

}  // namespace

void probe_content_type(const Napi::CallbackInfo& info) { (new probe(info))->Queue(); }

}  // namespace jobqueue_node
