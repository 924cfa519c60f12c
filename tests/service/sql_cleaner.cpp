// Cleaning PostgreSQL and SQLite: what goes, what stays, and the way back.
#include <jobqueue/service/sql_cleaner.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jobqueue/vault.hpp>

#include "service/journal_text.hpp"
#include "support/stores.hpp"

namespace jobqueue {
namespace {

using test::engine;
using test::test_store;
using testing::HasSubstr;

// A picture whose bytes are those of `seed`, as a data URI.
std::string picture(unsigned seed, std::size_t chars = 4000) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ";
  const std::size_t end = text.size() + chars / 4 * 4;
  while (text.size() < end) {
    seed = seed * 1664525U + 1013904223U;
    text += alphabet[seed >> 26U];
  }
  return text;
}

class sql_cleaner_of : public testing::TestWithParam<engine> {
 protected:
  test_store store_{GetParam(), false};
  test::temporary_folder folder_;
  std::unique_ptr<vault> vault_ =
      open_directory_vault(folder_.path() / "vault", {.create = true}).value();
  std::unique_ptr<detail::sql_connection> connection_;
  std::unique_ptr<clean_journal> journal_ =
      clean_journal::create(folder_.path() / "journal", store_name()).value();

  [[nodiscard]] std::string store_name() const { return sql_store_name(store_.url()).value(); }
  void run_sql(std::string_view sql) { static_cast<void>(store_.run(sql)); }
  [[nodiscard]] bool is_sqlite() const { return store_.is_sqlite(); }
  [[nodiscard]] std::string table(const std::string& name) const {
    return is_sqlite() ? name : "public." + name;
  }
  void insert(const std::string& id, const std::string& text) {
    if (!connection_) connection_ = store_.connect();
    const fact_value values[]{fact_value::of_text(id), fact_value::of_text(text)};
    ASSERT_TRUE(connection_->query(is_sqlite() ? "INSERT INTO t (id, data) VALUES ($1, $2)"
                                               : "INSERT INTO t (id, data) VALUES ($1, $2::json)",
                                   values));
  }
  // Every value of the column, by id.
  std::map<std::string, std::string> values(const std::string& column = "data") {
    std::map<std::string, std::string> all;
    const auto rows =
        store_.run("SELECT CAST(id AS text) AS k, CAST(" + column + " AS text) FROM t ORDER BY 1");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      all[std::string(rows.row(i)[0].text)] = rows.row(i)[1].text;
    }
    return all;
  }
  clean_options options() {
    clean_options made;
    made.vault = vault_.get();
    made.journal = journal_.get();
    return made;
  }
  sql_clean_report clean(const clean_options& wanted, std::span<const clean_column> columns = {}) {
    auto report = clean_sql(store_.url(), {}, columns, wanted);
    EXPECT_TRUE(report) << report.problem().message;
    return std::move(*report);
  }
};

INSTANTIATE_TEST_SUITE_P(stores, sql_cleaner_of,
                         testing::Values(engine::sqlite, engine::postgresql), test::engine_name);

TEST_P(sql_cleaner_of, takes_out_what_a_dry_run_says_and_puts_it_back) {
  run_sql("CREATE TABLE t (id text PRIMARY KEY, data json)");
  for (unsigned i = 0; i < 700; ++i) {
    insert("row " + std::to_string(i),
           R"({ "n": 1.0, "token" : "ghp_0123456789abcdefghijklmnopqrstuvwxyz", "image":")" +
               (i % 3 == 0 ? std::string("none") : picture(i)) + "\"}");
  }
  const auto before = values();
  clean_options dry = options();
  dry.dry_run = true;
  const auto planned = clean(dry).cleaned.totals;
  EXPECT_EQ(values(), before);
  const auto report = clean(options()).cleaned;
  EXPECT_EQ(report.totals.bytes_removed, planned.bytes_removed);
  EXPECT_EQ(report.totals.values_changed, planned.values_changed);
  EXPECT_EQ(report.totals.blobs, planned.blobs);
  EXPECT_EQ(report.totals.values_changed, 466U);
  EXPECT_EQ(report.totals.values_skipped, 0U);
  EXPECT_EQ(report.by_place.at(table("t") + ".data").blobs, 466U);
  std::uint64_t removed = 0;
  for (const auto& [id, text] : values()) {
    removed += before.at(id).size() - text.size();
    EXPECT_THAT(text, HasSubstr(R"({ "n": 1.0, "token" : "ghp_0123456789abcdefghij)"));
    EXPECT_EQ(text.find("iVBOR"), std::string::npos);
  }
  EXPECT_EQ(removed, report.totals.bytes_removed);
  // Once more there is nothing to do.
  auto second = clean_journal::create(folder_.path() / "second", store_name()).value();
  clean_options again = options();
  again.journal = second.get();
  EXPECT_EQ(clean(again).cleaned.totals.values_changed, 0U);

  journal_.reset();
  const auto journal = clean_journal::open(folder_.path() / "journal", store_name()).value();
  const auto undone = undo_sql(store_.url(), {}, *journal, vault_.get()).value();
  EXPECT_EQ(undone.restored, 466U);
  EXPECT_EQ(undone.skipped, 0U);
  EXPECT_EQ(values(), before);
  EXPECT_EQ(undo_sql(store_.url(), {}, *journal, vault_.get()).value().unchanged, 466U);
}

