// The probe against servers that tell the truth, part of it, or something else.
#include <jobqueue/net/probe.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/local_client.hpp"
#include "support/scripted_server.hpp"

namespace {

using jobqueue::content_source;
using jobqueue::errc;
using jobqueue::http_client;
using jobqueue::probe_content_type;
using jobqueue::probed_content_type;
using jobqueue::test::local_options;
using jobqueue::test::says;
using jobqueue::test::scripted_server;
using jobqueue::test::server_line;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

const std::string png(
    "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\6\0\0\0\x1F\xF3\xFF\x61", 33);

http_client client() {
  auto options = local_options();
  options.max_redirects = 5;
  options.total_timeout = 1s;
  return http_client(std::move(options));
}

bool is_head(const std::string& request) { return request.starts_with("HEAD "); }

std::string answer(std::string_view start, std::string_view body) {
  return std::string("HTTP/1.1 ")
      .append(start)
      .append("\r\nContent-Length: ")
      .append(std::to_string(body.size()))
      .append("\r\n\r\n")
      .append(body);
}

// What HEAD gets, and what GET.
scripted_server::script says_both(std::string head, std::string get) {
  return [head = std::move(head), get = std::move(get)](const std::string& request,
                                                        server_line& line) {
    line.send(is_head(request) ? head : get);
  };
}

const std::string partial =
    "HTTP/1.1 206 Partial Content\r\nContent-Type: image/png\r\nContent-Range: bytes "
    "0-32/98765432109\r\nETag: \"e\"\r\nContent-Length: 33\r\n\r\n" +
    png;

TEST(Probe, believes_the_bytes) {
  const scripted_server server(says_both(
      "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\n", partial));
  const auto probed = probe_content_type(client(), server.url("/out.bin?x=a.gif")).value();
  EXPECT_EQ(probed.found.media_type.view(), "image/png");
  EXPECT_EQ(probed.found.source, content_source::magic);
  EXPECT_FALSE(probed.found.mismatch);  // The header of the answer with the bytes counts.
  EXPECT_EQ(probed.status, 206u);
  EXPECT_EQ(probed.size, 98765432109u);
  EXPECT_EQ(probed.etag, "\"e\"");
  EXPECT_EQ(probed.header, "image/png");
  EXPECT_EQ(probed.head_bytes, 33u);
  EXPECT_EQ(probed.problem, "");
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_THAT(requests[0], StartsWith("HEAD /out.bin?x=a.gif HTTP/1.1\r\n"));
  EXPECT_THAT(requests[0], HasSubstr("\r\nAccept-Encoding: identity\r\n"));
  EXPECT_THAT(requests[1], StartsWith("GET /out.bin?x=a.gif HTTP/1.1\r\n"));
  EXPECT_THAT(requests[1], HasSubstr("\r\nRange: bytes=0-4095\r\n"));
}

// URLs that are signed for GET refuse HEAD.
TEST(Probe, needs_no_head) {
  for (const char* refusal :
       {"400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found",
        "405 Method Not Allowed", "500 Internal Server Error", "501 Not Implemented"}) {
    const scripted_server server(says_both(answer(refusal, ""), partial));
    const auto probed = probe_content_type(client(), server.url()).value();
    EXPECT_EQ(probed.found.media_type.view(), "image/png") << refusal;
    EXPECT_EQ(probed.status, 206u);
    EXPECT_EQ(probed.problem, "");
  }
  // One that hangs up.
  const scripted_server server(says_both("", partial));
  EXPECT_EQ(probe_content_type(client(), server.url()).value().status, 206u);
}

TEST(Probe, knows_what_is_no_evidence) {
  struct matter {
    const char* what;
    std::string head;
    std::string get;
    std::string_view media_type;
    unsigned status;
    const char* problem;
  };
  const std::string ok_head = "HTTP/1.1 200 OK\r\nContent-Type: image/webp\r\n\r\n";
  for (const matter& one : std::vector<matter>{
           {"no type", answer("200 OK", ""), answer("200 OK", png), "image/png", 200, ""},
           {"a wrong type", ok_head, answer("200 OK\r\nContent-Type: text/html", png), "image/png",
            200, ""},
           {"nosniff", ok_head,
            answer("200 OK\r\nContent-Type: text/html\r\nX-Content-Type-Options: NoSniff", png),
            "text/html", 200, ""},
           {"an unknown type", ok_head, answer("200 OK\r\nContent-Type: binary/octet-stream", png),
            "image/png", 200, ""},
           {"a range of its own", ok_head,
            answer("206 Partial Content\r\nContent-Range: bytes 100-132/1000", png), "image/webp",
            206, "another range"},
           {"no range", ok_head, answer("206 Partial Content", png), "image/webp", 206,
            "another range"},
           {"an encoding", ok_head,
            answer("200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/css", "\x1F\x8B\x08"),
            "text/css", 200, "encoded"},
           {"nothing", ok_head,
            "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */0\r\nContent-Type: "
            "text/html\r\nContent-Length: 5\r\n\r\nempty",
            "image/webp", 200, "empty"},
           {"bytes for nobody", ok_head, answer("403 Forbidden\r\nContent-Type: text/html", "<p>"),
            "image/webp", 200, "answers 403 to GET"},
           {"neither", answer("404 Not Found\r\nContent-Type: text/html", ""),
            answer("404 Not Found\r\nContent-Type: text/html", "<html>"), "image/gif", 404,
            "answers 404 to GET"},
           {"a redirect to nowhere", answer("302 Found", ""), answer("302 Found", "<html>"),
            "image/gif", 302, "answers 302 to GET"},
       }) {
    const scripted_server server(says_both(one.head, one.get));
    const auto probed = probe_content_type(client(), server.url("/a.gif"));
    ASSERT_TRUE(probed) << one.what << ": " << probed.problem().message;
    EXPECT_EQ(probed->found.media_type.view(), one.media_type) << one.what;
    EXPECT_EQ(probed->status, one.status) << one.what;
    EXPECT_THAT(probed->problem, HasSubstr(one.problem)) << one.what;
    EXPECT_EQ(probed->problem.empty(), one.problem[0] == '\0') << one.what;
  }
}

TEST(Probe, reads_no_more_than_the_head) {
  std::atomic<std::size_t> sent = 0;
  const scripted_server server([&sent](const std::string& request, server_line& line) {
    line.send("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
    if (is_head(request)) return;
    const std::string piece = png + std::string(4096 - png.size(), 'x');
    while (line.send(piece)) sent += piece.size();
  });
  const auto probed = probe_content_type(client(), server.url()).value();
  EXPECT_EQ(probed.found.media_type.view(), "image/png");
  EXPECT_EQ(probed.size, 99999999999u);
  EXPECT_EQ(probed.head_bytes, 4096u);
  // What sockets hold is a few MB at most.
  EXPECT_LT(sent, std::size_t{32} << 20);
}

TEST(Probe, takes_the_bytes_that_came) {
  const scripted_server server([](const std::string& request, server_line& line) {
    line.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    if (is_head(request)) return;
    line.send(png);
    line.wait();
  });
  const auto probed = probe_content_type(client(), server.url()).value();
  EXPECT_EQ(probed.found.media_type.view(), "image/png");
  EXPECT_EQ(probed.head_bytes, png.size());
}

TEST(Probe, asks_for_the_head_only) {
  const scripted_server server(says_both(
      "HTTP/1.1 200 OK\r\nContent-Type: image/webp\r\nContent-Length: 77\r\n\r\n", partial));
  const auto probed = probe_content_type(client(), server.url(), {.head_only = true}).value();
  EXPECT_EQ(probed.found.media_type.view(), "image/webp");
  EXPECT_EQ(probed.size, 77u);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(Probe, follows_to_the_object) {
  const scripted_server server([](const std::string& request, server_line& line) {
    if (request.find(" /out.png ") != std::string::npos) {
      line.send(answer("302 Found\r\nLocation: /objects/1", "<html>"));
    } else if (request.find(" /loop ") != std::string::npos) {
      line.send(answer("302 Found\r\nLocation: /loop", ""));
    } else if (request.find(" /meta ") != std::string::npos) {
      line.send(answer("302 Found\r\nLocation: http://127.0.0.2/", ""));
    } else {
      line.send(answer("200 OK", ""));
    }
  });
  // The name that the caller has is evidence where that of the object says nothing.
  const auto probed = probe_content_type(client(), server.url("/out.png")).value();
  EXPECT_EQ(probed.found.media_type.view(), "image/png");
  EXPECT_EQ(probed.found.source, content_source::url);
  EXPECT_EQ(probed.url, server.url("/objects/1"));
  EXPECT_EQ(probed.redirects, 1u);
  EXPECT_EQ(probe_content_type(client(), server.url("/loop")).problem().code, errc::network_error);
  for (const char* configured : {"", "image/png"}) {
    EXPECT_EQ(probe_content_type(client(), server.url("/meta"), {.configured = configured})
                  .problem()
                  .code,
              errc::address_forbidden);
  }
}

TEST(Probe, falls_back_to_what_is_configured) {
  const scripted_server server(says(""));
  EXPECT_EQ(probe_content_type(client(), server.url("/a")).problem().code, errc::network_error);
  const auto probed =
      probe_content_type(client(), server.url("/a"), {.configured = "audio/flac"}).value();
  EXPECT_EQ(probed.found.media_type.view(), "audio/flac");
  EXPECT_EQ(probed.found.source, content_source::configured);
  EXPECT_EQ(probed.status, 0u);
  EXPECT_THAT(probed.problem, HasSubstr("closed the connection"));
}

TEST(Probe, tells_what_it_saw) {
  const scripted_server server(says_both(
      "", "HTTP/1.1 200 OK\r\nContent-Type: a/\"\xFF\r\nContent-Length: 33\r\n\r\n" + png));
  const auto probed = probe_content_type(client(), server.url()).value();
  const std::string json = to_json(probed);
  EXPECT_THAT(json, StartsWith("{\"media_type\":\"image/png\",\"extension\":\"png\""));
  EXPECT_THAT(json, HasSubstr(",\"polyglot\":false,\"url\":\"" + server.url() +
                              "\",\"status\":200,\"size\":33,\"redirects\":0,\"header\":"
                              "\"a/\\\"\xEF\xBF\xBD\",\"etag\":null,\"nosniff\":false,"
                              "\"head_bytes\":33,\"problem\":null}"));
}

}  // namespace
