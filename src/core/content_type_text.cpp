// What text is: its encoding, and of which kind it is.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "core/content_type_parts.hpp"
#include "core/json_check.hpp"
#include "core/magic.hpp"
#include "core/magic_prolog.hpp"
#include "core/utf8.hpp"

namespace jobqueue::detail {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t npos = std::string_view::npos;

constexpr std::uint64_t ones = 0x0101010101010101;
constexpr std::uint64_t highest = ones * 0x80;

std::uint64_t load_word(const unsigned char* at) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// The highest bit of each byte that is `c`. Warren, Hacker's Delight, 6-1.
constexpr std::uint64_t equal_bytes(std::uint64_t word, char c) noexcept {
  const std::uint64_t other = word ^ (ones * static_cast<unsigned char>(c));
  return ~(((other & ~highest) + ~highest) | other) & highest;
}

// Of the bytes below 0x20 by their bits: all but TAB, LF, FF, CR and ESC.
constexpr std::uint32_t binary_bits =
    ~(1U << 0x09U | 1U << 0x0AU | 1U << 0x0CU | 1U << 0x0DU | 1U << 0x1BU);

constexpr bool is_binary(std::uint64_t byte) noexcept {
  return byte < 0x20 && (binary_bits >> byte & 1U) != 0;
}

// The size of a whole head, which may go on; a shorter one is believed to be cut only where it has
// more than a document has by chance.
constexpr std::size_t whole_head = magic_window;
constexpr std::size_t least_cut = 512;

struct encoding {
  std::string_view name;  // empty: it is no text
  std::size_t mark = 0;   // bytes of its byte order mark
};

// How many bytes are well-formed UTF-8, where only the last character may be cut short.
bool is_utf8(std::string_view text) noexcept {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = at + text.size();
  while (at != end) {
    if (end - at >= 32 &&
        ((load_word(at) | load_word(at + 8) | load_word(at + 16) | load_word(at + 24)) & highest) ==
            0) {
      at += 32;
      continue;
    }
    if (end - at >= 8 && (load_word(at) & highest) == 0) {
      at += 8;
      continue;
    }
    if (*at < 0x80) {
      ++at;
      continue;
    }
    const std::size_t size = utf8_sequence_size(at, end);
    if (size == 0) return end - at < 4 && *at >= 0xC2 && *at <= 0xF4 && text.size() >= least_cut;
    at += size;
  }
  return true;
}

encoding encoding_of(std::string_view text, bool binary) noexcept {
  if (text.starts_with("\xFF\xFE\0\0"sv) || text.starts_with("\0\0\xFE\xFF"sv))
    return {"utf_32", 4};
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) return {"utf_16", 2};
  if (binary) return {};
  const std::size_t mark = byte_order_mark_size(text);
  return {is_utf8(text) ? "utf_8"sv : "8_bit"sv, mark};
}

struct text_start {
  std::string_view bytes;
  std::string_view media_type;
  bool whole_word;  // A line ends behind it, or white space follows.
};
constexpr std::array text_starts = std::to_array<text_start>({
    {"BEGIN:VCALENDAR", "text/calendar", true},
    {"BEGIN:VCARD", "text/vcard", true},
    {"WEBVTT", "text/vtt", true},
    {"#EXTM3U", "application/vnd.apple.mpegurl", true},
    {"/* XPM */", "image/x-xpixmap", false},
    {"0 HEAD", "text/vnd.familysearch.gedcom", true},
    {"0\nSECTION\n", "image/vnd.dxf", false},
    {"0\r\nSECTION\r\n", "image/vnd.dxf", false},
    {"  0\nSECTION\n", "image/vnd.dxf", false},
    {"  0\r\nSECTION\r\n", "image/vnd.dxf", false},
    {"-----BEGIN PKCS7", "application/pkcs7-signature", false},
    {"-----BEGIN CERTIFICATE-----", "application/x-x509-ca-cert", false},
    {"-----BEGIN PGP SIGNATURE-----", "application/pgp-signature", false},
    {"-----BEGIN PGP PUBLIC KEY BLOCK-----", "application/pgp-keys", false},
    {"ISO-10303-21;", "model/step", false},
    {"#VRML V", "model/vrml", false},
});

