// The vault in a directory: what it stores, what it finds wrong, and that it opens only vaults.
#include <jobqueue/vault.hpp>

#include "vault_directory.hpp"

namespace vault_test {
namespace {

using vault = directory_test;

TEST_F(vault, stores_a_blob_under_its_digest) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "hello"));
  EXPECT_EQ(read_file(object(hello_hex)), "hello");
  const auto blob = store->get(digest_of("hello"), 5);
  ASSERT_TRUE(blob);
  EXPECT_EQ(*blob, "hello");
  EXPECT_TRUE(store->verify(digest_of("hello")));
  EXPECT_TRUE(store->sync());
}

TEST_F(vault, add_computes_the_digest) {
  const auto store = open();
  const auto digest = store->add(exact_bytes("hello").span());
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->hex(), hello_hex);
  EXPECT_EQ(store->get(*digest, 5).value(), "hello");
}

TEST_F(vault, stores_the_empty_blob) {
  const auto store = open();
  ASSERT_TRUE(store->put(digest_of(""), {}));
  ASSERT_TRUE(store->put(digest_of(""), {}));
  EXPECT_EQ(fs::file_size(object(empty_hex)), 0U);
  EXPECT_EQ(store->get(digest_of(""), 0).value(), "");
  EXPECT_TRUE(store->verify(digest_of("")));
  EXPECT_EQ(code_of(store->get(digest_of(""), 1)), errc::blob_corrupt);
}

TEST_F(vault, stores_blobs_around_the_size_of_its_buffer) {
  const auto store = open();
  for (const std::size_t size : {65535U, 65536U, 65537U, 200'000U}) {
    std::string text(size, 'x');
    text.back() = 'y';
    ASSERT_TRUE(put(*store, text));
    ASSERT_TRUE(put(*store, text));
    EXPECT_EQ(store->get(digest_of(text), size).value(), text);
    EXPECT_TRUE(store->verify(digest_of(text))) << size;
  }
}

TEST_F(vault, lets_only_its_owner_in) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "hello"));
  EXPECT_EQ(mode_of(root()), 0700U);
  EXPECT_EQ(mode_of(root() / "jobqueue-vault"), 0600U);
  EXPECT_EQ(mode_of(root() / "tmp"), 0700U);
  EXPECT_EQ(mode_of(root() / "sha256"), 0700U);
  EXPECT_EQ(mode_of(root() / "sha256" / "2c"), 0700U);
  EXPECT_EQ(mode_of(object(hello_hex)), 0600U);
}

TEST_F(vault, stores_a_duplicate_once_and_renews_its_time) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "hello"));
  struct stat before {};
  ASSERT_EQ(::stat(object(hello_hex).c_str(), &before), 0);
  set_time(object(hello_hex), std::chrono::system_clock::time_point(1000s));
  EXPECT_EQ(store->find(digest_of("hello"))->modified,
            std::chrono::system_clock::time_point(1000s));

  ASSERT_TRUE(put(*store, "hello"));
  struct stat after {};
  ASSERT_EQ(::stat(object(hello_hex).c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_GE(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
  EXPECT_EQ(listed(*store), std::vector<std::string>{std::string(hello_hex)});
  EXPECT_TRUE(names_in(root() / "tmp").empty());
}

TEST_F(vault, says_that_a_blob_is_missing) {
  const auto store = open();
  const sha256_digest digest = digest_of("hello");
  EXPECT_EQ(code_of(store->get(digest, 5)), errc::blob_missing);
  EXPECT_EQ(code_of(store->verify(digest)), errc::blob_missing);
  EXPECT_EQ(code_of(store->find(digest)), errc::blob_missing);
  EXPECT_EQ(code_of(store->remove(digest)), errc::blob_missing);
  EXPECT_FALSE(store->contains(digest).value());
  EXPECT_EQ(store->get(digest, 5).problem().message,
            "the vault '" + root().string() + "' has no object sha256-" + std::string(hello_hex));
}

TEST_F(vault, finds_and_removes) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "hello"));
  const auto found = store->find(digest_of("hello"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->digest.hex(), hello_hex);
  EXPECT_EQ(found->size, 5U);
  EXPECT_TRUE(store->contains(digest_of("hello")).value());
  ASSERT_TRUE(store->remove(digest_of("hello")));
  EXPECT_FALSE(fs::exists(object(hello_hex)));
  EXPECT_FALSE(store->contains(digest_of("hello")).value());
  // It was removed on purpose: the sync does not miss it.
  EXPECT_TRUE(store->sync());
}

