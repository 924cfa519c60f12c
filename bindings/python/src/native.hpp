// What the parts of the extension module share. It converts, walks, pins and maps errors; every
// verdict comes from the C ABI.
#pragma once

#include <pybind11/pybind11.h>

#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/jobqueue.h>

#include "../../buffer.hpp"

namespace jobqueue_python {

namespace py = pybind11;
using jobqueue_binding::buffer;

// One lives in every function from which Python code may be called back. Python ends a daemon
// thread by unwinding it, wherever it waits for the GIL, and C++ does not survive that: so the end
// of the interpreter waits for these.
class in_call {
 public:
  in_call();
  ~in_call();
  in_call(const in_call&) = delete;
  in_call& operator=(const in_call&) = delete;
};

// While one lives, other Python threads run; the end of the interpreter waits for it, too.
class gil_released {
 public:
  explicit gil_released(bool release);
  ~gil_released();
  gil_released(const gil_released&) = delete;
  gil_released& operator=(const gil_released&) = delete;

 private:
  PyThreadState* state_ = nullptr;
};

// Called when the interpreter is about to end: returns when no thread is in a call or works without
// the GIL, and none will be from then on.
void wait_for_work();

// Releasing the GIL costs more than smaller work does.
inline constexpr std::size_t least_release_size = 16 * 1024;

// The UTF-8 of a str; lone surrogates as three bytes each ("surrogatepass"). Borrows where it can.
class utf8 {
 public:
  explicit utf8(PyObject* text);
  [[nodiscard]] std::string_view view() const { return view_; }
  [[nodiscard]] bool is_ascii() const { return !encoded_; }

 private:
  py::object encoded_;
  std::string_view view_;
};

py::str decode_utf8(std::string_view bytes);
py::bytes to_bytes(std::string_view bytes);

inline jobqueue_string to_string(std::string_view text) { return {text.data(), text.size()}; }

// Code points before `offset` in UTF-8 (or in what is nearly that); offsets must not decrease.
class code_points {
 public:
  explicit code_points(const utf8& text) : text_(text.view()), ascii_(text.is_ascii()) {}
  std::size_t before(std::size_t offset);

 private:
  std::string_view text_;
  bool ascii_;
  std::size_t at_ = 0;
  std::size_t counted_ = 0;
};

// Throws the exception of jobqueue/_errors.py for a status.
[[noreturn]] void raise(const jobqueue_error& error, py::object offset = py::none());
[[noreturn]] void raise(jobqueue_status status, const std::string& message);
py::object offset_or_none(const jobqueue_error& error);
// Where in a str the C ABI means, which counts bytes; null: it is bytes.
py::object text_offset(const jobqueue_error& error, const utf8* text);
[[noreturn]] void raise_type_error(const std::string& message);

// A directory, as Python has it in hand.
class directory_vault {
 public:
  directory_vault(const py::object& path, bool create);
  ~directory_vault() { jobqueue_vault_free(c_); }
  directory_vault(const directory_vault&) = delete;
  directory_vault& operator=(const directory_vault&) = delete;
  [[nodiscard]] jobqueue_vault* get() const { return c_; }

  py::bytes add(const py::object& blob);
  [[nodiscard]] py::bytes read(const py::bytes& digest, std::uint64_t size) const;
  void sync();

 private:
  jobqueue_vault* c_ = nullptr;
};

// The vault of one call: a directory_vault, or any object with put and get, or none.
class used_vault {
 public:
  used_vault() = default;
  ~used_vault();
  used_vault(const used_vault&) = delete;
  used_vault& operator=(const used_vault&) = delete;

  void use(PyObject* vault);
  [[nodiscard]] jobqueue_vault* get() const { return c_; }

  // What a method of the object threw, if it did: as it was.
  void rethrow();

