#include <jobqueue/attestation.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <utility>

#include "core/attestation_order.hpp"

namespace jobqueue {
namespace {

using form = attestation_form;
using kind = attestation_kind;
using writer = attestation_writer;

constexpr std::string_view step_prefix = "step-";
constexpr std::string_view special_in_patterns = "*?[]^\\";
// worker:completion:job-id:W:step-id:S:attempt:N
constexpr std::size_t max_words = 8;

error invalid(std::string message) {
  return {errc::invalid_argument, no_offset, std::move(message)};
}

bool is_id(std::string_view text) noexcept {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == ':' || byte < 0x20 || byte == 0x7F;
  });
}

// The words between colons; none if there are more than a key can have.
struct words {
  explicit words(std::string_view text) noexcept {
    while (count < max_words) {
      const std::size_t colon = text.find(':');
      at[count++] = text.substr(0, colon);
      if (colon == std::string_view::npos) return;
      text.remove_prefix(colon + 1);
    }
    count = 0;
  }

  std::array<std::string_view, max_words> at;
  std::size_t count = 0;
};

// A number as writers spell it, without leading zeros.
std::optional<std::uint64_t> read_number(std::string_view digits) noexcept {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (problem != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (number > max_attestation_attempt || (digits.size() > 1 && digits.front() == '0')) {
    return std::nullopt;
  }
  return number;
}

// What may follow the ids.
struct ending {
  std::optional<std::uint64_t> number;
  bool permanent = false;
};

// The words from `first` on: nothing, "permanent", "attempt-N", or "attempt" and "N".
std::optional<ending> read_ending(const words& key, std::size_t first) noexcept {
  constexpr std::string_view hyphened = "attempt-";
  ending found;
  if (first == key.count) return found;
  const std::string_view word = key.at[first];
  if (first + 1 == key.count && word == "permanent") {
    found.permanent = true;
    return found;
  }
  if (first + 1 == key.count && word.starts_with(hyphened)) {
    found.number = read_number(word.substr(hyphened.size()));
  } else if (first + 2 == key.count && word == "attempt") {
    found.number = read_number(key.at[first + 1]);
  }
  if (!found.number) return std::nullopt;
  return found;
}

attestation_key blank(writer by, kind what, form spelling = form::current) {
  attestation_key key;
  key.writer = by;
  key.kind = what;
  key.form = spelling;
  return key;
}

// Collects the readings of one text.
class reader {
 public:
  explicit reader(std::string_view text) : key_(text) {}

  std::vector<attestation_key> read() && {
    const auto starts_with = [this](std::initializer_list<std::string_view> begin) {
      return key_.count >= begin.size() && std::equal(begin.begin(), begin.end(), key_.at.begin());
    };
    if (starts_with({"api", "workflow", "completion"})) read_api(kind::completion);
    if (starts_with({"api", "workflow", "failure"})) read_api(kind::failure);
    if (starts_with({"workflow", "failure"})) read_workflow();
    if (starts_with({"workflow", "attestation", "failure"}) && key_.count == 4) {
      add(blank(writer::api, kind::failure, form::early_failure), 3, {}, {});
    }
    if (starts_with({"worker", "completion"})) read_worker(kind::completion);
    if (starts_with({"worker", "failure"})) read_worker(kind::failure);
    for (attestation_key& found : readings_) found.ambiguous = readings_.size() > 1;
    return std::move(readings_);
  }

 private:
  // Adds a reading whose ids are the words at `workflow` and `step`, without `skipped` in front.
  void add(attestation_key found, std::optional<std::size_t> workflow,
           std::optional<std::size_t> step, const ending& end, std::size_t workflow_skipped = 0,
           std::size_t step_skipped = 0) {
    if (workflow) {
      const std::string_view id = key_.at[*workflow].substr(workflow_skipped);
      if (!is_id(id)) return;
      found.workflow_id = id;
    }
    if (step) {
      std::string_view id = key_.at[*step].substr(step_skipped);
      if (found.form != form::current) {
        found.has_step_prefix = id.starts_with(step_prefix);
        id = canonical_step_id(id);
      }
      if (!is_id(id)) return;
      found.step_id = id;
    }
    if (end.permanent && found.kind == kind::completion) return;
    found.permanent = end.permanent;
    if (end.number) found.attempt = *end.number + (found.writer == writer::api ? 1 : 0);
    if (found.writer == writer::api && found.kind == kind::completion && !found.attempt) {
      found.attempt = 1;
    }
    if (found.attempt && (*found.attempt == 0 || *found.attempt > max_attestation_attempt)) return;
    readings_.push_back(std::move(found));
  }

  void read_api(kind what) {
    if (key_.count < 4) return;
    const auto end = read_ending(key_, 4);
    if (!end || end->permanent) return;
    add(blank(writer::api, what), 3, {}, *end);
  }

  void read_workflow() {
    if (key_.count < 3) return;
    const auto end = read_ending(key_, 3);
    if (end) add(blank(writer::workflow, kind::failure), 2, {}, *end);
  }

  // The newest form first.
  void read_worker(kind what) {
    constexpr std::string_view workflow_word = "workflow-";
    constexpr std::string_view job_word = "job-";
    attestation_key found = blank(writer::worker, what);
    if (key_.count >= 6 && key_.at[2] == "job-id" && key_.at[4] == "step-id") {
      if (const auto end = read_ending(key_, 6)) add(found, 3, 5, *end);
    }
    if (key_.count >= 4 && key_.at[2] == "step-id") {
      if (const auto end = read_ending(key_, 4)) add(found, {}, 3, *end);
    }
    found.form = form::prefixed;
    if (key_.count >= 4 && key_.at[2].starts_with(workflow_word) &&
        key_.at[3].starts_with(job_word)) {
      if (const auto end = read_ending(key_, 4)) {
        add(found, 2, 3, *end, workflow_word.size(), job_word.size());
      }
    }
    if (key_.count < 3) return;
    const auto end = read_ending(key_, 3);
    if (!end) return;
    if (key_.at[2].starts_with(job_word)) add(found, {}, 2, *end, 0, job_word.size());
    found.form = form::plain;
    add(found, {}, 2, *end);
  }

  words key_;
  std::vector<attestation_key> readings_;
};

// Why an id cannot be part of a key that is built, or an empty text.
std::string_view id_problem(std::string_view id) noexcept {
  if (id.empty()) return "is empty";
  if (id.size() > max_attestation_key_bytes / 2) return "is longer than 512 bytes";
  if (!is_id(id)) return "holds a colon or a control character";
  if (id.find_first_of(special_in_patterns) != std::string_view::npos) {
    return "holds a character that is special in a pattern of Redis";
  }
  return {};
}

status check_ids(const attestation_key& key) {
  const bool has_step = key.writer == writer::worker;
  const bool needs_workflow = !has_step || !key.workflow_id.empty();
  if (needs_workflow) {
    if (const auto problem = id_problem(key.workflow_id); !problem.empty()) {
      return invalid("the workflow id " + std::string(problem));
    }
  }
  if (has_step) {
    if (const auto problem = id_problem(key.step_id); !problem.empty()) {
      return invalid("the step id " + std::string(problem));
    }
  } else if (!key.step_id.empty()) {
    return invalid("a key of a whole workflow has no step id");
  }
  return done;
}

status check_numbers(const attestation_key& key) {
  if (key.attempt && (*key.attempt == 0 || *key.attempt > max_attestation_attempt)) {
    return invalid("the attempt must be from 1 to 2^53 - 1; 1 is the first try");
  }
  if (key.permanent && (key.attempt || key.kind == kind::completion)) {
    return invalid("permanent is for a failure without the number of an attempt");
  }
  if (key.writer == writer::api && key.kind == kind::completion && !key.attempt) {
    return invalid("a completion by the API needs the number of its attempt; 1 is the first try");
  }
  return done;
}

std::string attempt_text(const attestation_key& key) {
  if (key.permanent) return ":permanent";
  if (!key.attempt) return {};
  if (key.writer != writer::api) return ":attempt:" + std::to_string(*key.attempt);
  // The first completion never had a number; a failure without one may be of any attempt.
  if (*key.attempt == 1 && key.kind == kind::completion) return {};
  return ":attempt-" + std::to_string(*key.attempt - 1);
}

std::string key_text(const attestation_key& key) {
  const std::string what = key.kind == kind::completion ? "completion" : "failure";
  const std::string end = attempt_text(key);
  switch (key.writer) {
    case writer::api:
      if (key.form == form::early_failure) return "workflow:attestation:failure:" + key.workflow_id;
      return "api:workflow:" + what + ":" + key.workflow_id + end;
    case writer::workflow: return "workflow:failure:" + key.workflow_id + end;
    case writer::worker: break;
  }
  const std::string begin = "worker:" + what + ":";
  const std::string job = (key.has_step_prefix ? std::string(step_prefix) : "") + key.step_id;
  const bool of_workflow = !key.workflow_id.empty();
  if (key.form == form::plain) return begin + job + end;
  if (key.form == form::prefixed) {
    return begin + (of_workflow ? "workflow-" + key.workflow_id + ":" : "") + "job-" + job + end;
  }
  return begin + (of_workflow ? "job-id:" + key.workflow_id + ":" : "") + "step-id:" + job + end;
}

constexpr std::array<std::string_view, 3> writer_words = {"worker", "workflow", "api"};
constexpr std::array<std::string_view, 2> kind_words = {"completion", "failure"};
constexpr std::array<std::string_view, 4> form_words = {"current", "plain", "prefixed",
                                                        "early_failure"};

template <class Value, std::size_t count>
std::string_view word_of(const std::array<std::string_view, count>& words, Value value) noexcept {
  const auto i = static_cast<std::size_t>(value);
  return i < count ? words.at(i) : std::string_view();
}

}  // namespace

