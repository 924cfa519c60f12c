// Where a request ends: what is refused so that nobody behind a proxy reads it in another way.
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "service/http_transport.hpp"

namespace jobqueue::test {
namespace {

struct framing_case {
  std::string_view name;
  std::string_view bytes;
  unsigned status;
};

// What the parser of Beast accepts and we do not, and what both refuse.
constexpr framing_case framing_cases[] = {
    {"good", good, 200},
    {"chunked",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0"
     "\r\n\r\n",
     200},
    {"coding_then_length",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
     400},
    {"length_then_coding",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\nhello",
     400},
    {"chunked_and_length",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0"
     "\r\n\r\n",
     400},
    {"length_and_chunked",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0"
     "\r\n\r\n",
     400},
    {"old_chunked", "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400},
    {"other_coding", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nhello", 400},
    {"two_codings",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
    {"repeated_coding",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
     "chunked\r\n\r\n0\r\n\r\n",
     400},
    {"two_hosts", "GET /jobs/7/part HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
    {"no_host", "GET /jobs/7/part HTTP/1.1\r\n\r\n", 400},
    {"two_signatures",
     "POST /echo HTTP/1.1\r\nHost: a\r\nX-Hub-Signature-256: sha256=0\r\nX-Hub-Signature-256: "
     "sha256=1\r\nContent-Length: 0\r\n\r\n",
     400},
    {"two_webhook_ids",
     "POST /echo HTTP/1.1\r\nHost: a\r\nwebhook-id: 1\r\nWebhook-Id: 1\r\nContent-Length: "
     "0\r\n\r\n",
     400},
    {"two_tokens",
     "GET /jobs/7/part HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer "
     "b\r\n\r\n",
     400},
    {"list_of_lengths", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello", 400},
    {"length_twice",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400},
    {"lengths_differ",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400},
    {"length_with_plus", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400},
    {"negative_length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello", 400},
    {"endless_length",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nhello", 400},
    {"folded", "POST /echo HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello",
     400},
    {"bare_line_feed", "POST /echo HTTP/1.1\nHost: a\nContent-Length: 5\n\nhello\r\n\r\n", 400},
    {"line_feed_in_chunk",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
     "chunked\r\n\r\n2;a\nb\r\nhe\r\n0\r\n\r\n",
     400},
    {"space_before_colon", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello",
     400},
    {"huge_chunk",
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\nx",
     400},
    {"absolute_target", "GET http://a/jobs/7/part HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"other_version", "GET /jobs/7/part HTTP/2.0\r\nHost: a\r\n\r\n", 400},
    {"no_version", "GET /jobs/7/part\r\nHost: a\r\n\r\n", 400},
    {"other_expectation",
     "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: more\r\nContent-Length: 5\r\n\r\nhello", 400},
};

class http_framing : public http_transport, public testing::WithParamInterface<framing_case> {};

// Alone, behind a good request, and split at every byte.
TEST_P(http_framing, is_enforced_whole_pipelined_and_split) {
  start();
  const framing_case& one = GetParam();
  const auto check = [&](raw_client& client) {
    const raw_answer answer = client.read();
    EXPECT_EQ(answer.status, one.status) << answer.head << answer.body;
    if (one.status == 400) {
      EXPECT_TRUE(answer.has("Connection: close"));
      client.finish_sending();
      EXPECT_TRUE(client.is_ended_within(5s)) << "there is another answer";
    }
  };
  {
    raw_client client(server_->port());
    client.send(one.bytes);
    check(client);
  }
  {
    raw_client client(server_->port());
    client.send(std::string(good) + std::string(one.bytes));
    EXPECT_EQ(client.read().status, 200U);
    check(client);
  }
  for (std::size_t at = 1; at < one.bytes.size(); ++at) {
    raw_client client(server_->port());
    client.send(one.bytes.substr(0, at));
    client.send(one.bytes.substr(at));
    const raw_answer answer = client.read();
    ASSERT_EQ(answer.status, one.status) << "split at " << at << answer.head;
  }
  // Byte by byte, each in a segment of its own.
  raw_client client(server_->port());
  for (const char c : one.bytes) {
    if (!client.send(std::string_view(&c, 1))) break;
  }
  check(client);
}

INSTANTIATE_TEST_SUITE_P(cases, http_framing, testing::ValuesIn(framing_cases),
                         [](const auto& which) { return std::string(which.param.name); });

}  // namespace
}  // namespace jobqueue::test
