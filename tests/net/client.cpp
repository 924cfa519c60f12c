// The client against servers that do what they should not.
#include <jobqueue/net/client.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/local_client.hpp"
#include "support/scripted_server.hpp"

namespace {

using jobqueue::errc;
using jobqueue::http_client;
using jobqueue::test::certificate;
using jobqueue::test::local_options;
using jobqueue::test::says;
using jobqueue::test::scripted_server;
using jobqueue::test::server_line;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

std::string problem_of(const http_client& client, const std::string& url, errc code) {
  const auto began = std::chrono::steady_clock::now();
  const auto answer = client.send({.url = url});
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
  EXPECT_FALSE(answer) << url << " answers " << answer->status;
  if (answer) return "";
  EXPECT_EQ(answer.problem().code, code) << url << ": " << answer.problem().message;
  return answer.problem().message;
}

TEST(Client, sends_what_is_asked) {
  const scripted_server server(
      says("HTTP/1.1 201 Created\r\nA: 1\r\na: 2\r\nContent-Length: 2\r\n\r\nok"));
  const http_client client(local_options());
  const auto answer = client
                          .send({.method = "POST",
                                 .url = server.url("/a%20b c?d=[e]#f"),
                                 .headers = {{"X-Own", "v"}},
                                 .body = "{}"})
                          .value();
  EXPECT_EQ(answer.status, 201u);
  EXPECT_EQ(answer.body, "ok");
  EXPECT_FALSE(answer.is_body_cut);
  EXPECT_EQ(answer.header("A"), "2");
  EXPECT_EQ(answer.headers.size(), 3u);
  EXPECT_EQ(answer.url, server.url("/a%20b%20c?d=%5Be%5D"));
  EXPECT_THAT(server.requests(),
              ElementsAre("POST /a%20b%20c?d=%5Be%5D HTTP/1.1\r\nHost: 127.0.0.1:" +
                          std::to_string(server.port()) +
                          "\r\nUser-Agent: jobqueue\r\nConnection: close\r\nX-Own: "
                          "v\r\nContent-Length: 2\r\n\r\n{}"));
}

TEST(Client, connects_to_no_forbidden_address) {
  const scripted_server server(says("HTTP/1.1 200 OK\r\n\r\n"));
  const http_client client;
  EXPECT_THAT(problem_of(client, server.url(), errc::address_forbidden),
              HasSubstr("is no public address"));
  EXPECT_THAT(problem_of(client, server.url("/", "localhost"), errc::address_forbidden),
              HasSubstr("localhost"));
  EXPECT_EQ(server.connections(), 0);
}

TEST(Client, refuses_what_is_no_url) {
  const http_client client(local_options());
  for (const char* url :
       {"file:///etc/passwd", "gopher://127.0.0.1/_x", "ftp://127.0.0.1/", "http://2130706433/",
        "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "http://127.0.0.1./",
        "http://%31%32%37.0.0.1/", "http://1.2.3.4.5/"}) {
    problem_of(client, url, errc::address_forbidden);
  }
  for (const char* url :
       {"", "/", "http:", "http://", "http:///path", "http://user@127.0.0.1/",
        "http://u:secret@127.0.0.1/", "http://127.0.0.1:65536/", "http://127.0.0.1:x/",
        "http://127.0.0.1\r\nHost: a/", "http://a\tb/", "http://a\\b/", "http://%61/",
        "http://[fe80::1%25lo]/", "http://a..b/", "http://-/%zz"}) {
    EXPECT_THAT(problem_of(client, url, errc::invalid_argument), Not(HasSubstr("secret")));
  }
}

TEST(Client, refuses_headers_that_are_more) {
  const http_client client(local_options());
  for (const auto& [name, value] :
       std::vector<jobqueue::http_header>{{"A", "b\r\nC: d"},
                                          {"A", std::string("\0", 1)},
                                          {"A b", "c"},
                                          {"", "c"},
                                          {"Host", "a"},
                                          {"content-length", "1"},
                                          {"Transfer-Encoding", "chunked"}}) {
    const auto answer = client.send({.url = "http://127.0.0.1:1/", .headers = {{name, value}}});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.problem().code, errc::invalid_argument) << name;
  }
  for (const char* method : {"", "GET /", "CONNECT", "trace", "G\r\n"}) {
    EXPECT_EQ(client.send({.method = method, .url = "http://127.0.0.1:1/"}).problem().code,
              errc::invalid_argument);
  }
}

