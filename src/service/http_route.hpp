// What the server asks of the capabilities behind it: routes, and answers to calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqueue/result.hpp>

namespace jobqueue::detail {

// A field of a header, as it came.
struct http_field {
  std::string_view name;
  std::string_view value;
};

// A request that was read whole and let in. Its views are valid until it is answered.
struct http_call {
  std::string_view method;
  std::string_view path;           // "/api/jobs/7/forensics", percent-decoded
  std::string_view query;          // behind the question mark, as it came
  std::vector<std::string> parts;  // of the path, decoded: what the {} of the route stand for
  std::span<const http_field> fields;
  std::string_view body;
  bool has_token = false;  // it came with a valid bearer token, or none is needed here

  // The only field of that name in any case; nothing if there is none or more than one.
  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;
  // All escapes of the query stand for a byte, and for none that is NUL. A parameter that cannot be
  // read would look like one that is not there.
  [[nodiscard]] bool has_readable_query() const;
  // A parameter of the query, decoded; the first of that name.
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
  // The same as a number: `fallback` without it, nothing if it is none or above `most`.
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name, std::uint64_t fallback,
                                                    std::uint64_t most) const;
};

struct http_answer {
  unsigned status = 200;
  std::string_view content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields;  // besides those of every answer
};

// {"error":{"code":"...","message":"..."}}
[[nodiscard]] http_answer problem_answer(unsigned status, std::string_view code,
                                         std::string_view message);

// The answer that an error is: 400 if the input is at fault, 503 if a store or the network is.
[[nodiscard]] http_answer problem_answer(const error& problem);

// May be called from any thread, once.
using http_respond = std::function<void(http_answer)>;

enum class route_access : std::uint8_t {
  open,   // anybody
  token,  // a bearer token
  // A bearer token, or a signature that the handler verifies: it must look at `has_token`.
  signature,
};

struct http_route {
  std::string_view method;
  std::string_view path;  // "/api/jobs/{}/forensics": {} is one part
  route_access access = route_access::token;
  std::size_t max_body_bytes = 0;
  // It never waits, neither for a store nor for a lock that is held long: it runs on the thread of
  // the network. Others run on threads of their own.
  bool is_quick = false;
  std::function<void(const http_call&, const http_respond&)> handle;
};

}  // namespace jobqueue::detail
