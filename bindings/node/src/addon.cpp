// The addon: converts and maps errors; every verdict comes from the C ABI. The walk through objects
// and the checks of arguments are in ts/.
#include <napi.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attestation.hpp"
#include "content_type.hpp"
#include "failure.hpp"
#include "native.hpp"
#include "probe.hpp"
#include "retry.hpp"
#include "rules.hpp"
#include "signature.hpp"
#include "task.hpp"
#include "truncate.hpp"

namespace jobqueue_node {

[[noreturn]] void raise(Napi::Env env, const jobqueue_error& error, const text* of) {
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

namespace {

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

Napi::Value sanitize_value(const Napi::CallbackInfo& info) {
  options& how = options::of(info[2]);
  const text input(info[0].As<Napi::String>());
  const text around(info[1].As<Napi::String>());
  const value_context context(around.view());

  jobqueue_sanitize_options each = how.c;
  each.flags |= JOBQUEUE_SANITIZE_NO_SYNC;
  reporter report(info[3], &input);
  report.listen(each);
  buffer lean;
  jobqueue_error error;
  std::int32_t changed = 0;
  const jobqueue_status status = jobqueue_sanitize_base64_value(
      lean.get(), &changed, input.view().data(), input.view().size(), &context.c, &each, &error);
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
  function("classifyFailure", classify_failure);
  function("preserveJobData", preserve_job_data);
  function("retryAttempt", retry_attempt);
  function("retryAssetFilename", retry_asset_filename);
  function(
      "standardRules", +[](const Napi::CallbackInfo& info) -> Napi::Value {
        return to_js_string(info.Env(), jobqueue_standard_rules());
      });
  function("signatureSchemes", signature_schemes);
  function("parseAttestationKey", parse_attestation_key);
  function("formatAttestationKey", format_attestation_key);
  function("compareAttestationKeys", compare_attestation_keys);
  function("truncate", truncate);
  function("detectContentType", detect_content_type);
  function("probeContentType", probe_content_type);
  exports.Set("Options", options::define(env));
  exports.Set("Vault", directory_vault::define(env));
  exports.Set("Task", task::define(env));
  exports.Set("Sanitizer", sanitizer::define(env));
  exports.Set("Ruleset", native_ruleset::define(env));
  exports.Set("SignatureVerifier", native_verifier::define(env));
  exports.Set("PayloadSigner", native_signer::define(env));
  exports.Set("AttestationSigner", native_attestation_signer::define(env));
  exports.Set("AttestationVerifier", native_attestation_verifier::define(env));
  exports.Set("minCutSize", JOBQUEUE_MIN_CUT_SIZE);
  return exports;
}

}  // namespace

NODE_API_MODULE(jobqueue, define)

}  // namespace jobqueue_node
