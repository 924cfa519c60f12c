// Rule sets; records and verdicts cross as JSON, which ts/ writes and reads.
#include "rules.hpp"

#include <deque>
#include <string>
#include <vector>

#include "native.hpp"

namespace jobqueue_node {

// Text of the set, or undefined for the standard one; names and values of parameters by turns.
native_ruleset::native_ruleset(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  std::deque<text> words;  // does not move what is in it
  std::vector<jobqueue_parameter> list;
  const auto given = info[1].As<Napi::Array>();
  for (std::uint32_t i = 0; i + 1 < given.Length(); i += 2) {
    const jobqueue_string name = words.emplace_back(given.Get(i).As<Napi::String>()).c();
    list.push_back({name, words.emplace_back(given.Get(i + 1).As<Napi::String>()).c()});
  }
  jobqueue_ruleset_options options = JOBQUEUE_RULESET_OPTIONS_INIT;
  options.parameters = list.data();
  options.parameter_count = list.size();
  const text* json = nullptr;
  if (info[0].IsString()) json = &words.emplace_back(info[0].As<Napi::String>());
  jobqueue_error error;
  if (jobqueue_ruleset_parse(&c_, json == nullptr ? nullptr : json->c().data,
                             json == nullptr ? 0 : json->c().size, &options, &error) != 0) {
    raise(info.Env(), error, json);
  }
}

Napi::Function native_ruleset::define(Napi::Env env) {
  return DefineClass(env, "Ruleset",
                     {InstanceMethod<&native_ruleset::digest>("digest"),
                      InstanceMethod<&native_ruleset::evaluate>("evaluate"),
                      InstanceMethod<&native_ruleset::evaluate_array>("evaluateArray"),
                      InstanceMethod<&native_ruleset::evaluate_lines>("evaluateLines")});
}

Napi::Value native_ruleset::digest(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), jobqueue_ruleset_digest(c_));
}

// A text, the present in microseconds, and whether to explain.
template <class Call>
Napi::Value native_ruleset::run(const Napi::CallbackInfo& info, const Call& call) {
  const text input(info[0].As<Napi::String>());
  jobqueue_evaluate_options options = JOBQUEUE_EVALUATE_OPTIONS_INIT;
  options.now_micros = info[1].As<Napi::Number>().Int64Value();
  options.flags = info[2].As<Napi::Boolean>() ? JOBQUEUE_EVALUATE_EXPLAIN : 0;
  buffer out;
  jobqueue_error error;
  if (call(out.get(), input.c(), &options, &error) != 0) raise(info.Env(), error, &input);
  return to_js_string(info.Env(), out.view());
}

Napi::Value native_ruleset::evaluate(const Napi::CallbackInfo& info) {
  return run(info, [this](jobqueue_buffer* out, const jobqueue_string& record, auto... rest) {
    return jobqueue_ruleset_evaluate(out, c_, record.data, record.size, rest...);
  });
}

Napi::Value native_ruleset::evaluate_array(const Napi::CallbackInfo& info) {
  return run(info, [this](jobqueue_buffer* out, const jobqueue_string& records, auto... rest) {
    return jobqueue_ruleset_evaluate_array(out, nullptr, c_, records.data, records.size, rest...);
  });
}

Napi::Value native_ruleset::evaluate_lines(const Napi::CallbackInfo& info) {
  return run(info, [this](jobqueue_buffer* out, const jobqueue_string& records, auto... rest) {
    return jobqueue_ruleset_evaluate_lines(out, nullptr, c_, records.data, records.size, rest...);
  });
}

}  // namespace jobqueue_node
