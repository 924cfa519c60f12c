#include <jobqueue/net/address_policy.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace jobqueue {
inline namespace v1 {
namespace {

constexpr std::size_t address_bytes = 16;
constexpr std::uint8_t mapped_bits = 96;  // in front of the IPv4 address

struct v4_range {
  std::uint8_t bytes[4];
  std::uint8_t bits;
};

// The registry of IANA (RFC 6890), but for the blocks of AS112 and AMT, which are public.
constexpr std::array<v4_range, 16> special_v4 = {{
    {{0, 0, 0, 0}, 8},         // this network
    {{10, 0, 0, 0}, 8},        // private
    {{100, 64, 0, 0}, 10},     // shared, behind carriers
    {{127, 0, 0, 0}, 8},       // loopback
    {{168, 63, 129, 16}, 32},  // metadata of Azure, on an address that looks public
    {{169, 254, 0, 0}, 16},    // link-local, metadata of clouds
    {{172, 16, 0, 0}, 12},     // private
    {{192, 0, 0, 0}, 24},      // protocols
    {{192, 0, 2, 0}, 24},      // documentation
    {{192, 88, 99, 0}, 24},    // relays of 6to4, given up
    {{192, 168, 0, 0}, 16},    // private
    {{198, 18, 0, 0}, 15},     // benchmarks
    {{198, 51, 100, 0}, 24},   // documentation
    {{203, 0, 113, 0}, 24},    // documentation
    {{224, 0, 0, 0}, 4},       // multicast
    {{240, 0, 0, 0}, 4},       // reserved, broadcast
}};

struct v6_range {
  std::uint8_t bytes[6];
  std::uint8_t bits;
};

// Global addresses begin with these three bits; all else of IPv6 is for something special.
constexpr v6_range global_v6 = {{0x20}, 3};
constexpr std::array<v6_range, 4> special_v6 = {{
    {{0x20, 0x01, 0x00}, 23},        // protocols; Teredo, ORCHID
    {{0x20, 0x01, 0x0D, 0xB8}, 32},  // documentation
    {{0x20, 0x02}, 16},              // 6to4
    {{0x3F, 0xFF}, 20},              // documentation
}};

constexpr std::uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr std::uint8_t translated_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0};
constexpr std::uint8_t nat64_prefix[12] = {0x00, 0x64, 0xFF, 0x9B};
constexpr std::uint8_t compatible_prefix[12] = {};

// What browsers do not connect to (Fetch, "port blocking"), and where databases, caches, queues and
// the like listen, which take an HTTP request for commands or have no password.
constexpr auto forbidden_ports = std::to_array<std::uint16_t>(
    {0,    1,    7,    9,     11,    13,    15,    17,    19,    20,    21,   22,   23,
     25,   37,   42,   43,    53,    69,    77,    79,    87,    95,    101,  102,  103,
     104,  109,  110,  111,   113,   115,   117,   119,   123,   135,   137,  139,  143,
     161,  179,  389,  427,   445,   465,   512,   513,   514,   515,   526,  530,  531,
     532,  540,  548,  554,   556,   563,   587,   601,   636,   989,   990,  993,  995,
     1433, 1521, 1719, 1720,  1723,  2049,  2181,  2375,  2376,  2379,  2380, 3306, 3389,
     3659, 4045, 4190, 5060,  5061,  5432,  5433,  5672,  5984,  6000,  6379, 6380, 6432,
     6566, 6665, 6666, 6667,  6668,  6669,  6679,  6697,  7000,  7001,  8086, 9042, 9092,
     9160, 9200, 9300, 10080, 10250, 11211, 16379, 26379, 27017, 27018, 27019});

bool begins_with(const std::uint8_t* bytes, const std::uint8_t* prefix, unsigned bits) noexcept {
  const unsigned whole = bits / 8;
  if (std::memcmp(bytes, prefix, whole) != 0) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((bytes[whole] ^ prefix[whole]) >> (8 - rest)) == 0;
}

bool is_special_v4(const std::uint8_t* bytes) noexcept {
  return std::ranges::any_of(special_v4, [bytes](const v4_range& range) {
    return begins_with(bytes, range.bytes, range.bits);
  });
}

bool is_public(const std::uint8_t* bytes) noexcept {
  if (begins_with(bytes, mapped_prefix, mapped_bits) ||
      begins_with(bytes, nat64_prefix, mapped_bits)) {
    return !is_special_v4(bytes + 12);
  }
  return begins_with(bytes, global_v6.bytes, global_v6.bits) &&
         std::ranges::none_of(special_v6, [bytes](const v6_range& range) {
           return begins_with(bytes, range.bytes, range.bits);
         });
}

address_block mapped(const std::uint8_t* v4) noexcept {
  address_block block;
  std::memcpy(block.bytes, mapped_prefix, sizeof mapped_prefix);
  std::memcpy(block.bytes + sizeof mapped_prefix, v4, 4);
  return block;
}

bool contains(const address_block& block, const address_block& address) noexcept {
  return address.bits >= block.bits && begins_with(address.bytes, block.bytes, block.bits);
}

bool contains(const std::vector<address_block>& blocks, const address_block& address) noexcept {
  return std::ranges::any_of(
      blocks, [&address](const address_block& block) { return contains(block, address); });
}

// The IPv4 addresses to which an IPv6 address may lead: whoever denies one of these denies it.
bool leads_into(const std::vector<address_block>& blocks, const std::uint8_t* bytes) noexcept {
  for (const auto& prefix : {compatible_prefix, translated_prefix, nat64_prefix}) {
    if (begins_with(bytes, prefix, mapped_bits)) return contains(blocks, mapped(bytes + 12));
  }
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return contains(blocks, mapped(bytes + 2));
  constexpr std::uint8_t teredo_prefix[4] = {0x20, 0x01, 0, 0};
  if (!begins_with(bytes, teredo_prefix, 32)) return false;
  std::uint8_t client[4];  // Teredo inverts it.
  for (std::size_t i = 0; i < sizeof client; ++i) {
    client[i] = static_cast<std::uint8_t>(bytes[12 + i] ^ 0xFF);
  }
  return contains(blocks, mapped(bytes + 4)) || contains(blocks, mapped(client));
}

bool read_address(std::string_view text, address_block& block, bool& is_v4) noexcept {
  char copy[INET6_ADDRSTRLEN];  // with a NUL, for inet_pton
  if (text.size() >= sizeof copy || text.find('\0') != std::string_view::npos) return false;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  std::uint8_t v4[4];
  is_v4 = inet_pton(AF_INET, copy, v4) == 1;
  if (is_v4) {
    block = mapped(v4);
    return true;
  }
  block.bits = address_bytes * 8;
  return inet_pton(AF_INET6, copy, block.bytes) == 1;
}

// At most three digits, and none in front that says nothing.
bool read_bits(std::string_view text, unsigned limit, unsigned& bits) noexcept {
  if (text.empty() || text.size() > 3 || (text[0] == '0' && text.size() > 1)) return false;
  bits = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    bits = bits * 10 + static_cast<unsigned>(c - '0');
  }
  return bits <= limit;
}

