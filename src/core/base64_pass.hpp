// One pass over one input that is there as a whole or comes in pieces: finds what may be a blob,
// asks the judge, and cuts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqueue/base64.hpp>

#include "core/base64_judge.hpp"
#include "core/base64_run.hpp"
#include "core/base64_scan.hpp"
#include "core/json_tracker.hpp"
#include "core/sha256.hpp"

namespace jobqueue::detail {

// What is judged at one place may depend on what is so far behind it: a run of the window, of which
// the last line and the one after it may be escapes throughout, and the neighbours of a value.
inline constexpr std::size_t look_ahead = std::size_t{1} << 18;
// And on what is so far before it: neighbours, the beginning of a URL, the header of an armor.
inline constexpr std::size_t look_behind = std::size_t{1} << 14;

// `place` less `by`, or 0.
[[nodiscard]] constexpr std::size_t reduced(std::size_t place, std::size_t by) noexcept {
  return place > by ? place - by : 0;
}

// How a run becomes an object of the vault. `tail`: its characters, or the last of them by which it
// is longer than a multiple of four; unused unless it is plain.
[[nodiscard]] blob_encoding encoding_of(const judgement& j, std::string_view media_type,
                                        std::string_view tail) noexcept;

// An object of a vault that comes in pieces.
struct spooled_object {
  std::unique_ptr<blob_spool> spool;  // if there is a store
  sha256_stream digest;
  std::uint64_t size = 0;
};

class base64_pass {
 public:
  // The options have been checked, and live as long as this. `slab`: how much of a stream is taken
  // in at a time, besides `look_ahead`.
  static constexpr std::size_t default_slab = std::size_t{1} << 20;
  base64_pass(const sanitize_options& options, const value_context* outside,
              std::size_t slab = default_slab);

  // The whole input. The output is in the answer.
  [[nodiscard]] result<sanitized> run(std::string_view text);

  // The input in pieces: the output is appended to `out`.
  [[nodiscard]] status update(std::string_view piece, std::string& out);
  [[nodiscard]] status finish(std::string& out);
  // As base64_sanitizer::take_report.
  [[nodiscard]] sanitized take_report();

 private:
  // A run that goes on behind the end of the window, from the judgement on to its end.
  struct long_run {
    judgement judged;
    run_reader reader;
    std::size_t at;                 // what is before belongs to it and has been taken
    std::uint64_t begin;            // in the input
    std::optional<blob_cut> entry;  // if it is cut
    // The object that a vault will keep is the decoded bytes, or the text if they do not tell all.
    std::optional<spooled_object> decoded;
    std::optional<spooled_object> text;
  };

  [[nodiscard]] bool has_details() const noexcept {
    return options_.report && options_.report_details;
  }
  [[nodiscard]] bool naive() const noexcept { return options_.mode == detection::naive; }
  [[nodiscard]] const std::uint8_t* bytes() const noexcept {
    return reinterpret_cast<const std::uint8_t*>(text_.data());
  }

  void see(std::string_view text, bool more);
  [[nodiscard]] status go_on();
  [[nodiscard]] status look_at_block(const scan_hit& hit);
  [[nodiscard]] status look_at_runs(std::size_t block, std::size_t limit);
  [[nodiscard]] status look_at_whole_value();
  [[nodiscard]] status look_at_needle(std::size_t at);

  [[nodiscard]] status decide(judgement& j);
  [[nodiscard]] bool is_unstructured_value() const;
  void note_kept(const judgement& j, std::uint64_t offset, std::uint64_t size);
  [[nodiscard]] json_tracker::place place_of(std::size_t at);
  [[nodiscard]] status cut(judgement& j);
  [[nodiscard]] blob_cut describe(judgement& j) const;
  void locate(const judgement& j, blob_cut& entry);
  [[nodiscard]] std::string placeholder_of(const blob_cut& entry, std::uint64_t object_size) const;
  void account(blob_cut& entry, std::string_view placeholder);

  [[nodiscard]] status begin_long(const judgement& j, std::optional<blob_cut> entry);
  [[nodiscard]] status follow_long();
  [[nodiscard]] status take_piece(std::string_view raw, std::string_view chars);
  [[nodiscard]] static status append(spooled_object& object, std::string_view piece);
  [[nodiscard]] status finish_long_cut(std::string_view tail);
  void forget_read();

  const sanitize_options& options_;
  const scan_kernels& kernels_;
  base64_judge judge_;
  std::optional<needle_set> own_needles_;
  scan_plan plan_;
  sanitized answer_;

  const std::size_t slab_;
  std::size_t enough_;           // so much has to be there to go on
  std::string buffer_;           // of a stream: what is there of it
  std::string* out_;             // where the output goes
  std::string_view text_;        // the whole input, or `buffer_`
  bool more_ = false;            // the input goes on behind `text_`
  std::uint64_t base_ = 0;       // where `text_` begins in the input
  std::size_t from_ = 0;         // the next block; those before are done
  std::size_t cut_end_ = 0;      // where the last cut ended
  std::size_t copied_ = 0;       // the input up to here is in the output
  std::size_t decided_ = 0;      // runs before this place are decided
  bool decided_in_run_ = false;  // a run that was left alone ends there, and more of it may follow
  bool escape_goes_on_ = false;  // an escape of many backslashes does
  std::size_t ruler_goes_on_ = std::string_view::npos;  // the next dash of a ruler
  std::optional<long_run> long_;

  std::optional<json_tracker> tracker_;
  std::size_t tracked_ = 0;  // how far the tracker has been asked
  std::vector<std::pair<std::size_t, std::size_t>> plain_cuts_;  // that it may skip
  std::optional<std::uint64_t> last_kept_;
};

}  // namespace jobqueue::detail
