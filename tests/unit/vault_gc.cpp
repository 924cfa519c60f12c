// Garbage collection: what is live, what is too young, what is counted only.
#include <jobqueue/vault.hpp>

#include <sys/file.h>

#include <set>
#include <utility>

#include "vault_directory.hpp"

namespace vault_test {
namespace {

using std::chrono::hours;

class vault_gc : public directory_test {
 protected:
  // A blob that was last put at `at`.
  void put_at(jobqueue::vault& store, std::string_view text,
              std::chrono::system_clock::time_point at) {
    ASSERT_TRUE(put(store, text));
    set_time(object_of(text), at);
  }

  static std::vector<sha256_digest> live(std::initializer_list<std::string_view> texts) {
    std::vector<sha256_digest> digests;
    for (const std::string_view text : texts) digests.push_back(digest_of(text));
    std::sort(digests.begin(), digests.end());
    return digests;
  }
};

TEST_F(vault_gc, removes_what_is_neither_live_nor_young) {
  const auto store = open();
  put_at(*store, "referenced", moment - hours(1000));
  put_at(*store, "old", moment - hours(25));
  put_at(*store, "older still", moment - hours(1000));
  put_at(*store, "young", moment - hours(23));
  put_at(*store, "from the future", moment + hours(1));

  std::set<std::string> removed;
  const auto summary = jobqueue::collect_garbage(
      *store, live({"referenced", "not in the vault"}), {.now = moment, .dry_run = false},
      [&](const jobqueue::vault::entry& object) {
        EXPECT_FALSE(fs::exists(this->object(object.digest.hex())));
        removed.insert(object.digest.hex());
      });
  ASSERT_TRUE(summary) << summary.problem().message;
  EXPECT_EQ(summary->live_objects, 1U);
  EXPECT_EQ(summary->live_bytes, 10U);
  EXPECT_EQ(summary->young_objects, 2U);
  EXPECT_EQ(summary->young_bytes, 20U);
  EXPECT_EQ(summary->removed_objects, 2U);
  EXPECT_EQ(summary->removed_bytes, 14U);
  EXPECT_EQ(summary->removed_leftovers, 0U);
  EXPECT_EQ(removed,
            (std::set<std::string>{digest_of("old").hex(), digest_of("older still").hex()}));
  EXPECT_EQ(listed(*store).size(), 3U);
  EXPECT_EQ(store->get(digest_of("referenced"), 10).value(), "referenced");
}

TEST_F(vault_gc, only_counts_unless_told_otherwise) {
  const auto store = open();
  put_at(*store, "old", moment - hours(25));
  const fs::path leftover = root() / "tmp" / "0123456789abcdef0123456789abcdef";
  write_file(leftover, "half");
  set_time(leftover, moment - hours(25));

  int reported = 0;
  const auto summary = jobqueue::collect_garbage(
      *store, {}, {.now = moment}, [&](const jobqueue::vault::entry&) { ++reported; });
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->removed_objects, 1U);
  EXPECT_EQ(summary->removed_bytes, 3U);
  EXPECT_EQ(summary->removed_leftovers, 1U);
  EXPECT_EQ(reported, 1);
  EXPECT_TRUE(fs::exists(object_of("old")));
  EXPECT_TRUE(fs::exists(leftover));
}

TEST_F(vault_gc, removes_leftovers_of_more_than_a_day) {
  const auto store = open();
  put_at(*store, "young", moment);
  const fs::path old = root() / "tmp" / "0123456789abcdef0123456789abcdef";
  const fs::path recent = root() / "tmp" / "123456789abcdef0123456789abcdef0";
  for (const fs::path& path : {old, recent}) write_file(path, "half");
  set_time(old, moment - hours(25));
  set_time(recent, moment - hours(23));

  const auto summary =
      jobqueue::collect_garbage(*store, {}, {.now = moment, .min_age = hours(1), .dry_run = false});
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->removed_leftovers, 1U);
  EXPECT_EQ(names_in(root() / "tmp"), std::vector<std::string>{"123456789abcdef0123456789abcdef0"});
}

TEST_F(vault_gc, a_put_of_a_blob_that_is_there_makes_it_young) {
  const auto store = open();
  put_at(*store, "hello", std::chrono::system_clock::time_point(1000s));
  const auto now = std::chrono::system_clock::time_point(hours(1000));
  EXPECT_EQ(jobqueue::collect_garbage(*store, {}, {.now = now})->removed_objects, 1U);
  ASSERT_TRUE(put(*store, "hello"));
  const auto summary = jobqueue::collect_garbage(*store, {}, {.now = now, .dry_run = false});
  EXPECT_EQ(summary->young_objects, 1U);
  EXPECT_EQ(summary->removed_objects, 0U);
  EXPECT_TRUE(store->contains(digest_of("hello")).value());
}

