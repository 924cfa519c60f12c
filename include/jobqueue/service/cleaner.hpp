// jobqueue - cleaner: takes the blobs out of what a production store already holds.
//
// Nothing is lost: a value is replaced only if it is still the one that was read, and before that
// its blobs are durable in the vault and the way back is durable in the journal. It can be killed
// at any instant and go on where it was. docs/api/cleaner.md.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/base64.hpp>
#include <jobqueue/result.hpp>
#include <jobqueue/store/redis.hpp>

namespace jobqueue {
namespace detail {
class clean_journal_file;
}  // namespace detail
inline namespace v1 {

/// One placeholder in a cleaned value, and what stood there.
struct journal_cut {
  std::uint64_t offset = 0;  ///< Of the placeholder, in the cleaned value.
  std::uint64_t size = 0;    ///< Of the placeholder.
  std::string original;      ///< Empty if the vault has it.
};

/// The way back of one value.
struct journal_entry {
  std::string place;    ///< "public.job.data", or a pattern of keys.
  std::string locator;  ///< JSON: which value of the place it is.
  sha256_digest before;
  sha256_digest after;
  std::vector<journal_cut> cuts;
};

/// A file of entries, written before the values they are about. One line of JSON each; a last line
/// that was cut off by a crash is dropped.
class clean_journal {
 public:
  /// A new journal for a store, named by its URL without a password. `store_error` if the file is
  /// there already.
  [[nodiscard]] static result<std::unique_ptr<clean_journal>> create(
      const std::filesystem::path& path, std::string_view store);
  /// Opens one to go on with it, or to undo it. `store_error` if it is of another store, or is no
  /// journal; the message has the place.
  [[nodiscard]] static result<std::unique_ptr<clean_journal>> open(
      const std::filesystem::path& path, std::string_view store);
  clean_journal(const clean_journal&) = delete;
  clean_journal& operator=(const clean_journal&) = delete;
  ~clean_journal();

  /// Notes an entry, or how far a place is done; durable when `sync` returns.
  void add(const journal_entry& entry);
  void mark(std::string_view place, std::string_view cursor);
  [[nodiscard]] status sync();

  /// How far a place was done when it was last marked; empty if never.
  [[nodiscard]] std::string cursor_of(std::string_view place) const;
  /// Gives every entry to `take`, the latest first, so that undoing goes backwards.
  [[nodiscard]] status each_backwards(
      const std::function<status(const journal_entry&)>& take) const;

 private:
  explicit clean_journal(std::unique_ptr<detail::clean_journal_file> file);
  std::unique_ptr<detail::clean_journal_file> file_;
};

/// What was found and done in one place, or in all of them.
struct clean_totals {
  std::uint64_t bytes_seen = 0;     ///< Of values that were looked at.
  std::uint64_t bytes_removed = 0;  ///< Of the store: blobs less their placeholders.
  std::uint64_t values_seen = 0;
  std::uint64_t values_changed = 0;
  /// Values with blobs that were left alone: changed or gone meanwhile, held by a live job, or
  /// refused by the store.
  std::uint64_t values_skipped = 0;
  std::uint64_t blobs = 0;
  std::array<blob_totals, blob_class_count> by_class{};
};

/// A value that a dry run would change: where it is, and its largest blob. It has no byte of that.
struct clean_sample {
  std::string locator;              ///< JSON: which value of the place it is.
  std::uint64_t bytes_removed = 0;  ///< Of the value.
  std::uint64_t blobs = 0;
  std::uint64_t largest_bytes = 0;  ///< That the largest blob takes.
  blob_class kind = blob_class::data;
  std::string media_type;
  std::string pointer;  ///< As that of `blob_cut`; empty in text.
};

struct clean_progress {
  std::string_view place;
  std::uint64_t done = 0;  ///< Of what is counted: rows, or keys.
  std::uint64_t all = 0;   ///< An estimate.
  clean_totals totals;     ///< Of all places so far.
};

struct clean_options {
  /// How blobs are judged. `format`, `store`, `sync_store` and what is
  /// reported are set by the cleaner.
  sanitize_options sanitize;
  /// Only count what would be done, to the byte. Nothing is written.
  bool dry_run = false;
  /// In a dry run of a database: look at about so many rows of each table, and judge the others by
  /// them; 0: at all of them.
  std::uint64_t sample = 0;
  /// Where blobs go. Without it they are in the journal only.
  blob_store* vault = nullptr;
  /// In a dry run: count as with a vault, whose placeholders are longer.
  bool count_as_with_vault = false;
  /// Needed unless it is a dry run.
  clean_journal* journal = nullptr;
  std::uint64_t max_bytes_per_second = 0;  ///< Of values that are read; 0: no limit.
  /// A batch is made smaller when it takes longer than this, and larger when it takes less.
  std::chrono::milliseconds batch_time{100};
  /// Values in a batch at most: 1 to 10,000.
  std::size_t batch = 500;
  /// Called after each batch; false ends the run, which can be resumed.
  std::function<bool(const clean_progress&)> observe;
};

struct clean_report {
  clean_totals totals;
  std::map<std::string, clean_totals> by_place;
  /// Of a dry run: the three values of each place that would lose most, the largest first.
  std::map<std::string, std::vector<clean_sample>> samples;
  bool stopped = false;  ///< `observe` ended it.
  /// Of a Redis: entries of streams cannot be replaced, so this stays of them.
  std::uint64_t stream_values = 0;  ///< With blobs, of the fields of entries.
  std::uint64_t stream_bytes = 0;   ///< That cleaning them would remove.
  /// Of a Redis: MEMORY USAGE of a sample of the keys that were changed.
  std::uint64_t sampled_keys = 0;
  std::uint64_t sampled_bytes_before = 0;
  std::uint64_t sampled_bytes_after = 0;
};

struct undo_report {
  std::uint64_t restored = 0;
  std::uint64_t unchanged = 0;  ///< They are as they were: the cleaner never came to them.
  std::uint64_t skipped = 0;    ///< Changed since, or gone: left alone.
};

}  // namespace v1
}  // namespace jobqueue
