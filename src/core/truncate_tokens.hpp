// Goes over the tokens of a document of JSON, and keeps count of the white space between them.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <jobqueue/base64.hpp>

#include "core/json_index.hpp"
#include "core/json_pass.hpp"
#include "core/json_text.hpp"
#include "core/truncate_text.hpp"

namespace jobqueue::detail {

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

  // To the closing bracket of a container: what is left of it gets no nodes. `opened`: the last
  // token is its opening bracket, else the end of a child. `at` becomes where it is, `count` how
  // many children were passed; the bracket itself is still to be taken.
  bool pass_container(bool object, bool opened, std::size_t& at, std::size_t& count,
                      item_notes* notes = nullptr) {
    if constexpr (nested) {
      return pass_tokens(object, opened, at, count);
    } else {
      const auto passed = detail::pass_container(index_, text_, object, opened, notes);
      if (!passed) return false;
      at = passed->end;
      count = passed->count;
      white_space_ += passed->white_space;
      behind_ = base_ + at;
      return true;
    }
  }

  std::string_view text_;
  json_index index_;
  nested_text* origin_;
  std::size_t base_;
  std::size_t behind_;  // the last token, in the text
  std::size_t white_space_ = 0;

 private:
  // Token by token, because each says where in the text it came from.
  bool pass_tokens(bool object, bool opened, std::size_t& at, std::size_t& count) {
    around_.clear();
    count = 0;
    while (next(at)) {
      if (text_[at] == closing_bracket(object)) {
        if (around_.empty()) return true;
        take_mark(at);
        object = around_.back();
        around_.pop_back();
        opened = false;
        continue;
      }
      if (!opened) {
        if (text_[at] != ',') return false;
        take_mark(at);
        if (!next(at)) return false;
      }
      if (object && !(pass_name(at) && next(at))) return false;
      if (around_.empty()) ++count;
      const char c = text_[at];
      opened = c == '{' || c == '[';
      if (opened) {
        take_mark(at);
        around_.push_back(object);
        object = c == '{';
      } else if (!pass_leaf(at)) {
        return false;
      }
    }
    return false;
  }

  bool pass_leaf(std::size_t at) {
    std::size_t end = 0;
    if (text_[at] == '"') {
      if (!next(end)) return false;
      ++end;
    } else {
      end = json_plain_end(text_, at);
      if (end == at) return false;
    }
    skip_to(at);
    behind_ = origin_of(end);
    return true;
  }

  bool pass_name(std::size_t at) {
    std::size_t colon = 0;
    if (text_[at] != '"' || !pass_leaf(at) || !next(colon) || text_[colon] != ':') return false;
    take_mark(colon);
    return true;
  }

  std::vector<bool> around_;  // the containers around what is passed over: whether it is an object
};

}  // namespace jobqueue::detail
