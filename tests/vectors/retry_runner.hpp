// The vectors of kind `retry`, replayed through one face. README.md says what they are.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "vectors/vector_loop.hpp"

namespace jobqueue::test {

// What is asked, by `expect`: one of them gives the answer.
struct retry_face {
  std::function<nlohmann::json(const std::string& original, const std::string& result,
                               std::uint64_t attempt, std::int64_t at_micros)>
      preserve;
  std::function<nlohmann::json(const std::string& job)> attempt;
  std::function<nlohmann::json(const std::string& filename, std::uint64_t attempt)> filename;
};

// The value of `expect` for an error.
inline nlohmann::json retry_error(std::string name, std::uint64_t offset) {
  nlohmann::json answer = error_answer(std::move(name));
  if (offset != UINT64_MAX) answer["offset"] = offset;
  return answer;
}

inline int run_retry_vectors(int argc, char** argv, const retry_face& face) {
  return run_vectors(argc, argv, 60, [&](const auto& file, const auto& one) {
    nlohmann::json answer;
    if (one.at("do") == "preserve") {
      answer = face.preserve(one.at("original"), one.at("result"), one.at("attempt"),
                             file.at("at_micros"));
    } else if (one.at("do") == "attempt") {
      answer = face.attempt(one.at("job"));
    } else {
      answer = face.filename(one.at("filename"), one.at("attempt"));
    }
    return answer == one.at("expect") ? std::nullopt : std::optional(answer.dump());
  });
}

}  // namespace jobqueue::test
