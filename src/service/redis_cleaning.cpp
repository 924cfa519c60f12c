#include "service/redis_cleaning.hpp"

#include <algorithm>
#include <utility>

namespace jobqueue::detail {
namespace {

using kind = redis_reply::kind;

constexpr std::size_t answer_bytes = std::size_t{32} << 20;
// A batch is closed when its values have so many bytes; a larger string is cleaned alone.
constexpr std::uint64_t batch_bytes = std::uint64_t{8} << 20;
// A larger collection is read in pieces.
constexpr std::uint64_t small_collection_bytes = std::uint64_t{1} << 20;
// MEMORY USAGE of so many values is exact; of more it is a guess from a few of them.
constexpr std::uint64_t exact_count = 4096;
constexpr std::uint64_t unknown_value_bytes = std::uint64_t{1} << 20;
constexpr std::size_t max_scan_count = 1000;
constexpr int max_passes = 3;
constexpr int max_redirects = 8;

std::string_view size_command(redis_type type) noexcept {
  switch (type) {
    case redis_type::string: return "STRLEN";
    case redis_type::hash: return "HLEN";
    case redis_type::list: return "LLEN";
    case redis_type::set: return "SCARD";
    case redis_type::zset: return "ZCARD";
    case redis_type::stream: return "XLEN";
    case redis_type::other: break;
  }
  return {};
}

redis_command load_command(redis_type type, const std::string& key) {
  switch (type) {
    case redis_type::hash: return {"HGETALL", key};
    case redis_type::list: return {"LRANGE", key, "0", "-1"};
    case redis_type::set: return {"SMEMBERS", key};
    case redis_type::zset: return {"ZRANGE", key, "0", "-1", "WITHSCORES"};
    default: return {"GET", key};
  }
}

bool is_scan_page(const redis_reply& answer) noexcept {
  return answer.of == kind::array && answer.elements.size() == 2 &&
         answer.elements[0].of == kind::text && answer.elements[1].of == kind::array;
}

clean_options counting_only(clean_options options) {
  options.count_as_with_vault |= options.vault != nullptr;
  options.dry_run = true;
  options.vault = nullptr;
  return options;
}

}  // namespace

redis_cleaning::redis_cleaning(redis_address address, const redis_options& options,
                               std::span<const std::string> patterns, const clean_options& cleaning)
    : nodes_(address, options),
      others_(std::move(address), options),
      options_(options),
      patterns_(patterns.begin(), patterns.end()),
      cleaner_(cleaning),
      stream_cleaner_(counting_only(cleaning)),
      swapper_(nodes_, options.max_record_bytes),
      pacer_(cleaning),
      is_dry_(cleaning.dry_run) {
  if (patterns_.empty()) patterns_.emplace_back("*");
}

result<clean_report> redis_cleaning::run() {
  if (const status cleaned = clean_all(); !cleaned) return cleaned.problem();
  if (const status finished = finish_waiting(); !finished) return finished.problem();
  clean_report report = std::move(cleaner_.report());
  for (const auto& [place, seen] : stream_cleaner_.report().by_place) {
    for (clean_totals* totals : {&report.by_place[place], &report.totals}) {
      totals->values_seen += seen.values_seen;
      totals->bytes_seen += seen.bytes_seen;
    }
  }
  return report;
}

status redis_cleaning::clean_all() {
  if (status opened = nodes_.open(); !opened) return opened;
  // Keys that went from one node to another meanwhile may have been missed: then all is looked at
  // again, in which what is clean costs only its reading.
  for (int pass = 0; pass < max_passes; ++pass) {
    const std::vector<std::string> primaries = nodes_.primaries();
    for (const std::string& primary : primaries) {
      const auto route = nodes_.route_to(primary);
      if (!route) return route.problem();
      const redis_command about[] = {{"DBSIZE"}, {"COMMAND", "INFO", "HPEXPIRETIME"}};
      const auto answers = route->connection->pipeline(about, answer_bytes);
      if (!answers) return answers.problem();
      const redis_reply& count = answers->front();
      if (count.of == kind::integer) keys_all_ += static_cast<std::uint64_t>(count.integer);
      const auto& known = answers->back().elements;
      has_field_times_ |= !known.empty() && known.front().of == kind::array;
    }
    for (const std::string& primary : primaries) {
      for (const std::string& pattern : patterns_) {
        if (status scanned = scan(primary, pattern); !scanned || is_stopped()) return scanned;
      }
    }
    if (!nodes_.is_cluster()) return done;
    const auto changed = nodes_.refresh();
    if (!changed) return changed.problem();
    if (!*changed) return done;
  }
  return done;
}

status redis_cleaning::scan(const std::string& primary, const std::string& pattern) {
  primary_ = primary;
  std::string cursor = "0";
  do {
    const auto route = nodes_.route_to(primary);
    if (!route) return route.problem();
    const redis_command command[] = {{"SCAN", cursor, "MATCH", pattern, "COUNT",
                                      std::to_string(std::min(options_.page, max_scan_count))}};
    auto answers = route->connection->pipeline(command, answer_bytes);
    if (!answers) return answers.problem();
    redis_reply& page = answers->front();
    if (!is_scan_page(page)) return route->connection->describe(page, "SCAN");
    cursor = page.elements[0].text;
    std::vector<std::string> names;
    for (redis_reply& name : page.elements[1].elements) names.push_back(std::move(name.text));
    if (status cleaned = clean_keys(*route, std::move(names)); !cleaned) return cleaned;
    if (status cleaned = clean_moved(); !cleaned) return cleaned;
  } while (cursor != "0" && !is_stopped());
  return done;
}

// Keys that are on another node by now.
status redis_cleaning::clean_moved() {
  for (int round = 0; !moved_.empty(); ++round) {
    if (round == max_redirects) {
      return error{errc::store_error, no_offset,
                   "keys of the Redis Cluster are sent from node to node; try again when its slots "
                   "are settled"};
    }
    for (const std::string& name : std::exchange(moved_, {})) {
      auto route = nodes_.route_to(primary_);
      if (!route) return route.problem();
      for (int hops = 0; hops < max_redirects; ++hops) {
        const redis_command command[] = {{"TYPE", name}};
        const auto answers = send_along(*route, command, answer_bytes);
        if (!answers) return answers.problem();
        const auto next = nodes_.follow(answers->front(), *route);
        if (!next) return next.problem();
        if (!*next) break;
        *route = **next;
      }
      if (status cleaned = clean_keys(*route, {name}); !cleaned) return cleaned;
    }
  }
  return done;
}

status redis_cleaning::clean_keys(const redis_route& route, std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (is_dry_) {
    const std::hash<std::string_view> hash;
    std::erase_if(names,
                  [&](const std::string& name) { return counted_keys_.contains(hash(name)); });
  }
  keys_done_ += names.size();
  const auto keys = examine(route, std::move(names));
  if (!keys) return keys.problem();
  std::size_t begin = 0;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < keys->size() && !is_stopped(); ++i) {
    const key_info& key = (*keys)[i];
    const bool is_large =
        key.type == redis_type::stream ||
        key.bytes > (key.type == redis_type::string ? batch_bytes : small_collection_bytes) ||
        key.count > pacer_.batch();
    if (is_large || count + key.count > pacer_.batch() || bytes + key.bytes > batch_bytes) {
      const std::span batch(keys->data() + begin, i - begin);
      if (status cleaned = clean_batch(route, batch); !cleaned) return cleaned;
      begin = i;
      count = 0;
      bytes = 0;
    }
    if (is_large && !is_stopped()) {
      if (status cleaned = clean_large(route, key); !cleaned) return cleaned;
      begin = i + 1;
      continue;
    }
    count += key.count;
    bytes += key.bytes;
  }
  if (is_stopped()) return done;
  return clean_batch(route, std::span(keys->data() + begin, keys->size() - begin));
}

