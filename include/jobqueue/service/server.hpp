// jobqueue - server: everything that runs beside a queue, in one process.
//
//   #include <iostream>
//   #include <jobqueue/service/server.hpp>
//
//   int main() {
//     jobqueue::store_options create;
//     create.create = true;
//     auto store = jobqueue::job_store::open("sqlite:jobs.db", create).value();
//     if (!store->migrate()) return 1;
//     auto server =
//         jobqueue::server::start(*store, jobqueue::ruleset::standard(), {.port = 0}).value();
//     std::cout << (server->port() != 0) << '\n';
//   }
//
// prints "1".
//
// It receives webhooks, evaluates and resolves jobs every ten minutes, sends webhooks, and answers
// questions. docs/api/server.md has the routes and who may call them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/base64.hpp>
#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>
#include <jobqueue/service/webhook_sender.hpp>
#include <jobqueue/store/job_store.hpp>
#include <jobqueue/store/redis.hpp>

namespace jobqueue {
inline namespace v1 {

struct server_options {
  std::string address = "127.0.0.1";      ///< To listen on.
  std::uint16_t port = 8080;              ///< 0: one that is free.
  std::string tls_certificate_file = {};  ///< PEM; empty: plain HTTP.
  std::string tls_key_file = {};
  /// Bearer tokens, each of which lets in. Without one only this machine is served, and another
  /// address to listen on is refused.
  std::vector<std::string> tokens = {};
  /// Of webhooks that come in; any of them may have signed.
  std::vector<std::string> webhook_secrets = {};
  std::chrono::seconds every{600};    ///< Between two evaluations, varied by a tenth; 0: none.
  bool sends_webhooks = true;         ///< Also the retries in the outbox.
  std::size_t max_retries = 10;       ///< Retries that one resolving puts into the outbox.
  bool has_mock_application = false;  ///< POST /miniapp-gen-mock, for tests of the whole loop.
  redis_store* redis = nullptr;       ///< Where more evidence is; none: only the store.
  blob_store* vault = nullptr;        ///< Where blobs of webhooks go; none: they stay in them.
  std::size_t max_webhook_bytes = std::size_t{10} << 20;
  std::size_t max_connections = 10'000;
  std::size_t network_threads = 2;
  std::size_t worker_threads = 8;
  webhook_sender_options sender = {};  ///< Its clock, random numbers and log are set here.
  /// Words for the operator. Called from any thread.
  std::function<void(std::string_view)> log = {};
};

/// Whether these options can be used, without starting anything: `invalid_argument`,
/// `secret_invalid`.
[[nodiscard]] status check_server_options(const server_options& options);

class server {
 public:
  /// Listens, and begins to work. The store, the rules, Redis and the vault must live as long as
  /// the server. Errors of `check_server_options`; `network_error` if the port is taken;
  /// `store_error` if the store lacks tables.
  [[nodiscard]] static result<std::unique_ptr<server>> start(job_store& store, const ruleset& rules,
                                                             server_options options);
  virtual ~server() = default;

  [[nodiscard]] virtual std::uint16_t port() const noexcept = 0;
  /// Takes nothing new, ends what was begun, for so long at most, and stops.
  virtual void stop(std::chrono::milliseconds at_most) = 0;
};

}  // namespace v1
}  // namespace jobqueue
