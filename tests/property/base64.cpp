// The equations of base64.hpp, over seeded random documents.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <jobqueue/jobqueue.h>
#include <jobqueue/base64.hpp>

#include "core/base64_pass.hpp"
#include "support/document_property.hpp"
#include "support/memory_store.hpp"
#include "support/random_documents.hpp"
#include "support/simd_targets.hpp"

namespace jobqueue {
namespace {

using json = nlohmann::ordered_json;
using test::random_documents;
using test::simd_targets;

class base64_property : public test::document_property {
 protected:
  // Options at random, but for `store`.
  sanitize_options random_options() {
    sanitize_options options;
    options.min_run_chars = documents_.pick(std::vector<std::size_t>{100, 100, 100, 40, 32, 200});
    if (documents_.one_in(4)) options.min_unknown_chars = options.min_run_chars;
    if (documents_.one_in(5)) options.mode = detection::naive;
    options.cut_protected = documents_.one_in(6);
    return options;
  }

  random_documents documents_{seed_};
};

sanitized sanitize(std::string_view text, const sanitize_options& options) {
  auto answer = sanitize_base64(text, options);
  EXPECT_TRUE(answer) << answer.problem().message;
  return answer ? *std::move(answer) : sanitized{};
}

// Two documents that differ in values of strings only; strings that hold JSON count as documents.
void expect_same_structure(const json& before, const json& after) {
  ASSERT_EQ(before.type(), after.type());
  if (before.is_structured()) {
    ASSERT_EQ(before.size(), after.size());
    auto other = after.begin();
    for (auto it = before.begin(); it != before.end(); ++it, ++other) {
      if (before.is_object()) {
        ASSERT_EQ(it.key(), other.key());
      }
      expect_same_structure(*it, *other);
    }
  } else if (before.is_string()) {
    const auto& text = before.get_ref<const std::string&>();
    const json inner = json::parse(text, nullptr, false);
    if (inner.is_structured()) {
      const json changed = json::parse(after.get_ref<const std::string&>(), nullptr, false);
      ASSERT_FALSE(changed.is_discarded());
      expect_same_structure(inner, changed);
    }
  } else {
    ASSERT_EQ(before, after);
  }
}

TEST_F(base64_property, outside_the_cuts_nothing_changes) {
  const auto check = [&](std::string_view text) {
    sanitize_options options = random_options();
    options.report = true;
    const sanitized answer = sanitize(text, options);
    ASSERT_EQ(answer.changed, !answer.cuts.empty());
    ASSERT_EQ(answer.cut_count, answer.cuts.size());
    std::string expected;
    std::uint64_t at = 0;
    std::uint64_t cut_bytes = 0;
    for (const blob_cut& cut : answer.cuts) {
      ASSERT_GE(cut.offset, at);
      expected += text.substr(at, cut.offset - at);
      expected +=
          cut.kind == blob_class::image ? "[BASE64_IMAGE_REMOVED]" : "[BASE64_DATA_REMOVED]";
      at = cut.offset + cut.size;
      cut_bytes += cut.size;
    }
    expected += text.substr(at);
    ASSERT_EQ(answer.view(text), expected);
    ASSERT_EQ(answer.cut_bytes, cut_bytes);
    options.report_details = false;
    const sanitized places = sanitize(text, options);
    ASSERT_EQ(places.text, answer.text);
    ASSERT_EQ(places.cuts.size(), answer.cuts.size());
    for (std::size_t i = 0; i < places.cuts.size(); ++i) {
      const blob_cut& cut = places.cuts[i];
      ASSERT_EQ(cut.offset, answer.cuts[i].offset);
      ASSERT_EQ(cut.size, answer.cuts[i].size);
      ASSERT_EQ(cut.replacement_size, answer.cuts[i].replacement_size);
      ASSERT_EQ(cut.kind, answer.cuts[i].kind);
      ASSERT_FALSE(cut.has_pointer);
    }
    ASSERT_LE(answer.view(text).size(), text.size());
    ASSERT_TRUE(answer.changed || answer.text.empty());
  };
  for_documents(
      1500, [&] { return documents_.document(); }, check);
  for_documents(
      1500, [&] { return documents_.damaged(); }, check);
}

TEST_F(base64_property, json_stays_json_with_the_same_keys) {
  std::size_t changed = 0;
  for_documents(
      2500, [&] { return documents_.document(); },
      [&](std::string_view text) {
        const json before = json::parse(text, nullptr, false);
        ASSERT_FALSE(before.is_discarded());
        const sanitized answer = sanitize(text, random_options());
        changed += answer.changed ? 1 : 0;
        const json after = json::parse(answer.view(text), nullptr, false);
        ASSERT_FALSE(after.is_discarded()) << answer.view(text);
        expect_same_structure(before, after);
      });
  EXPECT_GT(changed, 300U);
}

TEST_F(base64_property, sanitizing_twice_changes_nothing) {
  const auto check = [&](std::string_view text) {
    sanitize_options options = random_options();
    options.report = true;
    test::memory_store store;
    if (documents_.one_in(2)) options.store = &store;
    const sanitized once = sanitize(text, options);
    const std::string lean(once.view(text));
    const sanitized twice = sanitize(lean, options);
    ASSERT_FALSE(twice.changed) << lean.substr(twice.cuts[0].offset, twice.cuts[0].size)
                                << "\nwas left at first, and is in\n"
                                << lean;
  };
  for_documents(
      2000, [&] { return documents_.document(); }, check);
  for_documents(
      2000, [&] { return documents_.damaged(); }, check);
}

TEST_F(base64_property, restore_gives_the_original) {
  std::size_t restored = 0;
  const auto check = [&](std::string_view text) {
    test::memory_store store;
    sanitize_options options = random_options();
    options.store = &store;
    const sanitized lean = sanitize(text, options);
    const auto back = restore_base64(lean.view(text), store);
    ASSERT_TRUE(back) << back.problem().message;
    ASSERT_EQ(back->restored_count, lean.cut_count);
    ASSERT_EQ(back->changed, lean.changed);
    ASSERT_EQ(back->view(lean.view(text)), text);
    ASSERT_EQ(find_blob_references(lean.view(text)).size(), lean.cut_count);
    restored += back->restored_count;
  };
  for_documents(
      1500, [&] { return documents_.document(); }, check);
  for_documents(
      1500, [&] { return documents_.damaged(); }, check);
  EXPECT_GT(restored, 500U);
}

TEST_F(base64_property, every_target_gives_the_same_bytes) {
  RecordProperty("targets", std::to_string(simd_targets().size()));
  ASSERT_GE(simd_targets().size(), 2U) << "this CPU has nothing to compare the scalar code with";
  const auto check = [&](std::string_view text) {
    sanitize_options options = random_options();
    options.simd = simd_target::scalar;
    const sanitized expected = sanitize(text, options);
    for (const simd_target target : simd_targets()) {
      options.simd = target;
      const sanitized answer = sanitize(text, options);
      ASSERT_EQ(answer.changed, expected.changed) << to_string(target);
      ASSERT_EQ(answer.text, expected.text) << to_string(target);
    }
  };
  for_documents(
      1000, [&] { return documents_.document(); }, check);
  for_documents(
      1000, [&] { return documents_.damaged(); }, check);
}

// An object walker as the bindings have one: it collects context and asks the judge.
class walker {
 public:
  explicit walker(const sanitize_options& options) : options_(options) {}