 private:
  static jobqueue_status put(void* self, const uint8_t* digest, const void* blob, size_t size);
  static jobqueue_status get_blob(void* self, jobqueue_buffer* out, const uint8_t* digest,
                                  uint64_t size);
  static jobqueue_status sync(void* self);
  template <class Call>
  jobqueue_status guarded(const Call& call);

  py::object object_;
  jobqueue_vault* c_ = nullptr;
  bool owned_ = false;
  std::exception_ptr thrown_;
};

// One line of a report. What the C ABI lends is copied, because it is told during the call.
struct report_line {
  bool is_cut = false;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t decoded_size = 0;
  std::uint64_t line = 0;
  std::uint64_t replacement_size = 0;
  bool has_pointer = false;
  std::string pointer;
  std::string_view form, blob_class, encoding, evidence, reason;  // static
  std::string media_type;
  std::uint8_t sha256[32] = {};
};

class report {
 public:
  void listen(jobqueue_sanitize_options& options);
  std::vector<report_line> lines;
  // Tuples as _report.py takes them.
  [[nodiscard]] static py::tuple to_tuple(const report_line& line);
};

// The keyword arguments of the sanitizing functions, checked.
class options {
 public:
  // Arguments as METH_FASTCALL passes them; `function` is for messages.
  void parse(const char* function, PyObject* const* values, PyObject* names);
  // Takes one of them; false if there is none of this name.
  bool set(const char* function, std::string_view name, PyObject* value);

  jobqueue_sanitize_options c = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  used_vault vault;
  bool given = false;  // whether there are any; the defaults need no check

 private:
  void set_names(const char* function, std::string_view name, PyObject* value,
                 std::vector<std::string>& texts, std::vector<jobqueue_string>& views);

  std::vector<std::string> cut_texts_, protect_texts_;
  std::vector<jobqueue_string> cut_, protect_;
};

// What CPython calls must not throw.
template <class Body>
PyObject* call(const Body& body) {
  try {
    return body().release().ptr();
  } catch (py::error_already_set& problem) {
    problem.restore();
  } catch (const py::builtin_exception& problem) {
    problem.set_error();
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& problem) {
    PyErr_SetString(PyExc_RuntimeError, problem.what());
  }
  return nullptr;
}

// Keeps a buffer where it is while one lives.
class pinned {
 public:
  explicit pinned(PyObject* object);
  ~pinned() { PyBuffer_Release(&view_); }
  pinned(const pinned&) = delete;
  pinned& operator=(const pinned&) = delete;
  [[nodiscard]] std::string_view view() const {
    return {view_.buf == nullptr ? "" : static_cast<const char*>(view_.buf),
            static_cast<std::size_t>(view_.len)};
  }

 private:
  Py_buffer view_{};
};

// The bytes of str and bytes, which stay while one of these lives.
class borrowed_texts {
 public:
  borrowed_texts() = default;
  borrowed_texts(const borrowed_texts&) = delete;
  borrowed_texts& operator=(const borrowed_texts&) = delete;
  ~borrowed_texts();
  void reserve(std::size_t count) { owners_.reserve(count); }
  // `what` it is, for the TypeError: "a secret".
  jobqueue_string add(PyObject* value, const char* what);
  std::vector<jobqueue_string> add_all(const py::list& values, const char* what);

 private:
  std::vector<PyObject*> owners_;
};

// A dict, list or tuple: the same object, or a copy in which what was cut is replaced.
py::object sanitize_object(PyObject* root, options& options, report* report);
py::object restore_object(PyObject* root, used_vault& vault, jobqueue_restore_options options);

void define_functions(py::module_& module);
void define_vault(py::module_& module);
void define_sanitizer(py::module_& module);
void define_failure(py::module_& module);
void define_retry(py::module_& module);
void define_rules(py::module_& module);
void define_signature(py::module_& module);
void define_attestation(py::module_& module);
void define_truncate(py::module_& module);
void define_content_type(py::module_& module);
void define_probe(py::module_& module);

}  // namespace jobqueue_python
