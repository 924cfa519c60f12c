// Failures: a message goes in as it is, words come back.
#include <string_view>

#include "native.hpp"

namespace jobqueue_python {
namespace {

// Words in the order of jobqueue.Failure.
py::tuple classify(std::string_view message, const jobqueue_failure_options& options) {
  jobqueue_failure found = JOBQUEUE_FAILURE_INIT;
  jobqueue_error error;
  if (jobqueue_classify_failure(&found, message.data(), message.size(), &options, &error) != 0) {
    raise(error);
  }
  return py::make_tuple(found.type, found.reason, found.description, found.confidence,
                        found.fingerprint);
}

py::tuple classify_failure(const py::object& message, std::uint32_t http_status, bool timeout) {
  jobqueue_failure_options options = JOBQUEUE_FAILURE_OPTIONS_INIT;
  options.http_status = http_status;
  options.flags = timeout ? JOBQUEUE_FAILURE_TIMEOUT : 0;
  if (PyUnicode_Check(message.ptr())) return classify(utf8(message.ptr()).view(), options);
  if (PyObject_CheckBuffer(message.ptr()) == 0) {
    raise_type_error(std::string("classify_failure() takes str or bytes-like, not ") +
                     Py_TYPE(message.ptr())->tp_name);
  }
  return classify(pinned(message.ptr()).view(), options);
}

}  // namespace

void define_failure(py::module_& module) {
  module.def("classify_failure", &classify_failure, py::arg("message"), py::arg("http_status"),
             py::arg("timeout"), py::pos_only());
}

}  // namespace jobqueue_python
