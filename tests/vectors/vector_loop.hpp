// What the runners of vectors that are plain JSON share. README.md says what vectors are.
#pragma once

#include <algorithm>
#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace jobqueue::test {

inline std::string lower_case(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return word;
}

inline nlohmann::json error_answer(std::string name) {
  return {{"error", lower_case(std::move(name))}};
}
inline nlohmann::json null_or(const std::string& word) {
  return word.empty() ? nlohmann::json() : nlohmann::json(word);
}

// Gives the answer of a face to a case that it fails.
using vector_check = std::function<std::optional<std::string>(const nlohmann::json& file,
                                                              const nlohmann::json& one)>;

// `main` of a runner: every case of the file that is its argument, of which there must be more than
// `least`.
inline int run_vectors(int argc, char** argv, std::size_t least, const vector_check& check) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " FILE.json\n";
    return 2;
  }
  std::size_t failed = 0;
  std::size_t count = 0;
  try {
    std::ifstream stream(argv[1]);
    const auto file = nlohmann::json::parse(stream);
    for (const auto& one : file.at("cases")) {
      ++count;
      const auto wrong = check(file, one);
      if (!wrong) continue;
      ++failed;
      std::cerr << one.at("name") << ": " << *wrong << '\n';
    }
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return 1;
  }
  std::cout << count << " vectors, " << failed << " failed\n";
  return failed == 0 && count > least ? 0 : 1;
}

// The same for vectors whose answer is their `expect`.
inline int run_answers(int argc, char** argv, std::size_t least,
                       const std::function<nlohmann::json(const nlohmann::json& one)>& face) {
  return run_vectors(argc, argv, least, [&](const auto&, const auto& one) {
    const nlohmann::json answer = face(one);
    return answer == one.at("expect") ? std::nullopt : std::optional(answer.dump());
  });
}

}  // namespace jobqueue::test
