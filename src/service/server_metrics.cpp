#include "service/server_metrics.hpp"

#include <array>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace jobqueue::detail {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

// Finding a metric by its labels costs a map of strings; these are found by what they are of.
struct request_metrics {
  Counter* count = nullptr;
  Histogram* seconds = nullptr;
};

const Histogram::BucketBoundaries& request_buckets() {
  static const Histogram::BucketBoundaries bounds{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05,
                                                  0.1,    0.5,    1,     5,     30};
  return bounds;
}

}  // namespace

struct server_metrics::parts {
  prometheus::Registry registry;
  Family<Counter>& requests = prometheus::BuildCounter()
                                  .Name("jobqueue_http_requests_total")
                                  .Help("Requests that were answered")
                                  .Register(registry);
  Family<Histogram>& seconds = prometheus::BuildHistogram()
                                   .Name("jobqueue_http_request_duration_seconds")
                                   .Help("From the first byte of a request to its answer")
                                   .Register(registry);
  Gauge& connections = prometheus::BuildGauge()
                           .Name("jobqueue_http_connections")
                           .Help("Connections that are open")
                           .Register(registry)
                           .Add({});
  Family<Counter>& events = prometheus::BuildCounter()
                                .Name("jobqueue_webhook_events_total")
                                .Help("Webhooks that came in, by what became of them")
                                .Register(registry);
  Counter& transactions = prometheus::BuildCounter()
                              .Name("jobqueue_webhook_transactions_total")
                              .Help("Transactions that recorded them")
                              .Register(registry)
                              .Add({});
  Counter& bytes_removed = prometheus::BuildCounter()
                               .Name("jobqueue_webhook_bytes_removed_total")
                               .Help("Of blobs that went into the vault")
                               .Register(registry)
                               .Add({});
  Family<Counter>& deliveries = prometheus::BuildCounter()
                                    .Name("jobqueue_webhook_deliveries_total")
                                    .Help("Tries to deliver webhooks, by how they ended")
                                    .Register(registry);
  Counter& evaluated = prometheus::BuildCounter()
                           .Name("jobqueue_jobs_evaluated_total")
                           .Help("Jobs that were given a verdict")
                           .Register(registry)
                           .Add({});
  Gauge& evaluation_seconds = prometheus::BuildGauge()
                                  .Name("jobqueue_evaluation_duration_seconds")
                                  .Help("Of the last evaluation")
                                  .Register(registry)
                                  .Add({});
  Family<Counter>& failures = prometheus::BuildCounter()
                                  .Name("jobqueue_work_failures_total")
                                  .Help("Runs that failed")
                                  .Register(registry);
  Family<Gauge>& jobs = prometheus::BuildGauge()
                            .Name("jobqueue_jobs")
                            .Help("Jobs by their verdict, at the last evaluation")
                            .Register(registry);
  std::mutex mutex;
  std::map<std::pair<const http_route*, unsigned>, request_metrics> by_route;
  std::map<std::pair<std::string, std::string>, Gauge*> by_verdict;
};

server_metrics::server_metrics() : parts_(std::make_unique<parts>()) {}
server_metrics::~server_metrics() = default;

void server_metrics::count_request(const http_route* route, unsigned status,
                                   std::chrono::steady_clock::duration took) {
  const std::lock_guard lock(parts_->mutex);
  request_metrics& found = parts_->by_route[{route, status}];
  if (found.count == nullptr) {
    const std::string path = route == nullptr ? "none" : std::string(route->path);
    const std::string method = route == nullptr ? "any" : std::string(route->method);
    found.count = &parts_->requests.Add(
        {{"route", path}, {"method", method}, {"status", std::to_string(status)}});
    found.seconds = &parts_->seconds.Add({{"route", path}, {"method", method}}, request_buckets());
  }
  found.count->Increment();
  found.seconds->Observe(std::chrono::duration<double>(took).count());
}

void server_metrics::count_connection(std::ptrdiff_t change) {
  parts_->connections.Increment(static_cast<double>(change));
}

void server_metrics::count_evaluation(const evaluator_report& report,
                                      std::chrono::microseconds took) {
  parts_->evaluated.Increment(static_cast<double>(report.evaluated));
  parts_->evaluation_seconds.Set(std::chrono::duration<double>(took).count());
}

void server_metrics::count_failure(const char* work) {
  parts_->failures.Add({{"work", work}}).Increment();
}

void server_metrics::count_sent(const webhook_sender_report& report) {
  parts_->deliveries.Add({{"outcome", "delivered"}})
      .Increment(static_cast<double>(report.delivered));
  parts_->deliveries.Add({{"outcome", "failed"}}).Increment(static_cast<double>(report.failed));
  parts_->deliveries.Add({{"outcome", "dead"}}).Increment(static_cast<double>(report.dead));
}

void server_metrics::set_jobs(const std::vector<category_count>& counts) {
  const std::lock_guard lock(parts_->mutex);
  // A verdict that no job has any more is still one that there was.
  for (const auto& known : parts_->by_verdict) known.second->Set(0);
  for (const category_count& one : counts) {
    Gauge*& gauge = parts_->by_verdict[{one.status_category, one.problem_type}];
    if (gauge == nullptr) {
      gauge = &parts_->jobs.Add(
          {{"status_category", one.status_category.empty() ? "undecided" : one.status_category},
           {"problem_type", one.problem_type}});
    }
    gauge->Increment(static_cast<double>(one.jobs));
  }
}

std::string server_metrics::write(const webhook_receiver_report& received) {
  const std::lock_guard lock(parts_->mutex);
  const auto set = [](Counter& counter, std::uint64_t value) {
    counter.Increment(static_cast<double>(value) - counter.Value());
  };
  const std::array<std::pair<webhook_outcome, std::uint64_t>, 6> outcomes{
      {{webhook_outcome::recorded, received.recorded},
       {webhook_outcome::duplicate, received.duplicates},
       {webhook_outcome::conflict, received.conflicts},
       {webhook_outcome::refused, received.refused},
       {webhook_outcome::malformed, received.malformed},
       {webhook_outcome::unavailable, received.unavailable}}};
  for (const auto& [outcome, count] : outcomes) {
    set(parts_->events.Add({{"outcome", std::string(to_string(outcome))}}), count);
  }
  set(parts_->transactions, received.transactions);
  set(parts_->bytes_removed, received.bytes_removed);
  return prometheus::TextSerializer().Serialize(parts_->registry.Collect());
}

}  // namespace jobqueue::detail
