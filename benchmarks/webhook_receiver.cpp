// Webhooks that come in: verified, recorded with all that follows, and durably committed; forged
// ones; and ones that are known. The store alone is the peer: the same rows inserted in batches of
// the same size by one who verifies nothing and answers nobody. See README.md beside this.
#include <jobqueue/service/webhook_receiver.hpp>

#include <atomic>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "measure.hpp"
#include "store/job_store_parts.hpp"
#include "support/postgres_server.hpp"

namespace {

using namespace jobqueue;
using bench::require;
using bench::seconds_of;
using bench::take;

constexpr std::string_view secret = "s3cret-of-both-sides";
constexpr std::size_t events = 40'000;
constexpr std::size_t in_flight = 2'000;

// 1 kB.
std::string body_of(std::size_t event) {
  std::string body = R"({"event_type":"workflow_completed","event_id":"evt_)" +
                     std::to_string(event) + R"(","data":{"workflow_id":"w)" +
                     std::to_string(event) + R"(","outputs":["https://cdn.example.com/p.png"],)" +
                     R"("message":")";
  body.append(1000 - body.size(), 'm');
  return body + "\"}}";
}

struct delivery {
  std::string body;
  std::string signature;
};

std::vector<delivery> make_deliveries(bool is_forged) {
  const auto signer = take(payload_signer::create(signature_scheme::jobqueue, secret));
  std::vector<delivery> all;
  for (std::size_t i = 0; i < events; ++i) {
    std::string body = body_of(i);
    std::string signature = take(signer.sign(body, "", {}))[0].value;
    if (is_forged) signature.back() = signature.back() == '0' ? '1' : '0';
    all.push_back({std::move(body), std::move(signature)});
  }
  return all;
}

// Two threads of a network, each with so many that wait for their answers.
double rate_of(webhook_receiver& receiver, const std::vector<delivery>& all,
               webhook_outcome expected) {
  const double took = seconds_of([&] {
    std::vector<std::thread> threads;
    for (std::size_t part = 0; part < 2; ++part) {
      threads.emplace_back([&, part] {
        std::atomic<std::size_t> waiting = 0;
        for (std::size_t i = part; i < all.size(); i += 2) {
          while (waiting >= in_flight / 2) std::this_thread::yield();
          ++waiting;
          const header_field header{"x-webhook-signature", all[i].signature};
          receiver.receive(webhook_kind::workflow, {&header, 1}, all[i].body, false,
                           [&](const webhook_receipt& receipt) {
                             require(receipt.outcome == expected, receipt.message);
                             --waiting;
                           });
        }
        while (waiting != 0) std::this_thread::yield();
      });
    }
    for (auto& one : threads) one.join();
  });
  return static_cast<double>(all.size()) / took;
}

void print(const std::string& name, double rate) {
  std::printf("%-40s %10.0f events/s\n", name.c_str(), rate);
  std::fflush(stdout);
}

void run_over(const std::string& name, const std::string& url, bool with_endpoint) {
  store_options create;
  create.create = true;
  const auto store = take(job_store::open(url, create));
  take(store->migrate());
  if (with_endpoint) {
    take((*take(store->parts().pool.acquire()))
             .query("INSERT INTO webhook_endpoint (id, url) VALUES ('a', 'https://a.example')"));
  }
  webhook_receiver_options options;
  options.secrets = {std::string(secret)};
  options.clock = [] {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  };
  const auto receiver = take(webhook_receiver::create(*store, options));
  const auto good = make_deliveries(false);
  print(name + "/recorded", rate_of(*receiver, good, webhook_outcome::recorded));
  const auto report = receiver->report();
  std::printf("  %.0f events in a transaction\n",
              static_cast<double>(report.recorded) / static_cast<double>(report.transactions));
  print(name + "/duplicate", rate_of(*receiver, good, webhook_outcome::duplicate));
  print(name + "/forged", rate_of(*receiver, make_deliveries(true), webhook_outcome::refused));
}

void run() {
  const test::temporary_folder folder;
  run_over("sqlite", "sqlite:" + (folder.path() / "a.db").string(), false);
  run_over("sqlite, one endpoint", "sqlite:" + (folder.path() / "b.db").string(), true);
  const test::postgres_server server(true);
  run_over("postgresql", server.url(), false);
}

}  // namespace

int main() { return jobqueue::bench::run(run); }