TEST_F(vault, detects_a_flipped_bit_and_the_next_put_repairs_it) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "hello"));
  write_file(object(hello_hex), "hellp");
  const auto blob = store->get(digest_of("hello"), 5);
  ASSERT_FALSE(blob);
  EXPECT_EQ(code_of(blob), errc::blob_corrupt);
  EXPECT_EQ(blob.problem().message.find("hellp"), std::string::npos);
  EXPECT_EQ(code_of(store->verify(digest_of("hello"))), errc::blob_corrupt);
  ASSERT_TRUE(put(*store, "hello"));
  EXPECT_EQ(store->get(digest_of("hello"), 5).value(), "hello");
}

TEST_F(vault, detects_a_torn_object_and_the_next_put_repairs_it) {
  const auto store = open();
  for (const std::string_view torn : {"", "hell", "hello!"}) {
    ASSERT_TRUE(put(*store, "hello"));
    write_file(object(hello_hex), torn);
    EXPECT_EQ(code_of(store->get(digest_of("hello"), 5)), errc::blob_corrupt) << torn;
    EXPECT_EQ(code_of(store->verify(digest_of("hello"))), errc::blob_corrupt) << torn;
    ASSERT_TRUE(put(*store, "hello"));
    EXPECT_EQ(read_file(object(hello_hex)), "hello");
  }
  EXPECT_TRUE(names_in(root() / "tmp").empty());
}

TEST_F(vault, refuses_a_size_that_the_object_does_not_have) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "hello"));
  EXPECT_EQ(code_of(store->get(digest_of("hello"), 4)), errc::blob_corrupt);
  // Must be found out before so much memory is asked for.
  EXPECT_EQ(code_of(store->get(digest_of("hello"), ~std::uint64_t{0})), errc::blob_corrupt);
}

TEST_F(vault, does_not_follow_a_symbolic_link) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "hello"));
  write_file(base() / "elsewhere", "hello");
  fs::remove(object(hello_hex));
  fs::create_symlink(base() / "elsewhere", object(hello_hex));
  EXPECT_EQ(code_of(store->get(digest_of("hello"), 5)), errc::blob_corrupt);
  EXPECT_EQ(code_of(store->verify(digest_of("hello"))), errc::blob_corrupt);
  EXPECT_EQ(code_of(store->find(digest_of("hello"))), errc::blob_corrupt);
  EXPECT_EQ(code_of(store->contains(digest_of("hello"))), errc::blob_corrupt);
  EXPECT_EQ(code_of(store->remove(digest_of("hello"))), errc::store_error);
  EXPECT_TRUE(listed(*store).empty());

  ASSERT_TRUE(put(*store, "hello"));
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(object(hello_hex))));
  EXPECT_EQ(read_file(base() / "elsewhere"), "hello");
}

TEST_F(vault, does_not_wait_for_a_fifo_or_socket_in_an_objects_place) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "hello"));
  fs::remove(object(hello_hex));
  ASSERT_EQ(::mkfifo(object(hello_hex).c_str(), 0600), 0);
  EXPECT_EQ(code_of(store->get(digest_of("hello"), 5)), errc::blob_corrupt);
  EXPECT_EQ(code_of(store->remove(digest_of("hello"))), errc::blob_corrupt);
  ASSERT_TRUE(put(*store, "hello"));
  EXPECT_EQ(read_file(object(hello_hex)), "hello");

  fs::remove(object(hello_hex));
  ASSERT_EQ(::mknod(object(hello_hex).c_str(), S_IFSOCK | 0600, 0), 0);
  EXPECT_EQ(code_of(store->get(digest_of("hello"), 5)), errc::blob_corrupt);
  ASSERT_TRUE(put(*store, "hello"));
  EXPECT_EQ(read_file(object(hello_hex)), "hello");
}

TEST_F(vault, leaves_a_directory_in_an_objects_place_alone) {
  const auto store = open();
  fs::create_directories(object(hello_hex));
  EXPECT_EQ(code_of(store->get(digest_of("hello"), 5)), errc::blob_corrupt);
  EXPECT_EQ(code_of(store->verify(digest_of("hello"))), errc::blob_corrupt);
  const auto stored = put(*store, "hello");
  ASSERT_FALSE(stored);
  EXPECT_EQ(code_of(stored), errc::store_error);
  EXPECT_NE(stored.problem().message.find("Is a directory"), std::string::npos);
  EXPECT_EQ(code_of(store->remove(digest_of("hello"))), errc::store_error);
  EXPECT_TRUE(fs::is_directory(object(hello_hex)));
  EXPECT_TRUE(names_in(root() / "tmp").empty());
}

