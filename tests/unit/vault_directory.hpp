// What the tests of the vault share: a directory of their own, blobs, and a look at the files.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/vault.hpp>

namespace vault_test {

namespace fs = std::filesystem;

using namespace std::chrono_literals;
using jobqueue::errc;
using jobqueue::sha256_digest;

// sha256("hello") and sha256("").
inline constexpr std::string_view hello_hex =
    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
inline constexpr std::string_view empty_hex =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// A fixed moment, 2033-05-18T03:33:20Z.
inline constexpr std::chrono::system_clock::time_point moment{std::chrono::seconds(2'000'000'000)};

// Exactly as large as the text, on the heap, so that AddressSanitizer sees an over-read.
class exact_bytes {
 public:
  explicit exact_bytes(std::string_view text)
      : size_(text.size()), bytes_(std::make_unique<std::byte[]>(text.size())) {
    std::transform(text.begin(), text.end(), bytes_.get(),
                   [](char c) { return static_cast<std::byte>(c); });
  }
  std::span<const std::byte> span() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<std::byte[]> bytes_;
};

inline sha256_digest digest_of(std::string_view text) {
  return jobqueue::sha256(exact_bytes(text).span());
}

inline jobqueue::status put(jobqueue::vault& vault, std::string_view text) {
  const exact_bytes bytes(text);
  return vault.put(jobqueue::sha256(bytes.span()), bytes.span());
}

// The code of what went wrong; ok if nothing did.
template <class T>
errc code_of(const jobqueue::result<T>& outcome) {
  return outcome ? errc::ok : outcome.problem().code;
}

inline std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_file(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  ASSERT_TRUE(file.flush()) << path;
}

inline unsigned mode_of(const fs::path& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : ~0U;
}

inline void set_time(const fs::path& path, std::chrono::system_clock::time_point at) {
  const auto since_1970 = std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch());
  const timespec time{since_1970.count(), 0};
  const timespec times[2] = {time, time};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW), 0) << path;
}

inline std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& found : fs::directory_iterator(directory)) {
    names.push_back(found.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

inline std::vector<std::string> listed(const jobqueue::vault& vault) {
  std::vector<std::string> digests;
  const auto visited = vault.for_each([&](const jobqueue::vault::entry& object) {
    digests.push_back(object.digest.hex());
    return true;
  });
  EXPECT_TRUE(visited) << (visited ? "" : visited.problem().message);
  std::sort(digests.begin(), digests.end());
  return digests;
}

// The exit code of a forked child that runs `body`; -1 if a signal ended it. A child checks by its
// exit code alone, because its failures do not reach the parent's GoogleTest.
template <class Body>
int exit_code_of_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int ended = 0;
  if (child < 0 || ::waitpid(child, &ended, 0) != child || !WIFEXITED(ended)) return -1;
  return WEXITSTATUS(ended);
}

// A new directory that is removed with all that is in it.
class directory_test : public ::testing::Test {
 protected:
  directory_test() {
    std::string pattern = (fs::path(::testing::TempDir()) / "jobqueue-vault-XXXXXX").string();
    base_ = ::mkdtemp(pattern.data()) == nullptr ? "" : pattern;
  }
  ~directory_test() override {
    std::error_code ignored;
    if (!base_.empty()) fs::remove_all(base_, ignored);
  }
  void SetUp() override { ASSERT_FALSE(base_.empty()); }

  const fs::path& base() const { return base_; }
  fs::path root() const { return base_ / "blobs"; }
  fs::path object(std::string_view hex) const {
    return root() / "sha256" / std::string(hex.substr(0, 2)) / std::string(hex);
  }
  fs::path object_of(std::string_view text) const { return object(digest_of(text).hex()); }

  std::unique_ptr<jobqueue::vault> open() const {
    auto opened = jobqueue::open_directory_vault(root(), {.create = true});
    if (opened) return std::move(*opened);
    ADD_FAILURE() << opened.problem().message;
    return nullptr;
  }

 private:
  fs::path base_;
};

}  // namespace vault_test
