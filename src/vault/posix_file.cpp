#include "vault/posix_file.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <system_error>

namespace jobqueue::detail {

unique_fd open_at(const unique_fd& directory, const std::string& path, int flags, mode_t mode) {
  return unique_fd(uninterrupted([&] {
    return ::openat(directory.get(), path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode);
  }));
}

bool write_all(const unique_fd& file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        uninterrupted([&] { return ::write(file.get(), bytes.data(), bytes.size()); });
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

ssize_t read_up_to(const unique_fd& file, std::span<std::byte> buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const std::span<std::byte> rest = buffer.subspan(filled);
    const ssize_t count =
        uninterrupted([&] { return ::read(file.get(), rest.data(), rest.size()); });
    if (count < 0) return -1;
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return static_cast<ssize_t>(filled);
}

bool flush_directory(const unique_fd& directory) {
  // EINVAL comes from file systems that have no way to flush a directory.
  return uninterrupted([&] { return ::fsync(directory.get()); }) == 0 || errno == EINVAL;
}

bool is_same_file(const unique_fd& file, const unique_fd& directory, const std::string& path) {
  struct stat open_file {};
  struct stat named {};
  return ::fstat(file.get(), &open_file) == 0 &&
         ::fstatat(directory.get(), path.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

std::chrono::system_clock::time_point modification_time(const struct stat& file) {
  using clock = std::chrono::system_clock;
  using std::chrono::seconds;
  // A file system may claim a year that the clock's type cannot hold.
  constexpr seconds latest =
      std::chrono::duration_cast<seconds>(clock::duration::max()) - seconds(1);
  const seconds whole = std::clamp(seconds(file.st_mtim.tv_sec), -latest, latest);
  return clock::time_point(std::chrono::duration_cast<clock::duration>(whole) +
                           std::chrono::nanoseconds(file.st_mtim.tv_nsec));
}

directory_reader::directory_reader(unique_fd directory) : stream_(::fdopendir(directory.get())) {
  if (stream_) {
    static_cast<void>(directory.release());
  } else {
    problem_ = errno;
  }
}

std::string_view directory_reader::next() {
  while (stream_) {
    errno = 0;
    const dirent* const found = ::readdir(stream_.get());
    if (found == nullptr) {
      problem_ = errno;
      break;
    }
    const std::string_view name = found->d_name;
    if (name != "." && name != "..") return name;
  }
  return {};
}

std::string random_name() {
  static constexpr char digits[] = "0123456789abcdef";
  std::string name;
  std::random_device source;
  for (int i = 0; i < 4; ++i) {
    const unsigned noise = source();
    for (unsigned shift = 0; shift < 32; shift += 4) name.push_back(digits[noise >> shift & 15U]);
  }
  return name;
}

bool is_lower_hex(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

namespace {

std::string_view advice(int reason) {
  switch (reason) {
    case ENOSPC: return "free space on its file system";
    case EDQUOT: return "raise the quota or free space";
    case EFBIG: return "raise the limit on the size of files (ulimit -f)";
    case EIO: return "check the disk";
    case EROFS: return "mount its file system writable";
    case EACCES:
    case EPERM: return "check who owns it and run as that user";
    case EMFILE:
    case ENFILE: return "raise the limit on open files (ulimit -n)";
    case EISDIR:
    case ENOTDIR:
    case ELOOP: return "something else is in its place there; move that away";
    case ENOENT: return "make sure that its directory exists";
    default: return {};
  }
}

}  // namespace

error store_problem(std::string_view action, int reason) {
  std::string message(action);
  message.append(": ").append(std::generic_category().message(reason));
  if (const std::string_view help = advice(reason); !help.empty()) {
    message.append("; ").append(help);
  }
  // Memory is the same want, whoever asks the system for it.
  const errc code = reason == ENOMEM ? errc::out_of_memory : errc::store_error;
  return error{code, no_offset, std::move(message)};
}

}  // namespace jobqueue::detail
