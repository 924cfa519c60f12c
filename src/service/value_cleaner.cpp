#include "service/value_cleaner.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace jobqueue::detail {
namespace {

class nowhere final : public blob_store {
 public:
  status put(const sha256_digest&, std::span<const std::byte>) override { return done; }
  result<std::string> get(const sha256_digest&, std::uint64_t) const override {
    return error{errc::blob_missing, no_offset, "a dry run keeps no blobs"};
  }
};

void add_totals(clean_totals& totals, const cleaned_value& value) {
  ++totals.values_changed;
  totals.blobs += value.cut_count;
  totals.bytes_removed += value.bytes_removed;
  for (std::size_t i = 0; i < totals.by_class.size(); ++i) {
    totals.by_class[i].count += value.by_class[i].count;
    totals.by_class[i].bytes_before += value.by_class[i].bytes_before;
    totals.by_class[i].bytes_after += value.by_class[i].bytes_after;
  }
}

}  // namespace

value_cleaner::value_cleaner(const clean_options& options)
    : options_(options), sanitize_(options.sanitize) {
  sanitize_.format = document_format::auto_detect;
  sanitize_.report = true;
  sanitize_.report_details = options.dry_run;  // which shows samples
  sanitize_.report_kept = false;
  sanitize_.sync_store = false;
  sanitize_.store = options.dry_run ? nullptr : options.vault;
  if (options.dry_run && (options.vault != nullptr || options.count_as_with_vault)) {
    nowhere_ = std::make_unique<nowhere>();
    sanitize_.store = nowhere_.get();
  }
}

void value_cleaner::count_seen(std::string_view place, std::uint64_t bytes) {
  for (clean_totals* totals : {&report_.by_place[std::string(place)], &report_.totals}) {
    ++totals->values_seen;
    totals->bytes_seen += bytes;
  }
}

result<std::optional<cleaned_value>> value_cleaner::clean(std::string_view place,
                                                          std::string_view locator,
                                                          std::string_view text) {
  return clean_text(place, locator, text, false);
}

result<std::optional<cleaned_value>> value_cleaner::clean_owned(std::string_view place,
                                                                std::string_view locator,
                                                                std::string& text) {
  auto value = clean_text(place, locator, text, true);
  if (value && *value) (*value)->before = std::move(text);
  return value;
}

result<std::optional<cleaned_value>> value_cleaner::clean_text(std::string_view place,
                                                               std::string_view locator,
                                                               std::string_view text,
                                                               bool is_given) {
  count_seen(place, text.size());
  auto answer = sanitize_base64(text, sanitize_);
  if (!answer) return answer.problem();
  // A placeholder may be longer than a short blob: then there is nothing to win.
  if (!answer->changed || answer->text.size() >= text.size()) {
    return std::optional<cleaned_value>();
  }
  cleaned_value value;
  value.entry.place = place;
  value.entry.locator = locator;
  value.cut_count = answer->cut_count;
  value.by_class = answer->by_class;
  value.bytes_removed = text.size() - answer->text.size();
  if (!options_.dry_run) {
    if (!is_given) value.entry.before = digest_of(text);
    value.entry.after = digest_of(answer->text);
  }
  const bool is_kept_here = !options_.dry_run && options_.vault == nullptr;
  cut_noter note;
  for (const blob_cut& cut : answer->cuts) {
    const bool is_copied = is_kept_here && !is_given;
    note.add(value, cut, is_copied ? text.substr(cut.offset, cut.size) : std::string_view());
    if (is_kept_here && is_given) value.originals.emplace_back(cut.offset, cut.size);
  }
  value.text = std::move(answer->text);
  return std::optional<cleaned_value>(std::move(value));
}

status value_cleaner::make_durable(std::span<cleaned_value> values) const {
  if (options_.dry_run || values.empty()) return done;
  if (options_.vault != nullptr) {
    if (status synced = options_.vault->sync(); !synced) return synced;
  }
  for (cleaned_value& value : values) {
    if (value.before.empty()) {
      options_.journal->add(value.entry);
      continue;
    }
    value.entry.before = digest_of(value.before);
    for (std::size_t i = 0; i < value.originals.size(); ++i) {
      const auto [offset, size] = value.originals[i];
      value.entry.cuts[i].original.assign(value.before, offset, size);
    }
    options_.journal->add(value.entry);
    // The journal has them now.
    for (journal_cut& cut : value.entry.cuts) cut.original = {};
    value.originals = {};
    value.before = {};
  }
  return options_.journal->sync();
}

