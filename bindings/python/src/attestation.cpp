// Attestations: their keys, and records in a chain. jobqueue/_attestation.py has the classes.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "native.hpp"

namespace jobqueue_python {
namespace {

using name_function = const char* (*)(std::uint32_t);

std::uint32_t number_of(const std::string& word, name_function name_of, const char* problem) {
  for (std::uint32_t number = 0;; ++number) {
    const char* const name = name_of(number);
    if (name == nullptr) break;
    if (word == name) return number;
  }
  raise(JOBQUEUE_E_INVALID_ARGUMENT, problem);
}

py::object id_or_none(const jobqueue_string& id) {
  return id.size == 0 ? py::object(py::none()) : py::object(decode_utf8({id.data, id.size}));
}

// The parts of a key in the order of AttestationKey; None behind the last reading.
py::object parse_key(const py::object& text, std::size_t reading) {
  borrowed_texts texts;
  const jobqueue_string given = texts.add(text.ptr(), "a key");
  jobqueue_attestation_key key = JOBQUEUE_ATTESTATION_KEY_INIT;
  jobqueue_error error;
  if (jobqueue_parse_attestation_key(&key, given.data, given.size, reading, &error) != 0) {
    if (reading != 0) return py::none();
    raise(error);
  }
  return py::make_tuple(
      jobqueue_attestation_writer_name(key.writer), jobqueue_attestation_kind_name(key.kind),
      jobqueue_attestation_form_name(key.form), id_or_none(key.workflow_id),
      id_or_none(key.step_id), key.attempt == 0 ? py::object(py::none()) : py::int_(key.attempt),
      (key.flags & JOBQUEUE_ATTESTATION_KEY_PERMANENT) != 0,
      (key.flags & JOBQUEUE_ATTESTATION_KEY_STEP_PREFIX) != 0,
      (key.flags & JOBQUEUE_ATTESTATION_KEY_AMBIGUOUS) != 0);
}

// `attempt` 0: none.
py::str format_key(const std::string& writer, const std::string& kind, const std::string& form,
                   const py::str& workflow_id, const py::str& step_id, std::uint64_t attempt,
                   bool permanent, bool has_step_prefix) {
  const utf8 workflow(workflow_id.ptr());
  const utf8 step(step_id.ptr());
  jobqueue_attestation_key key = JOBQUEUE_ATTESTATION_KEY_INIT;
  key.writer = number_of(writer, &jobqueue_attestation_writer_name,
                         "writer must be worker, workflow or api");
  key.kind = number_of(kind, &jobqueue_attestation_kind_name, "kind must be completion or failure");
  key.form = number_of(form, &jobqueue_attestation_form_name,
                       "form must be current, plain, prefixed or early_failure");
  key.flags = (permanent ? JOBQUEUE_ATTESTATION_KEY_PERMANENT : 0U) |
              (has_step_prefix ? JOBQUEUE_ATTESTATION_KEY_STEP_PREFIX : 0U);
  key.workflow_id = to_string(workflow.view());
  key.step_id = to_string(step.view());
  key.attempt = attempt;
  buffer out;
  jobqueue_error error;
  if (jobqueue_format_attestation_key(out.get(), &key, &error) != 0) raise(error);
  return decode_utf8(out.view());
}

// A record that is str or bytes-like.
class record_text {
 public:
  explicit record_text(const py::object& record) {
    if (PyUnicode_Check(record.ptr())) {
      text_.emplace(record.ptr());
    } else {
      bytes_.emplace(record.ptr());
    }
  }
  [[nodiscard]] std::string_view view() const { return text_ ? text_->view() : bytes_->view(); }
  // Of the same kind.
  [[nodiscard]] py::object like(std::string_view made) const {
    return text_ ? py::object(decode_utf8(made)) : py::object(to_bytes(made));
  }
  // With the offset in characters of a str.
  [[noreturn]] void fail(const jobqueue_error& error) const {
    if (!text_ || error.offset == JOBQUEUE_NO_OFFSET) raise(error, offset_or_none(error));
    raise(error, py::int_(code_points(*text_).before(static_cast<std::size_t>(error.offset))));
  }

 private:
  std::optional<utf8> text_;
  std::optional<pinned> bytes_;
};

jobqueue_attestation_head to_head(std::uint64_t sequence, const std::string& digest) {
  jobqueue_attestation_head head{};
  head.sequence = sequence;
  // What is longer is no digest, so that it need not be kept whole.
  digest.copy(head.digest, sizeof head.digest);
  return head;
}

class native_signer {
 public:
  explicit native_signer(const py::object& secret) {
    borrowed_texts texts;
    const jobqueue_string given = texts.add(secret.ptr(), "the secret");
    jobqueue_error error;
    if (jobqueue_attestation_signer_new(&c_, given.data, given.size, &error) != 0) raise(error);
  }
  ~native_signer() { jobqueue_attestation_signer_free(c_); }
  native_signer(const native_signer&) = delete;
  native_signer& operator=(const native_signer&) = delete;

