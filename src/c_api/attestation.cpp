#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <jobqueue/attestation.hpp>

#include "c_api/handles.hpp"
#include "core/attestation_order.hpp"

using namespace jobqueue;

static_assert(JOBQUEUE_WRITER_API == static_cast<unsigned>(attestation_writer::api));
static_assert(JOBQUEUE_ATTESTATION_FAILURE == static_cast<unsigned>(attestation_kind::failure));
static_assert(JOBQUEUE_ATTESTATION_KEY_EARLY_FAILURE ==
              static_cast<unsigned>(attestation_form::early_failure));

namespace {

constexpr std::uint32_t known_flags = JOBQUEUE_ATTESTATION_KEY_PERMANENT |
                                      JOBQUEUE_ATTESTATION_KEY_STEP_PREFIX |
                                      JOBQUEUE_ATTESTATION_KEY_AMBIGUOUS;
constexpr const char* uninitialised_key =
    "the key is not initialised with JOBQUEUE_ATTESTATION_KEY_INIT";

jobqueue_status refuse(jobqueue_error* error, std::string_view message) noexcept {
  return c_api::fail(error, errc::invalid_argument, message);
}

jobqueue_status give(jobqueue_buffer* out, std::string_view text) {
  if (jobqueue_buffer_assign(out, text.data(), text.size()) != JOBQUEUE_OK) throw std::bad_alloc();
  return JOBQUEUE_OK;
}

template <class Value>
const char* name_of(std::uint32_t number) noexcept {
  constexpr std::uint32_t most = 255;
  return number > most ? nullptr : to_string(static_cast<Value>(number)).data();
}

// The same bytes where the caller has them.
jobqueue_string borrow_from(std::string_view text, std::string_view id) noexcept {
  return id.empty() ? jobqueue_string{nullptr, 0}
                    : c_api::borrow(text.substr(text.find(id), id.size()));
}

// A key of the caller, of which his version may know less.
bool read_key(jobqueue_attestation_key& known, const jobqueue_attestation_key* given) noexcept {
  return given != nullptr && c_api::read_options(known, given);
}

detail::attestation_rank rank_of(const jobqueue_attestation_key& key) noexcept {
  return {c_api::view(key.workflow_id),
          key.attempt == 0 ? std::nullopt : std::optional(key.attempt),
          c_api::view(key.step_id),
          static_cast<attestation_writer>(key.writer),
          static_cast<attestation_kind>(key.kind),
          (key.flags & JOBQUEUE_ATTESTATION_KEY_PERMANENT) != 0,
          static_cast<attestation_form>(key.form),
          (key.flags & JOBQUEUE_ATTESTATION_KEY_STEP_PREFIX) != 0};
}

// Null if all is well, else what is wrong.
const char* convert(const jobqueue_attestation_key* given, attestation_key& key) {
  jobqueue_attestation_key known = JOBQUEUE_ATTESTATION_KEY_INIT;
  if (!read_key(known, given) || (known.flags & ~known_flags) != 0) return uninitialised_key;
  if (name_of<attestation_writer>(known.writer) == nullptr) return "there is no such writer";
  if (name_of<attestation_kind>(known.kind) == nullptr) return "there is no such kind";
  if (name_of<attestation_form>(known.form) == nullptr) return "there is no such form";
  for (const jobqueue_string& id : {known.workflow_id, known.step_id}) {
    if (id.data == nullptr && id.size != 0) return "an id is NULL but its size is not 0";
  }
  key.writer = static_cast<attestation_writer>(known.writer);
  key.kind = static_cast<attestation_kind>(known.kind);
  key.form = static_cast<attestation_form>(known.form);
  key.workflow_id = c_api::view(known.workflow_id);
  key.step_id = c_api::view(known.step_id);
  if (known.attempt != 0) key.attempt = known.attempt;
  key.permanent = (known.flags & JOBQUEUE_ATTESTATION_KEY_PERMANENT) != 0;
  key.has_step_prefix = (known.flags & JOBQUEUE_ATTESTATION_KEY_STEP_PREFIX) != 0;
  return nullptr;
}

attestation_head to_head(const jobqueue_attestation_head& head) {
  const auto* const end = std::find(std::begin(head.digest), std::end(head.digest), '\0');
  return {head.sequence, std::string(std::begin(head.digest), end)};
}

void give(jobqueue_attestation_head* out, const attestation_head& head) noexcept {
  *out = JOBQUEUE_ATTESTATION_HEAD_INIT;
  out->sequence = head.sequence;
  head.digest.copy(out->digest, sizeof out->digest - 1);
}

}  // namespace

