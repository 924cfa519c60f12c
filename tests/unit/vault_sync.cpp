// What the vault does when the machine does not do what it should: full disks, disks that fail,
// missing rights, processes that are killed, and many writers at once.
#include <jobqueue/vault.hpp>

#include <sys/resource.h>
#include <sys/syscall.h>

#include <atomic>
#include <barrier>
#include <cerrno>
#include <csignal>
#include <thread>

#include "vault_directory.hpp"

namespace {

// What the flushes of this program do in place of the system's: the only way to see a disk fail on
// a machine whose disk does not. With 0 they go to the system.
std::atomic<int> flush_errno{0};
std::atomic<int> directory_flush_errno{0};
// While it is set, the flush of a file waits.
std::atomic<bool> file_flush_waits{false};

std::atomic<int> file_flushes{0};
std::atomic<int> directory_flushes{0};
std::atomic<int> file_system_flushes{0};

int flush(long system_call, int fd, int failure) {
  if (failure != 0) {
    errno = failure;
    return -1;
  }
  return static_cast<int>(::syscall(system_call, fd));
}

}  // namespace

// The program's own definitions come before the C library's.
extern "C" int fdatasync(int fd) {
  ++file_flushes;
  file_flush_waits.wait(true);
  return flush(SYS_fdatasync, fd, flush_errno);
}
extern "C" int fsync(int fd) {
  ++directory_flushes;
  return flush(SYS_fsync, fd, directory_flush_errno);
}
extern "C" int syncfs(int fd) noexcept {
  ++file_system_flushes;
  return flush(SYS_syncfs, fd, flush_errno);
}

namespace vault_test {
namespace {

class vault_sync : public directory_test {
 protected:
  void TearDown() override {
    flush_errno = directory_flush_errno = 0;
    file_flush_waits = false;
  }

  static void forget_flushes() { file_flushes = directory_flushes = file_system_flushes = 0; }
  static void put_many(jobqueue::vault& store, int first, int count) {
    for (int i = first; i < first + count; ++i) {
      ASSERT_TRUE(put(store, "blob " + std::to_string(i)));
    }
  }
};

TEST_F(vault_sync, flushes_few_objects_one_by_one_and_many_by_file_system) {
  const auto store = open();
  forget_flushes();
  ASSERT_TRUE(store->sync());
  EXPECT_EQ(file_flushes + directory_flushes + file_system_flushes, 0);

  put_many(*store, 0, 16);
  put_many(*store, 0, 16);
  EXPECT_EQ(file_flushes + directory_flushes + file_system_flushes, 0);
  ASSERT_TRUE(store->sync());
  EXPECT_EQ(file_flushes, 16);
  EXPECT_GE(directory_flushes, 3);
  EXPECT_EQ(file_system_flushes, 0);

  forget_flushes();
  put_many(*store, 0, 17);
  ASSERT_TRUE(store->sync());
  EXPECT_EQ(file_flushes, 0);
  EXPECT_EQ(file_system_flushes, 1);

  forget_flushes();
  ASSERT_TRUE(store->sync());
  EXPECT_EQ(file_flushes + directory_flushes + file_system_flushes, 0);
}

TEST_F(vault_sync, flushes_the_object_its_directory_and_those_above) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "hello"));
  forget_flushes();
  ASSERT_TRUE(store->sync());
  EXPECT_EQ(file_flushes, 1);
  EXPECT_EQ(directory_flushes, 3);
}

TEST_F(vault_sync, flushes_a_blob_that_another_had_stored) {
  const auto one = open();
  const auto other = open();
  ASSERT_TRUE(put(*one, "hello"));
  ASSERT_TRUE(put(*other, "hello"));
  forget_flushes();
  ASSERT_TRUE(other->sync());
  EXPECT_EQ(file_flushes, 1);
}

TEST_F(vault_sync, creation_is_durable_before_it_returns) {
  forget_flushes();
  ASSERT_TRUE(open());
  // The format file, its directory, and the parent's entry.
  EXPECT_EQ(directory_flushes, 3);
}

TEST_F(vault_sync, says_why_a_flush_failed_and_never_trusts_the_next) {
  for (const int count : {1, 20}) {
    const auto store = open();
    put_many(*store, 0, count);
    flush_errno = EIO;
    const auto failed = store->sync();
    flush_errno = 0;
    ASSERT_FALSE(failed) << count;
    EXPECT_EQ(code_of(failed), errc::store_error);
    EXPECT_EQ(failed.problem().message,
              "what was put since the last good sync may be lost from the vault '" +
                  root().string() +
                  "': Input/output error; check the disk; then open the vault again and put it "
                  "again");
    ASSERT_TRUE(put(*store, "another"));
    const auto later = store->sync();
    ASSERT_FALSE(later) << count;
    EXPECT_EQ(later.problem().message, failed.problem().message);

    const auto again = open();
    put_many(*again, 0, count);
    EXPECT_TRUE(again->sync());
  }
}