TEST_F(vault, lists_objects_and_nothing_else) {
  const auto store = open();
  ASSERT_TRUE(put(*store, "hello"));
  ASSERT_TRUE(put(*store, ""));
  const std::string upper = "2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824";
  write_file(root() / "sha256" / "2c" / "README", "foreign");
  write_file(root() / "sha256" / "2c" / upper, "foreign");
  write_file(root() / "sha256" / "2c" / (std::string(hello_hex) + "~"), "foreign");
  write_file(root() / "sha256" / "2c" / std::string(empty_hex), "in the wrong place");
  write_file(root() / "sha256" / "00", "not a directory");
  fs::create_directories(root() / "sha256" / "2C");
  write_file(root() / "sha256" / "2C" / std::string(hello_hex), "foreign");
  fs::create_directories(root() / "sha256" / "ab" / (std::string(62, '0') + "ab"));
  fs::create_symlink(root() / "sha256" / "2c", root() / "sha256" / "01");
  EXPECT_EQ(listed(*store),
            (std::vector<std::string>{std::string(hello_hex), std::string(empty_hex)}));
}

TEST_F(vault, lists_until_told_to_stop) {
  const auto store = open();
  for (const std::string_view text : {"a", "b", "c"}) ASSERT_TRUE(put(*store, text));
  int visits = 0;
  EXPECT_TRUE(store->for_each([&](const jobqueue::vault::entry&) { return ++visits < 2; }));
  EXPECT_EQ(visits, 2);
}

TEST_F(vault, may_be_emptied_while_it_is_listed) {
  const auto store = open();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(put(*store, "blob " + std::to_string(i)));
  int removed = 0;
  EXPECT_TRUE(store->for_each([&](const jobqueue::vault::entry& object) {
    removed += store->remove(object.digest) ? 1 : 0;
    return true;
  }));
  EXPECT_EQ(removed, 300);
  EXPECT_TRUE(listed(*store).empty());
}

TEST_F(vault, keeps_its_format_and_its_objects_when_opened_again) {
  ASSERT_TRUE(put(*open(), "hello"));
  EXPECT_EQ(read_file(root() / "jobqueue-vault"), "jobqueue-vault 1\n");
  const auto again = jobqueue::open_directory_vault(root());
  ASSERT_TRUE(again) << again.problem().message;
  EXPECT_EQ((*again)->get(digest_of("hello"), 5).value(), "hello");
  EXPECT_EQ(open()->get(digest_of("hello"), 5).value(), "hello");
}

TEST_F(vault, two_objects_on_one_directory_see_each_other) {
  const auto one = open();
  const auto other = open();
  ASSERT_TRUE(put(*one, "hello"));
  EXPECT_EQ(other->get(digest_of("hello"), 5).value(), "hello");
  ASSERT_TRUE(put(*other, "hello"));
  ASSERT_TRUE(other->sync());
  ASSERT_TRUE(one->sync());
  ASSERT_TRUE(one->remove(digest_of("hello")));
  EXPECT_EQ(code_of(other->get(digest_of("hello"), 5)), errc::blob_missing);
}

TEST_F(vault, works_on_a_copy_that_has_lost_its_empty_directories) {
  ASSERT_TRUE(put(*open(), "hello"));
  fs::remove_all(root() / "tmp");
  fs::remove_all(root() / "sha256");
  const auto store = jobqueue::open_directory_vault(root());
  ASSERT_TRUE(store);
  EXPECT_TRUE(listed(**store).empty());
  EXPECT_TRUE(names_in(root()) == std::vector<std::string>{"jobqueue-vault"});
  ASSERT_TRUE(put(**store, "hello"));
  ASSERT_TRUE((*store)->sync());
  EXPECT_EQ((*store)->get(digest_of("hello"), 5).value(), "hello");
}

TEST_F(vault, is_not_created_unasked) {
  const auto opened = jobqueue::open_directory_vault(root());
  ASSERT_FALSE(opened);
  EXPECT_EQ(code_of(opened), errc::store_error);
  EXPECT_EQ(opened.problem().message,
            "the vault '" + root().string() +
                "' does not exist; create it with the option `create` or name another directory");
  EXPECT_FALSE(fs::exists(root()));

  fs::create_directory(root());
  const auto empty = jobqueue::open_directory_vault(root());
  ASSERT_FALSE(empty);
  EXPECT_EQ(code_of(empty), errc::store_error);
  EXPECT_NE(empty.problem().message.find("is not a vault"), std::string::npos);
  EXPECT_TRUE(names_in(root()).empty());
}

