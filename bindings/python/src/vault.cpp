#include "native.hpp"

namespace jobqueue_python {
namespace {

constexpr std::size_t digest_size = 32;

const std::uint8_t* check_digest(const py::bytes& digest) {
  const std::string_view bytes = digest;
  if (bytes.size() != digest_size) {
    raise(JOBQUEUE_E_INVALID_ARGUMENT, "digest must be the 32 bytes of a SHA-256");
  }
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

py::bytes digest_bytes(const std::uint8_t* digest) {
  return {reinterpret_cast<const char*>(digest), digest_size};
}

}  // namespace

directory_vault::directory_vault(const py::object& path, bool create) {
  const auto place = py::module_::import("os").attr("fsencode")(path).cast<std::string>();
  jobqueue_vault_options options = JOBQUEUE_VAULT_OPTIONS_INIT;
  options.flags = create ? JOBQUEUE_VAULT_CREATE : 0;
  jobqueue_error error;
  if (jobqueue_vault_open_directory(&c_, place.data(), place.size(), &options, &error) != 0) {
    raise(error);
  }
}

py::bytes directory_vault::add(const py::object& blob) {
  const pinned bytes(blob.ptr());
  std::uint8_t digest[digest_size];
  jobqueue_error error;
  jobqueue_status status = 0;
  {
    const gil_released others_run(true);
    status = jobqueue_vault_put(digest, c_, bytes.view().data(), bytes.view().size(), &error);
  }
  if (status != 0) raise(error);
  return digest_bytes(digest);
}

py::bytes directory_vault::read(const py::bytes& digest, std::uint64_t size) const {
  const std::uint8_t* key = check_digest(digest);
  buffer blob;
  jobqueue_error error;
  jobqueue_status status = 0;
  {
    const gil_released others_run(true);
    status = jobqueue_vault_get(blob.get(), c_, key, size, &error);
  }
  if (status != 0) raise(error);
  return to_bytes(blob.view());
}

void directory_vault::sync() {
  jobqueue_error error;
  jobqueue_status status = 0;
  {
    const gil_released others_run(true);
    status = jobqueue_vault_sync(c_, &error);
  }
  if (status != 0) raise(error);
}

used_vault::~used_vault() {
  if (owned_) jobqueue_vault_free(c_);
}

void used_vault::use(PyObject* vault) {
  object_ = py::reinterpret_borrow<py::object>(vault);
  if (vault == Py_None) return;
  if (py::isinstance<directory_vault>(object_)) {
    c_ = object_.cast<directory_vault&>().get();
    return;
  }
  if (!py::hasattr(object_, "put") || !py::hasattr(object_, "get")) {
    raise_type_error("vault must be a Vault or an object with put and get, not " +
                     std::string(Py_TYPE(vault)->tp_name));
  }
  jobqueue_vault_callbacks callbacks = JOBQUEUE_VAULT_CALLBACKS_INIT;
  callbacks.payload = this;
  callbacks.put = &used_vault::put;
  callbacks.get = &used_vault::get_blob;
  if (py::hasattr(object_, "sync")) callbacks.sync = &used_vault::sync;
  jobqueue_error error;
  if (jobqueue_vault_from_callbacks(&c_, &callbacks, &error) != 0) raise(error);
  owned_ = true;
}

void used_vault::rethrow() {
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

// An exception must not pass through C: it waits here until the call is over.
template <class Call>
jobqueue_status used_vault::guarded(const Call& call) {
  const py::gil_scoped_acquire gil;
  try {
    return call();
  } catch (...) {
    if (!thrown_) thrown_ = std::current_exception();
    return JOBQUEUE_E_STORE_ERROR;
  }
}

jobqueue_status used_vault::put(void* self, const uint8_t* digest, const void* blob, size_t size) {
  auto& vault = *static_cast<used_vault*>(self);
  return vault.guarded([&] {
    vault.object_.attr("put")(digest_bytes(digest),
                              to_bytes({static_cast<const char*>(blob), size}));
    return JOBQUEUE_OK;
  });
}

jobqueue_status used_vault::get_blob(void* self, jobqueue_buffer* out, const uint8_t* digest,
                                     uint64_t size) {
  auto& vault = *static_cast<used_vault*>(self);
  return vault.guarded([&]() -> jobqueue_status {
    const py::object blob = vault.object_.attr("get")(digest_bytes(digest), size);
    if (blob.is_none()) return JOBQUEUE_E_BLOB_MISSING;
    const pinned bytes(blob.ptr());
    return jobqueue_buffer_assign(out, bytes.view().data(), bytes.view().size());
  });
}

jobqueue_status used_vault::sync(void* self) {
  auto& vault = *static_cast<used_vault*>(self);
  return vault.guarded([&] {
    vault.object_.attr("sync")();
    return JOBQUEUE_OK;
  });
}

void define_vault(py::module_& module) {
  py::class_<directory_vault>(module, "Vault", R"(Vault(path, *, create=True)
--

A directory in which blobs are kept by their SHA-256.)")
      .def(py::init<const py::object&, bool>(), py::arg("path"), py::kw_only(),
           py::arg("create") = true)
      .def("add", &directory_vault::add, py::arg("blob"), py::pos_only())
      .def("get", &directory_vault::read, py::arg("digest"), py::arg("size"), py::pos_only())
      .def("sync", &directory_vault::sync);
}

}  // namespace jobqueue_python
