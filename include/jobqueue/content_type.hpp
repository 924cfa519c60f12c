// jobqueue - content_type: what a finished job really made, and everything that says so.
//
//   #include <iostream>
//   #include <jobqueue/jobqueue.hpp>
//
//   int main() {
//     const std::string_view head("\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 16);
//     const auto found = jobqueue::detect_content_type(
//         std::as_bytes(std::span(head)),
//         {.url = "https://cdn.example.com/out.bin?name=a.jpg", .header = "image/jpeg"});
//     std::cout << found.media_type.view() << ' ' << to_string(found.source) << ' '
//               << found.mismatch;
//   }
//
// prints "image/png magic 1".
//
// docs/api/content_type.md has the formats, the categories, and what is no evidence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace jobqueue {
inline namespace v1 {

/// Bytes of a head that are looked at; what is behind them is ignored. Give so many, or all there
/// are. The WHATWG mode looks at the first 1445, as that standard does.
inline constexpr std::size_t content_head_bytes = 4096;
/// Longer names of types, in a header or configured, are no evidence; in bytes.
inline constexpr std::size_t max_media_type_bytes = 255;

/// What to do with it: which viewer, which player, which folder.
enum class content_category : std::uint8_t {
  data,   ///< Nothing of the below: tables, databases, what is unknown.
  image,  ///< SVG, too.
  video,
  audio,
  document,  ///< For people: PDF, HTML, office documents, e-books.
  archive,   ///< Archives, packages, compressed streams.
  text,      ///< Text, source code, JSON, XML, CSV.
  model,     ///< 3D models, weights, tensors.
  font,
  executable,  ///< Programs of a machine: ELF, PE, Mach-O, DEX, class files, WebAssembly.
};

/// Where evidence comes from.
enum class content_source : std::uint8_t {
  none,        ///< There is none.
  url,         ///< The extension in the path of the URL.
  header,      ///< The Content-Type header.
  magic,       ///< What the bytes begin with.
  container,   ///< What is inside: of a ZIP archive, an OLE file, a media container.
  text,        ///< The bytes are text of this form.
  configured,  ///< What the caller expects.
};

/// How much an answer is worth. Another piece of evidence that says the same raises it by a step.
enum class content_confidence : std::uint8_t {
  none,    ///< Nothing is known.
  low,     ///< An extension or a setting; plain text, CSV; or the bytes contradict what decided.
  medium,  ///< A header; a short magic number; text of a certain form.
  high,    ///< Bytes that random ones are not, once in 2^28; JSON that is read.
};

/// "image", "header", "high", ... Static, with a NUL at the end.
[[nodiscard]] std::string_view to_string(content_category category) noexcept;
[[nodiscard]] std::string_view to_string(content_source source) noexcept;
[[nodiscard]] std::string_view to_string(content_confidence confidence) noexcept;

/// The name of a media type, "image/png": static if the library knows it, else a copy.
class media_type_name {
 public:
  media_type_name() = default;
  /// `text` is static.
  explicit media_type_name(std::string_view text) noexcept : fixed_(text) {}
  explicit media_type_name(std::string text)
      : own_(std::make_shared<const std::string>(std::move(text))) {}

  /// `text` is static.
  void assign(std::string_view text) noexcept {
    fixed_ = text;
    own_.reset();
  }

  [[nodiscard]] std::string_view view() const noexcept {
    return own_ == nullptr ? fixed_ : std::string_view(*own_);
  }

 private:
  std::string_view fixed_;
  std::shared_ptr<const std::string> own_;  // of few; empty, it costs less than a string
};

/// One thing that was seen.
struct content_evidence {
  content_source source = content_source::none;
  bool contradicted = false;  ///< By the bytes. Of `url`, `header` and `configured` only.
  /// As it was given, in lower case: "image/jpg".
  media_type_name media_type;
  /// Static. Of `url` the extension; of `container` which: "zip", "ole", "riff", "iso_bmff",
  /// "ebml", "ogg"; of `text` "json", "ndjson", "csv", "tsv", "script", "words", or the encoding:
  /// "utf_8", "utf_16", "utf_32", "8_bit"; of `magic` "short" if the number alone says so. In the
  /// WHATWG mode
  /// "whatwg" if the tables of the standard say so.
  std::string_view detail;
};

/// All that was seen: at most one of each source.
class content_evidence_list {
 public:
  content_evidence_list() noexcept {}  // NOLINT: places are made when they are filled
  content_evidence_list(const content_evidence_list& other) { append(other); }
  content_evidence_list& operator=(const content_evidence_list& other) {
    if (this != &other) {
      clear();
      append(other);
    }
    return *this;
  }
  ~content_evidence_list() { clear(); }

  [[nodiscard]] const content_evidence* begin() const noexcept { return places_; }
  [[nodiscard]] const content_evidence* end() const noexcept { return places_ + size_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Null if there is none of that source.
  [[nodiscard]] const content_evidence* find(content_source source) const noexcept {
    for (const content_evidence& one : *this) {
      if (one.source == source) return &one;
    }
    return nullptr;
  }
  /// That of a source, which is made if there is none.
  [[nodiscard]] content_evidence& of(content_source source) noexcept {
    for (std::size_t at = 0; at < size_; ++at) {
      if (places_[at].source == source) return places_[at];
    }
    content_evidence& one = *std::construct_at(places_ + size_++);
    one.source = source;
    return one;
  }

 private:
  void append(const content_evidence_list& other) {
    for (const content_evidence& one : other) std::construct_at(places_ + size_++, one);
  }
  void clear() noexcept {
    std::destroy(places_, places_ + size_);
    size_ = 0;
  }

  static constexpr std::size_t most = 7;  // one for each source
  union {
    content_evidence places_[most];  // NOLINT(readability-identifier-naming): a private member
  };
  std::size_t size_ = 0;
};

/// What it is.
struct content_type {
  media_type_name media_type{std::string_view("application/octet-stream")};  ///< In lower case.
  std::string_view extension;  ///< The usual one, "png"; empty if there is none. Static.
  content_category category = content_category::data;
  content_source source = content_source::none;  ///< What decided.
  content_confidence confidence = content_confidence::none;
  bool mismatch = false;  ///< The bytes contradict the header or the extension.
  bool polyglot = false;  ///< The bytes are, or may be taken for, something else besides.
  content_evidence_list evidence;
};

struct content_type_options {
  /// Of the object, or a path, or the name of a file; only the extension of the path counts, never
  /// the query or the fragment. Empty: there is none.
  std::string_view url{};
  /// The value of Content-Type; of several lines the last one counts. Empty: there is none.
  std::string_view header{};
  /// The type to fall back to.
  std::string_view configured{};
  /// `X-Content-Type-Options: nosniff` was there: a header that says something decides.
  bool nosniff = false;
  /// Decide as WHATWG MIME Sniffing does, from the header and the bytes, and with its names.
  bool whatwg = false;
};

/// What the object with the first bytes `head` is. The bytes decide if they say something, and more
/// precise words of the header, the URL or the setting about the same thing refine them; else the
/// header, else the URL, else the setting; else it is application/octet-stream. Any bytes and texts
/// are accepted, and nothing is an error; only memory can run out (std::bad_alloc), for names that
/// are not known and for JSON. Linear time in the sizes, of which that of `head` is bounded.
///
///     detect(head) == detect(head + anything) if head has content_head_bytes
[[nodiscard]] content_type detect_content_type(std::span<const std::byte> head,
                                               const content_type_options& options = {});

/// One object of JSON, in one line without a line break:
/// {"media_type","extension","category","source","confidence","evidence":[{"source","media_type",
/// "detail","contradicted"}],"mismatch","polyglot"}; what is empty is null.
[[nodiscard]] std::string to_json(const content_type& found);

}  // namespace v1
}  // namespace jobqueue
