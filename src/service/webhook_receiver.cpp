#include <jobqueue/service/webhook_receiver.hpp>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "service/known_events.hpp"
#include "service/webhook_event.hpp"

namespace jobqueue {
namespace detail {
namespace {

constexpr std::uint64_t most_lines_a_second = 10;

std::string_view as_key(const sha256_digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

sha256_digest digest_of(std::string_view body) {
  return sha256(std::as_bytes(std::span(body.data(), body.size())));
}

}  // namespace

class webhook_receiver_parts {
 public:
  // `hinting` verifies as `verifier` does, and says more.
  webhook_receiver_parts(job_store& store, webhook_receiver_options options,
                         std::optional<signature_verifier> verifier,
                         std::optional<signature_verifier> hinting)
      : store_(&store),
        options_(std::move(options)),
        verifier_(std::move(verifier)),
        hinting_(std::move(hinting)),
        known_(options_.most_known),
        committer_([this] { commit_all(); }) {}
  webhook_receiver_parts(const webhook_receiver_parts&) = delete;
  webhook_receiver_parts& operator=(const webhook_receiver_parts&) = delete;
  ~webhook_receiver_parts() { stop(); }

  void receive(webhook_kind kind, std::span<const header_field> headers, std::string_view body,
               bool is_trusted, webhook_receiver::receipt_taker take) {
    webhook_receipt receipt;
    const instant now = options_.clock();
    if (!verify(headers, body, is_trusted, now, receipt)) return finish(receipt, take);

    // A known event is answered here, before anything reads it.
    const sha256_digest digest = digest_of(body);
    std::string id = signed_event_id(receipt.verification.scheme, headers);
    if (id.empty() && is_trusted) id = signed_event_id(signature_scheme::standard, headers);
    std::string key = kind == webhook_kind::user_notified ? "n" : "w";
    key += id.empty() ? as_key(digest) : std::string_view(id);
    if (const auto known = known_.find(key)) {
      receipt.outcome =
          known->digest == digest ? webhook_outcome::duplicate : webhook_outcome::conflict;
      receipt.event_id = known->event_id;
      receipt.workflow_id = known->workflow_id;
      return finish(receipt, take);
    }

    auto event = read_event(kind, body, headers, std::move(id), digest.hex(), now);
    if (!event) {
      receipt.outcome = webhook_outcome::malformed;
      receipt.message = event.problem().message;
      return finish(receipt, take);
    }
    if (receipt.verification.ok()) {
      event->scheme = to_string(receipt.verification.scheme);
      event->secret_index = receipt.verification.secret_index;
    }
    receipt.event_id = event->id;
    receipt.workflow_id = event->workflow_id;
    if (const status kept = keep_blobs(*event); !kept) {
      receipt.message = "the vault does not take the blobs of the body; send it again";
      log(kept.problem().message);
      return finish(receipt, take);
    }
    std::string event_id = event->id;
    enqueue({std::move(*event), std::move(event_id), digest, std::move(key), std::move(receipt),
             std::move(take)});
  }

  [[nodiscard]] webhook_receiver_report report() const {
    const std::lock_guard lock(report_mutex_);
    return report_;
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    wake_.notify_all();
    if (committer_.joinable()) committer_.join();
  }

 private:
  // An event that waits for its transaction.
  struct waiting {
    incoming_event event;
    std::string id;
    sha256_digest digest;
    std::string key;  // under which it will be known
    webhook_receipt receipt;
    webhook_receiver::receipt_taker take;
  };

  bool verify(std::span<const header_field> headers, std::string_view body, bool is_trusted,
              instant now, webhook_receipt& receipt) {
    verification& answer = receipt.verification;
    answer.reason = errc::signature_missing;
    if (verifier_) {
      answer = verifier_->verify(headers, body, std::chrono::floor<std::chrono::seconds>(now));
    }
    // Who has a token need not sign; but a signature that is there must be right.
    if (answer.ok() || (is_trusted && answer.reason == errc::signature_missing)) return true;
    receipt.outcome = webhook_outcome::refused;
    if (!options_.log || !may_log()) return false;
    if (!verifier_) {
      options_.log("a webhook was refused, because there is no secret to verify it with");
      return false;
    }
    // Looking for the mistake costs more than the refusal, and a flood of forgeries must not.
    options_.log(describe_verification(
        hinting_->verify(headers, body, std::chrono::floor<std::chrono::seconds>(now))));
    return false;
  }

