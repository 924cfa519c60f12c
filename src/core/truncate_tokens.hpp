// Goes over the tokens of a document of JSON, and keeps count of the white space between them.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <jobqueue/base64.hpp>

#include "core/json_index.hpp"
#include "core/json_text.hpp"
#include "core/truncate_text.hpp"

namespace jobqueue::detail {

constexpr bool is_json_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
constexpr bool is_json_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool ends_json_value(char c) noexcept {
  return c == ',' || c == ']' || c == '}' || is_json_space(c) || c == ':' || c == '"' || c == '[' ||
         c == '{';
}
constexpr char closing_bracket(bool object) noexcept { return object ? '}' : ']'; }

// `nested`: the text is the content of a string, without its escapes.
template <bool nested>
class token_reader {
 protected:
  // `origin` says where the characters of a nested text came from, counted from `base`.
  token_reader(std::string_view text, nested_text* origin, std::size_t base, simd_target target)
      : text_(text), index_(text, target), origin_(origin), base_(base), behind_(base) {}

  // Where in the text the byte at `at` came from; not less than the last one that was asked for.
  [[nodiscard]] std::size_t origin_of(std::size_t at) {
    if constexpr (nested) return base_ + origin_->origin(at);
    return base_ + at;
  }
  // Goes on from behind the last token, over white space, to the one at `at`. A structural
  // character is one byte; what it is more, as an escape in a string, is white space, too.
  void skip_to(std::size_t at) {
    const std::size_t origin = origin_of(at);
    white_space_ += origin - behind_;
    behind_ = origin;
  }
  void take_mark(std::size_t at) {
    skip_to(at);
    ++behind_;
  }
  // The next token: false if there is none.
  bool next(std::size_t& at) {
    at = index_.next();
    return at < text_.size();
  }

  // Behind the number or word at `at`, or `at`.
  [[nodiscard]] std::size_t plain_end(std::size_t at) const noexcept {
    std::size_t size = 0;
    switch (text_[at]) {
      case 't': size = text_.substr(at, 4) == "true" ? 4 : 0; break;
      case 'f': size = text_.substr(at, 5) == "false" ? 5 : 0; break;
      case 'n': size = text_.substr(at, 4) == "null" ? 4 : 0; break;
      default:
        while (size < text_.size() - at && is_json_digit(text_[at + size])) ++size;
        // Most are digits alone.
        if (size == 0 || text_[at] == '0' ||
            (at + size < text_.size() && !ends_json_value(text_[at + size]))) {
          size = json_number_size(text_.substr(at));
        }
        break;
    }
    const bool ends = at + size == text_.size() || ends_json_value(text_[at + size]);
    return ends ? at + size : at;
  }

  // Goes over a value that gets no node; `count` becomes how many children it has.
  bool pass_value(std::size_t at, std::size_t& count) {
    const char c = text_[at];
    if (c != '{' && c != '[') return pass_leaf(at);
    take_mark(at);
    return pass_container(c == '{', count);
  }

  bool pass_leaf(std::size_t at) {
    std::size_t end = 0;
    if (text_[at] == '"') {
      if (!next(end)) return false;
      ++end;
    } else {
      end = plain_end(at);
      if (end == at) return false;
    }
    skip_to(at);
    behind_ = origin_of(end);
    return true;
  }

  bool pass_key(std::size_t at) {
    std::size_t quote = 0;
    std::size_t colon = 0;
    if (text_[at] != '"' || !next(quote) || !next(colon) || text_[colon] != ':') return false;
    skip_to(at);
    behind_ = origin_of(quote + 1);
    take_mark(colon);
    return true;
  }

  // As pass_value, behind the opening bracket.
  bool pass_container(bool object, std::size_t& count) {
    passed_.clear();
    bool opened = true;
    count = 0;
    std::size_t at = 0;
    while (next(at)) {
      char c = text_[at];
      if (c == closing_bracket(object)) {
        skip_to(at);
        behind_ = nested && passed_.empty() ? origin_of(at + 1) : behind_ + 1;
        if (passed_.empty()) return true;
        object = passed_.back();
        passed_.pop_back();
        opened = false;
        continue;
      }
      if (!opened) {
        if (c != ',') return false;
        take_mark(at);
        if (!next(at)) return false;
      }
      if (object && !(pass_key(at) && next(at))) return false;
      if (passed_.empty()) ++count;
      c = text_[at];
      opened = c == '{' || c == '[';
      if (opened) {
        take_mark(at);
        passed_.push_back(object);
        object = c == '{';
      } else if (!pass_leaf(at)) {
        return false;
      }
    }
    return false;
  }

  std::string_view text_;
  json_index index_;
  nested_text* origin_;
  std::size_t base_;
  std::size_t behind_;  // the last token, in the text
  std::size_t white_space_ = 0;

 private:
  std::vector<bool> passed_;  // the containers around what is passed over: whether it is an object
};

}  // namespace jobqueue::detail
