// The beginning of an object of every format that is recognised by its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/magic.hpp"

namespace magic_test {

using namespace std::string_literals;
using enum jobqueue::blob_class;

struct magic_sample {
  std::string name;
  std::string media_type;
  jobqueue::blob_class kind;
  std::size_t enough;  // Least number of bytes by which it is known to be of this very type.
  std::string bytes;
};

inline std::string le(std::uint64_t value, unsigned size) {
  std::string bytes;
  for (; size != 0; --size, value >>= 8) bytes.push_back(static_cast<char>(value & 0xFF));
  return bytes;
}
inline std::string be(std::uint64_t value, unsigned size) {
  const std::string reversed = le(value, size);
  return {reversed.rbegin(), reversed.rend()};
}
inline std::string zeros(std::size_t size) { return std::string(size, '\0'); }

inline std::string hex(std::string_view digits) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(value(digits[i]) * 16 + value(digits[i + 1])));
  }
  return bytes;
}

// A local file header of a zip archive with its data.
inline std::string zip_entry(const std::string& name, const std::string& data, unsigned method = 8,
                             unsigned flags = 0) {
  const std::size_t size = (flags & 8) != 0 ? 0 : data.size();
  return "PK\3\4"s + le(20, 2) + le(flags, 2) + le(method, 2) + le(0x21580000, 4) +
         le(0x1234ABCD, 4) + le(size, 4) + le(size, 4) + le(name.size(), 2) + le(0, 2) + name +
         data;
}

// A page of an Ogg stream that holds one packet.
inline std::string ogg_page(const std::string& packet, unsigned flags = 2) {
  return "OggS\0"s + le(flags, 1) + zeros(8) + le(7, 4) + zeros(4) + le(0x89ABCDEF, 4) + "\1"s +
         le(packet.size(), 1) + packet;
}

inline std::string ftyp(const std::string& brands) {
  return be(8 + brands.size(), 4) + "ftyp" + brands + be(8, 4) + "free";
}

// The header of a tar archive.
inline std::string tar_header(const std::string& magic) {
  std::string header = "out/render.png"s;
  header += zeros(100 - header.size());
  header += "0000644\0"s + "0001750\0"s + "0001750\0"s + "00000001234\0"s + "14524430700\0"s;
  header += "        0"s + zeros(100) + magic + zeros(255 - magic.size());
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  for (int digit = 5; digit >= 0; --digit, sum /= 8) {
    header[148 + static_cast<std::size_t>(digit)] = static_cast<char>('0' + sum % 8);
  }
  header[154] = '\0';
  return header;
}

// One table record of a font.
inline std::string font_table(const std::string& tag, unsigned offset) {
  return tag + be(0xDEADBEEF, 4) + be(offset, 4) + be(1000, 4);
}

inline std::string mpeg_frames(const std::string& header, std::size_t frame_size, unsigned count) {
  std::string frames;
  for (; count != 0; --count) frames += header + std::string(frame_size - header.size(), 'U');
  return frames;
}

