#include "signature.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "native.hpp"
#include "secrets.hpp"

namespace jobqueue_node {
namespace {

// Names and values by turns, each with a NUL behind it, which ts/ has kept out of them.
class packed_headers {
 public:
  explicit packed_headers(const Napi::Value& value) {
    const napi_env env = value.Env();
    std::size_t size = 0;
    napi_get_value_string_utf8(env, value, few_.data(), few_.size(), &size);
    char* data = few_.data();
    // As much as there is room for, so it may have been more.
    if (size + 4 >= few_.size()) {
      napi_get_value_string_utf8(env, value, nullptr, 0, &size);
      many_.resize(size + 1);
      napi_get_value_string_utf8(env, value, many_.data(), many_.size(), &size);
      data = many_.data();
    }
    for (std::string_view rest(data, size); !rest.empty();) {
      const jobqueue_string name = take(rest);
      headers_.push_back({name, take(rest)});
    }
  }
  packed_headers(const packed_headers&) = delete;
  packed_headers& operator=(const packed_headers&) = delete;
  [[nodiscard]] const std::vector<jobqueue_header>& get() const { return headers_; }

 private:
  static jobqueue_string take(std::string_view& rest) {
    const std::string_view one = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    return {one.data(), one.size()};
  }

  std::array<char, 1024> few_;
  std::vector<char> many_;
  std::vector<jobqueue_header> headers_;
};

}  // namespace

// Number of the scheme, secrets, tolerance in seconds (below 0: any age), whether to give hints,
// and a Float64Array of two for what is known.
native_verifier::native_verifier(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  const std::uint32_t scheme = info[0].As<Napi::Number>().Uint32Value();
  const secret_list secrets(info[1].As<Napi::Array>());
  jobqueue_signature_options options = JOBQUEUE_SIGNATURE_OPTIONS_INIT;
  const std::int64_t tolerance = info[2].As<Napi::Number>().Int64Value();
  options.tolerance_seconds =
      tolerance < 0 ? JOBQUEUE_ANY_AGE : static_cast<std::uint64_t>(tolerance);
  options.flags = info[3].As<Napi::Boolean>() ? 0 : JOBQUEUE_SIGNATURE_NO_HINTS;
  jobqueue_error error;
  jobqueue_status status = jobqueue_signature_verifier_new(&loud_, scheme, secrets.data(),
                                                           secrets.size(), &options, &error);
  if (status == 0) {
    options.flags = JOBQUEUE_SIGNATURE_NO_HINTS;
    status = jobqueue_signature_verifier_new(&quiet_, scheme, secrets.data(), secrets.size(),
                                             &options, &error);
  }
  if (status != 0) {
    jobqueue_signature_verifier_free(loud_);
    loud_ = nullptr;
    raise(info.Env(), error);
  }
  auto known = info[4].As<Napi::Float64Array>();
  known_data_ = known.Data();
  known_ = Napi::Reference<Napi::Float64Array>::New(known, 1);
}

native_verifier::~native_verifier() {
  jobqueue_signature_verifier_free(quiet_);
  jobqueue_signature_verifier_free(loud_);
}

Napi::Function native_verifier::define(Napi::Env env) {
  return DefineClass(env, "SignatureVerifier",
                     {InstanceMethod<&native_verifier::check>("check"),
                      InstanceMethod<&native_verifier::refuse>("refuse")});
}

// Bytes, packed headers, seconds.
jobqueue_status native_verifier::verify(const Napi::CallbackInfo& info,
                                        const jobqueue_signature_verifier* with,
                                        jobqueue_verification& answer, jobqueue_error* error) {
  const std::string_view body = bytes_of(info[0]);
  const packed_headers headers(info[1]);
  const std::int64_t now = info[2].As<Napi::Number>().Int64Value();
  return jobqueue_signature_verifier_verify(&answer, with, headers.get().data(),
                                            headers.get().size(), body.data(), body.size(), now,
                                            error);
}

// Which secret made the signature, or -1: then `refuse` says why.
Napi::Value native_verifier::check(const Napi::CallbackInfo& info) {
  jobqueue_verification answer = JOBQUEUE_VERIFICATION_INIT;
  if (verify(info, quiet_, answer, nullptr) != 0) return Napi::Number::New(info.Env(), -1);
  known_data_[0] = answer.scheme;
  known_data_[1] = static_cast<double>(answer.age_seconds);
  return Napi::Number::New(info.Env(), static_cast<double>(answer.secret_index));
}

// Code, status and message of the error, hint, number of the scheme, secret or -1, age.
Napi::Value native_verifier::refuse(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  jobqueue_verification answer = JOBQUEUE_VERIFICATION_INIT;
  jobqueue_error error{};
  const jobqueue_status status = verify(info, loud_, answer, &error);
  // Never 0, as `check` has said no to the same; if it were, it would be no good signature.
  const double index =
      answer.secret_index == JOBQUEUE_NO_SECRET ? -1 : static_cast<double>(answer.secret_index);
  Napi::Array why = Napi::Array::New(env, 7);
  why.Set(0U, jobqueue_status_name(status));
  why.Set(1U, static_cast<double>(status));
  why.Set(2U, error.message);
  why.Set(3U, answer.hint);
  why.Set(4U, static_cast<double>(answer.scheme));
  why.Set(5U, index);
  why.Set(6U, static_cast<double>(answer.age_seconds));
  return why;
}

// Number of the scheme, secrets.
native_signer::native_signer(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  const secret_list secrets(info[1].As<Napi::Array>());
  jobqueue_error error;
  if (jobqueue_payload_signer_new(&c_, info[0].As<Napi::Number>().Uint32Value(), secrets.data(),
                                  secrets.size(), &error) != 0) {
    raise(info.Env(), error);
  }
}

Napi::Function native_signer::define(Napi::Env env) {
  return DefineClass(env, "PayloadSigner", {InstanceMethod<&native_signer::sign>("sign")});
}

// Bytes, id, seconds; gives lines.
Napi::Value native_signer::sign(const Napi::CallbackInfo& info) {
  const std::string_view body = bytes_of(info[0]);
  const text id(info[1].As<Napi::String>());
  buffer out;
  jobqueue_error error;
  if (jobqueue_payload_signer_sign(out.get(), c_, body.data(), body.size(), id.c().data,
                                   id.c().size, info[2].As<Napi::Number>().Int64Value(),
                                   &error) != 0) {
    raise(info.Env(), error);
  }
  return to_js_string(info.Env(), out.view());
}

Napi::Value signature_schemes(const Napi::CallbackInfo& info) {
  Napi::Array words = Napi::Array::New(info.Env());
  for (std::uint32_t i = 0; const char* word = jobqueue_signature_scheme_name(i); ++i) {
    words.Set(i, word);
  }
  return words;
}

}  // namespace jobqueue_node
