// Signatures of webhooks. Secrets and headers are read where Python has them, and not copied.
#include <string>
#include <string_view>
#include <vector>

#include "native.hpp"

namespace jobqueue_python {
namespace {

std::uint32_t scheme_of(const std::string& word) {
  for (std::uint32_t scheme = 0;; ++scheme) {
    const char* const name = jobqueue_signature_scheme_name(scheme);
    if (name == nullptr) break;
    if (word == name) return scheme;
  }
  raise(JOBQUEUE_E_INVALID_ARGUMENT,
        "scheme must be auto, jobqueue, github, standard, svix, stripe, slack or convoy");
}

// A dict, or a list of pairs.
std::vector<jobqueue_header> read_headers(PyObject* headers, borrowed_texts& texts) {
  std::vector<jobqueue_header> list;
  const auto add = [&](PyObject* name, PyObject* value) {
    const jobqueue_string first = texts.add(name, "the name of a header");
    list.push_back({first, texts.add(value, "the value of a header")});
  };
  if (PyDict_Check(headers)) {
    const auto count = static_cast<std::size_t>(PyDict_GET_SIZE(headers));
    texts.reserve(2 * count);
    list.reserve(count);
    PyObject* name = nullptr;
    PyObject* value = nullptr;
    for (Py_ssize_t at = 0; PyDict_Next(headers, &at, &name, &value) != 0;) add(name, value);
    return list;
  }
  for (const py::handle one : py::reinterpret_borrow<py::list>(headers)) {
    const auto pair = py::cast<py::tuple>(one);
    if (pair.size() != 2) raise_type_error("a header must be a pair of name and value");
    add(py::object(pair[0]).ptr(), py::object(pair[1]).ptr());
  }
  return list;
}

PyObject* index_or_none(std::uint64_t index) {
  if (index == JOBQUEUE_NO_SECRET) return Py_NewRef(Py_None);
  return PyLong_FromUnsignedLongLong(index);
}

[[noreturn]] void raise_refusal(const jobqueue_error& error, const jobqueue_verification& answer) {
  const py::object make = py::module_::import("jobqueue._errors").attr("make_refusal");
  const py::object hint =
      *answer.hint == '\0' ? py::object(py::none()) : py::object(py::str(answer.hint));
  const py::object problem = make(
      error.status, jobqueue_status_name(error.status), py::str(error.message), hint,
      jobqueue_signature_scheme_name(answer.scheme),
      py::reinterpret_steal<py::object>(index_or_none(answer.secret_index)), answer.age_seconds);
  PyErr_SetObject(py::type::of(problem).ptr(), problem.ptr());
  throw py::error_already_set();
}

PyTypeObject* verification_type() {
  static PyTypeObject* const type = [] {
    static PyStructSequence_Field fields[] = {
        {"scheme", "whose headers they were"},
        {"secret_index", "which secret made the signature, from 0"},
        {"age_seconds", "now less the timestamp; 0 if the scheme has none"},
        {nullptr, nullptr}};
    static PyStructSequence_Desc description = {
        "jobqueue.Verification", "What is known of a webhook whose signature is good.", fields, 3};
    return PyStructSequence_NewType(&description);
  }();
  if (type == nullptr) throw py::error_already_set();
  return type;
}

// The word of a scheme as Python has it; made once.
PyObject* word_of(std::uint32_t scheme) {
  static const std::vector<PyObject*> words = [] {
    std::vector<PyObject*> made;
    for (std::uint32_t i = 0; const char* word = jobqueue_signature_scheme_name(i); ++i) {
      made.push_back(PyUnicode_InternFromString(word));
    }
    return made;
  }();
  return Py_NewRef(words.at(scheme));
}

py::object to_tuple(const jobqueue_verification& answer) {
  auto good = py::reinterpret_steal<py::object>(PyStructSequence_New(verification_type()));
  if (!good) throw py::error_already_set();
  PyStructSequence_SetItem(good.ptr(), 0, word_of(answer.scheme));
  PyStructSequence_SetItem(good.ptr(), 1, index_or_none(answer.secret_index));
  PyStructSequence_SetItem(good.ptr(), 2, PyLong_FromLongLong(answer.age_seconds));
  return good;
}

constexpr const char* verifier_name = "jobqueue.signature_verifier";

// verify(body, headers, now), of which `self` is a capsule with the verifier: in the time that a
// general call of a method takes, a message is verified.
PyObject* verify(PyObject* self, PyObject* const* values, Py_ssize_t count) {
  return call([&]() -> py::object {
    if (count != 3) raise_type_error("verify() takes 3 arguments");
    const auto* const verifier =
        static_cast<const jobqueue_signature_verifier*>(PyCapsule_GetPointer(self, verifier_name));
    if (verifier == nullptr) throw py::error_already_set();
    const long long now = PyLong_AsLongLong(values[2]);
    if (now == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
    const pinned bytes(values[0]);
    borrowed_texts texts;
    const std::vector<jobqueue_header> list = read_headers(values[1], texts);
    jobqueue_verification answer = JOBQUEUE_VERIFICATION_INIT;
    jobqueue_error error;
    jobqueue_status status = 0;
    {
      const gil_released others_run(bytes.view().size() >= least_release_size);
      status =
          jobqueue_signature_verifier_verify(&answer, verifier, list.data(), list.size(),
                                             bytes.view().data(), bytes.view().size(), now, &error);
    }
    if (status != 0) raise_refusal(error, answer);
    return to_tuple(answer);
  });
}

void free_verifier(PyObject* capsule) {
  jobqueue_signature_verifier_free(
      static_cast<jobqueue_signature_verifier*>(PyCapsule_GetPointer(capsule, verifier_name)));
}

// `tolerance` below 0: any age.
py::object make_verifier(const std::string& scheme, const py::list& secrets, std::int64_t tolerance,
                         bool hints) {
  borrowed_texts texts;
  const std::vector<jobqueue_string> list = texts.add_all(secrets, "a secret");
  jobqueue_signature_options options = JOBQUEUE_SIGNATURE_OPTIONS_INIT;
  options.tolerance_seconds =
      tolerance < 0 ? JOBQUEUE_ANY_AGE : static_cast<std::uint64_t>(tolerance);
  options.flags = hints ? 0 : JOBQUEUE_SIGNATURE_NO_HINTS;
  jobqueue_signature_verifier* verifier = nullptr;
  jobqueue_error error;
  if (jobqueue_signature_verifier_new(&verifier, scheme_of(scheme), list.data(), list.size(),
                                      &options, &error) != 0) {
    raise(error);
  }
  const auto capsule =
      py::reinterpret_steal<py::object>(PyCapsule_New(verifier, verifier_name, free_verifier));
  if (!capsule) {
    jobqueue_signature_verifier_free(verifier);
    throw py::error_already_set();
  }
  static PyMethodDef method = {"verify",
                               reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&verify)),
                               METH_FASTCALL, nullptr};
  PyObject* const bound = PyCFunction_New(&method, capsule.ptr());
  if (bound == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(bound);
}

class native_signer {
 public:
  native_signer(const std::string& scheme, const py::list& secrets) {
    borrowed_texts texts;
    const std::vector<jobqueue_string> list = texts.add_all(secrets, "a secret");
    jobqueue_error error;
    if (jobqueue_payload_signer_new(&c_, scheme_of(scheme), list.data(), list.size(), &error) !=
        0) {
      raise(error);
    }
  }
  ~native_signer() { jobqueue_payload_signer_free(c_); }
  native_signer(const native_signer&) = delete;
  native_signer& operator=(const native_signer&) = delete;

