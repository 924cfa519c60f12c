// jobqueue - vault: keep what was cut, by content, and give it back.
//
//   #include <iostream>
//   #include <span>
//   #include <string_view>
//
//   #include <jobqueue/vault.hpp>
//
//   int main() {
//     const std::string_view blob = "any bytes";
//     auto vault = jobqueue::open_directory_vault("blobs", {.create = true}).value();
//     const auto digest = vault->add(std::as_bytes(std::span(blob))).value();
//     if (const auto synced = vault->sync(); !synced) {  // before a reference is written anywhere
//       std::cerr << synced.problem().message << '\n';
//       return 1;
//     }
//     std::cout << digest.hex() << ' ' << vault->get(digest, blob.size()).value() << '\n';
//   }
//
// prints "23914a83c3c7080988b4aab957e8c1abf4a281df9cc77c7e1d43d3e81f39e94e any bytes". base64.hpp
// shows a vault at work below `sanitize_base64`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include <jobqueue/base64.hpp>
#include <jobqueue/result.hpp>

namespace jobqueue {
inline namespace v1 {

/// A `blob_store` whose objects can also be listed, checked and removed. `open_directory_vault`
/// opens one in a directory; derive from this for another place (S3, PostgreSQL).
///
/// Every function may be called from any thread. Every function may fail with `store_error`, whose
/// message names the vault, the system's reason and what to do, and never holds bytes of a blob.
class vault : public blob_store {
 public:
  /// How coarse `entry::modified` may be: the worst that file systems do.
  static constexpr std::chrono::seconds time_granularity{2};

  /// What is known of an object without reading it.
  struct entry {
    sha256_digest digest;
    std::uint64_t size = 0;                            ///< In bytes.
    std::chrono::system_clock::time_point modified{};  ///< When it was last put.
  };

  /// `put(sha256(blob), blob)`.
  /// Returns the digest, under which `get` finds the blob. Linear in the size of the blob.
  [[nodiscard]] result<sha256_digest> add(std::span<const std::byte> blob);

  /// What is known of one object. Does not read it: a find says nothing about its content.
  /// `blob_missing` if the vault does not have it, `blob_corrupt` if what is in its place is not an
  /// object at all.
  [[nodiscard]] virtual result<entry> find(const sha256_digest& digest) const = 0;

  /// Whether `find` finds the object. Fails where `find` fails with other than `blob_missing`.
  [[nodiscard]] result<bool> contains(const sha256_digest& digest) const;

  /// Calls `visit` once for each object, in no particular order, until it returns false.
  /// Memory is constant, however many objects there are. `visit` may call this vault, even to
  /// remove the object that it is shown. An object that is put or removed meanwhile may be visited
  /// or not.
  [[nodiscard]] virtual status for_each(const std::function<bool(const entry&)>& visit) const = 0;

  /// Reads the object and checks its digest, in constant memory.
  /// `blob_missing` if the vault does not have it, `blob_corrupt` if its bytes are others.
  [[nodiscard]] virtual status verify(const sha256_digest& digest) const = 0;

  /// Removes the object if it was last put before `cutoff`. No put can come between the check and
  /// the removal: an object whose put has returned is not removed with a cutoff that is at least
  /// `time_granularity` before that put. Returns false where it was left because it is too young or
  /// is being put at this moment. `blob_missing` if the vault does not have it.
  [[nodiscard]] virtual result<bool> remove_if_older(
      const sha256_digest& digest, std::chrono::system_clock::time_point cutoff) = 0;

  /// Removes the object, whatever its age, also if a document still refers to it.
  /// `blob_missing` if the vault does not have it; `store_error` if it is being put.
  [[nodiscard]] status remove(const sha256_digest& digest);

  /// Removes what puts that were killed left behind, last written before `cutoff`; with `dry_run`
  /// only counts. Returns the number. Such leftovers are never visible as objects.
  [[nodiscard]] virtual result<std::uint64_t> remove_leftovers(
      std::chrono::system_clock::time_point cutoff, bool dry_run);
};

struct directory_vault_options {
  /// Make the vault if there is none: in a directory that does not exist (its parent must), or in
  /// an empty one. Also removes leftovers in `tmp` that are more than a day old. Without it, only
  /// what is a vault already is opened, and nothing is written before the first put.
  bool create = false;
};

/// Opens the vault in `directory`, a POSIX file system of the machine or an NFS mount.
///
///     DIR/jobqueue-vault         the format: "jobqueue-vault 1" and a line feed
///     DIR/sha256/ab/<64 hex>     the object, its bytes as they are; ab are the first two digits
///     DIR/tmp/<32 hex>           an object that is being written
///
/// Directories that it makes have mode 0700, files 0600. The directory may be copied or moved with
/// ordinary tools; foreign files beside the objects are ignored.
///
/// - `put`: precondition `digest == sha256(blob)`, which is not computed again (`add` computes it);
///   `get` refuses what was put under a wrong digest. The object appears at once and whole, by
///   rename. A blob that is there already is compared byte for byte with what is put: if equal, no
///   more than its time is renewed; if not (the disk has damaged it), it is replaced, because after
///   this the caller may destroy the last good copy. Linear in the size of the blob.
/// - `sync`: everything that this vault object was given since the last sync is durable, also what
///   another process had stored before and may not have synced. Costs a flush for each object if
///   they are at most 16, else one syncfs(2) of the file system. With a thread in `sync`, another's
///   `sync` waits, so that it too returns only when its own puts are durable. When a flush fails,
///   the kernel may drop what it could not write and report success to whoever asks again.
///   Therefore every later `sync` of this vault object fails, too. What was put since the last good
///   one must be put again through a vault that is opened once the disk is in order; after EIO also
///   mounted anew, because until then what is lost may still be read from memory.
/// - `get` compares the size before it reads anything, then the digest; it and `verify` are linear
/// in
///   the size of the object.
/// - A crash or power failure at any point leaves old objects as they were, and leaves new ones
///   absent, whole, or, if they were not synced, detectably torn; a put replaces a torn one.
/// - Any number of threads, processes and vault objects may work on one directory.
///
/// Errors: `store_error` if the directory does not exist or is no vault (without `create`), is not
/// empty and no vault (with it), or has a format version that this library does not know;
/// `invalid_argument` for a NUL in the path.
[[nodiscard]] result<std::unique_ptr<vault>> open_directory_vault(
    const std::filesystem::path& directory, const directory_vault_options& options = {});

struct gc_options {
  /// When the caller began to collect the live digests. Objects put after it are never removed. As
  /// it is preset (1970) nothing is old enough to be removed.
  std::chrono::system_clock::time_point now{};
  /// Objects younger than this at `now` stay, referenced or not. It must be longer than any writer
  /// takes from the beginning of `put` until the reference is written. Not negative; less than
  /// `vault::time_granularity` counts as that.
  std::chrono::seconds min_age = std::chrono::hours(24);
  /// Only count what would be removed.
  bool dry_run = true;
};

/// What `collect_garbage` did, or with `dry_run` would have done.
struct gc_summary {
  std::uint64_t live_objects = 0;  ///< Referenced: kept.
  std::uint64_t live_bytes = 0;
  std::uint64_t young_objects = 0;  ///< Not referenced, but younger than `min_age`: kept.
  std::uint64_t young_bytes = 0;
  std::uint64_t removed_objects = 0;  ///< Neither.
  std::uint64_t removed_bytes = 0;
  std::uint64_t removed_leftovers = 0;  ///< Unfinished writes older than a day at `now`.
};

/// Removes the objects that no document refers to (mark and sweep; the caller marks).
///
///     const auto now = std::chrono::system_clock::now();  // before the first document is read
///     std::vector<jobqueue::sha256_digest> live;
///     for (const std::string& document : documents) {     // all of them
///       for (const auto& reference : jobqueue::find_blob_references(document)) {
///         live.push_back(reference.digest);
///       }
///     }
///     std::sort(live.begin(), live.end());
///     jobqueue::collect_garbage(*vault, live, {.now = now, .dry_run = false}).value();
///
/// Safe while others put, because a put renews the time of an object that is there already. What it
/// cannot know of is a reference that is copied, without a put, from a document not read yet into
/// one that was read already, and then deleted from the first.
///
/// `sorted_live` is in ascending order; duplicates do no harm. `on_removed` is called for each
/// object that is removed (or would be), after it is. With n objects and m live digests it takes
/// O(n log m) time and constant memory.
///
/// Errors: `invalid_argument` if `sorted_live` is not sorted or `min_age` is negative, nothing is
/// removed then; the store's errors, upon which it stops: what was removed by then was garbage, and
/// the call can be repeated.
[[nodiscard]] result<gc_summary> collect_garbage(
    vault& store, std::span<const sha256_digest> sorted_live, const gc_options& options,
    const std::function<void(const vault::entry&)>& on_removed = {});

}  // namespace v1
}  // namespace jobqueue
