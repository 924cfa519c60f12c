#include <algorithm>
#include <functional>
#include <utility>

#include "service/redis_cleaning.hpp"

namespace jobqueue::detail {
namespace {

using kind = redis_reply::kind;

constexpr std::size_t max_places = 200;
constexpr std::size_t samples_of_batch = 8;
constexpr std::size_t answer_bytes = std::size_t{8} << 20;
// A larger value is not kept for another try, but cleaned again.
constexpr std::size_t large_bytes = std::size_t{4} << 20;

std::uint64_t hash_of(std::string_view key, std::string_view member) {
  const std::hash<std::string_view> hash;
  return hash(key) * 31 + hash(member);
}

}  // namespace

std::string redis_cleaning::place_of(std::string_view key) {
  std::string place = redis_place_of(key);
  if (places_.contains(place)) return place;
  if (places_.size() >= max_places) return "other";
  places_.insert(place);
  return place;
}

status redis_cleaning::clean_values(const redis_route& route, std::span<loaded_key> keys,
                                    bool is_watched) {
  changes found;
  if (status collected = find_changes(route, keys, found); !collected) return collected;
  if (status durable = cleaner_.make_durable(found.cleaned); !durable) return durable;
  return write_changes(route, found, is_watched);
}

status redis_cleaning::begin_values(const redis_route& route, std::span<loaded_key> keys,
                                    bool is_watched) {
  auto next = std::make_unique<waiting_batch>();
  next->route = route;
  next->is_watched = is_watched;
  if (status collected = find_changes(route, keys, next->found); !collected) return collected;
  // The journal is written by one at a time.
  if (status finished = finish_waiting(); !finished) return finished;
  if (next->found.values.empty()) return done;
  next->durable = std::async(std::launch::async, [this, &found = next->found] {
    return cleaner_.make_durable(found.cleaned);
  });
  waiting_ = std::move(next);
  return done;
}

status redis_cleaning::finish_waiting() {
  const auto batch = std::exchange(waiting_, nullptr);
  if (!batch) return done;
  if (status durable = batch->durable.get(); !durable) return durable;
  return write_changes(batch->route, batch->found, batch->is_watched);
}

status redis_cleaning::find_changes(const redis_route& route, std::span<loaded_key> keys,
                                    changes& found) {
  for (loaded_key& key : keys) {
    if (status collected = collect(key, found); !collected) return collected;
  }
  return drop_unwritable(route, found);
}

status redis_cleaning::write_changes(const redis_route& route, changes& found, bool is_watched) {
  if (is_dry_) {
    for (const cleaned_value& value : found.cleaned) cleaner_.count_changed(value);
    return done;
  }
  clean_report& report = cleaner_.report();
  const bool is_sampled = samples_left_ > 0 && !found.values.empty();
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  if (is_sampled) {
    if (status measured = measure_sample(route, found, before); !measured) return measured;
  }
  const std::size_t samples = std::min(found.values.size(), samples_of_batch);
  if (status written = write(route, found, is_watched); !written) return written;
  if (is_sampled && before > 0) {
    if (status measured = measure_sample(route, found, after); !measured) return measured;
    report.sampled_keys += samples;
    report.sampled_bytes_before += before;
    report.sampled_bytes_after += after;
    samples_left_ -= std::min<std::uint64_t>(samples_left_, samples);
  }
  return done;
}

// The text of a large value is used up.
result<std::optional<cleaned_value>> redis_cleaning::clean_text(const std::string& place,
                                                                redis_value& value) {
  if (!is_plain_text(value.text)) return std::optional<cleaned_value>();
  const bool is_large = value.text.size() > large_bytes && !is_member(value.type);
  auto cleaned = is_large                ? cleaner_.clean_in_place(place, {}, value.text)
                 : is_member(value.type) ? cleaner_.clean(place, {}, value.text)
                                         : cleaner_.clean_owned(place, {}, value.text);
  if (cleaned && *cleaned) (*cleaned)->entry.locator = write_locator(value, (*cleaned)->text);
  return cleaned;
}

status redis_cleaning::collect(loaded_key& key, changes& found) {
  const std::string place = place_of(key.name);
  const bool is_held = key.hold.is_held(key.rule->hold);
  for (redis_value& value : key.values) {
    const bool is_allowed = key.type == redis_type::hash ? may_rewrite_field(*key.rule, value.name)
                                                         : key.rule->what != rewrite::never;
    if (!is_allowed) continue;
    auto cleaned = clean_text(place, value);
    if (!cleaned) return cleaned.problem();
    if (!*cleaned) continue;
    if (is_dry_) counted_keys_.insert(std::hash<std::string_view>()(key.name));
    const bool is_taken =
        is_member(key.type) && !made_members_.insert(hash_of(key.name, (*cleaned)->text)).second;
    if (is_held || is_taken) {
      cleaner_.count_skipped(place);
      continue;
    }
    if (!is_member(key.type)) value.text = {};
    found.values.push_back(std::move(value));
    found.rules.push_back(key.rule);
    found.cleaned.push_back(**std::move(cleaned));
  }
  return done;
}

// A set has no member twice: what would be cleaned to one that it has is left alone. So is a field
// with a time to live of its own, for HSET would take that away.
status redis_cleaning::drop_unwritable(const redis_route& route, changes& found) {
  std::vector<redis_command> commands;
  for (std::size_t i = 0; i < found.values.size(); ++i) {
    const redis_value& value = found.values[i];
    if (is_member(value.type)) {
      commands.push_back(find_command(value, found.cleaned[i].text));
    } else if (value.type == redis_type::hash && has_field_times_) {
      commands.push_back({"HPEXPIRETIME", value.key, "FIELDS", "1", value.name});
    }
  }
  if (commands.empty()) return done;
  const auto answers = send_along(route, commands, answer_bytes);
  if (!answers) return answers.problem();
  changes kept;
  auto answer = answers->begin();
  for (std::size_t i = 0; i < found.values.size(); ++i) {
    const redis_type type = found.values[i].type;
    bool is_unwritable = false;
    if (is_member(type)) {
      is_unwritable = is_found(*answer++);
    } else if (type == redis_type::hash && has_field_times_) {
      is_unwritable = !answer->elements.empty() && answer->elements.front().integer > 0;
      ++answer;
    }
    if (is_unwritable) {
      cleaner_.count_skipped(found.cleaned[i].entry.place);
      continue;
    }
    kept.values.push_back(std::move(found.values[i]));
    kept.rules.push_back(found.rules[i]);
    kept.cleaned.push_back(std::move(found.cleaned[i]));
  }
  found = std::move(kept);
  return done;
}

status redis_cleaning::write(const redis_route& route, changes& found, bool is_watched) {
  if (found.values.empty()) return done;
  if (is_watched) {
    std::vector<redis_command> commands = {{"MULTI"}};
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < found.values.size(); ++i) {
      places.push_back(commands.size());
      append_write(commands, found.values[i], std::move(found.cleaned[i].text));
    }
    commands.push_back({"EXEC"});
    const auto answers = send_along(route, commands, answer_bytes);
    if (!answers) return answers.problem();
    const auto outcome = read_exec(*route.connection, *answers);
    if (!outcome) return outcome.problem();
    if (*outcome == exec_outcome::written) {
      for (const cleaned_value& value : found.cleaned) cleaner_.count_changed(value);
      return done;
    }
    for (std::size_t i = 0; i < found.values.size(); ++i) {
      found.cleaned[i].text = take_text(commands[places[i]]);
    }
  }
  // One of them has changed, or they cannot be written together.
  for (std::size_t i = 0; i < found.values.size(); ++i) {
    status swapped = swap(route, found.values[i], found.rules[i]->hold, found.cleaned[i]);
    if (!swapped) return swapped;
  }
  return done;
}

