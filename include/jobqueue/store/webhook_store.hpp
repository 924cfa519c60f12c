// jobqueue - webhook store: the endpoints that are told, and what they are told, in the job store.
//
// It moves data and decides nothing: who is told when is up to the webhook sender. Time is a
// parameter. docs/api/webhook_sender.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>
#include <jobqueue/store/job_store.hpp>

namespace jobqueue {
inline namespace v1 {

struct webhook_endpoint {
  std::string id;
  std::string url;
  std::string description;
  std::vector<std::string> event_types;                      ///< None: every type.
  std::vector<std::pair<std::string, std::string>> headers;  ///< Besides those of a webhook.
  std::string scheme;  ///< "standard" or "jobqueue": how it is signed.
  std::string secret;
  bool is_active = true;
  std::string disabled_reason;  ///< Why it is not.
  std::int64_t consecutive_failures = 0;
  std::optional<instant> disabled_until;  ///< It failed too often, and is left alone till then.
};

/// A delivery that was taken up: nobody else sends it before its lease is over.
struct claimed_delivery {
  std::string id;
  std::string event_id;
  std::string event_type;
  std::string workflow_id;
  std::string body;
  std::int64_t attempt = 0;        ///< From 1.
  std::int64_t round_attempt = 0;  ///< The same since it was redriven.
};

/// How a try ended.
struct delivery_outcome {
  instant begun;
  std::chrono::milliseconds took{0};
  unsigned status = 0;          ///< Of HTTP; 0: there was no answer.
  std::string response_body;    ///< The beginning of it.
  std::string problem;          ///< Empty: delivered.
  std::optional<instant> next;  ///< When to try again; nothing: never.
  /// Of a workflow whose user will not be told: a notification that failed is recorded.
  bool is_notification_failed = false;
  std::string disable_endpoint;  ///< Why the endpoint is told nothing any more; empty: it is.
  std::optional<instant> leave_alone_until;  ///< The endpoint, for all deliveries.
};

struct delivery_filter {
  std::string state{};  ///< "pending", "delivered", "dead"; empty: any.
  std::string endpoint_id{};
  std::string workflow_id{};
  std::size_t limit = 100;  ///< 1 to 1,000.
  std::string after{};      ///< `delivery_list::cursor` of the list before, or empty.
};
struct delivery_list {
  std::vector<std::string> deliveries;  ///< JSON objects: the columns but the bodies. Newest first.
  std::string cursor;                   ///< Empty: this was the last.
};

/// Which dead deliveries are to be tried again. All that is given must hold.
struct redrive_request {
  std::string delivery_id{};
  std::string endpoint_id{};
  bool all_dead = false;  ///< Must be true if neither is given.
};

/// Thread-safe. The job store must live as long.
class webhook_store {
 public:
  explicit webhook_store(job_store& store) : store_(&store) {}

  /// `invalid_argument` if there is one of that id.
  [[nodiscard]] status add_endpoint(const webhook_endpoint& endpoint, instant now);
  [[nodiscard]] result<std::vector<webhook_endpoint>> list_endpoints();
  [[nodiscard]] result<std::optional<webhook_endpoint>> find_endpoint(std::string_view id);
  /// With its deliveries. False if there is none.
  [[nodiscard]] result<bool> remove_endpoint(std::string_view id);
  /// Forgets failures, too. False if there is none.
  [[nodiscard]] result<bool> enable_endpoint(std::string_view id, instant now);

  /// The endpoints that have deliveries which are due, and may be told now.
  [[nodiscard]] result<std::vector<webhook_endpoint>> find_due_endpoints(instant now);
  /// Takes up at most so many deliveries of an endpoint, until `lease_end`. One that failed
  /// `probe_from` times in a row is given one alone, and to one caller.
  [[nodiscard]] result<std::vector<claimed_delivery>> claim(const webhook_endpoint& endpoint,
                                                            std::size_t limit,
                                                            std::int64_t probe_from, instant now,
                                                            instant lease_end);
  /// Writes how a try ended. False if its lease was over and another has taken it up.
  [[nodiscard]] result<bool> finish(const webhook_endpoint& endpoint,
                                    const claimed_delivery& delivery,
                                    const delivery_outcome& outcome);
  /// When something will be due.
  [[nodiscard]] result<std::optional<instant>> next_due();

  /// One delivery for one endpoint, whatever it subscribes to; gives its id.
  [[nodiscard]] result<std::string> queue_test(const webhook_endpoint& endpoint,
                                               std::string_view event_id, std::string_view body,
                                               instant now);
  /// Makes deliveries of the retries in the outbox, where somebody wants them. Gives how many.
  [[nodiscard]] result<std::size_t> queue_outbox(instant now);
  [[nodiscard]] result<std::size_t> redrive(const redrive_request& request, instant now);
  [[nodiscard]] result<delivery_list> list_deliveries(const delivery_filter& filter);
  /// The tries of a delivery, JSON objects, oldest first.
  [[nodiscard]] result<std::vector<std::string>> list_attempts(std::string_view delivery_id);
  /// Deliveries by their state.
  [[nodiscard]] result<std::vector<std::pair<std::string, std::uint64_t>>> count_deliveries();

 private:
  job_store* store_;
};

}  // namespace v1
}  // namespace jobqueue
