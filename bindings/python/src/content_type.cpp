// Content types; the answer crosses as JSON, which jobqueue/_content_type.py reads.
#include <string_view>

#include "native.hpp"

namespace jobqueue_python {
namespace {

// A str as C takes it, which stays while one of these lives; None is an empty one.
class optional_text {
 public:
  explicit optional_text(const py::object& text) : text_(text.is_none() ? py::str() : text) {}
  [[nodiscard]] jobqueue_string c() const { return to_string(utf8_.view()); }

 private:
  py::object text_;
  utf8 utf8_{text_.ptr()};
};

py::str detect_content_type(const py::object& head, const py::object& url, const py::object& header,
                            const py::object& configured, bool nosniff, bool whatwg) {
  const pinned bytes(head.ptr());
  const optional_text url_text(url);
  const optional_text header_text(header);
  const optional_text configured_text(configured);
  jobqueue_content_type_options options = JOBQUEUE_CONTENT_TYPE_OPTIONS_INIT;
  options.url = url_text.c();
  options.header = header_text.c();
  options.configured = configured_text.c();
  options.flags =
      (nosniff ? JOBQUEUE_CONTENT_NOSNIFF : 0U) | (whatwg ? JOBQUEUE_CONTENT_WHATWG : 0U);
  buffer report;
  jobqueue_error error;
  if (jobqueue_detect_content_type(nullptr, report.get(), bytes.view().data(), bytes.view().size(),
                                   &options, &error) != 0) {
    raise(error);
  }
  return decode_utf8(report.view());
}

}  // namespace

void define_content_type(py::module_& module) {
  module.def("detect_content_type", &detect_content_type, py::arg("head"), py::arg("url"),
             py::arg("header"), py::arg("configured"), py::arg("nosniff"), py::arg("whatwg"),
             py::pos_only());
}

}  // namespace jobqueue_python
