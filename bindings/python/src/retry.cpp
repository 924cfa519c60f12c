// Retries over texts of JSON; what is done with objects is in jobqueue/_retry.py.
#include <optional>
#include <string_view>

#include "native.hpp"

namespace jobqueue_python {
namespace {

// The bytes of a str or of what is bytes-like, where Python has them.
class borrowed_json {
 public:
  explicit borrowed_json(PyObject* value) {
    if (PyUnicode_Check(value)) {
      text_.emplace(value);
    } else if (PyObject_CheckBuffer(value) != 0) {
      bytes_.emplace(value);
    } else {
      raise_type_error(std::string("JSON must be str or bytes-like, not ") +
                       Py_TYPE(value)->tp_name);
    }
  }
  [[nodiscard]] std::string_view view() const { return text_ ? text_->view() : bytes_->view(); }
  [[nodiscard]] bool is_text() const { return text_.has_value(); }

  [[noreturn]] void raise_with_offset(const jobqueue_error& error) const {
    if (!text_ || error.offset == JOBQUEUE_NO_OFFSET) raise(error, offset_or_none(error));
    raise(error, py::int_(code_points(*text_).before(error.offset)));
  }

 private:
  std::optional<utf8> text_;
  std::optional<pinned> bytes_;
};

py::object preserve_job_data(const py::object& original, const py::object& result,
                             std::uint64_t attempt, std::int64_t at_micros) {
  const borrowed_json before(original.ptr());
  const borrowed_json answer(result.ptr());
  buffer out;
  jobqueue_error error;
  jobqueue_status status = 0;
  {
    const gil_released others_run(before.view().size() + answer.view().size() >=
                                  least_release_size);
    status = jobqueue_preserve_job_data(out.get(), before.view().data(), before.view().size(),
                                        answer.view().data(), answer.view().size(), attempt,
                                        at_micros, &error);
  }
  if (status != 0) {
    // The message says in which of the two the offset is.
    const bool is_result = std::string_view(error.message).starts_with("result");
    (is_result ? answer : before).raise_with_offset(error);
  }
  if (before.is_text()) return decode_utf8(out.view());
  return to_bytes(out.view());
}

std::uint64_t retry_attempt(const py::object& job) {
  const borrowed_json text(job.ptr());
  std::uint64_t attempt = 0;
  jobqueue_error error;
  if (jobqueue_retry_attempt(&attempt, text.view().data(), text.view().size(), &error) != 0) {
    text.raise_with_offset(error);
  }
  return attempt;
}

py::str retry_asset_filename(const py::str& filename, std::uint64_t attempt) {
  const utf8 name(filename.ptr());
  buffer out;
  jobqueue_error error;
  if (jobqueue_retry_asset_filename(out.get(), name.view().data(), name.view().size(), attempt,
                                    &error) != 0) {
    raise(error);
  }
  return decode_utf8(out.view());
}

}  // namespace

void define_retry(py::module_& module) {
  module.def("preserve_job_data", &preserve_job_data, py::arg("original"), py::arg("result"),
             py::arg("attempt"), py::arg("at_micros"), py::pos_only());
  module.def("retry_attempt", &retry_attempt, py::arg("job"), py::pos_only());
  module.def("retry_asset_filename", &retry_asset_filename, py::arg("filename"), py::arg("attempt"),
             py::pos_only(),
             "The name under which an attempt keeps a file: image.png is image_r2.png for 2.");
}

}  // namespace jobqueue_python
