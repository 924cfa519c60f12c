#include <jobqueue/retry.hpp>

#include <chrono>

#include "vectors/retry_runner.hpp"

namespace {

using namespace jobqueue;
using nlohmann::json;

json error_answer(const error& problem) {
  return test::retry_error(std::string(error_name(problem.code)), problem.offset);
}

}  // namespace

int main(int argc, char** argv) {
  test::retry_face face;
  face.preserve = [](const std::string& original, const std::string& answer, std::uint64_t attempt,
                     std::int64_t at) -> json {
    const auto made =
        preserve_job_data(original, answer, attempt, instant(std::chrono::microseconds(at)));
    return made ? json{{"output", *made}} : error_answer(made.problem());
  };
  face.attempt = [](const std::string& job) -> json {
    const auto attempt = retry_attempt(job);
    return attempt ? json{{"attempt", *attempt}} : error_answer(attempt.problem());
  };
  face.filename = [](const std::string& filename, std::uint64_t attempt) -> json {
    return {{"filename", retry_asset_filename(filename, attempt)}};
  };
  return test::run_retry_vectors(argc, argv, face);
}
