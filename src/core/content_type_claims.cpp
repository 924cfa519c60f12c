// What a header and a URL claim.

#include <algorithm>
#include <cstdint>

#include "core/content_type_parts.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::size_t npos = std::string_view::npos;

constexpr bool is_http_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

constexpr bool is_alpha(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr bool is_token_char(char c) noexcept {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return is_alpha(c) || (c >= '0' && c <= '9') || others.find(c) != npos;
}

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_http_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_http_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

}  // namespace

std::string_view last_line(std::string_view header) noexcept {
  header = trim(header);
  const std::size_t line_break = header.rfind('\n');
  return line_break == npos ? header : trim(header.substr(line_break + 1));
}

parsed_media_type::parsed_media_type(std::string_view value) noexcept {
  if (value.empty()) return;
  const std::string_view line = last_line(value);
  const std::string_view essence = trim(line.substr(0, line.find(';')));
  const std::size_t slash = essence.find('/');
  if (slash == npos || essence.size() > text_.size()) return;
  if (!is_token(essence.substr(0, slash)) || !is_token(essence.substr(slash + 1))) return;
  std::transform(essence.begin(), essence.end(), text_.begin(), lower);
  size_ = essence.size();
}

namespace {

constexpr bool is_scheme_char(char c) noexcept {
  return is_alpha(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

// RFC 3986: a letter, then letters, digits, "+", "-" and ".". One letter is a drive of Windows.
std::size_t scheme_size(std::string_view url) noexcept {
  if (url.empty() || !is_alpha(url.front())) return 0;
  std::size_t size = 1;
  constexpr std::size_t max_scheme = 32;
  while (size < url.size() && size < max_scheme && is_scheme_char(url[size])) ++size;
  return size > 1 && size < url.size() && url[size] == ':' ? size : 0;
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The last bytes of a name with its escapes decoded, once.
class decoded_end {
 public:
  explicit decoded_end(std::string_view name) noexcept {
    if (name.size() > text_.size()) name.remove_prefix(name.size() - text_.size());
    for (std::size_t i = 0; i < name.size(); ++i) {
      const int high = i + 2 < name.size() ? hex_value(name[i + 1]) : -1;
      const int low = high < 0 ? -1 : hex_value(name[i + 2]);
      if (name[i] != '%' || low < 0) {
        text_[size_++] = name[i];
        continue;
      }
      text_[size_++] = static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }

 private:
  std::array<char, 256> text_;
  std::size_t size_ = 0;
};

// What a character does to the name at the end of a path.
enum class url_char : std::uint8_t { plain, dot, slash, escape, parameter, end, control };

constexpr std::array<url_char, 256> url_chars = [] {
  std::array<url_char, 256> table{};
  for (std::size_t c = 0; c < 32; ++c) table[c] = url_char::control;
  table[127] = url_char::control;
  table['.'] = url_char::dot;
  table['/'] = table['\\'] = url_char::slash;
  table['%'] = url_char::escape;
  table[';'] = url_char::parameter;
  table['?'] = table['#'] = url_char::end;
  return table;
}();

url_char kind_of(char c) noexcept { return url_chars[static_cast<unsigned char>(c)]; }

// The name behind the last slash of a path, up to its parameters (RFC 3986, 3.3).
struct path_name {
  std::string_view text;
  std::size_t dot = npos;  // the last one
  bool escaped = false;    // There is an escape in it.
  // There is a control character in it: cut there by somebody else, it has another extension.
  bool controlled = false;
};

// One pass; a query and a fragment are not read. `decoded`: what would end a path is a part of it.
path_name read_path(std::string_view text, bool decoded) noexcept {
  std::size_t begin = 0;
  std::size_t end = npos;
  std::size_t dot = npos;
  bool escaped = false;
  bool controlled = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const url_char kind = kind_of(text[at]);
    if (kind == url_char::plain) continue;
    if (kind == url_char::end && !decoded) break;
    if (kind == url_char::slash) {
      begin = at + 1;
      end = dot = npos;
      escaped = controlled = false;
    } else if (end == npos) {
      if (kind == url_char::dot) dot = at;
      if (kind == url_char::parameter) end = at;
      escaped |= kind == url_char::escape;
      controlled |= kind == url_char::control;
    }
  }
  const std::string_view name = text.substr(begin, std::min(end, at) - begin);
  return {name, dot == npos ? npos : dot - begin, escaped, controlled};
}

extension_meaning extension_of(const path_name& name) noexcept {
  // What begins with a dot is a hidden file without an extension.
  if (name.dot == npos || name.dot == 0 || name.dot + 1 == name.text.size() || name.controlled) {
    return {};
  }
  return find_extension(name.text.substr(name.dot + 1));
}

}  // namespace

extension_meaning read_url(std::string_view url) noexcept {
  if (url.empty()) return {};
  if (const std::size_t scheme = scheme_size(url); scheme != 0) {
    url.remove_prefix(scheme + 1);
    // "data:", "blob:", "mailto:" have no path with the name of a file.
    if (!url.starts_with("//")) return {};
  }
  if (url.starts_with("//")) {
    // The host, and its end.
    std::size_t at = 2;
    while (at < url.size() && kind_of(url[at]) != url_char::slash) {
      if (kind_of(url[at++]) == url_char::end) return {};
    }
    url.remove_prefix(at);
  }
  const path_name name = read_path(url, false);
  if (!name.escaped) return extension_of(name);
  const decoded_end decoded(name.text);
  // A slash that is escaped separates in the names of object stores.
  return extension_of(read_path(decoded.view(), true));
}

}  // namespace jobqueue::detail
