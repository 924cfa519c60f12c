// The part of a pass that follows a run which goes on behind the window of a stream.
#include <utility>

#include "core/base64_codec.hpp"
#include "core/base64_pass.hpp"

namespace jobqueue::detail {

// `entry` is set if the run is cut; else it is passed over.
status base64_pass::begin_long(const judgement& j, std::optional<blob_cut> entry) {
  const run_kind kind = naive()                 ? run_kind::naive
                        : j.begin < j.run.begin ? run_kind::after_header
                                                : run_kind::any;
  long_.emplace(long_run{
      j, run_reader(kernels_, kind), j.run.begin, base_ + j.begin, std::move(entry), {}, {}});
  if (!long_->entry) return follow_long();
  out_->append(text_.substr(copied_, j.begin - copied_));
  copied_ = j.run.begin;
  if (options_.store != nullptr || has_details()) {
    for (auto* object : {&long_->decoded, &long_->text}) {
      object->emplace();
      if (options_.store == nullptr) continue;
      auto spool = options_.store->open_spool();
      if (!spool) return spool.problem();
      (*object)->spool = *std::move(spool);
    }
    const std::string_view header = text_.substr(j.begin, j.run.begin - j.begin);
    if (status kept = append(*long_->text, header); !kept) return kept;
  }
  return follow_long();
}

// Takes what is there of the run, and leaves `long_` empty if that is all of it.
status base64_pass::follow_long() {
  const std::size_t begin = long_->at;
  const bool ended = long_->reader.follow(text_, long_->at, more_);
  const run_reader& reader = long_->reader;
  const std::string_view raw = text_.substr(begin, long_->at - begin);
  const std::string_view chars = raw.substr(0, raw.size() - (ended ? reader.padding() : 0));
  if (long_->entry) {
    copied_ = long_->at;
    if (status taken = take_piece(raw, chars); !taken) return taken;
  }
  if (!ended) return done;

  base64_run& run = long_->judged.run;
  run.chars = reader.chars();
  run.padding = reader.padding();
  run.url = reader.url();
  run.plain = reader.plain();
  if (long_->entry) {
    if (status cut = finish_long_cut(run.plain ? chars : std::string_view{}); !cut) return cut;
    cut_end_ = long_->at;
    from_ = cut_end_;
  } else {
    note_kept(long_->judged, long_->begin, base_ + long_->at - long_->begin);
  }
  decided_ = long_->at;
  decided_in_run_ = !long_->entry && !naive() && run.padding == 0;
  long_.reset();
  return done;
}

status base64_pass::take_piece(std::string_view raw, std::string_view chars) {
  if (!long_->text) return done;
  if (!long_->reader.plain()) long_->decoded.reset();
  if (status kept = append(*long_->text, raw); !kept) return kept;
  if (!long_->decoded) return done;
  std::string bytes;
  decode_base64(chars, bytes);
  return append(*long_->decoded, bytes);
}

status base64_pass::append(spooled_object& object, std::string_view piece) {
  const auto bytes = std::as_bytes(std::span(piece.data(), piece.size()));
  object.digest.update(bytes);
  object.size += piece.size();
  return object.spool ? object.spool->append(bytes) : status(done);
}

// `tail`: the last characters, by which the run is longer than a multiple of four, and some before.
status base64_pass::finish_long_cut(std::string_view tail) {
  blob_cut& entry = *long_->entry;
  entry.size = base_ + long_->at - long_->begin;
  entry.decoded_size = long_->judged.run.decoded_size();
  std::uint64_t object_size = 0;
  if (long_->text) {
    entry.encoding = encoding_of(long_->judged, entry.media_type, tail);
    auto& object = entry.encoding == blob_encoding::text ? *long_->text : *long_->decoded;
    entry.digest = object.digest.finish();
    object_size = object.size;
    if (object.spool) {
      if (status kept = object.spool->keep(entry.digest); !kept) return kept;
    }
  }
  account(entry, placeholder_of(entry, object_size));
  return done;
}

// Gives out and drops what has been read, but for what is still looked back at.
void base64_pass::forget_read() {
  std::size_t drop = reduced(long_ ? long_->at : from_, look_behind);
  const bool tracked = options_.format != document_format::text || naive();
  if (tracked) {
    static_cast<void>(place_of(drop));
    drop = std::min(drop, tracker_->needed());
  } else {
    plain_cuts_.clear();
  }
  if (drop == 0) return;
  if (drop > copied_) {
    out_->append(text_.substr(copied_, drop - copied_));
    copied_ = drop;
  }
  if (tracked) tracker_->drop(drop);
  if (long_) long_->at -= drop;
  // Blocks of a run that is passed over hold nothing. The next ones are divided as they would be.
  from_ += (reduced(drop, from_) + scan_block - 1) / scan_block * scan_block;
  from_ -= drop;
  cut_end_ = reduced(cut_end_, drop);
  copied_ -= drop;
  decided_ = reduced(decided_, drop);
  tracked_ = reduced(tracked_, drop);
  if (ruler_goes_on_ != std::string_view::npos) {
    ruler_goes_on_ = ruler_goes_on_ < drop ? std::string_view::npos : ruler_goes_on_ - drop;
  }
  base_ += drop;
  buffer_.erase(0, drop);
}

}  // namespace jobqueue::detail
