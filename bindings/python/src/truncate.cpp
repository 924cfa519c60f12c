// Truncating documents; jobqueue/_truncate.py makes documents of objects.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "native.hpp"

namespace jobqueue_python {
namespace {

// A line of the report. What the C ABI lends is copied, because it is told during the call.
struct cut_line {
  std::string_view reason;  // static
  std::string pointer;
  bool has_pointer = false;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
};

void listen(jobqueue_truncate_options& options, std::vector<cut_line>& lines) {
  options.payload = &lines;
  options.on_cut = [](void* payload, const jobqueue_truncate_cut* cut) {
    static_cast<std::vector<cut_line>*>(payload)->push_back(
        {{cut->reason.data, cut->reason.size},
         std::string(cut->pointer.data, cut->pointer.size),
         cut->has_pointer != 0,
         cut->bytes_before,
         cut->bytes_after});
  };
}

std::uint32_t format_of(std::string_view word) {
  if (word == "auto") return JOBQUEUE_FORMAT_AUTO;
  if (word == "json") return JOBQUEUE_FORMAT_JSON;
  if (word == "text") return JOBQUEUE_FORMAT_TEXT;
  raise(JOBQUEUE_E_INVALID_ARGUMENT, "format must be one of 'auto', 'json', 'text'");
}

py::list to_list(const std::vector<cut_line>& lines) {
  py::list cuts;
  for (const cut_line& line : lines) {
    const py::object pointer =
        line.has_pointer ? py::object(decode_utf8(line.pointer)) : py::none();
    cuts.append(py::make_tuple(line.reason, pointer, line.before, line.after));
  }
  return cuts;
}

// The document and the lines of its report; the document itself where it fits.
py::tuple truncate(const py::object& document, std::uint64_t max_bytes, const py::list& pinned,
                   std::uint64_t array_head, std::uint64_t array_tail, const std::string& marker,
                   const std::string& format, bool with_report) {
  std::vector<utf8> pointers;
  std::vector<jobqueue_string> list;
  pointers.reserve(pinned.size());
  for (const py::handle one : pinned) {
    list.push_back(to_string(pointers.emplace_back(one.ptr()).view()));
  }
  std::vector<cut_line> lines;
  jobqueue_truncate_options options = JOBQUEUE_TRUNCATE_OPTIONS_INIT;
  options.format = format_of(format);
  options.max_bytes = max_bytes;
  options.pinned = list.data();
  options.pinned_count = list.size();
  options.array_head = array_head;
  options.array_tail = array_tail;
  options.marker = to_string(marker);
  if (with_report) listen(options, lines);

  const auto run = [&](std::string_view input, const utf8* text) -> py::object {
    buffer out;
    jobqueue_error error;
    std::int32_t changed = 0;
    jobqueue_status status = 0;
    {
      // The caller holds the str, or a pin on the buffer, so that the bytes stay.
      const gil_released others_run(input.size() >= least_release_size);
      status = jobqueue_truncate_payload(out.get(), &changed, input.data(), input.size(), &options,
                                         &error);
    }
    if (status != 0) raise(error, text_offset(error, text));
    if (changed == 0) return document;
    return text != nullptr ? py::object(decode_utf8(out.view())) : to_bytes(out.view());
  };
  py::object output;
  if (PyUnicode_Check(document.ptr())) {
    const utf8 text(document.ptr());
    output = run(text.view(), &text);
  } else {
    const jobqueue_python::pinned bytes(document.ptr());
    output = run(bytes.view(), nullptr);
  }
  return py::make_tuple(output, to_list(lines));
}

}  // namespace

void define_truncate(py::module_& module) {
  module.def("truncate", &truncate, py::arg("document"), py::arg("max_bytes"), py::arg("pinned"),
             py::arg("array_head"), py::arg("array_tail"), py::arg("marker"), py::arg("format"),
             py::arg("report"), py::pos_only());
}

}  // namespace jobqueue_python
