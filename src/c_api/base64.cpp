#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "c_api/handles.hpp"

using namespace jobqueue;

namespace {

constexpr std::uint32_t all_flags =
    JOBQUEUE_SANITIZE_NAIVE | JOBQUEUE_SANITIZE_CUT_PROTECTED | JOBQUEUE_SANITIZE_NO_SYNC;

// More entries of a list than any caller means.
constexpr std::size_t max_list = 65536;

jobqueue_status refuse(jobqueue_error* error, std::string_view message) noexcept {
  return c_api::fail(error, errc::invalid_argument, message);
}

std::vector<std::string> copy_names(const jobqueue_string* names, size_t count) {
  std::vector<std::string> copies;
  copies.reserve(count);
  for (size_t i = 0; i < count; ++i) copies.emplace_back(c_api::view(names[i]));
  return copies;
}

// C++ options with what they borrow.
struct converted_options {
  std::vector<std::string> cut_fields;
  std::vector<std::string> protect_fields;
  sanitize_options options;
};

// Null if all is well, else what is wrong.
const char* convert(const jobqueue_sanitize_options& given, converted_options& out) {
  if ((given.flags & ~all_flags) != 0) return "flags has a bit that this version does not know";
  if (given.format > JOBQUEUE_FORMAT_TEXT) return "format is not one of JOBQUEUE_FORMAT_*";
  if ((given.cut_fields == nullptr && given.cut_field_count != 0) ||
      (given.protect_fields == nullptr && given.protect_field_count != 0)) {
    return "a list of fields is NULL but its count is not 0";
  }
  if (given.cut_field_count > max_list || given.protect_field_count > max_list) {
    return "a list of fields has more than 65536 entries";
  }
  if (!c_api::simd_from_environment().known) {
    return "JOBQUEUE_SIMD names no instruction set that this CPU can run";
  }
  out.cut_fields = copy_names(given.cut_fields, given.cut_field_count);
  out.protect_fields = copy_names(given.protect_fields, given.protect_field_count);
  sanitize_options& options = out.options;
  options.min_run_chars = given.min_run_chars;
  options.min_unknown_chars = given.min_unknown_chars;
  options.max_depth = given.max_depth;
  options.format = static_cast<document_format>(given.format);
  options.mode =
      (given.flags & JOBQUEUE_SANITIZE_NAIVE) != 0 ? detection::naive : detection::verified;
  options.cut_protected = (given.flags & JOBQUEUE_SANITIZE_CUT_PROTECTED) != 0;
  options.sync_store = (given.flags & JOBQUEUE_SANITIZE_NO_SYNC) == 0;
  options.cut_fields = out.cut_fields;
  options.protect_fields = out.protect_fields;
  options.store = given.vault != nullptr ? given.vault->store.get() : nullptr;
  options.report = given.on_cut != nullptr;
  options.report_kept = given.on_kept != nullptr;
  options.simd = c_api::simd_from_environment().target;
  return nullptr;
}

void tell(const jobqueue_sanitize_options& given, const sanitized& answer) {
  for (const blob_cut& cut : answer.cuts) {
    jobqueue_cut told{};
    told.struct_size = sizeof told;
    told.has_pointer = cut.has_pointer ? 1 : 0;
    told.offset = cut.offset;
    told.size = cut.size;
    told.decoded_size = cut.decoded_size;
    told.line = cut.line;
    told.pointer = c_api::borrow(cut.pointer);
    told.form = c_api::borrow(to_string(cut.form));
    told.blob_class = c_api::borrow(to_string(cut.kind));
    told.encoding = c_api::borrow(to_string(cut.encoding));
    told.evidence = c_api::borrow(to_string(cut.evidence));
    told.media_type = c_api::borrow(cut.media_type);
    std::memcpy(told.sha256, cut.digest.bytes.data(), sizeof told.sha256);
    told.replacement_size = cut.replacement_size;
    given.on_cut(given.payload, &told);
  }
  for (const blob_kept& kept : answer.kept) {
    const jobqueue_kept told{sizeof told, 0, kept.offset, kept.size,
                             c_api::borrow(to_string(kept.reason))};
    given.on_kept(given.payload, &told);
  }
}

template <class Sanitize>
jobqueue_status sanitize(jobqueue_buffer* out, int32_t* changed, const char* input,
                         size_t input_size, const jobqueue_sanitize_options* options,
                         jobqueue_error* error, Sanitize call) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr || changed == nullptr)
      return refuse(error, "out and changed must not be NULL");
    if (input == nullptr && input_size != 0) return refuse(error, "the input must not be NULL");
    jobqueue_sanitize_options known = JOBQUEUE_SANITIZE_OPTIONS_INIT;
    if (!c_api::read_options(known, options)) {
      return refuse(error, "the options are not initialised with JOBQUEUE_SANITIZE_OPTIONS_INIT");
    }
    converted_options converted;
    if (const char* wrong = convert(known, converted)) return refuse(error, wrong);
    const auto answer = call(c_api::view(input, input_size), converted.options);
    if (!answer) return c_api::fail(error, answer.problem());
    const jobqueue_status given = c_api::give_out(out, changed, answer->changed, answer->text);
    tell(known, *answer);
    return given;
  });
}

}  // namespace