struct interpreter {
  std::string_view name;  // what it begins with: "python3.11" is "python"
  std::string_view media_type;
};
constexpr std::array interpreters = std::to_array<interpreter>({
    {"python", "text/x-python"},    {"pypy", "text/x-python"},      {"node", "text/javascript"},
    {"deno", "text/javascript"},    {"bun", "text/javascript"},     {"php", "text/x-php"},
    {"perl", "application/x-perl"}, {"ruby", "text/x-ruby"},        {"luajit", "text/x-lua"},
    {"lua", "text/x-lua"},          {"tclsh", "application/x-tcl"}, {"wish", "application/x-tcl"},
    {"tcl", "application/x-tcl"},   {"bash", "application/x-sh"},   {"dash", "application/x-sh"},
    {"ksh", "application/x-sh"},    {"zsh", "application/x-sh"},    {"ash", "application/x-sh"},
    {"sh", "application/x-sh"},     {"csh", "application/x-csh"},   {"tcsh", "application/x-csh"},
});

std::string_view next_word(std::string_view& line) noexcept {
  const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
  line.remove_prefix(begin);
  const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
  line.remove_prefix(word.size());
  return word;
}

// `#!/usr/bin/env -S python3 -u`
std::string_view type_of_script(std::string_view text) noexcept {
  if (!text.starts_with("#!")) return {};
  std::string_view line = text.substr(2, text.find('\n') - 2);
  std::string_view word = next_word(line);
  std::string_view program = word.substr(word.rfind('/') + 1);
  if (word.find('/') == npos) return {};
  constexpr unsigned max_words = 8;
  for (unsigned i = 0;
       i < max_words && (program == "env" || program.starts_with('-') || program.find('=') != npos);
       ++i) {
    word = next_word(line);
    program = word.substr(word.rfind('/') + 1);
  }
  for (const auto& [name, type] : interpreters) {
    if (!program.starts_with(name)) continue;
    const std::string_view version = program.substr(name.size());
    const bool is_version = std::all_of(version.begin(), version.end(), [](char c) {
      return is_digit(static_cast<unsigned char>(c)) || c == '.' || c == '-';
    });
    if (is_version) return type;
  }
  return "text/plain";
}

// "1", then "00:02:16,612 --> 00:02:19,376".
bool is_subrip(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size() && is_digit(static_cast<unsigned char>(text[at]))) ++at;
  const std::size_t line = text.find('\n');
  if (at == 0 || line == npos || text.substr(at, line - at).find_first_not_of('\r') != npos) {
    return false;
  }
  const std::string_view times = text.substr(line + 1, 29);
  constexpr std::string_view form = "00:00:00,000 --> 00:00:00,000";
  return times.size() == form.size() &&
         std::equal(times.begin(), times.end(), form.begin(), [](char c, char f) {
           return f == '0'   ? is_digit(static_cast<unsigned char>(c))
                  : f == ',' ? c == ',' || c == '.'
                             : c == f;
         });
}

// Two lines of headers with names that letters have.
bool is_letter(std::string_view text) noexcept {
  constexpr std::string_view known_names[] = {
      "from",       "to",           "cc",           "bcc",          "subject",
      "date",       "message-id",   "received",     "reply-to",     "return-path",
      "sender",     "delivered-to", "mime-version", "content-type", "dkim-signature",
      "in-reply-to"};
  for (unsigned line = 0; line < 2; ++line) {
    const std::size_t colon = text.find(':');
    if (colon == npos || colon + 1 >= text.size() || text[colon + 1] != ' ') return false;
    const std::string_view name = text.substr(0, colon);
    if (std::none_of(std::begin(known_names), std::end(known_names), [&](std::string_view known) {
          return name.size() == known.size() && begins_with(text, known);
        })) {
      return false;
    }
    // A line that begins with white space goes on with the one before.
    std::size_t end = text.find('\n');
    while (end != npos && end + 1 < text.size() &&
           (text[end + 1] == ' ' || text[end + 1] == '\t')) {
      end = text.find('\n', end + 1);
    }
    if (line == 0 && end == npos) return false;
    text.remove_prefix(end == npos ? text.size() : end + 1);
  }
  return true;
}

