// The words of base64.hpp's enumerations.
#include <algorithm>
#include <array>
#include <utility>

#include <jobqueue/base64.hpp>

#include "core/base64_scan.hpp"

namespace jobqueue {
inline namespace v1 {
namespace {

constexpr std::pair<blob_encoding, std::string_view> encodings[] = {
    {blob_encoding::std_padded, "std"},    {blob_encoding::std_unpadded, "std-nopad"},
    {blob_encoding::url_padded, "url"},    {blob_encoding::url_unpadded, "url-nopad"},
    {blob_encoding::data_uri, "data-uri"}, {blob_encoding::text, "text"},
};

constexpr std::pair<simd_target, std::string_view> targets[] = {
    {simd_target::best, "best"}, {simd_target::scalar, "scalar"}, {simd_target::sse4, "sse4"},
    {simd_target::avx2, "avx2"}, {simd_target::avx3, "avx3"},     {simd_target::avx3_dl, "avx3_dl"},
    {simd_target::neon, "neon"},
};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value value) noexcept {
  const auto* found = std::find_if(std::begin(table), std::end(table),
                                   [&](const auto& entry) { return entry.first == value; });
  return found != std::end(table) ? found->second : std::string_view("unknown");
}

template <class Table>
auto value_in(const Table& table, std::string_view name) noexcept {
  return std::find_if(std::begin(table), std::end(table),
                      [&](const auto& entry) { return entry.second == name; });
}

}  // namespace

std::string_view to_string(blob_form form) noexcept {
  switch (form) {
    case blob_form::data_uri: return "data_uri";
    case blob_form::field: return "field";
    case blob_form::typed_pair: return "typed_pair";
    case blob_form::run: return "run";
  }
  return "unknown";
}

std::string_view to_string(blob_class kind) noexcept {
  switch (kind) {
    case blob_class::image: return "image";
    case blob_class::document: return "document";
    case blob_class::archive: return "archive";
    case blob_class::audio: return "audio";
    case blob_class::video: return "video";
    case blob_class::model: return "model";
    case blob_class::compressed: return "compressed";
    case blob_class::font: return "font";
    case blob_class::executable: return "executable";
    case blob_class::database: return "database";
    case blob_class::text: return "text";
    case blob_class::data: return "data";
  }
  return "unknown";
}

std::string_view to_string(cut_evidence evidence) noexcept {
  switch (evidence) {
    case cut_evidence::magic: return "magic";
    case cut_evidence::declared: return "declared";
    case cut_evidence::name: return "name";
    case cut_evidence::neighbour: return "neighbour";
    case cut_evidence::content: return "content";
    case cut_evidence::naive: return "naive";
  }
  return "unknown";
}

std::string_view to_string(keep_reason reason) noexcept {
  switch (reason) {
    case keep_reason::object_key: return "object_key";
    case keep_reason::not_shorter: return "not_shorter";
    case keep_reason::short_unknown: return "short_unknown";
    case keep_reason::hex: return "hex";
    case keep_reason::sequence: return "sequence";
    case keep_reason::words: return "words";
    case keep_reason::url: return "url";
    case keep_reason::token: return "token";
    case keep_reason::key_material: return "key_material";
    case keep_reason::protected_field: return "protected_field";
    case keep_reason::protected_shape: return "protected_shape";
    case keep_reason::queue_payload: return "queue_payload";
  }
  return "unknown";
}

std::string_view to_string(blob_encoding encoding) noexcept { return name_in(encodings, encoding); }

result<blob_encoding> parse_blob_encoding(std::string_view name) {
  const auto* found = value_in(encodings, name);
  if (found != std::end(encodings)) return found->first;
  return error{errc::invalid_argument, no_offset,
               "a blob encoding is one of std, std-nopad, url, url-nopad, data-uri, text"};
}

std::string_view to_string(simd_target target) noexcept { return name_in(targets, target); }

result<simd_target> parse_simd_target(std::string_view name) {
  const auto* found = value_in(targets, name);
  if (found == std::end(targets)) {
    return error{errc::invalid_argument, no_offset,
                 "a SIMD target is one of best, scalar, sse4, avx2, avx3, avx3_dl, neon"};
  }
  if (!detail::simd_target_available(found->first)) {
    return error{errc::invalid_argument, no_offset, "this CPU cannot run the wanted SIMD target"};
  }
  return found->first;
}

}  // namespace v1
}  // namespace jobqueue