inline namespace v1 {

std::strong_ordering operator<=>(const attestation_key& a, const attestation_key& b) noexcept {
  return detail::rank_of(a) <=> detail::rank_of(b);
}

std::string_view to_string(attestation_writer writer) noexcept {
  return word_of(writer_words, writer);
}
std::string_view to_string(attestation_kind kind) noexcept { return word_of(kind_words, kind); }
std::string_view to_string(attestation_form form) noexcept { return word_of(form_words, form); }

std::string_view canonical_step_id(std::string_view job_id) noexcept {
  if (job_id.starts_with(step_prefix)) job_id.remove_prefix(step_prefix.size());
  return job_id;
}

std::vector<attestation_key> attestation_key_readings(std::string_view text) {
  if (text.size() > max_attestation_key_bytes) return {};
  return reader(text).read();
}

result<attestation_key> parse_attestation_key(std::string_view text) {
  auto readings = attestation_key_readings(text);
  if (readings.empty()) return invalid("this is not the key of an attestation of any generation");
  return std::move(readings.front());
}

result<std::string> format_attestation_key(const attestation_key& key) {
  if (const status ids = check_ids(key); !ids) return ids.problem();
  if (const status numbers = check_numbers(key); !numbers) return numbers.problem();
  std::string text = key_text(key);
  if (text.size() > max_attestation_key_bytes) return invalid("the key is longer than 1024 bytes");
  // Whatever has no place in this form (a workflow in a plain key, for example) is found here, too.
  const auto read = parse_attestation_key(text);
  if (!read || *read != key) return invalid("this key would be read as another one");
  return text;
}

}  // namespace v1
}  // namespace jobqueue
