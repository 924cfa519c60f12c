#include "attestation.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "native.hpp"
#include "secrets.hpp"

namespace jobqueue_node {
namespace {

using name_function = const char* (*)(std::uint32_t);

// How many parts of a key ts/ hands over: all but whether it is ambiguous.
constexpr std::size_t key_parts = 8;

// Of a word that ts/ has checked.
std::uint32_t number_of(std::string_view word, name_function name_of) {
  std::uint32_t number = 0;
  for (const char* name = name_of(number); name != nullptr && word != name;)
    name = name_of(++number);
  return number;
}

// A key of JavaScript and the texts that it borrows.
class key_parts_of {
 public:
  key_parts_of(const Napi::CallbackInfo& info, std::size_t first) {
    const auto string = [&](std::size_t i) -> std::string_view {
      return texts_.emplace_back(info[first + i].As<Napi::String>()).view();
    };
    key_.writer = number_of(string(0), &jobqueue_attestation_writer_name);
    key_.kind = number_of(string(1), &jobqueue_attestation_kind_name);
    key_.form = number_of(string(2), &jobqueue_attestation_form_name);
    key_.workflow_id = borrow(string(3));
    key_.step_id = borrow(string(4));
    key_.attempt = static_cast<std::uint64_t>(info[first + 5].As<Napi::Number>().Int64Value());
    if (info[first + 6].As<Napi::Boolean>()) key_.flags |= JOBQUEUE_ATTESTATION_KEY_PERMANENT;
    if (info[first + 7].As<Napi::Boolean>()) key_.flags |= JOBQUEUE_ATTESTATION_KEY_STEP_PREFIX;
  }
  [[nodiscard]] const jobqueue_attestation_key* get() const { return &key_; }

 private:
  static jobqueue_string borrow(std::string_view text) { return {text.data(), text.size()}; }

  std::deque<text> texts_;  // does not move what is in it
  jobqueue_attestation_key key_ = JOBQUEUE_ATTESTATION_KEY_INIT;
};

Napi::Value id_or_null(Napi::Env env, const jobqueue_string& id) {
  return id.size == 0 ? env.Null() : to_js_string(env, {id.data, id.size});
}

// A record that is a string or bytes.
class record_text {
 public:
  explicit record_text(const Napi::Value& record) {
    if (record.IsString()) {
      view_ = string_.emplace(record.As<Napi::String>()).view();
    } else {
      view_ = bytes_of(record);
    }
  }
  [[nodiscard]] std::string_view view() const { return view_; }
  [[nodiscard]] const text* string() const { return string_ ? &*string_ : nullptr; }
  // Of the same kind.
  [[nodiscard]] Napi::Value like(Napi::Env env, std::string_view made) const {
    return string_ ? to_js_string(env, made) : to_js_buffer(env, made);
  }

