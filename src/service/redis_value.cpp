#include "service/redis_value.hpp"

#include <algorithm>
#include <utility>

#include "core/json_text.hpp"
#include "service/journal_text.hpp"

namespace jobqueue::detail {
namespace {

using kind = redis_reply::kind;

// Keys with the same text in braces are in the same slot.
bool has_hash_tag(std::string_view key) noexcept {
  const std::size_t open = key.find('{');
  if (open == key.npos) return false;
  const std::size_t close = key.find('}', open);
  return close != key.npos && close > open + 1;
}

bool are_texts(const redis_reply& answer) noexcept {
  return answer.of == kind::array &&
         std::all_of(answer.elements.begin(), answer.elements.end(),
                     [](const redis_reply& one) { return one.of == kind::text; });
}

}  // namespace

std::string write_locator(const redis_value& value, std::string_view member) {
  std::string locator = "[\"";
  locator.append(to_string(value.type)).append("\",");
  append_json_bytes(locator, value.key);
  if (value.type == redis_type::hash) {
    locator += ',';
    append_json_bytes(locator, value.name);
  } else if (value.type == redis_type::list) {
    locator.append(",").append(std::to_string(value.index));
    locator.append(",").append(std::to_string(value.length));
  } else if (is_member(value.type)) {
    locator += ',';
    append_json_bytes(locator, member);
  }
  return locator += ']';
}

std::optional<redis_value> read_locator(std::string_view locator) {
  const auto parts = read_json_elements(locator);
  if (parts.size() < 2) return std::nullopt;
  redis_value value;
  value.type = parse_redis_type(read_json_string(parts[0]));
  value.key = read_json_bytes(parts[1]);
  switch (value.type) {
    case redis_type::string: return value;
    case redis_type::hash:
      if (parts.size() < 3) return std::nullopt;
      value.name = read_json_bytes(parts[2]);
      return value;
    case redis_type::list: {
      if (parts.size() < 4) return std::nullopt;
      const auto index = read_integer(parts[2]);
      const auto length = read_integer(parts[3]);
      if (!index || !length) return std::nullopt;
      value.index = *index;
      value.length = *length;
      return value;
    }
    case redis_type::set:
    case redis_type::zset:
      if (parts.size() < 3) return std::nullopt;
      value.text = read_json_bytes(parts[2]);
      return value;
    case redis_type::stream:
    case redis_type::other: break;
  }
  return std::nullopt;
}

redis_command read_command(const redis_value& value) {
  switch (value.type) {
    case redis_type::hash: return {"HGET", value.key, value.name};
    case redis_type::list: return {"LINDEX", value.key, std::to_string(value.index)};
    case redis_type::set:
    case redis_type::zset: return find_command(value, value.text);
    default: return {"GET", value.key};
  }
}

redis_command find_command(const redis_value& value, std::string_view member) {
  return {value.type == redis_type::set ? "SISMEMBER" : "ZSCORE", value.key, std::string(member)};
}

bool is_found(const redis_reply& answer) noexcept {
  return answer.of == kind::text || (answer.of == kind::integer && answer.integer == 1);
}

void append_write(std::vector<redis_command>& commands, const redis_value& value,
                  std::string text) {
  // The text is moved behind the other words: a list of words would be copied.
  switch (value.type) {
    case redis_type::hash:
      commands.push_back({"HSET", value.key, value.name});
      commands.back().push_back(std::move(text));
      break;
    case redis_type::list:
      commands.push_back({"LSET", value.key, std::to_string(value.index)});
      commands.back().push_back(std::move(text));
      break;
    // The new one comes first: a set without members would be gone, and its time to live with it.
    case redis_type::set:
      commands.push_back({"SADD", value.key});
      commands.back().push_back(std::move(text));
      commands.push_back({"SREM", value.key, value.text});
      break;
    case redis_type::zset:
      commands.push_back({"ZADD", value.key, value.name});
      commands.back().push_back(std::move(text));
      commands.push_back({"ZREM", value.key, value.text});
      break;
    default:
      // XX: what has expired since is not made again.
      commands.push_back({"SET", value.key, {}, "XX", "KEEPTTL"});
      commands.back()[2] = std::move(text);
  }
}

std::string take_text(redis_command& written) {
  return std::move(written.front() == "SET" ? written[2] : written.back());
}

std::string lock_of(std::string_view key, redis_type type, bool is_cluster) {
  constexpr std::string_view log = ":logs";
  if (type == redis_type::list && key.ends_with(log)) {
    key.remove_suffix(log.size());
  } else if (type != redis_type::hash) {
    return {};
  }
  return is_cluster && !has_hash_tag(key) ? std::string() : std::string(key) + ":lock";
}

bool take_values(redis_type type, std::string_view key, redis_reply& answer,
                 std::vector<redis_value>& values) {
  if (type == redis_type::string) {
    if (answer.of != kind::text) return false;
    values.push_back({type, std::string(key), {}, 0, 0, std::move(answer.text)});
    return true;
  }
  const bool is_paired = type == redis_type::hash || type == redis_type::zset;
  auto& elements = answer.elements;
  if (!are_texts(answer) || (is_paired && elements.size() % 2 != 0)) return false;
  const std::size_t step = is_paired ? 2 : 1;
  const auto length = static_cast<std::int64_t>(elements.size());
  for (std::size_t i = 0; i < elements.size(); i += step) {
    redis_value& value = values.emplace_back();
    value.type = type;
    value.key = key;
    value.text = std::move(elements[i].text);
    if (is_paired) value.name = std::move(elements[i + 1].text);
    if (type == redis_type::hash) std::swap(value.name, value.text);
    if (type == redis_type::list) {
      value.index = static_cast<std::int64_t>(i);
      value.length = length;
    }
  }
  return true;
}

}  // namespace jobqueue::detail
