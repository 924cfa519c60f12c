// jobqueue - redis_cleaner: takes the blobs out of a Redis, or out of all primaries of a cluster.
//
//   const std::string url = "redis://127.0.0.1:6379";
//   jobqueue::clean_options options;
//   options.dry_run = true;
//   const auto report = jobqueue::clean_redis(url, {}, {}, options).value();
//   std::cout << report.totals.bytes_removed << '\n';
//
// A value is replaced only if it is still the one that was read, and its type, place, score and
// time to live are kept; what expired or was deleted meanwhile stays so. KEYS and scripts are never
// sent, and nothing that keeps a server busy for long. docs/api/cleaner.md has which values are
// never touched.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <jobqueue/result.hpp>
#include <jobqueue/service/cleaner.hpp>
#include <jobqueue/store/redis.hpp>

namespace jobqueue {
inline namespace v1 {

/// Cleans the values of all keys that match one of the patterns (of SCAN; without any: all keys).
/// `url` is that of `redis_store::open`; of a cluster it may name any node. Resuming is calling it
/// again with the same journal: it looks at all keys again, for a cursor of SCAN does not outlive
/// its server, and leaves alone what is clean.
///
/// `store_error` if a server refuses, is lost, or does not answer; nothing is half written then.
[[nodiscard]] result<clean_report> clean_redis(std::string_view url, const redis_options& options,
                                               std::span<const std::string> patterns,
                                               const clean_options& cleaning);

/// Puts back what the journal has, where it is still what the cleaner left. `vault` may be null if
/// the journal was made without one.
[[nodiscard]] result<undo_report> undo_redis(std::string_view url, const redis_options& options,
                                             const clean_journal& journal, const blob_store* vault);

/// The name of the store for its journal: the URL without user and password, with port and
/// database.
[[nodiscard]] result<std::string> redis_store_name(std::string_view url);

}  // namespace v1
}  // namespace jobqueue
