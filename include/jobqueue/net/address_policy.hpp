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
[[nodiscard]] result<address_block> parse_address_block(std::string_view text);

/// Immutable. Public addresses are allowed, and what IANA's registries of special-purpose addresses
/// (RFC 6890) have is not: loopback, private, link-local, shared, documentation, multicast,
/// reserved, and IPv4 ones of these inside IPv6 (mapped, compatible, translated, NAT64, 6to4,
/// Teredo).
class address_policy {
 public:
  /// Only public addresses.
  address_policy() = default;
  /// Besides, those of `allowed` ("127.0.0.1", "10.1.0.0/16"); and of all these none of `denied`.
  [[nodiscard]] static result<address_policy> create(std::span<const std::string> allowed,
                                                     std::span<const std::string> denied = {});

  /// Whether an address, "192.0.2.1" or "2001:db8::1", may be connected to. What is no address is
  /// not allowed.
  [[nodiscard]] bool allows(std::string_view address) const noexcept;
  [[nodiscard]] bool allows(const address_block& address) const noexcept;

 private:
  std::vector<address_block> allowed_;
  std::vector<address_block> denied_;
};

}  // namespace v1
}  // namespace jobqueue
