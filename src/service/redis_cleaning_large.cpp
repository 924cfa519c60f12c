// Keys that are too large to be read at once. Each piece is watched, cleaned and written before the
// next one is read.
#include <algorithm>
#include <utility>

#include "service/redis_cleaning.hpp"

namespace jobqueue::detail {
namespace {

using kind = redis_reply::kind;

constexpr std::uint64_t piece_bytes = std::uint64_t{4} << 20;
constexpr std::size_t answer_bytes = std::size_t{16} << 20;
// HKEYS of so many fields takes a server less than a millisecond; of the second, about ten.
constexpr std::uint64_t few_fields = 4096;
constexpr std::uint64_t most_fields = 100'000;
constexpr std::size_t names_at_once = 1000;

// How many values make a piece.
std::size_t values_of_piece(std::uint64_t bytes, std::uint64_t count, std::size_t most) {
  const std::uint64_t average = bytes / std::max<std::uint64_t>(count, 1) + 1;
  return static_cast<std::size_t>(
      std::clamp<std::uint64_t>(piece_bytes / average, 1, std::max<std::size_t>(most, 1)));
}

redis_command scan_command(redis_type type, const std::string& key, const std::string& cursor,
                           std::size_t count) {
  const std::string_view name = type == redis_type::hash  ? "HSCAN"
                                : type == redis_type::set ? "SSCAN"
                                                          : "ZSCAN";
  return {std::string(name), key, cursor, "COUNT", std::to_string(count)};
}

}  // namespace

status redis_cleaning::clean_large(const redis_route& route, const key_info& key) {
  // Its pieces are watched by the connection that the batch may wait on.
  if (status finished = finish_waiting(); !finished) return finished;
  made_members_.clear();
  const redis_rule& rule = find_redis_rule(key.name, key.type, {});
  switch (key.type) {
    case redis_type::string: {
      redis_value value;
      value.key = key.name;
      if (key.bytes <= options_.max_record_bytes) return clean_single(route, value, rule);
      cleaner_.count_skipped(place_of(key.name));
      return done;
    }
    case redis_type::hash: return clean_fields(route, key);
    case redis_type::list: return clean_elements(route, key);
    case redis_type::set:
    case redis_type::zset: return clean_scanned(route, key, rule);
    case redis_type::stream: return look_at_stream(route, key);
    case redis_type::other: break;
  }
  return done;
}

result<redis_cleaning::piece> redis_cleaning::read_piece(const redis_route& route,
                                                         const key_info& key,
                                                         const redis_command& command,
                                                         bool as_text) {
  const std::string lock = lock_of(key.name, key.type, nodes_.is_cluster());
  std::vector<redis_command> commands = {{"UNWATCH"}};
  if (!is_dry_) commands.push_back(watch_command({&key, 1}));
  const std::size_t begin = commands.size();
  append_hold(commands, key.name, key.type, lock);
  if (key.type == redis_type::list) commands.push_back({"LLEN", key.name});
  if (!as_text) commands.push_back(command);
  piece read;
  auto answers = send_along(route, commands, answer_bytes);
  if (answers && as_text) {
    if (route.asking) {
      const redis_command asking[] = {{"ASKING"}};
      if (auto asked = route.connection->pipeline(asking, answer_bytes); !asked) {
        return asked.problem();
      }
    }
    auto text = route.connection->read_text(command, options_.max_record_bytes);
    if (text) {
      answers->push_back(*std::move(text));
    } else {
      answers = text.problem();
    }
  }
  if (!answers) {
    if (route.connection->failure() != redis_failure::too_large) return answers.problem();
    read.is_too_large = true;
    if (const status opened = route.connection->open(); !opened) return opened.problem();
    return read;
  }
  for (const redis_reply& answer : *answers) {
    if (is_redirect(answer)) {
      moved_.push_back(key.name);
      return read;
    }
    if (answer.is_error() && answer.error_code() == "WRONGTYPE") return read;
    if (answer.is_error()) return route.connection->describe(answer, command.front());
  }
  std::span<redis_reply> rest(*answers);
  rest = rest.subspan(begin);
  read.hold = take_hold(rest, key.name, key.type, lock);
  if (key.type == redis_type::list) read.length = rest.front().integer;
  read.answer = std::move(rest.back());
  read.is_there = read.answer.of != kind::nil;
  return read;
}

status redis_cleaning::clean_piece(const redis_route& route, const key_info& key,
                                   const redis_rule& rule, const piece& read,
                                   std::vector<redis_value> values) {
  std::uint64_t bytes = 0;
  for (const redis_value& value : values) bytes += value.text.size();
  loaded_key loaded{key.name, key.type, &rule, read.hold, std::move(values)};
  if (status cleaned = clean_values(route, {&loaded, 1}, true); !cleaned) return cleaned;
  static_cast<void>(end_batch(bytes));
  return done;
}

status redis_cleaning::clean_single(const redis_route& route, const redis_value& value,
                                    const redis_rule& rule) {
  const key_info key{value.key, value.type, 1, 0};
  pacer_.begin();
  auto read = read_piece(route, key, read_command(value), true);
  if (!read) return read.problem();
  if (read->is_too_large) cleaner_.count_skipped(place_of(key.name));
  if (!read->is_there || read->answer.of != kind::text) return done;
  std::vector<redis_value> values = {value};
  values.front().length = read->length;
  values.front().text = std::move(read->answer.text);
  return clean_piece(route, key, rule, *read, std::move(values));
}

status redis_cleaning::clean_fields(const redis_route& route, const key_info& key) {
  if (key.count > few_fields) {
    // Too many to know a job by its fields, which has a few.
    return clean_scanned(route, key, find_redis_rule(key.name, key.type, {}));
  }
  auto read = read_piece(route, key, {"HKEYS", key.name});
  if (!read) return read.problem();
  if (read->is_too_large) cleaner_.count_skipped(place_of(key.name));
  if (!read->is_there) return done;
  std::vector<std::string> names;
  for (redis_reply& name : read->answer.elements) names.push_back(std::move(name.text));
  const std::vector<std::string_view> views(names.begin(), names.end());
  return clean_named_fields(route, key, find_redis_rule(key.name, key.type, views), names);
}

status redis_cleaning::clean_named_fields(const redis_route& route, const key_info& key,
                                          const redis_rule& rule,
                                          const std::vector<std::string>& names) {
  std::vector<redis_command> commands;
  std::vector<std::string> fields;  // of the piece that is being put together
  std::uint64_t bytes = 0;
  const auto flush = [&]() -> status {
    if (fields.empty()) return done;
    redis_command command = {"HMGET", key.name};
    command.insert(command.end(), fields.begin(), fields.end());
    const std::vector<std::string> asked = std::exchange(fields, {});
    bytes = 0;
    pacer_.begin();
    auto read = read_piece(route, key, command);
    if (!read) return read.problem();
    if (read->is_too_large) cleaner_.count_skipped(place_of(key.name));
    if (!read->is_there) return done;
    std::vector<redis_value> values;
    for (std::size_t i = 0; i < std::min(asked.size(), read->answer.elements.size()); ++i) {
      redis_reply& one = read->answer.elements[i];
      if (one.of != kind::text) continue;
      values.push_back({key.type, key.name, asked[i], 0, 0, std::move(one.text)});
    }
    return clean_piece(route, key, rule, *read, std::move(values));
  };
  for (std::size_t at = 0; at < names.size() && !is_stopped(); at += names_at_once) {
    const std::size_t end = std::min(at + names_at_once, names.size());
    commands.clear();
    for (std::size_t i = at; i < end; ++i) commands.push_back({"HSTRLEN", key.name, names[i]});
    const auto sizes = send_along(route, commands, answer_bytes);
    if (!sizes) return sizes.problem();
    for (std::size_t i = at; i < end && !is_stopped(); ++i) {
      if (!may_rewrite_field(rule, names[i])) continue;
      const auto size =
          static_cast<std::uint64_t>(std::max<std::int64_t>((*sizes)[i - at].integer, 0));
      if (bytes + size > piece_bytes || fields.size() >= pacer_.batch()) {
        if (status cleaned = flush(); !cleaned) return cleaned;
      }
      if (size > options_.max_record_bytes) {
        cleaner_.count_skipped(place_of(key.name));
      } else if (size > piece_bytes) {
        const redis_value value{key.type, key.name, names[i], 0, 0, {}};
        if (status cleaned = clean_single(route, value, rule); !cleaned) return cleaned;
      } else {
        fields.push_back(names[i]);
        bytes += size;
      }
    }
  }
  return is_stopped() ? status(done) : flush();
}

status redis_cleaning::clean_elements(const redis_route& route, const key_info& key) {
  const redis_rule& rule = find_redis_rule(key.name, key.type, {});
  std::int64_t index = 0;
  std::size_t most = values_of_piece(key.bytes, key.count, pacer_.batch());
  while (!is_stopped()) {
    if (most == 1 && key.bytes / std::max<std::uint64_t>(key.count, 1) > piece_bytes) {
      if (index == static_cast<std::int64_t>(key.count)) return done;
      const redis_value value{key.type, key.name, {}, index++, 0, {}};
      if (status cleaned = clean_single(route, value, rule); !cleaned) return cleaned;
      continue;
    }
    pacer_.begin();
    auto read = read_piece(route, key,
                           {"LRANGE", key.name, std::to_string(index),
                            std::to_string(index + static_cast<std::int64_t>(most) - 1)});
    if (!read) return read.problem();
    if (read->is_too_large && most > 1) {
      most /= 2;
      continue;
    }
    if (read->is_too_large) {
      const redis_value value{key.type, key.name, {}, index++, 0, {}};
      if (status cleaned = clean_single(route, value, rule); !cleaned) return cleaned;
      continue;
    }
    if (!read->is_there || read->answer.elements.empty()) return done;
    std::vector<redis_value> values;
    for (redis_reply& one : read->answer.elements) {
      values.push_back({key.type, key.name, {}, index++, read->length, std::move(one.text)});
    }
    if (status cleaned = clean_piece(route, key, rule, *read, std::move(values)); !cleaned) {
      return cleaned;
    }
    most = std::min(most + 1 + most / 4, std::max<std::size_t>(pacer_.batch(), 1));
  }
  return done;
}

status redis_cleaning::clean_scanned(const redis_route& route, const key_info& key,
                                     const redis_rule& rule) {
  if (rule.what == rewrite::never) return done;
  std::string cursor = "0";
  std::size_t most = values_of_piece(key.bytes, key.count, pacer_.batch());
  do {
    pacer_.begin();
    auto read = read_piece(route, key, scan_command(key.type, key.name, cursor, most));
    if (!read) return read.problem();
    if (read->is_too_large && most > 1) {
      most /= 2;
      continue;
    }
    if (read->is_too_large && key.type == redis_type::hash && key.count <= most_fields) {
      auto names = read_piece(route, key, {"HKEYS", key.name});
      if (!names) return names.problem();
      std::vector<std::string> fields;
      for (redis_reply& name : names->answer.elements) fields.push_back(std::move(name.text));
      return clean_named_fields(route, key, rule, fields);
    }
    if (read->is_too_large) cleaner_.count_skipped(place_of(key.name));
    if (!read->is_there || read->answer.elements.size() != 2) return done;
    cursor = read->answer.elements[0].text;
    std::vector<redis_value> values;
    if (!take_values(key.type, key.name, read->answer.elements[1], values)) return done;
    if (status cleaned = clean_piece(route, key, rule, *read, std::move(values)); !cleaned) {
      return cleaned;
    }
  } while (cursor != "0" && !is_stopped());
  return done;
}

// An entry cannot be replaced in its place, and one behind it has another id: consumers would see
// it twice. So it is only counted.
status redis_cleaning::look_at_stream(const redis_route& route, const key_info& key) {
  clean_report& report = cleaner_.report();
  const std::string place = place_of(key.name);
  std::string from = "-";
  std::size_t most = values_of_piece(key.bytes, key.count, pacer_.batch());
  while (!is_stopped()) {
    pacer_.begin();
    const auto read =
        read_piece(route, key, {"XRANGE", key.name, from, "+", "COUNT", std::to_string(most)});
    if (!read) return read.problem();
    if (read->is_too_large && most > 1) {
      most /= 2;
      continue;
    }
    if (read->is_too_large) cleaner_.count_skipped(place);
    if (!read->is_there || read->answer.elements.empty()) return done;
    std::uint64_t bytes = 0;
    for (const redis_reply& entry : read->answer.elements) {
      if (entry.elements.size() != 2) continue;
      from = "(" + entry.elements[0].text;
      const auto& fields = entry.elements[1].elements;
      for (std::size_t i = 1; i < fields.size(); i += 2) {
        bytes += fields[i].text.size();
        if (!is_plain_text(fields[i].text)) continue;
        const auto cleaned = stream_cleaner_.clean(place, {}, fields[i].text);
        if (!cleaned) return cleaned.problem();
        if (!*cleaned) continue;
        cleaner_.count_skipped(place);
        ++report.stream_values;
        report.stream_bytes += (*cleaned)->bytes_removed;
      }
    }
    static_cast<void>(end_batch(bytes));
  }
  return done;
}

}  // namespace jobqueue::detail