  [[nodiscard]] py::dict sign(const py::object& body, const std::string& id,
                              std::int64_t now) const {
    const pinned bytes(body.ptr());
    buffer out;
    jobqueue_error error;
    jobqueue_status status = 0;
    {
      const gil_released others_run(bytes.view().size() >= least_release_size);
      status = jobqueue_payload_signer_sign(out.get(), c_, bytes.view().data(), bytes.view().size(),
                                            id.data(), id.size(), now, &error);
    }
    if (status != 0) raise(error);
    py::dict headers;
    for (std::string_view lines = out.view(); !lines.empty();) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      const std::size_t colon = line.find(": ");
      headers[decode_utf8(line.substr(0, colon))] = decode_utf8(line.substr(colon + 2));
      lines.remove_prefix(line.size() + 1);
    }
    return headers;
  }

 private:
  jobqueue_payload_signer* c_ = nullptr;
};

}  // namespace

void define_signature(py::module_& module) {
  module.attr("Verification") =
      py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(verification_type()));
  module.def("signature_verifier", &make_verifier, py::arg("scheme"), py::arg("secrets"),
             py::arg("tolerance"), py::arg("hints"), py::pos_only());
  py::class_<native_signer>(module, "PayloadSigner")
      .def(py::init<const std::string&, const py::list&>(), py::arg("scheme"), py::arg("secrets"),
           py::pos_only())
      .def("sign", &native_signer::sign, py::arg("body"), py::arg("id"), py::arg("now"),
           py::pos_only());
}

}  // namespace jobqueue_python
