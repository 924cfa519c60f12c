// What the benchmarks of digests are measured beside.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string_view>

#include <openssl/evp.h>

namespace jobqueue::benchmarks {

// What `openssl speed -evp sha256` measures.
inline void openssl_sha256(benchmark::State& state, std::string_view text) {
  EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  unsigned char digest[EVP_MAX_MD_SIZE];
  for (auto _ : state) {
    EVP_DigestInit_ex2(context, algorithm, nullptr);
    EVP_DigestUpdate(context, text.data(), text.size());
    EVP_DigestFinal_ex(context, digest, nullptr);
  }
  EVP_MD_CTX_free(context);
  EVP_MD_free(algorithm);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(text.size()));
}

}  // namespace jobqueue::benchmarks
