#include <chrono>
#include <new>
#include <string>
#include <utility>

#include <jobqueue/rules.hpp>

#include "c_api/handles.hpp"

using namespace jobqueue;

namespace {

constexpr std::size_t max_parameters = 1000;

jobqueue_status refuse(jobqueue_error* error, std::string_view message) noexcept {
  return c_api::fail(error, errc::invalid_argument, message);
}

jobqueue_status give(jobqueue_buffer* out, std::string_view text) {
  if (jobqueue_buffer_assign(out, text.data(), text.size()) != JOBQUEUE_OK) throw std::bad_alloc();
  return JOBQUEUE_OK;
}

// What both evaluating functions check and convert.
struct evaluate_arguments {
  instant now;
  evaluate_options options;
};

// Null if all is well, else what is wrong.
const char* convert(const jobqueue_buffer* out, const jobqueue_ruleset* ruleset, const char* text,
                    std::size_t size, const jobqueue_evaluate_options* options,
                    evaluate_arguments& arguments) {
  if (out == nullptr || ruleset == nullptr) return "out and ruleset must not be NULL";
  if (text == nullptr && size != 0) return "the text is NULL but its size is not 0";
  jobqueue_evaluate_options known = JOBQUEUE_EVALUATE_OPTIONS_INIT;
  if (options == nullptr || !c_api::read_options(known, options) ||
      (known.flags & ~JOBQUEUE_EVALUATE_EXPLAIN) != 0) {
    return "the options are not initialised with JOBQUEUE_EVALUATE_OPTIONS_INIT";
  }
  arguments.now = instant(std::chrono::microseconds(known.now_micros));
  arguments.options.explain = (known.flags & JOBQUEUE_EVALUATE_EXPLAIN) != 0;
  return nullptr;
}

// What both functions of many records do. `evaluate` appends the verdicts to its last argument and
// gives how many records were none.
template <class Evaluate>
jobqueue_status evaluate_many(jobqueue_buffer* out, std::size_t* failed,
                              const jobqueue_ruleset* ruleset, const char* records,
                              std::size_t size, const jobqueue_evaluate_options* options,
                              jobqueue_error* error, const Evaluate& evaluate) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    evaluate_arguments arguments;
    if (const char* wrong = convert(out, ruleset, records, size, options, arguments)) {
      return refuse(error, wrong);
    }
    std::string verdicts;
    const result<std::size_t> count =
        evaluate(ruleset->rules, c_api::view(records, size), arguments, verdicts);
    if (!count) return c_api::fail(error, count.problem());
    const jobqueue_status given = give(out, verdicts);
    if (failed != nullptr) *failed = *count;
    return given;
  });
}

}  // namespace

jobqueue_status jobqueue_ruleset_parse(jobqueue_ruleset** out, const char* json, size_t json_size,
                                       const jobqueue_ruleset_options* options,
                                       jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    jobqueue_ruleset_options known = JOBQUEUE_RULESET_OPTIONS_INIT;
    if (out == nullptr) return refuse(error, "out must not be NULL");
    if (json == nullptr && json_size != 0) return refuse(error, "json is NULL, its size is not 0");
    if (!c_api::read_options(known, options) || known.flags != 0) {
      return refuse(error, "the options are not initialised with JOBQUEUE_RULESET_OPTIONS_INIT");
    }
    if (known.parameter_count > max_parameters ||
        (known.parameters == nullptr && known.parameter_count != 0)) {
      return refuse(error, "parameters must be a list of at most 1000");
    }
    ruleset_options chosen;
    for (std::size_t i = 0; i < known.parameter_count; ++i) {
      chosen.parameters.emplace_back(c_api::view(known.parameters[i].name),
                                     c_api::view(known.parameters[i].value));
    }
    auto rules = ruleset::parse(
        json == nullptr ? ruleset::standard_text() : std::string_view(json, json_size), chosen);
    if (!rules) return c_api::fail(error, rules.problem());
    std::string digest(rules->digest());
    *out = new jobqueue_ruleset{*std::move(rules), std::move(digest)};
    return JOBQUEUE_OK;
  });
}

void jobqueue_ruleset_free(jobqueue_ruleset* ruleset) { delete ruleset; }

const char* jobqueue_ruleset_digest(const jobqueue_ruleset* ruleset) {
  return ruleset == nullptr ? "" : ruleset->digest.c_str();
}

// The text is a literal, which a NUL ends.
const char* jobqueue_standard_rules(void) { return ruleset::standard_text().data(); }

jobqueue_status jobqueue_ruleset_evaluate(jobqueue_buffer* out, const jobqueue_ruleset* ruleset,
                                          const char* record, size_t record_size,
                                          const jobqueue_evaluate_options* options,
                                          jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    evaluate_arguments arguments;
    if (const char* wrong = convert(out, ruleset, record, record_size, options, arguments)) {
      return refuse(error, wrong);
    }
    const auto verdict =
        ruleset->rules.evaluate(c_api::view(record, record_size), arguments.now, arguments.options);
    if (!verdict) return c_api::fail(error, verdict.problem());
    return give(out, to_json(*verdict));
  });
}

jobqueue_status jobqueue_ruleset_evaluate_lines(jobqueue_buffer* out, size_t* failed,
                                                const jobqueue_ruleset* ruleset,
                                                const char* records, size_t records_size,
                                                const jobqueue_evaluate_options* options,
                                                jobqueue_error* error) {
  return evaluate_many(out, failed, ruleset, records, records_size, options, error,
                       [](const auto& rules, auto lines, const auto& how, auto& verdicts) {
                         return rules.evaluate_lines(lines, how.now, verdicts, how.options);
                       });
}

jobqueue_status jobqueue_ruleset_evaluate_array(jobqueue_buffer* out, size_t* failed,
                                                const jobqueue_ruleset* ruleset,
                                                const char* records, size_t records_size,
                                                const jobqueue_evaluate_options* options,
                                                jobqueue_error* error) {
  return evaluate_many(out, failed, ruleset, records, records_size, options, error,
                       [](const auto& rules, auto array, const auto& how, auto& verdicts) {
                         return rules.evaluate_array(array, how.now, verdicts, how.options);
                       });
}
