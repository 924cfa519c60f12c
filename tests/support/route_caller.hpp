// Calls of a server's routes without a network.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "service/http_route.hpp"

namespace jobqueue::test {

// Asks the route of that path; `part` is what its {} stands for.
inline detail::http_answer ask(std::span<const detail::http_route> routes, std::string_view path,
                               std::string_view query = {}, const std::string& part = {}) {
  for (const detail::http_route& route : routes) {
    if (route.path != path) continue;
    detail::http_call call;
    call.parts = {part};
    call.query = query;
    detail::http_answer answer;
    route.handle(call, [&](detail::http_answer one) { answer = std::move(one); });
    return answer;
  }
  ADD_FAILURE() << path;
  return {};
}

}  // namespace jobqueue::test