  json sanitize(const json& value) { return walk(value, {}, {}, {}); }

 private:
  using neighbours = std::vector<value_neighbour>;

  json walk(const json& value, std::string_view name, std::string_view parent,
            const neighbours& around) {
    if (value.is_string()) {
      const auto& text = value.get_ref<const std::string&>();
      const auto answer = sanitize_base64_value(text, {name, parent, around}, options_);
      EXPECT_TRUE(answer);
      return answer->changed ? json(answer->text) : value;
    }
    if (value.is_array()) {
      json out = json::array();
      for (const json& element : value) out.push_back(walk(element, {}, name, {}));
      return out;
    }
    if (!value.is_object()) return value;
    json out = json::object();
    for (auto it = value.begin(); it != value.end(); ++it) {
      neighbours others;
      bool after = false;
      for (auto other = value.begin(); other != value.end(); ++other) {
        if (other == it) {
          after = true;
          continue;
        }
        others.push_back({other.key(), short_text(*other), false, after});
        if (!other->is_object()) continue;
        for (auto child = other->begin(); child != other->end(); ++child) {
          others.push_back({child.key(), short_text(*child), true, after});
        }
      }
      out[it.key()] = walk(*it, it.key(), name, others);
    }
    return out;
  }
  static std::string_view short_text(const json& value) {
    if (!value.is_string()) return {};
    const auto& text = value.get_ref<const std::string&>();
    return text.size() <= 256 ? std::string_view(text) : std::string_view{};
  }

