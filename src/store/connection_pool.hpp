// Connections that are kept and lent.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/sql_connection.hpp"

namespace jobqueue::detail {

struct pool_settings {
  std::string name;  // of the store, for messages
  std::size_t size = 10;
  std::chrono::milliseconds acquire_timeout{60'000};
};

// Thread-safe. It must outlive what it lends.
class connection_pool {
 public:
  using opener = std::function<result<std::unique_ptr<sql_connection>>()>;

  // A borrowed connection, given back when it goes.
  class lease {
   public:
    lease(connection_pool& pool, std::unique_ptr<sql_connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    lease(lease&&) noexcept = default;
    lease& operator=(lease&&) = delete;
    ~lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    [[nodiscard]] sql_connection& operator*() const noexcept { return *connection_; }
    [[nodiscard]] sql_connection* operator->() const noexcept { return connection_.get(); }

   private:
    connection_pool* pool_;
    std::unique_ptr<sql_connection> connection_;
  };

  connection_pool(pool_settings settings, opener open)
      : settings_(std::move(settings)), open_(std::move(open)) {}
  connection_pool(const connection_pool&) = delete;
  connection_pool& operator=(const connection_pool&) = delete;

  // An idle connection, or a new one while there are fewer than `size`; else it waits. A store that
  // cannot be reached is tried again until the acquire timeout is over, unless `patient` is false.
  // `store_error` says whether the pool is exhausted or the store cannot be reached.
  [[nodiscard]] result<lease> acquire(bool patient = true);

 private:
  // Waits for a free place. Gives an idle connection, or none: then the place is the caller's.
  [[nodiscard]] result<std::unique_ptr<sql_connection>> take_place(
      std::chrono::steady_clock::time_point deadline);
  void give_back(std::unique_ptr<sql_connection> connection);
  void leave_place();

  pool_settings settings_;
  opener open_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<sql_connection>> idle_;
  std::size_t lent_ = 0;
};

}  // namespace jobqueue::detail
