#include <jobqueue/service/redis_cleaner.hpp>

#include <utility>

#include "service/redis_cleaning.hpp"
#include "store/redis_url.hpp"

namespace jobqueue {
namespace {

constexpr std::size_t max_page = 100'000;
constexpr std::size_t max_batch = 10'000;

error invalid(std::string message) {
  return {errc::invalid_argument, no_offset, std::move(message)};
}

}  // namespace

inline namespace v1 {

result<clean_report> clean_redis(std::string_view url, const redis_options& options,
                                 std::span<const std::string> patterns,
                                 const clean_options& cleaning) {
  auto address = detail::parse_redis_url(url);
  if (!address) return address.problem();
  if (options.page == 0 || options.page > max_page) {
    return invalid("a page has 1 to 100000 commands");
  }
  if (cleaning.batch == 0 || cleaning.batch > max_batch) {
    return invalid("a batch has 1 to 10000 values");
  }
  if (!cleaning.dry_run && cleaning.journal == nullptr) {
    return invalid("cleaning needs a journal, which is the way back");
  }
  detail::redis_cleaning run(*std::move(address), options, patterns, cleaning);
  return run.run();
}

result<std::string> redis_store_name(std::string_view url) {
  const auto address = detail::parse_redis_url(url);
  if (!address) return address.problem();
  return (address->tls ? "rediss://" : "redis://") + address->name() + "/" +
         std::to_string(address->database);
}

}  // namespace v1
}  // namespace jobqueue
