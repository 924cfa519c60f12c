#include <jobqueue/retry.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "core/json_check.hpp"
#include "core/json_text.hpp"
#include "core/utf8.hpp"

namespace jobqueue {
namespace {

using namespace detail;

// What an attempt writes, in the order in which it is added.
enum written : std::size_t { outputs, execution_data, last_attempt, completed_at, replaced };
constexpr std::array<std::string_view, 5> names = {"outputs", "retry_execution_data",
                                                   "last_retry_attempt", "retry_completed_at",
                                                   "retry_replaced"};

// The value of a member, of equal names the last; no data if there is none.
std::string_view find_member(std::string_view object, std::string_view name) {
  std::string_view found;
  std::string buffer;
  walk_json_members(object, [&](std::string_view as_written, std::string_view value) {
    if (is_json_name(as_written, name, buffer)) found = value;
    return true;
  });
  return found;
}

// A number as JSON or as text, if it can be one of an attempt.
std::optional<std::uint64_t> read_attempt(std::string_view value) {
  const std::string text = value.starts_with('"') ? read_json_string(value) : std::string(value);
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, failed] = std::from_chars(text.data(), end, number);
  if (failed != std::errc() || rest != end || number > static_cast<double>(max_attempt) ||
      std::floor(number) != number) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(number);
}

// An object of JSON, and how more members are added to it.
class object_text {
 public:
  explicit object_text(std::string_view text) : text_(text) {
    begin_ = text.find('{') + 1;
    end_ = begin_;
    walk_json_members(text, [&](std::string_view name, std::string_view value) {
      const std::size_t at = offset_of(name) - 1;
      space_ = text.substr(end_, at - end_);
      if (const std::size_t comma = space_.find(','); comma != std::string_view::npos) {
        space_.remove_prefix(comma + 1);
      }
      const std::size_t colon = text.find(':', at + name.size() + 2) + 1;
      colon_space_ = text.substr(colon, offset_of(value) - colon);
      end_ = offset_of(value) + value.size();
      return true;
    });
  }

  [[nodiscard]] std::size_t offset_of(std::string_view part) const noexcept {
    return static_cast<std::size_t>(part.data() - text_.data());
  }
  // Where they go.
  [[nodiscard]] std::size_t end() const noexcept { return end_; }

  void append_member(std::string& out, std::string_view name, std::string_view value) {
    const bool is_first = end_ == begin_ && std::exchange(is_empty_, false);
    if (!is_first) out += ',';
    out.append(space_).append("\"").append(name).append("\":").append(colon_space_).append(value);
  }

 private:
  std::string_view text_;
  std::string_view space_;        // before the name of the last member
  std::string_view colon_space_;  // behind its colon
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool is_empty_ = true;
};

std::string_view trim_json(std::string_view text) {
  text.remove_prefix(byte_order_mark_size(text));
  text.remove_prefix(skip_json_space(text, 0));
  return text.substr(0, text.find_last_not_of(" \n\r\t") + 1);
}

void append_member(std::string& object, std::string_view name, std::string_view value) {
  object.append(object.size() == 1 ? "\"" : ",\"").append(name).append("\":").append(value);
}

using values = std::array<std::string_view, names.size()>;

// `retry_replaced` with what `attempt` replaces; empty if it stays as it is.
std::string keep_replaced(const values& before, std::uint64_t attempt) {
  std::string record = "{";
  for (std::size_t i = 0; i < replaced; ++i) {
    if (before[i].data() != nullptr) append_member(record, names[i], before[i]);
  }
  if (record.size() == 1) return {};
  const std::string number = std::to_string(attempt);
  const std::string_view old = before[replaced];
  const bool is_object = old.starts_with('{');
  const std::string_view same = is_object ? find_member(old, number) : old;
  if (same.data() != nullptr) append_member(record, names[replaced], same);
  record += '}';
  if (!is_object) return "{\"" + number + "\":" + record + "}";

  object_text object(old);
  const std::size_t at = same.data() == nullptr ? object.end() : object.offset_of(same);
  std::string made(old.substr(0, at));
  if (same.data() == nullptr) {
    object.append_member(made, number, record);
  } else {
    made += record;
  }
  return made.append(old.substr(at + same.size()));
}

error argument(std::string message) {
  return {errc::invalid_argument, no_offset, std::move(message)};
}

status check_part(std::string_view text, std::string_view what) {
  const status checked = check_json(text);
  if (checked) return done;
  error problem = checked.problem();
  problem.message = std::string(what) + ": " + problem.message;
  return problem;
}

bool is_writable(instant at) noexcept {
  using namespace std::chrono;
  return at >= sys_days(year(1) / 1 / 1) && at < sys_days(year(10000) / 1 / 1);
}

// An object, or the one that a string holds; `held` has its characters then. Empty for anything
// else.
std::string_view open_object(std::string_view value, std::string& held) {
  if (value.starts_with('{')) return value;
  if (!value.starts_with('"')) return {};
  held = read_json_string(value);
  return check_json(held) ? trim_json(held) : std::string_view();
}

// The attempt at the end of a path of names.
std::optional<std::uint64_t> find_attempt(std::string_view job,
                                          std::initializer_list<std::string_view> path) {
  std::array<std::string, 3> held;
  std::string_view value = job;
  std::size_t level = 0;
  for (const std::string_view name : path) {
    if (level > 0) value = open_object(value, held[level - 1]);
    value = find_member(value, name);
    ++level;
  }
  return read_attempt(value);
}

}  // namespace