  // The sealed record, and the sequence and the digest of the place behind it.
  [[nodiscard]] py::tuple seal(const py::object& record, std::uint64_t sequence,
                               const std::string& digest) const {
    const record_text text(record);
    jobqueue_attestation_head head = to_head(sequence, digest);
    buffer out;
    jobqueue_error error;
    jobqueue_status status = 0;
    {
      const gil_released others_run(text.view().size() >= least_release_size);
      status = jobqueue_attestation_signer_seal(out.get(), &head, c_, text.view().data(),
                                                text.view().size(), &error);
    }
    if (status != 0) text.fail(error);
    return py::make_tuple(text.like(out.view()), head.sequence, head.digest);
  }

 private:
  jobqueue_attestation_signer* c_ = nullptr;
};

class native_verifier {
 public:
  explicit native_verifier(const py::list& secrets) {
    borrowed_texts texts;
    const std::vector<jobqueue_string> list = texts.add_all(secrets, "a secret");
    jobqueue_error error;
    if (jobqueue_attestation_verifier_new(&c_, list.data(), list.size(), &error) != 0) {
      raise(error);
    }
  }
  ~native_verifier() { jobqueue_attestation_verifier_free(c_); }
  native_verifier(const native_verifier&) = delete;
  native_verifier& operator=(const native_verifier&) = delete;

  // The report as JSON. An empty head and JOBQUEUE_ANY_COUNT are not known.
  [[nodiscard]] py::str verify(const py::list& records, std::uint64_t sequence,
                               const std::string& digest, const std::string& expected_head,
                               std::uint64_t expected_count) const {
    borrowed_texts texts;
    const std::vector<jobqueue_string> list = texts.add_all(records, "a record");
    const jobqueue_attestation_head after = to_head(sequence, digest);
    jobqueue_attestation_options options = JOBQUEUE_ATTESTATION_OPTIONS_INIT;
    options.after = &after;
    options.expected_head = to_string(expected_head);
    options.expected_count = expected_count;
    std::size_t size = 0;
    for (const jobqueue_string& one : list) size += one.size;
    buffer out;
    jobqueue_error error;
    jobqueue_status status = 0;
    {
      const gil_released others_run(size >= least_release_size);
      status = jobqueue_attestation_verifier_verify(out.get(), c_, list.data(), list.size(),
                                                    &options, &error);
    }
    // Problems are an answer, too.
    if (status != 0 && out.view().empty()) raise(error);
    return decode_utf8(out.view());
  }

  [[nodiscard]] py::tuple head_of(const py::object& record) const {
    const record_text text(record);
    jobqueue_attestation_head head = JOBQUEUE_ATTESTATION_HEAD_INIT;
    jobqueue_error error;
    if (jobqueue_attestation_verifier_head(&head, c_, text.view().data(), text.view().size(),
                                           &error) != 0) {
      text.fail(error);
    }
    return py::make_tuple(head.sequence, head.digest);
  }

 private:
  jobqueue_attestation_verifier* c_ = nullptr;
};

}  // namespace

void define_attestation(py::module_& module) {
  module.def("parse_attestation_key", &parse_key, py::arg("text"), py::arg("reading"),
             py::pos_only());
  module.def("format_attestation_key", &format_key, py::arg("writer"), py::arg("kind"),
             py::arg("form"), py::arg("workflow_id"), py::arg("step_id"), py::arg("attempt"),
             py::arg("permanent"), py::arg("has_step_prefix"), py::pos_only());
  py::class_<native_signer>(module, "AttestationSigner")
      .def(py::init<const py::object&>(), py::arg("secret"), py::pos_only())
      .def("seal", &native_signer::seal, py::arg("record"), py::arg("sequence"), py::arg("digest"),
           py::pos_only());
  py::class_<native_verifier>(module, "AttestationVerifier")
      .def(py::init<const py::list&>(), py::arg("secrets"), py::pos_only())
      .def("verify", &native_verifier::verify, py::arg("records"), py::arg("sequence"),
           py::arg("digest"), py::arg("expected_head"), py::arg("expected_count"), py::pos_only())
      .def("head_of", &native_verifier::head_of, py::arg("record"), py::pos_only());
}

}  // namespace jobqueue_python
