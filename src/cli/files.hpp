// Reading inputs and writing outputs of the subcommands, as a whole or piece by piece.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include <jobqueue/result.hpp>

namespace jobqueue::cli {

// A file descriptor that closes itself; standard streams are left open.
class descriptor {
 public:
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor();
  [[nodiscard]] int get() const noexcept { return fd_; }
  // Closes and reports what close(2) reports: the last chance to hear of a failed write.
  [[nodiscard]] bool close() noexcept;

 private:
  int fd_;
};

// A file, or standard input for "-", that is read piece by piece.
class input_file {
 public:
  [[nodiscard]] static result<input_file> open(const std::string& file);
  // What comes next, at most the size of the buffer; 0 bytes at the end.
  [[nodiscard]] result<std::size_t> read(std::span<char> buffer);
  // Its size if it is a regular file, else 0.
  [[nodiscard]] std::size_t size() const;

 private:
  explicit input_file(descriptor fd) : fd_(std::move(fd)) {}
  descriptor fd_;
};

// The lines of an input, read in blocks, so that memory holds no more than the longest line and a
// block.
class input_lines {
 public:
  [[nodiscard]] static result<input_lines> open(const std::string& file);
  // The next lines, whole ones with their line breaks; valid until the next call, empty at the end.
  // `input_too_large` for a line of more than 256 MiB.
  [[nodiscard]] result<std::string_view> next();
  [[nodiscard]] std::size_t size() const { return input_.size(); }

 private:
  explicit input_lines(input_file input) : input_(std::move(input)) {}
  input_file input_;
  std::string held_;  // read, and not given yet but for the first `given_` bytes
  std::size_t given_ = 0;
  bool more_ = true;
};

// Standard output ("" or "-"), or a file: beside it first, and renamed over it by `commit`, so that
// there is never half a file. What is no regular file (a device, a pipe) is written to.
class output_file {
 public:
  // With `like`, the file gets the permissions of that one.
  [[nodiscard]] static result<output_file> open(const std::string& file,
                                                const std::string& like = {});
  output_file(output_file&&) noexcept = default;
  output_file& operator=(output_file&&) = delete;
  // Without `commit` there is no trace of a file.
  ~output_file();

  // Whether what is written is seen at once.
  [[nodiscard]] bool is_direct() const noexcept { return beside_.empty(); }
  [[nodiscard]] status write(std::string_view data);
  [[nodiscard]] status commit();

 private:
  output_file(descriptor fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

  descriptor fd_;
  std::string name_;  // for messages
  std::string like_;
  std::filesystem::path target_;  // and where it is now, if it is not direct
  std::filesystem::path beside_;
};

// The whole of a file, or of standard input for "-". `store_error` if it cannot be read.
[[nodiscard]] result<std::string> read_input(const std::string& file);

// `output_file` with all of `data`.
[[nodiscard]] status write_output(const std::string& file, std::string_view data,
                                  const std::string& like = {});

}  // namespace jobqueue::cli
