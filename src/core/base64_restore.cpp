#include <jobqueue/base64.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/base64_codec.hpp"
#include "core/base64_placeholder.hpp"
#include "core/base64_shapes.hpp"

namespace jobqueue {

namespace detail {

void append_placeholder(blob_class kind, std::string& out) {
  out.append(kind == blob_class::image ? image_removed : data_removed);
  out.push_back(']');
}

void append_reference(const blob_cut& cut, std::uint64_t object_size, std::string& out) {
  out.append(cut.kind == blob_class::image ? image_removed : data_removed);
  out.append(" sha256-").append(cut.digest.hex());
  out.append(" ").append(cut.media_type);
  out.append(" ").append(std::to_string(object_size));
  out.append(" ").append(to_string(cut.encoding)).append("]");
}

}  // namespace detail

inline namespace v1 {
namespace {

constexpr std::size_t npos = std::string_view::npos;
// Two words, a digest, a media type of 127 characters with every slash and plus escaped, a size and
// an encoding: no reference of ours is longer.
constexpr std::size_t max_reference = 1024;

bool is_reference_char(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view(" -+/._\\").find(c) != npos;
}

// Takes the next word off `rest`, which a space ends.
std::string_view next_word(std::string_view& rest) noexcept {
  const std::size_t space = rest.find(' ');
  const std::string_view word = rest.substr(0, space);
  rest.remove_prefix(space == npos ? rest.size() : space + 1);
  return word;
}

// The reference that begins at `at`, where "[BASE64_" stands; or nothing (size 0).
blob_reference read_reference(std::string_view input, std::size_t at) {
  std::string_view text = input.substr(at, max_reference);
  std::size_t head = 0;
  for (const std::string_view word : {detail::image_removed, detail::data_removed}) {
    if (text.starts_with(word)) head = word.size();
  }
  constexpr std::string_view digest_prefix = " sha256-";
  if (head == 0 || !text.substr(head).starts_with(digest_prefix)) return {};
  std::size_t close = head;
  while (close < text.size() && is_reference_char(text[close])) ++close;
  if (close == text.size() || text[close] != ']') return {};

  std::string_view rest =
      text.substr(head + digest_prefix.size(), close - head - digest_prefix.size());
  const auto digest = sha256_digest::from_hex(next_word(rest));
  std::string media_type = detail::clean_media_type(next_word(rest));
  const std::string_view size = next_word(rest);
  const auto encoding = parse_blob_encoding(next_word(rest));
  blob_reference reference;
  const auto [end, failed] =
      std::from_chars(size.data(), size.data() + size.size(), reference.object_size);
  if (!digest || media_type.empty() || failed != std::errc() || end != size.data() + size.size() ||
      !encoding || !rest.empty()) {
    return {};
  }
  reference.offset = at;
  reference.size = close + 1;
  reference.digest = *digest;
  reference.media_type = std::move(media_type);
  reference.encoding = *encoding;
  return reference;
}

// Calls `visit(reference)` for each reference in order, until it returns a problem.
template <class Visit>
status for_each_reference(std::string_view input, Visit visit) {
  constexpr std::string_view mark = "[BASE64_";
  for (std::size_t at = input.find(mark); at != npos;) {
    const blob_reference reference = read_reference(input, at);
    if (reference.size != 0) {
      if (status visited = visit(reference); !visited) return visited;
    }
    at = input.find(mark, at + std::max<std::uint64_t>(reference.size, mark.size()));
  }
  return done;
}

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) noexcept {
  return a + b < a ? ~std::uint64_t{0} : a + b;
}

// How many characters the object becomes.
std::uint64_t text_size(const blob_reference& reference) noexcept {
  const std::uint64_t size = reference.object_size;
  if (size > ~std::uint64_t{0} / 2) return ~std::uint64_t{0};
  switch (reference.encoding) {
    case blob_encoding::text: return size;
    case blob_encoding::std_unpadded:
    case blob_encoding::url_unpadded: return size / 3 * 4 + (size % 3 == 0 ? 0 : size % 3 + 1);
    case blob_encoding::data_uri: return (size + 2) / 3 * 4 + 5 + reference.media_type.size() + 8;
    case blob_encoding::std_padded:
    case blob_encoding::url_padded: break;
  }
  return (size + 2) / 3 * 4;
}

void append_original(const blob_reference& reference, std::string_view object, std::string& out) {
  switch (reference.encoding) {
    case blob_encoding::text: out.append(object); return;
    case blob_encoding::data_uri:
      out.append("data:").append(reference.media_type).append(";base64,");
      detail::encode_base64(object, blob_encoding::std_padded, out);
      return;
    default: detail::encode_base64(object, reference.encoding, out);
  }
}

}  // namespace

result<restored> restore_base64(std::string_view input, const blob_store& store,
                                const restore_options& options) {
  restored answer;
  std::size_t copied = 0;
  const status walked = for_each_reference(input, [&](const blob_reference& reference) -> status {
    const std::uint64_t size = answer.text.size() + (reference.offset - copied);
    if (saturating_add(size, text_size(reference)) > options.max_output_bytes) {
      return error{errc::input_too_large, reference.offset,
                   "the restored text would exceed max_output_bytes"};
    }
    auto object = store.get(reference.digest, reference.object_size);
    if (!object) {
      if (options.keep_missing && object.problem().code == errc::blob_missing) {
        ++answer.missing_count;
        return done;
      }
      error problem = object.problem();
      problem.offset = reference.offset;
      return problem;
    }
    answer.changed = true;
    ++answer.restored_count;
    answer.text.append(input.substr(copied, reference.offset - copied));
    append_original(reference, *object, answer.text);
    copied = reference.offset + reference.size;
    return done;
  });
  if (!walked) return walked.problem();
  if (answer.changed) {
    if (answer.text.size() + (input.size() - copied) > options.max_output_bytes) {
      return error{errc::input_too_large, copied,
                   "the restored text would exceed max_output_bytes"};
    }
    answer.text.append(input.substr(copied));
  }
  return answer;
}

std::vector<blob_reference> find_blob_references(std::string_view input) {
  std::vector<blob_reference> references;
  const status walked = for_each_reference(input, [&](const blob_reference& reference) -> status {
    references.push_back(reference);
    return done;
  });
  static_cast<void>(walked);
  return references;
}

}  // namespace v1
}  // namespace jobqueue