  status keep_blobs(incoming_event& event) {
    if (options_.vault == nullptr) return done;
    sanitize_options wanted;
    wanted.store = options_.vault;
    const auto lean = sanitize_base64(event.body, wanted);
    if (!lean) return lean.problem();
    if (!lean->changed) return done;
    const std::size_t before = event.body.size();
    std::string body(lean->view(event.body));
    if (event.attestation) event.attestation->record = body;
    event.body = std::move(body);
    const std::lock_guard lock(report_mutex_);
    report_.bytes_removed += before - event.body.size();
    return done;
  }

  void enqueue(waiting one) {
    {
      const std::lock_guard lock(mutex_);
      const std::size_t bytes = waiting_bytes_ + one.event.body.size();
      if (!is_stopping_ && queue_.size() < options_.most_waiting &&
          bytes <= options_.most_waiting_bytes) {
        waiting_bytes_ = bytes;
        queue_.push_back(std::move(one));
        if (queue_.size() == 1) wake_.notify_one();
        return;
      }
    }
    one.receipt.message = "too many events wait; send it again";
    finish(one.receipt, one.take);
  }

  void commit_all() {
    for (;;) {
      std::vector<waiting> some;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return !queue_.empty() || is_stopping_; });
        if (queue_.empty()) return;
        while (!queue_.empty() && some.size() < options_.most_together) {
          some.push_back(std::move(queue_.front()));
          queue_.pop_front();
          waiting_bytes_ -= some.back().event.body.size();
        }
      }
      commit(some);
    }
  }

  // Of equal ids one is recorded; the others are what they are to that.
  void commit(std::vector<waiting>& some) {
    std::unordered_map<std::string_view, std::size_t> firsts;
    std::vector<std::size_t> unique;
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (firsts.emplace(some[i].id, i).second) unique.push_back(i);
    }
    std::vector<incoming_event> events;
    events.reserve(unique.size());
    for (const std::size_t i : unique) events.push_back(std::move(some[i].event));
    std::vector<result<event_fate>> fates = record(events);
    bool has_new = false;
    for (std::size_t n = 0; n < unique.size(); ++n) {
      has_new = has_new || (fates[n] && *fates[n] == event_fate::recorded);
      settle(some[unique[n]], fates[n]);
    }
    if (has_new && options_.recorded) options_.recorded();
    for (std::size_t i = 0; i < some.size(); ++i) {
      const std::size_t first = firsts.find(some[i].id)->second;
      if (first == i) continue;
      const webhook_outcome outcome = some[first].receipt.outcome;
      const bool is_safe =
          outcome == webhook_outcome::recorded || outcome == webhook_outcome::duplicate;
      const bool is_same = some[first].digest == some[i].digest;
      some[i].receipt.message = some[first].receipt.message;
      if (is_safe) {
        some[i].receipt.outcome = is_same ? webhook_outcome::duplicate : webhook_outcome::conflict;
      } else if (outcome != webhook_outcome::conflict || is_same) {
        some[i].receipt.outcome = outcome;
      } else {
        // Neither has the body that is known, as far as is known here.
        some[i].receipt.outcome = webhook_outcome::unavailable;
        some[i].receipt.message = "another event of that id came at the same time; send it again";
      }
      finish(some[i].receipt, some[i].take);
    }
  }

  std::vector<result<event_fate>> record(std::span<const incoming_event> events) {
    bool refused_values = false;
    auto together = record_events(*store_, events, options_.clock(), refused_values);
    count_transaction();
    std::vector<result<event_fate>> fates;
    if (together) {
      for (const event_fate fate : *together) fates.emplace_back(fate);
      return fates;
    }
    // One of them is at fault, and the others must not suffer for it.
    for (const incoming_event& event : events) {
      if (!refused_values || events.size() == 1) {
        fates.emplace_back(together.problem());
        continue;
      }
      bool is_refused = false;
      auto alone = record_events(*store_, {&event, 1}, options_.clock(), is_refused);
      count_transaction();
      if (alone) {
        fates.emplace_back(alone->front());
      } else {
        fates.emplace_back(alone.problem());
      }
    }
    return fates;
  }

  void settle(waiting& one, const result<event_fate>& fate) {
    if (!fate) {
      one.receipt.outcome = webhook_outcome::unavailable;
      one.receipt.message = "the store did not take it; send it again";
      log(fate.problem().message);
      return finish(one.receipt, one.take);
    }
    switch (*fate) {
      case event_fate::recorded: one.receipt.outcome = webhook_outcome::recorded; break;
      case event_fate::known: one.receipt.outcome = webhook_outcome::duplicate; break;
      case event_fate::conflict: one.receipt.outcome = webhook_outcome::conflict; break;
    }
    if (*fate != event_fate::conflict) {
      known_.add(one.key, {one.digest, one.receipt.event_id, one.receipt.workflow_id});
    }
    finish(one.receipt, one.take);
  }

  void finish(const webhook_receipt& receipt, const webhook_receiver::receipt_taker& take) {
    {
      const std::lock_guard lock(report_mutex_);
      switch (receipt.outcome) {
        case webhook_outcome::recorded:
          ++report_.recorded;
          report_.last_recorded_at = options_.clock();
          break;
        case webhook_outcome::duplicate: ++report_.duplicates; break;
        case webhook_outcome::conflict: ++report_.conflicts; break;
        case webhook_outcome::refused: ++report_.refused; break;
        case webhook_outcome::malformed: ++report_.malformed; break;
        case webhook_outcome::unavailable: ++report_.unavailable; break;
      }
    }
    take(receipt);
  }

  void count_transaction() {
    const std::lock_guard lock(report_mutex_);
    ++report_.transactions;
  }

  void log(std::string_view words) {
    if (options_.log && may_log()) options_.log(words);
  }

  // A flood of events must not become a flood of lines.
  bool may_log() {
    const auto second = std::chrono::floor<std::chrono::seconds>(options_.clock());
    const std::lock_guard lock(log_mutex_);
    if (second != log_second_) {
      log_second_ = second;
      lines_ = 0;
    }
    return ++lines_ <= most_lines_a_second;
  }

  job_store* store_;
  webhook_receiver_options options_;
  std::optional<signature_verifier> verifier_;
  std::optional<signature_verifier> hinting_;
  known_events known_;

  mutable std::mutex report_mutex_;
  webhook_receiver_report report_;
  std::mutex log_mutex_;
  std::chrono::sys_seconds log_second_{};
  std::uint64_t lines_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<waiting> queue_;
  std::size_t waiting_bytes_ = 0;
  bool is_stopping_ = false;
  std::thread committer_;
};

}  // namespace detail

