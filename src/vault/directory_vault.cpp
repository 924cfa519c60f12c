#include "vault/directory_vault.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <set>
#include <utility>

#include "core/sha256.hpp"

namespace jobqueue::detail {
namespace {

using time_point = std::chrono::system_clock::time_point;

constexpr std::size_t few_objects = 16;
constexpr std::size_t piece_size = 65536;
constexpr std::size_t temporary_name_size = 32;
constexpr char temporary_directory[] = "tmp";
constexpr char object_directory[] = "sha256";

std::string fan_out_directory(std::string_view hex) {
  return std::string(object_directory).append("/").append(hex.substr(0, 2));
}

std::string object_path(const sha256_digest& digest) {
  const std::string hex = digest.hex();
  return fan_out_directory(hex) + "/" + hex;
}

bool make_directory_at(const unique_fd& root, const std::string& path) {
  return ::mkdirat(root.get(), path.c_str(), 0700) == 0 || errno == EEXIST;
}

// Whether `file`, standing at its beginning, holds exactly `blob`. What cannot be read, does not.
bool holds(const unique_fd& file, std::uint64_t size, std::span<const std::byte> blob) {
  if (size != blob.size()) return false;
  std::array<std::byte, piece_size> piece;
  while (!blob.empty()) {
    const std::size_t wanted = std::min(piece.size(), blob.size());
    const ssize_t count = read_up_to(file, std::span(piece).first(wanted));
    if (count < 0 || static_cast<std::size_t>(count) != wanted) return false;
    if (std::memcmp(piece.data(), blob.data(), wanted) != 0) return false;
    blob = blob.subspan(wanted);
  }
  return true;
}

// A file in `tmp` that disappears unless it was moved away.
class temporary_file {
 public:
  explicit temporary_file(const unique_fd& root)
      : root_(root), path_(std::string(temporary_directory) + "/" + random_name()) {
    open();
    if (!file && errno == ENOENT && make_directory_at(root_, temporary_directory)) open();
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    if (present_) ::unlinkat(root_.get(), path_.c_str(), 0);
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  void moved_away() noexcept { present_ = false; }

  unique_fd file;  // closed if it could not be made; errno says why

 private:
  void open() {
    file = open_at(root_, path_, O_WRONLY | O_CREAT | O_EXCL, 0600);
    present_ = static_cast<bool>(file);
  }

  const unique_fd& root_;
  const std::string path_;
  bool present_ = false;
};

}  // namespace

void directory_vault::unsynced::add(const sha256_digest& digest) {
  if (many || std::find(objects.begin(), objects.end(), digest) != objects.end()) return;
  objects.push_back(digest);
  if (objects.size() > few_objects) {
    objects.clear();
    many = true;
  }
}

// The protocol between puts and removals, in any thread and process: who finds an object in place
// holds a shared lock on that file while it decides, renews its time or replaces it; who removes
// one holds an exclusive lock while it looks at the time and unlinks. After locking, both make sure
// that the file is still the one in place.
status directory_vault::put(const sha256_digest& digest, std::span<const std::byte> blob) {
  const std::string path = object_path(digest);
  const std::string_view action = "cannot put an object into ";
  constexpr int attempts = 100;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    // Not to wait for a writer, should it be a FIFO.
    const unique_fd present = open_at(root_, path, O_RDONLY | O_NONBLOCK);
    if (!present && errno != ENOENT && errno != ELOOP && errno != ENXIO) {
      return trouble(action, errno);
    }
    struct stat info {};
    if (present && ::fstat(present.get(), &info) != 0) return trouble(action, errno);
    if (!present || !S_ISREG(info.st_mode)) {
      if (status written = write_object(path, blob); !written) return written;
      remember(digest);
      return done;
    }
    const file_lock lock(present, LOCK_SH);
    if (!lock) return trouble(action, errno);
    if (!is_same_file(present, root_, path)) continue;
    if (holds(present, static_cast<std::uint64_t>(info.st_size), blob)) {
      const std::array<timespec, 2> times{{{0, UTIME_OMIT}, {0, UTIME_NOW}}};
      if (::futimens(present.get(), times.data()) != 0) return trouble(action, errno);
    } else if (status written = write_object(path, blob); !written) {
      return written;
    }
    // Also what was there already: whoever wrote it may not have synced it.
    remember(digest);
    return done;
  }
  return trouble(action, EBUSY);
}

status directory_vault::write_object(const std::string& path, std::span<const std::byte> blob) {
  const std::string_view action = "cannot write an object of ";
  temporary_file temporary(root_);
  if (!temporary.file) return trouble(action, errno);
  // The size is not set in advance: a file that a power failure has torn must be too short.
  if (!write_all(temporary.file, blob)) return trouble(action, errno);
  if (temporary.file.close() != 0) return trouble(action, errno);
  if (!install(temporary.path(), path)) return trouble(action, errno);
  temporary.moved_away();
  return done;
}

// Writes to a temporary file, which becomes the object. One that is there already is replaced by
// its like, which spares reading it.
class directory_vault::spool final : public blob_spool {
 public:
  explicit spool(directory_vault& owner) : owner_(owner), temporary_(owner.root_) {}

  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(temporary_.file); }
  status append(std::span<const std::byte> piece) override {
    return write_all(temporary_.file, piece) ? status(done) : trouble();
  }
  status keep(const sha256_digest& digest) override {
    if (temporary_.file.close() != 0) return trouble();
    if (!owner_.install(temporary_.path(), object_path(digest))) return trouble();
    temporary_.moved_away();
    owner_.remember(digest);
    return done;
  }
  [[nodiscard]] error trouble() const {
    return owner_.trouble("cannot write an object of ", errno);
  }

