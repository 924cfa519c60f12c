// What the tests of the transport share: a server with a few routes.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "service/http_server.hpp"
#include "support/http_client.hpp"

namespace jobqueue::test {

using namespace std::chrono_literals;
using detail::http_answer;
using detail::http_call;
using detail::http_respond;
using detail::http_route;
using detail::http_server;
using detail::http_server_options;
using detail::route_access;

inline constexpr std::size_t most_body = 100'000;

inline http_answer text_answer(std::string text) {
  http_answer answer;
  answer.content_type = "text/plain";
  answer.body = std::move(text);
  return answer;
}

class http_transport : public testing::Test {
 protected:
  void start() {
    std::vector<http_route> routes;
    routes.push_back({"POST", "/echo", route_access::open, most_body, true,
                      [](const http_call& call, const http_respond& respond) {
                        respond(text_answer(std::string(call.body)));
                      }});
    routes.push_back(
        {"GET", "/jobs/{}/part", route_access::open, 0, true,
         [](const http_call& call, const http_respond& respond) {
           respond(text_answer(call.parts.at(0) + '|' + call.parameter("a b").value_or("none")));
         }});
    routes.push_back({"GET", "/slow", route_access::open, 0, false,
                      [this](const http_call&, const http_respond& respond) {
                        while (!may_end_) std::this_thread::sleep_for(1ms);
                        respond(text_answer("slow"));
                      }});
    routes.push_back({"GET", "/silent", route_access::open, 0, true,
                      [](const http_call&, const http_respond&) {}});
    routes.push_back(
        {"GET", "/throws", route_access::open, 0, true,
         [](const http_call&, const http_respond&) { throw std::runtime_error("x"); }});
    routes.push_back(
        {"GET", "/secret", route_access::token, 0, true,
         [](const http_call&, const http_respond& respond) { respond(text_answer("secret")); }});
    routes.push_back({"POST", "/signed", route_access::signature, most_body, true,
                      [](const http_call& call, const http_respond& respond) {
                        respond(text_answer(call.has_token ? "token" : "signature"));
                      }});
    auto started = http_server::start(options_, std::move(routes));
    ASSERT_TRUE(started) << started.problem().message;
    server_ = std::move(*started);
  }
  void TearDown() override {
    may_end_ = true;
    if (server_) server_->drain(1s);
  }
  [[nodiscard]] raw_answer ask(std::string_view bytes) const {
    raw_client client(server_->port());
    client.send(bytes);
    return client.read();
  }

  http_server_options options_;
  std::unique_ptr<http_server> server_;
  std::atomic<bool> may_end_ = false;
};

inline constexpr std::string_view good =
    "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";

}  // namespace jobqueue::test
