#include "core/magic_parts.hpp"
#include "core/magic_prolog.hpp"

namespace jobqueue::detail {
namespace {

// `<svg ` or `<prefix:svg `.
bool is_svg_root(std::string_view text) noexcept {
  if (text.size() < 2 || text[0] != '<') return false;
  text.remove_prefix(1);
  const std::size_t name_end = text.find_first_of(" \t\r\n/>");
  if (name_end == std::string_view::npos) return false;
  const std::string_view name = text.substr(0, name_end);
  constexpr std::string_view prefixed = ":svg";
  return name == "svg" || (name.size() > prefixed.size() && name.size() <= 32 &&
                           name.substr(name.size() - prefixed.size()) == prefixed &&
                           all_of(name.substr(0, name.size() - prefixed.size()), is_alnum));
}

}  // namespace

// XML, SVG and HTML: 37 bits in `<svg `, the least.
bool is_markup(const byte_window& in, recognized& found) noexcept {
  prolog_reader reader(in.text(0, in.size()));
  if (in.holds(0, "\xEF\xBB\xBF")) reader = prolog_reader(in.text(3, in.size()));
  reader.skip_space();
  const bool declared = begins_with_word(reader.rest(), "<?xml");
  if (declared) found = {"application/xml", blob_class::document};
  const recognized html = {declared ? "application/xhtml+xml" : "text/html", blob_class::document};
  const recognized svg = {"image/svg+xml", blob_class::image};

  constexpr unsigned max_items = 32;  // Comments, instructions and declarations.
  bool more = true;
  for (unsigned item = 0; item < max_items && more; ++item) {
    reader.skip_space();
    const std::string_view rest = reader.rest();
    if (const std::string_view name = doctype_name(rest); !name.empty()) {
      if (begins_with_word(name, "svg")) {
        found = svg;
        return true;
      }
      if (begins_with_word(name, "html")) {
        found = html;
        return true;
      }
      more = reader.skip_doctype();
    } else if (rest.substr(0, 4) == "<!--") {
      more = reader.skip_past("-->");
    } else if (rest.substr(0, 2) == "<?") {
      more = reader.skip_past("?>");
    } else if (is_svg_root(rest)) {
      found = svg;
      return true;
    } else if (begins_with_word(rest, "<html")) {
      found = html;
      return true;
    } else {
      more = false;
    }
  }
  return declared;
}

bool is_rtf(const byte_window& in, recognized&) noexcept {
  // RTF of Windows Write and of Cocoa ends the control word at once or numbers it.
  return in.has(5, 1) && (is_digit(in.u8(5)) || in.u8(5) == '\\');
}

bool is_pdf(const byte_window& in, recognized&) noexcept {
  return is_digit(in.u8(5)) && in.u8(6) == '.' && is_digit(in.u8(7));
}

// Text, or the header of a DOS EPS file: four bytes of magic and where the PostScript is.
bool is_postscript(const byte_window& in, recognized&) noexcept {
  if (in.u8(0) == '%') return in.holds(4, "-Adobe-") || is_space(in.u8(4));
  return in.has(0, 8) && in_range(in.le32(4), 28, 4096);
}

bool is_djvu(const byte_window& in, recognized&) noexcept {
  return in.holds(12, "DJVU") || in.holds(12, "DJVM") || in.holds(12, "DJVI") ||
         in.holds(12, "THUM");
}

}  // namespace jobqueue::detail