struct jobqueue_base64_sanitizer {
  jobqueue_base64_sanitizer(const jobqueue_sanitize_options& options,
                            const sanitize_options& chosen)
      : given(options), sanitizer(chosen) {}
  jobqueue_sanitize_options given;  // only the callbacks are read
  base64_sanitizer sanitizer;
  std::string out;
  bool broken = false;  // a call has failed, or is running
  error failure{errc::out_of_memory, no_offset, "an earlier call ran out of memory"};
};

namespace {

// Lets `step` append to the output, gives that out and tells what was cut.
template <class Step>
jobqueue_status carry_on(jobqueue_buffer* out, jobqueue_base64_sanitizer* self,
                         jobqueue_error* error, Step step) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr || self == nullptr) {
      return refuse(error, "out and sanitizer must not be NULL");
    }
    if (self->broken) return c_api::fail(error, self->failure);
    self->broken = true;
    self->out.clear();
    if (const status stepped = step(); !stepped) {
      self->failure = stepped.problem();
      return c_api::fail(error, self->failure);
    }
    if (jobqueue_buffer_assign(out, self->out.data(), self->out.size()) != JOBQUEUE_OK) {
      throw std::bad_alloc();
    }
    if (self->given.on_cut != nullptr || self->given.on_kept != nullptr) {
      tell(self->given, self->sanitizer.take_report());
    }
    self->broken = false;
    return JOBQUEUE_OK;
  });
}

}  // namespace

jobqueue_status jobqueue_base64_sanitizer_new(jobqueue_base64_sanitizer** out,
                                              const jobqueue_sanitize_options* options,
                                              jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr) return refuse(error, "out must not be NULL");
    jobqueue_sanitize_options known = JOBQUEUE_SANITIZE_OPTIONS_INIT;
    if (!c_api::read_options(known, options)) {
      return refuse(error, "the options are not initialised with JOBQUEUE_SANITIZE_OPTIONS_INIT");
    }
    converted_options converted;
    if (const char* wrong = convert(known, converted)) return refuse(error, wrong);
    auto made = std::make_unique<jobqueue_base64_sanitizer>(known, converted.options);
    // An empty piece shows whether the options are good.
    if (const status usable = made->sanitizer.update({}, made->out); !usable) {
      return c_api::fail(error, usable.problem());
    }
    *out = made.release();
    return JOBQUEUE_OK;
  });
}

jobqueue_status jobqueue_base64_sanitizer_update(jobqueue_buffer* out,
                                                 jobqueue_base64_sanitizer* sanitizer,
                                                 const char* input, size_t input_size,
                                                 jobqueue_error* error) {
  if (input == nullptr && input_size != 0) return refuse(error, "the input must not be NULL");
  return carry_on(out, sanitizer, error, [&] {
    return sanitizer->sanitizer.update(c_api::view(input, input_size), sanitizer->out);
  });
}

