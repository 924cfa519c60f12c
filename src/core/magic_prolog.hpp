// XML and HTML up to the root element, for the files that tell them apart.
#pragma once

#include <string_view>

#include "core/magic_parts.hpp"

namespace jobqueue::detail {

[[nodiscard]] constexpr unsigned char lower(unsigned char c) noexcept {
  return is_upper(c) ? static_cast<unsigned char>(c + ('a' - 'A')) : c;
}

// `text` begins with `name`, which is in lower case, in any case.
[[nodiscard]] inline bool begins_with(std::string_view text, std::string_view name) noexcept {
  if (text.size() < name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (lower(static_cast<unsigned char>(text[i])) != static_cast<unsigned char>(name[i])) {
      return false;
    }
  }
  return true;
}

// `text` begins with `name` in any case and the name ends there.
[[nodiscard]] inline bool begins_with_word(std::string_view text, std::string_view name) noexcept {
  if (text.size() <= name.size() || !begins_with(text, name)) return false;
  const char next = text[name.size()];
  return is_space(static_cast<unsigned char>(next)) || next == '>' || next == '/' || next == '[';
}

// Reads XML or HTML up to its root element.
class prolog_reader {
 public:
  explicit prolog_reader(std::string_view text) noexcept : text_(text) {}

  void skip_space() noexcept {
    std::size_t end = 0;
    while (end < text_.size() && is_space(static_cast<unsigned char>(text_[end]))) ++end;
    text_.remove_prefix(end);
  }
  // Passes over what ends with `end`; false if that is not in the window.
  bool skip_past(std::string_view end) noexcept {
    const std::size_t at = text_.find(end);
    text_.remove_prefix(at == std::string_view::npos ? text_.size() : at + end.size());
    return at != std::string_view::npos;
  }
  // <!DOCTYPE name ... [ internal subset ] >
  bool skip_doctype() noexcept {
    const std::size_t at = text_.find_first_of("[>");
    const bool subset = at != std::string_view::npos && text_[at] == '[';
    return (!subset || skip_past("]")) && skip_past(">");
  }
  [[nodiscard]] std::string_view rest() const noexcept { return text_; }

 private:
  std::string_view text_;
};

// The name in `<!doctype name`, or nothing.
[[nodiscard]] inline std::string_view doctype_name(std::string_view text) noexcept {
  constexpr std::string_view opening = "<!doctype";
  if (!begins_with_word(text, opening)) return {};
  prolog_reader rest(text.substr(opening.size()));
  rest.skip_space();
  return rest.rest();
}

}  // namespace jobqueue::detail
