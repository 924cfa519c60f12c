// The probe; its answer crosses as JSON, which jobqueue/_probe.py reads.
#include <jobqueue/jobqueue_net.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "native.hpp"

namespace jobqueue_python {
namespace {

py::str probe_content_type(const py::object& url, const py::object& configured,
                           const py::list& allowed, const py::list& denied, const py::list& names,
                           const py::list& values, const py::object& ca_file,
                           const py::object& user_agent, std::uint64_t timeout_millis,
                           std::uint64_t max_redirects, bool head_only, bool whatwg) {
  borrowed_texts texts;
  const jobqueue_string where = texts.add(url.ptr(), "url");
  const std::vector<jobqueue_string> allow = texts.add_all(allowed, "an address");
  const std::vector<jobqueue_string> deny = texts.add_all(denied, "an address");
  const std::vector<jobqueue_string> name_list = texts.add_all(names, "the name of a header");
  const std::vector<jobqueue_string> value_list = texts.add_all(values, "the value of a header");
  std::vector<jobqueue_header> headers;
  for (std::size_t i = 0; i < name_list.size() && i < value_list.size(); ++i) {
    headers.push_back({name_list[i], value_list[i]});
  }
  jobqueue_probe_options options = JOBQUEUE_PROBE_OPTIONS_INIT;
  options.flags =
      (head_only ? JOBQUEUE_PROBE_HEAD_ONLY : 0U) | (whatwg ? JOBQUEUE_PROBE_WHATWG : 0U);
  options.configured = texts.add(configured.ptr(), "configured");
  options.allowed = allow.data();
  options.allowed_count = allow.size();
  options.denied = deny.data();
  options.denied_count = deny.size();
  options.headers = headers.data();
  options.header_count = headers.size();
  options.ca_file = texts.add(ca_file.ptr(), "ca_file");
  options.user_agent = texts.add(user_agent.ptr(), "user_agent");
  options.timeout_millis = timeout_millis;
  options.max_redirects = max_redirects;
  buffer report;
  jobqueue_error error;
  jobqueue_status status = 0;
  {
    const gil_released released(true);
    status = jobqueue_probe_content_type(nullptr, report.get(), where.data, where.size, &options,
                                         &error);
  }
  if (status != 0) raise(error);
  return decode_utf8(report.view());
}

}  // namespace

void define_probe(py::module_& module) {
  module.def("probe_content_type", &probe_content_type, py::arg("url"), py::arg("configured"),
             py::arg("allowed"), py::arg("denied"), py::arg("names"), py::arg("values"),
             py::arg("ca_file"), py::arg("user_agent"), py::arg("timeout_millis"),
             py::arg("max_redirects"), py::arg("head_only"), py::arg("whatwg"), py::pos_only());
}

}  // namespace jobqueue_python