inline namespace v1 {

std::string_view to_string(webhook_outcome outcome) noexcept {
  switch (outcome) {
    case webhook_outcome::recorded: return "recorded";
    case webhook_outcome::duplicate: return "duplicate";
    case webhook_outcome::conflict: return "conflict";
    case webhook_outcome::refused: return "refused";
    case webhook_outcome::malformed: return "malformed";
    case webhook_outcome::unavailable: return "unavailable";
  }
  return "";
}

webhook_receiver::webhook_receiver(std::unique_ptr<detail::webhook_receiver_parts> parts)
    : parts_(std::move(parts)) {}
webhook_receiver::~webhook_receiver() = default;

result<std::unique_ptr<webhook_receiver>> webhook_receiver::create(
    job_store& store, webhook_receiver_options options) {
  if (!options.clock) {
    return error{errc::invalid_argument, no_offset, "a webhook receiver needs a clock"};
  }
  if (options.most_waiting == 0 || options.most_together == 0) {
    return error{errc::invalid_argument, no_offset, "a limit of 0 would let no event in"};
  }
  std::array<std::optional<signature_verifier>, 2> verifiers;
  if (!options.secrets.empty()) {
    const std::vector<std::string_view> secrets(options.secrets.begin(), options.secrets.end());
    for (const bool hints : {false, true}) {
      signature_options wanted;
      wanted.tolerance = options.tolerance;
      wanted.hints = hints;
      auto made = signature_verifier::create(options.scheme, secrets, wanted);
      if (!made) return made.problem();
      verifiers[hints ? 1 : 0].emplace(std::move(*made));
    }
  }
  for (std::string& secret : options.secrets) secret.assign(secret.size(), '\0');
  options.secrets.clear();
  return std::unique_ptr<webhook_receiver>(
      new webhook_receiver(std::make_unique<detail::webhook_receiver_parts>(
          store, std::move(options), std::move(verifiers[0]), std::move(verifiers[1]))));
}

void webhook_receiver::receive(webhook_kind kind, std::span<const header_field> headers,
                               std::string_view body, bool is_trusted, receipt_taker take) {
  parts_->receive(kind, headers, body, is_trusted, std::move(take));
}

webhook_receiver_report webhook_receiver::report() const { return parts_->report(); }

void webhook_receiver::stop() { parts_->stop(); }

}  // namespace v1
}  // namespace jobqueue
