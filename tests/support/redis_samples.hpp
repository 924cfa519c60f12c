// Values with blobs in a Redis, and what the cleaner is held to: a model of what may be there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <jobqueue/base64.hpp>

#include "core/base64_codec.hpp"
#include "store/redis_connection.hpp"

namespace jobqueue::test {

using run_commands =
    std::function<std::vector<detail::redis_reply>(const std::vector<detail::redis_command>&)>;

// JSON with a blob of so many random bytes; different for each number.
inline std::string value_with_blob(std::uint64_t number, std::size_t bytes = 300) {
  std::mt19937_64 random(number);
  std::string blob;
  while (blob.size() < bytes) {
    const std::uint64_t word = random();
    blob.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  blob.resize(bytes);
  std::string text = R"({"id":)" + std::to_string(number) + R"(,"image":"data:image/png;base64,)";
  detail::encode_base64(blob, blob_encoding::std_padded, text);
  return text + R"(","path":"/api/jobs","done":true})";
}

// What is left of a value; the value itself if it has no blobs.
inline std::string clean_value(const std::string& text, blob_store* vault = nullptr) {
  sanitize_options options;
  options.store = vault;
  options.sync_store = false;
  const sanitized answer = sanitize_base64(text, options).value();
  return answer.changed && answer.text.size() < text.size() ? answer.text : text;
}

// A key as a client sees it.
struct key_state {
  std::string type;
  // Of a hash and a zset the second is the value and the score, else it is empty. In the order of a
  // list; else in the order of the first.
  std::vector<std::pair<std::string, std::string>> values;
  std::int64_t expires = 0;  // in ms of Unix time; negative: never
  friend bool operator==(const key_state&, const key_state&) = default;
};
using store_state = std::map<std::string, key_state>;

inline detail::redis_command load_command(const std::string& type, const std::string& key) {
  if (type == "hash") return {"HGETALL", key};
  if (type == "list") return {"LRANGE", key, "0", "-1"};
  if (type == "set") return {"SMEMBERS", key};
  if (type == "zset") return {"ZRANGE", key, "0", "-1", "WITHSCORES"};
  if (type == "stream") return {"XRANGE", key, "-", "+"};
  return {"GET", key};
}

// The values of an answer to the command above.
inline key_state read_key(const std::string& type, const detail::redis_reply& answer) {
  key_state one{type, {}, 0};
  if (type == "string") one.values.emplace_back(answer.text, "");
  if (type == "stream") {
    for (const auto& entry : answer.elements) {
      for (const auto& word : entry.elements[1].elements) {
        one.values.emplace_back(entry.elements[0].text, word.text);
      }
    }
    return one;
  }
  const std::size_t step = type == "hash" || type == "zset" ? 2 : 1;
  for (std::size_t i = 0; i < answer.elements.size(); i += step) {
    one.values.emplace_back(answer.elements[i].text, step == 2 ? answer.elements[i + 1].text : "");
  }
  if (type != "list") std::sort(one.values.begin(), one.values.end());
  return one;
}

// Everything that one server has.
inline store_state read_state(const run_commands& run) {
  store_state state;
  const auto names = run({{"KEYS", "*"}}).front().elements;
  std::vector<detail::redis_command> commands;
  for (const auto& name : names) {
    commands.push_back({"TYPE", name.text});
    commands.push_back({"PEXPIRETIME", name.text});
  }
  const auto about = run(commands);
  commands.clear();
  for (std::size_t i = 0; i < names.size(); ++i) {
    commands.push_back(load_command(about[2 * i].text, names[i].text));
  }
  const auto values = run(commands);
  for (std::size_t i = 0; i < names.size(); ++i) {
    key_state one = read_key(about[2 * i].text, values[i]);
    one.expires = about[2 * i + 1].integer;
    state.emplace(names[i].text, std::move(one));
  }
  return state;
}

// The state without blobs.
inline store_state clean_state(store_state state, blob_store* vault = nullptr) {
  for (auto& [key, one] : state) {
    if (one.type == "stream") continue;
    for (auto& [first, second] : one.values) {
      std::string& text = one.type == "hash" ? second : first;
      text = clean_value(text, vault);
    }
  }
  return state;
}

// Members are found by what they are, other values by where they are.
inline void sort_members(store_state& state) {
  for (auto& [key, one] : state) {
    if (one.type == "set" || one.type == "zset") std::sort(one.values.begin(), one.values.end());
  }
}

// Each value is the old or the cleaned one, and nothing else is different. `after` has its values
// in the order of `before`. Gives how many are cleaned.
inline std::size_t expect_old_or_clean(const store_state& now, const store_state& before,
                                       const store_state& after) {
  std::size_t cleaned = 0;
  EXPECT_EQ(now.size(), before.size());
  for (const auto& [key, old] : before) {
    const auto found = now.find(key);
    if (found == now.end()) {
      ADD_FAILURE() << key << " is gone";
      continue;
    }
    const key_state& one = found->second;
    EXPECT_EQ(one.type, old.type) << key;
    EXPECT_EQ(one.expires, old.expires) << key;
    EXPECT_EQ(one.values.size(), old.values.size()) << key;
    if (one.values.size() != old.values.size()) continue;
    const auto& wanted = after.at(key).values;
    const bool has_members = one.type == "set" || one.type == "zset";
    for (std::size_t i = 0; i < old.values.size(); ++i) {
      const auto is_there = [&](const auto& value) {
        return has_members
                   ? std::find(one.values.begin(), one.values.end(), value) != one.values.end()
                   : one.values[i] == value;
      };
      if (is_there(old.values[i])) continue;
      EXPECT_TRUE(is_there(wanted[i])) << key << " value " << i << " is neither";
      ++cleaned;
    }
  }
  return cleaned;
}

// Keys of every type that can be cleaned, half of them with a time to live. No key has anything
// that a member of a set could be confused with. In a cluster each command is about one key.
inline std::vector<detail::redis_command> sample_commands(std::size_t count,
                                                          std::size_t bytes = 300) {
  std::vector<detail::redis_command> commands;
  std::uint64_t number = 1;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string id = std::to_string(i);
    const auto value = [&] { return value_with_blob(number++, bytes); };
    // The part in front of an image is what tells members without blobs apart.
    commands.push_back({"SET", "worker:completion:step-id:" + id, value()});
    commands.push_back({"SET", "plain:" + id, "nothing to clean in " + id});
    commands.push_back({"HSET", "job:" + id, "status", "completed", "payload", value(), "priority",
                        "50", "ctx", value()});
    commands.push_back({"RPUSH", "queue:q" + id, value(), "no blob", value(), value()});
    commands.push_back({"SADD", "set:" + id, value(), value(), "member"});
    commands.push_back(
        {"ZADD", "z:" + id, "1.5", value(), "-inf", value(), "1e300", "member", "0.1", value()});
    for (const char* key : {"worker:completion:step-id:", "job:", "queue:q", "set:", "z:"}) {
      if (i % 2 == 0) {
        commands.push_back({"PEXPIREAT", key + id, std::to_string(4'000'000'000'000 + i)});
      }
    }
  }
  return commands;
}

}  // namespace jobqueue::test
