// What the server counts, for Prometheus.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <jobqueue/service/evaluator.hpp>
#include <jobqueue/service/webhook_receiver.hpp>
#include <jobqueue/service/webhook_sender.hpp>

#include "service/http_route.hpp"

namespace jobqueue::detail {

// Thread-safe.
class server_metrics {
 public:
  server_metrics();
  ~server_metrics();

  // `route` is null if none was found, or nobody let in.
  void count_request(const http_route* route, unsigned status,
                     std::chrono::steady_clock::duration took);
  void count_connection(std::ptrdiff_t change);
  void count_evaluation(const evaluator_report& report, std::chrono::microseconds took);
  void count_failure(const char* work);  // "evaluator" or "sender"
  void count_sent(const webhook_sender_report& report);
  void set_jobs(const std::vector<category_count>& counts);

  // The text format of Prometheus, with what the receiver has counted.
  [[nodiscard]] std::string write(const webhook_receiver_report& received);

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace jobqueue::detail
