// A compiled rule set, as JavaScript has it in hand.
#pragma once

#include <napi.h>

#include <jobqueue/jobqueue.h>

namespace jobqueue_node {

class native_ruleset : public Napi::ObjectWrap<native_ruleset> {
 public:
  explicit native_ruleset(const Napi::CallbackInfo& info);
  ~native_ruleset() override { jobqueue_ruleset_free(c_); }
  native_ruleset(const native_ruleset&) = delete;
  native_ruleset& operator=(const native_ruleset&) = delete;

  static Napi::Function define(Napi::Env env);

 private:
  Napi::Value digest(const Napi::CallbackInfo& info);
  Napi::Value evaluate(const Napi::CallbackInfo& info);
  Napi::Value evaluate_array(const Napi::CallbackInfo& info);
  Napi::Value evaluate_lines(const Napi::CallbackInfo& info);
  template <class Call>
  Napi::Value run(const Napi::CallbackInfo& info, const Call& call);

  jobqueue_ruleset* c_ = nullptr;
};

}  // namespace jobqueue_node
