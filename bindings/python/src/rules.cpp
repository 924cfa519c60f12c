// Rule sets; records and verdicts cross as JSON, which jobqueue/_rules.py writes and reads.
#include <string>
#include <vector>

#include "native.hpp"

namespace jobqueue_python {
namespace {

class native_ruleset {
 public:
  // Text of the set, or None for the standard one; pairs of str.
  native_ruleset(const py::object& text, const py::list& parameters) {
    std::vector<utf8> words;
    words.reserve(2 * parameters.size());
    std::vector<jobqueue_parameter> list;
    for (const py::handle one : parameters) {
      const auto pair = py::cast<py::tuple>(one);
      const std::string_view name = words.emplace_back(py::object(pair[0]).ptr()).view();
      const std::string_view value = words.emplace_back(py::object(pair[1]).ptr()).view();
      list.push_back({to_string(name), to_string(value)});
    }
    jobqueue_ruleset_options options = JOBQUEUE_RULESET_OPTIONS_INIT;
    options.parameters = list.data();
    options.parameter_count = list.size();
    std::string_view json;
    if (!text.is_none()) json = words.emplace_back(text.ptr()).view();
    const char* data = text.is_none() ? nullptr : json.data();
    jobqueue_error error;
    if (jobqueue_ruleset_parse(&c_, data, json.size(), &options, &error) != 0) {
      raise(error, offset_or_none(error));
    }
  }
  ~native_ruleset() { jobqueue_ruleset_free(c_); }
  native_ruleset(const native_ruleset&) = delete;
  native_ruleset& operator=(const native_ruleset&) = delete;

  [[nodiscard]] std::string digest() const { return jobqueue_ruleset_digest(c_); }

  [[nodiscard]] py::str evaluate(const py::object& record, std::int64_t now, bool explain) const {
    return run(record, now, explain,
               [this](auto... arguments) { return jobqueue_ruleset_evaluate(arguments...); });
  }

  [[nodiscard]] py::str evaluate_array(const py::object& records, std::int64_t now,
                                       bool explain) const {
    return run(records, now, explain,
               [](jobqueue_buffer* out, const jobqueue_ruleset* rules, auto... arguments) {
                 return jobqueue_ruleset_evaluate_array(out, nullptr, rules, arguments...);
               });
  }

  [[nodiscard]] py::str evaluate_lines(const py::object& records, std::int64_t now,
                                       bool explain) const {
    return run(records, now, explain,
               [](jobqueue_buffer* out, const jobqueue_ruleset* rules, auto... arguments) {
                 return jobqueue_ruleset_evaluate_lines(out, nullptr, rules, arguments...);
               });
  }

 private:
  template <class Call>
  py::str run(const py::object& input, std::int64_t now, bool explain, const Call& call) const {
    const utf8 text(input.ptr());
    jobqueue_evaluate_options options = JOBQUEUE_EVALUATE_OPTIONS_INIT;
    options.now_micros = now;
    options.flags = explain ? JOBQUEUE_EVALUATE_EXPLAIN : 0;
    buffer out;
    jobqueue_error error;
    jobqueue_status status = 0;
    {
      const gil_released others_run(text.view().size() >= least_release_size);
      status = call(out.get(), c_, text.view().data(), text.view().size(), &options, &error);
    }
    if (status != 0) raise(error, offset_or_none(error));
    return decode_utf8(out.view());
  }

  jobqueue_ruleset* c_ = nullptr;
};

}  // namespace

void define_rules(py::module_& module) {
  module.def("standard_rules", &jobqueue_standard_rules);
  py::class_<native_ruleset>(module, "Ruleset")
      .def(py::init<const py::object&, const py::list&>(), py::arg("text"), py::arg("parameters"),
           py::pos_only())
      .def("digest", &native_ruleset::digest)
      .def("evaluate", &native_ruleset::evaluate, py::arg("record"), py::arg("now_micros"),
           py::arg("explain"), py::pos_only())
      .def("evaluate_array", &native_ruleset::evaluate_array, py::arg("records"),
           py::arg("now_micros"), py::arg("explain"), py::pos_only())
      .def("evaluate_lines", &native_ruleset::evaluate_lines, py::arg("records"),
           py::arg("now_micros"), py::arg("explain"), py::pos_only());
}

}  // namespace jobqueue_python
