// A blob store in memory.
#pragma once

#include <map>
#include <string>

#include <jobqueue/base64.hpp>

namespace jobqueue::test {

class memory_store : public blob_store {
 public:
  [[nodiscard]] status put(const sha256_digest& digest, std::span<const std::byte> blob) override {
    blobs[digest] = std::string(reinterpret_cast<const char*>(blob.data()), blob.size());
    return done;
  }
  [[nodiscard]] result<std::string> get(const sha256_digest& digest,
                                        std::uint64_t size) const override {
    const auto found = blobs.find(digest);
    if (found == blobs.end()) return error{errc::blob_missing, no_offset, "no such blob"};
    if (found->second.size() != size) return error{errc::blob_corrupt, no_offset, "wrong size"};
    return found->second;
  }

  std::map<sha256_digest, std::string> blobs;
};

}  // namespace jobqueue::test
