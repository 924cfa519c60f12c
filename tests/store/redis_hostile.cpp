// What no Redis sends: answers of a small server of the test, which must cost neither memory nor
// time beyond the bounds. And the URL.
#include <jobqueue/store/redis.hpp>

#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/redis_connection.hpp"
#include "store/redis_reply.hpp"
#include "store/redis_url.hpp"
#include "support/redis_server.hpp"

namespace jobqueue {
namespace {

using namespace std::chrono_literals;
using detail::parse_redis_url;
using detail::redis_reply;
using detail::redis_reply_reader;
using testing::HasSubstr;
using testing::Not;

// Accepts one connection after the other; introduces itself as a Redis does, and answers everything
// else by `answer`, which may write what it wants. The connection is closed then.
class hostile_server {
 public:
  explicit hostile_server(std::function<void(int)> answer) : answer_(std::move(answer)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    listener_ = detail::unique_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::bind(listener_.get(), any, size) != 0 || ::listen(listener_.get(), 8) != 0 ||
        ::getsockname(listener_.get(), any, &size) != 0) {
      throw std::runtime_error("the hostile server does not start");
    }
    url_ = "redis://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  hostile_server(const hostile_server&) = delete;
  hostile_server& operator=(const hostile_server&) = delete;
  ~hostile_server() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

  // False once the client is gone.
  static bool write(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

 private:
  void serve() {
    for (;;) {
      const detail::unique_fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) return;
      char bytes[4096];
      for (;;) {
        const ssize_t count = ::recv(client.get(), bytes, sizeof bytes, 0);
        if (count <= 0) break;
        const std::string_view request(bytes, static_cast<std::size_t>(count));
        if (request.find("INFO") == request.npos) {
          answer_(client.get());
          break;
        }
        if (!write(client.get(), "$38\r\nredis_mode:standalone\r\nrun_id:abcdef\r\n\r\n")) break;
      }
    }
  }

