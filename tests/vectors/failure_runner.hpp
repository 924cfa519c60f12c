// The vectors of kind `failure`, replayed through one face. README.md says what they are.
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "vectors/vector_loop.hpp"

namespace jobqueue::test {

struct failure_vector {
  std::string message;
  unsigned http_status = 0;
  bool timeout = false;
  std::string normalized;
};
// The value of `expect`.
using failure_face = std::function<nlohmann::json(const failure_vector&)>;

inline int run_failure_vectors(int argc, char** argv, const failure_face& face) {
  return run_answers(argc, argv, 80, [&](const nlohmann::json& one) {
    return face({one.at("message"), one.value("http_status", 0U), one.value("timeout", false),
                 one.at("normalized")});
  });
}

}  // namespace jobqueue::test