inline std::vector<magic_sample> image_samples() {
  const std::string bmp_tail =
      le(64, 4) + le(48, 4) + le(1, 2) + le(24, 2) + zeros(24) + std::string(40, '\x7F');
  return {
      {"png", "image/png", image, 8,
       "\x89PNG\r\n\x1A\n"s + be(13, 4) + "IHDR" + be(640, 4) + be(480, 4) + hex("0806000000") +
           be(0x35D1DCE4, 4) + be(8192, 4) + "IDAT\x78\x9C\xEC\xBD"},
      {"jpeg, JFIF", "image/jpeg", image, 14,
       "\xFF\xD8\xFF\xE0"s + be(16, 2) + "JFIF\0\1\1\0\0\1\0\1\0\0"s + "\xFF\xDB"s + be(67, 2) +
           "\0"s + std::string(64, '\x10')},
      {"jpeg, Exif", "image/jpeg", image, 14,
       "\xFF\xD8\xFF\xE1"s + be(6000, 2) + "Exif\0\0MM\0*\0\0\0\x08\0\x0B"s + zeros(60)},
      {"jpeg, quantization first", "image/jpeg", image, 14,
       "\xFF\xD8\xFF\xDB"s + be(132, 2) + "\0"s + std::string(64, '\x02') + "\1"s +
           std::string(64, '\x03') + "\xFF\xC0"s + be(17, 2)},
      {"jpeg, 16-bit quantization", "image/jpeg", image, 14,
       "\xFF\xD8\xFF\xDB"s + be(131, 2) + "\x10"s + std::string(128, '\x02')},
      {"jpeg, frame first", "image/jpeg", image, 14,
       "\xFF\xD8\xFF\xC0"s + be(17, 2) + hex("0801e0028003011100021101031101") + "\xFF\xC4"s},
      {"jpeg, Huffman first", "image/jpeg", image, 23,
       "\xFF\xD8\xFF\xC4"s + be(31, 2) + hex("0000010501010101010100000000000000") +
           hex("000102030405060708090a0b") + "\xFF\xDA"s},
      {"jpeg, comment first", "image/jpeg", image, 14,
       "\xFF\xD8\xFF\xFE"s + be(40, 2) + "written by a program, quality = 85"s + zeros(4)},
      {"jpeg, restart interval first", "image/jpeg", image, 14,
       "\xFF\xD8\xFF\xDD"s + be(4, 2) + be(8, 2) + "\xFF\xDB"s + be(67, 2) + "\0\x10"s},
      {"jpeg, binary application segment", "image/jpeg", image, 26,
       "\xFF\xD8\xFF\xE4"s + be(20, 2) + zeros(18) + "\xFF\xDB"s + be(67, 2)},
      {"gif 87", "image/gif", image, 6, "GIF87a"s + le(10, 2) + le(10, 2) + hex("910000")},
      {"gif 89", "image/gif", image, 6, "GIF89a"s + le(1, 2) + le(1, 2) + hex("800000ffffff")},
      {"webp", "image/webp", image, 12, "RIFF"s + le(5000, 4) + "WEBPVP8 " + le(4988, 4)},
      {"bmp", "image/bmp", image, 30,
       "BM"s + le(9270, 4) + zeros(4) + le(54, 4) + le(40, 4) + bmp_tail},
      {"bmp, version 5", "image/bmp", image, 30,
       "BM"s + le(9354, 4) + zeros(4) + le(138, 4) + le(124, 4) + bmp_tail},
      {"bmp, OS/2", "image/bmp", image, 30,
       "BM"s + le(9242, 4) + zeros(4) + le(26, 4) + le(12, 4) + le(64, 2) + le(48, 2) + le(1, 2) +
           le(24, 2) + std::string(40, '\x7F')},
      {"tiff, little-endian", "image/tiff", image, 8,
       "II*\0"s + le(8, 4) + le(12, 2) + le(256, 2) + le(4, 2) + le(1, 4) + le(640, 4)},
      {"tiff, big-endian", "image/tiff", image, 8,
       "MM\0*"s + be(123456, 4) + std::string(40, '\xA5')},
      {"big tiff, little-endian", "image/tiff", image, 8, "II+\0\x08\0\0\0"s + le(16, 8)},
      {"big tiff, big-endian", "image/tiff", image, 8, "MM\0+\0\x08\0\0"s + be(16, 8)},
      {"ico, one bitmap", "image/vnd.microsoft.icon", image, 22,
       "\0\0\1\0"s + le(1, 2) + hex("10100000") + le(1, 2) + le(32, 2) + le(1128, 4) + le(22, 4) +
           le(40, 4) + le(16, 4) + le(32, 4) + le(1, 2) + le(32, 2)},
      {"ico, two images", "image/vnd.microsoft.icon", image, 22,
       "\0\0\1\0"s + le(2, 2) + hex("00000000") + le(1, 2) + le(32, 2) + le(9000, 4) + le(38, 4) +
           hex("20200000") + le(0, 2) + le(0, 2) + le(1128, 4) + le(9038, 4) + "\x89PNG\r\n"s},
      {"cur", "image/vnd.microsoft.icon", image, 22,
       "\0\0\2\0"s + le(1, 2) + hex("20200000") + le(5, 2) + le(9, 2) + le(1128, 4) + le(22, 4) +
           le(40, 4) + le(32, 4)},
      {"jp2", "image/jp2", image, 12,
       "\0\0\0\x0CjP  \r\n\x87\n"s + be(20, 4) + "ftypjp2 " + zeros(4) + "jp2 "},
      {"jpx", "image/jpx", image, 24,
       "\0\0\0\x0CjP  \r\n\x87\n"s + be(20, 4) + "ftypjpx " + zeros(4) + "jpx "},
      {"jpeg 2000 codestream", "image/j2c", image, 42,
       "\xFF\x4F\xFF\x51"s + be(47, 2) + be(0, 2) + be(640, 4) + be(480, 4) + zeros(8) +
           be(640, 4) + be(480, 4) + zeros(8) + be(3, 2) + hex("070101070101070101")},
      {"jxl container", "image/jxl", image, 12,
       "\0\0\0\x0CJXL \r\n\x87\n"s + be(20, 4) + "ftypjxl "},
      {"jxl codestream, lossy", "image/jxl", image, 9,
       hex("ff0a4f0600138802002c0db59f200000152aa38c1bbc9cebf9f24387c5b48deb0c6db56d610963b3bd30"
           "48980050568a8d310a1718000c335ee3584977801d11390e929dc2ff7bf715a1")},
      {"jxl codestream, lossless", "image/jxl", image, 10,
       hex("ff0af83e100908020100b1050000000a1c06ae1706ea8502463805de3205ce13022bf9038c14a0a50520"
           "b46b9cc3c6e04418638cbe2a7330a0001008c2f0fc0421fddfe79b58e8f37397")},
      {"jxl codestream, animated", "image/jxl", image, 13,
       hex("ff0a1823411300880908040100da4f009b0e30a27434e046e18cc6e034628cb1b800d00647bbd22ee4fc"
           "4e4d8277000ddeb5c6fa65e00aaf7df1b71d19b42a1bbc564b07540cc1a91821")},
      {"psd", "image/vnd.adobe.photoshop", image, 14,
       "8BPS"s + be(1, 2) + zeros(6) + be(3, 2) + be(480, 4) + be(640, 4) + be(8, 2) + be(3, 2)},
      {"qoi", "image/qoi", image, 14, "qoif"s + be(640, 4) + be(480, 4) + hex("0400fe102030")},
      {"exr", "image/x-exr", image, 8, "\x76\x2F\x31\x01"s + le(2, 4) + "channels\0chlist\0"s},
      {"hdr", "image/vnd.radiance", image, 11, "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n"},
      {"hdr, older", "image/vnd.radiance", image, 7, "#?RGBE\nFORMAT=32-bit_rle_rgbe\n\n"},
      {"dds", "image/vnd.ms-dds", image, 8, "DDS \x7C\0\0\0"s + le(0x1007, 4) + le(64, 4)},
      {"ktx", "image/ktx", image, 12, "\xABKTX 11\xBB\r\n\x1A\n\1\2\3\4"s},
      {"ktx2", "image/ktx2", image, 12, "\xABKTX 20\xBB\r\n\x1A\n"s + le(37, 4)},
      {"emf", "image/emf", image, 44,
       le(1, 4) + le(108, 4) + std::string(32, '\x11') + " EMF" + le(0x10000, 4)},
      {"wmf", "image/wmf", image, 18,
       hex("010009000003") + le(500, 4) + le(2, 2) + le(30, 4) + le(0, 2) + le(4, 4)},
      {"wmf, placeable", "image/wmf", image, 6,
       hex("d7cdc69a0000") + zeros(4) + le(640, 2) + le(480, 2) + le(1440, 2) + zeros(4)},
      {"avif", "image/avif", image, 12, ftyp("avif"s + zeros(4) + "avifmif1miafMA1B")},
      {"avif, by a compatible brand", "image/avif", image, 24,
       ftyp("mif1"s + zeros(4) + "mif1avifmiaf")},
      {"heic", "image/heic", image, 12, ftyp("heic"s + zeros(4) + "mif1heic")},
      {"heic, by a compatible brand", "image/heic", image, 24,
       ftyp("mif1"s + zeros(4) + "mif1heic")},
      {"heif", "image/heif", image, 12, ftyp("mif1"s + zeros(4) + "mif1miaf")},
      {"heif sequence", "image/heif-sequence", image, 12, ftyp("msf1"s + zeros(4) + "msf1")},
      {"svg", "image/svg+xml", image, 5,
       "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\"><path d=\"M0 "
       "0h8v8z\"/></svg>"},
      {"svg with a declaration", "image/svg+xml", image, 44,
       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\">"},
      {"svg with BOM, comment and instruction", "image/svg+xml", image, 63,
       "\xEF\xBB\xBF\n<!-- a > drawing -->\r\n<?xml-stylesheet href=\"a.css\"?>\t<svg>"},
      {"svg with a document type", "image/svg+xml", image, 14,
       "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"svg11.dtd\"><svg>"},
      {"svg with an internal subset", "image/svg+xml", image, 56,
       "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b \">\">]><svg>"},
      {"svg with a prefix", "image/svg+xml", image, 30,
       "<?xml version=\"1.0\"?><svg:svg xmlns:svg=\"http://www.w3.org/2000/svg\">"},
  };
}

