// The transport of the service over real sockets: what is refused, what is limited, what survives.
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <jobqueue/net/client.hpp>

#include "service/http_transport.hpp"
#include "support/certificate.hpp"
#include "support/server_process.hpp"

namespace jobqueue::test {
namespace {

TEST_F(http_transport, answers_in_the_order_of_the_requests) {
  start();
  raw_client client(server_->port());
  std::string all;
  for (int i = 0; i < 500; ++i) {
    const std::string body = std::to_string(i);
    all += "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }
  std::thread writer([&] { client.send(all); });
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client.read().body, std::to_string(i));
  writer.join();
}

TEST_F(http_transport, finds_routes) {
  start();
  const auto get = [&](std::string_view target) {
    return ask("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n");
  };
  EXPECT_EQ(get("/jobs/a%2Fb%20c/part?x=1&a+b=%41+1").body, "a/b c|A 1");
  EXPECT_EQ(get("/jobs/7/part").body, "7|none");
  options_.access = {};
  const raw_answer head = [&] {
    raw_client client(server_->port());
    client.send("HEAD /jobs/7/part HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(good));
    const raw_answer first = client.read(false);
    EXPECT_EQ(client.read().body, "hello");
    return first;
  }();
  EXPECT_EQ(head.status, 200U);
  EXPECT_TRUE(head.has("Content-Length: 6"));
  const auto as_local = [&](std::string_view line) {
    return ask(std::string(line) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  };
  EXPECT_EQ(as_local("GET /jobs//part").status, 404U);
  EXPECT_EQ(as_local("GET /jobs/%zz/part").status, 404U);
  EXPECT_EQ(as_local("GET /jobs/%00/part").status, 404U);
  for (const char* query : {"x=%zz", "x=1&%0", "x=%00", "%"}) {
    EXPECT_EQ(as_local("GET /jobs/a/part?" + std::string(query)).status, 400U) << query;
  }
  EXPECT_EQ(as_local("GET /jobs/7/part/").status, 404U);
  EXPECT_EQ(as_local("GET /echo").status, 405U);
  EXPECT_TRUE(as_local("GET /echo").has("Allow: POST"));
  EXPECT_EQ(as_local("GET /silent").status, 500U);
  EXPECT_EQ(as_local("GET /throws").status, 500U);
}

TEST_F(http_transport, without_a_token_serves_this_machine_under_its_own_name) {
  start();
  const auto secret = [&](std::string_view fields) {
    return ask("GET /secret HTTP/1.1\r\n" + std::string(fields) + "\r\n\r\n").status;
  };
  EXPECT_EQ(secret("Host: localhost"), 200U);
  EXPECT_EQ(secret("Host: LOCALHOST:8080"), 200U);
  EXPECT_EQ(secret("Host: 127.0.0.1:8080"), 200U);
  EXPECT_EQ(secret("Host: [::1]:8080"), 200U);
  EXPECT_EQ(secret("Host: evil.example"), 401U);
  EXPECT_EQ(secret("Host: 127.0.0.1.evil.example"), 401U);
  EXPECT_EQ(secret("Host: 127.evil.example.com"), 401U);
  EXPECT_EQ(secret("Host: localhost.evil.example"), 401U);
  EXPECT_EQ(secret("Host: localhost\r\nOrigin: http://localhost"), 200U);
  EXPECT_EQ(secret("Host: localhost\r\nOrigin: https://evil.example"), 401U);
  EXPECT_EQ(secret("Host: localhost\r\nOrigin: null"), 401U);
}

TEST_F(http_transport, lets_in_who_has_a_token_and_tells_others_nothing) {
  const std::string first(16, 'a');
  const std::string second = "another-token-0123456789";
  options_.access = detail::http_access::create({first, second}).value();
  start();
  const auto ask_with = [&](std::string_view line, std::string_view token) {
    return ask(std::string(line) + " HTTP/1.1\r\nHost: localhost\r\n" +
               (token.empty() ? "" : "Authorization: " + std::string(token) + "\r\n") + "\r\n");
  };
  EXPECT_EQ(ask_with("GET /secret", "Bearer " + first).body, "secret");
  EXPECT_EQ(ask_with("GET /secret", "bearer " + second).status, 200U);
  const std::vector<std::string> wrong = {"",
                                          "Bearer",
                                          "Bearer ",
                                          "Basic " + first,
                                          first,
                                          "Bearer " + first + "a",
                                          "Bearer " + first.substr(1),
                                          "Bearer " + std::string(5000, 'a')};
  for (const std::string& token : wrong) {
    const raw_answer known = ask_with("GET /secret", token);
    EXPECT_EQ(known.status, 401U) << token;
    EXPECT_TRUE(known.has("WWW-Authenticate: Bearer"));
    // What is there and what is not look alike.
    for (const std::string_view line :
         {"GET /secretX", "GET /nothing", "POST /secret", "DELETE /echo", "GET /jobsX/7/part",
          "GET //secret", "GET /echo/../secret"}) {
      const raw_answer other = ask_with(line, token);
      EXPECT_EQ(other.status, 401U) << line;
      EXPECT_EQ(other.body, known.body) << line;
    }
  }
  EXPECT_EQ(ask_with("GET /nothing", "Bearer " + first).status, 404U);
  EXPECT_EQ(ask_with("GET /jobs/7/part", "").status, 200U);
  EXPECT_EQ(ask_with("POST /signed", "").body, "signature");
  EXPECT_EQ(ask_with("POST /signed", "Bearer wrong-token-wrong-token").body, "signature");
  EXPECT_EQ(ask_with("POST /signed", "Bearer " + first).body, "token");
}

TEST(http_access, refuses_tokens_that_are_none) {
  for (const char* token : {"", "short", "with a space in it 0123", "t\xC3\xB6ken-0123456789abc"}) {
    const auto made = detail::http_access::create({token});
    ASSERT_FALSE(made) << token;
    EXPECT_EQ(made.problem().code, errc::secret_invalid);
  }
}

TEST_F(http_transport, refuses_what_is_too_large_before_it_is_read) {
  start();
  raw_client length(server_->port());
  length.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n");
  const raw_answer refused = length.read();
  EXPECT_EQ(refused.status, 413U);
  EXPECT_TRUE(refused.has("Connection: close"));
  EXPECT_EQ(
      ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n").status,
      413U);
  EXPECT_EQ(
      ask("POST /echo HTTP/1.1\r\nHost: a\r\nX: " + std::string(17'000, 'x') + "\r\n\r\n").status,
      431U);
  EXPECT_EQ(ask("GET /" + std::string(20'000, 'x')).status, 431U);
  EXPECT_EQ(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" +
                std::string(most_body, 'b'))
                .body.size(),
            most_body);
  // A body where none is taken.
  EXPECT_EQ(ask("GET /jobs/7/part HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx").status, 413U);
}

TEST_F(http_transport, ends_chunks_that_do_not_end) {
  start();
  for (const std::string& piece : {"400\r\n" + std::string(1024, 'c') + "\r\n",
                                   std::string("1\r\nc\r\n"), std::string(4096, '0')}) {
    raw_client client(server_->port());
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::size_t sent = 0;
    while (sent < 50'000'000 && client.send(piece)) sent += piece.size();
    EXPECT_LT(sent, 20'000'000U) << "it takes all that is sent";
  }
  raw_client client(server_->port());
  std::thread writer([&] {
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 200; ++i) client.send("400\r\n" + std::string(1024, 'c') + "\r\n");
  });
  EXPECT_EQ(client.read().status, 413U);
  writer.join();
}

TEST_F(http_transport, sends_100_when_it_is_expected) {
  start();
  raw_client client(server_->port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read().status, 100U);
  client.send("ok");
  EXPECT_EQ(client.read().body, "ok");
  raw_client refused(server_->port());
  refused.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 200000\r\n\r\n");
  EXPECT_EQ(refused.read().status, 413U);
}

TEST_F(http_transport, closes_what_is_slow_and_serves_the_others) {
  options_.header_timeout = 300ms;
  options_.body_timeout = 300ms;
  options_.idle_timeout = 600ms;
  start();
  raw_client idle(server_->port());
  raw_client header(server_->port());
  raw_client drip(server_->port());
  raw_client body(server_->port());
  header.send("GET /jobs/7/part HTTP/1.1\r\nHost:");
  body.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhe");
  // One byte at a time does not help.
  for (int i = 0; i < 8 && drip.send("G"); ++i) std::this_thread::sleep_for(50ms);
  EXPECT_EQ(ask(good).status, 200U);
  EXPECT_TRUE(header.is_ended_within(3s));
  EXPECT_TRUE(drip.is_ended_within(3s));
  EXPECT_TRUE(body.is_ended_within(3s));
  EXPECT_TRUE(idle.is_ended_within(3s));
  EXPECT_EQ(ask(good).status, 200U);
}

TEST_F(http_transport, answers_503_when_too_many_calls_wait) {
  options_.worker_threads = 1;
  options_.most_waiting_calls = 2;
  start();
  std::vector<std::unique_ptr<raw_client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<raw_client>(server_->port()));
    clients.back()->send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    std::this_thread::sleep_for(50ms);
  }
  const raw_answer busy = clients.back()->read();
  EXPECT_EQ(busy.status, 503U);
  EXPECT_TRUE(busy.has("Retry-After: 1"));
  EXPECT_EQ(ask(good).status, 200U) << "quick calls do not wait";
  may_end_ = true;
  EXPECT_EQ(clients[0]->read().body, "slow");
  EXPECT_EQ(clients[1]->read().body, "slow");
}

TEST_F(http_transport, lets_those_wait_who_are_too_many) {
  options_.most_connections = 2;
  options_.idle_timeout = 400ms;
  start();
  raw_client first(server_->port());
  raw_client second(server_->port());
  raw_client third(server_->port());
  third.send(good);
  // The idle ones go, and there is a place.
  EXPECT_EQ(third.read().body, "hello");
  raw_client fourth(server_->port());
  fourth.send(good);
  EXPECT_EQ(fourth.read().body, "hello");
}

TEST_F(http_transport, drains) {
  start();
  raw_client idle(server_->port());
  raw_client busy(server_->port());
  idle.send(good);
  EXPECT_EQ(idle.read().status, 200U);
  busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  std::this_thread::sleep_for(100ms);
  const std::uint16_t port = server_->port();
  std::thread drainer([&] { server_->drain(10s); });
  EXPECT_TRUE(idle.is_ended_within(3s));
  may_end_ = true;
  const raw_answer last = busy.read();
  EXPECT_EQ(last.body, "slow");
  EXPECT_TRUE(last.has("Connection: close"));
  busy.finish_sending();
  drainer.join();
  EXPECT_THROW(raw_client{port}, std::runtime_error);
}

TEST_F(http_transport, speaks_tls) {
  const temporary_folder folder;
  const certificate made(folder.path(), "IP:127.0.0.1");
  options_.tls_certificate_file = made.file();
  options_.tls_key_file = made.key_file();
  start();
  http_client_options wanted;
  wanted.policy = address_policy::create(std::vector<std::string>{"127.0.0.1"}).value();
  wanted.ca_file = made.file();
  const http_client client(wanted);
  http_request request;
  request.method = "POST";
  request.url = "https://127.0.0.1:" + std::to_string(server_->port()) + "/echo";
  request.body = std::string(most_body, 't');
  const auto answer = client.send(request);
  ASSERT_TRUE(answer) << answer.problem().message;
  EXPECT_EQ(answer->body, request.body);
  // Who does not know the authority, or speaks no TLS, gets nothing.
  wanted.ca_file.clear();
  EXPECT_FALSE(http_client(wanted).send(request));
  EXPECT_EQ(ask(good).status, 0U);
  EXPECT_TRUE(client.send(request)) << "the others are served";
}

TEST_F(http_transport, refuses_certificates_that_are_none) {
  const temporary_folder folder;
  const certificate made(folder.path(), "IP:127.0.0.1");
  const auto refused = [&](const std::string& file, const std::string& key) {
    http_server_options options;
    options.tls_certificate_file = file;
    options.tls_key_file = key;
    const auto started = http_server::start(options, {});
    EXPECT_FALSE(started);
    return started ? errc::ok : started.problem().code;
  };
  EXPECT_EQ(refused(made.key_file(), made.key_file()), errc::invalid_argument);
  EXPECT_EQ(refused(made.file(), made.file()), errc::invalid_argument);
  EXPECT_EQ(refused("/nowhere", made.key_file()), errc::invalid_argument);
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

class descriptor_limit {
 public:
  explicit descriptor_limit(rlim_t limit) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit wanted = before_;
    wanted.rlim_cur = limit;
    is_set_ = ::setrlimit(RLIMIT_NOFILE, &wanted) == 0;
  }
  ~descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  [[nodiscard]] bool is_set() const noexcept { return is_set_; }

 private:
  rlimit before_{};
  bool is_set_ = false;
};

TEST_F(http_transport, survives_a_want_of_descriptors) {
  start();
  raw_client before(server_->port());
  before.send(good);
  EXPECT_EQ(before.read().status, 200U);
  std::vector<std::unique_ptr<raw_client>> clients;
  {
    // The descriptors that are open already, and none for what is accepted.
    const int next = ::dup(0);
    ::close(next);
    clients.push_back(std::make_unique<raw_client>(server_->port()));
    const descriptor_limit limit(static_cast<rlim_t>(next) + 2);
    ASSERT_TRUE(limit.is_set());
    EXPECT_THROW(
        {
          for (int i = 0; i < 10; ++i) {
            clients.push_back(std::make_unique<raw_client>(server_->port()));
          }
        },
        std::runtime_error);
    const double used = cpu_seconds();
    std::this_thread::sleep_for(1s);
    EXPECT_LT(cpu_seconds() - used, 0.05) << "it spins";
    before.send(good);
    EXPECT_EQ(before.read().status, 200U) << "who is in is served";
  }
  EXPECT_EQ(ask(good).status, 200U);
}

long resident_kib() {
  std::ifstream file("/proc/self/statm");
  long all = 0;
  long resident = 0;
  file >> all >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

[[maybe_unused]] long peak_kib() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return used.ru_maxrss;
}

// Clients of whom each sends a request in two parts. They are a process of their own, whose
// descriptors count for themselves, and which begins before there are threads that it would lose.
class many_clients {
 public:
  explicit many_clients(std::size_t count) {
    if (::pipe(ends_) != 0) throw std::runtime_error("no pipe");
    process_ = ::fork();
    if (process_ == 0) ::_exit(ask(count));
  }
  many_clients(const many_clients&) = delete;
  many_clients& operator=(const many_clients&) = delete;
  ~many_clients() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  // 0 if all were answered.
  [[nodiscard]] int run(std::uint16_t port) const {
    int ended = 1;
    if (::write(ends_[1], &port, sizeof port) == sizeof port) ::waitpid(process_, &ended, 0);
    return ended;
  }

 private:
  [[nodiscard]] int ask(std::size_t count) const {
    std::uint16_t port = 0;
    if (::read(ends_[0], &port, sizeof port) != sizeof port) return 1;
    try {
      std::vector<std::unique_ptr<raw_client>> clients;
      clients.reserve(count);
      for (std::size_t i = 0; i < count; ++i) clients.push_back(std::make_unique<raw_client>(port));
      for (auto& client : clients) client->send(good.substr(0, good.size() - 1));
      for (auto& client : clients) client->send("o");
      return std::all_of(clients.begin(), clients.end(),
                         [](auto& client) { return client->read().body == "hello"; })
                 ? 0
                 : 2;
    } catch (const std::exception&) {
      return 3;
    }
  }
  int ends_[2] = {-1, -1};
  pid_t process_ = -1;
};

TEST_F(http_transport, holds_ten_thousand_connections) {
  constexpr std::size_t count = 9'990;
  const descriptor_limit limit(10'240);
  ASSERT_TRUE(limit.is_set()) << "the limit of open files must be 10,240 at least: ulimit -n";
  const many_clients clients(count);
  start();
  const long before = resident_kib();
  EXPECT_EQ(clients.run(server_->port()), 0);
#if !defined(__SANITIZE_ADDRESS__)
  EXPECT_LT(static_cast<std::size_t>(peak_kib() - before) / count, 16U);
#else
  static_cast<void>(before);
#endif
  EXPECT_EQ(ask(good).status, 200U);
}

}  // namespace
}  // namespace jobqueue::test
