#include <algorithm>

#include "native.hpp"

namespace jobqueue_node {
namespace {

void names(const Napi::Value& value, std::vector<std::string>& texts,
           std::vector<jobqueue_string>& views) {
  if (!value.IsArray()) return;
  const auto array = value.As<Napi::Array>();
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    texts.emplace_back(text(array.Get(i).As<Napi::String>()).view());
  }
  for (const std::string& one : texts) views.push_back({one.data(), one.size()});
}

jobqueue_string next_field(std::string_view& packed) {
  const std::string_view field = packed.substr(0, packed.find('\0'));
  packed.remove_prefix(std::min(packed.size(), field.size() + 1));
  return {field.data(), field.size()};
}

}  // namespace

options::options(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  const auto given = info[0].As<Napi::Object>();
  const auto number = [&](const char* name, std::uint64_t& value) {
    const Napi::Value one = given.Get(name);
    if (one.IsNumber()) value = static_cast<std::uint64_t>(one.As<Napi::Number>().Int64Value());
  };
  number("minRunChars", c.min_run_chars);
  number("minUnknownChars", c.min_unknown_chars);
  std::uint64_t depth = c.max_depth;
  number("maxDepth", depth);
  c.max_depth = static_cast<std::uint32_t>(std::min<std::uint64_t>(depth, UINT32_MAX));
  std::uint64_t format = c.format;
  number("format", format);
  c.format = static_cast<std::uint32_t>(format);
  std::uint64_t flags = 0;
  number("flags", flags);
  c.flags = static_cast<std::uint32_t>(flags);
  names(given.Get("cutFields"), cut_texts_, cut_);
  c.cut_fields = cut_.data();
  c.cut_field_count = cut_.size();
  names(given.Get("protectFields"), protect_texts_, protect_);
  c.protect_fields = protect_.data();
  c.protect_field_count = protect_.size();
  vault.use(given.Get("vault"));
  c.vault = vault.get();

  buffer nothing;
  jobqueue_error error;
  std::int32_t changed = 0;
  if (jobqueue_sanitize_base64(nothing.get(), &changed, "1", 1, &c, &error) != 0) {
    raise(info.Env(), error);
  }
}

value_context::value_context(std::string_view packed) {
  c.name = next_field(packed);
  c.parent_name = next_field(packed);
  while (!packed.empty()) {
    const auto kind = static_cast<unsigned>(packed.front() - '0');
    packed.remove_prefix(1);
    const jobqueue_string name = next_field(packed);
    neighbours.push_back({name, next_field(packed), kind & 1U, kind >> 1U});
  }
  c.neighbours = neighbours.data();
  c.neighbour_count = neighbours.size();
}

}  // namespace jobqueue_node
