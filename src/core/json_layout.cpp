#include "core/json_layout.hpp"

#include "core/json_text.hpp"
#include "core/utf8.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::uint32_t first_high = 0xD800;
constexpr std::uint32_t first_low = 0xDC00;
constexpr std::uint32_t first_after = 0xE000;
constexpr std::size_t escape_size = 6;  // \u00e9

class printer {
 public:
  printer(std::string_view text, json_layout layout, json_escapes escapes, std::string& out)
      : text_(text), layout_(layout), escapes_(escapes), out_(out) {}

  bool print(std::size_t max_bytes) {
    out_.clear();
    while (at_ < text_.size() && out_.size() <= max_bytes) print_one();
    return out_.size() <= max_bytes;
  }

 private:
  [[nodiscard]] bool is_indented() const noexcept { return layout_ >= json_layout::indented_2; }
  [[nodiscard]] char here() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_blanks() noexcept {
    while (here() == ' ' || here() == '\t' || here() == '\r' || here() == '\n') ++at_;
  }
  void break_line() {
    out_ += '\n';
    out_.append(depth_ * (layout_ == json_layout::indented_2 ? 2 : 4), ' ');
  }

  void print_one() {
    const char c = text_[at_++];
    switch (c) {
      case ' ':
      case '\t':
      case '\r':
      case '\n': return;
      case '{':
      case '[':
        out_ += c;
        skip_blanks();
        if (here() == '}' || here() == ']') {
          out_ += text_[at_++];
        } else {
          ++depth_;
          if (is_indented()) break_line();
        }
        return;
      case '}':
      case ']':
        --depth_;
        if (is_indented()) break_line();
        out_ += c;
        return;
      case ',':
        out_ += c;
        if (layout_ == json_layout::spaced) out_ += ' ';
        if (is_indented()) break_line();
        return;
      case ':':
        out_ += c;
        if (layout_ != json_layout::compact) out_ += ' ';
        return;
      case '"': print_string(); return;
      default: out_ += c;
    }
  }

  void print_string() {
    out_ += '"';
    while (here() != '"' && at_ < text_.size()) {
      if (here() == '\\') {
        print_escape();
      } else {
        print_character();
      }
    }
    ++at_;
    out_ += '"';
  }

  void print_escape() {
    const std::size_t begin = at_;
    const char kind = text_.substr(at_ + 1, 1).empty() ? '\0' : text_[at_ + 1];
    at_ += 2;
    if (escapes_ == json_escapes::utf8 && kind == '/') {
      out_ += '/';
      return;
    }
    if (kind != 'u') {
      out_ += text_.substr(begin, 2);
      return;
    }
    std::uint32_t c = read_json_code_unit(text_.substr(begin));
    at_ = begin + escape_size;
    if (c >= first_high && c < first_low) {
      const std::uint32_t low = read_json_code_unit(text_.substr(at_));
      if (low >= first_low && low < first_after) {
        c = 0x10000 + ((c - first_high) << 10U) + (low - first_low);
        at_ += escape_size;
      }
    }
    const bool is_lone = c >= first_high && c < first_after;
    if (escapes_ == json_escapes::utf8 && c >= 0x80 && !is_lone) {
      append_utf8(out_, c);
    } else {
      out_ += text_.substr(begin, at_ - begin);
    }
  }

  void print_character() {
    const auto* const begin = reinterpret_cast<const unsigned char*>(text_.data() + at_);
    const auto* const end = reinterpret_cast<const unsigned char*>(text_.data() + text_.size());
    const bool to_ascii = escapes_ == json_escapes::ascii || escapes_ == json_escapes::php;
    const std::size_t size = *begin < 0x80 ? 1 : utf8_sequence_size(begin, end);
    if (size > 1 && to_ascii) {
      std::uint32_t c = *begin & (0xFFU >> (size + 1));
      for (std::size_t i = 1; i < size; ++i) c = c << 6U | (begin[i] & 0x3FU);
      if (c >= 0x10000) {
        print_unit(first_high + ((c - 0x10000) >> 10U));
        c = first_low + (c & 0x3FFU);
      }
      print_unit(c);
    } else {
      if (*begin == '/' && escapes_ == json_escapes::php) out_ += '\\';
      out_ += text_.substr(at_, size == 0 ? 1 : size);
    }
    at_ += size == 0 ? 1 : size;
  }
  void print_unit(std::uint32_t unit) {
    constexpr std::string_view digits = "0123456789abcdef";
    out_ += "\\u";
    for (unsigned shift = 16; shift > 0; shift -= 4) out_ += digits[unit >> (shift - 4) & 15U];
  }

  std::string_view text_;
  json_layout layout_;
  json_escapes escapes_;
  std::string& out_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

bool print_json(std::string_view text, json_layout layout, json_escapes escapes,
                std::size_t max_bytes, std::string& out) {
  return printer(text, layout, escapes, out).print(max_bytes);
}

}  // namespace jobqueue::detail