result<std::vector<address_block>> parse_blocks(std::span<const std::string> texts) {
  std::vector<address_block> blocks;
  blocks.reserve(texts.size());
  for (const std::string& text : texts) {
    auto block = parse_address_block(text);
    if (!block) return block.problem();
    blocks.push_back(*block);
  }
  return blocks;
}

}  // namespace

result<address_block> parse_address_block(std::string_view text) {
  const std::size_t slash = text.find('/');
  address_block block;
  bool is_v4 = false;
  if (!read_address(text.substr(0, slash), block, is_v4)) {
    return error{errc::invalid_argument, no_offset,
                 "an address is four decimal numbers, 192.0.2.1, or IPv6, 2001:db8::1, and a block "
                 "has a number of bits behind it, 192.0.2.0/24"};
  }
  if (slash == std::string_view::npos) return block;
  unsigned bits = 0;
  if (!read_bits(text.substr(slash + 1), is_v4 ? 32 : 128, bits)) {
    return error{errc::invalid_argument, slash + 1,
                 "the number of bits of a block of addresses is from 0 to 32, of IPv6 to 128"};
  }
  if (is_v4) bits += mapped_bits;
  for (unsigned bit = bits; bit < address_bytes * 8; ++bit) {
    if ((block.bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) {
      return error{errc::invalid_argument, no_offset,
                   "an address of a block has only zeros behind its bits: 10.0.0.0/8, not "
                   "10.1.2.3/8"};
    }
  }
  block.bits = static_cast<std::uint8_t>(bits);
  return block;
}

std::string to_string(const address_block& block) {
  const bool is_v4 =
      block.bits >= mapped_bits && begins_with(block.bytes, mapped_prefix, mapped_bits);
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? block.bytes + 12 : block.bytes, text, sizeof text);
  std::string whole = text;
  if (block.bits < address_bytes * 8) {
    whole.append("/").append(std::to_string(is_v4 ? block.bits - mapped_bits : block.bits));
  }
  return whole;
}

result<address_policy> address_policy::create(std::span<const std::string> allowed,
                                              std::span<const std::string> denied) {
  address_policy policy;
  auto allowed_blocks = parse_blocks(allowed);
  if (!allowed_blocks) return allowed_blocks.problem();
  auto denied_blocks = parse_blocks(denied);
  if (!denied_blocks) return denied_blocks.problem();
  policy.allowed_ = *std::move(allowed_blocks);
  policy.denied_ = *std::move(denied_blocks);
  return policy;
}

bool address_policy::allows(std::string_view address) const noexcept {
  address_block block;
  bool is_v4 = false;
  return read_address(address, block, is_v4) && allows(block);
}

bool address_policy::allows(const address_block& address) const noexcept {
  if (address.bits != address_bytes * 8) return false;
  if (contains(denied_, address) || leads_into(denied_, address.bytes)) return false;
  return contains(allowed_, address) || is_public(address.bytes);
}

bool address_policy::allows(const address_block& address, std::uint16_t port) const noexcept {
  return allows(address) &&
         (!std::ranges::binary_search(forbidden_ports, port) || contains(allowed_, address));
}

}  // namespace v1
}  // namespace jobqueue
