#include "cli/command.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <random>
#include <system_error>

namespace jobqueue::cli {
namespace {

// A file descriptor that closes itself; standard streams are left open.
class descriptor {
 public:
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }
  // Closes and reports what close(2) reports: the last chance to hear of a failed write.
  [[nodiscard]] bool close() noexcept {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0;
  }

 private:
  int fd_;
};

error system_error(const std::string& doing, int number) {
  return {errc::store_error, no_offset, doing + ": " + std::generic_category().message(number)};
}

status write_all(int fd, std::string_view data, const std::string& name) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("cannot write " + name, errno);
    data.remove_prefix(static_cast<std::size_t>(written));
  }
  return done;
}

std::string random_suffix() {
  static constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::random_device source;
  std::string suffix;
  for (int i = 0; i < 12; ++i) suffix += digits[source() % digits.size()];
  return suffix;
}

// Makes the new name durable; a file system that cannot is no reason to fail.
void sync_directory(const std::filesystem::path& directory) {
  const descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() >= 0) static_cast<void>(::fsync(fd.get()));
}

status replace_file(const std::filesystem::path& file, std::string_view data,
                    const std::string& like) {
  const std::filesystem::path directory = file.has_parent_path() ? file.parent_path() : ".";
  const std::filesystem::path beside =
      directory / ("." + file.filename().string() + "." + random_suffix() + ".tmp");
  struct stat model {};
  const bool has_model = !like.empty() && ::stat(like.c_str(), &model) == 0;
  descriptor fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (fd.get() < 0) return system_error("cannot write " + file.string(), errno);
  status written = write_all(fd.get(), data, file.string());
  if (written && has_model) {
    // The owner may be another; not to be able to keep it is no reason to fail.
    static_cast<void>(::fchown(fd.get(), model.st_uid, model.st_gid) == 0);
    if (::fchmod(fd.get(), model.st_mode & 07777U) != 0) {
      written = system_error("cannot set the permissions of " + file.string(), errno);
    }
  }
  if (written && ::fsync(fd.get()) != 0) {
    written = system_error("cannot write " + file.string(), errno);
  }
  if (!fd.close() && written) written = system_error("cannot write " + file.string(), errno);
  if (written && ::rename(beside.c_str(), file.c_str()) != 0) {
    written = system_error("cannot replace " + file.string(), errno);
  }
  if (!written) {
    ::unlink(beside.c_str());
    return written;
  }
  sync_directory(directory);
  return done;
}

}  // namespace

int exit_code_of(const error& problem) noexcept {
  const auto number = static_cast<int>(problem.code);
  if (problem.code == errc::ok) return exit_done;
  if (problem.code == errc::invalid_argument) return exit_usage;
  if (number < static_cast<int>(errc::store_error)) return exit_bad_input;
  return problem.code == errc::internal ? exit_bug : exit_environment;
}

void say(std::string_view words) { std::cerr << "jobqueue: " << words << '\n'; }

int report_problem(std::string_view file, const error& problem) {
  std::string words = problem.message;
  if (!file.empty()) words = std::string(file) + ": " + words;
  if (problem.offset != no_offset) words += " at byte " + std::to_string(problem.offset);
  say(words);
  return exit_code_of(problem);
}

progress::progress(std::string_view what) : what_(what), terminal_(::isatty(STDERR_FILENO) == 1) {}

progress::~progress() {
  if (shown_) std::cerr << "\r\033[K" << std::flush;
}

void progress::show(std::string_view words) {
  if (!terminal_) return;
  shown_ = true;
  std::cerr << "\r\033[K" << what_ << ' ' << words << std::flush;
}

result<std::string> read_input(const std::string& file) {
  const bool standard = file == "-";
  const descriptor fd(standard ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return system_error("cannot open it", errno);
  std::string data;
  struct stat info {};
  if (::fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
    data.reserve(static_cast<std::size_t>(info.st_size) + 1);
  }
  std::size_t size = 0;
  for (;;) {
    constexpr std::size_t step = std::size_t{1} << 20;
    if (data.size() - size < step) data.resize(std::max(data.capacity(), size + step));
    const ssize_t got = ::read(fd.get(), data.data() + size, data.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("cannot read it", errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  data.resize(size);
  return data;
}

status write_output(const std::string& file, std::string_view data, const std::string& like) {
  if (file.empty() || file == "-") return write_all(STDOUT_FILENO, data, "standard output");
  // A link is followed: what it points to is replaced, not the link.
  std::error_code ignored;
  std::filesystem::path target = std::filesystem::canonical(file, ignored);
  if (ignored) target = file;
  struct stat info {};
  if (::stat(target.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    descriptor fd(::open(target.c_str(), O_WRONLY | O_CLOEXEC));
    if (fd.get() < 0) return system_error("cannot write " + file, errno);
    return write_all(fd.get(), data, file);
  }
  return replace_file(target, data, like.empty() ? target.string() : like);
}

std::string human_size(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 5> units{"B", "kB", "MB", "GB", "TB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (size >= 999.5 && unit + 1 < units.size()) {
    size /= 1000;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 || size >= 99.95 ? "%.0f %s" : "%.1f %s", size,
                units[unit].data());
  return text.data();
}

result<std::chrono::seconds> parse_duration(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (failed == std::errc()) {
    const std::uint32_t seconds = unit == "s"   ? 1
                                  : unit == "m" ? 60
                                  : unit == "h" ? 3600
                                  : unit == "d" ? 86400
                                                : 0;
    if (seconds != 0) return std::chrono::seconds(seconds) * number;
  }
  return error{errc::invalid_argument, no_offset,
               "a duration is a number and a unit: 90s, 30m, 24h, 7d"};
}

std::string name_of_input(const std::string& file) { return file == "-" ? "standard input" : file; }

}  // namespace jobqueue::cli
