#include <optional>
#include <utility>

#include <jobqueue/service/redis_cleaner.hpp>

#include "service/redis_swap.hpp"
#include "service/redis_value.hpp"
#include "store/redis_nodes.hpp"
#include "store/redis_url.hpp"

namespace jobqueue {
namespace detail {
namespace {

class redis_undo {
 public:
  redis_undo(redis_address address, const redis_options& options, const blob_store* vault)
      : nodes_(std::move(address), options),
        swapper_(nodes_, options.max_record_bytes),
        vault_(vault) {}

  [[nodiscard]] status open() {
    if (status opened = nodes_.open(); !opened) return opened;
    const auto route = nodes_.route_to(nodes_.primaries().front());
    if (!route) return route.problem();
    route_ = *route;
    return done;
  }

  [[nodiscard]] status undo(const journal_entry& entry) {
    auto value = read_locator(entry.locator);
    if (!value) {
      return error{errc::invalid_argument, no_offset,
                   "the journal has an entry that is none of a Redis; name the store it is of"};
    }
    bool is_unchanged = false;
    const auto decide = [&](const redis_value& now) -> result<std::optional<std::string>> {
      auto original = undo_value(entry, now.text, vault_);
      if (original && !*original) {
        is_unchanged = sha256(std::as_bytes(std::span(now.text))) == entry.before;
      }
      return original;
    };
    route_.asking = false;
    const redis_value place = *value;
    const auto outcome = swapper_.swap(route_, *std::move(value), redis_hold::none, 0, decide);
    if (!outcome) return outcome.problem();
    if (*outcome == swap_outcome::written) {
      ++report_.restored;
      return done;
    }
    if (is_member(place.type)) {
      const auto there = is_original_there(entry, place);
      if (!there) return there.problem();
      is_unchanged = *there;
    }
    ++(is_unchanged ? report_.unchanged : report_.skipped);
    return done;
  }

  [[nodiscard]] const undo_report& report() const noexcept { return report_; }

 private:
  // A member that is not the one that the cleaner leaves is the original or has been removed.
  [[nodiscard]] result<bool> is_original_there(const journal_entry& entry,
                                               const redis_value& place) {
    const auto original = undo_value(entry, place.text, vault_);
    if (!original) return original.problem();
    if (!*original) return false;
    redis_value wanted = place;
    wanted.text = **original;
    bool is_there = false;
    const auto look = [&](const redis_value&) -> result<std::optional<std::string>> {
      is_there = true;
      return std::optional<std::string>();
    };
    const auto outcome = swapper_.swap(route_, std::move(wanted), redis_hold::none, 0, look);
    if (!outcome) return outcome.problem();
    return is_there;
  }

  redis_nodes nodes_;
  redis_swapper swapper_;
  const blob_store* vault_;
  redis_route route_;
  undo_report report_;
};

}  // namespace
}  // namespace detail

inline namespace v1 {

result<undo_report> undo_redis(std::string_view url, const redis_options& options,
                               const clean_journal& journal, const blob_store* vault) {
  auto address = detail::parse_redis_url(url);
  if (!address) return address.problem();
  detail::redis_undo run(*std::move(address), options, vault);
  if (const status opened = run.open(); !opened) return opened.problem();
  const status undone =
      journal.each_backwards([&run](const journal_entry& entry) { return run.undo(entry); });
  if (!undone) return undone.problem();
  return run.report();
}

}  // namespace v1
}  // namespace jobqueue
