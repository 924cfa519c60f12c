// The sanitizer for input that comes in pieces.
#include <memory>

#include "native.hpp"

namespace jobqueue_python {
namespace {

class sanitizer {
 public:
  sanitizer(const py::object& on_cut, const py::kwargs& arguments) : on_cut_(on_cut) {
    for (const auto& [name, value] : arguments) {
      const utf8 word(name.ptr());
      if (!options_.set("Base64Sanitizer", word.view(), value.ptr())) {
        raise_type_error("Base64Sanitizer() got an unexpected keyword argument '" +
                         std::string(word.view()) + "'");
      }
    }
    if (!on_cut_.is_none()) {
      report_.listen(options_.c);
      options_.c.on_kept = nullptr;
    }
    jobqueue_error error;
    if (jobqueue_base64_sanitizer_new(&c_, &options_.c, &error) != 0) raise(error);
  }
  ~sanitizer() { jobqueue_base64_sanitizer_free(c_); }
  sanitizer(const sanitizer&) = delete;
  sanitizer& operator=(const sanitizer&) = delete;

  py::bytes update(const py::object& piece) {
    const pinned bytes(piece.ptr());
    return step([&](jobqueue_buffer* out, jobqueue_error* error) {
      return jobqueue_base64_sanitizer_update(out, c_, bytes.view().data(), bytes.view().size(),
                                              error);
    });
  }

  py::bytes finish() {
    return step([&](jobqueue_buffer* out, jobqueue_error* error) {
      return jobqueue_base64_sanitizer_finish(out, c_, error);
    });
  }

 private:
  template <class Call>
  py::bytes step(const Call& call) {
    const in_call keeps_the_interpreter;
    // Read and written with the GIL held.
    if (busy_) raise(JOBQUEUE_E_INVALID_ARGUMENT, "another thread is using this Base64Sanitizer");
    busy_ = true;
    buffer out;
    jobqueue_error error;
    jobqueue_status status = 0;
    {
      const gil_released others_run(true);
      status = call(out.get(), &error);
    }
    busy_ = false;
    options_.vault.rethrow();
    if (status != 0) raise(error, offset_or_none(error));
    py::bytes result = to_bytes(out.view());
    for (const report_line& line : std::exchange(report_.lines, {})) {
      on_cut_(report::to_tuple(line));
    }
    return result;
  }

  options options_;
  report report_;
  py::object on_cut_;
  jobqueue_base64_sanitizer* c_ = nullptr;
  bool busy_ = false;
};

}  // namespace

void define_sanitizer(py::module_& module) {
  py::class_<sanitizer>(module, "Base64Sanitizer")
      .def(py::init<const py::object&, const py::kwargs&>(), py::arg("on_cut"))
      .def("update", &sanitizer::update, py::arg("piece"), py::pos_only())
      .def("finish", &sanitizer::finish);
}

}  // namespace jobqueue_python
