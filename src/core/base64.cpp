#include <jobqueue/base64.hpp>

#include <algorithm>
#include <bit>
#include <utility>

#include "core/base64_codec.hpp"
#include "core/base64_judge.hpp"
#include "core/base64_placeholder.hpp"
#include "core/base64_scan.hpp"
#include "core/json_check.hpp"
#include "core/json_tracker.hpp"

namespace jobqueue {
inline namespace v1 {
namespace {

using detail::judgement;
using detail::raw_unit;

// The words that announce a blob which may be shorter than a run.
std::vector<std::string> announcing_words(std::span<const std::string> extra) {
  std::vector<std::string> words{std::string(detail::data_uri_needle)};
  for (const std::string_view name : default_cut_fields()) words.emplace_back(name);
  words.insert(words.end(), extra.begin(), extra.end());
  return words;
}

const detail::needle_set& default_needles() {
  static const detail::needle_set needles(announcing_words({}));
  return needles;
}

const detail::needle_set& no_needles() {
  static const detail::needle_set needles({});
  return needles;
}

// One pass over one input.
class sanitizer {
 public:
  sanitizer(std::string_view text, const sanitize_options& options, const value_context* outside)
      : text_(text),
        options_(options),
        kernels_(detail::kernels_for(options.simd)),
        judge_(text, options, kernels_, outside),
        tracker_(text, options.max_depth, options.report) {}

  result<sanitized> run() {
    if (naive()) {
      plan_.needles = &no_needles();
    } else if (options_.cut_fields.empty()) {
      plan_.needles = &default_needles();
    } else {
      own_needles_.emplace(announcing_words(options_.cut_fields));
      plan_.needles = &*own_needles_;
    }
    // A window of 32 in every 64 bytes lies whole in any run of 95 or more.
    plan_.min_run = options_.min_run_chars;
    plan_.dense = options_.min_run_chars < 95;

    if (status looked = look_at_whole_value(); !looked) return looked.problem();
    for (std::size_t from = cut_end_; from < text_.size();) {
      const auto hit = kernels_.find(bytes(), text_.size(), from, plan_);
      if (hit.block >= text_.size()) break;
      const std::size_t cuts_end = cut_end_;
      status looked = look_at_block(hit);
      if (!looked) return looked.problem();
      // Behind a cut the blocks are counted anew.
      from = cut_end_ != cuts_end ? cut_end_ : hit.block + detail::scan_block;
    }
    if (!answer_.changed) return std::move(answer_);
    answer_.text.append(text_.substr(cut_end_));
    if (options_.store != nullptr && options_.sync_store) {
      if (status synced = options_.store->sync(); !synced) return synced.problem();
    }
    return std::move(answer_);
  }

 private:
  [[nodiscard]] bool naive() const noexcept { return options_.mode == detection::naive; }
  [[nodiscard]] const std::uint8_t* bytes() const noexcept {
    return reinterpret_cast<const std::uint8_t*>(text_.data());
  }

  // Takes what a block holds in its order, up to the first cut.
  status look_at_block(const detail::scan_hit& hit) {
    const std::size_t cuts_end = cut_end_;
    const std::size_t probed = plan_.dense ? detail::scan_block : detail::scan_block / 2;
    const std::size_t runs_end = hit.run ? std::min(text_.size(), hit.block + probed) : 0;
    for (std::uint64_t bits = hit.needles; bits != 0; bits &= bits - 1) {
      const std::size_t at = hit.block + static_cast<std::size_t>(std::countr_zero(bits));
      if (status looked = look_at_runs(hit.block, std::min(at, runs_end)); !looked) return looked;
      if (cut_end_ != cuts_end) return done;
      if (status looked = look_at_needle(at); !looked) return looked;
      if (cut_end_ != cuts_end) return done;
    }
    return look_at_runs(hit.block, runs_end);
  }

  // The undecided runs that overlap [block, limit), from where the first of them begins.
  status look_at_runs(std::size_t block, std::size_t limit) {
    if (limit <= decided_) return done;
    std::size_t at = std::max(block, decided_);
    while (at > decided_ && detail::run_bytes.contains(static_cast<unsigned char>(text_[at - 1]))) {
      --at;
    }
    // What follows characters that were left alone is no run of its own, but their tail.
    bool glued = at == decided_ && decided_in_run_;
    while (at < limit) {
      const raw_unit unit = detail::read_unit(text_, at);
      // Two dashes begin a ruler or an option; base64url begins with two once in 4096.
      const bool ruler = text_.substr(at, 2) == "--" || (at == ruler_goes_on_ && text_[at] == '-');
      if (ruler) ruler_goes_on_ = at + 1;
      if (ruler || unit.what != raw_unit::kind::symbol || (naive() && unit.size != 1)) {
        at += std::max<std::size_t>(unit.size, 1);
        glued = false;
        continue;
      }
      judgement j = naive() ? judge_.look_at_naively(at) : judge_.look_at(at, cut_end_, false);
      if (!glued) {
        if (status decided = decide(j); !decided) return decided;
        if (j.cut) return done;
      }
      at = std::max(j.run.end, at + unit.size);
      glued = !naive() && j.run.padding == 0;
    }
    decided_ = at;
    decided_in_run_ = glued;
    return done;
  }

  // A value in hand is announced by its name, which is not in the text.
  status look_at_whole_value() {
    if (naive() || !judge_.is_announced()) return done;
    judgement j = judge_.look_at(0, 0, true);
    return decide(j);
  }

  status look_at_needle(std::size_t at) {
    for (const auto& needle : plan_.needles->needles()) {
      if (at < needle.fingerprint) continue;
      const auto value = detail::announced_value(text_, at - needle.fingerprint, needle.word);
      if (!value || *value < decided_) continue;
      judgement j = judge_.look_at(*value, cut_end_, true);
      if (status decided = decide(j); !decided) return decided;
      if (j.cut) return done;
      if (j.run.chars >= options_.min_run_chars) {
        decided_ = j.run.end;
        decided_in_run_ = j.run.padding == 0;
      }
    }
    return done;
  }

  // Carries out a judgement. Clears `j.cut` where something that the judge does not see forbids it.
  status decide(judgement& j) {
    const bool structured = options_.format != document_format::text || j.may_be_number;
    if (j.cut && !j.value_for_certain && structured) {
      // A key may begin out of sight of the judge, which looks at a window.
      const auto place = place_of(j.begin);
      const bool number = j.may_be_number && place.known && !place.in_string;
      if (place.in_key || number) {
        j.cut = false;
        j.reason = number ? keep_reason::hex : keep_reason::object_key;
      }
    }
    if (j.cut) return cut(j);
    note_kept(j);
    return done;
  }

  void note_kept(const judgement& j) {
    if (!j.reason || !options_.report_kept) return;
    if (!answer_.kept.empty() && answer_.kept.back().offset >= j.begin) return;  // known already
    answer_.kept.push_back({j.begin, j.size(), *j.reason});
  }

  // Where in the document `at` is. The header of a data URI may begin before a run in it that was
  // asked for already; no quote is between.
  detail::json_tracker::place place_of(std::size_t at) {
    for (const auto& [begin, end] : plain_cuts_) {
      if (begin < tracked_) continue;
      if (tracker_.at(begin).in_string) tracker_.skip(begin, end);
      tracked_ = end;
    }
    plain_cuts_.clear();
    tracked_ = std::max(tracked_, at);
    return tracker_.at(tracked_);
  }

  status cut(judgement& j) {
    blob_cut entry;
    entry.offset = j.begin;
    entry.size = j.size();
    entry.decoded_size = j.run.decoded_size();
    entry.form = j.form;
    entry.kind = j.kind;
    entry.evidence = j.evidence;
    entry.media_type = std::move(j.media_type);

    std::string object;
    std::string placeholder;
    if (options_.store != nullptr || options_.report) {
      entry.encoding = make_object(j, entry.media_type, object);
      entry.digest = sha256(std::as_bytes(std::span(object.data(), object.size())));
    }
    if (options_.store != nullptr) {
      detail::append_reference(entry, object.size(), placeholder);
    } else {
      detail::append_placeholder(entry.kind, placeholder);
    }
    if (placeholder.size() >= entry.size) {
      j.cut = false;
      j.reason = keep_reason::not_shorter;
      note_kept(j);
      return done;
    }
    if (options_.store != nullptr) {
      status put =
          options_.store->put(entry.digest, std::as_bytes(std::span(object.data(), object.size())));
      if (!put) return put;
    }
    entry.replacement_size = placeholder.size();
    blob_totals& totals = answer_.by_class[static_cast<std::size_t>(entry.kind)];
    ++totals.count;
    totals.bytes_before += entry.size;
    totals.bytes_after += entry.replacement_size;
    if (options_.report) locate(j, entry);

    answer_.changed = true;
    ++answer_.cut_count;
    answer_.cut_bytes += entry.size;
    answer_.text.append(text_.substr(cut_end_, j.begin - cut_end_));
    answer_.text.append(placeholder);
    cut_end_ = j.run.end;
    if (j.run.plain) plain_cuts_.emplace_back(j.run.begin, j.run.end);
    decided_ = std::max(decided_, cut_end_);
    decided_in_run_ = false;
    if (options_.report) answer_.cuts.push_back(std::move(entry));
    return done;
  }

  // The object that a vault keeps for a cut, and how to get the text back from it.
  blob_encoding make_object(const judgement& j, std::string_view media_type,
                            std::string& object) const {
    const std::string_view chars = text_.substr(j.run.begin, j.run.chars);
    const bool padded = (j.run.chars + j.run.padding) % 4 == 0;
    blob_encoding encoding = blob_encoding::text;
    if (j.run.plain && j.run.chars % 4 != 1 && detail::has_zero_tail(chars) &&
        j.run.padding == (4 - j.run.chars % 4) % 4 * (padded ? 1U : 0U)) {
      if (j.form == blob_form::data_uri) {
        const bool canonical = j.canonical_header && padded && !j.run.url && !media_type.empty();
        if (canonical) encoding = blob_encoding::data_uri;
      } else if (j.run.url) {
        encoding = padded ? blob_encoding::url_padded : blob_encoding::url_unpadded;
      } else {
        encoding = padded ? blob_encoding::std_padded : blob_encoding::std_unpadded;
      }
    }
    if (encoding == blob_encoding::text) {
      object = text_.substr(j.begin, j.size());
    } else {
      detail::decode_base64(chars, object);
    }
    return encoding;
  }

  void locate(const judgement& j, blob_cut& entry) {
    if (options_.format == document_format::text) return;
    const auto place = place_of(j.begin);
    entry.has_pointer = place.has_pointer;
    if (place.has_pointer) entry.pointer = tracker_.pointer();
    entry.line = tracker_.line();
  }

  std::string_view text_;
  const sanitize_options& options_;
  const detail::scan_kernels& kernels_;
  detail::base64_judge judge_;
  detail::json_tracker tracker_;
  std::optional<detail::needle_set> own_needles_;
  detail::scan_plan plan_;
  sanitized answer_;
  std::size_t cut_end_ = 0;  // where the last cut ended: the input is copied up to here
  std::vector<std::pair<std::size_t, std::size_t>> plain_cuts_;  // that the tracker may skip
  std::size_t ruler_goes_on_ = std::string_view::npos;           // the next dash of a ruler
  std::size_t tracked_ = 0;      // how far the tracker has been asked
  std::size_t decided_ = 0;      // runs before this place are decided
  bool decided_in_run_ = false;  // a run that was left alone ends there, and more of it may follow
};

error bad_option(std::string message) {
  return {errc::invalid_argument, no_offset, std::move(message)};
}

status check_options(const sanitize_options& options) {
  if (options.min_run_chars < sanitize_limits::min_run_chars) {
    return bad_option("min_run_chars must be at least 32");
  }
  if (options.min_unknown_chars < options.min_run_chars) {
    return bad_option("min_unknown_chars must not be less than min_run_chars");
  }
  if (options.max_depth > sanitize_limits::max_depth) {
    return bad_option("max_depth must be at most 16");
  }
  if (!detail::simd_target_available(options.simd)) {
    return bad_option("this CPU cannot run the wanted SIMD target");
  }
  for (const std::string& name : options.cut_fields) {
    if (name.size() < detail::needle_set::fingerprint_size ||
        name.size() > sanitize_limits::max_field_name) {
      return bad_option("a name in cut_fields must have 3 to 128 bytes");
    }
  }
  return done;
}

result<sanitized> sanitize(std::string_view text, const sanitize_options& options,
                           const value_context* outside) {
  if (status checked = check_options(options); !checked) return checked.problem();
  if (options.format == document_format::json) {
    if (status checked = detail::check_json(text); !checked) return checked.problem();
  } else if (options.format == document_format::ndjson) {
    if (status checked = detail::check_ndjson(text); !checked) return checked.problem();
  }
  return sanitizer(text, options, outside).run();
}

}  // namespace

result<sanitized> sanitize_base64(std::string_view input, const sanitize_options& options) {
  return sanitize(input, options, nullptr);
}

result<sanitized> sanitize_base64_value(std::string_view text, const value_context& context,
                                        const sanitize_options& options) {
  sanitize_options chosen = options;
  if (chosen.format != document_format::text) chosen.format = document_format::auto_detect;
  return sanitize(text, chosen, &context);
}

}  // namespace v1
}  // namespace jobqueue
