#include "cli/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <system_error>
#include <utility>

namespace jobqueue::cli {
namespace {

error system_error(const std::string& doing, int number) {
  return {errc::store_error, no_offset, doing + ": " + std::generic_category().message(number)};
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

std::filesystem::path directory_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : ".";
}

}  // namespace

descriptor::~descriptor() {
  if (fd_ > STDERR_FILENO) ::close(fd_);
}

bool descriptor::close() noexcept { return ::close(std::exchange(fd_, -1)) == 0; }

result<input_file> input_file::open(const std::string& file) {
  descriptor fd(file == "-" ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return system_error("cannot open it", errno);
  return input_file(std::move(fd));
}

result<std::size_t> input_file::read(std::span<char> buffer) {
  for (;;) {
    const ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return system_error("cannot read it", errno);
  }
}

std::size_t input_file::size() const {
  struct stat info {};
  const bool regular = ::fstat(fd_.get(), &info) == 0 && S_ISREG(info.st_mode);
  return regular ? static_cast<std::size_t>(info.st_size) : 0;
}

result<input_lines> input_lines::open(const std::string& file) {
  auto input = input_file::open(file);
  if (!input) return input.problem();
  return input_lines(std::move(*input));
}

result<std::string_view> input_lines::next() {
  constexpr std::size_t read_bytes = std::size_t{1} << 20;
  constexpr std::size_t max_line_bytes = std::size_t{256} << 20;
  held_.erase(0, given_);
  given_ = 0;
  while (more_) {
    const std::size_t held = held_.size();
    if (held > max_line_bytes) {
      return error{errc::input_too_large, no_offset, "a line has more than 256 MiB"};
    }
    held_.resize(held + read_bytes);
    const auto read = input_.read(std::span(held_).subspan(held));
    if (!read) return read.problem();
    held_.resize(held + *read);
    more_ = *read != 0;
    // What was held had no line break, and is not searched again.
    const std::size_t last = std::string_view(held_).substr(held).rfind('\n');
    if (last == std::string_view::npos) continue;
    given_ = held + last + 1;
    return std::string_view(held_).substr(0, given_);
  }
  given_ = held_.size();
  return std::string_view(held_);
}

result<output_file> output_file::open(const std::string& file, const std::string& like) {
  if (file.empty() || file == "-") {
    return output_file(descriptor(STDOUT_FILENO), "standard output");
  }
  // A link is followed: what it points to is replaced, not the link.
  std::error_code ignored;
  std::filesystem::path target = std::filesystem::canonical(file, ignored);
  if (ignored) target = file;
  struct stat info {};
  if (::stat(target.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    descriptor fd(::open(target.c_str(), O_WRONLY | O_CLOEXEC));
    if (fd.get() < 0) return system_error("cannot write " + file, errno);
    return output_file(std::move(fd), file);
  }
  const std::filesystem::path beside =
      directory_of(target) / ("." + target.filename().string() + "." + random_suffix() + ".tmp");
  descriptor fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (fd.get() < 0) return system_error("cannot write " + target.string(), errno);
  output_file out(std::move(fd), target.string());
  out.like_ = like.empty() ? target.string() : like;
  out.target_ = target;
  out.beside_ = beside;
  return out;
}

output_file::~output_file() {
  if (fd_.get() >= 0 && !beside_.empty()) ::unlink(beside_.c_str());
}

status output_file::write(std::string_view data) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd_.get(), data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("cannot write " + name_, errno);
    data.remove_prefix(static_cast<std::size_t>(written));
  }
  return done;
}

status output_file::commit() {
  if (is_direct()) return done;
  struct stat model {};
  if (::stat(like_.c_str(), &model) == 0) {
    // The owner may be another; not to be able to keep it is no reason to fail.
    static_cast<void>(::fchown(fd_.get(), model.st_uid, model.st_gid) == 0);
    if (::fchmod(fd_.get(), model.st_mode & 07777U) != 0) {
      return system_error("cannot set the permissions of " + name_, errno);
    }
  }
  if (::fsync(fd_.get()) != 0) return system_error("cannot write " + name_, errno);
  const bool closed = fd_.close();
  const bool moved = closed && ::rename(beside_.c_str(), target_.c_str()) == 0;
  if (!moved) {
    const int reason = errno;
    ::unlink(beside_.c_str());
    return system_error((closed ? "cannot replace " : "cannot write ") + name_, reason);
  }
  sync_directory(directory_of(target_));
  return done;
}

result<std::string> read_input(const std::string& file) {
  auto input = input_file::open(file);
  if (!input) return input.problem();
  std::string data;
  if (const std::size_t known = input->size(); known != 0) data.reserve(known + 1);
  std::size_t size = 0;
  for (;;) {
    constexpr std::size_t step = std::size_t{1} << 20;
    if (data.size() - size < step) data.resize(std::max(data.capacity(), size + step));
    const auto got = input->read(std::span(data).subspan(size));
    if (!got) return got.problem();
    if (*got == 0) break;
    size += *got;
  }
  data.resize(size);
  return data;
}

status write_output(const std::string& file, std::string_view data, const std::string& like) {
  auto output = output_file::open(file, like);
  if (!output) return output.problem();
  if (status written = output->write(data); !written) return written;
  return output->commit();
}

}  // namespace jobqueue::cli
