// A look into containers that `recognize` leaves closed, since it is not needed for a blob.

#include <array>

#include "core/magic_file.hpp"
#include "core/magic_prolog.hpp"
#include "core/magic_zip.hpp"

namespace jobqueue::detail {
namespace {

struct named_type {
  std::string_view name;
  std::string_view type;
};

bool starts_with(std::string_view text, std::string_view start) noexcept {
  return text.substr(0, start.size()) == start;
}

// What `mimetype`, the first entry, holds beyond what `recognize` knows; or an entry whose header
// does not say how long its name is.
std::string_view zip_media_type(const byte_window& in) noexcept {
  constexpr std::array types = std::to_array<std::string_view>({
      "application/epub+zip",
      "application/vnd.sun.xml.calc",
      "application/vnd.sun.xml.draw",
      "application/vnd.sun.xml.impress",
      "application/vnd.sun.xml.math",
      "application/vnd.sun.xml.writer",
  });
  constexpr std::string_view entry = "mimetype";
  if (!in.holds(zip_header_size, entry)) return {};
  const std::string_view text = in.text(zip_header_size + entry.size(), 64);
  for (const std::string_view type : types) {
    if (starts_with(text, type)) return type;
  }
  return {};
}

constexpr std::array zip_names = std::to_array<named_type>({
    {"META-INF/com/android/", "application/vnd.android.package-archive"},
    {"AndroidManifest.xml", "application/vnd.android.package-archive"},
    {"resources.arsc", "application/vnd.android.package-archive"},
    {"visio/", "application/vnd.visio"},
    {"3D/3dmodel.model", "model/3mf"},
    {"FixedDocSeq.fdseq", "application/vnd.ms-xpsdocument"},
    {"FixedDocumentSequence.fdseq", "application/vnd.ms-xpsdocument"},
    {"mergedimage.png", "image/openraster"},
});

}  // namespace

std::string_view look_into_zip(const byte_window& in) noexcept {
  if (const std::string_view type = zip_media_type(in); !type.empty()) return type;
  std::optional<zip_entry> entry = read_zip_entry(in, 0);
  if (!entry) return {};
  // The mark of an executable JAR in the extra field of the first entry.
  if (in.holds(zip_header_size + entry->name.size(), "\xFE\xCA")) return "application/java-archive";
  // Headers do not overlap, so the window bounds the turns.
  while (entry) {
    for (const auto& [name, type] : zip_names) {
      if (starts_with(entry->name, name)) return type;
    }
    // What follows an entry of unknown size may lie inside of it.
    if (!entry->sized || (entry->stored && entry->data_size == 0 && !entry->name.empty() &&
                          entry->name.back() != '/')) {
      break;
    }
    entry = read_zip_entry(in, entry->data + entry->data_size);
  }
  return {};
}

namespace {

// The name of a directory entry, in ASCII; characters that are not become '?'.
struct ole_name {
  std::array<char, 32> text{};
  std::size_t size = 0;
  [[nodiscard]] std::string_view view() const noexcept { return {text.data(), size}; }
};

ole_name read_ole_name(const byte_window& in, std::uint64_t at) noexcept {
  ole_name name;
  const std::uint32_t bytes = in.le16(at + 64);  // with the NUL at its end
  for (std::uint32_t i = 0; i + 2 < bytes && name.size < name.text.size(); i += 2) {
    const std::uint32_t unit = in.le16(at + i);
    name.text[name.size++] = unit < 128 ? static_cast<char>(unit) : '?';
  }
  return name;
}

constexpr std::array ole_streams = std::to_array<named_type>({
    {"WordDocument", "application/msword"},
    {"Workbook", "application/vnd.ms-excel"},
    {"Book", "application/vnd.ms-excel"},
    {"PowerPoint Document", "application/vnd.ms-powerpoint"},
    {"VisioDocument", "application/vnd.visio"},
    {"Quill", "application/x-mspublisher"},
    {"__nameid_version1.0", "application/vnd.ms-outlook"},
    {"__properties_version1.0", "application/vnd.ms-outlook"},
});

// Class of the root, as it stands in the file.
constexpr std::array ole_classes = std::to_array<named_type>({
    {std::string_view("\x06\x09\x02\0\0\0\0\0\xC0\0\0\0\0\0\0\x46", 16), "application/msword"},
    {std::string_view("\x10\x08\x02\0\0\0\0\0\xC0\0\0\0\0\0\0\x46", 16),
     "application/vnd.ms-excel"},
    {std::string_view("\x20\x08\x02\0\0\0\0\0\xC0\0\0\0\0\0\0\x46", 16),
     "application/vnd.ms-excel"},
    {std::string_view("\x10\x8D\x81\x64\x9B\x4F\xCF\x11\x86\xEA\0\xAA\0\xB9\x29\xE8", 16),
     "application/vnd.ms-powerpoint"},
    {std::string_view("\x0B\x0D\x02\0\0\0\0\0\xC0\0\0\0\0\0\0\x46", 16),
     "application/vnd.ms-outlook"},
    {std::string_view("\x84\x10\x0C\0\0\0\0\0\xC0\0\0\0\0\0\0\x46", 16), "application/x-msi"},
    {std::string_view("\x01\x12\x02\0\0\0\0\0\0\xC0\0\0\0\0\0\x46", 16),
     "application/x-mspublisher"},
    {std::string_view("\x01\x12\x02\0\0\0\0\0\xC0\0\0\0\0\0\0\x46", 16),
     "application/x-mspublisher"},
});

}  // namespace

std::string_view look_into_ole(const byte_window& in) noexcept {
  const std::uint32_t shift = in.le16(30);
  if (shift != 9 && shift != 12) return {};
  const std::uint64_t sector = std::uint64_t{1} << shift;
  const std::uint64_t directory = (std::uint64_t{in.le32(48)} + 1) << shift;
  constexpr std::uint64_t entry_size = 128;
  if (in.has(directory, entry_size)) {
    const std::string_view root_class = in.text(directory + 80, 16);
    for (const auto& [name, type] : ole_classes) {
      if (root_class == name) return type;
    }
    // The first sector; the others can be anywhere.
    for (std::uint64_t at = directory; at < directory + sector && in.has(at, entry_size);
         at += entry_size) {
      const ole_name stream = read_ole_name(in, at);
      for (const auto& [name, type] : ole_streams) {
        if (stream.view() == name) return type;
      }
    }
  }
  // The directory is behind the window. The stream of a workbook mostly begins in the first sector.
  if (in.holds(sector, std::string_view("\x09\x08\x10\0\0\6\5\0", 8))) {
    return "application/vnd.ms-excel";
  }
  return {};
}

namespace {

// A root element, or a part of what its start tag must have; an empty one is not looked at.
struct vocabulary {
  std::string_view root;
  std::string_view part;
  std::string_view type;
};
constexpr std::array vocabularies = std::to_array<vocabulary>({
    {"rss", "", "application/rss+xml"},
    {"feed", "http://www.w3.org/2005/Atom", "application/atom+xml"},
    {"kml", "", "application/vnd.google-earth.kml+xml"},
    {"gpx", "", "application/gpx+xml"},
    {"COLLADA", "", "model/vnd.collada+xml"},
    {"X3D", "", "model/x3d+xml"},
    {"model", "/3dmanufacturing/", "application/vnd.ms-package.3dmanufacturing-3dmodel+xml"},
    {"TrainingCenterDatabase", "", "application/vnd.garmin.tcx+xml"},
    {"amf", "", "application/x-amf"},
    {"xliff", "", "application/xliff+xml"},
    {"xfdf", "", "application/xfdf"},
    {"Ontology", "http://www.w3.org/2002/07/owl#", "application/owl+xml"},
    {"rdf:RDF", "", "application/rdf+xml"},
    {"bom", "http://cyclonedx.org/schema/", "application/vnd.cyclonedx+xml"},
    {"MPD", "urn:mpeg:dash:schema:mpd:", "application/dash+xml"},
    {"smil", "", "application/smil+xml"},
    {"math", "http://www.w3.org/1998/Math/MathML", "application/mathml+xml"},
    {"xsl:stylesheet", "", "application/xslt+xml"},
    {"xsl:transform", "", "application/xslt+xml"},
    {"tt", "http://www.w3.org/ns/ttml", "application/ttml+xml"},
    {"score-partwise", "", "application/vnd.recordare.musicxml+xml"},
    {"score-timewise", "", "application/vnd.recordare.musicxml+xml"},
    {"", "http://www.opengis.net/gml", "application/gml+xml"},
});

}  // namespace

std::string_view look_into_xml(const byte_window& in, bool declared) noexcept {
  prolog_reader reader(in.text(in.holds(0, "\xEF\xBB\xBF") ? 3 : 0, in.size()));
  constexpr unsigned max_items = 32;
  bool more = true;
  for (unsigned item = 0; item < max_items && more; ++item) {
    reader.skip_space();
    const std::string_view rest = reader.rest();
    if (starts_with(rest, "<!--")) {
      more = reader.skip_past("-->");
    } else if (starts_with(rest, "<?")) {
      more = reader.skip_past("?>");
    } else if (const std::string_view name = doctype_name(rest); !name.empty()) {
      // `recognize` knows it when its name has an end.
      if (name.size() == 4 && begins_with(name, "html")) return "application/xhtml+xml";
      more = reader.skip_doctype();
    } else {
      break;
    }
  }
  constexpr std::size_t max_tag = 1024;
  const std::string_view rest = reader.rest().substr(0, max_tag);
  if (rest.size() < 2 || rest[0] != '<' || !is_alnum(static_cast<unsigned char>(rest[1])))
    return {};
  const std::string_view tag = rest.substr(1, rest.find('>') - 1);
  const std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n/"));
  for (const auto& [root, part, type] : vocabularies) {
    if (!root.empty() && name != root) continue;
    if (tag.find(part) == std::string_view::npos) continue;
    // Without a declaration it takes more than the name of the root, unless that is a rare one.
    if (declared || !part.empty() || tag.find("xmlns") != std::string_view::npos ||
        tag.find("version=") != std::string_view::npos) {
      return type;
    }
  }
  const bool has_namespace = tag.find(" xmlns=\"") != std::string_view::npos ||
                             tag.find(" xmlns:") != std::string_view::npos;
  return !declared && has_namespace ? std::string_view("application/xml") : std::string_view();
}

namespace {

// A PNG with frames says so before its first image data.
bool is_animated_png(const byte_window& in) noexcept {
  constexpr unsigned max_chunks = 32;
  std::uint64_t at = 8;
  for (unsigned i = 0; i < max_chunks && in.has(at + 4, 4) && !in.holds(at + 4, "IDAT"); ++i) {
    if (in.holds(at + 4, "acTL")) return true;
    at += std::uint64_t{12} + in.be32(at);
  }
  return false;
}

bool contains(const byte_window& in, std::string_view what) noexcept {
  return in.text(0, in.size()).find(what) != std::string_view::npos;
}

}  // namespace

std::string_view look_into_media(const byte_window& in, std::string_view found) noexcept {
  if (found == "image/png") return is_animated_png(in) ? std::string_view("image/apng") : found;
  if (found == "video/mp4") {
    // Brands that are not of a film: AVC images, Nero's audio.
    if (in.holds(8, "avci") || in.holds(8, "avic") || in.holds(8, "avcs")) return "image/heif";
    if (in.holds(8, "NDA")) return "audio/mp4";
  }
  // With a skeleton (RFC 5334) only other streams say what it is; it is written for films.
  if (found == "application/ogg") {
    return contains(in, "\1vorbis") || contains(in, "OpusHead") ? "audio/ogg" : "video/ogg";
  }
  return found;
}

}  // namespace jobqueue::detail
