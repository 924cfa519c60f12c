// jobqueue - webhook receiver: takes signed events in, each once, and says so when they are safe.
//
//   #include <iostream>
//   #include <jobqueue/service/webhook_receiver.hpp>
//
//   int main() {
//     using namespace jobqueue;
//     store_options create;
//     create.create = true;
//     auto store = job_store::open("sqlite:jobs.db", create).value();
//     if (!store->migrate()) return 1;
//     const std::string body = R"({"event_type":"workflow_completed","data":{"workflow_id":"7"}})";
//     const auto now = std::chrono::sys_seconds(std::chrono::seconds(1'767'614'400));
//     webhook_receiver_options options;
//     options.secrets = {"s3cret-of-both-sides"};
//     options.clock = [now] { return instant(now); };
//     auto receiver = webhook_receiver::create(*store, options).value();
//     const auto made =
//         sign_payload(signature_scheme::jobqueue, options.secrets[0], body, "", now).value();
//     const header_field signature{made[0].name, made[0].value};
//     receiver->receive(webhook_kind::workflow, {&signature, 1}, body, false,
//                       [](const webhook_receipt& receipt) {
//                         std::cout << to_string(receipt.outcome) << '\n';
//                       });
//     receiver->stop();
//   }
//
// prints "recorded".
//
// The signature is verified over the bytes as they came before anything else looks at them. What is
// told of an event is told after the transaction with it is on the disk; those that wait share one.
// docs/api/webhook_receiver.md has what is recorded.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/base64.hpp>
#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>
#include <jobqueue/signature.hpp>
#include <jobqueue/store/job_store.hpp>

namespace jobqueue {
namespace detail {
class webhook_receiver_parts;
}  // namespace detail
inline namespace v1 {

struct webhook_receiver_options {
  std::vector<std::string> secrets;  ///< Any of them may have signed; none: only tokens are let in.
  signature_scheme scheme = signature_scheme::automatic;
  std::chrono::seconds tolerance{300};
  std::function<instant()> clock;  ///< The present. Called from any thread.
  /// Where the base64 blobs of bodies go before they are kept, reversibly; none: kept as they came.
  blob_store* vault = nullptr;
  std::size_t most_waiting = 10'000;  ///< Events that wait for the store; over it: unavailable.
  std::size_t most_waiting_bytes = std::size_t{256} << 20;  ///< Of their bodies.
  std::size_t most_together = 2'000;                        ///< Events of one transaction.
  std::size_t most_known = 100'000;  ///< Events that are known without asking the store.
  /// Called when events were recorded, for whoever sends what follows from them. From the thread
  /// that writes.
  std::function<void()> recorded;
  /// Words for the operator: why a signature was refused, why the store failed. At most ten a
  /// second. They have no byte of a body or a secret. Called from any thread.
  std::function<void(std::string_view)> log;
};

/// Where it was sent to.
enum class webhook_kind : std::uint8_t {
  workflow,       ///< A job or workflow came to an end, or anything else that is worth recording.
  user_notified,  ///< The user was told, or could not be.
};

enum class webhook_outcome : std::uint8_t {
  recorded,     ///< It is new, and on the disk.
  duplicate,    ///< It was recorded before; nothing was written.
  conflict,     ///< Its id was recorded with another body; nothing was written.
  refused,      ///< Nobody has signed it: `verification` says why.
  malformed,    ///< It lacks what is needed: `message` says what.
  unavailable,  ///< The store failed or is busy; it may be sent again.
};

/// "recorded", "duplicate", ... Static.
[[nodiscard]] std::string_view to_string(webhook_outcome outcome) noexcept;

struct webhook_receipt {
  webhook_outcome outcome = webhook_outcome::unavailable;
  std::string event_id;
  std::string workflow_id;
  std::string message;  ///< Of `malformed` and `unavailable`.
  jobqueue::verification verification;
};

struct webhook_receiver_report {
  std::uint64_t recorded = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t refused = 0;
  std::uint64_t malformed = 0;
  std::uint64_t unavailable = 0;
  std::uint64_t transactions = 0;
  std::uint64_t bytes_removed = 0;  ///< Of blobs that went into the vault.
  instant last_recorded_at;         ///< 1970: never.
};

/// Thread-safe.
class webhook_receiver {
 public:
  using receipt_taker = std::function<void(const webhook_receipt&)>;

  /// The store and the vault must live as long as the receiver. `secret_invalid` and
  /// `invalid_argument` as of `signature_verifier`.
  [[nodiscard]] static result<std::unique_ptr<webhook_receiver>> create(
      job_store& store, webhook_receiver_options options);
  ~webhook_receiver();

  /// Verifies `body` and has it recorded. `is_trusted`: the caller has a token, and a signature may
  /// be absent. `take` is called once: at once, or from the thread that writes. Nothing of the
  /// arguments is kept after the return. Does not wait.
  ///
  /// The id of an event is what was signed: `webhook-id` or `svix-id` with the schemes that sign
  /// it, else the member `event_id` of the body, else the SHA-256 of the body.
  void receive(webhook_kind kind, std::span<const header_field> headers, std::string_view body,
               bool is_trusted, receipt_taker take);

  [[nodiscard]] webhook_receiver_report report() const;
  /// Records what waits, takes nothing more, and returns.
  void stop();

 private:
  explicit webhook_receiver(std::unique_ptr<detail::webhook_receiver_parts> parts);
  std::unique_ptr<detail::webhook_receiver_parts> parts_;
};

}  // namespace v1
}  // namespace jobqueue
