// Every range: the first address, the last one, and those beside it.
#include <jobqueue/net/address_policy.hpp>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using jobqueue::address_policy;
using jobqueue::parse_address_block;

struct range {
  std::string_view first;
  std::string_view last;
  std::string_view before;  // empty if that is another range
  std::string_view behind;
};

constexpr range v4_ranges[] = {
    {"0.0.0.0", "0.255.255.255", "", "1.0.0.0"},
    {"10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"},
    {"100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"},
    {"127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"},
    {"168.63.129.16", "168.63.129.16", "168.63.129.15", "168.63.129.17"},
    {"169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"},
    {"172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"},
    {"192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"},
    {"192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"},
    {"192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"},
    {"192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"},
    {"198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"},
    {"198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"},
    {"203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"},
    {"224.0.0.0", "239.255.255.255", "223.255.255.255", ""},
    {"240.0.0.0", "255.255.255.255", "", ""},
};

constexpr range v6_ranges[] = {
    {"::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "2000::"},
    {"2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:200::"},
    {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
    {"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2003::"},
    {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "3fff:1000::"},
    {"4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     ""},
};

// Of the registry and of the lists of others, one of each.
constexpr std::string_view v6_addresses[] = {
    "::1",          "64:ff9b:1::1",  "100::1",
    "100:0:0:1::1", "2001::1",       "2001:2::1",
    "2001:10::1",   "2001:20::1",    "5f00::1",
    "fc00::1",      "fd00:ec2::254", "fe80::1",
    "febf::ffff",   "fec0::1",       "ff02::1",
    "ff00::",       "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe"};

// ::a.b.c.d, ::ffff:a.b.c.d, ::ffff:0:a.b.c.d and 64:ff9b::a.b.c.d
constexpr std::string_view wrappings[] = {"::", "::ffff:", "::ffff:0:", "64:ff9b::"};

TEST(AddressPolicy, knows_every_range) {
  const address_policy policy;
  for (const auto& ranges : {std::vector<range>(std::begin(v4_ranges), std::end(v4_ranges)),
                             std::vector<range>(std::begin(v6_ranges), std::end(v6_ranges))}) {
    for (const range& one : ranges) {
      EXPECT_FALSE(policy.allows(one.first)) << one.first;
      EXPECT_FALSE(policy.allows(one.last)) << one.last;
      EXPECT_TRUE(one.before.empty() || policy.allows(one.before)) << one.before;
      EXPECT_TRUE(one.behind.empty() || policy.allows(one.behind)) << one.behind;
    }
  }
  for (const std::string_view one : v6_addresses) EXPECT_FALSE(policy.allows(one)) << one;
  EXPECT_TRUE(policy.allows("2606:4700::1111"));
  EXPECT_TRUE(policy.allows("93.184.216.34"));
}

TEST(AddressPolicy, sees_an_address_in_another) {
  const address_policy policy;
  for (const range& one : v4_ranges) {
    for (const std::string_view wrapping : wrappings) {
      for (const std::string_view address : {one.first, one.last}) {
        const std::string wrapped = std::string(wrapping).append(address);
        EXPECT_FALSE(policy.allows(wrapped)) << wrapped;
        EXPECT_TRUE(parse_address_block(wrapped)) << wrapped;
      }
    }
  }
  EXPECT_TRUE(policy.allows("::ffff:93.184.216.34"));
  EXPECT_TRUE(policy.allows("64:ff9b::93.184.216.34"));
  EXPECT_FALSE(policy.allows("::93.184.216.34"));
  EXPECT_FALSE(policy.allows("::ffff:0:93.184.216.34"));
}

TEST(AddressPolicy, allows_nothing_that_is_no_address) {
  const std::array<std::string, 2> all = {"0.0.0.0/0", "::/0"};
  const auto policy = address_policy::create(all).value();
  EXPECT_TRUE(policy.allows("127.0.0.1"));
  for (const std::string_view text :
       {"", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.01",
        "127.0.0.1 ", " 127.0.0.1", "127.0.0.1/8", "127.0.0.256", "1.2.3", "1.2.3.4.5", ":",
        "::1%lo", "[::1]", "1::2::3", "::ffff:127.0.0.01",
        "0000:0000:0000:0000:0000:0000:0000:0000:0001"}) {
    EXPECT_FALSE(policy.allows(text)) << text;
  }
  EXPECT_FALSE(policy.allows(std::string_view("127.0.0.1\0x", 11)));
  // A block is not one address.
  EXPECT_FALSE(policy.allows(parse_address_block("8.8.8.0/24").value()));
}

TEST(AddressPolicy, reads_blocks) {
  for (const auto& [text, bits] : std::vector<std::pair<std::string, int>>{{"10.0.0.0/8", 104},
                                                                           {"0.0.0.0/0", 96},
                                                                           {"1.2.3.4", 128},
                                                                           {"1.2.3.4/32", 128},
                                                                           {"::/0", 0},
                                                                           {"fd00::/8", 8},
                                                                           {"::1", 128},
                                                                           {"fe80::/10", 10}}) {
    const auto block = parse_address_block(text);
    ASSERT_TRUE(block) << text;
    EXPECT_EQ(block->bits, bits);
    EXPECT_EQ(to_string(*block), text == "1.2.3.4/32" ? "1.2.3.4" : text);
  }
  for (const std::string_view text :
       {"10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/8 ", "10.1.0.0/8",
        "::/129", "::1/0", "/8", "10/8", "10.0.0.0/8/8", "fe80::1/10", "host/8"}) {
    EXPECT_FALSE(parse_address_block(text)) << text;
  }
}

TEST(AddressPolicy, allows_and_denies_what_it_is_told) {
  const std::array<std::string, 3> allowed = {"10.1.0.0/16", "::1", "2002::/16"};
  const std::array<std::string, 2> denied = {"10.1.2.0/24", "8.8.8.8"};
  const auto policy = address_policy::create(allowed, denied).value();
  EXPECT_TRUE(policy.allows("10.1.0.1"));
  EXPECT_TRUE(policy.allows("::ffff:10.1.0.1"));
  EXPECT_TRUE(policy.allows("::1"));
  EXPECT_TRUE(policy.allows("9.9.9.9"));
  EXPECT_TRUE(policy.allows("2002:909:909::1"));
  EXPECT_FALSE(policy.allows("10.2.0.1"));
  EXPECT_FALSE(policy.allows("127.0.0.1"));
  EXPECT_FALSE(policy.allows("10.1.2.3"));
  EXPECT_FALSE(policy.allows("8.8.8.8"));
  // Whatever it is wrapped in; an address that is allowed is not, unless that is said.
  EXPECT_FALSE(policy.allows("64:ff9b::8.8.8.8"));
  EXPECT_FALSE(policy.allows("64:ff9b::10.1.0.1"));
  EXPECT_FALSE(policy.allows("2002:808:808::1"));
  const std::array<std::string, 1> wrong = {"10.0.0.0/99"};
  EXPECT_FALSE(address_policy::create(wrong));
  EXPECT_FALSE(address_policy::create({}, wrong));
}

TEST(AddressPolicy, keeps_off_the_ports_of_others) {
  const std::array<std::string, 1> allowed = {"127.0.0.1"};
  const auto policy = address_policy::create(allowed).value();
  const auto far = parse_address_block("93.184.216.34").value();
  const auto near = parse_address_block("127.0.0.1").value();
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{
           0, 22, 25, 587, 2375, 5432, 6000, 6379, 9200, 11211, 27017}) {
    EXPECT_FALSE(policy.allows(far, port)) << port;
    EXPECT_TRUE(policy.allows(near, port)) << port;
  }
  for (const std::uint16_t port :
       std::initializer_list<std::uint16_t>{80, 443, 3000, 8000, 8080, 8443, 9000, 50000, 65535}) {
    EXPECT_TRUE(policy.allows(far, port)) << port;
  }
  EXPECT_FALSE(policy.allows(parse_address_block("127.0.0.2").value(), 80));
}

}  // namespace
