#include <algorithm>
#include <utility>

#include "service/value_cleaner.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 18;

sha256_digest digest_of(std::string_view text) { return sha256(std::as_bytes(std::span(text))); }

}  // namespace

// The output of what has been read is never longer than that, for no placeholder is longer than its
// blob; so it goes where the input was.
result<std::optional<cleaned_value>> value_cleaner::clean_in_place(std::string_view place,
                                                                   std::string_view locator,
                                                                   std::string& text) {
  count_seen(place, text.size());
  cleaned_value value;
  if (!options_.dry_run) value.entry.before = digest_of(text);
  const std::size_t size = text.size();
  base64_sanitizer sanitizer(sanitize_);
  std::string out;
  std::size_t written = 0;
  std::uint64_t removed = 0;
  sanitized report;
  for (std::size_t at = 0; at <= size; at += piece_bytes) {
    out.clear();
    const std::string_view piece = std::string_view(text).substr(at, piece_bytes);
    if (const status updated = sanitizer.update(piece, out); !updated) return updated.problem();
    if (size - at < piece_bytes) {
      if (const status finished = sanitizer.finish(out); !finished) return finished.problem();
    }
    report = sanitizer.take_report();
    for (const blob_cut& cut : report.cuts) {
      journal_cut& noted = value.entry.cuts.emplace_back();
      noted.offset = cut.offset - removed;
      noted.size = cut.replacement_size;
      if (!options_.dry_run && options_.vault == nullptr) {
        noted.original = text.substr(cut.offset, cut.size);
      }
      removed += cut.size;
      removed -= cut.replacement_size;
    }
    std::copy(out.begin(), out.end(), text.begin() + static_cast<std::ptrdiff_t>(written));
    written += out.size();
  }
  if (!report.changed || written >= size) return std::optional<cleaned_value>();
  text.resize(written);
  value.cut_count = report.cut_count;
  value.by_class = report.by_class;
  value.bytes_removed = size - written;
  value.entry.place = place;
  value.entry.locator = locator;
  if (!options_.dry_run) value.entry.after = digest_of(text);
  value.text = std::move(text);
  return std::optional<cleaned_value>(std::move(value));
}

}  // namespace jobqueue::detail
