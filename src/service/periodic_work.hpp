// Work that is done again and again on a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>

namespace jobqueue::detail {

// When it was last done.
struct work_state {
  instant begun;        // of the last one; 1970: never
  instant succeeded;    // when one last ended well
  std::string problem;  // of the last one; empty: it went well
  std::chrono::microseconds took{0};
  std::uint64_t runs = 0;
  bool is_running = false;
};

class periodic_work {
 public:
  using clock = std::function<instant()>;
  // `work` returns the time until it is to be done again; it is given a question that says false
  // when it should end.
  using worker = std::function<result<std::chrono::milliseconds>(const std::function<bool()>&)>;

  // After a failure it is done again after `after_failure`.
  periodic_work(clock now, std::chrono::milliseconds after_failure, worker work);
  periodic_work(const periodic_work&) = delete;
  periodic_work& operator=(const periodic_work&) = delete;
  ~periodic_work() { stop(); }

  // There is something to do.
  void wake();
  void stop();
  [[nodiscard]] work_state state() const;

 private:
  void run();

  clock now_;
  std::chrono::milliseconds after_failure_;
  worker work_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  work_state state_;
  bool is_wanted_ = true;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace jobqueue::detail
