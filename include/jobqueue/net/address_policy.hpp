// jobqueue - address policy: which addresses may be connected to, so that a URL from outside cannot
// reach what is inside (server-side request forgery).
//
//   #include <iostream>
//   #include <jobqueue/net/address_policy.hpp>
//
//   int main() {
//     const jobqueue::address_policy policy;
//     std::cout << policy.allows("93.184.216.34") << policy.allows("::ffff:127.0.0.1");
//   }
//
// prints "10".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/result.hpp>

namespace jobqueue {
inline namespace v1 {

/// An address or a block of addresses; of IPv4 as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2).
struct address_block {
  std::uint8_t bytes[16] = {};
  std::uint8_t bits = 128;  ///< Of the prefix, counted in 128.
};

/// Reads "10.0.0.0/8", "127.0.0.1", "fd00::/8"; nothing but the four decimal numbers of an IPv4
/// address and the forms of RFC 4291. `invalid_argument` otherwise.
/// A block whose address has bits behind its prefix, "10.1.2.3/8", is refused: it is a mistake.
[[nodiscard]] result<address_block> parse_address_block(std::string_view text);

/// "10.0.0.0/8", "127.0.0.1", "fd00::/8".
[[nodiscard]] std::string to_string(const address_block& block);

/// Immutable. Public addresses are allowed, and what IANA's registries of special-purpose addresses
/// (RFC 6890) have is not: loopback, private, link-local, shared, documentation, multicast,
/// reserved. Of IPv6 only 2000::/3 is public, without 2001::/23 (Teredo and others), 2001:db8::/32,
/// 2002::/16 (6to4) and 3fff::/20. An IPv4-mapped address and one of NAT64 (64:ff9b::/96) are what
/// the IPv4 address in them is; compatible (::/96) and translated (::ffff:0:0:0/96) ones never are.
class address_policy {
 public:
  /// Only public addresses.
  address_policy() = default;
  /// Besides, those of `allowed` ("127.0.0.1", "10.1.0.0/16"); and of all these none of `denied`,
  /// in whatever IPv6 address it is wrapped.
  [[nodiscard]] static result<address_policy> create(std::span<const std::string> allowed,
                                                     std::span<const std::string> denied = {});

  /// Whether an address, "192.0.2.1" or "2001:db8::1", may be connected to. What is no address is
  /// not allowed.
  [[nodiscard]] bool allows(std::string_view address) const noexcept;
  /// A block of more than one address is not allowed.
  [[nodiscard]] bool allows(const address_block& address) const noexcept;
  /// Besides, whether that port of it may be: not those that browsers refuse (the standard Fetch:
  /// 22, 25, ...), nor those of databases, caches and queues (5432, 6379, 9200, ...), unless the
  /// address is one of `allowed`.
  [[nodiscard]] bool allows(const address_block& address, std::uint16_t port) const noexcept;

 private:
  std::vector<address_block> allowed_;
  std::vector<address_block> denied_;
};

}  // namespace v1
}  // namespace jobqueue
