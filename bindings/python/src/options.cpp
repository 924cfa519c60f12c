#include "native.hpp"

namespace jobqueue_python {
namespace {

[[noreturn]] void refuse(const char* function, std::string_view name, const std::string& wanted,
                         PyObject* value) {
  raise_type_error(std::string(function) + "() argument '" + std::string(name) + "' must be " +
                   wanted + ", not " + Py_TYPE(value)->tp_name);
}

bool to_bool(const char* function, std::string_view name, PyObject* value) {
  if (!PyBool_Check(value)) refuse(function, name, "a bool", value);
  return value == Py_True;
}

std::uint64_t to_number(const char* function, std::string_view name, PyObject* value) {
  if (!PyLong_Check(value) || PyBool_Check(value)) refuse(function, name, "an int", value);
  const std::uint64_t number = PyLong_AsUnsignedLongLong(value);
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    raise(JOBQUEUE_E_INVALID_ARGUMENT, std::string(name) + " is out of range");
  }
  return number;
}

struct choice {
  std::string_view word;
  std::uint32_t value;
};

template <std::size_t Count>
std::uint32_t to_choice(const char* function, std::string_view name, PyObject* value,
                        const choice (&choices)[Count]) {
  if (!PyUnicode_Check(value)) refuse(function, name, "a str", value);
  const utf8 given(value);
  std::string known;
  for (const auto& [word, number] : choices) {
    if (given.view() == word) return number;
    known += (known.empty() ? "'" : ", '") + std::string(word) + "'";
  }
  raise(JOBQUEUE_E_INVALID_ARGUMENT, std::string(name) + " must be one of " + known);
}

}  // namespace

void options::set_names(const char* function, std::string_view name, PyObject* value,
                        std::vector<std::string>& texts, std::vector<jobqueue_string>& views) {
  // One name alone would be taken for the list of its letters.
  if (PyUnicode_Check(value)) refuse(function, name, "an iterable of str", value);
  if (Py_TYPE(value)->tp_iter == nullptr && !PySequence_Check(value)) {
    refuse(function, name, "an iterable of str", value);
  }
  texts.clear();
  views.clear();
  for (const py::handle one : py::reinterpret_borrow<py::iterable>(value)) {
    if (!PyUnicode_Check(one.ptr())) refuse(function, name, "an iterable of str", one.ptr());
    texts.emplace_back(utf8(one.ptr()).view());
  }
  for (const std::string& text : texts) views.push_back(to_string(text));
}

bool options::set(const char* function, std::string_view name, PyObject* value) {
  const auto flag = [&](std::uint32_t bit, bool on) {
    c.flags = on ? c.flags | bit : c.flags & ~bit;
  };
  if (name == "vault") {
    vault.use(value);
    c.vault = vault.get();
  } else if (name == "min_run_chars") {
    c.min_run_chars = to_number(function, name, value);
  } else if (name == "min_unknown_chars") {
    c.min_unknown_chars = to_number(function, name, value);
  } else if (name == "detection") {
    static constexpr choice words[] = {{"verified", 0}, {"naive", JOBQUEUE_SANITIZE_NAIVE}};
    flag(JOBQUEUE_SANITIZE_NAIVE, to_choice(function, name, value, words) != 0);
  } else if (name == "format") {
    static constexpr choice words[] = {{"auto", JOBQUEUE_FORMAT_AUTO},
                                       {"json", JOBQUEUE_FORMAT_JSON},
                                       {"ndjson", JOBQUEUE_FORMAT_NDJSON},
                                       {"text", JOBQUEUE_FORMAT_TEXT}};
    c.format = to_choice(function, name, value, words);
  } else if (name == "cut_fields") {
    set_names(function, name, value, cut_texts_, cut_);
    c.cut_fields = cut_.data();
    c.cut_field_count = cut_.size();
  } else if (name == "protect_fields") {
    set_names(function, name, value, protect_texts_, protect_);
    c.protect_fields = protect_.data();
    c.protect_field_count = protect_.size();
  } else if (name == "cut_protected") {
    flag(JOBQUEUE_SANITIZE_CUT_PROTECTED, to_bool(function, name, value));
  } else if (name == "max_depth") {
    const std::uint64_t depth = to_number(function, name, value);
    c.max_depth = static_cast<std::uint32_t>(std::min<std::uint64_t>(depth, UINT32_MAX));
  } else if (name == "sync") {
    flag(JOBQUEUE_SANITIZE_NO_SYNC, !to_bool(function, name, value));
  } else {
    return false;
  }
  return true;
}

void options::parse(const char* function, PyObject* const* values, PyObject* names) {
  const Py_ssize_t count = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
  given = count != 0;
  for (Py_ssize_t i = 0; i < count; ++i) {
    const utf8 name(PyTuple_GET_ITEM(names, i));
    if (!set(function, name.view(), values[i])) {
      raise_type_error(std::string(function) + "() got an unexpected keyword argument '" +
                       std::string(name.view()) + "'");
    }
  }
}

void report::listen(jobqueue_sanitize_options& options) {
  options.payload = &lines;
  options.on_cut = [](void* payload, const jobqueue_cut* cut) {
    const auto view = [](const jobqueue_string& text) {
      return std::string_view(text.data, text.size);
    };
    report_line line;
    line.is_cut = true;
    line.offset = cut->offset;
    line.size = cut->size;
    line.decoded_size = cut->decoded_size;
    line.line = cut->line;
    line.replacement_size = cut->replacement_size;
    line.has_pointer = cut->has_pointer != 0;
    line.pointer = view(cut->pointer);
    line.form = view(cut->form);
    line.blob_class = view(cut->blob_class);
    line.encoding = view(cut->encoding);
    line.evidence = view(cut->evidence);
    line.media_type = view(cut->media_type);
    std::copy(std::begin(cut->sha256), std::end(cut->sha256), std::begin(line.sha256));
    static_cast<std::vector<report_line>*>(payload)->push_back(std::move(line));
  };
  options.on_kept = [](void* payload, const jobqueue_kept* kept) {
    report_line line;
    line.offset = kept->offset;
    line.size = kept->size;
    line.reason = {kept->reason.data, kept->reason.size};
    static_cast<std::vector<report_line>*>(payload)->push_back(std::move(line));
  };
}

py::tuple report::to_tuple(const report_line& line) {
  const py::object pointer = line.has_pointer ? py::object(decode_utf8(line.pointer)) : py::none();
  if (!line.is_cut) return py::make_tuple(line.offset, line.size, line.reason, pointer);
  return py::make_tuple(
      line.offset, line.size, line.decoded_size, line.line, line.replacement_size, pointer,
      line.form, line.blob_class, line.encoding, line.evidence, decode_utf8(line.media_type),
      py::bytes(reinterpret_cast<const char*>(line.sha256), sizeof line.sha256).attr("hex")());
}

}  // namespace jobqueue_python
