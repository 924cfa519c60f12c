// Messages of failures: any bytes have an answer, the same each time and through C, which holds
// nothing of them but a name. Choices: the status, and whether there was a timeout; then the
// message.
#include <jobqueue/failure.hpp>

#include <algorithm>
#include <string>
#include <string_view>

#include <jobqueue/jobqueue.h>

#include "fuzz/fuzz.hpp"

namespace jobqueue::fuzz {
namespace {

constexpr unsigned statuses[] = {0,   200, 400, 401, 403, 404, 408, 413,
                                 415, 429, 500, 502, 503, 507, 599, 1000};

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

void check_c(std::string_view message, const failure_context& known, const failure& wanted) {
  jobqueue_failure_options options = JOBQUEUE_FAILURE_OPTIONS_INIT;
  options.http_status = known.http_status;
  options.flags = known.timeout ? JOBQUEUE_FAILURE_TIMEOUT : 0;
  jobqueue_failure found = JOBQUEUE_FAILURE_INIT;
  require(jobqueue_classify_failure(&found, message.data(), message.size(), &options, nullptr) ==
              JOBQUEUE_OK,
          "C classifies any bytes");
  require(found.type == to_string(wanted.type) && found.reason == to_string(wanted.reason) &&
              found.confidence == to_string(wanted.confidence) &&
              found.description == wanted.description && found.fingerprint == wanted.fingerprint,
          "C says what C++ says");
}

void classify(std::string_view message, const failure_context& known) {
  const failure found = classify_failure(message, known);
  require(found == classify_failure(message, known), "the same message, the same answer");
  require(found.fingerprint.size() == 16 && is_plain(found.fingerprint), "a fingerprint");
  require(!found.description.empty() && found.description.size() <= 126, "a short description");
  require(is_plain(found.description), "the description is plain");
  require((found.reason == failure_reason::unknown_error) ==
              (found.confidence == failure_confidence::none),
          "what is known has a confidence");
  require(found.type != failure_type::system_error || found.reason >= failure_reason::gpu_error,
          "the reason is one of the type");
  check_c(message, known, found);

  const std::string normal = normalize_failure_message(message);
  require(normal.size() <= message.size() * 9, "a placeholder has nine bytes");
  require(normal.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789\n\t") == std::string::npos,
          "no number and no capital letter is left");
  require(normal.find("  ") == std::string::npos, "no two blanks");
  require(!normal.starts_with(' ') && !normal.ends_with(' '), "no blank at the ends");
}

}  // namespace
}  // namespace jobqueue::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqueue;
  fuzz::choices input(data, size);
  failure_context known;
  known.http_status = input.pick(fuzz::statuses);
  known.timeout = input.nibble() % 2 == 1;
  const fuzz::exact_text message(input.rest());
  fuzz::classify(message.view(), known);
  return 0;
}
