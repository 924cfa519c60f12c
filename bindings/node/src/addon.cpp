// The addon: converts and maps errors; every verdict comes from the C ABI. The walk through objects
// and the checks of arguments are in ts/.
#include <napi.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/jobqueue.h>

#include "../../buffer.hpp"
#include "text.hpp"

namespace {

using jobqueue_binding::buffer;
using jobqueue_node::text;
using jobqueue_node::to_js_string;

constexpr std::size_t digest_size = 32;

// Of one environment: the main thread, or a worker.
struct instance {
  Napi::FunctionReference error_class;
};

Napi::Buffer<char> to_js_buffer(Napi::Env env, std::string_view bytes) {
  return Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size());
}

[[noreturn]] void raise(Napi::Env env, const jobqueue_error& error, const text* of = nullptr) {
  Napi::Value offset = env.Undefined();
  if (error.offset != JOBQUEUE_NO_OFFSET) {
    const std::uint64_t at = of == nullptr ? error.offset : of->units_before(error.offset);
    offset = Napi::Number::New(env, static_cast<double>(at));
  }
  const Napi::Object problem = env.GetInstanceData<instance>()->error_class.New(
      {Napi::String::New(env, error.message),
       Napi::String::New(env, jobqueue_status_name(error.status)),
       Napi::Number::New(env, error.status), offset});
  throw Napi::Error(env, problem);
}

// The bytes of a view; ts/ has checked that it is one and not detached.
std::string_view bytes_of(const Napi::Value& value) {
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
  static jobqueue_status put(void* self, const uint8_t* digest, const void* blob, size_t size) {
    auto& vault = *static_cast<used_vault*>(self);
    return vault.guarded([&] {
      const Napi::Object object = vault.object_.Value();
      const Napi::Env env = object.Env();
      object.Get("put").As<Napi::Function>().Call(
          object, {to_js_buffer(env, {reinterpret_cast<const char*>(digest), digest_size}),
                   to_js_buffer(env, {static_cast<const char*>(blob), size})});
      return JOBQUEUE_OK;
    });
  }
  static jobqueue_status get_blob(void* self, jobqueue_buffer* out, const uint8_t* digest,
                                  uint64_t size) {
    auto& vault = *static_cast<used_vault*>(self);
    return vault.guarded([&]() -> jobqueue_status {
      const Napi::Object object = vault.object_.Value();
      const Napi::Env env = object.Env();
      const Napi::Value blob = object.Get("get").As<Napi::Function>().Call(
          object, {to_js_buffer(env, {reinterpret_cast<const char*>(digest), digest_size}),
                   Napi::Number::New(env, static_cast<double>(size))});
      if (blob.IsUndefined() || blob.IsNull()) return JOBQUEUE_E_BLOB_MISSING;
      if (!blob.IsTypedArray() ||
          blob.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
        throw Napi::TypeError::New(env, "get() of a vault must give a Uint8Array or undefined");
      }
      const std::string_view bytes = bytes_of(blob);
      return jobqueue_buffer_assign(out, bytes.data(), bytes.size());
    });
  }
  static jobqueue_status sync(void* self) {
    auto& vault = *static_cast<used_vault*>(self);
    return vault.guarded([&] {
      const Napi::Object object = vault.object_.Value();
      object.Get("sync").As<Napi::Function>().Call(object, {});
      return JOBQUEUE_OK;
    });
  }

  Napi::ObjectReference object_;
  jobqueue_vault* c_ = nullptr;
  bool owned_ = false;
  std::optional<Napi::Error> thrown_;
};

class directory_vault : public Napi::ObjectWrap<directory_vault> {
 public:
  static constexpr napi_type_tag tag = {0x6a6f627175657565, 0x7661756c74000001};

  explicit directory_vault(const Napi::CallbackInfo& info) : ObjectWrap(info) {
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
  ~directory_vault() override { jobqueue_vault_free(c_); }
  directory_vault(const directory_vault&) = delete;
  directory_vault& operator=(const directory_vault&) = delete;

  [[nodiscard]] jobqueue_vault* get() const { return c_; }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Vault",
                       {InstanceMethod<&directory_vault::add>("add"),
                        InstanceMethod<&directory_vault::read>("get"),
                        InstanceMethod<&directory_vault::sync>("sync")});
  }

 private:
  Napi::Value add(const Napi::CallbackInfo& info) {
    const std::string_view blob = bytes_of(info[0]);
    std::uint8_t digest[digest_size];
    jobqueue_error error;
    if (jobqueue_vault_put(digest, c_, blob.data(), blob.size(), &error) != 0) {
      raise(info.Env(), error);
    }
    return to_js_buffer(info.Env(), {reinterpret_cast<const char*>(digest), digest_size});
  }
  Napi::Value read(const Napi::CallbackInfo& info) {
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
  void sync(const Napi::CallbackInfo& info) {
    jobqueue_error error;
    if (jobqueue_vault_sync(c_, &error) != 0) raise(info.Env(), error);
  }

  jobqueue_vault* c_ = nullptr;
};

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

