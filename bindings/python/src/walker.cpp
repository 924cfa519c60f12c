// Walks a dict, list or tuple in memory: finds the strings, collects what is around them, and asks
// the C ABI. Nothing of the argument is changed; only containers on the way to a cut are copied.
#include <algorithm>
#include <array>
#include <functional>

#include "native.hpp"

namespace jobqueue_python {
namespace {

constexpr std::size_t max_containers = 10000;  // one in another; json.dumps ends at about 1,000
constexpr std::size_t max_neighbours = 32;     // each way, as the C ABI says
constexpr std::size_t max_neighbour_value = 256;
constexpr std::size_t neighbour_window = 4096;  // bytes, each way, as in text

bool is_container(PyObject* value) {
  return PyDict_Check(value) || PyList_Check(value) || PyTuple_Check(value);
}

// The text of a neighbour without a copy, or empty where that cannot be: what a judge looks for in
// names and types is ASCII.
std::string_view plain_text(PyObject* text) {
  if (text == nullptr || !PyUnicode_Check(text) || !PyUnicode_IS_ASCII(text)) return {};
  return {static_cast<const char*>(PyUnicode_DATA(text)),
          static_cast<std::size_t>(PyUnicode_GET_LENGTH(text))};
}

struct member {
  PyObject* key;
  PyObject* value;
};

// One container that is being walked. A dict of exactly that type is walked in place; other types
// may list their items in another order, or make them, and are asked for them.
struct frame {
  py::object container;
  py::object items;         // of a subclass of dict: a list of pairs
  py::object copy;          // made when something in it has changed
  py::object name;          // of the member that it is, if it is one
  PyObject* key = nullptr;  // of the child that is being looked at, borrowed
  Py_ssize_t position = 0;
  Py_ssize_t next = 0;
  Py_ssize_t size = 0;

  [[nodiscard]] bool is_dict() const { return PyDict_Check(container.ptr()); }
};

class walker {
 public:
  // Gives a new value for a string, or nothing where it stays.
  using change = std::function<py::object(walker&, PyObject* text)>;

  walker(std::uint64_t least_size, const options* names, change ask)
      : least_size_(static_cast<Py_ssize_t>(std::min<std::uint64_t>(least_size, PY_SSIZE_T_MAX))),
        ask_(std::move(ask)) {
    if (names != nullptr) know_names(*names);
  }

  py::object walk(PyObject* root) {
    py::object result = py::reinterpret_borrow<py::object>(root);
    push(root, nullptr);
    while (!stack_.empty()) {
      PyObject* child = next_child();
      if (child == nullptr) {
        const frame finished = std::move(stack_.back());
        stack_.pop_back();
        if (!finished.copy) continue;
        const py::object changed = as_tuple_if(finished);
        if (stack_.empty()) {
          result = changed;
        } else {
          replace(changed);
        }
      } else if (PyUnicode_Check(child)) {
        if (!may_change(child)) continue;
        // A vault of the caller may take them out of the container meanwhile.
        const py::object text = py::reinterpret_borrow<py::object>(child);
        const py::object key = stack_.back().is_dict()
                                   ? py::reinterpret_borrow<py::object>(stack_.back().key)
                                   : py::object();
        if (const py::object changed = ask_(*this, child)) replace(changed);
      } else if (is_container(child)) {
        // Only what can be made again from its elements is walked.
        if (PyTuple_Check(child) && !PyTuple_CheckExact(child) && !py::hasattr(child, "_make")) {
          continue;
        }
        push(child, stack_.back().is_dict() ? stack_.back().key : nullptr);
      }
    }
    return result;
  }

  // What is around the string that is being looked at.
  jobqueue_value_context context() {
    jobqueue_value_context context = JOBQUEUE_VALUE_CONTEXT_INIT;
    const frame& here = stack_.back();
    held_.clear();
    neighbours_.clear();
    if (here.name) context.parent_name = to_string(name_text(here.name.ptr()));
    if (!here.is_dict()) return context;
    context.name = to_string(name_text(here.key));
    collect_neighbours(here);
    context.neighbours = neighbours_.data();
    context.neighbour_count = neighbours_.size();
    return context;
  }