TEST_F(vault_gc, min_age_ends_exactly_there_and_is_at_least_the_granularity_of_times) {
  const auto store = open();
  const auto is_garbage = [&](std::chrono::seconds age, std::chrono::seconds min_age) {
    put_at(*store, "hello", moment - age);
    return jobqueue::collect_garbage(*store, {}, {.now = moment, .min_age = min_age})
               ->removed_objects == 1;
  };
  EXPECT_FALSE(is_garbage(60s, 60s));
  EXPECT_TRUE(is_garbage(61s, 60s));
  EXPECT_FALSE(is_garbage(2s, 0s));
  EXPECT_TRUE(is_garbage(3s, 0s));
}

TEST_F(vault_gc, removes_nothing_when_the_time_was_forgotten_or_the_age_is_for_ever) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "hello"));
  EXPECT_EQ(jobqueue::collect_garbage(*store, {}, {.dry_run = false})->young_objects, 1U);
  for (const auto now : {moment, std::chrono::system_clock::time_point::min(),
                         std::chrono::system_clock::time_point::max()}) {
    const auto summary = jobqueue::collect_garbage(
        *store, {}, {.now = now, .min_age = std::chrono::seconds::max(), .dry_run = false});
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->young_objects, 1U);
    EXPECT_EQ(summary->removed_objects, 0U);
  }
}

TEST_F(vault_gc, refuses_live_digests_that_are_not_sorted) {
  const auto store = open();
  put_at(*store, "a", moment - hours(25));
  put_at(*store, "b", moment - hours(25));
  std::vector<sha256_digest> digests = live({"a", "b"});
  std::swap(digests[0], digests[1]);
  const auto summary =
      jobqueue::collect_garbage(*store, digests, {.now = moment, .dry_run = false});
  ASSERT_FALSE(summary);
  EXPECT_EQ(code_of(summary), errc::invalid_argument);
  EXPECT_EQ(listed(*store).size(), 2U);
}

TEST_F(vault_gc, refuses_a_negative_age) {
  const auto store = open();
  put_at(*store, "a", moment - hours(25));
  const auto summary =
      jobqueue::collect_garbage(*store, {}, {.now = moment, .min_age = -1s, .dry_run = false});
  ASSERT_FALSE(summary);
  EXPECT_EQ(code_of(summary), errc::invalid_argument);
  EXPECT_EQ(listed(*store).size(), 1U);
}

TEST_F(vault_gc, takes_duplicates_among_the_live) {
  const auto store = open();
  put_at(*store, "a", moment - hours(25));
  const auto summary =
      jobqueue::collect_garbage(*store, live({"a", "a", "a"}), {.now = moment, .dry_run = false});
  EXPECT_EQ(summary->live_objects, 1U);
  EXPECT_TRUE(store->contains(digest_of("a")).value());
}

TEST_F(vault_gc, removes_only_what_is_older_than_the_cutoff) {
  const auto store = open();
  put_at(*store, "hello", moment);
  EXPECT_FALSE(store->remove_if_older(digest_of("hello"), moment).value());
  EXPECT_TRUE(store->contains(digest_of("hello")).value());
  EXPECT_TRUE(store->remove_if_older(digest_of("hello"), moment + 1s).value());
  EXPECT_FALSE(store->contains(digest_of("hello")).value());
  EXPECT_EQ(code_of(store->remove_if_older(digest_of("hello"), moment)), errc::blob_missing);
}

TEST_F(vault_gc, leaves_an_object_that_is_being_put) {
  const auto store = open();
  put_at(*store, "hello", moment - hours(25));
  const int held = ::open(object(hello_hex).c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(held, LOCK_SH), 0);
  const auto removed = store->remove(digest_of("hello"));
  ASSERT_FALSE(removed);
  EXPECT_EQ(code_of(removed), errc::store_error);
  EXPECT_EQ(jobqueue::collect_garbage(*store, {}, {.now = moment, .dry_run = false})->young_objects,
            1U);
  ::close(held);
  EXPECT_EQ(
      jobqueue::collect_garbage(*store, {}, {.now = moment, .dry_run = false})->removed_objects,
      1U);
}

}  // namespace
}  // namespace vault_test