TEST_P(sql_cleaner_of, a_sample_tells_about_all) {
  run_sql("CREATE TABLE t (id text PRIMARY KEY, data json)");
  for (unsigned i = 0; i < 3000; ++i) {
    insert(std::to_string(i), R"({"image":")" + (i % 3 == 0 ? "none" : picture(i, 400)) + "\"}");
  }
  if (!is_sqlite()) run_sql("ANALYZE t");
  clean_options dry = options();
  dry.dry_run = true;
  const auto truth = clean(dry).cleaned.totals.bytes_removed;
  dry.sample = 600;
  const auto report = clean(dry);
  const clean_estimate& judged = report.estimates.at(table("t") + ".data");
  EXPECT_EQ(judged.rows, 3000U);
  EXPECT_NEAR(static_cast<double>(judged.sampled_rows), 600, 200);
  const std::uint64_t margin = judged.bytes_high - judged.bytes_removed;
  EXPECT_GT(margin, truth / 50);
  EXPECT_LT(margin, truth / 5);
  EXPECT_NEAR(static_cast<double>(judged.bytes_removed), static_cast<double>(truth),
              4.0 * static_cast<double>(margin));
  EXPECT_EQ(report.estimate.bytes_removed, judged.bytes_removed);
  EXPECT_EQ(report.estimate.bytes_high, judged.bytes_high);
  EXPECT_LT(report.cleaned.totals.bytes_removed, truth / 2);
  // All rows are no sample.
  dry.sample = 100'000;
  const clean_estimate all = clean(dry).estimate;
  EXPECT_EQ(all.bytes_removed, truth);
  EXPECT_EQ(all.bytes_low, truth);
  EXPECT_EQ(all.bytes_high, truth);
  dry.dry_run = false;
  EXPECT_EQ(clean_sql(store_.url(), {}, {}, dry).problem().code, errc::invalid_argument);
}

TEST_P(sql_cleaner_of, works_without_a_vault_by_its_journal_alone) {
  run_sql("CREATE TABLE t (id text PRIMARY KEY, data json)");
  insert("0", "[\"" + picture(7, 9'000'000) + "\"]");
  insert("1", "{\"a\":\"" + picture(1) + "\",\"b\":\"" + picture(2) + "\"}");
  const auto before = values();
  clean_options alone = options();
  alone.vault = nullptr;
  EXPECT_EQ(clean(alone).cleaned.totals.blobs, 3U);
  EXPECT_EQ(values().at("1"), R"({"a":"[BASE64_IMAGE_REMOVED]","b":"[BASE64_IMAGE_REMOVED]"})");
  journal_.reset();
  const auto journal = clean_journal::open(folder_.path() / "journal", store_name()).value();
  EXPECT_EQ(undo_sql(store_.url(), {}, *journal, nullptr).value().restored, 2U);
  EXPECT_EQ(values(), before);
}

TEST_P(sql_cleaner_of, leaves_what_has_changed_since_when_undoing) {
  run_sql("CREATE TABLE t (id text PRIMARY KEY, data json)");
  for (unsigned i = 0; i < 3; ++i) insert(std::to_string(i), "[\"" + picture(i) + "\"]");
  EXPECT_EQ(clean(options()).cleaned.totals.values_changed, 3U);
  run_sql("UPDATE t SET data = '[1]' WHERE id = '1'");
  run_sql("DELETE FROM t WHERE id = '2'");
  journal_.reset();
  const auto journal = clean_journal::open(folder_.path() / "journal", store_name()).value();
  const auto undone = undo_sql(store_.url(), {}, *journal, vault_.get()).value();
  EXPECT_EQ(undone.restored, 1U);
  EXPECT_EQ(undone.skipped, 2U);
  EXPECT_EQ(values().at("1"), "[1]");
}

