// Data of jobs: any two texts are refused with a place in one of them, or give JSON in which all
// other members are as they were; any text is a job with an attempt or none; any bytes are the name
// of a file. C says the same. Choices: what to do, the attempt; then two texts with a NUL between.
#include <jobqueue/retry.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/jobqueue.h>

#include "core/json_check.hpp"
#include "core/json_text.hpp"
#include "fuzz/fuzz.hpp"

namespace jobqueue::fuzz {
namespace {

constexpr std::int64_t noon = 1'767'614'400'000'000;

std::string_view view(const jobqueue_buffer& buffer) {
  return buffer.data != nullptr ? std::string_view(buffer.data, buffer.size) : std::string_view{};
}

bool is_written(std::string_view name) {
  return name == "outputs" || name == "retry_execution_data" || name == "last_retry_attempt" ||
         name == "retry_completed_at" || name == "retry_replaced";
}

// The members that a retry does not write, as they are written.
std::vector<std::string> others(std::string_view text) {
  std::vector<std::string> all;
  for (const auto& [name, value] : detail::read_json_members(text)) {
    if (!is_written(name)) all.push_back(name + ":" + std::string(value));
  }
  return all;
}

void preserve(std::string_view original, std::string_view answer, std::uint64_t attempt) {
  const auto made =
      preserve_job_data(original, answer, attempt, instant(std::chrono::microseconds(noon)));
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  const jobqueue_status status = jobqueue_preserve_job_data(
      &out, original.data(), original.size(), answer.data(), answer.size(), attempt, noon, &error);
  if (!made) {
    const auto& problem = made.problem();
    require(status == static_cast<jobqueue_status>(problem.code), "C refuses what C++ refuses");
    require(problem.code != errc::invalid_argument || detail::check_json(original),
            "what is malformed is refused as that");
    require(
        problem.offset == no_offset || problem.offset <= std::max(original.size(), answer.size()),
        "the place is in one of them");
    jobqueue_buffer_dispose(&out);
    return;
  }
  require(status == JOBQUEUE_OK && view(out) == *made, "C writes what C++ writes");
  jobqueue_buffer_dispose(&out);
  require(detail::check_json(*made).has_value(), "valid JSON in, valid JSON out");
  require(others(original) == others(*made), "the other members are as they were");
  const auto members = detail::read_json_members(*made);
  require(detail::find_member_text(members, "last_retry_attempt") == std::to_string(attempt),
          "the attempt is written");
  require(retry_attempt(*made).has_value(), "it is a job as any other");
  const auto again =
      preserve_job_data(*made, answer, attempt, instant(std::chrono::microseconds(noon)));
  require(again && *again == *made, "twice is once");
  if (attempt > 0) {
    require(!preserve_job_data(*made, answer, attempt - 1, {}), "a lower attempt is refused");
  }
}

void find(std::string_view job) {
  const auto attempt = retry_attempt(job);
  std::uint64_t number = 0;
  const jobqueue_status status = jobqueue_retry_attempt(&number, job.data(), job.size(), nullptr);
  require((status == JOBQUEUE_OK) == attempt.has_value(), "C reads what C++ reads");
  if (attempt) require(number == *attempt && number <= max_attempt, "the same number");
}

void name(std::string_view filename, std::uint64_t attempt) {
  const std::string made = retry_asset_filename(filename, attempt);
  require(retry_asset_filename(made, attempt) == made, "twice is once");
  require(attempt != 0 || made == filename, "the first try has the name as it is");
  if (attempt != 0) {
    require(retry_asset_filename(made, attempt + 1) == retry_asset_filename(filename, attempt + 1),
            "from any attempt to any other");
  }
}

}  // namespace
}  // namespace jobqueue::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqueue;
  fuzz::choices input(data, size);
  const unsigned what = input.nibble();
  const std::uint64_t attempt = input.nibble();
  const std::string_view rest = input.rest();
  if (what == 1) {
    fuzz::find(fuzz::exact_text(rest).view());
  } else if (what == 2) {
    fuzz::name(fuzz::exact_text(rest).view(), attempt);
  } else {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    const fuzz::exact_text original(rest.substr(0, end));
    const fuzz::exact_text answer(rest.substr(std::min(end + 1, rest.size())));
    fuzz::preserve(original.view(), answer.view(), attempt);
  }
  return 0;
}
