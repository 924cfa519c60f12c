#include "store/connection_pool.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace jobqueue::detail {

using clock = std::chrono::steady_clock;

result<std::unique_ptr<sql_connection>> connection_pool::take_place(clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_until(lock, deadline, [&] { return lent_ < settings_.size; })) {
    return error{errc::store_error, no_offset,
                 "all " + std::to_string(settings_.size) + " connections to " + settings_.name +
                     " were in use for " + std::to_string(settings_.acquire_timeout.count()) +
                     " ms; enlarge the pool, or find out who holds them"};
  }
  ++lent_;
  if (idle_.empty()) return std::unique_ptr<sql_connection>();
  auto taken = std::move(idle_.back());
  idle_.pop_back();
  return taken;
}

result<connection_pool::lease> connection_pool::acquire(bool patient) {
  const auto deadline = clock::now() + settings_.acquire_timeout;
  auto taken = take_place(deadline);
  if (!taken) return taken.problem();
  if (*taken && (*taken)->is_usable()) return lease(*this, std::move(*taken));
  taken->reset();
  std::chrono::milliseconds pause{100};
  for (;;) {
    auto opened = open_();
    if (opened) return lease(*this, std::move(*opened));
    if (!patient || clock::now() + pause > deadline) {
      leave_place();
      return opened.problem();
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(2000));
  }
}

void connection_pool::give_back(std::unique_ptr<sql_connection> connection) {
  connection->roll_back();
  if (!connection->is_usable()) connection.reset();
  {
    const std::lock_guard lock(mutex_);
    if (connection) idle_.push_back(std::move(connection));
    --lent_;
  }
  changed_.notify_one();
}

void connection_pool::leave_place() {
  {
    const std::lock_guard lock(mutex_);
    --lent_;
  }
  changed_.notify_one();
}

}  // namespace jobqueue::detail
