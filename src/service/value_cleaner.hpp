// What cleaning one value means, wherever it is stored.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqueue/service/cleaner.hpp>

namespace jobqueue::detail {

// A value without its blobs, not written yet.
struct cleaned_value {
  std::string text;
  journal_entry entry;
  std::uint64_t cut_count = 0;
  std::array<blob_totals, blob_class_count> by_class{};
  std::uint64_t bytes_removed = 0;
  blob_cut largest;
  // The value as it was, if it was given away: of that the journal still has to get the digest, and
  // what stood at these places, by offset and size.
  std::string before;
  std::vector<std::pair<std::size_t, std::size_t>> originals;
};

// Notes where placeholders are in the output, by where the cuts were in the input.
class cut_noter {
 public:
  void add(cleaned_value& value, const blob_cut& cut, std::string_view original) {
    value.entry.cuts.push_back(
        {cut.offset - removed_, cut.replacement_size, std::string(original)});
    removed_ += cut.size;
    removed_ -= cut.replacement_size;
    if (cut.size > value.largest.size) value.largest = cut;
  }

 private:
  std::uint64_t removed_ = 0;
};

[[nodiscard]] inline sha256_digest digest_of(std::string_view text) {
  return sha256(std::as_bytes(std::span(text)));
}

class value_cleaner {
 public:
  explicit value_cleaner(const clean_options& options);

  // The value without its blobs, or nothing if it has none. Counts it as seen.
  [[nodiscard]] result<std::optional<cleaned_value>> clean(std::string_view place,
                                                           std::string_view locator,
                                                           std::string_view text);
  // The same for a value that is not needed any more if it has blobs: it is kept until its way back
  // is durable, and spares copying them.
  [[nodiscard]] result<std::optional<cleaned_value>> clean_owned(std::string_view place,
                                                                 std::string_view locator,
                                                                 std::string& text);
  // The same of a value that is read piece by piece: `next` gives the next one, empty at the end.
  // Not without a vault, unless it is a dry run.
  [[nodiscard]] result<std::optional<cleaned_value>> clean_pieces(
      std::string_view place, std::string_view locator,
      const std::function<result<std::string_view>()>& next);
  // The same for a large value, which is used up: what is left of it takes its place in memory.
  [[nodiscard]] result<std::optional<cleaned_value>> clean_in_place(std::string_view place,
                                                                    std::string_view locator,
                                                                    std::string& text);
  // After this the values may be written: their blobs and the way back are durable. Nothing in a
  // dry run.
  [[nodiscard]] status make_durable(std::span<cleaned_value> values) const;
  // A value was written, or would be; or it was left alone.
  void count_changed(const cleaned_value& value);
  void count_skipped(std::string_view place);
  // A batch of a place is done, to where `cursor` is. Durable with the next batch: what is before
  // may be read again, and then there is nothing to do.
  void mark(std::string_view place, std::string_view cursor) const;
  // Calls the observer; false if the run shall end.
  [[nodiscard]] bool go_on(std::string_view place, std::uint64_t done, std::uint64_t all);

  [[nodiscard]] clean_report& report() noexcept { return report_; }
  [[nodiscard]] const clean_options& options() const noexcept { return options_; }

 private:
  // `is_given`: the text will be in `cleaned_value::before`.
  [[nodiscard]] result<std::optional<cleaned_value>> clean_text(std::string_view place,
                                                                std::string_view locator,
                                                                std::string_view text,
                                                                bool is_given);
  void count_seen(std::string_view place, std::uint64_t bytes);
  void keep_sample(const cleaned_value& value);

  clean_options options_;
  sanitize_options sanitize_;
  std::unique_ptr<blob_store> nowhere_;  // a vault that keeps nothing, for a dry run
  clean_report report_;
};

// `invalid_argument` for options that no cleaner takes.
[[nodiscard]] status check_clean_options(const clean_options& options);

// The value as it was, if `text` is what the entry left behind; nothing if it is something else.
// `blob_missing` and the like come from the vault; `blob_corrupt` if the outcome is not what was.
[[nodiscard]] result<std::optional<std::string>> undo_value(const journal_entry& entry,
                                                            std::string_view text,
                                                            const blob_store* vault);

// How large a batch may be and when it may begin, by how long the last ones took.
class pacer {
 public:
  explicit pacer(const clean_options& options);
  [[nodiscard]] std::size_t batch() const noexcept { return batch_; }
  // Around the work of a batch that reads `bytes`; the second sleeps as long as the limits ask for.
  void begin();
  void end(std::uint64_t bytes);

 private:
  using clock = std::chrono::steady_clock;
  std::chrono::milliseconds wanted_;
  std::uint64_t max_bytes_per_second_;
  std::size_t most_;
  std::size_t batch_;
  clock::time_point begun_;
  clock::time_point paid_until_;
};

}  // namespace jobqueue::detail
