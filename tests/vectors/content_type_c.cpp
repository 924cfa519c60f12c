#include <jobqueue/jobqueue.h>

#include <string_view>

#include "vectors/content_type_runner.hpp"

namespace {

using namespace jobqueue;
using nlohmann::json;

jobqueue_string borrow(const std::string& text) { return {text.data(), text.size()}; }

json text_or_null(std::string_view text) { return text.empty() ? json() : json(text); }

json replay(const test::content_type_vector& vector) {
  jobqueue_content_type_options options = JOBQUEUE_CONTENT_TYPE_OPTIONS_INIT;
  options.url = borrow(vector.url);
  options.header = borrow(vector.header);
  options.configured = borrow(vector.configured);
  options.flags = (vector.nosniff ? JOBQUEUE_CONTENT_NOSNIFF : 0U) |
                  (vector.whatwg ? JOBQUEUE_CONTENT_WHATWG : 0U);
  jobqueue_content_type answer = JOBQUEUE_CONTENT_TYPE_INIT;
  jobqueue_buffer report = JOBQUEUE_BUFFER_INIT;
  const jobqueue_status status = jobqueue_detect_content_type(
      &answer, &report, vector.head.data(), vector.head.size(), &options, nullptr);
  if (status != JOBQUEUE_OK) return test::error_answer(jobqueue_status_name(status));
  const json told = json::parse(std::string_view(report.data, report.size));
  jobqueue_buffer_dispose(&report);
  // The struct says what the report does; the evidence is in the report alone.
  return {{"media_type", answer.media_type},
          {"extension", text_or_null(answer.extension)},
          {"category", answer.category},
          {"source", answer.source},
          {"confidence", answer.confidence},
          {"evidence", told.at("evidence")},
          {"mismatch", (answer.flags & JOBQUEUE_CONTENT_MISMATCH) != 0},
          {"polyglot", (answer.flags & JOBQUEUE_CONTENT_POLYGLOT) != 0}};
}

}  // namespace

int main(int argc, char** argv) { return test::run_content_type_vectors(argc, argv, replay); }
