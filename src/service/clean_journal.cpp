#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include <jobqueue/service/cleaner.hpp>

#include "core/json_check.hpp"
#include "core/json_text.hpp"
#include "service/journal_text.hpp"
#include "vault/posix_file.hpp"

namespace jobqueue {
namespace detail {
namespace {

std::uint64_t read_number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void append_line(std::string& line, const journal_entry& entry) {
  line += R"({"place":)";
  append_json_string(line, entry.place);
  line.append(R"(,"locator":)").append(entry.locator);
  line.append(R"(,"before":")").append(entry.before.hex());
  line.append(R"(","after":")").append(entry.after.hex()).append(R"(","cuts":[)");
  for (const journal_cut& cut : entry.cuts) {
    if (line.back() == ']') line += ',';
    line.append("[").append(std::to_string(cut.offset)).append(",");
    line += std::to_string(cut.size);
    if (!cut.original.empty()) {
      line += ',';
      append_json_bytes(line, cut.original);
    }
    line += ']';
  }
  line += "]}\n";
}

std::optional<journal_entry> read_entry(const std::vector<json_member>& members) {
  journal_entry entry;
  entry.place = find_member_text(members, "place");
  const auto before = sha256_digest::from_hex(find_member_text(members, "before"));
  const auto after = sha256_digest::from_hex(find_member_text(members, "after"));
  if (!before || !after) return std::nullopt;
  entry.before = *before;
  entry.after = *after;
  for (const json_member& member : members) {
    if (member.name == "locator") entry.locator = member.value;
    if (member.name != "cuts") continue;
    for (const std::string_view one : read_json_elements(member.value)) {
      const auto parts = read_json_elements(one);
      if (parts.size() < 2) return std::nullopt;
      journal_cut& cut = entry.cuts.emplace_back();
      cut.offset = read_number(parts[0]);
      cut.size = read_number(parts[1]);
      if (parts.size() > 2) cut.original = read_json_bytes(parts[2]);
    }
  }
  return entry;
}

}  // namespace

class clean_journal_file {
 public:
  clean_journal_file(std::filesystem::path path, unique_fd file)
      : path_(std::move(path)), file_(std::move(file)) {}

  [[nodiscard]] error trouble(std::string_view what, int reason) const {
    return {errc::store_error, no_offset,
            "cannot " + std::string(what) + " the journal " + path_.string() + ": " +
                std::system_category().message(reason) +
                (reason == ENOSPC ? "; free space on its file system" : "")};
  }
  [[nodiscard]] error damaged(std::uint64_t offset, std::string_view what) const {
    return {errc::store_error, offset, "the journal " + path_.string() + " " + std::string(what)};
  }

  // Two that go on with one journal would write over each other. It ends with the process.
  [[nodiscard]] status lock() const {
    if (uninterrupted([&] { return ::flock(file_.get(), LOCK_EX | LOCK_NB); }) == 0) return done;
    if (errno != EWOULDBLOCK) return trouble("lock", errno);
    return error{errc::store_error, no_offset,
                 "the journal " + path_.string() + " is in use by another process"};
  }

  status append() {
    if (!write_all(file_, std::as_bytes(std::span(pending)))) {
      const int reason = errno;
      // What is half written must not stand before the next line.
      const bool cut = ::ftruncate(file_.get(), static_cast<off_t>(size_)) == 0;
      return trouble(cut ? "write" : "repair", reason);
    }
    if (uninterrupted([&] { return ::fdatasync(file_.get()); }) != 0) {
      return trouble("flush", errno);
    }
    // It is not read again soon: what the server has in memory is worth more than that.
    static_cast<void>(::posix_fadvise(file_.get(), static_cast<off_t>(size_),
                                      static_cast<off_t>(pending.size()), POSIX_FADV_DONTNEED));
    size_ += pending.size();
    pending.clear();
    return done;
  }

  [[nodiscard]] bool is_empty() const {
    struct stat found {};
    return ::fstat(file_.get(), &found) == 0 && found.st_size == 0;
  }

  status begin(std::string_view store) {
    pending = R"({"jobqueue_journal":1,"store":)";
    append_json_string(pending, store);
    pending += "}\n";
    return append();
  }

  // Reads what is there: the header, where the entries are, how far each place is.
  status load(std::string_view store) {
    bool is_first = true;
    status walked = each_line([&](std::uint64_t offset, std::string_view line) -> status {
      const auto members = check_json_members(line);
      if (members.empty()) return damaged(offset, "has a line that is not its own");
      if (is_first) {
        is_first = false;
        return check_header(members, store);
      }
      if (members.front().name == "mark") {
        cursors[find_member_text(members, "mark")] = find_member_text(members, "cursor");
      } else {
        entries_.push_back(offset);
      }
      return done;
    });
    if (!walked) return walked;
    if (is_first) return damaged(0, "is empty");
    // A line that a crash cut off.
    if (::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) return trouble("repair", errno);
    if (::lseek(file_.get(), 0, SEEK_END) < 0) return trouble("read", errno);
    return done;
  }