TEST_F(vault_sync, says_what_helps_against_a_full_disk) {
  for (const auto& [reason, words] :
       {std::pair{ENOSPC, "No space left on device; free space on its file system"},
        std::pair{EDQUOT, "Disk quota exceeded; raise the quota or free space"}}) {
    const auto store = open();
    ASSERT_TRUE(put(*store, "hello"));
    flush_errno = reason;
    const auto failed = store->sync();
    flush_errno = 0;
    ASSERT_FALSE(failed);
    EXPECT_EQ(code_of(failed), errc::store_error);
    EXPECT_NE(failed.problem().message.find(words), std::string::npos) << failed.problem().message;
    EXPECT_EQ(failed.problem().message.find("hello"), std::string::npos);
  }
}

TEST_F(vault_sync, says_why_a_directory_could_not_be_flushed) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "hello"));
  directory_flush_errno = EINVAL;  // there is no such thing as a flush here
  EXPECT_TRUE(store->sync());
  ASSERT_TRUE(put(*store, "hello"));
  directory_flush_errno = EIO;
  EXPECT_EQ(code_of(store->sync()), errc::store_error);
  EXPECT_EQ(code_of(jobqueue::open_directory_vault(base() / "another", {.create = true})),
            errc::store_error);
}

TEST_F(vault_sync, returns_only_when_its_own_puts_are_durable) {
  for (const int failure : {0, EIO}) {
    const auto store = open();
    ASSERT_TRUE(put(*store, "hello"));
    file_flushes = 0;
    file_flush_waits = true;
    errc first = errc::internal;
    errc second = errc::internal;
    std::atomic<bool> second_returned{false};
    std::jthread one([&] { first = code_of(store->sync()); });
    while (file_flushes == 0) std::this_thread::yield();
    // "hello" is in the batch of the first, which is not done; the second must not overtake it.
    std::jthread other([&] {
      second = code_of(store->sync());
      second_returned = true;
    });
    std::this_thread::sleep_for(30ms);
    EXPECT_FALSE(second_returned);
    flush_errno = failure;
    file_flush_waits = false;
    file_flush_waits.notify_all();
    one.join();
    other.join();
    flush_errno = 0;
    EXPECT_EQ(first, failure == 0 ? errc::ok : errc::store_error);
    EXPECT_EQ(second, first);
  }
}

TEST_F(vault_sync, misses_an_object_that_somebody_has_taken_away) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "hello"));
  fs::remove(object(hello_hex));
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto failed = store->sync();
    ASSERT_FALSE(failed);
    EXPECT_EQ(code_of(failed), errc::store_error);
    EXPECT_NE(failed.problem().message.find("No such file"), std::string::npos);
  }
  ASSERT_TRUE(put(*store, "hello"));
  EXPECT_TRUE(store->sync());
}

// A limit on the size of files makes write(2) short first and then fail, like a disk that fills up.
TEST_F(vault_sync, a_write_that_stops_half_way_leaves_nothing) {
  const auto store = open();
  const std::string large(300'000, 'x');
  const int code = exit_code_of_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100'000, 100'000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 10;
    const auto stored = put(*store, large);
    if (stored) return 11;
    if (stored.problem().code != errc::store_error) return 12;
    if (stored.problem().message.find("File too large") == std::string::npos) return 13;
    if (stored.problem().message.find("xxx") != std::string::npos) return 14;
    if (fs::exists(object_of(large))) return 15;
    if (!names_in(root() / "tmp").empty()) return 16;
    if (!put(*store, "hello")) return 17;
    return 0;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(store->get(digest_of("hello"), 5).value(), "hello");
}

TEST_F(vault_sync, says_so_when_there_are_no_descriptors_left) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "hello"));
  const int code = exit_code_of_child([&] {
    const rlimit limit{3, 3};
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 10;
    const auto blob = store->get(digest_of("hello"), 5);
    if (blob || blob.problem().code != errc::store_error) return 11;
    if (blob.problem().message.find("ulimit -n") == std::string::npos) return 12;
    if (put(*store, "hello") || put(*store, "other")) return 13;
    const auto synced = store->sync();
    return synced || synced.problem().code != errc::store_error ? 14 : 0;
  });
  EXPECT_EQ(code, 0);
}