TEST(Client, cuts_a_body) {
  const scripted_server server([](const std::string& request, server_line& line) {
    const bool is_chunked = request.starts_with("GET /chunked");
    line.send(is_chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                         : "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
    const std::string piece(1000, 'x');
    while (line.send(is_chunked ? "3E8\r\n" + piece + "\r\n" : piece)) continue;
  });
  auto options = local_options();
  options.max_body_bytes = 4096;
  const http_client client(std::move(options));
  for (const char* path : {"/", "/chunked"}) {
    const auto answer = client.send({.url = server.url(path)}).value();
    EXPECT_EQ(answer.body, std::string(4096, 'x'));
    EXPECT_TRUE(answer.is_body_cut);
  }
}

TEST(Client, knows_the_end_of_a_body) {
  auto options = local_options();
  options.max_body_bytes = 2;
  const http_client client(std::move(options));
  for (const char* text :
       {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\no\r\n1\r\nk\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\no"}) {
    const scripted_server server(says(text));
    const auto answer = client.send({.url = server.url()}).value();
    EXPECT_FALSE(answer.is_body_cut) << text;
    EXPECT_THAT(answer.body, StartsWith("o"));
  }
}

TEST(Client, takes_no_trailer_for_a_header) {
  const scripted_server server(
      says("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"
           "0\r\nContent-Type: text/html\r\nSet-Cookie: a\r\n\r\n"));
  const auto answer = http_client(local_options()).send({.url = server.url()}).value();
  EXPECT_EQ(answer.body, "ok");
  EXPECT_EQ(answer.header("content-type"), "a/b");
  EXPECT_EQ(answer.headers.size(), 2u);
}

TEST(Client, reads_no_body_of_head) {
  const scripted_server server(says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<script>!"));
  const http_client client(local_options());
  const auto answer = client.send({.method = "HEAD", .url = server.url()}).value();
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(answer.header("content-length"), "9");
}

TEST(Client, bounds_what_a_server_says) {
  struct wrong {
    const char* what;
    scripted_server::script script;
    const char* problem;
  };
  const auto endless = [](std::string first, std::string more) {
    return
        [first = std::move(first), more = std::move(more)](const std::string&, server_line& line) {
          line.send(first);
          while (line.send(more)) continue;
        };
  };
  const std::vector<wrong> all = {
      {"endless header", endless("HTTP/1.1 200 OK\r\nA: ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
       "headers that are too long"},
      {"endless headers", endless("HTTP/1.1 200 OK\r\n", "A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"),
       "headers"},
      {"many headers",
       [](const std::string&, server_line& line) {
         std::string text = "HTTP/1.1 200 OK\r\n";
         for (int i = 0; i < 300; ++i) text += "A: b\r\n";
         line.send(text + "\r\n");
         line.wait();
       },
       "more than 256 headers"},
      {"1xx flood", endless("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
       "too many interim answers"},
      {"100 flood", endless("", "HTTP/1.1 100 Continue\r\n\r\n"), "too many interim answers"},
      {"101", says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), "protocol"},
      {"endless chunk line",
       endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "aaaaaaaaaaaaaaaaaaaaaa"),
       "a line without an end"},
      {"chunk extensions",
       endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
               "1;" + std::string(3000, 'a') + "\r\nx\r\n"),
       "mostly framing"},
      {"not HTTP", says("SSH-2.0-OpenSSH_9.2\r\n"), "does not answer in HTTP"},
      {"HTTP/0.9", says("<html>\r\n\r\n"), "does not answer in HTTP"},
      {"two lengths", says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
       "does not answer in HTTP"},
      {"length and chunks",
       says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
       "does not answer in HTTP"},
      {"nothing", says(""), "closed the connection"},
      {"half a header", says("HTTP/1.1 200 OK\r\nA:"), "closed the connection"},
      {"half a body", says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok"),
       "closed the connection within its answer"},
      {"reset",
       [](const std::string&, server_line& line) {
         line.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
         line.reset();
       },
       "does not answer"},
      {"silence", [](const std::string&, server_line& line) { line.wait(); }, "time is over"},
      {"slow headers",
       [](const std::string&, server_line& line) {
         line.send("HTTP/1.1 200 OK\r\nA: ");
         while (line.send("a")) std::this_thread::sleep_for(50ms);
       },
       "time is over"},
      {"slow body",
       [](const std::string&, server_line& line) {
         line.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
         while (line.send("a")) std::this_thread::sleep_for(50ms);
       },
       "time is over"},
  };
  auto options = local_options();
  options.total_timeout = 1s;
  options.max_body_bytes = 10'000;
  const http_client client(std::move(options));
  for (const wrong& one : all) {
    const scripted_server server(one.script);
    const std::string problem = problem_of(client, server.url("/secret"), errc::network_error);
    EXPECT_THAT(problem, HasSubstr(one.problem)) << one.what;
    EXPECT_THAT(problem, StartsWith("127.0.0.1:" + std::to_string(server.port()))) << one.what;
    EXPECT_THAT(problem, Not(HasSubstr("secret"))) << one.what;
  }
}

TEST(Client, takes_what_came_if_that_is_enough) {
  for (const bool is_slow : {false, true}) {
    const scripted_server server([is_slow](const std::string&, server_line& line) {
      line.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok");
      if (is_slow) line.wait();
    });
    auto options = local_options();
    options.total_timeout = 500ms;
    const auto answer =
        http_client(std::move(options)).send({.url = server.url(), .accepts_partial_body = true});
    ASSERT_TRUE(answer) << answer.problem().message;
    EXPECT_EQ(answer->body, "ok");
    EXPECT_TRUE(answer->is_body_cut);
  }
}

TEST(Client, skips_interim_answers) {
  const scripted_server server(
      says("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 "
           "OK\r\nContent-Length: 2\r\n\r\nok"));
  const auto answer = http_client(local_options()).send({.url = server.url()}).value();
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.headers.size(), 1u);
  EXPECT_EQ(answer.body, "ok");
}

TEST(Client, follows_redirects_within_bounds) {
  const scripted_server other(says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother"));
  const scripted_server server([&other](const std::string& request, server_line& line) {
    const auto to = [&line](const std::string& status, const std::string& where) {
      line.send("HTTP/1.1 " + status + " x\r\nContent-Length: 0\r\nLocation: " + where +
                "\r\n\r\n");
    };
    const std::string path = request.substr(request.find(' ') + 1, 6);
    if (path == "/loop ") return to("302", "/loop");
    if (path == "/other") return to("307", other.url("/there"));
    if (path == "/meta ") return to("301", "http://127.0.0.2/latest/meta-data");
    if (path == "/file ") return to("301", "file:///etc/passwd");
    if (path == "/deci ") return to("301", "http://2130706434/");
    if (path == "/bad  ") return to("301", "http://[");
    if (path == "/post ") return to("303", "end?a=b c");
    line.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend");
  });
  const http_client none(local_options());
  EXPECT_EQ(none.send({.url = server.url("/loop")}).value().status, 302u);
  auto options = local_options();
  options.max_redirects = 5;
  const http_client client(std::move(options));
  const auto posted = client.send({.method = "POST", .url = server.url("/post"), .body = "x"});
  ASSERT_TRUE(posted) << posted.problem().message;
  EXPECT_EQ(posted->body, "end");
  EXPECT_EQ(posted->redirects, 1u);
  EXPECT_EQ(posted->url, server.url("/end?a=b%20c"));
  EXPECT_THAT(server.requests().back(), StartsWith("GET /end?a=b%20c HTTP/1.1\r\n"));
  EXPECT_THAT(server.requests().back(), Not(HasSubstr("Content-Length")));

  const std::size_t before = server.requests().size();
  EXPECT_THAT(problem_of(client, server.url("/loop"), errc::network_error),
              HasSubstr("redirects once more"));
  EXPECT_EQ(server.requests().size(), before + 6);
  EXPECT_THAT(problem_of(client, server.url("/meta"), errc::address_forbidden),
              HasSubstr("127.0.0.2"));
  problem_of(client, server.url("/file"), errc::address_forbidden);
  problem_of(client, server.url("/deci"), errc::address_forbidden);

  const auto moved = client.send({.url = server.url("/other"),
                                  .headers = {{"Authorization", "Bearer t"},
                                              {"Cookie", "c"},
                                              {"X-Key", "k"},
                                              {"Range", "bytes=0-1"}}});
  ASSERT_TRUE(moved) << moved.problem().message;
  EXPECT_EQ(moved->body, "other");
  EXPECT_THAT(other.requests().front(), EndsWith("Range: bytes=0-1\r\n\r\n"));
  EXPECT_THAT(other.requests().front(), Not(HasSubstr("Bearer")));
  EXPECT_THAT(other.requests().front(), Not(HasSubstr("ookie")));
  EXPECT_THAT(other.requests().front(), Not(HasSubstr("X-Key")));
}

TEST(Client, speaks_tls_with_whom_it_trusts) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "jobqueue-net-tls";
  std::filesystem::create_directories(folder);
  const certificate right(folder, "IP:127.0.0.1,DNS:localhost");
  const scripted_server server(says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), &right);
  auto options = local_options();
  options.ca_file = right.file();
  const http_client client(std::move(options));
  EXPECT_EQ(client.send({.url = server.url()}).value().body, "ok");
  EXPECT_EQ(client.send({.url = server.url("/", "localhost")}).value().body, "ok");
  // Of the system nobody has signed it.
  EXPECT_THAT(problem_of(http_client(local_options()), server.url(), errc::network_error),
              HasSubstr("certificate that is not trusted"));
  EXPECT_EQ(server.requests().size(), 2u);
  // A server without TLS.
  const scripted_server plain(says("HTTP/1.1 200 OK\r\n\r\n"));
  EXPECT_THAT(
      problem_of(client, "https://127.0.0.1:" + std::to_string(plain.port()), errc::network_error),
      HasSubstr("does not speak TLS"));
  auto wrong = local_options();
  wrong.ca_file = (folder / "nowhere.pem").string();
  EXPECT_THAT(problem_of(http_client(std::move(wrong)), server.url(), errc::network_error),
              HasSubstr("PEM"));
}

