#include "native.hpp"

namespace jobqueue_node {
namespace {

// A promise would be settled after the call; what it is about would be lost without a word.
void refuse_promise(const Napi::Value& returned) {
  if (!returned.IsPromise()) return;
  throw Napi::TypeError::New(returned.Env(),
                             "the vault is asynchronous: use the function that ends in Async");
}

}  // namespace

jobqueue_status used_vault::put(void* self, const uint8_t* digest, const void* blob, size_t size) {
  auto& vault = *static_cast<used_vault*>(self);
  return vault.guarded([&] {
    const Napi::Object object = vault.object_.Value();
    const Napi::Env env = object.Env();
    refuse_promise(object.Get("put").As<Napi::Function>().Call(
        object, {to_js_buffer(env, {reinterpret_cast<const char*>(digest), digest_size}),
                 to_js_buffer(env, {static_cast<const char*>(blob), size})}));
    return JOBQUEUE_OK;
  });
}

jobqueue_status used_vault::get_blob(void* self, jobqueue_buffer* out, const uint8_t* digest,
                                     uint64_t size) {
  auto& vault = *static_cast<used_vault*>(self);
  return vault.guarded([&]() -> jobqueue_status {
    const Napi::Object object = vault.object_.Value();
    const Napi::Env env = object.Env();
    const Napi::Value blob = object.Get("get").As<Napi::Function>().Call(
        object, {to_js_buffer(env, {reinterpret_cast<const char*>(digest), digest_size}),
                 Napi::Number::New(env, static_cast<double>(size))});
    refuse_promise(blob);
    if (blob.IsUndefined() || blob.IsNull()) return JOBQUEUE_E_BLOB_MISSING;
    if (!blob.IsTypedArray() || blob.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
      throw Napi::TypeError::New(env, "get() of a vault must give a Uint8Array or undefined");
    }
    const std::string_view bytes = bytes_of(blob);
    return jobqueue_buffer_assign(out, bytes.data(), bytes.size());
  });
}

jobqueue_status used_vault::sync(void* self) {
  auto& vault = *static_cast<used_vault*>(self);
  return vault.guarded([&] {
    const Napi::Object object = vault.object_.Value();
    refuse_promise(object.Get("sync").As<Napi::Function>().Call(object, {}));
    return JOBQUEUE_OK;
  });
}

void used_vault::use(const Napi::Value& value) {
  if (value.IsUndefined() || value.IsNull()) return;
  const auto object = value.As<Napi::Object>();
  object_ = Napi::Persistent(object);
  if (object.CheckTypeTag(&directory_vault::tag)) {
    c_ = directory_vault::Unwrap(object)->get();
    return;
  }
  jobqueue_vault_callbacks callbacks = JOBQUEUE_VAULT_CALLBACKS_INIT;
  callbacks.payload = this;
  callbacks.put = &used_vault::put;
  callbacks.get = &used_vault::get_blob;
  if (object.Get("sync").IsFunction()) callbacks.sync = &used_vault::sync;
  jobqueue_error error;
  if (jobqueue_vault_from_callbacks(&c_, &callbacks, &error) != 0) raise(value.Env(), error);
  owned_ = true;
}

directory_vault::directory_vault(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  const text path(info[0].As<Napi::String>());
  jobqueue_vault_options options = JOBQUEUE_VAULT_OPTIONS_INIT;
  options.flags = info[1].As<Napi::Boolean>() ? JOBQUEUE_VAULT_CREATE : 0;
  jobqueue_error error;
  if (jobqueue_vault_open_directory(&c_, path.view().data(), path.view().size(), &options,
                                    &error) != 0) {
    raise(info.Env(), error);
  }
  info.This().As<Napi::Object>().TypeTag(&tag);
}

Napi::Function directory_vault::define(Napi::Env env) {
  return DefineClass(
      env, "Vault",
      {InstanceMethod<&directory_vault::add>("add"), InstanceMethod<&directory_vault::read>("get"),
       InstanceMethod<&directory_vault::sync>("sync")});
}

Napi::Value directory_vault::add(const Napi::CallbackInfo& info) {
  const std::string_view blob = bytes_of(info[0]);
  std::uint8_t digest[digest_size];
  jobqueue_error error;
  if (jobqueue_vault_put(digest, c_, blob.data(), blob.size(), &error) != 0) {
    raise(info.Env(), error);
  }
  return to_js_buffer(info.Env(), {reinterpret_cast<const char*>(digest), digest_size});
}

Napi::Value directory_vault::read(const Napi::CallbackInfo& info) {
  const std::string_view digest = bytes_of(info[0]);
  const auto size = static_cast<std::uint64_t>(info[1].As<Napi::Number>().Int64Value());
  buffer blob;
  jobqueue_error error;
  if (jobqueue_vault_get(blob.get(), c_, reinterpret_cast<const uint8_t*>(digest.data()), size,
                         &error) != 0) {
    raise(info.Env(), error);
  }
  return to_js_buffer(info.Env(), blob.view());
}

void directory_vault::sync(const Napi::CallbackInfo& info) {
  jobqueue_error error;
  if (jobqueue_vault_sync(c_, &error) != 0) raise(info.Env(), error);
}

}  // namespace jobqueue_node
