#include <jobqueue/truncate.hpp>

#include "vectors/truncate_runner.hpp"

namespace {

using namespace jobqueue;
namespace vectors = jobqueue::vectors;

vectors::truncate_answer replay(std::string_view input,
                                const vectors::truncate_vector_options& given) {
  const std::vector<std::string_view> pinned(given.pinned.begin(), given.pinned.end());
  truncate_options options;
  options.max_bytes = given.max_bytes;
  options.pinned = pinned;
  options.array_head = given.array_head;
  options.array_tail = given.array_tail;
  if (given.marker) options.marker = *given.marker;
  options.format = static_cast<document_format>(given.format_number());
  options.report = true;
  vectors::truncate_answer answer;
  const auto truncated = truncate_payload(input, options);
  if (!truncated) {
    answer.is.error_code = error_name(truncated.problem().code);
    if (truncated.problem().offset != no_offset) {
      answer.is.error_offset = truncated.problem().offset;
    }
    return answer;
  }
  answer.is.unchanged = !truncated->changed;
  answer.is.output = truncated->text;
  for (const truncate_cut& cut : truncated->cuts) {
    answer.cuts.push_back(vectors::cut_entry(to_string(cut.reason), cut.has_pointer, cut.pointer,
                                             cut.bytes_before, cut.bytes_after));
  }
  return answer;
}

}  // namespace

int main(int argc, char** argv) { return vectors::run_truncate_vectors(argc, argv, replay); }