TEST_F(vault, is_created_in_an_empty_directory) {
  fs::create_directory(root());
  // What a creation leaves that was killed before its last step.
  write_file(root() / "jobqueue-vault.0123456789abcdef0123456789abcdef", "jobqueue-");
  ASSERT_TRUE(put(*open(), "hello"));
  EXPECT_EQ(read_file(root() / "jobqueue-vault"), "jobqueue-vault 1\n");
}

TEST_F(vault, is_not_created_among_foreign_files) {
  fs::create_directory(root());
  write_file(root() / "notes.txt", "mine");
  const auto opened = jobqueue::open_directory_vault(root(), {.create = true});
  ASSERT_FALSE(opened);
  EXPECT_EQ(code_of(opened), errc::store_error);
  EXPECT_NE(opened.problem().message.find("is not a vault and not empty"), std::string::npos);
  EXPECT_EQ(names_in(root()), std::vector<std::string>{"notes.txt"});
}

TEST_F(vault, is_not_created_where_it_cannot_be) {
  const auto parentless = jobqueue::open_directory_vault(root() / "below", {.create = true});
  ASSERT_FALSE(parentless);
  EXPECT_EQ(code_of(parentless), errc::store_error);
  EXPECT_NE(parentless.problem().message.find("No such file or directory"), std::string::npos);

  write_file(root(), "a file");
  const auto file = jobqueue::open_directory_vault(root(), {.create = true});
  ASSERT_FALSE(file);
  EXPECT_EQ(code_of(file), errc::store_error);
  EXPECT_NE(file.problem().message.find("Not a directory"), std::string::npos);

  EXPECT_EQ(code_of(jobqueue::open_directory_vault("", {.create = true})), errc::store_error);
  const std::string nul("blobs\0x", 7);
  EXPECT_EQ(code_of(jobqueue::open_directory_vault(nul, {.create = true})), errc::invalid_argument);
}

TEST_F(vault, refuses_a_format_version_that_it_does_not_know) {
  ASSERT_TRUE(put(*open(), "hello"));
  for (const std::string_view version : {"0", "2", "10", "-1"}) {
    const std::string text = "jobqueue-vault " + std::string(version) + "\n";
    write_file(root() / "jobqueue-vault", text);
    for (const bool create : {false, true}) {
      const auto opened = jobqueue::open_directory_vault(root(), {.create = create});
      ASSERT_FALSE(opened) << version;
      EXPECT_EQ(code_of(opened), errc::store_error);
      EXPECT_EQ(opened.problem().message,
                "the vault '" + root().string() + "' has format version " + std::string(version) +
                    ", but this program knows only version 1; use the version of jobqueue that " +
                    "made it, or a newer one");
    }
    EXPECT_EQ(read_file(root() / "jobqueue-vault"), text);
  }
}

TEST_F(vault, refuses_a_format_file_that_is_none) {
  ASSERT_TRUE(put(*open(), "hello"));
  for (const std::string_view text :
       {"", "jobqueue-vault", "jobqueue-vault ", "jobqueue-vault 1", "jobqueue-vault one\n",
        "jobqueue-vault 1.5\n", "jobqueue-vault 99999999999999999999\n", "version 1\n"}) {
    write_file(root() / "jobqueue-vault", text);
    const auto opened = jobqueue::open_directory_vault(root(), {.create = true});
    ASSERT_FALSE(opened) << text;
    EXPECT_EQ(code_of(opened), errc::store_error);
    EXPECT_NE(opened.problem().message.find("is not that of a vault"), std::string::npos) << text;
  }
}

TEST_F(vault, removes_old_leftovers_when_it_is_opened_to_create) {
  ASSERT_TRUE(put(*open(), "hello"));
  const fs::path old = root() / "tmp" / "0123456789abcdef0123456789abcdef";
  const fs::path recent = root() / "tmp" / "123456789abcdef0123456789abcdef0";
  const fs::path foreign = root() / "tmp" / "foreign";
  for (const fs::path& path : {old, recent, foreign}) write_file(path, "half an obj");
  set_time(old, std::chrono::system_clock::time_point(1'000'000s));
  set_time(foreign, std::chrono::system_clock::time_point(1'000'000s));

  ASSERT_TRUE(jobqueue::open_directory_vault(root()));
  EXPECT_TRUE(fs::exists(old));
  ASSERT_TRUE(jobqueue::open_directory_vault(root(), {.create = true}));
  EXPECT_EQ(names_in(root() / "tmp"),
            (std::vector<std::string>{"123456789abcdef0123456789abcdef0", "foreign"}));
}

}  // namespace
}  // namespace vault_test
