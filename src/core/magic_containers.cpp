#include <algorithm>
#include <array>
#include <optional>

#include "core/magic_parts.hpp"
#include "core/magic_zip.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::size_t npos = std::string_view::npos;

bool ends_with(std::string_view text, std::string_view end) noexcept {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

struct named_type {
  std::string_view name;
  recognized type;
};

constexpr recognized odf(std::string_view media_type) { return {media_type, blob_class::document}; }

// What the first entry, `mimetype`, may hold.
constexpr std::array<recognized, 17> zip_media_types = {{
    odf("application/epub+zip"),
    odf("application/vnd.oasis.opendocument.text"),
    odf("application/vnd.oasis.opendocument.text-master"),
    odf("application/vnd.oasis.opendocument.text-template"),
    odf("application/vnd.oasis.opendocument.text-web"),
    odf("application/vnd.oasis.opendocument.spreadsheet"),
    odf("application/vnd.oasis.opendocument.spreadsheet-template"),
    odf("application/vnd.oasis.opendocument.presentation"),
    odf("application/vnd.oasis.opendocument.presentation-template"),
    odf("application/vnd.oasis.opendocument.graphics"),
    odf("application/vnd.oasis.opendocument.graphics-template"),
    odf("application/vnd.oasis.opendocument.chart"),
    odf("application/vnd.oasis.opendocument.formula"),
    odf("application/vnd.oasis.opendocument.image"),
    odf("application/vnd.oasis.opendocument.database"),
    {"image/openraster", blob_class::image},
    {"application/x-krita", blob_class::image},
}};

// The entry says how long the media type is, so its beginning is enough to know it.
bool is_media_type_entry(const byte_window& in, const zip_entry& entry,
                         recognized& found) noexcept {
  if (entry.name != "mimetype" || !entry.stored) return false;
  const std::string_view seen = in.text(entry.data, entry.sized ? entry.data_size : 64);
  for (const recognized& type : zip_media_types) {
    const bool matches = entry.sized ? type.media_type.size() == entry.data_size &&
                                           type.media_type.substr(0, seen.size()) == seen
                                     : seen.substr(0, type.media_type.size()) == type.media_type;
    if (matches && seen.size() >= 20) found = type;
  }
  return true;
}

// Folders and files of Office Open XML and other packages of parts.
constexpr std::array<named_type, 5> package_folders = {{
    {"word/",
     {"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
      blob_class::document}},
    {"xl/",
     {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", blob_class::document}},
    {"ppt/",
     {"application/vnd.openxmlformats-officedocument.presentationml.presentation",
      blob_class::document}},
    {"visio/", {"application/vnd.visio", blob_class::document}},
    {"3D/", {"model/3mf", blob_class::model}},
}};

bool is_package_part(const zip_entry& entry, bool in_package, recognized& found) noexcept {
  if (!in_package && !ends_with(entry.name, ".xml") && !ends_with(entry.name, ".rels")) {
    return false;
  }
  for (const auto& [folder, type] : package_folders) {
    if (entry.name.substr(0, folder.size()) == folder) {
      found = type;
      return true;
    }
  }
  return false;
}

constexpr recognized apk = {"application/vnd.android.package-archive", blob_class::archive};
constexpr recognized jar = {"application/java-archive", blob_class::archive};

// What the name of the first entry says; true if no other entry can say more.
bool is_first_entry(const byte_window& in, const zip_entry& entry, recognized& found) noexcept {
  if (is_media_type_entry(in, entry, found)) return true;
  if (!entry.whole_name) return false;
  if (ends_with(entry.name, "/data.pkl")) found = {"application/x-pytorch", blob_class::model};
  if (ends_with(entry.name, ".npy")) found = {"application/x-npz", blob_class::model};
  if (entry.name == "doc.kml") found = {"application/vnd.google-earth.kmz", blob_class::archive};
  if (entry.stored && (ends_with(entry.name, ".usdc") || ends_with(entry.name, ".usda"))) {
    found = {"model/vnd.usdz+zip", blob_class::model};
  }
  if (entry.name == "META-INF/" || entry.name == "META-INF/MANIFEST.MF") found = jar;
  return false;
}

}  // namespace

bool is_zip(const byte_window& in, recognized& found) noexcept {
  // An archive without entries is the end record alone, all of whose counts are zero; one that was
  // split has a marker before the first entry.
  if (in.holds(0, "PK\x05\x06")) return in.has(0, 20) && in.le64(4) == 0 && in.le64(12) == 0;
  std::uint64_t at = in.holds(0, "PK\x07\x08") || in.holds(0, "PK00") ? 4 : 0;
  std::optional<zip_entry> entry = read_zip_entry(in, at);
  if (!entry) return false;
  if (is_first_entry(in, *entry, found)) return true;

  bool in_package = false;
  // Headers do not overlap, so the window bounds the turns.
  while (entry) {
    if (entry->name == "[Content_Types].xml" || entry->name == "_rels/.rels" ||
        entry->name.substr(0, 9) == "docProps/") {
      in_package = true;
    }
    if (is_package_part(*entry, in_package, found)) return true;
    if (entry->name == "AndroidManifest.xml" || entry->name == "classes.dex") {
      found = apk;
      return true;
    }
    at = entry->data + (entry->sized ? entry->data_size : 0);
    if (!entry->sized) {
      const std::size_t skipped = in.text(at, in.size()).find(zip_entry_magic);
      if (skipped == npos) return true;
      at += skipped;
    }
    entry = read_zip_entry(in, at);
  }
  return true;
}

bool is_riff(const byte_window& in, recognized& found) noexcept {
  const std::string_view form = in.text(8, 4);
  if (form == "WEBP") {
    found = {"image/webp", blob_class::image};
  } else if (form == "WAVE") {
    found = {"audio/wav", blob_class::audio};
  } else if (form == "AVI ") {
    found = {"video/x-msvideo", blob_class::video};
  } else if (form == "RMID") {
    found = {"audio/midi", blob_class::audio};
  } else {
    return false;
  }
  return true;
}

bool is_iff(const byte_window& in, recognized&) noexcept {
  return in.holds(8, "AIFF") || in.holds(8, "AIFC");
}

namespace {

constexpr recognized avif = {"image/avif", blob_class::image};
constexpr recognized heic = {"image/heic", blob_class::image};
constexpr recognized heif = {"image/heif", blob_class::image};
constexpr recognized mp4 = {"video/mp4", blob_class::video};
constexpr recognized m4a = {"audio/mp4", blob_class::audio};
constexpr recognized m4v = {"video/x-m4v", blob_class::video};
constexpr recognized quicktime = {"video/quicktime", blob_class::video};

// Major brands by the characters that they begin with (mp4ra.org); the others are MP4.
constexpr std::array<named_type, 25> major_brands = {{
    {"avif", avif},
    {"avis", avif},
    {"heic", heic},
    {"heix", heic},
    {"heim", heic},
    {"heis", heic},
    {"hevc", {"image/heic-sequence", blob_class::image}},
    {"hevx", {"image/heic-sequence", blob_class::image}},
    {"mif1", heif},
    {"mif2", heif},
    {"msf1", {"image/heif-sequence", blob_class::image}},
    {"crx ", {"image/x-canon-cr3", blob_class::image}},
    {"M4A ", m4a},
    {"M4B ", m4a},
    {"M4P ", m4a},
    {"F4A ", m4a},
    {"F4B ", m4a},
    {"M4V", m4v},
    {"qt  ", quicktime},
    {"mqt ", quicktime},
    {"3g2", {"video/3gpp2", blob_class::video}},
    {"3g", {"video/3gpp", blob_class::video}},
    {"mj2s", {"video/mj2", blob_class::video}},
    {"mjp2", {"video/mj2", blob_class::video}},
    {"jpm ", {"image/jpm", blob_class::image}},
}};

}  // namespace

// ISO base media: 32 bits of magic, 22 in the size of the box and 5 in the brand.
bool is_ftyp(const byte_window& in, recognized& found) noexcept {
  const std::uint32_t size = in.be32(0);
  if (!in.has(0, 12) || !in_range(size, 12, 1024) || size % 4 != 0) return false;
  const std::string_view brand = in.text(8, 4);
  if (!all_of(brand, is_printable)) return false;
  found = mp4;
  for (const auto& [name, type] : major_brands) {
    if (brand.substr(0, name.size()) == name) {
      found = type;
      break;
    }
  }
  if (brand == "mif1" || brand == "mif2") {
    // Any image; the compatible brands say how it is coded.
    for (std::uint32_t at = 16; at + 4 <= size; at += 4) {
      if (in.holds(at, "avif")) found = avif;
      if (in.holds(at, "heic") || in.holds(at, "heix")) found = heic;
    }
  }
  return true;
}

// QuickTime without `ftyp`: the box `moov` with its header, or an empty box before the media.
bool is_quicktime(const byte_window& in, recognized&) noexcept {
  if (in.holds(4, "moov")) {
    return in_range(in.be32(0), 16, 1U << 28) &&
           (in.holds(12, "mvhd") || in.holds(12, "cmov") || in.holds(12, "rmra"));
  }
  return in.be32(0) == 8 && (in.holds(12, "mdat") || in.holds(12, "moov") || in.holds(12, "wide") ||
                             in.holds(12, "ftyp"));
}

namespace {

// A variable length number of EBML (RFC 8794); size 0 if it is not all there.
struct ebml_number {
  std::uint64_t value = 0;
  unsigned size = 0;
};

ebml_number read_ebml_number(const byte_window& in, std::uint64_t at, bool keep_marker) noexcept {
  const unsigned first = in.u8(at);
  unsigned size = 1;
  unsigned marker = 0x80;
  while (size <= 8 && (first & marker) == 0) {
    marker >>= 1;
    ++size;
  }
  if (size > 8 || !in.has(at, size)) return {};
  std::uint64_t value = keep_marker ? first : first & (marker - 1);
  for (unsigned i = 1; i < size; ++i) value = (value << 8) | in.u8(at + i);
  return {value, size};
}

}  // namespace

// Matroska and WebM, by the document type in the EBML header.
bool is_ebml(const byte_window& in, recognized& found) noexcept {
  constexpr std::uint64_t document_type_id = 0x4282;
  const ebml_number header_size = read_ebml_number(in, 4, false);
  std::uint64_t at = 4 + header_size.size;
  for (unsigned element = 0; element < 16 && header_size.size != 0; ++element) {
    const ebml_number id = read_ebml_number(in, at, true);
    const ebml_number size = read_ebml_number(in, at + id.size, false);
    if (id.size == 0 || size.size == 0) return false;
    at += id.size + size.size;
    if (id.value == document_type_id) {
      const std::string_view type = in.text(at, size.value);
      if (type.substr(0, 4) == "webm") {
        found = {"video/webm", blob_class::video};
        return true;
      }
      return type.substr(0, 8) == "matroska";
    }
    if (size.value > in.size()) return false;
    at += size.value;
  }
  return false;
}

// Ogg, by the first packet of each stream (RFC 3533, RFC 5334).
bool is_ogg(const byte_window& in, recognized& found) noexcept {
  constexpr std::uint64_t header_size = 27;
  if (!in.has(0, header_size) || in.u8(5) > 7 || in.u8(26) == 0) return false;
  found = {"audio/ogg", blob_class::audio};
  std::uint64_t at = 0;
  // First packets stand in pages of their own at the beginning, one for each stream.
  for (unsigned page = 0; page < 8 && in.holds(at, "OggS") && (in.u8(at + 5) & 2) != 0; ++page) {
    const unsigned segments = in.u8(at + 26);
    const std::uint64_t packet = at + header_size + segments;
    if (in.holds(packet, "fishead")) found = {"application/ogg", blob_class::video};
    if (in.holds(packet, "\x80theora") || in.holds(packet, "BBCD") ||
        in.holds(packet,
                 "\x80"
                 "daala") ||
        in.holds(packet, "OVP80")) {
      found = {"video/ogg", blob_class::video};
    }
    at = packet;
    for (unsigned i = 0; i < segments; ++i) at += in.u8(packet - segments + i);
  }
  return true;
}

}  // namespace jobqueue::detail
