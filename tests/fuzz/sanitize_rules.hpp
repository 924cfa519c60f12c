// What holds for every answer of sanitize_base64 and sanitize_base64_value: the equations of
// base64.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/base64.hpp>

#include "fuzz/fuzz.hpp"
#include "support/memory_store.hpp"
#include "support/simd_targets.hpp"

namespace jobqueue::fuzz {

// Names that inputs choose to be cut or protected; see choose_options.
inline const std::vector<std::string>& cut_names() {
  static const std::vector<std::string> names{"attachment", "raw", "body_part"};
  return names;
}
inline const std::vector<std::string>& protected_names() {
  static const std::vector<std::string> names{"keep", "thumbnail", "image_base64"};
  return names;
}

// Options by the first four bytes of an input; "0000" is the default.
inline sanitize_options choose_options(choices& in) {
  constexpr std::size_t min_runs[] = {100, 32, 40, 64, 94, 95, 96, 128};
  constexpr std::size_t min_unknown[] = {1000, 0, 100, 300, 4096};
  constexpr unsigned depths[] = {8, 0, 1, 16};
  sanitize_options options;
  const unsigned flags = in.nibble();
  if ((flags & 1U) != 0) options.mode = detection::naive;
  options.cut_protected = (flags & 2U) != 0;
  if ((flags & 4U) != 0) options.cut_fields = cut_names();
  if ((flags & 8U) != 0) options.protect_fields = protected_names();
  options.min_run_chars = in.pick(min_runs);
  options.min_unknown_chars = std::max(in.pick(min_unknown), options.min_run_chars);
  const unsigned last = in.nibble();
  options.format = static_cast<document_format>(last % 4);
  options.max_depth = depths[last / 4];
  return options;
}

inline std::string placeholder_of(const blob_cut& cut, bool stored) {
  std::string text =
      cut.kind == blob_class::image ? "[BASE64_IMAGE_REMOVED" : "[BASE64_DATA_REMOVED";
  if (stored) {
    const auto size = cut.encoding == blob_encoding::text ? cut.size : cut.decoded_size;
    text += " sha256-" + cut.digest.hex() + " " + cut.media_type + " " + std::to_string(size) +
            " " + std::string(to_string(cut.encoding));
  }
  return text + "]";
}

// The report accounts for every byte of the output.
inline void check_report(std::string_view text, const sanitized& answer, bool stored) {
  require(answer.changed == !answer.cuts.empty(), "changed means that something was cut");
  require(answer.changed || answer.text.empty(), "unchanged means an empty text");
  require(answer.cut_count == answer.cuts.size(), "every cut is reported");
  std::string expected;
  std::uint64_t at = 0;
  std::uint64_t cut_bytes = 0;
  std::array<blob_totals, blob_class_count> by_class{};
  for (const blob_cut& cut : answer.cuts) {
    require(cut.offset >= at && cut.size <= text.size() && cut.offset <= text.size() - cut.size,
            "cuts are in order, apart from each other, and in the input");
    const std::string placeholder = placeholder_of(cut, stored);
    require(placeholder.size() < cut.size, "a placeholder is shorter than what it replaces");
    expected += text.substr(at, cut.offset - at);
    expected += placeholder;
    at = cut.offset + cut.size;
    cut_bytes += cut.size;
    blob_totals& totals = by_class.at(static_cast<std::size_t>(cut.kind));
    ++totals.count;
    totals.bytes_before += cut.size;
    totals.bytes_after += placeholder.size();
  }
  expected += text.substr(at);
  require(answer.view(text) == expected, "outside the cuts, output equals input");
  require(answer.cut_bytes == cut_bytes, "cut_bytes is the sum of the cuts");
  const auto same = [](const blob_totals& a, const blob_totals& b) {
    return a.count == b.count && a.bytes_before == b.bytes_before && a.bytes_after == b.bytes_after;
  };
  require(std::equal(by_class.begin(), by_class.end(), answer.by_class.begin(), same),
          "the totals are those of the cuts");
  const blob_kept* before = nullptr;
  for (const blob_kept& kept : answer.kept) {
    require(before == nullptr || kept.offset > before->offset, "what is kept is in order");
    require(kept.size <= text.size() && kept.offset <= text.size() - kept.size,
            "what is kept is in the input");
    before = &kept;
  }
}

inline void require_equal(const sanitized& a, const sanitized& b, const char* rule) {
  require(a.changed == b.changed && a.text == b.text && a.cut_count == b.cut_count &&
              a.cut_bytes == b.cut_bytes,
          rule);
}

// Puts what `sanitize(text, options)` answers to the test, and returns it. `options` has no store.
template <class Sanitize>
sanitized check_sanitize(std::string_view text, const sanitize_options& options,
                         Sanitize sanitize) {
  const auto call = [&](std::string_view input, const sanitize_options& chosen) {
    auto answer = sanitize(input, chosen);
    require(answer.has_value(), "sanitizing does not fail without a reason");
    return *std::move(answer);
  };
  sanitize_options chosen = options;
  chosen.simd = simd_target::scalar;
  sanitized plain = call(text, chosen);
  require(plain.cuts.empty() && plain.kept.empty(), "no report unless asked");
  for (const simd_target target : test::simd_targets()) {
    chosen.simd = target;
    require_equal(call(text, chosen), plain, "every SIMD target gives the same bytes");
  }
  chosen.simd = simd_target::best;
  chosen.report = true;
  chosen.report_kept = true;
  const sanitized reported = call(text, chosen);
  require_equal(reported, plain, "a report changes nothing");
  check_report(text, reported, false);
  const exact_text lean(plain.view(text));
  require(!call(lean.view(), chosen).changed, "sanitizing twice changes nothing");

  test::memory_store store;
  chosen.store = &store;
  const sanitized stored = call(text, chosen);
  check_report(text, stored, true);
  const exact_text referring(stored.view(text));
  require(!call(referring.view(), chosen).changed, "sanitizing references changes nothing");
  const bool has_own_references = !find_blob_references(text).empty();
  const auto back = restore_base64(referring.view(), store, {.keep_missing = has_own_references});
  if (has_own_references) return reported;
  require(back.has_value(), "what was stored can be restored");
  require(back->view(referring.view()) == text, "restore(sanitize(x)) == x");
  require(back->restored_count == stored.cut_count, "there is one reference for each cut");
  return reported;
}

}  // namespace jobqueue::fuzz