inline std::vector<magic_sample> document_samples() {
  const std::string word =
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
  const std::string sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  const std::string slides =
      "application/vnd.openxmlformats-officedocument.presentationml.presentation";
  const std::string deflated = hex("b5547d6bdb30107e");
  const std::string parts = zip_entry("[Content_Types].xml", deflated);
  return {
      {"pdf", "application/pdf", document, 8, "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj\n"},
      {"rtf", "application/rtf", document, 6, "{\\rtf1\\ansi\\deff0 {\\fonttbl}}"},
      {"postscript", "application/postscript", document, 11, "%!PS-Adobe-3.0\n%%Title: a\n"},
      {"postscript, bare", "application/postscript", document, 5, "%!PS\n/Courier findfont\n"},
      {"eps with a preview", "application/postscript", document, 8,
       hex("c5d0d3c6") + le(30, 4) + le(9000, 4) + zeros(18) + "%!PS"},
      {"ole2", "application/x-ole-storage", document, 8,
       hex("d0cf11e0a1b11ae1") + zeros(16) + hex("3e000300feff0900")},
      {"docx", word, document, 92, parts + zip_entry("word/document.xml", deflated)},
      {"docx of a streaming writer", word, document, 173,
       zip_entry("[Content_Types].xml", deflated, 8, 8) + "PK\7\x08"s + zeros(12) +
           zip_entry("_rels/.rels", deflated, 8, 8) + "PK\7\x08"s + zeros(12) +
           zip_entry("word/document.xml", deflated, 8, 8)},
      {"docx without a table of types in front", word, document, 47,
       zip_entry("word/document.xml", deflated)},
      {"xlsx", sheet, document, 90, parts + zip_entry("xl/workbook.bin", deflated)},
      {"pptx", slides, document, 137,
       zip_entry("docProps/app.xml", deflated) + zip_entry("_rels/.rels", deflated) +
           zip_entry("ppt/slides/slide1.xml", deflated)},
      {"vsdx", "application/vnd.visio", document, 93,
       parts + zip_entry("visio/document.xml", deflated)},
      {"odt", "application/vnd.oasis.opendocument.text", document, 58,
       zip_entry("mimetype", "application/vnd.oasis.opendocument.text", 0) +
           zip_entry("Thumbnails/", "", 0)},
      {"ods", "application/vnd.oasis.opendocument.spreadsheet", document, 58,
       zip_entry("mimetype", "application/vnd.oasis.opendocument.spreadsheet", 0)},
      {"odp", "application/vnd.oasis.opendocument.presentation", document, 58,
       zip_entry("mimetype", "application/vnd.oasis.opendocument.presentation", 0)},
      {"epub", "application/epub+zip", document, 58,
       zip_entry("mimetype", "application/epub+zip", 0) +
           zip_entry("META-INF/container.xml", deflated)},
      {"djvu", "image/vnd.djvu", document, 16, "AT&TFORM"s + be(9000, 4) + "DJVUINFO"},
      {"xml", "application/xml", document, 6, "<?xml version=\"1.0\"?>\n<order id=\"17\"/>"},
      {"xml behind a comment without end", "application/xml", document, 6,
       "<?xml version=\"1.0\"?>\n<!-- " + std::string(100, 'a')},
      {"html", "text/html", document, 15, "<!DOCTYPE html>\n<html><head><title>a</title>"},
      {"html, any case", "text/html", document, 9, "\r\n <HtMl LANG=en><body>"},
      {"html behind a comment", "text/html", document, 32, "<!-- saved from a site --><html>\n"},
      {"xhtml", "application/xhtml+xml", document, 28,
       "<?xml version=\"1.0\"?>\n<html xmlns=\"http://www.w3.org/1999/xhtml\">"},
  };
}

