// The vectors of what is refused, through C. test_forbidden.py runs it in a network namespace: a
// defect would send packets to strangers.
#include <jobqueue/jobqueue_net.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/probe_vectors.hpp"

namespace {

using jobqueue::test::probe_vector;
using jobqueue::test::read_probe_vectors;

std::vector<jobqueue_string> borrow(const std::vector<std::string>& texts) {
  std::vector<jobqueue_string> list;
  for (const std::string& text : texts) list.push_back({text.data(), text.size()});
  return list;
}

TEST(ProbeVectors, hold_in_c) {
  int refused = 0;
  for (const probe_vector& one : read_probe_vectors()) {
    if (one.expect == "OK") continue;
    ++refused;
    const auto allowed = borrow(one.allow);
    const auto denied = borrow(one.deny);
    jobqueue_probe_options options = JOBQUEUE_PROBE_OPTIONS_INIT;
    options.allowed = allowed.data();
    options.allowed_count = allowed.size();
    options.denied = denied.data();
    options.denied_count = denied.size();
    const jobqueue_status status = jobqueue_probe_content_type(nullptr, nullptr, one.url.data(),
                                                               one.url.size(), &options, nullptr);
    EXPECT_EQ(jobqueue_status_name(status), one.expect) << one.name;
  }
  EXPECT_GT(refused, 200);
}

}  // namespace
