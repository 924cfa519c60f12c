#include <jobqueue/failure.hpp>

#include "vectors/failure_runner.hpp"

int main(int argc, char** argv) {
  using namespace jobqueue;
  return test::run_failure_vectors(
      argc, argv, [](const test::failure_vector& vector) -> nlohmann::json {
        const std::string normalized = normalize_failure_message(vector.message);
        if (normalized != vector.normalized) return {{"normalized", normalized}};
        const failure found =
            classify_failure(vector.message, {vector.http_status, vector.timeout});
        return {{"type", to_string(found.type)},
                {"reason", to_string(found.reason)},
                {"description", found.description},
                {"confidence", to_string(found.confidence)},
                {"fingerprint", found.fingerprint}};
      });
}