TEST(Client, trusts_no_certificate_of_another_name) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "jobqueue-net-name";
  std::filesystem::create_directories(folder);
  const certificate other(folder, "DNS:example.com");
  const scripted_server server(says("HTTP/1.1 200 OK\r\n\r\n"), &other);
  auto options = local_options();
  options.ca_file = other.file();
  const http_client client(std::move(options));
  EXPECT_THAT(problem_of(client, server.url(), errc::network_error),
              HasSubstr("IP address mismatch"));
  EXPECT_THAT(problem_of(client, server.url("/", "localhost"), errc::network_error),
              HasSubstr("hostname mismatch"));
  EXPECT_TRUE(server.requests().empty());
}

TEST(Client, trusts_no_certificate_that_has_expired) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "jobqueue-net-expired";
  std::filesystem::create_directories(folder);
  const certificate old(folder, "IP:127.0.0.1", -60);
  const scripted_server server(says("HTTP/1.1 200 OK\r\n\r\n"), &old);
  auto options = local_options();
  options.ca_file = old.file();
  EXPECT_THAT(problem_of(http_client(std::move(options)), server.url(), errc::network_error),
              HasSubstr("certificate has expired"));
  EXPECT_TRUE(server.requests().empty());
}

// Without the end that TLS has, a body may have been cut by somebody else.
TEST(Client, knows_a_tls_connection_that_was_cut) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "jobqueue-net-cut";
  std::filesystem::create_directories(folder);
  const certificate proof(folder, "IP:127.0.0.1");
  const scripted_server server(
      [](const std::string&, server_line& line) {
        line.send("HTTP/1.1 200 OK\r\n\r\nall of it?");
        line.cut();
      },
      &proof);
  auto options = local_options();
  options.ca_file = proof.file();
  const http_client client(std::move(options));
  EXPECT_THAT(problem_of(client, server.url(), errc::network_error), HasSubstr("broke off TLS"));
  const auto answer = client.send({.url = server.url(), .accepts_partial_body = true}).value();
  EXPECT_EQ(answer.body, "all of it?");
  EXPECT_TRUE(answer.is_body_cut);
}