TEST_P(sql_cleaner_of, finds_columns_and_leaves_keys) {
  const std::string json = is_sqlite() ? "json text" : "jsonb";
  run_sql("CREATE TABLE t (id text PRIMARY KEY, data json, other " + json +
          ", name text, secret text UNIQUE, n integer)");
  run_sql("CREATE TABLE child (id integer PRIMARY KEY, parent text REFERENCES t (secret))");
  run_sql("CREATE TABLE bare (data json)");
  const std::string blob = picture(5, 1600);
  run_sql("INSERT INTO t VALUES ('" + blob + "', '[\"" + blob + "\"]', '{\"b\":[\"" + blob +
          "\"]}', '" + blob + "', '" + blob + "', 1)");
  run_sql("INSERT INTO child VALUES (1, '" + blob + "')");
  run_sql("INSERT INTO bare VALUES ('[\"" + blob + "\"]')");
  const auto report = clean(options());
  EXPECT_EQ(report.cleaned.by_place.at(table("t") + ".data").values_changed, 1U);
  EXPECT_EQ(report.cleaned.by_place.at(table("t") + ".other").values_changed, 1U);
  EXPECT_EQ(report.cleaned.by_place.at(table("t") + ".name").values_changed, 1U);
  EXPECT_EQ(report.cleaned.by_place.count(table("t") + ".secret"), 0U);
  EXPECT_EQ(store_.text("SELECT secret FROM t"), blob);
  EXPECT_EQ(store_.text("SELECT id FROM t"), blob);
  EXPECT_EQ(store_.text("SELECT parent FROM child"), blob);
  if (is_sqlite()) {
    EXPECT_EQ(report.cleaned.by_place.at("bare.data").values_changed, 1U);
  } else {
    ASSERT_EQ(report.passed_over.size(), 1U);
    EXPECT_THAT(report.passed_over.front(), HasSubstr("public.bare has no primary key"));
    EXPECT_GT(report.before.at(0).heap_bytes, 0U);
  }
  for (const clean_column& bad : std::vector<clean_column>{
           {"t", "n"}, {"t", "id"}, {"t", "nothing"}, {"nothing", "data"}, {"t", "secret"}}) {
    const auto refused = clean_sql(store_.url(), {}, {&bad, 1}, options());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.problem().code, errc::invalid_argument) << bad.column;
  }
}

TEST_P(sql_cleaner_of, only_the_columns_that_are_named) {
  run_sql("CREATE TABLE t (id text PRIMARY KEY, data json, name text)");
  run_sql("INSERT INTO t VALUES ('1', '[\"" + picture(1) + "\"]', '" + picture(2) + "')");
  const clean_column named{"t", "name"};
  EXPECT_EQ(clean(options(), {&named, 1}).cleaned.totals.values_changed, 1U);
  EXPECT_THAT(values().at("1"), HasSubstr("iVBOR"));
}

TEST_P(sql_cleaner_of, keys_of_several_columns_and_odd_names) {
  run_sql(R"(CREATE TABLE "Odd ""name" ("a b" integer, "c" text, "Data" json,
      PRIMARY KEY ("c", "a b")))");
  for (int i = 0; i < 60; ++i) {
    run_sql(R"(INSERT INTO "Odd ""name" VALUES ()" + std::to_string(i % 7) + ", '" + "k \"'' \\ " +
            std::to_string(i / 7) + "', '[\"" + picture(static_cast<unsigned>(i)) + "\"]')");
  }
  clean_options small = options();
  small.batch = 7;
  EXPECT_EQ(clean(small).cleaned.totals.values_changed, 60U);
  journal_.reset();
  const auto journal = clean_journal::open(folder_.path() / "journal", store_name()).value();
  EXPECT_EQ(undo_sql(store_.url(), {}, *journal, vault_.get()).value().restored, 60U);
}

TEST_P(sql_cleaner_of, goes_on_where_it_was_stopped) {
  run_sql("CREATE TABLE t (id text PRIMARY KEY, data json)");
  for (unsigned i = 0; i < 100; ++i) insert(std::to_string(i), "[\"" + picture(i) + "\"]");
  clean_options small = options();
  small.batch = 10;
  int batches = 0;
  small.observe = [&](const clean_progress&) { return ++batches < 3; };
  const auto first = clean(small).cleaned;
  EXPECT_TRUE(first.stopped);
  journal_.reset();
  journal_ = clean_journal::open(folder_.path() / "journal", store_name()).value();
  const auto rest = clean(options()).cleaned;
  EXPECT_FALSE(rest.stopped);
  EXPECT_EQ(first.totals.values_changed + rest.totals.values_changed, 100U);
  // What the journal says is done is not read again.
  EXPECT_LT(rest.totals.values_seen, 100U);
  EXPECT_EQ(clean(options()).cleaned.totals.values_seen, 0U);
}

