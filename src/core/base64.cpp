#include <jobqueue/base64.hpp>

#include <utility>

#include "core/base64_pass.hpp"
#include "core/base64_scan.hpp"
#include "core/json_check.hpp"

namespace jobqueue {
inline namespace v1 {
namespace {

error bad_option(std::string message) {
  return {errc::invalid_argument, no_offset, std::move(message)};
}

status check_options(const sanitize_options& options) {
  if (options.min_run_chars < sanitize_limits::min_run_chars) {
    return bad_option("min_run_chars must be at least 32");
  }
  if (options.min_unknown_chars < options.min_run_chars) {
    return bad_option("min_unknown_chars must not be less than min_run_chars");
  }
  if (options.max_depth > sanitize_limits::max_depth) {
    return bad_option("max_depth must be at most 16");
  }
  if (!detail::simd_target_available(options.simd)) {
    return bad_option("this CPU cannot run the wanted SIMD target");
  }
  for (const std::string& name : options.cut_fields) {
    if (name.size() < detail::needle_set::fingerprint_size ||
        name.size() > sanitize_limits::max_field_name) {
      return bad_option("a name in cut_fields must have 3 to 128 bytes");
    }
  }
  return done;
}

result<sanitized> sanitize(std::string_view text, const sanitize_options& options,
                           const value_context* outside) {
  if (status checked = check_options(options); !checked) return checked.problem();
  if (options.format == document_format::json) {
    if (status checked = detail::check_json(text); !checked) return checked.problem();
  } else if (options.format == document_format::ndjson) {
    if (status checked = detail::check_ndjson(text); !checked) return checked.problem();
  }
  return detail::base64_pass(options, outside).run(text);
}

}  // namespace

result<sanitized> sanitize_base64(std::string_view input, const sanitize_options& options) {
  return sanitize(input, options, nullptr);
}

result<sanitized> sanitize_base64_value(std::string_view text, const value_context& context,
                                        const sanitize_options& options) {
  sanitize_options chosen = options;
  if (chosen.format != document_format::text) chosen.format = document_format::auto_detect;
  return sanitize(text, chosen, &context);
}

struct base64_sanitizer::state {
  explicit state(const sanitize_options& given)
      : cut_fields(given.cut_fields.begin(), given.cut_fields.end()),
        protect_fields(given.protect_fields.begin(), given.protect_fields.end()),
        options(given) {
    options.cut_fields = cut_fields;
    options.protect_fields = protect_fields;
    so_far = check_options(options);
    if (so_far && options.format != document_format::auto_detect &&
        options.format != document_format::text) {
      so_far = bad_option("a stream cannot be refused as a whole: format must be auto or text");
    }
  }

  // Calls `step` with the pass over this input, unless something has gone wrong before.
  template <class Step>
  status carry_on(Step step) {
    if (so_far && !pass) pass.emplace(options, nullptr);
    if (so_far) so_far = step(*pass);
    return so_far;
  }

  std::vector<std::string> cut_fields;
  std::vector<std::string> protect_fields;
  sanitize_options options;
  status so_far = done;
  std::optional<detail::base64_pass> pass;
  sanitized finished;
};

base64_sanitizer::base64_sanitizer(const sanitize_options& options)
    : state_(std::make_unique<state>(options)) {}
base64_sanitizer::base64_sanitizer(base64_sanitizer&&) noexcept = default;
base64_sanitizer& base64_sanitizer::operator=(base64_sanitizer&&) noexcept = default;
base64_sanitizer::~base64_sanitizer() = default;

status base64_sanitizer::update(std::string_view piece, std::string& out) {
  return state_->carry_on([&](detail::base64_pass& pass) { return pass.update(piece, out); });
}

status base64_sanitizer::finish(std::string& out) {
  status finished = state_->carry_on([&](detail::base64_pass& pass) { return pass.finish(out); });
  if (finished) {
    state_->finished = state_->pass->take_report();
    state_->pass.reset();
  }
  return finished;
}

sanitized base64_sanitizer::take_report() {
  if (state_->pass) return state_->pass->take_report();
  sanitized report = state_->finished;
  state_->finished.cuts.clear();
  state_->finished.kept.clear();
  return report;
}

}  // namespace v1
}  // namespace jobqueue
