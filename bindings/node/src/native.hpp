// What the files of the addon share: errors, bytes, vaults and options.
#pragma once

#include <napi.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/jobqueue.h>

#include "../../buffer.hpp"
#include "text.hpp"

namespace jobqueue_node {

using jobqueue_binding::buffer;

inline constexpr std::size_t digest_size = 32;

// Of one environment: the main thread, or a worker.
struct instance {
  Napi::FunctionReference error_class;
};

inline Napi::Buffer<char> to_js_buffer(Napi::Env env, std::string_view bytes) {
  return Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size());
}

// Throws a JobqueueError; its offset is in UTF-16 units of `of`, if that is given.
[[noreturn]] void raise(Napi::Env env, const jobqueue_error& error, const text* of = nullptr);

// The bytes of a view; ts/ has checked that it is one and not detached.
inline std::string_view bytes_of(const Napi::Value& value) {
  const auto view = value.As<Napi::Uint8Array>();
  const auto* data = reinterpret_cast<const char*>(view.Data());
  return {data == nullptr ? "" : data, view.ByteLength()};
}

// The vault of a call: a directory, or an object of the caller, or none.
class used_vault {
 public:
  used_vault() = default;
  ~used_vault() {
    if (owned_) jobqueue_vault_free(c_);
  }
  used_vault(const used_vault&) = delete;
  used_vault& operator=(const used_vault&) = delete;

  void use(const Napi::Value& value);
  [[nodiscard]] jobqueue_vault* get() const { return c_; }

  // What a method of the object threw, as it was.
  void rethrow() {
    if (!thrown_) return;
    const Napi::Error problem = *std::exchange(thrown_, std::nullopt);
    throw problem;
  }

 private:
  template <class Call>
  jobqueue_status guarded(const Call& call) {
    try {
      return call();
    } catch (const Napi::Error& problem) {
      if (!thrown_) thrown_ = problem;
      return JOBQUEUE_E_STORE_ERROR;
    }
  }
  static jobqueue_status put(void* self, const uint8_t* digest, const void* blob, size_t size);
  static jobqueue_status get_blob(void* self, jobqueue_buffer* out, const uint8_t* digest,
                                  uint64_t size);
  static jobqueue_status sync(void* self);

  Napi::ObjectReference object_;
  jobqueue_vault* c_ = nullptr;
  bool owned_ = false;
  std::optional<Napi::Error> thrown_;
};

class directory_vault : public Napi::ObjectWrap<directory_vault> {
 public:
  static constexpr napi_type_tag tag = {0x6a6f627175657565, 0x7661756c74000001};

  explicit directory_vault(const Napi::CallbackInfo& info);
  ~directory_vault() override { jobqueue_vault_free(c_); }
  directory_vault(const directory_vault&) = delete;
  directory_vault& operator=(const directory_vault&) = delete;

  [[nodiscard]] jobqueue_vault* get() const { return c_; }

  static Napi::Function define(Napi::Env env);

 private:
  Napi::Value add(const Napi::CallbackInfo& info);
  Napi::Value read(const Napi::CallbackInfo& info);
  void sync(const Napi::CallbackInfo& info);

  jobqueue_vault* c_ = nullptr;
};

// Options whose kinds ts/ has checked; their values are checked here, once.
class options : public Napi::ObjectWrap<options> {
 public:
  explicit options(const Napi::CallbackInfo& info);

  static Napi::Function define(Napi::Env env) { return DefineClass(env, "Options", {}); }
  static options& of(const Napi::Value& value) { return *Unwrap(value.As<Napi::Object>()); }

  jobqueue_sanitize_options c = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  used_vault vault;

 private:
  std::vector<std::string> cut_texts_, protect_texts_;
  std::vector<jobqueue_string> cut_, protect_;
};

// What Walk.context() of ts/ makes; refers to it.
struct value_context {
  explicit value_context(std::string_view packed);

  jobqueue_value_context c = JOBQUEUE_VALUE_CONTEXT_INIT;
  std::vector<jobqueue_neighbour> neighbours;
};

}  // namespace jobqueue_node
