// Events that were recorded, so that one that comes again need not be looked up.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include <jobqueue/base64.hpp>

namespace jobqueue::detail {

struct known_event {
  sha256_digest digest;  // of its body
  std::string event_id;
  std::string workflow_id;
};

// Thread-safe. The oldest ones are forgotten when there are too many.
class known_events {
 public:
  explicit known_events(std::size_t most) : most_(most) {}

  [[nodiscard]] std::optional<known_event> find(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = events_.find(key);
    if (found == events_.end()) return std::nullopt;
    return found->second;
  }
  void add(const std::string& key, const known_event& event) {
    if (most_ == 0) return;
    const std::lock_guard lock(mutex_);
    const auto [place, is_new] = events_.try_emplace(key, event);
    if (!is_new) return;
    order_.push_back(&place->first);
    if (order_.size() <= most_) return;
    events_.erase(*order_.front());
    order_.pop_front();
  }

 private:
  std::size_t most_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, known_event> events_;
  std::list<const std::string*> order_;  // keys of a node-based map stay where they are
};

}  // namespace jobqueue::detail