const char* jobqueue_attestation_writer_name(uint32_t writer) {
  return name_of<attestation_writer>(writer);
}
const char* jobqueue_attestation_kind_name(uint32_t kind) {
  return name_of<attestation_kind>(kind);
}
const char* jobqueue_attestation_form_name(uint32_t form) {
  return name_of<attestation_form>(form);
}

jobqueue_status jobqueue_parse_attestation_key(jobqueue_attestation_key* out, const char* text,
                                               size_t text_size, size_t reading,
                                               jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr || out->struct_size < sizeof out->struct_size || out->struct_size > 4096) {
      return refuse(error, uninitialised_key);
    }
    if (text == nullptr && text_size != 0) return refuse(error, "text is NULL, its size is not 0");
    const std::string_view given = c_api::view(text, text_size);
    const auto readings = attestation_key_readings(given);
    if (readings.empty()) return c_api::fail(error, parse_attestation_key(given).problem());
    if (reading >= readings.size()) return refuse(error, "the key has no more readings");
    const attestation_key& key = readings[reading];
    jobqueue_attestation_key known = JOBQUEUE_ATTESTATION_KEY_INIT;
    known.struct_size = out->struct_size;
    known.writer = static_cast<std::uint32_t>(key.writer);
    known.kind = static_cast<std::uint32_t>(key.kind);
    known.form = static_cast<std::uint32_t>(key.form);
    known.flags = (key.permanent ? JOBQUEUE_ATTESTATION_KEY_PERMANENT : 0U) |
                  (key.has_step_prefix ? JOBQUEUE_ATTESTATION_KEY_STEP_PREFIX : 0U) |
                  (key.ambiguous ? JOBQUEUE_ATTESTATION_KEY_AMBIGUOUS : 0U);
    known.workflow_id = borrow_from(given, key.workflow_id);
    known.step_id = borrow_from(given, key.step_id);
    known.attempt = key.attempt.value_or(0);
    std::memcpy(out, &known, std::min<std::size_t>(out->struct_size, sizeof known));
    return JOBQUEUE_OK;
  });
}

jobqueue_status jobqueue_format_attestation_key(jobqueue_buffer* out,
                                                const jobqueue_attestation_key* key,
                                                jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    attestation_key wanted;
    if (out == nullptr) return refuse(error, "out must not be NULL");
    if (const char* wrong = convert(key, wanted)) return refuse(error, wrong);
    const auto text = format_attestation_key(wanted);
    if (!text) return c_api::fail(error, text.problem());
    return give(out, *text);
  });
}

int32_t jobqueue_compare_attestation_keys(const jobqueue_attestation_key* a,
                                          const jobqueue_attestation_key* b) {
  jobqueue_attestation_key first = JOBQUEUE_ATTESTATION_KEY_INIT;
  jobqueue_attestation_key second = JOBQUEUE_ATTESTATION_KEY_INIT;
  const bool has_first = read_key(first, a);
  const bool has_second = read_key(second, b);
  if (!has_first || !has_second)
    return static_cast<int32_t>(has_first) - static_cast<int32_t>(has_second);
  const auto order = rank_of(first) <=> rank_of(second);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

jobqueue_status jobqueue_attestation_signer_new(jobqueue_attestation_signer** out,
                                                const char* secret, size_t secret_size,
                                                jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr) return refuse(error, "out must not be NULL");
    if (secret == nullptr && secret_size != 0) {
      return refuse(error, "the secret is NULL but its size is not 0");
    }
    auto signer = attestation_signer::create(c_api::view(secret, secret_size));
    if (!signer) return c_api::fail(error, signer.problem());
    *out = new jobqueue_attestation_signer{*std::move(signer)};
    return JOBQUEUE_OK;
  });
}