  const sanitize_options& options_;
};

TEST_F(base64_property, values_and_text_get_the_same_answer) {
  std::size_t changed = 0;
  for_documents(
      1500, [&] { return documents_.document(); },
      [&](std::string_view text) {
        const json value = json::parse(text, nullptr, false);
        ASSERT_FALSE(value.is_discarded());
        const std::string dumped = value.dump(-1, ' ', false, json::error_handler_t::replace);
        // A document wider than the windows may see more neighbours in memory than in text.
        if (dumped.size() > sanitize_limits::neighbour_window) return;
        const sanitize_options options = random_options();
        const sanitized lean = sanitize(dumped, options);
        changed += lean.changed ? 1 : 0;
        const json expected = json::parse(lean.view(dumped));
        ASSERT_EQ(walker(options).sanitize(value), expected) << dumped;
      });
  EXPECT_GT(changed, 150U);
}

// What jobqueue.h tells walkers: such a value is never changed, whatever is around it.
TEST_F(base64_property, values_that_a_walker_skips_are_never_changed) {
  std::size_t skipped = 0;
  for_documents(
      20000,
      [&] {
        std::string text = documents_.one_in(2) ? documents_.encoded() : documents_.ordinary();
        text.resize(std::min(text.size(), documents_.below(120)));
        return text;
      },
      [&](std::string_view text) {
        const sanitize_options options = random_options();
        const bool tells = text.find_first_of(",\"") != std::string_view::npos;
        if (text.size() >= JOBQUEUE_MIN_CUT_SIZE &&
            (text.size() >= options.min_run_chars || tells)) {
          return;
        }
        ++skipped;
        const std::string type = documents_.pick(std::vector<std::string>{"image/png", "base64"});
        const std::string named =
            documents_.pick(std::vector<std::string>{"mime_type", "encoding", "contentType"});
        const std::vector<value_neighbour> around{{named, type, false, documents_.one_in(2)}};
        // A short value is not changed under any name.
        const std::string name = text.size() < JOBQUEUE_MIN_CUT_SIZE && documents_.one_in(2)
                                     ? "image_base64"
                                     : documents_.pick(std::vector<std::string>{"data", "content"});
        const auto answer = sanitize_base64_value(text, {name, "inlineData", around}, options);
        ASSERT_TRUE(answer);
        ASSERT_FALSE(answer->changed) << text;
      });
  EXPECT_GT(skipped, 5000U);
}

// Larger than the windows of a stream, with runs that are, too.
std::string long_document(random_documents& random) {
  std::string text;
  const std::size_t wanted = 300000 + random.below(600000);
  while (text.size() < wanted) {
    text += random.one_in(3) ? random.damaged() : random.document();
    if (random.one_in(40)) text += std::string(random.below(300000), '\\');
    if (random.one_in(10)) {
      std::string blob = random.base64(random.bytes(40000 + random.below(400000)), random.one_in(4),
                                       !random.one_in(4));
      if (random.one_in(4)) {
        const std::size_t width = random.pick(std::vector<std::size_t>{60, 64, 76, 1024, 2048});
        const std::string_view line_break = random.one_in(2) ? "\\n" : "\n";
        for (std::size_t at = width; at < blob.size(); at += width + line_break.size()) {
          blob.insert(at, line_break);
        }
      } else if (random.one_in(4)) {
        blob.insert(blob.size() / 4 * 3, "\\/");
      }
      const std::string name =
          random.pick(std::vector<std::string>{"image", "image_base64", "body", "token", "x"});
      const std::string head =
          random.pick(std::vector<std::string>{"", "data:image/png;base64,", "iVBORw0KGgo"});
      const std::string tail = random.pick(std::vector<std::string>{"", "", "!", "A", ".x"});
      if (random.one_in(5)) {
        text += "{\"" + head + blob + tail + "\":1}";
      } else {
        text += "{\"" + name + "\":\"" + head + blob + tail + "\"}";
      }
    }
    if (!random.one_in(5)) text += '\n';
  }
  return text;
}

TEST_F(base64_property, any_chunking_gives_the_same_bytes) {
  std::size_t cuts = 0;
  for_documents(
      40, [&] { return long_document(documents_); },
      [&](std::string_view text) {
        sanitize_options options = random_options();
        options.report = true;
        options.report_kept = true;
        test::memory_store store;
        if (documents_.one_in(2)) options.store = &store;
        const sanitized expected = sanitize(text, options);
        cuts += expected.cut_count;
        for (const std::size_t largest : {1000U, 50000U, 2000000U}) {
          detail::base64_pass stream(options, nullptr,
                                     std::size_t{1} << (6 + documents_.below(15)));
          std::string out;
          for (std::size_t at = 0; at < text.size();) {
            const std::size_t size = std::min(text.size() - at, 1 + documents_.below(largest));
            ASSERT_TRUE(stream.update(text.substr(at, size), out));
            at += size;
          }
          ASSERT_TRUE(stream.finish(out));
          const sanitized report = stream.take_report();
          ASSERT_EQ(report.cut_count, expected.cut_count);
          ASSERT_EQ(report.cuts.size(), expected.cuts.size());
          for (std::size_t i = 0; i < report.cuts.size(); ++i) {
            const blob_cut& cut = report.cuts[i];
            const blob_cut& same = expected.cuts[i];
            ASSERT_EQ(cut.offset, same.offset);
            ASSERT_EQ(cut.size, same.size) << cut.offset;
            ASSERT_EQ(cut.pointer, same.pointer) << cut.offset;
            ASSERT_EQ(cut.line, same.line) << cut.offset;
            ASSERT_EQ(cut.digest.hex(), same.digest.hex()) << cut.offset;
            ASSERT_EQ(cut.decoded_size, same.decoded_size);
            ASSERT_EQ(cut.form, same.form);
            ASSERT_EQ(cut.encoding, same.encoding) << cut.offset;
          }
          ASSERT_EQ(report.kept.size(), expected.kept.size());
          for (std::size_t i = 0; i < report.kept.size(); ++i) {
            ASSERT_EQ(report.kept[i].offset, expected.kept[i].offset);
            ASSERT_EQ(report.kept[i].size, expected.kept[i].size);
            ASSERT_EQ(report.kept[i].reason, expected.kept[i].reason);
          }
          ASSERT_TRUE(out == expected.view(text));
        }
      });
  EXPECT_GT(cuts, 100U);
}

}  // namespace
}  // namespace jobqueue
