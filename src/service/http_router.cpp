#include "service/http_router.hpp"

#include <utility>

#include "net/http_text.hpp"

namespace jobqueue::detail {
namespace {

std::string_view take_part(std::string_view& path) noexcept {
  const std::string_view part = path.substr(0, path.find('/'));
  path.remove_prefix(std::min(path.size(), part.size() + 1));
  return part;
}

// Compared part by part before escapes are undone: %2F is a character of a name, and no slash.
bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& parts) {
  if (pattern == path) return true;
  parts.clear();
  if (pattern.find('{') == pattern.npos) return false;
  if (std::count(pattern.begin(), pattern.end(), '/') !=
      std::count(path.begin(), path.end(), '/')) {
    return false;
  }
  while (!pattern.empty()) {
    const std::string_view wanted = take_part(pattern);
    const std::string_view given = take_part(path);
    if (wanted != "{}") {
      if (wanted != given) return false;
      continue;
    }
    auto decoded = decode_percent(given, false);
    if (!decoded || decoded->empty()) return false;
    parts.push_back(std::move(*decoded));
  }
  return path.empty();
}

}  // namespace

http_router::http_router(std::vector<http_route> routes) : routes_(std::move(routes)) {}

routed http_router::find(std::string_view method, std::string_view path) const {
  routed found;
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const http_route& route : routes_) {
    if (!matches(route.path, path, found.parts)) continue;
    if (route.method == wanted) {
      found.route = &route;
      return found;
    }
    if (!found.allow.empty()) found.allow += ", ";
    found.allow += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  found.parts.clear();
  return found;
}

}  // namespace jobqueue::detail
