#include <openssl/crypto.h>

#include "native.hpp"

namespace jobqueue_python {
namespace {

py::dict build_info() {
  py::dict info;
  info["version"] = jobqueue_version();
  info["abi_version"] = jobqueue_abi_version();
  info["simd_target"] = jobqueue_simd_target();
  info["openssl"] = OpenSSL_version(OPENSSL_VERSION);
  return info;
}

}  // namespace
}  // namespace jobqueue_python

PYBIND11_MODULE(_native, module, pybind11::multiple_interpreters::not_supported()) {
  using namespace jobqueue_python;
  if (jobqueue_abi_version() != JOBQUEUE_ABI_VERSION) {
    throw py::import_error("jobqueue: the library has another ABI version than the extension");
  }
  module.def("version", &jobqueue_version);
  module.def("simd_target", &jobqueue_simd_target);
  module.def("build_info", &build_info);
  define_functions(module);
  define_vault(module);
  define_sanitizer(module);
  define_failure(module);
  define_retry(module);
  define_rules(module);
  define_signature(module);
  define_attestation(module);
  define_truncate(module);
  define_content_type(module);
  define_probe(module);
  py::module_::import("atexit").attr("register")(py::cpp_function(&wait_for_work));
}
