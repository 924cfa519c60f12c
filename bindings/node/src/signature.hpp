// Verifiers and signers of webhooks, as JavaScript has them in hand.
#pragma once

#include <napi.h>

#include <jobqueue/jobqueue.h>

namespace jobqueue_node {

class native_verifier : public Napi::ObjectWrap<native_verifier> {
 public:
  explicit native_verifier(const Napi::CallbackInfo& info);
  ~native_verifier() override;
  native_verifier(const native_verifier&) = delete;
  native_verifier& operator=(const native_verifier&) = delete;

  static Napi::Function define(Napi::Env env);

 private:
  Napi::Value check(const Napi::CallbackInfo& info);
  Napi::Value refuse(const Napi::CallbackInfo& info);
  jobqueue_status verify(const Napi::CallbackInfo& info, const jobqueue_signature_verifier* with,
                         jobqueue_verification& answer, jobqueue_error* error);

  // The first for the answer, the second for what is behind a no.
  jobqueue_signature_verifier* quiet_ = nullptr;
  jobqueue_signature_verifier* loud_ = nullptr;
  // What is known of a good signature: the number of its scheme, its age.
  Napi::Reference<Napi::Float64Array> known_;
  double* known_data_ = nullptr;
};

class native_signer : public Napi::ObjectWrap<native_signer> {
 public:
  explicit native_signer(const Napi::CallbackInfo& info);
  ~native_signer() override { jobqueue_payload_signer_free(c_); }
  native_signer(const native_signer&) = delete;
  native_signer& operator=(const native_signer&) = delete;

  static Napi::Function define(Napi::Env env);

 private:
  Napi::Value sign(const Napi::CallbackInfo& info);

  jobqueue_payload_signer* c_ = nullptr;
};

// The words of the schemes, by their numbers.
Napi::Value signature_schemes(const Napi::CallbackInfo& info);

}  // namespace jobqueue_node