  std::function<void(int)> answer_;
  detail::unique_fd listener_;
  std::string url_;
  std::thread thread_;
};

// The message with which reading ends.
std::string message_of(std::function<void(int)> answer, const redis_options& options = {}) {
  const hostile_server server(std::move(answer));
  auto store = redis_store::open(server.url(), options);
  EXPECT_TRUE(store) << store.problem().message;
  if (!store) return {};
  const status read =
      (*store)->each_notification([](std::span<const redis_notification>) { return status(done); });
  EXPECT_FALSE(read);
  if (read) return {};
  EXPECT_EQ(read.problem().code, errc::store_error);
  EXPECT_THAT(read.problem().message, HasSubstr("Redis at 127.0.0.1:"));
  return read.problem().message;
}

std::string message_of_bytes(const std::string& bytes) {
  return message_of([bytes](int socket) { hostile_server::write(socket, bytes); });
}

TEST(redis_hostile, an_answer_that_is_cut_short_is_a_lost_connection) {
  EXPECT_THAT(message_of_bytes("*2\r\n$1\r\n0\r\n*1\r\n$30\r\nworkflow"),
              HasSubstr("closed the connection"));
  EXPECT_THAT(message_of_bytes(""), HasSubstr("closed the connection"));
}

TEST(redis_hostile, a_connection_that_is_lost_is_tried_once_more) {
  std::atomic<int> asked = 0;
  EXPECT_THAT(message_of([&](int) { ++asked; }), HasSubstr("closed the connection"));
  EXPECT_EQ(asked, 2);
}

TEST(redis_hostile, what_is_not_the_protocol_is_refused) {
  std::string nested;
  for (int i = 0; i < 10'000; ++i) nested += "*1\r\n";
  for (const std::string& bytes :
       {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string("\0\0\0\0\r\n", 6),
        std::string("*-5\r\n"), std::string("*2147483648\r\n"), std::string("$-7\r\n"),
        std::string("$99999999999999999999999999\r\n"), std::string("*two\r\n"), nested}) {
    EXPECT_THAT(message_of_bytes(bytes), HasSubstr("does not speak the protocol of Redis"))
        << bytes.substr(0, 30);
  }
}

// What is only announced costs nothing; what comes is bounded.
TEST(redis_hostile, announced_lengths_are_not_believed) {
  for (const char* bytes : {"*2147483647\r\n:1\r\n", "$9223372036854775807\r\nabc",
                            "$9223372036854775800\r\nabc", "*1\r\n*2147483647\r\n"}) {
    const std::string message = message_of_bytes(bytes);
    EXPECT_THAT(message, testing::AnyOf(HasSubstr("closed the connection"),
                                        HasSubstr("does not speak the protocol")))
        << bytes;
  }
  EXPECT_THAT(message_of([](int socket) {
                if (!hostile_server::write(socket, "*2147483647\r\n")) return;
                std::string many;
                for (int i = 0; i < 10'000; ++i) many += ":1\r\n";
                while (hostile_server::write(socket, many)) {
                }
              }),
              HasSubstr("sends a larger answer than is taken"));
  EXPECT_THAT(message_of([](int socket) {
                if (!hostile_server::write(socket, "$2147483647\r\n")) return;
                const std::string many(std::size_t{1} << 20, 'x');
                while (hostile_server::write(socket, many)) {
                }
              }),
              HasSubstr("sends a larger answer than is taken"));
}

// Neither by a byte at a time nor by bytes without a pause can it be put off.
TEST(redis_hostile, a_drip_ends_with_the_deadline) {
  for (const auto pause : {5ms, 0ms}) {
    const auto begin = std::chrono::steady_clock::now();
    const std::string message = message_of(
        [pause](int socket) {
          if (!hostile_server::write(socket, "$60000000\r\n")) return;
          while (hostile_server::write(socket, pause > 0ms ? "x" : std::string(64, 'x'))) {
            if (pause > 0ms) std::this_thread::sleep_for(pause);
          }
        },
        {.command_timeout = 100ms});
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_THAT(message, HasSubstr("did not answer in time"));
    EXPECT_GE(took, 100ms);
    EXPECT_LT(took, 3s);
  }
}

TEST(redis_hostile, answers_of_another_shape_are_refused) {
  for (const char* bytes :
       {"+OK\r\n", ":1\r\n", "$-1\r\n", "*0\r\n", "*-1\r\n", "*1\r\n$1\r\n0\r\n",
        "*2\r\n$1\r\nx\r\n*0\r\n", "*2\r\n:0\r\n*0\r\n", "*2\r\n$1\r\n0\r\n*1\r\n:1\r\n",
        "*2\r\n$21\r\n000000000000000000000\r\n*0\r\n", "*2\r\n$0\r\n\r\n*0\r\n"}) {
    EXPECT_THAT(message_of_bytes(bytes), HasSubstr("gives an answer to SCAN that it does not have"))
        << bytes;
  }
  EXPECT_THAT(message_of_bytes("*2\r\n$1\r\n0\r\n*0\r\n+more\r\n"),
              HasSubstr("answers what it was not asked"));
}

TEST(redis_hostile, the_text_of_an_error_is_not_repeated) {
  EXPECT_THAT(message_of_bytes("-NOPERM secret\r\n"), Not(HasSubstr("secret")));
  const std::string strange = message_of_bytes("-secret\x1b[31m words\r\n");
  EXPECT_THAT(strange, Not(HasSubstr("secret")));
  EXPECT_THAT(strange, HasSubstr("refuses SCAN"));
}

TEST(redis_reply, is_the_same_in_any_pieces) {
  const std::string bytes =
      "*6\r\n$3\r\na\r\n\r\n:-7\r\n$-1\r\n+OK\r\n-ERR no\r\n*2\r\n*0\r\n$0\r\n\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    redis_reply_reader reader;
    reader.begin(1 << 20);
    redis_reply reply;
    auto outcome = redis_reply_reader::outcome::more;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      ASSERT_EQ(outcome, redis_reply_reader::outcome::more);
      ASSERT_EQ(reader.feed(std::string_view(bytes).substr(at, piece)),
                redis_reply_reader::outcome::more);
      outcome = reader.next(reply);
    }
    ASSERT_EQ(outcome, redis_reply_reader::outcome::reply);
    ASSERT_EQ(reply.elements.size(), 6U);
    EXPECT_EQ(reply.elements[0].text, "a\r\n");
    EXPECT_EQ(reply.elements[1].integer, -7);
    EXPECT_EQ(reply.elements[2].of, redis_reply::kind::nil);
    EXPECT_EQ(reply.elements[3].of, redis_reply::kind::status);
    EXPECT_EQ(reply.elements[4].error_code(), "ERR");
    ASSERT_EQ(reply.elements[5].elements.size(), 2U);
    EXPECT_EQ(reply.elements[5].elements[0].of, redis_reply::kind::array);
    EXPECT_EQ(reply.elements[5].elements[1].of, redis_reply::kind::text);
  }
}

TEST(redis_url, is_read) {
  const auto all = parse_redis_url("rediss://us%65r:p%40:%2f@[::1]:7000/12").value();
  EXPECT_TRUE(all.tls);
  EXPECT_EQ(all.user, "user");
  EXPECT_EQ(all.password, "p@:/");
  EXPECT_EQ(all.host, "::1");
  EXPECT_EQ(all.port, 7000);
  EXPECT_EQ(all.database, 12U);
  EXPECT_EQ(all.name(), "[::1]:7000");

  const auto least = parse_redis_url("redis://example.test").value();
  EXPECT_FALSE(least.tls);
  EXPECT_EQ(least.name(), "example.test:6379");
  EXPECT_EQ(least.user + least.password, "");
  EXPECT_EQ(least.database, 0U);
  EXPECT_EQ(parse_redis_url("redis://h/").value().database, 0U);
  EXPECT_EQ(parse_redis_url("redis://:a@b@c?@h").value().password, "a@b@c?");
}

TEST(redis_url, that_is_malformed_is_refused_without_repeating_it) {
  for (const std::string_view url : {"",
                                     "h",
                                     "h:6379",
                                     "http://secret",
                                     "REDIS://secret",
                                     "redis:secret",
                                     "redis://",
                                     "redis:///1",
                                     "redis://secret@h",
                                     "redis://secret:@h",
                                     "redis://@h",
                                     "redis://:@h",
                                     "redis://:secret%4@h",
                                     "redis://:secret%zz@h",
                                     "redis://:secret%@h",
                                     "redis://secret:0",
                                     "redis://secret:65536",
                                     "redis://secret:-1",
                                     "redis://secret:",
                                     "redis://secret:6379x",
                                     "redis://::1",
                                     "redis://[::1",
                                     "redis://[::1]6379",
                                     "redis://[]:1",
                                     "redis://secret/x",
                                     "redis://secret/-1",
                                     "redis://secret/1/2",
                                     "redis://secret/99999999999",
                                     "redis://secret?a",
                                     "redis://secret#a",
                                     "redis://sec ret",
                                     "redis://secret\n",
                                     "redis://secr\xc3\xa9t"}) {
    const auto address = parse_redis_url(url);
    ASSERT_FALSE(address) << url;
    EXPECT_EQ(address.problem().code, errc::invalid_argument);
    EXPECT_THAT(address.problem().message, Not(HasSubstr("secret"))) << url;
  }
}

// A large text is read past hiredis: whatever comes in whatever pieces, it is the text that was
// announced, or another answer, or an error.
TEST(redis_hostile, a_large_text_is_what_was_announced) {
  struct sample {
    std::string answer;
    std::string wanted;  // "text:hello"
  };
  const sample samples[] = {
      {"$5\r\nhello\r\n", "text:hello"},
      {"$0\r\n\r\n", "text:"},
      {"$2\r\n\r\n\r\n", "text:\r\n"},
      {"$-1\r\n", "nil"},
      {"-ERR no\r\n", "error:ERR no"},
      {":7\r\n", "integer:7"},
      {"$5\r\nhello!!", "problem"},
      {"$5\r\nhelloworld\r\n", "problem"},
      {"$5\r\nhel", "problem"},
      {"$5", "problem"},
      {"$5\rx", "problem"},
      {"$99999999999999999999999\r\n", "problem"},
      {"$2000000\r\n", "problem"},
      {"$1048577\r\n", "problem"},
      {"*1\r\n$1000000000000\r\n", "problem"},
      {std::string(200'000, '$'), "problem"},
      {"$-1\r\n$-1\r\n", "problem"},
      {"", "problem"},
  };
  for (const sample& one : samples) {
    for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{1}}) {
      if (piece == 1 && one.answer.size() > 1000) continue;
      SCOPED_TRACE(one.answer.substr(0, 40));
      const hostile_server server([&](int socket) {
        for (std::size_t i = 0; i < one.answer.size(); i += piece) {
          if (!hostile_server::write(socket, std::string_view(one.answer).substr(i, piece))) return;
          if (piece == 1) std::this_thread::sleep_for(1ms);
        }
      });
      detail::redis_connection connection(parse_redis_url(server.url()).value(), {5s, 5s, {}});
      ASSERT_TRUE(connection.open());
      const auto answer = connection.read_text({"GET", "key"}, std::size_t{1} << 20);
      std::string words = "problem";
      if (answer) {
        using kind = redis_reply::kind;
        words = answer->of == kind::text      ? "text:" + answer->text
                : answer->of == kind::error   ? "error:" + answer->text
                : answer->of == kind::integer ? "integer:" + std::to_string(answer->integer)
                                              : "nil";
      }
      // After all of one answer what comes behind it may not have come yet.
      const bool has_more = one.answer.starts_with("$-1\r\n$") || one.answer.ends_with("rld\r\n");
      if (piece > 1 || !has_more) {
        EXPECT_EQ(words, one.wanted);
      }
      EXPECT_EQ(connection.is_open() && words == "problem", false);
    }
  }
}

}  // namespace
}  // namespace jobqueue