// JSON that is whole, or a head that ends within it.
bool is_json(std::string_view text) {
  const status read = check_json(text);
  if (read) return true;
  if (text.size() < least_cut) return false;
  const std::uint64_t offset = read.problem().offset;
  // At the very end, or in the last character.
  return read.problem().code == errc::invalid_utf8 ? offset + 4 > text.size()
                                                   : offset == text.size();
}

// Two documents or more, one a line; the last line may be cut.
bool is_json_lines(std::string_view text) {
  const std::size_t last = text.rfind('\n');
  if (last == npos) return false;
  std::size_t begin = text.find_first_not_of(" \t\r\n");
  std::size_t documents = 0;
  while (begin < last) {
    const std::size_t end = text.find('\n', begin);
    if (text[begin] != '{' && text[begin] != '[') return false;
    ++documents;
    begin = text.find_first_not_of(" \t\r\n", end);
  }
  const std::string_view rest = text.substr(last + 1);
  const bool cut = text.size() >= least_cut && !check_json(rest);
  const bool more = rest.find_first_not_of(" \t\r\n") != npos;
  if (documents + (more ? 1 : 0) < 2) return false;
  return static_cast<bool>(check_ndjson(cut ? text.substr(0, last + 1) : text));
}

// Behind `{`: whether the first member has that name, and then what its value begins with.
std::string_view value_of_first(std::string_view text, std::string_view name) noexcept {
  const auto skip = [&](std::size_t count) {
    text.remove_prefix(std::min(count, text.size()));
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  };
  skip(0);
  if (!text.starts_with('{')) return {};
  skip(1);
  if (!text.starts_with('"') || text.substr(1, name.size()) != name ||
      text.substr(1 + name.size(), 1) != "\"") {
    return {};
  }
  skip(name.size() + 2);
  if (!text.starts_with(':')) return {};
  skip(1);
  return text;
}

std::string_view type_of_json(std::string_view text) noexcept {
  constexpr std::string_view shapes[] = {"Feature",    "FeatureCollection", "Point",
                                         "MultiPoint", "LineString",        "MultiLineString",
                                         "Polygon",    "MultiPolygon",      "GeometryCollection"};
  if (const std::string_view type = value_of_first(text, "type"); type.starts_with('"')) {
    const std::string_view word = type.substr(1, type.find('"', 1) - 1);
    if (std::find(std::begin(shapes), std::end(shapes), word) != std::end(shapes)) {
      return "application/geo+json";
    }
  }
  if (const std::string_view asset = value_of_first(text, "asset"); asset.starts_with('{')) {
    if (asset.substr(0, asset.find('}')).find("\"version\"") != npos) return "model/gltf+json";
  }
  if (value_of_first(text, "bomFormat").starts_with("\"CycloneDX\"")) {
    return "application/vnd.cyclonedx+json";
  }
  return "application/json";
}

// How many fields a line has; 0 if its quotes are wrong. `spaced` becomes whether a space follows a
// separator, as in prose.
std::size_t count_fields(std::string_view line, char separator, bool& spaced) noexcept {
  std::size_t fields = 1;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (quoted || line[i] != separator) continue;
    ++fields;
    spaced = spaced || (separator != '\t' && i + 1 < line.size() && line[i + 1] == ' ');
  }
  return quoted ? 0 : fields;
}

// Lines with the same number of fields, at least two of each; where it may be prose, more.
bool is_table(std::string_view text, char separator) noexcept {
  std::size_t lines = 0;
  std::size_t fields = 0;
  bool spaced = false;
  constexpr std::size_t max_lines = 100;
  while (!text.empty() && lines < max_lines) {
    const std::size_t end = text.find('\n');
    const bool last = end == npos;
    std::string_view line = text.substr(0, end);
    text.remove_prefix(last ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      if (text.empty()) break;
      return false;
    }
    const std::size_t count = count_fields(line, separator, spaced);
    // The last line may be cut anywhere.
    if (last && lines >= 2 && (count == 0 || count <= fields)) break;
    if (count < 2 || (fields != 0 && count != fields)) return false;
    if (separator == '\t' && line.front() == '\t') return false;
    fields = count;
    ++lines;
  }
  return spaced ? lines >= 4 && fields >= 3 : lines >= 2;
}

