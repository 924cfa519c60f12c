// What a real server does to its clients: it goes away, comes back, refuses, and takes its time.
#include <jobqueue/store/redis.hpp>

#include <chrono>
#include <csignal>
#include <functional>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/redis_connection.hpp"
#include "support/certificate.hpp"
#include "support/redis_server.hpp"

namespace jobqueue {
namespace {

using namespace std::chrono_literals;
using detail::redis_command;
using test::redis_server;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// As many lists of one notification.
void add_notifications(const redis_server& server, int count) {
  std::vector<redis_command> commands;
  for (int i = 0; i < count; ++i) {
    commands.push_back({"RPUSH", "workflow_notifications:w" + std::to_string(i), "{}"});
  }
  server.run(commands);
}

struct seen {
  std::set<std::string> workflows;
  std::size_t records = 0;
  status outcome = done;
};

// Reads all notifications; `in_the_middle` is called once, after the third page.
seen read_all(
    redis_store& store, const std::function<void()>& in_the_middle = [] {}) {
  seen all;
  int pages = 0;
  all.outcome = store.each_notification([&](std::span<const redis_notification> page) {
    for (const redis_notification& one : page) all.workflows.insert(one.workflow_id);
    all.records += page.size();
    if (++pages == 3) in_the_middle();
    return status(done);
  });
  EXPECT_TRUE(pages >= 3 || !all.outcome) << "there was no middle";
  return all;
}

void expect_problem(const error& problem, const redis_server& server, std::string_view what) {
  EXPECT_EQ(problem.code, errc::store_error);
  EXPECT_THAT(problem.message, AllOf(HasSubstr(server.name()), HasSubstr(std::string(what))));
}

// A killed connection goes on with the same cursor: nothing is missing and nothing repeated.
TEST(redis_failures, a_killed_connection_is_made_anew) {
  const redis_server server;
  add_notifications(server, 2000);
  const auto store = redis_store::open(server.url(), {.page = 100}).value();
  const seen all = read_all(*store, [&] {
    EXPECT_GE(server.run(redis_command{"CLIENT", "KILL", "TYPE", "normal"}).integer, 1);
  });
  ASSERT_TRUE(all.outcome) << all.outcome.problem().message;
  EXPECT_EQ(all.workflows.size(), 2000U);
  EXPECT_EQ(all.records, 2000U);
}

// A restarted server hashes its keys in another way, so that its cursors lead elsewhere.
TEST(redis_failures, a_restarted_server_is_read_from_the_beginning) {
  redis_server server;
  add_notifications(server, 2000);
  const auto store = redis_store::open(server.url(), {.page = 100}).value();
  std::promise<void> finished;
  std::thread starter;
  const seen all = read_all(*store, [&] {
    server.run(redis_command{"SAVE"});
    server.stop();
    starter = std::thread([&] {
      std::this_thread::sleep_for(300ms);
      server.start();
      finished.get_future().wait();  // the server ends with the thread that has started it
    });
  });
  finished.set_value();
  starter.join();
  ASSERT_TRUE(all.outcome) << all.outcome.problem().message;
  EXPECT_EQ(all.workflows.size(), 2000U);
  EXPECT_GT(all.records, 2000U);
}

TEST(redis_failures, a_server_that_stays_away_is_an_error) {
  redis_server server;
  add_notifications(server, 2000);
  const auto store =
      redis_store::open(server.url(), {.connect_timeout = 500ms, .page = 100}).value();
  const auto begin = std::chrono::steady_clock::now();
  const seen all = read_all(*store, [&] { server.stop(); });
  ASSERT_FALSE(all.outcome);
  expect_problem(all.outcome.problem(), server, "refuses connections; start it");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST(redis_failures, a_server_that_is_not_there_is_an_error_at_once) {
  redis_server server;
  server.stop();
  const auto begin = std::chrono::steady_clock::now();
  const auto store = redis_store::open(server.url());
  ASSERT_FALSE(store);
  expect_problem(store.problem(), server, "refuses connections; start it");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST(redis_failures, a_server_that_hangs_is_an_error_in_time) {
  const redis_server server;
  add_notifications(server, 2000);
  const auto store =
      redis_store::open(server.url(), {.command_timeout = 300ms, .page = 100}).value();
  const auto begin = std::chrono::steady_clock::now();
  const seen all = read_all(*store, [&] { server.signal(SIGSTOP); });
  const auto took = std::chrono::steady_clock::now() - begin;
  server.signal(SIGCONT);
  ASSERT_FALSE(all.outcome);
  expect_problem(all.outcome.problem(), server, "did not answer in time");
  EXPECT_GE(took, 300ms);
  EXPECT_LT(took, 3s);
  EXPECT_TRUE(read_all(*store).outcome) << "it cannot be used again";
}

TEST(redis_failures, a_password_is_wanted_and_never_printed) {
  const redis_server server({.password = "pass/wo:rd@1"});
  add_notifications(server, 300);
  const std::string rest = "@" + server.name();
  const auto open = [&](const std::string& credentials) {
    return redis_store::open("redis://" + credentials + rest, {.page = 10});
  };
  for (const std::string good :
       {":pass%2Fwo%3Ard%401", "default:pass%2fwo%3ard%401", ":pass/wo:rd@1"}) {
    const auto store = open(good);
    ASSERT_TRUE(store) << store.problem().message;
    EXPECT_EQ(read_all(**store).records, 300U);
  }
  const auto wrong = open(":secret");
  ASSERT_FALSE(wrong);
  expect_problem(wrong.problem(), server, "(WRONGPASS); user or password are wrong");
  EXPECT_THAT(wrong.problem().message, Not(HasSubstr("secret")));
  const auto none = redis_store::open(server.url());
  ASSERT_FALSE(none);
  expect_problem(none.problem(), server, "(NOAUTH); it wants a password");
}

TEST(redis_failures, a_password_that_is_not_wanted_is_an_error) {
  const redis_server server;
  const auto store = redis_store::open("redis://:secret@" + server.name());
  ASSERT_FALSE(store);
  expect_problem(store.problem(), server, "it has no password: remove it from the URL");
  EXPECT_THAT(store.problem().message, Not(HasSubstr("secret")));
}

TEST(redis_failures, a_missing_permission_is_named) {
  const redis_server server;
  add_notifications(server, 300);
  server.run(std::vector<redis_command>{
      {"ACL", "SETUSER", "most", "on", ">p1", "~*", "+scan", "+lrange", "+type", "+lindex"},
      {"ACL", "SETUSER", "some", "on", ">p2", "~*", "+info", "+scan"}});
  // Without INFO it can be read all the same.
  const auto most = redis_store::open("redis://most:p1@" + server.name(), {.page = 10}).value();
  EXPECT_EQ(read_all(*most).workflows.size(), 300U);
  const auto some = redis_store::open("redis://some:p2@" + server.name()).value();
  const seen all = read_all(*some);
  ASSERT_FALSE(all.outcome);
  expect_problem(all.outcome.problem(), server, "refuses LRANGE (NOPERM); this user may not");
}

// Who may not ask for the identity of the server must take every new connection for a new one, but
// not those that were closed on this side.
TEST(redis_failures, large_pages_are_read_without_knowing_the_server) {
  const redis_server server;
  const std::string large(std::size_t{1} << 20, 'x');
  for (int i = 0; i < 80; ++i)
    server.run(redis_command{"RPUSH", "workflow_notifications:w", large});
  server.run(
      redis_command{"ACL", "SETUSER", "most", "on", ">p1", "~*", "+scan", "+lrange", "+lindex"});
  const auto store = redis_store::open("redis://most:p1@" + server.name()).value();
  const seen all = read_all(*store);
  ASSERT_TRUE(all.outcome) << all.outcome.problem().message;
  EXPECT_EQ(all.records, 80U);
}

// The server makes its own loading slow, with a setting that is there for such tests.
TEST(redis_failures, a_server_that_is_loading_is_waited_for) {
  redis_server server({.arguments = {"--key-load-delay", "500",  //
                                     "--loading-process-events-interval-bytes", "1024"}});
  add_notifications(server, 3000);
  server.run(redis_command{"SAVE"});
  server.stop();
  server.start();
  ASSERT_TRUE(server.answers());
  ASSERT_TRUE(server.run(redis_command{"INFO", "persistence"}).text.find("loading:1") !=
              std::string::npos);

  const auto hasty = redis_store::open(server.url(), {.command_timeout = 200ms}).value();
  const seen nothing = read_all(*hasty);
  ASSERT_FALSE(nothing.outcome);
  expect_problem(nothing.outcome.problem(), server, "refuses SCAN (LOADING); it is still loading");

  const auto patient = redis_store::open(server.url(), {.page = 100}).value();
  const seen all = read_all(*patient);
  ASSERT_TRUE(all.outcome) << all.outcome.problem().message;
  EXPECT_EQ(all.workflows.size(), 3000U);
}

TEST(redis_failures, a_server_that_runs_a_script_is_waited_for) {
  const redis_server server({.arguments = {"--busy-reply-threshold", "50"}});
  add_notifications(server, 300);
  const auto hasty =
      redis_store::open(server.url(), {.command_timeout = 500ms, .page = 10}).value();
  std::thread script([&] {
    const redis_command command[] = {{"EVAL", "while true do end", "0"}};
    auto connection = server.connection();
    const auto answer = connection.pipeline(command, 1 << 20);
    EXPECT_TRUE(answer && answer->front().is_error());
  });
  auto observer = server.connection();
  const redis_command ping[] = {{"PING"}};
  while (observer.pipeline(ping, 1 << 20).value().front().error_code() != "BUSY") {
    std::this_thread::sleep_for(5ms);
  }
  const seen nothing = read_all(*hasty);
  std::thread killer([&] {
    std::this_thread::sleep_for(300ms);
    const redis_command kill[] = {{"SCRIPT", "KILL"}};
    EXPECT_FALSE(observer.pipeline(kill, 1 << 20).value().front().is_error());
  });
  const auto store = redis_store::open(server.url(), {.page = 10});
  killer.join();
  script.join();
  ASSERT_FALSE(nothing.outcome);
  expect_problem(nothing.outcome.problem(), server, "(BUSY); a script is keeping it busy");
  ASSERT_TRUE(store) << store.problem().message;
  const seen all = read_all(**store);
  ASSERT_TRUE(all.outcome) << all.outcome.problem().message;
  EXPECT_EQ(all.workflows.size(), 300U);
}

TEST(redis_failures, a_node_of_a_cluster_is_refused) {
  const redis_server server({.arguments = {"--cluster-enabled", "yes"}});
  const auto store = redis_store::open(server.url());
  ASSERT_FALSE(store);
  expect_problem(store.problem(), server, "is a node of a cluster");

  auto connection = server.connection();
  const redis_command get[] = {{"GET", "a"}};
  const auto answer = connection.pipeline(get, 1 << 20).value();
  expect_problem(connection.describe(answer.front(), "GET"), server,
                 "refuses GET (CLUSTERDOWN); it is a node of a cluster");
}

TEST(redis_failures, refused_writes_say_what_to_do) {
  const redis_server server;
  auto connection = server.connection();
  const redis_command set[] = {{"SET", "a", "b"}};
  server.run(redis_command{"CONFIG", "SET", "maxmemory", "1"});
  expect_problem(connection.describe(connection.pipeline(set, 1 << 20).value().front(), "SET"),
                 server, "refuses SET (OOM); its memory is used up");
  server.run(std::vector<redis_command>{{"CONFIG", "SET", "maxmemory", "0"},
                                        {"REPLICAOF", "127.0.0.1", "1"}});
  expect_problem(connection.describe(connection.pipeline(set, 1 << 20).value().front(), "SET"),
                 server, "refuses SET (READONLY); it is a replica");
}

TEST(redis_failures, too_many_clients_are_told_so) {
  const redis_server server({.arguments = {"--maxclients", "1"}});
  const redis_command ping[] = {{"PING"}};
  auto first = server.connection();
  for (;;) {  // until the server has seen that the connection before it is gone
    const auto answer = first.pipeline(ping, 1 << 20);
    if (answer && !answer->front().is_error()) break;
    static_cast<void>(first.open());
  }
  const auto second = redis_store::open(server.url());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.problem().code, errc::store_error);
  expect_problem(second.problem(), server, "it has too many clients: raise maxclients");
}

TEST(redis_failures, a_database_that_is_not_there_is_an_error) {
  const redis_server server;
  const auto store = redis_store::open(server.url() + "/99");
  ASSERT_FALSE(store);
  expect_problem(store.problem(), server,
                 "refuses SELECT (ERR); it has no database of that number");
}

class redis_tls : public testing::Test {
 protected:
  redis_tls()
      : made_(folder_.path(), "DNS:localhost"),
        server_({.password = "p", .certificate = made_.file(), .key = made_.key_file()}) {}

  [[nodiscard]] std::string url(const std::string& host) const {
    return "rediss://:p@" + host + ":" + std::to_string(server_.port());
  }

  test::temporary_folder folder_;
  test::certificate made_;
  redis_server server_;
};

TEST_F(redis_tls, reads_large_pages_and_survives_a_kill) {
  add_notifications(server_, 2000);
  const std::string large(std::size_t{20} << 20, 'x');
  server_.run(redis_command{"SET", "worker:completion:j1", large});
  const auto store =
      redis_store::open(url("localhost"), {.ca_file = made_.file(), .page = 100}).value();
  const seen all = read_all(*store, [&] {
    EXPECT_GE(server_.run(redis_command{"CLIENT", "KILL", "TYPE", "normal"}).integer, 1);
  });
  ASSERT_TRUE(all.outcome) << all.outcome.problem().message;
  EXPECT_EQ(all.workflows.size(), 2000U);
  bool is_equal = false;
  EXPECT_TRUE(store->each_attestation([&](std::span<const redis_attestation> page) {
    is_equal = page.front().record == large;
    return status(done);
  }));
  EXPECT_TRUE(is_equal);
}

TEST_F(redis_tls, refuses_a_certificate_of_another_name) {
  const auto store = redis_store::open(url("127.0.0.1"), {.ca_file = made_.file()});
  ASSERT_FALSE(store);
  expect_problem(store.problem(), server_, "has a certificate that is not trusted: IP address");
}

TEST_F(redis_tls, refuses_a_certificate_of_an_unknown_authority) {
  const auto store = redis_store::open(url("localhost"));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.problem().code, errc::store_error);
  EXPECT_THAT(store.problem().message, HasSubstr("has a certificate that is not trusted: self"));
}

TEST_F(redis_tls, needs_a_readable_file_of_authorities) {
  for (const std::string& file : {made_.key_file(), made_.file() + ".none"}) {
    const auto store = redis_store::open(url("localhost"), {.ca_file = file});
    ASSERT_FALSE(store);
    EXPECT_THAT(store.problem().message, HasSubstr("the file of certificate authorities"));
  }
}

TEST_F(redis_tls, and_plain_text_do_not_meet) {
  const auto plain = redis_store::open("redis://:p@" + server_.name());
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.problem().code, errc::store_error);
  const redis_server other;
  const auto store = redis_store::open("rediss://" + other.name(), {.connect_timeout = 2s});
  ASSERT_FALSE(store);
  expect_problem(store.problem(), other, "");
}

}  // namespace
}  // namespace jobqueue
