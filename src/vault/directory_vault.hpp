// The vault in a directory; `open_directory_vault` in vault.hpp says how it lies on the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/vault.hpp>

#include "vault/posix_file.hpp"

namespace jobqueue::detail {

class directory_vault final : public vault {
 public:
  // `root` is the open directory, `name` is what messages call it.
  directory_vault(unique_fd root, std::string name)
      : root_(std::move(root)), name_(std::move(name)) {}

  [[nodiscard]] status put(const sha256_digest& digest, std::span<const std::byte> blob) override;
  [[nodiscard]] result<std::string> get(const sha256_digest& digest,
                                        std::uint64_t size) const override;
  [[nodiscard]] status sync() override;
  [[nodiscard]] result<std::unique_ptr<blob_spool>> open_spool() override;
  [[nodiscard]] result<entry> find(const sha256_digest& digest) const override;
  [[nodiscard]] status for_each(const std::function<bool(const entry&)>& visit) const override;
  [[nodiscard]] status verify(const sha256_digest& digest) const override;
  [[nodiscard]] result<bool> remove_if_older(const sha256_digest& digest,
                                             std::chrono::system_clock::time_point cutoff) override;
  [[nodiscard]] result<std::uint64_t> remove_leftovers(std::chrono::system_clock::time_point cutoff,
                                                       bool dry_run) override;

  // `remove_leftovers` of what is more than a day old by the file system's own clock.
  [[nodiscard]] status remove_old_leftovers();

 private:
  class spool;
  // What was put since the last sync: each object if they are few, else only that they are many.
  struct unsynced {
    std::vector<sha256_digest> objects;
    bool many = false;
    void add(const sha256_digest& digest);
  };
  struct open_object {
    unique_fd file;
    struct stat info {};
  };

  [[nodiscard]] status write_object(const std::string& path, std::span<const std::byte> blob);
  [[nodiscard]] bool install(const std::string& temporary, const std::string& path);
  [[nodiscard]] result<open_object> open_for_reading(const sha256_digest& digest) const;
  [[nodiscard]] status flush_file_system();
  [[nodiscard]] status flush_objects(const std::vector<sha256_digest>& objects);
  [[nodiscard]] status flush_failed();
  void remember(const sha256_digest& digest);
  void forget(const sha256_digest& digest);

  [[nodiscard]] error missing(const sha256_digest& digest) const;
  [[nodiscard]] error corrupt(const sha256_digest& digest, std::string_view how) const;
  [[nodiscard]] error trouble(std::string_view action, int reason) const;

  const unique_fd root_;
  const std::string name_;
  std::mutex sync_mutex_;              // held by the one thread that syncs
  std::optional<error> sync_failure_;  // under sync_mutex_
  std::mutex unsynced_mutex_;
  unsynced unsynced_;  // under unsynced_mutex_
};

// Makes `root` a vault if `create` and it is empty; checks that it is one.
[[nodiscard]] status prepare_format(const unique_fd& root, const std::string& name, bool create);

}  // namespace jobqueue::detail
