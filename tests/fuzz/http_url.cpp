// URLs and addresses: any text is refused, or is a URL that is read again as the same, in which no
// byte can end a line of a request; a Location as well. An address is written as it is read.
#include "net/http_url.hpp"

#include <string>
#include <string_view>

#include "fuzz/fuzz.hpp"

namespace jobqueue::fuzz {
namespace {

bool is_visible(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c >= 0x7F) return false;
  }
  return true;
}

void check(const result<detail::http_url>& read) {
  if (!read) {
    const errc code = read.problem().code;
    require(code == errc::invalid_argument || code == errc::address_forbidden, "a reason");
    return;
  }
  const detail::http_url& url = *read;
  require(is_visible(url.text) && is_visible(url.host_header()), "one word of ASCII");
  require(url.target.starts_with('/') && url.text.ends_with(url.target), "a target");
  require(url.text.size() <= detail::max_url_bytes, "not longer than allowed");
  require(url.host.find_first_of("/?#@\\% ") == std::string::npos, "a host and nothing else");
  const address_policy policy;
  require(!url.address || policy.allows(url.host) == policy.allows(*url.address),
          "an address is judged as it is written");
  const auto again = detail::parse_http_url(url.text);
  require(again && again->text == url.text && again->host == url.host && again->port == url.port &&
              again->target == url.target && again->is_tls == url.is_tls,
          "read again, it is the same");
}

void check_block(std::string_view text) {
  const auto block = parse_address_block(text);
  if (!block) return;
  const auto again = parse_address_block(to_string(*block));
  require(again && to_string(*again) == to_string(*block) && again->bits == block->bits,
          "a block is written as it is read");
}

}  // namespace
}  // namespace jobqueue::fuzz

// A text; behind a line feed, a Location that is resolved against it.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqueue;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t end = all.find('\n');
  const fuzz::exact_text text(all.substr(0, end));
  const auto url = detail::parse_http_url(text.view());
  fuzz::check(url);
  fuzz::check_block(text.view());
  if (url && end != std::string_view::npos) {
    const fuzz::exact_text location(all.substr(end + 1));
    fuzz::check(detail::resolve_http_url(*url, location.view()));
  }
  return 0;
}