  [[nodiscard]] std::string pointer() const {
    std::string pointer;
    for (const frame& one : stack_) {
      pointer += '/';
      if (!one.is_dict()) {
        pointer += std::to_string(one.position);
        continue;
      }
      const py::str key(py::reinterpret_borrow<py::object>(one.key));
      for (const char c : utf8(key.ptr()).view()) {
        if (c == '~') {
          pointer += "~0";
        } else if (c == '/') {
          pointer += "~1";
        } else {
          pointer += c;
        }
      }
    }
    return pointer;
  }

 private:
  void know_names(const options& names) {
    std::size_t count = 0;
    const jobqueue_string* known = jobqueue_default_cut_fields(&count);
    if (known == nullptr) raise(JOBQUEUE_E_OUT_OF_MEMORY, "there is not enough memory");
    const auto know = [&](const jobqueue_string& name) {
      cut_fields_.emplace_back(name.data, name.size);
      for (char& c : cut_fields_.back()) c = lower(c);
      if (name.size < name_sizes_.size()) name_sizes_[name.size] = true;
    };
    std::for_each(known, known + count, know);
    std::for_each(names.c.cut_fields, names.c.cut_fields + names.c.cut_field_count, know);
  }

  static char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

  [[nodiscard]] bool is_cut_field(PyObject* key) const {
    const std::string_view name = plain_text(key);
    if (name.empty()) return key != nullptr && PyUnicode_Check(key) && !PyUnicode_IS_ASCII(key);
    if (name.size() < name_sizes_.size() && !name_sizes_[name.size()]) return false;
    return std::any_of(cut_fields_.begin(), cut_fields_.end(), [&](const std::string& field) {
      return std::equal(field.begin(), field.end(), name.begin(), name.end(),
                        [](char a, char b) { return a == lower(b); });
    });
  }

  // What jobqueue.h says of values that need not be asked about. Where nothing that is cut can be
  // shorter than JOBQUEUE_MIN_CUT_SIZE bytes of ASCII, characters may be counted in place of bytes.
  bool may_change(PyObject* text) const {
    const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    if (length < JOBQUEUE_MIN_CUT_SIZE) return false;
    if (length >= least_size_) return true;
    if (cut_fields_.empty()) return false;  // restoring: every string is asked about by its size
    const auto has = [&](Py_UCS4 c) { return PyUnicode_FindChar(text, c, 0, length, 1) >= 0; };
    if (has(',') || has('"')) return true;
    const frame& here = stack_.back();
    return here.is_dict() && is_cut_field(here.key);
  }

  void push(PyObject* container, PyObject* name) {
    if (stack_.size() == max_containers) {
      const auto same = [&](const frame& one) { return one.container.ptr() == container; };
      if (std::any_of(stack_.begin(), stack_.end(), same)) {
        raise(JOBQUEUE_E_INVALID_ARGUMENT, "the object has a cycle: a container is in itself");
      }
      raise(JOBQUEUE_E_DEPTH_EXCEEDED, "the object has more than " +
                                           std::to_string(max_containers) +
                                           " containers in one another");
    }
    frame& here = stack_.emplace_back();
    here.container = py::reinterpret_borrow<py::object>(container);
    here.name = py::reinterpret_borrow<py::object>(name);
    if (PyDict_CheckExact(container)) {
      here.size = PyDict_GET_SIZE(container);
    } else if (PyDict_Check(container)) {
      here.items = py::reinterpret_steal<py::object>(PyMapping_Items(container));
      if (!here.items) throw py::error_already_set();
      here.size = PyList_GET_SIZE(here.items.ptr());
    } else {
      here.size = PySequence_Fast_GET_SIZE(container);
    }
  }

  // The next child of the innermost container (borrowed), or nothing after its last.
  PyObject* next_child() {
    frame& here = stack_.back();
    PyObject* container = here.container.ptr();
    if (PyDict_CheckExact(container)) {
      // A vault of the caller, or another thread, may have been at it.
      if (PyDict_GET_SIZE(container) != here.size) {
        PyErr_SetString(PyExc_RuntimeError, "dictionary changed size while it was sanitized");
        throw py::error_already_set();
      }
      PyObject* value = nullptr;
      here.position = here.next;
      return PyDict_Next(container, &here.next, &here.key, &value) != 0 ? value : nullptr;
    }
    here.position = here.next++;
    if (here.items) {
      if (here.position >= here.size) return nullptr;
      const member one = pair_at(here, here.position);
      here.key = one.key;
      return one.value;
    }
    if (here.position >= PySequence_Fast_GET_SIZE(container)) return nullptr;
    return PySequence_Fast_GET_ITEM(container, here.position);
  }

