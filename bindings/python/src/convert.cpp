// Texts, bytes, errors and the GIL.
#include <unistd.h>

#include <chrono>
#include <thread>

#include "native.hpp"

namespace jobqueue_python {
namespace {

// All of them are read and written with the GIL held.
bool ending = false;
int working = 0;
std::thread::id ender;

}  // namespace

in_call::in_call() {
  if (ending && std::this_thread::get_id() != ender) {
    // What is left of the program is its end, which this thread must not see half done.
    PyEval_SaveThread();
    for (;;) pause();
  }
  ++working;
}

in_call::~in_call() { --working; }

gil_released::gil_released(bool release) {
  if (!release || ending) return;
  ++working;
  state_ = PyEval_SaveThread();
}

gil_released::~gil_released() {
  if (state_ == nullptr) return;
  PyEval_RestoreThread(state_);
  --working;
}

void wait_for_work() {
  ending = true;
  ender = std::this_thread::get_id();
  while (working != 0) {
    Py_BEGIN_ALLOW_THREADS;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    Py_END_ALLOW_THREADS;
  }
}

utf8::utf8(PyObject* text) {
  if (PyUnicode_IS_ASCII(text)) {  // also of a subclass, such as StrEnum
    view_ = {static_cast<const char*>(PyUnicode_DATA(text)),
             static_cast<std::size_t>(PyUnicode_GET_LENGTH(text))};
    return;
  }
  // Not PyUnicode_AsUTF8, which keeps the bytes for as long as the str lives.
  encoded_ =
      py::reinterpret_steal<py::object>(PyUnicode_AsEncodedString(text, "utf-8", "surrogatepass"));
  if (!encoded_) throw py::error_already_set();
  view_ = {PyBytes_AS_STRING(encoded_.ptr()),
           static_cast<std::size_t>(PyBytes_GET_SIZE(encoded_.ptr()))};
}

py::str decode_utf8(std::string_view bytes) {
  PyObject* text =
      PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "surrogatepass");
  if (text == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(text);
}

py::bytes to_bytes(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

std::size_t code_points::before(std::size_t offset) {
  if (ascii_) return offset;
  for (; at_ < offset && at_ < text_.size(); ++at_) {
    counted_ += (static_cast<unsigned char>(text_[at_]) & 0xC0U) != 0x80U ? 1 : 0;
  }
  return counted_;
}

borrowed_texts::~borrowed_texts() {
  for (PyObject* owner : owners_) Py_DECREF(owner);
}

jobqueue_string borrowed_texts::add(PyObject* value, const char* what) {
  if (PyUnicode_Check(value) && PyUnicode_IS_ASCII(value)) {
    owners_.push_back(Py_NewRef(value));
    return {static_cast<const char*>(PyUnicode_DATA(value)),
            static_cast<std::size_t>(PyUnicode_GET_LENGTH(value))};
  }
  if (PyBytes_Check(value)) {
    owners_.push_back(Py_NewRef(value));
  } else if (PyUnicode_Check(value)) {
    value = PyUnicode_AsEncodedString(value, "utf-8", "surrogatepass");
    if (value == nullptr) throw py::error_already_set();
    owners_.push_back(value);
  } else {
    raise_type_error(std::string(what) + " must be str or bytes, not " + Py_TYPE(value)->tp_name);
  }
  return {PyBytes_AS_STRING(value), static_cast<std::size_t>(PyBytes_GET_SIZE(value))};
}

std::vector<jobqueue_string> borrowed_texts::add_all(const py::list& values, const char* what) {
  std::vector<jobqueue_string> list;
  reserve(values.size());
  list.reserve(values.size());
  for (const py::handle one : values) list.push_back(add(one.ptr(), what));
  return list;
}

pinned::pinned(PyObject* object) {
  if (PyObject_GetBuffer(object, &view_, PyBUF_SIMPLE) != 0) throw py::error_already_set();
}

void raise(const jobqueue_error& error, py::object offset) {
  const py::object make = py::module_::import("jobqueue._errors").attr("make_error");
  const py::object problem =
      make(error.status, jobqueue_status_name(error.status), offset, py::str(error.message));
  PyErr_SetObject(py::type::of(problem).ptr(), problem.ptr());
  throw py::error_already_set();
}

void raise(jobqueue_status status, const std::string& message) {
  jobqueue_error error{};
  error.status = status;
  message.copy(error.message, sizeof error.message - 1);
  raise(error);
}

py::object offset_or_none(const jobqueue_error& error) {
  if (error.offset == JOBQUEUE_NO_OFFSET) return py::none();
  return py::int_(error.offset);
}

py::object text_offset(const jobqueue_error& error, const utf8* text) {
  if (text == nullptr || error.offset == JOBQUEUE_NO_OFFSET) return offset_or_none(error);
  return py::int_(code_points(*text).before(error.offset));
}

void raise_type_error(const std::string& message) { throw py::type_error(message); }

}  // namespace jobqueue_python
