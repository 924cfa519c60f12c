// The parts of content_type.cpp: what texts claim, what text is, what the WHATWG standard says, and
// what hides behind another format.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include <jobqueue/content_type.hpp>

#include "core/media_types.hpp"

namespace jobqueue::detail {

// A media type in lower case, without parameters.
class parsed_media_type {
 public:
  // Of the last line of a Content-Type header, as WHATWG MIME Sniffing parses one; empty if it is
  // none, or longer than `max_media_type_bytes`.
  explicit parsed_media_type(std::string_view value) noexcept;
  [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }

 private:
  std::array<char, max_media_type_bytes> text_;
  std::size_t size_ = 0;
};

// The last of the lines of a header that is not blank, without the white space around it.
[[nodiscard]] std::string_view last_line(std::string_view header) noexcept;

// What the extension in the path of a URL stands for; without a type if there is none, or it is not
// known, or says nothing.
[[nodiscard]] extension_meaning read_url(std::string_view url) noexcept;

// A byte that text does not have, as WHATWG MIME Sniffing has it.
[[nodiscard]] bool has_binary_byte(std::span<const std::byte> head) noexcept;

struct text_form {
  std::string_view media_type;  // static; empty: it is no text
  std::string_view detail;      // as `content_evidence::detail`
  bool is_guess = false;        // Only its looks say so: another kind of text may look like that.
};
[[nodiscard]] text_form recognize_text(std::span<const std::byte> head);

// Of text: whether it can be JSON, any value or one a line, and whether it can be XML.
[[nodiscard]] bool may_be_json(std::span<const std::byte> head);
[[nodiscard]] bool may_be_xml(std::span<const std::byte> head) noexcept;

// What WHATWG MIME Sniffing says.
struct whatwg_answer {
  content_source source = content_source::none;  // none, header, magic or text
  std::string_view media_type;                   // static, unless it is that of the header
};
// `supplied` is the header, parsed, and `line` its text.
[[nodiscard]] whatwg_answer sniff_whatwg(std::span<const std::byte> head, std::string_view supplied,
                                         std::string_view line, bool nosniff) noexcept;

// Whether a file of a type that the bytes show has something else inside that programs take for a
// file: markup or a script, a PDF, a ZIP archive. docs/api/content_type.md has the list.
[[nodiscard]] bool is_polyglot(std::span<const std::byte> head,
                               const media_type_traits& type) noexcept;

}  // namespace jobqueue::detail
