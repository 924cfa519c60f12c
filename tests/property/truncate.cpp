// The equations of truncate.hpp, over seeded random documents and budgets.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <jobqueue/truncate.hpp>

#include "core/json_check.hpp"
#include "core/truncate_tree.hpp"
#include "support/document_property.hpp"
#include "support/random_documents.hpp"
#include "support/simd_targets.hpp"

namespace jobqueue {
namespace {

using json = nlohmann::ordered_json;
using test::random_documents;

// A sanitizer makes each document ten times as slow.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t document_count = 4000;
#else
constexpr std::size_t document_count = 100000;
#endif

// Documents with every kind of thing to cut. The names in one object differ.
class shapes {
 public:
  explicit shapes(std::uint64_t seed) : random(seed) {}

  std::string document() { return space() + value(random.below(5)) + space(); }

  std::string uuid() {
    std::string out = random.digits("0123456789abcdef", 32);
    for (const std::size_t at : {8U, 13U, 18U, 23U}) out.insert(at, 1, '-');
    return out;
  }
  std::string url() {
    return "https://cdn.example.com/" + random.digits("abcdefghij/-", random.below(80));
  }
  // Words, with characters of all sizes; escapes when it is quoted.
  std::string prose(std::size_t most) {
    static const std::vector<std::string> pieces{"word ",  "x",       "\n",        "\t", "\"",
                                                 "\\",     "/",       "and ",      "so", "\u00e9",
                                                 "\u20ac", "\u4e2d ", "\U0001F600"};
    std::string out;
    for (const std::size_t wanted = random.below(most); out.size() < wanted;) {
      out += random.pick(pieces);
    }
    return out;
  }

  random_documents random;

 private:
  std::string space() {
    static const std::vector<std::string> spaces{"", "", "", "", " ", "\n    ", "\t\r\n"};
    return random.pick(spaces);
  }
  std::string text() {
    switch (random.below(9)) {
      case 0: return uuid();
      case 1: return url();
      case 2: return "2026-01-05T12:00:00.000Z";
      case 3: return random.encoded();
      case 4: return random.ordinary();
      case 5: return prose(random.one_in(3) ? 1500 : 200);
      case 6: return std::string(random.below(200), random.one_in(2) ? '\\' : '"');
      default: return prose(60);
    }
  }
  // With some characters as escapes that need none.
  std::string quoted(std::string_view value) {
    std::string out = random.quoted(value, static_cast<unsigned>(random.below(4)));
    if (!random.one_in(4)) return out;
    return json(value).dump(-1, ' ', true, json::error_handler_t::replace);
  }
  std::string value(std::size_t depth) {
    const std::size_t kind = random.below(10);
    if (depth == 0 || kind < 4) {
      if (random.one_in(3)) {
        return random.pick(std::vector<std::string>{
            "0", "-1.50e+10", "true", "null", "12345678901234567890",
            "1" + random.digits("0123456789", random.below(random.one_in(9) ? 300 : 20))});
      }
      return quoted(text());
    }
    if (kind == 4) return quoted(document_of(depth - 1));
    std::string out;
    if (kind < 7) {
      const std::size_t most = random.one_in(8) ? 100 : 6;
      out = "[" + space();
      for (std::size_t i = 0, n = random.below(most); i < n; ++i) {
        out += (i == 0 ? "" : space() + "," + space()) + value(most == 6 ? depth - 1 : 0);
      }
      return out + space() + "]";
    }
    out = "{" + space();
    const std::size_t most = random.one_in(8) ? 50 : 6;
    for (std::size_t i = 0, n = random.below(most); i < n; ++i) {
      const std::string name =
          std::to_string(i) + (random.one_in(9) ? prose(40) : random.digits("abc/~", 3));
      out += (i == 0 ? "" : space() + "," + space()) + quoted(name) + space() + ":" + space() +
             value(most == 6 ? depth - 1 : 0);
    }
    return out + space() + "}";
  }
  std::string document_of(std::size_t depth) { return space() + value(depth) + space(); }
};

class truncate_property : public test::document_property {
 protected:
  truncate_options random_options(std::size_t size) {
    random_documents& random = shapes_.random;
    truncate_options options;
    options.max_bytes = 64 + random.below(random.one_in(3) ? 200 : size + 20);
    if (random.one_in(3)) {
      options.array_head = random.below(6);
      options.array_tail = random.below(4);
    }
    if (random.one_in(5)) options.marker = random.one_in(2) ? "x" : "CUT-HERE_12345678901234";
    options.report = true;
    return options;
  }

