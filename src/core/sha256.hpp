// SHA-256 piece by piece, for files and streams; `sha256()` of base64.hpp is for bytes in memory.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include <jobqueue/base64.hpp>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX; its headers stay in the .cpp file.

namespace jobqueue::detail {

class sha256_stream {
 public:
  sha256_stream();
  void update(std::span<const std::byte> data);
  // The digest of everything since construction or the last `finish`; the stream is empty again.
  [[nodiscard]] sha256_digest finish();

 private:
  struct context_free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, context_free> context_;
};

}  // namespace jobqueue::detail
