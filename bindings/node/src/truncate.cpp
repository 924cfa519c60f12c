#include "truncate.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

#include "native.hpp"

namespace jobqueue_node {
namespace {

constexpr std::size_t option_count = 6;

void add_cut(void* to, const jobqueue_truncate_cut* cut) {
  auto& cuts = *static_cast<Napi::Array*>(to);
  const Napi::Env env = cuts.Env();
  const Napi::HandleScope scope(env);
  Napi::Object line = Napi::Object::New(env);
  line.Set("reason", to_js_string(env, {cut->reason.data, cut->reason.size}));
  line.Set("pointer", cut->has_pointer == 0
                          ? env.Null()
                          : to_js_string(env, {cut->pointer.data, cut->pointer.size}));
  line.Set("bytesBefore", static_cast<double>(cut->bytes_before));
  line.Set("bytesAfter", static_cast<double>(cut->bytes_after));
  cuts.Set(cuts.Length(), line);
}

}  // namespace

truncate_arguments::truncate_arguments(const Napi::CallbackInfo& info, std::size_t first) {
  const auto number = [&](std::size_t at) {
    return static_cast<std::uint64_t>(info[first + at].As<Napi::Number>().Int64Value());
  };
  c.max_bytes = number(0);
  const auto pointers = info[first + 1].As<Napi::Array>();
  for (std::uint32_t i = 0; i < pointers.Length(); ++i) {
    pinned_.push_back(texts_.emplace_back(pointers.Get(i).As<Napi::String>()).c());
  }
  c.pinned = pinned_.data();
  c.pinned_count = pinned_.size();
  c.array_head = number(2);
  c.array_tail = number(3);
  c.marker = texts_.emplace_back(info[first + 4].As<Napi::String>()).c();
  c.format = static_cast<std::uint32_t>(number(option_count - 1));
}

Napi::Value truncate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  truncate_arguments how(info, 1);
  Napi::Array cuts;
  if (info[1 + option_count].IsArray()) {
    cuts = info[1 + option_count].As<Napi::Array>();
    how.c.payload = &cuts;
    how.c.on_cut = add_cut;
  }
  std::optional<text> string;
  if (info[0].IsString()) string.emplace(info[0].As<Napi::String>());
  const std::string_view input = string ? string->view() : bytes_of(info[0]);
  buffer out;
  jobqueue_error error;
  std::int32_t changed = 0;
  const jobqueue_status status =
      jobqueue_truncate_payload(out.get(), &changed, input.data(), input.size(), &how.c, &error);
  if (status != 0) raise(env, error, string ? &*string : nullptr);
  if (changed == 0) return env.Undefined();
  if (string) return to_js_string(env, out.view());
  return to_js_buffer(env, out.view());
}

}  // namespace jobqueue_node
