// restore_base64 and find_blob_references on any text, against a store that has some objects. The
// answer is compared with one put together from the references by other means.
//
// The first byte of an input says whether missing blobs stay, the second how much output is
// allowed; in the rest a control character stands for a reference, see `world`.
#include <jobqueue/base64.hpp>

#include <array>
#include <string>
#include <string_view>

#include "fuzz/fuzz.hpp"
#include "support/memory_store.hpp"
#include "support/random_documents.hpp"

namespace jobqueue::fuzz {
namespace {

std::string reference_to(std::string_view object, std::string_view type, std::string_view encoding,
                         std::uint64_t size) {
  const auto digest = sha256(std::as_bytes(std::span(object)));
  return "[BASE64_IMAGE_REMOVED sha256-" + digest.hex() + " " + std::string(type) + " " +
         std::to_string(size) + " " + std::string(encoding) + "]";
}

struct world {
  test::memory_store store;
  std::array<std::string, 32> references;  // by control character

  world() {
    const std::array<std::string, 5> objects{"", "a", "ab", "abc", std::string(1000, '\xFE')};
    for (const std::string& object : objects) {
      const auto bytes = std::as_bytes(std::span(object));
      require(store.put(sha256(bytes), bytes).has_value(), "a store in memory takes a blob");
    }
    constexpr std::array<std::string_view, 6> encodings{"std",       "std-nopad", "url",
                                                        "url-nopad", "data-uri",  "text"};
    const auto to = [](const std::string& object, std::string_view type,
                       std::string_view encoding) {
      return reference_to(object, type, encoding, object.size());
    };
    for (std::size_t i = 0; i < encodings.size(); ++i) {
      references[1 + i] = to(objects[1 + i % 4], "image/png", encodings[i]);
    }
    references[0x07] = to(objects[0], "image/svg+xml", "std");
    references[0x08] = to(objects[1], "application/octet-stream", "url");
    references[0x0B] = to(objects[2], "image\\/png", "data-uri");
    references[0x0C] = to(objects[3], "image\\u002Fsvg\\u002Bxml", "data-uri");
    references[0x0E] = reference_to(objects[3], "image/png", "std", 4);
    references[0x0F] = to("missing", "image/png", "std");
  }

  [[nodiscard]] std::string expanded(std::string_view input) const {
    std::string text;
    for (const char c : input) {
      const auto byte = static_cast<unsigned char>(c);
      const bool stands_for = byte < references.size() && !references[byte].empty();
      text += stands_for ? std::string_view(references[byte]) : std::string_view(&c, 1);
    }
    return text;
  }
};

// What a reference stands for.
std::string original(const blob_reference& reference, std::string_view object) {
  const auto base64 = [&](bool url, bool padded) {
    return test::random_documents::base64(object, url, padded);
  };
  switch (reference.encoding) {
    case blob_encoding::std_padded: return base64(false, true);
    case blob_encoding::std_unpadded: return base64(false, false);
    case blob_encoding::url_padded: return base64(true, true);
    case blob_encoding::url_unpadded: return base64(true, false);
    case blob_encoding::data_uri:
      return "data:" + reference.media_type + ";base64," + base64(false, true);
    case blob_encoding::text: break;
  }
  return std::string(object);
}

void check_references(std::string_view text, const std::vector<blob_reference>& references) {
  std::uint64_t at = 0;
  for (const blob_reference& reference : references) {
    require(reference.offset >= at && reference.size <= text.size() &&
                reference.offset <= text.size() - reference.size,
            "references are in order, apart from each other, and in the text");
    const std::string_view raw = text.substr(reference.offset, reference.size);
    require(raw.starts_with("[BASE64_") && raw.ends_with(']') &&
                raw.find_first_of("[\"]", 1) == raw.size() - 1,
            "a reference is in brackets");
    require(reference.media_type.find('/') != std::string::npos, "a reference has a media type");
    at = reference.offset + reference.size;
  }
}

// The first problem that restoring must report, or `ok` and the text.
struct expectation {
  errc code = errc::ok;
  std::uint64_t offset = no_offset;
  std::string text;
  std::uint64_t missing = 0;
};

expectation expect(std::string_view text, const std::vector<blob_reference>& references,
                   const blob_store& store, bool keep_missing) {
  expectation expected;
  std::uint64_t copied = 0;
  for (const blob_reference& reference : references) {
    const auto object = store.get(reference.digest, reference.object_size);
    if (!object && keep_missing && object.problem().code == errc::blob_missing) {
      ++expected.missing;
      continue;
    }
    if (!object) {
      expected.code = object.problem().code;
      expected.offset = reference.offset;
      return expected;
    }
    expected.text += text.substr(copied, reference.offset - copied);
    expected.text += original(reference, *object);
    copied = reference.offset + reference.size;
  }
  expected.text += text.substr(copied);
  return expected;
}

void run(choices& in) {
  static const world known;
  constexpr std::uint64_t limits[] = {0, 1, 100, 1000, 10000, 100000, 1U << 20U, 1ULL << 32U};
  restore_options options;
  options.keep_missing = (in.nibble() & 1U) != 0;
  options.max_output_bytes = in.pick(limits);
  const exact_text exact(known.expanded(in.rest()));
  const std::string_view text = exact.view();

  const auto references = find_blob_references(text);
  check_references(text, references);
  const auto answer = restore_base64(text, known.store, options);
  const expectation expected = expect(text, references, known.store, options.keep_missing);
  if (!answer) {
    const error& problem = answer.problem();
    require(problem.offset <= text.size(), "a problem is in the text");
    if (problem.code == errc::input_too_large) return;
    require(problem.code == expected.code && problem.offset == expected.offset,
            "a problem is that of the first reference that has one");
    return;
  }
  require(expected.code == errc::ok, "what cannot be restored is reported");
  require(answer->view(text) == expected.text, "a reference becomes what it stands for");
  require(answer->missing_count == expected.missing &&
              answer->restored_count == references.size() - expected.missing &&
              answer->changed == (answer->restored_count != 0),
          "every reference is counted");
  require(!answer->changed || answer->text.size() <= options.max_output_bytes,
          "the output is not larger than allowed");
  require(answer->changed || answer->text.empty(), "unchanged means an empty text");
}

}  // namespace
}  // namespace jobqueue::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  jobqueue::fuzz::choices in(data, size);
  jobqueue::fuzz::run(in);
  return 0;
}
