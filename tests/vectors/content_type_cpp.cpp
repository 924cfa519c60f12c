#include <jobqueue/content_type.hpp>

#include "vectors/content_type_runner.hpp"

namespace {

using namespace jobqueue;

nlohmann::json replay(const test::content_type_vector& vector) {
  const content_type found =
      detect_content_type(std::as_bytes(std::span(vector.head)), {.url = vector.url,
                                                                  .header = vector.header,
                                                                  .configured = vector.configured,
                                                                  .nosniff = vector.nosniff,
                                                                  .whatwg = vector.whatwg});
  return nlohmann::json::parse(to_json(found));
}

}  // namespace

int main(int argc, char** argv) { return test::run_content_type_vectors(argc, argv, replay); }
