#include <jobqueue/jobqueue.h>

#include "vectors/failure_runner.hpp"

int main(int argc, char** argv) {
  using namespace jobqueue;
  return test::run_failure_vectors(
      argc, argv, [](const test::failure_vector& vector) -> nlohmann::json {
        jobqueue_failure_options options = JOBQUEUE_FAILURE_OPTIONS_INIT;
        options.http_status = vector.http_status;
        options.flags = vector.timeout ? JOBQUEUE_FAILURE_TIMEOUT : 0;
        jobqueue_failure found = JOBQUEUE_FAILURE_INIT;
        const jobqueue_status status = jobqueue_classify_failure(
            &found, vector.message.data(), vector.message.size(), &options, nullptr);
        if (status != JOBQUEUE_OK) return {{"error", jobqueue_status_name(status)}};
        return {{"type", found.type},
                {"reason", found.reason},
                {"description", found.description},
                {"confidence", found.confidence},
                {"fingerprint", found.fingerprint}};
      });
}