TEST(Client, sends_a_large_body) {
  const scripted_server server([](const std::string& request, server_line& line) {
    line.send(request.size() > (1 << 20) ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                                         : "HTTP/1.1 500 x\r\n\r\n");
  });
  const auto answer =
      http_client(local_options())
          .send({.method = "POST", .url = server.url(), .body = std::string(1 << 20, 'x')})
          .value();
  EXPECT_EQ(answer.status, 200u);
}

TEST(Client, is_shared_by_threads) {
  const scripted_server server(says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  const http_client client(local_options());
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) {
        const auto answer =
            client.send({.url = server.url("/", j % 2 == 0 ? "127.0.0.1" : "localhost")});
        if (answer && answer->body == "ok") ++right;
      }
    });
  }
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(right, 80);
}

TEST(Client, speaks_to_an_address_of_ipv6) {
  const scripted_server server(says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), nullptr,
                               "::1");
  const auto answer = http_client(local_options()).send({.url = server.url("/", "[::1]")}).value();
  EXPECT_EQ(answer.body, "ok");
  EXPECT_THAT(server.requests().front(),
              HasSubstr("\r\nHost: [::1]:" + std::to_string(server.port()) + "\r\n"));
}

TEST(Client, takes_any_timeout) {
  const scripted_server server(says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  auto options = local_options();
  options.resolve_timeout = options.connect_timeout = options.total_timeout =
      std::chrono::milliseconds::max();
  EXPECT_EQ(http_client(options).send({.url = server.url("/", "localhost")}).value().body, "ok");
  options.total_timeout = std::chrono::milliseconds::min();
  EXPECT_THAT(problem_of(http_client(options), server.url(), errc::network_error),
              HasSubstr("time is over"));
  EXPECT_EQ(server.connections(), 1);
  options.total_timeout = 0ms;
  EXPECT_THAT(problem_of(http_client(options), server.url("/", "localhost"), errc::network_error),
              HasSubstr("time"));
}

TEST(Client, says_who_does_not_answer) {
  int port = 0;
  {
    const scripted_server gone(says(""));
    port = gone.port();
  }
  const http_client client(local_options());
  EXPECT_THAT(problem_of(client, "http://127.0.0.1:" + std::to_string(port), errc::network_error),
              HasSubstr("Connection refused"));
}

}  // namespace
