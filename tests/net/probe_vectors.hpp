// Reads the vectors of what the probe asks and refuses.
#pragma once

#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace jobqueue::test {

struct probe_vector {
  std::string name;
  std::string url;
  std::vector<std::string> allow;
  std::vector<std::string> deny;
  std::string expect;
};

inline std::vector<probe_vector> read_probe_vectors() {
  std::ifstream file(std::string(JOBQUEUE_SOURCE_DIR) + "/tests/vectors/probe.json");
  const auto document = nlohmann::json::parse(file);
  std::vector<probe_vector> cases;
  for (const auto& one : document.at("cases")) {
    probe_vector made;
    for (const auto& [key, value] : one.items()) {
      if (key == "name") {
        made.name = value;
      } else if (key == "url") {
        made.url = value;
      } else if (key == "allow") {
        made.allow = value.get<std::vector<std::string>>();
      } else if (key == "deny") {
        made.deny = value.get<std::vector<std::string>>();
      } else if (key == "expect") {
        made.expect = value;
      } else {
        throw std::runtime_error("no runner knows " + key);
      }
    }
    cases.push_back(std::move(made));
  }
  return cases;
}

}  // namespace jobqueue::test