  shapes shapes_{seed_};
};

// What holds for every input.
void check_equations(std::string_view text, const truncate_options& options,
                     const truncated& answer) {
  const std::string_view out = answer.view(text);
  ASSERT_LE(out.size(), options.max_bytes);
  ASSERT_EQ(answer.changed, text.size() > options.max_bytes);
  ASSERT_TRUE(answer.changed || (answer.text.empty() && answer.cuts.empty()));
  std::uint64_t lost = 0;
  for (const truncate_cut& cut : answer.cuts) lost += cut.bytes_before - cut.bytes_after;
  ASSERT_EQ(lost, text.size() - out.size());
  const auto again = truncate_payload(out, options);
  ASSERT_TRUE(again.has_value());
  ASSERT_FALSE(again->changed);
  truncate_options quiet = options;
  quiet.report = false;
  ASSERT_EQ(truncate_payload(text, quiet).value().text, answer.text);
}

std::string items_marker(const truncate_options& options, std::size_t count) {
  return "[" + std::string(options.marker) + " " + std::to_string(count) +
         (count == 1 ? " item]" : " items]");
}

// `after` is what `before` may become: the same type, the first members, the ends of arrays.
void expect_shortened(const json& before, const json& after, const truncate_options& options) {
  if (before == after) return;
  const std::string word = "[" + std::string(options.marker);
  if (before.is_number()) {
    ASSERT_TRUE(after.is_string());
    ASSERT_TRUE(after.get<std::string>().starts_with(word + " "));
    return;
  }
  ASSERT_EQ(before.type(), after.type());
  if (before.is_object()) {
    const bool marked = after.contains(word + "]") && !before.contains(word + "]");
    const std::size_t stay = after.size() - (marked ? 1 : 0);
    if (marked) {
      ASSERT_EQ(after.at(word + "]"), before.size() - stay);
    } else {
      ASSERT_EQ(after.size(), before.size());
    }
    auto old = before.begin();
    auto now = after.begin();
    for (std::size_t i = 0; i < stay; ++i, ++old, ++now) {
      ASSERT_EQ(old.key(), now.key());
      expect_shortened(*old, *now, options);
    }
  } else if (before.is_array()) {
    std::size_t old = 0;
    for (std::size_t now = 0; now < after.size(); ++now, ++old) {
      const std::size_t rest = after.size() - now - 1;
      ASSERT_GE(before.size(), old + rest);
      const std::size_t missing = before.size() - old - rest;
      if (after[now] == items_marker(options, missing) && after[now] != before[old]) {
        old += missing - 1;
        continue;
      }
      ASSERT_LT(old, before.size());
      expect_shortened(before[old], after[now], options);
    }
    ASSERT_EQ(old, before.size());
  } else {
    ASSERT_TRUE(before.is_string());
    const auto& old = before.get_ref<const std::string&>();
    const auto& now = after.get_ref<const std::string&>();
    const json inner = json::parse(old, nullptr, false);
    if (inner.is_structured()) {
      const json shortened = json::parse(now, nullptr, false);
      ASSERT_FALSE(shortened.is_discarded()) << now;
      expect_shortened(inner, shortened, options);
      return;
    }
    ASSERT_TRUE(now.find(word + " ") != std::string::npos ||
                now.find("_REMOVED]") != std::string::npos)
        << now;
  }
}

TEST_F(truncate_property, json_stays_json_in_the_budget) {
  std::size_t changed = 0;
  for_documents(
      document_count, [&] { return shapes_.document(); },
      [&](std::string_view text) {
        const truncate_options options = random_options(text.size());
        const auto answer = truncate_payload(text, options);
        ASSERT_TRUE(answer.has_value()) << answer.problem().message;
        SCOPED_TRACE("budget " + std::to_string(options.max_bytes) + "\n" + answer->text);
        check_equations(text, options, *answer);
        if (!answer->changed) return;
        ++changed;
        const status valid = detail::check_json(answer->text);
        ASSERT_TRUE(valid.has_value()) << valid.problem().message << valid.problem().offset;
        const json before = json::parse(text, nullptr, false);
        // Half a surrogate pair is JSON, but not for this parser.
        if (before.is_discarded()) return;
        expect_shortened(before, json::parse(answer->text), options);
      });
  EXPECT_GT(changed, document_count / 4);
}

// A pointer to something in `value`, through objects, arrays and strings that hold JSON.
std::string random_pointer(const json& value, random_documents& random) {
  std::string pointer;
  json held;
  const json* at = &value;
  while (!random.one_in(5)) {
    if (at->is_structured() && !at->empty()) {
      auto child = at->begin();
      const std::size_t index = random.below(at->size());
      std::advance(child, index);
      std::string token = at->is_object() ? child.key() : std::to_string(index);
      pointer += "/";
      for (const char c : token) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
      at = &*child;
    } else if (at->is_string()) {
      json inner = json::parse(at->get_ref<const std::string&>(), nullptr, false);
      if (!inner.is_structured()) break;
      held = std::move(inner);
      at = &held;
      pointer += "/~s";
    } else {
      break;
    }
  }
  return pointer;
}

TEST_F(truncate_property, pinned_values_stay_byte_for_byte) {
  std::size_t kept = 0;
  std::size_t refused = 0;
  for_documents(
      document_count / 5, [&] { return shapes_.document(); },
      [&](std::string_view text) {
        const json before = json::parse(text, nullptr, false);
        if (before.is_discarded()) return;
        random_documents& random = shapes_.random;
        const std::string pointers[] = {random_pointer(before, random),
                                        random_pointer(before, random), "/no/such/member"};
        const std::vector<std::string_view> pins(pointers, pointers + 1 + random.below(3));
        truncate_options options = random_options(text.size());
        options.pinned = pins;
        const auto answer = truncate_payload(text, options);
        if (!answer) {
          ++refused;
          ASSERT_EQ(answer.problem().code, errc::budget_too_small);
          return;
        }
        SCOPED_TRACE(pointers[0] + " " + pointers[1] + "\n" + answer->text);
        check_equations(text, options, *answer);
        if (!answer->changed) return;
        ++kept;
        const json after = json::parse(answer->text, nullptr, false);
        ASSERT_FALSE(after.is_discarded());
        const auto tree =
            detail::read_truncate_tree(text, options, detail::read_pins(pins).value());
        std::size_t found = 0;
        for (const auto& document : tree->documents) {
          for (const auto& node : document.nodes) {
            if (!node.pinned) continue;
            ++found;
            const auto value = text.substr(node.begin, node.end - node.begin);
            ASSERT_NE(answer->text.find(value), std::string::npos) << value;
          }
        }
        ASSERT_GE(found, 1U);
        if (pins.size() > 1) return;
        // An item of an array may have moved; a member is where it was.
        if (pointers[0].find("/~s") != std::string::npos) return;
        const json::json_pointer pointer(pointers[0]);
        const json* parent = &before;
        std::string way = pointers[0];
        while (way.find('/') != std::string::npos) {
          way.resize(way.rfind('/'));
          if (before.at(json::json_pointer(way)).is_array()) parent = nullptr;
        }
        if (parent != nullptr) {
          ASSERT_EQ(after.at(pointer), before.at(pointer));
        }
      });
  EXPECT_GT(kept, document_count / 50);
  EXPECT_GT(refused, document_count / 50);
}

// Identifiers and the like, and a few long values which could give everything.
TEST_F(truncate_property, short_values_are_left_alone_while_a_longer_one_can_give) {
  for_documents(
      document_count / 10, [] { return std::string(); },
      [&](std::string_view /*text*/) {
        random_documents& random = shapes_.random;
        std::string text = "{";
        std::string skeleton = "{";
        std::vector<std::string> stay;
        const std::size_t longest = random.below(300);
        std::size_t long_ones = 0;
        for (std::size_t i = 0, n = 2 + random.below(20); i < n; ++i) {
          const std::string name = (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":";
          if (i == 1 || random.one_in(5)) {
            ++long_ones;
            text += name + random.quoted(std::string(400 + random.below(5000), '.'), 0);
            continue;
          }
          std::string value = random.one_in(3)   ? shapes_.uuid()
                              : random.one_in(2) ? shapes_.url()
                                                 : "2026-01-05T12:00:00Z";
          value.resize(std::min(value.size(), longest));
          stay.push_back(name + "\"" + value + "\"");
          text += stay.back();
        }
        text += "}";
        std::size_t least = 2 + long_ones * 400;
        for (const std::string& one : stay) least += one.size();
        truncate_options options = random_options(text.size());
        options.max_bytes = least + random.below(200);
        const auto answer = truncate_payload(text, options);
        ASSERT_TRUE(answer.has_value());
        for (const std::string& one : stay) {
          ASSERT_NE(answer->view(text).find(one), std::string_view::npos) << one;
        }
        check_equations(text, options, *answer);
      });
}

TEST_F(truncate_property, any_bytes_fit_their_budget) {
  for_documents(
      document_count / 5,
      [&] {
        switch (shapes_.random.below(4)) {
          case 0: return shapes_.random.damaged();
          case 1: return shapes_.random.bytes(shapes_.random.below(1000));
          case 2: return shapes_.prose(3000);
          default: {
            std::string text = shapes_.document();
            text.resize(shapes_.random.below(text.size() + 1));
            return text;
          }
        }
      },
      [&](std::string_view text) {
        truncate_options options = random_options(text.size());
        if (shapes_.random.one_in(4)) options.format = document_format::text;
        const auto answer = truncate_payload(text, options);
        ASSERT_TRUE(answer.has_value());
        check_equations(text, options, *answer);
        options.format = document_format::json;
        ASSERT_EQ(truncate_payload(text, options).has_value(),
                  detail::check_json(text).has_value());
      });
}

// The scan finds what check_json finds, on every instruction set.
TEST_F(truncate_property, the_scan_accepts_json_and_nothing_else) {
  std::size_t accepted = 0;
  for_documents(
      document_count / 5,
      [&] {
        std::string text = shapes_.random.one_in(2) ? shapes_.document() : "";
        if (text.empty())
          text = shapes_.random.one_in(3) ? shapes_.random.damaged() : shapes_.random.document();
        for (std::size_t i = shapes_.random.below(3); i != 0 && !text.empty(); --i) {
          const std::size_t at = shapes_.random.below(text.size());
          text[at] = "\"\\{}[],: \n0e-.tu\x01\x7F\x80\xC3\xE2\xF0\xED"[shapes_.random.below(23)];
        }
        return text;
      },
      [&](std::string_view text) {
        const bool valid = detail::check_json(text).has_value();
        accepted += valid ? 1 : 0;
        for (const simd_target target : test::simd_targets()) {
          truncate_options options;
          options.simd = target;
          ASSERT_EQ(detail::read_truncate_tree(text, options, {}).has_value(), valid)
              << to_string(target);
        }
      });
  EXPECT_GT(accepted, document_count / 50);
}

}  // namespace
}  // namespace jobqueue
