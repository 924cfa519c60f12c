// The one judge: is this run a blob? The text scanner and the object walkers of every language ask
// it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <jobqueue/base64.hpp>

#include "core/base64_context.hpp"
#include "core/base64_run.hpp"
#include "core/base64_scan.hpp"
#include "core/magic.hpp"

namespace jobqueue::detail {

struct judgement {
  base64_run run;         // of the payload; `run.end` is where the scan goes on if it is kept
  std::size_t begin = 0;  // of what is cut: before the payload in a data URI
  bool cut = false;
  std::optional<keep_reason> reason;  // if kept and worth a word
  blob_form form = blob_form::run;
  blob_class kind = blob_class::data;
  cut_evidence evidence = cut_evidence::content;
  std::string media_type;
  bool canonical_header = false;   // a data URI that can be written again from its media type
  bool value_for_certain = false;  // the context rules out an object key
  bool may_be_number = false;      // outside of strings it is a number

  [[nodiscard]] std::size_t size() const noexcept { return run.end - begin; }
};

class base64_judge {
 public:
  base64_judge(const sanitize_options& options, const scan_kernels& kernels,
               const value_context* outside)
      : options_(options), kernels_(kernels), outside_(outside) {}

  // The text that is judged from now on; with `more` it goes on behind what is there.
  void see(std::string_view text, bool more) noexcept {
    text_ = text;
    more_ = more;
  }

  // Judges the run that begins at `begin`; nothing before `low` may be cut. `announced`: a name or
  // data URI header says that base64 comes here, so that a short run counts, too.
  [[nodiscard]] judgement look_at(std::size_t begin, std::size_t low, bool announced) const;

  // Whether the text is the value of a member that carries base64.
  [[nodiscard]] bool is_announced() const noexcept {
    return outside_ != nullptr && is_cut_name(outside_->name);
  }

  // The text is a string in memory, and not a document.
  [[nodiscard]] bool is_value() const noexcept { return outside_ != nullptr; }

  // The same as `look_at` for detection::naive.
  [[nodiscard]] judgement look_at_naively(std::size_t begin) const;

 private:
  [[nodiscard]] run_context context_of(std::size_t begin, std::size_t end) const;
  [[nodiscard]] std::string_view name_of(std::size_t begin) const noexcept;
  [[nodiscard]] bool is_cut_name(std::string_view name) const noexcept;
  struct doubts {
    std::optional<keep_reason> content;  // no base64 of anything
    bool filler = false;                 // or, if typed, silence, a mask, zero bytes
    std::optional<keep_reason> token;
  };
  [[nodiscard]] doubts look_inside(const base64_run& run, std::size_t low,
                                   std::span<const std::byte> bytes,
                                   const std::optional<recognized>& seen) const;
  void judge_data_uri(judgement& j, const data_uri_header& header) const;
  void judge_field(judgement& j, const run_context& context) const;
  void judge_run(judgement& j, std::size_t low) const;

  std::string_view text_;
  bool more_ = false;
  const sanitize_options& options_;
  const scan_kernels& kernels_;
  const value_context* outside_;
};

}  // namespace jobqueue::detail
