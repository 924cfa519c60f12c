// What a header and a URL claim.

#include <algorithm>
#include <cstring>

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
  const std::string_view line = last_line(value);
  const std::string_view essence = trim(line.substr(0, line.find(';')));
  const std::size_t slash = essence.find('/');
  if (slash == npos || essence.size() > text_.size()) return;
  if (!is_token(essence.substr(0, slash)) || !is_token(essence.substr(slash + 1))) return;
  std::transform(essence.begin(), essence.end(), text_.begin(), lower);
  size_ = essence.size();
}

namespace {

std::size_t find_char(std::string_view text, char c) noexcept {
  const void* const at = text.empty() ? nullptr : std::memchr(text.data(), c, text.size());
  return at == nullptr ? npos
                       : static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

// RFC 3986: a letter, then letters, digits, "+", "-" and ".". One letter is a drive of Windows.
std::size_t scheme_size(std::string_view url) noexcept {
  if (url.empty() || !is_alpha(url.front())) return 0;
  std::size_t size = 1;
  constexpr std::size_t max_scheme = 32;
  while (size < url.size() && size < max_scheme && is_token_char(url[size])) ++size;
  return size > 1 && size < url.size() && url[size] == ':' ? size : 0;
}

// The path of a URL; the whole of what is none.
std::string_view path_of(std::string_view url) noexcept {
  url = url.substr(0, find_char(url, '#'));
  url = url.substr(0, find_char(url, '?'));
  if (const std::size_t scheme = scheme_size(url); scheme != 0) {
    url.remove_prefix(scheme + 1);
    // "data:", "blob:", "mailto:" have no path with the name of a file.
    if (!url.starts_with("//")) return {};
  }
  if (!url.starts_with("//")) return url;
  url.remove_prefix(2);
  const std::size_t slash = find_char(url, '/');
  return slash == npos ? std::string_view() : url.substr(slash);
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

std::string_view last_segment(std::string_view path) noexcept {
  std::size_t begin = path.size();
  while (begin != 0 && path[begin - 1] != '/' && path[begin - 1] != '\\') --begin;
  return path.substr(begin);
}

extension_meaning read_name(std::string_view name) noexcept {
  // Parameters of a path segment (RFC 3986, 3.3).
  name = name.substr(0, find_char(name, ';'));
  const std::size_t dot = name.rfind('.');
  // What begins with a dot is a hidden file without an extension.
  if (dot == npos || dot == 0 || dot + 1 == name.size()) return {};
  // A name that is cut at a control character somewhere else has another extension there.
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; };
  if (std::any_of(name.begin(), name.end(), is_control)) return {};
  return find_extension(name.substr(dot + 1));
}

}  // namespace

extension_meaning read_url(std::string_view url) noexcept {
  const std::string_view name = last_segment(path_of(url));
  if (find_char(name, '%') == npos) return read_name(name);
  const decoded_end decoded(name);
  // A slash that is escaped separates in the names of object stores.
  return read_name(last_segment(decoded.view()));
}

}  // namespace jobqueue::detail
