// The functions of the module. They take their arguments as CPython passes them, because a clean
// job is done in less time than a general argument parser needs.
#include "native.hpp"

namespace jobqueue_python {
namespace {

enum class kind { text, bytes, object };

kind kind_of(const char* function, PyObject* value) {
  if (PyDict_Check(value) || PyList_Check(value) || PyTuple_Check(value)) return kind::object;
  if (PyUnicode_Check(value)) return kind::text;
  if (PyObject_CheckBuffer(value) != 0) return kind::bytes;
  raise_type_error(std::string(function) + "() takes str, bytes-like, dict, list or tuple, not " +
                   Py_TYPE(value)->tp_name);
}

// Empty where nothing was cut.
py::object sanitize_text(std::string_view input, const utf8* text, options& options) {
  buffer lean;
  jobqueue_error error;
  std::int32_t changed = 0;
  jobqueue_status status = 0;
  {
    // The caller holds the str, or a pin on the buffer, so that the bytes stay.
    const gil_released others_run(input.size() >= least_release_size);
    status = jobqueue_sanitize_base64(lean.get(), &changed, input.data(), input.size(), &options.c,
                                      &error);
  }
  options.vault.rethrow();
  if (status != 0) raise(error, text_offset(error, text));
  if (changed == 0) return {};
  return text != nullptr ? py::object(decode_utf8(lean.view())) : to_bytes(lean.view());
}

void count_code_points(report& report, const utf8& text) {
  if (text.is_ascii()) return;
  for (report_line& line : report.lines) {
    code_points counter(text);
    const std::size_t begin = counter.before(line.offset);
    line.size = counter.before(line.offset + line.size) - begin;
    line.offset = begin;
  }
}

py::object sanitize(const char* function, PyObject* value, options& options, report* report) {
  const kind what = kind_of(function, value);
  const py::object same = py::reinterpret_borrow<py::object>(value);
  if (what == kind::object) return sanitize_object(value, options, report);
  if (report != nullptr) report->listen(options.c);
  py::object lean;
  if (what == kind::text) {
    const utf8 text(value);
    lean = sanitize_text(text.view(), &text, options);
    if (report != nullptr) count_code_points(*report, text);
  } else {
    const pinned bytes(value);
    lean = sanitize_text(bytes.view(), nullptr, options);
  }
  return lean ? lean : same;
}

void check_one_argument(const char* function, Py_ssize_t count) {
  if (count == 1) return;
  raise_type_error(std::string(function) + "() takes 1 positional argument but " +
                   std::to_string(count) + " were given");
}

// Checks the arguments and calls `body(value, options)`.
template <class Body>
PyObject* call_with_options(const char* function, PyObject* const* values, Py_ssize_t count,
                            PyObject* names, const Body& body) {
  return call([&]() -> py::object {
    const in_call keeps_the_interpreter;
    check_one_argument(function, count);
    options options;
    options.parse(function, values + count, names);
    return body(values[0], options);
  });
}

PyObject* sanitize_base64(PyObject*, PyObject* const* values, Py_ssize_t count, PyObject* names) {
  constexpr const char* name = "sanitize_base64";
  return call_with_options(name, values, count, names, [](PyObject* value, options& options) {
    return sanitize(name, value, options, nullptr);
  });
}

PyObject* sanitize_base64_lines(PyObject*, PyObject* const* values, Py_ssize_t count,
                                PyObject* names) {
  constexpr const char* name = "sanitize_base64_report";
  return call_with_options(name, values, count, names, [](PyObject* value, options& options) {
    report report;
    const py::object lean = sanitize(name, value, options, &report);
    py::list cuts;
    py::list kept;
    for (const report_line& line : report.lines) {
      (line.is_cut ? cuts : kept).append(report::to_tuple(line));
    }
    return py::make_tuple(lean, cuts, kept);
  });
}

py::object restore_base64(const py::object& value, const py::object& vault, bool keep_missing,
                          std::uint64_t max_output_bytes) {
  constexpr const char* name = "restore_base64";
  const in_call keeps_the_interpreter;
  const kind what = kind_of(name, value.ptr());
  used_vault store;
  store.use(vault.ptr());
  if (store.get() == nullptr) raise_type_error("restore_base64() needs a vault");
  jobqueue_restore_options options = JOBQUEUE_RESTORE_OPTIONS_INIT;
  options.flags = keep_missing ? JOBQUEUE_RESTORE_KEEP_MISSING : 0;
  options.max_output_bytes = max_output_bytes;
  if (what == kind::object) return restore_object(value.ptr(), store, options);

  const auto restore = [&](std::string_view input, const utf8* text) -> py::object {
    buffer whole;
    jobqueue_error error;
    std::int32_t changed = 0;
    jobqueue_status status = 0;
    {
      const gil_released others_run(true);
      status = jobqueue_restore_base64(whole.get(), &changed, input.data(), input.size(),
                                       store.get(), &options, &error);
    }
    store.rethrow();
    if (status != 0) raise(error, text_offset(error, text));
    if (changed == 0) return value;
    return text != nullptr ? py::object(decode_utf8(whole.view())) : to_bytes(whole.view());
  };
  if (what == kind::text) {
    const utf8 text(value.ptr());
    return restore(text.view(), &text);
  }
  const pinned bytes(value.ptr());
  return restore(bytes.view(), nullptr);
}

constexpr const char* sanitize_doc =
    R"(sanitize_base64(x, /, *, vault=None, min_run_chars=100, )"
    R"(min_unknown_chars=1000, detection='verified', format='auto', cut_fields=(), )"
    R"(protect_fields=(), cut_protected=False, max_depth=8, sync=True)
--

Cuts every base64 blob out of x and puts a placeholder in its place.

x is a document (str or bytes-like), or a dict, list or tuple that is walked. Returns
the same kind, and x itself when nothing was cut. See docs/api/python.md.)";

PyMethodDef methods[] = {
    {"sanitize_base64",
     reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(sanitize_base64)),
     METH_FASTCALL | METH_KEYWORDS, sanitize_doc},
    {"sanitize_base64_lines",
     reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(sanitize_base64_lines)),
     METH_FASTCALL | METH_KEYWORDS, "sanitize_base64 and the lines of its report, as tuples."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void define_functions(py::module_& module) {
  if (PyModule_AddFunctions(module.ptr(), methods) != 0) throw py::error_already_set();
  module.def("restore_base64", &restore_base64,
             R"(restore_base64(x, /, *, vault, )"
             R"(keep_missing=False, max_output_bytes=4294967296)
--

Puts back what sanitize_base64 cut into the vault. Returns the same kind, and x
itself when it holds no reference.)",
             py::arg("x"), py::pos_only(), py::kw_only(), py::arg("vault"),
             py::arg("keep_missing") = false,
             py::arg("max_output_bytes") = std::uint64_t{1} << 32U);
}

}  // namespace jobqueue_python
