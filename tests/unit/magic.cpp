// What bytes are recognised as, from which prefix on, and what must never be recognised.
#include "core/magic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "magic_samples.hpp"

namespace {

using namespace std::string_literals;
using jobqueue::detail::magic_window;
using jobqueue::detail::recognize;
using magic_test::be;
using magic_test::hex;
using magic_test::le;
using magic_test::magic_sample;
using magic_test::zeros;

constexpr std::size_t short_head = 75;  // 100 characters of base64.

// "image/png, image": the media type and the class, or "nothing". The bytes are copied into a block
// of exactly their size, so that AddressSanitizer sees an over-read.
std::string name_of(std::string_view bytes, bool complete = false) {
  const auto block = std::make_unique<std::byte[]>(bytes.size());
  std::transform(bytes.begin(), bytes.end(), block.get(),
                 [](char c) { return static_cast<std::byte>(c); });
  const auto found = recognize({block.get(), bytes.size()}, complete);
  if (!found) return "nothing";
  return std::string(found->media_type) + ", " + std::string(to_string(found->kind));
}

std::string expected_name(const magic_sample& sample) {
  return sample.media_type + ", " + std::string(to_string(sample.kind));
}

TEST(magic, recognizes_every_format_from_its_least_prefix_on) {
  for (const magic_sample& sample : magic_test::magic_samples()) {
    const std::string expected = expected_name(sample);
    ASSERT_LE(sample.enough, sample.bytes.size()) << sample.name;
    for (std::size_t size = sample.enough; size <= sample.bytes.size(); ++size) {
      EXPECT_EQ(name_of(std::string_view(sample.bytes).substr(0, size)), expected)
          << sample.name << ", " << size << " bytes";
    }
    EXPECT_NE(name_of(std::string_view(sample.bytes).substr(0, sample.enough - 1)), expected)
        << sample.name;
  }
}

TEST(magic, needs_more_than_75_bytes_for_these_only) {
  std::set<std::string> long_ones;
  for (const magic_sample& sample : magic_test::magic_samples()) {
    if (sample.enough > short_head) long_ones.insert(sample.name);
  }
  const std::set<std::string> expected = {"3mf",
                                          "aac",
                                          "apk",
                                          "cpio, old",
                                          "docx",
                                          "docx of a streaming writer",
                                          "mp2",
                                          "mp3",
                                          "mp3 of a low sampling rate",
                                          "mpeg transport stream",
                                          "ogg theora behind vorbis",
                                          "pptx",
                                          "tar",
                                          "tar of GNU",
                                          "vsdx",
                                          "xlsx"};
  EXPECT_EQ(long_ones, expected);
}

TEST(magic, reads_every_prefix_within_its_bounds) {
  for (const magic_sample& sample : magic_test::magic_samples()) {
    for (std::size_t size = 0; size <= sample.bytes.size(); ++size) {
      const std::string_view prefix = std::string_view(sample.bytes).substr(0, size);
      static_cast<void>(name_of(prefix, true));
      static_cast<void>(name_of(prefix, false));
    }
  }
}

TEST(magic, reads_changed_samples_within_their_bounds) {
  std::mt19937_64 random(20240607);
  for (const magic_sample& sample : magic_test::magic_samples()) {
    for (int round = 0; round < 200; ++round) {
      std::string bytes = sample.bytes;
      for (int change = 0; change < 3; ++change) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
      bytes.resize(1 + random() % bytes.size());
      static_cast<void>(name_of(bytes, random() % 2 == 0));
    }
  }
}

TEST(magic, looks_at_4096_bytes_only) {
  const std::string near = magic_test::zip_entry("[Content_Types].xml", std::string(3900, 'a')) +
                           magic_test::zip_entry("word/document.xml", "abc");
  ASSERT_EQ(name_of(near),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document, document");
  const std::string far = magic_test::zip_entry("[Content_Types].xml", std::string(4050, 'a')) +
                          magic_test::zip_entry("word/document.xml", "abc");
  EXPECT_EQ(name_of(far), "application/zip, archive");
  // A tar archive that would be too short if what was looked at were all of it.
  EXPECT_EQ(name_of(magic_test::tar_header("ustar\00000"s) + zeros(8192), true),
            "application/x-tar, archive");
  EXPECT_EQ(magic_window, 4096U);
}

TEST(magic, takes_a_complete_object_at_its_word) {
  const std::string tar = magic_test::tar_header("ustar\00000"s);
  EXPECT_EQ(name_of(tar, true), "application/x-tar, archive");
  EXPECT_EQ(name_of(tar.substr(0, 500), true), "nothing");
  EXPECT_EQ(name_of(tar.substr(0, 500), false), "application/x-tar, archive");

  const std::string pickle = hex("80049508000000000000005d94284b014b02652e");
  EXPECT_EQ(name_of(pickle, true), "application/x-pickle, model");
  EXPECT_EQ(name_of(pickle.substr(0, 18), true), "nothing");
  EXPECT_EQ(name_of(pickle.substr(0, 18), false), "application/x-pickle, model");
  // One string is known by where it stops, which the bytes must show.
  const std::string text = hex("8003580a000000") + "0123456789" + hex("71002e");
  EXPECT_EQ(name_of(text, true), "application/x-pickle, model");

  const std::string tiff = "II*\0"s + le(90000, 4) + std::string(80, '\x41');
  EXPECT_EQ(name_of(tiff, true), "nothing");
  EXPECT_EQ(name_of(tiff, false), "image/tiff, image");

  const std::string orc = "ORC" + std::string(40, '\x7F') + hex("080310001a0200062801") + "ORC\x0D";
  EXPECT_EQ(name_of(orc, true), "application/x-orc, database");
  EXPECT_EQ(name_of(orc, false), "nothing");

  const std::string zlib =
      hex("789cab562a2e492c292d56b2524ac9cf4b55d2512a4a2d2ecd2951b2aa56ca4c51b23234d7512a482cc9"
          "00cae79796e8a765e6a4ea2565e629d58214961465a602751ad4020030bd16fa");
  EXPECT_EQ(name_of(zlib, true), "application/zlib, compressed");
}

struct damaged_sample {
  std::string name;
  std::string bytes;
};

TEST(magic, refuses_what_only_begins_like_a_format) {
  const std::string tail = std::string(60, '\x5A');
  const damaged_sample samples[] = {
      {"jpeg with a segment that is too short", "\xFF\xD8\xFF\xE0\0\1JFIF"s + tail},
      {"jpeg, binary segment without a successor", "\xFF\xD8\xFF\xE4\x10\0"s + zeros(60)},
      {"jpeg, quantization of a wrong size", "\xFF\xD8\xFF\xDB\0\x44\0"s + tail},
      {"jpeg, end of image at once", "\xFF\xD8\xFF\xD9"s + tail},
      {"jpeg, next marker missing", "\xFF\xD8\xFF\xE0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"s + tail},
      {"bmp with seven planes", "BM"s + le(9270, 4) + zeros(4) + le(54, 4) + le(40, 4) + zeros(8) +
                                    le(7, 2) + le(24, 2) + tail},
      {"ico, images overlap the directory",
       "\0\0\1\0"s + le(2, 2) + hex("10100000") + le(1, 2) + le(32, 2) + le(1128, 4) + le(22, 4)},
      {"ico of 3 bits",
       "\0\0\1\0"s + le(1, 2) + hex("10100000") + le(1, 2) + le(3, 2) + le(1128, 4) + le(22, 4)},
      {"ico without an image", "\0\0\1\0"s + le(1, 2) + hex("10100000") + le(1, 2) + le(32, 2) +
                                   le(1128, 4) + le(22, 4) + tail},
      {"tiff with a directory of no entries", "II*\0"s + le(8, 4) + zeros(40)},
      {"psd of version 3", "8BPS"s + be(3, 2) + zeros(6) + be(3, 2) + tail},
      {"zip with an unknown method", "PK\3\4\x14\0\0\0\x4D\0"s + tail},
      {"zip with a control character in a name", magic_test::zip_entry("a\nb", "abc")},
      {"zip, text", "PK is not always the beginning of an archive, as everyone knows by now"},
      {"gzip with reserved flags", hex("1f8b08e000f1536500ff") + tail},
      {"gzip of an unknown system", hex("1f8b080000f153650063") + tail},
      {"gzip with a bad block", hex("1f8b080000f1536500ff07") + tail},
      {"zlib with a bad header check", hex("789d9d98cb6edb3014447f45d03a30c4fb20e5fe4a90") + tail},
      {"zlib with a dictionary", hex("78bb9d98cb6edb3014447f45d03a30c4fb20e5fe4a90") + tail},
      {"zlib without evidence", hex("789c9d98cb6edb")},
      {"compress with a code from the future", hex("1f9d90ffff") + tail},
      {"lz4 of version 2", hex("04224d18a440a7c9040000f01f5b7b22") + tail},
      {"zstd with a reserved block", hex("28b52ffd000006") + tail},
      {"tar with a wrong checksum",
       [] {
         std::string header = magic_test::tar_header("ustar\00000"s);
         header[0] = 'X';
         return header;
       }()},
      {"cpio, digits", "0707010203040506070809101112131415161718192021222324252627282930313233343"},
      {"mp3, one frame", hex("fffb9064") + std::string(600, '\x55')},
      {"mp3, other sampling rate in the second frame",
       hex("fffb9064") + std::string(413, '\x55') + hex("fffb9464") + std::string(413, '\x55')},
      {"ID3 in text", "ID3 tags stand at the beginning of a file, in front of the music itself."},
      {"transport stream of two packets",
       hex("47401110") + std::string(184, '\xFF') + hex("47401110") + std::string(184, '\xFF')},
      {"program stream without markers", hex("000001ba40000000000001890000000001bb0012")},
      {"ftyp of odd size", be(23, 4) + "ftypisom" + zeros(11)},
      {"ebml of another kind", hex("1a45dfa38b4286810142828561626364") + "e" + tail},
      {"pickle, pops at once", hex("8002") + "aaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
      {"pickle, unknown opcode", hex("80027d7100ff") + tail},
      {"pickle, memo out of order", hex("80027d71052858030000006a6f6271014b01") + tail},
      {"pickle without a frame", hex("80045d94284b014b02652e") + tail},
      {"safetensors, other json", le(60, 8) + "{\"a\":{\"b\":1},\"c\":[1,2,3],\"d\":\"" + tail},
      {"safetensors, array", le(60, 8) + "{\"a\":[1,2,3],\"c\":[1,2,3],\"d\":\"" + tail},
      {"onnx of an unknown program",
       "\x08\7\x12\7someone\x1A\x05"
       "2.0.0:\xA5\x01"s},
      {"ttf, 255 tables", "\0\1\0\0\0\xFF\xFF\xFF\xFF\1\0\0\0"s + tail},
      {"ttf, binary tags", "\0\1\0\0\0\x0C\0\x80\0\3\0\x40"s + zeros(60)},
      {"dos program", "MZ"s + hex("900003000000") + zeros(60)},
      {"pe, no header where it should be", "MZ"s + zeros(58) + le(64, 4) + "PE\0\1"s},
      {"class of version 1", hex("cafebabe00000001002b0a0002") + tail},
      {"elf of class 3",
       "\x7F"
       "ELF\3\1\1\0"s +
           tail},
      {"parquet, text", "PAR1 is how these files begin, and PAR1 is how they end, too. And so on."},
      {"avro, text", "Obj\1is not a name in the metadata of a file that is not Avro"s},
      {"orc, text", "ORC is a format for tables, and also somebody in a book about a ring.  "},
      {"xml, other instruction", "<?xml-stylesheet href=\"a.css\"?><a/>"},
      {"html, other element", "<htmlx><body>"},
      {"svg, other element", "<svgx width=\"8\">"},
  };
  for (const auto& [name, bytes] : samples) {
    EXPECT_EQ(name_of(bytes), "nothing") << name;
    EXPECT_EQ(name_of(bytes, true), "nothing") << name;
  }
}

// What must be kept: secrets, keys, small messages, and text.
TEST(magic, does_not_recognize_tokens_keys_messages_and_text) {
  const damaged_sample samples[] = {
      {"DER certificate",
       hex("3082030d308201f5a003020102020900e8f09d3fe25be5a6300d06092a864886f70d"
           "01010b0500301d311b301906035504030c126578616d706c652e696e76616c6964")},
      {"DER public key", hex("30820122300d06092a864886f70d01010105000382010f003082010a0282010100"
                             "c5d0d3c61e000000") +
                             std::string(60, '\x9C')},
      {"DER private key of a curve", hex("3077020101042078da9c017801785e1f8b0800000000000003a00a06"
                                         "082a8648ce3d030107a14403420004") +
                                         std::string(64, '\x55')},
      {"ssh-rsa", be(7, 4) + "ssh-rsa" + be(3, 4) + hex("010001") + be(257, 4) + "\0\xC2"s +
                      std::string(80, '\x6B')},
      {"ssh-ed25519", be(11, 4) + "ssh-ed25519" + be(32, 4) + std::string(32, '\x9D')},
      {"ssh private key", "openssh-key-v1\0"s + be(4, 4) + "none" + be(4, 4) + "none" + zeros(40)},
      {"Fernet", hex("80000000005f5e1000") + std::string(16, '\x02') + std::string(64, '\x95')},
      {"Fernet, later", hex("8000000000658f3a00") + hex("04950000000000000000000000000000") +
                            std::string(64, '\x7D')},
      {"JWT header",
       "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"2024-06-07/primary-signing-key\"}"},
      {"JWT claims",
       "{\"sub\":\"1234567890\",\"name\":\"John\",\"iat\":1516239022,\"aud\":\"all\"}"},
      {"protobuf", hex("082a1207656e636f64651a10000102030405060708090a0b0c0d0e0f2080a0d0ac06")},
      {"protobuf that is a zlib header",
       hex("081d120568656c6c6f1a05776f726c642001280132040a020801") + std::string(60, '\x12')},
      {"protobuf with a large first field", hex("789c01120568656c6c6f1a05776f726c6420012801")},
      {"gRPC message", hex("0000000042") + hex("0a40") + std::string(64, 'k')},
      {"PGP signature", hex("89013304000108001d162104") + std::string(90, '\xC5')},
      {"age header", "age-encryption.org/v1\n-> X25519 abcdefghijklmnopqrstuvwxyz0123456789ABCDEF"},
      {"KMS ciphertext", hex("0102020078") + std::string(80, '\xB7')},
      {".NET objects",
       hex("0001000000ffffffff01000000000000000c02000000") + "System.Data, Version="},
      {"Java objects", hex("aced00057372") + be(17, 2) + "java.util.HashMap" + zeros(60)},
      {"Ruby objects",
       hex("04087b083a0a666c6173686f3a25") + "ActionDispatch::Flash::FlashHash" + zeros(40)},
      {"DNS query", hex("000001000001000000000000") + "\3www\7example\3com\0\0\1\0\1"s + zeros(40)},
      {"STUN request", hex("000100002112a442") + std::string(12, '\x31') + zeros(60)},
      {"CBOR", hex("a26474797065656576656e7464646174615840") + std::string(64, '\xE1')},
      {"MessagePack", hex("82a474797065a56576656e74a464617461c440") + std::string(64, '\xE1')},
      {"counters",
       [] {
         std::string bytes;
         for (unsigned i = 0; i < 64; ++i) bytes += le(i, 4);
         return bytes;
       }()},
      {"counters, big-endian, from 256",
       [] {
         std::string bytes;
         for (unsigned i = 256; i < 320; ++i) bytes += be(i, 4);
         return bytes;
       }()},
      {"floats",
       [] {
         std::string bytes;
         for (int i = 0; i < 64; ++i) bytes += hex("0000803f");
         return bytes;
       }()},
      {"zeros", zeros(4096)},
      {"ones", std::string(4096, '\xFF')},
      {"a bit in front of zeros", "\x80"s + zeros(200)},
      {"English", "BMW and MZ make motorcycles; GIF, JPEG and PNG are formats of pictures, too."},
      {"algebra", "x^2 + y^2 = z^2 has solutions in whole numbers, x^3 + y^3 = z^3 has none, ..."},
      {"JSON",
       "[{\"id\": 1, \"tags\": [\"a\", \"b\"]}, {\"id\": 2, \"tags\": []}, null, true, 1.5]"},
      {"CSV", "id,name,price\n1,\"item, the first\",1.25\n2,item,2.5\n3,item,3.75\n4,item,5.0\n"},
      {"PEM", "-----BEGIN CERTIFICATE-----\nMIIDDTCCAfWgAwIBAgIJAOjwnT/iW+WmMA0GCSqGSIb3\n"},
      {"script",
       "#!/usr/bin/env python3\nimport sys\n\nprint(sys.argv)  # and nothing else\n\n\n\n"},
      {"fragment of html", "<p class=\"note\">Hello</p><svg-icon></svg-icon><div>and so on</div>"},
      {"comment", "<!-- " + std::string(200, 'a')},
      {"blanks", std::string(4096, ' ')},
      {"hexadecimal digits",
       "070701e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855ab"},
      {"one byte", "\x89"},
      {"nothing at all", ""},
  };
  for (const auto& [name, bytes] : samples) {
    for (const bool complete : {false, true}) {
      EXPECT_EQ(name_of(bytes, complete), "nothing") << name;
      EXPECT_EQ(name_of(std::string_view(bytes).substr(0, short_head), complete), "nothing")
          << name << ", short";
    }
  }
}

// Random bytes with something in front; always in the same block, at its end.
class random_head {
 public:
  explicit random_head(std::uint64_t seed) : random_(seed) {}

  std::uint64_t number() { return random_(); }
  std::span<const std::byte> next(std::size_t size, std::string_view front = {}) {
    const std::span<std::uint64_t> words = std::span(words_).last((size + 7) / 8);
    std::generate(words.begin(), words.end(), [this] { return random_(); });
    const auto head = std::as_writable_bytes(words).last(size);
    std::transform(front.begin(), front.end(), head.begin(),
                   [](char c) { return static_cast<std::byte>(c); });
    return head;
  }

 private:
  std::mt19937_64 random_;
  std::vector<std::uint64_t> words_ = std::vector<std::uint64_t>(magic_window / 8);
};

TEST(magic, recognizes_no_random_bytes) {
  random_head random(1);
  for (int round = 0; round < 200000; ++round) {
    const std::size_t size = short_head + random.number() % (magic_window - short_head + 1);
    const auto found = recognize(random.next(size), round % 2 == 0);
    ASSERT_FALSE(found) << found->media_type << " in round " << round;
  }
}

// The chance for all bytes is that for those behind the magic times that of the magic itself, which
// is 2^-8 for each byte that is put in front here.
TEST(magic, wants_evidence_behind_short_magic_numbers) {
  constexpr int rounds = 4096;
  constexpr std::array<int, 5> allowed = {0, 0, 0, 6, rounds / 8};  // By the bytes in front.
  random_head random(2);
  std::set<std::string> fronts;
  for (const magic_sample& sample : magic_test::magic_samples()) {
    for (std::size_t size = 1; size < allowed.size(); ++size) {
      fronts.insert(sample.bytes.substr(0, size));
    }
  }
  for (const std::string& front : fronts) {
    int found = 0;
    for (int round = 0; round < rounds; ++round) {
      const auto head = random.next(round % 4 == 0 ? 800 : short_head, front);
      found += recognize(head, false).has_value() ? 1 : 0;
    }
    EXPECT_LE(found, allowed[front.size()]) << testing::PrintToString(front);
  }
}

// 2^-18 behind the headers of the usual window, 2^-22 behind the others; see is_zlib.
TEST(magic, wants_much_evidence_for_zlib) {
  constexpr int rounds = 100000;
  random_head random(3);
  for (const std::string_view front : {"\x78\x01", "\x78\x5E", "\x78\x9C", "\x78\xDA", "\x68\xDE",
                                       "\x48\x89", "\x28\x91", "\x18\x19", "\x08\x1D"}) {
    int found = 0;
    for (int round = 0; round < rounds; ++round) {
      found += recognize(random.next(round % 2 == 0 ? short_head : 320, front), false) ? 1 : 0;
    }
    EXPECT_LE(found, 2) << testing::PrintToString(front);
  }
}

TEST(magic, wants_much_evidence_for_jpeg_xl) {
  constexpr int rounds = 1000000;
  random_head random(4);
  int found = 0;
  for (int round = 0; round < rounds; ++round) {
    found += recognize(random.next(short_head, "\xFF\x0A"), false) ? 1 : 0;
  }
  EXPECT_LE(found, 4);
}

}  // namespace