// Options whose kinds ts/ has checked; their values are checked here, once.
class options : public Napi::ObjectWrap<options> {
 public:
  explicit options(const Napi::CallbackInfo& info) : ObjectWrap(info) {
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

  static Napi::Function define(Napi::Env env) { return DefineClass(env, "Options", {}); }
  static options& of(const Napi::Value& value) { return *Unwrap(value.As<Napi::Object>()); }

  jobqueue_sanitize_options c = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  used_vault vault;

 private:
  static void names(const Napi::Value& value, std::vector<std::string>& texts,
                    std::vector<jobqueue_string>& views) {
    if (!value.IsArray()) return;
    const auto array = value.As<Napi::Array>();
    for (std::uint32_t i = 0; i < array.Length(); ++i) {
      texts.emplace_back(text(array.Get(i).As<Napi::String>()).view());
    }
    for (const std::string& one : texts) views.push_back({one.data(), one.size()});
  }

  std::vector<std::string> cut_texts_, protect_texts_;
  std::vector<jobqueue_string> cut_, protect_;
};

// Fills the arrays `cuts` and `kept` of an object with what the C ABI tells.
class reporter {
 public:
  reporter(const Napi::Value& into, const text* of) : of_(of) {
    if (!into.IsObject()) return;
    cuts_ = into.As<Napi::Object>().Get("cuts").As<Napi::Array>();
    kept_ = into.As<Napi::Object>().Get("kept").As<Napi::Array>();
  }

  void listen(jobqueue_sanitize_options& options) {
    if (cuts_.IsEmpty()) return;
    options.payload = this;
    options.on_cut = [](void* self, const jobqueue_cut* cut) {
      static_cast<reporter*>(self)->add(*cut);
    };
    options.on_kept = [](void* self, const jobqueue_kept* kept) {
      static_cast<reporter*>(self)->add(*kept);
    };
  }

 private:
  static void set(Napi::Object& line, const char* name, std::uint64_t value) {
    line.Set(name, static_cast<double>(value));
  }
  static void set(Napi::Object& line, const char* name, const jobqueue_string& value) {
    line.Set(name, to_js_string(line.Env(), {value.data, value.size}));
  }
  void place(Napi::Object& line, std::uint64_t offset, std::uint64_t size) const {
    const std::uint64_t begin = of_ == nullptr ? offset : of_->units_before(offset);
    const std::uint64_t end = of_ == nullptr ? offset + size : of_->units_before(offset + size);
    set(line, "offset", begin);
    set(line, "size", end - begin);
  }
  void add(const jobqueue_cut& cut) {
    const Napi::Env env = cuts_.Env();
    const Napi::HandleScope scope(env);
    Napi::Object line = Napi::Object::New(env);
    place(line, cut.offset, cut.size);
    set(line, "decodedSize", cut.decoded_size);
    set(line, "line", cut.line);
    set(line, "replacementSize", cut.replacement_size);
    if (cut.has_pointer != 0) {
      set(line, "pointer", cut.pointer);
    } else {
      line.Set("pointer", env.Null());
    }
    set(line, "form", cut.form);
    set(line, "blobClass", cut.blob_class);
    set(line, "encoding", cut.encoding);
    set(line, "evidence", cut.evidence);
    set(line, "mediaType", cut.media_type);
    std::string hex;
    for (const std::uint8_t byte : cut.sha256) {
      hex += "0123456789abcdef"[byte >> 4U];
      hex += "0123456789abcdef"[byte & 15U];
    }
    line.Set("sha256", hex);
    cuts_.Set(cuts_.Length(), line);
  }
  void add(const jobqueue_kept& kept) {
    const Napi::HandleScope scope(kept_.Env());
    Napi::Object line = Napi::Object::New(kept_.Env());
    place(line, kept.offset, kept.size);
    set(line, "reason", kept.reason);
    kept_.Set(kept_.Length(), line);
  }