result<std::vector<redis_cleaning::key_info>> redis_cleaning::examine(
    const redis_route& route, std::vector<std::string> names) {
  std::vector<key_info> keys;
  if (names.empty()) return keys;
  std::vector<redis_command> commands;
  commands.reserve(names.size());
  for (const std::string& name : names) commands.push_back({"TYPE", name});
  const auto types = send_along(route, commands, answer_bytes);
  if (!types) return types.problem();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const redis_reply& answer = (*types)[i];
    if (is_redirect(answer)) {
      moved_.push_back(std::move(names[i]));
      continue;
    }
    if (answer.is_error()) return route.connection->describe(answer, "TYPE");
    const redis_type type = parse_redis_type(answer.text);
    if (type == redis_type::other) continue;
    // The rule for a hash may depend on its fields. A stream is only looked at.
    if (type != redis_type::hash && type != redis_type::stream &&
        find_redis_rule(names[i], type, {}).what == rewrite::never) {
      continue;
    }
    keys.push_back({std::move(names[i]), type});
  }
  if (status measured = measure(route, keys); !measured) return measured.problem();
  return keys;
}

status redis_cleaning::measure(const redis_route& route, std::vector<key_info>& keys) {
  if (keys.empty()) return done;
  std::vector<redis_command> commands;
  commands.reserve(keys.size());
  for (const key_info& key : keys) {
    commands.push_back({std::string(size_command(key.type)), key.name});
  }
  auto answers = send_along(route, commands, answer_bytes);
  if (!answers) return answers.problem();
  commands.clear();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const redis_reply& answer = (*answers)[i];
    // What it says of a key that has changed its type or its node, the reading will say, too.
    const auto size = static_cast<std::uint64_t>(std::max<std::int64_t>(answer.integer, 0));
    if (answer.is_error() && answer.error_code() == "NOPERM") {
      return route.connection->describe(answer, size_command(keys[i].type));
    }
    if (keys[i].type == redis_type::string) {
      keys[i].bytes = size;
      continue;
    }
    keys[i].count = size;
    commands.push_back({"MEMORY", "USAGE", keys[i].name});
    if (size <= exact_count) commands.back().insert(commands.back().end(), {"SAMPLES", "0"});
  }
  if (commands.empty()) return done;
  answers = send_along(route, commands, answer_bytes);
  if (!answers) return answers.problem();
  auto answer = answers->begin();
  for (key_info& key : keys) {
    if (key.type == redis_type::string) continue;
    // Without the permission it may be anything.
    key.bytes = answer->of == kind::integer ? static_cast<std::uint64_t>(answer->integer)
                                            : (key.count + 1) * unknown_value_bytes;
    ++answer;
  }
  return done;
}