inline namespace v1 {

result<std::string> preserve_job_data(std::string_view original, std::string_view result_json,
                                      std::uint64_t attempt, instant at) {
  if (attempt > max_attempt) {
    return argument("attempt is larger than 9007199254740991; count from 1");
  }
  if (!is_writable(at)) return argument("at must be a time from year 1 to 9999");
  if (const status checked = check_part(original, "original"); !checked) return checked.problem();
  if (const status checked = check_part(result_json, "result"); !checked) return checked.problem();
  if (!trim_json(original).starts_with('{')) {
    return argument("original is no object of JSON; give the data of the job as a whole");
  }

  values before;
  std::string buffer;
  walk_json_members(original, [&](std::string_view as_written, std::string_view value) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (is_json_name(as_written, names[i], buffer)) before[i] = value;
    }
    return true;
  });
  const std::optional<std::uint64_t> recorded = read_attempt(before[last_attempt]);
  if (recorded && *recorded > attempt) {
    return argument("a later attempt is recorded already; drop this result, or read the job again");
  }

  const std::string number = std::to_string(attempt);
  const std::string time = "\"" + format_instant(at) + "\"";
  const std::string_view answer = trim_json(result_json);
  const std::string kept = recorded == attempt ? std::string() : keep_replaced(before, attempt);
  const values after = {answer, answer, number, time, kept};
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (before[i].data() != nullptr && !after[i].empty()) order.push_back(i);
  }
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return before[a].data() < before[b].data(); });

  object_text object(original);
  std::string made;
  made.reserve(original.size() + 2 * answer.size() + kept.size() + 256);
  std::size_t copied = 0;
  for (const std::size_t i : order) {
    const std::size_t begin = object.offset_of(before[i]);
    made.append(original.substr(copied, begin - copied)).append(after[i]);
    copied = begin + before[i].size();
  }
  made.append(original.substr(copied, object.end() - copied));
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (before[i].data() == nullptr && !after[i].empty()) {
      object.append_member(made, names[i], after[i]);
    }
  }
  return made.append(original.substr(object.end()));
}

result<std::uint64_t> retry_attempt(std::string_view job) {
  if (const status checked = check_json(job); !checked) return checked.problem();
  const std::string_view object = trim_json(job);
  if (!object.starts_with('{')) {
    return argument("the job is no object of JSON; give its columns by their names");
  }
  std::optional<std::uint64_t> found =
      find_attempt(object, {"ctx", "workflow_context", "retry_attempt"});
  if (!found) found = find_attempt(object, {"payload", "ctx", "retry_count"});
  if (!found) found = find_attempt(object, {"payload", "ctx", "retryCount"});
  if (!found) found = find_attempt(object, {"retry_count"});
  return found.value_or(0);
}

std::string retry_asset_filename(std::string_view filename, std::uint64_t attempt) {
  const std::size_t begin = filename.find_last_of("/\\") + 1;  // npos + 1 is 0
  const std::string_view name = filename.substr(begin);
  if (attempt == 0 || name.empty()) return std::string(filename);
  const std::size_t dot = name.find_last_of('.');
  const bool has_extension = dot != std::string_view::npos && name.find_first_not_of('.') < dot;
  std::string_view stem = name.substr(0, has_extension ? dot : name.size());
  const std::string_view extension = name.substr(stem.size());

  const std::size_t last = stem.find_last_not_of("0123456789");
  const bool has_suffix = last != std::string_view::npos && last + 1 < stem.size() && last > 0 &&
                          stem[last] == 'r' && stem[last - 1] == '_' && stem[last + 1] != '0';
  if (has_suffix) stem = stem.substr(0, last - 1);
  std::string made(filename.substr(0, begin));
  return made.append(stem).append("_r").append(std::to_string(attempt)).append(extension);
}

}  // namespace v1
}  // namespace jobqueue