  const text* of_;
  Napi::Array cuts_, kept_;
};

Napi::Value sanitize_bytes(const Napi::CallbackInfo& info) {
  options& how = options::of(info[1]);
  jobqueue_sanitize_options each = how.c;
  reporter report(info[2], nullptr);
  report.listen(each);
  const std::string_view input = bytes_of(info[0]);
  // A vault of the caller runs JavaScript, which could detach the buffer under the scan.
  const std::string copy(how.vault.get() == nullptr ? std::string_view() : input);
  const char* data = how.vault.get() == nullptr ? input.data() : copy.data();
  buffer lean;
  jobqueue_error error;
  std::int32_t changed = 0;
  const jobqueue_status status =
      jobqueue_sanitize_base64(lean.get(), &changed, data, input.size(), &each, &error);
  how.vault.rethrow();
  if (status != 0) raise(info.Env(), error);
  return changed == 0 ? info.Env().Undefined() : to_js_buffer(info.Env(), lean.view());
}

Napi::Value sanitize_text(const Napi::CallbackInfo& info) {
  options& how = options::of(info[1]);
  const text input(info[0].As<Napi::String>());
  jobqueue_sanitize_options each = how.c;
  reporter report(info[2], &input);
  report.listen(each);
  buffer lean;
  jobqueue_error error;
  std::int32_t changed = 0;
  const jobqueue_status status = jobqueue_sanitize_base64(lean.get(), &changed, input.view().data(),
                                                          input.view().size(), &each, &error);
  how.vault.rethrow();
  if (status != 0) raise(info.Env(), error, &input);
  return changed == 0 ? info.Env().Undefined() : to_js_string(info.Env(), lean.view());
}

// Takes the next field of what Walk.context() of ts/ makes.
jobqueue_string next_field(std::string_view& packed) {
  const std::string_view field = packed.substr(0, packed.find('\0'));
  packed.remove_prefix(std::min(packed.size(), field.size() + 1));
  return {field.data(), field.size()};
}

Napi::Value sanitize_value(const Napi::CallbackInfo& info) {
  options& how = options::of(info[2]);
  const text input(info[0].As<Napi::String>());
  const text around(info[1].As<Napi::String>());
  std::string_view packed = around.view();
  jobqueue_value_context context = JOBQUEUE_VALUE_CONTEXT_INIT;
  context.name = next_field(packed);
  context.parent_name = next_field(packed);
  std::vector<jobqueue_neighbour> neighbours;
  while (!packed.empty()) {
    const auto kind = static_cast<unsigned>(packed.front() - '0');
    packed.remove_prefix(1);
    const jobqueue_string name = next_field(packed);
    neighbours.push_back({name, next_field(packed), kind & 1U, kind >> 1U});
  }
  context.neighbours = neighbours.data();
  context.neighbour_count = neighbours.size();

  jobqueue_sanitize_options each = how.c;
  each.flags |= JOBQUEUE_SANITIZE_NO_SYNC;
  reporter report(info[3], &input);
  report.listen(each);
  buffer lean;
  jobqueue_error error;
  std::int32_t changed = 0;
  const jobqueue_status status = jobqueue_sanitize_base64_value(
      lean.get(), &changed, input.view().data(), input.view().size(), &context, &each, &error);
  how.vault.rethrow();
  if (status != 0) raise(info.Env(), error);
  return changed == 0 ? info.Env().Undefined() : to_js_string(info.Env(), lean.view());
}

void sync_vault(const Napi::CallbackInfo& info) {
  options& how = options::of(info[0]);
  if (how.vault.get() == nullptr || (how.c.flags & JOBQUEUE_SANITIZE_NO_SYNC) != 0) return;
  jobqueue_error error;
  const jobqueue_status status = jobqueue_vault_sync(how.vault.get(), &error);
  how.vault.rethrow();
  if (status != 0) raise(info.Env(), error);
}

Napi::Value restore(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::optional<text> string;
  std::string copy;
  if (info[0].IsString()) {
    string.emplace(info[0].As<Napi::String>());
  } else {
    copy = bytes_of(info[0]);
  }
  const std::string_view input = string ? string->view() : std::string_view(copy);
  used_vault vault;
  vault.use(info[1]);
  jobqueue_restore_options how = JOBQUEUE_RESTORE_OPTIONS_INIT;
  how.flags = info[2].As<Napi::Boolean>() ? JOBQUEUE_RESTORE_KEEP_MISSING : 0;
  how.max_output_bytes = static_cast<std::uint64_t>(info[3].As<Napi::Number>().Int64Value());
  buffer whole;
  jobqueue_error error;
  std::int32_t changed = 0;
  const jobqueue_status status = jobqueue_restore_base64(whole.get(), &changed, input.data(),
                                                         input.size(), vault.get(), &how, &error);
  vault.rethrow();
  if (status != 0) raise(env, error, string ? &*string : nullptr);
  if (changed == 0) return env.Undefined();
  if (string) return to_js_string(env, whole.view());
  return to_js_buffer(env, whole.view());
}

class sanitizer : public Napi::ObjectWrap<sanitizer> {
 public:
  explicit sanitizer(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    options_ = Napi::Persistent(info[0].As<Napi::Object>());
    jobqueue_sanitize_options each = options::of(info[0]).c;
    each.payload = this;
    each.on_cut = [](void* self, const jobqueue_cut* cut) {
      const auto& now = static_cast<sanitizer*>(self)->now_;
      if (now.on_cut != nullptr) now.on_cut(now.payload, cut);
    };
    each.on_kept = nullptr;
    jobqueue_error error;
    if (jobqueue_base64_sanitizer_new(&c_, &each, &error) != 0) raise(info.Env(), error);
  }
  ~sanitizer() override { jobqueue_base64_sanitizer_free(c_); }
  sanitizer(const sanitizer&) = delete;
  sanitizer& operator=(const sanitizer&) = delete;

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Sanitizer",
                       {InstanceMethod<&sanitizer::update>("update"),
                        InstanceMethod<&sanitizer::finish>("finish")});
  }

 private:
  Napi::Value update(const Napi::CallbackInfo& info) {
    const std::string piece(bytes_of(info[0]));
    return step(info.Env(), info[1], [&](jobqueue_buffer* out, jobqueue_error* error) {
      return jobqueue_base64_sanitizer_update(out, c_, piece.data(), piece.size(), error);
    });
  }
  Napi::Value finish(const Napi::CallbackInfo& info) {
    return step(info.Env(), info[0], [&](jobqueue_buffer* out, jobqueue_error* error) {
      return jobqueue_base64_sanitizer_finish(out, c_, error);
    });
  }
  template <class Call>
  Napi::Value step(Napi::Env env, const Napi::Value& into, const Call& call) {
    if (busy_) {
      jobqueue_error again{JOBQUEUE_E_INVALID_ARGUMENT, 0, JOBQUEUE_NO_OFFSET,
                           "this Base64Sanitizer is at work; a vault must not use it"};
      raise(env, again);
    }
    busy_ = true;
    reporter report(into, nullptr);
    now_ = jobqueue_sanitize_options{};
    report.listen(now_);
    buffer out;
    jobqueue_error error;
    const jobqueue_status status = call(out.get(), &error);
    busy_ = false;
    options::of(options_.Value()).vault.rethrow();
    if (status != 0) raise(env, error);
    return to_js_buffer(env, out.view());
  }

  Napi::ObjectReference options_;
  jobqueue_sanitize_options now_{};  // where the report of this step goes
  jobqueue_base64_sanitizer* c_ = nullptr;
  bool busy_ = false;
};

