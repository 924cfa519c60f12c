#include <jobqueue/service/webhook_sender.hpp>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include <jobqueue/signature.hpp>

#include "core/json_text.hpp"
#include "net/http_text.hpp"
#include "service/http_date.hpp"

namespace jobqueue {
namespace {

constexpr std::size_t most_kept_response = 2048;

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Nothing if it is neither seconds nor a date (RFC 9110, 10.2.3).
std::optional<seconds> read_retry_after(std::string_view value, instant now) {
  value = detail::trimmed(value);
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (failed == std::errc() && end == value.data() + value.size() && !value.empty()) {
    return number >= 0 ? std::optional(seconds(number)) : std::nullopt;
  }
  const auto when = detail::parse_http_date(value);
  if (!when) return std::nullopt;
  return std::max(seconds(0), std::chrono::ceil<seconds>(*when - now));
}

bool is_throttled(unsigned status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

// The deliveries of one run: a thread finds what is due, others send it.
class sending {
 public:
  sending(webhook_store& store, const webhook_sender_options& options, const http_client& client)
      : store_(&store), options_(&options), client_(&client) {}

  result<webhook_sender_report> run(const std::function<bool()>& go_on) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < options_->concurrency; ++i) {
      threads.emplace_back([this] { send_all(); });
    }
    const status found = find_all(go_on);
    {
      std::unique_lock lock(mutex_);
      idle_.wait(lock, [&] { return busy_ == 0; });
      is_over_ = true;
    }
    wake_.notify_all();
    for (auto& one : threads) one.join();
    if (!found) return found.problem();
    if (problem_) return *problem_;
    const auto next = store_->next_due();
    if (!next) return next.problem();
    report_.next_due = *next;
    return report_;
  }

 private:
  struct task {
    webhook_endpoint endpoint;
    claimed_delivery delivery;
  };

  status find_all(const std::function<bool()>& go_on) {
    while (!go_on || go_on()) {
      const instant now = options_->clock();
      const auto retries = store_->queue_outbox(now);
      if (!retries) return retries.problem();
      const auto endpoints = store_->find_due_endpoints(now);
      if (!endpoints) return endpoints.problem();
      std::size_t claimed = 0;
      for (const webhook_endpoint& endpoint : *endpoints) {
        const std::size_t room = room_for(endpoint.id);
        if (room == 0) continue;
        auto deliveries =
            store_->claim(endpoint, room, options_->failures_to_pause, now, now + options_->lease);
        if (!deliveries) return deliveries.problem();
        claimed += deliveries->size();
        for (claimed_delivery& one : *deliveries) add({endpoint, std::move(one)});
      }
      if (has_problem()) return done;
      if (claimed != 0) continue;
      // Nothing is due, or all that is waits for a thread.
      if (!wait_for_one()) return done;
    }
    return done;
  }

  std::size_t room_for(const std::string& endpoint) {
    const std::lock_guard lock(mutex_);
    const std::size_t most = std::max<std::size_t>(1, options_->concurrency / 2);
    const auto found = of_endpoint_.find(endpoint);
    const std::size_t own = found == of_endpoint_.end() ? 0 : found->second;
    return std::min(most - std::min(most, own), options_->concurrency - busy_);
  }

  void add(task one) {
    const std::lock_guard lock(mutex_);
    ++busy_;
    ++of_endpoint_[one.endpoint.id];
    tasks_.push_back(std::move(one));
    wake_.notify_one();
  }

  // Until a try ends; false if none is going on.
  bool wait_for_one() {
    std::unique_lock lock(mutex_);
    if (busy_ == 0) return false;
    const std::uint64_t before = ended_;
    idle_.wait(lock, [&] { return ended_ != before; });
    return true;
  }

  bool has_problem() {
    const std::lock_guard lock(mutex_);
    return problem_.has_value();
  }

