// Random data of jobs, random attempts in any order: nothing but what a retry writes changes, what
// it replaces is kept, a lower attempt is refused. Names of files go from any attempt to any other.
#include <jobqueue/retry.hpp>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/json_check.hpp"
#include "core/json_text.hpp"
#include "support/random_documents.hpp"

namespace jobqueue {
namespace {

const instant noon = parse_instant("2026-01-05T12:00:00Z").value();
const std::vector<std::string> written = {"outputs", "retry_execution_data", "last_retry_attempt",
                                          "retry_completed_at", "retry_replaced"};

// Where the value of a member is; of equal names the last.
using places = std::map<std::string, std::pair<std::size_t, std::size_t>>;

places places_of(std::string_view text) {
  places found;
  for (const auto& [name, value] : detail::read_json_members(text)) {
    found[name] = {static_cast<std::size_t>(value.data() - text.data()), value.size()};
  }
  return found;
}

std::string_view value_of(std::string_view text, const std::string& name) {
  const places found = places_of(text);
  const auto at = found.find(name);
  return at == found.end() ? std::string_view() : text.substr(at->second.first, at->second.second);
}

// The text with a mark in place of the values that a retry may write, if `like` has them.
std::string masked(std::string_view text, const places& like) {
  std::map<std::size_t, std::size_t> spans;
  const places own = places_of(text);
  for (const std::string& name : written) {
    if (like.contains(name)) spans[own.at(name).first] = own.at(name).second;
  }
  std::string made;
  std::size_t copied = 0;
  for (const auto& [begin, size] : spans) {
    made.append(text.substr(copied, begin - copied)).append("?");
    copied = begin + size;
  }
  return made.append(text.substr(copied));
}

class retry_property : public testing::Test {
 protected:
  retry_property() : seed_(test::seed_from_environment()), random_(seed_) {
    RecordProperty("seed", std::to_string(seed_));
  }

  std::string space() {
    static const std::vector<std::string> spaces = {"", "", "", " ", "\n  ", "\t", "\r\n"};
    return random_.pick(spaces);
  }
  std::string value(int depth = 0) {
    static const std::vector<std::string> scalars = {"0",
                                                     "-1.50",
                                                     "1e0",
                                                     "12345678901234567890",
                                                     "true",
                                                     "null",
                                                     R"("")",
                                                     R"("a\u00e9\/\"]}")",
                                                     R"("{\"outputs\":1}")",
                                                     "\"\xC3\xA9\"",
                                                     "3",
                                                     R"("2")"};
    if (depth > 2 || !random_.one_in(3)) return random_.pick(scalars);
    std::string made;
    const bool is_object = random_.one_in(2);
    for (std::size_t i = random_.below(4); i > 0; --i) {
      if (!made.empty()) made += "," + space();
      if (is_object) made += name() + space() + ":";
      made += space() + value(depth + 1) + space();
    }
    return is_object ? "{" + space() + made + "}" : "[" + space() + made + "]";
  }
  std::string name() {
    static const std::vector<std::string> names = {R"("outputs")",
                                                   R"("o\u0075tputs")",
                                                   R"("last_retry_attempt")",
                                                   R"("retry_completed_at")",
                                                   R"("retry_execution_data")",
                                                   R"("retry_replaced")",
                                                   R"("collectionId")",
                                                   R"("a")",
                                                   R"("b")",
                                                   R"("Outputs")",
                                                   R"("")",
                                                   R"("\"")",
                                                   "\"\xC3\xA9\"",
                                                   R"("1")",
                                                   R"("2")"};
    return random_.pick(names);
  }
  std::string job() {
    std::string made = random_.one_in(20) ? "\xEF\xBB\xBF" : "";
    made += space() + "{" + space();
    const std::size_t count = random_.below(8);
    for (std::size_t i = 0; i < count; ++i) {
      made += name() + space() + ":" + space() + value() + space();
      if (i + 1 < count) made += "," + space();
    }
    return made + "}" + space();
  }