redis_command redis_cleaning::watch_command(std::span<const key_info> keys) const {
  redis_command command = {"WATCH"};
  for (const key_info& key : keys) {
    command.push_back(key.name);
    std::string lock = lock_of(key.name, key.type, nodes_.is_cluster());
    if (!lock.empty()) command.push_back(std::move(lock));
  }
  return command;
}

bool redis_cleaning::end_batch(std::uint64_t bytes) {
  pacer_.end(bytes);
  return cleaner_.go_on(primary_, keys_done_, keys_all_);
}

redis_route redis_cleaning::route_beside(const redis_route& route) {
  if (!waiting_ || waiting_->route.connection != route.connection) return route;
  const auto other = others_.route_to(primary_);
  return other ? *other : route;
}

status redis_cleaning::clean_batch(const redis_route& main_route, std::span<const key_info> keys) {
  if (keys.empty()) return done;
  pacer_.begin();
  const redis_route route = route_beside(main_route);
  if (waiting_ && route.connection == waiting_->route.connection) {
    if (status finished = finish_waiting(); !finished) return finished;
  }
  made_members_.clear();
  const bool is_watched = can_join() || keys.size() == 1;
  std::vector<redis_command> commands = {{"UNWATCH"}};
  if (is_watched && !is_dry_) commands.push_back(watch_command(keys));
  const std::size_t before = commands.size();
  std::vector<std::size_t> begins;
  for (const key_info& key : keys) {
    const std::string lock = lock_of(key.name, key.type, nodes_.is_cluster());
    begins.push_back(commands.size());
    append_hold(commands, key.name, key.type, lock);
    commands.push_back(load_command(key.type, key.name));
  }
  auto answers = send_along(route, commands, answer_bytes);
  if (!answers && route.connection->failure() == redis_failure::too_large) {
    // They have grown.
    if (status opened = route.connection->open(); !opened) return opened;
    for (const key_info& key : keys) {
      if (status cleaned = clean_large(route, key); !cleaned || is_stopped()) return cleaned;
    }
    return done;
  }
  if (!answers) return answers.problem();
  for (std::size_t i = 0; i < before; ++i) {
    const redis_reply& answer = (*answers)[i];
    // A redirected key says so again below.
    if (answer.is_error() && !is_redirect(answer)) {
      return route.connection->describe(answer, commands[i].front());
    }
  }
  const std::uint64_t bytes = route.connection->reply_bytes();
  std::vector<loaded_key> loaded;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::size_t end = i + 1 < keys.size() ? begins[i + 1] : answers->size();
    std::span<redis_reply> of_key(answers->data() + begins[i], end - begins[i]);
    const auto problem = std::find_if(of_key.begin(), of_key.end(),
                                      [](const redis_reply& one) { return one.is_error(); });
    if (problem != of_key.end()) {
      if (is_redirect(*problem)) {
        moved_.push_back(keys[i].name);
      } else if (problem->error_code() != "WRONGTYPE") {
        return route.connection->describe(*problem, load_command(keys[i].type, "").front());
      }
      continue;
    }
    loaded_key& key = loaded.emplace_back();
    key.name = keys[i].name;
    key.type = keys[i].type;
    key.hold =
        take_hold(of_key, key.name, key.type, lock_of(key.name, key.type, nodes_.is_cluster()));
    if (of_key.front().of == kind::nil ||
        !take_values(key.type, key.name, of_key.front(), key.values)) {
      loaded.pop_back();
      continue;
    }
    std::vector<std::string_view> fields;
    for (const redis_value& value : key.values) fields.emplace_back(value.name);
    key.rule = &find_redis_rule(key.name, key.type, fields);
  }
  answers->clear();
  const bool overlaps = can_join() && !is_dry_;
  status cleaned =
      overlaps ? begin_values(route, loaded, is_watched) : clean_values(route, loaded, is_watched);
  if (!cleaned) return cleaned;
  static_cast<void>(end_batch(bytes));
  return done;
}

}  // namespace jobqueue::detail
