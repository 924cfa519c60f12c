// The vectors of kind `truncate`, replayed through one face. README.md says what they are.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "support/exact_text.hpp"
#include "vectors/vector_file.hpp"

namespace jobqueue::vectors {

// The options as a vector has them; what it does not have is as preset.
struct truncate_vector_options {
  explicit truncate_vector_options(const json& given)
      : max_bytes(given.at("max_bytes")),
        pinned(given.value("pinned", std::vector<std::string>())),
        array_head(given.value("array_head", std::uint64_t{3})),
        array_tail(given.value("array_tail", std::uint64_t{1})),
        format(given.value("format", "auto")) {
    detail::check_keys("the options", given,
                       {"max_bytes", "pinned", "array_head", "array_tail", "marker", "format"});
    if (given.contains("marker")) marker = given["marker"];
  }
  // The number of `format` in C and C++.
  [[nodiscard]] std::uint32_t format_number() const {
    return format == "json" ? 1 : format == "ndjson" ? 2 : format == "text" ? 3 : 0;
  }

  std::uint64_t max_bytes;
  std::vector<std::string> pinned;
  std::uint64_t array_head;
  std::uint64_t array_tail;
  std::optional<std::string> marker;
  std::string format;
};

// What a face has answered; `cuts` as the vectors have them.
struct truncate_answer {
  outcome is;
  json cuts = json::array();
};
using truncate_face =
    std::function<truncate_answer(std::string_view input, const truncate_vector_options& options)>;

inline json cut_entry(std::string_view reason, bool has_pointer, std::string_view pointer,
                      std::uint64_t before, std::uint64_t after) {
  return {{"reason", reason},
          {"pointer", has_pointer ? json(pointer) : json()},
          {"bytes_before", before},
          {"bytes_after", after}};
}

inline std::string difference(const truncate_answer& answer, const vector_case& wanted) {
  if (answer.is.error_code != wanted.expect.error_code ||
      answer.is.error_offset != wanted.expect.error_offset) {
    return "the error is '" + answer.is.error_code + "'";
  }
  if (answer.is.unchanged != wanted.expect.unchanged) return "changed or not";
  if (answer.is.output != wanted.expect.output) return "the output is " + answer.is.output;
  const bool wrong = !wanted.cuts.is_null() && answer.cuts != wanted.cuts;
  return wrong ? "the cuts are " + answer.cuts.dump() : std::string();
}

// Every output again: it fits, so that nothing changes.
inline int run_truncate_vectors(int argc, char** argv, const truncate_face& face) {
  std::size_t failed = 0;
  std::size_t count = 0;
  try {
    if (argc != 2) throw bad_vector_file("usage: runner FILE.json");
    for (const vector_case& one : load(argv[1]).cases) {
      ++count;
      const test::exact_text input(one.input);
      const truncate_vector_options options(one.options);
      std::string wrong = difference(face(input.view(), options), one);
      if (wrong.empty() && !one.expect.output.empty() &&
          !face(one.expect.output, options).is.unchanged) {
        wrong = "the output changes when it is truncated";
      }
      if (wrong.empty()) continue;
      ++failed;
      std::cerr << one.name << ": " << wrong << '\n';
    }
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return 1;
  }
  std::cout << count << " vectors, " << failed << " failed\n";
  return failed == 0 && count >= 50 ? 0 : 1;
}

}  // namespace jobqueue::vectors
