#include "service/periodic_work.hpp"

#include <exception>
#include <utility>

namespace jobqueue::detail {

periodic_work::periodic_work(clock now, std::chrono::milliseconds after_failure, worker work)
    : now_(std::move(now)),
      after_failure_(after_failure),
      work_(std::move(work)),
      thread_([this] { run(); }) {}

void periodic_work::wake() {
  {
    const std::lock_guard lock(mutex_);
    is_wanted_ = true;
  }
  wake_.notify_all();
}

void periodic_work::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

work_state periodic_work::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void periodic_work::run() {
  const auto go_on = [this] {
    const std::lock_guard lock(mutex_);
    return !is_over_;
  };
  std::unique_lock lock(mutex_);
  while (!is_over_) {
    is_wanted_ = false;
    state_.begun = now_();
    state_.is_running = true;
    lock.unlock();
    result<std::chrono::milliseconds> next = after_failure_;
    try {
      next = work_(go_on);
    } catch (const std::exception& problem) {
      next = error{errc::internal, no_offset, problem.what()};
    }
    const instant ended = now_();
    lock.lock();
    ++state_.runs;
    state_.is_running = false;
    state_.took = ended - state_.begun;
    state_.problem = next ? std::string() : next.problem().message;
    if (next) state_.succeeded = ended;
    wake_.wait_for(lock, next ? *next : after_failure_, [this] { return is_wanted_ || is_over_; });
  }
}

}  // namespace jobqueue::detail