status redis_cleaning::swap(const redis_route& route, const redis_value& value, redis_hold hold,
                            cleaned_value& cleaned) {
  const std::size_t expected = cleaned.text.size() + cleaned.bytes_removed;
  const std::string place = cleaned.entry.place;
  bool is_text_there = true;
  bool has_no_blobs = false;
  const auto decide = [&](redis_value& now) -> result<std::optional<std::string>> {
    if (is_member(now.type)) return std::optional<std::string>(cleaned.text);
    const bool is_same = sha256(std::as_bytes(std::span(now.text))) == cleaned.entry.before;
    // At this place of a list there is another element now, whose turn comes or has been.
    if (!is_same && now.type == redis_type::list) return std::optional<std::string>();
    if (!is_same || !is_text_there) {
      auto again = clean_text(place, now);
      if (!again) return again.problem();
      has_no_blobs = !*again;
      if (has_no_blobs) return std::optional<std::string>();
      cleaned = **std::move(again);
      if (const status durable = cleaner_.make_durable({&cleaned, 1}); !durable) {
        return durable.problem();
      }
      is_text_there = true;
    }
    if (cleaned.text.size() <= large_bytes) return std::optional<std::string>(cleaned.text);
    is_text_there = false;
    return std::optional<std::string>(std::move(cleaned.text));
  };
  redis_route along = route;
  const auto outcome = swapper_.swap(along, value, hold, expected, decide);
  if (!outcome) return outcome.problem();
  if (*outcome == swap_outcome::written) {
    cleaner_.count_changed(cleaned);
  } else if (*outcome != swap_outcome::left || !has_no_blobs) {
    cleaner_.count_skipped(place);
  }
  return done;
}

// A server may not allow it; then there are no samples.
status redis_cleaning::measure_sample(const redis_route& route, const changes& found,
                                      std::uint64_t& bytes) {
  std::vector<redis_command> commands;
  for (const redis_value& value : found.values) {
    if (commands.size() == samples_of_batch) break;
    commands.push_back({"MEMORY", "USAGE", value.key});
  }
  const auto answers = send_along(route, commands, answer_bytes);
  if (!answers) return answers.problem();
  bytes = 0;
  for (const redis_reply& answer : *answers) {
    if (answer.of == kind::integer) bytes += static_cast<std::uint64_t>(answer.integer);
  }
  return done;
}

}  // namespace jobqueue::detail