inline std::vector<magic_sample> archive_samples() {
  const std::string deflated = hex("b5547d6bdb30107e");
  const std::string newc = "00000017000081A4000003E8000003E800000001658F3A000000001500000000";
  return {
      {"zip", "application/zip", archive, 30,
       zip_entry("out/a.txt", deflated) + zip_entry("out/b.txt", deflated)},
      {"zip, empty", "application/zip", archive, 20, "PK\5\6"s + zeros(18)},
      {"zip, split", "application/zip", archive, 34, "PK\7\x08"s + zip_entry("a.txt", deflated)},
      {"zip with a folder called word", "application/zip", archive, 30,
       zip_entry("word/list.txt", deflated)},
      {"jar", "application/java-archive", archive, 50,
       zip_entry("META-INF/MANIFEST.MF", deflated) + zip_entry("a/B.class", deflated)},
      {"apk", "application/vnd.android.package-archive", archive, 107,
       zip_entry("META-INF/MANIFEST.MF", deflated) + zip_entry("AndroidManifest.xml", deflated)},
      {"kmz", "application/vnd.google-earth.kmz", archive, 37, zip_entry("doc.kml", deflated)},
      {"7z", "application/x-7z-compressed", archive, 6, "7z\xBC\xAF\x27\x1C\0\4"s + zeros(8)},
      {"rar 4", "application/vnd.rar", archive, 7, "Rar!\x1A\7\0\xCF\x90\x73\0\0"s},
      {"rar 5", "application/vnd.rar", archive, 8, "Rar!\x1A\7\1\0\x33\x92\xB5\xE5"s},
      {"tar", "application/x-tar", archive, 265, tar_header("ustar\00000"s)},
      {"tar of GNU", "application/x-tar", archive, 264, tar_header("ustar  \0"s)},
      {"cab", "application/vnd.ms-cab-compressed", archive, 8, "MSCF"s + zeros(4) + le(9000, 4)},
      {"ar", "application/x-archive", archive, 8, "!<arch>\n/               1700000000  "},
      {"deb", "application/vnd.debian.binary-package", archive, 21,
       "!<arch>\ndebian-binary   1700000000  0     0     100644  4         `\n2.0\n"},
      {"rpm", "application/x-rpm", archive, 8, hex("edabeedb030000000001") + "a-1.0-1"},
      {"cpio, new", "application/x-cpio", archive, 70, "070701" + newc + "00000008000000000000"},
      {"cpio, new with checksum", "application/x-cpio", archive, 70, "070702" + newc + "00000008"},
      {"cpio, old", "application/x-cpio", archive, 76,
       "0707070000470000171006440017500017500000010000001454443070000000600000000025a.txt"},
  };
}