jobqueue_status jobqueue_base64_sanitizer_finish(jobqueue_buffer* out,
                                                 jobqueue_base64_sanitizer* sanitizer,
                                                 jobqueue_error* error) {
  return carry_on(out, sanitizer, error,
                  [&] { return sanitizer->sanitizer.finish(sanitizer->out); });
}

void jobqueue_base64_sanitizer_free(jobqueue_base64_sanitizer* sanitizer) { delete sanitizer; }

jobqueue_status jobqueue_sanitize_base64(jobqueue_buffer* out, int32_t* changed, const char* input,
                                         size_t input_size,
                                         const jobqueue_sanitize_options* options,
                                         jobqueue_error* error) {
  return sanitize(out, changed, input, input_size, options, error,
                  [](std::string_view text, const sanitize_options& chosen) {
                    return sanitize_base64(text, chosen);
                  });
}

jobqueue_status jobqueue_sanitize_base64_value(jobqueue_buffer* out, int32_t* changed,
                                               const char* text, size_t text_size,
                                               const jobqueue_value_context* context,
                                               const jobqueue_sanitize_options* options,
                                               jobqueue_error* error) {
  jobqueue_value_context known = JOBQUEUE_VALUE_CONTEXT_INIT;
  if (!c_api::read_options(known, context) ||
      (known.neighbours == nullptr && known.neighbour_count != 0)) {
    return refuse(error, "the context is not initialised with JOBQUEUE_VALUE_CONTEXT_INIT");
  }
  if (known.neighbour_count > max_list) {
    return refuse(error, "the context has more than 65536 neighbours");
  }
  return sanitize(
      out, changed, text, text_size, options, error,
      [&](std::string_view value, const sanitize_options& chosen) {
        // The judge looks at no more than so many each way.
        std::vector<value_neighbour> neighbours;
        neighbours.reserve(known.neighbour_count);
        for (size_t i = 0; i < known.neighbour_count; ++i) {
          const jobqueue_neighbour& given = known.neighbours[i];
          neighbours.push_back({c_api::view(given.name), c_api::view(given.value), given.child != 0,
                                given.after != 0});
        }
        return sanitize_base64_value(
            value, {c_api::view(known.name), c_api::view(known.parent_name), neighbours}, chosen);
      });
}

const jobqueue_string* jobqueue_default_cut_fields(size_t* count) {
  if (count == nullptr) return nullptr;
  *count = 0;
  try {
    static const std::vector<jobqueue_string> names = [] {
      std::vector<jobqueue_string> borrowed;
      for (const std::string_view name : default_cut_fields()) {
        borrowed.push_back(c_api::borrow(name));
      }
      return borrowed;
    }();
    *count = names.size();
    return names.data();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

jobqueue_status jobqueue_restore_base64(jobqueue_buffer* out, int32_t* changed, const char* input,
                                        size_t input_size, const jobqueue_vault* vault,
                                        const jobqueue_restore_options* options,
                                        jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr || changed == nullptr || vault == nullptr) {
      return refuse(error, "out, changed and vault must not be NULL");
    }
    if (input == nullptr && input_size != 0) return refuse(error, "the input must not be NULL");
    jobqueue_restore_options known = JOBQUEUE_RESTORE_OPTIONS_INIT;
    if (!c_api::read_options(known, options) ||
        (known.flags & ~JOBQUEUE_RESTORE_KEEP_MISSING) != 0) {
      return refuse(error, "the options are not initialised with JOBQUEUE_RESTORE_OPTIONS_INIT");
    }
    restore_options chosen;
    chosen.max_output_bytes = known.max_output_bytes;
    chosen.keep_missing = (known.flags & JOBQUEUE_RESTORE_KEEP_MISSING) != 0;
    const auto answer = restore_base64(c_api::view(input, input_size), *vault->store, chosen);
    if (!answer) return c_api::fail(error, answer.problem());
    return c_api::give_out(out, changed, answer->changed, answer->text);
  });
}
