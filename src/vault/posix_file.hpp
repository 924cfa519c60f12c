// Files as the directory vault needs them: owned, and not disturbed by signals.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <jobqueue/result.hpp>

namespace jobqueue::detail {

// A file descriptor that is closed once.
class unique_fd {
 public:
  unique_fd() = default;
  explicit unique_fd(int fd) noexcept : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = other.release();
    }
    return *this;
  }
  ~unique_fd() { close(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  // What close(2) returns: some network file systems report there that a write has failed. Linux
  // has closed the descriptor even where it says EINTR, so nothing is tried again.
  int close() noexcept { return fd_ < 0 ? 0 : ::close(release()); }

 private:
  int fd_ = -1;
};

// Repeats a system call that a signal has interrupted.
template <class Call>
auto uninterrupted(Call call) {
  auto outcome = call();
  while (outcome == -1 && errno == EINTR) outcome = call();
  return outcome;
}

// openat(2), close-on-exec and without following a symbolic link in the last component; with a
// false result errno says why.
[[nodiscard]] unique_fd open_at(const unique_fd& directory, const std::string& path, int flags,
                                mode_t mode = 0);

// All of `bytes`, however little each write(2) takes; if false, errno says why.
[[nodiscard]] bool write_all(const unique_fd& file, std::span<const std::byte> bytes);

// Fills `buffer` from where the file stands, or less at its end. The count, or -1 and errno.
[[nodiscard]] ssize_t read_up_to(const unique_fd& file, std::span<std::byte> buffer);

// Makes the entries of a directory durable; if false, errno says why.
[[nodiscard]] bool flush_directory(const unique_fd& directory);

// Whether `path` is at this moment the file that `file` has open.
[[nodiscard]] bool is_same_file(const unique_fd& file, const unique_fd& directory,
                                const std::string& path);

[[nodiscard]] std::chrono::system_clock::time_point modification_time(const struct stat& file);

// A flock(2) of one open file. Unlocks explicitly, because a child process that was forked in
// between holds the descriptor, too, and would keep the lock.
class file_lock {
 public:
  // `operation` is as for flock(2). With a false result errno says why.
  file_lock(const unique_fd& file, int operation)
      : fd_(uninterrupted([&] { return ::flock(file.get(), operation); }) == 0 ? file.get() : -1) {}
  file_lock(const file_lock&) = delete;
  file_lock& operator=(const file_lock&) = delete;
  ~file_lock() {
    if (fd_ >= 0) ::flock(fd_, LOCK_UN);
  }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

// The names in an open directory, without "." and "..".
class directory_reader {
 public:
  // Takes the descriptor over.
  explicit directory_reader(unique_fd directory);
  // The next name, valid until the next call; empty at the end and upon an error.
  [[nodiscard]] std::string_view next();
  // 0, or the errno that stopped the reading.
  [[nodiscard]] int problem() const noexcept { return problem_; }

 private:
  struct closer {
    void operator()(DIR* stream) const noexcept { ::closedir(stream); }
  };
  std::unique_ptr<DIR, closer> stream_;
  int problem_ = 0;
};

// 32 random hexadecimal digits: a name that no other process has chosen.
[[nodiscard]] std::string random_name();
[[nodiscard]] bool is_lower_hex(std::string_view text) noexcept;

// A `store_error` that says what could not be done, the system's reason, and what helps.
[[nodiscard]] error store_problem(std::string_view action, int reason);

}  // namespace jobqueue::detail