inline std::vector<magic_sample> compressed_samples() {
  return {
      {"gzip", "application/gzip", compressed, 10,
       hex("1f8b080000f1536500ff9d98cb6edb3014447f45d03a30c4fb20e5fe4a9045521b8581b80e6c6555f4df"
           "ab0659981c91bcd73b3f841960ec631df3f9cf783a8c3f86e969187fbf9e8feb")},
      {"gzip with a name", "application/gzip", compressed, 10,
       hex("1f8b080800f1536500ff") + "jobs.json\0"s + hex("9d98cb6edb3014447f45d03a30c4fb20")},
      {"zlib, default level", "application/zlib", compressed, 42,
       hex("789c9d98cb6edb3014447f45d03a30c4fb20e5fe4a9045521b8581b80e6c6555f4dfab0659981c91bcd7"
           "3b3f841960ec631df3f9cf783a8c3f86e969187fbf9e8febc3f1b41ccfc334aeaf2cafbf6eeb2bcf2feb"
           "e38febe9e7ffb7a7ddd7b597e5ebdaf7cb75bdf8f471fb3c0f87")},
      {"zlib, best level", "application/zlib", compressed, 42,
       hex("78da9d98cb6edb3014447f45d03a30c4fb20e5fe4a9045521b8580b80e6c6555f4dfab0659881c90bcd7"
           "3b3f841960e4631ff3f9cfb89cc61fc3f4348cbf5f2fe7ede1b8ace7cb308ddb2bebebaffbf6caf3cbf6"
           "f8e3b6fcfcfff674f8baf6ba7e5dfb7ebd6d172f1ff7cfcb70ba")},
      {"zlib, fixed codes", "application/zlib", compressed, 23,
       hex("789cab562a2e492c292d56b2524ac9cf4b55d2512a4a2d2ecd2951b2aa56ca4c51b23234d7512a482cc9"
           "00cae79796e8a765e6a4ea2565e629d58214961465a602751ad4020030bd16fa")},
      {"zlib, stored", "application/zlib", compressed, 7,
       hex("7801010002fffd000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")},
      {"bzip2", "application/x-bzip2", compressed, 10,
       hex("425a6839314159265359695a08b30005ec1b8050057ff0000a3ea7de0a5003fd")},
      {"bzip2, empty", "application/x-bzip2", compressed, 10, hex("425a683917724538509000000000")},
      {"xz", "application/x-xz", compressed, 6, hex("fd377a585a000004e6d6b4460200210116000000")},
      {"zstd", "application/zstd", compressed, 9,
       hex("28b52ffd045805150076102f1b80b5e9bb6237220bab894a5054d044")},
      {"zstd, single segment", "application/zstd", compressed, 9,
       hex("28b52ffd2018c10000") + "one two three four five."},
      {"lz4", "application/x-lz4", compressed, 7,
       hex("04224d186440a7c9040000f01f5b7b226964223a20302c20")},
      {"snappy", "application/x-snappy-framed", compressed, 10,
       hex("ff060000734e61507059000a0000aabbccdd")},
      {"lzip", "application/x-lzip", compressed, 7, "LZIP\1\x17\0\x24\x19\x49\x98\x6F"s},
      {"compress", "application/x-compress", compressed, 30,
       hex("1f9d905bf688484346840e1030588010e1264c9b320617a6a153a60d42110a45d00973664ec42d5d32c2"
           "9193660cc483305c245ce8e60dc58822d8bc915311441a3873ea5824f346a61c")},
  };
}

