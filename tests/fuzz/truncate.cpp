// Truncating any bytes: the budget holds, JSON stays JSON, what fits is left alone, the report adds
// up, all instruction sets and C give the same bytes, and what is pinned is there as it was.
// Choices: budget, head and tail, flags; then pointers, one a line, up to an empty one; then the
// payload.
#include <jobqueue/truncate.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/jobqueue.h>

#include "core/json_check.hpp"
#include "core/truncate_tree.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/snippets.hpp"
#include "support/simd_targets.hpp"

namespace jobqueue::fuzz {
namespace {

enum : unsigned { short_marker = 1, as_text = 2, only_json = 4 };

struct request {
  truncate_options options;
  std::vector<std::string_view> pins;
  std::string text;
};

request read_request(choices& in) {
  constexpr std::size_t budgets[] = {64, 65, 80, 100, 128, 200, 300, 500, 1000, 2000, 8000, 63};
  constexpr std::size_t ends[] = {3, 1, 0, 2, 10, 1000, 1001};
  request made;
  made.options.max_bytes = in.pick(budgets);
  made.options.array_head = in.pick(ends);
  made.options.array_tail = in.pick(ends);
  const unsigned flags = in.nibble();
  if ((flags & short_marker) != 0) made.options.marker = "x";
  if ((flags & as_text) != 0) made.options.format = document_format::text;
  if ((flags & only_json) != 0) made.options.format = document_format::json;
  std::string_view rest = in.rest();
  while (!rest.empty() && made.pins.size() <= truncate_limits::max_pins) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.empty()) break;
    made.pins.push_back(line);
  }
  made.text = expanded(rest);
  return made;
}

void require_refused_well(const error& problem, const truncate_options& options,
                          std::string_view text) {
  require(problem.code == errc::invalid_argument || problem.code == errc::budget_too_small ||
              problem.code == errc::invalid_json || problem.code == errc::invalid_utf8,
          "an input is refused for what is wrong with it");
  const bool is_json = detail::check_json(text).has_value();
  if (problem.code == errc::invalid_json || problem.code == errc::invalid_utf8) {
    require(options.format == document_format::json && !is_json, "JSON alone is asked for");
  }
  if (problem.code == errc::budget_too_small && options.max_bytes >= 64) {
    require(!options.pinned.empty(), "every budget is enough but for what is pinned");
  }
  const bool tells = text.size() > 12 && problem.message.find(text) != std::string::npos;
  require(!tells, "no message has a payload in it");
}

void require_pins(std::string_view text, std::string_view out, const truncate_options& options) {
  const auto pins = detail::read_pins(options.pinned);
  const auto tree = detail::read_truncate_tree(text, options, *pins);
  for (const auto& document : tree->documents) {
    for (const auto& node : document.nodes) {
      if (!node.pinned) continue;
      require(out.find(text.substr(node.begin, node.end - node.begin)) != std::string_view::npos,
              "what is pinned is there");
    }
  }
}

void require_same_from_c(std::string_view text, const truncate_options& given,
                         const result<truncated>& wanted) {
  std::vector<jobqueue_string> pins;
  for (const std::string_view pin : given.pinned) pins.push_back({pin.data(), pin.size()});
  jobqueue_truncate_options options = JOBQUEUE_TRUNCATE_OPTIONS_INIT;
  options.format = static_cast<std::uint32_t>(given.format);
  options.max_bytes = given.max_bytes;
  options.pinned = pins.data();
  options.pinned_count = pins.size();
  options.array_head = given.array_head;
  options.array_tail = given.array_tail;
  options.marker = {given.marker.data(), given.marker.size()};
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  std::int32_t changed = -1;
  const jobqueue_status status =
      jobqueue_truncate_payload(&out, &changed, text.data(), text.size(), &options, nullptr);
  if (!wanted) {
    require(status == static_cast<jobqueue_status>(wanted.problem().code), "C refuses as C++ does");
  } else {
    require(status == JOBQUEUE_OK && (changed == 1) == wanted->changed, "C says what C++ says");
    if (changed == 1) {
      require(std::string_view(out.data, out.size) == wanted->text, "C writes what C++ writes");
    }
  }
  jobqueue_buffer_dispose(&out);
}

void run(choices& in) {
  request made = read_request(in);
  made.options.pinned = made.pins;
  made.options.report = true;
  const exact_text exact(made.text);
  const std::string_view text = exact.view();
  const auto answer = truncate_payload(text, made.options);
  require_same_from_c(text, made.options, answer);
  if (!answer) return require_refused_well(answer.problem(), made.options, text);

  const std::string_view out = answer->view(text);
  require(out.size() <= made.options.max_bytes, "the output fits");
  require(answer->changed == (text.size() > made.options.max_bytes), "what fits is left alone");
  std::uint64_t lost = 0;
  for (const truncate_cut& cut : answer->cuts) lost += cut.bytes_before - cut.bytes_after;
  require(lost == text.size() - out.size(), "the report adds up");
  require(!truncate_payload(out, made.options)->changed, "twice is once");
  for (const simd_target target : test::simd_targets()) {
    truncate_options other = made.options;
    other.simd = target;
    other.report = false;
    require(truncate_payload(text, other)->text == answer->text, "all targets agree");
  }
  const bool is_json = detail::check_json(text).has_value();
  const auto tree = detail::read_truncate_tree(text, made.options, {});
  require(tree.has_value() == is_json, "the scan accepts JSON and nothing else");
  if (!is_json || made.options.format == document_format::text) return;
  require(detail::check_json(out).has_value(), "JSON stays JSON");
  require_pins(text, out, made.options);
}

}  // namespace
}  // namespace jobqueue::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  jobqueue::fuzz::choices in(data, size);
  jobqueue::fuzz::run(in);
  return 0;
}
