// jobqueue - webhook sender: tells the endpoints what is due, again and again until they take it.
//
// Deliveries are stored before they are sent. Any number of senders share one store: one that takes
// a delivery up has it alone until its lease is over, and one that dies leaves it to the others. So
// an event arrives at least once, with the same id and the same bytes each time.
// docs/api/webhook_sender.md has the schedule, the headers, and how the other side verifies them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/net/client.hpp>
#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>
#include <jobqueue/store/webhook_store.hpp>

namespace jobqueue {
inline namespace v1 {

struct webhook_sender_options {
  /// The time from each try to the next; after the last one a delivery is dead. The default is the
  /// schedule of Standard Webhooks, which begins at once.
  std::vector<std::chrono::seconds> schedule = default_schedule();
  double jitter = 0.1;  ///< Each is longer or shorter by at most this part of it.
  std::chrono::seconds longest_retry_after{24 * 3600};  ///< What Retry-After may ask for.
  std::chrono::seconds lease{120};                      ///< Must be longer than a try may take.
  std::size_t concurrency = 8;          ///< Tries at the same time; half of it for one endpoint.
  std::int64_t failures_to_pause = 10;  ///< Failed tries in a row; then only probes are sent.
  std::chrono::seconds pause{300};      ///< The time between probes.
  std::function<instant()> clock;       ///< The present. Called from any thread.
  std::function<double()> random;       ///< From 0 to 1, for the jitter. Called from any thread.
  http_client_options client;           ///< Whom it may connect to, and for how long.
  /// Words for the operator. Called from any thread.
  std::function<void(std::string_view)> log;

  [[nodiscard]] static std::vector<std::chrono::seconds> default_schedule();
};

struct webhook_sender_report {
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;  ///< Tries that will be made again.
  std::uint64_t dead = 0;
  std::optional<instant> next_due;
};

class webhook_sender {
 public:
  /// The store must live as long as the sender. `invalid_argument` for impossible options.
  [[nodiscard]] static result<std::unique_ptr<webhook_sender>> create(
      job_store& store, webhook_sender_options options);

  /// Sends what is due until nothing is, or `go_on` says false; then waits for the tries that were
  /// begun. One call at a time.
  [[nodiscard]] result<webhook_sender_report> run(const std::function<bool()>& go_on = {});

 private:
  webhook_sender(job_store& store, webhook_sender_options options);

  webhook_store store_;
  webhook_sender_options options_;
  http_client client_;
};

/// Completes and checks an endpoint that is to be added: an id, a scheme and a secret are made
/// where it has none. `invalid_argument` and `secret_invalid` say what is wrong with it.
[[nodiscard]] result<webhook_endpoint> make_webhook_endpoint(webhook_endpoint given);

}  // namespace v1
}  // namespace jobqueue