inline std::vector<magic_sample> media_samples() {
  const std::string riff_size = le(90000, 4);
  const std::string ebml = hex("4286810142f7810142f2810442f38108");
  std::string transport;
  for (int i = 0; i < 3; ++i) transport += hex("47401110") + std::string(184, '\xFF');
  return {
      {"wav", "audio/wav", audio, 12, "RIFF"s + riff_size + "WAVEfmt " + le(16, 4)},
      {"wav, 64 bits", "audio/wav", audio, 12, "RF64\xFF\xFF\xFF\xFFWAVEds64"s},
      {"midi in riff", "audio/midi", audio, 12, "RIFF"s + riff_size + "RMIDdata"},
      {"aiff", "audio/x-aiff", audio, 12, "FORM"s + be(9000, 4) + "AIFFCOMM" + be(18, 4)},
      {"aifc", "audio/x-aiff", audio, 12, "FORM"s + be(9000, 4) + "AIFCFVER" + be(4, 4)},
      {"flac", "audio/flac", audio, 8, "fLaC\0\0\0\x22\x10\0\x10\0"s},
      {"ogg vorbis", "audio/ogg", audio, 27, ogg_page("\1vorbis"s + zeros(23))},
      {"ogg opus", "audio/ogg", audio, 27, ogg_page("OpusHead\1\2"s + zeros(9))},
      {"ogg theora", "video/ogg", video, 35, ogg_page("\x80theora\3\2\1"s + zeros(32))},
      {"ogg theora behind vorbis", "video/ogg", video, 93,
       ogg_page("\1vorbis"s + zeros(23)) + ogg_page("\x80theora\3\2\1"s + zeros(32))},
      {"ogg skeleton", "application/ogg", video, 35, ogg_page("fishead\0"s + zeros(56))},
      {"mp3 with a tag", "audio/mpeg", audio, 10,
       "ID3\3\0\0\0\0\x0F\x76TIT2\0\0\0\x0C\0\0\0a song"s},
      {"mp3", "audio/mpeg", audio, 424, mpeg_frames(hex("fffb9064"), 417, 2)},
      {"mp3 of a low sampling rate", "audio/mpeg", audio, 103, mpeg_frames(hex("fff344c4"), 96, 3)},
      {"mp2", "audio/mpeg", audio, 391, mpeg_frames(hex("fffd8404"), 384, 2)},
      {"aac", "audio/aac", audio, 207, mpeg_frames(hex("fff150801900fc"), 200, 3)},
      {"midi", "audio/midi", audio, 8, "MThd\0\0\0\6\0\1\0\2\1\xE0"s},
      {"amr", "audio/amr", audio, 6, "#!AMR\n\x3C\x55\0"s},
      {"amr-wb", "audio/amr-wb", audio, 9, "#!AMR-WB\n\x24\x10"s},
      {"au", "audio/basic", audio, 24,
       ".snd"s + be(24, 4) + be(0xFFFFFFFF, 4) + be(1, 4) + be(8000, 4) + be(1, 4)},
      {"ape", "audio/x-ape", audio, 12, "MAC "s + le(3990, 2) + le(0, 2) + le(52, 4) + le(24, 4)},
      {"ape, older", "audio/x-ape", audio, 12, "MAC "s + le(3970, 2) + le(2000, 2) + le(0x20, 4)},
      {"wavpack", "audio/x-wavpack", audio, 10, "wvpk"s + le(9000, 4) + le(0x410, 2) + zeros(2)},
      {"m4a", "audio/mp4", audio, 12, ftyp("M4A "s + zeros(4) + "M4A mp42isom")},
      {"mp4", "video/mp4", video, 12, ftyp("isom"s + be(512, 4) + "isomiso2avc1mp41")},
      {"mp4 of any other brand", "video/mp4", video, 12, ftyp("dash"s + zeros(4) + "iso6")},
      {"m4v", "video/x-m4v", video, 12, ftyp("M4VH"s + zeros(4) + "M4V ")},
      {"3gp", "video/3gpp", video, 12, ftyp("3gp4"s + zeros(4) + "3gp4")},
      {"3g2", "video/3gpp2", video, 12, ftyp("3g2a"s + zeros(4) + "3g2a")},
      {"mov", "video/quicktime", video, 12, ftyp("qt  "s + be(512, 4) + "qt  ")},
      {"mov without ftyp", "video/quicktime", video, 16,
       be(9000, 4) + "moov" + be(108, 4) + "mvhd" + zeros(8)},
      {"mov with space in front", "video/quicktime", video, 16,
       be(8, 4) + "wide" + be(90000, 4) + "mdat" + zeros(8)},
      {"webm", "video/webm", video, 28, hex("1a45dfa39f") + ebml + hex("428284") + "webm" + ebml},
      {"matroska", "video/matroska", video, 39,
       hex("1a45dfa3010000000000002a") + ebml + hex("428288") + "matroska" + ebml},
      {"avi", "video/x-msvideo", video, 12, "RIFF"s + riff_size + "AVI LIST" + le(192, 4)},
      {"flv", "video/x-flv", video, 9, "FLV\1\5\0\0\0\x09\0\0\0\0\x12"s},
      {"mpeg-2 program stream", "video/mpeg", video, 18,
       hex("000001ba44000400040101898bf8000001bb0012")},
      {"mpeg-1 program stream", "video/mpeg", video, 16,
       hex("000001ba2100010001800001000001bb000c")},
      {"mpeg transport stream", "video/mp2t", video, 380, transport},
      {"asf", "video/x-ms-asf", video, 16, hex("3026b2758e66cf11a6d900aa0062ce6c") + le(5000, 8)},
  };
}