void jobqueue_attestation_signer_free(jobqueue_attestation_signer* signer) { delete signer; }

jobqueue_status jobqueue_attestation_signer_seal(jobqueue_buffer* out,
                                                 jobqueue_attestation_head* head,
                                                 const jobqueue_attestation_signer* signer,
                                                 const char* record, size_t record_size,
                                                 jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr || head == nullptr || signer == nullptr) {
      return refuse(error, "out, head and signer must not be NULL");
    }
    if (record == nullptr && record_size != 0) {
      return refuse(error, "record is NULL, its size is not 0");
    }
    const auto sealed = signer->signer.seal(c_api::view(record, record_size), to_head(*head));
    if (!sealed) return c_api::fail(error, sealed.problem());
    const jobqueue_status given = give(out, sealed->text);
    give(head, sealed->head);
    return given;
  });
}

jobqueue_status jobqueue_attestation_verifier_new(jobqueue_attestation_verifier** out,
                                                  const jobqueue_string* secrets,
                                                  size_t secret_count, jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    std::vector<std::string_view> views;
    if (out == nullptr) return refuse(error, "out must not be NULL");
    if (const char* wrong = c_api::read_secrets(secrets, secret_count, views)) {
      return refuse(error, wrong);
    }
    auto verifier = attestation_verifier::create(views);
    if (!verifier) return c_api::fail(error, verifier.problem());
    *out = new jobqueue_attestation_verifier{*std::move(verifier)};
    return JOBQUEUE_OK;
  });
}

void jobqueue_attestation_verifier_free(jobqueue_attestation_verifier* verifier) {
  delete verifier;
}

jobqueue_status jobqueue_attestation_verifier_verify(jobqueue_buffer* out,
                                                     const jobqueue_attestation_verifier* verifier,
                                                     const jobqueue_string* records,
                                                     size_t record_count,
                                                     const jobqueue_attestation_options* options,
                                                     jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr || verifier == nullptr) {
      return refuse(error, "out and verifier must not be NULL");
    }
    if (records == nullptr && record_count != 0) return refuse(error, "there are no records");
    jobqueue_attestation_options given = JOBQUEUE_ATTESTATION_OPTIONS_INIT;
    if (!c_api::read_options(given, options) || given.flags != 0) {
      return refuse(error,
                    "the options are not initialised with JOBQUEUE_ATTESTATION_OPTIONS_INIT");
    }
    attestation_expectation known;
    if (given.after != nullptr) known.after = to_head(*given.after);
    known.expected_head = c_api::view(given.expected_head);
    if (given.expected_count != JOBQUEUE_ANY_COUNT) known.expected_count = given.expected_count;
    std::vector<std::string_view> views;
    views.reserve(record_count);
    for (std::size_t i = 0; i < record_count; ++i) {
      if (records[i].data == nullptr && records[i].size != 0) {
        return refuse(error, "a record is NULL but its size is not 0");
      }
      views.push_back(c_api::view(records[i]));
    }
    const auto report = verifier->verifier.verify(views, known);
    if (!report) return c_api::fail(error, report.problem());
    const std::string json = to_json(*report);
    const std::string words =
        report->ok() ? std::string() : describe_attestation_problem(report->problems.front());
    const jobqueue_status status = give(out, json);
    return report->ok() ? status
                        : c_api::fail(error, code_of(report->problems.front().reason), words);
  });
}

jobqueue_status jobqueue_attestation_verifier_head(jobqueue_attestation_head* out,
                                                   const jobqueue_attestation_verifier* verifier,
                                                   const char* record, size_t record_size,
                                                   jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr || verifier == nullptr) {
      return refuse(error, "out and verifier must not be NULL");
    }
    if (record == nullptr && record_size != 0) {
      return refuse(error, "record is NULL, its size is not 0");
    }
    const auto head = verifier->verifier.head_of(c_api::view(record, record_size));
    if (!head) return c_api::fail(error, head.problem());
    give(out, *head);
    return JOBQUEUE_OK;
  });
}
