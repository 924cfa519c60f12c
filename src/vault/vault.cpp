// What every vault has, wherever it keeps its objects.
#include <jobqueue/vault.hpp>

#include <algorithm>
#include <string>

namespace jobqueue {
inline namespace v1 {
namespace {

using time_point = std::chrono::system_clock::time_point;

// `now - age`, or the earliest time there is where that cannot be represented.
time_point time_before(time_point now, std::chrono::seconds age) {
  using std::chrono::duration_cast;
  using std::chrono::seconds;
  const seconds since_earliest = duration_cast<seconds>(now.time_since_epoch()) -
                                 duration_cast<seconds>(time_point::min().time_since_epoch());
  const seconds longest = duration_cast<seconds>(time_point::duration::max());
  return age < std::min(since_earliest, longest) ? now - age : time_point::min();
}

}  // namespace

result<sha256_digest> vault::add(std::span<const std::byte> blob) {
  const sha256_digest digest = sha256(blob);
  if (status stored = put(digest, blob); !stored) return stored.problem();
  return digest;
}

result<bool> vault::contains(const sha256_digest& digest) const {
  const result<entry> found = find(digest);
  if (!found && found.problem().code != errc::blob_missing) return found.problem();
  return found.has_value();
}

status vault::remove(const sha256_digest& digest) {
  const result<bool> removed = remove_if_older(digest, time_point::max());
  if (!removed) return removed.problem();
  if (!*removed) {
    return error{errc::store_error, no_offset,
                 "the object sha256-" + digest.hex() + " is being put at this moment; try again"};
  }
  return done;
}

result<std::uint64_t> vault::remove_leftovers(time_point, bool) { return std::uint64_t{0}; }

result<gc_summary> collect_garbage(vault& store, std::span<const sha256_digest> sorted_live,
                                   const gc_options& options,
                                   const std::function<void(const vault::entry&)>& on_removed) {
  if (!std::is_sorted(sorted_live.begin(), sorted_live.end())) {
    return error{errc::invalid_argument, no_offset, "the live digests are not sorted"};
  }
  if (options.min_age < std::chrono::seconds(0)) {
    return error{errc::invalid_argument, no_offset, "min_age is negative"};
  }
  const time_point cutoff =
      time_before(options.now, std::max(options.min_age, vault::time_granularity));
  gc_summary summary;
  status outcome = done;

  const auto sweep = [&](const vault::entry& object) {
    if (std::binary_search(sorted_live.begin(), sorted_live.end(), object.digest)) {
      ++summary.live_objects;
      summary.live_bytes += object.size;
      return true;
    }
    bool garbage = object.modified < cutoff;
    if (garbage && !options.dry_run) {
      const result<bool> removed = store.remove_if_older(object.digest, cutoff);
      if (!removed) {
        if (removed.problem().code == errc::blob_missing) return true;  // another sweep was faster
        outcome = removed.problem();
        return false;
      }
      garbage = *removed;
    }
    ++(garbage ? summary.removed_objects : summary.young_objects);
    (garbage ? summary.removed_bytes : summary.young_bytes) += object.size;
    if (garbage && on_removed) on_removed(object);
    return true;
  };
  if (status visited = store.for_each(sweep); !visited) return visited.problem();
  if (!outcome) return outcome.problem();

  const result<std::uint64_t> leftovers =
      store.remove_leftovers(time_before(options.now, std::chrono::hours(24)), options.dry_run);
  if (!leftovers) return leftovers.problem();
  summary.removed_leftovers = *leftovers;
  return summary;
}

}  // namespace v1
}  // namespace jobqueue