  static member pair_at(const frame& here, Py_ssize_t position) {
    PyObject* pair = PyList_GET_ITEM(here.items.ptr(), position);
    return {PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1)};
  }

  // Puts a new value in the place of the child that is being looked at.
  void replace(const py::object& value) {
    frame& here = stack_.back();
    PyObject* container = here.container.ptr();
    if (PyTuple_Check(container)) {
      if (!here.copy) here.copy = py::list(here.container);
      PyList_SetItem(here.copy.ptr(), here.position, py::object(value).release().ptr());
      return;
    }
    if (!here.copy) here.copy = shallow_copy(container);
    const int failed = here.is_dict()
                           ? PyObject_SetItem(here.copy.ptr(), here.key, value.ptr())
                           : PySequence_SetItem(here.copy.ptr(), here.position, value.ptr());
    if (failed != 0) throw py::error_already_set();
  }

  // A tuple was changed as a list.
  static py::object as_tuple_if(const frame& finished) {
    const py::object& container = finished.container;
    if (!PyTuple_Check(container.ptr())) return finished.copy;
    if (PyTuple_CheckExact(container.ptr())) return py::tuple(finished.copy);
    return py::type::of(container).attr("_make")(finished.copy);
  }

  // The text of a name in any script, which stays until the next context.
  std::string_view name_text(PyObject* name) {
    if (!PyUnicode_Check(name)) return {};
    const std::string_view plain = plain_text(name);
    if (!plain.empty()) return plain;
    held_.push_back(to_bytes(utf8(name).view()));
    return {PyBytes_AS_STRING(held_.back().ptr()),
            static_cast<std::size_t>(PyBytes_GET_SIZE(held_.back().ptr()))};
  }

  // Of the same type: a defaultdict stays one.
  static py::object shallow_copy(PyObject* container) {
    PyObject* copy = nullptr;
    if (PyDict_CheckExact(container)) {
      copy = PyDict_Copy(container);
    } else if (PyList_CheckExact(container)) {
      copy = PyList_GetSlice(container, 0, PyList_GET_SIZE(container));
    } else {
      return py::module_::import("copy").attr("copy")(py::handle(container));
    }
    if (copy == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(copy);
  }

  // The members nearest to the string, those of child objects among them, in no order.
  void collect_neighbours(const frame& here) {
    members_.clear();
    std::size_t self = 0;
    if (here.items) {
      self = static_cast<std::size_t>(here.position);
      for (Py_ssize_t i = 0; i < here.size; ++i) members_.push_back(pair_at(here, i));
    } else {
      member one{};
      Py_ssize_t at = 0;
      while (PyDict_Next(here.container.ptr(), &at, &one.key, &one.value) != 0) {
        if (one.key == here.key) self = members_.size();
        members_.push_back(one);
      }
    }
    std::size_t taken = 0;
    std::size_t bytes = 0;
    for (std::size_t i = self; i-- > 0 && taken < max_neighbours && bytes < neighbour_window;) {
      take(members_[i], false, taken, bytes);
    }
    taken = 0;
    bytes = 0;
    for (std::size_t i = self + 1;
         i < members_.size() && taken < max_neighbours && bytes < neighbour_window; ++i) {
      take(members_[i], true, taken, bytes);
    }
  }

  void take(const member& one, bool after, std::size_t& taken, std::size_t& bytes) {
    add(one, false, after, taken, bytes);
    if (!PyDict_CheckExact(one.value)) return;
    member child{};
    Py_ssize_t at = 0;
    while (taken < max_neighbours && bytes < neighbour_window &&
           PyDict_Next(one.value, &at, &child.key, &child.value) != 0) {
      add(child, true, after, taken, bytes);
    }
  }

  void add(const member& one, bool child, bool after, std::size_t& taken, std::size_t& bytes) {
    const std::string_view name = plain_text(one.key);
    std::string_view value = plain_text(one.value);
    bytes += name.size() + value.size() + 6;  // quotes, colon, comma
    if (value.size() > max_neighbour_value) value = {};
    ++taken;
    if (name.empty()) return;
    neighbours_.push_back({to_string(name), to_string(value), child ? 1U : 0U, after ? 1U : 0U});
    // The texts must stay while the judge reads them, even where other threads run.
    held_.push_back(py::reinterpret_borrow<py::object>(one.key));
    held_.push_back(py::reinterpret_borrow<py::object>(one.value));
  }

  Py_ssize_t least_size_;
  change ask_;
  std::vector<frame> stack_;
  std::vector<std::string> cut_fields_;
  std::array<bool, 64> name_sizes_{};
  std::vector<member> members_;
  std::vector<jobqueue_neighbour> neighbours_;
  std::vector<py::object> held_;
};

// What the C ABI tells of a value, as of the object: pointers go through it, offsets count
// characters of the string.
void finish_lines(report& report, std::size_t first, const std::string& pointer, const utf8& text) {
  code_points counter(text);
  std::vector<report_line*> lines;
  for (std::size_t i = first; i < report.lines.size(); ++i) lines.push_back(&report.lines[i]);
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto* a, const auto* b) { return a->offset < b->offset; });
  for (report_line* line : lines) {
    const std::uint64_t end = line->offset + line->size;
    line->offset = counter.before(line->offset);
    code_points to_end = counter;
    line->size = to_end.before(end) - line->offset;
    line->pointer = line->pointer.empty() ? pointer : pointer + "/~s" + line->pointer;
    line->has_pointer = true;
    line->line = 1;
  }
}

}  // namespace

