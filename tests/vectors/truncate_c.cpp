#include <jobqueue/jobqueue.h>

#include "vectors/truncate_runner.hpp"

namespace {

namespace vectors = jobqueue::vectors;

jobqueue_string borrow(const std::string& text) { return {text.data(), text.size()}; }
std::string_view view(const jobqueue_string& text) { return {text.data, text.size}; }

extern "C" {
void add_truncate_cut(void* payload, const jobqueue_truncate_cut* cut) {
  static_cast<vectors::truncate_answer*>(payload)->cuts.push_back(
      vectors::cut_entry(view(cut->reason), cut->has_pointer != 0, view(cut->pointer),
                         cut->bytes_before, cut->bytes_after));
}
}

vectors::truncate_answer replay(std::string_view input,
                                const vectors::truncate_vector_options& given) {
  std::vector<jobqueue_string> pinned;
  for (const std::string& one : given.pinned) pinned.push_back(borrow(one));
  vectors::truncate_answer answer;
  jobqueue_truncate_options options = JOBQUEUE_TRUNCATE_OPTIONS_INIT;
  options.max_bytes = given.max_bytes;
  options.pinned = pinned.data();
  options.pinned_count = pinned.size();
  options.array_head = given.array_head;
  options.array_tail = given.array_tail;
  if (given.marker) options.marker = borrow(*given.marker);
  options.format = given.format_number();
  options.on_cut = add_truncate_cut;
  options.payload = &answer;
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  std::int32_t changed = 0;
  const jobqueue_status status =
      jobqueue_truncate_payload(&out, &changed, input.data(), input.size(), &options, &error);
  if (status == JOBQUEUE_OK) {
    answer.is.unchanged = changed == 0;
    if (changed != 0) answer.is.output.assign(out.data, out.size);
  } else {
    answer.is.error_code = jobqueue_status_name(status);
    if (error.offset != JOBQUEUE_NO_OFFSET) answer.is.error_offset = error.offset;
  }
  jobqueue_buffer_dispose(&out);
  return answer;
}

}  // namespace

int main(int argc, char** argv) { return vectors::run_truncate_vectors(argc, argv, replay); }