void value_cleaner::keep_sample(const cleaned_value& value) {
  constexpr std::size_t samples_of_place = 3;
  std::vector<clean_sample>& kept = report_.samples[value.entry.place];
  const auto at = std::find_if(kept.begin(), kept.end(), [&value](const clean_sample& sample) {
    return sample.bytes_removed < value.bytes_removed;
  });
  if (at == kept.end() && kept.size() == samples_of_place) return;
  const blob_cut& largest = value.largest;
  kept.insert(at, {value.entry.locator, value.bytes_removed, value.cut_count, largest.size,
                   largest.kind, largest.media_type, largest.pointer});
  if (kept.size() > samples_of_place) kept.pop_back();
}

void value_cleaner::count_changed(const cleaned_value& value) {
  if (options_.dry_run) keep_sample(value);
  add_totals(report_.by_place[value.entry.place], value);
  add_totals(report_.totals, value);
}

void value_cleaner::count_skipped(std::string_view place) {
  ++report_.by_place[std::string(place)].values_skipped;
  ++report_.totals.values_skipped;
}

void value_cleaner::mark(std::string_view place, std::string_view cursor) const {
  if (!options_.dry_run && options_.journal != nullptr) options_.journal->mark(place, cursor);
}

bool value_cleaner::go_on(std::string_view place, std::uint64_t done_so_far, std::uint64_t all) {
  if (!options_.observe) return true;
  if (options_.observe({place, done_so_far, std::max(all, done_so_far), report_.totals})) {
    return true;
  }
  report_.stopped = true;
  return false;
}

status check_clean_options(const clean_options& options) {
  constexpr std::size_t most_batch = 10'000;
  const auto invalid = [](std::string_view sentence) {
    return error{errc::invalid_argument, no_offset, std::string(sentence)};
  };
  if (options.batch < 1 || options.batch > most_batch) {
    return invalid("a batch has 1 to 10,000 values");
  }
  if (options.sample != 0 && !options.dry_run) return invalid("only a dry run can be of a sample");
  if (!options.dry_run && options.journal == nullptr) {
    return invalid("cleaning needs a journal, by which it can be undone");
  }
  return done;
}

result<std::optional<std::string>> undo_value(const journal_entry& entry, std::string_view text,
                                              const blob_store* vault) {
  if (digest_of(text) != entry.after) return std::optional<std::string>();
  std::string original;
  std::size_t at = 0;
  for (const journal_cut& cut : entry.cuts) {
    if (cut.offset < at || cut.offset > text.size() || cut.size > text.size() - cut.offset) {
      return error{errc::blob_corrupt, no_offset, "the journal names a place outside of the value"};
    }
    original.append(text.substr(at, cut.offset - at));
    at = cut.offset + cut.size;
    if (!cut.original.empty()) {
      original += cut.original;
      continue;
    }
    if (vault == nullptr) {
      return error{errc::invalid_argument, no_offset,
                   "the blobs of this journal are in a vault; name it with --vault"};
    }
    auto restored = restore_base64(text.substr(cut.offset, cut.size), *vault);
    if (!restored) return restored.problem();
    original += restored->text;
  }
  original.append(text.substr(at));
  if (digest_of(original) != entry.before) {
    return error{errc::blob_corrupt, no_offset, "what the journal restores is not what was there"};
  }
  return std::optional<std::string>(std::move(original));
}

pacer::pacer(const clean_options& options)
    : wanted_(options.batch_time),
      max_bytes_per_second_(options.max_bytes_per_second),
      most_(std::max<std::size_t>(options.batch, 1)),
      batch_(std::min<std::size_t>(most_, 50)),
      begun_(clock::now()),
      paid_until_(begun_) {}

void pacer::begin() { begun_ = clock::now(); }

void pacer::end(std::uint64_t bytes) {
  const clock::time_point now = clock::now();
  const auto took = now - begun_;
  if (took > 2 * wanted_) {
    batch_ = std::max<std::size_t>(batch_ / 2, 1);
  } else if (took < wanted_) {
    batch_ = std::min(most_, batch_ + batch_ / 5 + 1);
  }
  if (max_bytes_per_second_ == 0) return;
  // Each batch pays for its bytes with time; what was not used is no credit for a burst.
  paid_until_ = std::max(paid_until_, begun_) +
                std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(
                    static_cast<double>(bytes) / static_cast<double>(max_bytes_per_second_)));
  std::this_thread::sleep_until(paid_until_);
}

}  // namespace jobqueue::detail