py::object sanitize_object(PyObject* root, options& options, report* report) {
  if (options.c.format != JOBQUEUE_FORMAT_AUTO) {
    raise(JOBQUEUE_E_INVALID_ARGUMENT, "format is for text and bytes, not for objects");
  }
  jobqueue_sanitize_options each = options.c;
  each.flags |= JOBQUEUE_SANITIZE_NO_SYNC;
  if (report != nullptr) report->listen(each);
  bool cut = false;
  buffer lean;
  const auto ask = [&](walker& walker, PyObject* value) -> py::object {
    const utf8 text(value);
    const jobqueue_value_context context = walker.context();
    const std::size_t first = report == nullptr ? 0 : report->lines.size();
    jobqueue_error error;
    std::int32_t changed = 0;
    jobqueue_status status = 0;
    {
      const gil_released others_run(text.view().size() >= least_release_size);
      status = jobqueue_sanitize_base64_value(lean.get(), &changed, text.view().data(),
                                              text.view().size(), &context, &each, &error);
    }
    options.vault.rethrow();
    if (status != 0) raise(error);
    if (report != nullptr) finish_lines(*report, first, walker.pointer(), text);
    if (changed == 0) return {};
    cut = true;
    return decode_utf8(lean.view());
  };
  // Wrong options are an error even where there is no string to ask about.
  if (options.given) {
    jobqueue_error error;
    std::int32_t changed = 0;
    if (jobqueue_sanitize_base64_value(lean.get(), &changed, "", 0, nullptr, &each, &error) != 0) {
      raise(error);
    }
  }
  py::object result = walker(options.c.min_run_chars, &options, ask).walk(root);
  if (cut && options.c.vault != nullptr && (options.c.flags & JOBQUEUE_SANITIZE_NO_SYNC) == 0) {
    jobqueue_error error;
    jobqueue_status status = 0;
    {
      const gil_released others_run(true);
      status = jobqueue_vault_sync(options.c.vault, &error);
    }
    options.vault.rethrow();
    if (status != 0) raise(error);
  }
  return result;
}

py::object restore_object(PyObject* root, used_vault& vault, jobqueue_restore_options options) {
  constexpr std::uint64_t least_reference = 90;  // its digest alone has 64 characters
  buffer whole;
  const auto ask = [&](walker&, PyObject* value) -> py::object {
    const utf8 text(value);
    jobqueue_error error;
    std::int32_t changed = 0;
    jobqueue_status status = 0;
    {
      const gil_released others_run(true);
      status = jobqueue_restore_base64(whole.get(), &changed, text.view().data(),
                                       text.view().size(), vault.get(), &options, &error);
    }
    vault.rethrow();
    if (status != 0) {
      code_points counter(text);
      raise(error, error.offset == JOBQUEUE_NO_OFFSET
                       ? py::object(py::none())
                       : py::object(py::int_(counter.before(error.offset))));
    }
    if (changed == 0) return {};
    options.max_output_bytes -=
        std::min<std::uint64_t>(options.max_output_bytes, whole.view().size());
    return decode_utf8(whole.view());
  };
  return walker(least_reference, nullptr, ask).walk(root);
}

}  // namespace jobqueue_python