  status each_entry_backwards(const std::function<status(const journal_entry&)>& take) const {
    for (std::size_t i = entries_.size(); i-- > 0;) {
      const std::uint64_t offset = entries_[i];
      const auto line = line_at(offset);
      if (!line) return line.problem();
      const auto entry = read_entry(check_json_members(*line));
      if (!entry) return damaged(offset, "has an entry that cannot be read");
      if (status taken = take(*entry); !taken) return taken;
    }
    return done;
  }

  std::string pending;
  std::map<std::string, std::string, std::less<>> cursors;

 private:
  [[nodiscard]] status check_header(const std::vector<json_member>& members,
                                    std::string_view store) const {
    if (members.front().name != "jobqueue_journal") return damaged(0, "is none: it has no header");
    if (members.front().value != "1")
      return damaged(0, "is of a newer version; update the program");
    const std::string of = find_member_text(members, "store");
    if (of == store) return done;
    return error{errc::invalid_argument, no_offset,
                 "the journal " + path_.string() + " is of another store: " + of};
  }

  result<std::string> read_at(std::uint64_t offset, std::size_t most) const {
    std::string block(most, '\0');
    const ssize_t got = uninterrupted([&] {
      return ::pread(file_.get(), block.data(), block.size(), static_cast<off_t>(offset));
    });
    if (got < 0) return trouble("read", errno);
    block.resize(static_cast<std::size_t>(got));
    return block;
  }

  result<std::string> line_at(std::uint64_t offset) const {
    for (std::size_t most = std::size_t{1} << 14;; most *= 2) {
      auto block = read_at(offset, most);
      if (!block) return block.problem();
      const std::size_t end = block->find('\n');
      if (end != std::string::npos) return block->substr(0, end);
      if (block->size() < most) return damaged(offset, "ends in the middle of an entry");
    }
  }

  // Whole lines only; sets `size_` to where they end.
  status each_line(const std::function<status(std::uint64_t, std::string_view)>& take) {
    constexpr std::size_t block_bytes = std::size_t{1} << 20;
    std::string held;
    std::uint64_t held_at = 0;
    for (;;) {
      auto block = read_at(held_at + held.size(), block_bytes);
      if (!block) return block.problem();
      if (block->empty()) break;
      held += *block;
      std::size_t at = 0;
      for (auto end = held.find('\n'); end != std::string::npos; end = held.find('\n', at)) {
        if (status taken = take(held_at + at, std::string_view(held).substr(at, end - at));
            !taken) {
          return taken;
        }
        at = end + 1;
      }
      held.erase(0, at);
      held_at += at;
    }
    size_ = held_at;
    return done;
  }

  std::filesystem::path path_;
  unique_fd file_;
  std::uint64_t size_ = 0;  // of what is durable
  std::vector<std::uint64_t> entries_;
};

}  // namespace detail

inline namespace v1 {

clean_journal::clean_journal(std::unique_ptr<detail::clean_journal_file> file)
    : file_(std::move(file)) {}
clean_journal::~clean_journal() = default;

result<std::unique_ptr<clean_journal>> clean_journal::create(const std::filesystem::path& path,
                                                             std::string_view store) {
  detail::unique_fd opened(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!opened) {
    const int reason = errno;
    std::string message =
        "cannot make the journal " + path.string() + ": " + std::system_category().message(reason);
    if (reason == EEXIST) message += "; --resume goes on with it, or name another file";
    return error{errc::store_error, no_offset, std::move(message)};
  }
  auto file = std::make_unique<detail::clean_journal_file>(path, std::move(opened));
  if (const status locked = file->lock(); !locked) return locked.problem();
  if (const status written = file->begin(store); !written) return written.problem();
  // The name must survive, too.
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  const detail::unique_fd folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || !detail::flush_directory(folder)) return file->trouble("flush", errno);
  return std::unique_ptr<clean_journal>(new clean_journal(std::move(file)));
}

result<std::unique_ptr<clean_journal>> clean_journal::open(const std::filesystem::path& path,
                                                           std::string_view store) {
  detail::unique_fd opened(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!opened) {
    return error{
        errc::store_error, no_offset,
        "cannot open the journal " + path.string() + ": " + std::system_category().message(errno)};
  }
  auto file = std::make_unique<detail::clean_journal_file>(path, std::move(opened));
  if (const status locked = file->lock(); !locked) return locked.problem();
  // Whoever made it was killed before it could write.
  const status loaded = file->is_empty() ? file->begin(store) : file->load(store);
  if (!loaded) return loaded.problem();
  return std::unique_ptr<clean_journal>(new clean_journal(std::move(file)));
}

void clean_journal::add(const journal_entry& entry) { detail::append_line(file_->pending, entry); }

void clean_journal::mark(std::string_view place, std::string_view cursor) {
  file_->cursors[std::string(place)] = cursor;
  std::string& line = file_->pending;
  line += R"({"mark":)";
  detail::append_json_string(line, place);
  line += R"(,"cursor":)";
  detail::append_json_string(line, cursor);
  line += "}\n";
}

status clean_journal::sync() { return file_->append(); }

std::string clean_journal::cursor_of(std::string_view place) const {
  const auto found = file_->cursors.find(place);
  return found == file_->cursors.end() ? std::string() : found->second;
}

status clean_journal::each_backwards(
    const std::function<status(const journal_entry&)>& take) const {
  return file_->each_entry_backwards(take);
}

}  // namespace v1
}  // namespace jobqueue
