#include "store/json_member.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

namespace jobqueue::detail {
namespace {

// nlohmann's parser keeps its place in a vector, so that no nesting can nest our stack.
class member_finder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit member_finder(std::string_view name) : name_(name) {}

  bool null() override { return other(); }
  bool boolean(bool) override { return other(); }
  bool number_integer(number_integer_t) override { return other(); }
  bool number_unsigned(number_unsigned_t) override { return other(); }
  bool number_float(number_float_t, const string_t&) override { return other(); }
  bool binary(binary_t&) override { return other(); }
  bool string(string_t& text) override {
    if (depth_ == 0) return false;
    if (is_wanted()) found = std::move(text);
    return true;
  }
  bool start_object(std::size_t) override {
    other();
    ++depth_;
    return true;
  }
  bool key(string_t& text) override {
    if (depth_ == 1) is_wanted_ = text == name_;
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ == 0) return false;  // no object
    return start_object(0);
  }
  bool end_array() override { return end_object(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

  std::optional<std::string> found;

 private:
  [[nodiscard]] bool is_wanted() const noexcept { return depth_ == 1 && is_wanted_; }
  bool other() noexcept {
    if (is_wanted()) found.reset();
    return true;
  }

  std::string_view name_;
  std::uint64_t depth_ = 0;
  bool is_wanted_ = false;
};

}  // namespace

std::optional<std::string> find_text_member(std::string_view record, std::string_view name) {
  member_finder finder(name);
  if (!nlohmann::json::sax_parse(record, &finder)) return std::nullopt;
  return std::move(finder.found);
}

}  // namespace jobqueue::detail