// Tags with which WHATWG MIME Sniffing takes text for HTML, beside those that `recognize` knows.
bool begins_with_tag(std::string_view text) noexcept {
  constexpr std::string_view tags[] = {"<head", "<script", "<iframe", "<h1",    "<div",
                                       "<font", "<table",  "<a",      "<style", "<title",
                                       "<b",    "<body",   "<br",     "<p",     "<html"};
  prolog_reader reader(text);
  constexpr unsigned max_comments = 8;
  for (unsigned i = 0; i < max_comments; ++i) {
    reader.skip_space();
    if (!reader.rest().starts_with("<!--") || !reader.skip_past("-->")) break;
  }
  return std::any_of(std::begin(tags), std::end(tags),
                     [&](std::string_view tag) { return begins_with_word(reader.rest(), tag); });
}

std::string_view text_of(std::span<const std::byte> head) noexcept {
  const std::span<const std::byte> read = head.first(std::min(head.size(), whole_head));
  return {reinterpret_cast<const char*>(read.data()), read.size()};
}

text_form kind_of(std::string_view text, std::string_view encoding_name) {
  if (const std::string_view script = type_of_script(text); !script.empty()) {
    return {script, "script"};
  }
  for (const auto& [start, type, whole_word] : text_starts) {
    if (!text.starts_with(start)) continue;
    if (!whole_word || text.size() == start.size() ||
        is_space(static_cast<unsigned char>(text[start.size()]))) {
      return {type, "words"};
    }
  }
  if (is_subrip(text)) return {"application/x-subrip", "words"};
  if (is_letter(text)) return {"message/rfc822", "words"};
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != npos && (text[first] == '{' || text[first] == '[')) {
    if (is_json(text)) return {type_of_json(text), "json"};
    if (is_json_lines(text)) return {"application/x-ndjson", "ndjson"};
  }
  if (begins_with_tag(text)) return {"text/html", "words", true};
  if (is_table(text, ',') || is_table(text, ';')) return {"text/csv", "csv", true};
  if (is_table(text, '\t')) return {"text/tab-separated-values", "tsv", true};
  return {"text/plain", encoding_name};
}

}  // namespace

bool has_binary_byte(std::span<const std::byte> head) noexcept {
  const auto* at = reinterpret_cast<const unsigned char*>(head.data());
  const auto* const end = at + head.size();
  for (; end - at >= 8; at += 8) {
    // The bytes below 0x20 by their highest bits, but for LF; most words of text have none.
    const std::uint64_t word = load_word(at);
    std::uint64_t low =
        ~((word | highest) - ones * 0x20) & ~word & highest & ~equal_bytes(word, '\n');
    for (; low != 0; low &= low - 1) {
      if (is_binary(word >> (std::countr_zero(low) - 7) & 0xFF)) return true;
    }
  }
  return std::any_of(at, end, [](unsigned char c) { return is_binary(c); });
}

text_form recognize_text(std::span<const std::byte> head) {
  const std::string_view text = text_of(head);
  if (text.empty()) return {};
  const encoding coded = encoding_of(text, has_binary_byte(head));
  if (coded.name.empty()) return {};
  if (coded.name != "utf_8") return {"text/plain", coded.name};
  return kind_of(text.substr(coded.mark), coded.name);
}

bool may_be_json(std::span<const std::byte> head) {
  const std::string_view text = text_of(head);
  const encoding coded = encoding_of(text, false);
  if (coded.name != "utf_8") return coded.name != "8_bit";
  return is_json(text.substr(coded.mark)) || is_json_lines(text.substr(coded.mark));
}

bool may_be_xml(std::span<const std::byte> head) noexcept {
  const std::string_view text = text_of(head);
  const encoding coded = encoding_of(text, false);
  if (coded.name != "utf_8" && coded.name != "8_bit") return true;
  const std::size_t first = text.find_first_not_of(" \t\r\n", coded.mark);
  return first != npos && text[first] == '<';
}

}  // namespace jobqueue::detail
