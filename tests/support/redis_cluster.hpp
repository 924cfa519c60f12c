// A Redis Cluster of three primaries for a test.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/redis_samples.hpp"
#include "support/redis_server.hpp"

namespace jobqueue::test {

class redis_cluster {
 public:
  static constexpr std::size_t size = 3;

  redis_cluster() {
    constexpr std::array<const char*, size + 1> bounds = {"0", "5461", "10923", "16384"};
    for (std::size_t i = 0; i < size; ++i) {
      const std::string last = std::to_string(std::stoi(bounds[i + 1]) - 1);
      nodes_[i].run({{"CLUSTER", "ADDSLOTSRANGE", bounds[i], last},
                     {"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)}});
    }
    for (std::size_t i = 1; i < size; ++i) {
      nodes_[0].run(
          detail::redis_command{"CLUSTER", "MEET", "127.0.0.1", std::to_string(nodes_[i].port())});
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!is_complete()) {
      if (std::chrono::steady_clock::now() > until) throw std::runtime_error("there is no cluster");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  [[nodiscard]] redis_server& node(std::size_t index) { return nodes_.at(index); }
  [[nodiscard]] const redis_server& node(std::size_t index) const { return nodes_.at(index); }
  [[nodiscard]] std::string url() const { return nodes_[0].url(); }

  // The node that has a key.
  [[nodiscard]] std::size_t node_of(const std::string& key) const {
    const auto slot = nodes_[0].run(detail::redis_command{"CLUSTER", "KEYSLOT", key}).integer;
    return slot < 5461 ? 0 : slot < 10923 ? 1 : 2;
  }

  [[nodiscard]] store_state state() const {
    store_state all;
    for (const redis_server& node : nodes_) {
      all.merge(read_state([&](const auto& commands) { return node.run(commands); }));
    }
    return all;
  }

  // Each command goes where its key is, which is its second word.
  void run(const std::vector<detail::redis_command>& commands) const {
    std::array<std::vector<detail::redis_command>, size> parts;
    for (const detail::redis_command& command : commands) {
      parts.at(node_of(command.at(1))).push_back(command);
    }
    for (std::size_t i = 0; i < size; ++i) {
      if (!parts[i].empty()) nodes_[i].run(parts[i]);
    }
  }

 private:
  [[nodiscard]] bool is_complete() const {
    for (const redis_server& node : nodes_) {
      const std::vector<detail::redis_command> about = {{"CLUSTER", "INFO"}, {"CLUSTER", "SLOTS"}};
      const auto answers = node.run(about);
      if (answers[0].text.find("cluster_state:ok") == std::string::npos ||
          answers[1].elements.size() != size) {
        return false;
      }
    }
    return true;
  }

  static redis_server::settings of_node() {
    return {{"--cluster-enabled", "yes", "--cluster-node-timeout", "5000"}};
  }
  std::array<redis_server, size> nodes_{redis_server(of_node()), redis_server(of_node()),
                                        redis_server(of_node())};
};

}  // namespace jobqueue::test
