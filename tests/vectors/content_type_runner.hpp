// The vectors of kind `content_type`, replayed through one face. README.md says what they are.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "vectors/signature_runner.hpp"
#include "vectors/vector_loop.hpp"

namespace jobqueue::test {

struct content_type_vector {
  std::string head;
  std::string url;
  std::string header;
  std::string configured;
  bool nosniff = false;
  bool whatwg = false;
};
// The value of `expect`.
using content_type_face = std::function<nlohmann::json(const content_type_vector&)>;

inline int run_content_type_vectors(int argc, char** argv, const content_type_face& face) {
  return run_vectors(argc, argv, 300, [&](const auto&, const auto& one) {
    content_type_vector vector;
    vector.head = one.contains("head") ? one["head"].template get<std::string>()
                                       : decode_body(one.at("head_base64"));
    vector.url = one.value("url", "");
    vector.header = one.value("header", "");
    vector.configured = one.value("configured", "");
    vector.nosniff = one.value("nosniff", false);
    vector.whatwg = one.value("whatwg", false);
    const nlohmann::json answer = face(vector);
    return answer == one.at("expect") ? std::nullopt : std::optional(answer.dump());
  });
}

}  // namespace jobqueue::test
