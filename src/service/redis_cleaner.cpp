#include <jobqueue/service/redis_cleaner.hpp>

#include <utility>

#include "service/redis_cleaning.hpp"
#include "service/value_cleaner.hpp"
#include "store/redis_url.hpp"

namespace jobqueue {
namespace {

constexpr std::size_t max_page = 100'000;

}  // namespace

inline namespace v1 {

result<clean_report> clean_redis(std::string_view url, const redis_options& options,
                                 std::span<const std::string> patterns,
                                 const clean_options& cleaning) {
  auto address = detail::parse_redis_url(url);
  if (!address) return address.problem();
  if (options.page == 0 || options.page > max_page) {
    return error{errc::invalid_argument, no_offset, "a page has 1 to 100000 commands"};
  }
  if (const status checked = detail::check_clean_options(cleaning); !checked) {
    return checked.problem();
  }
  if (cleaning.sample != 0) {
    return error{errc::invalid_argument, no_offset, "a sample is of a database, not of a Redis"};
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
