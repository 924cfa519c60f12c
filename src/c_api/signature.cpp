#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <jobqueue/signature.hpp>

#include "c_api/handles.hpp"

using namespace jobqueue;

static_assert(JOBQUEUE_SCHEME_CONVOY == static_cast<unsigned>(signature_scheme::convoy));
static_assert(JOBQUEUE_NO_SECRET == no_secret);

namespace {

jobqueue_status refuse(jobqueue_error* error, std::string_view message) noexcept {
  return c_api::fail(error, errc::invalid_argument, message);
}

// What both kinds of handle are made of; null if all is well, else what is wrong.
const char* convert(const void* out, std::uint32_t scheme, const jobqueue_string* secrets,
                    std::size_t count, std::vector<std::string_view>& views) {
  if (out == nullptr) return "out must not be NULL";
  if (scheme > JOBQUEUE_SCHEME_CONVOY) return "there is no such scheme";
  return c_api::read_secrets(secrets, count, views);
}

std::chrono::seconds tolerance_of(std::uint64_t seconds) noexcept {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return seconds >= most ? any_age : std::chrono::seconds(static_cast<std::int64_t>(seconds));
}

// The headers as C++ has them: a request of the usual size without an allocation.
class header_list {
 public:
  header_list(const jobqueue_header* headers, std::size_t count) : count_(count) {
    if (count > few_.size()) many_.resize(count);
    header_field* const at = many_.empty() ? few_.data() : many_.data();
    for (std::size_t i = 0; i < count; ++i) {
      at[i] = {c_api::view(headers[i].name), c_api::view(headers[i].value)};
    }
  }
  [[nodiscard]] std::span<const header_field> view() const noexcept {
    return {many_.empty() ? few_.data() : many_.data(), count_};
  }

 private:
  std::array<header_field, 16> few_;
  std::vector<header_field> many_;
  std::size_t count_;
};

void give(jobqueue_verification* out, const verification& answer) noexcept {
  if (out == nullptr) return;
  jobqueue_verification known = JOBQUEUE_VERIFICATION_INIT;
  known.struct_size = out->struct_size;
  known.scheme = static_cast<std::uint32_t>(answer.scheme);
  known.reason = static_cast<jobqueue_status>(answer.reason);
  known.secret_index = answer.secret_index;
  known.age_seconds = answer.age_seconds;
  known.hint = to_string(answer.hint).data();
  std::memcpy(out, &known, std::min<std::size_t>(out->struct_size, sizeof known));
}

}  // namespace

const char* jobqueue::c_api::read_secrets(const jobqueue_string* secrets, std::size_t count,
                                          std::vector<std::string_view>& views) {
  if (secrets == nullptr || count == 0 || count > max_signature_secrets) {
    return "secrets must be a list of 1 to 32";
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (secrets[i].data == nullptr && secrets[i].size != 0) {
      return "a secret is NULL but its size is not 0";
    }
    views.push_back(view(secrets[i]));
  }
  return nullptr;
}

const char* jobqueue_signature_scheme_name(uint32_t scheme) {
  if (scheme > JOBQUEUE_SCHEME_CONVOY) return nullptr;
  return to_string(static_cast<signature_scheme>(scheme)).data();
}

jobqueue_status jobqueue_signature_verifier_new(jobqueue_signature_verifier** out, uint32_t scheme,
                                                const jobqueue_string* secrets, size_t secret_count,
                                                const jobqueue_signature_options* options,
                                                jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    std::vector<std::string_view> views;
    if (const char* wrong = convert(out, scheme, secrets, secret_count, views)) {
      return refuse(error, wrong);
    }
    jobqueue_signature_options known = JOBQUEUE_SIGNATURE_OPTIONS_INIT;
    if (!c_api::read_options(known, options) || (known.flags & ~JOBQUEUE_SIGNATURE_NO_HINTS) != 0) {
      return refuse(error, "the options are not initialised with JOBQUEUE_SIGNATURE_OPTIONS_INIT");
    }
    signature_options chosen;
    chosen.tolerance = tolerance_of(known.tolerance_seconds);
    chosen.hints = (known.flags & JOBQUEUE_SIGNATURE_NO_HINTS) == 0;
    auto verifier =
        signature_verifier::create(static_cast<signature_scheme>(scheme), views, chosen);
    if (!verifier) return c_api::fail(error, verifier.problem());
    *out = new jobqueue_signature_verifier{*std::move(verifier)};
    return JOBQUEUE_OK;
  });
}

void jobqueue_signature_verifier_free(jobqueue_signature_verifier* verifier) { delete verifier; }

jobqueue_status jobqueue_signature_verifier_verify(jobqueue_verification* out,
                                                   const jobqueue_signature_verifier* verifier,
                                                   const jobqueue_header* headers,
                                                   size_t header_count, const void* body,
                                                   size_t body_size, int64_t now_seconds,
                                                   jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (verifier == nullptr) return refuse(error, "verifier must not be NULL");
    if (headers == nullptr && header_count != 0) return refuse(error, "there are no headers");
    if (body == nullptr && body_size != 0) return refuse(error, "body is NULL, its size is not 0");
    if (out != nullptr && (out->struct_size < sizeof out->struct_size || out->struct_size > 4096)) {
      return refuse(error, "out is not initialised with JOBQUEUE_VERIFICATION_INIT");
    }
    const header_list list(headers, header_count);
    const verification answer = verifier->verifier.verify(
        list.view(), c_api::view(static_cast<const char*>(body), body_size),
        std::chrono::sys_seconds(std::chrono::seconds(now_seconds)));
    // With the message, which may have no memory, before anything is given out.
    if (!answer.ok() && error != nullptr) {
      static_cast<void>(c_api::fail(error, answer.reason, describe_verification(answer)));
    }
    give(out, answer);
    return static_cast<jobqueue_status>(answer.reason);
  });
}

jobqueue_status jobqueue_payload_signer_new(jobqueue_payload_signer** out, uint32_t scheme,
                                            const jobqueue_string* secrets, size_t secret_count,
                                            jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    std::vector<std::string_view> views;
    if (const char* wrong = convert(out, scheme, secrets, secret_count, views)) {
      return refuse(error, wrong);
    }
    auto signer = payload_signer::create(static_cast<signature_scheme>(scheme), views);
    if (!signer) return c_api::fail(error, signer.problem());
    *out = new jobqueue_payload_signer{*std::move(signer)};
    return JOBQUEUE_OK;
  });
}

void jobqueue_payload_signer_free(jobqueue_payload_signer* signer) { delete signer; }

jobqueue_status jobqueue_payload_signer_sign(jobqueue_buffer* out,
                                             const jobqueue_payload_signer* signer,
                                             const void* body, size_t body_size, const char* id,
                                             size_t id_size, int64_t now_seconds,
                                             jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr || signer == nullptr)
      return refuse(error, "out and signer must not be NULL");
    if ((body == nullptr && body_size != 0) || (id == nullptr && id_size != 0)) {
      return refuse(error, "body or id is NULL, but its size is not 0");
    }
    const auto headers = signer->signer.sign(
        c_api::view(static_cast<const char*>(body), body_size), c_api::view(id, id_size),
        std::chrono::sys_seconds(std::chrono::seconds(now_seconds)));
    if (!headers) return c_api::fail(error, headers.problem());
    std::string lines;
    for (const signature_header& header : *headers) {
      lines.append(header.name).append(": ").append(header.value).append(1, '\n');
    }
    if (jobqueue_buffer_assign(out, lines.data(), lines.size()) != JOBQUEUE_OK) {
      throw std::bad_alloc();
    }
    return JOBQUEUE_OK;
  });
}
