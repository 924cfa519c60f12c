// What the opaque handles of jobqueue.h are, and how C++ results become C ones.
#pragma once

#include <jobqueue/jobqueue.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/attestation.hpp>
#include <jobqueue/base64.hpp>
#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>
#include <jobqueue/signature.hpp>

struct jobqueue_ruleset {
  jobqueue::ruleset rules;
  std::string digest;  // NUL-terminated
};

struct jobqueue_signature_verifier {
  jobqueue::signature_verifier verifier;
};

struct jobqueue_payload_signer {
  jobqueue::payload_signer signer;
};

struct jobqueue_attestation_signer {
  jobqueue::attestation_signer signer;
};

struct jobqueue_attestation_verifier {
  jobqueue::attestation_verifier verifier;
};

struct jobqueue_vault {
  std::unique_ptr<jobqueue::blob_store> store;
};

namespace jobqueue::c_api {

// Fill `out`, which may be null, and return the status.
inline jobqueue_status fail(jobqueue_error* out, errc code, std::string_view message) noexcept {
  if (out != nullptr) {
    *out = {};
    out->status = static_cast<jobqueue_status>(code);
    out->offset = JOBQUEUE_NO_OFFSET;
    size_t size = std::min(message.size(), sizeof out->message - 1);
    // Not in the middle of a character.
    while (size < message.size() && size > 0 && (message[size] & 0xC0) == 0x80) --size;
    std::memcpy(out->message, message.data(), size);
  }
  return static_cast<jobqueue_status>(code);
}

inline jobqueue_status fail(jobqueue_error* out, const error& problem) noexcept {
  const jobqueue_status status = fail(out, problem.code, problem.message);
  if (out != nullptr) out->offset = problem.offset;
  return status;
}

// Runs `body`, which returns a status, and turns every exception into one.
template <class Body>
jobqueue_status guard(jobqueue_error* out, Body&& body) noexcept {
  try {
    return body();
  } catch (const exception& caught) {
    return fail(out, caught.problem());
  } catch (const std::bad_alloc&) {
    return fail(out, errc::out_of_memory, "out of memory");
  } catch (const std::exception& caught) {
    return fail(out, errc::internal, caught.what());
  } catch (...) {
    return fail(out, errc::internal, "an exception of an unknown type was thrown");
  }
}

inline std::string_view view(const char* data, size_t size) noexcept {
  return data != nullptr ? std::string_view(data, size) : std::string_view{};
}
inline std::string_view view(const jobqueue_string& text) noexcept {
  return view(text.data, text.size);
}
// The secrets of a verifier or a signer; null if all is well, else what is wrong.
const char* read_secrets(const jobqueue_string* secrets, std::size_t count,
                         std::vector<std::string_view>& views);
inline jobqueue_string borrow(std::string_view text) noexcept { return {text.data(), text.size()}; }

// Options as this version knows them: what the caller's smaller struct does not have is as preset.
template <class Options>
bool read_options(Options& known, const Options* given) noexcept {
  if (given == nullptr) return true;
  if (given->struct_size < sizeof given->struct_size || given->struct_size > 4096) return false;
  const size_t size = given->struct_size < sizeof known ? given->struct_size : sizeof known;
  std::memcpy(&known, given, size);
  return true;
}

// The answer of C++ as that of C.
inline jobqueue_status give_out(jobqueue_buffer* out, int32_t* changed, bool has_changed,
                                std::string_view text) {
  if (has_changed && jobqueue_buffer_assign(out, text.data(), text.size()) != JOBQUEUE_OK) {
    throw std::bad_alloc();
  }
  *changed = has_changed ? 1 : 0;
  return JOBQUEUE_OK;
}

// The target that JOBQUEUE_SIMD asks for. `known` is false if there is none of that name here.
struct forced_target {
  simd_target target = simd_target::best;
  bool known = true;
};
const forced_target& simd_from_environment() noexcept;

}  // namespace jobqueue::c_api
