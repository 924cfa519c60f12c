#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/truncate.hpp>

#include "c_api/handles.hpp"

using namespace jobqueue;

namespace {

jobqueue_status refuse(jobqueue_error* error, std::string_view message) noexcept {
  return c_api::fail(error, errc::invalid_argument, message);
}

// C++ options with what they borrow.
struct converted_options {
  std::vector<std::string_view> pinned;
  truncate_options options;
};

// Null if all is well, else what is wrong. Numbers that are too large stay so.
const char* convert(const jobqueue_truncate_options& given, converted_options& out) {
  if (given.format > JOBQUEUE_FORMAT_TEXT) return "format is not one of JOBQUEUE_FORMAT_*";
  if (given.pinned == nullptr && given.pinned_count != 0) {
    return "pinned is NULL but its count is not 0";
  }
  // The C++ function says how many there may be.
  for (size_t i = 0; i < given.pinned_count && i <= truncate_limits::max_pins; ++i) {
    out.pinned.push_back(c_api::view(given.pinned[i]));
  }
  if (!c_api::simd_from_environment().known) {
    return "JOBQUEUE_SIMD names no instruction set that this CPU can run";
  }
  truncate_options& options = out.options;
  options.format = static_cast<document_format>(given.format);
  options.max_bytes = given.max_bytes;
  options.pinned = out.pinned;
  options.array_head = given.array_head;
  options.array_tail = given.array_tail;
  if (given.marker.data != nullptr) options.marker = c_api::view(given.marker);
  options.report = given.on_cut != nullptr;
  options.simd = c_api::simd_from_environment().target;
  return nullptr;
}

}  // namespace

jobqueue_status jobqueue_truncate_payload(jobqueue_buffer* out, int32_t* changed, const char* input,
                                          size_t input_size,
                                          const jobqueue_truncate_options* options,
                                          jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr || changed == nullptr) {
      return refuse(error, "out and changed must not be NULL");
    }
    if (input == nullptr && input_size != 0) return refuse(error, "the input must not be NULL");
    jobqueue_truncate_options known = JOBQUEUE_TRUNCATE_OPTIONS_INIT;
    if (!c_api::read_options(known, options)) {
      return refuse(error, "the options are not initialised with JOBQUEUE_TRUNCATE_OPTIONS_INIT");
    }
    converted_options converted;
    if (const char* wrong = convert(known, converted)) return refuse(error, wrong);
    const auto answer = truncate_payload(c_api::view(input, input_size), converted.options);
    if (!answer) return c_api::fail(error, answer.problem());
    const jobqueue_status given = c_api::give_out(out, changed, answer->changed, answer->text);
    for (const truncate_cut& cut : answer->cuts) {
      const jobqueue_truncate_cut told{sizeof told,
                                       cut.has_pointer ? 1U : 0U,
                                       c_api::borrow(to_string(cut.reason)),
                                       c_api::borrow(cut.pointer),
                                       cut.bytes_before,
                                       cut.bytes_after};
      known.on_cut(known.payload, &told);
    }
    return given;
  });
}