 private:
  directory_vault& owner_;
  temporary_file temporary_;
};

result<std::unique_ptr<blob_spool>> directory_vault::open_spool() {
  auto opened = std::make_unique<spool>(*this);
  if (!opened->is_open()) return opened->trouble();
  return std::unique_ptr<blob_spool>(std::move(opened));
}

bool directory_vault::install(const std::string& temporary, const std::string& path) {
  const auto move = [&] {
    return ::renameat(root_.get(), temporary.c_str(), root_.get(), path.c_str()) == 0;
  };
  if (move()) return true;
  if (errno != ENOENT) return false;
  const std::string parent = path.substr(0, path.rfind('/'));
  return make_directory_at(root_, object_directory) && make_directory_at(root_, parent) && move();
}

result<directory_vault::open_object> directory_vault::open_for_reading(
    const sha256_digest& digest) const {
  open_object object;
  object.file = open_at(root_, object_path(digest), O_RDONLY | O_NONBLOCK);
  if (!object.file) {
    if (errno == ENOENT) return missing(digest);
    if (errno == ELOOP || errno == ENXIO) return corrupt(digest, "is not a regular file");
    return trouble("cannot open an object of ", errno);
  }
  if (::fstat(object.file.get(), &object.info) != 0) {
    return trouble("cannot open an object of ", errno);
  }
  if (!S_ISREG(object.info.st_mode)) return corrupt(digest, "is not a regular file");
  return object;
}

result<std::string> directory_vault::get(const sha256_digest& digest, std::uint64_t size) const {
  const result<open_object> object = open_for_reading(digest);
  if (!object) return object.problem();
  const auto present = static_cast<std::uint64_t>(object->info.st_size);
  if (present != size) {
    return corrupt(digest,
                   "has " + std::to_string(present) + " bytes instead of " + std::to_string(size));
  }
  std::string blob(static_cast<std::size_t>(size), '\0');
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(blob));
  const ssize_t count = read_up_to(object->file, bytes);
  if (count < 0) return trouble("cannot read an object of ", errno);
  if (static_cast<std::uint64_t>(count) != size || sha256(bytes) != digest) {
    return corrupt(digest, "does not have the bytes that its name says");
  }
  return blob;
}

