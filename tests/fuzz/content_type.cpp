// Content types: any bytes, URL, header and setting get an answer that is well formed, and the same
// through C. Choices: flags (1 nosniff, 2 whatwg); then the lines URL, header, configured; then the
// head.
#include <jobqueue/content_type.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <jobqueue/jobqueue.h>

#include "fuzz/fuzz.hpp"

namespace jobqueue::fuzz {
namespace {

std::string_view next_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

jobqueue_string borrow(const exact_text& text) { return {text.view().data(), text.view().size()}; }

void check_c(std::string_view head, const jobqueue_content_type_options& options,
             const content_type& wanted) {
  jobqueue_content_type answer = JOBQUEUE_CONTENT_TYPE_INIT;
  jobqueue_buffer report = JOBQUEUE_BUFFER_INIT;
  require(jobqueue_detect_content_type(&answer, &report, head.data(), head.size(), &options,
                                       nullptr) == JOBQUEUE_OK,
          "C takes everything");
  require(std::string_view(report.data, report.size) == to_json(wanted), "C reports what C++ does");
  require(answer.media_type == wanted.media_type.view(), "C has the type of C++");
  require(answer.extension == wanted.extension, "C has the extension of C++");
  require(answer.category == to_string(wanted.category), "C has the category of C++");
  require(((answer.flags & JOBQUEUE_CONTENT_MISMATCH) != 0) == wanted.mismatch, "and the flags");
  require(((answer.flags & JOBQUEUE_CONTENT_POLYGLOT) != 0) == wanted.polyglot, "and the flags");
  jobqueue_buffer_dispose(&report);
}

void check(const content_type& found) {
  const auto read = nlohmann::json::parse(to_json(found), nullptr, false);
  require(!read.is_discarded(), "a report is JSON");
  require(!found.media_type.view().empty(), "there is a type");
  const bool decided = found.source != content_source::none;
  require(decided == (found.confidence != content_confidence::none), "something decided, or not");
  require(decided == (found.evidence.find(found.source) != nullptr), "what decided is evidence");
  bool contradicted = false;
  for (const content_evidence& one : found.evidence) {
    contradicted |= one.contradicted && one.source != content_source::configured;
  }
  require(contradicted == found.mismatch, "a mismatch is a contradiction");
}

}  // namespace
}  // namespace jobqueue::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqueue;
  fuzz::choices input(data, size);
  const unsigned flags = input.nibble();
  std::string_view rest = input.rest();
  const fuzz::exact_text url(fuzz::next_line(rest));
  const fuzz::exact_text header(fuzz::next_line(rest));
  const fuzz::exact_text configured(fuzz::next_line(rest));
  const fuzz::exact_text head(rest);
  const content_type_options options = {.url = url.view(),
                                        .header = header.view(),
                                        .configured = configured.view(),
                                        .nosniff = (flags & 1U) != 0,
                                        .whatwg = (flags & 2U) != 0};
  const auto bytes = std::as_bytes(std::span(head.view()));
  const content_type found = detect_content_type(bytes, options);
  fuzz::check(found);
  if (bytes.size() > content_head_bytes) {
    const content_type cut = detect_content_type(bytes.first(content_head_bytes), options);
    fuzz::require(to_json(cut) == to_json(found), "what is behind the head does not count");
  }
  jobqueue_content_type_options given = JOBQUEUE_CONTENT_TYPE_OPTIONS_INIT;
  given.url = fuzz::borrow(url);
  given.header = fuzz::borrow(header);
  given.configured = fuzz::borrow(configured);
  given.flags = (options.nosniff ? JOBQUEUE_CONTENT_NOSNIFF : 0U) |
                (options.whatwg ? JOBQUEUE_CONTENT_WHATWG : 0U);
  fuzz::check_c(head.view(), given, found);
  return 0;
}
