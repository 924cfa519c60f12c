// The vectors of what is asked, through C++; nothing is sent.
#include <jobqueue/net/address_policy.hpp>

#include <string>

#include <gtest/gtest.h>

#include "net/http_url.hpp"
#include "net/probe_vectors.hpp"

namespace {

using jobqueue::address_policy;
using jobqueue::test::probe_vector;
using jobqueue::test::read_probe_vectors;

std::string judge(const probe_vector& one) {
  const auto policy = address_policy::create(one.allow, one.deny);
  if (!policy) return std::string(error_name(policy.problem().code));
  const auto url = jobqueue::detail::parse_http_url(one.url);
  if (!url) return std::string(error_name(url.problem().code));
  if (!url->address) return "NAME";
  return policy->allows(*url->address, url->port) ? "OK" : "ADDRESS_FORBIDDEN";
}

TEST(ProbeVectors, hold_in_cpp) {
  const auto cases = read_probe_vectors();
  EXPECT_GT(cases.size(), 250u);
  for (const probe_vector& one : cases) EXPECT_EQ(judge(one), one.expect) << one.name;
}

}  // namespace
