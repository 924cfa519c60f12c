#include <jobqueue/truncate.hpp>

#include <algorithm>
#include <utility>

#include "core/base64_placeholder.hpp"
#include "core/base64_scan.hpp"
#include "core/json_check.hpp"
#include "core/json_tracker.hpp"
#include "core/truncate_plan.hpp"
#include "core/truncate_text.hpp"
#include "core/truncate_tree.hpp"
#include "core/truncate_write.hpp"

namespace jobqueue {
inline namespace v1 {
namespace {

using detail::pin_list;

error bad_option(std::string_view message) {
  return {errc::invalid_argument, no_offset, std::string(message)};
}

constexpr bool is_marker_character(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

status check_options(const truncate_options& options) {
  if (options.array_head > truncate_limits::max_array_items ||
      options.array_tail > truncate_limits::max_array_items) {
    return bad_option("array_head and array_tail must be at most 1000");
  }
  if (options.marker.empty() || options.marker.size() > truncate_limits::max_marker ||
      !std::all_of(options.marker.begin(), options.marker.end(), is_marker_character)) {
    return bad_option("marker must be 1 to 24 characters of A-Z a-z 0-9 _ and -");
  }
  if (options.format == document_format::ndjson) {
    return bad_option("format must be auto, json or text: one document is one payload");
  }
  if (!detail::simd_target_available(options.simd)) {
    return bad_option("this CPU cannot run the wanted SIMD target");
  }
  if (options.max_bytes < truncate_limits::min_bytes) {
    return error{errc::budget_too_small, no_offset, "max_bytes must be at least 64"};
  }
  return done;
}

// Where blobs are that may go: those which are not in a pinned value.
result<std::vector<blob_cut>> find_blobs(std::string_view input, const truncate_options& options,
                                         const pin_list& pins, std::string& lean) {
  sanitize_options search;
  search.report = true;
  search.report_details = false;
  search.simd = options.simd;
  if (options.format == document_format::text) search.format = document_format::text;
  auto found = sanitize_base64(input, search);
  if (!found) return found.problem();
  std::vector<blob_cut> blobs = std::move(found->cuts);
  lean = std::move(found->text);
  if (blobs.empty() || pins.pins.empty() || options.format == document_format::text) return blobs;
  const auto tree = detail::read_truncate_tree(input, options, pins);
  if (!tree) return blobs;
  std::vector<std::pair<std::size_t, std::size_t>> pinned;
  for (const auto& document : tree->documents) {
    for (const auto& node : document.nodes) {
      if (node.pinned) pinned.emplace_back(node.begin, node.end);
    }
  }
  std::sort(pinned.begin(), pinned.end());
  auto next = pinned.begin();
  const auto is_pinned = [&](const blob_cut& blob) {
    while (next != pinned.end() && next->second <= blob.offset) ++next;
    return next != pinned.end() && next->first < blob.offset + blob.size;
  };
  if (std::erase_if(blobs, is_pinned) != 0) lean.clear();
  return blobs;
}

// Of `blobs` the largest stay, as many as must go so that `size` becomes `wanted`. Whether that is
// not all of them.
bool choose_blobs(std::vector<blob_cut>& blobs, std::size_t size, std::size_t wanted) {
  const auto saved = [](const blob_cut& blob) { return blob.size - blob.replacement_size; };
  const std::size_t all = blobs.size();
  std::stable_sort(blobs.begin(), blobs.end(), [&](const blob_cut& one, const blob_cut& other) {
    return saved(one) > saved(other);
  });
  std::size_t count = 0;
  for (; size > wanted && count < all; ++count) size -= saved(blobs[count]);
  blobs.resize(count);
  std::sort(blobs.begin(), blobs.end(),
            [](const blob_cut& one, const blob_cut& other) { return one.offset < other.offset; });
  return count != all;
}

std::string cut_blobs(std::string_view input, const std::vector<blob_cut>& blobs) {
  std::string lean;
  std::size_t at = 0;
  for (const blob_cut& blob : blobs) {
    lean += input.substr(at, blob.offset - at);
    detail::append_placeholder(blob.kind, lean);
    at = blob.offset + blob.size;
  }
  return lean.append(input.substr(at));
}

void report_blobs(std::string_view input, const std::vector<blob_cut>& blobs,
                  const truncate_options& options, std::vector<truncate_cut>& cuts) {
  detail::json_tracker tracker(input, truncate_limits::max_depth, true);
  for (const blob_cut& blob : blobs) {
    truncate_cut& cut = cuts.emplace_back();
    cut.reason = truncate_reason::blob;
    cut.bytes_before = blob.size;
    cut.bytes_after = blob.replacement_size;
    if (options.format == document_format::text) continue;
    cut.has_pointer = tracker.at(blob.offset).has_pointer;
    if (cut.has_pointer) cut.pointer = tracker.pointer();
  }
}

std::string shorten_text(std::string_view text, const truncate_options& options) {
  const detail::truncate_marker marker(options.marker);
  const auto kept = detail::cut_text(text, options.max_bytes - marker.bytes_size(text.size()));
  std::string out(text.substr(0, kept.head));
  marker.append_bytes(out, text.size() - kept.head - kept.tail);
  return out.append(text.substr(text.size() - kept.tail));
}

error too_small(std::size_t needed) {
  return {errc::budget_too_small, no_offset,
          "what is pinned needs " + std::to_string(needed) +
              " bytes with the names on the way to it; raise max_bytes or pin less"};
}

}  // namespace

std::string_view to_string(truncate_reason reason) noexcept {
  switch (reason) {
    case truncate_reason::blob: return "blob";
    case truncate_reason::white_space: return "white_space";
    case truncate_reason::value: return "value";
    case truncate_reason::items: return "items";
    case truncate_reason::members: return "members";
    case truncate_reason::text: return "text";
  }
  return "unknown";
}

result<truncated> truncate_payload(std::string_view input, const truncate_options& options) {
  if (status checked = check_options(options); !checked) return checked.problem();
  const auto pins = detail::read_pins(options.pinned);
  if (!pins) return pins.problem();
  if (options.format == document_format::json) {
    if (status checked = detail::check_json(input); !checked) return checked.problem();
  }
  truncated answer;
  if (input.size() <= options.max_bytes) return answer;
  answer.changed = true;
  std::vector<truncate_cut>* const cuts = options.report ? &answer.cuts : nullptr;

  std::string lean;
  auto blobs = find_blobs(input, options, *pins, lean);
  if (!blobs) return blobs.problem();
  std::string_view text = input;
  if (!blobs->empty()) {
    if (choose_blobs(*blobs, input.size(), options.max_bytes) || lean.empty()) {
      lean = cut_blobs(input, *blobs);
    }
    text = lean;
    if (options.report) report_blobs(input, *blobs, options, answer.cuts);
  }
  if (text.size() <= options.max_bytes) {
    answer.text = std::move(lean);
    return answer;
  }

  if (options.format != document_format::text) {
    if (const auto tree = detail::read_truncate_tree(text, options, *pins)) {
      detail::truncate_plan plan(*tree, options);
      if (!plan.find()) return too_small(plan.size());
      detail::write_truncated(*tree, plan, answer.text, cuts);
      return answer;
    }
  }
  answer.text = shorten_text(text, options);
  if (options.report) {
    truncate_cut& cut = answer.cuts.emplace_back();
    cut.reason = truncate_reason::text;
    cut.bytes_before = text.size();
    cut.bytes_after = answer.text.size();
  }
  return answer;
}

}  // namespace v1
}  // namespace jobqueue