inline std::vector<magic_sample> model_samples() {
  const std::string tensor =
      "{\"a.weight\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}";
  return {
      {"glb", "model/gltf-binary", model, 12,
       "glTF"s + le(2, 4) + le(9000, 4) + le(1200, 4) + "JSON"},
      {"gguf", "application/x-gguf", model, 16, "GGUF"s + le(3, 4) + le(291, 8) + le(24, 8)},
      {"ggml", "application/x-ggml", model, 12, "lmgg"s + le(51865, 4) + le(1500, 4) + le(384, 4)},
      {"ggjt", "application/x-ggml", model, 12, "tjgg"s + le(3, 4) + le(32000, 4) + le(4096, 4)},
      {"safetensors", "application/x-safetensors", model, 11,
       le(tensor.size(), 8) + tensor + zeros(4)},
      {"safetensors with metadata", "application/x-safetensors", model, 11,
       le(90000, 8) + "{\"__metadata__\": {\"format\":\"pt\"},\"a\":{\"dtype\":\"F32\""},
      {"npy", "application/x-npy", model, 8,
       "\x93NUMPY\1\0"s + le(118, 2) + "{'descr': '<f4', 'fortran_order': False, "},
      {"npz", "application/x-npz", model, 39, zip_entry("arr_0.npy", "\x93NUMPY\1\0"s, 0)},
      {"pytorch", "application/x-pytorch", model, 46,
       zip_entry("archive/data.pkl", "\x80\2}q\0."s, 0)},
      {"pytorch, older", "application/x-pytorch", model, 15,
       hex("80028a0a6cfc9c46f9206aa850192e80024de9032e")},
      {"pickle, protocol 2", "application/x-pickle", model, 11,
       hex("80027d71002858030000006a6f6271014b0158040000006172677371025d7103284b014b024b03655806"
           "0000006b776172677371047d71055804000000706174687106580c0000006f75742f66696c652e62696e")},
      {"pickle, protocol 3", "application/x-pickle", model, 15,
       hex("800363636f6c6c656374696f6e730a4f726465726564446963740a7100295271012858050000006c6179"
           "65727102580c000000636f6e76312e776569676874710358050000007368617065710428")},
      {"pickle, protocol 4", "application/x-pickle", model, 15,
       hex("80049562000000000000007d94288c036a6f62944b018c0461726773945d94284b014b024b03658c066b"
           "7761726773947d948c0470617468948c0c6f75742f66696c652e62696e94738c046e616d6594")},
      {"hdf5", "application/x-hdf5", model, 8, "\x89HDF\r\n\x1A\n\0\0\0\0\0\x08\x08\0"s},
      {"onnx", "application/x-onnx", model, 12,
       "\x08\7\x12\7pytorch\x1A\x05"
       "2.0.0:\xA5\x01"s},
      {"tflite", "application/x-tflite", model, 8, le(28, 4) + "TFL3" + hex("1400200004000800")},
      {"ply", "application/x-ply", model, 11, "ply\nformat binary_little_endian 1.0\n"},
      {"ply, CRLF", "application/x-ply", model, 12, "ply\r\nformat ascii 1.0\r\n"},
      {"fbx", "application/x-fbx", model, 21, "Kaydara FBX Binary  \0\x1A\0"s + le(7400, 4)},
      {"usdz", "model/vnd.usdz+zip", model, 40, zip_entry("scene.usdc", "PXR-USDC", 0)},
      {"3mf", "model/3mf", model, 86,
       zip_entry("[Content_Types].xml", "abcd") + zip_entry("3D/3dmodel.model", "abcd")},
  };
}

