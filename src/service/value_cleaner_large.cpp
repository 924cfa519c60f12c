#include <algorithm>
#include <utility>

#include "core/sha256.hpp"
#include "service/value_cleaner.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 18;

}  // namespace

result<std::optional<cleaned_value>> value_cleaner::clean_pieces(
    std::string_view place, std::string_view locator,
    const std::function<result<std::string_view>()>& next) {
  base64_sanitizer sanitizer(sanitize_);
  sha256_stream before;
  cut_noter note;
  cleaned_value value;
  value.entry.place = place;
  value.entry.locator = locator;
  std::uint64_t size = 0;
  sanitized last;
  for (bool more = true; more;) {
    const auto piece = next();
    if (!piece) return piece.problem();
    more = !piece->empty();
    before.update(std::as_bytes(std::span(*piece)));
    size += piece->size();
    const status taken = more ? sanitizer.update(*piece, value.text) : sanitizer.finish(value.text);
    if (!taken) return taken.problem();
    last = sanitizer.take_report();
    for (const blob_cut& cut : last.cuts) note.add(value, cut, {});
  }
  count_seen(place, size);
  if (!last.changed || value.text.size() >= size) return std::optional<cleaned_value>();
  value.cut_count = last.cut_count;
  value.by_class = last.by_class;
  value.bytes_removed = size - value.text.size();
  value.entry.before = before.finish();
  value.entry.after = digest_of(value.text);
  return std::optional<cleaned_value>(std::move(value));
}

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
  cut_noter note;
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
      const bool is_noted = !options_.dry_run && options_.vault == nullptr;
      note.add(value, cut,
               is_noted ? std::string_view(text).substr(cut.offset, cut.size) : std::string_view());
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
