#include "service/http_route.hpp"

#include <charconv>

#include "core/json_text.hpp"
#include "net/http_text.hpp"

namespace jobqueue::detail {

std::optional<std::string_view> http_call::field(std::string_view name) const {
  std::optional<std::string_view> found;
  for (const http_field& one : fields) {
    if (!same_name(one.name, name)) continue;
    if (found) return std::nullopt;
    found = one.value;
  }
  return found;
}

bool http_call::has_readable_query() const { return decode_percent(query, true).has_value(); }

std::optional<std::string> http_call::parameter(std::string_view name) const {
  for (std::string_view rest = query; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t sign = pair.find('=');
    if (decode_percent(pair.substr(0, sign), true) != name) continue;
    return decode_percent(sign == pair.npos ? "" : pair.substr(sign + 1), true);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> http_call::number(std::string_view name, std::uint64_t fallback,
                                               std::uint64_t most) const {
  const auto text = parameter(name);
  if (!text) return fallback;
  std::uint64_t value = 0;
  const char* const end = text->data() + text->size();
  const auto [rest, failed] = std::from_chars(text->data(), end, value);
  if (failed != std::errc() || rest != end || value > most) return std::nullopt;
  return value;
}

http_answer problem_answer(unsigned status, std::string_view code, std::string_view message) {
  http_answer answer;
  answer.status = status;
  answer.body = R"({"error":{"code":)";
  append_json_string(answer.body, code);
  answer.body += R"(,"message":)";
  append_json_string(answer.body, message);
  answer.body += "}}\n";
  return answer;
}

http_answer problem_answer(const error& problem) {
  constexpr auto first_of_machine = static_cast<int>(errc::store_error);
  unsigned status = static_cast<int>(problem.code) < first_of_machine ? 400 : 503;
  if (problem.code == errc::internal) status = 500;
  return problem_answer(status, error_name(problem.code), problem.message);
}

}  // namespace jobqueue::detail
