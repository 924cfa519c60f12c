// The vectors of kind `evaluate`, replayed through one face. README.md says what they are.
#pragma once

#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>

#include <nlohmann/json.hpp>

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
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " rules.json\n";
    return 2;
  }
  std::size_t failed = 0;
  std::size_t count = 0;
  try {
    std::ifstream stream(argv[1]);
    const auto file = nlohmann::json::parse(stream);
    for (const auto& one : file.at("cases")) {
      ++count;
      const rules_answer answer = face(one.at("record"), file.at("now"));
      if (is_as_expected(one.at("expect"), answer)) continue;
      ++failed;
      std::cerr << one.at("name") << ": " << answer.verdict << answer.code << '\n';
    }
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return 1;
  }
  std::cout << count << " vectors, " << failed << " failed\n";
  return failed == 0 && count > 30 ? 0 : 1;
}

}  // namespace jobqueue::test