  void send_all() {
    for (;;) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return !tasks_.empty() || is_over_; });
      if (tasks_.empty()) return;
      const task one = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      const delivery_outcome outcome = send(one);
      const auto written = store_->finish(one.endpoint, one.delivery, outcome);
      lock.lock();
      if (!written && !problem_) problem_ = written.problem();
      if (written && *written) count(outcome);
      --busy_;
      ++ended_;
      --of_endpoint_[one.endpoint.id];
      idle_.notify_all();
    }
  }

  void count(const delivery_outcome& outcome) {
    if (outcome.problem.empty()) {
      ++report_.delivered;
    } else if (outcome.next) {
      ++report_.failed;
    } else {
      ++report_.dead;
    }
  }

  static result<http_request> make_request(const task& one, instant now) {
    const bool is_standard = one.endpoint.scheme == "standard";
    const auto signer = payload_signer::create(
        is_standard ? signature_scheme::standard : signature_scheme::jobqueue, one.endpoint.secret);
    if (!signer) return signer.problem();
    const auto headers =
        signer->sign(one.delivery.body, is_standard ? one.delivery.event_id : std::string(),
                     std::chrono::floor<seconds>(now));
    if (!headers) return headers.problem();
    http_request request;
    request.method = "POST";
    request.url = one.endpoint.url;
    request.body = one.delivery.body;
    request.max_body_bytes = most_kept_response;
    request.accepts_partial_body = true;
    request.headers = one.endpoint.headers;
    request.headers.emplace_back("Content-Type", "application/json");
    request.headers.emplace_back("X-Webhook-Event", one.delivery.event_type);
    request.headers.emplace_back("X-Webhook-ID", one.endpoint.id);
    request.headers.emplace_back("X-Event-ID", one.delivery.event_id);
    for (const auto& header : *headers) request.headers.emplace_back(header.name, header.value);
    return request;
  }

  [[nodiscard]] delivery_outcome send(const task& one) const {
    delivery_outcome outcome;
    outcome.begun = options_->clock();
    const auto request = make_request(one, outcome.begun);
    const auto answer =
        request ? client_->send(*request) : result<http_response>(request.problem());
    outcome.took = std::chrono::ceil<milliseconds>(options_->clock() - outcome.begun);
    std::optional<seconds> wanted;
    if (!answer) {
      outcome.problem = answer.problem().message;
    } else {
      outcome.status = answer->status;
      outcome.response_body = detail::clip_text(answer->body, most_kept_response);
      if (answer->status < 200 || answer->status >= 300) {
        outcome.problem = "the endpoint answered " + std::to_string(answer->status);
      }
      if (is_throttled(answer->status)) {
        wanted = read_retry_after(answer->header("retry-after"), outcome.begun);
      }
    }
    if (!outcome.problem.empty()) plan(one, wanted, outcome);
    return outcome;
  }

  // What comes after a try that failed.
  void plan(const task& one, std::optional<seconds> wanted, delivery_outcome& outcome) const {
    const instant ended = outcome.begun + outcome.took;
    const auto tried =
        static_cast<std::size_t>(std::max<std::int64_t>(1, one.delivery.round_attempt));
    if (outcome.status == 410) {
      outcome.disable_endpoint = "it answered 410 Gone";
    } else if (tried <= options_->schedule.size()) {
      const auto planned = std::chrono::duration<double>(options_->schedule[tried - 1]) *
                           (1 + options_->jitter * (2 * options_->random() - 1));
      microseconds delay = std::chrono::round<microseconds>(planned);
      if (wanted) {
        delay = std::max<microseconds>(delay, std::min(*wanted, options_->longest_retry_after));
      }
      outcome.next = ended + delay;
    }
    if (one.endpoint.consecutive_failures + 1 >= options_->failures_to_pause) {
      outcome.leave_alone_until = ended + options_->pause;
    }
    outcome.is_notification_failed = !outcome.next && !one.delivery.workflow_id.empty() &&
                                     one.delivery.event_type == "workflow_completed";
    if (!outcome.next && options_->log) {
      options_->log("delivery " + one.delivery.id + " is dead after " +
                    std::to_string(one.delivery.attempt) + " tries: " + outcome.problem);
    }
  }

  webhook_store* store_;
  const webhook_sender_options* options_;
  const http_client* client_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::deque<task> tasks_;
  std::map<std::string, std::size_t> of_endpoint_;  // that wait or are sent
  std::size_t busy_ = 0;
  std::uint64_t ended_ = 0;
  bool is_over_ = false;
  std::optional<error> problem_;
  webhook_sender_report report_;
};

}  // namespace

inline namespace v1 {

std::vector<std::chrono::seconds> webhook_sender_options::default_schedule() {
  using std::chrono::hours;
  using std::chrono::minutes;
  return {seconds(5), minutes(5), minutes(30), hours(2), hours(5),
          hours(10),  hours(14),  hours(20),   hours(24)};
}

webhook_sender::webhook_sender(job_store& store, webhook_sender_options options)
    : store_(store), options_(std::move(options)), client_(options_.client) {}

result<std::unique_ptr<webhook_sender>> webhook_sender::create(job_store& store,
                                                               webhook_sender_options options) {
  const auto invalid = [](std::string_view words) {
    return error{errc::invalid_argument, no_offset, std::string(words)};
  };
  if (!options.clock || !options.random) {
    return invalid("a webhook sender needs a clock and random numbers");
  }
  if (options.concurrency < 1 || options.concurrency > 256) {
    return invalid("a webhook sender makes 1 to 256 tries at the same time");
  }
  if (options.jitter < 0 || options.jitter > 1) return invalid("the jitter is from 0 to 1");
  if (options.failures_to_pause < 1) return invalid("the failures before a pause are at least 1");
  if (options.lease <= options.client.total_timeout) {
    return invalid("the lease of a delivery must be longer than a try may take");
  }
  return std::unique_ptr<webhook_sender>(new webhook_sender(store, std::move(options)));
}

result<webhook_sender_report> webhook_sender::run(const std::function<bool()>& go_on) {
  return sending(store_, options_, client_).run(go_on);
}

}  // namespace v1
}  // namespace jobqueue
