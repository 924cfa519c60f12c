// One value in a Redis: what is read, replaced, and put back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/redis_rules.hpp"
#include "service/value_cleaner.hpp"
#include "store/redis_connection.hpp"

namespace jobqueue::detail {

struct redis_value {
  redis_type type = redis_type::string;
  std::string key;
  std::string name;         // of a field; of a member of a zset its score
  std::int64_t index = 0;   // in a list
  std::int64_t length = 0;  // of the list then: an element keeps its distance to one of the ends
  std::string text;
};

// For the journal: ["hash",key,field], ["list",key,index,length], ["set",key,member] and so on. A
// member is the one that the cleaner leaves, for by that it is found again.
[[nodiscard]] std::string write_locator(const redis_value& value, std::string_view member);
// The member is in `text`.
[[nodiscard]] std::optional<redis_value> read_locator(std::string_view locator);

// Members are values and names at once.
[[nodiscard]] constexpr bool is_member(redis_type type) noexcept {
  return type == redis_type::set || type == redis_type::zset;
}

// Reads the value: a text or nil. Of a member it asks whether `member` is there.
[[nodiscard]] redis_command read_command(const redis_value& value);
[[nodiscard]] redis_command find_command(const redis_value& value, std::string_view member);
[[nodiscard]] bool is_found(const redis_reply& answer) noexcept;

// Replaces the value by `text`, inside of MULTI. `value.text` is needed of a member only.
// The first of these commands has the text, which `take_text` gives back.
void append_write(std::vector<redis_command>& commands, const redis_value& value, std::string text);
[[nodiscard]] std::string take_text(redis_command& written);

// The key that is there while the job of `key` is worked on; empty if none can be. In a cluster
// there is none in another slot.
[[nodiscard]] std::string lock_of(std::string_view key, redis_type type, bool is_cluster);

// Takes apart what a whole key, or a page of it, is answered with. False if it is something else.
[[nodiscard]] bool take_values(redis_type type, std::string_view key, redis_reply& answer,
                               std::vector<redis_value>& values);

}  // namespace jobqueue::detail
