// jobqueue - redis: reads the evidence of jobs, notifications and attestations, from a Redis.
//
//   #include <iostream>
//   #include <jobqueue/store/redis.hpp>
//
//   int main() {
//     const auto store = jobqueue::redis_store::open("redis://127.0.0.1:6379/0").value();
//     const auto print = [](std::span<const jobqueue::redis_notification> page) {
//       for (const auto& one : page) std::cout << one.workflow_id << ' ' << one.record << '\n';
//       return jobqueue::status(jobqueue::done);
//     };
//     store->each_notification(print).value();
//   }
//
// prints a line for each notification. docs/api/redis.md has the keys and the URL.
//
// Nothing is written and KEYS is never sent. What is held at a time is bounded by the options,
// however much the server has.
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

#include <jobqueue/result.hpp>

namespace jobqueue {
namespace detail {
class redis_reader;
}  // namespace detail
inline namespace v1 {

struct redis_options {
  /// For connecting, with TLS; also for how long a server that was lost is waited for. The system's
  /// own time for looking up a host name comes on top.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
  /// For the answer to one page of commands, and for a server that is still loading its data.
  std::chrono::milliseconds command_timeout = std::chrono::seconds(30);
  /// PEM file of the authorities that may have signed the server's certificate (`rediss://`);
  /// empty for those of the system.
  std::string ca_file = {};
  /// COUNT of SCAN, and the most commands that are sent ahead of their answers. 1 to 100,000.
  std::size_t page = 1000;
  /// Larger records are skipped and counted. A page of answers is at most this or 64 MiB, whichever
  /// is more.
  std::size_t max_record_bytes = std::size_t{64} << 20;
};

/// One element of a list `workflow_notifications:<workflow id>`.
struct redis_notification {
  std::string workflow_id;
  /// `attestation_id` of the record; where it has none, the SHA-256 of key and record in
  /// hexadecimal digits, so that the same record has the same id again.
  std::string id;
  std::string record;  ///< The bytes as they were found; a writer keeps JSON there.
};

/// The record of an attestation and its key: `parse_attestation_key` says what that means.
struct redis_attestation {
  std::string key;
  std::string record;  ///< The bytes as they were found; a writer keeps JSON there.
};

/// What was passed over since the store was opened.
struct redis_skipped {
  std::uint64_t wrong_type = 0;  ///< Keys of another type than writers use.
  std::uint64_t too_large = 0;   ///< Records over `max_record_bytes`.
};

/// A connection to one Redis server. Not for several threads at once.
///
/// A connection that is lost while something is read is made anew once for each page; if the server
/// has been restarted meanwhile, its cursors mean nothing any more and the reading begins again.
/// Thus, and because SCAN itself may repeat keys, a record can be given more than once. A record
/// that was there from the beginning of a call to its end is never left out.
///
/// Errors are `store_error` with the host, the port and what to do; never a password.
class redis_store {
 public:
  /// `url` is `redis://[user[:password]@]host[:port][/database]`, or `rediss://` for TLS, which
  /// verifies the certificate and the name in it. `invalid_argument` if it is malformed, or an
  /// option is out of its range.
  [[nodiscard]] static result<std::unique_ptr<redis_store>> open(std::string_view url,
                                                                 const redis_options& options = {});
  redis_store(const redis_store&) = delete;
  redis_store& operator=(const redis_store&) = delete;
  ~redis_store();

  /// Gives every notification to `take`, page by page: of each workflow the newest first, and at
  /// most `max_notifications` of them. An error of `take` ends it and is returned.
  [[nodiscard]] status each_notification(
      const std::function<status(std::span<const redis_notification>)>& take);
  static constexpr std::size_t max_notifications = 100;

  /// Gives every attestation of all generations to `take`, page by page, in no order.
  [[nodiscard]] status each_attestation(
      const std::function<status(std::span<const redis_attestation>)>& take);

  /// The attestations of one workflow, each once, in the order of their keys, all in memory. Their
  /// keys are those in the set `attestations:<workflow id>`, where a writer keeps one, and those
  /// that follow from the id; without such a set the server is searched, for keys that name the
  /// workflow and for records that do where the key names none. `invalid_argument` for an id that
  /// no key can hold.
  [[nodiscard]] result<std::vector<redis_attestation>> attestations_of(
      std::string_view workflow_id);

  [[nodiscard]] redis_skipped skipped() const noexcept;

 private:
  explicit redis_store(std::unique_ptr<detail::redis_reader> reader);
  std::unique_ptr<detail::redis_reader> reader_;
};

}  // namespace v1
}  // namespace jobqueue