status directory_vault::verify(const sha256_digest& digest) const {
  const result<open_object> object = open_for_reading(digest);
  if (!object) return object.problem();
  sha256_stream hash;
  std::array<std::byte, piece_size> piece;
  for (;;) {
    const ssize_t count = read_up_to(object->file, piece);
    if (count < 0) return trouble("cannot read an object of ", errno);
    hash.update(std::span(piece).first(static_cast<std::size_t>(count)));
    if (static_cast<std::size_t>(count) < piece.size()) break;
  }
  if (hash.finish() != digest) return corrupt(digest, "does not have the bytes that its name says");
  return done;
}

result<vault::entry> directory_vault::find(const sha256_digest& digest) const {
  struct stat info {};
  if (::fstatat(root_.get(), object_path(digest).c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return missing(digest);
    return trouble("cannot look for an object of ", errno);
  }
  if (!S_ISREG(info.st_mode)) return corrupt(digest, "is not a regular file");
  return entry{digest, static_cast<std::uint64_t>(info.st_size), modification_time(info)};
}

status directory_vault::for_each(const std::function<bool(const entry&)>& visit) const {
  const std::string_view action = "cannot list ";
  for (unsigned first = 0; first < 256; ++first) {
    sha256_digest lowest;
    lowest.bytes[0] = static_cast<std::byte>(first);
    const std::string prefix = lowest.hex().substr(0, 2);
    unique_fd opened = open_at(root_, fan_out_directory(prefix), O_RDONLY | O_DIRECTORY);
    if (!opened) {
      // Absent, or something that is not ours.
      if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) continue;
      return trouble(action, errno);
    }
    const int directory = opened.get();
    directory_reader reader(std::move(opened));
    for (std::string_view name = reader.next(); !name.empty(); name = reader.next()) {
      if (name.size() != 64 || !name.starts_with(prefix) || !is_lower_hex(name)) continue;
      struct stat info {};
      if (::fstatat(directory, name.data(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;  // removed meanwhile
        return trouble(action, errno);
      }
      if (!S_ISREG(info.st_mode)) continue;
      const entry object{*sha256_digest::from_hex(name), static_cast<std::uint64_t>(info.st_size),
                         modification_time(info)};
      if (!visit(object)) return done;
    }
    if (reader.problem() != 0) return trouble(action, reader.problem());
  }
  return done;
}

result<bool> directory_vault::remove_if_older(const sha256_digest& digest, time_point cutoff) {
  const std::string_view action = "cannot remove an object of ";
  const std::string path = object_path(digest);
  // For writing, because NFS gives an exclusive lock to no other.
  const unique_fd file = open_at(root_, path, O_RDWR | O_NONBLOCK);
  if (!file) {
    if (errno == ENOENT) return missing(digest);
    return trouble(action, errno);
  }
  // Does not wait: a put holds the lock only to renew or replace the object, and then it is young.
  const file_lock lock(file, LOCK_EX | LOCK_NB);
  if (!lock) {
    if (errno == EWOULDBLOCK) return false;
    return trouble(action, errno);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return trouble(action, errno);
  if (!S_ISREG(info.st_mode)) return corrupt(digest, "is not a regular file");
  if (!is_same_file(file, root_, path) || modification_time(info) >= cutoff) return false;
  if (::unlinkat(root_.get(), path.c_str(), 0) != 0) return trouble(action, errno);
  forget(digest);
  return true;
}

result<std::uint64_t> directory_vault::remove_leftovers(time_point cutoff, bool dry_run) {
  const std::string_view action = "cannot remove unfinished files of ";
  unique_fd opened = open_at(root_, temporary_directory, O_RDONLY | O_DIRECTORY);
  if (!opened) {
    if (errno == ENOENT) return std::uint64_t{0};
    return trouble(action, errno);
  }
  const int directory = opened.get();
  directory_reader reader(std::move(opened));
  std::uint64_t count = 0;
  for (std::string_view name = reader.next(); !name.empty(); name = reader.next()) {
    if (name.size() != temporary_name_size || !is_lower_hex(name)) continue;
    struct stat info {};
    if (::fstatat(directory, name.data(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(info.st_mode) || modification_time(info) >= cutoff) continue;
    if (!dry_run && ::unlinkat(directory, name.data(), 0) != 0) {
      if (errno == ENOENT) continue;
      return trouble(action, errno);
    }
    ++count;
  }
  if (reader.problem() != 0) return trouble(action, reader.problem());
  return count;
}

status directory_vault::remove_old_leftovers() {
  const result<std::uint64_t> any = remove_leftovers(time_point::max(), true);
  if (!any) return any.problem();
  if (*any == 0) return done;
  // A new file carries the time by which the leftovers are stamped, which on a network file system
  // is not this machine's.
  const temporary_file probe(root_);
  struct stat info {};
  if (!probe.file || ::fstat(probe.file.get(), &info) != 0) {
    return trouble("cannot write to ", errno);
  }
  const result<std::uint64_t> removed =
      remove_leftovers(modification_time(info) - std::chrono::hours(24), false);
  if (!removed) return removed.problem();
  return done;
}

// Whoever waits for `sync_mutex_` may have objects in the batch that is being flushed.
status directory_vault::sync() {
  const std::lock_guard syncing(sync_mutex_);
  if (sync_failure_) return *sync_failure_;
  unsynced batch;
  {
    const std::lock_guard lock(unsynced_mutex_);
    batch = std::exchange(unsynced_, {});
  }
  status flushed = batch.many ? flush_file_system() : flush_objects(batch.objects);
  if (!flushed) {
    const std::lock_guard lock(unsynced_mutex_);
    for (const sha256_digest& digest : batch.objects) unsynced_.add(digest);
    if (batch.many) unsynced_ = {{}, true};
  }
  return flushed;
}

status directory_vault::flush_file_system() {
  // Directories are included.
  if (uninterrupted([&] { return ::syncfs(root_.get()); }) != 0) return flush_failed();
  return done;
}

status directory_vault::flush_objects(const std::vector<sha256_digest>& objects) {
  if (objects.empty()) return done;
  const std::string_view action = "cannot make durable an object of ";
  std::set<std::string> directories{".", object_directory};
  for (const sha256_digest& digest : objects) {
    const unique_fd file = open_at(root_, object_path(digest), O_RDONLY | O_NONBLOCK);
    if (!file) return trouble(action, errno);
    // Not fsync: the renewed time of an object that is durable already need not be.
    if (uninterrupted([&] { return ::fdatasync(file.get()); }) != 0) return flush_failed();
    directories.insert(fan_out_directory(digest.hex()));
  }
  for (const std::string& path : directories) {
    const unique_fd directory = open_at(root_, path, O_RDONLY | O_DIRECTORY);
    if (!directory) return trouble(action, errno);
    if (!flush_directory(directory)) return flush_failed();
  }
  return done;
}

status directory_vault::flush_failed() {
  sync_failure_ = trouble("what was put since the last good sync may be lost from ", errno);
  sync_failure_->message += "; then open the vault again and put it again";
  return *sync_failure_;
}

void directory_vault::remember(const sha256_digest& digest) {
  const std::lock_guard lock(unsynced_mutex_);
  unsynced_.add(digest);
}

void directory_vault::forget(const sha256_digest& digest) {
  const std::lock_guard lock(unsynced_mutex_);
  std::erase(unsynced_.objects, digest);
}

error directory_vault::missing(const sha256_digest& digest) const {
  return error{errc::blob_missing, no_offset, name_ + " has no object sha256-" + digest.hex()};
}

error directory_vault::corrupt(const sha256_digest& digest, std::string_view how) const {
  std::string message = "the object sha256-" + digest.hex() + " of " + name_ + " ";
  message.append(how).append("; restore it from a backup or put it again");
  return error{errc::blob_corrupt, no_offset, std::move(message)};
}

error directory_vault::trouble(std::string_view action, int reason) const {
  return store_problem(std::string(action) + name_, reason);
}

}  // namespace jobqueue::detail