Napi::Value build_info(const Napi::CallbackInfo& info) {
  Napi::Object about = Napi::Object::New(info.Env());
  about.Set("version", jobqueue_version());
  about.Set("abiVersion", jobqueue_abi_version());
  about.Set("simdTarget", jobqueue_simd_target());
  about.Set("openssl", OpenSSL_version(OPENSSL_VERSION));
  return about;
}

Napi::Value default_cut_fields(const Napi::CallbackInfo& info) {
  std::size_t count = 0;
  const jobqueue_string* names = jobqueue_default_cut_fields(&count);
  Napi::Array fields = Napi::Array::New(info.Env());
  for (std::uint32_t i = 0; names != nullptr && i < count; ++i) {
    fields.Set(i, to_js_string(info.Env(), {names[i].data, names[i].size}));
  }
  return fields;
}

Napi::Object define(Napi::Env env, Napi::Object exports) {
  if (jobqueue_abi_version() != JOBQUEUE_ABI_VERSION) {
    throw Napi::Error::New(env, "jobqueue: the library has another ABI version than the addon");
  }
  env.SetInstanceData(new instance);
  const auto function = [&](const char* name, auto* body) {
    exports.Set(name, Napi::Function::New(env, body, name));
  };
  function(
      "useErrorClass", +[](const Napi::CallbackInfo& info) {
        info.Env().GetInstanceData<instance>()->error_class =
            Napi::Persistent(info[0].As<Napi::Function>());
      });
  function("sanitizeBytes", sanitize_bytes);
  function("sanitizeText", sanitize_text);
  function("sanitizeValue", sanitize_value);
  function("syncVault", sync_vault);
  function("restore", restore);
  function("buildInfo", build_info);
  function("defaultCutFields", default_cut_fields);
  exports.Set("Options", options::define(env));
  exports.Set("Vault", directory_vault::define(env));
  exports.Set("Sanitizer", sanitizer::define(env));
  exports.Set("minCutSize", JOBQUEUE_MIN_CUT_SIZE);
  return exports;
}

}  // namespace

NODE_API_MODULE(jobqueue, define)