inline std::vector<magic_sample> program_samples() {
  const std::string tables = font_table("DSIG", 200) + font_table("GDEF", 400) +
                             font_table("GPOS", 800) + font_table("OS/2", 1600);
  const std::string directory = be(4, 2) + be(64, 2) + be(2, 2) + be(0, 2) + tables;
  const std::string old_header = "MZ"s + hex("90000300000004000000ffff0000b80000000000000040") +
                                 zeros(35) + le(128, 4) + zeros(64);
  return {
      {"woff", "font/woff", font, 8, "wOFF\0\1\0\0"s + be(9000, 4) + be(12, 2) + be(0, 2)},
      {"woff2", "font/woff2", font, 8, "wOF2OTTO"s + be(9000, 4) + be(12, 2) + be(0, 2)},
      {"ttf", "font/ttf", font, 28, "\0\1\0\0"s + directory},
      {"ttf of Apple", "font/ttf", font, 28, "true"s + directory},
      {"otf", "font/otf", font, 28, "OTTO"s + directory},
      {"ttc", "font/collection", font, 16, "ttcf"s + be(0x10000, 4) + be(2, 4) + be(20, 4)},
      {"eot", "application/vnd.ms-fontobject", font, 36,
       le(9000, 4) + le(8800, 4) + le(0x20001, 4) + zeros(4) + std::string(10, '\2') + zeros(2) +
           le(400, 4) + zeros(2) + "LP" + zeros(40)},
      {"elf", "application/x-elf", executable, 7,
       "\x7F"
       "ELF\2\1\1\0"s +
           zeros(8) + le(3, 2)},
      {"pe", "application/vnd.microsoft.portable-executable", executable, 64,
       old_header + "PE\0\0"s + le(0x8664, 2)},
      {"mach-o", "application/x-mach-binary", executable, 20,
       hex("cffaedfe") + le(0x0100000C, 4) + le(0, 4) + le(2, 4) + le(18, 4)},
      {"mach-o, big-endian", "application/x-mach-binary", executable, 20,
       hex("feedface") + be(18, 4) + be(0, 4) + be(2, 4) + be(12, 4)},
      {"mach-o for two processors", "application/x-mach-binary", executable, 28,
       hex("cafebabe") + be(2, 4) + be(0x01000007, 4) + be(3, 4) + be(16384, 4) + be(9000, 4) +
           be(14, 4)},
      {"java class", "application/java-vm", executable, 11, hex("cafebabe00000041002b0a0002")},
      {"wasm", "application/wasm", executable, 8, "\0asm\1\0\0\0\1\x07"s},
      {"wasm component", "application/wasm", executable, 8, "\0asm\x0D\0\1\0\0\x1A"s},
      {"dex", "application/x-dex", executable, 8, "dex\n035\0"s + be(0x12345678, 4)},
      {"sqlite", "application/vnd.sqlite3", database, 16, "SQLite format 3\0\x10\0\1\1"s},
      {"parquet", "application/vnd.apache.parquet", database, 7, "PAR1"s + hex("15041520152c4c15")},
      {"parquet without rows", "application/vnd.apache.parquet", database, 7,
       "PAR1"s + hex("1502192c48")},
      {"arrow", "application/vnd.apache.arrow.file", database, 8, "ARROW1\0\0\xFF\xFF\xFF\xFF"s},
      {"avro", "application/avro", database, 10,
       "Obj\1\4\x14"
       "avro.codec\x08null\x16"
       "avro.schema"},
      {"orc, not compressed", "application/x-orc", database, 7,
       "ORC"s + hex("0a0b0a00120708641204")},
      {"orc, kept as it is", "application/x-orc", database, 10,
       "ORC"s + hex("1d00000a0c0a011212090064100a18c801500000")},
      {"orc, zlib", "application/x-orc", database, 46,
       "ORC"s + hex("dc0000") +
           hex("9d98cb6edb3014447f45d03a30c4fb20e5fe4a9045521b8581b80e6c6555f4dfab0659981c91bcd7"
               "3b3f841960ec631df3f9cf783a8c3f86e969187fbf9e8febc3f1b41ccfc334aeaf2cafbf6eeb")},
      {"orc, zstd", "application/x-orc", database, 10,
       "ORC"s + hex("640000") + hex("28b52ffd2018c100")},
  };
}

inline std::vector<magic_sample> magic_samples() {
  std::vector<magic_sample> all;
  for (const auto& samples :
       {image_samples(), document_samples(), archive_samples(), compressed_samples(),
        media_samples(), model_samples(), program_samples()}) {
    all.insert(all.end(), samples.begin(), samples.end());
  }
  return all;
}

}  // namespace magic_test
