#include <filesystem>
#include <span>
#include <utility>

#include <jobqueue/vault.hpp>

#include "c_api/handles.hpp"

using namespace jobqueue;

namespace {

// A store that the caller has brought.
class callback_store final : public blob_store {
 public:
  explicit callback_store(const jobqueue_vault_callbacks& callbacks) : callbacks_(callbacks) {}

  status put(const sha256_digest& digest, std::span<const std::byte> blob) override {
    return check(callbacks_.put(callbacks_.payload, raw(digest), blob.data(), blob.size()), "put");
  }

  result<std::string> get(const sha256_digest& digest, std::uint64_t size) const override {
    struct owned_buffer {
      jobqueue_buffer bytes = JOBQUEUE_BUFFER_INIT;
      ~owned_buffer() { jobqueue_buffer_dispose(&bytes); }
    } buffer;
    const status answered =
        check(callbacks_.get(callbacks_.payload, &buffer.bytes, raw(digest), size), "get");
    if (!answered) return answered.problem();
    const std::string_view blob = c_api::view(buffer.bytes.data, buffer.bytes.size);
    if (blob.size() != size || sha256(std::as_bytes(std::span(blob))) != digest) {
      return error{errc::blob_corrupt, no_offset, "the vault gave other bytes than were put"};
    }
    return std::string(blob);
  }

  status sync() override {
    return callbacks_.sync == nullptr ? status(done)
                                      : check(callbacks_.sync(callbacks_.payload), "sync");
  }

 private:
  static const std::uint8_t* raw(const sha256_digest& digest) noexcept {
    return reinterpret_cast<const std::uint8_t*>(digest.bytes.data());
  }
  static status check(jobqueue_status answer, std::string_view which) {
    if (answer == JOBQUEUE_OK) return done;
    const auto code = static_cast<errc>(answer);
    if (code == errc::blob_missing) {
      return error{code, no_offset, "the vault does not have the blob"};
    }
    const bool known = error_name(code) != "UNKNOWN";
    return error{known ? code : errc::store_error, no_offset,
                 "the vault's callback '" + std::string(which) + "' failed with status " +
                     std::to_string(answer)};
  }

  jobqueue_vault_callbacks callbacks_;
};

jobqueue_status missing(jobqueue_error* error, std::string_view what) noexcept {
  return c_api::fail(error, errc::invalid_argument, what);
}

sha256_digest read_digest(const std::uint8_t* bytes) noexcept {
  sha256_digest digest;
  std::memcpy(digest.bytes.data(), bytes, digest.bytes.size());
  return digest;
}

}  // namespace

jobqueue_status jobqueue_vault_open_directory(jobqueue_vault** out, const char* path,
                                              size_t path_size,
                                              const jobqueue_vault_options* options,
                                              jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    jobqueue_vault_options known = JOBQUEUE_VAULT_OPTIONS_INIT;
    if (out == nullptr) return missing(error, "out must not be NULL");
    if (path == nullptr || path_size == 0) return missing(error, "path must not be empty");
    if (!c_api::read_options(known, options) || (known.flags & ~JOBQUEUE_VAULT_CREATE) != 0) {
      return missing(error, "the options are not initialised with JOBQUEUE_VAULT_OPTIONS_INIT");
    }
    directory_vault_options chosen;
    chosen.create = (known.flags & JOBQUEUE_VAULT_CREATE) != 0;
    auto opened = open_directory_vault(std::filesystem::path(std::string(path, path_size)), chosen);
    if (!opened) return c_api::fail(error, opened.problem());
    *out = new jobqueue_vault{*std::move(opened)};
    return JOBQUEUE_OK;
  });
}

jobqueue_status jobqueue_vault_from_callbacks(jobqueue_vault** out,
                                              const jobqueue_vault_callbacks* callbacks,
                                              jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    jobqueue_vault_callbacks known = JOBQUEUE_VAULT_CALLBACKS_INIT;
    if (out == nullptr || callbacks == nullptr) {
      return missing(error, "out and callbacks must not be NULL");
    }
    if (!c_api::read_options(known, callbacks)) {
      return missing(error, "the callbacks are not initialised with JOBQUEUE_VAULT_CALLBACKS_INIT");
    }
    if (known.put == nullptr || known.get == nullptr) {
      return missing(error, "the callbacks put and get must not be NULL");
    }
    *out = new jobqueue_vault{std::make_unique<callback_store>(known)};
    return JOBQUEUE_OK;
  });
}

void jobqueue_vault_free(jobqueue_vault* vault) { delete vault; }

jobqueue_status jobqueue_vault_put(uint8_t* digest_out, jobqueue_vault* vault, const void* blob,
                                   size_t size, jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (digest_out == nullptr || vault == nullptr || (blob == nullptr && size != 0)) {
      return missing(error, "digest_out, vault and blob must not be NULL");
    }
    const std::span bytes(static_cast<const std::byte*>(blob), size);
    const sha256_digest digest = sha256(bytes);
    if (const status put = vault->store->put(digest, bytes); !put) {
      return c_api::fail(error, put.problem());
    }
    std::memcpy(digest_out, digest.bytes.data(), digest.bytes.size());
    return JOBQUEUE_OK;
  });
}

jobqueue_status jobqueue_vault_sync(jobqueue_vault* vault, jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (vault == nullptr) return missing(error, "vault must not be NULL");
    const status synced = vault->store->sync();
    return synced ? JOBQUEUE_OK : c_api::fail(error, synced.problem());
  });
}

jobqueue_status jobqueue_vault_get(jobqueue_buffer* out, const jobqueue_vault* vault,
                                   const uint8_t* digest, uint64_t size, jobqueue_error* error) {
  return c_api::guard(error, [&]() -> jobqueue_status {
    if (out == nullptr || vault == nullptr || digest == nullptr) {
      return missing(error, "out, vault and digest must not be NULL");
    }
    const auto blob = vault->store->get(read_digest(digest), size);
    if (!blob) return c_api::fail(error, blob.problem());
    if (jobqueue_buffer_assign(out, blob->data(), blob->size()) != JOBQUEUE_OK) {
      throw std::bad_alloc();
    }
    return JOBQUEUE_OK;
  });
}