 private:
  std::optional<text> string_;
  std::string_view view_;
};

// A sequence and a digest, which ts/ has checked to be an integer and 64 characters.
jobqueue_attestation_head to_head(const Napi::Value& sequence, const Napi::Value& digest) {
  jobqueue_attestation_head head{};
  head.sequence = static_cast<std::uint64_t>(sequence.As<Napi::Number>().Int64Value());
  text(digest.As<Napi::String>()).view().copy(head.digest, sizeof head.digest);
  return head;
}

}  // namespace

Napi::Value parse_attestation_key(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const text given(info[0].As<Napi::String>());
  const std::uint32_t reading = info[1].As<Napi::Number>().Uint32Value();
  jobqueue_attestation_key key = JOBQUEUE_ATTESTATION_KEY_INIT;
  jobqueue_error error;
  if (jobqueue_parse_attestation_key(&key, given.c().data, given.c().size, reading, &error) != 0) {
    if (reading != 0) return env.Undefined();
    raise(env, error);
  }
  Napi::Array parts = Napi::Array::New(env, key_parts + 1);
  parts.Set(0U, jobqueue_attestation_writer_name(key.writer));
  parts.Set(1U, jobqueue_attestation_kind_name(key.kind));
  parts.Set(2U, jobqueue_attestation_form_name(key.form));
  parts.Set(3U, id_or_null(env, key.workflow_id));
  parts.Set(4U, id_or_null(env, key.step_id));
  parts.Set(
      5U, key.attempt == 0 ? env.Null() : Napi::Number::New(env, static_cast<double>(key.attempt)));
  parts.Set(6U, (key.flags & JOBQUEUE_ATTESTATION_KEY_PERMANENT) != 0);
  parts.Set(7U, (key.flags & JOBQUEUE_ATTESTATION_KEY_STEP_PREFIX) != 0);
  parts.Set(8U, (key.flags & JOBQUEUE_ATTESTATION_KEY_AMBIGUOUS) != 0);
  return parts;
}

Napi::Value format_attestation_key(const Napi::CallbackInfo& info) {
  const key_parts_of key(info, 0);
  buffer out;
  jobqueue_error error;
  if (jobqueue_format_attestation_key(out.get(), key.get(), &error) != 0) raise(info.Env(), error);
  return to_js_string(info.Env(), out.view());
}

Napi::Value compare_attestation_keys(const Napi::CallbackInfo& info) {
  const key_parts_of first(info, 0);
  const key_parts_of second(info, key_parts);
  return Napi::Number::New(info.Env(),
                           jobqueue_compare_attestation_keys(first.get(), second.get()));
}

// An array of one secret.
native_attestation_signer::native_attestation_signer(const Napi::CallbackInfo& info)
    : ObjectWrap(info) {
  const secret_list secrets(info[0].As<Napi::Array>());
  jobqueue_error error;
  if (jobqueue_attestation_signer_new(&c_, secrets.data()->data, secrets.data()->size, &error) !=
      0) {
    raise(info.Env(), error);
  }
}

Napi::Function native_attestation_signer::define(Napi::Env env) {
  return DefineClass(env, "AttestationSigner",
                     {InstanceMethod<&native_attestation_signer::seal>("seal")});
}

// A record, and the place behind which it comes; gives the sealed record and the place behind it.
Napi::Value native_attestation_signer::seal(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const record_text record(info[0]);
  jobqueue_attestation_head head = to_head(info[1], info[2]);
  buffer out;
  jobqueue_error error;
  if (jobqueue_attestation_signer_seal(out.get(), &head, c_, record.view().data(),
                                       record.view().size(), &error) != 0) {
    raise(env, error, record.string());
  }
  Napi::Array sealed = Napi::Array::New(env, 3);
  sealed.Set(0U, record.like(env, out.view()));
  sealed.Set(1U, static_cast<double>(head.sequence));
  sealed.Set(2U, head.digest);
  return sealed;
}

native_attestation_verifier::native_attestation_verifier(const Napi::CallbackInfo& info)
    : ObjectWrap(info) {
  const secret_list secrets(info[0].As<Napi::Array>());
  jobqueue_error error;
  if (jobqueue_attestation_verifier_new(&c_, secrets.data(), secrets.size(), &error) != 0) {
    raise(info.Env(), error);
  }
}

Napi::Function native_attestation_verifier::define(Napi::Env env) {
  return DefineClass(env, "AttestationVerifier",
                     {InstanceMethod<&native_attestation_verifier::verify>("verify"),
                      InstanceMethod<&native_attestation_verifier::head_of>("headOf")});
}

// Records, the place that they follow, the head or "", the count or -1; gives the report as JSON.
Napi::Value native_attestation_verifier::verify(const Napi::CallbackInfo& info) {
  const auto given = info[0].As<Napi::Array>();
  std::deque<record_text> records;  // does not move what is in it
  std::vector<jobqueue_string> list;
  list.reserve(given.Length());
  for (std::uint32_t i = 0; i < given.Length(); ++i) {
    const std::string_view one = records.emplace_back(given.Get(i)).view();
    list.push_back({one.data(), one.size()});
  }
  const jobqueue_attestation_head after = to_head(info[1], info[2]);
  const text expected_head(info[3].As<Napi::String>());
  const std::int64_t expected_count = info[4].As<Napi::Number>().Int64Value();
  jobqueue_attestation_options options = JOBQUEUE_ATTESTATION_OPTIONS_INIT;
  options.after = &after;
  options.expected_head = expected_head.c();
  if (expected_count >= 0) options.expected_count = static_cast<std::uint64_t>(expected_count);
  buffer out;
  jobqueue_error error;
  const jobqueue_status status = jobqueue_attestation_verifier_verify(
      out.get(), c_, list.data(), list.size(), &options, &error);
  // Problems are an answer, too.
  if (status != 0 && out.view().empty()) raise(info.Env(), error);
  return to_js_string(info.Env(), out.view());
}

Napi::Value native_attestation_verifier::head_of(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const record_text record(info[0]);
  jobqueue_attestation_head head = JOBQUEUE_ATTESTATION_HEAD_INIT;
  jobqueue_error error;
  if (jobqueue_attestation_verifier_head(&head, c_, record.view().data(), record.view().size(),
                                         &error) != 0) {
    raise(env, error, record.string());
  }
  Napi::Array place = Napi::Array::New(env, 2);
  place.Set(0U, static_cast<double>(head.sequence));
  place.Set(1U, head.digest);
  return place;
}

}  // namespace jobqueue_node
