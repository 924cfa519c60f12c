#include <jobqueue/service/server.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include <jobqueue/net/address_policy.hpp>
#include <jobqueue/service/evaluator.hpp>
#include <jobqueue/service/evidence_collector.hpp>
#include <jobqueue/service/forensics.hpp>
#include <jobqueue/service/resolver.hpp>
#include <jobqueue/service/webhook_receiver.hpp>
#include <jobqueue/store/webhook_store.hpp>

#include "core/json_text.hpp"
#include "service/forensics_routes.hpp"
#include "service/http_server.hpp"
#include "service/mock_application.hpp"
#include "service/monitor_routes.hpp"
#include "service/periodic_work.hpp"
#include "service/receiver_routes.hpp"
#include "service/server_metrics.hpp"
#include "service/webhook_routes.hpp"
#include "store/job_store_parts.hpp"
#include "store/metric_store.hpp"

namespace jobqueue {
namespace {

using namespace std::chrono_literals;
using detail::http_answer;
using detail::http_call;
using detail::http_respond;
using detail::http_route;
using detail::route_access;
using std::chrono::milliseconds;

// What others put into the queue of deliveries is seen after so long at the latest.
constexpr milliseconds longest_sender_pause = 5s;
constexpr milliseconds after_failure = 5s;

instant present() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

bool is_loopback(const std::string& address) {
  const auto block = parse_address_block(address);
  if (!block) return false;
  const address_policy loopback =
      address_policy::create(std::vector<std::string>{"127.0.0.0/8", "::1"}).value();
  return loopback.allows(*block) && !address_policy().allows(*block);
}

class noise {
 public:
  // From 0 to 1.
  double operator()() {
    const std::lock_guard lock(mutex_);
    return std::uniform_real_distribution<double>(0, 1)(engine_);
  }

