#include "core/base64_pass.hpp"

#include <algorithm>
#include <bit>

#include "core/base64_codec.hpp"
#include "core/base64_placeholder.hpp"

namespace jobqueue {
inline namespace v1 {
namespace {

class collecting_spool final : public blob_spool {
 public:
  explicit collecting_spool(blob_store& store) : store_(store) {}
  status append(std::span<const std::byte> piece) override {
    blob_.insert(blob_.end(), piece.begin(), piece.end());
    return done;
  }
  status keep(const sha256_digest& digest) override { return store_.put(digest, blob_); }

 private:
  blob_store& store_;
  std::vector<std::byte> blob_;
};

}  // namespace

result<std::unique_ptr<blob_spool>> blob_store::open_spool() {
  return std::unique_ptr<blob_spool>(std::make_unique<collecting_spool>(*this));
}

}  // namespace v1

namespace detail {
namespace {

std::span<const std::byte> as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// The words that announce a blob which may be shorter than a run.
std::vector<std::string> announcing_words(std::span<const std::string> extra) {
  std::vector<std::string> words{std::string(data_uri_needle)};
  for (const std::string_view name : default_cut_fields()) words.emplace_back(name);
  words.insert(words.end(), extra.begin(), extra.end());
  return words;
}

const needle_set& default_needles() {
  static const needle_set needles(announcing_words({}));
  return needles;
}

const needle_set& no_needles() {
  static const needle_set needles({});
  return needles;
}

// What is left of an escape of many backslashes: more of them, and the letter.
std::size_t escape_rest(std::string_view text) noexcept {
  const std::size_t slashes = std::min(text.find_first_not_of('\\'), text.size());
  if (slashes == text.size()) return slashes;
  const bool letter = std::string_view("/bfnrtu").find(text[slashes]) != std::string_view::npos;
  const std::size_t size = slashes + (letter ? 1 : 0) + (text[slashes] == 'u' ? 4 : 0);
  return std::min(size, text.size());
}

}  // namespace

blob_encoding encoding_of(const judgement& j, std::string_view media_type,
                          std::string_view tail) noexcept {
  const base64_run& run = j.run;
  const bool padded = (run.chars + run.padding) % 4 == 0;
  const unsigned wanted = padded ? static_cast<unsigned>((4 - run.chars % 4) % 4) : 0;
  if (!run.plain || run.chars % 4 == 1 || !has_zero_tail(tail) || run.padding != wanted) {
    return blob_encoding::text;
  }
  if (j.form == blob_form::data_uri) {
    const bool canonical = j.canonical_header && padded && !run.url && !media_type.empty();
    return canonical ? blob_encoding::data_uri : blob_encoding::text;
  }
  if (run.url) return padded ? blob_encoding::url_padded : blob_encoding::url_unpadded;
  return padded ? blob_encoding::std_padded : blob_encoding::std_unpadded;
}

base64_pass::base64_pass(const sanitize_options& options, const value_context* outside,
                         std::size_t slab)
    : options_(options),
      kernels_(kernels_for(options.simd)),
      judge_(options, kernels_, outside),
      slab_(slab),
      enough_(look_ahead + slab),
      out_(&answer_.text) {
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
}

void base64_pass::see(std::string_view text, bool more) {
  text_ = text;
  more_ = more;
  judge_.see(text, more);
  if (tracker_) {
    tracker_->see(text);
  } else {
    tracker_.emplace(text, options_.max_depth, has_details());
  }
}

result<sanitized> base64_pass::run(std::string_view text) {
  see(text, false);
  if (status looked = look_at_whole_value(); !looked) return looked.problem();
  from_ = cut_end_;
  if (status gone = go_on(); !gone) return gone.problem();
  if (!answer_.changed) return std::move(answer_);
  answer_.text.append(text_.substr(copied_));
  if (options_.store != nullptr && options_.sync_store) {
    if (status synced = options_.store->sync(); !synced) return synced.problem();
  }
  return std::move(answer_);
}

status base64_pass::update(std::string_view piece, std::string& out) {
  out_ = &out;
  while (!piece.empty()) {
    const std::size_t taken = std::min(piece.size(), enough_ - buffer_.size());
    buffer_.append(piece.substr(0, taken));
    piece.remove_prefix(taken);
    if (buffer_.size() < enough_) return done;
    see(buffer_, true);
    if (status gone = go_on(); !gone) return gone;
    forget_read();
    enough_ = std::max(buffer_.size(), look_ahead) + slab_;
  }
  return done;
}

status base64_pass::finish(std::string& out) {
  out_ = &out;
  see(buffer_, false);
  if (status gone = go_on(); !gone) return gone;
  out.append(text_.substr(copied_));
  if (answer_.changed && options_.store != nullptr && options_.sync_store) {
    return options_.store->sync();
  }
  return done;
}

sanitized base64_pass::take_report() {
  sanitized report = answer_;
  answer_.cuts.clear();
  answer_.kept.clear();
  return report;
}

// Takes the text up to where what may be needed is out of sight.
status base64_pass::go_on() {
  const std::size_t stop = !more_ ? text_.size() : reduced(text_.size(), look_ahead);
  if (long_) {
    if (status followed = follow_long(); !followed || long_) return followed;
  }
  while (from_ < stop) {
    const auto hit = kernels_.find(bytes(), text_.size(), from_, plan_);
    if (hit.block >= stop) {
      from_ += (stop - from_ + scan_block - 1) / scan_block * scan_block;
      break;
    }
    const std::size_t cuts_end = cut_end_;
    from_ = hit.block + scan_block;
    if (status looked = look_at_block(hit); !looked || long_) return looked;
    // Behind a cut the blocks are counted anew.
    if (cut_end_ != cuts_end) from_ = cut_end_;
  }
  return done;
}

// Takes what a block holds in its order, up to the first cut.
status base64_pass::look_at_block(const scan_hit& hit) {
  const std::size_t cuts_end = cut_end_;
  const std::size_t probed = plan_.dense ? scan_block : scan_block / 2;
  const std::size_t runs_end = hit.run ? std::min(text_.size(), hit.block + probed) : 0;
  for (std::uint64_t bits = hit.needles; bits != 0; bits &= bits - 1) {
    const std::size_t at = hit.block + static_cast<std::size_t>(std::countr_zero(bits));
    if (status looked = look_at_runs(hit.block, std::min(at, runs_end)); !looked) return looked;
    if (cut_end_ != cuts_end || long_) return done;
    if (status looked = look_at_needle(at); !looked) return looked;
    if (cut_end_ != cuts_end || long_) return done;
  }
  return look_at_runs(hit.block, runs_end);
}

// The undecided runs that overlap [block, limit), from where the first of them begins.
status base64_pass::look_at_runs(std::size_t block, std::size_t limit) {
  if (limit <= decided_) return done;
  std::size_t at = std::max(block, decided_);
  while (at > decided_ && run_bytes.contains(static_cast<unsigned char>(text_[at - 1]))) --at;
  // What follows characters that were left alone is no run of its own, but their tail.
  bool glued = at == decided_ && decided_in_run_;
  if (at == decided_ && escape_goes_on_) {
    at += escape_rest(text_.substr(at));
    escape_goes_on_ = more_ && at == text_.size();
  }
  while (at < limit) {
    const raw_unit unit = read_unit(text_, at);
    // Two dashes begin a ruler or an option; base64url begins with two once in 4096.
    const bool ruler = text_.substr(at, 2) == "--" || (at == ruler_goes_on_ && text_[at] == '-');
    if (ruler) ruler_goes_on_ = at + 1;
    if (ruler || unit.what != raw_unit::kind::symbol || (naive() && unit.size != 1)) {
      at += std::max<std::size_t>(unit.size, 1);
      glued = false;
      if (more_ && at == text_.size()) {  // in the middle of an escape longer than the window
        at = text_.find_last_of('\\') + 1;
        escape_goes_on_ = true;
        break;
      }
      continue;
    }
    judgement j = naive() ? judge_.look_at_naively(at) : judge_.look_at(at, cut_end_, false);
    if (!glued) {
      if (status decided = decide(j); !decided) return decided;
      if (j.cut) return done;
    }
    if (j.run.open) return begin_long(j, std::nullopt);
    at = std::max(j.run.end, at + unit.size);
    glued = !naive() && j.run.padding == 0;
  }
  decided_ = at;
  decided_in_run_ = glued;
  return done;
}

// A value in hand is announced by its name, which is not in the text.
status base64_pass::look_at_whole_value() {
  if (naive() || !judge_.is_announced()) return done;
  judgement j = judge_.look_at(0, 0, true);
  return decide(j);
}

status base64_pass::look_at_needle(std::size_t at) {
  for (const auto& needle : plan_.needles->needles()) {
    if (at < needle.fingerprint) continue;
    const auto value = announced_value(text_, at - needle.fingerprint, needle.word);
    if (!value || *value < decided_) continue;
    judgement j = judge_.look_at(*value, cut_end_, true);
    if (status decided = decide(j); !decided) return decided;
    if (j.cut) return done;
    if (j.run.open) return begin_long(j, std::nullopt);
    if (j.run.chars >= options_.min_run_chars) {
      decided_ = j.run.end;
      decided_in_run_ = j.run.padding == 0;
    }
  }
  return done;
}

// Carries out a judgement. Clears `j.cut` where something that the judge does not see forbids it.
status base64_pass::decide(judgement& j) {
  const bool structured = options_.format != document_format::text || j.may_be_number;
  if (j.cut && !j.value_for_certain && structured) {
    // A key may begin out of sight of the judge, which looks at a window.
    const auto place = place_of(j.begin);
    const bool number =
        j.may_be_number && place.known && !place.in_string && !is_unstructured_value();
    if (place.in_key || number || place.unsure) {
      j.cut = false;
      j.reason = number ? keep_reason::hex : keep_reason::object_key;
    }
  }
  if (j.cut) return cut(j);
  if (!j.run.open) note_kept(j, base_ + j.begin, j.size());
  return done;
}

// A string in memory is read as JSON only if it holds a container; digits alone are no number then.
bool base64_pass::is_unstructured_value() const {
  if (!judge_.is_value()) return false;
  const std::size_t first = text_.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos || (text_[first] != '{' && text_[first] != '[');
}

void base64_pass::note_kept(const judgement& j, std::uint64_t offset, std::uint64_t size) {
  if (!j.reason || !options_.report_kept) return;
  if (last_kept_ && *last_kept_ >= offset) return;  // known already
  last_kept_ = offset;
  answer_.kept.push_back({offset, size, *j.reason});
}

// Where in the document `at` is. The header of a data URI may begin before a run in it that was
// asked for already; no quote is between.
json_tracker::place base64_pass::place_of(std::size_t at) {
  for (const auto& [begin, end] : plain_cuts_) {
    if (begin < tracked_) continue;
    if (tracker_->at(begin).in_string) tracker_->skip(begin, end);
    tracked_ = end;
  }
  plain_cuts_.clear();
  tracked_ = std::max(tracked_, at);
  return tracker_->at(tracked_);
}

blob_cut base64_pass::describe(judgement& j) const {
  blob_cut entry;
  entry.offset = base_ + j.begin;
  entry.size = j.size();
  entry.decoded_size = j.run.decoded_size();
  entry.form = j.form;
  entry.kind = j.kind;
  entry.evidence = j.evidence;
  entry.media_type = std::move(j.media_type);
  return entry;
}

// For the report: the pointer and line of what is cut.
void base64_pass::locate(const judgement& j, blob_cut& entry) {
  if (!has_details() || options_.format == document_format::text) return;
  const auto place = place_of(j.begin);
  entry.has_pointer = place.has_pointer;
  if (place.has_pointer) entry.pointer = tracker_->pointer();
  entry.line = tracker_->line();
}

std::string base64_pass::placeholder_of(const blob_cut& entry, std::uint64_t object_size) const {
  std::string placeholder;
  if (options_.store != nullptr) {
    append_reference(entry, object_size, placeholder);
  } else {
    append_placeholder(entry.kind, placeholder);
  }
  return placeholder;
}

status base64_pass::cut(judgement& j) {
  blob_cut entry = describe(j);
  if (j.run.open) {
    locate(j, entry);
    return begin_long(j, std::move(entry));
  }
  std::string object;
  if (options_.store != nullptr || has_details()) {
    const std::string_view chars = text_.substr(j.run.begin, j.run.chars);
    entry.encoding = encoding_of(j, entry.media_type, chars);
    if (entry.encoding == blob_encoding::text) {
      object = text_.substr(j.begin, j.size());
    } else {
      decode_base64(chars, object);
    }
    entry.digest = sha256(as_bytes(object));
  }
  const std::string placeholder = placeholder_of(entry, object.size());
  if (placeholder.size() >= entry.size) {
    j.cut = false;
    j.reason = keep_reason::not_shorter;
    note_kept(j, entry.offset, entry.size);
    return done;
  }
  if (options_.store != nullptr) {
    status put = options_.store->put(entry.digest, as_bytes(object));
    if (!put) return put;
  }
  locate(j, entry);
  out_->append(text_.substr(copied_, j.begin - copied_));
  account(entry, placeholder);
  cut_end_ = j.run.end;
  copied_ = cut_end_;
  if (j.run.plain) plain_cuts_.emplace_back(j.run.begin, j.run.end);
  decided_ = std::max(decided_, cut_end_);
  decided_in_run_ = false;
  return done;
}

void base64_pass::account(blob_cut& entry, std::string_view placeholder) {
  out_->append(placeholder);
  entry.replacement_size = placeholder.size();
  blob_totals& totals = answer_.by_class[static_cast<std::size_t>(entry.kind)];
  ++totals.count;
  totals.bytes_before += entry.size;
  totals.bytes_after += entry.replacement_size;
  answer_.changed = true;
  ++answer_.cut_count;
  answer_.cut_bytes += entry.size;
  if (options_.report) answer_.cuts.push_back(std::move(entry));
}

}  // namespace detail
}  // namespace jobqueue