  std::uint64_t seed_;
  test::random_documents random_;
};

// An attempt as the header says that one is read.
std::optional<std::uint64_t> recorded(std::string_view text) {
  const std::string_view value = value_of(text, "last_retry_attempt");
  if (value.empty() || value.starts_with('{') || value.starts_with('[')) return std::nullopt;
  std::string job = R"({"retry_count":)";
  job.append(value).append("}");
  // No number gives 0, as 0 does.
  if (retry_attempt(job).value() != 0) return retry_attempt(job).value();
  return value == "0" ? std::optional<std::uint64_t>(0) : std::nullopt;
}

TEST_F(retry_property, nothing_else_changes_and_nothing_is_lost) {
  std::size_t refused = 0;
  std::size_t kept = 0;
  for (std::size_t round = 0; round < test::repeated(4000); ++round) {
    std::string text = job();
    ASSERT_TRUE(detail::check_json(text)) << text;
    for (std::size_t step = 0; step < 6; ++step) {
      const std::uint64_t attempt = random_.below(4);
      const std::string answer = value();
      const auto made = preserve_job_data(text, space() + answer + space(), attempt, noon);
      const auto before = recorded(text);
      if (before && *before > attempt) {
        ASSERT_FALSE(made);
        ASSERT_EQ(made.problem().code, errc::invalid_argument);
        ++refused;
        continue;
      }
      ASSERT_TRUE(made) << text;
      ASSERT_TRUE(detail::check_json(*made)) << text << '\n' << *made;
      const auto where = [&] { return text + "\n" + *made + "\nseed " + std::to_string(seed_); };
      ASSERT_EQ(value_of(*made, "outputs"), answer) << where();
      ASSERT_EQ(value_of(*made, "retry_execution_data"), answer) << where();
      ASSERT_EQ(value_of(*made, "last_retry_attempt"), std::to_string(attempt)) << where();
      ASSERT_EQ(value_of(*made, "retry_completed_at"), "\"2026-01-05T12:00:00Z\"") << where();

      // All other bytes are where they were; what was not there is behind the last member.
      const places like = places_of(text);
      const std::string old_rest = masked(text, like);
      const std::string new_rest = masked(*made, like);
      std::size_t same = 0;
      while (same < old_rest.size() && old_rest[same] == new_rest[same]) ++same;
      ASSERT_TRUE(new_rest.ends_with(old_rest.substr(same))) << where();
      ASSERT_GE(new_rest.size(), old_rest.size());

      const std::string_view replaced = value_of(*made, "retry_replaced");
      if (before == attempt) {
        ASSERT_EQ(replaced, value_of(text, "retry_replaced")) << where();
      } else {
        const std::string_view record = value_of(replaced, std::to_string(attempt));
        for (std::size_t i = 0; i < 4; ++i) {
          const std::string_view old = value_of(text, written[i]);
          if (old.empty()) continue;
          ASSERT_EQ(value_of(record, written[i]), old) << where();
          ++kept;
        }
      }
      // The same attempt again, with another answer.
      const auto again = preserve_job_data(*made, "[0]", attempt, noon);
      ASSERT_TRUE(again);
      ASSERT_EQ(*again, preserve_job_data(text, "[0]", attempt, noon).value()) << where();
      text = *made;
    }
  }
  EXPECT_GT(refused, 1000U);
  EXPECT_GT(kept, 10000U);
}

