#include <jobqueue/jobqueue.h>

#include "vectors/retry_runner.hpp"

namespace {

using namespace jobqueue;
using nlohmann::json;

// What a call gave out, by that name, or its error.
template <class Call>
json answer_of(const char* name, const Call& call) {
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  const jobqueue_status status = call(&out, &error);
  json answer = status == JOBQUEUE_OK
                    ? json{{name, std::string(out.data == nullptr ? "" : out.data, out.size)}}
                    : test::retry_error(jobqueue_status_name(status), error.offset);
  jobqueue_buffer_dispose(&out);
  return answer;
}

}  // namespace

int main(int argc, char** argv) {
  test::retry_face face;
  face.preserve = [](const std::string& original, const std::string& result, std::uint64_t attempt,
                     std::int64_t at) {
    return answer_of("output", [&](jobqueue_buffer* out, jobqueue_error* error) {
      return jobqueue_preserve_job_data(out, original.data(), original.size(), result.data(),
                                        result.size(), attempt, at, error);
    });
  };
  face.attempt = [](const std::string& job) -> json {
    std::uint64_t attempt = 0;
    jobqueue_error error;
    const jobqueue_status status = jobqueue_retry_attempt(&attempt, job.data(), job.size(), &error);
    if (status == JOBQUEUE_OK) return {{"attempt", attempt}};
    return test::retry_error(jobqueue_status_name(status), error.offset);
  };
  face.filename = [](const std::string& filename, std::uint64_t attempt) {
    return answer_of("filename", [&](jobqueue_buffer* out, jobqueue_error* error) {
      return jobqueue_retry_asset_filename(out, filename.data(), filename.size(), attempt, error);
    });
  };
  return test::run_retry_vectors(argc, argv, face);
}
