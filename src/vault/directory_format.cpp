// How a directory becomes a vault, and how it is known to be one.
#include <array>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "vault/directory_vault.hpp"
#include "vault/posix_file.hpp"

namespace jobqueue {
namespace detail {
namespace {

constexpr std::string_view format_file = "jobqueue-vault";
constexpr std::string_view format_word = "jobqueue-vault ";
constexpr int format_version = 1;
constexpr std::string_view format_text = "jobqueue-vault 1\n";

error refusal(std::string message) {
  return error{errc::store_error, no_offset, std::move(message)};
}

// False if there is no format file, which is no error yet.
result<bool> check_format(const unique_fd& root, const std::string& name) {
  const unique_fd file = open_at(root, std::string(format_file), O_RDONLY | O_NONBLOCK);
  if (!file) {
    if (errno == ENOENT) return false;
    return store_problem("cannot open the format file of " + name, errno);
  }
  std::array<std::byte, 64> buffer{};
  const ssize_t count = read_up_to(file, buffer);
  if (count < 0) return store_problem("cannot read the format file of " + name, errno);

  const std::string_view text(reinterpret_cast<const char*>(buffer.data()),
                              static_cast<std::size_t>(count));
  int version = 0;
  const char* const end = text.data() + text.size();
  const char* parsed = nullptr;
  if (text.starts_with(format_word)) {
    const auto number = std::from_chars(text.data() + format_word.size(), end, version);
    if (number.ec == std::errc()) parsed = number.ptr;
  }
  if (parsed == nullptr || parsed == end || *parsed != '\n') {
    return refusal("the file jobqueue-vault of " + name +
                   " is not that of a vault; choose another directory or restore the file");
  }
  if (version != format_version) {
    return refusal(name + " has format version " + std::to_string(version) +
                   ", but this program knows only version " + std::to_string(format_version) +
                   "; use the version of jobqueue that made it, or a newer one");
  }
  return true;
}

// An unfinished creation leaves the temporary format file; it counts as nothing.
result<bool> is_empty(const unique_fd& root, const std::string& name) {
  const std::string unfinished = std::string(format_file) + ".";
  unique_fd listed = open_at(root, ".", O_RDONLY | O_DIRECTORY);
  if (!listed) return store_problem("cannot read " + name, errno);
  directory_reader reader(std::move(listed));
  for (std::string_view found = reader.next(); !found.empty(); found = reader.next()) {
    if (!found.starts_with(unfinished)) return false;
  }
  if (reader.problem() != 0) return store_problem("cannot read " + name, reader.problem());
  return true;
}

// Durable when it returns, so that a vault is never found without its format after a crash.
bool write_format(const unique_fd& root) {
  const std::string temporary = std::string(format_file) + "." + random_name();
  unique_fd file = open_at(root, temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!file) return false;
  const bool written =
      write_all(file, std::as_bytes(std::span(format_text))) && ::fsync(file.get()) == 0 &&
      file.close() == 0 &&
      ::renameat(root.get(), temporary.c_str(), root.get(), format_file.data()) == 0;
  if (!written) {
    const int reason = errno;
    ::unlinkat(root.get(), temporary.c_str(), 0);
    errno = reason;
    return false;
  }
  return flush_directory(root);
}

unique_fd open_directory(const std::string& path) {
  return unique_fd(
      uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
}

// Makes the directory and its entry in the parent durable; with a false result errno says why.
unique_fd make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return {};
  unique_fd made = open_directory(path);
  if (!made) return {};
  const unique_fd parent = open_at(made, "..", O_RDONLY | O_DIRECTORY);
  // A parent that may be entered but not read cannot be flushed; its owner has chosen so.
  if (parent && !flush_directory(parent)) return {};
  return made;
}

}  // namespace

status prepare_format(const unique_fd& root, const std::string& name, bool create) {
  const result<bool> found = check_format(root, name);
  if (!found) return found.problem();
  if (*found) return done;
  if (!create) {
    return refusal(name + " is not a vault: it has no file jobqueue-vault; create one with the " +
                   "option `create` or name another directory");
  }
  const result<bool> empty = is_empty(root, name);
  if (!empty) return empty.problem();
  if (!*empty) {
    // Another process may have made it a vault since the first look.
    const result<bool> again = check_format(root, name);
    if (!again) return again.problem();
    if (*again) return done;
    return refusal(name + " is not a vault and not empty; name an empty directory or a new one");
  }
  if (!write_format(root)) return store_problem("cannot create " + name, errno);
  return done;
}

}  // namespace detail

inline namespace v1 {

result<std::unique_ptr<vault>> open_directory_vault(const std::filesystem::path& directory,
                                                    const directory_vault_options& options) {
  const std::string path = directory.string();
  if (path.find('\0') != std::string::npos) {
    return error{errc::invalid_argument, no_offset, "the path of the vault has a NUL in it"};
  }
  const std::string name = "the vault '" + path + "'";
  detail::unique_fd root = detail::open_directory(path);
  if (!root && errno == ENOENT) {
    if (!options.create) {
      return error{errc::store_error, no_offset,
                   name + " does not exist; create it with the option `create` or name another " +
                       "directory"};
    }
    root = detail::make_directory(path);
    if (!root) return detail::store_problem("cannot create " + name, errno);
  }
  if (!root) return detail::store_problem("cannot open " + name, errno);
  if (status prepared = detail::prepare_format(root, name, options.create); !prepared) {
    return prepared.problem();
  }
  auto opened = std::make_unique<detail::directory_vault>(std::move(root), name);
  if (options.create) {
    if (status removed = opened->remove_old_leftovers(); !removed) return removed.problem();
  }
  return std::unique_ptr<vault>(std::move(opened));
}

}  // namespace v1
}  // namespace jobqueue
