#include "core/failure_words.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "core/failure_chars.hpp"

namespace jobqueue::detail {
namespace {

using failure_table::rules;

// One phrase of a rule.
struct phrase {
  std::string_view words;  // without the '*'
  bool goes_on = false;
  std::uint8_t rule = 0;
  std::uint8_t group = 0;
};

constexpr std::string_view trim(std::string_view text) noexcept {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// Calls `use` with every phrase of the table.
template <class Use>
constexpr void for_each_phrase(const Use& use) {
  for (std::size_t rule = 0; rule < failure_rule_count; ++rule) {
    std::string_view words = rules[rule].words;
    for (std::uint8_t group = 0; !words.empty();) {
      const std::size_t end = std::min(words.find_first_of("|&"), words.size());
      std::string_view one = trim(words.substr(0, end));
      const bool goes_on = one.ends_with('*');
      if (goes_on) one.remove_suffix(1);
      use(phrase{one, goes_on, static_cast<std::uint8_t>(rule), group});
      if (end < words.size() && words[end] == '&') ++group;
      words.remove_prefix(std::min(end + 1, words.size()));
    }
  }
}

constexpr std::size_t phrase_count = [] {
  std::size_t count = 0;
  for_each_phrase([&](const phrase&) { ++count; });
  return count;
}();

// By their first letter, so that a word is compared with few of them.
constexpr std::array<phrase, phrase_count> phrases = [] {
  std::array<phrase, phrase_count> all{};
  std::size_t at = 0;
  for_each_phrase([&](const phrase& one) { all[at++] = one; });
  std::sort(all.begin(), all.end(), [](const phrase& a, const phrase& b) {
    return a.words.front() != b.words.front() ? a.words.front() < b.words.front() : a.rule < b.rule;
  });
  return all;
}();

// Where the phrases of a letter begin, and behind the last one.
constexpr std::array<std::uint16_t, 27> letters = [] {
  std::array<std::uint16_t, 27> begins{};
  for (std::size_t letter = 0; letter < begins.size(); ++letter) {
    while (begins[letter] < phrase_count &&
           phrases[begins[letter]].words.front() < static_cast<char>('a' + letter)) {
      ++begins[letter];
    }
  }
  return begins;
}();

// A bit for each group of a rule.
constexpr std::array<std::uint8_t, failure_rule_count> all_groups = [] {
  std::array<std::uint8_t, failure_rule_count> groups{};
  for_each_phrase([&](const phrase& one) {
    groups[one.rule] = static_cast<std::uint8_t>(groups[one.rule] | 1U << one.group);
  });
  return groups;
}();

static_assert(failure_rule_count <= 255 && phrase_count <= 65535);
static_assert(std::all_of(phrases.begin(), phrases.end(), [](const phrase& one) {
  return is_lower(one.words.front()) && one.group < 8 &&
         std::all_of(one.words.begin(), one.words.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == ' '; });
}));

bool begins_word(std::string_view text, std::size_t at) noexcept {
  if (!is_upper(text[at])) return false;
  if (is_lower(text[at - 1])) return true;
  // The last capital of several, before a word: JSONDecode, but not GPUs.
  return is_upper(text[at - 1]) && at + 2 < text.size() && is_lower(text[at + 1]) &&
         is_lower(text[at + 2]);
}

}  // namespace

std::string split_failure_words(std::string_view text) {
  std::string words = " ";
  words.reserve(text.size() + text.size() / 8 + 2);
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (!is_alnum(c)) {
      if (words.back() != ' ') words += ' ';
      if (c == '|') words += "| ";
      continue;
    }
    if (words.back() != ' ' && begins_word(text, at)) words += ' ';
    words += to_lower(c);
  }
  if (words.back() != ' ') words += ' ';
  return words;
}

std::array<bool, failure_rule_count> find_failure_words(std::string_view words) {
  std::array<std::uint8_t, failure_rule_count> found{};
  for (std::size_t at = 1; at < words.size(); at = words.find(' ', at) + 1) {
    if (!is_lower(words[at])) continue;
    const auto letter = static_cast<std::size_t>(words[at] - 'a');
    const std::string_view rest = words.substr(at);
    for (std::size_t i = letters[letter]; i < letters[letter + 1]; ++i) {
      const phrase& one = phrases[i];
      // There is a blank behind the last word, so the place behind the phrase is one of the text.
      if (!rest.starts_with(one.words) || !(one.goes_on || rest[one.words.size()] == ' ')) continue;
      found[one.rule] = static_cast<std::uint8_t>(found[one.rule] | 1U << one.group);
    }
  }
  std::array<bool, failure_rule_count> holds{};
  for (std::size_t i = 0; i < holds.size(); ++i) holds[i] = found[i] == all_groups[i];
  return holds;
}

unsigned find_failure_status(std::string_view words) noexcept {
  for (const std::string_view before :
       {" status code ", " http status ", " error code ", " http ", " status "}) {
    for (std::size_t at = words.find(before); at < words.size(); at = words.find(before, at + 1)) {
      const char* const begin = words.data() + at + before.size();
      const char* const end = words.data() + words.size();
      unsigned number = 0;
      const auto [rest, failed] = std::from_chars(begin, end, number);
      if (failed == std::errc() && *rest == ' ' && number >= 400 && number <= 599) return number;
    }
  }
  return 0;
}

}  // namespace jobqueue::detail
