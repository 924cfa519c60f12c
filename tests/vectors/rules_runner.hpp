// The vectors of kind `evaluate`, replayed through one face. README.md says what they are.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "vectors/vector_loop.hpp"

namespace jobqueue::test {

// What a face answers: a verdict as JSON, or a code and an offset.
struct rules_answer {
  std::string verdict;
  std::string code;
  std::uint64_t offset = 0;
};
using rules_face = std::function<rules_answer(const std::string& record, const std::string& now)>;

// Whether the answer is what the vector says; every member of `expect` counts, and those of a
// decided verdict that are not named are null.
inline bool is_as_expected(const nlohmann::json& expect, const rules_answer& answer) {
  if (expect.contains("error")) {
    return answer.code == expect["error"]["code"] && answer.offset == expect["error"]["offset"];
  }
  if (!answer.code.empty()) return false;
  const auto verdict = nlohmann::json::parse(answer.verdict);
  for (const char* name : {"status_category", "problem_type", "resolution_needed"}) {
    if (verdict.at(name) != expect.value(name, nlohmann::json())) return false;
  }
  for (const auto& [name, value] : expect.items()) {
    if (!verdict.contains(name) || verdict[name] != value) return false;
  }
  return true;
}

inline int run_rules_vectors(int argc, char** argv, const rules_face& face) {
  return run_vectors(argc, argv, 30, [&](const auto& file, const auto& one) {
    const rules_answer answer = face(one.at("record"), file.at("now"));
    const bool is_right = is_as_expected(one.at("expect"), answer);
    return is_right ? std::nullopt : std::optional(answer.verdict + answer.code);
  });
}

}  // namespace jobqueue::test
