// Keys of attestations, and signers and verifiers of records in a chain.
#pragma once

#include <napi.h>

#include <jobqueue/jobqueue.h>

namespace jobqueue_node {

// A text and the number of a reading: the parts of a key, or undefined behind the last reading.
Napi::Value parse_attestation_key(const Napi::CallbackInfo& info);
// The parts of a key: its text. Of two keys, one behind the other: their order.
Napi::Value format_attestation_key(const Napi::CallbackInfo& info);
Napi::Value compare_attestation_keys(const Napi::CallbackInfo& info);

class native_attestation_signer : public Napi::ObjectWrap<native_attestation_signer> {
 public:
  explicit native_attestation_signer(const Napi::CallbackInfo& info);
  ~native_attestation_signer() override { jobqueue_attestation_signer_free(c_); }
  native_attestation_signer(const native_attestation_signer&) = delete;
  native_attestation_signer& operator=(const native_attestation_signer&) = delete;

  static Napi::Function define(Napi::Env env);

 private:
  Napi::Value seal(const Napi::CallbackInfo& info);

  jobqueue_attestation_signer* c_ = nullptr;
};

class native_attestation_verifier : public Napi::ObjectWrap<native_attestation_verifier> {
 public:
  explicit native_attestation_verifier(const Napi::CallbackInfo& info);
  ~native_attestation_verifier() override { jobqueue_attestation_verifier_free(c_); }
  native_attestation_verifier(const native_attestation_verifier&) = delete;
  native_attestation_verifier& operator=(const native_attestation_verifier&) = delete;

  static Napi::Function define(Napi::Env env);

 private:
  Napi::Value verify(const Napi::CallbackInfo& info);
  Napi::Value head_of(const Napi::CallbackInfo& info);

  jobqueue_attestation_verifier* c_ = nullptr;
};

}  // namespace jobqueue_node