// As root every directory is writable, so the child becomes somebody else first.
TEST_F(vault_sync, says_so_when_it_may_not_write) {
  fs::permissions(base(), fs::perms::all);
  const int code = exit_code_of_child([&] {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 10;
    auto store = jobqueue::open_directory_vault(root(), {.create = true});
    if (!store || !put(**store, "hello")) return 11;
    fs::permissions(root() / "tmp", fs::perms(0500));
    const auto stored = put(**store, "other");
    if (stored || stored.problem().code != errc::store_error) return 12;
    if (stored.problem().message.find("Permission denied; check who owns it") ==
        std::string::npos) {
      return 13;
    }
    if (!put(**store, "hello")) return 14;
    fs::permissions(root() / "sha256" / "2c", fs::perms(0500));
    const auto removed = (*store)->remove(digest_of("hello"));
    if (removed || removed.problem().code != errc::store_error) return 15;
    fs::permissions(root() / "sha256" / "2c", fs::perms(0000));
    const auto blob = (*store)->get(digest_of("hello"), 5);
    if (blob || blob.problem().code != errc::store_error) return 16;
    if ((*store)->for_each([](const jobqueue::vault::entry&) { return true; })) return 17;
    fs::permissions(root() / "sha256" / "2c", fs::perms(0700));
    fs::permissions(root() / "tmp", fs::perms(0700));
    fs::permissions(root(), fs::perms(0000));
    const auto closed = jobqueue::open_directory_vault(root(), {.create = true});
    if (closed || closed.problem().code != errc::store_error) return 18;
    fs::permissions(root(), fs::perms(0700));
    return 0;
  });
  EXPECT_EQ(code, 0);
}

TEST_F(vault_sync, eight_threads_may_put_the_same_blobs_at_once) {
  const auto one = open();
  const auto other = open();
  constexpr int blobs = 60;
  std::barrier start(8);
  std::atomic<int> failures{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&, thread] {
        jobqueue::vault& store = thread % 2 == 0 ? *one : *other;
        start.arrive_and_wait();
        for (int i = 0; i < blobs; ++i) {
          const std::string text = std::to_string(i) + std::string(5000, 'x');
          if (!put(store, text)) ++failures;
          if (store.get(digest_of(text), text.size()).value() != text) ++failures;
          if (i % 20 == 0 && !store.sync()) ++failures;
        }
      });
    }
  }
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(listed(*one).size(), static_cast<std::size_t>(blobs));
  EXPECT_TRUE(names_in(root() / "tmp").empty());
  EXPECT_TRUE(one->sync());
  EXPECT_TRUE(other->sync());
}

TEST_F(vault_sync, several_processes_may_create_and_fill_one_vault_at_once) {
  std::vector<pid_t> children;
  for (int process = 0; process < 4; ++process) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto store = jobqueue::open_directory_vault(root(), {.create = true});
      if (!store) ::_exit(1);
      for (int i = 0; i < 50; ++i) {
        if (!put(**store, "blob " + std::to_string(i))) ::_exit(2);
      }
      ::_exit((*store)->sync() ? 0 : 3);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int ended = -1;
    ASSERT_EQ(::waitpid(child, &ended, 0), child);
    EXPECT_EQ(ended, 0);
  }
  EXPECT_EQ(listed(*open()).size(), 50U);
}

// In every other round the object is damaged, so that the put replaces it.
TEST_F(vault_sync, a_put_wins_against_a_removal_at_the_same_time) {
  const auto store = open();
  const auto cutoff = std::chrono::system_clock::time_point(1'000'000s);
  for (int round = 0; round < 1000; ++round) {
    ASSERT_TRUE(put(*store, "hello"));
    if (round % 2 == 1) write_file(object(hello_hex), "hellp");
    set_time(object(hello_hex), cutoff - 1s);
    std::barrier start(2);
    std::jthread collector([&] {
      start.arrive_and_wait();
      static_cast<void>(store->remove_if_older(digest_of("hello"), cutoff));
    });
    start.arrive_and_wait();
    // The removal begins somewhere in the course of the put.
    for (std::atomic<int> wait = 0; wait < round % 100 * 10; ++wait) {
    }
    const auto stored = put(*store, "hello");
    collector.join();
    ASSERT_TRUE(stored) << stored.problem().message;
    ASSERT_EQ(code_of(store->get(digest_of("hello"), 5)), errc::ok) << "round " << round;
  }
}

TEST_F(vault_sync, a_writer_that_is_killed_leaves_no_wrong_object) {
  ASSERT_TRUE(open());
  for (int round = 0; round < 5; ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto store = jobqueue::open_directory_vault(root());
      for (int i = 0; store && i < 1'000'000; ++i) {
        const std::string text =
            std::to_string(round) + " " + std::to_string(i) + std::string(200'000, 'x');
        if (!put(**store, text)) break;
      }
      ::_exit(1);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + 7 * round));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int ended = 0;
    ASSERT_EQ(::waitpid(child, &ended, 0), child);
    ASSERT_TRUE(WIFSIGNALED(ended));
  }
  const auto store = open();
  EXPECT_FALSE(listed(*store).empty());
  EXPECT_TRUE(store->for_each([&](const jobqueue::vault::entry& object) {
    EXPECT_TRUE(store->verify(object.digest)) << object.digest.hex();
    return true;
  }));
}

}  // namespace
}  // namespace vault_test