// A record that is there stays for ever, whatever comes after it.
TEST_F(retry_property, every_answer_is_found_again) {
  for (std::size_t round = 0; round < test::repeated(300); ++round) {
    std::string text = R"({"outputs":"first","keep":[1.0]})";
    std::vector<std::pair<std::uint64_t, std::string>> history = {{0, "\"first\""}};
    std::uint64_t attempt = 0;
    for (std::size_t step = 1 + random_.below(8); step > 0; --step) {
      attempt += 1 + random_.below(3);
      const std::string answer = value();
      text = preserve_job_data(text, answer, attempt, noon).value();
      history.emplace_back(attempt, answer);
    }
    const std::string_view replaced = value_of(text, "retry_replaced");
    for (std::size_t i = 0; i + 1 < history.size(); ++i) {
      const std::string next = std::to_string(history[i + 1].first);
      ASSERT_EQ(value_of(value_of(replaced, next), "outputs"), history[i].second) << text;
    }
    ASSERT_EQ(value_of(text, "outputs"), history.back().second);
    ASSERT_EQ(value_of(text, "keep"), "[1.0]");
  }
}

TEST_F(retry_property, attempts_are_found_where_they_stand) {
  const auto number = [&](std::uint64_t attempt) {
    const std::string digits = std::to_string(attempt);
    return random_.one_in(2) ? digits : "\"" + digits + "\"";
  };
  const auto holder = [&](const std::string& object) {
    if (random_.one_in(2)) return object;
    std::string text;
    detail::append_json_string(text, object);
    return text;
  };
  for (std::size_t round = 0; round < test::repeated(5000); ++round) {
    std::array<std::optional<std::uint64_t>, 4> values;
    for (auto& one : values) {
      if (random_.one_in(2)) one = random_.below(20);
    }
    const auto member = [&](const char* name, const std::optional<std::uint64_t>& one) {
      static const std::vector<std::string> none = {"null", "\"\"", "-1", "true", "{}", "\"x\""};
      if (!one && random_.one_in(2)) return std::string();
      return "\"" + std::string(name) + "\":" + (one ? number(*one) : random_.pick(none)) + ",";
    };
    const auto object = [](const std::string& members) { return "{" + members + "\"z\":1}"; };
    const std::string ctx = holder(
        object("\"workflow_context\":" + holder(object(member("retry_attempt", values[0]))) + ","));
    const std::string inner =
        holder(object(member("retry_count", values[1]) + member("retryCount", values[2])));
    const std::string payload = holder(object("\"ctx\":" + inner + ","));
    const std::string job = object("\"payload\":" + payload + "," +
                                   member("retry_count", values[3]) + "\"ctx\":" + ctx + ",");
    std::uint64_t wanted = 0;
    for (std::size_t i = values.size(); i > 0; --i) wanted = values[i - 1].value_or(wanted);
    ASSERT_EQ(retry_attempt(job).value(), wanted) << job << "\nseed " << seed_;
  }
}

TEST_F(retry_property, names_go_from_any_attempt_to_any_other) {
  static const std::vector<std::string> pieces = {"a", "_r", "r",  "_",   "1",        "0", "23",
                                                  ".", "/",  "\\", "png", "\xC3\xA9", "-", " "};
  for (std::size_t round = 0; round < test::repeated(20000); ++round) {
    std::string name;
    for (std::size_t i = random_.below(9); i > 0; --i) name += random_.pick(pieces);
    const std::uint64_t one = 1 + random_.below(30);
    const std::uint64_t other = 1 + random_.below(30);
    const std::string first = retry_asset_filename(name, one);
    ASSERT_EQ(retry_asset_filename(name, 0), name);
    ASSERT_EQ(retry_asset_filename(first, one), first) << name;
    ASSERT_EQ(retry_asset_filename(first, other), retry_asset_filename(name, other)) << name;
    const bool is_file = !name.empty() && name.back() != '/' && name.back() != '\\';
    ASSERT_EQ(first.find("_r" + std::to_string(one)) != std::string::npos,
              is_file || name.find("_r" + std::to_string(one)) != std::string::npos);
    ASSERT_EQ(first == retry_asset_filename(name, other), one == other || !is_file);
    const std::size_t folder = name.find_last_of("/\\") + 1;
    ASSERT_EQ(first.substr(0, folder), name.substr(0, folder));
  }
}

}  // namespace
}  // namespace jobqueue