 private:
  std::mutex mutex_;
  std::minstd_rand engine_{std::random_device{}()};
};

void append_state(std::string& json, std::string_view name, const detail::work_state& state,
                  std::optional<std::chrono::seconds> every) {
  const auto append_time = [&](std::string_view member, instant when) {
    json.append(",\"").append(member).append("\":");
    json += when == instant() ? "null" : '"' + format_instant(when) + '"';
  };
  json.append(",\"").append(name).append(R"(":{"runs":)").append(std::to_string(state.runs));
  append_time("last_begun_at", state.begun);
  append_time("last_success_at", state.succeeded);
  json += R"(,"last_error":)";
  if (state.problem.empty()) {
    json += "null";
  } else {
    detail::append_json_string(json, state.problem);
  }
  if (every) json += R"(,"every_seconds":)" + std::to_string(every->count());
  json += '}';
}

class running final : public server {
 public:
  running(job_store& store, const ruleset& rules, server_options options)
      : store_(&store), rules_(&rules), options_(std::move(options)), evaluator_(store, rules) {}
  ~running() override { stop(0ms); }

  status start() {
    if (status checked = check_tables(); !checked) return checked;
    webhook_receiver_options receiving;
    receiving.secrets = options_.webhook_secrets;
    receiving.clock = present;
    receiving.vault = options_.vault;
    receiving.log = options_.log;
    receiving.recorded = [this] { wake_sender(); };
    auto receiver = webhook_receiver::create(*store_, std::move(receiving));
    if (!receiver) return receiver.problem();
    receiver_ = std::move(*receiver);
    webhook_sender_options sending = options_.sender;
    sending.clock = present;
    sending.random = [this] { return noise_(); };
    sending.log = options_.log;
    auto sender = webhook_sender::create(*store_, std::move(sending));
    if (!sender) return sender.problem();
    sender_ = std::move(*sender);
    if (options_.sends_webhooks) {
      sender_work_.emplace(present, after_failure,
                           [this](const auto& go_on) { return send(go_on); });
    }
    if (options_.every.count() != 0) {
      evaluator_work_.emplace(present, std::min<milliseconds>(options_.every, 60s),
                              [this](const auto& go_on) { return evaluate(go_on); });
    }
    return listen();
  }

  [[nodiscard]] std::uint16_t port() const noexcept override { return port_; }

  void stop(milliseconds at_most) override {
    if (http_) http_->drain(at_most);
    if (receiver_) receiver_->stop();
    if (evaluator_work_) evaluator_work_->stop();
    if (sender_work_) sender_work_->stop();
  }

 private:
  status check_tables() {
    auto connection = store_->parts().pool.acquire();
    if (!connection) return connection.problem();
    for (const std::string_view table :
         {"job", "webhook_event", "webhook_attempt", "job_failure", "metric_sample"}) {
      const auto columns = (*connection)->columns_of(table);
      if (!columns) return columns.problem();
      if (!columns->empty()) continue;
      return error{errc::store_error, no_offset,
                   std::string(store_->name()) + " has no table " + std::string(table) +
                       "; run jobqueue migrate"};
    }
    return done;
  }

  status listen() {
    detail::http_server_options http;
    http.address = options_.address;
    http.port = options_.port;
    http.tls_certificate_file = options_.tls_certificate_file;
    http.tls_key_file = options_.tls_key_file;
    http.most_connections = options_.max_connections;
    http.network_threads = options_.network_threads;
    http.worker_threads = options_.worker_threads;
    auto access = detail::http_access::create(options_.tokens);
    if (!access) return access.problem();
    http.access = std::move(*access);
    auto routes = all_routes();
    if (!routes) return routes.problem();
    detail::http_observer observer;
    observer.answered = [this](const http_route* route, unsigned status, auto took) {
      metrics_.count_request(route, status, took);
    };
    observer.connections = [this](std::ptrdiff_t change) { metrics_.count_connection(change); };
    auto started = detail::http_server::start(http, std::move(*routes), std::move(observer));
    if (!started) return started.problem();
    http_ = std::move(*started);
    port_ = http_->port();
    return done;
  }

  result<std::vector<http_route>> all_routes() {
    std::vector<http_route> all;
    const auto add = [&](std::vector<http_route> some) {
      std::move(some.begin(), some.end(), std::back_inserter(all));
    };
    add(detail::receiver_routes(*receiver_, options_.max_webhook_bytes));
    add(detail::webhook_routes(*store_, present, [this] { wake_sender(); }));
    add(detail::forensics_routes(*store_, *rules_, present, [this] { wake_sender(); }));
    add(detail::monitor_routes(*store_, present));
    if (options_.has_mock_application) {
      detail::mock_application_options mocking;
      mocking.secrets = options_.webhook_secrets;
      mocking.clock = present;
      mocking.service_url = [this] { return "http://127.0.0.1:" + std::to_string(port_); };
      auto mock = detail::mock_routes(std::move(mocking));
      if (!mock) return mock.problem();
      add(std::move(*mock));
    }
    add({{"GET", "/healthz", route_access::open, 0, false,
          [this](const http_call&, const http_respond& respond) { respond(health()); }},
         {"GET", "/metrics", route_access::token, 0, true,
          [this](const http_call&, const http_respond& respond) {
            http_answer answer;
            answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
            answer.body = metrics_.write(receiver_->report());
            respond(std::move(answer));
          }}});
    return all;
  }

  // Healthy means that work is done, and not only that the process is there.
  http_answer health() {
    const status reachable = ping();
    std::string problem = reachable ? std::string() : "the store cannot be reached";
    std::string body = R"(,"now":")" + format_instant(present()) + R"(","store":)";
    body += reachable ? "true" : "false";
    if (evaluator_work_) {
      const detail::work_state state = evaluator_work_->state();
      append_state(body, "evaluator", state, options_.every);
      if (is_overdue(state, options_.every) && problem.empty()) {
        problem = "nothing was evaluated for too long";
      }
    }
    if (sender_work_) append_state(body, "sender", sender_work_->state(), std::nullopt);
    const webhook_receiver_report received = receiver_->report();
    body += R"(,"receiver":{"recorded":)" + std::to_string(received.recorded);
    body += R"(,"last_recorded_at":)";
    body += received.last_recorded_at == instant()
                ? "null}"
                : '"' + format_instant(received.last_recorded_at) + "\"}";
    http_answer answer;
    answer.status = problem.empty() ? 200 : 503;
    answer.body = problem.empty() ? R"({"status":"ok")" : R"({"status":"failing","problem":)";
    if (!problem.empty()) detail::append_json_string(answer.body, problem);
    answer.body += body + "}\n";
    return answer;
  }

  [[nodiscard]] bool is_overdue(const detail::work_state& state, std::chrono::seconds every) const {
    const instant last = std::max(state.succeeded, started_);
    return present() - last > 2 * every + 60s && !state.is_running;
  }

  status ping() {
    auto connection = store_->parts().pool.acquire(false);
    if (!connection) return connection.problem();
    const auto answered = (*connection)->query("SELECT 1");
    if (!answered) return answered.problem();
    return done;
  }

  void wake_sender() {
    if (sender_work_) sender_work_->wake();
  }

  result<milliseconds> send(const std::function<bool()>& go_on) {
    const auto report = sender_->run(go_on);
    if (!report) return failed("sender", report.problem());
    metrics_.count_sent(*report);
    if (!report->next_due) return longest_sender_pause;
    const auto until = std::chrono::ceil<milliseconds>(*report->next_due - present());
    // What is due and was not sent waits for its endpoint.
    return std::clamp<milliseconds>(until, 200ms, longest_sender_pause);
  }

  result<milliseconds> evaluate(const std::function<bool()>& go_on) {
    const auto begun = std::chrono::steady_clock::now();
    const instant now = present();
    if (options_.redis != nullptr) {
      collector_options wanted;
      wanted.attestations = true;  // forensics looks at the store alone
      const auto collected = collect_evidence(*options_.redis, *store_, wanted);
      if (!collected) return failed("evaluator", collected.problem());
    }
    const auto evaluated = evaluator_.run(now, [&](const evaluator_progress&) { return go_on(); });
    if (!evaluated) return failed("evaluator", evaluated.problem());
    metrics_.count_evaluation(*evaluated, std::chrono::duration_cast<std::chrono::microseconds>(
                                              std::chrono::steady_clock::now() - begun));
    if (go_on()) {
      resolver_options resolving;
      resolving.max_retries = options_.max_retries;
      const auto resolved = resolver(*store_, *rules_, resolving).run(now);
      if (!resolved) return failed("evaluator", resolved.problem());
      if (resolved->scheduled != 0) wake_sender();
    }
    const auto indexed = forensics(*store_, *rules_).index_failures();
    if (!indexed) return failed("evaluator", indexed.problem());
    const auto counts = store_->count_categories();
    if (!counts) return failed("evaluator", counts.problem());
    metrics_.set_jobs(*counts);
    if (const status sampled = sample(now, *counts); !sampled) {
      return failed("evaluator", sampled.problem());
    }
    return std::chrono::round<milliseconds>(std::chrono::duration<double>(options_.every) *
                                            (0.9 + 0.2 * noise_()));
  }

  // What charts show.
  status sample(instant now, const std::vector<category_count>& counts) {
    std::map<std::string_view, std::int64_t> values;
    for (const std::string_view name : {"complete", "filed", "incomplete", "undecided"}) {
      values[name] = 0;
    }
    for (const category_count& one : counts) {
      const std::string_view name =
          one.status_category.empty() ? "undecided" : std::string_view(one.status_category);
      values[name] += static_cast<std::int64_t>(one.jobs);
    }
    const auto deliveries = webhook_store(*store_).count_deliveries();
    if (!deliveries) return deliveries.problem();
    for (const auto& [state, count] : *deliveries) {
      values[state] = static_cast<std::int64_t>(count);
    }
    const std::uint64_t removed = receiver_->report().bytes_removed;
    if (removed != counted_removed_) {
      auto connection = store_->parts().pool.acquire();
      if (!connection) return connection.problem();
      status added = detail::add_to_total(**connection, detail::bytes_removed_total,
                                          static_cast<std::int64_t>(removed - counted_removed_));
      if (!added) return added;
      counted_removed_ = removed;
    }
    std::vector<detail::metric_value> all;
    all.reserve(values.size());
    for (const auto& [name, value] : values) all.push_back({name, value});
    return detail::add_samples(*store_, now, all);
  }

  error failed(const char* work, const error& problem) {
    metrics_.count_failure(work);
    if (options_.log) options_.log(std::string(work) + ": " + problem.message);
    return problem;
  }

  job_store* store_;
  const ruleset* rules_;
  server_options options_;
  instant started_ = present();
  noise noise_;
  std::uint64_t counted_removed_ = 0;  // of what the receiver says
  detail::server_metrics metrics_;
  evaluator evaluator_;
  std::unique_ptr<webhook_receiver> receiver_;
  std::unique_ptr<webhook_sender> sender_;
  // Work that was begun before the network may be asked for by it.
  std::optional<detail::periodic_work> sender_work_;
  std::optional<detail::periodic_work> evaluator_work_;
  std::unique_ptr<detail::http_server> http_;
  std::atomic<std::uint16_t> port_ = 0;
};

error invalid(std::string message) {
  return {errc::invalid_argument, no_offset, std::move(message)};
}

}  // namespace

inline namespace v1 {

status check_server_options(const server_options& options) {
  if (!parse_address_block(options.address)) {
    return invalid("'" + options.address + "' is no address to listen on");
  }
  if (options.tls_certificate_file.empty() != options.tls_key_file.empty()) {
    return invalid("TLS needs a certificate and its key");
  }
  if (options.tokens.empty() && !is_loopback(options.address)) {
    return invalid(
        "without a token only this machine is served: set a token, or listen on 127.0.0.1");
  }
  if (options.network_threads < 1 || options.network_threads > 64 || options.worker_threads < 1 ||
      options.worker_threads > 256) {
    return invalid("there are 1 to 64 threads of the network, and 1 to 256 that work");
  }
  if (options.max_connections < 1) return invalid("there must be a connection");
  if (options.has_mock_application && !options.tls_certificate_file.empty()) {
    return invalid("the mock application is for tests without TLS");
  }
  if (options.has_mock_application && options.webhook_secrets.empty()) {
    return invalid("the mock application needs the secret of the webhooks");
  }
  const auto access = detail::http_access::create(options.tokens);
  if (!access) return access.problem();
  if (options.webhook_secrets.empty()) return done;
  const std::vector<std::string_view> secrets(options.webhook_secrets.begin(),
                                              options.webhook_secrets.end());
  const auto verifier = signature_verifier::create(signature_scheme::automatic, secrets);
  if (!verifier) return verifier.problem();
  return done;
}

result<std::unique_ptr<server>> server::start(job_store& store, const ruleset& rules,
                                              server_options options) {
  if (const status checked = check_server_options(options); !checked) return checked.problem();
  auto made = std::make_unique<running>(store, rules, std::move(options));
  if (const status started = made->start(); !started) return started.problem();
  return {std::move(made)};
}

}  // namespace v1
}  // namespace jobqueue
