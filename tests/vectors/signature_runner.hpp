// The vectors of kind `signature`, replayed through one face. README.md says what they are.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "vectors/vector_loop.hpp"

namespace jobqueue::test {

struct signature_vector {
  bool verifies = false;  // else it signs
  std::string scheme;
  std::vector<std::string> secrets;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string id;
  std::int64_t now = 0;
  std::uint64_t tolerance = 300;
};
// The value of `expect`.
using signature_face = std::function<nlohmann::json(const signature_vector&)>;

// Of the one vector that has bytes; strict about the alphabet, because the file is ours.
inline std::string decode_body(const std::string& base64) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned held = 0;
  unsigned bits = 0;
  for (const char c : base64.substr(0, base64.find('='))) {
    bits = (bits << 6U | static_cast<unsigned>(alphabet.find(c))) & 0xFFFFU;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held & 0xFFU);
  }
  return bytes;
}

inline signature_vector read_vector(const nlohmann::json& one) {
  signature_vector vector;
  vector.verifies = one.at("do") == "verify";
  vector.scheme = one.at("scheme");
  one.at("secrets").get_to(vector.secrets);
  if (vector.verifies) one.at("headers").get_to(vector.headers);
  vector.body =
      one.contains("body") ? one["body"].get<std::string>() : decode_body(one.at("body_base64"));
  vector.id = one.value("id", "");
  vector.now = one.at("now");
  vector.tolerance = one.value("tolerance", vector.tolerance);
  return vector;
}

inline int run_signature_vectors(int argc, char** argv, const signature_face& face) {
  return run_answers(argc, argv, 150,
                     [&](const nlohmann::json& one) { return face(read_vector(one)); });
}

}  // namespace jobqueue::test
