// Finds the route of a request.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/http_route.hpp"

namespace jobqueue::detail {

struct routed {
  const http_route* route = nullptr;  // none: `allow` says which methods there are, if any
  std::vector<std::string> parts;     // what the {} stand for, decoded
  std::string allow;                  // "GET, HEAD"
};

class http_router {
 public:
  explicit http_router(std::vector<http_route> routes);

  // `path` as it came, without its query. A part that is escaped wrongly finds nothing. HEAD finds
  // the route of GET.
  [[nodiscard]] routed find(std::string_view method, std::string_view path) const;
  [[nodiscard]] const std::vector<http_route>& routes() const noexcept { return routes_; }

 private:
  std::vector<http_route> routes_;
};

}  // namespace jobqueue::detail
