// The vectors of what is asked through C++, and those of what is refused through C, too.
#include <jobqueue/jobqueue_net.h>
#include <jobqueue/net/address_policy.hpp>

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "net/http_url.hpp"

namespace {

using jobqueue::address_policy;

struct vector_case {
  std::string name;
  std::string url;
  std::vector<std::string> allow;
  std::vector<std::string> deny;
  std::string expect;
};

std::vector<vector_case> read_vectors() {
  std::ifstream file(std::string(JOBQUEUE_SOURCE_DIR) + "/tests/vectors/probe.json");
  const auto document = nlohmann::json::parse(file);
  std::vector<vector_case> cases;
  for (const auto& one : document.at("cases")) {
    vector_case made;
    for (const auto& [key, value] : one.items()) {
      if (key == "name") {
        made.name = value;
      } else if (key == "url") {
        made.url = value;
      } else if (key == "allow") {
        made.allow = value.get<std::vector<std::string>>();
      } else if (key == "deny") {
        made.deny = value.get<std::vector<std::string>>();
      } else if (key == "expect") {
        made.expect = value;
      } else {
        ADD_FAILURE() << "no runner knows " << key;
      }
    }
    cases.push_back(std::move(made));
  }
  return cases;
}

std::string judge(const vector_case& one) {
  const auto policy = address_policy::create(one.allow, one.deny);
  if (!policy) return std::string(error_name(policy.problem().code));
  const auto url = jobqueue::detail::parse_http_url(one.url);
  if (!url) return std::string(error_name(url.problem().code));
  if (!url->address) return "NAME";
  return policy->allows(*url->address, url->port) ? "OK" : "ADDRESS_FORBIDDEN";
}

std::vector<jobqueue_string> borrow(const std::vector<std::string>& texts) {
  std::vector<jobqueue_string> list;
  for (const std::string& text : texts) list.push_back({text.data(), text.size()});
  return list;
}

TEST(ProbeVectors, hold_in_cpp) {
  const auto cases = read_vectors();
  EXPECT_GT(cases.size(), 250u);
  for (const vector_case& one : cases) EXPECT_EQ(judge(one), one.expect) << one.name;
}

TEST(ProbeVectors, hold_in_c) {
  int refused = 0;
  for (const vector_case& one : read_vectors()) {
    if (one.expect == "OK") continue;  // It would send packets to strangers.
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