TEST_P(sql_cleaner_of, what_the_database_refuses_is_skipped) {
  run_sql(is_sqlite() ? "CREATE TABLE t (id text PRIMARY KEY, data json)"
                      : "CREATE TABLE t (id text PRIMARY KEY, data json,"
                        " CHECK (id <> '7' OR data::text LIKE '%iVBOR%'))");
  if (is_sqlite()) {
    run_sql(
        "CREATE TRIGGER refuse BEFORE UPDATE ON t WHEN NEW.id = '7'"
        " BEGIN SELECT RAISE(ABORT, 'no'); END");
  }
  for (unsigned i = 0; i < 20; ++i) insert(std::to_string(i), "[\"" + picture(i) + "\"]");
  const auto report = clean(options()).cleaned;
  EXPECT_EQ(report.totals.values_changed, 19U);
  EXPECT_EQ(report.totals.values_skipped, 1U);
  EXPECT_THAT(values().at("7"), HasSubstr("iVBOR"));
}

TEST_P(sql_cleaner_of, a_large_value_among_small_ones) {
  run_sql("CREATE TABLE t (id text PRIMARY KEY, data json)");
  insert("1", "[\"" + picture(1, 10'000'000) + "\",\"caf\u00e9\"]");
  insert("2", "[\"" + picture(2) + "\"]");
  insert("3", "[\"" + std::string(9'000'000, ' ') + "\"]");
  const auto before = values();
  clean_options dry = options();
  dry.dry_run = true;
  const auto planned = clean(dry).cleaned.totals;
  const auto report = clean(options()).cleaned.totals;
  EXPECT_EQ(report.bytes_removed, planned.bytes_removed);
  EXPECT_EQ(report.values_changed, 2U);
  EXPECT_LT(values().at("1").size(), 300U);
  EXPECT_EQ(values().at("3"), before.at("3"));
  journal_.reset();
  const auto journal = clean_journal::open(folder_.path() / "journal", store_name()).value();
  EXPECT_EQ(undo_sql(store_.url(), {}, *journal, vault_.get()).value().restored, 2U);
  EXPECT_EQ(values(), before);
}

TEST(clean_journal_file, any_byte_stands_at_any_place) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (std::size_t at = 0; at < 20; ++at) {
      std::string bytes(20, 'x');
      bytes[at] = static_cast<char>(byte);
      std::string text;
      detail::append_json_bytes(text, bytes);
      EXPECT_EQ(detail::read_json_bytes(text), bytes);
      EXPECT_TRUE(
          std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7F; }))
          << byte << " at " << at;
    }
  }
}

TEST(clean_journal_file, a_torn_end_is_dropped_and_other_damage_is_named) {
  const test::temporary_folder folder;
  const auto path = folder.path() / "journal";
  journal_entry entry{"a.b", R"(["k"])", sha256({}), sha256({}), {{3, 5, "\xff\"\\\n\x01 base64"}}};
  {
    const auto journal = clean_journal::create(path, "store").value();
    for (int i = 0; i < 3; ++i) journal->add(entry);
    journal->mark("a", "[7]");
    ASSERT_TRUE(journal->sync());
    const auto busy = clean_journal::open(path, "store");
    ASSERT_FALSE(busy);
    EXPECT_THAT(busy.problem().message, HasSubstr("in use"));
  }
  const auto whole = std::filesystem::file_size(path);
  {
    std::FILE* const file = std::fopen(path.c_str(), "a");
    std::fputs(R"({"place":"a.b","locator":["k)", file);
    std::fclose(file);
  }
  {
    const auto journal = clean_journal::open(path, "store").value();
    EXPECT_EQ(journal->cursor_of("a"), "[7]");
    EXPECT_EQ(journal->cursor_of("other"), "");
    int count = 0;
    ASSERT_TRUE(journal->each_backwards([&](const journal_entry& read) {
      ++count;
      EXPECT_EQ(read.place, entry.place);
      EXPECT_EQ(read.locator, entry.locator);
      EXPECT_EQ(read.cuts.at(0).original, entry.cuts[0].original);
      return status(done);
    }));
    EXPECT_EQ(count, 3);
    EXPECT_EQ(std::filesystem::file_size(path), whole);
  }
  EXPECT_EQ(clean_journal::open(path, "another").problem().code, errc::invalid_argument);
  EXPECT_EQ(clean_journal::create(path, "store").problem().code, errc::store_error);
  {
    std::FILE* const file = std::fopen(path.c_str(), "a");
    std::fputs("no JSON\n", file);
    std::fclose(file);
  }
  const auto damaged = clean_journal::open(path, "store");
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.problem().offset, whole);
}

}  // namespace
}  // namespace jobqueue
