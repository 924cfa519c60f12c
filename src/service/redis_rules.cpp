#include "service/redis_rules.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "core/utf8.hpp"

namespace jobqueue::detail {
namespace {

constexpr redis_type any = redis_type::other;
constexpr std::string_view bullmq_fields = " data returnvalue stacktrace failedReason ";

constexpr redis_rule rules[] = {
    // What a worker has claimed, as it was then, until it is done.
    {"jobqueue", "jobs:active:*", "", "", any, rewrite::never, redis_hold::none},
    {"jobqueue", "job:*", "", "", redis_type::hash, rewrite::all, redis_hold::status},
    {"jobqueue", "step:*", "", "", redis_type::hash, rewrite::all, redis_hold::status},
    {"jobqueue", "jobs:completed", "", "", redis_type::hash, rewrite::all, redis_hold::none},
    {"jobqueue", "jobs:failed", "", "", redis_type::hash, rewrite::all, redis_hold::none},
    {"jobqueue", "worker:completion:*", "", "", any, rewrite::all, redis_hold::none},
    {"jobqueue", "worker:failure:*", "", "", any, rewrite::all, redis_hold::none},
    {"jobqueue", "workflow_notifications:*", "", "", any, rewrite::all, redis_hold::none},
    // A job of BullMQ has these fields whatever the prefix of its queue is.
    {"BullMQ", "*", " name data opts timestamp ", bullmq_fields, redis_type::hash, rewrite::only,
     redis_hold::lock},
    {"BullMQ", "*:logs", "", "", redis_type::list, rewrite::all, redis_hold::log},
    // What children gave back, which their parent still has to read.
    {"BullMQ", "*:processed", "", "", redis_type::hash, rewrite::never, redis_hold::none},
    {"BullMQ", "bull:*", "", "", any, rewrite::never, redis_hold::none},
    {"Sidekiq", "queue:*", "", "", redis_type::list, rewrite::all, redis_hold::none},
    {"Sidekiq", "schedule", "", "", redis_type::zset, rewrite::all, redis_hold::none},
    {"Sidekiq", "retry", "", "", redis_type::zset, rewrite::all, redis_hold::none},
    {"Sidekiq", "dead", "", "", redis_type::zset, rewrite::all, redis_hold::none},
    // zlib over pickle.
    {"RQ", "rq:job:*", "", " data result exc_info ", redis_type::hash, rewrite::except,
     redis_hold::none},
    {"RQ", "rq:*", "", "", any, rewrite::never, redis_hold::none},
    // Messages that a worker has taken; they go back to their queue as they are.
    {"Celery", "unacked*", "", "", any, rewrite::never, redis_hold::none},
    {"Celery", "_kombu.*", "", "", any, rewrite::never, redis_hold::none},
    {"Celery", "celery-task-meta-*", "", "", any, rewrite::all, redis_hold::none},
    {"locks", "*:lock", "", "", redis_type::string, rewrite::never, redis_hold::none},
    {"other", "*", "", "", any, rewrite::all, redis_hold::none},
};

constexpr std::array<std::string_view, 7> type_names = {"string", "hash",   "list", "set",
                                                        "zset",   "stream", "other"};

constexpr std::size_t longest_word = 32;
constexpr std::size_t most_segments = 12;

bool matches(std::string_view pattern, std::string_view key) noexcept {
  const std::size_t star = pattern.find('*');
  if (star == pattern.npos) return key == pattern;
  const std::string_view end = pattern.substr(star + 1);
  return key.size() + 1 >= pattern.size() && key.starts_with(pattern.substr(0, star)) &&
         key.ends_with(end);
}

bool has_word(std::string_view words, std::string_view word) noexcept {
  for (std::size_t at = words.find(word); at != words.npos; at = words.find(word, at + 1)) {
    if (at > 0 && words[at - 1] == ' ' && words.substr(at + word.size()).starts_with(' ')) {
      return !word.empty();
    }
  }
  return false;
}

bool has_marks(std::string_view marks, std::span<const std::string_view> names) noexcept {
  while (!marks.empty()) {
    marks.remove_prefix(1);
    const std::string_view mark = marks.substr(0, marks.find(' '));
    if (!mark.empty() && std::find(names.begin(), names.end(), mark) == names.end()) return false;
    marks.remove_prefix(mark.size());
  }
  return true;
}

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_hex_word(std::string_view word) noexcept {
  return word.size() >= 8 && std::all_of(word.begin(), word.end(), [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

// The words that a part of a key begins with; what follows is an id.
std::string place_of_segment(std::string_view segment) {
  std::size_t kept = 0;
  while (kept < segment.size()) {
    const std::size_t end = std::min(segment.find_first_of("-_./{}|", kept), segment.size());
    const std::string_view word = segment.substr(kept, end - kept);
    if (word.size() > longest_word || is_hex_word(word) ||
        !std::all_of(word.begin(), word.end(), is_letter)) {
      break;
    }
    kept = std::min(end + 1, segment.size());
  }
  std::string place(segment.substr(0, kept));
  if (kept < segment.size()) place += '*';
  return place;
}

// As much of a text as is printable ASCII, eight times as fast as byte by byte.
std::size_t skip_printable(std::string_view text, std::size_t at) noexcept {
  constexpr std::size_t block = 64;
  while (text.size() - at >= block) {
    unsigned odd = 0;
    for (std::size_t i = 0; i < block; ++i) {
      const auto byte = static_cast<unsigned char>(text[at + i]);
      odd |= static_cast<unsigned>(byte < 0x20) | static_cast<unsigned>(byte > 0x7F);
    }
    if (odd != 0) break;
    at += block;
  }
  return at;
}

// What PHP's serialize() begins with: a:2:{ O:3:"Job":1:{ s:5:"hello";
bool is_php(std::string_view text) noexcept {
  return text.size() > 4 && text[1] == ':' && is_digit(text[2]) &&
         std::string_view("aOsC").find(text[0]) != std::string_view::npos;
}

}  // namespace

std::string_view to_string(redis_type type) noexcept {
  return type_names[static_cast<std::size_t>(type)];
}

redis_type parse_redis_type(std::string_view name) noexcept {
  const auto* const found = std::find(type_names.begin(), type_names.end(), name);
  return found == type_names.end() ? redis_type::other
                                   : static_cast<redis_type>(found - type_names.begin());
}

std::span<const redis_rule> redis_rules() noexcept { return rules; }

const redis_rule& find_redis_rule(std::string_view key, redis_type type,
                                  std::span<const std::string_view> names) {
  return *std::find_if(std::begin(rules), std::prev(std::end(rules)), [&](const redis_rule& rule) {
    return (rule.type == any || rule.type == type) && matches(rule.keys, key) &&
           has_marks(rule.marks, names);
  });
}

bool may_rewrite_field(const redis_rule& rule, std::string_view field) noexcept {
  switch (rule.what) {
    case rewrite::all: return true;
    case rewrite::only: return has_word(rule.fields, field);
    case rewrite::except: return !has_word(rule.fields, field);
    case rewrite::never: return false;
  }
  return false;
}

bool is_unfinished_status(std::string_view status) noexcept {
  return has_word(" pending queued assigned accepted in_progress processing running ", status);
}

bool is_plain_text(std::string_view value) noexcept {
  // A job of Laravel is JSON with such a text in it.
  if (is_php(value) || value.find(R"("command":"O:)") != value.npos) return false;
  const auto* const bytes = reinterpret_cast<const unsigned char*>(value.data());
  std::size_t at = skip_printable(value, 0);
  while (at < value.size()) {
    const unsigned char byte = bytes[at];
    if (byte >= 0x80) {
      const std::size_t size = utf8_sequence_size(bytes + at, bytes + value.size());
      if (size == 0) return false;
      at += size;
    } else {
      // Logs have colours.
      if (byte < 0x20 && std::string_view("\t\n\r\x1B").find(value[at]) == std::string_view::npos) {
        return false;
      }
      ++at;
    }
    at = skip_printable(value, at);
  }
  return true;
}

std::string redis_place_of(std::string_view key) {
  std::string place;
  for (std::size_t count = 0, at = 0; at <= key.size(); ++count) {
    if (count == most_segments) return place += ":*";
    const std::size_t end = std::min(key.find(':', at), key.size());
    if (count > 0) place += ':';
    place += place_of_segment(key.substr(at, end - at));
    at = end + 1;
  }
  return place;
}

}  // namespace jobqueue::detail
