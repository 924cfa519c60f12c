#include "service/http_date.hpp"

#include <array>
#include <string>

namespace jobqueue::detail {

std::optional<instant> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::size_t size = 29;
  if (text.size() != size || text.substr(25) != " GMT" || text.substr(3, 2) != ", ") {
    return std::nullopt;
  }
  std::size_t month = 0;
  while (month < months.size() && months[month] != text.substr(8, 3)) ++month;
  const std::string number = (month < 9 ? "0" : "") + std::to_string(month + 1);
  std::string rfc3339(text.substr(12, 4));
  rfc3339.append("-").append(number).append("-").append(text.substr(5, 2));
  rfc3339.append("T").append(text.substr(17, 8)).append("Z");
  const auto when = parse_instant(rfc3339);
  return when ? std::optional(*when) : std::nullopt;
}

}  // namespace jobqueue::detail
